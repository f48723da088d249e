package engine

import (
	"strings"
	"time"

	"penstock/engine/payout"
	"penstock/engine/routing"
	"penstock/store"
)

// dialectRest is the dialect whose profiles say by themselves what may be
// retried, and where requests leave whose scheme finds no way.
const dialectRest = "rest"

// worthRetry says after which refusals another payout of a request may be
// made: by the rules of its profile, where it has any, else by the
// appliance's table. No rule can allow what leaves open whether money moves,
// or what says that the provider has the payout already.
func (e *Engine) worthRetry(k *catalog, v *View) func(string) bool {
	p := k.points[v.Point]
	if v.Dialect != dialectRest || p == nil || len(p.Retry.Rules) == 0 {
		return e.mayFailOver
	}
	return func(word string) bool {
		if r := payout.Resolve(word, payout.Failed); r.Group() != payout.GroupFatal || r == payout.DuplicatedID {
			return false
		}
		for i := len(v.Payouts) - 1; i >= 0; i-- {
			failed := v.Payouts[i]
			if failed.Status != payout.Failed || failed.Resolution != word {
				continue
			}
			provider := ""
			if a := k.accounts[failed.Account]; a != nil {
				provider = a.Provider
			}
			for _, rule := range p.Retry.Rules {
				if rule.fits(provider, failed) {
					return rule.Retry
				}
			}
			return false
		}
		return false
	}
}

func (r RetryRule) fits(provider string, p payout.Payout) bool {
	return (r.Provider == "" || r.Provider == provider) && (r.Message == "" || r.Message == p.Message) &&
		(r.Code == "" || strings.EqualFold(r.Code, p.Code) || strings.EqualFold(r.Code, p.Resolution))
}

// nowhere is no route.
const nowhere = "-"

// decided is what was decided of a request's first payout when it was confirmed,
// in the transaction that makes the payout too.
type decided struct {
	move  payout.Move
	by    routing.Decision
	price *Pricing
}

// fits says whether it is the answer to a move.
func (d *decided) fits(m payout.Move) bool {
	return d != nil && m.Turn == payout.Pay && d.move.Turn == m.Turn && d.move.Amount == m.Amount && d.move.Piece == m.Piece && !m.Retry && len(m.Tried) == 0 && m.Only == ""
}

// decideNext is decide for a request's next payout. One of the rest dialect
// that stands in for a refused one goes to other provider accounts first, and
// then to the same one, each as often as its profile says.
func (e *Engine) decideNext(tx store.Tx, s Scope, now time.Time, v *View, m payout.Move) (routing.Decision, *Pricing, error) {
	if done := v.decided; len(v.Payouts) == 0 && done.fits(m) {
		v.decided = nil
		return done.by, done.price, nil
	}
	if !m.Retry || v.Dialect != dialectRest {
		return e.decide(tx, s, now, &v.Request, m)
	}
	k, err := e.catalogOf(tx, s)
	if err != nil {
		return routing.Decision{}, nil, err
	}
	var allowed Retry
	if p := k.points[v.Point]; p != nil {
		allowed = p.Retry
	}
	tried := map[string]bool{}
	for _, route := range m.Tried {
		tried[route] = true
	}
	others, same := len(tried)-1, len(m.Tried)-len(tried)
	if others < allowed.Others {
		d, price, err := e.decide(tx, s, now, &v.Request, m)
		if err != nil || d.Choice != nil {
			return d, price, err
		}
	}
	m.Only = nowhere
	if same < allowed.Same {
		m.Only = m.Tried[len(m.Tried)-1]
	}
	return e.decide(tx, s, now, &v.Request, m)
}

// fallback is where a request of a profile may leave when its tree finds no
// way: the profile's own list, or every account, the oldest first; the test
// provider that is there by itself comes last.
func (k *catalog) fallback(p *Point) []routing.Ref {
	var refs []routing.Ref
	if p != nil && len(p.Fallback) > 0 {
		for _, x := range p.Fallback {
			refs = append(refs, routing.Ref{Provider: x.Provider, Account: x.Account, Deposit: x.Deposit})
		}
		return refs
	}
	if len(k.accounts) < 2 {
		return nil
	}
	var last []routing.Ref
	for _, a := range k.sorted {
		switch {
		case a.Archived:
		case a.Label == sandboxLabel:
			last = append(last, routing.Ref{Account: a.ID})
		default:
			refs = append(refs, routing.Ref{Account: a.ID})
		}
	}
	return append(refs, last...)
}

// withFallback adds a list to the end of every leaf of a tree.
func withFallback(t routing.Tree, refs []routing.Ref) routing.Tree {
	if len(refs) == 0 {
		return t
	}
	list := routing.Strategy{Type: routing.Priority, Routes: refs}
	if t.Root == nil {
		return routing.Tree{Root: &routing.Node{Strategies: []routing.Strategy{list}}}
	}
	return routing.Tree{Root: extended(t.Root, list)}
}

func extended(n *routing.Node, list routing.Strategy) *routing.Node {
	if n == nil || n.Block {
		return n
	}
	out := *n
	if n.If != nil {
		out.Then, out.Else = extended(n.Then, list), extended(n.Else, list)
		return &out
	}
	out.Strategies = append(append([]routing.Strategy(nil), n.Strategies...), list)
	return &out
}
