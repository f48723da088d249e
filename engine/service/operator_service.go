package service

import (
	"fmt"
	"slices"
	"strings"

	"penstock/engine/money"
)

// Bounds of a directory, generous against the two thousand services that are
// published for the payout gateway.
const (
	maxServices = 5000
	maxMethods  = 1000
	maxFields   = 32
)

func (b *builder) method(path string, e *methodEntry) error {
	switch {
	case !isCode(e.Code):
		return wrongf(path+"/code", "%s", codeRule)
	case b.d.methods[e.Code] != nil:
		return wrongf(path+"/code", "is a payout method already: %s", e.Code)
	case !b.inside && find(e.Code) != nil:
		return wrongf(path+"/code", "is the name of a built-in form: %s", e.Code)
	case len(b.d.methods) >= maxMethods:
		return wrongf(path, "is one method too many: at most %d", maxMethods)
	}
	if err := checkText(path+"/label", e.Label, true); err != nil {
		return err
	}
	m := &PayoutMethod{Code: e.Code, Label: e.Label, Form: e.Code, Kind: e.Kind}
	if e.Form != "" {
		m.Form = e.Form
	}
	form := find(m.Form)
	switch {
	case e.Form != "" && (form == nil || form.Name != e.Form):
		return wrongf(path+"/form", "must be a built-in form, e.g. sepa")
	case form != nil && e.Kind != "":
		return wrongf(path+"/kind", "is the form's; leave it out")
	case form != nil:
		m.Kind = form.Kind
	case m.Kind == "":
		m.Kind = Bank
	case m.Kind != Bank && m.Kind != Wallet && m.Kind != BankRedirect:
		return wrongf(path+"/kind", "must be bank, wallet or bank_redirect")
	}
	if len(e.Fields) > 0 {
		var err error
		if m.fields, err = b.fields(path+"/fields", m.Form, e.Fields); err != nil {
			return err
		}
	}
	b.d.methods[m.Code] = m
	return nil
}

// service takes an entry: a new service, one for each currency of its ranges,
// or a change to one that is there.
func (b *builder) service(path string, e *serviceEntry) error {
	if e.Code != "" && b.d.services[e.Code] != nil {
		return b.change(path, e)
	}
	s, err := b.draft(path, e)
	if err != nil {
		return err
	}
	if len(e.Ranges) == 0 {
		s.Code = e.Code
		return b.add(path, path+"/currency", s, rangeEntry{Currencies: []string{e.Currency}, Min: e.Min, Max: e.Max}, e.Currency)
	}
	if e.Code != "" || e.Currency != "" || e.Min != "" || e.Max != "" {
		return wrongf(path+"/ranges", "stand instead of code, currency, amount_min and amount_max")
	}
	for i, r := range e.Ranges {
		at := fmt.Sprintf("%s/ranges/%d", path, i)
		for j, currency := range r.Currencies {
			if err := b.add(at, fmt.Sprintf("%s/currencies/%d", at, j), s, r, currency); err != nil {
				return err
			}
		}
	}
	return nil
}

// draft is what the services of one entry share.
func (b *builder) draft(path string, e *serviceEntry) (Service, error) {
	m := b.d.methods[e.Method]
	if m == nil {
		return Service{}, wrongf(path+"/method", "must be a payout method of the directory or of this file")
	}
	s := Service{Method: m.Code, Form: m.Form, Kind: m.Kind, Fields: m.fields, source: b.file}
	var err error
	if s.Active, err = active(path, e.Status); err != nil {
		return Service{}, err
	}
	if len(e.Fields) > 0 {
		if s.Fields, err = b.fields(path+"/fields", m.Form, e.Fields); err != nil {
			return Service{}, err
		}
	}
	if len(s.Fields) == 0 {
		return Service{}, wrongf(path+"/fields", "are required: the method has none")
	}
	if s.Fields, err = b.refine(path+"/refine", s.Fields, e.Refine); err != nil {
		return Service{}, err
	}
	s.AnyOf, s.anyOf, err = suit(path+"/fields", m.Form, s.Fields)
	return s, err
}

// add keeps one service; s is the caller's to use again.
func (b *builder) add(path, currencyPath string, s Service, r rangeEntry, currency string) error {
	if currency != AnyCurrency {
		c, err := money.ParseCurrency(currency)
		if err != nil {
			return wrongf(currencyPath, "must be a currency or XXX for any: %v", err)
		}
		s.Currency = c
	}
	codePath := path + "/code"
	if s.Code == "" {
		codePath = currencyPath
		s.Code = s.Method
		if currency != AnyCurrency {
			s.Code += "_" + strings.ToLower(currency)
		}
	}
	switch {
	case !isCode(s.Code):
		return wrongf(codePath, "%s", codeRule)
	case b.d.services[s.Code] != nil:
		return wrongf(codePath, "is a service already: %s", s.Code)
	case len(b.d.services) >= maxServices:
		return wrongf(path, "is one service too many: at most %d", maxServices)
	case r.Max == "":
		return wrongf(path+"/amount_max", "is required")
	}
	b.said["service "+s.Code] = true
	if err := s.limit(path, r.Min, r.Max); err != nil {
		return err
	}
	b.d.services[s.Code] = &s
	return nil
}

// change alters the bounds and the status of a service that is there.
func (b *builder) change(path string, e *serviceEntry) error {
	was := b.d.services[e.Code]
	if b.said["service "+e.Code] {
		return wrongf(path+"/code", "is in this file twice: %s", e.Code)
	}
	b.said["service "+e.Code] = true
	if len(e.Fields) > 0 || len(e.Refine) > 0 || len(e.Ranges) > 0 ||
		e.Method != "" && e.Method != was.Method || e.Currency != "" && e.Currency != was.CurrencyCode() {
		where := "built in"
		if was.source != "" {
			where = "in " + was.source
		}
		return wrongf(path, "may change only amount_min, amount_max and status of %s, which is %s", e.Code, where)
	}
	s := *was
	if err := s.limit(path, e.Min, e.Max); err != nil {
		return err
	}
	if e.Status != "" {
		var err error
		if s.Active, err = active(path, e.Status); err != nil {
			return err
		}
	}
	b.d.services[e.Code] = &s
	return nil
}

// limit sets the bounds that are given; a service that had none begins at the
// least amount that there is.
func (s *Service) limit(path, least, most string) error {
	for _, side := range []struct {
		path, text string
		keep       *string
		amount     *money.Amount
	}{{path + "/amount_min", least, &s.AmountMin, &s.min}, {path + "/amount_max", most, &s.AmountMax, &s.max}} {
		text := side.text
		switch {
		case text == "" && *side.keep != "":
			continue
		case text == "" && s.Currency.IsZero():
			text = "0"
		case text == "":
			text = money.New(1, s.Currency).Decimal()
		case !isDecimal(text):
			return wrongf(side.path, `must be a string of digits with at most 8 decimals, e.g. "0.01"`)
		}
		*side.keep = trimZeros(text)
		if s.Currency.IsZero() {
			continue
		}
		amount, err := money.Parse(*side.keep, s.Currency)
		if err != nil {
			return wrongf(side.path, "must be an amount of the service's currency: %v", err)
		}
		*side.amount, *side.keep = amount, amount.Decimal()
	}
	if above(s.AmountMin, s.AmountMax) || !above(s.AmountMax, "0") {
		return wrongf(path+"/amount_max", "must be more than nothing and not less than amount_min")
	}
	return nil
}

func active(path, status string) (bool, error) {
	switch status {
	case "", "active":
		return true, nil
	case "inactive":
		return false, nil
	}
	return false, wrongf(path+"/status", "must be active or inactive")
}

const codeRule = "must be 1 to 64 small letters, digits and underscores"

func isCode(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool { return !isWord(r) })
}

// checkText takes a text for persons.
func checkText(path string, t Text, must bool) error {
	if must && strings.TrimSpace(t["en"]) == "" {
		return wrongf(path+"/en", "is required")
	}
	if len(t) > 30 {
		return wrongf(path, "must have at most 30 languages")
	}
	for language, text := range t {
		switch {
		case len(language) < 2 || len(language) > 8 || strings.ContainsFunc(language, func(r rune) bool { return !isLetter(r) && r != '-' }):
			return wrongf(path, "must have the codes of languages as names, e.g. en")
		case len(text) > 500 || strings.ContainsFunc(text, unwelcome):
			return wrongf(path+"/"+language, "must be at most 500 bytes without control characters")
		}
	}
	return nil
}

// suit holds the fields of a service against their form: what the form
// requires must be asked for. It gives the fields of which one must be there,
// by the service's keys and by the form's.
func suit(path, form string, fields []ServiceField) (anyOf, formAnyOf []string, err error) {
	m := find(form)
	if m == nil {
		return nil, nil, nil
	}
	at := func(key string) int {
		return slices.IndexFunc(fields, func(f ServiceField) bool { return f.to.Key == key })
	}
	for _, field := range m.Fields {
		if i := at(field.Key); field.Required && (i < 0 || !fields[i].Required) {
			return nil, nil, wrongf(path, "must have a required field for %s of the form %s", field.Key, form)
		}
	}
	for _, key := range m.AnyOf {
		if i := at(key); i >= 0 {
			anyOf, formAnyOf = append(anyOf, fields[i].Key), append(formAnyOf, key)
		}
	}
	if len(m.AnyOf) > 0 && len(anyOf) == 0 {
		return nil, nil, wrongf(path, "must have one of %s of the form %s", strings.Join(m.AnyOf, ", "), form)
	}
	return anyOf, formAnyOf, nil
}
