package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"penstock/engine/connector"
	"penstock/engine/payin"
	"penstock/engine/service"
	"penstock/locker"
	"penstock/store"
)

// What is open is asked of the provider, and what it says is written down.

// maxAsked is how many operations are asked for in a row: one whose end begins
// another is followed by it at once, and else by the worker.
const maxAsked = 3

// finish asks the provider for what is open, with the key that it was or may
// have been asked with before, and writes down what it says. While it says
// nothing the payment stays as it is, and the worker asks again.
func (e *Engine) finish(ctx context.Context, c Caller, id string) (*Payment, error) {
	for asked := 1; ; asked++ {
		p, more, err := e.askOnce(ctx, c, id)
		if err != nil || !more || asked == maxAsked {
			return p, err
		}
	}
}

// askOnce is finish for one operation; more says that another is open now.
func (e *Engine) askOnce(ctx context.Context, c Caller, id string) (p *Payment, more bool, err error) {
	p, err = read(ctx, e, func(tx store.Tx) (*Payment, error) { return paymentByID(tx, c.Scope, id, PrefixPayment+id) })
	if err != nil {
		return nil, false, err
	}
	if err := e.openPayment(ctx, c.Scope, p); err != nil {
		return nil, false, err
	}
	if p.Open.Kind == payin.None || p.Due.IsZero() || e.Held() != "" {
		return p, false, nil
	}
	via, err := e.connectorOf(ctx, c.Scope, p.Account)
	if err != nil {
		return nil, false, err
	}
	in, ok := via.(connector.Acquirer)
	if !ok {
		return p, false, nil
	}
	if e.tooOld(p, via.Traits()) {
		p, err = e.giveUp(context.WithoutCancel(ctx), c, p)
		return p, false, err
	}
	ask, card, err := e.acquisition(ctx, c.Scope, p)
	if errors.Is(err, locker.ErrErased) {
		return p, false, nil // a customer's deletion; the provider's books tell what came of it
	}
	if err != nil {
		return nil, false, err
	}
	call, cancel := context.WithTimeout(ctx, e.Timing.Deadline)
	defer cancel()
	out, err := in.Acquire(call, ask)
	if err != nil {
		return p, false, nil // not known: whoever looks next asks again
	}
	asked := p.Open
	switch out.Verdict {
	case connector.Paid, connector.Rejected:
		p, err = e.settlePayment(context.WithoutCancel(ctx), c, p, out, card)
	case connector.Accepted:
		p, err = e.notYet(context.WithoutCancel(ctx), c, p, out)
	}
	return p, err == nil && p.Open.Kind != payin.None && p.Open != asked, err
}

// acquisition is what the provider is asked for the open operation, the same
// each time, and the card that pays.
func (e *Engine) acquisition(ctx context.Context, s Scope, p *Payment) (ask connector.Acquisition, card connector.Details, err error) {
	ask = connector.Acquisition{Key: p.opKey(), Again: e.again(p), What: string(p.Open.Kind), Amount: p.Open.Amount, Ref: p.External,
		Save: p.keeps(), Returned: p.Returned, OffSession: p.Away}
	if !p.Away {
		ask.Secure, ask.ReturnURL = p.Secure, p.Back
	}
	if p.Open.Kind == payin.Stop {
		ask.What = string(payin.Void)
	}
	if p.Sealed != nil {
		card, err = e.openFor(ctx, ownerOf(s, p.Customer, p.Created), paymentPlace(p.ID), p.Sealed)
		if err != nil && (!errors.Is(err, locker.ErrErased) || p.External == "") {
			return ask, nil, err
		}
	}
	if ask.Details = card; p.Mandate != nil {
		if err = e.byMandate(ctx, s, p, &ask); err != nil && (!errors.Is(err, locker.ErrErased) || p.External == "") {
			return ask, nil, err
		}
	}
	return ask, card, nil
}

// notYet writes down that the provider has it, under which name, and where the
// payer goes on.
func (e *Engine) notYet(ctx context.Context, c Caller, p *Payment, out connector.Acquired) (*Payment, error) {
	next := p.Waits(out.Next != "")
	known := p.External != "" || out.Ref == "" || p.Open.Kind != payin.Charge && p.Open.Kind != payin.Authorise
	if next == p.State && p.Next == out.Next && known {
		return p, nil
	}
	return p, e.update(ctx, func(tx store.Tx, now time.Time) error {
		is, err := load[Payment](tx, bucketPayment, c.key(p.ID))
		if err != nil {
			return err
		}
		is.PaymentEcho = p.PaymentEcho
		if is.Open == p.Open && is.Returned == p.Returned { // else somebody else has written down more
			is.State, is.Next = is.Waits(out.Next != ""), out.Next
			if !known {
				is.External = out.Ref
			}
			is.Changed = later(now, is.Changed)
			if err := e.tellPayment(tx, c.Scope, now, is); err != nil {
				return err
			}
			if err := e.savePayment(tx, c.Scope, now, is, is.Due); err != nil {
				return err
			}
		}
		*p = *is
		return nil
	})
}

// tellSettled tells of what has ended: the refund at a place, or the payment.
func (e *Engine) tellSettled(tx store.Tx, s Scope, now time.Time, p *Payment, at int) error {
	switch {
	case at >= 0:
		return e.tellOf(tx, s, now, p, &p.Refunds[at])
	case p.Status == payin.Processing: // it is asked for again at once
		return nil
	}
	return e.tellPayment(tx, s, now, p)
}

// settlePayment writes down the provider's word, and saves the card where that
// was agreed.
func (e *Engine) settlePayment(ctx context.Context, c Caller, p *Payment, out connector.Acquired, card connector.Details) (*Payment, error) {
	op := p.Open // as it was asked for: a transaction that runs twice has changed p
	if !takes(op, out) || p.Method != "" || p.Consent == nil || p.Customer == "" || p.Future == "" {
		return p, e.update(ctx, func(tx store.Tx, now time.Time) error { return e.settleOpen(tx, c, now, p, op, out, nil) })
	}
	n := NewMethod{Customer: p.Customer, Kind: service.Card, Form: "card", Type: "credit", Details: card, Consent: *p.Consent}
	return p, e.withMethod(ctx, c.Scope, n, func(tx store.Tx, now time.Time, d *drawn) error {
		if _, err := liveCustomer(tx, c.Scope, p.Customer); err != nil { // it was deleted meanwhile
			d = nil
		}
		return e.settleOpen(tx, c, now, p, op, out, d)
	})
}

// settleOpen is the transaction of settlePayment. p becomes what is stored: what
// somebody else has written down, where the operation is no longer open. d is the
// card to save; nil: none.
func (e *Engine) settleOpen(tx store.Tx, c Caller, now time.Time, p *Payment, op payin.Op, out connector.Acquired, d *drawn) error {
	is, err := load[Payment](tx, bucketPayment, c.key(p.ID))
	if err != nil {
		return err
	}
	is.PaymentEcho = p.PaymentEcho
	was := is.Due
	if is.Open != op {
		*p = *is
		return nil
	}
	at := is.hears(out)
	if err := e.settleMethod(tx, c.Scope, now, is, d, takes(op, out)); err != nil {
		return err
	}
	if out.Verdict == connector.Paid {
		if err := e.keepMandate(tx, c.Scope, now, is, op, out); err != nil {
			return err
		}
	}
	is.Changed = later(now, is.Changed)
	if err := e.tellSettled(tx, c.Scope, now, is, at); err != nil {
		return err
	}
	if err := e.savePayment(tx, c.Scope, now, is, was); err != nil {
		return err
	}
	*p = *is
	return nil
}

// takes says that by the provider's word an operation took the payer's money, or
// reserved it.
func takes(op payin.Op, out connector.Acquired) bool {
	return out.Verdict == connector.Paid && (op.Kind == payin.Charge || op.Kind == payin.Authorise)
}

// hears applies the provider's word on the open operation, which is open no
// longer. at is the place of the refund that it was; -1: none.
func (p *Payment) hears(out connector.Acquired) (at int) {
	op, word := p.Open, "succeeded"
	at = slices.IndexFunc(p.Refunds, func(r Refund) bool { return r.N == op.N })
	if out.Verdict == connector.Paid {
		p.State = p.Done()
		if takes(op, out) { // what an earlier refusal to end it said
			p.Code, p.Message = "", ""
		}
		p.unwanted(op)
	} else {
		p.State, word = p.Refused(), "failed"
	}
	code, message := &p.Code, &p.Message
	if at >= 0 {
		p.Refunds = slices.Clone(p.Refunds)
		r := &p.Refunds[at]
		r.Status, code, message = word, &r.Code, &r.Message
	}
	if out.Verdict == connector.Rejected {
		*code, *message = either(out.Code, out.Resolution), out.Message
	}
	if p.External == "" {
		p.External = out.Ref
	}
	p.Next = ""
	if p.Open.Kind != payin.Charge && p.Open.Kind != payin.Authorise {
		p.Sealed, p.Mandate, p.Returned = nil, nil, ""
	}
	return at
}

// settleMethod saves the card that paid, drawn before, or dates the last use of
// the saved method that did.
func (e *Engine) settleMethod(tx store.Tx, s Scope, now time.Time, p *Payment, d *drawn, took bool) error {
	if d != nil {
		m, err := e.putMethod(tx, s, now, d)
		if err != nil {
			return err
		}
		p.Method = m.ID
		return nil
	}
	if !took || p.Method == "" {
		return nil
	}
	if err := touchMethod(tx, s, now, p.Method); !isNotFound(err) {
		return err
	}
	return nil
}
