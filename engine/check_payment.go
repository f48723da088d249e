package engine

import (
	"bytes"
	"errors"
	"slices"

	"penstock/engine/payin"
	"penstock/store"
)

// payments looks at money that comes in: sums, what is open and its due row,
// ids that lead to it, refunds, and what lies sealed.
func (k *check) payments(tx store.Tx) error {
	err := scoped(k, tx, bucketPayment, func(s Scope, id string, p *Payment) error {
		what := "payment " + id
		if !p.Due.IsZero() {
			k.rows.ask(bucketDue, dueKey(p.Due, duePayment, s, id), "")
		}
		open := p.Open.Kind != payin.None
		switch {
		case p.ID != id:
			k.found("payment %s stands under %s", p.ID, id)
		case !slices.Contains(payin.Statuses(), p.Status):
			k.found("%s has status %q", what, p.Status)
		case open == p.Asked.IsZero() || !open && !p.Due.IsZero() && p.expiry().IsZero():
			k.found("%s has something open: %v, asked %v, due %v", what, open, p.Asked, p.Due)
		case open && p.Due.IsZero() && p.Code != "unknown":
			k.found("%s has something open that nobody asks for", what)
		case (p.Status == payin.Processing || p.Status == payin.NeedsAction) != (p.Open.Kind == payin.Charge || p.Open.Kind == payin.Authorise || p.Open.Kind == payin.Stop):
			k.found("%s is %s and %q is open", what, p.Status, p.Open.Kind)
		case (p.Open.Kind == payin.Stop) != (p.Stopped.Kind == payin.Charge || p.Stopped.Kind == payin.Authorise):
			k.found("%s: %q is open, and is to end %q", what, p.Open.Kind, p.Stopped.Kind)
		case p.Captured.IsNegative() || p.Captured.Minor() > p.Amount.Minor() || p.Refunded.IsNegative() || p.Refunded.Minor() > p.Captured.Minor():
			k.found("%s: amount %s, captured %s, given back %s", what, p.Amount, p.Captured, p.Refunded)
		}
		k.paymentRefunds(tx, s, p)
		if p.Customer != "" && p.asks() {
			k.rows.ask(bucketPaying, s.key(p.Customer, id), "")
		}
		for _, r := range p.Refunds {
			k.rows.ask(bucketRefund, s.key(r.ID), id)
		}
		if p.Ref != "" {
			if at, err := tx.Get(bucketPayRef, s.key(p.Ref)); err != nil || string(at) != id {
				k.found("%s is not found by its merchant's id", what)
			}
			k.rows.ask(bucketPayRef, s.key(p.Ref), id)
		}
		for _, t := range p.Told {
			if d, err := load[Delivery](tx, bucketDelivery, s.key(t.Delivery)); err != nil && !errors.Is(err, store.ErrNotFound) || err == nil && d.Payment != id {
				k.found("%s has told by delivery %s, which tells of something else", what, t.Delivery)
			}
			if t.Of != "" && !slices.ContainsFunc(p.Refunds, func(r Refund) bool { return r.ID == t.Of && r.Status != "pending" }) {
				k.found("%s has told of refund %s, which has not ended", what, t.Of)
			}
		}
		k.sealedValue("what "+what+" echoes", func() error { return k.opens(echoOwner(s, p.Customer, p.Created), paymentEchoPlace(id), p.Shut) })
		if p.Sealed != nil {
			k.sealedValue("the card of "+what, func() error { return k.opens(ownerOf(s, p.Customer, p.Created), paymentPlace(id), p.Sealed) })
		}
		if p.Mandate != nil {
			k.sealedValue("the mandate of "+what, func() error {
				return k.opens(ownerOf(s, p.Customer, p.Created), mandatePlace(id, p.Account), p.Mandate)
			})
		}
		return nil
	})
	if err == nil {
		err = k.index(tx, bucketPaying, "a customer's list of open payments names one that is not open", "%d open payments are missing from their customers' lists")
	}
	for _, bucket := range []string{bucketPayRef, bucketRefund} {
		if err == nil {
			err = each(tx, bucket, nil, func(row store.Pair) error {
				if !k.rows.stands(bucket, row.Key, string(row.Value)) {
					k.found("%s: an id leads to payment %s, which does not bear it", bucket, row.Value)
				}
				return nil
			})
		}
	}
	return err
}

// paymentRefunds adds up what was given back, and looks whether each is found.
func (k *check) paymentRefunds(tx store.Tx, s Scope, p *Payment) {
	var sum int64
	for _, r := range p.Refunds {
		if at, err := tx.Get(bucketRefund, s.key(r.ID)); err != nil || !bytes.Equal(at, []byte(p.ID)) {
			k.found("refund %s of payment %s is not found by its id", r.ID, p.ID)
		}
		if r.Status == "succeeded" {
			sum += r.Amount.Minor()
		}
		if (r.Status == "pending") != (p.Open.Kind == payin.Refund && p.Open.N == r.N) {
			k.found("refund %s of payment %s is %s and %q is open", r.ID, p.ID, r.Status, p.Open.Kind)
		}
	}
	if sum != p.Refunded.Minor() {
		k.found("payment %s has given back %s, and its refunds make %d", p.ID, p.Refunded, sum)
	}
}
