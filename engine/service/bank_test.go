package service

import (
	"strings"
	"testing"
)

// parsers holds each small parser to values that pass, with what they become,
// and values that do not.
func TestBankAndContactFields(t *testing.T) {
	for _, row := range []struct {
		name  string
		check Check
		pass  map[string]string
		fail  []string
	}{
		{"BIC", CheckBIC, map[string]string{"ABNANL2A": "ABNANL2A", "deut deff 500": "DEUTDEFF500", "1234GB2L": "1234GB2L"},
			[]string{"ABNANL2", "ABNANL2AX", "ABNA1L2A", "ABNAQQ2A", "ABNANL2A-é11", "ABNANL2Aééé"}},
		{"routing", CheckRouting, map[string]string{"056008849": "056008849", "110000000": "110000000", "0210 0002-1": "021000021"},
			[]string{"056008848", "560008849", "056008489", "000000000", "05600884", "0560088490", "05600884x", "٠٥٦٠٠٨٨٤٩"}},
		{"sort code", CheckSortCode, map[string]string{"12-34-56": "123456", "23 14 70": "231470"}, []string{"12345", "1234567", "12345x", "12/34/56"}},
		{"UK account", CheckUKAccount, map[string]string{"28821822": "28821822", "123 456": "123456", "01234567": "01234567"}, []string{"12345", "123456789", "1234567x"}},
		{"US account", CheckUSAccount, map[string]string{"000123456789": "000123456789", "ab-12 34": "AB1234"}, []string{"123", "123456789012345678", "1234_", "1234é"}},
		{"account", CheckAccount, map[string]string{"0001 234-5": "0001234-5", "LT/12.3": "LT/12.3"}, []string{strings.Repeat("1", 35), "12é", "12;3"}},
		{"ISPB", CheckISPB, map[string]string{"60746948": "60746948", "12abc345": "12ABC345"}, []string{"6074694", "607469480"}},
		{"Pix key", CheckPixKey, map[string]string{"Joao@Banco.com.BR": "joao@banco.com.br", "+55 11 99999 9999": "+5511999999999", "123e4567-e89b-12d3-a456-426614174000": "123e4567-e89b-12d3-a456-426614174000"},
			[]string{"joão@", "a@b", "chave é"}},
		{"country", CheckCountry, map[string]string{"de": "DE", "XK": "XK", "GB": "GB"}, []string{"D", "DEU", "UK", "QQ", "EU", "001", "é"}},
		{"e-mail", CheckEmail, map[string]string{" Jane.Doe+x@Example.COM ": "Jane.Doe+x@example.com", "a@b.co": "a@b.co", "j@bücher.de": "j@bücher.de", "x@a.b-c.org": "x@a.b-c.org"},
			[]string{"a", "@b.co", "a@b", "a@@b.co", "a b@c.co", "a@b..co", ".a@b.co", "a.@b.co", "a@-b.co", "a@b.co,", "<a@b.co>", "a@b.co\"", strings.Repeat("a", 65) + "@b.co"}},
		{"phone", CheckPhone, map[string]string{"+44 7700 900123": "+447700900123", "+1 (202) 555-0143": "+12025550143", "(805) 659-4427": "8056594427"},
			[]string{"+44", "+999123456", "12345", "1234567890123456", "+1 202 555 0143 ext 5", "+1800FLOWERS", "call me"}},
		{"US phone", CheckUSPhone, map[string]string{"202-555-0143": "+12025550143", "+1 202 555 0143": "+12025550143"}, []string{"+44 7700 900123", "5550143a", "12"}},
		{"token", CheckToken, map[string]string{"tok_1A2b": "tok_1A2b", "100000000000000123": "100000000000000123"}, []string{"a b", "é", "4242424242424242", "4242-4242-4242-4242"}},
		{"word", CheckWord, map[string]string{"apple_pay": "apple_pay"}, []string{"Apple", "a-b"}},
		{"phrase", CheckPhrase, map[string]string{"Process-Failed": "PROCESS_FAILED", "NO FUNDS": "NO_FUNDS", "limit_violation": "LIMIT_VIOLATION", " ok ": "OK", "a - b": "A_B"}, []string{"a1", "a;b", "a", "-", "__"}},
		{"mobile", CheckMobile, map[string]string{"+254 712 345678": "+254712345678", "254712345678": "+254712345678", "00254-712-345-678": "+254712345678"}, []string{"0712345678", "712345678", "+", "+254", "++254712345678", "M-Pesa"}},
		{"any account", CheckAnyAccount, map[string]string{"de89 3704 0044 0532 0130 00": "DE89370400440532013000", "0001 234-5": "0001234-5", "AB12": "AB12", "US12345678901234567": "US12345678901234567"},
			[]string{"DE89370400440532013001", "DE8937040044053201300", strings.Repeat("1", 35), "12;3"}},
		{"test account", CheckTest, map[string]string{"some_random_string": "some_random_string", "4411": "4411", " a-B ": "a-B", strings.Repeat("x", 64): strings.Repeat("x", 64)}, []string{strings.Repeat("x", 65), "a b", "a.b", "é"}},
		{"percent", CheckPercent, map[string]string{"0": "0", "100": "100", "07": "07"}, []string{"101", "-1", "5%", "1.5"}},
		{"text", CheckText, map[string]string{"  José Ñandú ": "José Ñandú"}, []string{"4242 4242 4242 4242", "NL91 ABNA 0417 1643 00"}},
	} {
		for sent, want := range row.pass {
			if got, err := row.check.apply(sent); err != nil || got != want {
				t.Errorf("%s %q: got %q, %v, want %q", row.name, sent, got, err, want)
			} else if again, err := row.check.apply(got); err != nil || again != got {
				t.Errorf("%s %q: normalising again gives %q, %v", row.name, got, again, err)
			}
		}
		for _, sent := range row.fail {
			if got, err := row.check.apply(sent); err == nil || got != "" {
				t.Errorf("%s %q: got %q, %v, want an error", row.name, sent, got, err)
			} else if len(sent) > 5 && strings.Contains(err.Error(), sent) {
				t.Errorf("%s %q: the error shows the value: %v", row.name, sent, err)
			}
		}
	}
}

func TestCountriesAreTheStandards(t *testing.T) {
	codes := strings.Fields(countries)
	for _, code := range codes {
		if got, err := ParseCountry(strings.ToLower(code)); err != nil || got != code {
			t.Errorf("ParseCountry(%s): got %q, %v", code, got, err)
		}
	}
	if len(codes) != 249+1 {
		t.Errorf("got %d codes, want 249 of ISO 3166-1 and XK", len(codes))
	}
	for c := range IBANCountries() {
		if _, err := ParseCountry(c.Code); err != nil {
			t.Errorf("%s has IBANs and is no country", c.Code)
		}
	}
}

func TestUntaggedBankDetailsTakeTheFirstShapeThatFits(t *testing.T) {
	d := func(keys ...string) map[string]string {
		m := map[string]string{}
		for _, key := range keys {
			m[key] = "x"
		}
		return m
	}
	for _, row := range []struct {
		details map[string]string
		want    string
	}{
		{d("bank_account_number", "bank_routing_number"), "ach"}, {d("bank_account_number", "bank_sort_code"), "bacs"},
		{d("bank_account_number", "bank_sort_code", "bank_routing_number"), "ach"}, {d("country_code", "iban"), "trustly"}, {d("iban", "bic"), "sepa"},
		{d("account_holder_name", "iban"), "sepa"}, {d("pix_key"), "pix"}, {d("emv"), "pix"}, {d("bank_account_number", "tax_id"), "pix"}, {d("bank_name"), ""}, {d(), ""},
	} {
		if got, ok := BankMethod(row.details); got != row.want || ok != (row.want != "") {
			t.Errorf("%v: got %q, %v, want %q", row.details, got, ok, row.want)
		}
	}
}
