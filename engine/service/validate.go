package service

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// FieldError says which field broke which rule. It never holds the value, so
// it may be shown and logged.
type FieldError struct {
	Field string // as sent where that is safe to show, else "(field)"
	Rule  string // a sentence without its subject: "must have 9 digits"
}

func (e *FieldError) Error() string { return e.Field + " " + e.Rule }

// Invalid is the error of Validate: every field that broke a rule, in the
// order of the schema. errors.As finds the first *FieldError in it.
type Invalid []*FieldError

func (e Invalid) Error() string {
	parts := make([]string, len(e))
	for i, field := range e {
		parts[i] = field.Error()
	}
	return strings.Join(parts, "; ")
}

// Unwrap gives the single errors.
func (e Invalid) Unwrap() []error {
	list := make([]error, len(e))
	for i, field := range e {
		list[i] = field
	}
	return list
}

// Validate checks details against the schema of method and returns them in
// their one normalised form; details itself is not changed. An empty value
// counts as absent. Errors are ErrMethod and Invalid. A card's expiry is
// checked for its form only: there is no clock here (see ExpiryOf).
func Validate(method string, details map[string]string) (map[string]string, error) {
	m := find(method)
	if m == nil {
		return nil, ErrMethod
	}
	return m.validate(details)
}

func (m *Method) validate(details map[string]string) (map[string]string, error) {
	var invalid Invalid
	normalised := make(map[string]string, min(len(details), len(m.Fields)))
	for _, field := range m.Fields {
		raw, sent := details[field.Key]
		if !sent {
			continue
		}
		value, rule := field.normalise(raw)
		switch {
		case rule != "":
			invalid.add(field.Key, rule)
		case value != "":
			normalised[field.Key] = value
		}
	}
	m.missing(details, normalised, &invalid)
	for _, key := range m.strangers(details) {
		invalid.unknown(key, m.Name)
	}
	if len(invalid) > 0 {
		return nil, invalid
	}
	return normalised, nil
}

// strangers are the fields that the schema doesn't have, in order; most often
// there are none.
func (m *Method) strangers(details map[string]string) (keys []string) {
	for key := range details {
		if !slices.ContainsFunc(m.Fields, func(f Field) bool { return f.Key == key }) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func (e *Invalid) add(field, rule string) { *e = append(*e, &FieldError{Field: field, Rule: rule}) }

// unknown refuses a field that a schema doesn't have.
func (e *Invalid) unknown(key, of string) {
	if SecurityCode(key) {
		e.add(showable(key), "is never accepted: security codes, PINs and track data are not used for payouts")
		return
	}
	e.add(showable(key), "is not a field of "+of)
}

// missing reports what should be there and is not; a field that was sent and
// refused has been reported already.
func (m *Method) missing(details, normalised map[string]string, invalid *Invalid) {
	given := func(key string) bool { return normalised[key] != "" || strings.TrimSpace(details[key]) != "" }
	for _, field := range m.Fields {
		if field.Required && !given(field.Key) {
			invalid.add(field.Key, "is required")
		}
	}
	if len(m.AnyOf) > 0 && !slices.ContainsFunc(m.AnyOf, given) {
		invalid.add(m.AnyOf[0], "is required, or one of "+strings.Join(m.AnyOf[1:], ", "))
	}
	if month, ok := m.Field(expiryMonth.Key); ok && !month.Required && given(expiryMonth.Key) != given(expiryYear.Key) {
		invalid.add(expiryMonth.Key, "and expiry_year are given together or not at all")
	}
}

// normalise returns the value in its one form, or the rule that it broke.
func (f Field) normalise(raw string) (value, rule string) {
	if utf8.RuneCountInString(raw) > f.Max {
		return "", tooLong(f.Max)
	}
	if !utf8.ValidString(raw) || strings.ContainsFunc(raw, unwelcome) {
		return "", "must not hold control characters"
	}
	if strings.TrimSpace(raw) == "" {
		return "", ""
	}
	value, err := f.Check.apply(raw)
	if err != nil {
		return "", err.Error()
	}
	return value, ""
}

func tooLong(most int) string { return fmt.Sprintf("must have at most %d characters", most) }

// unwelcome tells control characters, and those that turn the direction of
// text, with which a name could show as another one.
func unwelcome(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}

// showable is key where it looks like a field's name. Anything else may be a
// value in the wrong place.
func showable(key string) string {
	digits := 0
	for _, r := range key {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '_', r == '-', r == '.':
		default:
			return "(field)"
		}
	}
	if key == "" || len(key) > 40 || digits > 4 {
		return "(field)"
	}
	return key
}
