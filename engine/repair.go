package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"penstock/engine/payout"
	"penstock/store"
)

// Repairs are how often whoever is paid by a request may say anew where the
// money goes, after its provider has refused what they said for certain. Until
// they do, or their time is over, the request is in hand and nothing is made
// for it. A payout of details that were repaired is a payout of its own, with a
// key of its own, as one by another route is.
type Repairs struct {
	Left   int           `json:"left"`
	Within time.Duration `json:"within"`         // how long each may take
	Until  time.Time     `json:"until,omitzero"` // when the one that is waited for must be there; zero: none is
	From   int           `json:"from,omitempty"` // payouts that were made for details since replaced
}

// maxRepairs bounds Repairs.Left.
const maxRepairs = 10

// repairable are the refusals that other details may cure.
func repairable(r payout.Resolution) bool {
	return slices.Contains([]payout.Resolution{payout.InvalidDetails, payout.InvalidMethod, payout.RecipientNotFound, payout.InvalidRecipient}, r)
}

// WantsRepair says that the request waits for other details.
func (r *Request) WantsRepair() bool {
	return r.Repairs != nil && !r.Repairs.Until.IsZero() && r.Stage == payout.InHand && r.Moderation == ""
}

// mayRepair says whether a request that would end now may wait for other
// details instead: nothing of it is out or on its way, and what was made for
// the details that it has was refused for their sake.
func (r *Request) mayRepair() bool {
	if r.Repairs == nil || r.Repairs.Left < 1 || len(r.Payouts) <= r.Repairs.From {
		return false
	}
	for _, p := range r.Payouts {
		if p.Status != payout.Failed || p.Out() {
			return false
		}
	}
	return repairable(payout.Resolve(r.Payouts[len(r.Payouts)-1].Resolution, payout.Failed))
}

// awaitRepair keeps the request in hand until other details are there.
func (v *View) awaitRepair(now time.Time) {
	own := *v.Repairs
	own.Until = now.Add(own.Within)
	v.Repairs, v.More, v.Next = &own, true, own.Until
	v.tell(Line{At: now, What: "repair_awaited", By: "penstock", To: string(payout.InHand)})
}

// stillAwaited says that nothing is to be done for the request yet. When the
// time is over no repair is left, and it ends as it would have.
func (v *View) stillAwaited(now time.Time) bool {
	if v.Repairs == nil || v.Repairs.Until.IsZero() {
		return false
	}
	own := *v.Repairs
	if latest := now.Add(own.Within); own.Until.After(latest) { // the clock was set back
		own.Until = latest
		v.Repairs = &own
	}
	if now.Before(own.Until) {
		v.Next = own.Until
		return true
	}
	own.Left, own.Until = 0, time.Time{}
	v.Repairs = &own
	return false
}

// next is the request's next move. What was made for details since replaced
// doesn't count, unless it turned out that it has paid.
func (e *Engine) next(k *catalog, v *View) payout.Move {
	made, may := v.Payouts, e.worthRetry(k, v)
	if v.Repairs == nil || v.Repairs.From == 0 || slices.ContainsFunc(made[:v.Repairs.From], func(p payout.Payout) bool { return p.Status != payout.Failed || p.Out() }) {
		return e.Rules.Next(v.wish(), made, may)
	}
	m := e.Rules.Next(v.wish(), made[v.Repairs.From:], may)
	if len(made) == v.Repairs.From {
		m.Piece += made[len(made)-1].Piece
	}
	return m
}

// Repair gives a request that waits for them other details: of many at one
// time, one is taken, and the others are CodeState. It is paid like a request
// that was just confirmed.
func (e *Engine) Repair(ctx context.Context, c Caller, name string, ch Change) (*View, error) {
	for range 8 {
		v, err := e.repairOnce(ctx, c, name, ch)
		if !errors.Is(err, errChanged) {
			return v, err
		}
	}
	return nil, &Error{Code: CodeBusy, Object: ObjPayout, ID: name, Message: "the payout is being changed by others; repeat"}
}

func (e *Engine) repairOnce(ctx context.Context, c Caller, name string, ch Change) (*View, error) {
	seen, err := e.Get(ctx, c, ch.Prefix, name)
	if err != nil {
		return nil, err
	}
	if !seen.WantsRepair() {
		return nil, wrongState(ObjPayout, name, string(seen.Stage), "repaired")
	}
	if ch.Beneficiary.absent() {
		return nil, missing("payout_method_data")
	}
	ed, err := e.prepareEdit(ctx, c, seen, Change{Prefix: ch.Prefix, Beneficiary: ch.Beneficiary, Service: ch.Service})
	if err != nil {
		return nil, err
	}
	return e.changeFrom(ctx, c, seen, "payout.repair", nil, func(tx store.Tx, now time.Time, r *View) error {
		if !r.WantsRepair() || !now.Before(r.Repairs.Until) {
			return wrongState(ObjPayout, name, string(r.Stage), "repaired")
		}
		if r.version() != seen.version() {
			return errChanged
		}
		if e.Held() != "" {
			return errHeld
		}
		if r.Customer != "" {
			if err := stillLives(tx, c.Scope, r.Customer, nil); err != nil {
				return err
			}
		}
		if err := ed.apply(tx, c, now, r); err != nil {
			return err
		}
		own := *r.Repairs
		own.Left, own.From, own.Until = own.Left-1, len(r.Payouts), time.Time{}
		r.Repairs, r.Next = &own, now
		r.tell(Line{At: now, What: "repaired", By: c.Actor, To: string(r.Stage)})
		return nil
	})
}
