package engine_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/payin"
	"penstock/engine/sim"
	"penstock/store"
)

// lossy takes money in and at first loses its answers.
type lossy struct {
	connector.Connector
	mu     sync.Mutex
	lose   int
	window time.Duration
	keys   map[string]int
}

func (d *lossy) Traits() connector.Traits {
	t := d.Connector.Traits()
	t.Window = d.window
	return t
}

func (d *lossy) Acquire(_ context.Context, c connector.Acquisition) (connector.Acquired, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.keys[c.Key]++
	if d.lose > 0 {
		d.lose--
		return connector.Acquired{Outcome: connector.Outcome{Verdict: connector.Unknown}}, errors.New("no answer")
	}
	return connector.Acquired{Outcome: connector.Outcome{Verdict: connector.Paid, Ref: "r1"}}, nil
}

// rig lets d take the money of a world.
func (d *lossy) rig(k *kit) {
	build := k.Engine.Connectors[engine.SandboxName]
	k.Engine.Connectors[engine.SandboxName] = func(a connector.Account) (connector.Connector, error) {
		inner, err := build(a)
		d.Connector = inner
		return d, err
	}
}

// TestWorkerAsksForWhatNobodyLooksAt: a charge whose answers are lost comes to
// its end by itself, under its one key.
func TestWorkerAsksForWhatNobodyLooksAt(t *testing.T) {
	k := newKit(t, sim.Config{})
	d := &lossy{lose: 4, keys: map[string]int{}}
	d.rig(k)
	p, err := k.Engine.CreatePayment(k.Ctx, k.me, engine.NewPayment{Amount: eur(1250), Card: card("4242424242424242"), Confirm: true}, nil)
	must(t, err)
	must(t, k.Run(5*time.Minute))
	asked := d.keys
	if n := asked[engine.PrefixPayment+p.ID+"_1"]; n != 5 || len(asked) != 1 {
		t.Errorf("asked %v, want five times under one key", asked)
	}
	if p, err = k.Engine.Payment(k.Ctx, k.me, engine.PrefixPayment+p.ID); err != nil || p.Status != payin.Succeeded {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestForgottenKeyIsNotAskedAgain: once the provider may have forgotten the key,
// asking again could take the money twice; a person has to look.
func TestForgottenKeyIsNotAskedAgain(t *testing.T) {
	k := newKit(t, sim.Config{})
	d := &lossy{lose: 1 << 30, window: 24 * time.Hour, keys: map[string]int{}}
	d.rig(k)
	p, err := k.Engine.CreatePayment(k.Ctx, k.me, engine.NewPayment{Amount: eur(1250), Card: card("4242424242424242"), Confirm: true}, nil)
	must(t, err)
	must(t, k.Run(30*time.Hour))
	key := engine.PrefixPayment + p.ID + "_1"
	within := d.keys[key]
	must(t, k.Run(100*time.Hour))
	p, err = k.Engine.Payment(k.Ctx, k.me, engine.PrefixPayment+p.ID)
	must(t, err)
	if within < 5 || d.keys[key] != within || p.Status != payin.Processing || p.Code != "unknown" || !p.Due.IsZero() {
		t.Errorf("asked %d times, then %d; %+v", within, d.keys[key], p)
	}
}

// TestPayerIsAskedAndComesBack: a card whose bank asks its holder waits for
// them; what they bring back first is what counts, and only with the proof.
func TestPayerIsAskedAndComesBack(t *testing.T) {
	k := newKit(t, sim.Config{})
	yes := func(*engine.Payment) error { return nil }
	ask := func() *engine.Payment {
		p, err := k.Engine.CreatePayment(k.Ctx, k.me, engine.NewPayment{Amount: eur(1250), Card: card("4000002500003155"), Confirm: true, Back: func(id string) string { return "https://penstock.test/back/" + id }}, nil)
		must(t, err)
		if p.Status != payin.NeedsAction || p.Next != "https://penstock.test/back/"+p.ID+"?challenge=ask" || p.Open.Kind != payin.Charge {
			t.Fatalf("%+v", p)
		}
		return p
	}
	p := ask()
	must(t, k.Crash())
	must(t, k.Run(time.Hour)) // asked for all the while, and still waiting
	denied := errors.New("denied")
	if _, _, err := k.Engine.ReturnPayment(k.Ctx, k.me.Merchant, p.ID, "challenge=granted", func(*engine.Payment) error { return denied }); err != denied {
		t.Errorf("without proof: %v", err)
	}
	if _, _, err := k.Engine.ReturnPayment(k.Ctx, "stranger", p.ID, "challenge=granted", yes); err == nil {
		t.Error("another merchant's was found")
	}
	p, _, err := k.Engine.ReturnPayment(k.Ctx, k.me.Merchant, p.ID, "challenge=granted", yes)
	if err != nil || p.Status != payin.Succeeded || p.Next != "" || p.Captured != eur(1250) {
		t.Errorf("%+v, %v", p, err)
	}
	if p, _, err = k.Engine.ReturnPayment(k.Ctx, k.me.Merchant, p.ID, "challenge=refused", yes); err != nil || p.Status != payin.Succeeded {
		t.Errorf("a second return: %+v, %v", p, err)
	}
	p = ask()
	if p, _, err = k.Engine.ReturnPayment(k.Ctx, k.me.Merchant, p.ID, "challenge=refused", yes); err != nil || p.Status != payin.Failed || p.Code != "authentication_failed" {
		t.Errorf("refused: %+v, %v", p, err)
	}
}

// TestLostAnswerChargesOnce: while nobody knows what came of a charge the
// payment is processing, also over a loss of power, and whoever looks asks
// again with the same key.
func TestLostAnswerChargesOnce(t *testing.T) {
	k := newKit(t, sim.Config{})
	d := &lossy{lose: 2, keys: map[string]int{}}
	d.rig(k)
	once := &engine.Once{Op: "pay", Key: "k"}
	p, err := k.Engine.CreatePayment(k.Ctx, k.me, engine.NewPayment{Amount: eur(1250), Card: card("4242424242424242"), Confirm: true}, once)
	must(t, err)
	if p.Status != payin.Processing || p.Open.Kind != payin.Charge {
		t.Fatalf("%+v", p.State)
	}
	must(t, k.Crash())
	d.rig(k)
	again := &engine.Once{Op: "pay", Key: "k"}
	p, err = k.Engine.CreatePayment(k.Ctx, k.me, engine.NewPayment{Amount: eur(1250), Card: card("4242424242424242"), Confirm: true}, again)
	must(t, err)
	if !again.Replayed || p.Status != payin.Processing {
		t.Fatalf("%v %+v", again.Replayed, p.State)
	}
	p, err = k.Engine.Payment(k.Ctx, k.me, engine.PrefixPayment+p.ID)
	must(t, err)
	if p.Status != payin.Succeeded || p.Captured != eur(1250) || p.Sealed != nil {
		t.Errorf("%+v", p.State)
	}
	if len(d.keys) != 1 {
		t.Errorf("asked under %d keys", len(d.keys))
	}
}

// TestRefundsAtOnceGiveNoMoreThanCame lets many refunds of a half run at the
// same time: two are given.
func TestRefundsAtOnceGiveNoMoreThanCame(t *testing.T) {
	k := newKit(t, sim.Config{})
	p, err := k.Engine.CreatePayment(k.Ctx, k.me, engine.NewPayment{Amount: eur(100), Card: card("4242424242424242"), Confirm: true}, nil)
	must(t, err)
	half := int64(50)
	var given sync.Map
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			if _, err := k.Engine.RefundPayment(k.Ctx, k.me, engine.PrefixPayment+p.ID, "", &half, "", nil); err == nil {
				given.Store(i, true)
			}
		})
	}
	all.Wait()
	n := 0
	given.Range(func(any, any) bool { n++; return true })
	p, err = k.Engine.Payment(k.Ctx, k.me, engine.PrefixPayment+p.ID)
	must(t, err)
	if n != 2 || p.Refunded != eur(100) || len(p.Refunds) != 2 {
		t.Errorf("%d refunds were given, %v of %v", n, p.Refunded, p.Captured)
	}
}

// TestUnreachableConnectorIsAskedLessAndLess: a payment that can't be asked for,
// since its connector can't be built, neither is forgotten nor keeps the worker
// busy.
func TestUnreachableConnectorIsAskedLessAndLess(t *testing.T) {
	k := newKit(t, sim.Config{})
	d := &lossy{lose: 1, keys: map[string]int{}}
	d.rig(k)
	p, err := k.Engine.CreatePayment(k.Ctx, k.me, engine.NewPayment{Amount: eur(1250), Card: card("4242424242424242"), Confirm: true}, nil)
	must(t, err)
	must(t, k.Crash())
	d.rig(k)
	tried := 0
	good := k.Engine.Connectors[engine.SandboxName]
	k.Engine.Connectors[engine.SandboxName] = func(connector.Account) (connector.Connector, error) {
		tried++
		return nil, errors.New("no credentials")
	}
	must(t, k.Run(6*time.Hour))
	if tried < 5 || tried > 40 {
		t.Errorf("tried %d times in six hours", tried)
	}
	k.Engine.Connectors[engine.SandboxName] = good
	must(t, k.Run(12*time.Hour))
	if p, err = k.Engine.Payment(k.Ctx, k.me, engine.PrefixPayment+p.ID); err != nil || p.Status != payin.Succeeded {
		t.Errorf("%+v, %v", p, err)
	}
}

// again runs each transaction twice, as a store may: the first comes to
// nothing.
type again struct{ store.Store }

func (a again) Update(ctx context.Context, fn func(store.Tx) error) error {
	undone := errors.New("undone")
	err := a.Store.Update(ctx, func(tx store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return undone
	})
	if err != undone {
		return err
	}
	return a.Store.Update(ctx, fn)
}

// TestPaymentOfATransactionThatRanTwiceIsDue: what the first run has filled in
// doesn't count, or nobody would ask for the payment any more.
func TestPaymentOfATransactionThatRanTwiceIsDue(t *testing.T) {
	k := newKit(t, sim.Config{Break: sim.Break{Disk: func(_ *sim.World, s store.Store) store.Store { return again{s} }}})
	d := &lossy{keys: map[string]int{}}
	d.rig(k)
	p, err := k.Engine.CreatePayment(k.Ctx, k.me, engine.NewPayment{Amount: eur(1250), Card: card("4242424242424242"), Confirm: true}, nil)
	must(t, err)
	d.lose = 2
	p, err = k.Engine.RefundPayment(k.Ctx, k.me, engine.PrefixPayment+p.ID, "", nil, "", nil)
	must(t, err)
	if p.Open.Kind != payin.Refund || p.Due.IsZero() {
		t.Fatalf("open %v, due %v", p.Open, p.Due)
	}
	must(t, k.Run(time.Hour))
	if p = k.payment(t, p.ID); p.Refunded != eur(1250) {
		t.Errorf("%+v", p.State)
	}
}

// TestClockSetBackDoesNotPutPaymentsOff: what is begun after the clock was set
// back is due by that clock, not by the payment's last change.
func TestClockSetBackDoesNotPutPaymentsOff(t *testing.T) {
	k := newKit(t, sim.Config{})
	d := &lossy{keys: map[string]int{}}
	d.rig(k)
	p, err := k.Engine.CreatePayment(k.Ctx, k.me, engine.NewPayment{Amount: eur(1250), Card: card("4242424242424242"), Confirm: true}, nil)
	must(t, err)
	k.Clock.Step(-400 * 24 * time.Hour)
	must(t, k.Tick())
	d.lose = 1
	p, err = k.Engine.RefundPayment(k.Ctx, k.me, engine.PrefixPayment+p.ID, "", nil, "", nil)
	must(t, err)
	must(t, k.Run(time.Hour))
	if is := k.Clock.Now(); p.Due.After(is) {
		t.Errorf("due %v, and it is %v", p.Due, is)
	}
	if d.keys[engine.PrefixPayment+p.ID+"_2"] != 2 {
		t.Errorf("asked %v", d.keys)
	}
}

// TestAKeyIsAsOldAsTheClockSaysThatWentOnFurther: a wall clock that is set back
// makes a charge look younger than it is, and what another process began may be
// of any age. Where the provider keeps keys for a while only, a person has to look.
func TestAKeyIsAsOldAsTheClockSaysThatWentOnFurther(t *testing.T) {
	for what, age := range map[string]func(k *kit) error{
		"a clock set back": func(k *kit) error { k.Clock.Step(-2 * time.Hour); return nil },
		"another process":  func(k *kit) error { return k.Crash() },
	} {
		k := newKit(t, sim.Config{})
		d := &lossy{lose: 1 << 30, window: 3 * time.Hour, keys: map[string]int{}}
		d.rig(k)
		p, err := k.Engine.CreatePayment(k.Ctx, k.me, engine.NewPayment{Amount: eur(1250), Card: card("4242424242424242"), Confirm: true}, nil)
		must(t, err)
		must(t, k.Run(2*time.Hour))
		must(t, age(k))
		d.rig(k)
		if what == "a clock set back" {
			must(t, k.Run(time.Hour))
		}
		key := engine.PrefixPayment + p.ID + "_1"
		within := d.keys[key]
		must(t, k.Run(100*time.Hour))
		p, err = k.Engine.Payment(k.Ctx, k.me, engine.PrefixPayment+p.ID)
		must(t, err)
		if within < 3 || d.keys[key] != within || p.Status != payin.Processing || p.Code != "unknown" {
			t.Errorf("%s: asked %d times, then %d; %+v", what, within, d.keys[key], p)
		}
	}
}
