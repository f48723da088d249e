package money

import (
	"errors"
	"math"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseIsExact(t *testing.T) {
	for _, row := range []struct {
		text string
		c    Currency
		want int64
	}{
		{"0", eur, 0}, {"0.00", eur, 0}, {"12.50", eur, 1250}, {"12.5", eur, 1250}, {"12", eur, 1200},
		{"0.01", eur, 1}, {"007", eur, 700}, {"0000000000000000001", jpy, 1}, {"10", jpy, 10}, {"1.005", kwd, 1005},
		{"1.0001", clf, 10001}, {"0.00000001", btc, 1}, {"92233720368547758.07", eur, math.MaxInt64},
		{"9223372036854775807", jpy, math.MaxInt64}, {"92233720368.54775807", btc, math.MaxInt64},
	} {
		if got, err := Parse(row.text, row.c); err != nil || got != New(row.want, row.c) {
			t.Errorf("Parse(%q, %s): got %v, %v, want %d", row.text, row.c, got, err, row.want)
		}
	}
}

func TestParseRefusesAndTellsWhatToSend(t *testing.T) {
	for _, row := range []struct {
		text string
		c    Currency
		err  error
		says string
	}{
		{"", eur, ErrAmount, `send digits with a dot before the decimals, e.g. "10.00"; got ""`},
		{"-1", eur, ErrAmount, `got "-1"`}, {"-0", eur, ErrAmount, `got "-0"`}, {"+1", eur, ErrAmount, "send digits"},
		{"1e2", eur, ErrAmount, "send digits"}, {"0x1F", eur, ErrAmount, "send digits"}, {"1_000", eur, ErrAmount, "send digits"},
		{"1,00", eur, ErrAmount, `got "1,00"`}, {"1,000.00", eur, ErrAmount, "send digits"}, {"1.2.3", eur, ErrAmount, "send digits"},
		{".5", eur, ErrAmount, "send digits"}, {"5.", eur, ErrAmount, "send digits"}, {".", eur, ErrAmount, "send digits"},
		{" 1", eur, ErrAmount, "send digits"}, {"1 ", eur, ErrAmount, "send digits"}, {"1\n", eur, ErrAmount, "send digits"},
		{"1\x00", eur, ErrAmount, `got "1\x00"`}, {"١٢", eur, ErrAmount, `got "\u0661\u0662"`}, {"１２", eur, ErrAmount, "send digits"},
		{"NaN", eur, ErrAmount, "send digits"}, {"Inf", eur, ErrAmount, "send digits"}, {"1/2", eur, ErrAmount, "send digits"},
		{"1.005", eur, ErrAmount, `EUR has 2 decimals, e.g. "10.00"; got "1.005"`}, {"12.500", eur, ErrAmount, "EUR has 2 decimals"},
		{"10.50", jpy, ErrAmount, `JPY has no minor unit, so send whole units, e.g. "10"; got "10.50"`}, {"10.0", jpy, ErrAmount, "JPY has no minor unit"},
		{"92233720368547758.08", eur, ErrOverflow, "EUR 92233720368547758.07"}, {"9223372036854775808", jpy, ErrOverflow, "JPY 9223372036854775807"},
		{"92233720368547759", eur, ErrOverflow, "EUR"}, {"1" + strings.Repeat("0", 30), eur, ErrOverflow, "EUR"},
		{"00000000000000000001", jpy, ErrOverflow, "JPY"}, {"1", Currency{}, ErrCurrency, "needs a currency"},
	} {
		got, err := Parse(row.text, row.c)
		if !errors.Is(err, row.err) || !strings.Contains(err.Error(), row.says) || got != (Amount{}) {
			t.Errorf("Parse(%q, %s): got %v, %v; want %v saying %q", row.text, row.c, got, err, row.err, row.says)
		}
	}
}

func TestParseErrorShowsNoLongText(t *testing.T) {
	_, err := Parse("4242-4242-4242-4242", eur)
	if err == nil || strings.Contains(err.Error(), "4242") {
		t.Errorf("got %v, want an error without the text", err)
	}
}

func TestDecimalParsesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawAmount(t, rapid.Int64Min(0))
		if got, err := Parse(want.Decimal(), want.Currency()); err != nil || got != want {
			t.Fatalf("Parse(%q): got %v, %v, want %v", want.Decimal(), got, err, want)
		}
	})
}

// FuzzParse holds Parse to an independent reading of the rule: a regular
// expression and exact rational numbers.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"0", "12.50", "-1", "1e2", "1.005", "9223372036854775807", "9223372036854775808", "١٢", "1\x00", "0.00000001"} {
		for _, code := range []string{"EUR", "JPY", "BTC"} {
			f.Add(seed, code)
		}
	}
	grammar := regexp.MustCompile(`^[0-9]{1,19}(\.[0-9]+)?$`)
	f.Fuzz(func(t *testing.T, text, code string) {
		c, err := ParseCurrency(code)
		if err != nil {
			return
		}
		got, err := Parse(text, c)
		_, fraction, _ := strings.Cut(text, ".")
		if !grammar.MatchString(text) || len(fraction) > c.Exponent() {
			if err == nil {
				t.Fatalf("Parse(%q, %s): accepted as %v", text, c, got)
			}
			return
		}
		exact, _ := new(big.Rat).SetString(text)
		exact.Mul(exact, new(big.Rat).SetInt64(int64(pow10[c.Exponent()])))
		if !exact.Num().IsInt64() {
			if !errors.Is(err, ErrOverflow) {
				t.Fatalf("Parse(%q, %s): got %v, %v, want ErrOverflow", text, c, got, err)
			}
			return
		}
		if err != nil || !exact.IsInt() || got.Minor() != exact.Num().Int64() {
			t.Fatalf("Parse(%q, %s): got %v, %v, want %s", text, c, got, err, exact)
		}
		if back, err := Parse(got.Decimal(), c); err != nil || back != got {
			t.Fatalf("Parse(%q): got %v, %v, want %v", got.Decimal(), back, err, got)
		}
	})
}
