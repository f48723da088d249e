package engine_test

import (
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
	"penstock/engine/payout"
	"penstock/engine/sim"
)

// TestPartsThatAreFoundApartStopTheRequest: the list of the second provider is
// read before that of the first, so the second payout is found before anybody
// knows that there was a first. No machine makes another one of that number.
func TestPartsThatAreFoundApartStopTheRequest(t *testing.T) {
	for _, parallel := range []bool{false, true} {
		g := newGateAt(t, sim.Config{Traits: connector.Traits{Lookup: true, Settle: 20 * time.Second}})
		g.faults(`{"idempotent":false}`)
		_, err := g.Engine.ConnectAccount(g.Ctx, g.me, engine.NewAccount{Provider: engine.SandboxName, Label: "second"}, nil)
		must(t, err)
		first, second := g.routeOf("sandbox_default", "test_usd"), g.routeOf("second", "test_usd")
		if first.Account < second.Account {
			first, second = second, first // the first payout leaves by the account whose list is read last
		}
		g.by("test_usd", `{"strategies":[{"type":"priority","routes":["`+first.ID+`","`+second.ID+`"]}]}`)
		g.limit(first, 50_00, 60_00)
		g.limit(second, 1, 40_00)
		n := g.request(usd(100_00), engine.Wishes{Split: true, Parallel: parallel, Whole: true, AttemptsLimit: 5})
		n.AutoFulfill = false
		v, err := g.Engine.Create(g.Ctx, g.me, n, nil)
		must(t, err)
		backup, err := g.Backup()
		must(t, err)
		_, err = g.Engine.Fulfil(g.Ctx, g.me, prefix, prefix+v.ID, nil)
		must(t, err)
		g.run(time.Minute)
		v = g.wantStage(v.ID, payout.AllPaid)
		if v.Payouts[0].Account != first.Account || v.Payouts[1].Account != second.Account {
			t.Fatalf("payouts %+v", v.Payouts)
		}
		must(t, g.Restore(backup))
		g.run(2 * time.Minute)
		must(t, g.Engine.Release(g.Ctx, g.me, false))
		g.run(2 * time.Hour)
		if v = g.get(v.ID); v.Moderation != "" {
			_, err = g.Engine.Unmoderate(g.Ctx, g.me, prefix, prefix+v.ID, nil)
			must(t, err)
			g.run(2 * time.Hour)
		}
		book, err := g.Provider.Ledger()
		must(t, err)
		moved := int64(0)
		for _, l := range book {
			moved += l.Paid.Minor()
		}
		if moved != 100_00 {
			t.Errorf("parallel %v: %d of 10000 moved, the request is %s with %d payouts", parallel, moved, v.Stage, len(v.Payouts))
		}
	}
}

// TestWhatIsUnderWayIsSentBeforeTheRequestStops: the provider knows a second
// payout of a request, and not the first. The first may be paid; it must not
// wait for ever behind a second that can't be made.
func TestWhatIsUnderWayIsSentBeforeTheRequestStops(t *testing.T) {
	g := newGateAt(t, sim.Config{Traits: connector.Traits{Lookup: true, Settle: 20 * time.Second}})
	route := g.routeOf("sandbox_default", "test_usd")
	g.limit(route, 1, 60_00)
	n := g.request(usd(100_00), engine.Wishes{Split: true, Parallel: true, Whole: true, AttemptsLimit: 5})
	n.AutoFulfill = false
	v, err := g.Engine.Create(g.Ctx, g.me, n, nil)
	must(t, err)
	backup, err := g.Backup()
	must(t, err)
	g.ask(usd(5_00), engine.Wishes{}) // so that the copy is an older store
	g.run(time.Minute)
	_, err = g.Provider.Receive(sandbox.Order{Key: "po_" + second(t, v.ID), Amount: usd(40_00), Service: "test_usd", Account: route.Account,
		Fields: connector.Details{"account": "success"}})
	must(t, err)
	must(t, g.Restore(backup))
	g.run(2 * time.Minute)
	must(t, g.Engine.Release(g.Ctx, g.me, false))
	g.run(time.Hour)
	for range 3 {
		if v = g.get(v.ID); v.Moderation != "" {
			_, err = g.Engine.Unmoderate(g.Ctx, g.me, prefix, prefix+v.ID, nil)
			must(t, err)
		}
		if v = g.get(v.ID); v.Stage == payout.Ready {
			_, err = g.Engine.Fulfil(g.Ctx, g.me, prefix, prefix+v.ID, nil)
			must(t, err)
		}
		g.run(time.Hour)
	}
	v = g.get(v.ID)
	if len(v.Payouts) != 1 || v.Payouts[0].Status != payout.Paid || v.Moderation == "" {
		t.Errorf("payouts %+v, moderation %q: want the one that could be made paid, and a person asked for the rest", v.Payouts, v.Moderation)
	}
	book, err := g.Provider.Ledger()
	must(t, err)
	moved := int64(0)
	for _, l := range book {
		moved += l.Paid.Minor()
	}
	if moved != 105_00 {
		t.Errorf("the provider's book: %+v", book)
	}
}

// second is the id of the second payout of a request.
func second(t *testing.T, request string) string {
	t.Helper()
	const digits = "0123456789abcdefghjkmnpqrstvwxyz"
	end := len(request) - 1
	at := strings.IndexByte(digits, request[end])
	if at == len(digits)-1 {
		t.Fatalf("the id %s ends in the last digit: draw another", request)
	}
	return request[:end] + digits[at+1:at+2]
}

// TestWhatWasReplacedIsNotSentAgain: a payout whose fate the copy doesn't know
// was refused afterwards, and another stood in for it. Only the other one comes
// back from the provider's list, and the first is not sent beside it.
func TestWhatWasReplacedIsNotSentAgain(t *testing.T) {
	g := newGateAt(t, sim.Config{Traits: connector.Traits{Lookup: true, Idempotent: true, Settle: 20 * time.Second}})
	_, err := g.Engine.ConnectAccount(g.Ctx, g.me, engine.NewAccount{Provider: engine.SandboxName, Label: "second"}, nil)
	must(t, err)
	g.by("test_usd", `{"strategies":[{"type":"priority","routes":["`+g.routeOf("sandbox_default", "test_usd").ID+`","`+g.routeOf("second", "test_usd").ID+`"]}]}`)
	g.faults(`{"drop_request":1,"lookup":false}`)
	v := g.ask(usd(100_00), engine.Wishes{AttemptsLimit: 3})
	g.run(15 * time.Second)
	if v = g.get(v.ID); len(v.Payouts) != 1 || v.Payouts[0].Status != payout.Uncertain {
		t.Fatalf("payouts %+v, want one of which nobody knows", v.Payouts)
	}
	backup, err := g.Backup()
	must(t, err)
	must(t, g.Engine.State(g.Ctx, g.me, v.Payouts[0].ID, connector.Outcome{Verdict: connector.Rejected, Resolution: "declined"}))
	g.faults(`{"drop_request":0,"lookup":true}`)
	g.run(time.Hour)
	if v = g.get(v.ID); v.Stage != payout.AllPaid || len(v.Payouts) != 2 {
		t.Fatalf("%s, payouts %+v, want a second one paid", v.Stage, v.Payouts)
	}
	must(t, g.Restore(backup))
	g.run(2 * time.Minute)
	must(t, g.Engine.Release(g.Ctx, g.me, false))
	g.run(24 * time.Hour)
	if v = g.get(v.ID); v.Stage != payout.AllPaid || len(v.Payouts) != 2 || v.Payouts[0].Status != payout.Failed || v.Payouts[1].Status != payout.Paid {
		t.Errorf("%s, payouts %+v", v.Stage, v.Payouts)
	}
	book, err := g.Provider.Ledger()
	must(t, err)
	if len(book) != 1 || book[0].Paid != usd(100_00) {
		t.Errorf("the provider's book: %+v", book)
	}
}
