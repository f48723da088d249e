package engine_test

import (
	"errors"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/engine/sim"
)

func (k *kit) faults(patch string) {
	k.t.Helper()
	_, err := k.Provider.SetFaults([]byte(patch))
	must(k.t, err)
}

func TestAPayoutIsPaid(t *testing.T) {
	k := newKit(t, sim.Config{})
	v := k.pay(card("4111111111111111"))
	k.run(time.Minute)
	v = k.wantStage(v.ID, payout.AllPaid)
	if got := k.movements(v); got != 1 {
		t.Errorf("money moved %d times, want 1", got)
	}
	if v.Sealed != nil {
		t.Error("details are still there after the end")
	}
}

func TestEveryMagicAccountEndsAsItSays(t *testing.T) {
	for name, want := range map[string]payout.Stage{
		"success": payout.AllPaid, "insufficient_funds": payout.NonePaid, "late_failure": payout.NonePaid,
		"late_success": payout.AllPaid, "partly": payout.SomePaid, "pending": payout.InHand,
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t, sim.Config{})
			v := k.pay(sepa(magic(t, name).IBAN))
			k.run(2 * time.Minute)
			v = k.wantStage(v.ID, want)
			if name == "insufficient_funds" && v.Payouts[0].Resolution != name {
				t.Errorf("resolution %q, want %q", v.Payouts[0].Resolution, name)
			}
		})
	}
}

// The reply is lost and the money moved: a look-up finds it, nothing is sent
// a second time.
func TestLostReplyIsLookedUpAndNotSentAgain(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.faults(`{"drop_reply":1}`)
	v := k.pay(card("4111111111111111"))
	k.run(time.Minute)
	v = k.wantStage(v.ID, payout.AllPaid)
	if v.Payouts[0].Attempt != 1 || k.movements(v) != 1 {
		t.Errorf("%d attempts, %d movements; want one of each", v.Payouts[0].Attempt, k.movements(v))
	}
}

// The request is lost and never acts: once a look-up after Settle proves it,
// the payout goes out again under the same key.
func TestLostRequestGoesOutAgainAfterASettledLookup(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.faults(`{"drop_request":1,"late_ms":[0,0]}`)
	v := k.pay(card("4111111111111111"))
	k.run(12 * time.Second) // the first call hangs for its 10 s
	if got := k.get(v.ID); got.Payouts[0].Status != payout.Uncertain {
		t.Fatalf("after the first attempt: %s, want uncertain", got.Payouts[0].Status)
	}
	k.faults(`{"drop_request":0}`)
	k.run(time.Minute)
	v = k.wantStage(v.ID, payout.AllPaid)
	if v.Payouts[0].Attempt != 2 || k.movements(v) != 1 {
		t.Errorf("%d attempts, %d movements; want 2 and 1", v.Payouts[0].Attempt, k.movements(v))
	}
}

// Attempt 1 hangs, and lands late. Nothing may go out before that is settled,
// also at a provider that ignores the key.
func TestLateArrivalIsNeverPaidTwice(t *testing.T) {
	for _, row := range []struct {
		name   string
		traits connector.Traits
		faults string
	}{
		{"provider honours the key", connector.Traits{Idempotent: true, Lookup: true, Settle: 30 * time.Second}, `{"drop_request":1,"late_ms":[5000,30000]}`},
		{"provider ignores the key", connector.Traits{Lookup: true, Settle: 30 * time.Second}, `{"drop_request":1,"late_ms":[5000,30000],"idempotent":false}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			for seed := uint64(1); seed <= 20; seed++ {
				k := newKit(t, sim.Config{Seed: seed, Traits: row.traits})
				k.faults(row.faults)
				v := k.pay(card("4111111111111111"))
				k.run(12 * time.Second)
				k.faults(`{"drop_request":0}`)
				k.run(10 * time.Minute)
				v = k.wantStage(v.ID, payout.AllPaid)
				if got := k.movements(v); got != 1 {
					t.Errorf("seed %d: money moved %d times, want 1", seed, got)
				}
			}
		})
	}
}

func TestWithoutKeyAndLookupAPersonDecides(t *testing.T) {
	k := newKit(t, sim.Config{Traits: connector.Traits{Settle: time.Second}})
	k.faults(`{"drop_reply":1}`)
	v := k.pay(card("4111111111111111"))
	k.run(48 * time.Hour)
	got := k.wantStage(v.ID, payout.Dispatching)
	if got.Moderation == "" || got.Payouts[0].Status != payout.Uncertain || got.Payouts[0].Attempt != 1 {
		t.Fatalf("moderation %q, %s, %d attempts; want an uncertain payout of one attempt that waits for a person", got.Moderation, got.Payouts[0].Status, got.Payouts[0].Attempt)
	}
	must(t, k.Engine.State(k.Ctx, k.me, got.Payouts[0].ID, connector.Outcome{Verdict: connector.Paid}))
	if got = k.wantStage(v.ID, payout.AllPaid); got.Moderation != "" {
		t.Errorf("still in moderation: %s", got.Moderation)
	}
}

func TestAPowerCutBetweenClaimAndCallIsLookedUp(t *testing.T) {
	k := newKit(t, sim.Config{})
	v := k.pay(card("4111111111111111"))
	k.CutAtSend = true
	_, err := k.Work()
	if err == nil {
		t.Fatal("the power was to be cut and was not")
	}
	must(t, k.Crash())
	if got := k.get(v.ID); got.Payouts[0].Status != payout.Sending || got.Payouts[0].Attempt != 1 {
		t.Fatalf("after the cut: %s, %d attempts; want the intent of attempt 1 on disk", got.Payouts[0].Status, got.Payouts[0].Attempt)
	}
	k.run(time.Minute)
	v = k.wantStage(v.ID, payout.AllPaid)
	if got := k.movements(v); got != 1 {
		t.Errorf("money moved %d times, want 1", got)
	}
}

// heardBetween is a second place that hears a word of a payout after its claim has
// committed and before it is sent.
type heardBetween struct {
	engine.Anchor
	word func()
}

func (h *heardBetween) Save(head engine.Head) error {
	h.word()
	return h.Anchor.Save(head)
}

func TestWhatIsSettledBetweenClaimAndCallIsNotSent(t *testing.T) {
	k := newKit(t, sim.Config{})
	v := k.pay(card("4111111111111111"))
	k.Engine.Config.Anchor = &heardBetween{k.Engine.Config.Anchor, func() {
		if k.get(v.ID).Payouts[0].Status == payout.Sending {
			must(t, k.Engine.State(k.Ctx, k.me, v.Payouts[0].ID, connector.Outcome{Verdict: connector.Rejected, Resolution: "declined"}))
		}
	}}
	k.run(time.Minute)
	v = k.wantStage(v.ID, payout.NonePaid)
	if got := k.movements(v); got != 0 || v.Payouts[0].Attempt != 1 {
		t.Errorf("money moved %d times in attempt %d, want none in the first: it had been stated as refused before it was sent", got, v.Payouts[0].Attempt)
	}
}

// A restart forgets how long ago the call ended, so waiting starts anew.
func TestSettleStartsAnewAfterARestart(t *testing.T) {
	k := newKit(t, sim.Config{Traits: connector.Traits{Idempotent: true, Lookup: true, Settle: time.Hour}})
	k.faults(`{"drop_request":1,"late_ms":[0,0]}`)
	v := k.pay(card("4111111111111111"))
	k.run(59 * time.Minute)
	must(t, k.Crash())
	k.run(59 * time.Minute)
	if got := k.get(v.ID).Payouts[0]; got.Attempt != 1 {
		t.Fatalf("attempt %d went out before an hour of this process had passed", got.Attempt)
	}
	k.faults(`{"drop_request":0}`)
	k.run(8 * time.Hour)
	k.wantStage(v.ID, payout.AllPaid)
}

func TestAClockSetBackForgetsNothing(t *testing.T) {
	k := newKit(t, sim.Config{})
	v := k.pay(sepa(magic(t, "late_success").IBAN))
	k.run(100 * time.Millisecond)
	k.Clock.Step(-365 * 24 * time.Hour)
	must(t, k.Crash())
	k.run(5 * time.Minute)
	// the provider's own clock went back as well; what counts is that we ask
	if got := k.get(v.ID); got.Payouts[0].Asked == 0 && got.Stage == payout.InHand {
		t.Errorf("nobody has asked about the payout since the clock was set back")
	}
}

func TestAPanicIsIsolatedAndThenAPersonDecides(t *testing.T) {
	k := newKit(t, sim.Config{})
	bad := k.pay(card("4111111111111111"))
	k.PanicKey = bad.Payouts[0].Key()
	good := k.pay(card("4242424242424242"))
	k.run(10 * time.Minute)
	k.wantStage(good.ID, payout.AllPaid)
	if got := k.get(bad.ID); got.Moderation == "" || got.Payouts[0].Panics != 3 {
		t.Errorf("moderation %q after %d panics; want a person to be called after 3", got.Moderation, got.Payouts[0].Panics)
	}
}

func TestCancelOnlyWhileNothingIsOut(t *testing.T) {
	k := newKit(t, sim.Config{})
	v := k.pay(card("4111111111111111"))
	got, err := k.Engine.Cancel(k.Ctx, k.me, prefix, prefix+v.ID, nil)
	must(t, err)
	if got.Stage != payout.Withdrawn {
		t.Errorf("stage %s, want cancelled", got.Stage)
	}
	k.run(time.Minute)
	if n := k.movements(got); n != 0 {
		t.Errorf("money of a cancelled payout moved %d times", n)
	}
	sent := k.pay(sepa(magic(t, "pending").IBAN))
	k.run(time.Minute)
	_, err = k.Engine.Cancel(k.Ctx, k.me, prefix, prefix+sent.ID, nil)
	var refused *engine.Error
	if !errors.As(err, &refused) || refused.Code != engine.CodeNotBuilt {
		t.Errorf("cancelling what the provider has: %v, want a refusal", err)
	}
}
