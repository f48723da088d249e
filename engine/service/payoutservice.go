package service

import (
	"regexp"
	"slices"

	"penstock/engine/money"
)

// Service is a payout service: a payout method in a currency, and so the
// contract for the fields of whoever is paid by it.
type Service struct {
	Code   string // "sepa_eur"
	Method string // code of its payout method, "sepa"
	// Form is the schema of the details that Validate gives: what to store
	// beside them, and the name for Directory.Mask, Identity and Validate.
	Form string
	Kind Kind
	// Currency is what it pays in; the zero Currency is any ("XXX").
	Currency money.Currency
	// AmountMin and AmountMax bound one payout, both ends included, in major
	// units, e.g. "0.01". Limits gives them as amounts.
	AmountMin, AmountMax string
	Fields               []ServiceField // in the order of their positions
	// AnyOf are keys of fields of which at least one must be given; empty for
	// none.
	AnyOf  []string
	Active bool // new payouts may use it

	anyOf    []string     // AnyOf by the form's keys
	min, max money.Amount // of the one currency
	source   string       // the file that it stands in; empty for the built-in ones
}

// ServiceField is one field of a service, as the payout gateway publishes it.
type ServiceField struct {
	Key      string       `json:"key"`
	Type     string       `json:"type"` // "string", always
	Label    Text         `json:"label"`
	Hint     Text         `json:"hint"`
	Regexp   string       `json:"regexp"` // without delimiters, for RE2; empty for none
	Required bool         `json:"required"`
	Position int          `json:"position"`
	Example  string       `json:"example,omitzero"`
	Options  FieldOptions `json:"options,omitzero"`

	to      Field // the field of the form that takes the value
	pattern *regexp.Regexp
}

// Target is the field of the form that takes the value.
func (f ServiceField) Target() Field { return f.to }

// FieldOptions are further demands on a value.
type FieldOptions struct {
	Validators []Validator `json:"validators,omitempty"`
}

// Validator names a check that a regular expression can't make.
type Validator struct {
	Name string `json:"name"` // Luhn or Iban
}

// The validators.
const (
	ValidatorLuhn = "Luhn"
	ValidatorIBAN = "Iban"
)

// Offer is a service as it is shown to whoever may use it for an amount.
type Offer struct {
	Code      string         `json:"code"`
	Method    string         `json:"method"`
	Currency  string         `json:"currency"` // XXX for any
	Fields    []ServiceField `json:"fields"`
	AnyOf     []string       `json:"any_of,omitempty"`
	AmountMin string         `json:"amount_min"` // 8 decimals
	AmountMax string         `json:"amount_max"`
	Status    string         `json:"status"`
}

// CurrencyCode is the currency's code, or "XXX" for any.
func (s Service) CurrencyCode() string {
	if s.Currency.IsZero() {
		return AnyCurrency
	}
	return s.Currency.Code()
}

// AnyCurrency is the code of no currency in ISO 4217, which here says that a
// service pays in any.
const AnyCurrency = "XXX"

// Pays says whether the service pays in c.
func (s Service) Pays(c money.Currency) bool {
	return !c.IsZero() && (s.Currency.IsZero() || s.Currency == c)
}

func (s *Service) clone() Service {
	out := *s
	out.Fields, out.AnyOf = cloneFields(s.Fields), slices.Clone(s.AnyOf)
	return out
}
