package engine

import (
	"context"
	"time"

	"penstock/engine/payin"
	"penstock/store"
)

// A payment may be unwanted while its payer is at their bank: its merchant
// cancels it, or its time is over. Nobody here knows who is first, so the
// provider is asked to end it. Where the provider won't, what it was to end is
// asked for again: money that was taken is shown as taken, to be given back by a
// refund; what was only set aside is let go of.

// stoppable says that the provider can be asked to end it: the payer is at their
// bank, and the provider has given it a name.
func (p *Payment) stoppable() bool { return p.Status == payin.NeedsAction && p.External != "" }

// halt is the state of a payment that is no longer wanted.
func (p *Payment) halt(why string) (payin.State, error) {
	next, err := p.Stop()
	if err == nil {
		p.Halt, p.Next, p.Asked, p.Tries = why, "", time.Time{}, 0
	}
	return next, err
}

// unwanted writes down what follows from the provider's word on an operation of
// a payment that is no longer wanted.
func (p *Payment) unwanted(done payin.Op) {
	switch {
	case p.Halt == "":
	case done.Kind == payin.Stop && p.Halt == codeExpired:
		p.Code, p.Message = codeExpired, "nobody has paid in time"
	case done.Kind == payin.Authorise:
		if next, err := p.Begin(payin.Void, p.Amount); err == nil {
			p.State, p.Asked, p.Tries = next, time.Time{}, 0
		}
	}
}

// outstayed says that its payer has been at their bank for too long.
func (p *Payment) outstayed(now time.Time) bool {
	return p.stoppable() && !p.Expires.IsZero() && !now.Before(p.Expires)
}

// haltOverdue begins the end of a claimed payment whose payer has been at their
// bank for too long. Whoever asks next asks the provider for it.
func (e *Engine) haltOverdue(ctx context.Context, j job) error {
	now, _ := e.pulse.now()
	p, err := read(ctx, e, func(tx store.Tx) (*Payment, error) { return paymentByID(tx, j.Scope, j.id, PrefixPayment+j.id) })
	if err != nil || !p.outstayed(now) {
		return err
	}
	return e.update(ctx, func(tx store.Tx, now time.Time) error {
		is, err := load[Payment](tx, bucketPayment, j.key(j.id))
		if err != nil || !is.outstayed(now) {
			return err
		}
		was := is.Due
		if is.State, err = is.halt(codeExpired); err != nil {
			return err
		}
		is.Changed = later(now, is.Changed)
		return e.savePayment(tx, j.Scope, now, is, was)
	})
}
