//go:build linux

package faultfs

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// put writes text to a file at off; sync says whether durably.
func put(t *testing.T, path, text string, off int64, sync bool) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(text), off); err != nil {
		t.Fatal(err)
	}
	if sync {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func syncDir(t *testing.T, path string) {
	t.Helper()
	d, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		t.Fatal(err)
	}
}

func wantText(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s is %q (%v), want %q", filepath.Base(path), got, err, want)
	}
}

func wantNone(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: %v, want that it is not there", filepath.Base(path), err)
	}
}

// powerOn ends a cut and wants that there was one.
func powerOn(t *testing.T, m *Mount) {
	t.Helper()
	m.disk.Cut()
	<-m.disk.Gone()
	if _, err := os.ReadDir(m.Path); !errors.Is(err, syscall.EIO) {
		t.Errorf("without power a directory is read with %v, want %v", err, syscall.EIO)
	}
	if err := m.PowerOn(); err != nil {
		t.Fatal(err)
	}
}

func TestCutLosesWhatWasNotSynced(t *testing.T) {
	m := Need(t, New(Options{}))
	a, b, c, dir := m.Path+"/a", m.Path+"/b", m.Path+"/c", m.Path+"/dir"
	put(t, a, "first", 0, true)
	put(t, b, "named", 0, true)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	syncDir(t, m.Path)
	put(t, a, "later", 3, false)
	put(t, c, "synced, and its name is not", 0, true)
	put(t, dir+"/d", "nor is this one's", 0, true)
	if err := os.Rename(b, m.Path+"/moved"); err != nil {
		t.Fatal(err)
	}
	wantText(t, a, "firlater")
	wantText(t, m.Path+"/moved", "named")
	powerOn(t, m)
	wantText(t, a, "first")
	wantText(t, b, "named")
	for _, path := range []string{c, dir + "/d", m.Path + "/moved"} {
		wantNone(t, path)
	}
}

func TestLieLosesWhatWasSynced(t *testing.T) {
	m := Need(t, New(Options{LieAboutSync: true}))
	put(t, m.Path+"/a", "synced", 0, true)
	syncDir(t, m.Path)
	powerOn(t, m)
	wantNone(t, m.Path+"/a")
}

// TestFailedSync: with done the disk has it all the same; without it is lost
// for good, though it can be read and the next sync succeeds.
func TestFailedSync(t *testing.T) {
	for _, done := range []bool{true, false} {
		d := New(Options{})
		m := Need(t, d)
		a := m.Path + "/a"
		put(t, a, "first", 0, true)
		syncDir(t, m.Path)
		f, err := os.OpenFile(a, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		d.Fail(Sync, 1, syscall.EIO, done)
		if _, err := f.WriteAt([]byte("other"), 0); err != nil {
			t.Fatal(err)
		}
		if err := f.Sync(); !errors.Is(err, syscall.EIO) {
			t.Errorf("sync: %v, want %v", err, syscall.EIO)
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			t.Errorf("the next sync: %v", err)
		}
		wantText(t, a, "other")
		powerOn(t, m)
		want := "first"
		if done {
			want = "other"
		}
		wantText(t, a, want)
	}
}

func TestCutComesAtTheOperationNamed(t *testing.T) {
	d := New(Options{})
	m := Need(t, d)
	a := m.Path + "/a"
	put(t, a, "first", 0, true)
	syncDir(t, m.Path)
	d.CutAfter(2)
	put(t, a, "other", 0, false)
	f, err := os.Open(a)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); !errors.Is(err, syscall.EIO) {
		t.Errorf("the second operation: %v, want %v", err, syscall.EIO)
	}
	_ = f.Close() // the power is gone
	<-d.Gone()
	powerOn(t, m)
	wantText(t, a, "first")
}

// TestSurvivorsAreSome: between nothing and all, a disk keeps some pages.
func TestSurvivorsAreSome(t *testing.T) {
	m := Need(t, New(Options{Survive: 50, Seed: 3}))
	const pages = 64
	old, fresh := bytes.Repeat([]byte("o"), pageSize), bytes.Repeat([]byte("n"), pageSize)
	put(t, m.Path+"/a", string(bytes.Repeat(old, pages)), 0, true)
	syncDir(t, m.Path)
	put(t, m.Path+"/a", string(bytes.Repeat(fresh, pages)), 0, false)
	powerOn(t, m)
	got, err := os.ReadFile(m.Path + "/a")
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for page := range slices.Chunk(got, pageSize) {
		switch {
		case bytes.Equal(page, fresh):
			kept++
		case !bytes.Equal(page, old):
			t.Fatal("a page is neither the old one nor the new one")
		}
	}
	if kept == 0 || kept == pages {
		t.Errorf("%d of %d pages survived, want some", kept, pages)
	}
}

// TestFileIsAFile compares a file with a plain slice over random writes,
// changes of size, syncs and cuts.
func TestFileIsAFile(t *testing.T) {
	m := Need(t, New(Options{}))
	path := m.Path + "/a"
	put(t, path, "", 0, true)
	syncDir(t, m.Path)
	chance := rand.New(rand.NewPCG(1, 2))
	var now, disk []byte
	for range 60 {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			switch chance.IntN(6) {
			case 0:
				size := chance.IntN(5 * pageSize)
				err = f.Truncate(int64(size))
				now = append(bytes.Clone(now[:min(size, len(now))]), make([]byte, max(0, size-len(now)))...)
			case 1:
				err = f.Sync()
				disk = bytes.Clone(now)
			default:
				off, b := chance.IntN(5*pageSize), bytes.Repeat([]byte{byte(chance.Uint32())}, 1+chance.IntN(2*pageSize))
				_, err = f.WriteAt(b, int64(off))
				now = append(now, make([]byte, max(0, off+len(b)-len(now)))...)
				copy(now[off:], b)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, now) {
			t.Fatalf("a reader sees %d bytes (%v) that are not the %d written", len(got), err, len(now))
		}
		powerOn(t, m)
		now = bytes.Clone(disk)
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, disk) {
			t.Fatalf("after the cut there are %d bytes (%v) that are not the %d synced", len(got), err, len(disk))
		}
	}
}

func TestLoadAndSaveAreDurable(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	if err := os.Mkdir(from+"/dir", 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, from+"/dir/a", "text", 0, false)
	d := New(Options{})
	if err := d.Load(from); err != nil {
		t.Fatal(err)
	}
	d.Cut()
	d.Restore()
	if err := d.Save(to); err != nil {
		t.Fatal(err)
	}
	wantText(t, to+"/dir/a", "text")
}
