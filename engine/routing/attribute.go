package routing

import (
	"errors"
	"slices"
	"strings"

	"penstock/engine/money"
	"penstock/engine/service"
)

// attribute is a row of the table with what only this package needs.
type attribute struct {
	Attribute
	check func(literal string) error // nil: any literal of the kind
}

// Attributes lists what conditions can ask for, in the order in which a page
// offers it.
func Attributes() []Attribute {
	all := make([]Attribute, len(attributes))
	for i, row := range attributes {
		all[i] = row.Attribute
		all[i].Operators = operatorsOf(row.Kind)
	}
	return all
}

var attributes = [...]attribute{
	number("amount", "Amount", "in the currency of the request, e.g. 1000 or 12.50", notNegative),
	number("amount_minor", "Amount in minor units", "whole, in the currency of the request, e.g. 1250 for 12.50", notNegative),
	text("currency", "Currency", "ISO 4217, e.g. EUR", isCurrency),
	text("service", "Payout service", "e.g. sepa_eur", nil),
	text("method", "Payout method", "e.g. sepa", nil),
	text("payout_type", "Payout type", "card, bank or wallet", nil),
	text("wallet", "Wallet", "e.g. paypal", nil),
	text("bank_transfer", "Bank transfer", "e.g. sepa, ach, bacs, pix", nil),
	text("country", "Recipient's country", "ISO 3166, e.g. DE", isCountry),
	text("point", "Payout point", "its id", nil),
	number("day_of_week", "Day of week", "1 is Monday, 7 is Sunday", within("1", "7")),
	number("day_of_month", "Day of month", "1 to 31", within("1", "31")),
	number("day_of_year", "Day of year", "1 to 366", within("1", "366")),
	number("month", "Month", "1 to 12", within("1", "12")),
	number("hour", "Hour of day", "0 to 23", within("0", "23")),
	number("attempt", "Attempt", "1 for the first payout of the request, 2 for the next", notNegative),
	text("card_network", "Card network", "e.g. visa", nil),
	text("card_brand", "Card brand", "e.g. visa", nil),
	text("card_type", "Card type", "credit, debit or prepaid", nil),
	{Attribute: Attribute{Name: "card_bin", Label: "First digits of the card", Kind: KindBIN, Hint: "4 to 8 digits, or a range of such: a card fits if it starts so"}},
	text("issuer_name", "Card issuer", "the bank's name", nil),
	text("issuer_country", "Card issuer's country", "ISO 3166, e.g. US", isCountry),
	text("billing_country", "Billing country", "ISO 3166, e.g. US", isCountry),
	text("business_country", "Business country", "ISO 3166, e.g. US", isCountry),
	text("business_label", "Business label", "", nil),
	private("customer.id", "Customer", KindText, "the customer's id"),
	private("customer.email", "Customer's email address", KindText, ""),
	{Attribute{Name: "customer.country", Label: "Customer's country", Kind: KindText, Hint: "ISO 3166, e.g. DE", Personal: true}, isCountry},
	private("customer.metadata.*", "Customer's metadata", KindAny, "customer.metadata.KEY; a number is compared as a number, a text as it is"),
	private("metadata.*", "Metadata", KindAny, "metadata.KEY; a number is compared as a number, a text as it is"),
}

func number(name, label, hint string, check func(string) error) attribute {
	return attribute{Attribute{Name: name, Label: label, Kind: KindNumber, Hint: hint}, check}
}

func text(name, label, hint string, check func(string) error) attribute {
	return attribute{Attribute{Name: name, Label: label, Kind: KindText, Hint: hint}, check}
}

func private(name, label string, kind Kind, hint string) attribute {
	return attribute{Attribute{Name: name, Label: label, Kind: kind, Hint: hint, Personal: true}, nil}
}

// maxKey is how long a key of metadata may be in a condition.
const maxKey = 64

// findAttribute finds the row of a name as conditions write it; nil for none.
func findAttribute(name string) *attribute {
	for i := range attributes {
		row := &attributes[i]
		if row.Name == name && !strings.HasSuffix(name, "*") {
			return row
		}
		if stem, open := strings.CutSuffix(row.Name, "*"); open {
			if key, ok := strings.CutPrefix(name, stem); ok && key != "" && key != "*" && len(key) <= maxKey && plain(key) {
				return row
			}
		}
	}
	return nil
}

// plain says whether a text can stand in a name: printable, and no brace,
// which ends a dynamic value.
func plain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7F || r == '{' || r == '}' || r == 0xFFFD })
}

func isCurrency(literal string) error {
	if _, err := money.ParseCurrency(strings.ToUpper(literal)); err != nil {
		return errors.New("must be a currency's ISO 4217 code, e.g. EUR")
	}
	return nil
}

func isCountry(literal string) error {
	_, err := service.ParseCountry(literal)
	return err
}

func notNegative(literal string) error {
	if compareDecimals(literal, "0") < 0 {
		return errors.New("must not be negative")
	}
	return nil
}

func within(least, most string) func(string) error {
	return func(literal string) error {
		if strings.Contains(literal, ".") || compareDecimals(literal, least) < 0 || compareDecimals(literal, most) > 0 {
			return errors.New("must be a whole number from " + least + " to " + most)
		}
		return nil
	}
}

// Operators lists the comparisons, with the signs that pages show for them.
// Trees may be written with either.
func Operators() []OperatorInfo { return slices.Clone(operators[:]) }

var operators = [...]OperatorInfo{
	{Eq, "=", "is"},
	{Neq, "!=", "is not"},
	{Gt, ">", "is more than"},
	{Gte, ">=", "is at least"},
	{Lt, "<", "is less than"},
	{Lte, "<=", "is at most"},
	{In, "in", "is one of"},
	{NotIn, "not in", "is none of"},
	{Contains, "~", "contains"},
}

// parseOperator finds an operator by its name, its sign, or the name that the
// query language of lists has for it (notIn).
func parseOperator(s string) (Operator, bool) {
	switch s {
	case "notIn":
		return NotIn, true
	case "==":
		return Eq, true
	case "<>":
		return Neq, true
	}
	for _, row := range operators {
		if s == string(row.Operator) || s == row.Sign {
			return row.Operator, true
		}
	}
	return "", false
}

func (o Operator) sign() string {
	for _, row := range operators {
		if row.Operator == o {
			return row.Sign
		}
	}
	return string(o)
}

func (o Operator) takesList() bool  { return o == In || o == NotIn }
func (o Operator) takesOrder() bool { return o == Gt || o == Gte || o == Lt || o == Lte }

// operatorsOf lists what an attribute of a kind can be compared by.
func operatorsOf(k Kind) []Operator {
	switch k {
	case KindNumber:
		return []Operator{Eq, Neq, Gt, Gte, Lt, Lte, In, NotIn}
	case KindText:
		return []Operator{Eq, Neq, In, NotIn, Contains}
	case KindBIN:
		return []Operator{Eq, Neq, In, NotIn}
	}
	return []Operator{Eq, Neq, Gt, Gte, Lt, Lte, In, NotIn, Contains}
}
