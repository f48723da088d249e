package engine

import (
	"context"
	"slices"

	"penstock/engine/connector"
	"penstock/engine/routing"
	"penstock/engine/service"
	"penstock/store"
)

// By which account money comes in. A payment that brings a routing along goes
// by it and by nothing else, as a payout does; another goes by the first
// account of its point that can take it, those that keep the payer's consent
// (a mandate) before the others.

// via fills in by which account a payment is taken.
func (e *Engine) via(ctx context.Context, s Scope, p *Payment, mandates []Mandate) error {
	at, err := e.collectorFor(ctx, s, p, mandates)
	if err != nil {
		return err
	}
	p.Account, p.Provider = at.ID, at.Provider
	return nil
}

// collectorFor is the account that takes a payment. None is CodeNoRoute.
func (e *Engine) collectorFor(ctx context.Context, s Scope, p *Payment, mandates []Mandate) (*ProviderAccount, error) {
	list, err := e.collectors(ctx, s, p.Point)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, func(a, b *ProviderAccount) int {
		return compareBool(mandateOf(mandates, b.ID) != nil, mandateOf(mandates, a.ID) != nil)
	})
	in := routing.Input{Tree: p.tree(list), Facts: e.paymentFacts(s, p), Remaining: p.Amount}
	for _, a := range list {
		in.Candidates = append(in.Candidates, routing.Candidate{Target: routing.Target{Route: a.ID, Account: a.ID, Provider: a.Provider}, Whole: p.Amount, Unlimited: true, Unhealthy: a.Health == Down || a.Forced != nil})
	}
	if p.Tree != nil { // else nothing is left to chance
		if in.Seed, err = e.lot(p); err != nil {
			return nil, err
		}
	}
	d := routing.Decide(in)
	if d.Choice == nil {
		return nil, &Error{Code: CodeNoRoute, Object: ObjPayment, Message: "no connected provider takes card payments", Hint: "connect one that does"}
	}
	return list[slices.IndexFunc(list, func(a *ProviderAccount) bool { return a.ID == d.Choice.Account })], nil
}

// tree is what a payment brings along, or the accounts in their order.
func (p *Payment) tree(list []*ProviderAccount) routing.Tree {
	if p.Tree != nil {
		return *p.Tree
	}
	first := routing.Strategy{Type: routing.Priority}
	for _, x := range p.Exits {
		first.Routes = append(first.Routes, routing.Ref{Provider: x.Provider, Account: x.Account})
	}
	for _, a := range list {
		if len(p.Exits) == 0 {
			first.Routes = append(first.Routes, routing.Ref{Account: a.ID})
		}
	}
	return routing.Tree{Root: &routing.Node{Strategies: []routing.Strategy{first}}}
}

// paymentFacts are what the conditions of a payment's routing may ask: those of
// a payout to the same card.
func (e *Engine) paymentFacts(s Scope, p *Payment) routing.Facts {
	r := &Request{ID: p.ID, Dialect: dialectRest, Amount: p.Amount, Customer: p.Customer, Point: p.Point, Kind: service.Card, Form: "card", Echo: Echo{Extra: p.Extra, Masked: p.Masked}}
	now, _ := e.pulse.now()
	q := deliberation{e: e, s: s, now: now, r: r}
	return q.facts()
}

// collectors are the accounts of a point that take card payments, in the order
// of its fallback list.
func (e *Engine) collectors(ctx context.Context, s Scope, point string) (able []*ProviderAccount, err error) {
	list, err := read(ctx, e, func(tx store.Tx) (out []*ProviderAccount, err error) {
		k, err := e.catalogOf(tx, s)
		if err != nil {
			return nil, err
		}
		for _, a := range k.sorted {
			if !a.Disabled && !a.Archived && (a.Point == "" || a.Point == point) {
				out = append(out, a)
			}
		}
		slices.SortStableFunc(out, func(a, b *ProviderAccount) int { // what is there by itself comes last
			return compareBool(a.Label == sandboxLabel, b.Label == sandboxLabel)
		})
		return out, nil
	})
	if err != nil {
		return nil, err
	}
	for _, a := range list {
		if p, ok := e.Directory.Provider(a.Provider); ok && !slices.ContainsFunc(p.Services, e.payByCard) {
			continue
		}
		via, err := e.connectorOf(ctx, s, a.ID)
		if err != nil {
			return nil, err
		}
		if _, ok := via.(connector.Acquirer); ok {
			able = append(able, a)
		}
	}
	return able, nil
}

// Collects says whether a connected account of a point takes card payments.
func (e *Engine) Collects(ctx context.Context, s Scope, point string) (bool, error) {
	list, err := e.collectors(ctx, s, point)
	return slices.ContainsFunc(list, func(a *ProviderAccount) bool { return a.Health != Down }), err
}

func (e *Engine) payByCard(code string) bool {
	sv, ok := e.Directory.Service(code)
	return ok && sv.Method == "payment_card"
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
