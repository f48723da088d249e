package service

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"penstock/engine/money"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// exampleOf gives the fields of s as its schema shows them.
func exampleOf(s Service) map[string]string {
	fields := map[string]string{}
	for _, f := range s.Fields {
		fields[f.Key] = f.Example
	}
	return fields
}

// The codes are in merchants' programs and in routes on disk: none may go.
func TestServiceCodesAreAsTheyWere(t *testing.T) {
	var b strings.Builder
	for s := range Builtin().Services() {
		fmt.Fprintf(&b, "%s %s %s %s..%s\n", s.Code, s.Form, s.CurrencyCode(), s.AmountMin, s.AmountMax)
	}
	const path = "testdata/services.golden"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != b.String() {
		t.Errorf("the services have changed (%v); read the diff of %s after -update", err, path)
	}
}

func TestEveryServiceTakesItsOwnExampleAndHidesIt(t *testing.T) {
	d := Builtin()
	for s := range d.Services() {
		sent := exampleOf(s)
		details, err := s.Validate(sent)
		if err != nil {
			t.Errorf("%s refuses its example: %v", s.Code, err)
			continue
		}
		if again, err := d.Validate(s.Form, details); err != nil || !maps.Equal(again, details) {
			t.Errorf("%s: the form %s takes its details as %v, %v, want them unchanged", s.Code, s.Form, again, err)
		}
		if d.Identity(s.Form, details) == "" {
			t.Errorf("%s: no account in its example", s.Code)
		}
		shown := s.MaskFields(details)
		for _, f := range s.Fields {
			if f.Example == "" || shown[f.Key] == "" {
				t.Errorf("%s.%s: no example, or it is left out of the mask", s.Code, f.Key)
			}
			for key, value := range shown {
				if f.to.Sensitive && strings.Contains(value, details[f.to.Key]) {
					t.Errorf("%s: %s shows %s", s.Code, key, f.Key)
				}
			}
		}
	}
}

func TestEveryServiceIsWhole(t *testing.T) {
	d := Builtin()
	for s := range d.Services() {
		m, ok := d.PayoutMethod(s.Method)
		if !ok || m.Label.English() == "" || m.Form != s.Form || m.Kind != s.Kind || !s.Active {
			t.Errorf("%s: its method is %+v", s.Code, m)
		}
		if key, err := d.ServiceKey(s.Form, s.Currency); err != nil || key != s.Code {
			t.Errorf("%s: ServiceKey(%s, %s) is %s, %v", s.Code, s.Form, s.Currency, key, err)
		}
		if !slices.IsSortedFunc(s.Fields, func(a, b ServiceField) int { return a.Position - b.Position }) || s.Fields[0].Position != 1 {
			t.Errorf("%s: fields out of order", s.Code)
		}
		for _, f := range s.Fields {
			if f.pattern == nil || !strings.HasPrefix(f.Regexp, "^") || !strings.HasSuffix(f.Regexp, "$") || f.Type != "string" || f.Label.English() == "" {
				t.Errorf("%s.%s: want an anchored pattern without delimiters, the type string and a label", s.Code, f.Key)
			}
		}
		least, most, ok := s.Limits(s.Currency)
		if !ok || least.Minor() < 1 || most.Minor() <= least.Minor() {
			t.Errorf("%s: limits %s to %s", s.Code, least, most)
		}
	}
}

func TestEveryFormHasAServiceAndASomebodyWhoPaysIt(t *testing.T) {
	d := Builtin()
	paid := map[string]int{}
	for _, p := range d.Providers() {
		if p.Label == "" || len(p.Modes) == 0 || !p.Has(FeaturePayouts) || len(p.Services) == 0 || !slices.IsSorted(p.Services) {
			t.Errorf("provider %+v lacks something", p)
		}
		for _, code := range p.Services {
			paid[code]++
			if _, ok := d.Service(code); !ok || !d.Takes(p.Name, code) {
				t.Errorf("%s takes %s, which is none", p.Name, code)
			}
		}
	}
	for s := range d.Services() {
		if paid[s.Code] == 0 {
			t.Errorf("nobody pays %s", s.Code)
		}
	}
	prefixes := map[string]bool{}
	for s := range d.Services() {
		prefixes[strings.TrimSuffix(s.Code, "_"+strings.ToLower(s.Currency.Code()))] = true
	}
	for m := range Methods() {
		if !prefixes[m.service] {
			t.Errorf("the form %s has no service", m.Name)
		}
	}
}

func TestPublishedLimits(t *testing.T) {
	d := Builtin()
	for code, want := range map[string]string{
		"test_usd": "USD 0.01 USD 9999999.00", "test_uah": "UAH 0.01 UAH 9999999.00", "test_eur": "EUR 0.01 EUR 9999999.00", "test_rub": "RUB 0.01 RUB 9999999.00",
		"test_xts": "XTS 0.01 XTS 10000.00", "test_gbp": "GBP 0.01 GBP 10000.00", "payment_card_usd": "USD 0.01 USD 1000000.00", "swift_usd": "USD 0.01 USD 999999.00",
		"sepa_credit_transfer_individual_eur": "EUR 0.01 EUR 1000000.00", "payment_card_jpy": "JPY 1 JPY 100000000", "test_kwd": "KWD 0.001 KWD 9999999.000", "mpesa_kes": "KES 10.00 KES 250000.00",
	} {
		s, _ := d.Service(code)
		least, most, ok := s.Limits(s.Currency)
		if got := least.String() + " " + most.String(); !ok || got != want {
			t.Errorf("%s: got %s, want %s", code, got, want)
		}
	}
}

func TestServicesForAnAmount(t *testing.T) {
	d := Builtin()
	codes := func(c string, amount string) (out []string) {
		currency := money.MustCurrency(c)
		var a money.Amount
		if amount != "" {
			a, _ = money.Parse(amount, currency)
		}
		for _, s := range d.For(currency, a) {
			out = append(out, s.Code)
		}
		return out
	}
	for _, row := range []struct{ currency, amount, want string }{
		{"KES", "", "airtel_money_kes mpesa_kes passthrough_kes payment_card_kes test_kes"},
		{"KES", "9.99", "airtel_money_kes passthrough_kes payment_card_kes test_kes"},
		{"KES", "10", "airtel_money_kes mpesa_kes passthrough_kes payment_card_kes test_kes"},
		{"KES", "250000", "airtel_money_kes mpesa_kes passthrough_kes payment_card_kes test_kes"},
		{"KES", "250000.01", "passthrough_kes payment_card_kes test_kes"},
		{"XTS", "10000", "test_xts"}, {"XTS", "10000.01", ""}, {"XTS", "0", ""},
		{"BTN", "1", ""},
	} {
		if got := strings.Join(codes(row.currency, row.amount), " "); got != row.want {
			t.Errorf("%s %s: got %q, want %q", row.currency, row.amount, got, row.want)
		}
	}
	if got := d.For(money.MustCurrency("KES"), money.New(1000, money.MustCurrency("USD"))); len(got) != 0 {
		t.Errorf("an amount in another currency: got %d services", len(got))
	}
	if got := d.For(money.Currency{}, money.Amount{}); len(got) != 0 {
		t.Errorf("no currency: got %d services", len(got))
	}
}

func TestOfferIsAsPublished(t *testing.T) {
	s, _ := Builtin().Service("payment_card_usd")
	o := s.Offer()
	if o.AmountMin != "0.01000000" || o.AmountMax != "1000000.00000000" || o.Status != "available" || o.Currency != "USD" || o.Method != "payment_card" {
		t.Errorf("got %+v", o)
	}
	card := o.Fields[0]
	if card.Key != "card_number" || card.Regexp != `^\d{12,19}$` || !card.Required || card.Position != 1 || !card.validated(ValidatorLuhn) {
		t.Errorf("card_number: got %+v", card)
	}
	if pix, _ := Builtin().Service("pix_brl"); strings.Join(pix.Offer().AnyOf, " ") != "pix_key account_number emv" {
		t.Errorf("pix: got %v", pix.AnyOf)
	}
}

func TestProviders(t *testing.T) {
	d := Builtin()
	for _, name := range strings.Fields("sandbox manual adyen adyenplatform cybersource ebanx gigadat loonio nomupay nuvei payone paypal stripe truelayer trustly wise worldpay worldpayxml envoy itaubank") {
		if p, ok := d.Provider(name); !ok || p.Name != name || !p.In("test") || name == "manual" && !p.In("live") {
			t.Errorf("%s: got %+v", name, p)
		}
	}
	if p, ok := d.Provider("test"); !ok || p.Name != "sandbox" || p.Has(FeatureBalance) {
		t.Errorf("test: got %+v", p)
	}
	for _, row := range []struct {
		provider, service string
		want              bool
	}{{"sandbox", "test_usd", true}, {"test", "sepa_eur", true}, {"manual", "swift_usd", true}, {"manual", "test_usd", false}, {"trustly", "trustly_eur", true}, {"trustly", "sepa_eur", false}, {"nobody", "sepa_eur", false}, {"wise", "", false}} {
		if got := d.Takes(row.provider, row.service); got != row.want {
			t.Errorf("%s takes %s: got %v", row.provider, row.service, got)
		}
	}
}

func TestCredentialsAreHeldToTheirSchema(t *testing.T) {
	wise, _ := Builtin().Provider("wise")
	if err := wise.CheckCredentials(map[string]string{"api_key": "k", "key1": "p"}); err != nil {
		t.Errorf("whole credentials: %v", err)
	}
	err := wise.CheckCredentials(map[string]string{"api_key": " ", "key1": strings.Repeat("SECRET", 1000), "password": "SECRET"})
	if want := "api_key is required; key1 must have at most 4096 characters; password is no credential of wise"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	manual, _ := Builtin().Provider("manual")
	if err := manual.CheckCredentials(map[string]string{"mid": strings.Repeat("x", 33)}); err == nil {
		t.Error("a merchant id of 33 characters was taken")
	}
	if err := manual.CheckCredentials(map[string]string{"methods": "sepa, swift"}); err != nil {
		t.Errorf("manual: %v", err)
	}
}

func TestDirectoryCannotBeChangedFromOutside(t *testing.T) {
	d := Builtin()
	s, _ := d.Service("sepa_eur")
	s.Fields[0].Key, s.Fields[0].Label["en"], s.Fields[0].Options.Validators[0].Name = "x", "x", "x"
	o := s.Offer()
	o.Fields[1].Label["en"] = "x"
	p, _ := d.Provider("stripe")
	p.Services[0], p.Modes[0], p.Credentials[0].Name = "x", "x", "x"
	m, _ := d.PayoutMethod("sepa")
	m.Label["en"] = "x"
	form, _ := d.Method("sepa")
	form.Fields[0].Label = "x"
	s2, _ := d.Service("sepa_eur")
	p2, _ := d.Provider("stripe")
	m2, _ := d.PayoutMethod("sepa")
	f2, _ := d.Method("sepa")
	if s2.Fields[0].Key == "x" || s2.Fields[0].Label["en"] == "x" || s2.Fields[0].Options.Validators[0].Name == "x" || s2.Fields[1].Label["en"] == "x" ||
		p2.Services[0] == "x" || p2.In("x") || p2.Credentials[0].Name == "x" || m2.Label["en"] == "x" || f2.Fields[0].Label == "x" {
		t.Error("a caller's change reached the directory")
	}
}
