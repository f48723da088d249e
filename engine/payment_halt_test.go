package engine_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/payin"
	"penstock/engine/sim"
)

// bankPage is a provider whose payers go to their bank. It remembers, and ends
// or takes a payment once.
type bankPage struct {
	connector.Connector
	state string         // waiting, paid, ended
	lose  int            // answers to be lost after it has done what it was asked
	slow  bool           // a void is refused for now
	asked map[string]int // by key
	takes int
	mu    sync.Mutex
}

func (b *bankPage) rig(k *kit) {
	build := k.Engine.Connectors[engine.SandboxName]
	k.Engine.Connectors[engine.SandboxName] = func(a connector.Account) (connector.Connector, error) {
		inner, err := build(a)
		b.Connector = inner
		return b, err
	}
}

// pays is the payer saying yes.
func (b *bankPage) pays() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == "waiting" {
		b.state = "paid"
		b.takes++
	}
}

func (b *bankPage) Acquire(_ context.Context, c connector.Acquisition) (out connector.Acquired, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asked == nil {
		b.asked = map[string]int{}
	}
	b.asked[c.Key]++
	out.Ref = "pi_1"
	switch {
	case c.What == "void" && (b.slow || b.state == "paid"):
		out.Verdict, out.Code = connector.Rejected, "not_now"
	case c.What == "void":
		b.state, out.Verdict = "ended", connector.Paid
	case b.state == "paid":
		out.Verdict = connector.Paid
	case b.state == "ended":
		out.Verdict, out.Code = connector.Rejected, "canceled"
	default:
		b.state, out.Verdict, out.Next = "waiting", connector.Accepted, "https://bank.example/"
	}
	if b.lose > 0 {
		b.lose--
		return connector.Acquired{Outcome: connector.Outcome{Verdict: connector.Unknown}}, errors.New("no answer")
	}
	return out, nil
}

// waiting is a payment whose payer is at their bank.
func (b *bankPage) waiting(t *testing.T, k *kit, n engine.NewPayment) *engine.Payment {
	t.Helper()
	b.rig(k)
	n.Amount, n.Card, n.Confirm, n.Back = eur(1250), card("4242424242424242"), true, func(id string) string { return "https://penstock.test/" + id }
	p, err := k.Engine.CreatePayment(k.Ctx, k.me, n, nil)
	must(t, err)
	if p.Status != payin.NeedsAction || p.Next == "" {
		t.Fatalf("%+v", p)
	}
	return p
}

func (k *kit) payment(t *testing.T, id string) *engine.Payment {
	t.Helper()
	p, err := k.Engine.Payment(k.Ctx, k.me, engine.PrefixPayment+id)
	must(t, err)
	return p
}

// TestCancelAtTheBankIsAskedUntilAnswered: while the provider's word on a
// cancel is lost the payment is processing, over a loss of power too, and it is
// asked again under the same key.
func TestCancelAtTheBankIsAskedUntilAnswered(t *testing.T) {
	k := newKit(t, sim.Config{})
	b := &bankPage{}
	p := b.waiting(t, k, engine.NewPayment{})
	b.lose = 3 // a look at the charge, and two at the cancel
	is, err := k.Engine.CancelPayment(k.Ctx, k.me, engine.PrefixPayment+p.ID, nil)
	if err != nil || is.Status != payin.Processing || is.Open.Kind != payin.Stop || is.Next != "" {
		t.Fatalf("%+v, %v", is, err)
	}
	if _, err := k.Engine.CancelPayment(k.Ctx, k.me, engine.PrefixPayment+p.ID, nil); err == nil {
		t.Error("it was cancelled twice at once")
	}
	must(t, k.Crash())
	b.rig(k)
	must(t, k.Run(time.Minute))
	b.pays()
	if is = k.payment(t, p.ID); is.Status != payin.Cancelled || b.takes != 0 || b.asked[engine.PrefixPayment+p.ID+"_2"] != 3 || is.Sealed != nil {
		t.Errorf("%+v; taken %d times, asked %v", is, b.takes, b.asked)
	}
}

// TestPayerWhoWasFirstHasPaid: a cancel that comes too late leaves the payment
// as paid, once, and it can be given back.
func TestPayerWhoWasFirstHasPaid(t *testing.T) {
	k := newKit(t, sim.Config{})
	b := &bankPage{}
	p := b.waiting(t, k, engine.NewPayment{})
	b.pays()
	b.lose = 1 // so that the cancel is begun without knowing
	is, err := k.Engine.CancelPayment(k.Ctx, k.me, engine.PrefixPayment+p.ID, nil)
	if err != nil || is.Status != payin.Succeeded || is.Captured != eur(1250) || is.Code != "" || b.takes != 1 {
		t.Fatalf("%+v, %v", is, err)
	}
	if _, err := k.Engine.CancelPayment(k.Ctx, k.me, engine.PrefixPayment+p.ID, nil); err == nil {
		t.Error("what is paid was cancelled")
	}
}

// TestCancelThatIsRefusedMayBeAskedAgain: while the provider won't end it, it
// waits for its payer as before, with their page.
func TestCancelThatIsRefusedMayBeAskedAgain(t *testing.T) {
	k := newKit(t, sim.Config{})
	b := &bankPage{slow: true}
	p := b.waiting(t, k, engine.NewPayment{})
	is, err := k.Engine.CancelPayment(k.Ctx, k.me, engine.PrefixPayment+p.ID, nil)
	if err != nil || is.Status != payin.NeedsAction || is.Next == "" || is.Code != "not_now" {
		t.Fatalf("%+v, %v", is, err)
	}
	b.slow = false
	if is, err = k.Engine.CancelPayment(k.Ctx, k.me, engine.PrefixPayment+p.ID, nil); err != nil || is.Status != payin.Cancelled {
		t.Fatalf("%+v, %v", is, err)
	}
}

// TestUnwantedMoneyIsNotSetAside: an authorisation whose cancel was refused and
// that is given afterwards is let go of by itself.
func TestUnwantedMoneyIsNotSetAside(t *testing.T) {
	k := newKit(t, sim.Config{})
	b := &bankPage{slow: true}
	p := b.waiting(t, k, engine.NewPayment{Manual: true})
	_, err := k.Engine.CancelPayment(k.Ctx, k.me, engine.PrefixPayment+p.ID, nil)
	must(t, err)
	b.pays()
	is := k.payment(t, p.ID)
	if is.Status != payin.NeedsCapture { // the void is still refused by this provider
		t.Fatalf("%+v", is)
	}
	if n := b.asked[engine.PrefixPayment+p.ID+"_3"]; n != 1 {
		t.Errorf("the void was asked for %d times: %v", n, b.asked)
	}
}

// TestPayerWhoStaysTooLongIsNotWaitedFor: with its time over a payment is ended
// at the provider; where the payer was first it is paid.
func TestPayerWhoStaysTooLongIsNotWaitedFor(t *testing.T) {
	for _, first := range []bool{false, true} {
		k := newKit(t, sim.Config{})
		b := &bankPage{}
		p := b.waiting(t, k, engine.NewPayment{Expires: time.Hour})
		must(t, k.Run(59*time.Minute))
		if is := k.payment(t, p.ID); is.Status != payin.NeedsAction {
			t.Fatalf("too early: %+v", is)
		}
		if first {
			b.pays()
			b.lose = 2
		}
		must(t, k.Run(2*time.Minute))
		must(t, k.Run(time.Hour))
		is := k.payment(t, p.ID)
		if want := map[bool]payin.Status{false: payin.Cancelled, true: payin.Succeeded}[first]; is.Status != want || is.Expired(k.Clock.Now()) == first || b.takes > 1 {
			t.Errorf("payer first %v: %+v, taken %d times", first, is, b.takes)
		}
	}
}

// TestCancelAndPayerAtOnce lets cancels, the payer and those who look run at the
// same time: the payment says what the provider did, and it did one thing.
func TestCancelAndPayerAtOnce(t *testing.T) {
	cancelled := 0
	for n := range 30 {
		k := newKit(t, sim.Config{})
		b := &bankPage{}
		p := b.waiting(t, k, engine.NewPayment{})
		id := engine.PrefixPayment + p.ID
		var all sync.WaitGroup
		for i := range 4 {
			all.Go(func() {
				for range n * 40 { // so that the payer is first now and then
					runtime.Gosched()
				}
				_, _ = k.Engine.CancelPayment(k.Ctx, k.me, id, nil)
			})
			all.Go(func() {
				if i == 0 {
					b.pays()
				}
				_, _, _ = k.Engine.ReturnPayment(k.Ctx, k.me.Merchant, p.ID, "back=1", func(*engine.Payment) error { return nil })
			})
			all.Go(func() { _, _ = k.Engine.Payment(k.Ctx, k.me, id) })
		}
		all.Wait()
		is := k.payment(t, p.ID)
		switch {
		case b.state == "ended" && is.Status == payin.Cancelled && b.takes == 0:
			cancelled++
		case b.state == "paid" && is.Status == payin.Succeeded && b.takes == 1 && is.Captured == eur(1250):
		default:
			t.Fatalf("the provider has it %s, taken %d times; %+v", b.state, b.takes, is)
		}
	}
	t.Logf("%d of 30 were cancelled", cancelled)
}
