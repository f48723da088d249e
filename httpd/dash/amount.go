package dash

import (
	"fmt"
	"strings"

	"penstock/engine/money"
	"penstock/httpd/ui"
)

// readAmount reads an amount that somebody typed in a currency; empty is not
// set. problem says what is wrong.
func readAmount(text string, in money.Currency) (a money.Amount, problem string) {
	if text == "" {
		return money.Amount{}, ""
	}
	a, err := money.Parse(text, in)
	if err != nil {
		if in.Exponent() == 0 {
			return a, fmt.Sprintf("An amount in %s has no decimals, like 1250.", in.Code())
		}
		return a, fmt.Sprintf("An amount in %s has at most %d decimals and a point, like 1250.5.", in.Code(), in.Exponent())
	}
	return a, ""
}

// amountText is an amount as it is typed; empty when it is not set.
func amountText(a money.Amount) string {
	if !a.IsSet() {
		return ""
	}
	return a.Decimal()
}

// signed is a change of a balance, with its sign and without its currency; nil
// when there is none.
func signed(minor int64, c money.Currency) *ui.Money {
	if minor == 0 {
		return nil
	}
	m := amount(money.New(minor, c))
	m.Currency = ""
	if minor > 0 {
		m.Text = "+" + m.Text
	}
	return m
}

// percentText is a rate in millionths as people write it: 25000 is "2.5".
func percentText(millionths int64) string {
	if millionths == 0 {
		return ""
	}
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%d.%04d", millionths/10_000, millionths%10_000), "0"), ".")
}

// readPercent is its inverse, for 0 to 100.
func readPercent(text string) (millionths int64, problem string) {
	const rule = "A percentage from 0 to 100 with at most 4 decimals, like 2.5."
	if text == "" {
		return 0, ""
	}
	whole, rest, _ := strings.Cut(text, ".")
	if whole == "" || len(whole) > 3 || len(rest) > 4 || strings.Trim(whole+rest, "0123456789") != "" {
		return 0, rule
	}
	for _, c := range whole + (rest + "0000")[:4] {
		millionths = millionths*10 + int64(c-'0')
	}
	if millionths > 1_000_000 {
		return 0, rule
	}
	return millionths, ""
}

// yesNoField is a choice of two.
func yesNoField(name, label, hint string, on bool) ui.Field {
	return ui.Field{Name: name, Label: label, Hint: hint, Type: "select", Required: true,
		Options: []ui.Option{{Value: "no", Text: "No", On: !on}, {Value: "yes", Text: "Yes", On: on}}}
}

// yes reads a yesNoField.
func (f form) yes(name string) bool { return f.text(name) == "yes" }
