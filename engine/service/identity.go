package service

import (
	"fmt"
	"strings"

	"penstock/engine/money"
)

// Identity is the canonical text of what makes two sets of normalised details
// the same account: every field that says where the money goes (the number of
// a card, the IBAN of a SEPA account, routing and account number of an ACH
// one), and none of the others (expiry, holder, names of banks). Two sets with
// the same Identity pay the same account; a set that names the account in one
// more way is another one. It is empty when the method is unknown or nothing
// in details names an account.
//
// The text holds the account in the clear. It is for a keyed fingerprint and
// for nothing else: never store, log or compare it outside of one.
func Identity(method string, normalised map[string]string) string {
	m := find(method)
	if m == nil {
		return ""
	}
	return m.identity(normalised)
}

func (m *Method) identity(normalised map[string]string) string {
	var b strings.Builder
	for _, field := range m.Fields {
		value := normalised[field.Key]
		if !field.names || value == "" {
			continue
		}
		if field.Check == CheckEmail {
			value = strings.ToLower(value)
		}
		if b.Len() == 0 {
			b.WriteString(m.family)
		}
		fmt.Fprintf(&b, "|%s:%d:%s", field.Key, len(value), value)
	}
	return b.String()
}

// ServiceKey names the payout service of a method in a currency: the method's
// service name, an underscore, and the currency in small letters. It is what
// routes are found by: "payment_card_usd" for cards, "sepa_eur", "ach_usd",
// "bacs_gbp", "pix_brl", "paypal_usd", "apple_pay_usd", "test_xts". Whether a
// service makes sense (SEPA pays euro only) is for the routes to say. Errors
// are ErrMethod and money.ErrCurrency.
func ServiceKey(method string, c money.Currency) (string, error) {
	m := find(method)
	if m == nil {
		return "", ErrMethod
	}
	if c.IsZero() {
		return "", fmt.Errorf("%w: a payout service needs a currency", money.ErrCurrency)
	}
	return m.service + "_" + strings.ToLower(c.Code()), nil
}

// ParseServiceKey is the way back: the kind of account that a service pays
// (the first method of that service; "card" for "payment_card_usd") and the
// currency.
func ParseServiceKey(key string) (method string, c money.Currency, err error) {
	at := strings.LastIndexByte(key, '_')
	if at < 0 || key != strings.ToLower(key) {
		return "", money.Currency{}, fmt.Errorf("%w: a payout service is a method and a currency, e.g. sepa_eur", ErrMethod)
	}
	for i := range methods {
		if methods[i].service == key[:at] {
			c, err = money.ParseCurrency(strings.ToUpper(key[at+1:]))
			if err != nil {
				return "", money.Currency{}, err
			}
			return methods[i].Name, c, nil
		}
	}
	return "", money.Currency{}, ErrMethod
}
