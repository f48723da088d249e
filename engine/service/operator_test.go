package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"penstock/engine/money"
)

func operatorFile(t testing.TB) File {
	t.Helper()
	data, err := os.ReadFile("testdata/operator.json")
	if err != nil {
		t.Fatal(err)
	}
	return File{Name: "operator.json", Data: data}
}

func extended(t testing.TB) *Directory {
	t.Helper()
	d, err := Builtin().With(operatorFile(t))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestOperatorFileAddsServicesWholly(t *testing.T) {
	d := extended(t)
	for _, row := range []struct {
		code                        string
		sent, want, masked, rematch map[string]string // rematch: another account
		rest                        map[string]string // Directory.Mask
	}{
		{"acme_wallet_usd", map[string]string{"wallet_number": " ac0123456789", "region": "EU"}, map[string]string{"wallet_number": "ac0123456789", "region": "EU"},
			map[string]string{"wallet_number": "ac01****6789", "region": "EU"}, map[string]string{"wallet_number": "ac0123456788"}, map[string]string{"wallet_number": "ac01****6789", "region": "EU"}},
		{"acme_wallet_kwd", map[string]string{"wallet_number": "x", "civil_id": "123456789012"}, map[string]string{"wallet_number": "x", "civil_id": "123456789012"},
			map[string]string{"wallet_number": "*", "civil_id": "1234****9012"}, map[string]string{"wallet_number": "x"}, map[string]string{"wallet_number": "*", "civil_id": "1234****9012"}},
		{"instant_iban_eur", map[string]string{"account": "NL91 ABNA 0417 1643 00"}, map[string]string{"iban": "NL91ABNA0417164300"},
			map[string]string{"account": "NL91A********64300"}, map[string]string{"iban": "DE89370400440532013000"}, map[string]string{"iban": "NL91A********64300"}},
		{"cash", map[string]string{"card": "5123 8172 3406 0000", "iban": "NL91ABNA0417164300"}, map[string]string{"card": "5123817234060000", "iban": "NL91ABNA0417164300"},
			map[string]string{"card": "512381******0000", "iban": "NL91A********64300"}, map[string]string{"card": "5123817234060000"},
			map[string]string{"last4": "0000", "card_isin": "512381", "card_network": "Mastercard", "iban": "NL91A********64300"}},
		{"payment_card_btn", map[string]string{"card_number": "4242424242424242"}, map[string]string{"card_number": "4242424242424242"},
			map[string]string{"card_number": "424242******4242"}, map[string]string{"card_number": "5123817234060000"}, map[string]string{"last4": "4242", "card_isin": "424242", "card_network": "Visa", "card_type": "CREDIT", "card_issuing_country": "US"}},
	} {
		s, ok := d.Service(row.code)
		if !ok {
			t.Errorf("no service %s", row.code)
			continue
		}
		got, err := s.Validate(row.sent)
		if err != nil || !maps.Equal(got, row.want) {
			t.Errorf("%s: got %v, %v, want %v", row.code, got, err, row.want)
		}
		if again, err := d.Validate(s.Form, got); err != nil || !maps.Equal(again, got) {
			t.Errorf("%s: the form %s gives %v, %v", row.code, s.Form, again, err)
		}
		if masked := s.MaskFields(got); !maps.Equal(masked, row.masked) {
			t.Errorf("%s: masked %v, want %v", row.code, masked, row.masked)
		}
		if masked := d.Mask(s.Form, got); !maps.Equal(masked, row.rest) {
			t.Errorf("%s: Mask gives %v, want %v", row.code, masked, row.rest)
		}
		if id := d.Identity(s.Form, got); id == "" || id == d.Identity(s.Form, row.rematch) {
			t.Errorf("%s: the identity is %q, also of another account", row.code, id)
		}
		if _, ok := d.Method(s.Form); !ok {
			t.Errorf("%s: no form %s", row.code, s.Form)
		}
		if key, err := d.ServiceKey(s.Form, s.Currency); row.code != "instant_iban_eur" && row.code != "cash" && (err != nil || key != row.code) {
			t.Errorf("ServiceKey(%s, %s): got %s, %v", s.Form, s.Currency, key, err)
		}
	}
	if a, b := d.Identity("acme_wallet", map[string]string{"wallet_number": "1", "region": "EU"}), d.Identity("acme_wallet", map[string]string{"wallet_number": "1"}); a != b {
		t.Errorf("what doesn't identify changes the account: %q and %q", a, b)
	}
	if _, err := d.Validate("acme_wallet", map[string]string{"civil_id": "1"}); err == nil || !strings.Contains(err.Error(), "wallet_number is required") {
		t.Errorf("a form without what all its services require: got %v", err)
	}
	if _, err := d.Validate("acme_wallet", map[string]string{"wallet_number": "1", "region": "4242424242424242"}); err == nil {
		t.Error("a field that everybody sees took a card number")
	}
	if _, ok := Builtin().Service("cash"); ok || len(Builtin().forms) != 0 {
		t.Error("the built-in directory has changed")
	}
}

func TestServiceOfAnyCurrencyRoundsItsLimitsInwards(t *testing.T) {
	s, _ := extended(t).Service("cash")
	for code, want := range map[string]string{"EUR": "EUR 0.02 EUR 1000.50", "JPY": "JPY 1 JPY 1000", "KWD": "KWD 0.015 KWD 1000.500"} {
		c := money.MustCurrency(code)
		least, most, ok := s.Limits(c)
		if got := least.String() + " " + most.String(); !ok || got != want {
			t.Errorf("%s: got %s, want %s", code, got, want)
		}
		above, _ := most.Add(money.New(1, c))
		if !s.Allows(least) || !s.Allows(most) || s.Allows(above) {
			t.Errorf("%s: the limits aren't what is allowed", code)
		}
	}
	if s.Offer().Currency != "XXX" || s.Offer().AmountMin != "0.01500000" {
		t.Errorf("got %+v", s.Offer())
	}
	if key, err := extended(t).ServiceKey("cash", money.MustCurrency("EUR")); err != nil || key != "cash" {
		t.Errorf("ServiceKey: got %s, %v", key, err)
	}
}

func TestOperatorFileChangesLimitsAndStatus(t *testing.T) {
	d := extended(t)
	eur := money.MustCurrency("EUR")
	codes := func(minor int64) (out []string) {
		for _, s := range d.For(eur, money.New(minor, eur)) {
			out = append(out, s.Code)
		}
		return out
	}
	if slices.Contains(codes(499), "sepa_eur") || !slices.Contains(codes(500), "sepa_eur") || !slices.Contains(codes(100000), "sepa_eur") || slices.Contains(codes(100001), "sepa_eur") {
		t.Error("sepa_eur isn't held to its new limits")
	}
	s, _ := d.Service("venmo_usd")
	if _, most, _ := s.Limits(s.Currency); s.Active || most.String() != "USD 60000.00" || s.Offer().Status != "inactive" {
		t.Errorf("venmo_usd: got %+v", s)
	}
	for _, s := range d.For(money.MustCurrency("USD"), money.Amount{}) {
		if s.Code == "venmo_usd" {
			t.Error("an inactive service is offered")
		}
	}
	if !d.Takes("acme", "acme_wallet_kwd") || !d.Takes("stripe", "cash") || !d.Takes("stripe", "sepa_eur") || !d.Takes("test", "cash") || !d.Takes("manual", "acme_wallet_usd") || d.Takes("wise", "cash") {
		t.Error("the providers don't take what they should")
	}
	if Builtin().Takes("stripe", "cash") {
		t.Error("the built-in directory has changed")
	}
}

// Files come one after another; a later one may add to a form of an earlier.
func TestFilesBuildOnEachOther(t *testing.T) {
	more := File{"more.json", []byte(`{"services":[
		{"method":"acme_wallet","currency":"CHF","amount_max":"9","fields":[{"key":"wallet_number","label":{"en":"Number"}},{"key":"agency","label":{"en":"Agency"}}]},
		{"code":"acme_wallet_usd","amount_max":"7"}]}`)}
	d, err := Builtin().With(operatorFile(t), more)
	if err != nil {
		t.Fatal(err)
	}
	form, _ := d.Method("acme_wallet")
	var keys []string
	for _, f := range form.Fields {
		if f.Required {
			t.Errorf("%s is required though not in every service", f.Key)
		}
		keys = append(keys, f.Key)
	}
	if got := strings.Join(keys, " "); got != "agency civil_id region wallet_number" {
		t.Errorf("fields: %s", got)
	}
	before := extended(t)
	account := map[string]string{"wallet_number": "1", "civil_id": "2"}
	if d.Identity("acme_wallet", account) != before.Identity("acme_wallet", account) {
		t.Error("another service changed the identity of an account")
	}
	_, err = d.With(File{"third.json", []byte(`{"services":[{"code":"acme_wallet_usd","method":"cash","amount_max":"7"}]}`)})
	if err == nil || !strings.Contains(err.Error(), "third.json: /services/0 may change only amount_min, amount_max and status of acme_wallet_usd, which is in operator.json") {
		t.Errorf("got %v", err)
	}
}

// TestOperatorFileAddsACurrency: services pay in it like in any other.
func TestOperatorFileAddsACurrency(t *testing.T) {
	d, err := Builtin().With(File{"gold.json", []byte(`{"currencies":[{"code":"GLDX","exponent":4}],"services":[{"method":"test","currency":"GLDX","amount_max":"1000"}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	s, ok := d.Service("test_gldx")
	least, most, pays := s.Limits(money.MustCurrency("GLDX"))
	if !ok || !pays || least.Minor() != 1 || most.Minor() != 1000_0000 {
		t.Errorf("%+v: %v to %v", s, least, most)
	}
	if got := d.Added(); len(got) != 1 || got[0] != (money.Added{Code: "GLDX", Exponent: 4}) || len(Builtin().Added()) != 0 {
		t.Errorf("added %v", got)
	}
}

func TestBadOperatorFilesAreNamedByFilePlaceAndRule(t *testing.T) {
	field := func(members string) string {
		return `{"methods":[{"code":"acme","label":{"en":"A"},"fields":[{"key":"a","label":{"en":"A"}` + members + `}]}]}`
	}
	service := func(members string) string {
		return `{"services":[{"method":"payment_card","currency":"BTN","amount_max":"10"` + members + `}]}`
	}
	for _, row := range []struct{ data, path, rule string }{
		{``, "", "is not JSON"}, {`{`, "", "is not JSON"}, {`[]`, "", "must be an object"}, {`{} {}`, "", "is not JSON"}, {"{\"methods\":\"\xff\"}", "/methods", "is not JSON"},
		{`{"currency":[]}`, "/currency", "is not known here"},
		{`{"currencies":[{"code":"NEWC"}]}`, "/currencies/0/exponent", "is required"},
		{`{"currencies":[{"code":"NEWC","exponent":9}]}`, "/currencies/0", "exponent from 0 to 8"},
		{`{"currencies":[{"code":"newc","exponent":2}]}`, "/currencies/0", "capital letters"},
		{`{"currencies":[{"code":"EUR","exponent":3}]}`, "/currencies/0", "EUR counts in 2 decimals here and can't count in 3"},
		{`{"currencies":[{"code":"NEWC","exponent":"2"}]}`, "/currencies/0/exponent", "must be a whole number"},
		{`{"currencies":[{"code":"NEWC","exponent":2},{"code":"NEWC","exponent":2}]}`, "/currencies/1/code", "twice"},
		{`{"services":[],"services":[]}`, "/services", "is there twice"},
		{`{"services":[{"Code":"x"}]}`, "/services/0/Code", "is not known here"},
		{`{"services":[{"code":1}]}`, "/services/0/code", "must be a string"},
		{`{"services":[{"code":"x","amount_max":10}]}`, "/services/0/amount_max", "must be a string"},
		{`{"services":{}}`, "/services", "must be a list"},
		{`{"methods":[{"code":"Acme","label":{"en":"A"}}]}`, "/methods/0/code", "small letters"},
		{`{"methods":[{"code":"acme"}]}`, "/methods/0/label/en", "is required"},
		{`{"methods":[{"code":"acme","label":{"de":"A"}}]}`, "/methods/0/label/en", "is required"},
		{`{"methods":[{"code":"acme","label":{"en":"A","4242":"A"}}]}`, "/methods/0/label", "codes of languages"},
		{`{"methods":[{"code":"acme","label":{"en":"A\u202e"}}]}`, "/methods/0/label/en", "control characters"},
		{`{"methods":[{"code":"sepa","label":{"en":"A"}}]}`, "/methods/0/code", "is a payout method already"},
		{`{"methods":[{"code":"debit","label":{"en":"A"}}]}`, "/methods/0/code", "built-in form"},
		{`{"methods":[{"code":"acme","label":{"en":"A"},"form":"debit"}]}`, "/methods/0/form", "must be a built-in form"},
		{`{"methods":[{"code":"acme","label":{"en":"A"},"kind":"card"}]}`, "/methods/0/kind", "bank, wallet or bank_redirect"},
		{`{"methods":[{"code":"acme","label":{"en":"A"},"form":"sepa","kind":"bank"}]}`, "/methods/0/kind", "is the form's"},
		{`{"methods":[{"code":"acme","label":{"en":"A"}},{"code":"acme","label":{"en":"A"}}]}`, "/methods/1/code", "is a payout method already"},
		{`{"methods":[{"code":"acme","label":{"en":"A"},"form":"sepa","fields":[{"key":"x","label":{"en":"A"}}]}]}`, "/methods/0/fields/0/key", "no field of the form sepa"},
		{`{"methods":[{"code":"acme","label":{"en":"A"},"form":"sepa","fields":[{"key":"iban","label":{"en":"A"},"show":true}]}]}`, "/methods/0/fields/0", "only where its method has no form"},
		{field(`,"regexp":"/^[/"`), "/methods/0/fields/0/regexp", "must compile as RE2"},
		{field(`,"regexp":"/^(a)\\1$/"`), "/methods/0/fields/0/regexp", "must compile as RE2"},
		{field(`,"regexp":"/^(?=a)$/"`), "/methods/0/fields/0/regexp", "must compile as RE2"},
		{field(`,"regexp":"/abc"`), "/methods/0/fields/0/regexp", "no other to end with"},
		{field(`,"regexp":"/a/e"`), "/methods/0/fields/0/regexp", "flags"},
		{field(`,"regexp":"//"`), "/methods/0/fields/0/regexp", "must not be empty"},
		{field(`,"regexp":"` + strings.Repeat("a", 501) + `"`), "/methods/0/fields/0/regexp", "at most 500"},
		{field(`,"regexp":"(a{1000}){1000}"`), "/methods/0/fields/0/regexp", "must compile as RE2"},
		{field(`,"type":"select"`), "/methods/0/fields/0/type", "must be string"},
		{field(`,"position":-1`), "/methods/0/fields/0/position", "0 to 10000"},
		{field(`,"position":1.5`), "/methods/0/fields/0/position", "whole number"},
		{field(`,"required":"yes"`), "/methods/0/fields/0/required", "true or false"},
		{field(`,"to":"iban"`), "/methods/0/fields/0/to", "built-in form"},
		{field(`,"max":513`), "/methods/0/fields/0/max", "1 to 512"},
		{field(`,"regexp":"/^\\d$/","example":"x"`), "/methods/0/fields/0/example", "must match"},
		{field(`,"options":{"validators":[{"name":"luhn"}]}`), "/methods/0/fields/0/options/validators/0/name", "Luhn or Iban"},
		{field(`,"options":{"validators":[{"name":"Luhn"},{"name":"Iban"}]}`), "/methods/0/fields/0/options/validators", "must be one"},
		{field(`,"show":true,"options":{"validators":[{"name":"Luhn"}]}`), "/methods/0/fields/0/show", "card number"},
		{strings.Replace(field(``), `"key":"a"`, `"key":"CVV"`, 1), "/methods/0/fields/0/key", "security code"},
		{strings.Replace(field(``), `"key":"a"`, `"key":"a b"`, 1), "/methods/0/fields/0/key", "letters, digits"},
		{strings.Replace(field(``), `"key":"a"`, `"key":""`, 1), "/methods/0/fields/0/key", "letters, digits"},
		{strings.Replace(field(``), `[{"key"`, `[{"key":"a","label":{"en":"A"}},{"key"`, 1), "/methods/0/fields/1", "same field"},
		{`{"services":[{"method":"cheque","currency":"USD","amount_max":"1"}]}`, "/services/0/method", "must be a payout method"},
		{`{"services":[{"method":"payment_card","currency":"XAU","amount_max":"1"}]}`, "/services/0/currency", "no minor unit"},
		{`{"services":[{"method":"payment_card","amount_max":"1"}]}`, "/services/0/currency", "must be a currency or XXX"},
		{`{"services":[{"method":"payment_card","currency":"USD","amount_max":"1"}]}`, "/services/0/currency", "is a service already: payment_card_usd"},
		{`{"services":[{"method":"payment_card","currency":"BTN"}]}`, "/services/0/amount_max", "is required"},
		{service(`,"code":"Bad"`), "/services/0/code", "small letters"},
		{service(`,"status":"on"`), "/services/0/status", "active or inactive"},
		{service(`,"amount_min":"0.001"`), "/services/0/amount_min", "BTN has 2 decimals"},
		{service(`,"amount_min":"-1"`), "/services/0/amount_min", "string of digits"},
		{service(`,"amount_min":"1e3"`), "/services/0/amount_min", "string of digits"},
		{service(`,"amount_min":"11"`), "/services/0/amount_max", "not less than amount_min"},
		{service(`,"fields":[{"key":"card_number","label":{"en":"A"}}]`), "/services/0/fields", "required field for card_number"},
		{service(`,"fields":[{"key":"expiry_month","label":{"en":"A"}}]`), "/services/0/fields", "required field for card_number"},
		{service(`,"refine":{"iban":{"regexp":"a"}}`), "/services/0/refine/iban", "no field of the service"},
		{service(`,"refine":{"card_number":{"regexp":"/[/"}}`), "/services/0/refine/card_number/regexp", "must compile"},
		{service(`,"refine":{"card_number":{"regexp":"/^4000/"}}`), "/services/0/refine/card_number/example", "must match"},
		{service(`,"ranges":[{"currencies":["AWG"],"amount_max":"1"}]`), "/services/0/ranges", "instead of"},
		{`{"services":[{"method":"payment_card","ranges":[{"currencies":["BTN","BTN"],"amount_max":"1"}]}]}`, "/services/0/ranges/0/currencies/1", "already: payment_card_btn"},
		{`{"services":[{"method":"pix","currency":"EUR","amount_max":"1","fields":[{"key":"tax_id","label":{"en":"A"}}]}]}`, "/services/0/fields", "must have one of pix_key"},
		{`{"services":[{"code":"sepa_eur","amount_max":"0"}]}`, "/services/0/amount_max", "more than nothing"},
		{`{"services":[{"code":"sepa_eur","currency":"USD"}]}`, "/services/0", "may change only"},
		{`{"services":[{"code":"sepa_eur","fields":[{"key":"iban","label":{"en":"A"}}]}]}`, "/services/0", "which is built in"},
		{`{"services":[{"code":"sepa_eur"},{"code":"sepa_eur"}]}`, "/services/1/code", "twice"},
		{`{"methods":[{"code":"acme","label":{"en":"A"}}],"services":[{"method":"acme","currency":"USD","amount_max":"1"}]}`, "/services/0/fields", "are required"},
		{`{"methods":[{"code":"acme","label":{"en":"A"},"fields":[{"key":"a","label":{"en":"A"}}]}],"services":[{"method":"acme","currency":"USD","amount_max":"1","fields":[{"key":"a","label":{"en":"A"},"show":true}]}]}`,
			"/services/0/fields/0", "in other services of the method"},
		{`{"methods":[{"code":"acme","label":{"en":"A"},"fields":[{"key":"a","label":{"en":"A"}}]}],"services":[{"method":"acme","currency":"USD","amount_max":"1","fields":[{"key":"a","label":{"en":"A"},"identifies":false}]}]}`,
			"/services/0/fields/0", "in other services of the method"},
		{`{"methods":[{"code":"acme","label":{"en":"A"},"fields":[{"key":"a","label":{"en":"A"},"options":{"validators":[{"name":"Luhn"}]}},{"key":"b","label":{"en":"A"},"options":{"validators":[{"name":"Luhn"}]}}]}]}`,
			"/methods/0/fields/1", "second card number"},
		{`{"providers":[{"name":"acme"}]}`, "/providers/0/label", "1 to 100"},
		{`{"providers":[{"name":"A","label":"A"}]}`, "/providers/0/name", "small letters"},
		{`{"providers":[{"name":"acme","label":"A","modes":["prod"]}]}`, "/providers/0/modes/0", "test or live"},
		{`{"providers":[{"name":"acme","label":"A","features":["magic"]}]}`, "/providers/0/features/0", "must be one of"},
		{`{"providers":[{"name":"acme","label":"A","aliases":["test"]}]}`, "/providers/0/aliases/0", "no provider has"},
		{`{"providers":[{"name":"acme","label":"A","credentials":[{"name":"k","label":""}]}]}`, "/providers/0/credentials/0/label", "1 to 200"},
		{`{"providers":[{"name":"acme","label":"A","credentials":[{"name":"k","label":"K"},{"name":"k","label":"K"}]}]}`, "/providers/0/credentials/1/name", "twice"},
		{`{"providers":[{"name":"acme","label":"A","methods":["cheque"]}]}`, "/providers/0/methods/0", "must be a payout method"},
		{`{"providers":[{"name":"acme","label":"A","services":["cheque_usd"]}]}`, "/providers/0/services/0", "must be a service"},
		{`{"providers":[{"name":"stripe","label":"S"}]}`, "/providers/0", "may only add"},
		{`{"providers":[{"name":"stripe"},{"name":"stripe"}]}`, "/providers/1/name", "twice"},
		{strings.Repeat(" ", MaxFile) + `{}`, "", "at most"},
	} {
		d, err := Builtin().With(File{"good.json", []byte(`{}`)}, File{"bad.json", []byte(row.data)})
		var e *FileError
		if d != nil || !errors.As(err, &e) || e.File != "bad.json" || e.Path != row.path || !strings.Contains(e.Rule, row.rule) {
			t.Errorf("%.200s\ngot  %v\nwant %s %s", row.data, err, row.path, row.rule)
		}
	}
}

func TestDirectoryIsBounded(t *testing.T) {
	many := func(n int, entry string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(entry+",", n), ",") + "]"
	}
	fields := many(33, `{"key":"a","label":{"en":"A"}}`)
	if _, err := Builtin().With(File{"f", []byte(`{"methods":[{"code":"acme","label":{"en":"A"},"fields":` + fields + `}]}`)}); err == nil || !strings.Contains(err.Error(), "/methods/0/fields must be at most 32") {
		t.Errorf("fields: got %v", err)
	}
	var b bytes.Buffer
	b.WriteString(`{"services":[{"code":"sepa_eur","status":"active"}`)
	for i := range maxServices {
		b.WriteString(`,{"code":"x` + strings.Repeat("i", i%50) + string(rune('a'+i/50%26)) + string(rune('a'+i/1300)) + `","method":"sepa","currency":"EUR","amount_max":"1"}`)
	}
	b.WriteString(`]}`)
	if _, err := Builtin().With(File{"f", b.Bytes()}); err == nil || !strings.Contains(err.Error(), "one service too many: at most 5000") {
		t.Errorf("services: got %v", err)
	}
}

// What the gateway's users know as published schemas is taken as it stands.
func TestPatternsOfPHP(t *testing.T) {
	for pattern, want := range map[string]string{
		`/^\d{1,15}$/`: `^\d{1,15}$`, `^\d+$`: `^\d+$`, `/^[A-Z\-\sa-z]{2,64}$/`: `^[A-Z\-\sa-z]{2,64}$`, `/^a\/b$/i`: `(?i)^a\/b$`, `#^a/b$#u`: `^a/b$`, `~^a$~sm`: `(?sm)^a$`, `#`: ``, `/é/D`: `é`,
	} {
		c, err := compile(pattern)
		if want == "" {
			if err == nil {
				t.Errorf("%s: got %s, want an error", pattern, c.text)
			}
		} else if err != nil || c.text != want || c.re.String() != want {
			t.Errorf("%s: got %s, %v, want %s", pattern, c.text, err, want)
		}
	}
}

// FuzzOperatorFile: whatever a file says, it is refused by place and rule, or
// what came of it keeps every promise of a directory.
func FuzzOperatorFile(f *testing.F) {
	f.Add(operatorFile(f).Data)
	for _, name := range []string{"test", "card", "bank", "wallet", "mobile", "providers"} {
		text, err := data.ReadFile("data/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"methods":[{"code":"a","label":{"en":"a"},"fields":[{"key":"a","label":{"en":"a"},"required":true}]}],"services":[{"method":"a","currency":"XXX","amount_max":"1"}]}`))
	count := len(Builtin().codes)
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := Builtin().With(File{"f.json", text})
		if len(Builtin().codes) != count || len(Builtin().forms) != 0 {
			t.Fatal("the built-in directory has changed")
		}
		if err != nil {
			var e *FileError
			if !errors.As(err, &e) || e.File != "f.json" || e.Rule == "" {
				t.Fatalf("not a FileError: %v", err)
			}
			return
		}
		for s := range d.Services() {
			if s.source != "" {
				holds(t, d, s)
			}
		}
		for _, p := range d.Providers() {
			for _, code := range p.Services {
				if _, ok := d.Service(code); !ok {
					t.Fatalf("%s takes %s, which is none", p.Name, code)
				}
			}
		}
	})
}

// holds is what every service of a file keeps.
func holds(t *testing.T, d *Directory, s Service) {
	t.Helper()
	if _, ok := d.Method(s.Form); !ok || len(s.Fields) == 0 {
		t.Fatalf("%s: no form, or no fields", s.Code)
	}
	if _, err := json.Marshal(s.Offer()); err != nil {
		t.Fatalf("%s: %v", s.Code, err)
	}
	for c := range money.Currencies() {
		if least, most, ok := s.Limits(c); ok && s.Allows(least) && !s.Allows(most) {
			t.Fatalf("%s: from %s to %s", s.Code, least, most)
		}
	}
	sent := map[string]string{}
	for _, f := range s.Fields {
		if sent[f.Key] = f.Example; f.Example == "" && f.pattern == nil {
			sent[f.Key] = samples[f.to.Check]
		}
	}
	details, err := s.Validate(sent)
	if err != nil {
		return
	}
	if again, err := d.Validate(s.Form, details); err != nil || !maps.Equal(again, details) {
		t.Fatalf("%s: the form gives %v, %v, want %v", s.Code, again, err, details)
	}
	for key, shown := range s.MaskFields(details) {
		for _, f := range s.Fields {
			if f.Key == key && f.to.Sensitive && strings.ContainsFunc(shown, telling) && shown == details[f.to.Key] {
				t.Fatalf("%s: %s is shown whole", s.Code, key)
			}
		}
	}
}
