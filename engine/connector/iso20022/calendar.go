package iso20022

import "time"

// Banks settle on business days. Those of the euro are TARGET's: Monday to
// Friday but for six holidays, two of which move with Easter.

// businessDay says whether a bank settles on a date.
func businessDay(t time.Time, target bool) bool {
	if d := t.Weekday(); d == time.Saturday || d == time.Sunday {
		return false
	}
	if !target {
		return true
	}
	switch _, month, day := t.Date(); {
	case month == time.January && day == 1, month == time.May && day == 1, month == time.December && (day == 25 || day == 26):
		return false
	}
	e := easter(t.Year())
	return !sameDay(t, e.AddDate(0, 0, -2)) && !sameDay(t, e.AddDate(0, 0, 1))
}

func sameDay(a, b time.Time) bool {
	y, m, d := a.Date()
	y2, m2, d2 := b.Date()
	return y == y2 && m == m2 && d == d2
}

// easter is Easter Sunday of a year (the Gregorian computus of Meeus, Jones and
// Butcher).
func easter(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	f := (b + 8) / 25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return time.Date(year, time.Month(n/31), n%31+1, 0, 0, 0, 0, time.UTC)
}

// clock is when an account's bank takes orders for the same day.
type clock struct {
	zone   *time.Location
	cutOff time.Duration // after midnight there; zero: any time
	target bool
}

// executionDate is the first day on which the bank will carry out what it gets
// now.
func (c clock) executionDate(now time.Time) time.Time {
	local := now.In(c.zone)
	y, m, d := local.Date()
	day := time.Date(y, m, d, 0, 0, 0, 0, c.zone)
	since := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second
	if c.cutOff > 0 && since >= c.cutOff {
		day = day.AddDate(0, 0, 1)
	}
	for !businessDay(day, c.target) {
		day = day.AddDate(0, 0, 1)
	}
	return day
}

// nextCutOff is when a batch that is being gathered has to go out: the cut-off
// of the first business day on which it can still be met. Without a cut-off it
// goes at once.
func (c clock) nextCutOff(now time.Time) time.Time {
	if c.cutOff == 0 {
		return now
	}
	local := now.In(c.zone)
	y, m, d := local.Date()
	for day := 0; ; day++ {
		// The hands of the clock say so, also on the days on which it is changed.
		at := time.Date(y, m, d+day, int(c.cutOff/time.Hour), int(c.cutOff%time.Hour/time.Minute), 0, 0, c.zone)
		if at.After(now) && businessDay(at, c.target) {
			return at
		}
	}
}
