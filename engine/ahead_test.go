package engine

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/locker"
	"penstock/store"
	"penstock/store/mem"
)

// fickle is a store that runs each update twice, the first time for nothing, and
// may then refuse it.
type fickle struct {
	store.Store
	refuse error
}

func (f *fickle) Update(ctx context.Context, fn func(store.Tx) error) error {
	again := errors.New("once more")
	if err := f.Store.Update(ctx, func(tx store.Tx) error { return errors.Join(fn(tx), again) }); !errors.Is(err, again) {
		return err
	}
	return f.Store.Update(ctx, func(tx store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return f.refuse
	})
}

// secondPlace is an anchor that may fail.
type secondPlace struct {
	Head
	fails error
}

func (a *secondPlace) Load() (Head, error) { return a.Head, nil }

func (a *secondPlace) Save(h Head) error {
	if a.fails == nil {
		a.Head = h
	}
	return a.fails
}

// early is an appliance whose one provider has these traits.
type early struct {
	*Engine
	store *fickle
	place *secondPlace
	me    Caller
	sent  int
	told  []string
}

type traited struct {
	connector.Connector
	of     *early
	traits connector.Traits
}

func (c traited) Traits() connector.Traits { return c.traits }

func (c traited) Send(ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
	c.of.sent++
	return c.Connector.Send(ctx, in)
}

func newEarly(t *testing.T, traits connector.Traits, ahead func(bool) bool) *early {
	t.Helper()
	x := &early{store: &fickle{Store: mem.New(mem.Options{})}, place: &secondPlace{}}
	p, err := sandbox.Open(sandbox.Settings{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	l, err := locker.Open(t.Context(), locker.Config{Keys: mem.New(mem.Options{}), Master: locker.NewMaster()})
	if err != nil {
		t.Fatal(err)
	}
	x.Engine, err = Open(t.Context(), Config{
		Store: x.store, Locker: l, Clock: RealClock(), Rand: rand.Reader, Transport: http.DefaultTransport, Anchor: x.place, Rules: Rules{Ahead: ahead},
		Connectors: map[string]connector.Builder{SandboxName: func(a connector.Account) (connector.Connector, error) {
			made, err := sandbox.InProcess(p)(a)
			return traited{made, x, traits}, err
		}},
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	x.me = Caller{Scope: Scope{Merchant: "shop", Mode: Test}, Actor: "apik_test", Rights: Rights()}
	if _, err := x.CreateMerchant(t.Context(), x.me, "shop", ""); err != nil {
		t.Fatal(err)
	}
	x.pay(t) // the first has its connector built by whoever claims it
	if _, err := x.Work(t.Context()); err != nil {
		t.Fatal(err)
	}
	x.sent = 0
	return x
}

func (x *early) create(t *testing.T) (*View, error) {
	t.Helper()
	return x.Create(t.Context(), x.me, NewRequest{Dialect: "rest", Amount: money.New(100, money.MustCurrency("EUR")), Confirm: true, AutoFulfill: true, Customer: "ada", Person: &Person{Name: "Ada"},
		Beneficiary: Beneficiary{Kind: service.Card, Form: "card", Details: connector.Details{"card_number": "4111111111111111", "expiry_month": "3", "expiry_year": "2030", "card_holder_name": "Ada Example"}}, Extra: []byte(`{"note":"<é>"}`)}, nil)
}

func (x *early) pay(t *testing.T) *View {
	t.Helper()
	v, err := x.create(t)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// free wants no hand to be kept.
func (x *early) free(t *testing.T) {
	t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.lanes.busy != 0 || len(x.lanes.of) != 0 || len(x.hand) != 0 {
		t.Errorf("hands: %d busy, lanes %v, in hand %v", x.lanes.busy, x.lanes.of, x.hand)
	}
}

// claimed is the one payout that was claimed as it was made.
func (x *early) claimed(t *testing.T) job {
	t.Helper()
	jobs := slices.DeleteFunc(x.laid(), func(j job) bool { return j.kind != duePayout })
	if len(jobs) != 1 {
		t.Fatalf("%d payouts were claimed as they were made, want 1", len(jobs))
	}
	return jobs[0]
}

func always(bool) bool { return true }

var honest = connector.Traits{Idempotent: true, Lookup: true, Settle: time.Second}

// TestAJobThatWasClaimedAsItWasMadeBearsWhatIsStored: what its settle copies is
// what it would have read, and what it shows is what it would have opened.
func TestAJobThatWasClaimedAsItWasMadeBearsWhatIsStored(t *testing.T) {
	x := newEarly(t, honest, always)
	v := x.pay(t)
	if p := v.Payouts[0]; p.Status != payout.Sending || p.Attempt != 1 || p.Due.Before(v.Created.Add(x.Timing.Deadline)) {
		t.Fatalf("made as %+v, want it claimed with its lease", p)
	}
	j := x.claimed(t)
	read, err := decode[Request](bucketRequest, j.record)
	if err != nil {
		t.Fatal(err)
	}
	again, err := j.request.copied().MarshalMsg(nil)
	if err != nil || !bytes.Equal(again, j.record) {
		t.Errorf("the copy is written as %q, %v, and stands as %q", again, err, j.record)
	}
	if was, is := read.dues(), j.request.copied().dues(); !reflect.DeepEqual(was, is) {
		t.Errorf("due %+v, want %+v", is, was)
	}
	got, err := x.get(t.Context(), x.me.Scope, v.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Echo, j.opened.Echo) || !reflect.DeepEqual(got.shown, j.opened.shown) || !reflect.DeepEqual(got.Person, j.opened.Person) {
		t.Errorf("shows %+v of %+v, want %+v of %+v", j.opened.Echo, j.opened.Person, got.Echo, got.Person)
	}
	if x.place.Journal >= j.journal {
		t.Errorf("the second place knows of journal %d before anything is sent, and it was claimed as %d", x.place.Journal, j.journal)
	}
	if err := x.do(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	if got, err = x.get(t.Context(), x.me.Scope, v.ID); err != nil || got.Payouts[0].Status == payout.Sending || x.sent != 1 || x.place.Journal < j.journal {
		t.Errorf("%+v, %v after %d sends, known up to %d", got.Payouts, err, x.sent, x.place.Journal)
	}
	x.free(t)
}

// TestAHandIsGivenBackOnce whatever becomes of the transaction.
func TestAHandIsGivenBackOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newEarly(t, honest, nil)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- x.Run(ctx) }()
		synctest.Wait()
		if v := x.pay(t); v.Payouts[0].Status != payout.Sending {
			t.Errorf("made as %s while hands are free", v.Payouts[0].Status)
		}
		synctest.Wait()
		x.free(t)
		x.store.refuse = errors.New("refused")
		_, err := x.create(t)
		x.store.refuse = nil
		if err == nil {
			t.Error("it was made after all")
		}
		x.free(t)
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if v := x.pay(t); v.Payouts[0].Status != payout.Queued {
			t.Errorf("made as %s where nobody works", v.Payouts[0].Status)
		}
		x.free(t)
		if x.sent != 1 {
			t.Errorf("%d sends", x.sent)
		}
	})
}

// TestNothingClaimedAsItWasMadeGoesOutUnknown to the second place, nor by whoever
// honours no key, nor on hold.
func TestNothingClaimedAsItWasMadeGoesOutUnknown(t *testing.T) {
	x := newEarly(t, connector.Traits{Lookup: true, Settle: time.Second}, always)
	if v := x.pay(t); v.Payouts[0].Status != payout.Queued {
		t.Errorf("made as %s by a provider that honours no key", v.Payouts[0].Status)
	}
	x = newEarly(t, honest, always)
	v := x.pay(t)
	x.place.fails = errors.New("the disk is gone")
	_, err := x.Work(t.Context())
	if _, again := x.Work(t.Context()); x.sent != 0 || err == nil && again == nil {
		t.Errorf("%d sends, %v", x.sent, err)
	}
	got, err := x.get(t.Context(), x.me.Scope, v.ID)
	if err != nil || got.Payouts[0].Status != payout.Sending {
		t.Errorf("%+v, %v, want it with its lease", got.Payouts, err)
	}
	x = newEarly(t, honest, always)
	x.pay(t)
	if _, err := x.HoldSends(t.Context(), x.me, "it was restored"); err != nil {
		t.Fatal(err)
	}
	for _, j := range x.laid() {
		if err := x.do(t.Context(), j); err != nil {
			t.Fatal(err)
		}
	}
	if x.sent != 0 {
		t.Errorf("%d sends on hold", x.sent)
	}
}

// TestWhatWasSaidMeanwhileKeepsAnAttemptBack of a payout that was claimed as it
// was made, and its settle reads what stands there.
func TestWhatWasSaidMeanwhileKeepsAnAttemptBack(t *testing.T) {
	x := newEarly(t, honest, always)
	v := x.pay(t)
	j := x.claimed(t)
	paid := payout.Statement{Source: payout.FromPerson, Outcome: connector.Outcome{Verdict: connector.Paid}}
	if err := x.settle(t.Context(), x.me.Scope, j.id, honest, paid); err != nil {
		t.Fatal(err)
	}
	if err := x.do(t.Context(), j); err != nil || x.sent != 0 {
		t.Errorf("%d sends, %v", x.sent, err)
	}
	late := payout.Statement{Source: payout.FromSend, Attempt: 1, Outcome: connector.Outcome{Verdict: connector.Unknown}}
	if err := x.settleJob(t.Context(), j, late); err != nil {
		t.Fatal(err)
	}
	if got, err := x.get(t.Context(), x.me.Scope, v.ID); err != nil || got.Payouts[0].Status != payout.Paid || got.Stage != payout.AllPaid {
		t.Errorf("%s, %+v, %v", got.Stage, got.Payouts, err)
	}
}

// TestASettleShowsNothingOfWhoWasRedactedMeanwhile though its job still bears it.
func TestASettleShowsNothingOfWhoWasRedactedMeanwhile(t *testing.T) {
	x := newEarly(t, honest, always)
	x.Render = map[string]Render{"rest": func(o Occasion) (string, []byte, error) {
		x.told = append(x.told, o.View.Person.Name)
		return string(o.View.Stage), []byte("{}"), nil
	}}
	if _, err := x.AddEndpoint(t.Context(), x.me, "https://shop.example/hook", "rest", nil); err != nil {
		t.Fatal(err)
	}
	x.pay(t)
	j := x.claimed(t)
	if j.opened == nil || j.opened.Person.Name != "Ada" {
		t.Fatalf("the job bears %+v", j.opened)
	}
	paid := payout.Statement{Source: payout.FromNotice, Outcome: connector.Outcome{Verdict: connector.Paid}}
	if err := x.settle(t.Context(), x.me.Scope, j.id, honest, paid); err != nil {
		t.Fatal(err)
	}
	if _, err := x.DeleteCustomer(t.Context(), x.me, "ada", nil); err != nil {
		t.Fatal(err)
	}
	x.told = nil
	back := payout.Statement{Source: payout.FromLookup, Outcome: connector.Outcome{Verdict: connector.Returned}}
	if err := x.settleJob(t.Context(), j, back); err != nil {
		t.Fatal(err)
	}
	if len(x.told) == 0 || slices.Contains(x.told, "Ada") {
		t.Errorf("told of %q", x.told)
	}
}
