package routing

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"penstock/engine/money"
	"penstock/engine/payout"
)

func eur(minor int64) money.Amount { return money.New(minor, money.MustCurrency("EUR")) }
func jpy(minor int64) money.Amount { return money.New(minor, money.MustCurrency("JPY")) }
func kwd(minor int64) money.Amount { return money.New(minor, money.MustCurrency("KWD")) }

// fit is a route of the request's own currency, with money and no limits.
func fit(id string, whole money.Amount) Candidate {
	return Candidate{Target: Target{Route: id, Service: "sepa_eur", Provider: "p" + id, Account: "a" + id, Deposit: "d" + id},
		Whole: whole, Unlimited: true}
}

func tree(t *testing.T, text string) Tree {
	t.Helper()
	got, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return got
}

// decide decides, and holds the decision against what every decision keeps.
func decide(t interface {
	Helper()
	Fatalf(string, ...any)
}, in Input) Decision {
	t.Helper()
	d := Decide(in)
	if err := d.Replay(); err != nil {
		t.Fatalf("replay: %v\n%s", err, strings.Join(d.Explain(nil), "\n"))
	}
	if again := Decide(in); !reflect.DeepEqual(d, again) {
		t.Fatalf("the same input gave two decisions:\n%s\n%s", strings.Join(d.Explain(nil), "\n"), strings.Join(again.Explain(nil), "\n"))
	}
	stored, err := json.Marshal(d)
	type tagged Decision // without AppendJSON
	if plain, err := json.Marshal(tagged(d)); err != nil || string(plain) != string(stored) {
		t.Fatalf("appended it is %s, by its tags %s (%v)", stored, plain, err)
	}
	if err != nil {
		t.Fatalf("store: %v", err)
	}
	var read Decision
	if err := json.Unmarshal(stored, &read); err != nil {
		t.Fatalf("read %s: %v", stored, err)
	}
	if again, err := json.Marshal(read); err != nil || string(again) != string(stored) {
		t.Fatalf("stored and read again it is %s, was %s (%v)", again, stored, err)
	}
	if err := read.Replay(); err != nil {
		t.Fatalf("replay of what was stored: %v\n%s", err, stored)
	}
	if (d.Choice == nil) == (d.Resolution == payout.OK) {
		t.Fatalf("resolution %s with choice %v", d.Resolution, d.Choice)
	}
	return d
}

// chosen is the route and part of a decision in a few characters.
func chosen(d Decision) string {
	if d.Choice == nil {
		text := string(d.Resolution)
		if d.Short {
			text += " short"
		}
		return text
	}
	return fmt.Sprintf("%s %d", d.Choice.Route, d.Choice.Part.Minor())
}
