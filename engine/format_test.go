package engine_test

import (
	"strings"
	"testing"

	"penstock/engine/sim"
	"penstock/store"
)

// Records that this version can't read are never opened and half understood.
func TestAStoreOfAnotherFormatIsRefused(t *testing.T) {
	for format, want := range map[byte]string{1: "init a new directory", 7: "use a newer penstock"} {
		w, err := sim.New(sim.Config{Seed: 1})
		must(t, err)
		must(t, w.Disk.Update(w.Ctx, func(tx store.Tx) error { return tx.Put("meta", []byte("format"), []byte{format}) }))
		if err := w.Crash(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("format %d: %v, want %q", format, err, want)
		}
	}
}

// An older format that this version knows is opened and becomes its own, with an
// archive if it had one.
func TestAStoreOfAFormatBeforeIsTakenOver(t *testing.T) {
	for was, want := range map[byte]byte{2: 5, 3: 5, 4: 6, 5: 5, 6: 6} {
		w, err := sim.New(sim.Config{Seed: 1})
		must(t, err)
		must(t, w.Disk.Update(w.Ctx, func(tx store.Tx) error { return tx.Put("meta", []byte("format"), []byte{was}) }))
		must(t, w.Crash())
		must(t, w.Disk.View(w.Ctx, func(tx store.Tx) error {
			if got, err := tx.Get("meta", []byte("format")); err != nil || len(got) != 1 || got[0] != want {
				t.Errorf("format %d has become %v, %v; want %d", was, got, err, want)
			}
			return nil
		}))
	}
}
