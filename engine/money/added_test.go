package money

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
)

// TestAnAddedCurrencyIsOneLikeTheOthers: it is read, counted and written.
func TestAnAddedCurrencyIsOneLikeTheOthers(t *testing.T) {
	if err := Add(Added{"GOLD", 4}, Added{"PTZ", 0}, Added{"GOLD", 4}, Added{"USDT", 6}); err != nil {
		t.Fatal(err)
	}
	gold := MustCurrency("GOLD")
	if gold.Exponent() != 4 || gold.Numeric() != 0 || gold.Code() != "GOLD" || gold == MustCurrency("PTZ") {
		t.Errorf("%v %d", gold, gold.Exponent())
	}
	a, err := Parse("1.2345", gold)
	if err != nil || a.Minor() != 12345 {
		t.Errorf("%v, %v", a, err)
	}
	if _, err := Parse("1.23456", gold); err == nil {
		t.Error("five decimals are taken in four")
	}
	text, err := json.Marshal(a)
	var back Amount
	if err != nil || json.Unmarshal(text, &back) != nil || back != a {
		t.Errorf("%s, %v, %v", text, back, err)
	}
	all := slices.Collect(Currencies())
	if !slices.Contains(all, gold) || len(slices.Compact(all)) != len(all) {
		t.Error("it is not among the currencies once")
	}
}

// TestACurrencyKeepsItsExponent: stored amounts are counted in it.
func TestACurrencyKeepsItsExponent(t *testing.T) {
	if err := Add(Added{"KEPT", 3}); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []Added{{"KEPT", 2}, {"EUR", 3}, {"USDT", 2}, {"XAU", 2}, {"eur", 2}, {"AB", 2}, {"ABCDE", 2}, {"A1C", 2}, {"", 2}, {"NEG", -1}, {"BIG", 9}} {
		if err := Add(Added{"NONE", 2}, bad); !errors.Is(err, ErrAdded) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if _, err := ParseCurrency("NONE"); err == nil {
		t.Error("one of several was added although another was refused")
	}
}
