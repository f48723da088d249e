package sim

import (
	"fmt"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/service"
)

func payOut(w *World, me engine.Caller, n int, confirm bool) (*engine.View, error) {
	return w.Engine.Create(w.Ctx, me, engine.NewRequest{Dialect: "standard", Amount: money.New(int64(n+1), money.MustCurrency("EUR")), Confirm: confirm, AutoFulfill: true,
		Beneficiary: engine.Beneficiary{Kind: service.Bank, Form: "sepa", Details: connector.Details{"iban": magicAccount("success")}}}, nil)
}

// TestAnOlderStoreForgetsAndDoublesNothing: a backup, 500 payouts, and the
// backup comes back, in the middle of sending some that it holds as waiting.
func TestAnOlderStoreForgetsAndDoublesNothing(t *testing.T) {
	const before, since = 40, 500
	for name, traits := range map[string]connector.Traits{
		"honours the key":     {Idempotent: true, Lookup: true, Settle: 20 * time.Second},
		"ignores the key":     {Lookup: true, Settle: 20 * time.Second},
		"anchor is not there": {Lookup: true, Settle: 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := New(Config{Seed: 5, Traits: traits, Render: map[string]engine.Render{"standard": told}})
			must(t, err)
			me := engine.Caller{Scope: engine.Scope{Merchant: "shop", Mode: engine.Test}, Actor: "apik_shop", Rights: engine.Rights()}
			_, err = w.Engine.CreateMerchant(w.Ctx, me, "shop", "")
			must(t, err)
			if !traits.Idempotent {
				_, err = w.Provider.SetFaults([]byte(`{"idempotent":false}`))
				must(t, err)
			}
			for n := range before {
				_, err := payOut(w, me, n, true)
				must(t, err)
				if n == before/2 {
					must(t, w.Run(time.Minute)) // half of them are paid before the backup, half wait in it
				}
			}
			backup, err := w.Backup()
			must(t, err)
			must(t, w.Run(time.Minute))
			for n := range since {
				_, err := payOut(w, me, n, true)
				must(t, err)
			}
			must(t, w.Run(2*time.Minute))
			restore(t, w, backup, name == "anchor is not there")
			if w.Engine.Held() == "" {
				t.Fatal("the older store is not on hold")
			}
			must(t, w.Run(10*time.Minute))
			if _, err := payOut(w, me, 1, true); err == nil {
				t.Error("a payout was made while the store was on hold")
			}
			wantOnce(t, w, before+since)
			must(t, w.Engine.Release(w.Ctx, me, false))
			for n := range 20 {
				_, err := payOut(w, me, n, true)
				must(t, err)
			}
			must(t, w.Run(10*time.Minute))
			wantOnce(t, w, before+since+20)
			must(t, w.Crash())
			if why := w.Engine.Held(); why != "" {
				t.Errorf("on hold again after the release: %s", why)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// restore starts the appliance on the backup. Without its anchor it is the
// restore that puts it on hold.
func restore(t *testing.T, w *World, backup []byte, bare bool) {
	t.Helper()
	if bare {
		w.Anchor = &memoryAnchor{}
	}
	must(t, w.Restore(backup))
	if bare {
		_, err := w.Engine.HoldSends(w.Ctx, engine.Caller{Actor: "operator"}, "restored")
		must(t, err)
	}
}

// wantOnce: n payouts, each paid, each once by the provider's own book.
func wantOnce(t *testing.T, w *World, n int) {
	t.Helper()
	bad, err := w.Quiet()
	must(t, err)
	for _, b := range bad {
		t.Error(b)
	}
	ours, err := w.payouts()
	must(t, err)
	book, err := w.Provider.Ledger()
	must(t, err)
	moved := 0
	for _, l := range book {
		moved += min(l.Movements, 1)
	}
	paid := 0
	for _, p := range ours {
		if p.Status == payout.Paid {
			paid++
		}
	}
	if len(ours) != n || paid != n || moved != n {
		t.Errorf("%d payouts, %d paid, %d moved by the provider; want %d of each", len(ours), paid, moved, n)
	}
}

// TestAStoreRolledBackByOneCommitIsNoticed: a repair that takes the last
// transaction back may have taken back an intent.
func TestAStoreRolledBackByOneCommitIsNoticed(t *testing.T) {
	w, me := newQuiet(t)
	_, err := payOut(w, me, 1, true)
	must(t, err)
	before, err := w.Backup()
	must(t, err)
	w.CutAtSend = true // the claim is committed, the call is about to go out
	if _, err := w.Work(); !power(err) {
		t.Fatalf("the power was to be cut: %v", err)
	}
	restore(t, w, before, false)
	if w.Engine.Held() == "" {
		t.Error("the claim that was taken back was not missed")
	}
	must(t, w.Run(time.Minute))
	if v, err := w.payouts(); err != nil || len(v) != 1 {
		t.Error(fmt.Sprint("payouts: ", v, err))
	}
}
