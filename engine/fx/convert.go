package fx

import (
	"fmt"
	"math/big"

	"penstock/engine/money"
)

// Convert is what a gives in another currency at r, rounded down to that
// currency's minor unit: 10.00 USD at 27.8346 are 278.34 UAH. It may be
// nothing. Errors: ErrAmount for a negative amount or one without a currency,
// ErrRate for no rate, money.ErrOverflow.
func (r Rate) Convert(a money.Amount, to money.Currency) (money.Amount, error) {
	return r.apply(a, to, false, false)
}

// Back is what of a request's currency moved stands for: moved / r, rounded
// down. It never gains: Back of Convert of a is at most a. The errors are
// those of Convert.
func (r Rate) Back(moved money.Amount, to money.Currency) (money.Amount, error) {
	return r.apply(moved, to, true, false)
}

// Cost is the least amount whose Convert gives at least wanted: wanted / r,
// rounded up. Cost of Convert of a is at most a too. The errors are those of
// Convert.
func (r Rate) Cost(wanted money.Amount, to money.Currency) (money.Amount, error) {
	return r.apply(wanted, to, true, true)
}

// Share is how much of part, in the request's currency, is used up when moved
// of the sent amount was paid: all of it for all, nothing for nothing, else
// the Cost of moved. What is left of part is therefore never worth more than
// what is left of sent, and paying it next never pays twice. Errors: ErrAmount
// when more moved than was sent, money.ErrMixed, and those of Convert.
func (r Rate) Share(part, sent, moved money.Amount) (money.Amount, error) {
	if !part.IsSet() || part.IsNegative() {
		return money.Amount{}, fmt.Errorf("%w: a part needs a currency and isn't negative", ErrAmount)
	}
	over, err := moved.Cmp(sent)
	switch {
	case err != nil:
		return money.Amount{}, err
	case over > 0:
		return money.Amount{}, fmt.Errorf("%w: %s moved of %s", ErrAmount, moved, sent)
	case over == 0:
		return part, nil
	}
	used, err := r.Cost(moved, part.Currency())
	if err != nil {
		return money.Amount{}, err
	}
	if less, err := part.Less(used); err != nil || less {
		return part, err
	}
	return used, nil
}

// apply multiplies by r, or divides by it, between the two minor units.
func (r Rate) apply(a money.Amount, to money.Currency, divide, up bool) (money.Amount, error) {
	switch {
	case !a.IsSet() || to.IsZero():
		return money.Amount{}, fmt.Errorf("%w: both sides need a currency", ErrAmount)
	case a.IsNegative():
		return money.Amount{}, fmt.Errorf("%w: it is negative", ErrAmount)
	case r == One() && a.Currency() == to:
		return a, nil
	}
	x, err := r.rat()
	if err != nil {
		return money.Amount{}, err
	}
	if divide {
		x.Inv(x)
	}
	product := new(big.Int).Mul(x.Num(), big.NewInt(a.Minor()))
	product.Mul(product, power(to.Exponent()))
	divisor := new(big.Int).Mul(x.Denom(), power(a.Currency().Exponent()))
	minor, rest := product.QuoRem(product, divisor, new(big.Int))
	if up && rest.Sign() > 0 {
		minor.Add(minor, big.NewInt(1))
	}
	if !minor.IsInt64() {
		return money.Amount{}, fmt.Errorf("%w: converted to %s", money.ErrOverflow, to)
	}
	return money.New(minor.Int64(), to), nil
}

func power(exponent int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(exponent)), nil)
}
