package sim

import (
	"fmt"
	"slices"
	"time"

	"penstock/engine"
	"penstock/engine/connector/sandbox"
	"penstock/engine/ledger"
	"penstock/engine/payout"
)

// purse: no deposit account was taken further down, and no more has left it in
// a day, than was allowed (I14).
func (g *gateway) purse(list []engine.View) (bad []string, err error) {
	if !g.steady {
		return nil, nil
	}
	ours, err := g.s.w.payouts()
	if err != nil {
		return nil, err
	}
	for _, id := range g.purses() {
		fresh, err := g.fresh(id)
		if err != nil {
			return nil, err
		}
		for _, p := range fresh {
			if floor := g.deposits[id].floor.at(p.At); p.Kind == ledger.KindHold && ours[p.Cause.Payout].Route != "" && p.After.Available < floor && !p.At.Before(g.since) {
				bad = append(bad, fmt.Sprintf("I14 a payout took deposit account %s down to %d, and %d was to stay", id, p.After.Available, floor))
			}
		}
	}
	return append(bad, g.turnover(list)...), nil
}

// fresh are the postings of a deposit account that have not been judged.
func (g *gateway) fresh(id string) (out []ledger.Posting, err error) {
	last := g.postings[id]
	for before := uint64(0); ; {
		page, err := g.s.w.Engine.Postings(g.s.w.Ctx, g.me.Scope, id, before, 20)
		if err != nil {
			return nil, err
		}
		for _, p := range page {
			if p.Seq <= last {
				return out, nil
			}
			out = append(out, p)
			g.postings[id], before = max(g.postings[id], p.Seq), p.Seq
		}
		if len(page) < 20 {
			return out, nil
		}
	}
}

// turnover adds up what had left a deposit account on the day of each payout
// when it was made, and had not failed.
func (g *gateway) turnover(list []engine.View) (bad []string) {
	by := map[string][]payout.Payout{}
	for i := range list {
		for _, p := range list[i].Payouts {
			if d := g.deposits[p.Deposit]; d != nil && p.Route != "" && !p.Created.Before(g.since) && slices.ContainsFunc(d.turnover, func(x struct {
				at time.Time
				is int64
			}) bool {
				return x.is >= 0
			}) {
				by[p.Deposit] = append(by[p.Deposit], p)
			}
		}
	}
	for id, all := range by {
		for _, p := range all {
			limit := g.deposits[id].turnover.at(p.Created)
			if limit < 0 {
				continue
			}
			sum := int64(0)
			for _, q := range all {
				failed := (q.Status == payout.Failed || q.Status == payout.Cancelled) && !q.Changed.After(p.Created)
				if q.Created.Unix()/86400 == p.Created.Unix()/86400 && !q.Created.After(p.Created) && (!failed || q.ID == p.ID) && (q.ID <= p.ID || q.Created.Before(p.Created)) {
					sum += q.Amount.Minor()
				}
			}
			if sum > limit {
				bad = append(bad, fmt.Sprintf("I14 with %s %d have left deposit account %s on one day, and %d may", p.ID, sum, id, limit))
			}
		}
	}
	slices.Sort(bad)
	return bad
}

// books holds every deposit account of every merchant against the providers'
// own books, by account and currency (I19). Money that came back without a word
// of the provider is still out.
func (w *World) books(ours map[string]payout.Payout) (bad []string, err error) {
	lines, err := w.book()
	if err != nil {
		return nil, err
	}
	out := map[string]int64{}
	for _, l := range lines {
		untold := l.Status == sandbox.Returned && ours[l.Key].Out()
		if l.Status == sandbox.Paid || l.Status == sandbox.PartlyPaid || untold {
			out[l.Account+" "+l.Amount.Currency().Code()] += l.Paid.Minor()
		}
	}
	merchants, err := w.Engine.Merchants(w.Ctx, "", 1000)
	if err != nil {
		return nil, err
	}
	for _, m := range merchants {
		deposits, err := w.Engine.Deposits(w.Ctx, engine.Scope{Merchant: m.ID, Mode: engine.Test})
		if err != nil {
			return nil, err
		}
		for _, d := range deposits {
			at := d.Account + " " + d.Currency.Code()
			if ours := d.Balance.Paid + d.Balance.Returned; ours != out[at] {
				bad = append(bad, fmt.Sprintf("I19 deposit account %s says that %d are out, and the provider's book %d", d.Name, ours, out[at]))
			}
			delete(out, at)
		}
	}
	for at, n := range out {
		if n != 0 {
			bad = append(bad, fmt.Sprintf("I19 the provider's book has %d out of %s, and there is no such deposit account", n, at))
		}
	}
	slices.Sort(bad)
	return bad, nil
}
