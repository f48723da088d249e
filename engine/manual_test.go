package engine_test

import (
	"errors"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/manual"
	"penstock/engine/payout"
	"penstock/engine/sim"
)

// A payout over the manual connector waits for as long as it takes, and ends
// by the word of the person who has paid it.
func TestAPersonPaysOutsideAndStatesIt(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.Engine.Connectors[manual.Provider] = manual.New
	account, err := k.Engine.ConnectAccount(k.Ctx, k.me, engine.NewAccount{Provider: manual.Provider, Label: "the bank", Credentials: map[string]string{manual.MID: "kk-33", manual.Methods: "sepa"}}, nil)
	must(t, err)
	route := []engine.Exit{{Account: account.ID}}
	pay := func(b engine.Beneficiary) *engine.View {
		v, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(1250), Confirm: true, AutoFulfill: true, Beneficiary: b, Exits: route}, nil)
		must(t, err)
		return v
	}
	waits, other := pay(sepa("NL46TEST0136169112")), pay(card("4111111111111111"))
	k.run(10 * 24 * time.Hour)
	v := k.wantStage(waits.ID, payout.InHand)
	if p := v.Payouts[0]; p.Status != payout.Pending || p.Attempt != 1 {
		t.Fatalf("%s after %d attempts, want pending after one", p.Status, p.Attempt)
	}
	if p := k.wantStage(other.ID, payout.NonePaid).Payouts[0]; p.Resolution != connector.InvalidMethod {
		t.Errorf("a method that nobody pays by: got %q", p.Resolution)
	}
	must(t, k.Engine.State(k.Ctx, k.me, v.Payouts[0].ID, connector.Outcome{Verdict: connector.Rejected, Resolution: connector.AccountClosed}))
	k.wantStage(waits.ID, payout.NonePaid)
}

func TestBadCredentialsAreRefusedWhenConnecting(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.Engine.Connectors[manual.Provider] = manual.New
	_, err := k.Engine.ConnectAccount(k.Ctx, k.me, engine.NewAccount{Provider: manual.Provider, Label: "the bank", Credentials: map[string]string{manual.MID: "123456789012345678901234567890123"}}, nil)
	var refused *engine.Error
	if !errors.As(err, &refused) || refused.Code != engine.CodeInvalid {
		t.Errorf("got %v, want it refused as invalid", err)
	}
}
