package engine

import (
	"slices"
	"time"
)

// turnover is what has left a deposit account by payouts made on a day, less
// those that failed. The days before the present one are kept, since what was
// made yesterday may fail today, and a clock may be set back to a day whose
// limit was used up.
type turnover struct {
	Day    int64      `json:"day,omitzero"` // in days since 1970, UTC
	Spent  int64      `json:"spent,omitzero"`
	Before []spentDay `json:"before,omitzero"` // other days, the one left last at the end; at most keptDays
}

type spentDay struct {
	Day   int64 `json:"d"`
	Spent int64 `json:"s"`
}

// keptDays is how many days beside the present one are remembered: as many
// dates as a clock would have to be set to for a limit to be forgotten.
const keptDays = 8

func dayOf(now time.Time) int64 { return now.Unix() / 86400 }

// spentOn is what has left on the day of now.
func (t *turnover) spentOn(now time.Time) int64 {
	day := dayOf(now)
	if day == t.Day {
		return t.Spent
	}
	if i := t.at(day); i >= 0 {
		return t.Before[i].Spent
	}
	return 0
}

func (t *turnover) at(day int64) int {
	return slices.IndexFunc(t.Before, func(d spentDay) bool { return d.Day == day })
}

// leaves counts what leaves by a payout that is made now.
func (t *turnover) leaves(now time.Time, minor int64) {
	day := dayOf(now)
	if day != t.Day {
		spent := t.spentOn(now)
		if i := t.at(day); i >= 0 {
			t.Before = slices.Delete(t.Before, i, i+1)
		}
		if t.Spent > 0 {
			t.Before = append(t.Before, spentDay{t.Day, t.Spent})
		}
		t.Before = t.Before[max(0, len(t.Before)-keptDays):]
		t.Day, t.Spent = day, spent
	}
	t.Spent += minor
}

// stays takes back what did not leave after all of a payout made then.
func (t *turnover) stays(made time.Time, minor int64) {
	if day := dayOf(made); day == t.Day {
		t.Spent = max(0, t.Spent-minor)
	} else if i := t.at(day); i >= 0 {
		t.Before[i].Spent = max(0, t.Before[i].Spent-minor)
	}
}
