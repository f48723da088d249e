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

// following is a throng at work that has told of a payout to one receiver, whose
// answer to the first message is still to come while the second waits for it.
func following(t *testing.T, host string, s *wavering) (c *throng, stop func()) {
	t.Helper()
	c = newThrongOver(t, 4, s)
	_, err := c.AddEndpoint(t.Context(), c.shop, "https://"+host+"/hook", "rest", nil)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	synctest.Wait()
	order(t, c.Engine, c.shop, card("4111111111111111"))
	pass(lateAnswer / 2)
	list, err := c.Deliveries(t.Context(), c.shop, "", 10)
	must(t, err)
	if len(list) != 2 || list[0].Tries+list[1].Tries > 0 {
		t.Fatalf("got %+v, want two messages that nobody has tried", list)
	}
	return c, func() {
		cancel()
		must(t, <-done)
	}
}

func overMem() *wavering { return &wavering{Store: mem.New(mem.Options{})} }

// TestWhatWaitsForAMessageThatFailsIsTriedToo: the one before has its first try,
// and then the second has its own at once.
func TestWhatWaitsForAMessageThatFailsIsTriedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, stop := following(t, "late-shut.example", overMem())
		pass(2 * lateAnswer)
		list, err := c.Deliveries(t.Context(), c.shop, "", 10)
		must(t, err)
		for _, d := range list {
			if d.Tries != 1 || d.State != engine.Waiting {
				t.Errorf("%s was tried %d times and is %s, want once, and waiting", d.Type, d.Tries, d.State)
			}
		}
		if _, most := c.to.of("late-shut.example"); most != 1 {
			t.Errorf("up to %d at one time, want 1", most)
		}
		stop()
		c.whole()
	})
}

// TestWhatWaitsForAReceiverThatIsGoneIsNotSent: a 410 is the last word for all that
// the endpoint was to be told.
func TestWhatWaitsForAReceiverThatIsGoneIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, stop := following(t, "late-gone.example", overMem())
		pass(time.Minute)
		if got, _ := c.to.of("late-gone.example"); got != 1 {
			t.Errorf("%d messages were sent, want the one that was answered 410", got)
		}
		list, err := c.Deliveries(t.Context(), c.shop, "", 10)
		must(t, err)
		for _, d := range list {
			if d.State != engine.GoneAway {
				t.Errorf("%s is %s, want %s", d.Type, d.State, engine.GoneAway)
			}
		}
		stop()
		c.whole()
	})
}

// TestWhatWaitsOutlivesTheWork: who stops in between leaves it to its lease.
func TestWhatWaitsOutlivesTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, stop := following(t, "late.example", overMem())
		stop()
		if got, _ := c.to.of("late.example"); got != 1 {
			t.Errorf("%d messages have landed, want the one that was in hand", got)
		}
		running(t, c.Engine, 2*time.Minute)
		if got, _ := c.to.of("late.example"); got != 2 {
			t.Errorf("%d messages have landed, want 2", got)
		}
		c.whole()
	})
}

// slowly is a store that says only when it may go on that it has the second message.
type slowly struct {
	store.Store
	messages atomic.Int32
	goOn     chan struct{}
}

func (s *slowly) Update(ctx context.Context, fn func(store.Tx) error) error {
	var seen *noticing
	err := s.Store.Update(ctx, func(tx store.Tx) error {
		seen = &noticing{Tx: tx}
		return fn(seen)
	})
	if err == nil && seen.message && s.messages.Add(1) == 2 {
		<-s.goOn
	}
	return err
}

// noticing is a transaction that knows whether a message was written.
type noticing struct {
	store.Tx
	message bool
}

func (n *noticing) Put(bucket string, key, value []byte) error {
	n.message = n.message || bucket == "delivery"
	return n.Tx.Put(bucket, key, value)
}

// TestWhatWaitsIsNotSentBeforeItIsStored: though the one before it has landed.
func TestWhatWaitsIsNotSentBeforeItIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slowly{Store: mem.New(mem.Options{}), goOn: make(chan struct{})}
		c := newThrongOver(t, 4, s)
		_, err := c.AddEndpoint(t.Context(), c.shop, "https://late.example/hook", "rest", nil)
		must(t, err)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Run(ctx) }()
		synctest.Wait()
		order(t, c.Engine, c.shop, card("4111111111111111"))
		pass(3 * lateAnswer)
		if got, _ := c.to.of("late.example"); got != 1 {
			t.Errorf("%d messages have landed, want 1: the second is not stored", got)
		}
		close(s.goOn)
		pass(2 * lateAnswer)
		if got, _ := c.to.of("late.example"); got != 2 {
			t.Errorf("%d messages have landed, want 2", got)
		}
		stop()
		must(t, <-done)
		c.whole()
	})
}

// TestWhatWaitsIsSentOnceHoweverOftenItIsWritten: a transaction that runs again
// leaves nothing of its run before.
func TestWhatWaitsIsSentOnceHoweverOftenItIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := overMem()
		s.again.Store(true)
		c, stop := following(t, "late.example", s)
		pass(2 * time.Minute)
		if got, most := c.to.of("late.example"); got != 2 || most != 1 {
			t.Errorf("%d messages have landed, up to %d at one time, want 2 and 1", got, most)
		}
		stop()
		c.whole()
	})
}
