package engine_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/engine/sim"
)

// rewound is a kit whose store is brought back to what it was.
type rewound struct {
	*kit
	backup []byte
}

func newRewound(t *testing.T, traits connector.Traits) *rewound {
	k := newKit(t, sim.Config{Traits: traits})
	if !traits.Idempotent {
		_, err := k.Provider.SetFaults([]byte(`{"idempotent":false}`))
		must(t, err)
	}
	k.customer("ada")
	return &rewound{kit: k}
}

// note takes the copy that will come back.
func (f *rewound) note() {
	f.t.Helper()
	var err error
	f.backup, err = f.Backup()
	must(f.t, err)
}

// forget brings the copy back, and waits until the providers' lists are read.
func (f *rewound) forget() {
	f.t.Helper()
	must(f.t, f.Restore(f.backup))
	if f.Engine.Held() == "" {
		f.t.Fatal("an older store is not on hold")
	}
	f.run(2 * time.Minute)
}

func (f *rewound) release() {
	f.t.Helper()
	must(f.t, f.Engine.Release(f.Ctx, f.me, false))
}

// ask creates a payout of some cents under the merchant's own names for it.
func (f *rewound) ask(minor int64, ref, key string) (*engine.View, *engine.Once, error) {
	o := once(key, "the same body every time........")
	v, err := f.Engine.Create(f.Ctx, f.me, engine.NewRequest{Dialect: "rest", Ref: ref, Amount: eur(minor), Confirm: true, AutoFulfill: true, Customer: "ada",
		Beneficiary: sepa(magic(f.t, "success").IBAN), Extra: []byte(`"mine"`)}, o)
	return v, o, err
}

// moved is how often money moved at the provider, for whatever.
func (f *rewound) moved() (n int) {
	f.t.Helper()
	book, err := f.Provider.Ledger()
	must(f.t, err)
	for _, l := range book {
		n += l.Movements
	}
	return n
}

// TestARepeatOfWhatWasForgottenPaysNothing: a payout is made after a backup and
// paid; the backup comes back. Whoever asks for it again under the same key, or
// the same id, gets it, on hold as after the release, and money has moved once.
func TestARepeatOfWhatWasForgottenPaysNothing(t *testing.T) {
	for name, traits := range map[string]connector.Traits{
		"honours the key": {Idempotent: true, Lookup: true, Settle: 20 * time.Second},
		"ignores the key": {Lookup: true, Settle: 20 * time.Second},
		"can't be asked":  {Idempotent: true, Settle: 20 * time.Second},
	} {
		for _, row := range []struct {
			what, ref, key string
			held           bool
		}{{"key", "", "k-1", false}, {"key on hold", "", "k-1", true}, {"own id", "mine-1", "", false}, {"both", "mine-1", "k-1", false}, {"own id, another key", "mine-1", "k-2", true}} {
			t.Run(name+", "+row.what, func(t *testing.T) {
				f := newRewound(t, traits)
				f.note()
				first, _, err := f.ask(700, row.ref, "k-1")
				must(t, err)
				f.run(time.Minute)
				f.forget()
				if _, err := f.Engine.Create(f.Ctx, f.me, engine.NewRequest{Dialect: "rest", Amount: eur(1)}, nil); !isCode(err, engine.CodeHeld) {
					t.Errorf("a new draft on hold: %v", err)
				}
				if !row.held {
					f.release()
				}
				again, o, err := f.ask(700, row.ref, row.key)
				must(t, err)
				if again.ID != first.ID || o.Replayed {
					t.Fatalf("the repeat is %s, the first was %s", again.ID, first.ID)
				}
				if row.held {
					f.release()
				}
				f.run(10 * time.Minute)
				name := first.ID
				if row.ref != "" {
					name = row.ref
				} else {
					name = prefix + name
				}
				v, err := f.Engine.Get(f.Ctx, f.me, prefix, name)
				must(t, err)
				if v.Stage != payout.AllPaid || v.Customer != "ada" || string(v.Extra) != `"mine"` || v.Masked == nil || v.Sealed != nil {
					t.Errorf("it is %s of %q, %s, %v, sealed %v", v.Stage, v.Customer, v.Extra, v.Masked, v.Sealed != nil)
				}
				if n := f.moved(); n != 1 {
					t.Errorf("money moved %d times", n)
				}
				list, _, err := f.Engine.List(f.Ctx, f.me, engine.Filter{Customer: "ada"}, 0, 10)
				must(t, err)
				if len(list) != 1 {
					t.Errorf("the customer has %d payouts, want 1", len(list))
				}
				if _, o, err = f.ask(700, row.ref, row.key); row.key != "" && (err != nil || !o.Replayed) || row.key == "" && !isCode(err, engine.CodeExists) {
					t.Errorf("a third time: replayed %v, %v", o.Replayed, err)
				}
				if next, _, err := f.ask(700, "", "k-new"); err != nil || next.ID == first.ID {
					t.Errorf("another key: %v, %v", next, err)
				}
				f.run(time.Minute)
				if n := f.moved(); n != 2 {
					t.Errorf("money moved %d times for two payouts", n)
				}
			})
		}
	}
}

func isCode(err error, code engine.Code) bool {
	var refused *engine.Error
	return errors.As(err, &refused) && refused.Code == code
}

// TestAForgottenKeyWithAnotherAmountIsRefused, and pays nothing.
func TestAForgottenKeyWithAnotherAmountIsRefused(t *testing.T) {
	f := newRewound(t, connector.Traits{Lookup: true, Settle: time.Second})
	f.note()
	_, _, err := f.ask(700, "", "k-1")
	must(t, err)
	f.run(time.Minute)
	f.forget()
	f.release()
	_, _, err = f.ask(701, "", "k-1")
	wantCode(t, err, engine.CodeKeyReused)
	o := once("k-1", "the same body every time........")
	_, err = f.Engine.Create(f.Ctx, f.me, engine.NewRequest{Dialect: "rest", Amount: eur(700), Confirm: true, AutoFulfill: true, Customer: "ada", Beneficiary: card("4111111111111111")}, o)
	wantCode(t, err, engine.CodeKeyReused)
	_, _, err = f.ask(700, "", "k-1")
	must(t, err)
	if n := f.moved(); n != 1 {
		t.Errorf("money moved %d times", n)
	}
}

// TestAForgottenStepOfAKnownRequestComesBackToIt: drafts and ready requests
// that a backup holds were confirmed and fulfilled after it.
func TestAForgottenStepOfAKnownRequestComesBackToIt(t *testing.T) {
	f := newRewound(t, connector.Traits{Lookup: true, Settle: 20 * time.Second})
	make := func(ref string, confirm bool) *engine.View {
		v, err := f.Engine.Create(f.Ctx, f.me, engine.NewRequest{Dialect: "rest", Ref: ref, Amount: eur(100), Confirm: confirm, Customer: "ada", Beneficiary: sepa(magic(t, "success").IBAN), Extra: []byte(`"mine"`), Expires: 24 * time.Hour}, nil)
		must(t, err)
		return v
	}
	make("draft", false)
	make("ready", true)
	f.note()
	yes := true
	send := func() error {
		_, err := f.Engine.Confirm(f.Ctx, f.me, "draft", engine.Change{Prefix: prefix, AutoFulfill: &yes}, nil)
		_, err2 := f.Engine.Fulfil(f.Ctx, f.me, prefix, "ready", nil)
		return errors.Join(err, err2)
	}
	must(t, send())
	f.run(time.Minute)
	f.forget()
	if err := send(); err == nil {
		t.Error("what was sent can be sent again")
	}
	f.release()
	if err := send(); err == nil {
		t.Error("what was sent can be sent again after the release")
	}
	f.run(10 * time.Minute)
	for _, name := range []string{"draft", "ready"} {
		v, err := f.Engine.Get(f.Ctx, f.me, prefix, name)
		must(t, err)
		if v.Stage != payout.AllPaid || v.Ref != name || string(v.Extra) != `"mine"` || len(v.Payouts) != 1 || v.Sealed != nil {
			t.Errorf("%s is %s with %d payouts, %s", v.Ref, v.Stage, len(v.Payouts), v.Extra)
		}
		if !slices.ContainsFunc(v.History, func(l engine.Line) bool { return l.What == "recovered" }) {
			t.Errorf("%s doesn't tell that it was brought back", name)
		}
	}
	if n := f.moved(); n != 2 {
		t.Errorf("money moved %d times for two payouts", n)
	}
}

// TestAReleaseWaitsForWhatCanStillArrive: a call that a process made just
// before its store was brought back lands after the list was read.
func TestAReleaseWaitsForWhatCanStillArrive(t *testing.T) {
	f := newRewound(t, connector.Traits{Lookup: true, Settle: 60 * time.Second})
	f.note()
	_, err := f.Provider.SetFaults([]byte(`{"drop_request":1,"late_ms":[40000,50000]}`))
	must(t, err)
	first, _, err := f.ask(700, "", "k-1")
	must(t, err)
	must(t, f.Tick())
	_, err = f.Provider.SetFaults([]byte(`{"drop_request":0}`))
	must(t, err)
	must(t, f.Restore(f.backup))
	f.run(time.Second)
	err = f.Engine.Release(f.Ctx, f.me, false)
	var early *engine.Error
	if !errors.As(err, &early) || early.After < 30*time.Second || early.After > 70*time.Second {
		t.Fatalf("released at once: %v", err)
	}
	f.run(early.After)
	f.release()
	again, _, err := f.ask(700, "", "k-1")
	must(t, err)
	if again.ID != first.ID {
		t.Errorf("the repeat is %s, the first was %s", again.ID, first.ID)
	}
	f.run(10 * time.Minute)
	if n := f.moved(); n != 1 {
		t.Errorf("money moved %d times", n)
	}
}

// TestAReleaseWithoutAListMakesPeopleLook: where nobody can say what was
// forgotten, no payout goes out by itself until a person trusts the account.
func TestAReleaseWithoutAListMakesPeopleLook(t *testing.T) {
	f := newRewound(t, connector.Traits{Lookup: true, Settle: time.Second})
	f.note()
	first, _, err := f.ask(700, "", "k-1")
	must(t, err)
	f.run(time.Minute)
	f.Unlisted = true
	f.forget()
	wantCode(t, f.Engine.Release(f.Ctx, f.me, false), engine.CodeBusy)
	must(t, f.Engine.Release(f.Ctx, f.me, true))
	for _, key := range []string{"k-1", "k-2"} { // a new process is as careful
		again, _, err := f.ask(700, "", key)
		must(t, err)
		f.run(time.Hour)
		if n := f.moved(); n != 1 || again.ID == first.ID {
			t.Fatalf("money moved %d times", n)
		}
		if v := f.get(again.ID); v.Moderation == "" || v.Payouts[0].Status != payout.Queued {
			t.Errorf("it is %s and waits for nobody", v.Payouts[0].Status)
		}
		must(t, f.Crash())
	}
	mine, _, err := f.ask(900, "", "k-seen")
	must(t, err)
	_, err = f.Engine.Unmoderate(f.Ctx, f.me, prefix, prefix+mine.ID, nil) // a person has seen that it is a new one
	must(t, err)
	f.run(time.Minute)
	f.wantStage(mine.ID, payout.AllPaid)
	must(t, f.Engine.Trust(f.Ctx, f.me))
	wantCode(t, f.Engine.Trust(f.Ctx, f.me), engine.CodeState)
	other, _, err := f.ask(800, "", "k-3")
	must(t, err)
	f.run(time.Minute)
	f.wantStage(other.ID, payout.AllPaid)

	f.Unlisted = false // for the judge, who wants every transfer known
	must(t, f.learnTheRest())
}

// learnTheRest puts the world in order: what the list would have told.
func (f *rewound) learnTheRest() error {
	if _, err := f.Engine.HoldSends(f.Ctx, f.me, "once more"); err != nil {
		return err
	}
	_, err := f.Engine.Recover(f.Ctx)
	return err
}
