package engine

// follower is a message that was written while the one before it, to the same
// endpoint, was in hand and hadn't had its first try. It is leased for long enough
// to wait for that here, and goes as soon as that has landed, by the hand that is
// free then. Where that doesn't land it is made due, and claimed like all else.
//
// Guarded by Engine.mu.
type follower struct {
	job
	before dueRow
	stored bool // its transaction was committed
	passed bool // the one before has landed, or left its hand
}

// follow lets a message that tx is about to write wait for the one before it, where
// that is in hand.
func (e *Engine) follow(t *dueTx, j job, after string) bool {
	before := dueRow{kind: dueDelivery, Scope: j.Scope, id: after}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.lanes.work == nil || !e.hand[before] {
		return false
	}
	f := &follower{job: j, before: before}
	e.followers[before] = f
	t.follows = append(t.follows, f)
	return true
}

// forsake forgets those of a transaction that came to nothing. mu is held.
func (e *Engine) forsake(all []*follower) {
	for _, f := range all {
		if e.followers[f.before] == f {
			delete(e.followers, f.before)
		}
	}
}

// pass lets the message behind a job go: the job's has landed, or its hand is done
// with it. mu is held.
func (e *Engine) pass(j *job) {
	f := e.followers[j.hand()]
	if f == nil {
		return
	}
	delete(e.followers, f.before)
	f.passed, f.late = true, !j.landed
	e.goOnWith(f)
}

// goOnWith hands a follower on once it may go and is stored. mu is held.
func (e *Engine) goOnWith(f *follower) {
	if !f.stored || !f.passed || e.lanes.work == nil { // without work its lease runs out
		return
	}
	e.hold(&f.job)
	e.lanes.work(f.job)
}
