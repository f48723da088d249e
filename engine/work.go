package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/store"
)

// Work claims what is due and does it, one after another, in the caller's
// goroutine. It returns how many pieces it did. Run does the same with many
// hands; a simulation has only this.
func (e *Engine) Work(ctx context.Context) (int, error) {
	if err := e.healthy(); err != nil {
		return 0, err
	}
	if _, err := e.watchClock(ctx); err != nil {
		return 0, err
	}
	e.readLists(ctx)
	laid := e.laid()
	for _, j := range laid {
		if err := e.do(ctx, j); err != nil {
			return 0, err
		}
	}
	jobs, err := e.claim(ctx)
	if err != nil {
		return 0, err
	}
	for _, j := range jobs {
		if err := e.do(ctx, j); err != nil {
			return 0, err
		}
	}
	return len(laid) + len(jobs), nil
}

// healthy says whether this process may send and settle at all.
func (e *Engine) healthy() error {
	if p := e.fatal.Load(); p != nil {
		return *p
	}
	if e.Locker.Sealed() {
		return errLockerSealed
	}
	if f, ok := e.Store.(store.Fencer); ok {
		if err := f.Fence(); err != nil {
			return e.die(fmt.Errorf("the store may not be written any more: %w", err))
		}
	}
	return nil
}

var errLockerSealed = &Error{Code: CodeSealed, After: 30 * time.Second, Message: "the locker is sealed: work waits"}

// die remembers why this process must stop sending. Run returns it.
func (e *Engine) die(err error) error {
	e.fatal.CompareAndSwap(nil, &err)
	return err
}

// do carries out one job. What goes wrong with one piece of work is written
// down and never stops the others; only a store that can't be trusted does.
func (e *Engine) do(ctx context.Context, j job) (err error) {
	defer func() { e.release(j) }()
	defer func() {
		if p := recover(); p != nil {
			e.stats.Panics.Add(1)
			e.Log.ErrorContext(ctx, "work panicked", "kind", string(j.kind), "id", j.id, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			for _, one := range j.each() {
				err = errors.Join(err, e.survive(ctx, one))
			}
		}
	}()
	switch j.kind {
	case duePayout:
		err = e.doPayout(ctx, &j)
	case dueDelivery:
		err = e.deliver(ctx, &j)
	case dueErase:
		err = e.erase(ctx, j)
	case dueStep:
		err = e.takeStep(ctx, j)
	case duePayment:
		err = e.askPayment(ctx, j)
	case dueRequest:
		if err = e.expire(ctx, j); err != nil { // it has no lease that would keep it from coming back at once
			_, mark := e.pulse.now()
			e.putAside(ctx, &badRow{j.dueRow, err}, mark)
		}
	}
	if errors.Is(err, store.ErrCommitUnknown) || errors.Is(err, store.ErrClosed) {
		return e.die(err)
	}
	if err != nil { // its lease runs out, and it comes back
		e.stats.Errors.Add(1)
		e.Log.ErrorContext(ctx, "work failed; it will be tried again", "kind", string(j.kind), "id", j.id, "err", err)
	}
	return nil
}

func (e *Engine) doPayout(ctx context.Context, j *job) error {
	switch {
	case len(j.batch) > 0:
		return e.sendBatch(ctx, *j)
	case j.act == payout.Ask:
		return e.ask(ctx, *j)
	}
	return e.send(ctx, j)
}

// send makes the one call of an attempt. No transaction is open, and the
// intent has been committed.
func (e *Engine) send(ctx context.Context, j *job) error {
	if j.journal > 0 { // nothing goes out before the second place knows
		if err := e.knows(ctx, j.journal); err != nil {
			return err
		}
		if e.Held() != "" {
			return fmt.Errorf("attempt %d of payout %s is not sent: the store is on hold", j.payout.Attempt, j.payout.ID)
		}
	}
	details, err := e.detailsOf(ctx, *j)
	if err != nil {
		return err
	}
	_, mark := e.pulse.now()
	left := j.payout.Deadline.Mono - mark.Mono
	if j.payout.Deadline.Epoch != mark.Epoch || left <= 0 {
		return fmt.Errorf("attempt %d of payout %s came too late to be sent", j.payout.Attempt, j.payout.ID) // no ghosts: rule 7
	}
	if err := e.healthy(); err != nil {
		return err
	}
	call, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	call, trace := connector.WithTrace(call)
	e.stats.Sends.Add(1)
	in := connector.Instruction{Key: j.payout.Key(), Amount: j.payout.Amount, Service: j.payout.Service, Details: details, NotifyURL: e.notifyURL(*j)}
	out, err := j.via.Send(call, in)
	e.leaveLane(j)
	out = heard(out, err)
	e.answered(ctx, j.Scope, j.payout.Account, out)
	return e.settleJob(ctx, *j, payout.Statement{Source: payout.FromSend, Attempt: j.payout.Attempt, Outcome: out, Calls: trace.Calls()})
}

func (e *Engine) notifyURL(j job) string {
	if e.NotifyURL == "" {
		return ""
	}
	return e.NotifyURL + "/webhooks/" + j.Merchant + "/" + j.payout.Account
}

// ask looks the payout up at its provider.
func (e *Engine) ask(ctx context.Context, j job) error {
	_, asked := e.pulse.now()
	call, cancel := context.WithTimeout(ctx, e.Timing.Deadline)
	defer cancel()
	call, trace := connector.WithTrace(call)
	e.stats.Lookups.Add(1)
	out, err := question(call, j)
	if err != nil || out.Verdict == "" {
		out = connector.Outcome{Verdict: connector.Unknown}
		if err != nil {
			out.Message = err.Error()
		}
	}
	if !errors.Is(err, connector.ErrNoLookup) {
		e.answered(ctx, j.Scope, j.payout.Account, out)
	}
	return e.settleJob(ctx, j, payout.Statement{Source: payout.FromLookup, Asked: asked, Outcome: out, Calls: trace.Calls()})
}

// question puts all that is known where the connector can use it, and the key
// alone elsewhere.
func question(ctx context.Context, j job) (connector.Outcome, error) {
	p := j.payout
	if s, ok := j.via.(connector.Seeker); ok {
		sent := p.First
		if made, ok := madeAt(p.ID); ok && made.Before(sent) { // one that was brought back was first sent in a time that is lost
			sent = made
		}
		return s.Seek(ctx, connector.Question{Key: p.Key(), Ref: p.Ref, Amount: p.Amount, Service: p.Service, Sent: sent})
	}
	return j.via.Lookup(ctx, p.Key())
}

// detailsOf opens the account that a job pays. A word about the payout that has
// come since the claim may have made the attempt needless, so that is looked up.
func (e *Engine) detailsOf(ctx context.Context, j job) (connector.Details, error) {
	stands := false
	err := e.Store.View(ctx, func(tx store.Tx) error {
		record, err := requestRecord(tx, j.Scope, j.request.ID)
		if err != nil || j.record != nil && bytes.Equal(record, j.record) {
			stands = err == nil
			return err
		}
		is, err := decode[brief](bucketRequest, record)
		if i := j.payout.N - 1; err == nil {
			stands = i < len(is.Payouts) && is.Payouts[i].Status == payout.Sending
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if !stands {
		return nil, fmt.Errorf("attempt %d of payout %s is not sent: somebody has said meanwhile what became of it", j.payout.Attempt, j.payout.ID)
	}
	return e.openRequest(ctx, j.Scope, j.request)
}

func (e *Engine) openRequest(ctx context.Context, s Scope, r *Request) (connector.Details, error) {
	return e.openFor(ctx, ownerOf(s, r.Customer, r.Day), requestPlace(r.ID), r.Sealed)
}

// survive counts a panic of a payout's handling; after the third in a row a
// person has to look, so that one poisoned record can't keep the daemon busy.
func (e *Engine) survive(ctx context.Context, j job) error {
	if j.kind != duePayout {
		return nil
	}
	err := e.update(ctx, func(tx store.Tx, now time.Time) error {
		r, i, err := loadPayout(tx, j.Scope, j.id)
		if err != nil {
			return err
		}
		was := r.dues()
		p := &r.Payouts[i]
		p.Panics++
		if p.Panics >= e.Timing.MaxPanics && r.Moderation == "" {
			r.moderate(now, "penstock", p.N, "handling this payout failed repeatedly inside penstock")
		}
		return saveRequest(tx, j.Scope, r, was)
	})
	if errors.Is(err, store.ErrCommitUnknown) {
		return e.die(err)
	}
	return nil
}
