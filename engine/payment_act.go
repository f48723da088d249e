package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/engine/payin"
	"penstock/engine/service"
	"penstock/locker"
	"penstock/store"
)

// ChangePayment takes an update, and with Confirm has the payment paid.
func (e *Engine) ChangePayment(ctx context.Context, c Caller, name string, ed PaymentEdit, once *Once) (*Payment, error) {
	return e.actOn(ctx, c, name, "payment.update", once, func(p *Payment) error {
		if now, _ := e.pulse.now(); !p.Editable() || p.overdue(now) {
			return wrongState(ObjPayment, name, string(p.Status), "changed")
		}
		if ed.Amount != nil {
			a := ed.Amount(p.Amount)
			if a.Minor() < 0 {
				return invalid("amount", "an amount is not negative")
			}
			none := money.New(0, a.Currency())
			p.Amount, p.Captured, p.Refunded = a, none, none
		}
		give(&p.Manual, ed.Manual)
		give(&p.Future, ed.Future)
		give(&p.Secure, ed.Secure)
		if ed.Consent != nil {
			p.Consent = ed.Consent
		}
		if ed.Extra != nil {
			var err error
			if p.Extra, err = ed.Extra(p.Extra); err != nil {
				return err
			}
		}
		l, err := e.look(ctx, c.Scope, wanted{beneficiary: ed.Card, point: p.Point})
		if err != nil {
			return err
		}
		if err := e.card(ctx, c, p, ed.Card, l); err != nil {
			return err
		}
		if ed.Confirm {
			return e.begin2(ctx, c, p)
		}
		return nil
	})
}

// CapturePayment takes what was set aside; not set: all of it.
func (e *Engine) CapturePayment(ctx context.Context, c Caller, name string, minor *int64, once *Once) (*Payment, error) {
	return e.actOn(ctx, c, name, "payment.capture", once, func(p *Payment) (err error) {
		a := p.Amount
		if minor != nil {
			a = money.New(*minor, a.Currency())
		}
		next, err := p.Begin(payin.Capture, a)
		if err != nil {
			return payinError(p, err)
		}
		p.State = next
		return nil
	})
}

// CancelPayment ends a payment before it is paid, and lets go of what was set
// aside.
func (e *Engine) CancelPayment(ctx context.Context, c Caller, name string, once *Once) (*Payment, error) {
	return e.actOn(ctx, c, name, "payment.cancel", once, func(p *Payment) error {
		next, err := p.Cancel()
		if err != nil {
			next, err = p.Begin(payin.Void, p.Amount)
		}
		if err != nil {
			return payinError(p, err)
		}
		p.State = next
		if next.Status == payin.Cancelled {
			p.Sealed = nil
		}
		return nil
	})
}

// RefundPayment gives money back; minor nil: all that is left.
func (e *Engine) RefundPayment(ctx context.Context, c Caller, name, id string, minor *int64, reason string, once *Once) (*Payment, error) {
	now, _ := e.pulse.now()
	if id == "" {
		raw, err := e.newID(now)
		if err != nil {
			return nil, err
		}
		id = PrefixRefund + raw
	}
	if !ChosenID(id) {
		return nil, invalid("refund_id", "an id has 1 to 64 letters, digits, underscores or hyphens")
	}
	if len(reason) > 255 {
		return nil, invalid("reason", "a reason has at most 255 bytes")
	}
	return e.actOn(ctx, c, name, "payment.refund", once, func(p *Payment) error {
		a := money.New(p.Captured.Minor()-p.Refunded.Minor(), p.Amount.Currency())
		if minor != nil {
			a = money.New(*minor, a.Currency())
		}
		next, err := p.Begin(payin.Refund, a)
		if err != nil {
			return payinError(p, err)
		}
		if len(p.Refunds) >= maxRefunds {
			return invalid("payment_id", "a payment has at most %d refunds", maxRefunds)
		}
		p.State = next
		p.Refunds = append(slices.Clone(p.Refunds), Refund{ID: id, N: next.Open.N, Amount: a, Status: "pending", Reason: reason, Created: now})
		return nil
	})
}

// actOn changes a payment, and then asks the provider for what was begun.
func (e *Engine) actOn(ctx context.Context, c Caller, name, action string, once *Once, fn func(*Payment) error) (*Payment, error) {
	for range 8 {
		if done, err := e.replayed(ctx, c.Scope, once); err != nil {
			return nil, err
		} else if done {
			return e.afterReplay(ctx, c, once)
		}
		p, err := e.Payment(ctx, c, name)
		if err != nil {
			return nil, err
		}
		was, refunds := p.Changed, len(p.Refunds)
		if err := fn(p); err != nil {
			return nil, err
		}
		err = e.update(ctx, func(tx store.Tx, now time.Time) error {
			if done, err := e.replay(tx, c.Scope, once); done || err != nil {
				return err
			}
			is, err := load[Payment](tx, bucketPayment, c.key(p.ID))
			if err != nil {
				return err
			}
			if !is.Changed.Equal(was) {
				return errChanged
			}
			if len(p.Refunds) > refunds {
				if err := claimRefund(tx, c.Scope, p); err != nil {
					return err
				}
			}
			p.Due, p.Told = is.Due, is.Told
			return e.storePayment(tx, c, later(now, was), p, is.Due, action, once)
		})
		switch {
		case errors.Is(err, errChanged):
			continue
		case err != nil:
			return nil, err
		case once != nil && once.Replayed:
			return e.afterReplay(ctx, c, once)
		}
		return e.finish(ctx, c, p.ID)
	}
	return nil, &Error{Code: CodeBusy, Object: ObjPayment, ID: name, Message: "the payment is being changed by others; repeat"}
}

// later makes each change of a record bear another time.
func later(now, was time.Time) time.Time {
	if now.After(was) {
		return now
	}
	return was.Add(time.Microsecond)
}

func claimRefund(tx store.Tx, s Scope, p *Payment) error {
	id := p.Refunds[len(p.Refunds)-1].ID
	if _, err := tx.Get(bucketRefund, s.key(id)); err == nil {
		return exists(ObjRefund, id)
	} else if !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("read refund: %w", err)
	}
	if err := tx.Put(bucketRefund, s.key(id), []byte(p.ID)); err != nil {
		return fmt.Errorf("write refund: %w", err)
	}
	return nil
}

// collectorFor is the first account of a point that takes money in, in the
// order of its fallback list.
func (e *Engine) collectorFor(ctx context.Context, s Scope, point string) (account, provider string, err error) {
	list, err := read(ctx, e, func(tx store.Tx) (out []*ProviderAccount, err error) {
		k, err := e.catalogOf(tx, s)
		if err != nil {
			return nil, err
		}
		for _, a := range k.sorted() {
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
		return "", "", err
	}
	for _, a := range list {
		if p, ok := e.Directory.Provider(a.Provider); ok && !slices.ContainsFunc(p.Services, e.payByCard) {
			continue
		}
		via, err := e.connectorOf(ctx, s, a.ID)
		if err != nil {
			return "", "", err
		}
		if _, ok := via.(connector.Acquirer); ok {
			return a.ID, a.Provider, nil
		}
	}
	return "", "", &Error{Code: CodeNoRoute, Object: ObjPayment, Message: "no connected provider takes card payments", Hint: "connect one that does"}
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

// finish asks the provider for what is open, with the key that it was or may
// have been asked with before, and writes down what it says. While it says
// nothing the payment stays as it is, and the worker asks again.
func (e *Engine) finish(ctx context.Context, c Caller, id string) (*Payment, error) {
	p, err := read(ctx, e, func(tx store.Tx) (*Payment, error) { return paymentByID(tx, c.Scope, id, PrefixPayment+id) })
	if err != nil {
		return nil, err
	}
	if err := e.openPayment(ctx, c.Scope, p); err != nil {
		return nil, err
	}
	if p.Open.Kind == payin.None || p.Due.IsZero() || e.Held() != "" {
		return p, nil
	}
	via, err := e.connectorOf(ctx, c.Scope, p.Account)
	if err != nil {
		return nil, err
	}
	in, ok := via.(connector.Acquirer)
	if !ok {
		return p, nil
	}
	if e.tooOld(p, via.Traits()) {
		return e.giveUp(context.WithoutCancel(ctx), c, p)
	}
	var card connector.Details
	if p.Sealed != nil {
		card, err = e.openFor(ctx, ownerOf(c.Scope, p.Customer, p.Created), paymentPlace(p.ID), p.Sealed)
		if errors.Is(err, locker.ErrErased) && p.External == "" {
			return p, nil // a customer's deletion; the provider's books tell what came of it
		}
		if err != nil && !errors.Is(err, locker.ErrErased) {
			return nil, err
		}
	}
	call, cancel := context.WithTimeout(ctx, e.Timing.Deadline)
	defer cancel()
	out, err := in.Acquire(call, connector.Acquisition{Key: fmt.Sprintf("%s%s_%d", PrefixPayment, p.ID, p.Open.N), What: string(p.Open.Kind), Amount: p.Open.Amount, Details: card, Ref: p.External,
		Secure: p.Secure, ReturnURL: p.Back, Returned: p.Returned})
	if err != nil {
		return p, nil // not known: whoever looks next asks again
	}
	switch out.Verdict {
	case connector.Paid, connector.Rejected:
		return e.settlePayment(context.WithoutCancel(ctx), c, p, out.Outcome, card)
	case connector.Accepted:
		return e.notYet(context.WithoutCancel(ctx), c, p, out)
	}
	return p, nil
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

// settlePayment writes down the provider's word, and saves the card where that
// was agreed.
func (e *Engine) settlePayment(ctx context.Context, c Caller, p *Payment, out connector.Outcome, card connector.Details) (*Payment, error) {
	op := p.Open
	took := out.Verdict == connector.Paid && (op.Kind == payin.Charge || op.Kind == payin.Authorise)
	settle := func(tx store.Tx, now time.Time, d *drawn) error {
		is, err := load[Payment](tx, bucketPayment, c.key(p.ID))
		if err != nil {
			return err
		}
		is.PaymentEcho = p.PaymentEcho
		if is.Open != op { // somebody else has written it down
			*p = *is
			return nil
		}
		at := slices.IndexFunc(is.Refunds, func(r Refund) bool { return r.N == op.N })
		word := "succeeded"
		if out.Verdict == connector.Paid {
			is.State = is.Done()
		} else {
			is.State, word = is.Refused(), "failed"
			is.Code, is.Message = either(out.Code, out.Resolution), out.Message
		}
		if at >= 0 {
			is.Refunds = slices.Clone(is.Refunds)
			is.Refunds[at].Status = word
		}
		if is.External == "" {
			is.External = out.Ref
		}
		is.Next = ""
		if op.Kind == payin.Charge || op.Kind == payin.Authorise {
			is.Sealed, is.Returned = nil, ""
		}
		if d != nil {
			m, err := e.putMethod(tx, c.Scope, now, d)
			if err != nil {
				return err
			}
			is.Method = m.ID
		} else if took && is.Method != "" {
			if err := touchMethod(tx, c.Scope, now, is.Method); err != nil && !isNotFound(err) {
				return err
			}
		}
		is.Changed = later(now, is.Changed)
		if err := e.tellPayment(tx, c.Scope, now, is); err != nil {
			return err
		}
		*p = *is
		if err := e.savePayment(tx, c.Scope, now, is, is.Due); err != nil {
			return err
		}
		p.Due, p.Asked, p.Tries = is.Due, is.Asked, is.Tries
		return nil
	}
	if !took || p.Method != "" || p.Consent == nil || p.Customer == "" || p.Future == "" {
		return p, e.update(ctx, func(tx store.Tx, now time.Time) error { return settle(tx, now, nil) })
	}
	n := NewMethod{Customer: p.Customer, Kind: service.Card, Form: "card", Type: "credit", Details: card, Consent: *p.Consent}
	return p, e.withMethod(ctx, c.Scope, n, func(tx store.Tx, now time.Time, d *drawn) error {
		if _, err := liveCustomer(tx, c.Scope, p.Customer); err != nil { // it was deleted meanwhile
			return settle(tx, now, nil)
		}
		return settle(tx, now, d)
	})
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
