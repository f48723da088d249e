package engine

import (
	"bytes"
	"sync"

	"penstock/store"
)

// watchers are those who want to know that something of a scope has changed.
// They are in memory alone: who is forgotten looks again by itself.
type watchers struct {
	mu sync.Mutex
	of map[string]map[chan struct{}]bool // by the scope's prefix
}

// Watch tells of changes of a scope's requests and deliveries: heard gets a
// word, which stands for any number of them. A word can come a moment before
// the change can be read, and for one that is not stored after all, so whoever
// hears it waits a little and then looks. stop must be called.
func (e *Engine) Watch(s Scope) (heard <-chan struct{}, stop func()) {
	c, name := make(chan struct{}, 1), string(s.prefix())
	w := &e.watching
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.of == nil {
		w.of = map[string]map[chan struct{}]bool{}
	}
	if w.of[name] == nil {
		w.of[name] = map[chan struct{}]bool{}
	}
	w.of[name][c] = true
	return c, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if delete(w.of[name], c); len(w.of[name]) == 0 {
			delete(w.of, name)
		}
	}
}

// noting has what fn writes told to those who watch.
func (e *Engine) noting(fn func(store.Tx) error) func(store.Tx) error {
	w := &e.watching
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.of) == 0 {
		return fn
	}
	return func(tx store.Tx) error { return fn(noted{tx, w}) }
}

// noted is a transaction whose writes are told.
type noted struct {
	store.Tx
	w *watchers
}

func (n noted) Put(bucket string, key, value []byte) error {
	if bucket == bucketRequest || bucket == bucketDelivery {
		n.w.tell(key)
	}
	return n.Tx.Put(bucket, key, value)
}

func (w *watchers) tell(key []byte) {
	zero := bytes.IndexByte(key, 0) // the merchant ends there, and the mode follows
	if zero < 0 || zero+2 > len(key) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.of[string(key[:zero+2])] {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}
