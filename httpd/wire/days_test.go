package wire

import (
	"errors"
	"testing"
	"time"
)

// TestTheLastDayIsWhole: a period of one day ends when the day does, and what
// is no period names the parameter that is wrong.
func TestTheLastDayIsWhole(t *testing.T) {
	from, until, err := ReadDays("2026-02-28", "2026-02-28")
	if err != nil || until.Sub(from) != 24*time.Hour || until.Format(time.DateOnly) != "2026-03-01" {
		t.Errorf("got %v to %v, %v", from, until, err)
	}
	if from, until, err := ReadDays("", ""); err != nil || !from.IsZero() || !until.IsZero() {
		t.Errorf("none: got %v to %v, %v", from, until, err)
	}
	for _, c := range []struct{ first, last, name string }{{"2026-02-30", "", "from"}, {"", "yesterday", "to"}, {"2026-02-28", "2026-02-27", "to"}, {"2026-02-28T00:00:00Z", "", "from"}} {
		_, _, err := ReadDays(c.first, c.last)
		var bad *DayError
		if !errors.As(err, &bad) || bad.Name != c.name {
			t.Errorf("%q to %q: got %v", c.first, c.last, err)
		}
	}
}
