package fx

import (
	"fmt"
	"math/big"
	"strings"
)

// Decimal is an exact decimal number, which may be negative: a rule's fee in
// percent or in units of a currency. It is a value, == is equality, and the
// zero Decimal is the number zero.
type Decimal struct{ text string } // "" for zero, else the shortest text

// ParseDecimal reads an optional minus, then digits, at most 18 before the dot
// and 18 after it. Everything else is an ErrDecimal that says what to send.
func ParseDecimal(s string) (Decimal, error) {
	unsigned, _ := strings.CutPrefix(s, "-")
	whole, fraction, dotted := strings.Cut(unsigned, ".")
	if !digits(whole) || dotted && !digits(fraction) {
		return Decimal{}, fmt.Errorf("%w: send e.g. %q or %q; got %s", ErrDecimal, "0.5", "-1", quote(s))
	}
	if len(whole) > maxDigits || len(fraction) > maxDigits {
		return Decimal{}, fmt.Errorf("%w: at most %d digits before the dot and %d after it", ErrDecimal, maxDigits, maxDigits)
	}
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	switch {
	case whole == "" && fraction == "":
		return Decimal{}, nil
	case whole == "":
		whole = "0"
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if unsigned != s {
		whole = "-" + whole
	}
	return Decimal{text: whole}, nil
}

// MustDecimal is ParseDecimal for texts written in the source; it panics on
// any that is none.
func MustDecimal(s string) Decimal {
	d, err := ParseDecimal(s)
	if err != nil {
		panic(err)
	}
	return d
}

// IsZero says whether d is zero.
func (d Decimal) IsZero() bool { return d.text == "" }

// String is d in its shortest form: "0", "0.001", "-1".
func (d Decimal) String() string {
	if d.text == "" {
		return "0"
	}
	return d.text
}

// MarshalText is String.
func (d Decimal) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is ParseDecimal; the empty text is zero. On an error d keeps
// its value.
func (d *Decimal) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Decimal{}
		return nil
	}
	read, err := ParseDecimal(string(text))
	if err != nil {
		return err
	}
	*d = read
	return nil
}

func (d Decimal) rat() *big.Rat {
	x, ok := new(big.Rat).SetString(d.String())
	if !ok {
		panic("fx: a Decimal holds " + d.text) // only ParseDecimal makes them
	}
	return x
}

// digits says whether s is ASCII digits and at least one.
func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// quote shows a wrong text with all that isn't printable ASCII escaped; a long
// one is only counted, since it may be anything, also an account number.
func quote(s string) string {
	if len(s) > 12 {
		return fmt.Sprintf("%d bytes", len(s))
	}
	return fmt.Sprintf("%+q", s)
}
