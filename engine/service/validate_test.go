package service

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"penstock/engine/money"
)

// samples has one value that passes for each check.
var samples = map[Check]string{
	CheckText: "Jane Doe", CheckPrintable: "00020126580014br.gov.bcb.pix6304ABCD", CheckToken: "tok_1234567890", CheckWord: "debit", CheckPhrase: "PROCESS_FAILED", CheckAny: "anything 1", CheckAnyAccount: "DE89370400440532013000", CheckTest: "some_random_string", CheckMobile: "+254712345678",
	CheckPercent: "50", CheckCardNumber: "4242424242424242", CheckMonth: "03", CheckYear: "2030", CheckIBAN: "GB29NWBK60161331926819",
	CheckSEPAIBAN: "NL91ABNA0417164300", CheckBIC: "ABNANL2A", CheckRouting: "056008849", CheckSortCode: "123456", CheckUKAccount: "28821822",
	CheckUSAccount: "12345678901", CheckAccount: "98765432109", CheckISPB: "60746948", CheckPixKey: "joao@banco.com.br", CheckCountry: "DE",
	CheckEmail: "jane.doe@example.com", CheckPhone: "+447700900123", CheckUSPhone: "+12025550143",
}

func sample(m Method) map[string]string {
	details := map[string]string{}
	for _, field := range m.Fields {
		details[field.Key] = samples[field.Check]
	}
	return details
}

func TestEveryMethodTakesItsOwnFields(t *testing.T) {
	for m := range Methods() {
		sent := sample(m)
		got, err := Validate(m.Name, sent)
		if err != nil || !maps.Equal(got, sent) {
			t.Errorf("%s: got %v, %v, want %v", m.Name, got, err, sent)
		}
		for _, field := range m.Fields {
			if field.Label == "" || field.Max == 0 || field.Mask == "" || SecurityCode(field.Key) {
				t.Errorf("%s.%s: no label, no maximum, no mask, or a security code", m.Name, field.Key)
			}
		}
		for _, key := range m.AnyOf {
			if field, ok := m.Field(key); !ok || field.Required {
				t.Errorf("%s: AnyOf names %s, which is no optional field", m.Name, key)
			}
		}
	}
}

func TestEveryRequiredFieldIsMissed(t *testing.T) {
	for m := range Methods() {
		for _, field := range m.Fields {
			sent := sample(m)
			for _, blank := range []string{"", "  "} {
				sent[field.Key] = blank
				_, err := Validate(m.Name, sent)
				missed := err != nil && strings.Contains(err.Error(), field.Key+" is required")
				if missed != field.Required {
					t.Errorf("%s without %s (%q): got %v, required is %v", m.Name, field.Key, blank, err, field.Required)
				}
			}
		}
		if len(m.AnyOf) > 0 {
			sent := sample(m)
			for _, key := range m.AnyOf {
				delete(sent, key)
			}
			if _, err := Validate(m.Name, sent); err == nil || !strings.Contains(err.Error(), "is required, or one of") {
				t.Errorf("%s without any of %v: got %v", m.Name, m.AnyOf, err)
			}
		}
	}
}

func TestValidateNormalisesAndLeavesItsInput(t *testing.T) {
	sent := map[string]string{"card_number": "4242 4242 4242 4242", "expiry_month": "3", "expiry_year": "30", "card_holder_name": " Jane Doe ", "card_network": ""}
	before := maps.Clone(sent)
	got, err := Validate("debit", sent)
	want := map[string]string{"card_number": "4242424242424242", "expiry_month": "03", "expiry_year": "2030", "card_holder_name": "Jane Doe"}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if !maps.Equal(sent, before) {
		t.Errorf("the input was changed: %v", sent)
	}
	if e, ok := ExpiryOf(got); !ok || e != (Expiry{Month: 3, Year: 2030}) {
		t.Errorf("ExpiryOf: got %v, %v", e, ok)
	}
}

func TestValidateNamesFieldAndRule(t *testing.T) {
	card := func(key, value string) map[string]string {
		return map[string]string{"card_number": "4242424242424242", "expiry_month": "3", "expiry_year": "2030", key: value}
	}
	for _, row := range []struct {
		method  string
		details map[string]string
		field   string
		rule    string
	}{
		{"card", card("card_number", "4242424242424241"), "card_number", "check digit"},
		{"card", card("expiry_month", "13"), "expiry_month", "1 to 12"},
		{"card", card("card_holder_name", "Jane\x00Doe"), "card_holder_name", "control characters"},
		{"card", card("card_holder_name", "Jane\nDoe"), "card_holder_name", "control characters"},
		{"card", card("card_holder_name", "Jane\u202eDoe"), "card_holder_name", "control characters"},
		{"card", card("card_holder_name", "\xff"), "card_holder_name", "control characters"},
		{"card", card("card_holder_name", strings.Repeat("é", 141)), "card_holder_name", "at most 140 characters"},
		{"card", card("card_holder_name", "4242 4242 4242 4242"), "card_holder_name", "card number"},
		{"card", card("card_number", strings.Repeat(" ", 65)), "card_number", "at most 64 characters"},
		{"card", card("iban", "x"), "iban", "is not a field of card"},
		{"card", card("CVC", "123"), "CVC", "is never accepted"},
		{"card", card("card_cvc", ""), "card_cvc", "is never accepted"},
		{"card", card("4242424242424242", "x"), "(field)", "is not a field of card"},
		{"card", card("a\nb", "x"), "(field)", "is not a field of card"},
		{"card", card("", "x"), "(field)", "is not a field of card"},
		{"payment_card", map[string]string{"card_number": "4242424242424242", "expiry_month": "3"}, "expiry_month", "given together"},
		{"sepa", map[string]string{"iban": "AE070331234567890123456"}, "iban", "SEPA"},
		{"passthrough", map[string]string{"psp_token": "4242424242424242", "token_type": "debit"}, "psp_token", "not a card number"},
	} {
		got, err := Validate(row.method, row.details)
		var field *FieldError
		if got != nil || !errors.As(err, &field) || field.Field != row.field || !strings.Contains(field.Rule, row.rule) {
			t.Errorf("%s %v: got %v, %v, want %s: %s", row.method, row.details, got, err, row.field, row.rule)
		}
		if err != nil && (strings.Contains(err.Error(), "4242") || strings.Contains(err.Error(), "123")) {
			t.Errorf("%s: the error shows a value: %v", row.method, err)
		}
	}
	if _, err := Validate("cheque", nil); !errors.Is(err, ErrMethod) {
		t.Errorf("unknown method: got %v, want ErrMethod", err)
	}
}

func TestAllWrongFieldsAreReportedInOrder(t *testing.T) {
	_, err := Validate("ach", map[string]string{"zeta": "1", "alpha": "1", "bank_routing_number": "1"})
	var invalid Invalid
	if !errors.As(err, &invalid) {
		t.Fatalf("got %v, want Invalid", err)
	}
	got := make([]string, len(invalid))
	for i, field := range invalid {
		got[i] = field.Field
	}
	if want := "bank_routing_number bank_account_number alpha zeta"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestSecurityCodesAreKnownByAnySpelling(t *testing.T) {
	for name, want := range map[string]bool{
		"cvv": true, "CVV2": true, "cvc": true, "cvc2": true, "card_cvc": true, "cardCvc": true, "card-verification-value": true, "CVN": true, "csc": true,
		"Security Code": true, "security_code": true, "card.security.code": true, "cid": true, "card_cid": true, "pin": true, "card_pin": true, "PIN-Block": true,
		"track1": true, "track_2": true, "track2_data": true, "track": true, "magstripe": true, "cvv2_code": true, "ｃｖｖ": true, "cav2": true,
		"card_number": false, "pincode": false, "pin_code": false, "shipping": false, "tracking_number": false, "client_id": false, "incident": false, "expiry_month": false, "": false, "postal_code": false, "country_code": false,
	} {
		if got := SecurityCode(name); got != want {
			t.Errorf("SecurityCode(%q): got %v, want %v", name, got, want)
		}
	}
}

func TestSchemaCannotBeChangedFromOutside(t *testing.T) {
	m, _ := FindMethod("pix")
	m.Fields[0].Required, m.AnyOf[0] = true, "x"
	if again, _ := FindMethod("pix"); again.Fields[0].Required || again.AnyOf[0] == "x" {
		t.Error("a caller's change reached the schema")
	}
}

func TestIdentityIsTheAccountAlone(t *testing.T) {
	for m := range Methods() {
		details := sample(m)
		id := Identity(m.Name, details)
		if id == "" {
			t.Errorf("%s has no identity", m.Name)
		}
		for _, field := range m.Fields {
			other := maps.Clone(details)
			other[field.Key] += "0"
			if changed := Identity(m.Name, other) != id; changed != field.names {
				t.Errorf("%s: another %s gives another identity: %v, want %v", m.Name, field.Key, changed, field.names)
			}
			if field.Sensitive && !field.names && field.Key != "bic" && field.Key != "tax_id" {
				t.Errorf("%s.%s is sensitive and not part of the account", m.Name, field.Key)
			}
		}
	}
}

func TestIdentityIsCanonical(t *testing.T) {
	for _, row := range []struct {
		method, other string
		a, b          map[string]string
		same          bool
	}{
		{"card", "payment_card", map[string]string{"card_number": "4242424242424242", "expiry_month": "03"}, map[string]string{"card_number": "4242424242424242"}, true},
		{"card", "apple_pay_decrypt", map[string]string{"card_number": "4242424242424242"}, map[string]string{"dpan": "4242424242424242"}, false},
		{"pix", "pix_key", map[string]string{"pix_key": "a@b.co", "tax_id": "1"}, map[string]string{"pix_key": "a@b.co"}, true},
		{"pix", "pix", map[string]string{"pix_key": "a@b.co", "bank_account_number": "1"}, map[string]string{"pix_key": "a@b.co"}, false},
		{"interac", "interac", map[string]string{"email": "Jane@b.co"}, map[string]string{"email": "jane@b.co"}, true},
		{"ach", "ach", map[string]string{"bank_account_number": "12", "bank_routing_number": "3"}, map[string]string{"bank_account_number": "1", "bank_routing_number": "23"}, false},
		{"passthrough", "passthrough", map[string]string{"psp_token": "1|psp_customer_id:2"}, map[string]string{"psp_token": "1", "psp_customer_id": "2"}, false},
		{"passthrough", "passthrough", map[string]string{"psp_token": "1|psp_customer_id:1:2"}, map[string]string{"psp_token": "1", "psp_customer_id": "2"}, false},
		{"sepa", "open_banking", map[string]string{"iban": "NL91ABNA0417164300"}, map[string]string{"iban": "NL91ABNA0417164300"}, false},
		{"sepa", "sepa_bank_transfer", map[string]string{"iban": "NL91ABNA0417164300", "bic": "ABNANL2A"}, map[string]string{"iban": "NL91ABNA0417164300"}, true},
	} {
		a, b := Identity(row.method, row.a), Identity(row.other, row.b)
		if (a == b) != row.same || a == "" || b == "" {
			t.Errorf("%s %v and %s %v: got %q and %q, want same %v", row.method, row.a, row.other, row.b, a, b, row.same)
		}
	}
	if got := Identity("card", map[string]string{"expiry_month": "03"}) + Identity("cheque", map[string]string{"card_number": "1"}); got != "" {
		t.Errorf("no account: got %q, want nothing", got)
	}
}

func TestServiceKeys(t *testing.T) {
	for _, row := range []struct{ method, currency, want, back string }{
		{"card", "USD", "payment_card_usd", "card"}, {"debit", "USD", "payment_card_usd", "card"}, {"payment_card", "EUR", "payment_card_eur", "card"},
		{"sepa", "EUR", "sepa_eur", "sepa"}, {"sepa_bank_transfer", "EUR", "sepa_eur", "sepa"}, {"ach", "USD", "ach_usd", "ach"}, {"bacs", "GBP", "bacs_gbp", "bacs"},
		{"pix", "BRL", "pix_brl", "pix"}, {"pix_key", "BRL", "pix_brl", "pix"}, {"paypal", "USD", "paypal_usd", "paypal"}, {"open_banking_uk", "GBP", "open_banking_uk_gbp", "open_banking_uk"},
		{"apple_pay_decrypt", "USD", "apple_pay_usd", "apple_pay_decrypt"}, {"test", "XTS", "test_xts", "test"}, {"test", "USDT", "test_usdt", "test"},
	} {
		c := money.MustCurrency(row.currency)
		got, err := ServiceKey(row.method, c)
		if err != nil || got != row.want {
			t.Errorf("ServiceKey(%s, %s): got %q, %v, want %q", row.method, row.currency, got, err, row.want)
		}
		if method, currency, err := ParseServiceKey(got); err != nil || method != row.back || currency != c {
			t.Errorf("ParseServiceKey(%s): got %s, %s, %v, want %s", got, method, currency, err, row.back)
		}
	}
	if _, err := ServiceKey("cheque", money.MustCurrency("USD")); !errors.Is(err, ErrMethod) {
		t.Errorf("unknown method: got %v", err)
	}
	if _, err := ServiceKey("card", money.Currency{}); !errors.Is(err, money.ErrCurrency) {
		t.Errorf("no currency: got %v", err)
	}
	for _, key := range []string{"", "sepa", "_eur", "sepa_", "sepa_xxx", "SEPA_EUR", "sepa_EUR", "cheque_usd", "card_usd"} {
		if method, _, err := ParseServiceKey(key); err == nil {
			t.Errorf("ParseServiceKey(%q): got %s, want an error", key, method)
		}
	}
}

func FuzzValidate(f *testing.F) {
	f.Add("card", "card_number", "4242 4242 4242 4242", "expiry_month", "3")
	f.Add("paypal", "telephone_number", "+44 7700 900123", "email", "a@b.co")
	f.Add("pix", "pix_key", "\x00", "emv", "é")
	f.Add("ach", "cvv", "123", "\xff", "4242424242424242")
	f.Fuzz(func(t *testing.T, method, key1, value1, key2, value2 string) {
		got, err := Validate(method, map[string]string{key1: value1, key2: value2})
		if err != nil {
			if len(value1) > 5 && value1 != key1 && strings.ContainsAny(value1, "0123456789") && strings.Contains(err.Error(), value1) && !strings.Contains(key2, value1) {
				t.Fatalf("the error shows a value: %v", err)
			}
			return
		}
		if again, err := Validate(method, got); err != nil || !maps.Equal(again, got) {
			t.Fatalf("%s %v is not stable: %v, %v", method, got, again, err)
		}
		Mask(method, got)
		Identity(method, got)
	})
}

func BenchmarkCard(b *testing.B) {
	sent := map[string]string{"card_number": "4242 4242 4242 4242", "expiry_month": "3", "expiry_year": "2030", "card_holder_name": "Jane Doe"}
	for b.Loop() {
		got, err := Validate("card", sent)
		if err != nil || Identity("card", got) == "" || len(Mask("card", got)) == 0 {
			b.Fatal(err)
		}
	}
}
