package engine_test

import (
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
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
