package engine_test

import (
	"context"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/routing"
	"penstock/engine/sim"
)

// split is a request in pieces of at most 60.00.
func (g *gate) split(a int64, parallel bool, fields ...string) *engine.View {
	g.t.Helper()
	g.limit(g.routeOf("sandbox_default", "test_usd"), 1, 60_00)
	return g.ask(usd(a), engine.Wishes{Split: true, Parallel: parallel, Whole: true}, fields...)
}

func (g *gate) state(v *engine.View, n int, verdict connector.Verdict) {
	g.t.Helper()
	must(g.t, g.Engine.State(g.Ctx, g.me, v.Payouts[n-1].ID, connector.Outcome{Verdict: verdict, Resolution: "declined"}))
}

// queue lets what the point's requests lack wait for money.
func (g *gate) queue() {
	g.t.Helper()
	yes := true
	_, err := g.Engine.UpdatePoint(g.Ctx, g.me, g.point.ID, engine.PointEdit{Queue: &yes}, nil)
	must(g.t, err)
}

func TestTheWordAboutOnePayoutLetsNoOtherGoOn(t *testing.T) {
	g := newGateAt(t, sim.Config{Traits: connector.Traits{Settle: time.Minute}})
	g.faults(`{"idempotent":false,"lookup":false,"drop_request":1}`)
	v := g.split(100_00, true)
	g.run(time.Hour)
	v = g.get(v.ID)
	if v.Moderation == "" || len(v.Payouts) != 2 {
		t.Fatalf("moderation %q, %d payouts", v.Moderation, len(v.Payouts))
	}
	other := 3 - v.About
	g.state(v, other, connector.Rejected)
	if v = g.get(v.ID); v.Moderation == "" {
		t.Errorf("payout %d was waited for, payout %d was spoken of, and the request goes on", v.About, other)
	}
	g.state(v, v.About, connector.Rejected)
	g.wantStage(v.ID, payout.NonePaid)
}

func TestAPartThatComesBackRewritesNoEnd(t *testing.T) {
	g := newGate(t)
	v := g.split(100_00, false)
	g.run(time.Hour)
	v = g.wantStage(v.ID, payout.AllPaid)
	g.state(v, 2, connector.Returned)
	if v = g.wantStage(v.ID, payout.AllPaid); v.Moderation != "" || len(v.Payouts) != 2 {
		t.Errorf("moderation %q, %d payouts", v.Moderation, len(v.Payouts))
	}
	g.state(v, 1, connector.Returned)
	g.wantStage(v.ID, payout.GivenBack)
}

func TestACancelledRequestPaysNothingMore(t *testing.T) {
	g := newGate(t)
	g.queue()
	g.faults(`{"settle_ms":[60000,60000]}`)
	r := g.routeOf("sandbox_default", "test_usd")
	v := g.split(100_00, false)
	g.run(30 * time.Second)
	g.funds(r, 0)
	g.run(time.Hour)
	if v = g.wantStage(v.ID, payout.InHand); !v.Queued {
		t.Fatal("the rest doesn't wait for money")
	}
	_, err := g.Engine.Cancel(g.Ctx, g.me, prefix, prefix+v.ID, nil)
	must(t, err)
	g.wantStage(v.ID, payout.SomePaid)
	_, err = g.Engine.TopUp(g.Ctx, g.me, r.Deposit, usd(1000_00), "enough", nil)
	must(t, err)
	g.run(time.Hour)
	if v = g.wantStage(v.ID, payout.SomePaid); len(v.Payouts) != 1 || v.Queued {
		t.Errorf("%d payouts, queued: %v", len(v.Payouts), v.Queued)
	}
}

// A person who has been called can end it, also where less can't be allowed.
func TestARequestWithMoneyMissingCanBeEnded(t *testing.T) {
	g := newGate(t)
	v := g.ask(usd(100), engine.Wishes{}, "test_details_payout_status", "PARTIALLY_PROCESSED")
	g.run(time.Minute)
	if v = g.wantStage(v.ID, payout.InHand); v.Moderation == "" {
		t.Fatal("nobody was called")
	}
	_, err := g.Engine.Cancel(g.Ctx, g.me, prefix, prefix+v.ID, nil)
	must(t, err)
	if v = g.wantStage(v.ID, payout.SomePaid); v.Moderation != "" {
		t.Errorf("it has ended and waits for a person: %s", v.Moderation)
	}
}

// A cancelled payout gives its money back to those that wait for it at once.
func TestMoneyOfACancelledPayoutGoesToTheNext(t *testing.T) {
	g := newGate(t)
	g.queue()
	g.funds(g.routeOf("sandbox_default", "test_usd"), 100)
	n := g.request(usd(100), engine.Wishes{})
	n.Later = false
	first, err := g.Engine.Create(g.Ctx, g.me, n, nil)
	must(t, err)
	_, err = g.Engine.Moderate(g.Ctx, g.me, prefix, prefix+first.ID, "before it is sent", nil)
	must(t, err)
	second := g.ask(usd(100), engine.Wishes{})
	g.run(time.Minute)
	if second = g.wantStage(second.ID, payout.Ready); !second.Queued {
		t.Fatal("the second doesn't wait")
	}
	_, err = g.Engine.Cancel(g.Ctx, g.me, prefix, prefix+first.ID, nil)
	must(t, err)
	g.run(time.Minute)
	g.wantStage(second.ID, payout.AllPaid)
}

// One that a person has stopped keeps nobody waiting, and comes back to its
// place in the queue.
func TestOneOnModerationKeepsNobodyWaiting(t *testing.T) {
	g := newGate(t)
	g.queue()
	r := g.routeOf("sandbox_default", "test_usd")
	g.funds(r, 10)
	large, small, last := g.ask(usd(50), engine.Wishes{}), g.ask(usd(5), engine.Wishes{}), g.ask(usd(20), engine.Wishes{})
	g.run(time.Minute)
	g.wantStage(small.ID, payout.Ready)
	_, err := g.Engine.Moderate(g.Ctx, g.me, prefix, prefix+large.ID, "", nil)
	must(t, err)
	g.run(time.Minute)
	g.wantStage(small.ID, payout.AllPaid)
	_, err = g.Engine.Unmoderate(g.Ctx, g.me, prefix, prefix+large.ID, nil)
	must(t, err)
	g.run(time.Minute)
	_, err = g.Engine.TopUp(g.Ctx, g.me, r.Deposit, usd(40), "for the last, not for the first", nil)
	must(t, err)
	g.run(time.Minute)
	g.wantStage(large.ID, payout.Ready)
	g.wantStage(last.ID, payout.Ready)
}

// A payout that failed gives its money to those that wait; its own request may
// be one of them.
func TestAPieceThatFailsWakesItsOwnRequest(t *testing.T) {
	g := newGate(t)
	g.queue()
	g.faults(`{"settle_ms":[3600000,3600000]}`)
	g.refusing("declined")
	first, second := g.routeOf("sandbox_default", "test_usd"), g.routeOf("refuser", "test_usd")
	g.by("test_usd", `{"strategies":[{"type":"priority","routes":["`+first.ID+`","`+second.ID+`"]}]}`)
	g.limit(first, 1, 60_00)
	g.funds(second, 0)
	v := g.ask(usd(100_00), engine.Wishes{Split: true, Parallel: true, AttemptsLimit: 1})
	g.run(time.Minute)
	v = g.wantStage(v.ID, payout.InHand)
	if len(v.Payouts) != 2 {
		t.Fatalf("%d payouts", len(v.Payouts))
	}
	g.state(v, 1, connector.Rejected)
	g.run(time.Second)
	if v = g.wantStage(v.ID, payout.InHand); !v.Queued {
		t.Fatal("what failed doesn't wait for money on the other route")
	}
	g.state(v, 2, connector.Rejected)
	report, err := g.Engine.Check(g.Ctx, nil)
	must(t, err)
	for _, b := range report.Findings {
		t.Error(b)
	}
	_, err = g.Engine.Cancel(g.Ctx, g.me, prefix, prefix+v.ID, nil)
	must(t, err)
}

func TestARequestThatWaitsKeepsOneExplanation(t *testing.T) {
	g := newGate(t)
	g.queue()
	g.funds(g.routeOf("sandbox_default", "test_usd"), 0)
	v := g.ask(usd(100), engine.Wishes{})
	g.run(24 * time.Hour)
	why, err := g.Engine.Choices(g.Ctx, g.me, prefix, prefix+v.ID)
	must(t, err)
	if len(why) != 1 || !why[0].Decision.Short {
		t.Errorf("%d explanations after a day in the queue", len(why))
	}
}

// instead answers for every account of the sandbox.
func (g *gate) instead(c connector.Connector) {
	g.Engine.Connectors[engine.SandboxName] = func(connector.Account) (connector.Connector, error) { return c, nil }
}

// doubtful is refused while an attempt's end is open; a look-up proves it.
type doubtful struct{ n *int }

func (doubtful) Traits() connector.Traits {
	return connector.Traits{Idempotent: true, Settle: time.Minute, Lookup: true}
}
func (d doubtful) Send(context.Context, connector.Instruction) (connector.Outcome, error) {
	return connector.Outcome{Verdict: connector.Unknown}, nil
}
func (d doubtful) Lookup(context.Context, string) (connector.Outcome, error) {
	if *d.n++; *d.n == 1 {
		return connector.Outcome{Verdict: connector.Rejected, Resolution: "declined"}, nil // too early to be believed
	}
	return connector.Outcome{Verdict: connector.Absent}, nil
}

func TestARefusalThatALookupProvesIsHeldBackToo(t *testing.T) {
	g := newGate(t)
	g.instead(doubtful{new(int)})
	yes := true
	_, err := g.Engine.UpdateDeposit(g.Ctx, g.me, g.routeOf("sandbox_default", "test_usd").Deposit, engine.DepositEdit{PreventFailure: &yes}, nil)
	must(t, err)
	v := g.ask(usd(100), engine.Wishes{})
	g.run(time.Hour)
	v = g.wantStage(v.ID, payout.InHand)
	if p := v.Payouts[0]; v.Moderation == "" || p.Status != payout.Pending || p.Resolution != "declined" {
		t.Errorf("moderation %q, payout %s, %q", v.Moderation, p.Status, p.Resolution)
	}
	g.state(v, 1, connector.Rejected)
	g.wantStage(v.ID, payout.NonePaid)
}

// While nobody knows which word about a payout holds, nothing is made in its
// place; and when a person finds that it was paid, nothing is made at all.
func TestAContradictedEndStopsTheFailover(t *testing.T) {
	g := newGate(t)
	g.queue()
	g.refusing("insufficient_funds")
	first, second := g.routeOf("refuser", "test_usd"), g.routeOf("sandbox_default", "test_usd")
	g.by("test_usd", `{"strategies":[{"type":"priority","routes":["`+first.ID+`","`+second.ID+`"]}]}`)
	g.funds(second, 0)
	v := g.ask(usd(100), engine.Wishes{AttemptsLimit: 3})
	g.run(time.Minute)
	if v = g.wantStage(v.ID, payout.InHand); !v.Queued || len(v.Payouts) != 1 {
		t.Fatalf("queued: %v, %d payouts", v.Queued, len(v.Payouts))
	}
	g.state(v, 1, connector.Paid)
	_, err := g.Engine.TopUp(g.Ctx, g.me, second.Deposit, usd(1000_00), "enough", nil)
	must(t, err)
	g.run(time.Hour)
	if v = g.wantStage(v.ID, payout.InHand); v.Moderation == "" || len(v.Payouts) != 1 {
		t.Fatalf("moderation %q, %d payouts", v.Moderation, len(v.Payouts))
	}
	must(t, g.Engine.Resolve(g.Ctx, g.me, v.Payouts[0].ID, true, "the bank's statement has it"))
	_, err = g.Engine.Unmoderate(g.Ctx, g.me, prefix, prefix+v.ID, nil)
	must(t, err)
	g.run(time.Hour)
	if v = g.wantStage(v.ID, payout.AllPaid); len(v.Payouts) != 1 {
		t.Errorf("%d payouts", len(v.Payouts))
	}
}

func TestADisputedPaymentThatNeverTookPlaceCountsAsComeBack(t *testing.T) {
	g := newGate(t)
	v := g.ask(usd(100), engine.Wishes{})
	g.run(time.Minute)
	v = g.wantStage(v.ID, payout.AllPaid)
	g.state(v, 1, connector.Rejected)
	must(t, g.Engine.Resolve(g.Ctx, g.me, v.Payouts[0].ID, false, "the bank never had it"))
	if v = g.wantStage(v.ID, payout.GivenBack); len(v.Disputed) != 0 || v.Attention {
		t.Errorf("disputed %v, attention %v", v.Disputed, v.Attention)
	}
}

// What waits on moderation is out of the timetable, and may all the same have
// been sent in the time that an older store has lost.
func TestWhatWaitsOnModerationIsInDoubtInAnOlderStore(t *testing.T) {
	k := newKit(t, sim.Config{})
	v, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(1250), Confirm: true, AutoFulfill: true, Beneficiary: sepa(magic(t, "success").IBAN)}, nil)
	must(t, err)
	_, err = k.Engine.Moderate(k.Ctx, k.me, prefix, prefix+v.ID, "a person looks", nil)
	must(t, err)
	doubted, err := k.Engine.HoldSends(k.Ctx, k.me, "restored")
	must(t, err)
	if v, err = k.Engine.Get(k.Ctx, k.me, prefix, prefix+v.ID); err != nil || doubted != 1 || v.Payouts[0].Status != payout.Uncertain {
		t.Errorf("%d in doubt, %+v, %v", doubted, v.Payouts, err)
	}
	_, err = k.Engine.Cancel(k.Ctx, k.me, prefix, prefix+v.ID, nil)
	wantCode(t, err, engine.CodeNotBuilt)
}

// A request that a person has stopped is fulfilled when it is let go.
func TestWhatIsFulfilledOnModerationIsPaidAfterwards(t *testing.T) {
	for _, gone := range []bool{false, true} {
		k := newKit(t, sim.Config{})
		n := engine.NewRequest{Dialect: "rest", Amount: eur(1250), Confirm: true, Beneficiary: sepa(magic(t, "success").IBAN)}
		v, err := k.Engine.Create(k.Ctx, k.me, n, nil)
		must(t, err)
		_, err = k.Engine.Moderate(k.Ctx, k.me, prefix, prefix+v.ID, "is it right?", nil)
		must(t, err)
		_, err = k.Engine.Fulfil(k.Ctx, k.me, prefix, prefix+v.ID, nil)
		must(t, err)
		k.run(time.Hour)
		k.wantStage(v.ID, payout.Ready)
		want := payout.AllPaid
		if gone { // and if there is no way left, that is its end
			want = payout.NonePaid
			_, err = k.Engine.SwitchRoutes(k.Ctx, k.me, true, nil)
			must(t, err)
		}
		_, err = k.Engine.Unmoderate(k.Ctx, k.me, prefix, prefix+v.ID, nil)
		must(t, err)
		k.run(time.Hour)
		k.wantStage(v.ID, want)
	}
}

func TestConditionsSeeTheHourThePointAndTheAttempt(t *testing.T) {
	g := newGate(t)
	g.refusing("insufficient_funds")
	first, second := g.routeOf("refuser", "test_usd"), g.routeOf("sandbox_default", "test_usd")
	g.by("test_usd", `{"if":{"all":[{"attribute":"hour","operator":"eq","value":8},{"attribute":"month","operator":"eq","value":1},{"attribute":"day_of_year","operator":"eq","value":5},
		{"attribute":"point","operator":"eq","value":"`+g.point.ID+`"},{"attribute":"attempt","operator":"eq","value":1}]},
		"then":{"strategies":[{"type":"direct","routes":["`+first.ID+`"]}]},"else":{"strategies":[{"type":"direct","routes":["`+second.ID+`"]}]}}`)
	v := g.ask(usd(100), engine.Wishes{AttemptsLimit: 1})
	g.run(time.Minute)
	if v = g.wantStage(v.ID, payout.AllPaid); v.Payouts[0].Route != first.ID || v.Payouts[1].Route != second.ID {
		t.Errorf("payouts %+v", v.Payouts)
	}
}

func TestAFeeTooLargeToBeWrittenRefusesTheRoute(t *testing.T) {
	g := newGate(t)
	r := g.routeOf("sandbox_default", "test_usd")
	fixed := money.New(1<<63-1, r.Currency)
	_, err := g.Engine.UpdateRoute(g.Ctx, g.me, r.ID, engine.RouteEdit{Cost: &routing.Cost{Rate: 1, Fixed: fixed}}, nil)
	must(t, err)
	v := g.ask(usd(100), engine.Wishes{})
	g.run(time.Minute)
	g.wantStage(v.ID, payout.NonePaid)
}

// A clock that is set back while a request is on moderation leaves it no date
// of a time that won't come for a year.
func TestWhatIsLetGoIsLookedAtWhateverTheClockDid(t *testing.T) {
	g := newGate(t)
	g.faults(`{"settle_ms":[60000,60000]}`)
	v := g.ask(usd(100), engine.Wishes{})
	g.run(10 * time.Second)
	_, err := g.Engine.Moderate(g.Ctx, g.me, prefix, prefix+v.ID, "", nil)
	must(t, err)
	g.Clock.Step(-365 * 24 * time.Hour)
	g.run(time.Hour)
	_, err = g.Engine.Unmoderate(g.Ctx, g.me, prefix, prefix+v.ID, nil)
	must(t, err)
	g.run(time.Minute)
	g.wantStage(v.ID, payout.AllPaid)
}
