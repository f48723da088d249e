package engine_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/payin"
	"penstock/engine/sim"
)

// acquirer takes money in by its keys: one key is one charge, for ever.
type acquirer struct {
	took  map[string]connector.Acquisition // by key, each as it was first asked
	again int                              // how many were asked for as perhaps forgotten
}

func (d *acquirer) acquire(c connector.Acquisition) (connector.Acquired, error) {
	if c.Again {
		d.again++
	}
	was, there := d.took[c.Key]
	if !there {
		d.took[c.Key], was = c, c
	}
	if was.Amount != c.Amount || was.What != c.What {
		return connector.Acquired{Outcome: connector.Outcome{Verdict: connector.Unknown}}, fmt.Errorf("%s was asked with another amount", c.Key)
	}
	return connector.Acquired{Outcome: connector.Outcome{Verdict: connector.Paid, Ref: "pi_" + c.Key}}, nil
}

func (d *acquirer) rig(k *kit) {
	build := k.Engine.Connectors[engine.SandboxName]
	k.Engine.Connectors[engine.SandboxName] = func(a connector.Account) (connector.Connector, error) {
		inner, err := build(a)
		return &counter{inner, d}, err
	}
}

// counter is the way to an acquirer; payouts go where they went.
type counter struct {
	connector.Connector
	d *acquirer
}

func (r *counter) Acquire(_ context.Context, c connector.Acquisition) (connector.Acquired, error) {
	return r.d.acquire(c)
}

func (r *counter) Transfers(ctx context.Context, since time.Time) ([]connector.Transfer, error) {
	return r.Connector.(connector.Lister).Transfers(ctx, since)
}

// count is how often something was done at the provider, and how much of it.
func (d *acquirer) count(what string) (n int, sum int64) {
	for _, c := range d.took {
		if c.What == what {
			n, sum = n+1, sum+c.Amount.Minor()
		}
	}
	return n, sum
}

// backTo brings the copy of a store back, and releases it.
func (d *acquirer) backTo(k *kit, copy []byte) {
	k.t.Helper()
	must(k.t, k.Restore(copy))
	if k.Engine.Held() == "" {
		_, err := k.Engine.HoldSends(k.Ctx, k.me, "restored")
		must(k.t, err)
	}
	d.rig(k)
	must(k.t, k.Run(5*time.Minute))
	must(k.t, k.Engine.Release(k.Ctx, k.me, false))
}

// TestForgottenPaymentIsTakenOnce: a store that was brought back has forgotten a
// payment. Its repeat, by the merchant's own id or under its key, is answered
// by what the provider took, and so are its refund and its capture.
func TestForgottenPaymentIsTakenOnce(t *testing.T) {
	k := newKit(t, sim.Config{})
	d := &acquirer{took: map[string]connector.Acquisition{}}
	d.rig(k)
	copy, err := k.Backup()
	must(t, err)
	own := func() *engine.Payment {
		_, err := k.Engine.CreatePayment(k.Ctx, k.me, engine.NewPayment{Ref: "order-1", Amount: eur(1250), Card: card("4242424242424242"), Confirm: true}, nil)
		must(t, err)
		_, err = k.Engine.RefundPayment(k.Ctx, k.me, "order-1", "back-1", new(int64(300)), "", nil)
		must(t, err)
		p, err := k.Engine.RefundPayment(k.Ctx, k.me, "order-1", "", new(int64(200)), "", &engine.Once{Op: "refund", Key: "r"})
		if err != nil || p.Status != payin.Succeeded || p.Captured != eur(1250) || p.Refunded != eur(500) {
			t.Errorf("%+v, %v", p.State, err)
		}
		return p
	}
	keyed := func() *engine.Payment {
		p, err := k.Engine.CreatePayment(k.Ctx, k.me, engine.NewPayment{Amount: eur(700), Manual: true, Card: card("4242424242424242"), Confirm: true}, &engine.Once{Op: "pay", Key: "k1"})
		must(t, err)
		if p, err = k.Engine.CapturePayment(k.Ctx, k.me, engine.PrefixPayment+p.ID, new(int64(600)), nil); err != nil || p.Status != payin.PartlyCaptured {
			t.Errorf("%+v, %v", p.State, err)
		}
		return p
	}
	first, second := own(), keyed()
	d.backTo(k, copy)
	again, other := own(), keyed()
	if again.ID == first.ID || again.Named() != first.Named() || other.Named() != second.Named() || again.External != first.External {
		t.Errorf("the repeats are %s of %s and %s of %s", again.Named(), first.Named(), other.Named(), second.Named())
	}
	for what, want := range map[string][2]int64{"charge": {1, 1250}, "refund": {2, 500}, "authorise": {1, 700}, "capture": {1, 600}} {
		if n, sum := d.count(what); int64(n) != want[0] || sum != want[1] {
			t.Errorf("%s: %d times, %d in all; want %v", what, n, sum, want)
		}
	}
	if d.again != 2 {
		t.Errorf("%d charges were asked for as perhaps forgotten, want 2", d.again)
	}
}

// TestForgottenPaymentOfAnotherAmountIsInDoubt: what the provider knows under
// the key is not what is asked for. Nobody takes more, and nobody says that it
// failed.
func TestForgottenPaymentOfAnotherAmountIsInDoubt(t *testing.T) {
	k := newKit(t, sim.Config{})
	d := &acquirer{took: map[string]connector.Acquisition{}}
	d.rig(k)
	copy, err := k.Backup()
	must(t, err)
	pay := func(minor int64) *engine.Payment {
		p, err := k.Engine.CreatePayment(k.Ctx, k.me, engine.NewPayment{Ref: "order-1", Amount: eur(minor), Card: card("4242424242424242"), Confirm: true}, nil)
		must(t, err)
		return p
	}
	pay(1250)
	d.backTo(k, copy)
	if p := pay(1300); p.Status != payin.Processing {
		t.Errorf("%+v", p.State)
	}
	must(t, k.Run(time.Hour))
	if n, sum := d.count("charge"); n != 1 || sum != 1250 {
		t.Errorf("charged %d times, %d in all", n, sum)
	}
}

// TestNamesOfPaymentsAreTheirOwn: what is named alike by another merchant, in
// another mode, or as something else, is another payment.
func TestNamesOfPaymentsAreTheirOwn(t *testing.T) {
	k := newKit(t, sim.Config{})
	d := &acquirer{took: map[string]connector.Acquisition{}}
	d.rig(k)
	other := k.me
	other.Merchant = "other"
	_, err := k.Engine.CreateMerchant(k.Ctx, other, "other", "Other")
	must(t, err)
	seen := map[string]bool{}
	for n, c := range []engine.Caller{k.me, other} {
		for _, once := range []*engine.Once{nil, {Op: "pay", Key: "same"}, {Op: "sell", Key: "same"}, {Op: "pay", Key: "another"}} {
			in := engine.NewPayment{Amount: eur(100), Card: card("4242424242424242"), Confirm: true}
			if once == nil {
				in.Ref = "same"
			}
			p, err := k.Engine.CreatePayment(k.Ctx, c, in, once)
			must(t, err)
			if seen[p.Named()] {
				t.Errorf("merchant %d, %+v: the name was used before", n, once)
			}
			seen[p.Named()] = true
		}
	}
	if n, _ := d.count("charge"); n != 8 {
		t.Errorf("charged %d times, want 8", n)
	}
	nameless := engine.NewPayment{Amount: eur(100), Card: card("4242424242424242"), Confirm: true}
	p, err := k.Engine.CreatePayment(k.Ctx, k.me, nameless, nil)
	must(t, err)
	if p.Named() != p.ID {
		t.Errorf("a payment that nobody can name is %s", p.Named())
	}
}
