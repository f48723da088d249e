package engine_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
	"penstock/engine/payout"
	"penstock/locker"
	"penstock/store"
	"penstock/store/mem"
)

// receivers answer at once, but for those at hosts whose names begin with slow,
// which take all the time that they are given, or with late, which take a moment.
// Those with shut in their names refuse, and those with gone are there no more. They
// count the calls of each.
type receivers struct {
	mu   sync.Mutex
	got  map[string]int
	most map[string]int // at one time
	now  map[string]int
	well bool // those that refused answer
}

func (r *receivers) RoundTrip(req *http.Request) (*http.Response, error) {
	host := req.URL.Hostname()
	r.note(host, 1)
	defer r.note(host, -1)
	if strings.HasPrefix(host, "slow") {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	if strings.HasPrefix(host, "late") {
		pass(lateAnswer)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if strings.Contains(host, "shut") && !r.well {
		r.got["refused by "+host]++
		return nil, errors.New("connection refused")
	}
	r.got[host]++
	status := http.StatusOK
	if strings.Contains(host, "gone") {
		status = http.StatusGone
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
}

const lateAnswer = 300 * time.Millisecond

func (r *receivers) note(host string, by int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now[host] += by
	r.most[host] = max(r.most[host], r.now[host])
}

func (r *receivers) of(host string) (got, most int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got[host], r.most[host]
}

// hanging is a provider that takes all the time that it is given and has
// received nothing.
type hanging struct{ connector.Connector }

func (h hanging) Send(ctx context.Context, _ connector.Instruction) (connector.Outcome, error) {
	<-ctx.Done()
	return connector.Outcome{Verdict: connector.Unknown}, ctx.Err()
}

func (h hanging) Lookup(ctx context.Context, _ string) (connector.Outcome, error) {
	<-ctx.Done()
	return connector.Outcome{Verdict: connector.Unknown}, ctx.Err()
}

// throng is the true program with a merchant "shop", whose provider is well, and
// one, "stuck", whose provider hangs.
type throng struct {
	*engine.Engine
	t           *testing.T
	book        *sandbox.Provider
	to          *receivers
	shop, stuck engine.Caller
}

func newThrong(t *testing.T, hands int) *throng {
	t.Helper()
	return newThrongOver(t, hands, mem.New(mem.Options{}))
}

func newThrongOver(t *testing.T, hands int, s store.Store) *throng {
	t.Helper()
	c := &throng{t: t, to: &receivers{got: map[string]int{}, most: map[string]int{}, now: map[string]int{}}}
	var err error
	c.book, err = sandbox.Open(sandbox.Settings{Now: time.Now})
	must(t, err)
	l, err := locker.Open(t.Context(), locker.Config{Keys: mem.New(mem.Options{}), Master: locker.NewMaster()})
	must(t, err)
	timing := engine.DefaultTiming()
	timing.Workers = hands
	well := sandbox.InProcess(c.book)
	build := func(a connector.Account) (connector.Connector, error) {
		made, err := well(a)
		if a.BaseURL != "" {
			made = hanging{made}
		}
		return made, err
	}
	c.Engine, err = engine.Open(t.Context(), engine.Config{
		Store: s, Locker: l, Clock: engine.RealClock(), Rand: rand.Reader, Transport: c.to, Timing: timing,
		Render: map[string]engine.Render{"rest": plain}, Connectors: map[string]connector.Builder{engine.SandboxName: build},
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	must(t, err)
	for name, me := range map[string]*engine.Caller{"shop": &c.shop, "stuck": &c.stuck} {
		*me = engine.Caller{Scope: engine.Scope{Merchant: name, Mode: engine.Test}, Actor: "apik_test", Rights: engine.Rights()}
		_, err = c.CreateMerchant(t.Context(), *me, name, "")
		must(t, err)
	}
	return c
}

// hang gives a merchant a provider account that hangs, and takes away the
// others.
func (c *throng) hang(me engine.Caller) {
	c.t.Helper()
	_, err := c.Create(c.t.Context(), me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Beneficiary: card("4111111111111111"), Customer: "ada", Person: &engine.Person{}}, nil)
	must(c.t, err)
	list, err := c.Accounts(c.t.Context(), me.Scope)
	must(c.t, err)
	url := "https://hangs.example"
	for _, a := range list {
		_, err := c.UpdateAccount(c.t.Context(), me, a.ID, engine.AccountEdit{BaseURL: &url}, nil)
		must(c.t, err)
	}
}

func (c *throng) whole() {
	c.t.Helper()
	report, err := c.Check(c.t.Context(), nil)
	must(c.t, err)
	for _, f := range report.Findings {
		c.t.Errorf("check: %s", f)
	}
	book, err := c.book.Ledger()
	must(c.t, err)
	for _, l := range book {
		if l.Movements > 1 {
			c.t.Errorf("%s was paid %d times", l.Key, l.Movements)
		}
	}
}

// TestSlowReceiversDelayNobody wants a receiver that answers to hear of
// everything at once, while more receivers than there are hands take all the
// time that they are given; and none of these to be forgotten.
func TestSlowReceiversDelayNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const hands, slow, payouts = 8, 12, 60
		c := newThrong(t, hands)
		for i := range slow {
			_, err := c.AddEndpoint(t.Context(), c.stuck, fmt.Sprintf("https://slow%d.example/", i), "rest", nil)
			must(t, err)
		}
		_, err := c.AddEndpoint(t.Context(), c.shop, "https://quick.example/", "rest", nil)
		must(t, err)
		for range payouts {
			order(t, c.Engine, c.stuck, card("4111111111111111"))
		}
		running(t, c.Engine, time.Minute) // the slow ones have as many deliveries before them as they will ever have
		for range payouts {
			order(t, c.Engine, c.shop, card("4111111111111111"))
		}
		running(t, c.Engine, 10*time.Second)
		if got, _ := c.to.of("quick.example"); got != 2*payouts {
			t.Errorf("the quick receiver heard of %d changes, want %d", got, 2*payouts)
		}
		const news, retries = 1 + hands/2, 1 + hands/4 // each of the two lanes leaves the other one half of what it finds
		for i := range slow {
			if _, most := c.to.of(fmt.Sprintf("slow%d.example", i)); most == 0 || most > news+retries {
				t.Errorf("slow receiver %d had %d hands at a time, of %d", i, most, hands)
			}
		}
		c.whole()
	})
}

// TestAHangingProviderDelaysNobody wants payouts by another account to be made
// while each call to one hangs until its deadline.
func TestAHangingProviderDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const payouts = 100
		c := newThrong(t, 8)
		c.hang(c.stuck)
		for range payouts {
			order(t, c.Engine, c.stuck, card("4111111111111111"))
		}
		running(t, c.Engine, time.Minute)
		var ids []string
		for range payouts {
			ids = append(ids, order(t, c.Engine, c.shop, card("4111111111111111")))
		}
		running(t, c.Engine, 5*time.Second)
		for _, id := range ids {
			if got := stageOf(t, c.Engine, c.shop, id); got != payout.AllPaid {
				t.Fatalf("payout %s is %s, want it paid", id, got)
			}
		}
		c.whole()
	})
}

// TestALongRowOfOneReceiverIsWorkedOff wants more deliveries of one slow lane
// than a claim passes by to be put off and not forgotten: when the receiver is
// well again it hears of all.
func TestALongRowOfOneReceiverIsWorkedOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const payouts = 600
		c := newThrong(t, 8)
		_, err := c.AddEndpoint(t.Context(), c.shop, "https://slow.example/", "rest", nil)
		must(t, err)
		_, err = c.AddEndpoint(t.Context(), c.shop, "https://quick.example/", "rest", nil)
		must(t, err)
		for range payouts {
			order(t, c.Engine, c.shop, card("4111111111111111"))
		}
		running(t, c.Engine, 2*time.Minute)
		if got, _ := c.to.of("quick.example"); got != 2*payouts {
			t.Errorf("the quick receiver heard of %d changes, want %d", got, 2*payouts)
		}
		c.whole()
	})
}

// TestABacklogOfRefusedDeliveriesHidesNoPayout wants a payout that has just come
// in to be sent by the next claim, though more deliveries to a receiver that
// refuses at once have been due for longer than a claim looks at.
func TestABacklogOfRefusedDeliveriesHidesNoPayout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newThrong(t, 8)
		_, err := c.AddEndpoint(t.Context(), c.shop, "https://shut.example/", "rest", nil)
		must(t, err)
		for range engine.DefaultTiming().Claim {
			order(t, c.Engine, c.shop, card("4111111111111111"))
		}
		for range 30 {
			_, err := c.Work(t.Context())
			must(t, err)
			time.Sleep(10 * time.Second)
		}
		time.Sleep(24 * time.Hour) // by then each is due again
		id := order(t, c.Engine, c.shop, card("4111111111111111"))
		_, err = c.Work(t.Context())
		must(t, err)
		if got := stageOf(t, c.Engine, c.shop, id); got != payout.AllPaid {
			t.Errorf("the payout is %s after the next claim, want it paid", got)
		}
		c.whole()
	})
}

// TestRetriesToAReceiverThatIsDownWaitBehindOne wants the news of each payout
// to be tried at once, the retries of what a receiver refused to go out one at a
// time, and all of it to arrive when the receiver is well, though more waits than
// a claim passes by.
func TestRetriesToAReceiverThatIsDownWaitBehindOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const payouts, hands = 400, 8
		c := newThrong(t, hands)
		_, err := c.AddEndpoint(t.Context(), c.shop, "https://shut.example/", "rest", nil)
		must(t, err)
		for range payouts {
			order(t, c.Engine, c.shop, card("4111111111111111"))
		}
		running(t, c.Engine, 30*time.Second)
		news, _ := c.to.of("refused by shut.example")
		if news < 2*payouts {
			t.Errorf("%d of %d messages were tried within 30 s", news, 2*payouts)
		}
		running(t, c.Engine, 20*time.Minute) // by its schedule each would be tried again four times
		after, _ := c.to.of("refused by shut.example")
		if tries := after - news; tries < 30 || tries > 20*2+64+hands {
			t.Errorf("%d retries in 20 minutes, want one each 30 s", tries)
		}
		c.to.mu.Lock()
		c.to.well = true
		c.to.mu.Unlock()
		running(t, c.Engine, 20*time.Minute) // the probes have their own pauses
		if got, _ := c.to.of("shut.example"); got != 2*payouts {
			t.Errorf("%d of %d messages arrived when the receiver was well again", got, 2*payouts)
		}
		c.whole()
	})
}

// TestAMessageFollowsWhenTheOneBeforeItLands: it is leased to wait as long as that
// is on its way, and goes at once then, not with the next tick.
func TestAMessageFollowsWhenTheOneBeforeItLands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newThrong(t, 4)
		_, err := c.AddEndpoint(t.Context(), c.shop, "https://late.example/hook", "rest", nil)
		must(t, err)
		order(t, c.Engine, c.shop, card("4111111111111111"))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Run(ctx) }()
		pass(lateAnswer - time.Millisecond)
		list, err := c.Deliveries(t.Context(), c.shop, "", 10)
		must(t, err)
		if len(list) != 2 {
			t.Fatalf("got %d messages, want 2", len(list))
		}
		for _, d := range list {
			if moved := d.Due.Sub(d.Created); d.After != "" && moved != 55*time.Second {
				t.Errorf("the one that waits was moved by %v, want two calls and a lease", moved)
			}
		}
		pass(lateAnswer + 2*time.Millisecond)
		if got, most := c.to.of("late.example"); got != 2 || most != 1 {
			t.Errorf("%d messages have landed, up to %d at one time, want 2 and 1", got, most)
		}
		stop()
		must(t, <-done)
	})
}
