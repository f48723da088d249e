package jsonapi

import (
	"errors"
	"math/big"
	"strings"

	"penstock/engine/money"
	"penstock/httpd/wire"
)

// currencyOf reads a currency by its attribute.
func currencyOf(name string, code *string) (money.Currency, error) {
	if code == nil {
		return money.Currency{}, lacking("/data/attributes/"+name, name)
	}
	c, err := money.ParseCurrency(*code)
	if err != nil {
		return c, badAttribute(name, "must be the code of a currency, such as EUR, in capital letters")
	}
	return c, nil
}

// amountOf reads an amount in major units, exactly.
func amountOf(name string, d wire.Decimal, c money.Currency) (money.Amount, error) {
	a, err := money.Parse(string(d), c)
	switch {
	case errors.Is(err, money.ErrOverflow):
		return a, badAttribute(name, "is larger than can be counted")
	case err != nil && c.Exponent() == 0:
		return a, badAttribute(name, "must be whole units of %s, which has no decimals", c.Code())
	case err != nil:
		return a, badAttribute(name, "must be an amount of %s, with at most %d decimals", c.Code(), c.Exponent())
	}
	return a, nil
}

// positive is amountOf for what must be more than nothing.
func positive(name string, d wire.Decimal, c money.Currency) (money.Amount, error) {
	a, err := amountOf(name, d, c)
	if err == nil && !a.IsPositive() {
		return a, badAttribute(name, "must be more than 0")
	}
	return a, err
}

// limit reads an amount that may be switched off: null is the zero Amount.
// Absent is nil, which changes nothing.
func limit(name string, f wire.Field[wire.Decimal], c money.Currency) (*money.Amount, error) {
	if !f.Set {
		return nil, nil
	}
	if f.Null {
		return &money.Amount{}, nil
	}
	a, err := amountOf(name, f.Value, c)
	if err != nil {
		return nil, err
	}
	return &a, nil
}

// signed reads an amount that may be less than nothing: a JSON number or a
// text of one, as an `any` keeps it.
func signed(name string, v any, c money.Currency) (money.Amount, error) {
	text, err := numberText(name, v)
	if err != nil {
		return money.Amount{}, err
	}
	plain, negative := strings.CutPrefix(text, "-")
	a, err := amountOf(name, wire.Decimal(plain), c)
	if err != nil || !negative {
		return a, err
	}
	return a.Neg()
}

// numberText is a number as it was written, plain or as a string.
func numberText(name string, v any) (string, error) {
	switch v := v.(type) {
	case wire.Number:
		return string(v), nil
	case string:
		return v, nil
	case nil:
		return "", lacking("/data/attributes/"+name, name)
	}
	return "", badAttribute(name, "must be a decimal number, plain or as a string")
}

// percent is a rate in millionths as percent: 25,000 is 2.5.
func percent(millionths int64) wire.Number {
	return wire.Number(trimZeros(new(big.Rat).SetFrac64(millionths, 10_000).FloatString(4)))
}

// millionths reads percent with at most four decimals, 0 to 100.
func millionths(name string, d wire.Decimal) (int64, error) {
	r, ok := new(big.Rat).SetString(string(d))
	if ok {
		r.Mul(r, big.NewRat(10_000, 1))
	}
	if !ok || !r.IsInt() || !r.Num().IsInt64() || r.Num().Int64() > 1_000_000 {
		return 0, badAttribute(name, "must be percent from 0 to 100, with at most 4 decimals")
	}
	return r.Num().Int64(), nil
}
