package engine_test

import (
	"context"
	mrand "math/rand/v2"
	"testing"
	"time"

	"go.uber.org/goleak"

	"penstock/engine"
	"penstock/engine/payout"
)

// TestNothingIsLeftAfterRun: whatever Run had started has ended when it
// returns, also when it is stopped in the middle of calls and deliveries. No
// bubble here: real goroutines on the real clock.
func TestNothingIsLeftAfterRun(t *testing.T) {
	before := goleak.IgnoreCurrent()
	r := &ring{t: t, delay: 5 * time.Millisecond, render: map[string]engine.Render{"standard": plain}}
	r.timing = engine.DefaultTiming()
	r.timing.Polls, r.timing.Tick = []time.Duration{time.Millisecond}, time.Millisecond
	r.open(`{"pending":0.5,"settle_ms":[0,5]}`)
	me := r.merchant("shop")
	_, err := r.engine.Load().AddEndpoint(t.Context(), me, "https://shop.example/hook", "standard", nil)
	must(t, err)
	for range 3 {
		last := ""
		for range 40 {
			last = order(t, r.engine.Load(), me, card("4111111111111111"))
		}
		ctx, cancel := context.WithCancel(t.Context())
		v, err := r.engine.Load().Await(ctx, me.Scope, last)
		cancel()
		must(t, err)
		if v.Payouts[0].Status == payout.Queued {
			t.Errorf("payout %s has not been sent", v.Payouts[0].ID)
		}
		r.restart()
	}
	r.halt()
	must(t, goleak.Find(before))
}

// A bubble ends only when all that ran in it has ended, so each of its tests
// is one of leaks as well; this one says so by itself, after power cuts.
func TestNothingIsLeftAfterPowerCuts(t *testing.T) {
	before := goleak.IgnoreCurrent()
	fight(t, 1, 4, 30, nil).clean(t, 1)
	bubble(t, func(t *testing.T) {
		r := &ring{t: t, delay: time.Second}
		r.open(troubled)
		p := &paying{ring: r, me: r.merchant("shop")}
		p.create()
		r.race(2, 4, 20, p.act, func(*mrand.Rand, int) { r.crash(); p.create() })
		r.halt()
	})
	must(t, goleak.Find(before))
}
