// Package fx turns an amount of one currency into an amount of another: exact
// rates, the sheets of rates that sources publish, the schemes of rules that a
// merchant makes of them, and the conversion itself. It is pure: no clock, no
// network, nothing kept.
//
// A rate BASE/QUOTE says how much of QUOTE one unit of BASE gives. For a
// payout BASE is the currency of the request and QUOTE that of the deposit
// account which it leaves by:
//
//	payout amount = request amount x rate, rounded down to QUOTE's minor unit
//	rate          = source + source x fee_rate / 100 + fee_fix
//
// Rates are exact fractions from the source to the product; the one rounding
// is that of the amount, and it is always down. There is no float.
package fx

import (
	"errors"
	"strings"
)

var (
	// ErrRate refuses what is no rate: a wrong text, a number that isn't above
	// zero, or one with more digits than a rate may have.
	ErrRate = errors.New("fx: not a rate")
	// ErrDecimal refuses a text that is no decimal number within bounds.
	ErrDecimal = errors.New("fx: not a decimal number")
	// ErrAmount refuses an amount that can't be converted: a negative one, one
	// without a currency, or more moved than was sent.
	ErrAmount = errors.New("fx: amount can't be converted")
	// ErrNoRate says that no rule and no source gives a rate for a pair now;
	// the text says why.
	ErrNoRate = errors.New("fx: no rate")
	// ErrQuote refuses a locked rate: expired, or of another pair.
	ErrQuote = errors.New("fx: quote can't be used")
	// ErrECB refuses a file that isn't the European Central Bank's list of
	// reference rates.
	ErrECB = errors.New("fx: not the ECB's reference rates")
)

// FieldError says which field broke which rule. It holds no more of a value
// than is safe to show.
type FieldError struct {
	Field string // in the words of the API: "name", "rules[2].fee_rate"
	Rule  string // a sentence without its subject: "must be a currency"
}

func (e *FieldError) Error() string { return e.Field + " " + e.Rule }

// Invalid is every field that broke a rule, in the order of the fields.
// errors.As finds the first *FieldError in it.
type Invalid []*FieldError

func (e Invalid) Error() string {
	parts := make([]string, len(e))
	for i, field := range e {
		parts[i] = field.Error()
	}
	return strings.Join(parts, "; ")
}

// Unwrap gives the single errors.
func (e Invalid) Unwrap() []error {
	list := make([]error, len(e))
	for i, field := range e {
		list[i] = field
	}
	return list
}

// orNil is e as an error, nil when it is empty.
func (e Invalid) orNil() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

func (e *Invalid) add(field, rule string) { *e = append(*e, &FieldError{Field: field, Rule: rule}) }
