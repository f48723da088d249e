package engine

import "sync/atomic"

// Stats counts what the engine did since it was opened.
type Stats struct {
	Sends     atomic.Int64 // calls that could move money
	Lookups   atomic.Int64 // look-ups at providers
	Attempts  atomic.Int64 // webhook attempts
	Conflicts atomic.Int64 // words that contradicted an end
	Panics    atomic.Int64 // pieces of work that panicked
	Errors    atomic.Int64 // pieces of work put off by an error
	Corrupt   atomic.Int64 // stored values that did not match their checksum
	Scrubbed  atomic.Int64 // stored pairs read by the scrub
	Scrubs    atomic.Int64 // passes of the scrub over the whole store
	Bells     atomic.Int64 // rounds of the worker
	LastRound atomic.Int64 // monotonic nanoseconds of the last round that ended well
}

// Stats returns the engine's own counters, to be read only.
func (e *Engine) Stats() *Stats { return &e.stats }

// Idle is how long ago the last round of work ended well, in monotonic
// nanoseconds; what grows here is work that stands still.
func (e *Engine) Idle() int64 { return int64(e.Clock.Mono()) - e.stats.LastRound.Load() }
