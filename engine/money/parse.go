package money

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// ErrAmount refuses a text that is no amount of its currency; the error's text
// says what to send.
var ErrAmount = errors.New("money: not an amount")

// maxWhole is how many digits may stand before the dot: as many as MaxInt64
// has.
const maxWhole = 19

// Parse reads an amount in major units, exactly: "12.50" of EUR is 1250 minor
// units. The package's doc says what is accepted. Errors are ErrAmount for a
// wrong text, ErrOverflow for one too large, ErrCurrency for no currency.
func Parse(decimal string, c Currency) (Amount, error) {
	if c.IsZero() {
		return Amount{}, fmt.Errorf("%w: an amount needs a currency", ErrCurrency)
	}
	whole, fraction, dotted := strings.Cut(decimal, ".")
	if !digits(whole) || dotted && !digits(fraction) {
		return Amount{}, fmt.Errorf("%w: send digits with a dot before the decimals, e.g. %q; got %s",
			ErrAmount, example(c), quote(decimal))
	}
	exponent := c.Exponent()
	if len(fraction) > exponent {
		return Amount{}, tooFine(decimal, c)
	}
	if len(whole) > maxWhole {
		return Amount{}, tooLarge(c)
	}
	minor, ok := accumulate(0, whole)
	if ok {
		minor, ok = accumulate(minor, fraction)
	}
	for range exponent - len(fraction) {
		if ok {
			minor, ok = accumulate(minor, "0")
		}
	}
	if !ok {
		return Amount{}, tooLarge(c)
	}
	return Amount{minor: minor, currency: c}, nil
}

// accumulate appends decimal digits to n; false when it no longer fits.
func accumulate(n int64, digits string) (int64, bool) {
	for i := range len(digits) {
		d := int64(digits[i] - '0')
		if n > (math.MaxInt64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func tooFine(decimal string, c Currency) error {
	if c.Exponent() == 0 {
		return fmt.Errorf("%w: %s has no minor unit, so send whole units, e.g. %q; got %s",
			ErrAmount, c, example(c), quote(decimal))
	}
	return fmt.Errorf("%w: %s has %d decimals, e.g. %q; got %s",
		ErrAmount, c, c.Exponent(), example(c), quote(decimal))
}

func tooLarge(c Currency) error {
	return fmt.Errorf("%w: the most that can be written is %s", ErrOverflow, Amount{math.MaxInt64, c})
}

// example is an amount as it may be sent in c.
func example(c Currency) string {
	return Amount{minor: int64(10 * pow10[c.Exponent()]), currency: c}.Decimal()
}

// quote shows a wrong text with all that is not printable ASCII escaped. A
// long one is only counted: whatever it is, it may be an account number in the
// wrong place, and errors must not show those.
func quote(s string) string {
	if len(s) > 12 {
		return fmt.Sprintf("%d bytes", len(s))
	}
	return fmt.Sprintf("%+q", s)
}
