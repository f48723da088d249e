package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"penstock/engine/money"
	"penstock/engine/payin"
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
		give(&p.Away, ed.Away)
		if ed.Consent != nil {
			p.Consent = ed.Consent
		}
		if ed.Extra != nil {
			var err error
			if p.Extra, err = ed.Extra(p.Extra); err != nil {
				return err
			}
		}
		if p.Customer != "" {
			if ed.Customer != "" && ed.Customer != p.Customer {
				return invalid("customer_id", "The customer of a payment cannot be changed; create another payment")
			}
			ed.Customer, ed.Person = "", nil // it is known, and other words about it change nothing
		}
		l, err := e.look(ctx, c.Scope, wanted{customer: ed.Customer, beneficiary: ed.Card, exits: ed.Exits, tree: ed.Tree, point: p.Point})
		if err != nil {
			return err
		}
		if err := e.payer(ctx, c.Scope, p, ed, l); err != nil {
			return err
		}
		if l.noRoute != nil {
			return l.noRoute
		}
		if ed.Exits != nil {
			p.Exits, p.Tree = ed.Exits, ed.Tree
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

// payer gives a payment the customer that an edit names, known or new, and
// seals a card that it has under that customer's key.
func (e *Engine) payer(ctx context.Context, s Scope, p *Payment, ed PaymentEdit, l *looked) error {
	cust, added, err := e.who(ctx, s, l, ed.Customer, ed.Person)
	if err != nil || cust == nil {
		return err
	}
	if p.Sealed != nil {
		card, err := e.openFor(ctx, ownerOf(s, "", p.Created), paymentPlace(p.ID), p.Sealed)
		if err != nil {
			return err
		}
		if p.Sealed, err = e.sealFor(ctx, ownerOf(s, cust.ID, p.Created), paymentPlace(p.ID), card); err != nil {
			return err
		}
	}
	if p.Customer = cust.ID; added {
		p.added = cust
	}
	return nil
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
// aside. Where the payer is at their bank the provider is asked to end it: the
// payer may have been first, and then it is paid.
func (e *Engine) CancelPayment(ctx context.Context, c Caller, name string, once *Once) (*Payment, error) {
	return e.actOn(ctx, c, name, "payment.cancel", once, func(p *Payment) error {
		next, err := p.Cancel()
		if err != nil {
			next, err = p.Begin(payin.Void, p.Amount)
		}
		if err != nil && p.stoppable() {
			next, err = p.halt("cancelled")
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
	named, err := e.nameOf(ctx, c.Scope, "refund", id, once)
	if err != nil {
		return nil, err
	}
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
		p.Refunds = append(slices.Clone(p.Refunds), Refund{ID: id, Name: named, N: next.Open.N, Amount: a, Status: "pending", Reason: reason, Created: now})
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
			if p.added != nil {
				if err := addCustomer(tx, c, now, p.added); err != nil {
					return err
				}
			}
			if len(p.Refunds) > refunds {
				if err := claimRefund(tx, c.Scope, p); err != nil {
					return err
				}
			}
			next := *p // of its own for each run: what a run that came to nothing has filled in doesn't count
			next.Due, next.Told = is.Due, is.Told
			return e.storePayment(tx, c, now, &next, is.Due, action, once)
		})
		switch {
		case errors.Is(err, errChanged), p.added != nil && madeMeanwhile(err, p.added.ID):
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

// later makes each change of a record bear another time, also where the clock
// was set back. It is for nothing but Changed: what is due is due by the clock.
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

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
