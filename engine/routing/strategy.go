package routing

import (
	"cmp"
	"math/bits"

	"penstock/engine/money"
)

// contenders are the usable routes that a strategy names, in its order, with
// the numbers by which it chooses. A route that several references name is
// that of the first.
func (r *round) contenders(s *Strategy) []Contender {
	refs := s.Routes
	if len(refs) == 0 {
		refs = []Ref{{Weight: 1}}
	}
	field := make([]Contender, 0, len(r.Routes))
	weights := make([]share, 0, len(refs))
	for i := range refs {
		first := len(field)
		for j := range r.Routes {
			if r.Routes[j].Reason == Usable && refs[i].names(&r.from[j].Target) && !holdsRoute(field[:first], j) {
				field = append(field, r.contender(s.Type, j))
			}
		}
		if n := len(field) - first; n > 0 {
			weights = append(weights, share{refs[i].Weight, n})
		}
	}
	if s.Type == Weighted {
		spread(field, weights)
	}
	if len(field) == 1 {
		return []Contender{{Route: field[0].Route}} // no number mattered
	}
	return field
}

func holdsRoute(field []Contender, route int) bool {
	for i := range field {
		if field[i].Route == route {
			return true
		}
	}
	return false
}

// contender is a route with the numbers that a strategy goes by.
func (r *round) contender(t StrategyType, j int) Contender {
	c, v := r.from[j], &r.Routes[j]
	out := Contender{Route: j}
	if t == Balance {
		out.Unlimited = c.Unlimited
		if !c.Unlimited && c.AvailableIn.Currency() == r.asked.Currency() {
			out.Balance = Figure{c.AvailableIn}
		}
	}
	if t == Cheapest || t == Optimal {
		fee, err := c.Cost.Of(v.Need.Amount)
		if out.Fee = (Figure{fee}); err != nil {
			out.Fee = v.Need // more than can be written: all of it
		}
	}
	if t == Conversion || t == Optimal {
		out.Paid, out.Failed = counter(c.Paid), counter(c.Failed)
	}
	if t == Optimal {
		out.Weight = out.merit(v.Need.Amount)
	}
	return out
}

// counter keeps a count in bounds where it can be multiplied.
func counter(n int64) int64 { return min(max(n, 0), 1_000_000_000) }

// share is the weight of a reference, and how many contenders share it.
type share struct {
	weight int64
	routes int
}

// maxScale bounds what weights are multiplied by; sums stay below 2^58.
const maxScale = 1 << 20

// spread gives the contenders of each reference equal shares of its weight.
func spread(field []Contender, shares []share) {
	scale := int64(1)
	for _, s := range shares {
		scale = leastCommon(scale, int64(s.routes))
		if scale > maxScale {
			scale = maxScale // shares are then right to a millionth
			break
		}
	}
	i := 0
	for _, s := range shares {
		for range s.routes {
			field[i].Weight = min(max(s.weight, 0), maxWeight) * scale / int64(s.routes)
			i++
		}
	}
}

func leastCommon(a, b int64) int64 {
	x, y := a, b
	for y != 0 {
		x, y = y, x%y
	}
	return a / x * b
}

// success is the share of successes in millionths, reckoned as if nine of ten
// payouts before the first had succeeded: a new route is neither perfect nor
// hopeless, and one failure doesn't end it.
func (c *Contender) success() int64 {
	return (c.Paid + 9) * 1_000_000 / (c.Paid + c.Failed + 10)
}

// merit is the weight of a route for Optimal: conversion² / (cost + 0.5 %), in
// millionths. So of two routes that succeed alike the one at 1 % gets 70 of
// 100 payouts against one at 3 %, and of two that cost alike the one that
// succeeds in 95 of 100 gets 70 against one with 62. Each gets at least a
// little, or nobody would learn that it has become better.
func (c *Contender) merit(need money.Amount) int64 {
	cost := int64(1_000_000)
	if fee := c.Fee.Minor(); fee < need.Minor() {
		cost = inProportion(1_000_000, max(fee, 0), need.Minor())
	}
	return max(1, c.success()*c.success()/(cost+5_000))
}

// pick is the place in the field that a strategy chooses; -1 when it chooses
// none. The first wins among equals.
func pick(t StrategyType, field []Contender, routes []Verdict, draw uint64) int {
	if len(field) == 0 {
		return -1
	}
	switch t {
	case Weighted, Optimal:
		if len(field) > 1 {
			return byWeight(field, draw)
		}
	case Balance:
		return best(field, richer)
	case Cheapest:
		return best(field, func(a, b *Contender) int { return cheaper(a, b, routes) })
	case Conversion:
		return best(field, luckier)
	}
	return 0
}

// byWeight maps the draw to [0, sum of weights), without bias worth naming,
// and takes the route whose stretch that falls into.
func byWeight(field []Contender, draw uint64) int {
	var sum int64
	for i := range field {
		sum += field[i].Weight
	}
	high, _ := bits.Mul64(draw, uint64(sum))
	at := int64(high)
	for i := range field {
		if at < field[i].Weight {
			return i
		}
		at -= field[i].Weight
	}
	return -1 // nothing weighs anything
}

func best(field []Contender, order func(a, b *Contender) int) int {
	at := 0
	for i := range field {
		if order(&field[i], &field[at]) < 0 {
			at = i
		}
	}
	return at
}

// richer puts the route with more money first, uncounted money before all, and
// balances that nobody could compare last.
func richer(a, b *Contender) int {
	rank := func(c *Contender) int {
		switch {
		case c.Unlimited:
			return 0
		case c.Balance.IsSet():
			return 1
		}
		return 2
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.Balance.Minor(), a.Balance.Minor()))
}

// cheaper puts the lower fee in relation to the amount first, which compares
// across currencies.
func cheaper(a, b *Contender, routes []Verdict) int {
	return compareProducts(a.Fee.Minor(), routes[b.Route].Need.Minor(), b.Fee.Minor(), routes[a.Route].Need.Minor())
}

// luckier puts the higher share of successes first.
func luckier(a, b *Contender) int {
	return compareProducts(b.Paid+9, a.Paid+a.Failed+10, a.Paid+9, b.Paid+b.Failed+10)
}

// compareProducts holds a*b against c*d, none of them negative.
func compareProducts(a, b, c, d int64) int {
	high1, low1 := bits.Mul64(uint64(a), uint64(b))
	high2, low2 := bits.Mul64(uint64(c), uint64(d))
	return cmp.Or(cmp.Compare(high1, high2), cmp.Compare(low1, low2))
}

// chance is a splitmix64 sequence: one random number makes as many as there
// are strategies to ask.
type chance struct{ state uint64 }

func (c *chance) next() uint64 {
	c.state += 0x9E3779B97F4A7C15
	z := c.state
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}
