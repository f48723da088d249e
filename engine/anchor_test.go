package engine_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"testing"

	"penstock/engine"
	"penstock/store/mem"
)

// place is a second place that never fails.
type place struct{ head engine.Head }

func (p *place) Load() (engine.Head, error) { return p.head, nil }

func (p *place) Save(h engine.Head) error { p.head = h; return nil }

// TestASealedStartComparesItsAnchor: an appliance that starts sealed notices
// that its store was brought back, before anybody unseals it, and keeps its own
// head like any other.
func TestASealedStartComparesItsAnchor(t *testing.T) {
	at := &place{}
	s := newSafeAt(t, at)
	var copy bytes.Buffer
	must(t, s.records.Snapshot(s.ctx, &copy))
	first := at.head
	s.restart()
	if s.engine.Held() != "" || at.head.Epoch != first.Epoch+1 || at.head.Ring != first.Ring {
		t.Fatalf("sealed: held %q, head %+v after %+v", s.engine.Held(), at.head, first)
	}
	var err error
	s.records, err = mem.Load(mem.Options{}, &copy)
	must(t, err)
	s.restart()
	if s.engine.Held() == "" {
		t.Error("sealed, an older store is not on hold")
	}
	must(t, s.engine.Unseal(s.ctx, s.me, s.master))
	if s.engine.Held() == "" {
		t.Error("unsealed, an older store is not on hold")
	}
}

// TestAnotherAppliancesAnchorIsRefused, sealed or not: its head says nothing
// about this store.
func TestAnotherAppliancesAnchorIsRefused(t *testing.T) {
	at := &place{}
	s := newSafeAt(t, at)
	at.head.Ring = "another"
	for range 2 {
		_, err := engine.Open(s.ctx, engine.Config{Store: s.records, Locker: s.locker, Clock: s.clock, Anchor: at, Rand: rand.Reader, Transport: http.DefaultTransport, Log: slog.New(slog.DiscardHandler)})
		if !errors.Is(err, engine.ErrForeignAnchor) {
			t.Errorf("sealed %v: %v", s.locker.Status().Sealed, err)
		}
		s.locker.Close()
	}
}
