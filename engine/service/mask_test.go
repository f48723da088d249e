package service

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"
)

func TestMasksAreTheContracts(t *testing.T) {
	for _, row := range []struct {
		rule       Rule
		sent, want string
	}{
		{MaskAccountRule, "12345678901", "*******8901"}, {MaskAccountRule, "123456789012", "1234****9012"}, {MaskAccountRule, "28821822", "****1822"},
		{MaskAccountRule, "000-123-456-789", "000-***-***-789"}, {MaskAccountRule, "123456", "**3456"},
		{MaskRoutingRule, "056008849", "056***849"}, {MaskSortCodeRule, "123456", "12**56"},
		{MaskIBANRule, "NL02ABNA0123456789", "NL02A********56789"}, {MaskBICRule, "ABNANL2A", "ABN***2A"}, {MaskBICRule, "DEUTDEFF500", "DEU******00"},
		{MaskEmailRule, "john.doe@example.com", "jo***@example.com"}, {MaskPhoneRule, "+447700900123", "+**********23"}, {MaskTokenRule, "tok_1234567890", "tok_*******890"},
		{MaskPixKeyRule, "joao@banco.com.br", "jo***@banco.com.br"}, {MaskPixKeyRule, "123e4567-e89b-12d3-a456-426614174000", "123e****-****-****-****-********4000"},
		{MaskCardRule, "5123817234060000", "512381******0000"}, {MaskCardRule, "378282246310005", "378282*****0005"}, {MaskCardRule, "1234567890128", "*********0128"},
		{MaskNone, "Jane Doe", "Jane Doe"}, {MaskNone, "4242 4242 4242 4242", "**** **** **** ****"}, {Rule("unknown"), "abc-1", "***-*"},
	} {
		if got := row.rule.apply(row.sent); got != row.want {
			t.Errorf("%s of %q: got %q, want %q", row.rule, row.sent, got, row.want)
		}
	}
}

// A value too short for its mask shows nothing.
func TestShortValuesAreHiddenWhole(t *testing.T) {
	for rule, most := range map[Rule]int{MaskAccountRule: 5, MaskRoutingRule: 7, MaskSortCodeRule: 5, MaskIBANRule: 11, MaskBICRule: 6, MaskPhoneRule: 3, MaskTokenRule: 7, MaskCardRule: 5} {
		for n := 1; n <= most; n++ {
			if got, want := rule.apply("12345678901"[:n]), strings.Repeat("*", n); got != want {
				t.Errorf("%s of %d characters: got %q, want %q", rule, n, got, want)
			}
		}
	}
	for sent, want := range map[string]string{"a@b.co": "***@b.co", "jo@b.co": "***@b.co", "joe@b.co": "jo***@b.co", "@b.co": "***@b.co", "jane": "****"} {
		if got := MaskEmail(sent); got != want {
			t.Errorf("MaskEmail(%q): got %q, want %q", sent, got, want)
		}
	}
	if got := MaskToken("abc----xyz"); got != "***----***" {
		t.Errorf("a middle of punctuation hides nothing: got %q", got)
	}
}

func TestCardIsShownByItsEnds(t *testing.T) {
	got := Mask("card", map[string]string{"card_number": "4242424242424242", "expiry_month": "03", "expiry_year": "2030", "card_holder_name": "Jane Doe", "cvc": "123"})
	want := map[string]string{"last4": "4242", "card_isin": "424242", "card_exp_month": "03", "card_exp_year": "2030", "card_holder_name": "Jane Doe", "card_network": Visa, "card_type": "CREDIT", "card_issuing_country": "US"}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := Mask("card", map[string]string{"card_number": "4242424242424242", "card_network": "CartesBancaires"})["card_network"]; got != "CartesBancaires" {
		t.Errorf("network as sent: got %q", got)
	}
	if got := Mask("card", map[string]string{"card_number": "4222222222222"})["card_isin"]; got != "" {
		t.Errorf("13 digits: got card_isin %q, which leaves three hidden", got)
	}
	if got := Mask("card", map[string]string{"card_number": "12345674"}); !maps.Equal(got, map[string]string{"last4": "5674"}) {
		t.Errorf("short number: got %v, want last4 alone", got)
	}
	if got := Mask("nonsense", map[string]string{"card_number": "4242424242424242"}); len(got) != 0 {
		t.Errorf("unknown method: got %v, want nothing", got)
	}
}

func TestNoMaskShowsASensitiveValue(t *testing.T) {
	for m := range Methods() {
		details := map[string]string{}
		for _, field := range m.Fields {
			details[field.Key] = samples[field.Check]
		}
		shown := Mask(m.Name, details)
		for _, field := range m.Fields {
			if field.Sensitive && strings.Contains(shown[field.Key], details[field.Key]) {
				t.Errorf("%s shows %s", m.Name, field.Key)
			}
			for key, value := range shown {
				if field.Mask == MaskCardRule && strings.Contains(value, details[field.Key]) {
					t.Errorf("%s: %s shows %s", m.Name, key, field.Key)
				}
			}
			if field.Sensitive != (field.Mask != MaskNone) {
				t.Errorf("%s: %s is sensitive without a mask, or the other way round", m.Name, field.Key)
			}
		}
	}
}

func FuzzMask(f *testing.F) {
	for _, seed := range []string{"12345678901", "NL02ABNA0123456789", "a@b.co", "+447700900123", "", "\xff\xfe", "日本語の口座番号です", "----------------", "a@b@c"} {
		f.Add(seed)
	}
	rules := []Rule{MaskCardRule, MaskAccountRule, MaskRoutingRule, MaskSortCodeRule, MaskIBANRule, MaskBICRule, MaskPhoneRule, MaskTokenRule}
	f.Fuzz(func(t *testing.T, value string) {
		for _, rule := range append(rules, MaskEmailRule, MaskPixKeyRule) {
			rule.apply(value) // must not panic
		}
		runes := []rune(value)
		for _, rule := range rules {
			got := []rune(rule.apply(value))
			if len(got) != len(runes) {
				t.Fatalf("%s of %q: got %q, of another length", rule, value, string(got))
			}
			hidden, telling := 0, 0
			for i, r := range runes {
				if unicode.IsLetter(r) || unicode.IsDigit(r) {
					telling++
					if got[i] == '*' {
						hidden++
					} else if i >= 6 && i < len(runes)-5 {
						t.Fatalf("%s of %q: got %q, which shows the middle", rule, value, string(got))
					}
				}
			}
			if telling > 0 && hidden < min(2, telling) {
				t.Fatalf("%s of %q: got %q, which hides %d of %d", rule, value, string(got), hidden, telling)
			}
		}
	})
}

// TestPublishedNumbersTellTypeAndCountry: each row of the table is a published
// test number, and tells what it says unless the sender knows better.
func TestPublishedNumbersTellTypeAndCountry(t *testing.T) {
	for number, of := range bins() {
		if !Luhn(number) || MaybeRealCard(number) || Brand(number) == "" {
			t.Errorf("%s is no published test number", number)
		}
		if len(of.country) != 2 && of.country != "" || !slices.Contains([]string{"CREDIT", "DEBIT", "PREPAID"}, of.kind) {
			t.Errorf("%s is %+v", number, of)
		}
	}
	shown := Mask("card", map[string]string{"card_number": "5200828282828210", "expiry_month": "03", "expiry_year": "2030"})
	if shown["card_type"] != "DEBIT" || shown["card_issuing_country"] != "US" || shown["card_network"] != Mastercard || shown["card_issuer"] != "" {
		t.Errorf("%v", shown)
	}
	shown = Mask("card", map[string]string{"card_number": "5200828282828210", "card_type": "credit", "card_issuing_country": "SE", "card_issuer": "A Bank"})
	if shown["card_type"] != "credit" || shown["card_issuing_country"] != "SE" || shown["card_issuer"] != "A Bank" {
		t.Errorf("the sender's words: %v", shown)
	}
	if shown = Mask("card", map[string]string{"card_number": "4539578763621486"}); shown["card_type"] != "" || shown["card_network"] != Visa {
		t.Errorf("a real card's: %v", shown)
	}
}
