package engine_test

import (
	"errors"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/payout"
)

// A person's word stops what is queued and what is new, outlives the process,
// and does nothing to what was sent; taken back, what waited leaves once.
func TestABreakerOpenedByHandRefusesSends(t *testing.T) {
	g := newGate(t)
	alive := false
	first, other := g.silent(&alive)
	out := g.ask(usd(100), engine.Wishes{}, "test_details_payout_status", "PENDING")
	g.run(time.Minute)
	queued := g.ask(usd(200), engine.Wishes{}, "test_details_payout_status", "PROCESSED")
	for len(g.get(queued.ID).Payouts) == 0 { // until it is made, and not yet sent
		_, err := g.Engine.Work(g.Ctx)
		must(t, err)
	}
	_, err := g.Engine.OpenBreaker(g.Ctx, g.me, first.Account, "the bank asked us to", nil)
	must(t, err)
	must(t, g.Crash())
	a, err := g.Engine.Account(g.Ctx, g.me.Scope, first.Account)
	must(t, err)
	if b := g.Engine.BreakerOf(g.me.Scope, a); b.State != engine.BreakerForced || b.Why != "the bank asked us to" || b.Since.IsZero() || !b.Until.IsZero() {
		t.Errorf("breaker %+v", b)
	}
	if got := g.leavesBy(); got != other.ID {
		t.Errorf("a new payout leaves by %s, want the other way", got)
	}
	g.run(10 * time.Minute)
	if v := g.get(queued.ID); v.Payouts[0].Account != first.Account || v.Payouts[0].Status != payout.Queued || v.Payouts[0].Attempt != 0 {
		t.Errorf("what was queued is %s after attempt %d", v.Payouts[0].Status, v.Payouts[0].Attempt)
	}
	if v := g.get(out.ID); v.Payouts[0].Status != payout.Pending || len(v.Payouts) != 1 {
		t.Errorf("what was sent is %s, of %d payouts", v.Payouts[0].Status, len(v.Payouts))
	}
	off := true
	_, err = g.Engine.UpdateRoute(g.Ctx, g.me, other.ID, engine.RouteEdit{Disabled: &off}, nil)
	must(t, err)
	if got := g.leavesBy(); got != "nowhere" {
		t.Errorf("with no other way a payout leaves by %s, against a person's word", got)
	}
	_, err = g.Engine.CloseBreaker(g.Ctx, g.me, first.Account, nil)
	must(t, err)
	g.run(2 * time.Minute)
	if v := g.get(queued.ID); v.Stage != payout.AllPaid || v.Payouts[0].Attempt != 1 {
		t.Errorf("after it was closed: %s, attempt %d", v.Stage, v.Payouts[0].Attempt)
	}
	if g.leavesBy() != first.ID {
		t.Error("after it was closed, payouts do not leave by it")
	}
	var refused *engine.Error
	if _, err := g.Engine.OpenBreaker(g.Ctx, g.me, "mca_nobody", "", nil); !errors.As(err, &refused) || refused.Code != engine.CodeNotFound {
		t.Errorf("nobody's: %v", err)
	}
	if _, err := g.Engine.OpenBreaker(g.Ctx, g.me, first.Account, string(make([]byte, 5000)), nil); err == nil {
		t.Error("a reason without end was taken")
	}
}
