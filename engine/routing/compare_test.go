package routing

import (
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestComparisonsHold(t *testing.T) {
	facts := Facts{"amount": "100.00", "currency": "EUR", "day_of_week": "3", "card_bin": "42424299", "issuer_name": "Bank of Foo", "issuer_country": "us",
		"metadata.n": "7.0", "metadata.s": "007", "metadata.empty": "", "metadata.e": "1e3", "metadata.max": "99.99", "customer.metadata.ip": "10.0.0.1", "metadata.ip": "10.0.0.1"}
	rows := []struct {
		attribute, operator, value string
		want                       bool
	}{
		{"amount", "eq", "100", true},
		{"amount", "eq", `"0100.000"`, true},
		{"amount", "neq", "100", false},
		{"amount", "gt", "99.999999999999999999999", true},
		{"amount", "gt", "100.000000000000000000001", false},
		{"amount", "gte", "100", true},
		{"amount", "lt", "100", false},
		{"amount", "lt", "1000", true},
		{"amount", "lte", "100", true},
		{"amount", "lte", "20", false},
		{"amount", "in", `[1,100]`, true},
		{"amount", "in", `["1..99.99"]`, false},
		{"amount", "in", `"100..100"`, true},
		{"amount", "not_in", `["1..99.99"]`, true},
		{"amount", "gt", `"{metadata.max}"`, true},
		{"amount", "eq", `"{metadata.n}"`, false},
		{"amount", "gt", `"{metadata.e}"`, false},
		{"amount", "neq", `"{metadata.absent}"`, false},
		{"amount", "in", `[100,"{metadata.absent}"]`, false},
		{"day_of_week", "in", `"[1..5]"`, true},
		{"day_of_week", "in", `[6,7]`, false},
		{"currency", "eq", `"eur"`, true},
		{"currency", "not_in", `["USD","GBP"]`, true},
		{"currency", "contains", `"u"`, true},
		{"card_bin", "eq", `"424242"`, true},
		{"card_bin", "eq", `424242`, true},
		{"card_bin", "eq", `"42424298"`, false},
		{"card_bin", "in", `["4242..4243"]`, true},
		{"card_bin", "in", `["424200..424241"]`, false},
		{"card_bin", "neq", `"4242"`, false},
		{"issuer_name", "contains", `"FOO"`, true},
		{"issuer_country", "eq", `"US"`, true},
		{"issuer_country", "in", `["US","DE"]`, true},
		{"card_type", "eq", `"debit"`, false}, // of what isn't known nothing holds
		{"card_type", "neq", `"debit"`, false},
		{"card_type", "not_in", `["debit"]`, false},
		{"metadata.n", "eq", "7", true},
		{"metadata.n", "eq", `"7"`, false},
		{"metadata.n", "eq", `"7.0"`, true},
		{"metadata.s", "eq", "7", true},
		{"metadata.s", "eq", `"7"`, false},
		{"metadata.s", "gt", `"6"`, true},
		{"metadata.s", "in", `[{"from":1,"to":9}]`, true},
		{"metadata.s", "contains", `"0"`, true},
		{"metadata.s", "neq", `"7"`, true},
		{"metadata.empty", "neq", `"x"`, true},
		{"metadata.empty", "gt", "0", false},
		{"metadata.e", "gt", "5", false},
		{"metadata.ip", "eq", `"{customer.metadata.ip}"`, true},
		{"metadata.ip", "contains", `"10."`, true},
		{"metadata.ip", "contains", `"{customer.metadata.no}"`, false},
	}
	for _, row := range rows {
		parsed := tree(t, condition(term(row.attribute, row.operator, row.value)))
		if got, _ := parsed.Root.If.Term.holds(facts); got != row.want {
			t.Errorf("%s %s %s: got %v", row.attribute, row.operator, row.value, got)
		}
	}
}

// TestOppositesAreOpposite: of what is known, neq is not eq and not_in is not
// in; of what isn't, none of them holds.
func TestOppositesAreOpposite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"amount", "currency", "card_bin", "metadata.x"}).Draw(t, "attribute")
		facts := Facts{}
		if rapid.Bool().Draw(t, "known") {
			facts[name] = rapid.SampledFrom([]string{"1", "01", "1.0", "EUR", "424242", "", "x"}).Draw(t, "actual")
		}
		value := Value{List: true, Items: []Item{{Text: rapid.SampledFrom([]string{"1", "eur", "4242", "x"}).Draw(t, "literal"), Number: rapid.Bool().Draw(t, "number")}}}
		in, known := (&Term{name, In, value}).holds(facts)
		notIn, knownToo := (&Term{name, NotIn, value}).holds(facts)
		if known != knownToo || in && notIn || known != (in || notIn) {
			t.Fatalf("in %v, not_in %v, known %v", in, notIn, known)
		}
	})
}

func TestDecimalsCompareAsNumbers(t *testing.T) {
	decimal := rapid.StringMatching(`-?[0-9]{1,12}(\.[0-9]{1,12})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := decimal.Draw(t, "a"), decimal.Draw(t, "b")
		if !isDecimal(a) {
			t.Fatalf("%s is a decimal", a)
		}
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		if got, want := compareDecimals(a, b), x.Cmp(y); got != want {
			t.Fatalf("%s against %s: got %d, want %d", a, b, got, want)
		}
	})
	for _, bad := range []string{"", "-", ".5", "5.", "1e3", "+1", " 1", "1,0", "0x1", "١", "1.2.3", "--1", "12345678901234567890123456789012345678901"} {
		if isDecimal(bad) {
			t.Errorf("%q is no decimal", bad)
		}
	}
}

func TestTablesAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, a := range Attributes() {
		if seen[a.Name] || a.Label == "" || len(a.Operators) == 0 || a.Kind == "" {
			t.Errorf("attribute %+v", a)
		}
		seen[a.Name] = true
		for _, o := range a.Operators {
			if !slices.ContainsFunc(Operators(), func(i OperatorInfo) bool { return i.Operator == o }) {
				t.Errorf("%s: operator %s isn't listed", a.Name, o)
			}
		}
	}
	for _, o := range Operators() {
		for _, name := range []string{string(o.Operator), o.Sign} {
			if got, ok := parseOperator(name); !ok || got != o.Operator {
				t.Errorf("%s: got %s", name, got)
			}
		}
	}
	if len(Operators()) != 9 || len(StrategyTypes()) != 7 {
		t.Errorf("%d operators, %d strategies", len(Operators()), len(StrategyTypes()))
	}
	Attributes()[0].Name, Operators()[0].Sign = "changed", "changed"
	if Attributes()[0].Name != "amount" || Operators()[0].Sign != "=" {
		t.Error("a caller changed the table")
	}
}
