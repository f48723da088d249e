package hosted_test

import (
	"html"
	"strings"
	"testing"

	"penstock/httpd/hosted"
)

// TestACountryIsWrittenByItsName in each language, or by its code, and shown by
// its name again.
func TestACountryIsWrittenByItsName(t *testing.T) {
	s := newShop(t, func(set *hosted.Settings) { set.BodyWindow = 0 })
	for lang, name := range map[string]string{"en": "Germany", "fr": "Allemagne", "de": "Deutschland", "es": "Alemania", "sw": "Ujerumani", "ar": "ألمانيا"} {
		for _, typed := range []string{name, strings.ToUpper(" " + name + " "), "DE", "de"} {
			_, page := s.pay(plain)
			asks := s.get(page + "&method=swift_eur&lang=" + lang).is(200)
			if !strings.Contains(html.UnescapeString(asks.body), `<option value="`+name+`">`) {
				t.Fatalf("%s: %s is not offered", lang, name)
			}
			form := formOf(asks)
			for key, value := range map[string]string{"swift_code": "DEUTDEFF", "account_number": "DE89370400440532013000", "recipient_name": "Maximilian", "country_code": typed, "address": "Main Street 1"} {
				form.Set("f."+key, value)
			}
			if review := s.post(page, form).is(200); !strings.Contains(html.UnescapeString(review.body), "<bdi>"+name+"</bdi>") || !strings.Contains(review.body, "<bdi>Maximilian</bdi>") {
				t.Errorf("%s: %q is reviewed as %s", lang, typed, review.body)
			}
		}
	}
	_, page := s.pay(plain)
	form := formOf(s.get(page + "&method=swift_eur"))
	form.Set("f.country_code", "Nowhere<b>")
	if r := s.post(page, form).is(422); !strings.Contains(r.body, "Enter a country by its name") || !strings.Contains(r.body, `value="Nowhere&lt;b&gt;"`) {
		t.Errorf("what is no country is refused with %s", r.body)
	}
}
