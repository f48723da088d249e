package money

import (
	"errors"
	"fmt"
	"iter"
	"sort"
)

// ErrCurrency refuses a code that is no currency one can pay in.
var ErrCurrency = errors.New("money: unknown currency")

// Currency is one row of the table of currencies. It is comparable and small;
// the zero value is no currency. Only its Code may be stored: what is inside
// changes with the table.
type Currency struct{ row uint16 } // 1 + index into table and, after it, what was added; 0 for none

// ParseCurrency finds a currency by its code, which must be written as the
// table has it: in capital letters, without spaces. Anything else is an
// ErrCurrency whose text names the rule.
func ParseCurrency(code string) (Currency, error) {
	if i, found := find(code); found {
		return Currency{row: uint16(i + 1)}, nil
	}
	for i, r := range extra() {
		if r.code == code {
			return Currency{row: uint16(len(table) + i + 1)}, nil
		}
	}
	switch {
	case len(code) < 3 || len(code) > 4 || !capitals(code):
		return Currency{}, fmt.Errorf("%w: a currency is its ISO 4217 code in three capital letters, e.g. EUR", ErrCurrency)
	case unpayable(code):
		return Currency{}, fmt.Errorf("%w: %s has no minor unit in ISO 4217, so nothing can be paid in it", ErrCurrency, code)
	}
	return Currency{}, fmt.Errorf("%w: %s is neither on the list of active ISO 4217 currencies nor added by the operator", ErrCurrency, code)
}

// MustCurrency is ParseCurrency for codes written in the source; it panics on
// any other.
func MustCurrency(code string) Currency {
	c, err := ParseCurrency(code)
	if err != nil {
		panic(err)
	}
	return c
}

// Currencies yields the whole table in the order of the codes, then what was
// added.
func Currencies() iter.Seq[Currency] {
	return func(yield func(Currency) bool) {
		for i := range len(table) + len(extra()) {
			if !yield(Currency{row: uint16(i + 1)}) {
				return
			}
		}
	}
}

// IsZero says whether c is no currency.
func (c Currency) IsZero() bool { return c.row == 0 }

// Code is the ISO 4217 code, or the usual name of a digital currency; empty
// for no currency.
func (c Currency) Code() string {
	return c.told().code
}

// Exponent is the number of decimals of the minor unit: 2 for EUR, 0 for JPY,
// 3 for KWD; 0 for no currency.
func (c Currency) Exponent() int {
	return int(c.told().exponent)
}

// Numeric is the ISO 4217 number (978 for EUR), written with three digits
// where it goes on a wire. It is 0 for digital currencies and for none.
func (c Currency) Numeric() int {
	return int(c.told().numeric)
}

// String is the code, or "(none)".
func (c Currency) String() string {
	if c.row == 0 {
		return "(none)"
	}
	return c.Code()
}

// AppendText appends the code; nothing for no currency.
func (c Currency) AppendText(dst []byte) ([]byte, error) { return append(dst, c.Code()...), nil }

// MarshalText is the code; empty for no currency.
func (c Currency) MarshalText() ([]byte, error) { return []byte(c.Code()), nil }

// UnmarshalText reads what MarshalText wrote; empty is no currency.
func (c *Currency) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*c = Currency{}
		return nil
	}
	parsed, err := ParseCurrency(string(text))
	if err != nil {
		return err
	}
	*c = parsed
	return nil
}

// told is the currency's row; the empty one for none.
func (c Currency) told() row {
	switch i := int(c.row) - 1; {
	case i < 0:
		return row{}
	case i < len(table):
		return table[i]
	default:
		return extra()[i-len(table)]
	}
}

func find(code string) (int, bool) {
	return sort.Find(len(table), func(i int) int {
		switch {
		case code < table[i].code:
			return -1
		case code > table[i].code:
			return 1
		}
		return 0
	})
}

func capitals(s string) bool {
	for i := range len(s) {
		if s[i] < 'A' || s[i] > 'Z' {
			return false
		}
	}
	return true
}

// unpayable tells the codes of ISO 4217 whose minor unit is "N.A.": metals,
// bond market units, units of account, and "no currency".
func unpayable(code string) bool {
	switch code {
	case "XAG", "XAU", "XPD", "XPT", "XBA", "XBB", "XBC", "XBD", "XDR", "XSU", "XUA", "XXX":
		return true
	}
	return false
}
