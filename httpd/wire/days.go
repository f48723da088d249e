package wire

import "time"

// DayError is what is wrong with the days of a query: the parameter, and the
// rule that it breaks.
type DayError struct{ Name, Rule string }

func (e *DayError) Error() string { return e.Name + " " + e.Rule }

// Days reads a period out of the query's "from" and "to": days of UTC such as
// 2026-11-28, the last of them whole, so that until is the beginning of the
// day after it. One that is absent is zero. The error is a *[DayError].
func (c *Call) Days() (from, until time.Time, err error) {
	return ReadDays(c.Query("from"), c.Query("to"))
}

// ReadDays is Days of two texts.
func ReadDays(first, last string) (from, until time.Time, err error) {
	if from, err = readDay("from", first); err != nil {
		return time.Time{}, time.Time{}, err
	}
	if until, err = readDay("to", last); err != nil {
		return time.Time{}, time.Time{}, err
	}
	if !until.IsZero() {
		until = until.AddDate(0, 0, 1)
	}
	if !from.IsZero() && !until.IsZero() && !from.Before(until) {
		return time.Time{}, time.Time{}, &DayError{"to", "must not be before the first day"}
	}
	return from, until, nil
}

func readDay(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, &DayError{name, "wants a day such as 2026-11-28"}
	}
	return day, nil
}
