package engine

import (
	"sync"
	"time"

	"penstock/engine/payout"
)

// Clock is time as the engine gets it. Now is the wall clock, a label and a
// timetable; Mono is how long the process has been running, and the only time
// by which it is decided whether a request that timed out can still arrive.
type Clock interface {
	Now() time.Time
	Mono() time.Duration
}

// stepAt is how far wall and monotonic time may part before it counts as a
// step of the clock.
const stepAt = time.Minute

// pulse keeps wall and monotonic time together and notices when they part.
type pulse struct {
	mu    sync.Mutex
	clock Clock
	epoch uint64
	wall0 time.Time     // wall time when the epoch began
	mono0 time.Duration // monotonic time when the epoch began
	boot  payout.Mark   // the process's first epoch, and monotonic time when it began
}

func newPulse(c Clock, epoch uint64) *pulse {
	return &pulse{clock: c, epoch: epoch, wall0: c.Now(), mono0: c.Mono()}
}

// now reads both clocks once. Everything written together bears one time.
func (p *pulse) now() (time.Time, payout.Mark) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.clock.Now().UTC().Truncate(time.Microsecond), payout.Mark{Epoch: p.epoch, Mono: p.clock.Mono() - p.mono0}
}

// run is how long this process has been running, whatever became of the
// clock meanwhile. It is for what may only grow: the age of a first attempt.
func (p *pulse) run() payout.Mark {
	p.mu.Lock()
	defer p.mu.Unlock()
	return payout.Mark{Epoch: p.boot.Epoch, Mono: p.clock.Mono() - p.boot.Mono}
}

// stepped says by how much the wall clock was moved in this epoch, if it was.
func (p *pulse) stepped() (time.Duration, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	off := p.clock.Now().Sub(p.wall0) - (p.clock.Mono() - p.mono0)
	return off, off > stepAt || off < -stepAt
}

// begin starts a new epoch: marks of the one before are no longer comparable,
// so that settle and lease start anew (rule 8).
func (p *pulse) begin(epoch uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.epoch, p.wall0, p.mono0 = epoch, p.clock.Now(), p.clock.Mono()
	if p.boot.Epoch == 0 {
		p.boot = payout.Mark{Epoch: epoch, Mono: p.mono0}
	}
}
