package fx

import (
	"fmt"
	"math/big"
	"strings"
)

const (
	// maxDigits is how many digits ParseRate and ParseDecimal take on each side
	// of the dot.
	maxDigits = 18
	// maxBits bounds the two numbers of a rate's fraction. What a rule makes of
	// two parsed rates (a cross) with fees needs 360 bits at the worst.
	maxBits = 512
	// maxDecimals is up to where a rate is written as a decimal; a longer or an
	// endless one is written as a fraction.
	maxDecimals = 36
	// maxText is no less than what two numbers of maxBits and a slash need.
	maxText = 320
)

// Rate is an exact number above zero. It is a value: == is equality, because
// what is inside is its one text. The zero Rate is no rate: it encodes as the
// empty text, and converting by it is ErrRate.
type Rate struct{ text string }

// One is the rate of a currency to itself.
func One() Rate { return Rate{text: "1"} }

// ParseRate reads a decimal above zero: ASCII digits, at most 18 of them
// before the dot and 18 after it; no sign, blank or exponent. Everything else
// is an ErrRate that says what to send.
func ParseRate(decimal string) (Rate, error) {
	whole, fraction, dotted := strings.Cut(decimal, ".")
	if !digits(whole) || dotted && !digits(fraction) {
		return Rate{}, fmt.Errorf("%w: send a decimal above zero, e.g. %q; got %s", ErrRate, "1.0842", quote(decimal))
	}
	if len(whole) > maxDigits || len(fraction) > maxDigits {
		return Rate{}, fmt.Errorf("%w: at most %d digits before the dot and %d after it", ErrRate, maxDigits, maxDigits)
	}
	r, ok := new(big.Rat).SetString(decimal)
	if !ok {
		return Rate{}, fmt.Errorf("%w: got %s", ErrRate, quote(decimal))
	}
	return newRate(r)
}

// MustRate is ParseRate for texts written in the source; it panics on any
// that is no rate.
func MustRate(decimal string) Rate {
	r, err := ParseRate(decimal)
	if err != nil {
		panic(err)
	}
	return r
}

// FromSource is what a rule makes of a source's rate:
// source + source x feeRate/100 + feeFix, exactly. A result that isn't above
// zero is ErrRate.
func FromSource(source Rate, feeRate, feeFix Decimal) (Rate, error) {
	s, err := source.rat()
	if err != nil {
		return Rate{}, err
	}
	percent := new(big.Rat).Mul(feeRate.rat(), big.NewRat(1, 100))
	result := new(big.Rat).Mul(s, percent)
	result.Add(result, s)
	result.Add(result, feeFix.rat())
	return newRate(result)
}

// IsZero says whether r is no rate.
func (r Rate) IsZero() bool { return r.text == "" }

// Inverse is 1/r, exactly; the zero Rate has none.
func (r Rate) Inverse() (Rate, error) {
	x, err := r.rat()
	if err != nil {
		return Rate{}, err
	}
	return newRate(x.Inv(x))
}

// Mul is r x by, exactly: A/B times B/C is A/C. ErrRate when a number of the
// fraction would exceed 512 bits.
func (r Rate) Mul(by Rate) (Rate, error) {
	x, err := r.rat()
	if err != nil {
		return Rate{}, err
	}
	y, err := by.rat()
	if err != nil {
		return Rate{}, err
	}
	return newRate(x.Mul(x, y))
}

// Cmp is -1, 0 or +1 as r is less than, equal to or more than s; the zero
// Rate is less than any other.
func (r Rate) Cmp(s Rate) int {
	x, y := new(big.Rat), new(big.Rat)
	if !r.IsZero() {
		x.SetString(r.text)
	}
	if !s.IsZero() {
		y.SetString(s.text)
	}
	return x.Cmp(y)
}

// String is the exact text: a decimal where 36 decimals are enough
// ("27.8346"), else a fraction in lowest terms ("1/3"); "" for no rate.
func (r Rate) String() string { return r.text }

// String8 is r for a person: eight decimals, rounded to the nearest and a half
// upwards, so it may differ from r by half of 0.00000001 and shows a rate
// below that half as 0.00000000. Nothing is ever computed from it. "" for no
// rate.
func (r Rate) String8() string {
	x, err := r.rat()
	if err != nil {
		return ""
	}
	return x.FloatString(8)
}

// MarshalText is the exact text, "" for no rate.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.text), nil }

// UnmarshalText reads what MarshalText wrote, and only that: a number has one
// text. On an error r keeps its value.
func (r *Rate) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*r = Rate{}
		return nil
	}
	if len(text) > maxText {
		return fmt.Errorf("%w: stored text of %d bytes", ErrRate, len(text))
	}
	for _, c := range text {
		if (c < '0' || c > '9') && c != '.' && c != '/' {
			return fmt.Errorf("%w: stored text is neither a decimal nor a fraction", ErrRate)
		}
	}
	x, ok := new(big.Rat).SetString(string(text))
	if !ok {
		return fmt.Errorf("%w: stored text is neither a decimal nor a fraction", ErrRate)
	}
	read, err := newRate(x)
	if err != nil {
		return err
	}
	if read.text != string(text) {
		return fmt.Errorf("%w: stored text isn't in its one form", ErrRate)
	}
	*r = read
	return nil
}

// newRate makes the one text of x.
func newRate(x *big.Rat) (Rate, error) {
	if x.Sign() <= 0 {
		return Rate{}, fmt.Errorf("%w: it must be above zero", ErrRate)
	}
	if x.Num().BitLen() > maxBits || x.Denom().BitLen() > maxBits {
		return Rate{}, fmt.Errorf("%w: it has too many digits", ErrRate)
	}
	if decimals, exact := x.FloatPrec(); exact && decimals <= maxDecimals {
		return Rate{text: x.FloatString(decimals)}, nil
	}
	return Rate{text: x.RatString()}, nil
}

// rat is r as a number of the caller's own.
func (r Rate) rat() (*big.Rat, error) {
	if r.IsZero() {
		return nil, fmt.Errorf("%w: there is none", ErrRate)
	}
	x, ok := new(big.Rat).SetString(r.text)
	if !ok {
		panic("fx: a Rate holds " + r.text) // only newRate makes them
	}
	return x, nil
}
