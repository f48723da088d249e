package fx

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"penstock/engine/money"

	"pgregory.net/rapid"
)

var (
	eur  = money.MustCurrency("EUR")
	usd  = money.MustCurrency("USD")
	uah  = money.MustCurrency("UAH")
	gbp  = money.MustCurrency("GBP")
	jpy  = money.MustCurrency("JPY")
	kwd  = money.MustCurrency("KWD")
	clf  = money.MustCurrency("CLF")
	btc  = money.MustCurrency("BTC")
	usdt = money.MustCurrency("USDT")
)

func amount(t *testing.T, decimal string, c money.Currency) money.Amount {
	t.Helper()
	a, err := money.Parse(decimal, c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestConvertRoundsDown has the vector of the gateway's contract first.
func TestConvertRoundsDown(t *testing.T) {
	for _, row := range []struct {
		from string
		c    money.Currency
		rate string
		want string
		to   money.Currency
	}{
		{"10.00", usd, "27.8346", "278.34", uah},
		{"10.00", usd, "27.83", "278.30", uah},
		{"0.01", usd, "27.8346", "0.27", uah},
		{"0.00", usd, "27.8346", "0.00", uah},
		{"0.01", uah, "0.0359", "0.00", usd},
		{"100.00", usd, "157.43", "15743", jpy},
		{"0.01", usd, "157.43", "1", jpy},
		{"1", jpy, "0.00635", "0.00", usd},
		{"1000", jpy, "0.00635", "6.35", usd},
		{"12.345", kwd, "3.2568", "40.20", usd},
		{"40.20", usd, "0.30705", "12.343", kwd},
		{"1.00", eur, "0.0257", "0.0257", clf},
		{"1.00000000", btc, "98765.4321", "98765.43", usd},
		{"0.00000001", btc, "98765.4321", "0.00", usd},
		{"98765.43", usd, "0.00001012", "0.99950615", btc},
		{"100.00", usd, "0.9998", "99.980000", usdt},
		{"3.00", eur, "1/3", "1.00", usd},
		{"10.00", eur, "1/3", "3.33", usd},
		{"10.00", eur, "2/3", "6.66", usd},
		{"92233720368547758.07", eur, "1", "92233720368547758.07", usd},
		{"92233720368547758.07", eur, "1", "92233720368547758", jpy},
	} {
		if got, err := rate(t, row.rate).Convert(amount(t, row.from, row.c), row.to); err != nil || got != amount(t, row.want, row.to) {
			t.Errorf("%s %s at %s: got %v, %v, want %s", row.from, row.c, row.rate, got, err, row.want)
		}
	}
}

func TestConvertRefuses(t *testing.T) {
	ten := money.New(1000, usd)
	for _, row := range []struct {
		name string
		r    Rate
		a    money.Amount
		to   money.Currency
		want error
	}{
		{"no rate", Rate{}, ten, uah, ErrRate},
		{"no amount", One(), money.Amount{}, uah, ErrAmount},
		{"no target", One(), ten, money.Currency{}, ErrAmount},
		{"a negative amount", One(), money.New(-1, usd), usd, ErrAmount},
		{"too much", MustRate("1.00000001"), money.New(math.MaxInt64, usd), eur, money.ErrOverflow},
		{"too fine", One(), money.New(math.MaxInt64, usd), btc, money.ErrOverflow},
		{"far too much", MustRate("999999999999999999"), money.New(math.MaxInt64, jpy), btc, money.ErrOverflow},
	} {
		if got, err := row.r.Convert(row.a, row.to); !errors.Is(err, row.want) || got.IsSet() {
			t.Errorf("%s: got %v, %v, want %v", row.name, got, err, row.want)
		}
	}
	if got, err := MustRate("0.5").Back(money.New(math.MaxInt64, usd), eur); !errors.Is(err, money.ErrOverflow) || got.IsSet() {
		t.Errorf("back to too much: got %v, %v", got, err)
	}
	if got, err := MustRate("2").Cost(money.New(math.MaxInt64, usd), btc); !errors.Is(err, money.ErrOverflow) || got.IsSet() {
		t.Errorf("too high a cost: got %v, %v", got, err)
	}
}

func TestBackAndCost(t *testing.T) {
	for _, row := range []struct{ moved, rate, back, cost string }{
		{"278.34", "27.8346", "9.99", "10.00"}, {"139.17", "27.8346", "4.99", "5.00"}, {"278.346", "27.8346", "", ""},
		{"0.00", "27.8346", "0.00", "0.00"}, {"0.01", "27.8346", "0.00", "0.01"}, {"27.83", "27.83", "1.00", "1.00"},
	} {
		if row.back == "" {
			continue
		}
		moved, r := amount(t, row.moved, uah), MustRate(row.rate)
		back, err := r.Back(moved, usd)
		if err != nil || back != amount(t, row.back, usd) {
			t.Errorf("%s back at %s: got %v, %v", row.moved, row.rate, back, err)
		}
		cost, err := r.Cost(moved, usd)
		if err != nil || cost != amount(t, row.cost, usd) {
			t.Errorf("cost of %s at %s: got %v, %v", row.moved, row.rate, cost, err)
		}
	}
}

func drawCurrency(t *rapid.T, label string) money.Currency {
	return rapid.SampledFrom([]money.Currency{eur, usd, jpy, kwd, clf, usdt, btc}).Draw(t, label)
}

func drawAmount(t *rapid.T, label string, c money.Currency) money.Amount {
	return money.New(rapid.OneOf(rapid.Int64Range(0, 1_000_000), rapid.Int64Range(0, math.MaxInt64)).Draw(t, label), c)
}

// value is a in major units, exactly.
func value(a money.Amount) *big.Rat {
	x, _ := new(big.Rat).SetString(a.Decimal())
	return x
}

// least is one minor unit of c in major units.
func least(c money.Currency) *big.Rat { return value(money.New(1, c)) }

func TestThereAndBackNeverGains(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := drawCurrency(t, "from"), drawCurrency(t, "to")
		r, a := drawRate(t, "rate"), drawAmount(t, "amount", from)
		exact, _ := r.rat()
		exact.Mul(exact, value(a))
		there, err := r.Convert(a, to)
		if err != nil {
			if !errors.Is(err, money.ErrOverflow) || exact.Cmp(value(money.New(math.MaxInt64, to))) <= 0 {
				t.Fatalf("%v at %s: %v", a, r, err)
			}
			return
		}
		if lost := new(big.Rat).Sub(exact, value(there)); there.Currency() != to || lost.Sign() < 0 || lost.Cmp(least(to)) >= 0 {
			t.Fatalf("%v at %s: got %v, which is %s off", a, r, there, lost.FloatString(20))
		}
		back, err := r.Back(there, from)
		if err != nil {
			t.Fatal(err)
		}
		cost, err := r.Cost(there, from)
		if err != nil {
			t.Fatal(err)
		}
		if back.Currency() != from || back.Minor() > cost.Minor() || cost.Minor() > a.Minor() || cost.Minor()-back.Minor() > 1 {
			t.Fatalf("%v at %s gives %v, back %v, cost %v", a, r, there, back, cost)
		}
		if again, err := r.Convert(cost, to); err != nil || again != there {
			t.Fatalf("%v, the cost of %v at %s, gives %v, %v", cost, there, r, again, err)
		}
		turned, _ := r.Inverse()
		if other, err := turned.Convert(there, from); err != nil || other != back {
			t.Fatalf("%v by the inverse of %s: %v, %v; back %v", there, r, other, err, back)
		}
	})
}

func TestCostIsTheLeastThatPays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := drawCurrency(t, "from"), drawCurrency(t, "to")
		r, wanted := drawRate(t, "rate"), money.New(rapid.Int64Range(1, 1_000_000).Draw(t, "wanted"), to)
		cost, err := r.Cost(wanted, from)
		if err != nil {
			t.Skip("too much")
		}
		got, err := r.Convert(cost, to)
		if err != nil {
			t.Skip("too much")
		}
		if got.Minor() < wanted.Minor() {
			t.Fatalf("%v costs %v at %s, which gives %v", wanted, cost, r, got)
		}
		if got, err := r.Convert(money.New(cost.Minor()-1, from), to); err != nil || got.Minor() >= wanted.Minor() {
			t.Fatalf("%v costs %v at %s, and a unit less gives %v, %v", wanted, cost, r, got, err)
		}
	})
}

func TestShareOfAPart(t *testing.T) {
	part, sent, r := money.New(1000, usd), money.New(27834, uah), MustRate("27.8346")
	for moved, want := range map[int64]int64{27834: 1000, 27833: 1000, 13917: 500, 1: 1, 0: 0, 2783: 100, 2784: 101} {
		if got, err := r.Share(part, sent, money.New(moved, uah)); err != nil || got != money.New(want, usd) {
			t.Errorf("%d moved: got %v, %v, want %d", moved, got, err, want)
		}
	}
	// All of what was sent uses all of the part, also where rounding lost some.
	if got, err := MustRate("0.0359").Share(money.New(1000, uah), money.New(35, usd), money.New(35, usd)); err != nil || got != money.New(1000, uah) {
		t.Errorf("all moved: got %v, %v", got, err)
	}
	for name, row := range map[string]struct {
		part, sent, moved money.Amount
		want              error
	}{
		"more than was sent":  {part, sent, money.New(27835, uah), ErrAmount},
		"below nothing":       {part, sent, money.New(-1, uah), ErrAmount},
		"another currency":    {part, sent, money.New(1, eur), money.ErrMixed},
		"no part":             {money.Amount{}, sent, sent, ErrAmount},
		"a part below itself": {money.New(-1, usd), sent, sent, ErrAmount},
	} {
		if got, err := r.Share(row.part, row.sent, row.moved); !errors.Is(err, row.want) || got.IsSet() {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, row.want)
		}
	}
}

// TestPartsNeverPayMoreThanTheWhole pays a request in pieces: each payout
// moves some of what was sent, and what its Share leaves of the part goes out
// anew, until all is used up.
func TestPartsNeverPayMoreThanTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := drawCurrency(t, "from"), drawCurrency(t, "to")
		r := drawRate(t, "rate")
		whole := money.New(rapid.Int64Range(1, 100_000).Draw(t, "whole"), from)
		most, err := r.Convert(whole, to)
		if err != nil {
			t.Skip("too much")
		}
		left, paid, used := whole, money.New(0, to), money.New(0, from)
		for range 20 {
			sent, err := r.Convert(left, to)
			if err != nil || sent.IsZero() {
				break
			}
			moved := money.New(rapid.Int64Range(0, sent.Minor()).Draw(t, "moved"), to)
			share, err := r.Share(left, sent, moved)
			if err != nil {
				t.Fatal(err)
			}
			if share.IsNegative() || share.Minor() > left.Minor() {
				t.Fatalf("%v of %v sent for %v uses %v", moved, sent, left, share)
			}
			left, _ = left.Sub(share)
			used, _ = used.Add(share)
			paid, _ = paid.Add(moved)
			if paid.Minor() > most.Minor() {
				t.Fatalf("%v at %s is %v, and %v were paid", whole, r, most, paid)
			}
		}
		if sum, _ := used.Add(left); sum != whole {
			t.Fatalf("used %v, left %v of %v", used, left, whole)
		}
	})
}

func TestACurrencyToItselfKeepsTheAmount(t *testing.T) {
	a := money.New(math.MaxInt64, btc)
	if got, err := One().Convert(a, btc); err != nil || got != a {
		t.Errorf("got %v, %v", got, err)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = One().Convert(a, btc) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkConvert(b *testing.B) {
	r, a := MustRate("27.8346"), money.New(1000, usd)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Convert(a, uah); err != nil {
			b.Fatal(err)
		}
	}
}
