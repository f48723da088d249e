package routing

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// nest wraps a node in so many conditions.
func nest(depth int, leaf string) string {
	open := `{"if":{"attribute":"amount","operator":"gt","value":1},"else":{"block":""},"then":`
	return strings.Repeat(open, depth) + leaf + strings.Repeat("}", depth)
}

const someLeaf = `{"strategies":[{"type":"optimal"}]}`

func condition(expr string) string {
	return `{"if":` + expr + `,"then":` + someLeaf + `,"else":{"block":"no"}}`
}

func term(attribute, operator, value string) string {
	return fmt.Sprintf(`{"attribute":%q,"operator":%q,"value":%s}`, attribute, operator, value)
}

func TestFaultsNameThePlaceAndTheRule(t *testing.T) {
	long := strings.Repeat("x", 300)
	rows := []struct{ tree, at, rule string }{
		{``, "", "must be JSON"},
		{`{`, "", "must be JSON"},
		{`{} {}`, "", "must be JSON"},
		{"{\"block\":\"\xff\"}", "", "must be UTF-8"},
		{strings.Repeat(" ", 64<<10) + someLeaf, "", "must be at most 65536 bytes"},
		{strings.Repeat("[", 100) + strings.Repeat("]", 100), strings.Repeat("/0", 56), "nested too deep"},
		{`null`, "", "must be an object"},
		{`[]`, "", "must be an object"},
		{`{}`, "", "must be a condition"},
		{`{"name":"x"}`, "", "must be a condition"},
		{`{"block":"a","block":"b"}`, "", `"block" twice`},
		{`{"block":1}`, "/block", "must be a text"},
		{`{"block":"x","strategies":[]}`, "", "must be a condition"},
		{`{"strategies":[],"then":1}`, "", "must be a condition"},
		{`{"Block":"x"}`, "", `unknown member "Block"`},
		{`{"block":"` + long + `"}`, "/block", "at most 200 bytes"},
		{`{"block":"a\u0000"}`, "/block", "plain text"},
		{`{"name":"card 4242 4242 4242 4242","block":""}`, "/name", "card number"},
		{`{"strategies":{}}`, "/strategies", "must be a list"},
		{`{"strategies":[]}`, "/strategies", "must be a list of one or more"},
		{`{"strategies":[1]}`, "/strategies/0", "must be an object"},
		{`{"strategies":[{}]}`, "/strategies/0/type", "must be one of optimal, direct"},
		{`{"strategies":[{"type":"best"}]}`, "/strategies/0/type", "must be one of optimal, direct"},
		{`{"strategies":[{"type":"direct"}]}`, "/strategies/0/routes", "exactly one route"},
		{`{"strategies":[{"type":"direct","routes":["a","b"]}]}`, "/strategies/0/routes", "exactly one route"},
		{`{"strategies":[{"type":"direct","routes":["*"]}]}`, "/strategies/0/routes", "exactly one route"},
		{`{"strategies":[{"type":"priority","routes":[]}]}`, "/strategies/0/routes", "one or more"},
		{`{"strategies":[{"type":"priority","routes":"a"}]}`, "/strategies/0/routes", "must be a list"},
		{`{"strategies":[{"type":"priority","routes":["a","a"]}]}`, "/strategies/0/routes/1", "again"},
		{`{"strategies":[{"type":"priority","routes":[""]}]}`, "/strategies/0/routes/0", "must name"},
		{`{"strategies":[{"type":"priority","routes":[{}]}]}`, "/strategies/0/routes/0", "must name"},
		{`{"strategies":[{"type":"priority","routes":["` + long + `"]}]}`, "/strategies/0/routes/0", "at most 64"},
		{`{"strategies":[{"type":"priority","routes":[{"route":"a","weight":1}]}]}`, "/strategies/0/routes/0", "unknown member"},
		{`{"strategies":[{"type":"weight","routes":["a"]}]}`, "/strategies/0/routes/0", "must be an object"},
		{`{"strategies":[{"type":"weight","routes":[{"route":"a"}]}]}`, "/strategies/0/routes/0/weight", "whole number"},
		{`{"strategies":[{"type":"weight","routes":[{"route":"a","weight":0}]}]}`, "/strategies/0/routes/0/weight", "from 1"},
		{`{"strategies":[{"type":"weight","routes":[{"route":"a","weight":1.5}]}]}`, "/strategies/0/routes/0/weight", "whole number"},
		{`{"strategies":[{"type":"weight","routes":[{"route":"a","weight":"1"}]}]}`, "/strategies/0/routes/0/weight", "whole number"},
		{`{"strategies":[{"type":"weight","routes":[{"route":"a","weight":1000001}]}]}`, "/strategies/0/routes/0/weight", "1000000"},
		{`{"strategies":[` + strings.Repeat(`{"type":"optimal"},`, 16) + `{"type":"optimal"}]}`, "/strategies", "1 to 16"},
		{`{"if":1}`, "", `"then" and "else"`},
		{`{"if":1,"then":` + someLeaf + `,"else":` + someLeaf + `}`, "/if", "must be an object"},
		{condition(`{}`), "/if", "must be a comparison"},
		{condition(`{"all":[]}`), "/if/all", "one or more"},
		{condition(`{"all":{}}`), "/if/all", "one or more"},
		{condition(`{"all":[` + term("amount", "gt", "1") + `],"any":[]}`), "/if", "must be a comparison"},
		{condition(`{"any":[{"all":[` + term("amount", "gt", `"x"`) + `]}]}`), "/if/any/0/all/0/value", "must be a number"},
		{condition(strings.Repeat(`{"all":[`, 9) + term("amount", "gt", "1") + strings.Repeat(`]}`, 9)), "/if" + strings.Repeat("/all/0", 9), "too deep"},
		{condition(`{"attribute":"amount","value":1}`), "/if", `must have "attribute"`},
		{condition(term("ammount", "gt", "1")), "/if/attribute", "must be one of amount, "},
		{condition(term("metadata.", "eq", `"x"`)), "/if/attribute", "must be one of"},
		{condition(term("metadata.*", "eq", `"x"`)), "/if/attribute", "must be one of"},
		{condition(term("metadata."+strings.Repeat("k", 65), "eq", `"x"`)), "/if/attribute", "must be one of"},
		{condition(term("amount", "=>", "1")), "/if/operator", "must be one of eq"},
		{condition(term("amount", "contains", "1")), "/if/operator", "for amount, one of eq, neq, gt"},
		{condition(term("currency", "gt", `"EUR"`)), "/if/operator", "for currency"},
		{condition(term("amount", "gt", "1e3")), "/if/value", "without an exponent"},
		{condition(term("amount", "gt", "-1")), "/if/value", "must not be negative"},
		{condition(term("amount", "gt", `" 1"`)), "/if/value", "must be a number"},
		{condition(term("amount", "gt", "[1]")), "/if/value", "must be one value"},
		{condition(term("amount", "gt", "null")), "/if/value", "must be a text"},
		{condition(term("amount", "gt", "true")), "/if/value", "must be a text"},
		{condition(term("amount", "in", "1")), "/if/value", "must be a list"},
		{condition(term("amount", "in", "[]")), "/if/value", "list of 1 to 200"},
		{condition(term("amount", "in", `[1,"x"]`)), "/if/value/1", "must be a number"},
		{condition(term("amount", "in", "[[1]]")), "/if/value/0", "must be a text"},
		{condition(term("amount", "eq", `{"from":1,"to":2}`)), "/if/value", "must not be a range"},
		{condition(term("amount", "in", `"5..1"`)), "/if/value", "from a lower to a higher"},
		{condition(term("amount", "in", `[{"from":1}]`)), "/if/value/0", `"from" and "to"`},
		{condition(term("amount", "in", `[{"from":1,"to":2,"x":3}]`)), "/if/value/0", "unknown member"},
		{condition(term("day_of_week", "in", "[0]")), "/if/value/0", "from 1 to 7"},
		{condition(term("day_of_week", "in", `"1..8"`)), "/if/value", "from 1 to 7"},
		{condition(term("day_of_week", "eq", "1.5")), "/if/value", "whole number"},
		{condition(term("hour", "eq", "24")), "/if/value", "0 to 23"},
		{condition(term("currency", "eq", `"EURO"`)), "/if/value", "ISO 4217"},
		{condition(term("currency", "eq", `978`)), "/if/value", "in quotation marks"},
		{condition(term("country", "in", `["DE","Germany"]`)), "/if/value/1", "two letters"},
		{condition(term("card_bin", "eq", `"4242424242424242"`)), "/if/value", "first 4 to 8 digits"},
		{condition(term("card_bin", "in", `["4000..49999"]`)), "/if/value/0", "as many digits"},
		{condition(term("issuer_name", "contains", `"4242 4242 4242 4242"`)), "/if/value", "card number or an IBAN"},
		{condition(term("metadata.x", "eq", `4242424242424242`)), "/if/value", "card number or an IBAN"},
		{condition(term("metadata.x", "eq", `"DE89370400440532013000"`)), "/if/value", "card number or an IBAN"},
		{condition(term("metadata.x", "gt", `"x"`)), "/if/value", "must be a number"},
		{condition(term("metadata.x", "eq", `""`)), "/if/value", "1 to 256 bytes"},
		{condition(term("metadata.x", "eq", `"`+long+`"`)), "/if/value", "1 to 256 bytes"},
		{condition(term("metadata.x", "eq", `"{nothing}"`)), "/if/value", "known attribute in braces"},
		{condition(term("metadata.x", "eq", `"{}"`)), "/if/value", "known attribute in braces"},
		{nest(17, someLeaf), strings.Repeat("/then", 17), "too deep"},
		{nest(1, nest(1, `{"block":"x","y":1}`)), "/then/then", `unknown member "y"`},
	}
	for _, row := range rows {
		_, err := Parse([]byte(row.tree))
		var fault *Fault
		if !errors.As(err, &fault) || !errors.Is(err, ErrTree) {
			t.Errorf("%.80s: got %v, want a fault", row.tree, err)
			continue
		}
		if fault.Pointer != row.at || !strings.Contains(fault.Rule, row.rule) {
			t.Errorf("%.120s: got %q %q, want %q %q", row.tree, fault.Pointer, fault.Rule, row.at, row.rule)
		}
	}
}

func TestFaultsShowNoNumbers(t *testing.T) {
	const card = "4242424242424242"
	for _, tree := range []string{
		`{"` + card + `":1}`, `{"block":"` + card + `"}`, condition(term("issuer_name", "eq", `"`+card+`"`)), condition(term("card_bin", "eq", card)),
		condition(term(card, "eq", `"x"`)), condition(term("amount", card, "1")), `{"strategies":[{"type":"` + card + `"}]}`, `{"a":{"` + card + `":{"b":1,"b":2}}}`,
	} {
		_, err := Parse([]byte(tree))
		if err == nil || strings.Contains(err.Error(), card) {
			t.Errorf("%s: got %v", tree, err)
		}
	}
}

func TestOneFormIsWrittenOfMany(t *testing.T) {
	rows := []struct{ in, want string }{
		{`{"strategies":[{"type":"by_priority","routes":["por_1","*"]}]}`, `{"strategies":[{"type":"priority","routes":["por_1","*"]}]}`},
		{`{"strategies":[{"type":"by_cost","routes":"*"},{"type":"optimal"}]}`, `{"strategies":[{"type":"cost","routes":["*"]},{"type":"optimal"}]}`},
		{`{"strategies":[{"type":"weighted","routes":[{"route":"a","weight":3},{"route":"*","weight":1}]}]}`, `{"strategies":[{"type":"weight","routes":[{"route":"a","weight":3},{"route":"*","weight":1}]}]}`},
		{`{"strategies":[{"type":"direct","routes":[{"provider":"acme","account":"pacc_1"}]}]}`, ""},
		{`{"block":""}`, ""},
		{`{"name":"Weekdays","block":"shut"}`, ""},
		{condition(term("amount", "<=", "1000")), condition(term("amount", "lte", "1000"))},
		{condition(term("amount", "not in", `["1..5", 7]`)), condition(term("amount", "not_in", `[{"from":"1","to":"5"},7]`))},
		{condition(term("day_of_week", "in", `"[1..5]"`)), condition(term("day_of_week", "in", `{"from":"1","to":"5"}`))},
		{condition(term("day_of_week", "in", `{"from":1,"to":5}`)), condition(term("day_of_week", "in", `{"from":"1","to":"5"}`))},
		{condition(term("amount", "eq", `"12.50"`)), ""},
		{condition(term("amount", "==", `12.50`)), condition(term("amount", "eq", `12.50`))},
		{condition(term("metadata.a b/c~", "~", `"1..5"`)), condition(term("metadata.a b/c~", "contains", `"1..5"`))},
		{condition(term("metadata.ip", "=", `"{customer.metadata.ip}"`)), condition(term("metadata.ip", "eq", `"{customer.metadata.ip}"`))},
		{condition(term("card_bin", "notIn", `["424242","4000..4099"]`)), condition(term("card_bin", "not_in", `["424242",{"from":"4000","to":"4099"}]`))},
		{condition(`{"any":[` + term("currency", "in", `["EUR","usd"]`) + `,{"all":[` + term("amount", "<>", "5") + `]}]}`),
			condition(`{"any":[` + term("currency", "in", `["EUR","usd"]`) + `,{"all":[` + term("amount", "neq", "5") + `]}]}`)},
		{nest(16, someLeaf), `{"if":{"attribute":"amount","operator":"gt","value":1},"then":` + strings.Repeat(`{"if":{"attribute":"amount","operator":"gt","value":1},"then":`, 15) + someLeaf + strings.Repeat(`,"else":{"block":""}}`, 16)},
	}
	for _, row := range rows {
		if row.want == "" {
			row.want = row.in
		}
		got, err := json.Marshal(tree(t, row.in))
		if err != nil || string(got) != row.want {
			t.Errorf("%s: got %s (%v), want %s", row.in, got, err, row.want)
		}
	}
	var none Tree
	if got, err := json.Marshal(struct{ T Tree }{}); err != nil || string(got) != `{"T":null}` {
		t.Errorf("the zero tree: got %s (%v)", got, err)
	}
	if err := json.Unmarshal([]byte("null"), &none); err != nil || none.Root != nil {
		t.Errorf("null: got %v, %v", none, err)
	}
}

func TestReferencesMustLeadToKnownRoutes(t *testing.T) {
	known := []Target{{Route: "r1", Provider: "acme", Account: "a1", Deposit: "d1"}, {Route: "r2", Provider: "bolt", Account: "a2", Deposit: "d2"}}
	rows := []struct{ routes, at string }{
		{`["r1","r2","*"]`, ""},
		{`["r1","r3"]`, "/strategies/0/routes/1"},
		{`[{"provider":"acme"},{"account":"a2"},{"deposit":"d2"}]`, ""},
		{`[{"provider":"acme","account":"a2"}]`, "/strategies/0/routes/0"},
		{`[{"provider":"Acme"}]`, "/strategies/0/routes/0"},
	}
	for _, row := range rows {
		parsed := tree(t, `{"strategies":[{"type":"priority","routes":`+row.routes+`}]}`)
		err := Validate(parsed, known)
		var fault *Fault
		if at := ""; errors.As(err, &fault) {
			if at = fault.Pointer; at != row.at || !strings.Contains(fault.Rule, "no route") {
				t.Errorf("%s: got %v", row.routes, err)
			}
		} else if row.at != "" {
			t.Errorf("%s: got %v, want a fault at %s", row.routes, err, row.at)
		}
		if row.at == "" != (Validate(parsed, []Target{}) == nil) && row.at != "" {
			t.Errorf("%s: of no routes nothing is known", row.routes)
		}
	}
	if err := Validate(tree(t, someLeaf), []Target{}); err != nil {
		t.Errorf("all routes may be none: %v", err)
	}
	if err := Validate(Tree{}, []Target{}); err != nil {
		t.Errorf("the zero tree: %v", err)
	}
}

// TestTreesMadeByHandKeepTheRules: what Parse can't read Validate refuses.
func TestTreesMadeByHandKeepTheRules(t *testing.T) {
	leaf := &Node{Strategies: []Strategy{{Type: Optimal}}}
	on := func(term Term) *Node { return &Node{If: &Expr{Term: &term}, Then: leaf, Else: leaf} }
	loop := &Node{If: &Expr{Term: &Term{"amount", Gt, Value{Items: []Item{{Text: "1"}}}}}, Else: leaf}
	loop.Then = loop
	ring := &Expr{All: make([]Expr, 1)}
	ring.All[0] = *ring
	for i, root := range []*Node{
		{}, loop, {If: ring, Then: leaf, Else: leaf}, {Block: true, Strategies: leaf.Strategies}, {If: &Expr{}, Then: leaf, Else: leaf}, {If: &Expr{All: []Expr{}}, Then: leaf, Else: leaf},
		on(Term{}), on(Term{"amount", "like", Value{}}), on(Term{"amount", Gt, Value{}}), on(Term{"amount", Gt, Value{Items: []Item{{}}}}),
		on(Term{"amount", Gt, Value{Items: []Item{{Text: "007", Number: true}}}}), on(Term{"amount", Gt, Value{Items: []Item{{Text: "1", Ref: "amount"}}}}),
		on(Term{"amount", In, Value{Items: []Item{{To: "1"}}}}), on(Term{"metadata.x", Eq, Value{Items: []Item{{Text: "{x}"}}}}), on(Term{"metadata.x", Eq, Value{Items: []Item{{Text: "\xff"}}}}),
		{Strategies: []Strategy{{}}}, {Strategies: []Strategy{{Type: Priority, Routes: []Ref{{Route: "*"}}}}}, {Strategies: []Strategy{{Type: Weighted, Routes: []Ref{{Route: "a"}}}}},
		{Strategies: []Strategy{{Type: Priority, Routes: []Ref{{Route: "a", Weight: 1}}}}}, {Then: leaf, Else: leaf}, {Name: "\x1b[31m", Block: true},
	} {
		if err := Validate(Tree{root}, nil); !errors.Is(err, ErrTree) {
			t.Errorf("%d: got %v", i, err)
		}
	}
	if err := Validate(Tree{on(Term{"amount", Gt, Value{Items: []Item{{Text: "7", Number: true}}}})}, nil); err != nil {
		t.Error(err)
	}
}

func TestTreeIsBoundedInAll(t *testing.T) {
	wide := func(terms int) string {
		return `{"all":[` + strings.TrimSuffix(strings.Repeat(`{"attribute":"hour","operator":"eq","value":1},`, terms), ",") + `]}`
	}
	if _, err := Parse([]byte(condition(wide(512)))); err != nil {
		t.Errorf("512 comparisons: %v", err)
	}
	if _, err := Parse([]byte(condition(wide(513)))); err == nil || !strings.Contains(err.Error(), "at most 512") {
		t.Errorf("513 comparisons: got %v", err)
	}
	full := func(depth int) string { return "" }
	full = func(depth int) string {
		if depth == 0 {
			return `{"block":""}`
		}
		return `{"if":` + term("hour", "eq", "1") + `,"then":` + full(depth-1) + `,"else":` + full(depth-1) + `}`
	}
	if _, err := Parse([]byte(full(7))); err != nil { // 255 nodes
		t.Errorf("255 nodes: %v", err)
	}
	if _, err := Parse([]byte(full(8))); err == nil || !strings.Contains(err.Error(), "at most 256") {
		t.Errorf("511 nodes: got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{someLeaf, `{"block":""}`, condition(term("amount", "in", `["1..5",{"from":"7","to":8},9]`)), condition(`{"any":[{"all":[` + term("metadata.x", "~", `"{customer.id}"`) + `]}]}`),
		`{"strategies":[{"type":"weight","routes":[{"route":"*","weight":3},{"provider":"a","weight":1}]},{"type":"direct","routes":["b"]}]}`, `{"if":1,"if":2}`, nest(3, someLeaf), `"\ud800"`, "\xff"} {
		f.Add([]byte(seed))
	}
	candidates := []Candidate{fit("a", eur(5)), fit("b", eur(5))}
	facts := Facts{"amount": "0.05", "metadata.x": "1", "customer.id": "c", "card_bin": "42424242", "currency": "EUR"}
	f.Fuzz(func(t *testing.T, data []byte) {
		parsed, err := Parse(data)
		if err != nil {
			if !errors.Is(err, ErrTree) {
				t.Fatalf("got %v", err)
			}
			return
		}
		written, err := json.Marshal(parsed)
		if err != nil {
			t.Fatalf("write: %v", err)
		}
		again, err := Parse(written)
		if err != nil || !reflect.DeepEqual(parsed, again) {
			t.Fatalf("%s was written as %s, and read as another (%v)", data, written, err)
		}
		d := decide(t, Input{Tree: parsed, Candidates: candidates, Facts: facts, Remaining: eur(5)})
		d.Explain(nil)
	})
}
