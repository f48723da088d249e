package service

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"sync"

	"penstock/engine/money"
)

// Directory is what can be paid and by whom: the payout methods, the payout
// services with the fields that each asks for, and the payment providers with
// the services that each takes. It never changes: With gives another one, and
// everything that is handed out is the caller's own. The zero value is not
// one; start from Builtin.
type Directory struct {
	methods   map[string]*PayoutMethod
	services  map[string]*Service
	providers map[string]*Provider // by name and by every other name
	forms     map[string]*Method   // of operator files; the others are in methods.go
	codes     []string             // of services, sorted
	added     []money.Added        // by operator files
}

// Added are the currencies that operator files have added, in their order.
func (d *Directory) Added() []money.Added { return slices.Clone(d.added) }

// Builtin is the directory that the product comes with.
func Builtin() *Directory { return builtin() }

// builtin reads the data once; nobody can change what it gives.
var builtin = sync.OnceValue(readBuiltin)

// Service finds a payout service by its code, e.g. "sepa_eur".
func (d *Directory) Service(code string) (Service, bool) {
	s := d.services[code]
	if s == nil {
		return Service{}, false
	}
	return s.clone(), true
}

// Glance is what a payout needs to know of a service, without the copy of its
// fields that Service makes.
type Glance struct {
	Method   string
	Currency money.Currency // zero: any

	service *Service
}

// Glance finds a payout service by its code.
func (d *Directory) Glance(code string) (Glance, bool) {
	s := d.services[code]
	if s == nil {
		return Glance{}, false
	}
	return Glance{s.Method, s.Currency, s}, true
}

// Limits are those of the service, see Service.Limits.
func (g Glance) Limits(c money.Currency) (least, most money.Amount, ok bool) {
	return g.service.Limits(c)
}

// Services yields every service in the order of the codes, inactive ones too.
func (d *Directory) Services() iter.Seq[Service] {
	return func(yield func(Service) bool) {
		for _, code := range d.codes {
			if !yield(d.services[code].clone()) {
				return
			}
		}
	}
}

// For gives the active services that pay amount in c, in the order of the
// codes; with the zero Amount, those that pay in c at all. An amount in
// another currency has none.
func (d *Directory) For(c money.Currency, amount money.Amount) []Service {
	var out []Service
	for _, code := range d.codes {
		s := d.services[code]
		if s.Active && s.Pays(c) && (!amount.IsSet() || amount.Currency() == c && s.Allows(amount)) {
			out = append(out, s.clone())
		}
	}
	return out
}

// PayoutMethod finds a payout method by its code, e.g. "swift".
func (d *Directory) PayoutMethod(code string) (PayoutMethod, bool) {
	m := d.methods[code]
	if m == nil {
		return PayoutMethod{}, false
	}
	return m.clone(), true
}

// PayoutMethods are all of them in the order of the codes.
func (d *Directory) PayoutMethods() []PayoutMethod {
	out := make([]PayoutMethod, 0, len(d.methods))
	for _, code := range slices.Sorted(maps.Keys(d.methods)) {
		out = append(out, d.methods[code].clone())
	}
	return out
}

// Provider finds a payment provider by its name ("sandbox", "stripe") or by
// another name that it goes by ("test").
func (d *Directory) Provider(name string) (Provider, bool) {
	p := d.providers[name]
	if p == nil {
		return Provider{}, false
	}
	return p.clone(), true
}

// Providers are all of them in the order of their names.
func (d *Directory) Providers() []Provider {
	var out []Provider
	for name, p := range d.providers {
		if name == p.Name {
			out = append(out, p.clone())
		}
	}
	slices.SortFunc(out, func(a, b Provider) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Takes says whether a provider pays a service.
func (d *Directory) Takes(provider, service string) bool {
	p := d.providers[provider]
	if p == nil {
		return false
	}
	_, found := slices.BinarySearch(p.Services, service)
	return found
}

// Method finds a form, the schema of an account's details, by its name: those
// of FindMethod and those of services that operator files added.
func (d *Directory) Method(form string) (Method, bool) {
	m := d.form(form)
	if m == nil {
		return Method{}, false
	}
	return m.clone(), true
}

// Validate is the package's Validate for every form of d.
func (d *Directory) Validate(form string, details map[string]string) (map[string]string, error) {
	m := d.form(form)
	if m == nil {
		return nil, ErrMethod
	}
	return m.validate(details)
}

// Fill puts value into each of the fields keys that the form has, that
// details lack and that take it. It returns the details, which are not changed
// themselves.
func (d *Directory) Fill(form string, details map[string]string, value string, keys ...string) map[string]string {
	m := d.form(form)
	if m == nil || value == "" {
		return details
	}
	out := details
	for _, key := range keys {
		f, ok := m.Field(key)
		if !ok || details[key] != "" {
			continue
		}
		if whole, rule := f.normalise(value); rule == "" && whole != "" {
			if len(out) == len(details) {
				out = maps.Clone(details)
			}
			out[key] = whole
		}
	}
	return out
}

// Mask is the package's Mask for every form of d.
func (d *Directory) Mask(form string, details map[string]string) map[string]string {
	m := d.form(form)
	if m == nil {
		return map[string]string{}
	}
	return m.mask(details)
}

// Identity is the package's Identity for every form of d.
func (d *Directory) Identity(form string, normalised map[string]string) string {
	m := d.form(form)
	if m == nil {
		return ""
	}
	return m.identity(normalised)
}

// ServiceKey names the service by which a form is paid in a currency, as the
// package's ServiceKey does. For a form of an operator file it is the first
// service by code that pays the currency, or else one that pays any.
func (d *Directory) ServiceKey(form string, c money.Currency) (string, error) {
	if d.forms[form] == nil {
		return ServiceKey(form, c)
	}
	anyCurrency := ""
	for _, code := range d.codes {
		switch s := d.services[code]; {
		case s.Form != form || c.IsZero():
		case s.Currency == c:
			return code, nil
		case s.Currency.IsZero() && anyCurrency == "":
			anyCurrency = code
		}
	}
	if anyCurrency == "" {
		return "", ErrMethod
	}
	return anyCurrency, nil
}

func (d *Directory) form(name string) *Method {
	if m := d.forms[name]; m != nil {
		return m
	}
	return find(name)
}

// PayoutMethod is how money is paid out, whatever the currency.
type PayoutMethod struct {
	Code  string `json:"code"` // "payment_card", "swift", ...
	Label Text   `json:"label"`
	// Form is the schema of its details: a name for Directory.Method.
	Form string `json:"-"`
	Kind Kind   `json:"-"`

	fields []ServiceField // those of services that say none
}

func (m *PayoutMethod) clone() PayoutMethod {
	out := *m
	out.Label, out.fields = maps.Clone(m.Label), nil
	return out
}

// Text is a text for persons by the code of its language; "en" is always
// there unless the whole is empty.
type Text map[string]string

// English is the text in English; empty when there is none.
func (t Text) English() string { return t["en"] }
