package fx

import (
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func rate(t *testing.T, text string) Rate {
	t.Helper()
	var r Rate
	if err := r.UnmarshalText([]byte(text)); err != nil || r.IsZero() {
		t.Fatalf("%q: %v", text, err)
	}
	return r
}

// TestRateOfARule has the vectors of the gateway's contract first.
func TestRateOfARule(t *testing.T) {
	for _, row := range []struct{ source, feeRate, feeFix, exact, shown string }{
		{"1.2104", "0.001", "0.0125", "1.222912104", "1.22291210"},
		{"0.05753", "1", "0.5", "0.5581053", "0.55810530"},
		{"27.8346", "0", "0", "27.8346", "27.83460000"},
		{"1.2104", "-1.5", "-0.01", "1.182244", "1.18224400"},
		{"1/3", "50", "0", "0.5", "0.50000000"},
		{"1/3", "0", "0.25", "7/12", "0.58333333"},
		{"2", "-100", "0.000000000000000001", "0.000000000000000001", "0.00000000"},
		{"0.5", "100", "1", "2", "2.00000000"},
	} {
		got, err := FromSource(rate(t, row.source), MustDecimal(row.feeRate), MustDecimal(row.feeFix))
		if err != nil || got.String() != row.exact || got.String8() != row.shown {
			t.Errorf("%+v: got %s, shown %s, %v", row, got, got.String8(), err)
		}
	}
}

func TestRateOfARuleIsAboveZero(t *testing.T) {
	for _, row := range []struct{ source, feeRate, feeFix string }{
		{"1", "-100", "0"}, {"1", "0", "-1"}, {"1", "-101", "0"}, {"1", "0", "-1.000000000000000001"}, {"0.5", "-50", "-0.25"},
	} {
		if got, err := FromSource(MustRate(row.source), MustDecimal(row.feeRate), MustDecimal(row.feeFix)); !errors.Is(err, ErrRate) || !got.IsZero() {
			t.Errorf("%+v: got %s, %v", row, got, err)
		}
	}
	if _, err := FromSource(Rate{}, Decimal{}, MustDecimal("1")); !errors.Is(err, ErrRate) {
		t.Errorf("no source and a fee: got %v", err)
	}
}

func TestShownRateIsTheNearest(t *testing.T) {
	for text, want := range map[string]string{
		"1": "1.00000000", "1/3": "0.33333333", "2/3": "0.66666667", "0.000000005": "0.00000001", "0.0000000049": "0.00000000",
		"0.123456785": "0.12345679", "0.123456784999": "0.12345678", "123456789012.999999999": "123456789013.00000000",
	} {
		if got := rate(t, text).String8(); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	if (Rate{}).String8() != "" || (Rate{}).String() != "" {
		t.Error("no rate is shown as one")
	}
}

func TestParseRate(t *testing.T) {
	most := strings.Repeat("9", 18)
	for text, want := range map[string]string{
		"1.0842": "1.0842", "1": "1", "007.50": "7.5", "0.000000000000000001": "0.000000000000000001", "1.000": "1",
		most + "." + most: most + "." + most, "100": "100",
	} {
		got, err := ParseRate(text)
		if err != nil || got.String() != want {
			t.Errorf("%q: got %s, %v, want %s", text, got, err, want)
		}
	}
	for text, says := range map[string]string{
		"": `got ""`, "0": "above zero", "0.000": "above zero", "-1": "above zero", "+1": "send", "1.": "send", ".5": "send", ".": "send", "1,5": "send",
		"1e2": "send", "0x10": "send", "1/2": "send", " 1": "send", "1 ": "send", "1_0": "send", "1.2.3": "send", "NaN": "send", "Inf": "send",
		"١": "send", "1\n": "send", "0b1": "send", most + "9": "18 digits", "1." + most + "9": "18 digits", "0" + most + "9": "18 digits",
		"DE89370400440532013000": "22 bytes",
	} {
		got, err := ParseRate(text)
		if !errors.Is(err, ErrRate) || !got.IsZero() || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %s, %v, want ErrRate about %s", text, got, err, says)
		}
	}
}

func TestStoredRateHasOneForm(t *testing.T) {
	for _, text := range []string{"1", "1.5", "0.000000000000000000000000000000000001", "1/3", "22/7", "1/1099511627776000000000000000000000000000"} {
		if got := rate(t, text); got.String() != text {
			t.Errorf("%s: got %s", text, got)
		}
	}
	for _, text := range []string{"0", "-1", "01", "1.50", "1.", ".5", "2/4", "3/1", "1/0", "0/1", "1/2/3", "1/2.5", "1.5/2", "1/", "/1", "/", ".", "+1", "1e3", "1 ", "1/4",
		"1/10000000000", strings.Repeat("9", 156), "1/" + strings.Repeat("9", 156), strings.Repeat("1", 321), "0x1p2", "1p2"} {
		kept := MustRate("7")
		if err := kept.UnmarshalText([]byte(text)); !errors.Is(err, ErrRate) || kept != MustRate("7") {
			t.Errorf("%q: got %s, %v", text, kept, err)
		}
	}
	var none = One()
	if err := none.UnmarshalText(nil); err != nil || !none.IsZero() {
		t.Errorf("empty: got %s, %v", none, err)
	}
	type record struct {
		Rate Rate `json:"rate"`
		None Rate `json:"none,omitzero"`
	}
	text, err := json.Marshal(record{Rate: rate(t, "1/3")})
	var got record
	if err != nil || string(text) != `{"rate":"1/3"}` || json.Unmarshal(text, &got) != nil || got.Rate != rate(t, "1/3") {
		t.Errorf("got %s, %v, %+v", text, err, got)
	}
}

// drawRate draws what sheets and rules can make.
func drawRate(t *rapid.T, label string) Rate {
	parsed := rapid.Custom(func(t *rapid.T) Rate {
		text := rapid.OneOf(rapid.StringMatching(`[0-9]{1,3}\.[0-9]{1,6}`), rapid.StringMatching(`[0-9]{1,18}\.[0-9]{1,18}`), rapid.StringMatching(`0\.0{0,12}[0-9]{1,6}`)).
			Filter(func(s string) bool { return strings.Trim(s, "0.") != "" }).Draw(t, "text")
		return MustRate(text)
	})
	r := parsed.Draw(t, label)
	switch rapid.IntRange(0, 3).Draw(t, "made") {
	case 1:
		r, _ = r.Inverse()
	case 2: // a cross with fees, the worst that a rule can be
		turned, _ := r.Inverse()
		crossed, err := turned.Mul(parsed.Draw(t, "other leg"))
		if err != nil {
			t.Fatal(err)
		}
		if r, err = FromSource(crossed, MustDecimal("12.345678901234567891"), MustDecimal("999999999999999999.123456789012345679")); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestRateIsAValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, s := drawRate(t, "r"), drawRate(t, "s")
		if (r == s) != (r.Cmp(s) == 0) || r.Cmp(s) != -s.Cmp(r) || r.Cmp(Rate{}) != 1 {
			t.Fatalf("%s and %s: equal %v, order %d", r, s, r == s, r.Cmp(s))
		}
		text, _ := r.MarshalText()
		var read Rate
		if err := read.UnmarshalText(text); err != nil || read != r {
			t.Fatalf("%s: got %s, %v", text, read, err)
		}
		turned, err := r.Inverse()
		if err != nil {
			t.Fatal(err)
		}
		if one, err := r.Mul(turned); err != nil || one != One() {
			t.Fatalf("%s by its inverse: %s, %v", r, one, err)
		}
	})
}

func TestRateDoesNotGrowWithoutBound(t *testing.T) {
	r := MustRate("1.000000000000000001")
	for range 20 {
		next, err := r.Mul(r)
		if err != nil {
			if !errors.Is(err, ErrRate) || !next.IsZero() {
				t.Errorf("got %s, %v", next, err)
			}
			return
		}
		r = next
	}
	t.Errorf("20 squares and still a rate, of %d bytes", len(r.String()))
}

func TestNoRateComputesNothing(t *testing.T) {
	var none Rate
	_, inverse := none.Inverse()
	_, left := none.Mul(One())
	_, right := One().Mul(none)
	for name, err := range map[string]error{"inverse": inverse, "left": left, "right": right} {
		if !errors.Is(err, ErrRate) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if none.Cmp(none) != 0 || none.Cmp(One()) != -1 {
		t.Error("the order of no rate")
	}
}

func TestParseDecimal(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "-0": "0", "0.00": "0", "-0.0": "0", "1": "1", "-1": "-1", "0.001": "0.001", "00.500": "0.5", "-00.50": "-0.5", "10": "10", "100.10": "100.1",
	} {
		got, err := ParseDecimal(text)
		if err != nil || got.String() != want || got.IsZero() != (want == "0") || got != MustDecimal(want) {
			t.Errorf("%q: got %s, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-", "--1", "+1", "1.", ".1", "-.1", "1e2", "1/2", " 1", "1 ", "1,5", "0x1", "1-", strings.Repeat("1", 19), "0." + strings.Repeat("1", 19)} {
		kept := MustDecimal("7")
		if err := kept.UnmarshalText([]byte(text)); text != "" && (!errors.Is(err, ErrDecimal) || kept != MustDecimal("7")) {
			t.Errorf("%q: got %s, %v", text, kept, err)
		}
		if _, err := ParseDecimal(text); !errors.Is(err, ErrDecimal) {
			t.Errorf("%q: got %v", text, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		want := MustDecimal(rapid.StringMatching(`-?[0-9]{1,18}(\.[0-9]{1,18})?`).Draw(t, "text"))
		text, _ := want.MarshalText()
		var got Decimal
		if err := got.UnmarshalText(text); err != nil || got != want {
			t.Fatalf("%s: got %s, %v", text, got, err)
		}
	})
}

func TestMustPanicsOnWrongText(t *testing.T) {
	for name, f := range map[string]func(){"rate": func() { MustRate("0") }, "decimal": func() { MustDecimal("x") }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func FuzzStoredRate(f *testing.F) {
	for _, s := range []string{"1", "0.5", "1/3", "1/0", "00", "1e9", "1/1", "-1", "999999999999/7"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var r Rate
		if err := r.UnmarshalText([]byte(s)); err == nil && r.String() != s {
			t.Fatalf("%q reads as %q", s, r)
		} else if err == nil && !r.IsZero() {
			if x, ok := new(big.Rat).SetString(s); !ok || x.Sign() <= 0 {
				t.Fatalf("%q is read as a rate", s)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1", "0.5", "-0.001", "007", "1.", "1e9", "999999999999999999.999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, rateErr := ParseRate(s)
		d, decimalErr := ParseDecimal(s)
		if rateErr == nil && (decimalErr != nil || d.String() != r.String()) {
			t.Fatalf("%q is the rate %s and the decimal %s, %v", s, r, d, decimalErr)
		}
		if decimalErr == nil {
			x, ok := new(big.Rat).SetString(s)
			if !ok || x.Cmp(d.rat()) != 0 {
				t.Fatalf("%q is read as %s", s, d)
			}
			if (x.Sign() > 0) != (rateErr == nil) {
				t.Fatalf("%q: as a rate %v", s, rateErr)
			}
		}
	})
}
