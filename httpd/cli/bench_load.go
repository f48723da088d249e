package cli

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// benchOutcome is how one operation ended.
type benchOutcome struct {
	requests int    // made over HTTP
	finished int    // payouts whose end was seen
	failure  string // empty: it went well; else its class, as HTTP 503, which bears no value
}

// benchLoad makes one operation over and over, from several workers.
//
// Closed loop, with Rate zero: each worker begins the next operation when its
// last one has ended, so a slow server is asked less. Open loop: operations
// are due at even distances, and a latency counts from when it was due, not
// from when a worker got to it; what had to wait for a slow one shows.
type benchLoad struct {
	Workers int
	Rate    int           // operations a second; zero: closed loop
	Warm    time.Duration // not counted
	Length  time.Duration // counted
	// Do makes operation number seq, which is never given twice. It ends by
	// itself within a bound of its own.
	Do func(ctx context.Context, seq uint64) benchOutcome

	seq, started    atomic.Uint64
	begin           time.Time
	counted, closed time.Time // the window
	lasted          time.Duration
	record          benchRecord
}

// benchRecord is what was counted. Requests, failures and latencies are of
// operations that ended after the warm-up, those that the end of the window
// found in flight included; done and finished end with the window.
type benchRecord struct {
	latency        benchHistogram
	requests, done atomic.Uint64
	finished       atomic.Uint64
	failed         atomic.Uint64

	mu       sync.Mutex
	failures map[string]uint64
}

// maxFailureClasses bounds how many kinds of failure are told apart.
const maxFailureClasses = 32

func (r *benchRecord) fail(class string) {
	r.failed.Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failures == nil {
		r.failures = map[string]uint64{}
	}
	if _, known := r.failures[class]; !known && len(r.failures) >= maxFailureClasses {
		class = "other"
	}
	r.failures[class]++
}

// benchHooks are called from run's own goroutine: at the first and the last
// moment of the window, and about once a second between. Any may be nil.
type benchHooks struct {
	opened, closed func()
	tick           func(at time.Duration, warm bool)
}

// run returns when the last worker has ended: after the window, plus what an
// operation in flight still takes. A ctx that is done ends it early.
func (l *benchLoad) run(ctx context.Context, hooks benchHooks) {
	l.begin = time.Now()
	l.counted = l.begin.Add(l.Warm)
	l.closed = l.counted.Add(l.Length)
	var workers sync.WaitGroup
	for range l.Workers {
		workers.Go(func() { l.work(ctx) })
	}
	l.watch(ctx, l.counted, true, hooks)
	if hooks.opened != nil {
		hooks.opened()
	}
	l.watch(ctx, l.closed, false, hooks)
	l.lasted = min(max(time.Since(l.counted), 0), l.Length)
	if hooks.closed != nil {
		hooks.closed()
	}
	workers.Wait()
}

// window is how long was counted: Length, or less when it was interrupted.
func (l *benchLoad) window() time.Duration { return l.lasted }

// watch waits until then and calls tick meanwhile.
func (l *benchLoad) watch(ctx context.Context, then time.Time, warm bool, hooks benchHooks) {
	for left := time.Until(then); left > 0; left = time.Until(then) {
		if !benchWait(ctx, min(left, time.Second)) {
			return
		}
		if hooks.tick != nil {
			hooks.tick(time.Since(l.begin), warm)
		}
	}
}

func (l *benchLoad) work(ctx context.Context) {
	for ctx.Err() == nil {
		start, ok := l.next(ctx)
		if !ok {
			return
		}
		out := l.Do(ctx, l.seq.Add(1)-1)
		if end := time.Now(); !end.Before(l.counted) {
			l.note(start, end, out)
		}
	}
}

// next waits for the start of the worker's next operation; false when there is
// none in the window.
func (l *benchLoad) next(ctx context.Context) (time.Time, bool) {
	if l.Rate == 0 {
		now := time.Now()
		return now, now.Before(l.closed)
	}
	due := l.begin.Add(l.due(l.started.Add(1) - 1))
	if !due.Before(l.closed) {
		return due, false
	}
	if wait := time.Until(due); wait > 0 && !benchWait(ctx, wait) {
		return due, false
	}
	// Past the window nothing begins, also what was due within: unbegun tells.
	return due, time.Now().Before(l.closed)
}

// due is when operation n of an open loop is due, counted from the beginning.
func (l *benchLoad) due(n uint64) time.Duration {
	rate := uint64(l.Rate)
	return time.Duration(n/rate)*time.Second + time.Duration(n%rate*uint64(time.Second)/rate)
}

// unbegun is how many operations of an open loop were due and never begun,
// because all workers were busy until the end.
func (l *benchLoad) unbegun() uint64 {
	if l.Rate == 0 {
		return 0
	}
	var all uint64
	for d := l.closed.Sub(l.begin); d > 0; d -= time.Second {
		all += uint64(min(d, time.Second)) * uint64(l.Rate) / uint64(time.Second)
	}
	return all - min(all, l.seq.Load())
}

func (l *benchLoad) note(start, end time.Time, out benchOutcome) {
	r := &l.record
	r.requests.Add(uint64(out.requests))
	if out.failure != "" {
		r.fail(out.failure)
		return
	}
	r.latency.add(end.Sub(start))
	if !end.After(l.closed) {
		r.done.Add(1)
		r.finished.Add(uint64(out.finished))
	}
}

// benchWait waits for d; false when ctx ended first.
func benchWait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
