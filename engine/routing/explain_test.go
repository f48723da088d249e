package routing

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"penstock/engine/money"
)

// TestExplanationIsReadByAPerson has one decision whole.
func TestExplanationIsReadByAPerson(t *testing.T) {
	a, b, c, d := fit("a", eur(25000)), fit("b", eur(25000)), fit("c", jpy(40000)), fit("d", eur(25000))
	a.Max, b.Tried, d.Unlimited, d.Available = eur(10000), true, false, eur(-100)
	c.Convert = func(p money.Amount) (money.Amount, error) { return jpy(p.Minor() * 16 / 10), nil }
	c.Max, c.Cost, c.Paid, c.Failed = jpy(20000), Cost{Rate: 10_000}, 3, 1
	a.Cost = Cost{Fixed: eur(30)}
	decision := decide(t, Input{
		Tree: tree(t, `{"name":"Work days","if":{"any":[`+term("day_of_week", "in", `"1..5"`)+`,{"all":[`+term("amount", "<=", "1000")+`,`+term("issuer_country", "=", `"US"`)+`]}]},
			"then":{"if":`+term("metadata.tier", "=", `"gold"`)+`,"then":{"block":""},"else":{"strategies":[{"type":"direct","routes":["b"]},{"type":"optimal"}]}},"else":{"block":"shut"}}`),
		Facts:      Facts{"amount": "250.00", "day_of_week": "6", "issuer_country": "us", "metadata.tier": "tin"},
		Candidates: []Candidate{a, b, c, d}, Remaining: eur(25000), Split: true, PartsLeft: 4, Seed: 1})
	want := `Asked for EUR 250.00, in 4 parts at most
Condition Work days: day_of_week in [1..5] [6: no] OR (amount <= 1000 [250.00: yes] AND issuer_country = US [us: yes]): yes, so then
Condition: metadata.tier = gold [hidden: no]: no, so else
By one route:
  a pa: refused, EUR 250.00 is above its maximum of EUR 100.00
  b pb: refused, it failed before in this request
  c pc: refused, JPY 40000 is above its maximum of JPY 20000
  d pd: refused, EUR 250.00 is more than is available, EUR -1.00
  Strategy 1, direct: none of its routes can be used
  Strategy 2, optimal: none of its routes can be used
In parts:
  a pa: can take EUR 100.00
  b pb: refused, it failed before in this request
  c pc: can take JPY 20000 for EUR 125.00
  d pd: refused, EUR 0.01 is more than is available, EUR -1.00
  Strategy 1, direct: none of its routes can be used
  Strategy 2, optimal: a pa 67 % (0 of 0 paid, costs EUR 0.30), c pc 33 % (3 of 4 paid, costs JPY 200); takes a pa (draw 910a2dec89025cc1)
Chosen: a pa, EUR 100.00`
	if got := strings.Join(decision.Explain(nil), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	named := decision.Explain(func(route, provider string) string { return "por_" + route })
	if last := named[len(named)-1]; last != "Chosen: por_a, EUR 100.00" {
		t.Errorf("got %q", last)
	}
	short := decide(t, Input{Candidates: []Candidate{d}, Remaining: eur(25000)}).Explain(nil)
	if last := short[len(short)-1]; last != "No route: STRATEGY_CONFIGURED_ROUTES_WERE_FILTERED; money is missing, and once it arrives a route can be used" {
		t.Errorf("got %q", last)
	}
	block := decide(t, Input{Tree: tree(t, `{"block":"shut"}`), Candidates: []Candidate{d}, Remaining: eur(25000)}).Explain(nil)
	if last := block[len(block)-1]; last != "Blocked: STRATEGY_RECEIVED_NO_ROUTES (shut)" {
		t.Errorf("got %q", last)
	}
}

// TestExplanationKeepsNoPersonalData: what customers and metadata say is
// compared, not kept; of a card no more than its first digits, whatever the
// caller gave.
func TestExplanationKeepsNoPersonalData(t *testing.T) {
	secrets := Facts{"customer.email": "jane@secret.test", "customer.id": "cus_secret", "metadata.note": "secret note", "customer.metadata.ip": "10.secret",
		"card_bin": "4242424242424242", "issuer_name": "secret DE89370400440532013000", "business_label": strings.Repeat("secret", 50), "card_type": "\x1b[31mred", "card_brand": "\xff"}
	var terms []string
	for name := range secrets {
		operator, value := "neq", `"x"`
		if name == "card_bin" {
			value = `"555555"`
		}
		terms = append(terms, term(name, operator, value))
	}
	terms = append(terms, term("metadata.note", "neq", `"{customer.email}"`), term("issuer_country", "neq", `"US"`), term("currency", "neq", `"{metadata.note}"`))
	slices.Sort(terms)
	secrets["currency"] = "EUR"
	d := decide(t, Input{Tree: tree(t, condition(`{"all":[`+strings.Join(terms, ",")+`]}`)), Facts: secrets, Candidates: []Candidate{fit("a", eur(5))}, Remaining: eur(5)})
	stored, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	text := string(stored) + strings.Join(d.Explain(nil), "\n")
	for _, secret := range []string{"secret", "424242424", "DE8937", "\x1b"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in the explanation: %s", secret, text)
		}
	}
	if !strings.Contains(text, `"attribute":"card_brand","operator":"neq","value":"x","masked":true`) {
		t.Errorf("what is no text can't be kept: %s", text)
	}
	if !strings.Contains(text, `"actual":"42424242"`) || strings.Count(text, `"absent":true`) != 1 {
		t.Errorf("the first digits are kept, and what is absent is told: %s", text)
	}
}

// TestReplayFindsWhatWasChanged: no number of an explanation can be changed
// without the replay saying so.
func TestReplayFindsWhatWasChanged(t *testing.T) {
	a, b, c := fit("a", eur(1000)), fit("b", eur(1000)), fit("c", eur(1000))
	a.Max, b.Unlimited, b.Available = eur(999), false, eur(999)
	c.Cost = Cost{Fixed: eur(7)}
	in := Input{Tree: tree(t, condition(`{"any":[`+term("amount", "gt", "5")+`,`+term("hour", "in", "[1,2]")+`]}`)), Facts: Facts{"amount": "10.00", "hour": "4"},
		Candidates: []Candidate{a, b, c, fit("d", eur(1000))}, Remaining: eur(1000), Seed: 3}
	a.Max, c.Min, c.Max = eur(300), eur(200), eur(450)
	split := Input{Candidates: []Candidate{a, c}, Remaining: eur(1000), Split: true, PartsLeft: 3, Seed: 3}
	changes := []struct {
		name   string
		in     Input
		change func(d *Decision)
	}{
		{"an actual value", in, func(d *Decision) { d.Path[0].If.Any[0].Actual = "4" }},
		{"a comparison", in, func(d *Decision) { d.Path[0].If.Any[1].Is = true }},
		{"an absent one", in, func(d *Decision) { d.Path[0].If.Any[0].Absent = true }},
		{"a group", in, func(d *Decision) { d.Path[0].If.Is = false }},
		{"the way", in, func(d *Decision) { d.Leaf = "/else" }},
		{"a limit", in, func(d *Decision) { d.Rounds[0].Routes[0].Limit = Figure{eur(1000)} }},
		{"a balance", in, func(d *Decision) { d.Rounds[0].Routes[1].Limit = Figure{eur(1001)} }},
		{"a reason", in, func(d *Decision) { d.Rounds[0].Routes[0].Reason = BelowMin }},
		{"a refused one allowed", in, func(d *Decision) { d.Rounds[0].Tries[0].Field[0].Route = 0 }},
		{"a fee", in, func(d *Decision) { d.Rounds[0].Tries[0].Field[0].Fee = Figure{eur(900)} }},
		{"a weight", in, func(d *Decision) { d.Rounds[0].Tries[0].Field[1].Weight++ }},
		{"the draw", in, func(d *Decision) { d.Rounds[0].Tries[0].Draw ^= 1 << 63 }},
		{"the choice", in, func(d *Decision) { d.Choice.Route = "a" }},
		{"the amount", in, func(d *Decision) { d.Choice.Amount = eur(999) }},
		{"no choice", in, func(d *Decision) { d.Choice = nil }},
		{"the resolution", in, func(d *Decision) { d.Resolution = "UNKNOWN" }},
		{"a shortage", in, func(d *Decision) { d.Short = true }},
		{"a part", split, func(d *Decision) { d.Rounds[1].Routes[0].Slot.Part-- }},
		{"a part's choice", split, func(d *Decision) { d.Choice.Part = eur(1) }},
		{"a slot", split, func(d *Decision) { d.Rounds[1].Routes[1].Slot.To = 300 }},
		{"the number of parts", split, func(d *Decision) { d.Parts = 2 }},
		{"what was asked", split, func(d *Decision) { d.Asked = eur(2000) }},
		{"a round twice", split, func(d *Decision) { d.Rounds = append(d.Rounds, d.Rounds[1]) }},
	}
	for _, row := range changes {
		d := decide(t, row.in)
		if row.change(&d); d.Replay() == nil {
			t.Errorf("%s was changed, and the replay says nothing:\n%s", row.name, strings.Join(d.Explain(nil), "\n"))
		}
	}
}

// drawExpr makes an expression and says, without the code under test, whether
// it holds for hour and amount.
func drawExpr(t *rapid.T, depth, hour, amount int) (Expr, bool) {
	kind := rapid.IntRange(0, 3).Draw(t, "kind")
	if depth == 0 || kind < 2 {
		name, actual := "hour", hour
		if kind == 1 {
			name, actual = "amount", amount
		}
		limit := rapid.IntRange(0, 23).Draw(t, "limit")
		o := rapid.SampledFrom([]Operator{Eq, Neq, Gt, Gte, Lt, Lte}).Draw(t, "operator")
		is := map[Operator]bool{Eq: actual == limit, Neq: actual != limit, Gt: actual > limit, Gte: actual >= limit, Lt: actual < limit, Lte: actual <= limit}[o]
		return Expr{Term: &Term{name, o, Value{Items: []Item{{Text: fmt.Sprint(limit)}}}}}, is
	}
	all, some := true, false
	var members []Expr
	for range rapid.IntRange(1, 3).Draw(t, "members") {
		e, is := drawExpr(t, depth-1, hour, amount)
		members, all, some = append(members, e), all && is, some || is
	}
	if kind == 2 {
		return Expr{All: members}, all
	}
	return Expr{Any: members}, some
}

// drawTree makes a tree and the name of the leaf that it leads to.
func drawTree(t *rapid.T, depth, hour, amount int, candidates int, leaves *int) (*Node, string) {
	if depth == 0 || rapid.IntRange(0, 2).Draw(t, "leaf") == 0 {
		*leaves++
		n := &Node{Name: fmt.Sprint("leaf ", *leaves), Block: rapid.IntRange(0, 5).Draw(t, "block") == 0}
		for range rapid.IntRange(1, 3).Draw(t, "strategies") {
			if n.Block {
				break
			}
			s := Strategy{Type: rapid.SampledFrom(strategyTypes[:]).Draw(t, "type")}
			for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, candidates), 0, candidates, rapid.ID).Draw(t, "routes") {
				s.Routes = append(s.Routes, Ref{Route: fmt.Sprint(i)}) // one of them doesn't exist
				if s.Type == Weighted {
					s.Routes[len(s.Routes)-1].Weight = rapid.Int64Range(1, 9).Draw(t, "weight")
				}
			}
			if s.Type == Direct {
				s.Routes = []Ref{{Route: fmt.Sprint(rapid.IntRange(0, candidates).Draw(t, "direct"))}}
			}
			n.Strategies = append(n.Strategies, s)
		}
		return n, n.Name
	}
	e, is := drawExpr(t, 2, hour, amount)
	then, left := drawTree(t, depth-1, hour, amount, candidates, leaves)
	other, right := drawTree(t, depth-1, hour, amount, candidates, leaves)
	n := &Node{If: &e, Then: then, Else: other}
	if is {
		return n, left
	}
	return n, right
}

// TestDecisionsKeepTheirPromises decides over random trees and routes: the
// branch is the right one, only its routes are taken, none that can't be used
// or out of its limits, and the explanation carries the decision.
func TestDecisionsKeepTheirPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hour, amount := rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(1, 30).Draw(t, "amount")
		whole := eur(int64(amount))
		in := Input{Facts: Facts{"hour": fmt.Sprint(hour), "amount": fmt.Sprint(amount)}, Remaining: whole, Split: rapid.Bool().Draw(t, "split"),
			PartsLeft: rapid.IntRange(0, 5).Draw(t, "parts"), Seed: rapid.Uint64().Draw(t, "seed")}
		n, leaves := rapid.IntRange(0, 5).Draw(t, "candidates"), 0
		for i := range n {
			c := drawCandidate(t, i, whole)
			c.Archived, c.Unhealthy = rapid.IntRange(0, 9).Draw(t, "archived") == 0, rapid.IntRange(0, 9).Draw(t, "unhealthy") == 0
			if rapid.IntRange(0, 9).Draw(t, "refused") == 0 {
				c.Refused = "RATE_NOT_FOUND"
			}
			in.Candidates = append(in.Candidates, c)
		}
		root, name := drawTree(t, 3, hour, amount, n, &leaves)
		in.Tree = Tree{root}
		if err := Validate(in.Tree, nil); err != nil {
			t.Fatalf("%v", err)
		}
		d := decide(t, in)
		leaf := root
		for _, step := range strings.Split(d.Leaf, "/")[1:] {
			leaf = map[string]*Node{"then": leaf.Then, "else": leaf.Else}[step]
		}
		if leaf.Name != name || d.Blocked != leaf.Block {
			t.Fatalf("at %s (%s), should be at %s", leaf.Name, d.Leaf, name)
		}
		if d.Choice == nil {
			return
		}
		keepsLimits(t, in, d)
		if !in.Split && d.Choice.Part != whole {
			t.Fatalf("a part without split: %s", d.Choice.Part)
		}
		last := d.Rounds[len(d.Rounds)-1]
		s := leaf.Strategies[last.Tries[len(last.Tries)-1].Strategy]
		if len(s.Routes) > 0 && !slices.ContainsFunc(s.Routes, func(r Ref) bool { return r.Route == d.Choice.Route }) {
			t.Fatalf("%s isn't among %v", d.Choice.Route, s.Routes)
		}
	})
}
