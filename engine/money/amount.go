package money

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"
)

var (
	// ErrOverflow says that a result or an input does not fit into an int64 of
	// minor units. Nothing ever wraps.
	ErrOverflow = errors.New("money: amount too large")
	// ErrMixed refuses arithmetic and comparison across currencies.
	ErrMixed = errors.New("money: amounts in different currencies")
)

// Amount is a whole number of minor units of one currency: 1250 of EUR is
// EUR 12.50. It is a value; == is equality. The zero Amount has no currency.
type Amount struct {
	minor    int64
	currency Currency
}

// New makes an amount of minor units, which may be negative. It panics for
// units without a currency, since such an amount means nothing.
func New(minor int64, c Currency) Amount {
	if c.IsZero() && minor != 0 {
		panic("money: amount without a currency")
	}
	return Amount{minor: minor, currency: c}
}

// Minor is the number of minor units.
func (a Amount) Minor() int64 { return a.minor }

// Currency is the currency; zero for the zero Amount.
func (a Amount) Currency() Currency { return a.currency }

// IsSet says whether a has a currency, that is, whether it is not the zero
// Amount.
func (a Amount) IsSet() bool { return !a.currency.IsZero() }

// IsZero says whether there is no money in a, with or without a currency.
// A JSON field tagged omitzero therefore forgets the currency of nothing.
func (a Amount) IsZero() bool { return a.minor == 0 }

// IsPositive says whether a is more than nothing.
func (a Amount) IsPositive() bool { return a.minor > 0 }

// IsNegative says whether a is less than nothing.
func (a Amount) IsNegative() bool { return a.minor < 0 }

// Add is a + b. The zero Amount is neutral; otherwise different currencies are
// ErrMixed and a sum that doesn't fit is ErrOverflow.
func (a Amount) Add(b Amount) (Amount, error) {
	c, err := a.common(b)
	if err != nil {
		return Amount{}, err
	}
	sum := a.minor + b.minor
	if (sum > a.minor) != (b.minor > 0) {
		return Amount{}, fmt.Errorf("%w: sum of %s", ErrOverflow, c)
	}
	return Amount{minor: sum, currency: c}, nil
}

// Sub is a - b, with the errors of Add. It may be negative.
func (a Amount) Sub(b Amount) (Amount, error) {
	c, err := a.common(b)
	if err != nil {
		return Amount{}, err
	}
	difference := a.minor - b.minor
	if (difference < a.minor) != (b.minor > 0) {
		return Amount{}, fmt.Errorf("%w: difference of %s", ErrOverflow, c)
	}
	return Amount{minor: difference, currency: c}, nil
}

// Neg is -a; ErrOverflow for the one amount that has no opposite.
func (a Amount) Neg() (Amount, error) {
	if a.minor == math.MinInt64 {
		return Amount{}, fmt.Errorf("%w: opposite of %s", ErrOverflow, a.currency)
	}
	return Amount{minor: -a.minor, currency: a.currency}, nil
}

// Cmp is -1, 0 or +1 as a is less than, equal to or more than b; ErrMixed when
// their currencies differ, which the zero Amount's does from all others.
func (a Amount) Cmp(b Amount) (int, error) {
	if a.currency != b.currency {
		return 0, a.mixed(b)
	}
	return cmp.Compare(a.minor, b.minor), nil
}

// Less says whether a < b, with the error of Cmp.
func (a Amount) Less(b Amount) (bool, error) {
	n, err := a.Cmp(b)
	return n < 0, err
}

// Equal says whether both have the same currency and the same units.
func (a Amount) Equal(b Amount) bool { return a == b }

// Decimal is the amount in major units with all decimals of the currency and
// no currency: "12.50", "10" for JPY, "-0.05"; "0" for the zero Amount. Parse
// reads it back unless it is negative.
func (a Amount) Decimal() string {
	var buf [24]byte
	return string(a.AppendDecimal(buf[:0]))
}

// AppendDecimal appends Decimal to dst.
func (a Amount) AppendDecimal(dst []byte) []byte {
	units := uint64(a.minor)
	if a.minor < 0 {
		dst = append(dst, '-')
		units = -units // right for MinInt64 too
	}
	exponent := a.currency.Exponent()
	if exponent == 0 {
		return strconv.AppendUint(dst, units, 10)
	}
	scale := pow10[exponent]
	dst = strconv.AppendUint(dst, units/scale, 10)
	dst = append(dst, '.')
	for rest, digit := units%scale, scale/10; digit > 0; digit /= 10 {
		dst = append(dst, byte('0'+rest/digit))
		rest %= digit
	}
	return dst
}

// String is the currency and the decimal: "EUR 12.50"; "0" for the zero Amount.
func (a Amount) String() string {
	var buf [32]byte
	dst := buf[:0]
	if a.IsSet() {
		dst = append(append(dst, a.currency.Code()...), ' ')
	}
	return string(a.AppendDecimal(dst))
}

// common is the currency of a sum.
func (a Amount) common(b Amount) (Currency, error) {
	switch {
	case a.currency == b.currency || !b.IsSet():
		return a.currency, nil
	case !a.IsSet():
		return b.currency, nil
	}
	return Currency{}, a.mixed(b)
}

func (a Amount) mixed(b Amount) error {
	return fmt.Errorf("%w: %s and %s", ErrMixed, a.currency, b.currency)
}

// pow10 has a row for each exponent that table uses.
var pow10 = [...]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}
