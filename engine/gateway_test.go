package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/fx"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/routing"
	"penstock/engine/sim"
)

func usd(minor int64) money.Amount { return money.New(minor, money.MustCurrency("USD")) }

// refuser is a provider that refuses everything, for the reason given.
type refuser struct{ reason string }

func (refuser) Traits() connector.Traits {
	return connector.Traits{Idempotent: true, KeepsRefusal: true, Lookup: true}
}
func (r refuser) Send(context.Context, connector.Instruction) (connector.Outcome, error) {
	return connector.Outcome{Verdict: connector.Rejected, Resolution: r.reason}, nil
}
func (refuser) Lookup(context.Context, string) (connector.Outcome, error) {
	return connector.Outcome{Verdict: connector.Absent}, nil
}

// gate is a kit with a point whose test_usd goes by a tree.
type gate struct {
	*kit
	point *engine.Point
}

func newGate(t *testing.T) *gate { return newGateAt(t, sim.Config{}) }

func newGateAt(t *testing.T, c sim.Config) *gate {
	k := newKit(t, c)
	m, err := k.Engine.Merchant(k.Ctx, "shop")
	must(t, err)
	p, err := k.Engine.Point(k.Ctx, k.me.Scope, m.Point)
	must(t, err)
	return &gate{k, p}
}

// routeOf is the route of a service through an account, named by its label.
func (g *gate) routeOf(label, service string) engine.Route {
	g.t.Helper()
	accounts, err := g.Engine.Accounts(g.Ctx, g.me.Scope)
	must(g.t, err)
	list, err := g.Engine.Routes(g.Ctx, g.me.Scope)
	must(g.t, err)
	for _, a := range accounts {
		for _, r := range list {
			if a.Label == label && r.Account == a.ID && r.Service == service {
				return r
			}
		}
	}
	g.t.Fatalf("no route of %s by %s", service, label)
	return engine.Route{}
}

// refusing connects a second provider that refuses everything.
func (g *gate) refusing(reason string) {
	g.t.Helper()
	honest := g.Engine.Connectors[engine.SandboxName]
	g.Engine.Connectors[engine.SandboxName] = func(a connector.Account) (connector.Connector, error) {
		if a.BaseURL == "refuse" {
			return refuser{reason}, nil
		}
		return honest(a)
	}
	_, err := g.Engine.ConnectAccount(g.Ctx, g.me, engine.NewAccount{Provider: engine.SandboxName, Label: "refuser", BaseURL: "refuse"}, nil)
	must(g.t, err)
}

// by gives the point a scheme that has one tree.
func (g *gate) by(service, tree string) {
	g.t.Helper()
	name := "scheme"
	s, err := g.Engine.CreateScheme(g.Ctx, g.me, engine.SchemeEdit{Name: &name}, nil)
	must(g.t, err)
	parsed, err := routing.Parse([]byte(tree))
	must(g.t, err)
	_, err = g.Engine.SetTree(g.Ctx, g.me, s.ID, service, parsed, false, "as the test wants it", nil)
	must(g.t, err)
	_, err = g.Engine.UpdatePoint(g.Ctx, g.me, g.point.ID, engine.PointEdit{Scheme: &s.ID}, nil)
	must(g.t, err)
}

// funds leaves so much on a route's deposit account.
func (g *gate) funds(r engine.Route, left int64) {
	g.t.Helper()
	d, err := g.Engine.Deposit(g.Ctx, g.me.Scope, r.Deposit)
	must(g.t, err)
	_, err = g.Engine.Adjust(g.Ctx, g.me, r.Deposit, money.New(left-d.Balance.Available, r.Currency), "for the test", nil)
	must(g.t, err)
}

func (g *gate) limit(r engine.Route, low, high int64) {
	g.t.Helper()
	a, b := money.New(low, r.Currency), money.New(high, r.Currency)
	_, err := g.Engine.UpdateRoute(g.Ctx, g.me, r.ID, engine.RouteEdit{Min: &a, Max: &b}, nil)
	must(g.t, err)
}

func (g *gate) request(a money.Amount, w engine.Wishes, fields ...string) engine.NewRequest {
	d := connector.Details{"account": "some_random_string"}
	for i := 0; i+1 < len(fields); i += 2 {
		d[fields[i]] = fields[i+1]
	}
	w.Later, w.Whole = true, !w.Split || w.Whole
	return engine.NewRequest{Dialect: "jsonapi", Amount: a, Service: "test_usd", Confirm: true, AutoFulfill: true, Wishes: w,
		Beneficiary: engine.Beneficiary{Kind: "test", Form: "test", Details: d}}
}

func (g *gate) ask(a money.Amount, w engine.Wishes, fields ...string) *engine.View {
	g.t.Helper()
	g.Clock.Advance(time.Millisecond) // ids of one millisecond have no order
	v, err := g.Engine.Create(g.Ctx, g.me, g.request(a, w, fields...), nil)
	must(g.t, err)
	return v
}

func TestARequestIsPaidByTheOpenRoute(t *testing.T) {
	g := newGate(t)
	v := g.ask(usd(100), engine.Wishes{})
	if v.Stage != payout.Ready || len(v.Payouts) != 0 {
		t.Fatalf("at first %s with %d payouts, want ready with none", v.Stage, len(v.Payouts))
	}
	g.run(time.Minute)
	v = g.wantStage(v.ID, payout.AllPaid)
	why, err := g.Engine.Choices(g.Ctx, g.me, prefix, prefix+v.ID)
	must(t, err)
	if len(why) != 1 || why[0].Decision.Choice == nil || why[0].On != 1 {
		t.Errorf("explanation: %+v", why)
	}
	must(t, why[0].Decision.Replay())
}

func TestARefusalFailsOverToAnotherRoute(t *testing.T) {
	g := newGate(t)
	g.refusing("insufficient_funds")
	first, second := g.routeOf("refuser", "test_usd"), g.routeOf("sandbox_default", "test_usd")
	g.by("test_usd", `{"strategies":[{"type":"priority","routes":["`+first.ID+`","`+second.ID+`"]}]}`)
	v := g.ask(usd(100), engine.Wishes{AttemptsLimit: 1})
	g.run(time.Minute)
	v = g.wantStage(v.ID, payout.AllPaid)
	if len(v.Payouts) != 2 || v.Payouts[0].Route != first.ID || v.Payouts[0].Status != payout.Failed || v.Payouts[1].Route != second.ID || v.Payouts[1].Status != payout.Paid {
		t.Errorf("payouts: %+v", v.Payouts)
	}
}

func TestWhatTheRecipientsSideRefusesIsNotTriedElsewhere(t *testing.T) {
	g := newGate(t)
	g.refusing("recipient_not_found")
	first, second := g.routeOf("refuser", "test_usd"), g.routeOf("sandbox_default", "test_usd")
	g.by("test_usd", `{"strategies":[{"type":"priority","routes":["`+first.ID+`","`+second.ID+`"]}]}`)
	v := g.ask(usd(100), engine.Wishes{AttemptsLimit: 5})
	g.run(time.Minute)
	if v = g.wantStage(v.ID, payout.NonePaid); len(v.Payouts) != 1 {
		t.Errorf("%d payouts, want one", len(v.Payouts))
	}
}

func TestATooLargeRequestIsPaidInSeveralPayouts(t *testing.T) {
	for _, parallel := range []bool{false, true} {
		g := newGate(t)
		r := g.routeOf("sandbox_default", "test_usd")
		g.limit(r, 20_00, 60_00)
		v := g.ask(usd(130_00), engine.Wishes{Split: true, Parallel: parallel})
		g.run(5 * time.Minute)
		v = g.wantStage(v.ID, payout.AllPaid)
		sum := int64(0)
		for _, p := range v.Payouts {
			if p.Amount.Minor() < 20_00 || p.Amount.Minor() > 60_00 {
				t.Errorf("a payout of %s outside of the route's limits", p.Amount)
			}
			sum += p.Amount.Minor()
		}
		if sum != 130_00 || len(v.Payouts) != 3 {
			t.Errorf("%d payouts of %d in all", len(v.Payouts), sum)
		}
	}
}

func TestWithoutSplitATooLargeRequestFindsNoRoute(t *testing.T) {
	g := newGate(t)
	g.limit(g.routeOf("sandbox_default", "test_usd"), 1, 60_00)
	v := g.ask(usd(130_00), engine.Wishes{})
	g.run(time.Minute)
	if v = g.wantStage(v.ID, payout.NonePaid); v.Resolution != payout.RoutesFiltered || len(v.Payouts) != 0 {
		t.Errorf("resolution %s, %d payouts", v.Resolution, len(v.Payouts))
	}
}

// rate gives every merchant a sheet with one rate.
func (g *gate) rate(base, quote, rate string) {
	g.t.Helper()
	r := fx.MustRate(rate)
	_, err := g.Engine.ImportSheet(g.Ctx, g.me, fx.Sheet{Resource: fx.ResourceFixed, At: g.Clock.Now(),
		Pairs: []fx.Pair{{Base: money.MustCurrency(base), Quote: money.MustCurrency(quote), Ask: r, Bid: r}}})
	must(g.t, err)
}

func TestAmountInAnotherCurrencyIsConvertedOnceAndRoundedDown(t *testing.T) {
	g := newGate(t)
	g.rate("EUR", "USD", "1.23456")
	v := g.ask(eur(10_00), engine.Wishes{})
	g.run(time.Minute)
	v = g.wantStage(v.ID, payout.AllPaid)
	p := v.Payouts[0]
	if p.Amount != usd(12_34) || p.Share != eur(10_00) || p.Rate != "1.23456" || p.Covers() != eur(10_00) {
		t.Errorf("%s for %s at %s, covers %s", p.Amount, p.Share, p.Rate, p.Covers())
	}
}

func TestARequestWithoutARateFailsAndSaysSo(t *testing.T) {
	g := newGate(t)
	v := g.ask(eur(10_00), engine.Wishes{})
	g.run(time.Minute)
	v = g.wantStage(v.ID, payout.NonePaid)
	why, err := g.Engine.Choices(g.Ctx, g.me, prefix, prefix+v.ID)
	must(t, err)
	text := strings.Join(why[0].Decision.Explain(func(_, p string) string { return p }), "\n")
	if !strings.Contains(text, string(payout.RateNotFound)) {
		t.Errorf("the explanation doesn't name the missing rate:\n%s", text)
	}
}

func TestAQuoteHoldsWhateverTheMarketDoes(t *testing.T) {
	g := newGate(t)
	g.rate("EUR", "USD", "1.2")
	q, err := g.Engine.NewQuote(g.Ctx, g.me, g.point.ID, money.MustCurrency("EUR"), money.MustCurrency("USD"), time.Hour, nil)
	must(t, err)
	g.run(time.Minute)
	g.rate("EUR", "USD", "0.9")
	v := g.ask(eur(10_00), engine.Wishes{Quote: q.ID})
	g.run(time.Minute)
	if v = g.wantStage(v.ID, payout.AllPaid); v.Payouts[0].Amount != usd(12_00) {
		t.Errorf("paid %s, want 12.00 USD", v.Payouts[0].Amount)
	}
	g.run(2 * time.Hour)
	_, err = g.Engine.Create(g.Ctx, g.me, g.request(eur(10_00), engine.Wishes{Quote: q.ID}), nil)
	var refused *engine.Error
	if !errors.As(err, &refused) || refused.Field != "quote_id" {
		t.Errorf("an old quote: %v", err)
	}
}

func TestAnAmbiguousPayoutNeverFailsOver(t *testing.T) {
	g := newGate(t)
	g.faults(`{"drop_reply":1,"lookup":false}`)
	v := g.ask(usd(100), engine.Wishes{AttemptsLimit: 5})
	g.run(10 * time.Minute)
	v = g.get(v.ID)
	if len(v.Payouts) != 1 || v.Stage.Ended() {
		t.Fatalf("%d payouts, %s", len(v.Payouts), v.Stage)
	}
	must(t, g.Engine.State(g.Ctx, g.me, v.Payouts[0].ID, connector.Outcome{Verdict: connector.Paid, Ref: "bank-1"}))
	g.wantStage(v.ID, payout.AllPaid)
}

func TestTwoPayoutsNeverSpendTheSameMoney(t *testing.T) {
	g := newGate(t)
	g.funds(g.routeOf("sandbox_default", "test_usd"), 100)
	var all []*engine.View
	for range 200 {
		all = append(all, g.ask(usd(1), engine.Wishes{}))
	}
	g.run(5 * time.Minute)
	paid := 0
	for _, v := range all {
		if g.get(v.ID).Stage == payout.AllPaid {
			paid++
		}
	}
	if paid != 100 {
		t.Errorf("%d were paid from a balance for 100", paid)
	}
}

func TestWhatWaitsForMoneyGoesOutInOrder(t *testing.T) {
	g := newGate(t)
	yes := true
	_, err := g.Engine.UpdatePoint(g.Ctx, g.me, g.point.ID, engine.PointEdit{Queue: &yes}, nil)
	must(t, err)
	r := g.routeOf("sandbox_default", "test_usd")
	g.funds(r, 0)
	large, small := g.ask(usd(50), engine.Wishes{}), g.ask(usd(5), engine.Wishes{})
	g.run(time.Minute)
	for _, v := range []*engine.View{large, small} {
		if v = g.wantStage(v.ID, payout.Ready); !v.Queued {
			t.Error("it doesn't wait in the queue")
		}
	}
	_, err = g.Engine.TopUp(g.Ctx, g.me, r.Deposit, usd(20), "a little", nil)
	must(t, err)
	g.run(time.Minute)
	g.wantStage(small.ID, payout.Ready) // it came second
	_, err = g.Engine.TopUp(g.Ctx, g.me, r.Deposit, usd(100), "enough", nil)
	must(t, err)
	g.run(time.Minute)
	g.wantStage(large.ID, payout.AllPaid)
	g.wantStage(small.ID, payout.AllPaid)
}

func TestARefusalIsHeldBackWhereTheAccountSaysSo(t *testing.T) {
	g := newGate(t)
	yes := true
	_, err := g.Engine.UpdateDeposit(g.Ctx, g.me, g.routeOf("sandbox_default", "test_usd").Deposit, engine.DepositEdit{PreventFailure: &yes}, nil)
	must(t, err)
	v := g.ask(usd(100), engine.Wishes{AttemptsLimit: 3}, "test_details_payout_status", "FAIL")
	g.run(time.Minute)
	v = g.wantStage(v.ID, payout.InHand)
	if v.Moderation == "" || len(v.Payouts) != 1 {
		t.Fatalf("moderation %q, %d payouts", v.Moderation, len(v.Payouts))
	}
	must(t, g.Engine.State(g.Ctx, g.me, v.Payouts[0].ID, connector.Outcome{Verdict: connector.Rejected, Resolution: "invalid_account"}))
	g.wantStage(v.ID, payout.NonePaid)
}

func TestATurnoverLimitCountsTheDay(t *testing.T) {
	g := newGate(t)
	r := g.routeOf("sandbox_default", "test_usd")
	limit := usd(100)
	_, err := g.Engine.UpdateDeposit(g.Ctx, g.me, r.Deposit, engine.DepositEdit{Turnover: &limit}, nil)
	must(t, err)
	a, b := g.ask(usd(60), engine.Wishes{}), g.ask(usd(60), engine.Wishes{})
	g.run(time.Minute)
	g.wantStage(a.ID, payout.AllPaid)
	g.wantStage(b.ID, payout.NonePaid)
	g.run(24 * time.Hour)
	c := g.ask(usd(60), engine.Wishes{})
	g.run(time.Minute)
	g.wantStage(c.ID, payout.AllPaid)
}

func TestASchemeOfBlockagesRejects(t *testing.T) {
	g := newGate(t)
	g.by("test_usd", `{"if":{"attribute":"amount","operator":"gt","value":"1"},"then":{"block":"too much"},"else":{"strategies":[{"type":"optimal"}]}}`)
	large, small := g.ask(usd(200), engine.Wishes{}), g.ask(usd(100), engine.Wishes{})
	g.run(time.Minute)
	if v := g.wantStage(large.ID, payout.NonePaid); v.Resolution != payout.NoRoutes {
		t.Errorf("resolution %s", v.Resolution)
	}
	g.wantStage(small.ID, payout.AllPaid)
}

func TestModerationStopsAndLetsGo(t *testing.T) {
	g := newGate(t)
	v := g.ask(usd(100), engine.Wishes{Moderation: true})
	g.run(time.Hour)
	v = g.wantStage(v.ID, payout.Ready)
	five := 5
	_, err := g.Engine.EditTerms(g.Ctx, g.me, prefix, prefix+v.ID, engine.Terms{AttemptsLimit: &five}, nil)
	must(t, err)
	_, err = g.Engine.Unmoderate(g.Ctx, g.me, prefix, prefix+v.ID, nil)
	must(t, err)
	g.run(time.Minute)
	if v = g.wantStage(v.ID, payout.AllPaid); v.AttemptsLimit != 5 {
		t.Errorf("attempts limit %d", v.AttemptsLimit)
	}
}

func TestLessThanAskedCallsAPersonWhereTheWholeIsWanted(t *testing.T) {
	g := newGate(t)
	v := g.ask(usd(100), engine.Wishes{}, "test_details_payout_status", "PARTIALLY_PROCESSED")
	g.run(time.Minute)
	v = g.wantStage(v.ID, payout.InHand)
	if v.Moderation == "" {
		t.Error("nobody was called")
	}
}

func TestWhatIsMissingOfASplitRequestIsPaidNext(t *testing.T) {
	g := newGate(t)
	v := g.ask(usd(100), engine.Wishes{Split: true, Whole: true}, "test_details_payout_status", "PARTIALLY_PROCESSED")
	g.run(time.Hour)
	v = g.get(v.ID)
	sum := int64(0)
	for _, p := range v.Payouts {
		sum += p.Covers().Minor()
	}
	if len(v.Payouts) < 3 || sum > 100 {
		t.Errorf("%d payouts cover %d of 100", len(v.Payouts), sum)
	}
}

func TestADryRunDecidesTheSameAndChangesNothing(t *testing.T) {
	g := newGate(t)
	before, err := g.Engine.Deposits(g.Ctx, g.me.Scope)
	must(t, err)
	c, err := g.Engine.Explain(g.Ctx, g.me, engine.DryRun{Service: "test_usd", Amount: usd(100)})
	must(t, err)
	if c.Decision.Choice == nil || c.Decision.Choice.Route != g.routeOf("sandbox_default", "test_usd").ID {
		t.Errorf("decision: %+v", c.Decision)
	}
	after, err := g.Engine.Deposits(g.Ctx, g.me.Scope)
	must(t, err)
	if len(before) != len(after) {
		t.Errorf("%d deposit accounts before, %d after", len(before), len(after))
	}
}

// A late word against an end is a dispute; a person settles it, and the ledger
// tells what really moved.
func TestADisputeIsResolvedAndBooked(t *testing.T) {
	g := newGate(t)
	v := g.ask(usd(100), engine.Wishes{}, "test_details_payout_status", "FAIL")
	g.run(time.Minute)
	v = g.wantStage(v.ID, payout.NonePaid)
	po := v.Payouts[0]
	must(t, g.Engine.State(g.Ctx, g.me, po.ID, connector.Outcome{Verdict: connector.Paid}))
	if v = g.get(v.ID); len(v.Disputed) != 1 || v.Stage != payout.NonePaid {
		t.Fatalf("disputed %v, stage %s", v.Disputed, v.Stage)
	}
	must(t, g.Engine.Resolve(g.Ctx, g.me, po.ID, true, "the bank's statement has it"))
	d, err := g.Engine.Deposit(g.Ctx, g.me.Scope, po.Deposit)
	must(t, err)
	if d.Balance.Paid != 100 || d.Balance.Held != 0 {
		t.Errorf("balance %+v", d.Balance)
	}
	if v = g.get(v.ID); len(v.Disputed) != 0 || v.Attention {
		t.Errorf("disputed %v, attention %v", v.Disputed, v.Attention)
	}
}

func TestTheBalanceOfAnyPastMomentIsKnown(t *testing.T) {
	g := newGate(t)
	r := g.routeOf("sandbox_default", "test_usd")
	start := g.Clock.Now()
	g.run(time.Hour)
	v := g.ask(usd(100), engine.Wishes{})
	g.run(time.Hour)
	g.wantStage(v.ID, payout.AllPaid)
	then, err := g.Engine.BalanceAt(g.Ctx, g.me.Scope, r.Deposit, start.Add(30*time.Minute))
	must(t, err)
	now, err := g.Engine.BalanceAt(g.Ctx, g.me.Scope, r.Deposit, g.Clock.Now())
	must(t, err)
	if then.Paid != 0 || now.Paid != 100 || then.Available-now.Available != 100 {
		t.Errorf("then %+v, now %+v", then, now)
	}
}
