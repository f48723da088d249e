package engine_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
)

// speechless is a provider that never answers, until it is mended.
type speechless struct {
	connector.Connector
	dead *bool
}

func (m speechless) Send(ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
	if *m.dead {
		return connector.Outcome{}, errors.New("connection refused")
	}
	return m.Connector.Send(ctx, in)
}

func (m speechless) Lookup(ctx context.Context, key string) (connector.Outcome, error) {
	if *m.dead {
		return connector.Outcome{Verdict: connector.Unknown}, errors.New("connection refused")
	}
	return m.Connector.Lookup(ctx, key)
}

// silent connects a second provider that doesn't answer while dead, and prefers
// it.
func (g *gate) silent(dead *bool) (first, other engine.Route) {
	g.t.Helper()
	honest := g.Engine.Connectors[engine.SandboxName]
	g.Engine.Connectors[engine.SandboxName] = func(a connector.Account) (connector.Connector, error) {
		c, err := honest(a)
		if a.BaseURL == "mute" && err == nil {
			return speechless{c, dead}, nil
		}
		return c, err
	}
	_, err := g.Engine.ConnectAccount(g.Ctx, g.me, engine.NewAccount{Provider: engine.SandboxName, Label: "mute", BaseURL: "mute"}, nil)
	must(g.t, err)
	first, other = g.routeOf("mute", "test_usd"), g.routeOf("sandbox_default", "test_usd")
	g.by("test_usd", fmt.Sprintf(`{"strategies":[{"type":"priority","routes":[%q,%q]}]}`, first.ID, other.ID))
	return first, other
}

func (g *gate) leavesBy() string {
	g.t.Helper()
	c, err := g.Engine.Explain(g.Ctx, g.me, engine.DryRun{Service: "test_usd", Amount: usd(100)})
	must(g.t, err)
	if c.Decision.Choice == nil {
		return "nowhere"
	}
	return c.Decision.Choice.Route
}

// TestAnAccountThatDoesNotAnswerIsPassedBy: new payouts take another way while
// its breaker is open, the one that was sent stays where it is, and the first
// good answer closes the breaker.
func TestAnAccountThatDoesNotAnswerIsPassedBy(t *testing.T) {
	g := newGate(t)
	dead := true
	first, other := g.silent(&dead)
	if g.leavesBy() != first.ID {
		t.Fatal("the first route is not the first")
	}
	v := g.ask(usd(100), engine.Wishes{}, "test_details_payout_status", "PROCESSED")
	g.run(3 * time.Minute)
	b := g.Engine.Breaker(g.me.Scope, first.Account)
	if b.State == engine.BreakerClosed || b.Failures < 5 || b.Why != "connection refused" || b.Until.IsZero() || b.LastBad.IsZero() {
		t.Errorf("breaker %+v", b)
	}
	for range 40 { // until it is open: between two questions it is half-open
		if g.Engine.Breaker(g.me.Scope, first.Account).State == engine.BreakerOpen {
			break
		}
		g.run(time.Minute)
	}
	if got := g.leavesBy(); got != other.ID {
		t.Errorf("while it is open, a payout leaves by %s, want the other way", got)
	}
	if v = g.get(v.ID); len(v.Payouts) != 1 || v.Payouts[0].Account != first.Account {
		t.Errorf("the payout that was sent went elsewhere: %+v", v.Payouts)
	}
	dead = false
	g.run(8 * time.Hour)
	if b := g.Engine.Breaker(g.me.Scope, first.Account); b.State != engine.BreakerClosed || b.Fails != 0 || b.LastGood.IsZero() {
		t.Errorf("after an answer: %+v", b)
	}
	if got := g.leavesBy(); got != first.ID {
		t.Errorf("after an answer, a payout leaves by %s", got)
	}
}

// TestABreakerFailsNoPayout: where there is no other way, the open one is taken;
// and a person may close it.
func TestABreakerFailsNoPayout(t *testing.T) {
	g := newGate(t)
	dead := true
	first, other := g.silent(&dead)
	off := true
	_, err := g.Engine.UpdateRoute(g.Ctx, g.me, other.ID, engine.RouteEdit{Disabled: &off}, nil)
	must(t, err)
	for range 6 {
		_, err := g.Engine.CallAccount(g.Ctx, g.me, first.Account)
		must(t, err)
	}
	if b := g.Engine.Breaker(g.me.Scope, first.Account); b.State != engine.BreakerOpen || b.Fails != 6 {
		t.Fatalf("breaker %+v", b)
	}
	if n, forced, err := g.Engine.OpenBreakers(g.Ctx); n != 1 || forced != 0 || err != nil {
		t.Errorf("%d breakers are open, %d by hand, %v", n, forced, err)
	}
	_, err = g.Engine.OpenBreaker(g.Ctx, g.me, first.Account, "they move tonight", nil)
	must(t, err)
	if n, forced, err := g.Engine.OpenBreakers(g.Ctx); n != 0 || forced != 1 || err != nil {
		t.Errorf("opened by hand too: %d and %d by hand, %v; want it once", n, forced, err)
	}
	_, err = g.Engine.CloseBreaker(g.Ctx, g.me, first.Account, nil)
	must(t, err)
	for range 5 { // silent as before
		_, err := g.Engine.CallAccount(g.Ctx, g.me, first.Account)
		must(t, err)
	}
	if got := g.leavesBy(); got != first.ID {
		t.Errorf("with no other way, a payout leaves by %s", got)
	}
	off = false
	_, err = g.Engine.UpdateRoute(g.Ctx, g.me, other.ID, engine.RouteEdit{Disabled: &off}, nil)
	must(t, err)
	if got := g.leavesBy(); got != other.ID {
		t.Errorf("with another way, a payout leaves by %s", got)
	}
	if _, err := g.Engine.CloseBreaker(g.Ctx, g.me, "mca_nobody", nil); err == nil {
		t.Error("the breaker of nobody was closed")
	}
	_, err = g.Engine.CloseBreaker(g.Ctx, g.me, first.Account, nil)
	must(t, err)
	if b := g.Engine.Breaker(g.me.Scope, first.Account); b.State != engine.BreakerClosed || g.leavesBy() != first.ID {
		t.Errorf("closed by a person: %+v, leaves by %s", b, g.leavesBy())
	}
	live := g.me.Scope
	live.Mode = engine.Live
	if b := g.Engine.Breaker(live, first.Account); b.Failures != 0 {
		t.Errorf("another mode has the same breaker: %+v", b)
	}
}

// TestExchangesAreKeptWithoutSecrets: each question to a provider is kept with
// its payout as it went over the wire, and nothing of the account is in it.
func TestExchangesAreKeptWithoutSecrets(t *testing.T) {
	g := newGate(t)
	v := g.ask(usd(100), engine.Wishes{}, "test_details_payout_status", "PROCESSED")
	g.run(time.Minute)
	var calls []connector.Call
	for _, l := range g.get(v.ID).History {
		calls = append(calls, l.Calls...)
	}
	if len(calls) == 0 || calls[0].Method != "POST" || calls[0].Status != 200 || calls[0].At.IsZero() {
		t.Errorf("exchanges %+v", calls)
	}
}
