package engine_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/payin"
	"penstock/engine/sim"
)

// lossy takes money in and at first loses its answers.
type lossy struct {
	connector.Connector
	mu   sync.Mutex
	lose int
	keys map[string]int
}

func (d *lossy) Acquire(_ context.Context, c connector.Acquisition) (connector.Outcome, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.keys[c.Key]++
	if d.lose > 0 {
		d.lose--
		return connector.Outcome{Verdict: connector.Unknown}, errors.New("no answer")
	}
	return connector.Outcome{Verdict: connector.Paid, Ref: "r1"}, nil
}

// TestLostAnswerChargesOnce: while nobody knows what came of a charge the
// payment is processing, also over a loss of power, and whoever looks asks
// again with the same key.
func TestLostAnswerChargesOnce(t *testing.T) {
	k := newKit(t, sim.Config{})
	d := &lossy{lose: 2, keys: map[string]int{}}
	rig := func() {
		build := k.Engine.Connectors[engine.SandboxName]
		k.Engine.Connectors[engine.SandboxName] = func(a connector.Account) (connector.Connector, error) {
			inner, err := build(a)
			d.Connector = inner
			return d, err
		}
	}
	rig()
	once := &engine.Once{Op: "pay", Key: "k"}
	p, err := k.Engine.CreatePayment(k.Ctx, k.me, engine.NewPayment{Amount: eur(1250), Card: card("4242424242424242"), Confirm: true}, once)
	must(t, err)
	if p.Status != payin.Processing || p.Open.Kind != payin.Charge {
		t.Fatalf("%+v", p.State)
	}
	must(t, k.Crash())
	rig()
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
