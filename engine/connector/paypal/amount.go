package paypal

import (
	"strings"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// Currencies that PayPal pays out (developer.paypal.com, "Currency codes").
const (
	hundredths = " AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD ILS MXN MYR NOK NZD PHP PLN SEK SGD THB USD "
	whole      = " HUF JPY TWD " // a decimal point is refused there
)

// decimal is an amount as PayPal writes it; false where it has no such
// currency, or can't write the amount exactly.
func decimal(a money.Amount) (string, bool) {
	code, text := " "+a.Currency().Code()+" ", a.Decimal()
	switch {
	case strings.Contains(hundredths, code) && a.Currency().Exponent() == 2:
		return text, true
	case strings.Contains(whole, code):
		units, rest, _ := strings.Cut(text, ".")
		return units, strings.Trim(rest, "0") == ""
	}
	return "", false
}

// sum is an amount as PayPal writes it.
type sum struct {
	Currency string `json:"currency"`
	Value    string `json:"value"`
}

func (s sum) amount() (money.Amount, error) {
	c, err := money.ParseCurrency(s.Currency)
	if err != nil {
		return money.Amount{}, errAnswer
	}
	a, err := connector.ReadDecimal(s.Value, c)
	if err != nil {
		return money.Amount{}, errAnswer
	}
	return a, nil
}
