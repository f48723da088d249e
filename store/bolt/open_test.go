package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"penstock/store"
)

func TestSecondProcessIsRefused(t *testing.T) {
	s := open(t, at(newPath(t)))
	path := s.opt.Path
	refused := func(when string) {
		t.Helper()
		_, err := Open(at(path))
		if !errors.Is(err, store.ErrLocked) {
			t.Fatalf("%s: %v, want %v", when, err, store.ErrLocked)
		}
		if want := "already running as pid " + strconv.Itoa(os.Getpid()); !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q doesn't say %q", when, err, want)
		}
	}
	refused("while the store is open")
	if err := s.Fence(); err != nil {
		t.Errorf("Fence of a sound store: %v", err)
	}
	if err := os.Rename(path, path+".moved"); err != nil {
		t.Fatal(err)
	}
	refused("after its file was renamed")
	wantReplaced(t, s, "renamed")
	copyFile(t, path+".moved", path)
	refused("after its file was replaced by a copy")
	wantReplaced(t, s, "replaced by a copy")
	if err := errors.Join(os.Remove(path), os.Rename(path+".moved", path)); err != nil {
		t.Fatal(err)
	}
	if err := s.Fence(); err != nil {
		t.Errorf("Fence after the file came back: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, at(path))
	if err := again.Update(t.Context(), putting("k", "v")); err != nil {
		t.Error(err)
	}
}

func wantReplaced(t *testing.T, s *Store, how string) {
	t.Helper()
	if err := s.Fence(); !errors.Is(err, store.ErrReplaced) {
		t.Errorf("Fence after the file was %s: %v, want %v", how, err, store.ErrReplaced)
	}
}

// Without the lock's file a second process could come in, so the first stops.
func TestFenceSeesALostLock(t *testing.T) {
	s := open(t, at(newPath(t)))
	if err := os.Remove(s.opt.LockPath); err != nil {
		t.Fatal(err)
	}
	wantReplaced(t, s, "robbed of its lock")
	if err := os.WriteFile(s.opt.LockPath, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantReplaced(t, s, "given another lock")
	// bbolt's own lock is the second line.
	if _, err := Open(s.opt); !errors.Is(err, store.ErrLocked) {
		t.Errorf("a second process without the lock: %v, want %v", err, store.ErrLocked)
	}
}

// rewrite changes a closed store by bbolt itself.
func rewrite(t *testing.T, path string, change func(tx *bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(change), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyOwnFormatIsOpened(t *testing.T) {
	for name, c := range map[string]struct {
		make func(t *testing.T, path string)
		want error
	}{
		"empty file":   {func(t *testing.T, p string) { writeFile(t, p, nil) }, ErrFormat},
		"text":         {func(t *testing.T, p string) { writeFile(t, p, bytes.Repeat([]byte("text\n"), 20_000)) }, ErrFormat},
		"another bolt": {func(t *testing.T, p string) { rewrite(t, p, func(*bbolt.Tx) error { return nil }) }, ErrFormat},
		"newer": {func(t *testing.T, p string) {
			made(t, p)
			rewrite(t, p, func(tx *bbolt.Tx) error { return tx.Bucket([]byte(metaBucket)).Put(formatKey, []byte("3")) })
		}, ErrFormat},
		"no format": {func(t *testing.T, p string) {
			made(t, p)
			rewrite(t, p, func(tx *bbolt.Tx) error { return tx.Bucket([]byte(metaBucket)).Delete(formatKey) })
		}, ErrFormat},
		"truncated":           {func(t *testing.T, p string) { made(t, p); truncate(t, p, 3*pageSize) }, store.ErrCorrupt},
		"cut before its root": {cutBeforeRoot, store.ErrCorrupt},
		"cut before its last": {cutLast, store.ErrCorrupt},
		"cut short":           {func(t *testing.T, p string) { made(t, p); truncate(t, p, 100) }, ErrFormat},
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			c.make(t, path)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time nothing of the first may be in the way
				s, err := Open(at(path))
				if err == nil {
					err = s.Close()
				}
				if !errors.Is(err, c.want) {
					t.Errorf("Open: %v, want %v", err, c.want)
				}
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, before) {
				t.Errorf("the refused file was changed (%v)", err)
			}
		})
	}
}

func writeFile(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// made leaves a closed store with some pages.
func made(t *testing.T, path string) {
	t.Helper()
	s := open(t, at(path))
	for i := range 30 {
		if err := s.Update(t.Context(), putting(fmt.Sprint(i), strings.Repeat("v", 5000))); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

// cutBeforeRoot leaves a store of which the meta pages and the list of free pages
// are whole, and the first page that a reader looks at is behind the end.
func cutBeforeRoot(t *testing.T, path string) {
	t.Helper()
	made(t, path)
	for n := range 100 { // which of the two comes first in the file changes with each commit
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		root, free, _ := newestMeta(raw)
		if free < root {
			truncate(t, path, int64(root)*pageSize)
			return
		}
		s := open(t, at(path))
		if err := errors.Join(s.Update(t.Context(), putting(fmt.Sprint("again ", n), strings.Repeat("v", 100*n))), s.Close()); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("the list of free pages never comes before the root")
}

// newestMeta is what the file says of itself: the pages of its root and of the
// list of free pages, and how many pages there are.
func newestMeta(raw []byte) (root, free, pages uint64) {
	newest := uint64(0)
	for meta := range 2 { // magic 4, version 4, page size 4, flags 4, root 8 and 8, free pages 8, high water 8, transaction 8
		of := raw[meta*pageSize+16:]
		if tx := binary.LittleEndian.Uint64(of[48:]); tx >= newest {
			newest, root, free, pages = tx, binary.LittleEndian.Uint64(of[16:]), binary.LittleEndian.Uint64(of[32:]), binary.LittleEndian.Uint64(of[40:])
		}
	}
	return root, free, pages
}

// cutLast leaves a store without its last page, at which a start needn't look.
func cutLast(t *testing.T, path string) {
	t.Helper()
	made(t, path)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, _, pages := newestMeta(raw)
	truncate(t, path, int64(pages-1)*pageSize)
}

// A power cut while the store was being made leaves its temporary file.
func TestInterruptedCreationIsStartedAnew(t *testing.T) {
	path := newPath(t)
	writeFile(t, path+".new", []byte("half a store"))
	s := open(t, at(path))
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path + ".new"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the temporary file is still there: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the store's mode is %v (%v), want 0600", info.Mode(), err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "store.db")
	for want, opt := range map[string]Options{
		"path is empty":              {},
		"MinFree is -1 bytes":        {Path: path, MinFree: -1},
		"MaxSize is 1 bytes":         {Path: path, MaxSize: 1},
		"MaxBatch is -1":             {Path: path, MaxBatch: -1},
		"LockPath is the store's":    {Path: path, LockPath: path},
		"no such file or directory":  {Path: filepath.Join(dir, "absent", "store.db")},
		"store.db: is a directory":   {Path: makeDir(t, filepath.Join(dir, "d", "store.db"))},
		"store.lock: is a directory": {Path: path, LockPath: makeDir(t, filepath.Join(dir, "store.lock"))},
	} {
		s, err := Open(opt)
		if err == nil {
			err = s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%+v): %v, want %q", opt, err, want)
		}
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a refused Open left a file: %v", err)
	}
}

func makeDir(t *testing.T, path string) string {
	t.Helper()
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDoubtfulFilesystemsAreNamed(t *testing.T) {
	for magic, want := range map[int64]string{
		0x6969: "NFS", 0x65735546: "FUSE", -0xacb2be: "CIFS", // as a 32-bit system says 0xff534d42
		0xef53: "", 0x9123683e: "", 0x58465342: "", 0x01021994: "", // ext4, btrfs, XFS, tmpfs
	} {
		if got := Doubtful(magic); got != want {
			t.Errorf("file system %#x is %q, want %q", magic, got, want)
		}
	}
}
