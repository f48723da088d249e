// Package mem is a store in memory that can lose power. It is for tests and
// for the simulator: it starts no goroutine, reads no clock and no random
// source, and gives the same answers for the same calls.
//
// It keeps three states apart, as a disk does: what a running transaction has
// written, what has been committed, and what has been fsynced. After PowerCut
// exactly the last is there; after Reopen (the process died, the machine did
// not) the second. Unless Options.ManualSync is set, each Update fsyncs as
// part of its commit and the two never differ.
package mem

import (
	"context"
	"sync"

	"github.com/tidwall/btree"

	"penstock/store"
)

// Options chooses how a Store behaves. The zero value is a store whose every
// Update is durable.
type Options struct {
	// ManualSync makes commits durable only when Sync is called: a disk that
	// lies about fsync, or one that is asked late. Zero means that each
	// Update syncs.
	ManualSync bool
}

// tree holds every bucket: its keys are address(bucket, key), so that one copy
// on write is a snapshot of the whole store.
type tree = btree.Map[string, []byte]

// Store implements store.Store. Its zero value is of no use; see New.
type Store struct {
	opt Options

	mu     sync.Mutex // the writer's: held while an Update runs
	live   *tree      // committed, plus what the running Update wrote
	synced *tree      // what a power cut leaves; nil when it is always live
	shot   *tree      // snapshot shared by Views since the last change; nil when stale
	closed bool

	views sync.Cond // over mu; signalled when readers falls to zero
	// readers counts the Views that run, for Close to wait for.
	readers int
}

// New returns an empty store.
func New(opt Options) *Store { return newStore(opt, new(tree)) }

func newStore(opt Options, t *tree) *Store {
	s := &Store{opt: opt, live: t}
	s.views.L = &s.mu
	if opt.ManualSync {
		s.synced = t.Copy()
	}
	return s
}

// View implements store.Store. Updates land while fn runs and are not seen.
func (s *Store) View(ctx context.Context, fn func(store.Tx) error) error {
	shot, err := s.beginView(ctx)
	if err != nil {
		return err
	}
	defer s.endView()
	t := &tx{tree: shot}
	defer t.end()
	return fn(t)
}

func (s *Store) beginView(ctx context.Context) (*tree, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, store.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.shot == nil {
		s.shot = s.live.Copy()
	}
	s.readers++
	return s.shot, nil
}

func (s *Store) endView() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readers--
	if s.readers == 0 {
		s.views.Broadcast()
	}
}

// Update implements store.Store. Updates run one at a time.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	t := &tx{tree: s.live, writable: true}
	committed := false
	defer func() {
		if !committed { // an error, a panic or a runtime.Goexit in fn
			t.rollback()
		}
		t.end()
	}()
	if err := fn(t); err != nil {
		return err
	}
	committed = true
	if len(t.undo) > 0 {
		s.shot = nil
	}
	return nil
}

// Sync makes durable what has been committed. It does nothing unless
// Options.ManualSync is set.
func (s *Store) Sync() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	if s.opt.ManualSync {
		s.synced = s.live.Copy()
	}
	return nil
}

// Close implements store.Store. What the store held stays readable through
// Reopen and PowerCut.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for s.readers > 0 {
		s.views.Wait()
	}
	return nil
}

// PowerCut ends this store as losing power does, waiting for nobody, and
// returns another that holds what had been fsynced. It may be called on a
// closed store. It must not be called inside a transaction.
func (s *Store) PowerCut() *Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.opt.ManualSync {
		return newStore(s.opt, s.synced.Copy())
	}
	return newStore(s.opt, s.live.Copy())
}

// Reopen ends this store as the death of its process does, and returns another
// that holds what had been committed: the machine went on, so its page cache
// is still there. What was not fsynced is still not.
func (s *Store) Reopen() *Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	next := newStore(s.opt, s.live.Copy())
	if s.opt.ManualSync {
		next.synced = s.synced.Copy()
	}
	return next
}
