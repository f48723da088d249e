package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"penstock/engine/connector"
	"penstock/engine/payin"
	"penstock/engine/payout"
	"penstock/store"
)

// A payment of which the provider was asked something is its own work item: it
// says when it is asked again, and a row of the one queue stands for it.

// savePayment writes a payment that was due at was, and its due row.
func (e *Engine) savePayment(tx store.Tx, s Scope, now time.Time, p *Payment, was time.Time) error {
	switch {
	case p.Open.Kind == payin.None:
		p.Due, p.Asked, p.Began, p.Tries = p.expiry(), time.Time{}, payout.Mark{}, 0
	case p.Asked.IsZero(): // just begun: whoever began it asks first
		p.Due, p.Asked, p.Began = now.Add(e.Timing.Lease), now, e.pulse.run()
	}
	if ends := p.Expires; p.Status == payin.NeedsAction && ends.After(now) && p.Due.After(ends) {
		p.Due = ends
	}
	if err := keep(tx, bucketPayment, s.key(p.ID), p); err != nil {
		return err
	}
	if err := paying(tx, s, p); err != nil {
		return err
	}
	return moveDue(tx, duePayment, s, p.ID, was, p.Due)
}

// asks says that the provider is asked for what is open until it answers.
func (p *Payment) asks() bool { return p.Open.Kind != payin.None && !p.Due.IsZero() }

// paying keeps the list of a customer's payments of which the provider is asked
// something: it needs the customer's key, which is not erased meanwhile.
func paying(tx store.Tx, s Scope, p *Payment) error {
	if p.Customer == "" {
		return nil
	}
	row, err := s.key(p.Customer, p.ID), error(nil)
	if p.asks() {
		err = tx.Put(bucketPaying, row, nil)
	} else {
		err = tx.Delete(bucketPaying, row)
	}
	if err != nil {
		return fmt.Errorf("write a customer's open payments: %w", err)
	}
	return nil
}

// movePayment moves the work of a row, record and row together.
func movePayment(tx store.Tx, row dueRow, to time.Time) error {
	p, err := load[Payment](tx, bucketPayment, row.key(row.id))
	if err != nil {
		return err
	}
	was := p.Due
	p.Due = to
	if err := keep(tx, bucketPayment, row.key(row.id), p); err != nil {
		return err
	}
	return moveDue(tx, duePayment, row.Scope, row.id, was, to)
}

// payment claims one: until its lease ends nobody else of the worker asks.
func (c *claims) payment(tx store.Tx, row dueRow) error {
	p, err := load[Payment](tx, bucketPayment, row.key(row.id))
	if err != nil {
		return fmt.Errorf("due row of a payment: %w", err)
	}
	if p.Due.UnixMicro() != row.at.UnixMicro() {
		return c.orphan(tx, row)
	}
	lane := accountLane(row.Scope, p.Account)
	if !c.canTake(lane) {
		return c.leave(tx, row, lane)
	}
	c.add(job{dueRow: row, lane: lane})
	return movePayment(tx, row, c.now.Add(c.e.Timing.Lease))
}

// askPayment asks for a claimed payment, and says when it is asked again where
// there is no answer yet, or it could not be asked.
func (e *Engine) askPayment(ctx context.Context, j job) error {
	if done, err := e.expirePayment(ctx, j); done || err != nil {
		return err
	}
	if err := e.haltOverdue(ctx, j); err != nil {
		return err
	}
	p, failed := e.finish(ctx, Caller{Scope: j.Scope, Actor: "penstock", Rights: Rights()}, j.id)
	if failed == nil && (p.Open.Kind == payin.None || p.Due.IsZero()) {
		return nil
	}
	jitter, err := e.jitter()
	if err != nil {
		return err
	}
	return errors.Join(failed, e.askLater(ctx, j, jitter))
}

func (e *Engine) askLater(ctx context.Context, j job, jitter uint64) error {
	return e.update(ctx, func(tx store.Tx, now time.Time) error {
		is, err := load[Payment](tx, bucketPayment, j.key(j.id))
		if err != nil || is.Open.Kind == payin.None || is.Due.IsZero() {
			return err
		}
		base := e.Timing.PollMax
		if is.Tries < len(e.Timing.Polls) {
			base = e.Timing.Polls[is.Tries]
		}
		was := is.Due
		is.Tries++
		is.Due = now.Add(base - base/5 + part(jitter, base/5*2))
		return e.savePayment(tx, j.Scope, now, is, was)
	})
}

// tooOld says that the provider may no longer keep the key that an operation was
// asked with, and has given it no name by which it could be asked for. Of both
// clocks the one counts that has gone on further, and what another process began
// may be older than any clock here can tell (see claims.until).
func (e *Engine) tooOld(p *Payment, t connector.Traits) bool {
	if t.Window == 0 || p.External != "" {
		return false
	}
	now, _ := e.pulse.now()
	run := e.pulse.run()
	age := now.Sub(p.Asked)
	return p.Began.Epoch != run.Epoch || age < 0 || max(age, run.Since(p.Began)) > t.Window-e.Timing.Deadline-t.Settle
}

// giveUp leaves a payment to a person: asking again could take the money twice.
func (e *Engine) giveUp(ctx context.Context, c Caller, p *Payment) (*Payment, error) {
	e.Log.ErrorContext(ctx, "nobody can say whether a payment was taken, and it can't be asked for again: look at the provider", "payment", PrefixPayment+p.ID)
	return p, e.update(ctx, func(tx store.Tx, now time.Time) error {
		is, err := load[Payment](tx, bucketPayment, c.key(p.ID))
		if err != nil || is.Open != p.Open {
			return err
		}
		was := is.Due
		is.Due, is.Code, is.Message = time.Time{}, "unknown", "nobody can say whether the money was taken: look at the provider"
		is.Changed = later(now, is.Changed)
		p.Due, p.Code, p.Message, p.Changed = is.Due, is.Code, is.Message, is.Changed
		return e.savePayment(tx, c.Scope, now, is, was)
	})
}

// ReturnPayment takes what a payer brought back from their bank's page, of the
// payment of either mode that prove accepts, and asks the provider what came of
// it. Only the first return counts: a page that is opened again changes nothing.
func (e *Engine) ReturnPayment(ctx context.Context, merchant, id, query string, prove func(*Payment) error) (*Payment, Scope, error) {
	if len(query) > 2048 {
		return nil, Scope{}, invalid("query", "is too long")
	}
	refused := error(notFound(ObjPayment, id))
	for _, mode := range []Mode{Live, Test} {
		c := Caller{Scope: Scope{merchant, mode}, Actor: "payer", Rights: []Right{Payins}}
		if !ChosenID(id) || !ChosenID(merchant) {
			break
		}
		p, err := read(ctx, e, func(tx store.Tx) (*Payment, error) { return paymentByID(tx, c.Scope, id, PrefixPayment+id) })
		if isNotFound(err) {
			continue
		}
		if err == nil {
			err = e.openPayment(ctx, c.Scope, p)
		}
		if err != nil {
			return nil, c.Scope, err
		}
		if err := prove(p); err != nil {
			refused = err
			continue
		}
		if query != "" && p.Status == payin.NeedsAction {
			if err := e.cameBack(ctx, c, p.ID, query); err != nil {
				return nil, c.Scope, err
			}
		}
		p, err = e.finish(ctx, c, p.ID)
		return p, c.Scope, err
	}
	return nil, Scope{}, refused
}

func (e *Engine) cameBack(ctx context.Context, c Caller, id, query string) error {
	return e.update(ctx, func(tx store.Tx, now time.Time) error {
		p, err := load[Payment](tx, bucketPayment, c.key(id))
		if err != nil || p.Status != payin.NeedsAction || p.Returned != "" {
			return err
		}
		p.Returned, p.Changed = query, later(now, p.Changed)
		if err := c.act(tx, now, "payment.return", PrefixPayment+id); err != nil {
			return err
		}
		return e.savePayment(tx, c.Scope, now, p, p.Due)
	})
}

// PaymentOccasion is a change of a payment that somebody may want to be told of.
type PaymentOccasion struct {
	Event string // evt_...
	At    time.Time
	Scope
	Payment *Payment
	Refund  *Refund // of Payment; nil: it is told of the payment itself
	Point   *Point
}

// RenderPayment makes a dialect's message of it, as Render does.
type RenderPayment func(PaymentOccasion) (kind string, body []byte, err error)

// tellPayment writes the webhooks that tell of a payment as it stands now.
func (e *Engine) tellPayment(tx store.Tx, s Scope, now time.Time, p *Payment) error {
	return e.tellOf(tx, s, now, p, nil)
}

// tellOf is tellPayment of one of its refunds; nil: of the payment itself.
func (e *Engine) tellOf(tx store.Tx, s Scope, now time.Time, p *Payment, r *Refund) error {
	if len(e.RenderPayment) == 0 {
		return nil
	}
	all, err := e.endpointsOf(tx, s)
	if err != nil || len(all) == 0 {
		return err
	}
	k, err := e.catalogOf(tx, s)
	if err != nil {
		return err
	}
	for i := range all {
		to := &all[i]
		if p.Token != "" && to.ID == signerOf(p.Token) {
			to.URL = p.callbackURL(k)
		}
		render := e.RenderPayment[to.Profile]
		if render == nil || to.URL == "" || to.Disabled || to.Point != "" && to.Point != p.Point {
			continue
		}
		if err := e.tellOne(tx, s, now, p, r, to, k.points[p.Point], render); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) tellOne(tx store.Tx, s Scope, now time.Time, p *Payment, r *Refund, to *Endpoint, point *Point, render RenderPayment) error {
	var ids [3]string
	for i := range ids {
		var err error
		if ids[i], err = e.newID(now); err != nil {
			return err
		}
	}
	kind, body, err := render(PaymentOccasion{Event: PrefixEvent + ids[0], At: now, Scope: s, Payment: p, Refund: r, Point: point})
	if err != nil {
		return fmt.Errorf("render webhook: %w", err)
	}
	of := ""
	if r != nil {
		of = r.ID
	}
	if kind == "" || !to.wants(kind) || isTold(p.Told, kind, to.ID, of) {
		return nil
	}
	d := &Delivery{ID: PrefixDelivery + ids[2], Message: PrefixMessage + ids[1], Event: PrefixEvent + ids[0], Type: kind, Payment: p.ID, Refund: of, Token: p.Token, Holder: p.holder()}
	p.Told, err = e.writeDelivery(tx, s, now, to, p.Told, d, body)
	return err
}

// errNoPayment says that a delivery tells of nothing.
var errNoPayment = errors.New("a payment that does not know of it")

// paymentTold checks that a payment knows of a delivery about it.
func paymentTold(tx store.Tx, s Scope, d *Delivery) error {
	p, err := load[Payment](tx, bucketPayment, s.key(d.Payment))
	if err != nil || !slices.ContainsFunc(p.Told, func(t Told) bool { return t.Delivery == d.ID && t.Of == d.Refund }) {
		return errNoPayment
	}
	return nil
}
