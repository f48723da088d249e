package routing

import (
	"math/bits"

	"penstock/engine/money"
)

// standing refuses a route for what it is, whatever the amount.
func (c *Candidate) standing(asked money.Amount) (reason Reason, detail string) {
	switch {
	case c.Archived:
		return IsArchived, ""
	case c.Disabled:
		return IsDisabled, ""
	case c.Unhealthy:
		return IsUnhealthy, ""
	case c.Tried:
		return IsTried, ""
	case c.Refused != "":
		return IsRefused, c.Refused
	case !c.Whole.IsSet():
		return BadCurrency, "what it would pay is not known"
	case c.Convert == nil && c.Whole != asked:
		return BadCurrency, "without an exchange it must pay what was asked for"
	}
	for _, a := range [...]money.Amount{c.Min, c.Max, c.Available, c.TurnoverLeft, c.Cost.Fixed, c.Cost.Least, c.Cost.Most} {
		if a.IsSet() && a.Currency() != c.Whole.Currency() {
			return BadCurrency, "its limits, balance and cost must be in the currency that it pays"
		}
	}
	return Usable, ""
}

// fits holds an amount that the route would pay against its numbers. Balance
// is the last of them, so that a refusal for balance means that nothing else
// stands against the route.
func (c *Candidate) fits(need money.Amount) (Reason, Figure) {
	switch {
	case need.Minor() < c.least():
		return BelowMin, c.figure(c.least())
	case c.Max.IsSet() && need.Minor() > c.Max.Minor():
		return AboveMax, Figure{c.Max}
	case c.TurnoverLeft.IsSet() && need.Minor() > c.TurnoverLeft.Minor():
		return OverTurnover, Figure{c.TurnoverLeft}
	case !c.Unlimited && need.Minor() > c.Available.Minor():
		return OverBalance, c.figure(c.Available.Minor())
	}
	return Usable, Figure{}
}

// least is the least that it pays: one minor unit if it has no minimum.
func (c *Candidate) least() int64 { return max(1, c.Min.Minor()) }

// figure is so much in the route's currency.
func (c *Candidate) figure(minor int64) Figure { return Figure{money.New(minor, c.Whole.Currency())} }

// judge is how the route stands for the whole of what is asked.
func (c *Candidate) judge(asked money.Amount) Verdict {
	v := Verdict{Route: c.Route, Provider: c.Provider}
	if v.Reason, v.Detail = c.standing(asked); v.Reason != Usable {
		return v
	}
	v.Need = Figure{c.Whole}
	v.Reason, v.Limit = c.fits(c.Whole)
	return v
}

// pays is what the route pays for a part.
func (c *Candidate) pays(part money.Amount) (money.Amount, error) {
	if c.Convert == nil {
		return part, nil
	}
	out, err := c.Convert(part)
	if err == nil && out.Currency() != c.Whole.Currency() {
		err = money.ErrMixed
	}
	return out, err
}

// most is the largest part of asked for which the route pays at most limit.
// What it pays never falls when the part grows; the first guess is in
// proportion, and is right to a unit or two but where the route's currency is
// much coarser than the other.
func (c *Candidate) most(limit int64, asked money.Amount) (int64, error) {
	switch {
	case limit >= c.Whole.Minor():
		return asked.Minor(), nil
	case limit < 0:
		return 0, nil
	case c.Convert == nil:
		return limit, nil
	}
	low, high := int64(0), asked.Minor() // pays(low) <= limit < pays(high)
	guess, step, gallop, before := inProportion(asked.Minor(), limit, c.Whole.Minor()), int64(1), true, 0
	for high-low > 1 {
		if !gallop {
			guess = low + (high-low)/2
		}
		guess = min(max(guess, low+1), high-1)
		paid, err := c.pays(money.New(guess, asked.Currency()))
		if err != nil {
			return 0, err
		}
		direction := 1
		if paid.Minor() <= limit {
			low, guess = guess, guess+min(step, high-guess)
		} else {
			high, guess, direction = guess, guess-min(step, guess), -1
		}
		gallop = gallop && (before == 0 || before == direction || step <= 8)
		before, step = direction, min(step*8, 1<<40)
	}
	return low, nil
}

// inProportion is a x part / whole, rounded down, for part <= whole.
func inProportion(a, part, whole int64) int64 {
	high, low := bits.Mul64(uint64(a), uint64(part))
	quotient, _ := bits.Div64(high, low, uint64(whole))
	return int64(quotient)
}
