package routing

import (
	"errors"
	"fmt"
	"math/bits"

	"penstock/engine/money"
)

// Cost is what a payout by a route costs: rate x amount + fixed, within least
// and most. The zero Cost is free.
type Cost struct {
	Rate  int64        `json:"rate,omitzero"`  // of the amount, in millionths: 2.5 % is 25,000; 0 to 1,000,000
	Fixed money.Amount `json:"fixed,omitzero"` // unset: none; as the next two, in the route's currency
	Least money.Amount `json:"least,omitzero"` // unset: no bound
	Most  money.Amount `json:"most,omitzero"`  // unset: no bound
}

const wholeRate = 1_000_000

// ErrCost refuses a cost that can't be; the text says why.
var ErrCost = errors.New("routing: bad cost")

// Validate checks a cost of a route in this currency. The error is ErrCost and
// names the member.
func (c Cost) Validate(in money.Currency) error {
	if c.Rate < 0 || c.Rate > wholeRate {
		return fmt.Errorf("%w: rate must be 0 to %d millionths", ErrCost, wholeRate)
	}
	for _, part := range []struct {
		name   string
		amount money.Amount
	}{{"fixed", c.Fixed}, {"least", c.Least}, {"most", c.Most}} {
		switch {
		case part.amount.IsNegative():
			return fmt.Errorf("%w: %s must not be negative", ErrCost, part.name)
		case part.amount.IsSet() && part.amount.Currency() != in:
			return fmt.Errorf("%w: %s must be in %s", ErrCost, part.name, in)
		}
	}
	if c.Most.IsSet() && c.Least.Minor() > c.Most.Minor() {
		return fmt.Errorf("%w: least must not be above most", ErrCost)
	}
	return nil
}

// Of is what a payout of an amount costs, in its currency, rounded up to the
// minor unit, so that money kept back for it is never too little. For nothing,
// and for less, it is nothing. Errors: money.ErrMixed, money.ErrOverflow.
func (c Cost) Of(a money.Amount) (money.Amount, error) {
	if !a.IsPositive() {
		return money.New(0, a.Currency()), nil
	}
	for _, part := range [...]money.Amount{c.Fixed, c.Least, c.Most} {
		if part.IsSet() && part.Currency() != a.Currency() {
			return money.Amount{}, fmt.Errorf("%w: cost of a route in %s", money.ErrMixed, a.Currency())
		}
	}
	high, low := bits.Mul64(uint64(a.Minor()), uint64(min(max(c.Rate, 0), wholeRate)))
	share, rest := bits.Div64(high, low, wholeRate)
	if rest > 0 {
		share++
	}
	fee, err := money.New(int64(share), a.Currency()).Add(c.Fixed)
	if err != nil && !c.Most.IsSet() {
		return money.Amount{}, err
	}
	minor := fee.Minor()
	if c.Most.IsSet() && (err != nil || minor > c.Most.Minor()) {
		minor = c.Most.Minor()
	}
	return money.New(max(minor, c.Least.Minor(), 0), a.Currency()), nil
}
