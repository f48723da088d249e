// Package faulty lays faults over any store.Store: at the n-th operation it
// fails, calls a hook, or cuts the power. Operations are numbered from 1 in
// the order in which they come, so a single-threaded program meets the same
// fault at the same place in every run.
//
// To try every place: run once without a fault, ask Ops how many operations
// there were, then run anew with CutAt(n) for each n up to that.
//
// Counted are Get, Put, Delete and Scan, the commit of each Update whose fn
// returned nil, and each Snapshot. With no fault set a Store passes storetest.
//
// What a Get returned is overwritten as soon as fn has returned, so that a
// program that keeps it, which on a real disk goes well for a while, is seen.
package faulty

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"penstock/store"
)

// ErrPowerCut is what everything returns from the power cut on. The process is
// dead then: a program that goes on is only being unwound. Continue with the
// store beneath, as store/mem's PowerCut gives it back.
var ErrPowerCut = errors.New("faulty: power cut")

// Kind is a sort of operation.
type Kind string

// The sorts of operations that are counted.
const (
	Get      Kind = "get"
	Put      Kind = "put"
	Delete   Kind = "delete"
	Scan     Kind = "scan"
	Commit   Kind = "commit"
	Snapshot Kind = "snapshot"
)

// Op is one operation, as a hook sees it.
type Op struct {
	N      int // 1 for the first
	Kind   Kind
	Bucket string // empty for Commit and Snapshot
}

// fault is what happens at one operation.
type fault struct {
	err   error
	hook  func(Op)
	cut   bool
	after bool // the cut comes after the commit took effect
}

// Store implements store.Store, store.Snapshotter, store.Spacer and
// store.Fencer; the last two say what the store beneath says, or nothing bad,
// unless they are set.
type Store struct {
	inner store.Store

	mu     sync.Mutex
	ops    int
	faults map[int]fault
	each   func(Op)
	dark   bool // the power is cut
	low    bool
	fence  error
}

// New lays an empty set of faults over inner.
func New(inner store.Store) *Store {
	return &Store{inner: inner, faults: map[int]fault{}}
}

// Inner returns the store beneath.
func (s *Store) Inner() store.Store { return s.inner }

// Ops returns how many operations there have been.
func (s *Store) Ops() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ops
}

// FailAt makes operation n return err and do nothing. At a commit the Update
// is rolled back and returns err.
func (s *Store) FailAt(n int, err error) { s.set(n, fault{err: err}) }

// HookAt calls hook before operation n, in the goroutine that runs it. It may
// delay or take notes; it must not use the store.
func (s *Store) HookAt(n int, hook func(Op)) { s.set(n, fault{hook: hook}) }

// HookEach calls hook before every operation, as HookAt does. Nil removes it.
func (s *Store) HookEach(hook func(Op)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.each = hook
}

// CutAt cuts the power at operation n, before it takes effect: a commit is
// lost. From then on everything returns ErrPowerCut.
func (s *Store) CutAt(n int) { s.set(n, fault{cut: true}) }

// CutAfter cuts the power after operation n took effect. If it is a commit,
// the commit is durable and its answer is lost: the Update returns an error
// that is both store.ErrCommitUnknown and ErrPowerCut.
func (s *Store) CutAfter(n int) { s.set(n, fault{cut: true, after: true}) }

func (s *Store) set(n int, f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[n] = f
}

// Cut cuts the power now.
func (s *Store) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dark = true
}

// IsCut says whether the power is cut.
func (s *Store) IsCut() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dark
}

// begin counts an operation and lets its fault happen. It returns the error to
// give in place of the operation. A true last means that the operation takes
// effect and the power is gone after it.
func (s *Store) begin(kind Kind, bucket string) (last bool, err error) {
	s.mu.Lock()
	if s.dark {
		s.mu.Unlock()
		return false, ErrPowerCut
	}
	s.ops++
	op := Op{s.ops, kind, bucket}
	f, each := s.faults[op.N], s.each
	if f.cut && !f.after {
		s.dark = true
		f.err = fmt.Errorf("%w before operation %d, %s", ErrPowerCut, op.N, kind)
	}
	s.mu.Unlock()
	if each != nil {
		each(op)
	}
	if f.hook != nil {
		f.hook(op)
	}
	return f.cut && f.after, f.err
}

// View implements store.Store.
func (s *Store) View(ctx context.Context, fn func(store.Tx) error) error {
	if s.IsCut() {
		return ErrPowerCut
	}
	return s.inner.View(ctx, func(inner store.Tx) error {
		t := &tx{s: s, inner: inner}
		defer t.end()
		return fn(t)
	})
}

// Update implements store.Store.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	if s.IsCut() {
		return ErrPowerCut
	}
	var last bool
	err := s.inner.Update(ctx, func(inner store.Tx) (err error) {
		t := &tx{s: s, inner: inner}
		defer t.end()
		if err := fn(t); err != nil {
			return err
		}
		last, err = s.begin(Commit, "")
		return err
	})
	if !last {
		return err
	}
	s.Cut()
	if err != nil {
		return errors.Join(ErrPowerCut, err) // it didn't take effect after all
	}
	return fmt.Errorf("%w: %w after the commit", store.ErrCommitUnknown, ErrPowerCut)
}

// Close implements store.Store. It closes the store beneath also when the
// power is cut, so that nothing is left running.
func (s *Store) Close() error { return s.inner.Close() }

// Snapshot implements store.Snapshotter, or returns errors.ErrUnsupported when
// the store beneath does not.
func (s *Store) Snapshot(ctx context.Context, w io.Writer) error {
	inner, ok := s.inner.(store.Snapshotter)
	if !ok {
		return fmt.Errorf("snapshot: %w", errors.ErrUnsupported)
	}
	last, err := s.begin(Snapshot, "")
	if err != nil {
		return err
	}
	err = inner.Snapshot(ctx, w)
	if last {
		s.Cut()
		return errors.Join(ErrPowerCut, err)
	}
	return err
}

// SetLowSpace makes LowSpace say true whatever the store beneath says.
func (s *Store) SetLowSpace(low bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.low = low
}

// LowSpace implements store.Spacer.
func (s *Store) LowSpace() bool {
	s.mu.Lock()
	low := s.low
	s.mu.Unlock()
	inner, ok := s.inner.(store.Spacer)
	return low || ok && inner.LowSpace()
}

// SetFence makes Fence return err; nil asks the store beneath again.
func (s *Store) SetFence(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fence = err
}

// Fence implements store.Fencer.
func (s *Store) Fence() error {
	s.mu.Lock()
	dark, err := s.dark, s.fence
	s.mu.Unlock()
	if dark {
		return ErrPowerCut
	}
	if inner, ok := s.inner.(store.Fencer); ok && err == nil {
		return inner.Fence()
	}
	return err
}

// Heal takes back every fault that has not happened yet. What is dark stays
// dark.
func (s *Store) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.faults)
}
