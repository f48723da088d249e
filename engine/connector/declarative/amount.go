package declarative

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"penstock/engine/connector"
	"penstock/engine/money"
)

var errAmount = errors.New("amount on the wire is another")

// wire writes an amount as the provider wants it, exactly. The error says what
// can't be paid.
func (a amountForm) wire(amount money.Amount) (any, error) {
	code := amount.Currency().Code()
	decimals, ok := a.Currencies[code]
	switch {
	case !amount.IsPositive():
		return nil, errors.New("an amount to pay is more than zero")
	case !ok:
		return nil, fmt.Errorf("the provider doesn't pay in %s", code)
	}
	minor, ok := rescale(amount.Minor(), amount.Currency().Exponent(), decimals)
	if !ok {
		return nil, fmt.Errorf("the provider pays %s with %d decimals", code, decimals)
	}
	switch a.Form {
	case "minor":
		return connector.Number(strconv.FormatInt(minor, 10)), nil
	case "decimal":
		return decimal(minor, decimals), nil
	}
	return connector.Number(decimal(minor, decimals)), nil
}

// read is wire backwards: the amount that stands in an answer.
func (a amountForm) read(v any, c money.Currency) (money.Amount, error) {
	decimals, ok := a.Currencies[c.Code()]
	if !ok {
		return money.Amount{}, errAmount
	}
	var text string
	switch v := v.(type) {
	case connector.Number:
		if a.Form == "decimal" {
			return money.Amount{}, errAmount
		}
		text = string(v)
	case string:
		if a.Form != "decimal" {
			return money.Amount{}, errAmount
		}
		text = v
	default:
		return money.Amount{}, errAmount
	}
	if a.Form != "minor" {
		amount, err := connector.ReadDecimal(text, c)
		if err != nil {
			return money.Amount{}, errAmount
		}
		return amount, nil
	}
	minor, err := strconv.ParseInt(text, 10, 64)
	if err != nil || minor < 0 || strconv.FormatInt(minor, 10) != text {
		return money.Amount{}, errAmount
	}
	minor, ok = rescale(minor, decimals, c.Exponent())
	if !ok {
		return money.Amount{}, errAmount
	}
	return money.New(minor, c), nil
}

// rescale brings a number of minor units from one number of decimals to
// another; false where that isn't exact or doesn't fit.
func rescale(minor int64, from, to int) (int64, bool) {
	for ; from < to; from++ {
		if minor > math.MaxInt64/10 {
			return 0, false
		}
		minor *= 10
	}
	for ; from > to; from-- {
		if minor%10 != 0 {
			return 0, false
		}
		minor /= 10
	}
	return minor, true
}

func decimal(minor int64, decimals int) string {
	digits := strconv.FormatInt(minor, 10)
	if decimals == 0 {
		return digits
	}
	for len(digits) <= decimals {
		digits = "0" + digits
	}
	return digits[:len(digits)-decimals] + "." + digits[len(digits)-decimals:]
}

// wireKey is Instruction.Key as it stands on the wire; the error says why it
// can't.
func (f *Form) wireKey(key string) (string, error) {
	switch {
	case key == "" || len(key) > 255 || connector.Ref(key) == "":
		return "", errors.New("key is not printable ASCII of 1 to 128 characters")
	case f.file.Key.Form == "uuid":
		return connector.KeyUUID(key), nil
	case f.key != nil && !f.key.MatchString(key):
		return "", errors.New("key is not as the provider takes it")
	}
	return key, nil
}
