package engine

import (
	"context"

	"penstock/store"
)

// A message need not wait for a claim to find it. Where its receiver's lane has a
// hand to spare, the transaction that writes it takes the hand and writes the
// message as a claim would leave it, leased until the hand must have done; once all
// of that is committed, the hand has it. It spares a message a reading and a writing
// of its record, two due rows, and its part of a claim.
//
// Nothing is sent before the commit, and a transaction that fails, or runs again,
// gives its hands back. A process that ends in between leaves a lease that runs out,
// as a claim does. What has to wait is written as due now and claimed: a message
// whose lane is full or leaves others waiting, and one behind a message that hasn't
// had its first try and isn't in hand (see follower).

// mostHandedOn bounds what lies ready for a process that works in one goroutine.
const mostHandedOn = 64

// handing runs fn in a transaction, gives the hands what it has taken for them, and
// rings where it made something due, or where requests are made faster than ticks
// sort them.
func (e *Engine) handing(ctx context.Context, t *dueTx, fn func(store.Tx) error) (err error) {
	done := false
	defer func() {
		if !done { // it failed, or it panicked
			e.takeBack(t)
		}
	}()
	err = e.warmly(ctx, func() error {
		return e.Store.Update(ctx, e.noting(func(tx store.Tx) error {
			e.takeBack(t) // of a run before
			t.Tx = tx
			return fn(t)
		}))
	})
	if done = err == nil; !done {
		return err
	}
	e.handOn(t)
	if t.some || e.sorting.behind.Load() {
		e.ring()
	}
	return nil
}

// lease takes a hand for a message that tx is about to write, where there is one.
func (e *Engine) lease(tx store.Tx, s Scope, d *Delivery, body []byte) error {
	t, ok := tx.(*dueTx)
	if !ok || e.Locker.Sealed() || e.fatal.Load() != nil {
		return nil
	}
	waits := false
	if d.After != "" {
		var err error
		if waits, err = untried(tx, s, d.After); err != nil {
			return err
		}
	}
	to, err := e.endpointOf(tx, s, d.Endpoint)
	if err != nil {
		return err
	}
	j := job{dueRow: dueRow{kind: dueDelivery, Scope: s, id: d.ID}, lane: d.lane(s), message: d, to: to, body: body}
	lease := e.Timing.Deliver + e.Timing.Lease
	switch {
	case waits && e.follow(t, j, d.After):
		d.Due = d.Due.Add(e.Timing.Deliver + lease)
	case !waits && e.takeHand(&j):
		t.jobs = append(t.jobs, j)
		d.Due = d.Due.Add(lease)
	}
	return nil
}

// takeHand takes a hand for a job, unless its lane is full or others wait in it.
func (e *Engine) takeHand(j *job) bool {
	now := e.Clock.Mono()
	e.mu.Lock()
	defer e.mu.Unlock()
	l := &e.lanes
	if _, others := l.waiting[j.lane]; l.work == nil || others || len(e.handedOn) >= mostHandedOn || !l.free(j.lane, nil, now) {
		return false
	}
	e.hold(j)
	return true
}

// handOn gives jobs to the hands that were taken for them, and lets followers go on.
func (e *Engine) handOn(t *dueTx) {
	if len(t.jobs)+len(t.follows) == 0 {
		return
	}
	now := e.Clock.Mono()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.lanes.work == nil { // it is stopping; their leases run out
		e.giveBack(t.jobs)
		return
	}
	for _, j := range t.jobs {
		j.began = now
		e.lanes.work(j)
	}
	for _, f := range t.follows {
		f.stored = true
		e.goOnWith(f)
	}
}

// takeBack undoes what a transaction that came to nothing has taken.
func (e *Engine) takeBack(t *dueTx) {
	if len(t.jobs)+len(t.follows) == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.giveBack(t.jobs)
	e.forsake(t.follows)
	t.jobs, t.follows = nil, nil
}

// lay is how jobs are handed on while nobody but Work carries them out. What comes
// so may lie for long, so the message is opened when it is sent.
func (e *Engine) lay(j job) {
	j.body = nil
	e.handedOn = append(e.handedOn, j)
}

// hireLaid gives what lies ready to hands, now that there are some.
func (e *Engine) hireLaid() {
	jobs := e.laid()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, j := range jobs {
		e.hold(&j)
		e.lanes.work(j)
	}
}

// laid takes up what lies ready.
func (e *Engine) laid() []job {
	e.mu.Lock()
	defer e.mu.Unlock()
	jobs := e.handedOn
	e.handedOn = nil
	return jobs
}
