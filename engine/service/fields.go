package service

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Validate checks the fields of a payout against the service and returns the
// account's details under the keys of its form, normalised; fields itself is
// not changed. A field may come under its form's key too. Errors are Invalid;
// each names a field as the caller wrote it and shows no value.
func (s Service) Validate(fields map[string]string) (map[string]string, error) {
	var invalid Invalid
	if len(fields) > 2*maxFields {
		invalid.add("fields", fmt.Sprintf("must be at most %d", 2*maxFields))
		return nil, invalid
	}
	details := make(map[string]string, len(s.Fields))
	names := make(map[string]string, len(s.Fields)) // form's key -> as the caller knows it
	known := make(map[string]bool, len(s.Fields))
	for i := range s.Fields {
		f := &s.Fields[i]
		key := s.sentAs(f, fields)
		names[f.to.Key], known[key] = key, true
		value, rule := f.check(fields[key])
		switch {
		case rule != "":
			invalid.add(key, rule)
			details[f.to.Key] = "" // seen, and refused
		case value != "":
			details[f.to.Key] = value
		case f.Required:
			invalid.add(key, "is required")
		}
	}
	s.together(details, names, &invalid)
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if !known[key] {
			invalid.unknown(key, s.Code)
		}
	}
	if len(invalid) > 0 {
		return nil, invalid
	}
	return details, nil
}

// sentAs is the key under which the caller gave f: its own, or its form's
// where that is nobody else's.
func (s Service) sentAs(f *ServiceField, fields map[string]string) string {
	if _, own := fields[f.Key]; own || s.has(f.to.Key) {
		return f.Key
	}
	if _, other := fields[f.to.Key]; other {
		return f.to.Key
	}
	return f.Key
}

func (s Service) has(key string) bool {
	return slices.ContainsFunc(s.Fields, func(f ServiceField) bool { return f.Key == key })
}

// together holds what the form asks of several fields.
func (s Service) together(details, names map[string]string, invalid *Invalid) {
	seen := func(key string) bool { _, ok := details[key]; return ok }
	if len(s.AnyOf) > 0 && !slices.ContainsFunc(s.anyOf, seen) {
		rule := "is required"
		if len(s.AnyOf) > 1 {
			rule += ", or one of " + strings.Join(s.AnyOf[1:], ", ")
		}
		invalid.add(s.AnyOf[0], rule)
	}
	month, year := names[expiryMonth.Key], names[expiryYear.Key]
	if month != "" && year != "" && seen(expiryMonth.Key) != seen(expiryYear.Key) {
		invalid.add(month, "and "+year+" are given together or not at all")
	}
}

// check returns the value in its one form, or the rule that it broke.
func (f *ServiceField) check(raw string) (value, rule string) {
	value, rule = f.to.normalise(raw)
	if rule != "" || value == "" {
		return "", rule
	}
	// As sent, or as it would have been sent by somebody who wrote it in its one form.
	if f.pattern != nil && !f.pattern.MatchString(strings.TrimSpace(raw)) && !f.pattern.MatchString(value) {
		return "", "must match " + f.Regexp
	}
	for _, v := range f.Options.Validators {
		if rule := v.check(value); rule != "" {
			return "", rule
		}
	}
	return value, ""
}

func (v Validator) check(value string) (rule string) {
	parse := ParseCardNumber
	if v.Name == ValidatorIBAN {
		parse = ParseIBAN
	}
	if _, err := parse(value); err != nil {
		return err.Error()
	}
	return ""
}

// MaskFields shows what may be shown of details, as Validate gave them, under
// the service's own keys: a card number as "512381******0000".
func (s Service) MaskFields(details map[string]string) map[string]string {
	shown := make(map[string]string, len(s.Fields))
	for i := range s.Fields {
		if f := &s.Fields[i]; details[f.to.Key] != "" {
			shown[f.Key] = f.to.Mask.apply(details[f.to.Key])
		}
	}
	return shown
}

// Offer is how s is shown to whoever may use it.
func (s Service) Offer() Offer {
	o := Offer{Code: s.Code, Method: s.Method, Currency: s.CurrencyCode(), Fields: cloneFields(s.Fields), AnyOf: slices.Clone(s.AnyOf),
		AmountMin: eightDecimals(s.AmountMin), AmountMax: eightDecimals(s.AmountMax), Status: "available"}
	if !s.Active {
		o.Status = "inactive"
	}
	return o
}

func cloneFields(fields []ServiceField) []ServiceField {
	out := slices.Clone(fields)
	for i := range out {
		out[i].Label, out[i].Hint = maps.Clone(out[i].Label), maps.Clone(out[i].Hint)
		out[i].Options.Validators = slices.Clone(out[i].Options.Validators)
	}
	return out
}
