package routing

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"penstock/engine/money"
)

// divisible says by trying everything whether an amount can be paid in at most
// so many parts, given each route's limits and each account's money.
func divisible(slots []*Slot, caps []int64, asked int64, parts int) bool {
	if asked == 0 {
		return true
	}
	if parts == 0 {
		return false
	}
	for i, s := range slots {
		if s == nil {
			continue
		}
		group := groupOf(s, i)
		for part := min(s.To, caps[group], asked); part >= s.From; part-- {
			caps[group] -= part
			ok := divisible(slots, caps, asked-part, parts-1)
			caps[group] += part
			if ok {
				return true
			}
		}
	}
	return false
}

// bruteLargest is largestPart by trying everything.
func bruteLargest(slots []*Slot, chosen int, asked int64, parts int) int64 {
	s := slots[chosen]
	if s == nil || parts < 2 {
		return 0
	}
	caps := make([]int64, len(slots))
	for i := range caps {
		caps[i] = math.MaxInt64
	}
	for i, s := range slots {
		if s != nil {
			caps[groupOf(s, i)] = min(caps[groupOf(s, i)], s.Cap)
		}
	}
	group := groupOf(s, chosen)
	for part := min(s.To, caps[group], asked); part >= s.From; part-- {
		caps[group] -= part
		if divisible(slots, caps, asked-part, parts-1) {
			return part
		}
		caps[group] += part
	}
	return 0
}

func drawSlots(t *rapid.T, asked int64) []*Slot {
	slots := make([]*Slot, rapid.IntRange(1, 4).Draw(t, "routes"))
	for i := range slots {
		if rapid.IntRange(0, 9).Draw(t, "refused") == 0 {
			continue
		}
		from := rapid.Int64Range(1, asked).Draw(t, "from")
		slots[i] = &Slot{From: from, To: rapid.Int64Range(from, asked).Draw(t, "to"), Cap: asked}
		if rapid.Bool().Draw(t, "counted") {
			slots[i].Cap = rapid.Int64Range(0, asked).Draw(t, "cap")
		}
		for j := range i {
			if slots[j] != nil && slots[j].Group == 0 && rapid.IntRange(0, 3).Draw(t, "same account") == 0 {
				slots[i].Group = j + 1
				break
			}
		}
	}
	return slots
}

// TestLargestPartIsThatOfTryingEverything compares the search with brute
// force on small numbers.
func TestLargestPartIsThatOfTryingEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		asked := rapid.Int64Range(1, 24).Draw(t, "asked")
		slots := drawSlots(t, asked)
		parts := rapid.IntRange(0, 6).Draw(t, "parts")
		chosen := rapid.IntRange(0, len(slots)-1).Draw(t, "chosen")
		got, want := largestPart(slots, chosen, asked, parts), bruteLargest(slots, chosen, asked, parts)
		if got != want {
			text := ""
			for _, s := range slots {
				text += fmt.Sprintf(" %+v", s)
			}
			t.Fatalf("%d in %d parts, route %d of%s: got %d, want %d", asked, parts, chosen, text, got, want)
		}
	})
}

// TestLargestPartOfLargeNumbers: nothing overflows, and the search ends.
func TestLargestPartOfLargeNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		asked := rapid.Int64Range(1, math.MaxInt64).Draw(t, "asked")
		slots := drawSlots(t, asked)
		parts := rapid.IntRange(2, MaxParts).Draw(t, "parts")
		for i, s := range slots {
			got := largestPart(slots, i, asked, parts)
			if got == 0 {
				continue
			}
			if got < s.From || got > min(s.To, s.Cap, asked) {
				t.Fatalf("part %d of %+v", got, s)
			}
		}
	})
}

// TestSplitNeedsEveryTrick has the cases in which a greedy split fails.
func TestSplitNeedsEveryTrick(t *testing.T) {
	rows := []struct {
		name  string
		asked int64
		parts int
		slots []*Slot
		want  []int64 // of each route; zero: none
	}{
		{"the last part would be too small", 205, 100, []*Slot{{From: 10, To: 100, Cap: 205}}, []int64{100}},
		{"so this one gives way", 105, 100, []*Slot{{From: 10, To: 100, Cap: 105}}, []int64{95}},
		{"half and half", 19, 2, []*Slot{{From: 9, To: 10, Cap: 19}}, []int64{10}},
		{"no number of parts fits", 25, 100, []*Slot{{From: 9, To: 10, Cap: 25}}, []int64{0}},
		{"exactly as many parts as there are", 1000, 10, []*Slot{{From: 1, To: 100, Cap: 1000}}, []int64{100}},
		{"one part too few", 1000, 9, []*Slot{{From: 1, To: 100, Cap: 1000}}, []int64{0}},
		{"another route takes the rest", 25, 3, []*Slot{{From: 9, To: 10, Cap: 25}, {From: 5, To: 5, Cap: 25}}, []int64{10, 5}},
		{"not the largest, or the other can't", 100, 2, []*Slot{{From: 1, To: 80, Cap: 100}, {From: 40, To: 60, Cap: 100}}, []int64{80, 60}},
		{"the money of two accounts", 100, 9, []*Slot{{From: 1, To: 100, Cap: 70}, {From: 1, To: 100, Cap: 30}}, []int64{70, 30}},
		{"one short of it", 101, 9, []*Slot{{From: 1, To: 100, Cap: 70}, {From: 1, To: 100, Cap: 30}}, []int64{0, 0}},
		{"two routes of one account", 101, 9, []*Slot{{From: 1, To: 100, Cap: 100}, {From: 1, To: 100, Cap: 100, Group: 1}}, []int64{0, 0}},
		{"the last of the money must not be under the minimum", 110, 9, []*Slot{{From: 20, To: 100, Cap: 110}}, []int64{90}},
		{"one part is the whole, and no split", 50, 1, []*Slot{{From: 1, To: 100, Cap: 50}}, []int64{0}},
		{"as large as can be", math.MaxInt64, 100, []*Slot{{From: 1, To: math.MaxInt64 / 50, Cap: math.MaxInt64}}, []int64{math.MaxInt64 / 50}},
	}
	for _, row := range rows {
		for i := range row.slots {
			if got := largestPart(row.slots, i, row.asked, row.parts); got != row.want[i] {
				t.Errorf("%s: route %d: got %d, want %d", row.name, i, got, row.want[i])
			}
		}
	}
}

// TestSearchOfMadeUpLimitsEnds: limits that are made to defeat the search cost
// no more than its budget, and what it finds holds.
func TestSearchOfMadeUpLimitsEnds(t *testing.T) {
	var slots []*Slot
	for i := range int64(60) {
		slots = append(slots, &Slot{From: 1_000_003 + 7919*i, To: 1_000_003 + 7919*i + 3, Cap: 40_000_000})
	}
	for _, asked := range []int64{1_000_000_007, 99_999_999, 12_345_678} {
		d := newDivision(slots, 0, asked)
		d.left = budget
		d.seek(0, MaxParts-1, 0, 0)
		if d.left < 0 {
			t.Errorf("%d: the budget is no bound: %d", asked, d.left)
		}
		if part := largestPart(slots, 0, asked, MaxParts); part != 0 && (part < slots[0].From || part > slots[0].To) {
			t.Errorf("%d: part %d", asked, part)
		}
	}
}

// TestPartsAddUpAndNothingIsStranded follows whole splits: wherever a split
// exists, each part is within its route's limits, the parts sum to the
// request, and there are no more than allowed.
func TestPartsAddUpAndNothingIsStranded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		asked := rapid.Int64Range(1, 30).Draw(t, "asked")
		in := Input{Remaining: eur(asked), Split: true, PartsLeft: rapid.IntRange(1, 7).Draw(t, "parts"), Seed: rapid.Uint64().Draw(t, "seed")}
		for i := range rapid.IntRange(1, 4).Draw(t, "routes") {
			c := drawCandidate(t, i, eur(asked))
			if i > 0 && rapid.IntRange(0, 4).Draw(t, "same account") == 0 {
				first := in.Candidates[0]
				c.Deposit, c.Unlimited, c.Available, c.TurnoverLeft = first.Deposit, first.Unlimited, first.Available, first.TurnoverLeft
			}
			in.Candidates = append(in.Candidates, c)
		}
		kind := rapid.SampledFrom([]StrategyType{Optimal, Priority, Weighted, Balance, Cheapest, Conversion}).Draw(t, "strategy")
		in.Tree = Tree{Root: &Node{Strategies: []Strategy{{Type: kind}}}}
		possible := splitExists(t, in)
		var parts []int64
		limit := in.PartsLeft
		for in.Remaining.IsPositive() {
			in.Seed++
			d := decide(t, in)
			if d.Choice == nil {
				break
			}
			keepsLimits(t, in, d)
			parts = append(parts, d.Choice.Part.Minor())
			in.spend(t, d)
		}
		if len(parts) > limit {
			t.Fatalf("%d parts, %d allowed", len(parts), limit)
		}
		if possible && in.Remaining.IsPositive() {
			t.Fatalf("a split of %d exists, and after %v there remains %s", asked, parts, in.Remaining)
		}
		if !possible && len(parts) > 0 {
			t.Fatalf("no split of %d exists, yet %v went out", asked, parts)
		}
	})
}

// drawCandidate is a route of the request's currency with small numbers.
func drawCandidate(t *rapid.T, i int, whole money.Amount) Candidate {
	c := fit(fmt.Sprint(i), whole)
	if rapid.Bool().Draw(t, "has min") {
		c.Min = eur(rapid.Int64Range(0, 15).Draw(t, "min"))
	}
	if rapid.Bool().Draw(t, "has max") {
		c.Max = eur(rapid.Int64Range(1, 20).Draw(t, "max"))
	}
	if rapid.Bool().Draw(t, "counted") {
		c.Unlimited, c.Available = false, eur(rapid.Int64Range(-2, 30).Draw(t, "available"))
		c.AvailableIn = c.Available
	}
	if rapid.IntRange(0, 3).Draw(t, "has turnover") == 0 {
		c.TurnoverLeft = eur(rapid.Int64Range(0, 30).Draw(t, "turnover"))
	}
	c.Disabled = rapid.IntRange(0, 9).Draw(t, "disabled") == 0
	c.Tried = rapid.IntRange(0, 9).Draw(t, "tried") == 0
	c.Paid, c.Failed = rapid.Int64Range(0, 20).Draw(t, "paid"), rapid.Int64Range(0, 20).Draw(t, "failed")
	c.Cost = Cost{Rate: rapid.Int64Range(0, 50_000).Draw(t, "rate")}
	return c
}

// splitExists says by trying everything whether the request can be paid,
// reading the candidates by itself.
func splitExists(t *rapid.T, in Input) bool {
	first := in.Candidates[0]
	slots, caps := make([]*Slot, len(in.Candidates)), make([]int64, len(in.Candidates))
	for i, c := range in.Candidates {
		caps[i] = math.MaxInt64
		s := &Slot{From: max(1, c.Min.Minor()), To: in.Remaining.Minor()}
		if c.Max.IsSet() {
			s.To = min(s.To, c.Max.Minor())
		}
		group := i
		if i > 0 && c.Deposit == first.Deposit {
			group, s.Group = 0, 1
		}
		if c.Disabled || c.Tried {
			continue
		}
		slots[i] = s
		if !c.Unlimited {
			caps[group] = min(caps[group], c.Available.Minor())
		}
		if c.TurnoverLeft.IsSet() {
			caps[group] = min(caps[group], c.TurnoverLeft.Minor())
		}
	}
	return divisible(slots, caps, in.Remaining.Minor(), in.PartsLeft)
}

// keepsLimits holds a choice against the candidate's own numbers.
func keepsLimits(t interface{ Fatalf(string, ...any) }, in Input, d Decision) {
	i := slices.IndexFunc(in.Candidates, func(c Candidate) bool { return c.Route == d.Choice.Route })
	c, pays := in.Candidates[i], d.Choice.Amount
	converted, err := c.pays(d.Choice.Part)
	switch {
	case err != nil || converted != pays:
		t.Fatalf("%s is %s by the route's exchange (%v), not %s", d.Choice.Part, converted, err, pays)
	case c.Disabled || c.Archived || c.Tried || c.Unhealthy || c.Refused != "":
		t.Fatalf("picked what can't be used: %+v", c)
	case pays.Minor() < 1 || pays.Minor() < c.Min.Minor() || c.Max.IsSet() && pays.Minor() > c.Max.Minor():
		t.Fatalf("%s is out of the limits %s to %s", pays, c.Min, c.Max)
	case !c.Unlimited && pays.Minor() > c.Available.Minor(), c.TurnoverLeft.IsSet() && pays.Minor() > c.TurnoverLeft.Minor():
		t.Fatalf("%s is more than there is", pays)
	case !d.Choice.Part.IsPositive() || d.Choice.Part.Minor() > in.Remaining.Minor():
		t.Fatalf("part %s of %s", d.Choice.Part, in.Remaining)
	}
}

// TestSplitAcrossExchanges follows whole splits over routes of other
// currencies, finer and coarser ones, at large numbers.
func TestSplitAcrossExchanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		asked := eur(rapid.Int64Range(1, 2_000_000).Draw(t, "asked"))
		in := Input{Remaining: asked, Split: true, PartsLeft: MaxParts, Seed: rapid.Uint64().Draw(t, "seed")}
		for i := range rapid.IntRange(1, 4).Draw(t, "routes") {
			in.Candidates = append(in.Candidates, drawExchanged(t, i, asked))
		}
		total, parts := int64(0), 0
		for in.Remaining.IsPositive() {
			d := decide(t, in)
			if d.Choice == nil {
				if parts > 0 && !d.Short {
					t.Fatalf("stranded at %s of %s after %d parts", in.Remaining, asked, parts)
				}
				break
			}
			keepsLimits(t, in, d)
			total, parts = total+d.Choice.Part.Minor(), parts+1
			in.spend(t, d)
		}
		if parts > MaxParts || parts > 0 && in.Remaining.IsZero() && total != asked.Minor() {
			t.Fatalf("%d parts sum to %d of %s", parts, total, asked)
		}
		if parts > 0 && !in.Remaining.IsZero() {
			t.Fatalf("%s of %s went out, and no more", eur(total), asked)
		}
	})
}

func drawExchanged(t *rapid.T, i int, asked money.Amount) Candidate {
	to := rapid.SampledFrom([]string{"EUR", "JPY", "KWD"}).Draw(t, "currency")
	c, currency := fit(fmt.Sprint(i), asked), money.MustCurrency(to)
	if to != "EUR" {
		rate := rapid.Int64Range(1, 5_000).Draw(t, "rate in thousandths")
		c.Convert = func(a money.Amount) (money.Amount, error) { return money.New(a.Minor()*rate/1000, currency), nil }
		c.Whole, _ = c.Convert(asked)
	}
	if rapid.Bool().Draw(t, "has min") {
		c.Min = money.New(rapid.Int64Range(0, 50_000).Draw(t, "min"), currency)
	}
	if rapid.Bool().Draw(t, "has max") {
		c.Max = money.New(rapid.Int64Range(1, 500_000).Draw(t, "max"), currency)
	}
	if rapid.Bool().Draw(t, "counted") {
		c.Unlimited, c.Available = false, money.New(rapid.Int64Range(0, 2_000_000).Draw(t, "available"), currency)
	}
	return c
}

// TestMostIsFoundExactly compares the guess and search of most with every
// part there is.
func TestMostIsFoundExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		asked := rapid.Int64Range(1, 300).Draw(t, "asked")
		up, down := rapid.Int64Range(1, 900).Draw(t, "up"), rapid.Int64Range(1, 900).Draw(t, "down")
		calls := 0
		convert := func(a money.Amount) (money.Amount, error) { calls++; return jpy(a.Minor() * up / down), nil }
		c := Candidate{Convert: convert, Whole: jpy(asked * up / down)}
		limit := rapid.Int64Range(-1, c.Whole.Minor()+2).Draw(t, "limit")
		want := int64(0)
		for part := range asked + 1 {
			if part*up/down <= limit {
				want = part
			}
		}
		got, err := c.most(limit, eur(asked))
		if err != nil || got != want {
			t.Fatalf("got %d (%v), want %d", got, err, want)
		}
	})
	// The usual rates take a few calls.
	calls := 0
	convert := func(a money.Amount) (money.Amount, error) { calls++; return jpy(a.Minor() * 16234 / 10000), nil }
	c := Candidate{Convert: convert, Whole: jpy(1_000_000_000 * 16234 / 10000)}
	if got, err := c.most(500_000_000, eur(1_000_000_000)); err != nil || got != 307995565 || calls > 12 {
		t.Errorf("got %d (%v) in %d calls", got, err, calls)
	}
}
