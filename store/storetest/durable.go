package storetest

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"

	"penstock/store"
)

// testSurvives writes, fails to write, and looks again after restart.
func testSurvives(s *suite, restart func(testing.TB, store.Store) store.Store) {
	if restart == nil {
		s.Skip("the harness has no such restart")
	}
	s.base()
	s.put("c", "empty", "")
	s.put("c", "deleted", "soon")
	s.update(func(tx store.Tx) error { return tx.Delete("c", []byte("deleted")) })
	_ = s.store.Update(context.Background(), func(tx store.Tx) error {
		return errors.Join(spoil(tx), errors.New("on purpose"))
	})
	func() {
		defer func() { _ = recover() }()
		_ = s.store.Update(context.Background(), func(tx store.Tx) error { panic(spoil(tx)) })
	}()
	for round := range 3 {
		old := s.store
		s.store = restart(s, old)
		if err := old.View(context.Background(), func(store.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
			s.Errorf("the store before the restart still answers: %v, want %v", err, store.ErrClosed)
		}
		s.view(func(tx store.Tx) error {
			b, err := tx.Scan("b", nil, nil, 10, false)
			wantPairs(s, "bucket b", b, "gone", "still here", "k", "v")
			c, err2 := tx.Scan("c", nil, nil, 10, false)
			want := []string{"empty", ""}
			for r := range round {
				want = append(want, string(rune('p'+r)), "written after a restart")
			}
			wantPairs(s, "bucket c", c, want...)
			return errors.Join(err, err2)
		})
		s.put("c", string(rune('p'+round)), "written after a restart")
	}
}

func testClose(s *suite) {
	s.put("b", "k", "v")
	never := func(store.Tx) error {
		s.Error("fn ran on a closed store")
		return nil
	}
	for range 2 {
		if err := s.store.Close(); err != nil {
			s.Errorf("Close: %v", err)
		}
		if err := s.store.View(context.Background(), never); !errors.Is(err, store.ErrClosed) {
			s.Errorf("View: %v, want %v", err, store.ErrClosed)
		}
		if err := s.store.Update(context.Background(), never); !errors.Is(err, store.ErrClosed) {
			s.Errorf("Update: %v, want %v", err, store.ErrClosed)
		}
		if snap, ok := s.store.(store.Snapshotter); ok {
			var b bytes.Buffer
			if err := snap.Snapshot(context.Background(), &b); !errors.Is(err, store.ErrClosed) {
				s.Errorf("Snapshot: %v, want %v", err, store.ErrClosed)
			}
		}
	}
}

// testCloseWaits closes under a running View and a crowd of Updates. Each
// Update must have been answered by nil and be there, or by ErrClosed and not.
func testCloseWaits(s *suite) {
	var viewEnded atomic.Bool
	closed := make(chan error, 1)
	s.put("b", "k", "v")
	s.view(func(tx store.Tx) error {
		go func() {
			err := s.store.Close()
			if !viewEnded.Load() {
				err = errors.Join(err, errors.New("close returned while a View was running"))
			}
			closed <- err
		}()
		for range 1000 {
			runtime.Gosched()
			if got, err := read(tx, "b", "k"); err != nil || got != "v" {
				return errors.Join(err, errors.New("the View lost its store to Close"))
			}
		}
		viewEnded.Store(true)
		return nil
	})
	if err := <-closed; err != nil {
		s.Error(err)
	}
	if s.h.Reopen == nil {
		return
	}
	s.store = s.h.Reopen(s, s.store)
	var acked [8]int
	together(len(acked)+1, func(i int) {
		if i == len(acked) {
			if err := s.store.Close(); err != nil {
				s.Errorf("Close among Updates: %v", err)
			}
			return
		}
		for {
			err := s.store.Update(context.Background(), func(tx store.Tx) error { return add(tx, string(rune('A'+i)), 1) })
			if errors.Is(err, store.ErrClosed) {
				return
			}
			if err != nil {
				s.Errorf("worker %d: %v", i, err)
				return
			}
			acked[i]++
		}
	})
	s.store = s.h.Reopen(s, s.store)
	s.view(func(tx store.Tx) error {
		for i, want := range acked {
			if got, err := number(tx, string(rune('A'+i))); err != nil || got != want {
				s.Errorf("worker %d: %d Updates found, %d were acknowledged (%v)", i, got, want, err)
			}
		}
		return nil
	})
}

// testSnapshotCopy copies a store while Updates move a pair in step.
func testSnapshotCopy(s *suite) {
	snap, ok := s.store.(store.Snapshotter)
	if !ok || s.h.OpenCopy == nil {
		s.Skip("this store offers no snapshots")
	}
	s.put("b", "before", "v")
	stop := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := s.store.Update(context.Background(), func(tx store.Tx) error {
				return errors.Join(add(tx, "left", 1), add(tx, "right", 1))
			}); err != nil {
				s.Errorf("update: %v", err)
				return
			}
		}
	}()
	for range 3 {
		var b bytes.Buffer
		if err := snap.Snapshot(context.Background(), &b); err != nil {
			s.Errorf("Snapshot: %v", err)
			break
		}
		other := &suite{T: s.T, h: s.h, store: s.h.OpenCopy(s, &b)}
		if l, r := other.get("b", "left"), other.get("b", "right"); l != r || other.get("b", "before") != "v" {
			s.Errorf("the copy is not consistent: left %s, right %s", l, r)
		}
		other.put("b", "the copy", "is a store of its own")
		other.end()
	}
	close(stop)
	<-ended
	if got := s.get("b", "the copy"); got != none {
		s.Errorf("a write to the copy reached the store: %q", got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := snap.Snapshot(ctx, &bytes.Buffer{}); !errors.Is(err, context.Canceled) {
		s.Errorf("Snapshot under a cancelled context: %v, want %v", err, context.Canceled)
	}
}
