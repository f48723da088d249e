package engine

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/routing"
	"penstock/store"
)

// DryRun is a payout that is not made: what would become of it?
type DryRun struct {
	Point    string // without prefix; empty: the merchant's default
	Service  string
	Amount   money.Amount
	Customer string
	Fields   connector.Details // of the service; may be empty
	Metadata json.RawMessage
	Split    bool
	Tree     *routing.Tree // one that is tried in place of the point's; nil: that of the point
}

// errDryRun takes back what a dry run would have changed.
var errDryRun = errors.New("engine: this was a dry run")

// Explain decides like a payout does, on the same path, and keeps nothing of
// it. Chance is drawn anew each time.
func (e *Engine) Explain(ctx context.Context, c Caller, d DryRun) (*Choice, error) {
	sv, ok := e.Directory.Service(d.Service)
	if !ok {
		return nil, invalid("service", "there is no payout service of this name")
	}
	if !d.Amount.IsPositive() {
		return nil, invalid("amount", "an amount is above zero")
	}
	if err := checkMetadata(d.Metadata); err != nil {
		return nil, err
	}
	var out *Choice
	err := e.Store.Update(ctx, func(tx store.Tx) error {
		now, _ := e.pulse.now()
		m, err := loadMerchant(tx, c.Merchant)
		if err != nil {
			return err
		}
		r := &Request{Service: d.Service, Bounded: true, Form: sv.Form, Amount: d.Amount, Customer: d.Customer, Split: d.Split, Point: m.Point, Tree: d.Tree,
			Echo: Echo{Metadata: d.Metadata, Masked: e.Directory.Mask(sv.Form, d.Fields)}}
		if d.Point != "" {
			r.Point = d.Point
		}
		if d.Tree != nil {
			if err := checkTree(tx, c.Scope, d.Service, *d.Tree); err != nil {
				return err
			}
		}
		k, err := e.catalogOf(tx, c.Scope)
		if err != nil {
			return err
		}
		if k.points[r.Point] == nil {
			return notFound(ObjPoint, r.Point)
		}
		if out, err = e.explain(tx, c.Scope, now, r); err != nil {
			return err
		}
		return errDryRun
	})
	if errors.Is(err, errDryRun) {
		return out, nil
	}
	return nil, err
}

func (e *Engine) explain(tx store.Tx, s Scope, now time.Time, r *Request) (*Choice, error) {
	decision, price, err := e.decide(tx, s, now, r, payout.Next(r.wish(), nil, e.mayFailOver))
	if err != nil {
		return nil, err
	}
	return &Choice{At: now, Rate: price, Decision: decision}, nil
}

// Choices returns why each payout of a request left where it left, the oldest
// first.
func (e *Engine) Choices(ctx context.Context, c Caller, prefix, name string) ([]Choice, error) {
	return read(ctx, e, func(tx store.Tx) ([]Choice, error) {
		r, err := findRequest(tx, c.Scope, prefix, name)
		if err != nil {
			return nil, err
		}
		return choicesOf(tx, c.Scope, r)
	})
}

// Payout finds a payout by its id, with the request that it is of.
func (e *Engine) Payout(ctx context.Context, c Caller, payoutID string) (v *View, i int, err error) {
	id, ok := isID(PrefixPayout, payoutID)
	if !ok {
		return nil, 0, notFound(ObjPayout, payoutID)
	}
	v, err = e.view(ctx, c.Scope, func(tx store.Tx) (*Request, error) {
		r, at, err := loadPayout(tx, c.Scope, id)
		i = at
		return r, err
	})
	return v, i, err
}
