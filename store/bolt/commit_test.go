package bolt

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"

	"penstock/store"
)

// fatal makes a store whose OnFatal counts instead of ending the process.
func fatal(t *testing.T) (s *Store, calls *[]error) {
	calls = new([]error)
	opt := at(newPath(t))
	opt.OnFatal = func(err error) { *calls = append(*calls, err) }
	return open(t, opt), calls
}

// wantDead says that the store refuses everything, after one call of OnFatal.
func wantDead(t *testing.T, s *Store, calls []error) {
	t.Helper()
	if len(calls) != 1 || !errors.Is(calls[0], store.ErrCommitUnknown) {
		t.Errorf("OnFatal was called with %v, want one %v", calls, store.ErrCommitUnknown)
	}
	for call, err := range map[string]error{
		"Update":   s.Update(t.Context(), putting("k", "v")),
		"View":     s.View(t.Context(), func(store.Tx) error { return nil }),
		"Snapshot": s.Snapshot(t.Context(), io.Discard),
		"Check":    s.Check(t.Context()),
		"Fence":    s.Fence(),
	} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s after an unknown commit: %v, want %v", call, err, store.ErrClosed)
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// The fsync of the meta page fails: bbolt reports an error of a transaction
// that is there after a restart.
func TestErrorAfterCommitIsUnknown(t *testing.T) {
	s, calls := fatal(t)
	s.commit = func(tx *bbolt.Tx) error { return errors.Join(tx.Commit(), syscall.EIO) }
	got := together(t, s, putting("a", "1"), func(store.Tx) error { return errPurpose }, putting("b", "2"))
	for i, err := range got {
		if !errors.Is(err, store.ErrCommitUnknown) || !errors.Is(err, syscall.EIO) {
			t.Errorf("caller %d got %v, want %v", i, err, store.ErrCommitUnknown)
		}
	}
	wantDead(t, s, *calls)
	if got, want := all(t, open(t, s.opt)), "a=1 b=2 "; got != want {
		t.Errorf("a new process reads %q, want %q", got, want)
	}
}

// A full device reported after the meta page was written is no plain error.
func TestFullDeviceAfterCommitIsUnknown(t *testing.T) {
	s, calls := fatal(t)
	s.commit = func(tx *bbolt.Tx) error { return errors.Join(tx.Commit(), syscall.ENOSPC) }
	if err := s.Update(t.Context(), putting("a", "1")); !errors.Is(err, store.ErrCommitUnknown) {
		t.Errorf("got %v, want %v", err, store.ErrCommitUnknown)
	}
	wantDead(t, s, *calls)
}

// bbolt's own commit fails, because its file is gone from under it.
func TestFailedWriteIsUnknown(t *testing.T) {
	s, calls := fatal(t)
	if err := s.Update(t.Context(), putting("a", "1")); err != nil {
		t.Fatal(err)
	}
	s.commit = func(tx *bbolt.Tx) error {
		reopened := readOnly(t, s.opt.Path) // pwrite on the descriptor fails from here on
		defer reopened()
		return tx.Commit()
	}
	if err := s.Update(t.Context(), putting("b", "2")); !errors.Is(err, store.ErrCommitUnknown) || !errors.Is(err, syscall.EBADF) {
		t.Errorf("got %v, want %v", err, store.ErrCommitUnknown)
	}
	wantDead(t, s, *calls)
	if got, want := all(t, open(t, s.opt)), "a=1 "; got != want {
		t.Errorf("a new process reads %q, want %q", got, want)
	}
}

// readOnly puts a descriptor that can't be written to in the place of the one
// that has path open, until the function returned is called.
func readOnly(t *testing.T, path string) (restore func()) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if name, _ := os.Readlink("/proc/self/fd/" + fd.Name()); name != path {
			continue
		}
		var n int
		if _, err := fmt.Sscan(fd.Name(), &n); err != nil {
			t.Fatal(err)
		}
		kept, err := syscall.Dup(n)
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(syscall.Dup3(int(f.Fd()), n, syscall.O_CLOEXEC), f.Close()); err != nil {
			t.Fatal(err)
		}
		return func() {
			if err := errors.Join(syscall.Dup3(kept, n, syscall.O_CLOEXEC), syscall.Close(kept)); err != nil {
				t.Error(err)
			}
		}
	}
	t.Fatalf("no descriptor has %s open", path)
	return nil
}

// fill puts big values until one is refused, and returns how many went in.
func fill(t *testing.T, s *Store) (n int) {
	t.Helper()
	for ; n < 200; n++ {
		err := s.Update(t.Context(), func(tx store.Tx) error {
			return tx.Put("big", fmt.Appendf(nil, "%06d", n), make([]byte, store.MaxValue))
		})
		if errors.Is(err, store.ErrFull) {
			return n
		}
		if err != nil {
			t.Fatalf("value %d: %v, want %v in the end", n, err, store.ErrFull)
		}
	}
	t.Fatal("the store was never full")
	return 0
}

// fullStory holds for whatever ends the room: what was acknowledged is there,
// what was refused isn't, the store goes on, and room comes back.
func fullStory(t *testing.T, s *Store) {
	t.Helper()
	if s.LowSpace() {
		t.Error("an empty store says that room is short")
	}
	n := fill(t, s)
	if !s.LowSpace() {
		t.Errorf("a full store says that there is room: %+v", s.Stats())
	}
	big := func(tx store.Tx) error { return tx.Put("big", []byte("refused"), make([]byte, store.MaxValue)) }
	// In one batch with what doesn't fit, what makes room must still go in.
	got := together(t, s, big, func(tx store.Tx) error {
		return errors.Join(tx.Delete("big", []byte("000000")), tx.Delete("big", []byte("000001")))
	}, func(tx store.Tx) error { return errPurpose })
	if !errors.Is(got[0], store.ErrFull) || got[1] != nil || !errors.Is(got[2], errPurpose) {
		t.Errorf("the batch ended %v, want %v, nil, %v", got, store.ErrFull, errPurpose)
	}
	if err := s.Update(t.Context(), putting("small", "fits")); err != nil {
		t.Errorf("after making room: %v", err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	path := s.opt.Path
	s = harness.Reopen(t, s).(*Store)
	err := s.View(t.Context(), func(tx store.Tx) error {
		pairs, err := tx.Scan("big", nil, nil, 1000, false)
		if len(pairs) != n-2 {
			t.Errorf("%s holds %d values, %d were acknowledged and 2 deleted", path, len(pairs), n)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestMaxSizeIsAPlainRefusal(t *testing.T) {
	opt := at(newPath(t))
	opt.MaxSize, opt.MinFree = leastMaxSize, 16*mib // free pages lie in pieces, in another order each time
	s := open(t, opt)
	fullStory(t, s)
	info, err := os.Stat(opt.Path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > leastMaxSize {
		t.Errorf("the file has %d bytes, MaxSize is %d", info.Size(), leastMaxSize)
	}
}

func TestFullDeviceIsAPlainRefusal(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=24m"); err != nil {
		t.Skipf("a small file system needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	opt := at(filepath.Join(dir, "store.db"))
	opt.MinFree = 4 * mib
	opt.OnFatal = func(err error) { t.Errorf("fatal: %v", err) }
	fullStory(t, open(t, opt))
}

func TestErrorsNameNoValues(t *testing.T) {
	s := open(t, at(newPath(t)))
	const secret = "4111111111111111"
	err := s.Update(t.Context(), func(tx store.Tx) error {
		long := []byte(strings.Repeat(secret, store.MaxKey))
		_, get := tx.Get("b", long)
		return errors.Join(get, tx.Put("b", long, nil), tx.Put("b", []byte(secret), append(long, make([]byte, store.MaxValue)...)))
	})
	if err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("the refusal is %v", err)
	}
}
