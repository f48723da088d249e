package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	jsonv2 "github.com/go-json-experiment/json"

	"penstock/engine/connector"
	"penstock/engine/payin"
	"penstock/locker"
	"penstock/store"
)

// What a page needs on which somebody pays: the payment by its own id, and what was typed until it is confirmed. (The
// page of a payout is page.go's.)

// PaymentByID returns a payment by its id without prefix, and asks the provider
// for what is open first.
func (e *Engine) PaymentByID(ctx context.Context, c Caller, id string) (*Payment, error) {
	if !ChosenID(id) {
		return nil, notFound(ObjPayment, PrefixPayment+id)
	}
	return e.finish(ctx, c, id)
}

// NotePayment changes what a dialect keeps of a payment, whatever its status.
func (e *Engine) NotePayment(ctx context.Context, c Caller, id string, edit func(json.RawMessage) (json.RawMessage, error)) (*Payment, error) {
	return e.actOn(ctx, c, PrefixPayment+id, "payment.note", nil, func(p *Payment) (err error) {
		if p.Extra, err = edit(p.Extra); err != nil {
			return err
		}
		return e.card(ctx, c, p, Beneficiary{}, nil)
	})
}

// maxPaymentLook is how many payments Payments reads at most.
const maxPaymentLook = 10_000

// Payments returns those payments that keep wants, the newest first, that were
// created before the one of f.Before and within f.From and f.To; what else a
// Filter says is of payouts and does not count. Nobody is asked about them. Of
// very many that keep does not want the later ones alone are looked at.
func (e *Engine) Payments(ctx context.Context, s Scope, f Filter, limit int, keep func(*Payment) bool) (out []Payment, err error) {
	from, to := s.prefix(), after(s.prefix())
	if !f.From.IsZero() {
		from = s.key(firstID(f.From))
	}
	if !f.To.IsZero() {
		to = s.key(firstID(f.To))
	}
	if f.Before != "" && bytes.Compare(s.key(f.Before), to) < 0 {
		to = s.key(f.Before)
	}
	for looked := 0; len(out) < limit && looked < maxPaymentLook && bytes.Compare(from, to) < 0; {
		rows, err := read(ctx, e, func(tx store.Tx) ([]store.Pair, error) { return tx.Scan(bucketPayment, from, to, 200, true) })
		if err != nil {
			return nil, fmt.Errorf("scan payments: %w", err)
		}
		for _, row := range rows[:min(len(rows), 200)] {
			p, err := decode[Payment](bucketPayment, row.Value)
			if err != nil {
				return nil, err
			}
			if err := e.openPayment(ctx, s, p); err != nil {
				return nil, err
			}
			if keep(p) && len(out) < limit {
				out = append(out, *p)
			}
		}
		if len(rows) < 200 {
			break
		}
		looked, to = looked+len(rows), rows[len(rows)-1].Key
	}
	return out, nil
}

func enteredCardPlace(id string) locker.Place {
	return locker.Place{Bucket: "entered_card", Token: id}
}

// SealCard makes a card that was typed safe to be given back to the browser
// until it is confirmed, as SealEntered does with an account.
func (e *Engine) SealCard(ctx context.Context, s Scope, p *Payment, card connector.Details) ([]byte, error) {
	now, _ := e.pulse.now()
	raw, err := jsonv2.Marshal(Entered{Details: card, At: now}, codec)
	if err != nil {
		return nil, errors.New("encode what was entered: malformed")
	}
	sealed, err := e.Locker.Seal(ctx, ownerOf(s, p.Customer, p.Created), enteredCardPlace(p.ID), raw)
	return sealed, sealError("seal what was entered", err)
}

// OpenCard is the opposite. What is not of this payment, or too old, is
// CodeToken.
func (e *Engine) OpenCard(ctx context.Context, s Scope, p *Payment, sealed []byte) (connector.Details, error) {
	raw, err := e.Locker.Open(ctx, ownerOf(s, p.Customer, p.Created), enteredCardPlace(p.ID), sealed)
	if errors.Is(err, locker.ErrSealed) {
		return nil, sealError("open what was entered", err)
	}
	out := &Entered{}
	if err != nil || jsonv2.Unmarshal(raw, out, codec) != nil {
		return nil, errEntered
	}
	if now, _ := e.pulse.now(); now.Sub(out.At) > keepEntered || out.At.Sub(now) > keepEntered {
		return nil, errEntered
	}
	return out.Details, nil
}

// callbackURL is where a payment's own webhooks go; empty: nowhere.
func (p *Payment) callbackURL(k *catalog) string {
	if p.Callback != "" {
		return p.Callback
	}
	if point := k.points[p.Point]; point != nil {
		return point.CallbackURL
	}
	return ""
}

// expiry is when a payment ends that nobody has paid; zero: never, or not any
// more.
func (p *Payment) expiry() time.Time {
	if !p.Editable() {
		return time.Time{}
	}
	return p.Expires
}

// overdue says that it is too late to pay it.
func (p *Payment) overdue(now time.Time) bool { return !p.expiry().IsZero() && !now.Before(p.expiry()) }

// codeExpired is the Code of a payment that has ended because nobody paid it.
const codeExpired = "expired"

// Expired says that it has ended, or is about to, because nobody paid it in
// time.
func (p *Payment) Expired(now time.Time) bool {
	return p.overdue(now) || p.Status == payin.Cancelled && p.Code == codeExpired
}

// expirePayment ends a claimed payment that nobody has paid in time; done says
// that there is nothing else to do for it.
func (e *Engine) expirePayment(ctx context.Context, j job) (done bool, err error) {
	p, err := read(ctx, e, func(tx store.Tx) (*Payment, error) { return paymentByID(tx, j.Scope, j.id, PrefixPayment+j.id) })
	if err != nil || p.Open.Kind != payin.None {
		return false, err
	}
	if err := e.openPayment(ctx, j.Scope, p); err != nil {
		return false, err
	}
	return true, e.update(ctx, func(tx store.Tx, now time.Time) error {
		is, err := load[Payment](tx, bucketPayment, j.key(j.id))
		if err != nil || is.Open.Kind != payin.None {
			return err
		}
		was := is.Due
		if is.overdue(now) {
			if !bytes.Equal(is.Shut, p.Shut) { // changed meanwhile: looked at again with the lease's end
				return nil
			}
			if is.State, err = is.Cancel(); err != nil {
				return err
			}
			is.PaymentEcho, is.Code, is.Message, is.Sealed = p.PaymentEcho, codeExpired, "nobody has paid in time", nil
			is.Changed = later(now, is.Changed)
			if err := e.tellPayment(tx, j.Scope, now, is); err != nil {
				return err
			}
		}
		return e.savePayment(tx, j.Scope, now, is, was)
	})
}
