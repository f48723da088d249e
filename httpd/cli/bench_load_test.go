package cli

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// slowServer takes one operation at a time, each that long.
func slowServer(each time.Duration) func(context.Context, uint64) benchOutcome {
	turn := make(chan struct{}, 1)
	return func(context.Context, uint64) benchOutcome {
		turn <- struct{}{}
		time.Sleep(each)
		<-turn
		return benchOutcome{requests: 1}
	}
}

func TestClosedLoopCountsTheWindowAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		l := &benchLoad{Workers: 4, Warm: time.Second, Length: 10 * time.Second, Do: func(context.Context, uint64) benchOutcome {
			calls.Add(1)
			time.Sleep(99 * time.Millisecond)
			return benchOutcome{requests: 2, finished: 1}
		}}
		l.run(t.Context(), benchHooks{})
		// Of each worker the operations number 10 to 111 end in 1 s to 11 s; the
		// last is in flight at the end: it is answered, and not done in time.
		if done := l.record.done.Load(); done != 4*101 || l.record.finished.Load() != done {
			t.Errorf("done %d, finished %d, want 404 each", done, l.record.finished.Load())
		}
		if got := l.record.requests.Load(); got != 2*4*102 {
			t.Errorf("requests: got %d, want %d", got, 2*4*102)
		}
		if got := calls.Load(); got != 4*112 {
			t.Errorf("calls: got %d, want %d", got, 4*112)
		}
		if got := l.record.latency.max(); got != 99*time.Millisecond {
			t.Errorf("max: got %v, want 99ms", got)
		}
	})
}

// TestOpenLoopOmitsNoWaiting stalls the server once: whatever was due
// meanwhile waited, and its latency says so.
func TestOpenLoopOmitsNoWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &benchLoad{Workers: 1, Rate: 100, Length: 10 * time.Second, Do: func(_ context.Context, seq uint64) benchOutcome {
			if seq == 500 {
				time.Sleep(2 * time.Second)
			}
			return benchOutcome{requests: 1}
		}}
		l.run(t.Context(), benchHooks{})
		if got := l.record.latency.count(); got != 1000 {
			t.Errorf("operations: got %d, want 1000", got)
		}
		// 200 of 1000 were due during the stall and waited 0 to 2 s each.
		if got := l.record.latency.quantile(.90); got < 980*time.Millisecond || got > 1020*time.Millisecond {
			t.Errorf("p90: got %v, want about 1s", got)
		}
		if got := l.unbegun(); got != 0 {
			t.Errorf("unbegun: got %d, want 0", got)
		}
	})
}

// TestOpenLoopSaysWhatItCouldNotBegin asks for twice of what can be had.
func TestOpenLoopSaysWhatItCouldNotBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &benchLoad{Workers: 8, Rate: 200, Length: 10 * time.Second, Do: slowServer(10 * time.Millisecond)}
		l.run(t.Context(), benchHooks{})
		if got := l.record.done.Load(); got != 1000 {
			t.Errorf("done: got %d, want 1000", got)
		}
		if got := l.unbegun(); got < 980 || got > 1000 {
			t.Errorf("unbegun: got %d, want about 1000 less those in flight", got)
		}
		if got := l.record.latency.max(); got < 4*time.Second {
			t.Errorf("max: got %v, want about 5s, half the run", got)
		}
	})
}

func TestInterruptedLoadEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		l := &benchLoad{Workers: 3, Rate: 10, Length: time.Hour, Do: slowServer(time.Millisecond)}
		begin := time.Now()
		l.run(ctx, benchHooks{tick: func(at time.Duration, _ bool) {
			if at >= 3*time.Second {
				cancel()
			}
		}})
		if took := time.Since(begin); took > 3*time.Second+time.Millisecond {
			t.Errorf("ended after %v, want 3s and what was in flight", took)
		}
	})
}

func TestFailuresAreCountedByClassWithinABound(t *testing.T) {
	var r benchRecord
	for i := range 2 * maxFailureClasses {
		r.fail(string(rune('A' + i)))
	}
	r.fail("A")
	if r.failed.Load() != 2*maxFailureClasses+1 || r.failures["A"] != 2 || r.failures["other"] != maxFailureClasses {
		t.Errorf("got %d failures, %d of A, %d of other", r.failed.Load(), r.failures["A"], r.failures["other"])
	}
}
