package engine_test

import (
	"context"
	"encoding/json"
	"runtime"
	"strconv"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/sim"
	"penstock/store"
	"penstock/store/bolt"
)

// budgeted is an appliance with an endpoint and a saved customer, whose store
// counts.
type budgeted struct {
	*kit
	counts *tally
	n      int
	extra  json.RawMessage // what a dialect keeps with each request
}

// tally is a store that counts what is written through it.
type tally struct {
	store.Store
	commits, puts, bytes int
	seen                 func(bucket string) // of each row; nil: nobody
}

func (c *tally) Update(ctx context.Context, fn func(store.Tx) error) error {
	return c.Store.Update(ctx, func(tx store.Tx) error {
		err := fn(&tallyTx{tx, c})
		if err == nil {
			c.commits++
		}
		return err
	})
}

func (c *tally) reset() { c.commits, c.puts, c.bytes = 0, 0, 0 }

type tallyTx struct {
	store.Tx
	c *tally
}

func (t *tallyTx) Put(bucket string, key, value []byte) error {
	t.c.puts++
	if t.c.seen != nil {
		t.c.seen(bucket)
	}
	t.c.bytes += len(key) + len(value)
	return t.Tx.Put(bucket, key, value)
}

func newBudgeted(t *testing.T) *budgeted {
	t.Helper()
	b := &budgeted{counts: &tally{}}
	c := sim.Config{Sought: orderly().Sought, Render: map[string]engine.Render{"rest": plain}}
	c.Break.Disk = func(_ *sim.World, s store.Store) store.Store {
		b.counts.Store = s
		return b.counts
	}
	b.kit = newKit(t, c)
	_, err := b.Engine.AddEndpoint(b.Ctx, b.me, "https://shop.example/hook", "rest", nil)
	must(t, err)
	for range 3 { // what is made once is made
		b.create(true)
	}
	b.run(time.Minute)
	b.counts.reset()
	return b
}

// create makes a payout as a dialect does: under a key, with a kept answer.
func (b *budgeted) create(send bool) *engine.View {
	b.n++
	key := strconv.Itoa(b.n)
	once := &engine.Once{Op: "POST /payouts/create", Key: key, Render: func(any) ([]byte, error) { return []byte(`{"status":"initiated"}`), nil }}
	v, err := b.Engine.Create(b.Ctx, b.me, engine.NewRequest{Dialect: "rest", Ref: "order-" + key, Amount: eur(1250), Confirm: send, AutoFulfill: send, Extra: b.extra,
		Customer: "cus_ada", Person: &engine.Person{Name: "Ada Example"}, Beneficiary: card("4111111111111111")}, once)
	must(b.t, err)
	return v
}

// within holds a figure to what it may be. A budget far above what is needed
// holds nothing, so that is told as well.
func (b *budgeted) within(what string, got, budget float64) {
	b.t.Helper()
	b.t.Logf("%-34s %9.1f of %9.1f", what, got, budget)
	if got > budget || got < budget/2 {
		b.t.Errorf("%s: %.1f, its budget is %.1f", what, got, budget)
	}
}

// TestACreateKeepsItsBudget holds what a create costs the store: one
// transaction, one packed record, and few rows beside it.
func TestACreateKeepsItsBudget(t *testing.T) {
	b := newBudgeted(t)
	const creates = 50
	for range creates {
		b.create(false)
	}
	per := func(n int) float64 { return float64(n) / creates }
	b.within("transactions a create", per(b.counts.commits), 1)
	b.within("rows a create", per(b.counts.puts), 5)
	b.within("bytes a create", per(b.counts.bytes), 1250)
}

// TestTheNameOfAnOrderCostsOneRow: it is found by that, and a request without
// such a name has none. What else lists may ask for stands in the record.
func TestTheNameOfAnOrderCostsOneRow(t *testing.T) {
	b := newBudgeted(t)
	cost := func(order string) (rows, bytes float64) {
		b.extra = b.kit.extra(order)
		b.counts.reset()
		for range 50 {
			b.create(false)
		}
		return float64(b.counts.puts) / 50, float64(b.counts.bytes) / 50
	}
	rows, bytes := cost("")
	b.within("rows without an order", rows, 5)
	named, more := cost("order 4711")
	if named-rows != 1 {
		t.Errorf("an order costs %.1f rows, want 1", named-rows)
	}
	b.within("bytes of an order", more-bytes, 90)
}

// TestAPayoutKeepsItsBudget is the whole way: create, claim, settle, the
// webhooks and their acknowledgement.
func TestAPayoutKeepsItsBudget(t *testing.T) {
	b := newBudgeted(t)
	const payouts = 50
	for range payouts {
		b.create(true)
	}
	b.run(time.Minute)
	per := func(n int) float64 { return float64(n) / payouts }
	b.within("transactions a payout", per(b.counts.commits), 4.2)
	b.within("rows a payout", per(b.counts.puts), 19.2)
	b.within("bytes a payout", per(b.counts.bytes), 9_600)
}

// TestCallsKeepTheirBudgetOfAllocations holds what the calls that are made most
// allocate.
func TestCallsKeepTheirBudgetOfAllocations(t *testing.T) {
	if watched {
		t.Skip("the race detector allocates too")
	}
	b := newBudgeted(t)
	ref := b.create(false).Ref
	for range 20 {
		b.create(false)
	}
	b.within("allocations of a create", testing.AllocsPerRun(50, func() { b.create(false) }), 130)
	b.within("allocations of a retrieve", testing.AllocsPerRun(50, func() {
		_, err := b.Engine.Get(b.Ctx, b.me, prefix, ref)
		must(t, err)
	}), 53)
	b.within("allocations of a list of 20", testing.AllocsPerRun(50, func() {
		_, _, err := b.Engine.List(b.Ctx, b.me, engine.Filter{}, 0, 20)
		must(t, err)
	}), 580)
	b.within("allocations of a payout's whole way", testing.AllocsPerRun(50, func() {
		b.create(true)
		b.run(time.Second)
	}), 940)
}

// TestABatchIsOneCommit wants what has queued behind one Update to be committed
// together: two fsyncs, however many there are.
func TestABatchIsOneCommit(t *testing.T) {
	s, err := bolt.Open(bolt.Options{Path: t.TempDir() + "/penstock.db", Ordered: engine.Ordered(), Lazy: engine.Lazy(), MinFree: 1, AllowAnyFS: true})
	must(t, err)
	defer s.Close()
	const callers = 200
	before := s.Stats()
	inside, others := make(chan struct{}), make(chan error, callers+1)
	put := func(i int, first func()) {
		others <- s.Update(t.Context(), func(tx store.Tx) error {
			first()
			return tx.Put("once", []byte(strconv.Itoa(i)), []byte("x"))
		})
	}
	go put(0, func() {
		close(inside)
		for s.Stats().Queued < callers { // until all others are waiting
			runtime.Gosched()
		}
	})
	<-inside
	for i := range callers {
		go put(i+1, func() {})
	}
	for range callers + 1 {
		must(t, <-others)
	}
	if got := s.Stats().Commits - before.Commits; got != 1 {
		t.Errorf("%d Updates took %d commits, want 1", callers+1, got)
	}
}

func benchEngine(b *testing.B) (*engine.Engine, engine.Caller, context.Context) {
	b.Helper()
	w, err := sim.New(sim.Config{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	me := engine.Caller{Scope: engine.Scope{Merchant: "shop", Mode: engine.Test}, Actor: "apik_bench", Rights: engine.Rights()}
	if _, err := w.Engine.CreateMerchant(w.Ctx, me, "shop", ""); err != nil {
		b.Fatal(err)
	}
	return w.Engine, me, w.Ctx
}

// BenchmarkEngine is the calls that are made most, without disk and network.
func BenchmarkEngine(b *testing.B) {
	e, me, ctx := benchEngine(b)
	n := engine.NewRequest{Dialect: "rest", Amount: eur(1250), Customer: "ada", Person: &engine.Person{Name: "Ada"}, Beneficiary: card("4111111111111111")}
	first, err := e.Create(ctx, me, n, nil)
	if err != nil {
		b.Fatal(err)
	}
	for name, call := range map[string]func() error{
		"create":   func() error { _, err := e.Create(ctx, me, n, nil); return err },
		"retrieve": func() error { _, err := e.Get(ctx, me, prefix, prefix+first.ID); return err },
		"list":     func() error { _, _, err := e.List(ctx, me, engine.Filter{}, 0, 20); return err },
		"customer": func() error { _, _, err := e.List(ctx, me, engine.Filter{Customer: "ada"}, 0, 20); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := call(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
