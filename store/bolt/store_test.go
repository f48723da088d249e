package bolt

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"penstock/store"
	"penstock/store/storetest"
)

// open opens a store and checks its whole file before it is closed in the end.
func open(t testing.TB, opt Options) *Store {
	t.Helper()
	opt.MinFree = max(1, opt.MinFree)
	s, err := Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func at(path string) Options {
	return Options{Path: path, Ordered: []string{"b", "c"}}
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "store.db") }

var harness = harnessOf(at)

func harnessOf(at func(path string) Options) storetest.Harness {
	return storetest.Harness{
		Open: func(t testing.TB) store.Store { return open(t, at(newPath(t))) },
		Reopen: func(t testing.TB, s store.Store) store.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, s.(*Store).opt)
		},
		// The process dies: what is in the file now is all there is. TestKill does it
		// in earnest; losing the page cache as well takes a machine that can be cut.
		PowerCut: func(t testing.TB, s store.Store) store.Store {
			path := newPath(t)
			copyBetweenCommits(t, s.(*Store), path)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, at(path))
		},
		OpenCopy: func(t testing.TB, r io.Reader) store.Store {
			path := newPath(t)
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(f, r); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, at(path))
		},
		Check: func(t testing.TB, s store.Store) {
			if err := s.(*Store).Check(t.Context()); err != nil {
				t.Error(err)
			}
		},
	}
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// copyBetweenCommits copies a store's file as of one moment: a commit that goes on
// beside the copying, such as a merge's, would use pages again that the copied meta
// page speaks of.
func copyBetweenCommits(t testing.TB, s *Store, to string) {
	t.Helper()
	tx, err := s.db.Begin(true)
	if err != nil {
		t.Fatal(err)
	}
	copyFile(t, s.opt.Path, to)
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Test(t, harness)
}

// lazyAt makes all buckets of storetest lazy, but for one, and so little memory
// theirs that the smallest test writes tables out and merges runs.
func lazyAt(path string) Options {
	return Options{Path: path, Lazy: []string{"b", "c", "b\x00", "\x00", "\xff\xff"}, limits: limits{table: 1500, step: 700, runs: 2, early: mib}}
}

func TestLazyStore(t *testing.T) {
	t.Parallel()
	storetest.Test(t, harnessOf(lazyAt))
}

func BenchmarkStore(b *testing.B) { storetest.Bench(b, harness) }
