package engine_test

import (
	"context"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/store"
)

// A crowd of callers does everything at once while the worker runs, is started
// anew and loses its power. Afterwards nothing may be broken, forgotten or
// paid twice.

type crowd struct {
	*ring
	shop      *shop
	merchants []engine.Caller
	at        time.Time

	mu    sync.Mutex
	codes map[string]int // what the commands came to, by command and code
}

// came notes what a command came to; only refusals that a caller can read are
// in order.
func (c *crowd) came(command string, err error) {
	var refused *engine.Error
	code := "done"
	switch {
	case err == nil:
	case cutOff(err):
		code = "cut off"
		pass(500 * time.Millisecond)
	case errors.As(err, &refused) && refused.Code != engine.CodeUnknown && refused.Code != engine.CodeInvalid && refused.Code != engine.CodeMissing && refused.Code != engine.CodeBusy:
		code = string(refused.Code)
	default:
		c.wonder("%s: %v", command, err)
		return
	}
	c.mu.Lock()
	c.codes[command+" "+code]++
	c.mu.Unlock()
}

// who is one of a few customers; new ones come and the old are left.
func (c *crowd) who(draw *mrand.Rand) string {
	return fmt.Sprintf("c-%d-%d", int(time.Since(c.at)/(3*time.Second)), draw.IntN(3))
}

func (c *crowd) request(draw *mrand.Rand, e *engine.Engine, me engine.Caller) (*engine.View, bool) {
	list, _, err := e.List(c.t.Context(), me, engine.Filter{}, 0, 12)
	c.came("list", err)
	if err != nil || len(list) == 0 {
		return nil, false
	}
	return &list[draw.IntN(len(list))], true
}

func (c *crowd) method(draw *mrand.Rand, e *engine.Engine, me engine.Caller, who string) (*engine.Method, bool) {
	list, _, err := e.Methods(c.t.Context(), me, who)
	c.came("methods", err)
	if err != nil || len(list) == 0 {
		return nil, false
	}
	return &list[draw.IntN(len(list))], true
}

func (c *crowd) act(_ int, draw *mrand.Rand) {
	e, me, who := c.engine.Load(), c.merchants[draw.IntN(len(c.merchants))], c.who(draw)
	switch n := draw.IntN(100); {
	case n < 30:
		c.create(draw, e, me, who)
	case n < 52:
		c.onRequest(draw, e, me)
	case n < 85:
		c.onMethods(draw, e, me, who)
	case n < 90:
		_, err := e.DeleteCustomer(c.t.Context(), me, who, nil)
		c.came("delete customer", err)
	case n < 94:
		name := fmt.Sprint("Ada ", n)
		_, err := e.UpdateCustomer(c.t.Context(), me, who, engine.Edit{Name: &name}, nil)
		c.came("update customer", err)
	default:
		list, err := e.Deliveries(c.t.Context(), me, "", 10)
		c.came("deliveries", err)
		if len(list) > 0 {
			_, err := e.Resend(c.t.Context(), me, list[draw.IntN(len(list))].ID, "", nil)
			c.came("resend", err)
		}
	}
}

func (c *crowd) create(draw *mrand.Rand, e *engine.Engine, me engine.Caller, who string) {
	n := engine.NewRequest{Dialect: "standard", Amount: eur(2 + draw.Int64N(1000)), Confirm: draw.IntN(3) > 0, AutoFulfill: draw.IntN(3) > 0, Recurring: draw.IntN(3) == 0,
		Customer: who, Person: &engine.Person{Name: "Ada"}, Beneficiary: card(oneOf(draw, "4111111111111111", "4242424242424242"))}
	if m, ok := c.method(draw, e, me, who); ok && draw.IntN(2) == 0 {
		n.Beneficiary, n.Recurring = engine.Beneficiary{Method: m.ID}, false
		if token, err := e.MintToken(me.Scope, m, 0); err == nil && draw.IntN(2) == 0 {
			n.Beneficiary = engine.Beneficiary{Token: token, Kind: service.Card}
		}
	}
	if draw.IntN(4) == 0 {
		n.Expires = time.Duration(1+draw.IntN(20)) * time.Second
	}
	_, err := e.Create(c.t.Context(), me, n, nil)
	c.came("create", err)
}

func (c *crowd) onRequest(draw *mrand.Rand, e *engine.Engine, me engine.Caller) {
	v, ok := c.request(draw, e, me)
	if !ok {
		return
	}
	var err error
	name := prefix + v.ID
	switch draw.IntN(4) {
	case 0:
		_, err = e.Confirm(c.t.Context(), me, name, engine.Change{Prefix: prefix}, nil)
		c.came("confirm", err)
	case 1:
		_, err = e.Cancel(c.t.Context(), me, prefix, name, nil)
		c.came("cancel", err)
	case 2:
		_, err = e.Fulfil(c.t.Context(), me, prefix, name, nil)
		c.came("fulfil", err)
	default:
		_, err = e.Sync(c.t.Context(), me, prefix, name, 2*time.Second)
		c.came("sync", err)
	}
}

func (c *crowd) onMethods(draw *mrand.Rand, e *engine.Engine, me engine.Caller, who string) {
	ctx := c.t.Context()
	if draw.IntN(2) == 0 {
		_, err := e.SaveMethod(ctx, me, engine.NewMethod{Customer: who, Kind: service.Card, Form: "card", Nick: fmt.Sprint(draw.IntN(9)), Details: card(oneOf(draw, "4111111111111111", "4242424242424242", "5555555555554444")).Details}, nil)
		c.came("save method", err)
		return
	}
	m, ok := c.method(draw, e, me, who)
	if !ok {
		return
	}
	switch draw.IntN(3) {
	case 0:
		c.came("delete method", e.DeleteMethod(ctx, me, m.ID))
	case 1:
		_, err := e.SetDefault(ctx, me, who, m.ID, nil)
		c.came("set default", err)
	default:
		nick := fmt.Sprint(draw.IntN(9))
		_, err := e.UpdateMethod(ctx, me, m.ID, engine.MethodEdit{Nick: &nick}, nil)
		c.came("update method", err)
	}
}

// provide runs the provider and brings its notifications until ctx ends.
func (r *ring) provide(ctx context.Context) (wait func()) {
	var both sync.WaitGroup
	both.Go(func() { r.provider.Run(ctx) })
	both.Go(func() {
		r.provider.Deliver(ctx, func(ctx context.Context, n sandbox.Posting) bool {
			u, err := url.Parse(n.URL)
			if err != nil {
				return false
			}
			at, e := strings.Split(u.Path, "/"), r.engine.Load()
			return e.Observe(ctx, at[2], at[3], n.Header(noticeSecret, e.Clock.Now()), n.Body) == nil
		})
	})
	return both.Wait
}

// gather is one crowd; what it returns must not have been seen.
func gather(t *testing.T, seed uint64, acts int, plant func(*ring)) (odd []string) {
	bubble(t, func(t *testing.T) {
		c := &crowd{ring: &ring{t: t, delay: 2 * time.Second}, codes: map[string]int{}, at: time.Now(), shop: newShop()}
		c.carrier, c.render = c.shop, map[string]engine.Render{"standard": plain}
		c.timing = engine.DefaultTiming()
		c.timing.Tick = 5 * time.Second
		if plant != nil {
			plant(c.ring)
		}
		c.ring.open(`{"drop_request":0.2,"drop_reply":0.2,"error_500":0.2,"late_ms":[0,20000],"pending":0.5,"partly":0.1,"reject":0.2,"settle_ms":[0,20000],"notify":0.6,"notify_twice":0.3}`)
		ctx, stop := context.WithCancel(t.Context())
		ended := c.provide(ctx)
		for _, id := range []string{"shop", "other"} {
			me := c.merchant(id)
			_, err := c.engine.Load().AddEndpoint(t.Context(), me, "https://"+id+".example/hook", "standard", nil)
			must(t, err)
			c.merchants = append(c.merchants, me)
		}
		c.race(seed, 32, acts, c.act, func(draw *mrand.Rand, _ int) {
			switch {
			case draw.IntN(6) == 0:
				c.crash()
			case draw.IntN(4) == 0:
				c.restart()
			}
		})
		pass(24 * time.Hour)
		c.halt()
		stop()
		ended()
		c.judge()
		c.ends()
		odd = c.odd
		t.Logf("seed %d: %v, %d power cuts", seed, c.codes, c.cuts.Load())
	})
	return odd
}

// TestACrowdBreaksNothing is for -race as well: 32 callers, every command.
func TestACrowdBreaksNothing(t *testing.T) {
	for seed := uint64(1); seed <= histories(crowds); seed++ {
		for _, what := range gather(t, seed, 60, nil) {
			t.Errorf("seed %d: %s", seed, what)
		}
	}
}

func TestTheCrowdSees(t *testing.T) {
	for name, plant := range map[string]func(*ring){
		"due rows that are lost": func(r *ring) {
			r.tamper = func(s store.Store) store.Store {
				return rekeyed{s, func(tx store.Tx) store.Tx { return deaf{tx} }}
			}
		},
		"money stays held after a failure": func(r *ring) {
			r.rules = engine.Rules{Booked: func(p payout.Payout) bool { return p.Status != payout.Failed }}
		},
		"a look-up that is believed at once": func(r *ring) {
			r.rules = engine.Rules{Judge: func(p payout.Payout, s payout.Statement, traits connector.Traits) payout.Event {
				traits.Settle = 0
				return payout.Judge(p, s, traits)
			}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := uint64(1); seed <= 25; seed++ { // of the rarest every second tells
				if odd := gather(t, seed, 30, plant); len(odd) > 0 {
					t.Logf("seed %d: %d findings, the first: %s", seed, len(odd), odd[0])
					return
				}
			}
			t.Error("25 crowds with a planted defect looked well")
		})
	}
}

// ends holds our records against the provider's book: all that was sent has
// ended, and money moved exactly where we say so.
func (c *crowd) ends() {
	moved := map[string]int{}
	book, err := c.provider.Ledger()
	must(c.t, err)
	for _, l := range book {
		moved[l.Key] = max(moved[l.Key], l.Movements)
	}
	for _, me := range c.merchants {
		list, _, err := c.engine.Load().List(c.t.Context(), me, engine.Filter{}, 0, 10_000)
		must(c.t, err)
		for _, v := range list {
			for _, p := range v.Payouts {
				paid := p.Status == payout.Paid || p.Status == payout.PartlyPaid || p.Status == payout.Returned
				if !p.Status.Ended() {
					c.wonder("payout %s is %s three days later", p.ID, p.Status)
				} else if paid != (moved[p.Key()] == 1) {
					c.wonder("payout %s is %s, the provider moved money %d times", p.ID, p.Status, moved[p.Key()])
				}
				delete(moved, p.Key())
			}
		}
	}
	for key := range moved {
		c.wonder("the provider has %s, of which we know nothing", key)
	}
}
