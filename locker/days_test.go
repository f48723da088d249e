package locker

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"penstock/store/mem"
)

// TestDaysAreThoseWithAKey among other merchants, modes, customers and days
// that were erased, whatever the page.
func TestDaysAreThoseWithAKey(t *testing.T) {
	l, _ := newLocker(t, mem.New(mem.Options{}))
	day := func(n int) time.Time { return time.Date(2026, 1, n, 23, 59, 59, 0, time.UTC) }
	var want []string
	for n := 1; n <= 9; n++ {
		mustSeal(t, l, OwnerOfDay("m", "live", day(n)), card, "x")
		if n%3 == 0 {
			if err := l.Erase(ctx, OwnerOfDay("m", "live", day(n))); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want = append(want, day(n).Format(time.DateOnly))
	}
	for _, o := range []Owner{OwnerOfDay("m", "test", day(20)), OwnerOfDay("mm", "live", day(20)), OwnerOfCustomer("m", "live", "day:1"),
		{"m", "live", "day"}, {"m", "live", "zzzzzzzzzzzzzz"}, {"m", "live", "aaaaaaaaaaaaaa"}} {
		mustSeal(t, l, o, card, "x")
	}
	for limit := 1; limit <= 10; limit++ {
		var got []string
		for last, more := "", true; more; more = last != "" {
			days, next, err := l.Days(ctx, "m", "live", last, limit)
			if err != nil {
				t.Fatal(err)
			}
			got, last = append(got, days...), next
		}
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d: %v, want %v", limit, got, want)
		}
	}
	l.Close()
	_, _, err := l.Days(ctx, "m", "live", "", 10)
	wantErr(t, "days of a sealed locker", err, ErrSealed)
	_, _, err = l.Days(ctx, "", "live", "", 10)
	wantErr(t, fmt.Sprintf("days of %q", ""), err, ErrName)
}

// TestRotationTellsHowFarItIs counts every key, each once.
func TestRotationTellsHowFarItIs(t *testing.T) {
	f := fill(t)
	l := openLocker(t, f.keys, f.master)
	l.page = 2
	var told []int
	if err := l.RotateTelling(ctx, func(done int) { told = append(told, done) }); err != nil {
		t.Fatal(err)
	}
	if want := []int{2, 4, 6, 7}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}
