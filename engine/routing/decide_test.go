package routing

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"penstock/engine/money"
	"penstock/engine/payout"
)

func TestEveryRefusalNamesItsNumber(t *testing.T) {
	rows := []struct {
		name   string
		change func(*Candidate)
		want   Verdict
	}{
		{"archived", func(c *Candidate) { c.Archived, c.Disabled = true, true }, Verdict{Reason: IsArchived}},
		{"disabled", func(c *Candidate) { c.Disabled = true }, Verdict{Reason: IsDisabled}},
		{"unhealthy", func(c *Candidate) { c.Unhealthy = true }, Verdict{Reason: IsUnhealthy}},
		{"tried", func(c *Candidate) { c.Tried = true }, Verdict{Reason: IsTried}},
		{"refused", func(c *Candidate) { c.Refused, c.Whole = "RATE_NOT_FOUND", money.Amount{} }, Verdict{Reason: IsRefused, Detail: "RATE_NOT_FOUND"}},
		{"below", func(c *Candidate) { c.Min = eur(1001) }, Verdict{Reason: BelowMin, Need: Figure{eur(1000)}, Limit: Figure{eur(1001)}}},
		{"above", func(c *Candidate) { c.Max = eur(999) }, Verdict{Reason: AboveMax, Need: Figure{eur(1000)}, Limit: Figure{eur(999)}}},
		{"turnover", func(c *Candidate) { c.TurnoverLeft = eur(999) }, Verdict{Reason: OverTurnover, Need: Figure{eur(1000)}, Limit: Figure{eur(999)}}},
		{"turnover used up", func(c *Candidate) { c.TurnoverLeft = eur(0) }, Verdict{Reason: OverTurnover, Need: Figure{eur(1000)}, Limit: Figure{eur(0)}}},
		{"balance", func(c *Candidate) { c.Unlimited, c.Available = false, eur(999) }, Verdict{Reason: OverBalance, Need: Figure{eur(1000)}, Limit: Figure{eur(999)}}},
		{"balance below nothing", func(c *Candidate) { c.Unlimited, c.Available = false, eur(-5) }, Verdict{Reason: OverBalance, Need: Figure{eur(1000)}, Limit: Figure{eur(-5)}}},
		{"balance not told", func(c *Candidate) { c.Unlimited = false }, Verdict{Reason: OverBalance, Need: Figure{eur(1000)}, Limit: Figure{eur(0)}}},
		{"whole not told", func(c *Candidate) { c.Whole = money.Amount{} }, Verdict{Reason: BadCurrency, Detail: "what it would pay is not known"}},
		{"another whole", func(c *Candidate) { c.Whole = eur(999) }, Verdict{Reason: BadCurrency, Detail: "without an exchange it must pay what was asked for"}},
		{"another currency", func(c *Candidate) { c.Max = jpy(1) }, Verdict{Reason: BadCurrency, Detail: "its limits, balance and cost must be in the currency that it pays"}},
		{"exchanged to nothing", func(c *Candidate) {
			c.Whole, c.Convert = jpy(0), func(money.Amount) (money.Amount, error) { return jpy(0), nil }
		}, Verdict{Reason: BelowMin, Need: Figure{jpy(0)}, Limit: Figure{jpy(1)}}},
		{"exactly at each limit", func(c *Candidate) {
			c.Min, c.Max, c.TurnoverLeft, c.Unlimited, c.Available = eur(1000), eur(1000), eur(1000), false, eur(1000)
		}, Verdict{Need: Figure{eur(1000)}}},
	}
	for _, row := range rows {
		c := fit("a", eur(1000))
		row.change(&c)
		d := decide(t, Input{Candidates: []Candidate{c}, Remaining: eur(1000)})
		row.want.Route, row.want.Provider = "a", "pa"
		if got := d.Rounds[0].Routes[0]; got != row.want {
			t.Errorf("%s: got %+v, want %+v", row.name, got, row.want)
		}
		if usable := row.want.Reason == Usable; (d.Choice != nil) != usable || !usable && d.Resolution != payout.RoutesFiltered {
			t.Errorf("%s: got %s", row.name, chosen(d))
		}
		if d.Short != (row.want.Reason == OverBalance) || d.OnlyShort() != d.Short {
			t.Errorf("%s: short %v, only short %v", row.name, d.Short, d.OnlyShort())
		}
	}
}

func TestShortageIsToldApartFromOtherRefusals(t *testing.T) {
	poor, limited := fit("a", eur(1000)), fit("b", eur(1000))
	poor.Unlimited, poor.Available = false, eur(10)
	limited.Max = eur(10)
	d := decide(t, Input{Candidates: []Candidate{poor, limited}, Remaining: eur(1000)})
	if !d.Short || d.OnlyShort() {
		t.Errorf("one of two is short: got short %v, only short %v", d.Short, d.OnlyShort())
	}
	d = decide(t, Input{Candidates: []Candidate{limited}, Remaining: eur(1000)})
	if d.Short {
		t.Error("over the maximum no money helps")
	}
	// Split into two parts of at most 100, 1000 can't be paid, however much
	// money arrives.
	poor.Max = eur(100)
	d = decide(t, Input{Candidates: []Candidate{poor}, Remaining: eur(1000), Split: true, PartsLeft: 2})
	if d.Short || chosen(d) != "STRATEGY_CONFIGURED_ROUTES_WERE_FILTERED" {
		t.Errorf("got %s", chosen(d))
	}
	d = decide(t, Input{Candidates: []Candidate{poor}, Remaining: eur(1000), Split: true, PartsLeft: 10})
	if !d.OnlyShort() {
		t.Errorf("ten parts of 100 need only money: got %s", strings.Join(d.Explain(nil), "\n"))
	}
}

func TestBranchWithoutRoutesIsNotAFilteredOne(t *testing.T) {
	one := []Candidate{fit("a", eur(5))}
	rows := []struct {
		name, tree, want string
		candidates       []Candidate
	}{
		{"no routes at all", `{"strategies":[{"type":"optimal"}]}`, "STRATEGY_RECEIVED_NO_ROUTES", nil},
		{"names another", `{"strategies":[{"type":"direct","routes":["b"]}]}`, "STRATEGY_RECEIVED_NO_ROUTES", one},
		{"blocks", `{"block":"not on Sundays"}`, "STRATEGY_RECEIVED_NO_ROUTES", one},
		{"second strategy", `{"strategies":[{"type":"direct","routes":["b"]},{"type":"priority"}]}`, "a 5", one},
	}
	for _, row := range rows {
		d := decide(t, Input{Tree: tree(t, row.tree), Candidates: row.candidates, Remaining: eur(5)})
		if got := chosen(d); got != row.want {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
		if d.Blocked != (row.name == "blocks") || d.Blocked && d.Reason != "not on Sundays" {
			t.Errorf("%s: blocked %v %q", row.name, d.Blocked, d.Reason)
		}
	}
	if d := decide(t, Input{Remaining: eur(5)}); chosen(d) != "STRATEGY_RECEIVED_NO_ROUTES" {
		t.Errorf("zero tree without routes: got %s", chosen(d))
	}
	for _, in := range []Input{{Candidates: one}, {Candidates: one, Remaining: eur(0)}, {Candidates: one, Remaining: eur(-5)}, {Candidates: one, Remaining: eur(5), Split: true}} {
		if d := decide(t, in); d.Choice != nil || d.Reason == "" {
			t.Errorf("asked for %s in %d parts: got %s", in.Remaining, in.PartsLeft, chosen(d))
		}
	}
	// A tree that nobody validated ends in nothing, not in a panic.
	for _, root := range []*Node{{}, {If: &Expr{}}, {If: &Expr{Term: &Term{}}, Then: &Node{}}, {Strategies: []Strategy{{Type: "no"}}}, {Strategies: []Strategy{{Type: Weighted, Routes: []Ref{{Weight: -1}}}}}} {
		Decide(Input{Tree: Tree{Root: root}, Candidates: append(one, fit("b", eur(5))), Remaining: eur(5)})
	}
}

func TestStrategiesChooseByTheirNumbers(t *testing.T) {
	a, b, c := fit("a", eur(10000)), fit("b", eur(10000)), fit("c", eur(10000))
	a.Cost, a.Paid, a.Failed = Cost{Rate: 30_000}, 95, 5
	b.Cost, b.Paid, b.Failed = Cost{Rate: 10_000, Fixed: eur(50)}, 99, 1
	c.Cost, c.Paid, c.Failed = Cost{Rate: 1_000, Least: eur(200)}, 0, 0
	a.Unlimited, a.Available, a.AvailableIn = false, eur(20000), eur(20000)
	b.Unlimited, b.Available, b.AvailableIn = false, eur(10000), eur(10000)
	c.Unlimited, c.Available = false, eur(90000) // nobody can compare it
	all := []Candidate{a, b, c}
	rows := []struct{ tree, want string }{
		{`{"strategies":[{"type":"cost"}]}`, "b"},
		{`{"strategies":[{"type":"cost","routes":["a","c"]}]}`, "c"},
		{`{"strategies":[{"type":"balance"}]}`, "a"},
		{`{"strategies":[{"type":"balance","routes":["c","b"]}]}`, "b"},
		{`{"strategies":[{"type":"conversion"}]}`, "b"},
		{`{"strategies":[{"type":"conversion","routes":["c","a"]}]}`, "a"},
		{`{"strategies":[{"type":"priority","routes":["c","a","b"]}]}`, "c"},
		{`{"strategies":[{"type":"direct","routes":[{"provider":"pb"}]}]}`, "b"},
		{`{"strategies":[{"type":"priority","routes":[{"account":"ac"},"*"]}]}`, "c"},
		{`{"strategies":[{"type":"priority","routes":[{"provider":"pa","account":"ac"},{"deposit":"db"}]}]}`, "b"},
		{`{"strategies":[{"type":"direct","routes":["x"]},{"type":"priority","routes":["b","a"]}]}`, "b"},
	}
	for _, row := range rows {
		d := decide(t, Input{Tree: tree(t, row.tree), Candidates: all, Remaining: eur(10000)})
		if d.Choice == nil || d.Choice.Route != row.want {
			t.Errorf("%s: got %s, want %s", row.tree, chosen(d), row.want)
		}
	}
	rich := fit("r", eur(10000))
	d := decide(t, Input{Tree: tree(t, `{"strategies":[{"type":"balance"}]}`), Candidates: append(all, rich), Remaining: eur(10000)})
	if chosen(d) != "r 10000" {
		t.Errorf("money without limit comes first by balance: got %s", chosen(d))
	}
}

// TestCostComparesAcrossCurrencies: what counts is the fee's part of the
// amount, not the number of its minor units.
func TestCostComparesAcrossCurrencies(t *testing.T) {
	a, b := fit("a", jpy(160000)), fit("b", eur(10000))
	a.Convert = func(p money.Amount) (money.Amount, error) { return jpy(p.Minor() * 16), nil }
	a.Cost, b.Cost = Cost{Rate: 20_000}, Cost{Rate: 10_000}
	in := Input{Tree: tree(t, `{"strategies":[{"type":"cost"}]}`), Candidates: []Candidate{a, b}, Remaining: eur(10000)}
	if d := decide(t, in); chosen(d) != "b 10000" {
		t.Errorf("1 %% against 2 %%: got %s", chosen(d))
	}
	in.Candidates[0].Cost = Cost{Rate: 5_000} // JPY 800 against EUR 1.00
	if d := decide(t, in); chosen(d) != "a 10000" || d.Choice.Amount != jpy(160000) {
		t.Errorf("1 %% against 0.5 %%: got %s, %v", chosen(d), d.Choice)
	}
}

// TestNoMoreThanAHundredParts: whatever the caller allows.
func TestNoMoreThanAHundredParts(t *testing.T) {
	a := fit("a", eur(101))
	a.Max = eur(1)
	in := Input{Candidates: []Candidate{a}, Remaining: eur(101), Split: true, PartsLeft: 1000}
	if d := decide(t, in); d.Choice != nil || d.Parts != MaxParts {
		t.Errorf("got %s in %d parts", chosen(d), d.Parts)
	}
	a.Whole, in.Remaining = eur(100), eur(100)
	in.Candidates = []Candidate{a}
	if d := decide(t, in); chosen(d) != "a 1" {
		t.Errorf("got %s", chosen(d))
	}
}

// shares counts which route each of 10,000 seeds gives.
func shares(t *testing.T, in Input) map[string]int {
	t.Helper()
	got := map[string]int{}
	luck := chance{state: 7}
	for range 10_000 {
		in.Seed = luck.next()
		got[Decide(in).Choice.Route]++
	}
	return got
}

func TestWeightsHoldWithinTwoPercent(t *testing.T) {
	a, b, c, down := fit("a", eur(5)), fit("b", eur(5)), fit("c", eur(5)), fit("down", eur(5))
	down.Disabled = true
	a2 := fit("a2", eur(5))
	a2.Provider = a.Provider
	rows := []struct {
		tree string
		want map[string]int // in hundredths
	}{
		{`{"strategies":[{"type":"weight","routes":[{"route":"a","weight":3},{"route":"b","weight":1},{"route":"c","weight":1}]}]}`, map[string]int{"a": 60, "b": 20, "c": 20}},
		{`{"strategies":[{"type":"weight","routes":[{"route":"a","weight":70},{"route":"down","weight":900},{"route":"b","weight":30}]}]}`, map[string]int{"a": 70, "b": 30}},
		{`{"strategies":[{"type":"weight","routes":[{"provider":"pa","weight":60},{"provider":"pb","weight":40}]}]}`, map[string]int{"a": 30, "a2": 30, "b": 40}},
		{`{"strategies":[{"type":"weight","routes":[{"route":"a","weight":50},{"route":"*","weight":50}]}]}`, map[string]int{"a": 50, "a2": 17, "b": 17, "c": 16}},
		{`{"strategies":[{"type":"weight"}]}`, map[string]int{"a": 25, "a2": 25, "b": 25, "c": 25}},
		{`{"strategies":[{"type":"optimal"}]}`, map[string]int{"a": 25, "a2": 25, "b": 25, "c": 25}},
		{`{"strategies":[{"type":"weight","routes":[{"route":"a","weight":1000000},{"route":"b","weight":1}]}]}`, map[string]int{"a": 100, "b": 0}},
	}
	for _, row := range rows {
		in := Input{Tree: tree(t, row.tree), Candidates: []Candidate{a, down, b, a2, c}, Remaining: eur(5)}
		got := shares(t, in)
		for route, n := range got {
			if diff := n - row.want[route]*100; diff < -200 || diff > 200 {
				t.Errorf("%s: %s got %d of 10000, want %d %%", row.tree, route, n, row.want[route])
			}
		}
		decide(t, in)
	}
}

func TestOptimalWeighsConversionAndCost(t *testing.T) {
	a, b := fit("a", eur(10000)), fit("b", eur(10000))
	a.Paid, a.Failed, b.Paid, b.Failed = 950, 50, 950, 50
	a.Cost, b.Cost = Cost{Rate: 10_000}, Cost{Rate: 30_000}
	if got := shares(t, Input{Candidates: []Candidate{a, b}, Remaining: eur(10000)})["a"]; got < 6800 || got > 7200 {
		t.Errorf("1 %% against 3 %%: got %d of 10000, want about 7000", got)
	}
	a.Cost, b.Cost, b.Paid, b.Failed = Cost{}, Cost{}, 620, 380
	if got := shares(t, Input{Candidates: []Candidate{a, b}, Remaining: eur(10000)})["a"]; got < 6800 || got > 7200 {
		t.Errorf("95 of 100 against 62: got %d of 10000, want about 7000", got)
	}
	b.Paid, b.Failed, b.Cost = 0, 1_000_000_000_000, Cost{Rate: 1_000_000, Fixed: eur(1 << 62)}
	if d := decide(t, Input{Candidates: []Candidate{a, b}, Remaining: eur(10000)}); d.Rounds[0].Tries[0].Field[1].Weight < 1 {
		t.Error("each route keeps a chance")
	}
}

func TestCostRoundsUpWithinItsBounds(t *testing.T) {
	rows := []struct {
		c          Cost
		of, want   money.Amount
		wantsError error
	}{
		{Cost{}, eur(1000), eur(0), nil},
		{Cost{Rate: 25_000}, eur(1000), eur(25), nil},
		{Cost{Rate: 25_000}, eur(1001), eur(26), nil},
		{Cost{Rate: 1}, eur(1), eur(1), nil},
		{Cost{Rate: 10_000, Fixed: eur(30)}, eur(1000), eur(40), nil},
		{Cost{Rate: 10_000, Least: eur(50), Most: eur(90)}, eur(1000), eur(50), nil},
		{Cost{Rate: 10_000, Least: eur(50), Most: eur(90)}, eur(100000), eur(90), nil},
		{Cost{Rate: 1_000_000}, eur(1<<63 - 1), eur(1<<63 - 1), nil},
		{Cost{Rate: 1_000_000, Fixed: eur(1)}, eur(1<<63 - 1), money.Amount{}, money.ErrOverflow},
		{Cost{Rate: 1_000_000, Fixed: eur(1), Most: eur(7)}, eur(1<<63 - 1), eur(7), nil},
		{Cost{Fixed: jpy(1)}, eur(5), money.Amount{}, money.ErrMixed},
		{Cost{Fixed: kwd(1)}, kwd(5), kwd(1), nil},
		{Cost{Fixed: eur(1)}, eur(0), eur(0), nil},
	}
	for _, row := range rows {
		got, err := row.c.Of(row.of)
		if got != row.want || !errors.Is(err, row.wantsError) {
			t.Errorf("%+v of %s: got %s (%v), want %s (%v)", row.c, row.of, got, err, row.want, row.wantsError)
		}
	}
	for _, bad := range []Cost{{Rate: -1}, {Rate: 1_000_001}, {Fixed: eur(-1)}, {Fixed: jpy(1)}, {Least: eur(2), Most: eur(1)}, {Most: eur(-1)}} {
		if err := bad.Validate(money.MustCurrency("EUR")); !errors.Is(err, ErrCost) {
			t.Errorf("%+v: got %v", bad, err)
		}
	}
	if err := (Cost{Rate: 1_000_000, Fixed: eur(0), Least: eur(1), Most: eur(1)}).Validate(money.MustCurrency("EUR")); err != nil {
		t.Error(err)
	}
}

// TestFailoverGoesDownTheBranch: each attempt is decided afresh without the
// routes that failed, until nothing is left.
func TestFailoverGoesDownTheBranch(t *testing.T) {
	candidates := []Candidate{fit("a", eur(5)), fit("b", eur(5)), fit("c", eur(5))}
	var got []string
	for range 4 {
		d := decide(t, Input{Tree: tree(t, `{"strategies":[{"type":"direct","routes":["b"]},{"type":"priority","routes":["c","a"]}]}`), Candidates: candidates, Remaining: eur(5)})
		got = append(got, chosen(d))
		for i := range candidates {
			candidates[i].Tried = candidates[i].Tried || d.Choice != nil && d.Choice.Route == candidates[i].Route
		}
	}
	if want := []string{"b 5", "c 5", "a 5", "STRATEGY_CONFIGURED_ROUTES_WERE_FILTERED"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWholeGoesBeforeParts(t *testing.T) {
	a, b := fit("a", eur(150)), fit("b", eur(150))
	a.Max = eur(100)
	in := Input{Tree: tree(t, `{"strategies":[{"type":"direct","routes":["a"]},{"type":"direct","routes":["b"]}]}`), Candidates: []Candidate{a, b}, Remaining: eur(150), Split: true, PartsLeft: 100}
	if got := chosen(decide(t, in)); got != "b 150" {
		t.Errorf("got %s", got)
	}
	in.Candidates = []Candidate{a}
	if got := chosen(decide(t, in)); got != "a 100" {
		t.Errorf("got %s", got)
	}
	in.Split = false
	if got := chosen(decide(t, in)); got != "STRATEGY_CONFIGURED_ROUTES_WERE_FILTERED" {
		t.Errorf("got %s", got)
	}
}

// TestMoneyForAPartIsLeftAloneWhileOthersPay: an account that can't pay a full
// part is emptied only when nothing else will do.
func TestMoneyForAPartIsLeftAloneWhileOthersPay(t *testing.T) {
	poor, other := fit("a", eur(300)), fit("b", eur(300))
	poor.Max, poor.Unlimited, poor.Available = eur(200), false, eur(60)
	other.Max = eur(100)
	in := Input{Tree: tree(t, `{"strategies":[{"type":"priority"}]}`), Candidates: []Candidate{poor, other}, Remaining: eur(300), Split: true, PartsLeft: 100}
	if got := chosen(decide(t, in)); got != "b 100" {
		t.Errorf("got %s", got)
	}
	other.Unlimited, other.Available = false, eur(240)
	in.Candidates = []Candidate{poor, other}
	var got []string
	for in.Remaining.IsPositive() {
		d := decide(t, in)
		got = append(got, chosen(d))
		if d.Choice == nil {
			break
		}
		in.spend(t, d)
	}
	if want := []string{"b 100", "b 100", "a 60", "b 40"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// spend is what the caller does with a choice: the money is held, the rest
// remains.
func (in *Input) spend(t interface{ Fatalf(string, ...any) }, d Decision) {
	in.PartsLeft--
	rest, err := in.Remaining.Sub(d.Choice.Part)
	if err != nil {
		t.Fatalf("%v", err)
	}
	in.Remaining = rest
	in.Candidates = slices.Clone(in.Candidates)
	for i := range in.Candidates {
		c := &in.Candidates[i]
		if c.Convert == nil {
			c.Whole = rest
		} else if c.Whole, err = c.Convert(rest); err != nil {
			t.Fatalf("%v", err)
		}
		if c.Deposit != d.Choice.Deposit {
			continue
		}
		if !c.Unlimited {
			c.Available, _ = c.Available.Sub(d.Choice.Amount)
		}
		if c.TurnoverLeft.IsSet() {
			c.TurnoverLeft, _ = c.TurnoverLeft.Sub(d.Choice.Amount)
		}
	}
}

// benchInput has so many routes as they usually are.
func benchInput(n int) Input {
	var candidates []Candidate
	for i := range n {
		c := fit(fmt.Sprintf("01hx000000000000000000%04d", i), eur(10000))
		c.Unlimited, c.Available, c.AvailableIn, c.Paid, c.Failed = false, eur(50000), eur(50000), int64(90+i), 10
		c.Cost = Cost{Rate: int64(10_000 + i*1000), Fixed: eur(20)}
		candidates = append(candidates, c)
	}
	return Input{Candidates: candidates, Remaining: eur(10000), Facts: Facts{"amount": "100.00", "day_of_week": "3", "issuer_country": "US"}}
}

func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{1, 5} {
		in := benchInput(n)
		b.Run(fmt.Sprintf("optimal of %d", n), func(b *testing.B) {
			for b.Loop() {
				Decide(in)
			}
		})
	}
	for _, n := range []int{1, 5} {
		d := Decide(benchInput(n))
		b.Run(fmt.Sprintf("append of %d", n), func(b *testing.B) {
			var dst []byte
			for b.Loop() {
				dst = d.AppendJSON(dst[:0])
			}
			b.ReportMetric(float64(len(dst)), "bytes")
		})
	}
	b.Run("condition and priority of 5", func(b *testing.B) {
		in := benchInput(5)
		in.Tree, _ = Parse([]byte(condition(`{"any":[` + term("day_of_week", "in", `"1..5"`) + `,{"all":[` + term("amount", "lte", "1000") + `,` + term("issuer_country", "eq", `"US"`) + `]}]}`)))
		for b.Loop() {
			Decide(in)
		}
	})
	b.Run("parts of 5 over an exchange", func(b *testing.B) {
		in := benchInput(5)
		for i := range in.Candidates {
			c := &in.Candidates[i]
			c.Convert = func(p money.Amount) (money.Amount, error) { return jpy(p.Minor() * 16234 / 10000), nil }
			c.Whole, _ = c.Convert(in.Remaining)
			c.Min, c.Max, c.Available, c.Cost = jpy(100), jpy(int64(3000+i)), jpy(int64(9000+i)), Cost{}
		}
		in.Split, in.PartsLeft = true, MaxParts
		for b.Loop() {
			if Decide(in).Choice == nil {
				b.Fatal("no part")
			}
		}
	})
	b.Run("made-up limits of 60", func(b *testing.B) {
		in := benchInput(60)
		for i := range in.Candidates {
			c := &in.Candidates[i]
			c.Whole, c.Min, c.Max, c.Available, c.Cost = eur(1_000_000_007), eur(int64(10_000_003+7919*i)), eur(int64(10_000_006+7919*i)), eur(40_000_000), Cost{}
		}
		in.Remaining, in.Split, in.PartsLeft = eur(1_000_000_007), true, MaxParts
		for b.Loop() {
			Decide(in)
		}
	})
}
