package engine

import (
	"context"
	"errors"
	"time"

	"penstock/engine/payout"
	"penstock/engine/routing"
	"penstock/store"
)

// confirm makes a whole request ready: it finds a way for the money to leave,
// and fulfils where that was asked for. Whoever calls has seen that its customer
// lives.
func (e *Engine) confirm(tx store.Tx, c Caller, now time.Time, r *View) error {
	if r.Sealed == nil {
		return missing("payout_method_data")
	}
	if e.Held() != "" {
		return errHeld
	}
	if r.Later {
		return e.confirmLater(c, now, r)
	}
	if err := e.service(&r.Request); err != nil {
		k, kErr := e.catalogOf(tx, c.Scope)
		if kErr != nil {
			return kErr
		}
		return e.noRoute(k, c.Scope, &r.Request, routing.Decision{})
	}
	m := e.Rules.Next(r.wish(), nil, e.mayFailOver)
	d, price, err := e.decide(tx, c.Scope, now, &r.Request, m)
	if err != nil {
		return err
	}
	switch {
	case d.Choice != nil:
		r.Account, r.Provider = d.Choice.Account, d.Choice.Provider
	case !d.Short || r.AutoFulfill: // money may come until it is fulfilled
		k, err := e.catalogOf(tx, c.Scope)
		if err != nil {
			return err
		}
		return e.noRoute(k, c.Scope, &r.Request, d)
	}
	r.Confirmed = true
	if err := r.advance(payout.Approved, now, c.Actor, ""); err != nil {
		return err
	}
	if !r.AutoFulfill {
		return nil
	}
	if d.Choice != nil {
		r.decided = &decided{m, d, price}
	}
	return e.issue(tx, c, now, r)
}

// confirmLater makes a request ready whose payouts the worker makes.
func (e *Engine) confirmLater(c Caller, now time.Time, r *View) error {
	if err := e.service(&r.Request); err != nil {
		return err
	}
	r.Confirmed = true
	if err := r.advance(payout.Approved, now, c.Actor, ""); err != nil {
		return err
	}
	if r.AutoFulfill {
		r.Next, r.Expires = now, time.Time{} // nothing that anybody has to do in time is left
	}
	return nil
}

// service finds the payout service of a request whose details are known.
func (e *Engine) service(r *Request) error {
	if r.Service != "" {
		return nil
	}
	key, err := e.Directory.ServiceKey(r.Form, r.Amount.Currency())
	if err != nil {
		return &Error{Code: CodeNoRoute, Object: ObjPayout, Message: err.Error()}
	}
	r.Service = key
	return nil
}

// issue makes the request's first payout and holds the money for it, in the
// caller's transaction. From here on the work goes on by itself.
func (e *Engine) issue(tx store.Tx, c Caller, now time.Time, r *View) error {
	if e.Held() != "" {
		return errHeld
	}
	if r.Later || r.Moderation != "" {
		r.Later, r.AutoFulfill, r.Next = true, true, now
		return nil
	}
	if err := e.step(tx, c.Scope, now, r, c.Actor); err != nil {
		return err
	}
	return e.notify(tx, c.Scope, now, r)
}

// change runs fn over a request in one transaction, then stores it with
// everything that hangs on it.
func (e *Engine) change(ctx context.Context, c Caller, prefix, name, action string, once *Once, fn func(store.Tx, time.Time, *View) error) (*View, error) {
	if done, err := e.replayed(ctx, c.Scope, once); done || err != nil {
		return nil, err
	}
	for range 8 {
		before, err := e.Get(ctx, c, prefix, name)
		if err != nil {
			return nil, err
		}
		v, err := e.changeFrom(ctx, c, before, action, once, fn)
		if !errors.Is(err, errChanged) {
			return v, err
		}
	}
	return nil, &Error{Code: CodeBusy, Object: ObjPayout, ID: name, Message: "the payout is being changed by others; repeat"}
}

// changeFrom is change of a request that has been looked at. Its customer was
// opened then, since nothing may wait inside a transaction.
func (e *Engine) changeFrom(ctx context.Context, c Caller, before *View, action string, once *Once, fn func(store.Tx, time.Time, *View) error) (*View, error) {
	var v *View
	err := e.update(ctx, func(tx store.Tx, now time.Time) error {
		v = nil
		if done, err := e.replay(tx, c.Scope, once); done || err != nil {
			return err
		}
		r, err := loadRequest(tx, c.Scope, before.ID)
		if err != nil {
			return err
		}
		if r.Customer != before.Customer {
			return errChanged
		}
		if err := r.sameEcho(&before.Request); err != nil {
			return err
		}
		v = &View{Request: *r, Person: before.Person}
		was := r.dues()
		if err := fn(tx, now, v); err != nil {
			return err
		}
		if err := saveRequest(tx, c.Scope, &v.Request, was); err != nil {
			return err
		}
		if err := c.act(tx, now, action, r.ID); err != nil {
			return err
		}
		return once.record(tx, c.Scope, now, r.ID, v)
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Fulfil makes the payout of a request that is ready.
func (e *Engine) Fulfil(ctx context.Context, c Caller, prefix, name string, once *Once) (*View, error) {
	if err := e.roomy(); err != nil {
		return nil, err
	}
	return e.change(ctx, c, prefix, name, "payout.fulfill", once, func(tx store.Tx, now time.Time, r *View) error {
		if r.Stage != payout.Ready {
			return wrongState(ObjPayout, name, string(r.Stage), "fulfilled")
		}
		return e.issue(tx, c, now, r)
	})
}

// Cancel ends a request of which nothing is with a provider. What has been
// paid stays paid, and what is missing is paid no more.
func (e *Engine) Cancel(ctx context.Context, c Caller, prefix, name string, once *Once) (*View, error) {
	return e.change(ctx, c, prefix, name, "payout.cancel", once, func(tx store.Tx, now time.Time, r *View) error {
		switch r.Stage {
		case payout.Draft, payout.Ready:
			if err := r.advance(payout.Revoked, now, c.Actor, "Cancelled by user"); err != nil {
				return err
			}
			return e.ended(tx, c.Scope, now, r)
		case payout.Dispatching, payout.InHand:
			return e.cancelPayouts(tx, c, now, r, name)
		}
		return wrongState(ObjPayout, name, string(r.Stage), "cancelled")
	})
}

func (e *Engine) cancelPayouts(tx store.Tx, c Caller, now time.Time, r *View, name string) error {
	for i := range r.Payouts {
		p := r.Payouts[i]
		if p.Status.Ended() {
			continue
		}
		next, _, err := e.Rules.Apply(p, payout.Event{Kind: payout.Cancel, At: now})
		if errors.Is(err, payout.ErrImpossible) {
			return &Error{Code: CodeNotBuilt, Object: ObjPayout, ID: name, Status: string(p.Status), Message: "the payout is with the provider, which offers no way to stop it"}
		}
		if err != nil {
			return err
		}
		r.Payouts[i] = next
		if err := e.bookStep(tx, c.Scope, now, r.ID, c.Actor, p, next); err != nil {
			return err
		}
		r.tell(Line{At: now, What: string(payout.Cancel), By: c.Actor, On: p.N, To: string(next.Status)})
	}
	if err := e.wakeQueues(tx, c.Scope, now, r.ID); err != nil { // others may have the money that it gives back
		return err
	}
	r.More, r.Next = false, time.Time{} // it ends with what has been paid
	if err := r.advance(payout.Moved, now, c.Actor, "Cancelled by user"); err != nil {
		return err
	}
	return e.ended(tx, c.Scope, now, r)
}

// ended does what is due at the end of a request: its details go, and
// whoever listens is told.
func (e *Engine) ended(tx store.Tx, s Scope, now time.Time, r *View) error {
	if r.Stage.Ended() {
		r.Sealed = nil
		r.free(now)
		if err := e.unqueue(tx, s, now, r); err != nil {
			return err
		}
	}
	return e.notify(tx, s, now, r)
}
