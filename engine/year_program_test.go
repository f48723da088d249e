package engine_test

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"io"
	mrand "math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/store"
)

// wallClock is a machine's clock that people and time servers set; how long
// the process has been running is not theirs to change.
type wallClock struct {
	set   *atomic.Int64 // how far the wall is off
	start time.Time
}

func (c wallClock) Now() time.Time      { return time.Now().Add(time.Duration(c.set.Load())) }
func (c wallClock) Mono() time.Duration { return time.Since(c.start) }

// shop is a receiver of webhooks with bad days and bad messages: what it says
// depends on the hour and on how often it was told, never on chance.
type shop struct {
	mu     sync.Mutex
	out    bool            // nothing gets through
	tries  map[string]int  // by message
	landed map[string]bool // payout and stage that it was told of
	bodies map[string]string
	odd    []string
}

func newShop() *shop {
	return &shop{tries: map[string]int{}, landed: map[string]bool{}, bodies: map[string]string{}}
}

func (s *shop) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := r.Header.Get("webhook-id")
	if was, told := s.bodies[id]; told && was != string(body) {
		s.odd = append(s.odd, "message "+id+" said something else the second time")
	}
	s.bodies[id] = string(body)
	s.tries[id]++
	if s.out {
		return nil, io.ErrUnexpectedEOF
	}
	if s.tries[id] <= int(hashOf(id)%3) {
		return &http.Response{StatusCode: http.StatusBadGateway, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	}
	s.landed[about(body)] = true
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

func (s *shop) down(out bool) {
	s.mu.Lock()
	s.out = out
	s.mu.Unlock()
}

func hashOf(s string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s))
	return h.Sum32()
}

// year is the concurrent program over a simulated year.
type year struct {
	*ring
	me    engine.Caller
	shop  *shop
	set   atomic.Int64
	draw  *mrand.Rand
	open  map[string]time.Time // requests that have not ended, since when
	all   []string
	steps map[time.Duration]int

	mu      sync.Mutex
	panicky map[string]int
}

// poisoned says whether handling a payout panics: of one in twenty always, of
// one in twenty the first two times.
func (y *year) poisoned(key string) bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	switch hashOf(key) % 20 {
	case 0:
	case 1:
		if y.panicky[key] == 2 {
			return false
		}
	default:
		return false
	}
	y.panicky[key]++
	return true
}

func newYear(t *testing.T, plant func(*year)) *year {
	t.Helper()
	y := &year{ring: &ring{t: t}, draw: chance(1, 7), open: map[string]time.Time{}, steps: map[time.Duration]int{}, panicky: map[string]int{}}
	y.shop = newShop()
	y.carrier, y.panics = y.shop, y.poisoned
	y.clock = func() engine.Clock { return wallClock{&y.set, time.Now()} }
	y.render = map[string]engine.Render{"standard": plain}
	y.timing = engine.DefaultTiming()
	y.timing.Tick, y.timing.Cron = 20*time.Minute, "@every 15m"         // of a year, every bell counts
	y.traits = connector.Traits{Lookup: true, Settle: 45 * time.Minute} // all depends on asking late enough
	if plant != nil {
		plant(y)
	}
	y.ring.open(`{"idempotent":false,"drop_request":0.2,"drop_reply":0.2,"error_500":0.2,"late_ms":[0,2500000],"pending":0.3,"partly":0.1,"reject":0.1,"settle_ms":[0,90000],"notify":0.5,"notify_twice":0.3}`)
	y.me = y.merchant("shop")
	_, err := y.engine.Load().AddEndpoint(t.Context(), y.me, "https://shop.example/hook", "standard", nil)
	must(t, err)
	return y
}

func (y *year) pay() {
	b := card("4111111111111111")
	if y.draw.IntN(2) == 0 {
		b = sepa(magic(y.t, oneOf(y.draw, "success", "late_success", "late_failure", "declined", "partly", "returned")).IBAN)
	}
	v, err := y.engine.Load().Create(y.t.Context(), y.me, engine.NewRequest{Dialect: "standard", Amount: eur(100 + y.draw.Int64N(10_000)), Confirm: true, AutoFulfill: true, Customer: "ada", Beneficiary: b}, nil)
	must(y.t, err)
	y.open[v.ID] = time.Now()
	y.all = append(y.all, v.ID)
}

// step sets the wall clock.
func (y *year) step() {
	const hour, day = time.Hour, 24 * time.Hour
	by := oneOf(y.draw, hour, -hour, hour, -hour, 365*day, -365*day, 2*time.Minute, -2*time.Minute, 40*time.Second, -40*time.Second)
	if off := time.Duration(y.set.Load()); off+by > 3*365*day || off+by < -3*365*day {
		by = -by
	}
	y.steps[by]++
	y.set.Add(int64(by))
}

// alive holds it against the program that whatever was asked for a day ago has
// ended, or waits for a person.
func (y *year) alive() {
	for id, since := range y.open {
		v, err := y.engine.Load().Get(y.t.Context(), y.me, prefix, prefix+id)
		must(y.t, err)
		if v.Stage.Ended() || v.Moderation != "" {
			delete(y.open, id)
		} else if time.Since(since) > 24*time.Hour {
			y.wonder("request %s is %s a day after it was made (clock off by %v)", id, v.Stage, time.Duration(y.set.Load()))
			delete(y.open, id)
		}
	}
}

// forget makes a customer and redacts it.
func (y *year) forget(n int) {
	ctx, e, id := y.t.Context(), y.engine.Load(), "cus_"+strconv.Itoa(n)
	_, err := e.CreateCustomer(ctx, y.me, id, engine.Person{Name: "Bob"}, nil)
	must(y.t, err)
	_, err = e.SaveMethod(ctx, y.me, engine.NewMethod{Customer: id, Kind: service.Card, Form: "card", Details: card("4242424242424242").Details}, nil)
	must(y.t, err)
	_, err = e.DeleteCustomer(ctx, y.me, id, nil)
	must(y.t, err)
}

// day is 24 hours in which something happens every hour or so.
func (y *year) day(n int) {
	for hour := range 24 {
		switch {
		case hour%11 == n%11:
			y.pay()
		case hour == 4 && n%3 == 0:
			for range 3 {
				y.pay() // and the clock is set while they are under way
			}
			pass(time.Duration(y.draw.IntN(30)) * time.Second)
			y.step()
		case hour == 9 && n%5 == 0:
			y.restart()
		case hour == 13 && n%9 == 0:
			y.pay()
			y.crash()
		case hour == 15 && n%30 == 1:
			y.forget(n)
			y.step()
		case hour == 6:
			y.shop.down(n%4 == 0) // and until the evening
		case hour == 18:
			y.shop.down(false)
		}
		pass(time.Duration(30+y.draw.IntN(60)) * time.Minute)
	}
	y.alive()
}

// live is a year of so many days; what it returns must not have been seen.
func live(t *testing.T, days int, plant func(*year)) (odd []string) {
	bubble(t, func(t *testing.T) {
		y := newYear(t, plant)
		ctx, stop := context.WithCancel(t.Context())
		ended := y.provide(ctx)
		for n := range days {
			y.day(n)
		}
		y.shop.down(false)
		pass(5 * 24 * time.Hour) // everything has its time
		y.alive()
		y.halt()
		stop()
		ended()
		y.ends(days)
		odd = y.odd
	})
	return odd
}

// TestAYearOfTheConcurrentProgram: scenarios 14 and 15, with everything else
// that a year brings.
func TestAYearOfTheConcurrentProgram(t *testing.T) {
	days := yearDays
	if n, err := strconv.Atoi(os.Getenv("PENSTOCK_YEAR_DAYS")); err == nil {
		days = n
	}
	for _, what := range live(t, days, nil) {
		t.Error(what)
	}
}

// TestTheYearSees: a program with a planted defect does not get through two
// months, or only by luck.
func TestTheYearSees(t *testing.T) {
	for name, plant := range map[string]func(*year){
		"a poller that gives up": func(y *year) {
			y.rules = engine.Rules{Plan: func(p payout.Payout, traits connector.Traits, until time.Time) payout.Act {
				if p.Status == payout.Pending && p.Asked >= 1 {
					return payout.Nothing
				}
				return payout.Plan(p, traits, until)
			}}
		},
		"a clock that believes whoever sets it": func(y *year) {
			y.clock = func() engine.Clock { return believing{wallClock{&y.set, time.Now()}, y.set.Load()} }
		},
		"a look-up that is believed at once": func(y *year) {
			y.rules = engine.Rules{Judge: func(p payout.Payout, s payout.Statement, traits connector.Traits) payout.Event {
				traits.Settle = 0
				return payout.Judge(p, s, traits)
			}}
		},
		"webhooks that are written apart": func(y *year) {
			y.tamper = func(s store.Store) store.Store {
				return rekeyed{s, func(tx store.Tx) store.Tx { return deaf{tx} }}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range 5 { // who is first is chance in a bubble too; now and then it is kind
				if odd := live(t, 60, plant); len(odd) > 0 {
					t.Logf("%d findings, the first: %s", len(odd), odd[0])
					return
				}
			}
			t.Error("five times two months with a planted defect looked well")
		})
	}
}

// believing measures by the wall.
type believing struct {
	wallClock
	began int64
}

func (c believing) Mono() time.Duration {
	return c.wallClock.Mono() + time.Duration(c.set.Load()-c.began)
}

// deaf loses each due row of a delivery whose time ends in a three.
type deaf struct{ store.Tx }

func (d deaf) Put(bucket string, key, value []byte) error {
	if bucket == "due" && key[8] == 'd' && key[7]%10 == 3 {
		return nil
	}
	return d.Tx.Put(bucket, key, value)
}

// ends is what must hold at the end of the year.
func (y *year) ends(days int) {
	y.judge()
	e, ctx := y.engine.Load(), y.t.Context()
	stages := map[payout.Stage]int{}
	for _, id := range y.all {
		v, err := e.Get(ctx, y.me, prefix, prefix+id)
		must(y.t, err)
		stages[v.Stage]++
		if v.Moderation != "" {
			stages["in moderation"]++
			continue
		}
		kind, body, err := plain(engine.Occasion{View: v})
		must(y.t, err)
		if kind != "" && !y.shop.landed[about(body)] {
			y.wonder("request %s is %s and the shop was never told", id, v.Stage)
		}
	}
	if at, some, err := e.NextDue(ctx); err != nil || some {
		y.wonder("at the end of the year there is still work due at %v, %v", at, err)
	}
	sent := y.deliveries()
	for _, what := range y.shop.odd {
		y.wonder("%s", what)
	}
	y.t.Logf("%d days: %d payouts %v, %d webhooks, %d power cuts, clock set %v", days, len(y.all), stages, sent, y.cuts.Load(), y.steps)
}

// deliveries holds that each webhook has landed.
func (y *year) deliveries() (n int) {
	before := ""
	for {
		page, err := y.engine.Load().Deliveries(y.t.Context(), y.me, before, 1000)
		must(y.t, err)
		for _, d := range page {
			if before = d.ID; d.State != engine.Delivered {
				y.wonder("webhook %s of %s is %s after %d tries", d.Type, d.Request, d.State, d.Tries)
			}
		}
		if n += len(page); len(page) < 1000 {
			return n
		}
	}
}

// about is which payout a message speaks of, and the stage it tells.
func about(body []byte) string {
	var m struct{ Payout, Stage string }
	if err := json.Unmarshal(body, &m); err != nil {
		return ""
	}
	return m.Payout + " " + m.Stage
}
