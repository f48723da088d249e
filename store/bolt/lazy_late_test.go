package bolt

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"go.etcd.io/bbolt"

	"penstock/store"
)

// unknowing is a store with runs of which it doesn't know yet what they have,
// as just after the start of a large one. Looks wait for that until patience is
// closed.
func unknowing(t *testing.T, patience <-chan struct{}) (*Store, []*run) {
	t.Helper()
	s := open(t, lazyAt(newPath(t)))
	var unknown version
	var forget atomic.Bool
	s.commit = func(tx *bbolt.Tx) error { // in the committer's goroutine, whose the versions are
		if forget.Swap(false) {
			s.versions.mu.Lock()
			unknown = *s.versions.next
			unknown.runs = nil
			for _, r := range s.versions.next.runs {
				r = r.with(nil)
				r.late = newLateSieve(patience)
				unknown.runs = append(unknown.runs, r)
			}
			s.versions.next, s.sieved = &unknown, make(chan struct{})
			s.versions.mu.Unlock()
		}
		return tx.Commit()
	}
	for i := range 400 {
		if err := s.Update(t.Context(), putting(fmt.Sprintf("%x\x00%d", i%7, i*i), "a value")); err != nil {
			t.Fatal(err)
		}
	}
	forget.Store(true)
	err := s.Update(t.Context(), putting("last", "a value"))
	if err != nil || len(unknown.runs) < 2 {
		t.Fatalf("there are only %d runs: %v", len(unknown.runs), err)
	}
	return s, unknown.runs
}

func TestNothingIsMissedWhileRunsAreUnknown(t *testing.T) {
	ended := make(chan struct{})
	close(ended)
	s, late := unknowing(t, ended)
	look := func(when string) {
		t.Helper()
		err := s.View(t.Context(), func(tx store.Tx) error {
			for i := range 400 {
				if _, err := tx.Get("b", fmt.Appendf(nil, "%x\x00%d", i%7, i*i)); err != nil {
					return fmt.Errorf("key %d: %w", i, err)
				}
			}
			if _, err := tx.Get("b", []byte("never put")); !errors.Is(err, store.ErrNotFound) {
				return fmt.Errorf("a key that nobody put: %w", err)
			}
			some, err := tx.Scan("b", []byte("3\x00"), []byte("3\x01"), 1000, false)
			if len(some) != 57 {
				return fmt.Errorf("%d keys begin alike, want 57: %w", len(some), err)
			}
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	look("unknown")
	merges := s.Stats().Merges
	for i := range 400 {
		if err := s.Update(t.Context(), putting(fmt.Sprintf("%x\x00%d", i%7, i*i), "another")); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range late {
		if named(newest(s).runs, r.runName) == nil {
			t.Errorf("%s was merged before it was known what it has", r.name)
		}
	}
	if s.Stats().Merges == merges {
		t.Error("tables were not written out meanwhile")
	}
	look("with newer runs")
	s.readLate(late)
	look("known")
	for i := range 400 {
		if err := s.Update(t.Context(), putting(fmt.Sprintf("later %x", i*i), "a value")); err != nil {
			t.Fatal(err)
		}
	}
	left := 0
	for _, r := range late {
		if named(newest(s).runs, r.runName) != nil {
			left++
		}
	}
	if left == len(late) {
		t.Error("nothing was merged since")
	}
	look("merged")
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestALookWaitsForWhatIsBeingRead rather than to take the disk from the reading,
// and not for ever.
func TestALookWaitsForWhatIsBeingRead(t *testing.T) {
	for _, end := range []string{"it is read", "it is lost", "it takes too long"} {
		t.Run(end, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				patience := make(chan struct{})
				s, late := unknowing(t, patience)
				looked := make(chan error, 1)
				go func() {
					looked <- s.View(t.Context(), func(tx store.Tx) error {
						_, err := tx.Get("b", []byte("1\x001"))
						return err
					})
				}()
				synctest.Wait()
				select {
				case err := <-looked:
					t.Fatalf("it didn't wait: %v", err)
				default:
				}
				switch end {
				case "it is read":
					s.readLate(late)
				case "it is lost":
					for _, r := range late {
						r.hashes = []byte("lost")
					}
					s.readLate(late)
				default:
					close(patience)
				}
				if err := <-looked; err != nil {
					t.Error(err)
				}
				if end == "it takes too long" {
					s.readLate(late)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// What was damaged before the start is met by whoever reads it, or by Check;
// the start doesn't wait to find out.
func TestDamagedHashesReadLateAreReported(t *testing.T) {
	path, _ := filled(t)
	rewrite(t, path, func(tx *bbolt.Tx) error {
		r := newRun(newestRun(tx))
		b := tx.Bucket(r.hashes)
		key, stored := b.Cursor().First()
		stored = append([]byte(nil), stored...)
		stored[0] ^= 1
		return b.Put(append([]byte(nil), key...), stored)
	})
	opt := lazyAt(path)
	opt.limits.early = -1
	s := open(t, opt)
	<-s.sieved
	if !s.Stats().Damaged {
		t.Error("the figures don't tell of damage")
	}
	if err := s.Check(t.Context()); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("Check says %v", err)
	}
	for i := range 41 {
		if err := s.Update(t.Context(), putting(fmt.Sprintf("%x", i*i*7919), "another")); err != nil {
			t.Fatal(err)
		}
	}
	opt.limits.early = mib
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(opt); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("a start that does wait says %v", err)
	}
}

func newestRun(tx *bbolt.Tx) runName {
	runs, err := findRuns(tx, nil)
	if err != nil || len(runs) == 0 {
		panic(fmt.Sprint("no runs: ", err))
	}
	return runs[0].runName
}

// A merge takes memory for what it makes, and gives up that of what it has
// taken.
func TestSieveKnowsEachKeyByItsStretch(t *testing.T) {
	const keys = 3 * partHashes
	key := func(i int) []byte { return fmt.Appendf(nil, "\x01%08d", i) }
	s, n := newSieve(keys), 0
	for n < keys {
		var rows []row
		for range 10 {
			var r row
			for range 700 {
				r.last = key(n)
				h := hashOf(r.last)
				r.hashes = append(r.hashes, byte(h>>24), byte(h>>16), byte(h>>8), byte(h))
				n++
			}
			rows = append(rows, r)
		}
		s = s.grown(rows)
	}
	if len(s.parts) < 3 || s.hashes() != n {
		t.Fatalf("%d parts with %d hashes, want %d", len(s.parts), s.hashes(), n)
	}
	for cut := range len(s.parts) {
		from := 0
		if cut > 0 {
			if _, err := fmt.Sscanf(string(s.parts[cut-1].last[1:]), "%d", &from); err != nil {
				t.Fatal(err)
			}
			from++
		}
		left := s.cut(key(from))
		if len(left.parts) != len(s.parts)-cut {
			t.Errorf("after a cut before key %d there are %d parts of %d", from, len(left.parts), len(s.parts))
		}
		for i := from; i < n; i += 131 {
			k := key(i)
			if !left.has(k, hashOf(k)) {
				t.Fatalf("key %d is forgotten after a cut before %d", i, from)
			}
		}
	}
	if past := key(n); s.has(past, hashOf(past)) {
		t.Error("what lies behind all keys may be there")
	}
}
