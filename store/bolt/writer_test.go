package bolt

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"penstock/store"
)

// together queues the Updates while the writer is held up, so that they make
// one batch in this order, and returns how each ended. Nil stands for an
// Update that never returned.
func together(t *testing.T, s *Store, fns ...func(store.Tx) error) []error {
	t.Helper()
	held, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	hold := sync.OnceFunc(func() { close(held) }) // a batch given up runs again
	wg.Go(func() {
		err := s.Update(t.Context(), func(store.Tx) error {
			hold()
			<-release
			return errHeld
		})
		if !errors.Is(err, errHeld) && !errors.Is(err, store.ErrCommitUnknown) {
			t.Errorf("holding the writer: %v", err)
		}
	})
	<-held
	errs := make([]error, len(fns))
	for i, fn := range fns {
		errs[i] = errNoReturn
		wg.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					errs[i] = fmt.Errorf("panic: %v", v)
				}
			}()
			errs[i] = s.Update(t.Context(), fn)
		})
		for s.Stats().Queued <= i { // it must stand behind the one before
			runtime.Gosched()
		}
	}
	close(release)
	wg.Wait()
	return errs
}

var (
	errHeld     = errors.New("held")
	errNoReturn = errors.New("did not return")
	errPurpose  = errors.New("on purpose")
)

func putting(key, value string) func(store.Tx) error {
	return func(tx store.Tx) error { return tx.Put("b", []byte(key), []byte(value)) }
}

func wantErrs(t *testing.T, got []error, want ...string) {
	t.Helper()
	texts := make([]string, len(got))
	for i, err := range got {
		texts[i] = fmt.Sprint(err)
	}
	if g, w := fmt.Sprintf("%q", texts), fmt.Sprintf("%q", want); g != w {
		t.Errorf("the batch ended\n     %s\nwant %s", g, w)
	}
}

// all is what bucket b holds.
func all(t *testing.T, s *Store) string {
	t.Helper()
	var text string
	err := s.View(t.Context(), func(tx store.Tx) error {
		pairs, err := tx.Scan("b", nil, nil, 1000, false)
		for _, p := range pairs {
			text += fmt.Sprintf("%s=%s ", p.Key, p.Value)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestBatchCommitsOnce(t *testing.T) {
	s := open(t, at(newPath(t)))
	before := s.Stats()
	var fns []func(store.Tx) error
	for i := range 50 {
		fns = append(fns, putting(fmt.Sprint(i), "v"))
	}
	for i, err := range together(t, s, fns...) {
		if err != nil {
			t.Errorf("update %d: %v", i, err)
		}
	}
	after := s.Stats()
	if got := after.Commits - before.Commits; got != 1 {
		t.Errorf("50 waiting Updates took %d commits, want 1", got)
	}
	if got := after.Updates - before.Updates; got != 50 {
		t.Errorf("counted %d Updates, want 50", got)
	}
	if after.Batches[5] != 1 { // 32 to 63
		t.Errorf("batch sizes are %v, want one of 32 to 63", after.Batches)
	}
}

func TestBatchIsBounded(t *testing.T) {
	opt := at(newPath(t))
	opt.MaxBatch = 8
	s := open(t, opt)
	var fns []func(store.Tx) error
	for i := range 32 {
		fns = append(fns, putting(fmt.Sprint(i), "v"))
	}
	before := s.Stats().Commits
	together(t, s, fns...)
	if got := s.Stats().Commits - before; got != 5 { // the one that held the writer took a place
		t.Errorf("32 Updates and one more took %d commits, want 5 of at most 8", got)
	}
}

func TestBatchSeesEarlierAndNothingOfFailed(t *testing.T) {
	s := open(t, at(newPath(t)))
	see := func(key, want string) func(store.Tx) error {
		return func(tx store.Tx) error {
			v, err := tx.Get("b", []byte(key))
			if string(v) != want {
				return fmt.Errorf("%s is %q, want %q, %w", key, v, want, err)
			}
			pairs, err := tx.Scan("b", []byte(key), append([]byte(key), 0), 1, true)
			if (want == "") != (len(pairs) == 0) {
				return fmt.Errorf("scan of %s gives %v, %w", key, pairs, err)
			}
			return nil
		}
	}
	got := together(t, s,
		putting("a", "1"),
		func(tx store.Tx) error {
			return errors.Join(putting("a", "bad")(tx), putting("x", "bad")(tx), errPurpose)
		},
		func(tx store.Tx) error { _ = putting("a", "worse")(tx); panic("on purpose") },
		func(tx store.Tx) error {
			return errors.Join(see("a", "1")(tx), see("x", "")(tx), putting("b", "2")(tx))
		},
		func(tx store.Tx) error { return errors.Join(see("b", "2")(tx), tx.Delete("b", []byte("a"))) },
		see("a", ""),
	)
	wantErrs(t, got, "<nil>", "on purpose", "panic: on purpose", "<nil>", "<nil>", "<nil>")
	if got, want := all(t, s), "b=2 "; got != want {
		t.Errorf("committed %q, want %q", got, want)
	}
}

// t.FailNow in a fn takes the writer's goroutine away. The others of the batch
// must not notice.
func TestGoexitInABatchLosesNobody(t *testing.T) {
	s := open(t, at(newPath(t)))
	exit := func(tx store.Tx) error {
		_ = putting("x", "bad")(tx)
		runtime.Goexit()
		return nil
	}
	got := together(t, s, putting("a", "1"), exit, putting("b", "2"), exit, putting("c", "3"))
	wantErrs(t, got, "<nil>", "did not return", "<nil>", "did not return", "<nil>")
	if got, want := all(t, s), "a=1 b=2 c=3 "; got != want {
		t.Errorf("committed %q, want %q", got, want)
	}
}

func TestQueuedUpdateHonoursItsContext(t *testing.T) {
	s := open(t, at(newPath(t)))
	ctx, cancel := context.WithCancel(t.Context())
	inner := make(chan error, 1)
	got := together(t, s,
		func(tx store.Tx) error { cancel(); return putting("a", "1")(tx) },
		func(tx store.Tx) error { return nil })
	wantErrs(t, got, "<nil>", "<nil>")
	go func() { inner <- s.Update(ctx, putting("never", "x")) }()
	if err := <-inner; !errors.Is(err, context.Canceled) {
		t.Errorf("Update: %v, want %v", err, context.Canceled)
	}
	if got, want := all(t, s), "a=1 "; got != want {
		t.Errorf("committed %q, want %q", got, want)
	}
}

// bbolt merges emptied pages only at commit, and its Prev stops at one. An
// Update must see across pages that an earlier one of its batch emptied.
func TestScanCrossesPagesEmptiedInTheBatch(t *testing.T) {
	s := open(t, Options{Path: newPath(t)})
	const n = 2000
	key := func(i int) []byte { return fmt.Appendf(nil, "%06d", i) }
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		for i := range n {
			if err := tx.Put("b", key(i), make([]byte, 300)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	look := func(from, to []byte, want int) func(store.Tx) error {
		return func(tx store.Tx) error {
			for _, desc := range []bool{false, true} {
				if pairs, err := tx.Scan("b", from, to, n, desc); err != nil || len(pairs) != want {
					return fmt.Errorf("from %s to %s, desc %v: %d pairs, want %d, %w", from, to, desc, len(pairs), want, err)
				}
			}
			return nil
		}
	}
	empty := func(low, high int) func(store.Tx) error {
		return func(tx store.Tx) error {
			for i := low; i < high; i++ {
				if err := tx.Delete("b", key(i)); err != nil {
					return err
				}
			}
			return nil
		}
	}
	got := together(t, s,
		empty(500, 1500), look(nil, nil, 1000), look(key(100), key(1600), 500), look(key(100), key(1200), 400), look(key(700), key(800), 0),
		empty(1500, n), look(nil, nil, 500), look(nil, key(1800), 500),
		empty(0, 400), look(nil, nil, 100), look(nil, key(450), 50), look(key(300), nil, 100),
		empty(400, 500), look(nil, nil, 0), look(nil, key(1000), 0))
	for i, err := range got {
		if err != nil {
			t.Errorf("step %d: %v", i, err)
		}
	}
}
