package engine

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"

	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/store"
)

// A payout that is made while its lane has a hand to spare is claimed by the
// transaction that makes it: it is stored as sending, with its attempt and its lease,
// and is handed on (see handing). It goes out once the second place knows. Nothing
// else is true of it than of one that was made and claimed at once: the intent is
// durable before the call, and whatever stops the process leaves it to its lease.
// Where no hand is free, or anything has to be looked at first, it stays due and is
// claimed like all else.

// claimAhead claims the request's one payout if it was made just now and may go out
// at once; nil: it may not. It is called when all else about the request is done.
// mark was read before now.
func (e *Engine) claimAhead(tx store.Tx, s Scope, now time.Time, mark payout.Mark, r *Request) (*job, error) {
	t, ok := tx.(*dueTx)
	if !ok || len(r.Payouts) != 1 || r.Sealed == nil || r.tooMuch() || e.Held() != "" || e.Locker.Sealed() || e.fatal.Load() != nil {
		return nil, nil
	}
	p := r.Payouts[0]
	via := e.builtConnector(s, p.Account)
	if p.Status != payout.Queued || !r.payoutDue(0).Equal(now) || via == nil || !leavesAhead(via) {
		return nil, nil
	}
	c := claims{e: e, now: now, mark: mark}
	length, lease := e.callOf(via)
	if e.Rules.Plan(p, via.Traits(), c.until(p, length)) != payout.Send {
		return nil, nil
	}
	if forced, err := c.forced(tx, s, p.Account); forced || err != nil {
		return nil, err
	}
	j := job{dueRow: dueRow{kind: duePayout, Scope: s, id: p.ID[len(PrefixPayout):]}, act: payout.Send, via: via, lane: accountLane(s, p.Account)}
	if !e.Rules.Ahead(e.manyHands()) || !e.takeHand(&j) {
		return nil, nil
	}
	t.jobs = append(t.jobs, j)
	own := &t.jobs[len(t.jobs)-1]
	var err error
	if own.journal, err = growJournal(tx); err != nil {
		return nil, err
	}
	r.Payouts[0], err = c.sending(r, p, length, lease)
	return own, err
}

// leavesAhead says whether payouts by a connector may be claimed as they are made:
// one that is sent again under its key loses nothing by it if the process stops
// before it is sent. Those that leave with others wait for them.
func leavesAhead(via connector.Connector) bool {
	_, gathers := via.(connector.Batcher)
	return !gathers && via.Traits().Idempotent
}

// manyHands says whether work is done by many hands, and not in one goroutine.
func (e *Engine) manyHands() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lanes.hands > 0
}

// bear gives a job that was claimed ahead its request as it was written, once it has
// been; to none it gives nothing. known says that the request's customer has been
// there before: who is new is as their request told, whose bytes are its reader's
// own.
func (j *job) bear(tx store.Tx, v *View, known bool) error {
	if j == nil {
		return nil
	}
	own := &View{Request: *v.copied(), Person: v.Person}
	j.request, j.payout = &own.Request, &own.Payouts[0]
	if known {
		own.Echo = v.Echo
		own.Extra, own.Metadata = bytes.Clone(v.Extra), bytes.Clone(v.Metadata)
		own.shown = own.Echo
		j.opened = own
	}
	return j.note(tx)
}

// note keeps the job's request as it is stored.
func (j *job) note(tx store.Tx) error {
	record, err := requestRecord(tx, j.Scope, j.request.ID)
	j.record = bytes.Clone(record)
	return err
}

// growJournal counts one more time that work which may send was claimed.
func growJournal(tx store.Tx) (uint64, error) {
	n, err := number(tx, "journal")
	if err != nil {
		return 0, err
	}
	return n + 1, setNumber(tx, "journal", n+1)
}

// dropped is how far the second place is known to know the store.
type dropped struct {
	mu      sync.Mutex
	journal uint64
}

// knows returns when the second place knows of a journal, which must have been
// committed. Of those who ask at one time one tells it for all. On hold it isn't
// told, as with drop.
func (e *Engine) knows(ctx context.Context, journal uint64) error {
	d := &e.dropped
	d.mu.Lock()
	defer d.mu.Unlock()
	if journal <= d.journal {
		return nil
	}
	h, err := e.drop(ctx)
	if err == nil {
		d.journal = h.Journal
	}
	return err
}

// copied is a request as it would be read anew: what a change of it writes into is
// its own.
func (r *Request) copied() *Request {
	own := *r
	own.Echo, own.shown, own.order = Echo{}, Echo{}, reorder{}
	own.Payouts, own.History = slices.Clone(r.Payouts), slices.Clone(r.History)
	own.Told, own.Chose, own.Disputed = slices.Clip(r.Told), slices.Clip(r.Chose), slices.Clip(r.Disputed)
	return &own
}

// loadKnown is loadPayout for a job, whose request is copied if what is stored of
// it is what was claimed. What was opened of it then counts only as long as that is
// so: errChanged.
func loadKnown(tx store.Tx, s Scope, id string, had *job) (*Request, int, error) {
	if had == nil || had.record == nil {
		return loadPayout(tx, s, id)
	}
	record, err := requestRecord(tx, s, had.request.ID)
	switch {
	case err == nil && bytes.Equal(record, had.record):
		return had.request.copied(), had.payout.N - 1, nil
	case had.opened != nil:
		return nil, 0, errChanged
	}
	return loadPayout(tx, s, id)
}
