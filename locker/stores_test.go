package locker

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"penstock/store"
)

// lateStore holds back the answers of its first n Views until all n have
// looked, so that all of them act on what they saw before anybody wrote.
type lateStore struct {
	store.Store
	n     int64
	views atomic.Int64
	all   chan struct{}
}

func newLateStore(s store.Store, n int) *lateStore {
	return &lateStore{Store: s, n: int64(n), all: make(chan struct{})}
}

func (s *lateStore) View(ctx context.Context, fn func(store.Tx) error) error {
	err := s.Store.View(ctx, fn)
	if s.views.Add(1) == s.n {
		close(s.all)
	}
	<-s.all
	return err
}

// errCut is what a dead process would not live to see.
var errCut = errors.New("cut")

// cutStore dies at a chosen Update, before it or after its commit, and answers
// nothing afterwards, as for a process that was killed there.
type cutStore struct {
	store.Store
	mu    sync.Mutex
	left  int // Updates until it dies; 0 means never
	after bool
	dead  bool
}

func (c *cutStore) arm(n int, after bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left, c.after = n, after
}

func (c *cutStore) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = true
}

func (c *cutStore) disarm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left, c.dead = 0, false
}

func (c *cutStore) View(ctx context.Context, fn func(store.Tx) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		return errCut
	}
	return c.Store.View(ctx, fn)
}

func (c *cutStore) Update(ctx context.Context, fn func(store.Tx) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		return errCut
	}
	if c.left > 0 {
		if c.left--; c.left == 0 {
			c.dead = true
			if !c.after {
				return errCut
			}
		}
	}
	if err := c.Store.Update(ctx, fn); err != nil || !c.dead {
		return err
	}
	return errCut
}

func deleteRow(t testing.TB, s store.Store, bucket string, row []byte) {
	t.Helper()
	if err := s.Update(ctx, func(tx store.Tx) error { return tx.Delete(bucket, row) }); err != nil {
		t.Fatal(err)
	}
}
