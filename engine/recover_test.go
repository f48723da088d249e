package engine_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
	"penstock/engine/payout"
)

// mute is a provider whose list never comes.
type mute struct {
	connector.Connector
	asked int
}

func (m *mute) Transfers(ctx context.Context, _ time.Time) ([]connector.Transfer, error) {
	m.asked++
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestAListThatHangsKeepsNobodyWaiting: on hold, a payout that is with the
// provider is asked about and ends while its list is still to come, which is
// asked for again and again, and stopping the program waits for none of it.
func TestAListThatHangsKeepsNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, p, me := concurrent(t, engine.DefaultTiming(), "")
		inside := sandbox.InProcess(p)
		var list mute
		e.Connectors[engine.SandboxName] = func(a connector.Account) (c connector.Connector, err error) {
			list.Connector, err = inside(a)
			return &list, err
		}
		id := order(t, e, me, sepa(magic(t, "late_success").IBAN))
		if _, err := e.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := e.HoldSends(t.Context(), me, "restored"); err != nil {
			t.Fatal(err)
		}
		running(t, e, 10*time.Second)
		if got := stageOf(t, e, me, id); got != payout.AllPaid {
			t.Errorf("stage %s while a list hangs, want paid", got)
		}
		running(t, e, 10*time.Minute)
		if list.asked < 3 || list.asked > 30 {
			t.Errorf("the list was asked for %d times in ten minutes", list.asked)
		}
		wantCode(t, e.Release(t.Context(), me, false), engine.CodeBusy)
	})
}
