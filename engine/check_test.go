package engine_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/sim"
	"penstock/store"
)

// countingStore ends a context at its n-th read of a transaction.
type countingStore struct {
	store.Store
	left  int
	after int // reads since
	end   context.CancelFunc
}

func (c *countingStore) View(ctx context.Context, fn func(store.Tx) error) error {
	return c.Store.View(ctx, func(tx store.Tx) error { return fn(countingTx{tx, c}) })
}

type countingTx struct {
	store.Tx
	c *countingStore
}

func (t countingTx) Scan(bucket string, from, to []byte, limit int, desc bool) ([]store.Pair, error) {
	if t.c.left--; t.c.left == 0 {
		t.c.end()
	}
	if t.c.left < 0 {
		t.c.after++
	}
	return t.Tx.Scan(bucket, from, to, limit, desc)
}

// TestCheckEndsWithItsContext: whoever went away keeps no snapshot open and no
// disk busy, whatever the check was looking at; and half a look is no report.
func TestCheckEndsWithItsContext(t *testing.T) {
	k := newKit(t, sim.Config{})
	for range 3 {
		k.pay(sepa(magic(t, "success").IBAN))
	}
	whole := k.Engine.Store
	defer func() { k.Engine.Store = whole }()
	for n := 1; ; n++ {
		ctx, end := context.WithCancel(k.Ctx)
		c := &countingStore{Store: whole, left: n, end: end}
		k.Engine.Store = c
		report, err := k.Engine.Check(ctx, nil)
		end()
		if c.left > 0 { // it made fewer reads than n: all places were tried
			if n < 10 || err != nil || len(report.Findings) > 0 {
				t.Errorf("after %d places: %+v, %v", n, report, err)
			}
			return
		}
		if !errors.Is(err, context.Canceled) || report != nil || c.after > 0 {
			t.Errorf("ended at read %d: %+v, %v after %d reads more; want the context's error and none", n, report, err, c.after)
		}
	}
}

// weighingStore weighs the heap whenever a walk through a whole bucket begins.
type weighingStore struct {
	store.Store
	most uint64
}

func (w *weighingStore) View(ctx context.Context, fn func(store.Tx) error) error {
	return w.Store.View(ctx, func(tx store.Tx) error { return fn(weighingTx{tx, w}) })
}

type weighingTx struct {
	store.Tx
	w *weighingStore
}

func (t weighingTx) Scan(bucket string, from, to []byte, limit int, desc bool) ([]store.Pair, error) {
	if from == nil {
		t.w.most = max(t.w.most, heap())
	}
	return t.Tx.Scan(bucket, from, to, limit, desc)
}

// heap is how many bytes are in use.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestCheckKeepsNothingOfWhatIsSound: what a check holds in memory is the same
// for a sound store of four times as many requests, each of which has rows in all
// the indexes: due, own id, customer's list, order, stage, a message.
func TestCheckKeepsNothingOfWhatIsSound(t *testing.T) {
	const n, each = 500, 48 // bytes that a request may cost; a row in a map costs some 150
	c := orderly()
	c.Render = map[string]engine.Render{"standard": toldOf}
	k := newKit(t, c)
	_, err := k.Engine.AddEndpoint(k.Ctx, k.me, "https://shop.example/hook", "standard", nil)
	must(t, err)
	made, iban := 0, magic(t, "success").IBAN
	grow := func(to int) {
		for ; made < to; made++ {
			_, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Ref: fmt.Sprintf("own-%d", made), Amount: eur(100), Confirm: true, AutoFulfill: made%2 == 0,
				Customer: "cus_ada", Person: &engine.Person{Name: "Ada Example"}, Beneficiary: sepa(iban), Extra: k.extra(fmt.Sprintf("order %d", made))}, nil)
			must(t, err)
			k.Clock.Advance(40 * time.Millisecond)
		}
		k.Clock.Advance(5 * time.Minute)
		for range 10 {
			must(t, k.Engine.SortStages(k.Ctx))
			k.Clock.Advance(20 * time.Second)
		}
	}
	weigh := func() int64 {
		whole := k.Engine.Store
		w := &weighingStore{Store: k.Disk} // what lies above it keeps what a transaction has read
		k.Engine.Store = w
		defer func() { k.Engine.Store = whole }()
		before := heap()
		report, err := k.Engine.Check(k.Ctx, nil)
		must(t, err)
		if len(report.Findings) > 0 || report.Counts["request"] != made || report.Counts["order"] < made || report.Counts["delivery"] < made/2 || report.Counts["stages"] < made/2 {
			t.Errorf("of %d requests: %+v", made, report)
		}
		return int64(w.most) - int64(before)
	}
	grow(n)
	few := weigh()
	grow(4 * n)
	many := weigh()
	t.Logf("%d bytes for %d requests, %d for %d", few, n, many, 4*n)
	if many-few > 3*n*each {
		t.Errorf("a check holds %d bytes for %d requests and %d for %d: %d for each more, want at most %d", few, n, many, 4*n, (many-few)/(3*n), each)
	}
}
