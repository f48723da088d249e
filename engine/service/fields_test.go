package service

import (
	"errors"
	"maps"
	"strings"
	"testing"
)

func validate(t *testing.T, code string, fields map[string]string) (map[string]string, error) {
	t.Helper()
	s, ok := Builtin().Service(code)
	if !ok {
		t.Fatalf("no service %s", code)
	}
	return s.Validate(fields)
}

// The gateway's documented example, and what its details become.
func TestDocumentedExamplesPass(t *testing.T) {
	for _, row := range []struct {
		code               string
		sent, want, masked map[string]string
	}{
		{"test_usd", map[string]string{"account": "some_random_string"}, map[string]string{"account": "some_random_string"}, map[string]string{"account": "some_******_**ring"}},
		{"test_usd", map[string]string{"account": "4411"}, map[string]string{"account": "4411"}, map[string]string{"account": "****"}},
		{"test_uah", map[string]string{"account": "1", "test_details_success_rate": "50", "test_details_payout_status": "process-failed", "test_details_payout_resolution": "INVALID DETAILS"},
			map[string]string{"account": "1", "test_details_success_rate": "50", "test_details_payout_status": "PROCESS_FAILED", "test_details_payout_resolution": "INVALID_DETAILS"},
			map[string]string{"account": "*", "test_details_success_rate": "50", "test_details_payout_status": "PROCESS_FAILED", "test_details_payout_resolution": "INVALID_DETAILS"}},
		{"test_uah", map[string]string{"account": "1", "test_details_payout_status": "", "test_details_payout_resolution": "limit_violation"},
			map[string]string{"account": "1", "test_details_payout_resolution": "LIMIT_VIOLATION"}, map[string]string{"account": "*", "test_details_payout_resolution": "LIMIT_VIOLATION"}},
		{"payment_card_usd", map[string]string{"card_number": "5123 8172 3406 0000"}, map[string]string{"card_number": "5123817234060000"}, map[string]string{"card_number": "512381******0000"}},
		{"payment_card_usd", map[string]string{"card_number": "5123817234060000", "expiry_month": "5", "expiry_year": "29"},
			map[string]string{"card_number": "5123817234060000", "expiry_month": "05", "expiry_year": "2029"}, map[string]string{"card_number": "512381******0000", "expiry_month": "05", "expiry_year": "2029"}},
		{"sepa_eur", map[string]string{"iban": "nl91 abna 0417 1643 00", "recipient_name": "Jane"}, map[string]string{"iban": "NL91ABNA0417164300", "account_holder_name": "Jane"}, map[string]string{"iban": "NL91A********64300", "recipient_name": "Jane"}},
		{"sepa_eur", map[string]string{"iban": "NL91ABNA0417164300", "account_holder_name": "Jane", "bic": "ABNANL2A"}, map[string]string{"iban": "NL91ABNA0417164300", "account_holder_name": "Jane", "bic": "ABNANL2A"},
			map[string]string{"iban": "NL91A********64300", "recipient_name": "Jane", "swift_code": "ABN***2A"}},
		{"sepa_credit_transfer_individual_eur", map[string]string{"first_name": "Jane", "last_name": "Doe", "iban": "NL91ABNA0417164300", "descriptor": "x"},
			map[string]string{"first_name": "Jane", "last_name": "Doe", "iban": "NL91ABNA0417164300", "descriptor": "x"}, map[string]string{"first_name": "Jane", "last_name": "Doe", "iban": "NL91A********64300", "descriptor": "x"}},
		{"swift_usd", map[string]string{"swift_code": "deutdeff", "account_number": "123-456 78901", "recipient_name": "Jane Doe", "country_code": "de", "address": "1 Main Street"},
			map[string]string{"bic": "DEUTDEFF", "bank_account_number": "123-45678901", "account_holder_name": "Jane Doe", "country_code": "DE", "address": "1 Main Street"},
			map[string]string{"swift_code": "DEU***FF", "account_number": "123-****8901", "recipient_name": "Jane Doe", "country_code": "DE", "address": "1 Main Street"}},
		{"mpesa_kes", map[string]string{"phone_number": "254 712 345 678"}, map[string]string{"telephone_number": "+254712345678"}, map[string]string{"phone_number": "+**********78"}},
		{"paypal_usd", map[string]string{"phone_number": "+44 7700 900123"}, map[string]string{"telephone_number": "+447700900123"}, map[string]string{"phone_number": "+**********23"}},
	} {
		before := maps.Clone(row.sent)
		got, err := validate(t, row.code, row.sent)
		if err != nil || !maps.Equal(got, row.want) {
			t.Errorf("%s %v: got %v, %v, want %v", row.code, row.sent, got, err, row.want)
		}
		if !maps.Equal(row.sent, before) {
			t.Errorf("%s: the input was changed", row.code)
		}
		s, _ := Builtin().Service(row.code)
		if masked := s.MaskFields(got); !maps.Equal(masked, row.masked) {
			t.Errorf("%s: masked %v, want %v", row.code, masked, row.masked)
		}
	}
}

func TestRefusedFieldsAreNamedAsSentAndNotShown(t *testing.T) {
	swift := func(key, value string) map[string]string {
		return map[string]string{"swift_code": "DEUTDEFF", "account_number": "12345678", "recipient_name": "J", "country_code": "DE", "address": "a", key: value}
	}
	for _, row := range []struct {
		code  string
		sent  map[string]string
		field string
		rule  string
	}{
		{"test_usd", nil, "account", "is required"},
		{"test_usd", map[string]string{"account": "  "}, "account", "is required"},
		{"test_usd", map[string]string{"account": "two words"}, "account", "letters, digits"},
		{"test_usd", map[string]string{"account": strings.Repeat("x", 65)}, "account", "at most 64"},
		{"test_usd", map[string]string{"account": "a\x00b"}, "account", "control characters"},
		{"test_usd", map[string]string{"account": "\xff"}, "account", "control characters"},
		{"test_usd", map[string]string{"account": "1", "iban": "NL91ABNA0417164300"}, "iban", "is not a field of test_usd"},
		{"test_usd", map[string]string{"account": "1", "4242424242424242": "x"}, "(field)", "is not a field of test_usd"},
		{"test_usd", map[string]string{"account": "1", "test_details_success_rate": "101"}, "test_details_success_rate", "0 to 100"},
		{"test_usd", map[string]string{"account": "1", "test_details_payout_status": "PAID1"}, "test_details_payout_status", "must be letters"},
		{"test_usd", map[string]string{"account": "1", "test_details_payout_resolution": "x"}, "test_details_payout_resolution", "at least 2 letters"},
		{"payment_card_usd", map[string]string{"card_number": "4242424242424241"}, "card_number", "check digit"},
		{"payment_card_usd", map[string]string{"card_number": "12345674"}, "card_number", `must match ^\d{12,19}$`},
		{"payment_card_usd", map[string]string{"card_number": "4242424242424242", "cvv": "123"}, "cvv", "is never accepted"},
		{"payment_card_usd", map[string]string{"card_number": "4242424242424242", "expiry_month": "1"}, "expiry_month", "and expiry_year are given together"},
		{"payment_card_usd", map[string]string{"card_number": "4242424242424242", "expiry_month": "13", "expiry_year": "30"}, "expiry_month", "1 to 12"},
		{"payment_card_usd", map[string]string{"card_number": "4242424242424242", "card_holder_name": "4242 4242 4242 4242"}, "card_holder_name", "card number"},
		{"sepa_eur", map[string]string{"iban": "NL91ABNA0417164301"}, "iban", "check digits"},
		{"sepa_eur", map[string]string{"iban": "AE070331234567890123456"}, "iban", "SEPA"},
		{"sepa_eur", map[string]string{"iban": "NL91ABNA0417164300", "bic": "nonsense!"}, "bic", "8 or 11"},
		{"sepa_eur", map[string]string{"iban": "NL91ABNA0417164300", "bic": "ABNANL2A", "swift_code": "ABNANL2A"}, "bic", "is not a field"},
		{"swift_usd", swift("swift_code", "DEUTZZFF"), "swift_code", "country's code"},
		{"swift_usd", swift("account_number", "DE89370400440532013001"), "account_number", "check digits"},
		{"swift_usd", swift("address", ""), "address", "is required"},
		{"swift_usd", swift("country_code", "QQ"), "country_code", "country's code"},
		{"mpesa_kes", map[string]string{"phone_number": "+256772123456"}, "phone_number", "must match"},
		{"mpesa_kes", map[string]string{"phone_number": "0712345678"}, "phone_number", "country code"},
		{"mpesa_kes", map[string]string{"telephone_number": "0712345678"}, "telephone_number", "country code"},
		{"pix_brl", map[string]string{"recipient_name": "J"}, "pix_key", "is required, or one of account_number, emv"},
		{"paypal_usd", map[string]string{}, "email", "is required, or one of phone_number, paypal_id"},
		{"ach_usd", map[string]string{"account_number": "12345678901", "routing_number": "056008848"}, "routing_number", "check digit"},
	} {
		got, err := validate(t, row.code, row.sent)
		var field *FieldError
		if got != nil || !errors.As(err, &field) || field.Field != row.field || !strings.Contains(field.Rule, row.rule) {
			t.Errorf("%s %v: got %v, %v, want %s: %s", row.code, row.sent, got, err, row.field, row.rule)
			continue
		}
		for key, value := range row.sent {
			if key != field.Field || len(value) < 5 || strings.Contains(field.Rule, key) {
				continue
			}
			if strings.Contains(err.Error(), value) {
				t.Errorf("%s: the error shows a value: %v", row.code, err)
			}
		}
		var invalid Invalid
		if errors.As(err, &invalid); len(invalid) != 1 {
			t.Errorf("%s: %d errors for one wrong field: %v", row.code, len(invalid), err)
		}
	}
}

func TestTooManyFieldsAreNotRead(t *testing.T) {
	sent := map[string]string{"account": "1"}
	for i := range 100 {
		sent[strings.Repeat("x", i+1)] = ""
	}
	_, err := validate(t, "test_usd", sent)
	var invalid Invalid
	if !errors.As(err, &invalid) || len(invalid) != 1 || invalid[0].Field != "fields" {
		t.Errorf("got %v", err)
	}
}

func TestAllWrongFieldsOfAServiceAreReported(t *testing.T) {
	_, err := validate(t, "ach_usd", map[string]string{"zeta": "1", "alpha": "1", "routing_number": "1"})
	want := "account_number is required; routing_number must have 9 digits; alpha is not a field of ach_usd; zeta is not a field of ach_usd"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func FuzzServiceFields(f *testing.F) {
	f.Add("payment_card_usd", "card_number", "4242 4242 4242 4242", "expiry_month", "3")
	f.Add("pix_brl", "pix_key", "\x00", "emv", "é")
	f.Add("mtn_momo_xof", "phone_number", "+225 05 12 34 56 78", "recipient_name", "a")
	f.Add("swift_eur", "bic", "x", "swift_code", "DEUTDEFF")
	f.Fuzz(func(t *testing.T, code, key1, value1, key2, value2 string) {
		d := Builtin()
		s, ok := d.Service(code)
		if !ok {
			return
		}
		details, err := s.Validate(map[string]string{key1: value1, key2: value2})
		if err != nil {
			return
		}
		if again, err := d.Validate(s.Form, details); err != nil || !maps.Equal(again, details) {
			t.Fatalf("%s: %v is not stable: %v, %v", code, details, again, err)
		}
		for key, shown := range s.MaskFields(details) {
			for _, f := range s.Fields {
				if f.Key == key && f.to.Sensitive && strings.ContainsFunc(details[f.to.Key], telling) && shown == details[f.to.Key] {
					t.Fatalf("%s: %s is shown whole", code, key)
				}
			}
		}
	})
}

// A form's key is taken for a field only where no other field has it as its
// own: one value never stands for two.
func TestFormKeysDontCross(t *testing.T) {
	d, err := Builtin().With(File{"f.json", []byte(`{"methods":[{"code":"crossed","label":{"en":"A"},"form":"swift"}],"services":[{"method":"crossed","currency":"USD","amount_max":"9","fields":[
		{"key":"number","to":"bank_account_number","label":{"en":"A"},"required":true},{"key":"bank_account_number","to":"purpose","label":{"en":"A"}},
		{"key":"bic","label":{"en":"A"},"required":true},{"key":"account_holder_name","label":{"en":"A"},"required":true},
		{"key":"country_code","label":{"en":"A"},"required":true},{"key":"address","label":{"en":"A"},"required":true}]}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	s, _ := d.Service("crossed_usd")
	sent := map[string]string{"bank_account_number": "rent", "bic": "DEUTDEFF", "account_holder_name": "J", "country_code": "DE", "address": "a"}
	if _, err := s.Validate(sent); err == nil || err.Error() != "number is required" {
		t.Errorf("got %v, want number is required", err)
	}
	sent["number"] = "12345678"
	if got, err := s.Validate(sent); err != nil || got["bank_account_number"] != "12345678" || got["purpose"] != "rent" {
		t.Errorf("got %v, %v", got, err)
	}
}
