package engine_test

import (
	"context"
	"errors"
	"testing"

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
