package engine

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestADaysTurnoverOutlivesAClockThatIsSet: whatever day the clock is set to,
// each day's limit is held against all that left on it and did not fail.
func TestADaysTurnoverOutlivesAClockThatIsSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var is turnover
		want := map[int64]int64{}
		day := rapid.Int64Range(20000, 20000+keptDays)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			d, sum := day.Draw(t, "day"), rapid.Int64Range(1, 100).Draw(t, "minor")
			at := time.Unix(d*86400+rapid.Int64Range(0, 86399).Draw(t, "second"), 0)
			if rapid.Bool().Draw(t, "fails") {
				sum = min(sum, want[d])
				is.stays(at, sum)
				want[d] -= sum
			} else {
				is.leaves(at, sum)
				want[d] += sum
			}
			bytes, err := json.Marshal(is)
			if err != nil {
				t.Fatal(err)
			}
			is = turnover{}
			if err := json.Unmarshal(bytes, &is); err != nil {
				t.Fatal(err)
			}
			for d := range maps.Keys(want) {
				if got := is.spentOn(time.Unix(d*86400, 0)); got != want[d] {
					t.Fatalf("day %d: %d, want %d: %s", d, got, want[d], bytes)
				}
			}
		}
	})
}

// TestATurnoverRemembersFewDays: its record stays small whatever the clock does.
func TestATurnoverRemembersFewDays(t *testing.T) {
	var is turnover
	for d := range int64(1000) {
		is.leaves(time.Unix(d*86400, 0), 1)
	}
	if len(is.Before) != keptDays || is.spentOn(time.Unix(999*86400, 0)) != 1 || is.spentOn(time.Unix((999-keptDays)*86400, 0)) != 1 {
		t.Errorf("%+v", is)
	}
}
