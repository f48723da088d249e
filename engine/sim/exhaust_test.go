package sim

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/service"
)

// oneStory is a payout that saves its method, whose first reply is lost, and
// its webhook: every kind of transaction that a payout meets.
func oneStory(w *World, me engine.Caller) error {
	_, err := w.Engine.Create(w.Ctx, me, engine.NewRequest{Dialect: "standard", Ref: "one", Amount: money.New(700, money.MustCurrency("EUR")), Confirm: true, AutoFulfill: true, Recurring: true,
		Customer: "ada", Person: &engine.Person{Name: "Ada"}, Beneficiary: engine.Beneficiary{Kind: service.Bank, Form: "sepa", Details: connector.Details{"iban": magicAccount("success")}}}, nil)
	if err != nil {
		return err
	}
	return w.Run(2 * time.Minute)
}

// newQuiet is a world with a merchant, an endpoint, and a provider whose
// replies are lost.
func newQuiet(t *testing.T) (*World, engine.Caller) {
	t.Helper()
	w, err := New(Config{Seed: 7, Render: map[string]engine.Render{"standard": told}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Provider.SetFaults([]byte(`{"drop_reply":0.5,"seed":3}`)); err != nil {
		t.Fatal(err)
	}
	me := engine.Caller{Scope: engine.Scope{Merchant: "shop", Mode: engine.Test}, Actor: "apik_shop", Rights: engine.Rights()}
	if _, err := w.Engine.CreateMerchant(w.Ctx, me, "shop", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Engine.AddEndpoint(w.Ctx, me, "https://shop.example/hook", "standard", nil); err != nil {
		t.Fatal(err)
	}
	return w, me
}

// TestAPowerCutAtEveryOperationLosesAndDoublesNothing cuts the power at each
// operation of one story, before and after it took effect, and again at an
// operation of the recovery.
func TestAPowerCutAtEveryOperationLosesAndDoublesNothing(t *testing.T) {
	w, me := newQuiet(t)
	from := w.Store.Ops()
	if err := oneStory(w, me); err != nil {
		t.Fatal(err)
	}
	n := w.Store.Ops() - from
	again := []int{0}
	switch {
	case full():
		again = append(again, 3, 11, 23, 41, 67)
	case !testing.Short():
		again = append(again, 11)
	}
	for at := 1; at <= n; at++ {
		for _, effect := range []bool{false, true} {
			for _, second := range again {
				cutStory(t, at, effect, second)
				if t.Failed() {
					return
				}
			}
		}
	}
	t.Logf("%d operations, cut before and after each, and again at %d places of the recovery", n, len(again)-1)
}

func cutStory(t *testing.T, at int, after bool, second int) {
	t.Helper()
	w, me := newQuiet(t)
	cut := func(n int) {
		if after {
			w.Store.CutAfter(w.Store.Ops() + n)
		} else {
			w.Store.CutAt(w.Store.Ops() + n)
		}
	}
	cut(at)
	name := fmt.Sprintf("cut at %d (after: %v), again at %d", at, after, second)
	if err := oneStory(w, me); err != nil && !power(err) {
		t.Fatalf("%s: %v", name, err)
	}
	err := w.Crash()
	if err == nil && second > 0 {
		cut(second)
		if err = w.Run(time.Minute); power(err) || w.Store.IsCut() {
			err = w.Crash()
		}
	}
	if err != nil {
		t.Fatalf("%s: start again: %v", name, err)
	}
	w.Store.Heal()
	if _, err := w.Engine.Get(w.Ctx, me, engine.PrefixRequest, "one"); err == nil {
		if err := w.Run(time.Hour); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if v, err := w.Engine.Get(w.Ctx, me, engine.PrefixRequest, "one"); err != nil || v.Stage != payout.AllPaid || v.Method == "" {
			t.Errorf("%s: %v, %v; want it paid and its method saved", name, v, err)
		}
	}
	bad, err := w.Quiet()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, b := range bad {
		t.Errorf("%s: %s", name, b)
	}
}

// TestASeedTellsTheSameStoryTwice: the seed is the bug report.
func TestASeedTellsTheSameStoryTwice(t *testing.T) {
	for _, seed := range []uint64{3, 8, 20} {
		one, two := histories(t, seed), histories(t, seed)
		if !slices.Equal(one, two) {
			for i := range min(len(one), len(two)) {
				if one[i] != two[i] {
					t.Fatalf("seed %d: line %d differs:\n%s\n%s", seed, i, one[i], two[i])
				}
			}
			t.Fatalf("seed %d: %d lines, then %d", seed, len(one), len(two))
		}
	}
}

func histories(t *testing.T, seed uint64) (out []string) {
	t.Helper()
	r := Result{Seed: seed, Faults: map[string]int{}}
	s, err := newStory(context.Background(), seed, Break{}, natureOf(seed), &r)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.tell(); err != nil {
		t.Fatal(err)
	}
	for _, me := range s.merchants {
		list, _, err := s.w.Engine.List(s.w.Ctx, me, engine.Filter{}, 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range list {
			for _, l := range v.History {
				out = append(out, fmt.Sprintf("%s %+v", v.ID, l))
			}
		}
	}
	return out
}

// TestADisputeIsResolvedOnceWhateverTheCut cuts the power at each operation of
// a person's contrary word and of the end of the dispute. A person who finds
// the dispute still open ends it again; the money is booked once.
func TestADisputeIsResolvedOnceWhateverTheCut(t *testing.T) {
	for name, d := range map[string]dispute{
		"paid, and it stands":        {magic: "success", word: connector.Rejected, paid: true, want: payout.AllPaid},
		"paid, and never took place": {magic: "success", word: connector.Rejected, paid: false, want: payout.GivenBack},
		"failed, and it stands":      {magic: "declined", word: connector.Paid, paid: false, want: payout.NonePaid},
		"failed, and paid after all": {magic: "declined", word: connector.Paid, paid: true, want: payout.NonePaid},
	} {
		t.Run(name, func(t *testing.T) {
			w, me := newQuiet(t)
			id := d.ended(t, w, me)
			from := w.Store.Ops()
			if err := d.settle(w, me, id); err != nil {
				t.Fatal(err)
			}
			for at := 1; at <= w.Store.Ops()-from; at++ {
				d.cut(t, at, false)
				d.cut(t, at, true)
			}
		})
	}
}

// dispute is a word against a payout's end, and what a person then finds.
type dispute struct {
	magic string // the account's, which says how the payout ends
	word  connector.Verdict
	paid  bool // what is found
	want  payout.Stage
}

func (d dispute) ended(t *testing.T, w *World, me engine.Caller) (payoutID string) {
	t.Helper()
	_, err := w.Engine.Create(w.Ctx, me, engine.NewRequest{Dialect: "standard", Ref: "one", Amount: money.New(700, money.MustCurrency("EUR")), Confirm: true, AutoFulfill: true,
		Beneficiary: engine.Beneficiary{Kind: service.Bank, Form: "sepa", Details: connector.Details{"iban": magicAccount(d.magic)}}}, nil)
	if err == nil {
		err = w.Run(time.Hour)
	}
	if err != nil {
		t.Fatal(err)
	}
	v, err := w.Engine.Get(w.Ctx, me, engine.PrefixRequest, "one")
	if err != nil || !v.Stage.Ended() {
		t.Fatalf("%+v, %v", v, err)
	}
	return v.Payouts[0].ID
}

// settle does whatever of the dispute is still to be done.
func (d dispute) settle(w *World, me engine.Caller, id string) error {
	v, err := w.Engine.Get(w.Ctx, me, engine.PrefixRequest, "one")
	if err != nil {
		return err
	}
	told := func(what string) bool {
		return slices.ContainsFunc(v.History, func(l engine.Line) bool { return l.What == what })
	}
	if told("conflict_resolved") {
		return nil
	}
	if !told("conflict") {
		if err := w.Engine.State(w.Ctx, me, id, connector.Outcome{Verdict: d.word, Resolution: "declined"}); err != nil {
			return err
		}
	}
	return w.Engine.Resolve(w.Ctx, me, id, d.paid, "as the bank says")
}

func (d dispute) cut(t *testing.T, at int, after bool) {
	t.Helper()
	name := fmt.Sprintf("cut at %d (after: %v)", at, after)
	w, me := newQuiet(t)
	id := d.ended(t, w, me)
	if after {
		w.Store.CutAfter(w.Store.Ops() + at)
	} else {
		w.Store.CutAt(w.Store.Ops() + at)
	}
	if err := d.settle(w, me, id); err != nil && !power(err) {
		t.Fatalf("%s: %v", name, err)
	}
	if err := w.Crash(); err != nil {
		t.Fatalf("%s: start again: %v", name, err)
	}
	w.Store.Heal()
	if err := d.settle(w, me, id); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := w.Run(time.Hour); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	v, err := w.Engine.Get(w.Ctx, me, engine.PrefixRequest, "one")
	if err != nil || v.Stage != d.want || len(v.Disputed) != 0 || v.Attention {
		t.Errorf("%s: %+v, %v; want %s, and no dispute", name, v, err, d.want)
	}
	report, err := w.Engine.Check(w.Ctx, nil)
	if err != nil || len(report.Findings) > 0 {
		t.Errorf("%s: %v, %v", name, report.Findings, err)
	}
}
