package bolt

import (
	"context"
	"errors"
	"fmt"
	"maps"
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

// writer runs all Updates, in one goroutine, and makes batches of them. While one
// is committed it makes the next, on what that one wrote.
type writer struct {
	store   *Store
	buckets map[string]*bucket
	last    *bucket   // asked for last, and mostly the next one too
	touched []*bucket // those that the running fn wrote to

	below  state  // what is committed, at least all that was before the batches; base nil: it is not open
	opened uint64 // how many times it was

	making *batch
	flying *batch // is being committed: it may fail yet, and nobody was answered
	spare  *batch
	busy   bool // the committer has not asked for another batch yet

	// again are requests to run before the queue's: their batch was given up
	// for no fault of theirs. The first alone of them get a batch each.
	again []*request
	alone int

	closed  bool // the queue was, and nothing is left in it
	leaving bool // fn called runtime.Goexit: the goroutine unwinds
	ended   bool
}

func newWriter(s *Store) *writer {
	return &writer{store: s, buckets: map[string]*bucket{}, making: new(batch), spare: new(batch)}
}

// run serves until the queue is closed and all is committed. A runtime.Goexit in
// a fn takes the goroutine away; then another goes on with the same writer.
func (w *writer) run() {
	defer func() {
		switch {
		case w.ended:
			close(w.store.work)
		case w.leaving:
			w.leaving = false
			go w.run()
		}
	}()
	for !w.over() {
		r := w.next()
		switch {
		case r == nil:
		case w.store.dead.Load():
			refuse(r)
		default:
			w.making.requests = append(w.making.requests, r)
			w.try(r)
		}
	}
	w.ended = true
}

// over says whether everything is done that there will ever be to do.
func (w *writer) over() bool {
	return w.closed && !w.busy && len(w.again) == 0 && len(w.making.requests) == 0
}

// next is the request to run next; nil after something else was done instead.
func (w *writer) next() *request {
	takes := w.takes()
	if takes {
		if r := w.waiting(); r != nil {
			return r
		}
	}
	switch {
	case len(w.making.requests) > 0 && !w.busy:
		w.handOver()
		return nil
	case w.over():
		return nil
	}
	return w.wait(takes && !w.closed)
}

// takes says whether the batch can take another request.
func (w *writer) takes() bool {
	if w.alone > 0 {
		return len(w.making.requests) == 0 && !w.busy
	}
	return len(w.making.requests) < w.store.opt.MaxBatch && w.making.arena.used < maxBatchBytes
}

// waiting is the first request of those that wait, or nil when none does.
func (w *writer) waiting() *request {
	if len(w.again) > 0 {
		r := w.again[0]
		w.again = w.again[1:]
		return r
	}
	if w.closed {
		return nil
	}
	for range yields {
		select {
		case r, open := <-w.store.queue:
			w.closed = !open
			return r
		default:
			runtime.Gosched()
		}
	}
	return nil
}

// wait waits for a request, where one may be taken, or for word of the committer.
// What lies below is let go of meanwhile: bbolt waits for all readers when the
// file outgrows its map.
func (w *writer) wait(takes bool) *request {
	w.release()
	queue := w.store.queue
	if !takes {
		queue = nil
	}
	select {
	case r, open := <-queue:
		w.closed = !open
		return r
	case said := <-w.store.said:
		w.hear(said)
		return nil
	}
}

// handOver gives the batch to the committer and begins another.
func (w *writer) handOver() {
	w.alone = max(0, w.alone-1)
	for _, l := range w.making.layers {
		l.of.making, l.of.flying = nil, l
	}
	w.flying, w.making, w.spare = w.making, w.spare, nil
	w.busy = true
	w.store.work <- w.flying
}

// hear takes word of the committer.
func (w *writer) hear(said word) {
	if said.idle {
		w.busy = false
		return
	}
	b := w.flying // nothing is open below, and what is opened next has the batch, or it is lost
	for _, l := range b.layers {
		l.of.flying = nil
	}
	switch {
	case errors.Is(said.err, store.ErrCommitUnknown):
		for _, r := range w.making.requests {
			refuse(r)
		}
		w.giveUp()
	case said.err != nil:
		// What was made since stands on it. And where it was too much for all of
		// them together, those that fit still go in.
		made := w.making.requests
		if len(b.requests) > 1 {
			w.alone = len(b.requests)
			made = slices.Concat(b.requests, made)
		}
		w.again = slices.Concat(made, w.again)
		w.giveUp()
	}
	w.forgetBuckets()
	b.reset()
	w.flying, w.spare = nil, b
}

// giveUp forgets the batch that is being made.
func (w *writer) giveUp() {
	for _, l := range w.making.layers {
		l.of.making = nil
	}
	w.making.reset()
}

// refuse answers a request of a store that is dead.
func refuse(r *request) {
	r.how, r.err = returned, store.ErrClosed
	r.done <- struct{}{}
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
			w.keep(b)
		}
		b.discard()
	}
	w.touched = w.touched[:0]
}

// swamped says whether the running fn writes to a lazy bucket while there is no
// room to write out what is in memory of them.
func (w *writer) swamped() bool {
	return w.store.swamped.Load() && slices.ContainsFunc(w.touched, func(b *bucket) bool { return b.lazy != 0 })
}

// keep puts what a fn wrote to a bucket into the batch.
func (w *writer) keep(b *bucket) {
	if b.making == nil {
		b.making = w.making.layer(b)
	}
	for _, e := range b.over {
		b.making.entries.Set(e)
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
		for _, b := range w.touched {
			b.discard()
		}
		w.touched, w.leaving = w.touched[:0], true
	}()
	r.err = r.fn(t)
	r.how = returned
}

// write notes one write of the running fn.
func (w *writer) write(name string, key, stored []byte) {
	b := w.bucket(name)
	if len(b.over) == 0 {
		w.touched = append(w.touched, b)
	}
	b.set(&w.making.arena, key, stored)
}

// bucket is the bucket as the running fn sees it.
func (w *writer) bucket(name string) *bucket {
	if b := w.last; b != nil && b.name == name {
		return b
	}
	b := w.buckets[name]
	if b == nil {
		b = &bucket{name: name, path: []byte(dataPrefix + name), fill: bbolt.DefaultFillPercent, lazy: w.store.lazy[name]}
		if slices.Contains(w.store.opt.Ordered, name) {
			b.fill = orderedFill
		}
		w.buckets[name] = b
	}
	w.last = b
	return b
}

// keptBuckets bounds what the writer remembers of buckets, whose names are
// the caller's choice.
const keptBuckets = 256

// forgetBuckets forgets those that no batch has written to, if there are many.
func (w *writer) forgetBuckets() {
	if len(w.buckets) > keptBuckets {
		w.last = nil
		maps.DeleteFunc(w.buckets, func(_ string, b *bucket) bool { return b.making == nil && b.flying == nil })
	}
}

// open opens what lies below the batches.
func (w *writer) open() (err error) {
	if w.below.base != nil {
		return nil
	}
	w.opened++
	w.below.base, w.below.seen, err = w.store.begin()
	return err
}

// release closes it.
func (w *writer) release() {
	if w.below.base != nil {
		_ = w.below.base.Rollback() // it can only say that the transaction has ended
		w.below.base, w.below.seen = nil, nil
	}
}

// under is bbolt's bucket below; nil when there is none.
func (w *writer) under(b *bucket) *bbolt.Bucket {
	if b.of != w.opened {
		b.of, b.base = w.opened, w.below.base.Bucket(b.path)
	}
	return b.base
}
