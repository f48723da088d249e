package faulty_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"testing"

	"penstock/store"
	"penstock/store/bolt"
	"penstock/store/faulty"
	"penstock/store/mem"
	"penstock/store/storetest"
)

func TestStoreOverMem(t *testing.T) {
	storetest.Test(t, storetest.Harness{
		Open: func(testing.TB) store.Store { return faulty.New(mem.New(mem.Options{})) },
		Reopen: func(t testing.TB, s store.Store) store.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return faulty.New(s.(*faulty.Store).Inner().(*mem.Store).Reopen())
		},
		PowerCut: func(_ testing.TB, s store.Store) store.Store {
			return faulty.New(s.(*faulty.Store).Inner().(*mem.Store).PowerCut())
		},
		OpenCopy: func(t testing.TB, r io.Reader) store.Store {
			s, err := mem.Load(mem.Options{}, r)
			if err != nil {
				t.Fatal(err)
			}
			return faulty.New(s)
		},
	})
}

func TestStoreOverBolt(t *testing.T) {
	paths := map[store.Store]string{}
	open := func(t testing.TB, path string) store.Store {
		inner, err := bolt.Open(bolt.Options{Path: path, MinFree: 1})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := inner.Close(); err != nil {
				t.Error(err)
			}
		})
		s := faulty.New(inner)
		paths[s] = path
		return s
	}
	storetest.Test(t, storetest.Harness{
		Open: func(t testing.TB) store.Store { return open(t, filepath.Join(t.TempDir(), "store.db")) },
		Reopen: func(t testing.TB, s store.Store) store.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, paths[s])
		},
	})
}

// story is three Updates that each must happen whole or not at all, in order.
func story(s store.Store) (acked int, err error) {
	for i := range 3 {
		err := s.Update(context.Background(), func(tx store.Tx) error {
			n, err := tx.Scan("log", nil, nil, 10, false)
			if err != nil {
				return err
			}
			return errors.Join(
				tx.Put("log", fmt.Append(nil, i), fmt.Append(nil, len(n))),
				tx.Put("last", []byte("n"), fmt.Append(nil, i+1)),
				tx.Delete("last", []byte("absent")))
		})
		if err != nil {
			return acked, err
		}
		acked++
	}
	return acked, nil
}

// found is how many Updates of the story the store holds; it must hold no half.
func found(t *testing.T, s store.Store) int {
	t.Helper()
	n := 0
	err := s.View(context.Background(), func(tx store.Tx) error {
		log, err := tx.Scan("log", nil, nil, 10, false)
		if err != nil {
			return err
		}
		n = len(log)
		last, err := tx.Get("last", []byte("n"))
		if n == 0 && errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil || string(last) != fmt.Sprint(n) {
			return fmt.Errorf("half an Update: %d log lines, last is %q, %w", n, last, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestEveryOperationCanBeCut(t *testing.T) {
	whole := faulty.New(mem.New(mem.Options{}))
	if n, err := story(whole); n != 3 || err != nil {
		t.Fatalf("the story without a fault: %d Updates, %v", n, err)
	}
	total := whole.Ops()
	if want := 3 * 5; total != want { // a scan, two puts, a delete and the commit
		t.Fatalf("Ops = %d, want %d", total, want)
	}
	for n := 1; n <= total; n++ {
		for _, after := range []bool{false, true} {
			disk := mem.New(mem.Options{})
			s := faulty.New(disk)
			if after {
				s.CutAfter(n)
			} else {
				s.CutAt(n)
			}
			acked, err := story(s)
			if !errors.Is(err, faulty.ErrPowerCut) || !s.IsCut() {
				t.Fatalf("cut at %d, after %v: %v, want %v", n, after, err, faulty.ErrPowerCut)
			}
			if err := s.View(context.Background(), nil); !errors.Is(err, faulty.ErrPowerCut) {
				t.Errorf("View after the cut: %v, want %v", err, faulty.ErrPowerCut)
			}
			if err := s.Fence(); !errors.Is(err, faulty.ErrPowerCut) {
				t.Errorf("Fence after the cut: %v, want %v", err, faulty.ErrPowerCut)
			}
			atCommit := n%5 == 0
			want := acked
			if after && atCommit {
				want++ // done, and nobody was told
			}
			if got := errors.Is(err, store.ErrCommitUnknown); got != (after && atCommit) {
				t.Errorf("cut at %d, after %v: unknown commit is %v: %v", n, after, got, err)
			}
			if got := found(t, disk.PowerCut()); got != want || acked != (n-1)/5 {
				t.Errorf("cut at %d, after %v: %d Updates found, want %d; %d acknowledged", n, after, got, want, acked)
			}
		}
	}
}

func TestFailAtFailsOnceAndGoesOn(t *testing.T) {
	want := errors.New("on purpose")
	for n := 1; n <= 5; n++ {
		s := faulty.New(mem.New(mem.Options{}))
		s.FailAt(n, want)
		if acked, err := story(s); acked != 0 || !errors.Is(err, want) {
			t.Errorf("failing operation %d: %d Updates, %v, want 0, %v", n, acked, err, want)
		}
		if got := found(t, s); got != 0 {
			t.Errorf("failing operation %d left %d Updates", n, got)
		}
		if acked, err := story(s); acked != 3 || err != nil {
			t.Errorf("after the fault: %d Updates, %v", acked, err)
		}
	}
}

func TestHooksSeeTheOperations(t *testing.T) {
	s := faulty.New(mem.New(mem.Options{}))
	var all []string
	once := 0
	s.HookEach(func(op faulty.Op) { all = append(all, fmt.Sprintf("%d %s %s", op.N, op.Kind, op.Bucket)) })
	s.HookAt(3, func(faulty.Op) { once++ })
	if _, err := story(s); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%q", all[:6])
	want := `["1 scan log" "2 put log" "3 put last" "4 delete last" "5 commit " "6 scan log"]`
	if got != want || once != 1 {
		t.Errorf("hooks saw %s and %d, want %s and 1", got, once, want)
	}
}

func TestSpaceAndFenceCanBeSet(t *testing.T) {
	s := faulty.New(mem.New(mem.Options{}))
	if s.LowSpace() || s.Fence() != nil {
		t.Error("a new store is short of space or fenced off")
	}
	s.SetLowSpace(true)
	s.SetFence(store.ErrReplaced)
	if !s.LowSpace() || !errors.Is(s.Fence(), store.ErrReplaced) {
		t.Errorf("set: LowSpace %v, Fence %v", s.LowSpace(), s.Fence())
	}
}
