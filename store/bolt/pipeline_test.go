package bolt

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"penstock/store"
)

// commits holds up the commits of a store, so that a test says when each ends
// and how.
type commits struct {
	begun chan struct{} // one for each that has come so far
	end   chan error    // nil lets it through
}

func held(s *Store) commits {
	c := commits{make(chan struct{}), make(chan error)}
	s.commit = func(tx *bbolt.Tx) error {
		c.begun <- struct{}{}
		if err := <-c.end; err != nil {
			return errors.Join(err, tx.Rollback())
		}
		return tx.Commit()
	}
	return c
}

// later begins an Update; the channel gets what it returns.
func later(s *Store, fn func(store.Tx) error) <-chan error {
	ended := make(chan error, 1)
	go func() { ended <- s.Update(context.Background(), fn) }()
	return ended
}

// reading notes what key b has each time that it runs, then puts another.
func reading(seen chan<- string, key, value string) func(store.Tx) error {
	return func(tx store.Tx) error {
		v, err := tx.Get("b", []byte(key))
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		seen <- string(v)
		return tx.Put("b", []byte(key), []byte(value))
	}
}

// oneOnAnother is an Update that puts 1 under k, where 0 was, and is being committed,
// and a second that puts 2 and was made on it. Another run of either says in seen
// what it has read.
func oneOnAnother(t *testing.T, s *Store) (c commits, seen chan string, first, second <-chan error) {
	t.Helper()
	if err := s.Update(t.Context(), putting("k", "0")); err != nil {
		t.Fatal(err)
	}
	c, seen = held(s), make(chan string, 1)
	first = later(s, reading(seen, "k", "1"))
	<-seen
	<-c.begun
	second = later(s, reading(seen, "k", "2"))
	if got := <-seen; got != "1" {
		t.Errorf("the second read %q, want 1", got)
	}
	return c, seen, first, second
}

// What is being committed is seen by those that come after it, and nobody is
// answered before it is durable, nor seen by readers.
func TestNextBatchIsMadeOnTheOneBeingCommitted(t *testing.T) {
	for _, lazy := range [][]string{nil, {"b"}} {
		opt := at(newPath(t))
		opt.Lazy = lazy
		s := open(t, opt)
		if err := s.Update(t.Context(), putting("k", "0")); err != nil {
			t.Fatal(err)
		}
		c, seen := held(s), make(chan string, 1)
		first := later(s, reading(seen, "k", "1"))
		if got := <-seen; got != "0" {
			t.Errorf("the first read %q, want 0", got)
		}
		<-c.begun
		second := later(s, func(tx store.Tx) error {
			pairs, err := tx.Scan("b", nil, nil, 10, true)
			if text := fmt.Sprintf("%s", pairs); text != "[{k 1}]" {
				return fmt.Errorf("scanned %s, %w", text, err)
			}
			return reading(seen, "k", "2")(tx)
		})
		if got := <-seen; got != "1" {
			t.Errorf("the second read %q while the first was being committed, want 1", got)
		}
		if got, want := all(t, s), "k=0 "; got != want {
			t.Errorf("a reader sees %q meanwhile, want %q", got, want)
		}
		select {
		case err := <-first:
			t.Fatalf("the first was answered before its commit: %v", err)
		case err := <-second:
			t.Fatalf("the second was answered before its commit: %v", err)
		default:
		}
		c.end <- nil
		if err := <-first; err != nil {
			t.Error(err)
		}
		<-c.begun
		if got, want := all(t, s), "k=1 "; got != want {
			t.Errorf("a reader sees %q after the first, want %q", got, want)
		}
		c.end <- nil
		if err := <-second; err != nil {
			t.Error(err)
		}
		if got, want := all(t, s), "k=2 "; got != want {
			t.Errorf("at last there is %q, want %q", got, want)
		}
	}
}

// An Update that was made on a batch which had no room runs again without it.
func TestWhatStandsOnARefusedBatchRunsAgain(t *testing.T) {
	s := open(t, at(newPath(t)))
	c, seen, first, second := oneOnAnother(t, s)
	c.end <- bolterrors.ErrMaxSizeReached
	if err := <-first; !errors.Is(err, store.ErrFull) {
		t.Errorf("the first got %v, want %v", err, store.ErrFull)
	}
	if got := <-seen; got != "0" {
		t.Errorf("the second read %q when it ran again, want 0", got)
	}
	<-c.begun
	c.end <- nil
	if err := <-second; err != nil {
		t.Error(err)
	}
	if got, want := all(t, s), "k=2 "; got != want {
		t.Errorf("there is %q, want %q", got, want)
	}
}

// Of a batch that was too much those that fit still go in, and so does what was
// made on it.
func TestBatchThatIsTooMuchGoesInByParts(t *testing.T) {
	s := open(t, at(newPath(t)))
	c := held(s)
	hold := later(s, putting("x", "1"))
	<-c.begun
	var rest []<-chan error
	var started atomic.Int32
	for i := range 3 {
		rest = append(rest, later(s, func(tx store.Tx) error { started.Add(1); return putting(strconv.Itoa(i), "v")(tx) }))
		for started.Load() <= int32(i) { // it must stand behind the one before
			runtime.Gosched()
		}
	}
	c.end <- nil
	if err := <-hold; err != nil {
		t.Error(err)
	}
	<-c.begun // the three
	after := later(s, putting("y", "1"))
	c.end <- bolterrors.ErrMaxSizeReached
	for i := range 4 { // each alone, in their order, the second without room again
		<-c.begun
		if i == 1 {
			c.end <- bolterrors.ErrMaxSizeReached
			continue
		}
		c.end <- nil
	}
	full := 0
	for _, ended := range append(rest, after) {
		if err := <-ended; errors.Is(err, store.ErrFull) {
			full++
		} else if err != nil {
			t.Error(err)
		}
	}
	if full != 1 {
		t.Errorf("%d had no room, want the one that was refused alone", full)
	}
	if got := len(all(t, s)); got != len("x=1 y=1 0=v 1=v ") {
		t.Errorf("there is %q", all(t, s))
	}
}

// After a commit of unknown outcome nothing that was made on it is written.
func TestNothingFollowsAnUnknownCommit(t *testing.T) {
	s, calls := fatal(t)
	c, _, first, second := oneOnAnother(t, s)
	c.end <- errors.New("the disk is gone")
	if err := <-first; !errors.Is(err, store.ErrCommitUnknown) {
		t.Errorf("the first got %v, want %v", err, store.ErrCommitUnknown)
	}
	if err := <-second; !errors.Is(err, store.ErrClosed) {
		t.Errorf("the second got %v, want %v", err, store.ErrClosed)
	}
	wantDead(t, s, *calls)
	if got, want := all(t, open(t, s.opt)), "k=0 "; got != want {
		t.Errorf("a new process reads %q, want %q", got, want)
	}
}

// Many callers add to the same counters, in buckets of both kinds: none of what
// was added is lost, and each saw what those before it had done.
func TestCountersAddUpAcrossBatches(t *testing.T) {
	opt := at(newPath(t))
	opt.Lazy, opt.limits, opt.MaxBatch = []string{"lazy"}, limits{table: 4 << 10, step: 1 << 10, runs: 2}, 5
	s := open(t, opt)
	const callers, each, keys = 16, 60, 7
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				key := []byte(strconv.Itoa((c + i) % keys))
				err := s.Update(t.Context(), func(tx store.Tx) error {
					plain, err := adding(tx, "plain", key)
					lazy, lErr := adding(tx, "lazy", key)
					if plain != lazy {
						return fmt.Errorf("%s: plain %d, lazy %d", key, plain, lazy)
					}
					return errors.Join(err, lErr)
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	sum := 0
	err := s.View(t.Context(), func(tx store.Tx) error {
		pairs, err := tx.Scan("lazy", nil, nil, keys+1, false)
		for _, p := range pairs {
			n, _ := strconv.Atoi(string(p.Value))
			sum += n
		}
		return err
	})
	if err != nil || sum != callers*each {
		t.Errorf("counted %d, want %d, %v", sum, callers*each, err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// adding adds one to a number.
func adding(tx store.Tx, bucket string, key []byte) (n int, err error) {
	v, err := tx.Get(bucket, key)
	if err == nil {
		n, err = strconv.Atoi(string(v))
	} else if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return n, errors.Join(err, tx.Put(bucket, key, []byte(strconv.Itoa(n+1))))
}
