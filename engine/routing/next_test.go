package routing

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"penstock/engine/money"
	"penstock/engine/payout"
)

// dealing is a request that is paid as the engine pays it: payout.Next says
// what is to be paid, Decide by which route.
type dealing struct {
	wish    payout.Wish
	tree    Tree
	routes  []Candidate // Whole, Available and Tried are filled in for each decision
	rates   []int64     // by route, in thousandths; zero: the request's own currency
	left    []int64     // by route, on its deposit account
	payouts []payout.Payout
}

func drawDealing(t *rapid.T) *dealing {
	d := &dealing{wish: payout.Wish{Amount: eur(rapid.Int64Range(1, 2_000_000).Draw(t, "amount")), AttemptsLimit: rapid.IntRange(0, 3).Draw(t, "limit"),
		Split: rapid.Bool().Draw(t, "split"), Parallel: rapid.Bool().Draw(t, "parallel"), Whole: rapid.Bool().Draw(t, "whole")}}
	types := []StrategyType{Optimal, Priority, Balance, Cheapest, Conversion}
	d.tree = Tree{Root: &Node{Strategies: []Strategy{{Type: rapid.SampledFrom(types).Draw(t, "strategy")}, {Type: Optimal}}}}
	for i := range rapid.IntRange(1, 5).Draw(t, "routes") {
		c := drawExchanged(t, i, d.wish.Amount)
		rate := int64(0)
		if c.Convert != nil {
			one, _ := c.Convert(eur(1000))
			rate = one.Minor()
		}
		c.Cost = Cost{Rate: rapid.Int64Range(0, 30_000).Draw(t, "fee")}
		d.routes, d.rates, d.left = append(d.routes, c), append(d.rates, rate), append(d.left, c.Available.Minor())
	}
	return d
}

// input is the decision about a move, as the engine puts it.
func (d *dealing) input(m payout.Move, seed uint64) Input {
	in := Input{Tree: d.tree, Facts: Facts{}, Remaining: m.Amount, Split: d.wish.Split, PartsLeft: payout.MaxPieces, Seed: seed}
	for _, p := range d.payouts {
		if p.Piece != m.Piece {
			in.PartsLeft = min(in.PartsLeft, payout.MaxPieces-p.Piece)
		}
	}
	for i, c := range d.routes {
		c.Whole, c.Tried = m.Amount, slices.Contains(m.Tried, c.Route)
		if c.Convert != nil {
			c.Whole, _ = c.Convert(m.Amount)
		}
		if !c.Unlimited {
			fee, _ := c.Cost.Of(c.Whole)
			c.Available = money.New(max(0, d.left[i]-fee.Minor()), c.Whole.Currency())
		}
		in.Candidates = append(in.Candidates, c)
	}
	return in
}

// pay makes the payout that was decided, and holds it against its route.
func (d *dealing) pay(t *rapid.T, m payout.Move, c *Choice) {
	i := slices.IndexFunc(d.routes, func(r Candidate) bool { return r.Route == c.Route })
	r, part := d.routes[i], c.Part.Minor()
	want := part
	if d.rates[i] > 0 {
		want = part * d.rates[i] / 1000
	}
	switch {
	case slices.ContainsFunc(d.payouts, func(p payout.Payout) bool { return p.Piece == m.Piece && p.Route == c.Route }):
		t.Fatalf("route %s has failed for piece %d and is tried again", c.Route, m.Piece)
	case part <= 0 || part > m.Amount.Minor() || !d.wish.Split && part != m.Amount.Minor():
		t.Fatalf("a part of %d of %s", part, m.Amount)
	case c.Amount.Minor() != want || want < 1:
		t.Fatalf("%s for a part of %d at %d thousandths", c.Amount, part, d.rates[i])
	case r.Min.IsSet() && want < r.Min.Minor() || r.Max.IsSet() && want > r.Max.Minor():
		t.Fatalf("%s by a route from %s to %s", c.Amount, r.Min, r.Max)
	}
	p := payout.Payout{ID: fmt.Sprint(len(d.payouts) + 1), N: len(d.payouts) + 1, Piece: m.Piece, Amount: c.Amount, Route: c.Route, Status: payout.Pending}
	if c.Part != c.Amount {
		p.Share = c.Part
	}
	if !r.Unlimited {
		fee, _ := r.Cost.Of(c.Amount)
		if d.left[i] -= want + fee.Minor(); d.left[i] < 0 {
			t.Fatalf("%s and a fee of %s overdraw the account by %d", c.Amount, fee, -d.left[i])
		}
	}
	d.payouts = append(d.payouts, p)
}

// end ends one of the payouts that are on their way.
func (d *dealing) end(t *rapid.T) {
	open := []int{}
	for i, p := range d.payouts {
		if !p.Status.Ended() {
			open = append(open, i)
		}
	}
	if len(open) == 0 {
		t.Fatal("it waits for nobody")
	}
	p := &d.payouts[rapid.SampledFrom(open).Draw(t, "which")]
	ends := []payout.Status{payout.Paid, payout.Paid, payout.Paid, payout.PartlyPaid, payout.Failed, payout.Failed, payout.Returned, payout.Cancelled}
	p.Status = rapid.SampledFrom(ends).Draw(t, "end")
	p.Resolution = rapid.SampledFrom([]string{"declined", "declined", "invalid_account"}).Draw(t, "why")
	switch {
	case p.Status == payout.Paid || p.Status == payout.PartlyPaid && p.Amount.Minor() == 1:
		p.Status, p.Moved = payout.Paid, p.Amount
	case p.Status == payout.PartlyPaid:
		p.Moved = money.New(rapid.Int64Range(1, p.Amount.Minor()-1).Draw(t, "moved"), p.Amount.Currency())
	case p.Status == payout.Failed && rapid.IntRange(0, 30).Draw(t, "after all") == 0:
		p.Moved = p.Amount
	}
}

// judge holds what is out against the request.
func (d *dealing) judge(t *rapid.T) {
	out, standing, tries := int64(0), map[int]int{}, map[int]int{}
	for _, p := range d.payouts {
		if tries[p.Piece]++; p.Piece < 1 || p.Piece > payout.MaxPieces {
			t.Fatalf("piece %d", p.Piece)
		}
		switch {
		case p.Out():
			out, standing[p.Piece] = out+p.Covers().Minor(), standing[p.Piece]+1
		case !p.Status.Ended():
			out, standing[p.Piece] = out+p.Asks().Minor(), standing[p.Piece]+1
		}
		if standing[p.Piece] > 1 {
			t.Fatalf("piece %d is paid by two payouts: %+v", p.Piece, d.payouts)
		}
		if tries[p.Piece] > 1+d.wish.AttemptsLimit {
			t.Fatalf("piece %d had %d payouts with a limit of %d", p.Piece, tries[p.Piece], d.wish.AttemptsLimit)
		}
	}
	if out > d.wish.Amount.Minor() {
		t.Fatalf("%d of %s is out", out, d.wish.Amount)
	}
}

// TestWhatIsPaidNextIsPaidOnce: whatever becomes of the payouts, Next and
// Decide together never have more out than was asked for, keep every limit and
// every attempt, and come to an end.
func TestWhatIsPaidNextIsPaidOnce(t *testing.T) {
	may := func(why string) bool { return payout.DefaultFailover().Allows(payout.Resolve(why, payout.Failed)) }
	rapid.Check(t, func(t *rapid.T) {
		d := drawDealing(t)
		for range 1000 {
			d.judge(t)
			m := payout.Next(d.wish, d.payouts, may)
			switch m.Turn {
			case payout.Pay:
				in := d.input(m, rapid.Uint64().Draw(t, "seed"))
				made := Decide(in)
				if err := made.Replay(); err != nil {
					t.Fatal(err)
				}
				if made.Choice != nil {
					d.pay(t, m, made.Choice)
					continue
				}
				if m = payout.Blocked(d.wish, d.payouts); m.Turn == payout.Rest {
					d.end(t)
					continue
				}
			case payout.Rest:
				d.end(t)
				continue
			}
			d.over(t, m)
			return
		}
		t.Fatal("no end")
	})
}

// over holds the end against what was wished for: it isn't failed with money
// out, and less than the whole is the end only where that was allowed.
func (d *dealing) over(t *rapid.T, m payout.Move) {
	covered, stopped := int64(0), false
	for _, p := range d.payouts {
		covered += p.Covers().Minor()
		stopped = stopped || p.Status == payout.Returned || p.Status == payout.Cancelled
		if !p.Status.Ended() {
			t.Fatalf("%s with a payout on its way", m.Turn)
		}
	}
	end := payout.Outcome(d.wish.Amount, d.payouts, m.Turn == payout.Stuck)
	switch {
	case covered > 0 && end == payout.NonePaid:
		t.Fatalf("failed with %d out", covered)
	case covered == d.wish.Amount.Minor() && end != payout.AllPaid:
		t.Fatalf("all of it is out and it is %s", end)
	case m.Turn == payout.Finish && d.wish.Whole && covered > 0 && covered < d.wish.Amount.Minor():
		t.Fatalf("%d of %s is all, and nobody was asked", covered, d.wish.Amount)
	case m.Turn == payout.Finish && !d.wish.Split && !stopped && covered == 0 && end != payout.NonePaid:
		t.Fatalf("nothing is out and it is %s", end)
	}
}
