package bolt

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"go.etcd.io/bbolt"

	"penstock/store"
)

// request is one Update on its way through the writer.
type request struct {
	ctx     context.Context
	fn      func(store.Tx) error
	started bool // fn ran at least once, so ctx is no longer asked

	how   ending
	err   error // what fn returned, or why nothing was committed
	value any   // what fn panicked with
	done  chan struct{}
}

// ending is how fn ended, and so how Update ends in its caller.
type ending uint8

const (
	returned ending = iota
	panicked
	exited // runtime.Goexit, as by t.FailNow
)

// answers are the channels of requests, used again.
type answers struct{ pool sync.Pool }

func (a *answers) get() chan struct{} {
	if c, ok := a.pool.Get().(chan struct{}); ok {
		return c
	}
	return make(chan struct{}, 1)
}

func (a *answers) put(c chan struct{}) { a.pool.Put(c) }

// Update implements store.Store. fn runs in the writer's goroutine, and a
// panic of it goes on here with the same value.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	r := &request{ctx: ctx, fn: fn, done: s.answers.get()}
	if err := s.enqueue(r); err != nil {
		s.answers.put(r.done)
		return err
	}
	<-r.done
	s.answers.put(r.done)
	switch r.how {
	case panicked:
		panic(r.value)
	case exited:
		runtime.Goexit()
	}
	return r.err
}

func (s *Store) enqueue(r *request) error {
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.closed || s.dead.Load() {
		return store.ErrClosed
	}
	if err := r.ctx.Err(); err != nil {
		return err
	}
	select {
	case s.queue <- r:
		return nil
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
}

// yields is how often the writer lets others run before it believes that the
// queue is empty. It makes batches nearly twice as large and costs a lone
// Update nothing.
const yields = 3

// writer runs all Updates, in one goroutine.
type writer struct {
	store   *Store
	base    *bbolt.Tx // of the batch
	buckets map[string]*bucket
	touched []*bucket // those that the running fn wrote to
	arena   arena
	lazy    lazy

	batch []*request
	wrote bool // something of the batch is in base
	// again are requests to run before the queue's: their batch was given up
	// for no fault of theirs. The first alone of them get a batch each.
	again []*request
	alone int

	unseenCommits, unseenBytes int // since the last look at the room left

	leaving bool // fn called runtime.Goexit: the goroutine unwinds
	ended   bool
}

func newWriter(s *Store) *writer {
	return &writer{store: s, buckets: map[string]*bucket{}}
}

// run serves until the queue is closed and empty. A runtime.Goexit in a fn
// takes the goroutine away; then another goes on with the same writer.
func (w *writer) run() {
	defer func() {
		switch {
		case w.ended:
			close(w.store.done)
		case w.leaving:
			w.leaving = false
			go w.run()
		}
	}()
	for {
		r, ok := w.first()
		if !ok {
			w.ended = true
			return
		}
		w.serve(r)
	}
}

// first waits for a batch's first request.
func (w *writer) first() (*request, bool) {
	if r := w.takeAgain(); r != nil {
		return r, true
	}
	r, ok := <-w.store.queue
	return r, ok
}

// more returns the batch's next request, or nil when it should be committed:
// it is full, or nobody else is waiting.
func (w *writer) more() *request {
	if w.alone > 0 || len(w.batch) >= w.store.opt.MaxBatch || w.arena.used >= maxBatchBytes {
		return nil
	}
	if r := w.takeAgain(); r != nil {
		return r
	}
	for range yields {
		select {
		case r := <-w.store.queue: // nil once it is closed
			return r
		default:
			runtime.Gosched()
		}
	}
	return nil
}

func (w *writer) takeAgain() *request {
	if len(w.again) == 0 {
		return nil
	}
	r := w.again[0]
	w.again = w.again[1:]
	return r
}

// serve makes one batch, commits it and answers.
func (w *writer) serve(r *request) {
	if w.store.dead.Load() {
		r.how, r.err = returned, store.ErrClosed
		r.done <- struct{}{}
		return
	}
	var err error
	if w.base, err = w.store.db.Begin(true); err != nil {
		w.batch = append(w.batch, r)
		w.settle(fmt.Errorf("%w: begin: %w", store.ErrCommitUnknown, err))
		return
	}
	for ; r != nil; r = w.more() {
		w.batch = append(w.batch, r)
		w.try(r)
	}
	w.settle(w.commit())
	if !w.store.dead.Load() {
		w.upkeep()
	}
}

// try runs one fn over its own overlay and keeps its writes if it succeeds.
func (w *writer) try(r *request) {
	r.how, r.value = returned, nil
	if r.err = r.ctx.Err(); r.err != nil && !r.started {
		return
	}
	r.started = true
	w.call(r)
	if r.how == returned && r.err == nil && w.swamped() {
		r.err = fmt.Errorf("%w: what is in memory of the lazy buckets can't be written out", store.ErrFull)
	}
	for _, b := range w.touched {
		if r.how == returned && r.err == nil {
			w.apply(b)
		} else {
			b.discard()
		}
	}
	w.touched = w.touched[:0]
}

// apply keeps what a fn wrote to a bucket.
func (w *writer) apply(b *bucket) {
	w.wrote = true
	if b.lazy != 0 {
		for _, e := range b.over {
			w.lazy.add(b.lazy, e)
		}
		b.discard()
		return
	}
	if err := b.apply(w.base); err != nil {
		panic(fmt.Sprintf("bolt: bucket %q refuses what store allows: %v", b.name, err))
	}
}

// call runs fn and notes how it ended.
func (w *writer) call(r *request) {
	t := &updateTx{w: w}
	r.how = exited // unless one of the two below is reached
	defer func() {
		t.done = true
		if r.how == returned {
			return
		}
		if v := recover(); v != nil {
			r.how, r.value = panicked, v
			return
		}
		w.abandon(r)
	}()
	r.err = r.fn(t)
	r.how = returned
}

// abandon gives the batch up while runtime.Goexit unwinds the goroutine, and
// leaves the other requests to the one that comes after it.
func (w *writer) abandon(r *request) {
	for _, b := range w.touched {
		b.discard()
	}
	w.touched = w.touched[:0]
	w.giveUp()
	others := w.batch[:len(w.batch)-1]
	w.again = slices.Concat(others, w.again)
	w.alone = max(0, w.alone-1)
	w.leaving = true
	w.reset()
	r.done <- struct{}{}
}

// giveUp forgets all that the batch wrote.
func (w *writer) giveUp() {
	_ = w.base.Rollback() // it can only say that the transaction has ended
	w.lazy.forget()
}

// bucket is the bucket as the running fn sees it.
func (w *writer) bucket(name string) *bucket {
	b := w.buckets[name]
	if b == nil {
		b = &bucket{name: name, path: []byte(dataPrefix + name), fill: bbolt.DefaultFillPercent, lazy: w.store.lazy[name]}
		if slices.Contains(w.store.opt.Ordered, name) {
			b.fill = orderedFill
		}
		w.buckets[name] = b
	}
	if !b.resolved {
		b.resolved = true
		if b.base = w.base.Bucket(b.path); b.base != nil {
			b.base.FillPercent = b.fill
		}
	}
	return b
}

// write notes one write of the running fn.
func (w *writer) write(name string, key, stored []byte) {
	b := w.bucket(name)
	if len(b.over) == 0 {
		w.touched = append(w.touched, b)
	}
	b.set(&w.arena, key, stored)
}

// keptBuckets bounds what the writer remembers of buckets, whose names are
// the caller's choice.
const keptBuckets = 256

// reset makes ready for the next batch.
func (w *writer) reset() {
	if len(w.buckets) > keptBuckets {
		clear(w.buckets)
	}
	for _, b := range w.buckets {
		b.base, b.resolved = nil, false
	}
	w.arena.reset()
	clear(w.batch)
	w.base, w.wrote, w.batch = nil, false, w.batch[:0]
}
