package mem

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"penstock/store"
)

func put(t *testing.T, s *Store, key, value string) {
	t.Helper()
	err := s.Update(context.Background(), func(tx store.Tx) error {
		return tx.Put("b", []byte(key), []byte(value))
	})
	if err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
}

func get(t *testing.T, s *Store, key string) string {
	t.Helper()
	var got string
	err := s.View(context.Background(), func(tx store.Tx) error {
		v, err := tx.Get("b", []byte(key))
		got = string(v)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return "(none)"
	}
	if err != nil {
		t.Fatalf("get %q: %v", key, err)
	}
	return got
}

func TestPowerCutLeavesWhatWasSynced(t *testing.T) {
	s := New(Options{ManualSync: true})
	put(t, s, "k", "synced")
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	put(t, s, "k", "committed")
	put(t, s, "other", "committed")

	s = s.Reopen() // the process died; the page cache lives
	if got, want := get(t, s, "k"), "committed"; got != want {
		t.Errorf("after Reopen k = %q, want %q", got, want)
	}
	s = s.PowerCut()
	if got, want := get(t, s, "k"), "synced"; got != want {
		t.Errorf("after PowerCut k = %q, want %q", got, want)
	}
	if got, want := get(t, s, "other"), "(none)"; got != want {
		t.Errorf("after PowerCut other = %q, want %q", got, want)
	}
}

func TestEachUpdateIsDurableByDefault(t *testing.T) {
	s := New(Options{})
	put(t, s, "k", "v")
	s = s.PowerCut()
	if got, want := get(t, s, "k"), "v"; got != want {
		t.Errorf("after PowerCut k = %q, want %q", got, want)
	}
}

func TestCutStoreIsClosedAndApart(t *testing.T) {
	old := New(Options{})
	put(t, old, "k", "1")
	next := old.PowerCut()
	put(t, next, "k", "2")
	err := old.View(context.Background(), func(store.Tx) error { return nil })
	if !errors.Is(err, store.ErrClosed) {
		t.Errorf("View on the cut store: %v, want %v", err, store.ErrClosed)
	}
	if err := old.Sync(); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Sync on the cut store: %v, want %v", err, store.ErrClosed)
	}
	again := old.PowerCut() // a second look at the same disk
	if got, want := get(t, again, "k"), "1"; got != want {
		t.Errorf("the old disk says k = %q, want %q", got, want)
	}
}

func TestLoadRefusesDamage(t *testing.T) {
	s := New(Options{})
	put(t, s, "k", "v")
	put(t, s, "other", "")
	var b bytes.Buffer
	if err := s.Snapshot(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 0x10
		if _, err := Load(Options{}, bytes.NewReader(damaged)); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("byte %d flipped: %v, want %v", i, err, store.ErrCorrupt)
		}
		if _, err := Load(Options{}, bytes.NewReader(whole[:i])); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("cut to %d bytes: %v, want %v", i, err, store.ErrCorrupt)
		}
	}
	next, err := Load(Options{}, bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := get(t, next, "k"), "v"; got != want {
		t.Errorf("loaded k = %q, want %q", got, want)
	}
}
