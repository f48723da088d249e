package service

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// fields reads the fields of a method or of one of its services.
func (b *builder) fields(path, form string, entries []fieldEntry) ([]ServiceField, error) {
	if len(entries) > maxFields {
		return nil, wrongf(path, "must be at most %d", maxFields)
	}
	m := find(form)
	out := make([]ServiceField, 0, len(entries))
	for i := range entries {
		at := fmt.Sprintf("%s/%d", path, i)
		f, err := b.field(at, &entries[i], i+1)
		if err != nil {
			return nil, err
		}
		if m != nil {
			err = bind(at, &f, &entries[i], m)
		} else {
			err = b.own(at, form, &f, &entries[i])
		}
		if err != nil {
			return nil, err
		}
		for _, other := range out {
			if other.Key == f.Key || other.to.Key == f.to.Key {
				return nil, wrongf(at, "is the same field as another: %s", other.Key)
			}
		}
		if rule := f.exemplary(); rule != "" {
			return nil, wrongf(at+"/example", "does not pass the field's own rules: %s", rule)
		}
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b ServiceField) int { return cmp.Compare(a.Position, b.Position) })
	return out, nil
}

// field reads what the gateway publishes of a field.
func (b *builder) field(path string, e *fieldEntry, position int) (ServiceField, error) {
	f := ServiceField{Key: e.Key, Type: "string", Label: e.Label, Hint: e.Hint, Required: e.Required, Position: cmp.Or(e.Position, position), Example: e.Example, Options: e.Options}
	for _, key := range []string{e.Key, e.To} {
		if SecurityCode(key) {
			return f, wrongf(path+"/key", "must not be a security code, a PIN or track data: these are never taken for payouts")
		}
	}
	switch {
	case !isKey(e.Key):
		return f, wrongf(path+"/key", "must be 1 to 64 letters, digits, underscores, hyphens and dots")
	case e.Type != "" && e.Type != "string":
		return f, wrongf(path+"/type", "must be string")
	case f.Position < 0 || f.Position > 10_000:
		return f, wrongf(path+"/position", "must be 0 to 10000")
	case len(e.Example) > 500:
		return f, wrongf(path+"/example", "must have at most 500 bytes")
	}
	if err := checkText(path+"/label", e.Label, true); err != nil {
		return f, err
	}
	if err := checkText(path+"/hint", e.Hint, false); err != nil {
		return f, err
	}
	for i, v := range e.Options.Validators {
		if v.Name != ValidatorLuhn && v.Name != ValidatorIBAN {
			return f, wrongf(fmt.Sprintf("%s/options/validators/%d/name", path, i), "must be %s or %s", ValidatorLuhn, ValidatorIBAN)
		}
	}
	if len(e.Options.Validators) > 1 {
		return f, wrongf(path+"/options/validators", "must be one")
	}
	return f, b.restrict(path+"/regexp", &f, e.Regexp)
}

// restrict gives f a pattern; the empty one is none.
func (b *builder) restrict(path string, f *ServiceField, pattern string) error {
	if pattern == "" {
		return nil
	}
	c, ok := b.patterns[pattern]
	if !ok {
		var err error
		if c, err = compile(pattern); err != nil {
			return wrongf(path, "%v", err)
		}
		b.patterns[pattern] = c
	}
	f.Regexp, f.pattern = c.text, c.re
	return nil
}

// bind ties f to the field of a built-in form, which checks and masks it.
func bind(path string, f *ServiceField, e *fieldEntry, m *Method) error {
	target, ok := m.Field(cmp.Or(e.To, e.Key))
	switch {
	case !ok && e.To != "":
		return wrongf(path+"/to", "is no field of the form %s", m.Name)
	case !ok:
		return wrongf(path+"/key", `is no field of the form %s; name one with "to", or leave the method's form out`, m.Name)
	case e.Show || e.Identifies != nil || e.Max != 0:
		return wrongf(path, "may say show, identifies and max only where its method has no form")
	}
	f.to = target
	return nil
}

// own makes the form's field for f, whose method has no built-in form, and
// holds it against the same field in other services of the method.
func (b *builder) own(path, form string, f *ServiceField, e *fieldEntry) error {
	switch {
	case e.To != "":
		return wrongf(path+"/to", "is for methods with a built-in form")
	case e.Max < 0 || e.Max > 512:
		return wrongf(path+"/max", "must be 1 to 512")
	case e.Show && len(e.Options.Validators) > 0:
		return wrongf(path+"/show", "must not be true for a card number or an IBAN")
	}
	f.to = Field{Key: f.Key, Label: f.Label.English(), Hint: f.Hint.English(), Required: f.Required, Max: cmp.Or(e.Max, 255),
		Check: CheckAny, Sensitive: true, Mask: MaskAccountRule, names: e.Identifies == nil || *e.Identifies}
	switch {
	case e.Show:
		f.to.Check, f.to.Sensitive, f.to.Mask = CheckText, false, MaskNone
	case f.validated(ValidatorLuhn):
		f.to.Check, f.to.Mask = CheckCardNumber, MaskCardRule
	case f.validated(ValidatorIBAN):
		f.to.Check, f.to.Mask = CheckIBAN, MaskIBANRule
	}
	return b.agree(path, form, f.to)
}

// agree keeps the fields of own forms: a key means the same in every service
// of a method, since details are saved once for all currencies.
func (b *builder) agree(path, form string, field Field) error {
	fields := b.shapes[form]
	if fields == nil {
		fields = map[string]Field{}
		b.shapes[form] = fields
	}
	for key, other := range fields {
		if key != field.Key && other.Mask == MaskCardRule && field.Mask == MaskCardRule {
			return wrongf(path, "is a second card number of the method, beside %s", key)
		}
	}
	was, there := fields[field.Key]
	if there && (was.Check != field.Check || was.Mask != field.Mask || was.names != field.names || was.Max != field.Max) {
		return wrongf(path, "must have the show, identifies, max and validators that %s has in other services of the method", field.Key)
	}
	if !there {
		fields[field.Key] = field
	}
	return nil
}

// refine gives the fields of a method the patterns and examples of one of its
// services.
func (b *builder) refine(path string, fields []ServiceField, by map[string]refineEntry) ([]ServiceField, error) {
	if len(by) == 0 {
		return fields, nil
	}
	fields = slices.Clone(fields)
	for _, key := range slices.Sorted(maps.Keys(by)) {
		at := path + "/" + key
		i := slices.IndexFunc(fields, func(f ServiceField) bool { return f.Key == key })
		if i < 0 {
			return nil, wrongf(at, "is no field of the service")
		}
		f := &fields[i]
		if by[key].Example != "" {
			f.Example = by[key].Example
		}
		if err := b.restrict(at+"/regexp", f, by[key].Regexp); err != nil {
			return nil, err
		}
		if rule := f.exemplary(); rule != "" {
			return nil, wrongf(at+"/example", "does not pass the field's own rules: %s", rule)
		}
	}
	return fields, nil
}

// exemplary says which rule the example breaks.
func (f *ServiceField) exemplary() (rule string) {
	if f.Example == "" {
		return ""
	}
	_, rule = f.check(f.Example)
	return rule
}

func (f *ServiceField) validated(by string) bool {
	return slices.Contains(f.Options.Validators, Validator{Name: by})
}

func isKey(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return !isLetter(r) && !isDigit(r) && !strings.ContainsRune("_-.", r)
	})
}

// ownForms draws the forms of methods without a built-in one: the fields of
// all their services, in the order of the keys, so that one service more
// changes nobody's Identity.
func (b *builder) ownForms() {
	always := map[string]map[string]bool{} // required in every service so far
	for _, code := range b.d.codes {
		s := b.d.services[code]
		if b.shapes[s.Form] == nil {
			continue
		}
		now := map[string]bool{}
		for _, f := range s.Fields {
			if was, more := always[s.Form]; f.Required && (!more || was[f.Key]) {
				now[f.Key] = true
			}
		}
		always[s.Form] = now
	}
	for code, fields := range b.shapes {
		m := b.d.methods[code]
		if m == nil {
			continue
		}
		form := &Method{Name: code, Kind: m.Kind, Label: m.Label.English(), service: code, family: code}
		for _, key := range slices.Sorted(maps.Keys(fields)) {
			f := fields[key]
			f.Required = always[code][key]
			form.Fields = append(form.Fields, f)
		}
		b.d.forms[code] = form
	}
}
