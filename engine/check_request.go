package engine

import (
	"slices"

	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/store"
)

func (k *check) requests(tx store.Tx) error {
	return scoped(k, tx, bucketRequest, func(s Scope, id string, r *Request) error {
		if r.ID != id {
			k.found("request %s stands under %s", r.ID, id)
			return nil
		}
		if r.Ref != "" {
			k.rows.ask(bucketRef, s.key(r.Ref), id)
		}
		if r.Customer != "" {
			k.rows.ask(bucketRecent, s.key(r.Customer, id), "")
		}
		if err := k.askStages(tx, s, r); err != nil {
			return err
		}
		if r.WantsPerson() {
			k.rows.ask(bucketWants, s.key(id), "")
		}
		if r.Forgotten {
			k.rows.ask(bucketBack, backKey(s, id), "")
		}
		if at := r.expiry(); !at.IsZero() {
			k.rows.ask(bucketDue, dueKey(at, dueRequest, s, id), "")
		}
		if at := r.stepDue(); !at.IsZero() {
			k.rows.ask(bucketDue, dueKey(at, dueStep, s, id), "")
		}
		if r.forgotten() {
			k.found("request %s is %s, nobody is called, and nothing of it is ever due: it would be forgotten", id, r.Stage)
		}
		if r.inQueue() {
			k.rows.ask(bucketQueue, s.key(r.Service, id), "")
		}
		for i := range r.Payouts {
			k.payout(s, r, i)
		}
		if err := k.history(tx, s, r); err != nil {
			return err
		}
		for _, t := range r.Told {
			if _, err := tx.Get(bucketDelivery, s.key(t.Delivery)); err != nil {
				k.found("request %s was to be told of by delivery %s, which is gone", id, t.Delivery)
			}
		}
		k.pieces(r)
		k.stage(s, r)
		if k.e.Locker.Status().Sealed {
			return nil
		}
		return k.order(tx, s, r)
	})
}

func (k *check) payout(s Scope, r *Request, i int) {
	k.Counts["payout"]++
	p := r.Payouts[i]
	if p.N != i+1 || p.ID != r.payoutID(p.N) {
		k.found("payout %s is out of place in request %s", p.ID, r.ID)
	}
	if at := r.payoutDue(i); !at.IsZero() {
		k.rows.ask(bucketDue, dueKey(at, duePayout, s, p.ID[len(PrefixPayout):]), "")
	} else if !p.Status.Ended() && r.Moderation == "" {
		k.found("payout %s has not ended and is never due", p.ID)
	}
	if p.Status.Ended() && !p.Due.IsZero() {
		k.found("payout %s has ended and is due", p.ID)
	}
	if p.Status == payout.PartlyPaid && (p.Moved.Minor() <= 0 || p.Moved.Minor() >= p.Amount.Minor()) {
		k.found("payout %s is partly paid with %s of %s", p.ID, p.Moved, p.Amount)
	}
	k.money[string(s.key(p.Deposit))] = k.money[string(s.key(p.Deposit))].with(p)
}

// pieces holds that no more than the amount asked for is on its way or paid,
// each piece by one payout alone. Of what was brought back, which has no route,
// nobody knows which piece it is until all have ended, nor of how much of the
// request it was converted.
func (k *check) pieces(r *Request) {
	var out int64
	standing, open, lost := map[int]int{}, false, r.Forgotten
	for _, p := range r.Payouts {
		open, lost = open || !p.Status.Ended(), lost || p.Route == ""
	}
	if open && lost {
		return
	}
	for _, p := range r.Payouts {
		brought := p.Route == ""
		switch {
		case r.Forgotten || brought && p.Share.IsSet() || p.Status == payout.Failed || p.Status == payout.Cancelled: // of these a person may have found that they were paid after all
			continue
		case p.Status.Ended():
			out += p.Covers().Minor()
		default:
			out += p.Asks().Minor()
		}
		if p.Status != payout.Returned && !brought {
			standing[p.Piece]++
		}
	}
	if out > r.Amount.Minor() {
		k.found("request %s has %d out of %s", r.ID, out, r.Amount)
	}
	for piece, n := range standing {
		if n > 1 {
			k.found("piece %d of request %s is paid by %d payouts at a time", piece, r.ID, n)
		}
	}
}

func (k *check) history(tx store.Tx, s Scope, r *Request) error {
	lines, err := historyOf(tx, s, r)
	if err != nil {
		return err
	}
	brought := map[int]bool{}
	for i, l := range lines {
		if l.Seq != i+1 {
			k.found("request %s: line %d of its history stands where %d belongs", r.ID, l.Seq, i+1)
			return nil
		}
		brought[l.On] = brought[l.On] || l.What == "recovered"
	}
	for _, p := range r.Payouts {
		if p.Route == "" && !brought[p.N] {
			k.found("payout %s has no route and was not brought back", p.ID)
		}
	}
	if r.Seq != len(lines) || r.Seq == 0 {
		k.found("request %s counts %d lines of history and has %d", r.ID, r.Seq, len(lines))
	}
	return nil
}

// stage holds the request's stage against its payouts.
func (k *check) stage(s Scope, r *Request) {
	if r.Stage.Ended() && r.Sealed != nil {
		k.found("request %s has ended and still keeps details", r.ID)
	}
	if r.Shut != nil {
		k.sealedValue("what request "+r.ID+" echoes", func() error { return k.e.openEcho(k.ctx, s, r) })
	}
	if !r.Stage.Ended() && r.Sealed != nil {
		k.sealedValue("request "+r.ID, func() error { _, err := k.e.openRequest(k.ctx, s, r); return err })
	}
	if len(r.Payouts) == 0 {
		if r.Stage != payout.Draft && r.Stage != payout.Ready && r.Stage != payout.Expired && r.Stage != payout.Withdrawn && (r.Stage != payout.NonePaid || r.Resolution == "") {
			k.found("request %s is %s without a payout", r.ID, r.Stage)
		}
		return
	}
	if want := payout.Outcome(r.Amount, r.Payouts, r.More); want != r.Stage && !r.endedAs(want) {
		k.found("request %s is %s while its payouts make it %s", r.ID, r.Stage, want)
	}
}

// endedAs says whether a request's end is explained by what its payouts were
// when it ended: a part that came back later, or that a person found paid after
// all, rewrites no end.
func (r *Request) endedAs(now payout.Stage) bool {
	if !r.Stage.Ended() || now == payout.GivenBack {
		return false
	}
	then := slices.Clone(r.Payouts)
	for i, p := range then {
		switch {
		case p.Status == payout.Returned && p.Moved == p.Amount:
			then[i].Status = payout.Paid
		case p.Status == payout.Returned && p.Moved.IsPositive():
			then[i].Status = payout.PartlyPaid
		case (p.Status == payout.Failed || p.Status == payout.Cancelled) && p.Out():
			then[i].Moved = money.Amount{}
		}
	}
	return payout.Outcome(r.Amount, then, r.More) == r.Stage
}
