package routing

import (
	"penstock/engine/money"
	"penstock/engine/payout"
)

// Decide chooses a route, or says why there is none. It never picks a route
// that is archived, disabled, unhealthy, tried or refused, nor an amount
// outside of the route's limits, turnover or available money.
//
// The whole of what remains goes by one route if any strategy of the branch
// gives one that takes it. Otherwise, and only with Split, the strategies are
// asked again for a part: the largest that the route takes and that leaves
// what the routes of the branch can pay in the parts that are left. Money for
// less than the route's largest part is touched only when nothing else pays.
// The parts of a request add up to its amount exactly, since each decision is
// about what remains.
func Decide(in Input) Decision {
	d := Decision{Asked: in.Remaining, Resolution: payout.NoRoutes}
	leaf := d.walk(in.Tree, in.Facts)
	strategies := unplanned[:]
	switch {
	case leaf != nil && leaf.Block:
		d.Blocked, d.Reason = true, leaf.Reason
		return d
	case leaf != nil:
		strategies = leaf.Strategies
	case in.Tree.Root != nil:
		return d
	}
	r := round{Round: Round{Kind: RoundWhole}, asked: in.Remaining, from: named(in.Candidates, strategies)}
	if len(r.from) == 0 {
		return d
	}
	d.Resolution = payout.RoutesFiltered
	if in.Split {
		d.Parts = min(max(in.PartsLeft, 0), MaxParts)
	}
	switch {
	case !in.Remaining.IsPositive():
		d.Reason = "nothing remains to be paid"
		return d
	case in.Split && d.Parts == 0:
		d.Reason = "no more parts are allowed"
		return d
	}
	d.seek(&r, strategies, chance{in.Seed})
	return d
}

// unplanned is what a service does without a tree.
var unplanned = [...]Strategy{{Type: Optimal}}

// seek goes through the rounds until one gives a choice.
func (d *Decision) seek(r *round, strategies []Strategy, luck chance) {
	r.Routes = make([]Verdict, len(r.from))
	for i, c := range r.from {
		r.Routes[i] = c.judge(r.asked)
	}
	if r.ask(d, strategies, &luck) || d.Parts < 2 {
		return
	}
	whole := r.Routes
	for _, kind := range [...]RoundKind{RoundParts, RoundDrain} {
		*r = round{Round: Round{Kind: kind, Routes: append([]Verdict(nil), whole...)}, asked: r.asked, from: r.from}
		r.judgeParts(d.Parts)
		if r.ask(d, strategies, &luck) || !r.leaves() {
			return
		}
	}
}

// round is a Round in the making.
type round struct {
	Round
	asked money.Amount
	from  []*Candidate // those of Routes
}

// named are the candidates that any of the strategies names.
func named(candidates []Candidate, strategies []Strategy) []*Candidate {
	out := make([]*Candidate, 0, len(candidates))
	for i := range candidates {
		if anyNames(strategies, &candidates[i].Target) {
			out = append(out, &candidates[i])
		}
	}
	return out
}

func anyNames(strategies []Strategy, t *Target) bool {
	for i := range strategies {
		if len(strategies[i].Routes) == 0 {
			return true
		}
		for j := range strategies[i].Routes {
			if strategies[i].Routes[j].names(t) {
				return true
			}
		}
	}
	return false
}

// ask asks the strategies from the first to the last and says whether one
// gave a route, which is then d's choice.
func (r *round) ask(d *Decision, strategies []Strategy, luck *chance) bool {
	for i := range strategies {
		t := Try{Strategy: i, Type: strategies[i].Type, Field: r.contenders(&strategies[i])}
		if len(t.Field) > 1 && (t.Type == Weighted || t.Type == Optimal) {
			t.Draw = luck.next()
		}
		r.Tries = append(r.Tries, t)
		if at := pick(t.Type, t.Field, r.Routes, t.Draw); at >= 0 {
			d.choose(r, t.Field[at].Route)
			break
		}
	}
	d.Rounds = append(d.Rounds, r.Round)
	d.Short = false
	for i := range r.Routes {
		d.Short = d.Short || d.Choice == nil && r.Routes[i].Reason.Short()
	}
	return d.Choice != nil
}

func (d *Decision) choose(r *round, route int) {
	v := &r.Routes[route]
	d.Choice = &Choice{Target: r.from[route].Target, Part: d.Asked, Amount: v.Need.Amount}
	if v.Slot != nil {
		d.Choice.Part = money.New(v.Slot.Part, d.Asked.Currency())
	}
	d.Resolution = payout.OK
}

// leaves says whether the round left money alone that a later one may touch.
func (r *round) leaves() bool {
	for i := range r.Routes {
		if r.Routes[i].Slot != nil && r.Routes[i].Reason == OverBalance {
			return true
		}
	}
	return false
}

// OnlyShort says that every route that was considered lacks nothing but money
// (Short says that of at least one).
func (d Decision) OnlyShort() bool {
	if !d.Short {
		return false
	}
	last := d.Rounds[len(d.Rounds)-1]
	for i := range last.Routes {
		if !last.Routes[i].Reason.Short() {
			return false
		}
	}
	return true
}
