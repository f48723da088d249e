package money

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

var (
	eur = MustCurrency("EUR")
	jpy = MustCurrency("JPY")
	kwd = MustCurrency("KWD")
	clf = MustCurrency("CLF")
	btc = MustCurrency("BTC")
)

func TestDecimalShowsAllDecimalsOfTheCurrency(t *testing.T) {
	for _, row := range []struct {
		minor  int64
		c      Currency
		want   string
		string string
	}{
		{1250, eur, "12.50", "EUR 12.50"}, {0, eur, "0.00", "EUR 0.00"}, {5, eur, "0.05", "EUR 0.05"},
		{-5, eur, "-0.05", "EUR -0.05"}, {-1250, eur, "-12.50", "EUR -12.50"}, {10, jpy, "10", "JPY 10"},
		{1, kwd, "0.001", "KWD 0.001"}, {12345, clf, "1.2345", "CLF 1.2345"}, {1, btc, "0.00000001", "BTC 0.00000001"},
		{math.MaxInt64, eur, "92233720368547758.07", "EUR 92233720368547758.07"},
		{math.MinInt64, eur, "-92233720368547758.08", "EUR -92233720368547758.08"},
		{math.MinInt64, jpy, "-9223372036854775808", "JPY -9223372036854775808"},
		{0, Currency{}, "0", "0"},
	} {
		a := New(row.minor, row.c)
		if got := a.Decimal(); got != row.want {
			t.Errorf("Decimal of %d %s: got %q, want %q", row.minor, row.c, got, row.want)
		}
		if got := a.String(); got != row.string {
			t.Errorf("String of %d %s: got %q, want %q", row.minor, row.c, got, row.string)
		}
	}
}

func TestUnitsWithoutCurrencyPanic(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	New(1, Currency{})
}

func TestArithmeticNeverWraps(t *testing.T) {
	edge := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{math.MinInt64, math.MinInt64 + 1, -1, 0, 1, math.MaxInt64 - 1, math.MaxInt64}))
	check := func(t *rapid.T, what string, got Amount, err error, exact *big.Int) {
		switch {
		case !exact.IsInt64():
			if !errors.Is(err, ErrOverflow) || got != (Amount{}) {
				t.Fatalf("%s = %s: got %v, %v, want ErrOverflow", what, exact, got, err)
			}
		case err != nil || got != New(exact.Int64(), eur):
			t.Fatalf("%s = %s: got %v, %v", what, exact, got, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		x, y := edge.Draw(t, "x"), edge.Draw(t, "y")
		a, b, bigX, bigY := New(x, eur), New(y, eur), big.NewInt(x), big.NewInt(y)
		sum, err := a.Add(b)
		check(t, "sum", sum, err, new(big.Int).Add(bigX, bigY))
		if err == nil {
			if back, err := sum.Sub(b); err != nil || back != a {
				t.Fatalf("(%d+%d)-%d: got %v, %v", x, y, y, back, err)
			}
		}
		difference, err := a.Sub(b)
		check(t, "difference", difference, err, new(big.Int).Sub(bigX, bigY))
		opposite, err := a.Neg()
		check(t, "opposite", opposite, err, new(big.Int).Neg(bigX))
		n, err := a.Cmp(b)
		if less, _ := a.Less(b); err != nil || n != bigX.Cmp(bigY) || less != (n < 0) || a.Equal(b) != (n == 0) {
			t.Fatalf("order of %d and %d: got %d, %v, %v", x, y, n, less, err)
		}
	})
}

func TestCurrenciesDoNotMix(t *testing.T) {
	a, b := New(1, eur), New(1, jpy)
	_, add := a.Add(b)
	_, sub := a.Sub(b)
	_, cmp := a.Cmp(b)
	_, less := a.Less(b)
	_, unset := a.Cmp(Amount{})
	for name, err := range map[string]error{"Add": add, "Sub": sub, "Cmp": cmp, "Less": less, "Cmp with zero Amount": unset} {
		if !errors.Is(err, ErrMixed) {
			t.Errorf("%s of EUR and another: got %v, want ErrMixed", name, err)
		}
	}
	if a.Equal(b) || New(0, eur).Equal(Amount{}) {
		t.Error("amounts of different currencies are equal")
	}
}

func TestZeroAmountIsNeutral(t *testing.T) {
	a := New(7, eur)
	for what, f := range map[string]func() (Amount, error){
		"a+0": func() (Amount, error) { return a.Add(Amount{}) },
		"0+a": func() (Amount, error) { return Amount{}.Add(a) },
		"a-0": func() (Amount, error) { return a.Sub(Amount{}) },
	} {
		if got, err := f(); err != nil || got != a {
			t.Errorf("%s: got %v, %v, want %v", what, got, err, a)
		}
	}
	if got, err := (Amount{}).Sub(a); err != nil || got != New(-7, eur) {
		t.Errorf("0-a: got %v, %v", got, err)
	}
	if got, err := (Amount{}).Add(Amount{}); err != nil || got.IsSet() {
		t.Errorf("0+0: got %v, %v", got, err)
	}
}

func TestSignsAndZero(t *testing.T) {
	for minor, want := range map[int64][3]bool{-1: {true, false, false}, 0: {false, true, false}, 1: {false, false, true}} {
		a := New(minor, eur)
		if got := [3]bool{a.IsNegative(), a.IsZero(), a.IsPositive()}; got != want || !a.IsSet() {
			t.Errorf("%v: got %v, want %v", a, got, want)
		}
	}
	if (Amount{}).IsSet() || !(Amount{}).IsZero() {
		t.Error("the zero Amount is set or not zero")
	}
}

func TestStoredFormRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawAmount(t, rapid.Int64())
		data, err := json.Marshal(struct{ A, None Amount }{A: want})
		if err != nil {
			t.Fatal(err)
		}
		got := struct{ A, None Amount }{None: New(1, eur)}
		if err := json.Unmarshal(data, &got); err != nil || got.A != want || got.None.IsSet() {
			t.Fatalf("%s: got %v, %v, want %v", data, got, err, want)
		}
	})
}

func TestStoredFormIsFixed(t *testing.T) {
	for want, a := range map[string]Amount{
		`{"minor":1250,"currency":"EUR"}`: New(1250, eur), `{"minor":-1,"currency":"BTC"}`: New(-1, btc),
		`{"minor":0,"currency":"JPY"}`: New(0, jpy), `null`: {},
	} {
		if got, err := a.MarshalJSON(); err != nil || string(got) != want {
			t.Errorf("%v: got %s, %v, want %s", a, got, err, want)
		}
	}
	var got Amount
	if err := json.Unmarshal([]byte("{\n \"minor\" : 5 ,\t\"currency\": \"EUR\"\r\n} "), &got); err != nil || got != New(5, eur) {
		t.Errorf("with white space: got %v, %v", got, err)
	}
}

func TestStoredFormIsStrict(t *testing.T) {
	for _, data := range []string{
		``, `{}`, `[]`, `5`, `"EUR 5"`, `nullx`, `null null`, `{"minor":5}`, `{"currency":"EUR"}`, `{"currency":"EUR","minor":5}`,
		`{"minor":5,"currency":"EUR","x":1}`, `{"minor":5,"minor":6,"currency":"EUR"}`, `{"Minor":5,"currency":"EUR"}`,
		`{"minor":5.0,"currency":"EUR"}`, `{"minor":5e2,"currency":"EUR"}`, `{"minor":"5","currency":"EUR"}`, `{"minor":05,"currency":"EUR"}`,
		`{"minor":-0,"currency":"EUR"}`, `{"minor":+5,"currency":"EUR"}`, `{"minor":-,"currency":"EUR"}`, `{"minor":,"currency":"EUR"}`,
		`{"minor":9223372036854775808,"currency":"EUR"}`, `{"minor":null,"currency":"EUR"}`, `{"minor":5,"currency":null}`, `{"minor":5,"currency":""}`,
		`{"minor":5,"currency":"eur"}`, `{"minor":5,"currency":"XAU"}`, `{"minor":5,"currency":"EUR"`, `{"minor":5,"currency":"EUR"}x`, `{"minor":5,"currency":"EUR`,
	} {
		kept := New(1, jpy)
		if err := kept.UnmarshalJSON([]byte(data)); err == nil || kept != New(1, jpy) {
			t.Errorf("%s: got %v, %v, want an error and no change", data, kept, err)
		}
	}
}

func TestAppendDoesNotAllocate(t *testing.T) {
	a, buf := New(math.MaxInt64, eur), make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() { buf = a.AppendDecimal(buf[:0]) }); n != 0 {
		t.Errorf("AppendDecimal: got %v allocations, want 0", n)
	}
	if n := testing.AllocsPerRun(100, func() { buf = a.AppendJSON(buf[:0]) }); n != 0 {
		t.Errorf("AppendJSON: got %v allocations, want 0", n)
	}
	if n := testing.AllocsPerRun(100, func() { a, _ = Parse("92233720368547758.07", eur) }); n != 0 {
		t.Errorf("Parse: got %v allocations, want 0", n)
	}
}

func drawAmount(t *rapid.T, minor *rapid.Generator[int64]) Amount {
	row := rapid.IntRange(1, len(table)).Draw(t, "currency")
	return New(minor.Draw(t, "minor"), Currency{row: uint16(row)})
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := Parse("123456.78", eur); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendDecimal(b *testing.B) {
	a, buf := New(12345678, eur), make([]byte, 0, 64)
	for b.Loop() {
		buf = a.AppendDecimal(buf[:0])
	}
}
