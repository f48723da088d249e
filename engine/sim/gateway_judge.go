package sim

import (
	"fmt"
	"math/big"
	"slices"
	"time"

	"penstock/engine"
	"penstock/engine/connector/sandbox"
	"penstock/engine/fx"
	"penstock/engine/money"
	"penstock/engine/payout"
)

// judge holds the gateway's requests against what people have asked for and
// set, and against the providers' books.
func (g *gateway) judge() (bad []string, err error) {
	if g.dirty {
		if err := g.survey(); err != nil {
			return nil, err
		}
		g.dirty = false
	}
	book, err := g.s.w.book()
	if err != nil {
		return nil, err
	}
	moved := map[string]sandbox.Line{}
	for _, l := range book {
		if have, ok := moved[l.Key]; !ok || have.Status == sandbox.Rejected {
			moved[l.Key] = l
		}
	}
	list, err := g.s.w.requests()
	if err != nil {
		return nil, err
	}
	var mine []engine.View
	for i := range list {
		v := &list[i]
		for _, p := range v.Payouts {
			g.owner[p.Key()] = v.ID
		}
		if v.Later {
			mine = append(mine, *v)
		}
	}
	for i := range mine {
		v := &mine[i]
		version := [2]int{v.Seq, v.History[len(v.History)-1].More}
		if g.read[v.ID] == version {
			continue
		}
		g.read[v.ID] = version
		bad = append(bad, g.amounts(v, moved)...)
		bad = append(bad, g.end(v)...)
		bad = append(bad, g.tries(v)...)
		more, err := g.payouts(v)
		if err != nil {
			return nil, err
		}
		bad = append(bad, more...)
	}
	bad = append(bad, g.repeats(moved)...)
	if g.queue && g.steady {
		bad = append(bad, g.order(mine)...)
	}
	more, err := g.purse(list)
	return append(bad, more...), err
}

// amounts: no more is out, or on its way, than was asked for; and no money is
// out of a request that has ended otherwise (I14, I15).
func (g *gateway) amounts(v *engine.View, moved map[string]sandbox.Line) (bad []string) {
	out, paid := int64(0), false
	for _, p := range v.Payouts {
		l, there := moved[p.Key()]
		if there && l.Account != p.Account {
			bad = append(bad, fmt.Sprintf("I2 %s left by %s, and we say by %s", p.ID, l.Account, p.Account))
		}
		gone := there && (l.Status == sandbox.Paid || l.Status == sandbox.PartlyPaid)
		switch {
		case p.Route == "" && p.Share.IsSet(): // brought back: nobody knows what it was converted from
			paid = paid || gone
		case gone && p.Status.Ended():
			out += shareOf(p, l.Paid)
			paid = true
		case !p.Status.Ended() && p.Route != "":
			out += p.Asks().Minor()
		}
	}
	if out > v.Amount.Minor() && !(g.known(v) && slices.ContainsFunc(v.Payouts, func(p payout.Payout) bool { return !p.Status.Ended() })) {
		bad = append(bad, fmt.Sprintf("I14 request %s over %s has %d out", v.ID, v.Amount, out))
	}
	if paid && (v.Stage == payout.NonePaid || v.Stage == payout.Withdrawn || v.Stage == payout.Expired) && len(v.Disputed) == 0 && !g.afterAll(v) {
		bad = append(bad, fmt.Sprintf("I15 request %s is %s with money out", v.ID, v.Stage))
	}
	return bad
}

// afterAll says that a person has found a payout paid that had ended
// otherwise.
func (g *gateway) afterAll(v *engine.View) bool {
	return slices.ContainsFunc(v.Payouts, func(p payout.Payout) bool { return p.Status == payout.Failed && p.Moved.IsPositive() })
}

// shareOf is what a payment covers of the request's amount, rounded up.
func shareOf(p payout.Payout, moved money.Amount) int64 {
	if moved == p.Amount {
		return p.Asks().Minor()
	}
	n := new(big.Int).Mul(big.NewInt(moved.Minor()), big.NewInt(p.Asks().Minor()))
	n, rest := n.QuoRem(n, big.NewInt(p.Amount.Minor()), new(big.Int))
	return n.Int64() + int64(rest.Sign())
}

// end: an end stays, and less than the whole is one only where that was
// allowed (I6, I15).
func (g *gateway) end(v *engine.View) (bad []string) {
	if was, ended := g.ends[v.ID]; ended {
		back := v.Stage == payout.GivenBack && (was.Stage == payout.AllPaid || was.Stage == payout.SomePaid)
		if v.Stage != was.Stage && !back || len(v.Payouts) != len(was.Payouts) {
			bad = append(bad, fmt.Sprintf("I6 request %s had ended as %s with %d payouts and is %s with %d", v.ID, was.Stage, len(was.Payouts), v.Stage, len(v.Payouts)))
		}
	}
	if !v.Stage.Ended() {
		return bad
	}
	g.ends[v.ID] = *v
	for _, p := range v.Payouts {
		if !p.Status.Ended() {
			bad = append(bad, fmt.Sprintf("I15 request %s is %s while %s is %s", v.ID, v.Stage, p.ID, p.Status))
		}
	}
	if v.Stage == payout.SomePaid && v.Whole && !g.partly[v.ID] && !g.known(v) {
		bad = append(bad, fmt.Sprintf("I15 request %s is paid in part, which was not allowed, and nobody was asked", v.ID))
	}
	if v.Moderation != "" {
		bad = append(bad, fmt.Sprintf("I15 request %s has ended and waits for a person", v.ID))
	}
	return bad
}

// known says that something of a request is not of its own making: it was
// brought back, or was made before the store was.
func (g *gateway) known(v *engine.View) bool {
	return v.Created.Before(g.since) || slices.ContainsFunc(v.Payouts, func(p payout.Payout) bool { return p.Route == "" || p.Created.Before(g.since) })
}

// limit is the highest attempts limit that a request has had. Of one whose
// create lost its answer its own record says it.
func (g *gateway) limit(v *engine.View) int {
	if n, ok := g.limits[v.ID]; ok {
		return n
	}
	return v.AttemptsLimit
}

// tries: a payout stands in for another that has failed for certain, for a
// reason of its route's, by another route, so often as is allowed (I17).
func (g *gateway) tries(v *engine.View) (bad []string) {
	if g.known(v) {
		return nil
	}
	pieces := map[int][]payout.Payout{}
	for _, p := range v.Payouts {
		pieces[p.Piece] = append(pieces[p.Piece], p)
	}
	for piece, list := range pieces {
		if n, limit := len(list), g.limit(v); n > 1+limit {
			bad = append(bad, fmt.Sprintf("I17 piece %d of request %s had %d payouts, with a limit of %d more than one", piece, v.ID, n, limit))
		}
		for i, p := range list[1:] {
			was := list[i]
			switch {
			case slices.ContainsFunc(list[:i+1], func(q payout.Payout) bool { return q.Route == p.Route }):
				bad = append(bad, fmt.Sprintf("I17 %s goes by a route that has failed for this piece", p.ID))
			case was.Status != payout.Failed:
				bad = append(bad, fmt.Sprintf("I17 %s stands in for %s, which is %s", p.ID, was.ID, was.Status))
			case !payout.DefaultFailover().Allows(payout.Resolve(was.Resolution, payout.Failed)):
				bad = append(bad, fmt.Sprintf("I17 %s stands in for %s, which every route would refuse: %s", p.ID, was.ID, was.Resolution))
			}
		}
	}
	return append(bad, g.moderated(v)...)
}

// moderated: while a person has to decide nothing is made, and what the
// deposit account holds back fails by a person's word alone (I17).
func (g *gateway) moderated(v *engine.View) (bad []string) {
	stopped, about, was := false, 0, map[int]string{}
	for _, l := range v.History {
		switch {
		case l.What == "moderation_required":
			stopped, about = true, l.On
		case l.What == "moderated", stopped && l.On == about && payout.Status(l.To).Ended():
			stopped = false
		case l.What == "queued" && stopped:
			bad = append(bad, fmt.Sprintf("I17 payout %d of request %s was made while a person had to decide", l.On, v.ID))
		}
		same := was[l.On] == l.To
		was[l.On] = l.To
		if l.To != string(payout.Failed) || same || l.On == 0 || l.By == string(payout.FromPerson) || !g.steady {
			continue
		}
		p := v.Payouts[l.On-1]
		if d := g.deposits[p.Deposit]; d != nil && p.Changed.Equal(l.At) && through(d.prevent, p.Created, l.At) {
			bad = append(bad, fmt.Sprintf("I17 %s failed by the word of %s, and a person was to confirm it", p.ID, l.By))
		}
	}
	return bad
}

// payouts: each new payout is what its explanation says, at a rate that was in
// force, and keeps what was set when it was made (I14, I16).
func (g *gateway) payouts(v *engine.View) (bad []string, err error) {
	from := g.explained[v.ID]
	if len(v.Payouts) <= from {
		return nil, nil
	}
	g.explained[v.ID] = len(v.Payouts)
	why, err := g.s.w.Engine.Choices(g.s.w.Ctx, g.me, engine.PrefixRequest, engine.PrefixRequest+v.ID)
	if err != nil {
		return nil, err
	}
	by := map[int]engine.Choice{}
	for _, c := range why {
		by[c.On] = c
		if err := c.Decision.Replay(); err != nil {
			bad = append(bad, fmt.Sprintf("I16 request %s: %v", v.ID, err))
		}
	}
	for _, p := range v.Payouts[from:] {
		if p.Route == "" || p.Created.Before(g.since) {
			continue
		}
		c, ok := by[p.N]
		if !ok || c.Decision.Choice == nil || c.Decision.Choice.Route != p.Route || c.Decision.Choice.Amount != p.Amount || c.Decision.Choice.Part != p.Asks() {
			bad = append(bad, fmt.Sprintf("I16 %s is not what its explanation leads to", p.ID))
		}
		bad = append(bad, g.rate(v, p)...)
		if g.steady {
			bad = append(bad, g.kept(v, p)...)
		}
	}
	return bad, nil
}

// rate: a payout in another currency is its share at the rate that was in
// force or promised, rounded down (I16).
func (g *gateway) rate(v *engine.View, p payout.Payout) (bad []string) {
	asks := p.Asks()
	if p.Amount.Currency() == asks.Currency() {
		if p.Amount != asks || p.Rate != "" || asks.Currency() != v.Amount.Currency() {
			bad = append(bad, fmt.Sprintf("I16 %s pays %s for %s", p.ID, p.Amount, asks))
		}
		return bad
	}
	r, ok := new(big.Rat).SetString(p.Rate)
	if !ok || asks.Currency() != v.Amount.Currency() {
		return []string{fmt.Sprintf("I16 %s pays %s for %s at a rate of %q", p.ID, p.Amount, asks, p.Rate)}
	}
	r.Mul(r, big.NewRat(asks.Minor(), 1))
	r.Mul(r, new(big.Rat).SetFrac(tenTo(p.Amount.Currency()), tenTo(asks.Currency())))
	if want := new(big.Int).Quo(r.Num(), r.Denom()); want.Cmp(big.NewInt(p.Amount.Minor())) != 0 {
		bad = append(bad, fmt.Sprintf("I16 %s pays %s for %s, which at %s are %s of its minor units", p.ID, p.Amount, asks, p.Rate, want))
	}
	want := ""
	if v.Lock != nil && v.Lock.From == asks.Currency() && v.Lock.To == p.Amount.Currency() {
		want = v.Lock.Rate.String()
	} else if !g.steady {
		return bad
	} else if found, err := fx.Find(g.rates, g.sheets.at(p.Created), asks.Currency(), p.Amount.Currency()); err == nil {
		want = found.Rate.String()
	}
	if p.Rate != want {
		bad = append(bad, fmt.Sprintf("I16 %s goes at %s, and %q was in force", p.ID, p.Rate, want))
	}
	return bad
}

func tenTo(c money.Currency) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.Exponent())), nil)
}

// kept: what was set when the payout was made (I14).
func (g *gateway) kept(v *engine.View, p payout.Payout) (bad []string) {
	r, d, a := g.routes[p.Route], g.deposits[p.Deposit], g.accounts[p.Account]
	if r == nil || d == nil || a == nil || r.deposit != p.Deposit || r.account != p.Account || d.account != p.Account || d.in != p.Amount.Currency() {
		return []string{fmt.Sprintf("I14 %s leaves by route %s, which leads elsewhere", p.ID, p.Route)}
	}
	if r.off.at(p.Created) || d.off.at(p.Created) || a.at(p.Created) {
		bad = append(bad, fmt.Sprintf("I14 %s leaves by what was switched off", p.ID))
	}
	b := r.bounds.at(p.Created)
	if n := p.Amount.Minor(); n < max(b[0], 1) || b[1] > 0 && n > b[1] {
		bad = append(bad, fmt.Sprintf("I14 %s of %s by a route from %d to %d", p.ID, p.Amount, b[0], b[1]))
	}
	if t := g.rules[v.Service]; t != nil && len(v.Exits) == 0 {
		if now := t.at(p.Created); now.block > 0 && now.over == v.Amount.Currency() && v.Amount.Minor() > now.block {
			bad = append(bad, fmt.Sprintf("I14 %s of a request over %s, which its scheme rejects", p.ID, v.Amount))
		}
	}
	if n := len(v.Payouts); n > 1 && !v.Split && p.Asks() != v.Amount {
		bad = append(bad, fmt.Sprintf("I14 %s is a part of a request that may not be split", p.ID))
	}
	return bad
}

// repeats: under one key money has moved for one request alone (I13).
func (g *gateway) repeats(moved map[string]sandbox.Line) (bad []string) {
	paid := map[string]bool{}
	for key, l := range moved {
		if l.Movements > 0 {
			paid[g.owner[key]] = true
		}
	}
	for key, a := range g.asked {
		n := 0
		for _, id := range a.ids {
			if paid[id] {
				n++
			}
		}
		if n > 1 {
			bad = append(bad, fmt.Sprintf("I13 %s has paid as %v", key, a.ids))
		}
	}
	slices.Sort(bad)
	return bad
}

// order: nothing is paid while what came before it waits for the same money
// (I18).
func (g *gateway) order(mine []engine.View) (bad []string) {
	type wait struct {
		of       *engine.View
		from, to time.Time
	}
	waits := map[string][]wait{}
	for i := range mine {
		v := &mine[i]
		for j, l := range v.History {
			if l.What != "waits_for_money" {
				continue
			}
			w := wait{of: v, from: l.At, to: g.s.w.Clock.Now()}
			if j+1 < len(v.History) {
				w.to = v.History[j+1].At
			} else if !v.Queued || v.Moderation != "" {
				continue
			}
			waits[v.Service] = append(waits[v.Service], w)
		}
	}
	for i := range mine {
		v := &mine[i]
		for _, l := range v.History {
			if l.What != "queued" || l.At.Before(g.since) {
				continue
			}
			for _, w := range waits[v.Service] {
				if w.of.ID < v.ID && w.from.Before(l.At) && w.to.After(l.At) && !w.from.Before(g.since) {
					bad = append(bad, fmt.Sprintf("I18 payout %d of request %s was made while request %s waited before it", l.On, v.ID, w.of.ID))
				}
			}
		}
	}
	return bad
}

// quiet is what must hold when everything has ended: each ledger says what the
// provider's own book says (I19).
func (g *gateway) quiet() (bad []string, err error) {
	w := g.s.w
	list, err := w.requests()
	if err != nil {
		return nil, err
	}
	for i := range list {
		switch v := &list[i]; {
		case v.Later && !v.Stage.Ended():
			bad = append(bad, fmt.Sprintf("I12 request %s is still %s when everything should have ended", v.ID, v.Stage))
		case v.Later && len(v.Disputed) > 0:
			bad = append(bad, fmt.Sprintf("I12 what is said of request %s is still in dispute", v.ID))
		}
	}
	return bad, nil
}
