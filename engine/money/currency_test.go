package money

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestTableIsSortedUniqueAndFitsParse(t *testing.T) {
	for i, row := range table {
		if i > 0 && table[i-1].code >= row.code {
			t.Errorf("%s stands before %s", table[i-1].code, row.code)
		}
		if int(row.exponent) >= len(pow10) {
			t.Errorf("%s has exponent %d, past pow10", row.code, row.exponent)
		}
		if unpayable(row.code) {
			t.Errorf("%s has no minor unit and is in the table", row.code)
		}
	}
	if got, want := len(table), 178-12+3; got != want {
		t.Errorf("got %d rows, want %d: 178 active codes, 12 of them without minor unit, 3 digital", got, want)
	}
}

func TestNumericCodesAreDistinct(t *testing.T) {
	seen := map[int]string{}
	for c := range Currencies() {
		if n := c.Numeric(); n != 0 {
			if other, twice := seen[n]; twice {
				t.Errorf("%s and %s share %d", other, c, n)
			}
			seen[n] = c.Code()
		}
	}
}

func TestExponentsAreTheStandards(t *testing.T) {
	want := map[int]string{
		0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
		3: "BHD IQD JOD KWD LYD OMR TND",
		4: "CLF UYW",
		6: "USDC USDT",
		8: "BTC",
	}
	got := map[int][]string{}
	for _, row := range table {
		c := MustCurrency(row.code)
		got[c.Exponent()] = append(got[c.Exponent()], c.Code())
	}
	for exponent, codes := range want {
		if g := strings.Join(got[exponent], " "); g != codes {
			t.Errorf("exponent %d: got %s, want %s", exponent, g, codes)
		}
	}
	if len(got) != len(want)+1 {
		t.Errorf("exponents in use: got %d kinds, want %d and 2", len(got), len(want))
	}
}

func TestCurrentCodesAreKnown(t *testing.T) {
	for code, numeric := range map[string]int{
		"EUR": 978, "USD": 840, "GBP": 826, "JPY": 392, "MRU": 929, "SLE": 925, "VES": 928, "VED": 926,
		"XCG": 532, "ZWG": 924, "STN": 930, "BYN": 933, "XTS": 963, "XAD": 396, "USDT": 0, "BTC": 0,
	} {
		c, err := ParseCurrency(code)
		if err != nil || c.Code() != code || c.Numeric() != numeric || c.IsZero() || c.String() != code {
			t.Errorf("ParseCurrency(%q): got %v (%d), %v; want %d", code, c, c.Numeric(), err, numeric)
		}
	}
}

func TestRefusedCodesNameTheRule(t *testing.T) {
	for _, row := range []struct{ code, rule string }{
		{"", "three capital letters"}, {"E", "three capital letters"}, {"eur", "three capital letters"},
		{"EUR ", "three capital letters"}, {" EUR", "three capital letters"}, {"ÉUR", "three capital letters"},
		{"EU\x00", "three capital letters"}, {"978", "three capital letters"}, {"EUROS", "three capital letters"},
		{"XAU", "minor unit"}, {"XDR", "minor unit"}, {"XXX", "minor unit"},
		{"HRK", "active"}, {"BGN", "active"}, {"ANG", "active"}, {"ZWL", "active"}, {"SLL", "active"}, {"MRO", "active"},
		{"QQQ", "active"}, {"USDX", "active"},
	} {
		c, err := ParseCurrency(row.code)
		if !errors.Is(err, ErrCurrency) || !strings.Contains(err.Error(), row.rule) || !c.IsZero() {
			t.Errorf("ParseCurrency(%q): got %v, %v; want ErrCurrency about %q", row.code, c, err, row.rule)
		}
	}
}

func TestMustCurrencyPanicsOnWrongCode(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	MustCurrency("eur")
}

func TestCurrencyTextRoundTrip(t *testing.T) {
	for c := range Currencies() {
		text, err := json.Marshal(map[Currency]Currency{c: c})
		if err != nil {
			t.Fatalf("marshal %s: %v", c, err)
		}
		var got map[Currency]Currency
		if err := json.Unmarshal(text, &got); err != nil || got[c] != c {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	var none Currency
	if err := json.Unmarshal([]byte(`""`), &none); err != nil || !none.IsZero() {
		t.Errorf(`"": got %v, %v, want no currency`, none, err)
	}
	kept := MustCurrency("EUR")
	if err := json.Unmarshal([]byte(`"XAU"`), &kept); !errors.Is(err, ErrCurrency) || kept.Code() != "EUR" {
		t.Errorf("a refused code changed the value to %v (%v)", kept, err)
	}
}

func TestNoCurrencyIsEmpty(t *testing.T) {
	var none Currency
	if none.Code() != "" || none.Exponent() != 0 || none.Numeric() != 0 || none.String() != "(none)" || !none.IsZero() {
		t.Errorf("got %q, %d, %d, %v", none.Code(), none.Exponent(), none.Numeric(), none)
	}
}
