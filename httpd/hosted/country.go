package hosted

import (
	"slices"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"penstock/engine/service"
)

// country is one of ISO 3166 as a language calls it.
type country struct{ Code, Name string }

// countriesIn are all of them, in the language's own order.
func countriesIn(lang string) []country {
	names, order := display.Regions(language.Make(lang)), collate.New(language.Make(lang))
	var out []country
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code, err := service.ParseCountry(string(a) + string(b))
			if err != nil {
				continue
			}
			region, err := language.ParseRegion(code)
			if err != nil {
				continue
			}
			out = append(out, country{code, names.Name(region)})
		}
	}
	slices.SortFunc(out, func(x, y country) int { return order.CompareString(x.Name, y.Name) })
	return out
}

// countryCode is the code of a country that somebody has written by its name;
// anything else stays as it is.
func (f *face) countryCode(lang, typed string) string {
	for _, c := range f.countries[lang]() {
		if strings.EqualFold(strings.TrimSpace(typed), c.Name) {
			return c.Code
		}
	}
	return typed
}

// countryName is what the language calls a country.
func (v *view) countryName(code string) string {
	for _, c := range v.face.countries[v.Lang]() {
		if c.Code == code {
			return c.Name
		}
	}
	return code
}
