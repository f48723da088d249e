package engine_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"penstock/engine"
	"penstock/store"
	"penstock/store/mem"
)

// wavering is a store that refuses to commit, or runs each transaction once in vain.
type wavering struct {
	store.Store
	refuse, again atomic.Bool
}

func (w *wavering) Update(ctx context.Context, fn func(store.Tx) error) error {
	if w.refuse.Load() || w.again.Load() {
		err := w.Store.Update(ctx, func(tx store.Tx) error {
			if err := fn(tx); err != nil {
				return err
			}
			return store.ErrFull
		})
		if w.refuse.Load() {
			return err
		}
	}
	return w.Store.Update(ctx, fn)
}

// TestOnlyWhatIsCommittedIsHandedOn: nothing is told of what was not stored, what
// was stored is told once however often its transaction ran, and hands that were
// taken in vain are free again.
func TestOnlyWhatIsCommittedIsHandedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const hands = 4
		s := &wavering{Store: mem.New(mem.Options{})}
		c := newThrongOver(t, hands, s)
		_, err := c.AddEndpoint(t.Context(), c.shop, "https://quick.example/hook", "rest", nil)
		must(t, err)
		order(t, c.Engine, c.shop, card("4111111111111111"))
		running(t, c.Engine, time.Second) // what is made once is made
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Run(ctx) }()
		synctest.Wait()
		before, _ := c.to.of("quick.example")
		s.refuse.Store(true)
		for range 10 * hands {
			_, err := c.Create(t.Context(), c.shop, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true,
				Beneficiary: card("4111111111111111"), Customer: "ada", Person: &engine.Person{}}, nil)
			if err == nil {
				t.Fatal("a store that refuses took a payout")
			}
		}
		synctest.Wait()
		if got, _ := c.to.of("quick.example"); got != before {
			t.Errorf("%d messages tell of what was not stored", got-before)
		}
		s.refuse.Store(false)
		s.again.Store(true)
		for range 3 {
			order(t, c.Engine, c.shop, card("4111111111111111"))
		}
		pass(time.Second)
		synctest.Wait()
		if got, _ := c.to.of("quick.example"); got != before+6 {
			t.Errorf("%d messages tell of 3 payouts, want 6", got-before)
		}
		s.again.Store(false)
		stop()
		must(t, <-done)
		c.whole()
	})
}

// TestWhatNobodyTakesIsDueAtOnce: after the work has stopped no transaction takes a
// hand, so its messages wait for nothing when there is work again.
func TestWhatNobodyTakesIsDueAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newThrong(t, 4)
		_, err := c.AddEndpoint(t.Context(), c.shop, "https://quick.example/hook", "rest", nil)
		must(t, err)
		running(t, c.Engine, time.Second)
		order(t, c.Engine, c.shop, card("4111111111111111"))
		list, err := c.Deliveries(t.Context(), c.shop, "", 10)
		must(t, err)
		if len(list) != 1 || !list[0].Due.Equal(list[0].Created) {
			t.Errorf("got %+v, want one message that is due at once", list)
		}
		running(t, c.Engine, time.Second)
		if got, _ := c.to.of("quick.example"); got != 2 {
			t.Errorf("%d messages have landed, want 2", got)
		}
	})
}

// TestWhatIsHandedOnSurvivesTheProcess: a process that ends with a message in hand
// leaves a lease that runs out, and what comes after it waits for it.
func TestWhatIsHandedOnSurvivesTheProcess(t *testing.T) {
	k, _ := newHooked(t)
	k.pay(card("4111111111111111"))
	list, err := k.Engine.Deliveries(k.Ctx, k.me, "", 10)
	must(t, err)
	if len(list) != 1 || !list[0].Due.After(list[0].Created) {
		t.Fatalf("got %+v, want one message that is leased", list)
	}
	must(t, k.Crash())
	if len(k.Receiver.Got) != 0 {
		t.Errorf("%d messages were sent by nobody", len(k.Receiver.Got))
	}
	k.run(time.Minute)
	if got := k.told(); len(got) != 2 || got[0] != "started" || got[1] != "paid" {
		t.Errorf("told %v, want started, paid", got)
	}
}

// TestAHandedOnMessageIsWrittenTwice: with its lease, and with what came of it.
func TestAHandedOnMessageIsWrittenTwice(t *testing.T) {
	b := newBudgeted(t)
	writes := 0
	b.counts.seen = func(bucket string) {
		if bucket == "delivery" {
			writes++
		}
	}
	b.create(true)
	b.run(time.Second)
	if writes != 4 {
		t.Errorf("two messages were written %d times, want 4", writes)
	}
}
