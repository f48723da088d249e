package hosted

import (
	"cmp"
	"strconv"
	"strings"

	"penstock/engine"
	"penstock/engine/service"
)

// label is what a field is called.
func (v *view) label(f service.ServiceField) string {
	if text, ok := v.words["field."+f.Target().Key]; ok {
		return text
	}
	return cmp.Or(f.Label[v.Lang], f.Label.English())
}

// input is a field as the form has it. A card's number is never shown again.
func (v *view) input(sv service.Service, f service.ServiceField, value string) input {
	to := f.Target()
	in := input{Name: f.Key, Label: v.label(f), Value: value, Required: needed(sv, f), Type: "text", Max: to.Max, Complete: "off", Check: string(to.Check)}
	if hint, ok := v.words["hint."+string(to.Check)]; ok {
		in.Hint = hint
	}
	if bad, ok := v.words["error."+string(to.Check)]; ok {
		in.Bad = bad
	}
	switch to.Check {
	case service.CheckIBAN, service.CheckSEPAIBAN:
		in.Capitals, in.Value, in.Bad, in.Country, in.Hint = "characters", pieces(strings.ToUpper(value)), v.T("error.iban"), v.words["error.iban.length"], v.T("hint.iban")
		in.Lengths = ibanLengths()
	case service.CheckBIC, service.CheckISPB:
		in.Capitals = "characters"
	case service.CheckCountry:
		in.Complete, in.Max, in.Countries, in.Value = "country-name", 64, v.face.countries[v.Lang](), v.countryName(value)
	case service.CheckCardNumber:
		in.Mode, in.Complete, in.Value = "numeric", "cc-number", ""
	case service.CheckMonth:
		in.Mode, in.Complete, in.Half = "numeric", "cc-exp-month", true
	case service.CheckYear:
		in.Mode, in.Complete, in.Half = "numeric", "cc-exp-year", true
	case service.CheckRouting, service.CheckSortCode, service.CheckUKAccount, service.CheckPercent:
		in.Mode = "numeric"
	case service.CheckEmail:
		in.Type, in.Complete, in.Mode = "email", "email", "email"
	case service.CheckPhone, service.CheckUSPhone, service.CheckMobile:
		in.Type, in.Complete, in.Mode = "tel", "tel", "tel"
		in.Hint = v.T("hint.phone")
	}
	switch {
	case to.Key == "card_holder_name":
		in.Complete, in.Hint = "cc-name", ""
	case isHolder(f):
		in.Complete, in.Hint = "name", v.T("hint.holder")
	case to.Key == "first_name":
		in.Complete = "given-name"
	case to.Key == "last_name":
		in.Complete = "family-name"
	case to.Key == "address":
		in.Complete = "street-address"
	}
	return in
}

// wrong says in the page's language what is wrong with a field.
func (v *view) wrong(f service.ServiceField, e *service.FieldError, typed string) string {
	label := v.label(f)
	if strings.TrimSpace(typed) == "" {
		if strings.HasPrefix(e.Rule, "is required, or") {
			return v.T("error.anyof")
		}
		return v.T("error.required", "field", label)
	}
	if e.Rule == engine.TestCardRule {
		return v.T("error.test_card")
	}
	check := f.Target().Check
	if check == service.CheckIBAN || check == service.CheckSEPAIBAN || check == service.CheckAnyAccount {
		if text := v.wrongIBAN(typed, check == service.CheckSEPAIBAN); text != "" {
			return text
		}
	}
	if text, ok := v.words["error."+string(check)]; ok {
		return text
	}
	return v.T("error.value", "field", label)
}

// wrongIBAN names the first check that an IBAN fails; empty where it is none.
func (v *view) wrongIBAN(typed string, sepa bool) string {
	iban := strings.ToUpper(strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -\u00a0\u200b\u202f", r) {
			return -1
		}
		return r
	}, typed))
	if len(iban) < 2 {
		return v.T("error.iban.country")
	}
	country, known := service.FindIBANCountry(iban[:2])
	n := len([]rune(iban))
	switch {
	case !known:
		return v.T("error.iban.country")
	case n != country.Length:
		return v.T("error.iban.length", "country", v.countryName(country.Code), "want", digitsIn(forms[v.Lang], strconv.Itoa(country.Length)), "got", digitsIn(forms[v.Lang], strconv.Itoa(n)))
	case sepa && !country.SEPA:
		if _, err := service.ParseIBAN(iban); err == nil {
			return v.T("error.iban.reach", "country", v.countryName(country.Code))
		}
	}
	return v.T("error.iban")
}

// ibanLengths tells the script how long an IBAN of each country is.
func ibanLengths() string {
	var b strings.Builder
	for c := range service.IBANCountries() {
		b.WriteString(c.Code + strconv.Itoa(c.Length) + " ")
	}
	return strings.TrimSpace(b.String())
}

// magicFor are the accounts of the test provider in the form of a service.
func (a *API) magicFor(sv service.Service) []Magic {
	out := make([]Magic, 0, len(a.Magic))
	for _, m := range a.Magic {
		value := ""
		for _, f := range sv.Fields {
			switch f.Target().Check {
			case service.CheckIBAN, service.CheckSEPAIBAN:
				value = cmp.Or(value, pieces(m.IBAN))
			case service.CheckCardNumber:
				value = cmp.Or(value, pieces(m.Card))
			case service.CheckTest:
				value = cmp.Or(value, m.Name)
			case service.CheckEmail:
				value = cmp.Or(value, m.Email)
			case service.CheckPhone, service.CheckUSPhone, service.CheckMobile:
				value = cmp.Or(value, m.Phone)
			case service.CheckUKAccount, service.CheckUSAccount, service.CheckAccount, service.CheckAnyAccount:
				value = cmp.Or(value, m.Account)
			}
		}
		if value != "" {
			out = append(out, Magic{Name: strings.ReplaceAll(m.Name, "_", " "), Account: value})
		}
	}
	return out
}
