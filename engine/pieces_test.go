package engine

import (
	"context"
	"testing"
	"time"

	"penstock/store"
	"penstock/store/mem"
)

// A tick sorts so many requests and no more. Where more are made than that, what
// is committed rings for the next piece.
func TestWhatIsMadeFasterThanTicksSortIsRungFor(t *testing.T) {
	clock := &stoppedClock{}
	e := &Engine{Config: Config{Store: mem.New(mem.Options{}), Clock: clock}, bell: make(chan struct{}, 1)}
	e.pulse = newPulse(clock, 0)
	rung := func() bool {
		t.Helper()
		if err := e.update(t.Context(), func(store.Tx, time.Time) error { return nil }); err != nil {
			t.Fatal(err)
		}
		select {
		case <-e.bell:
			return true
		default:
			return false
		}
	}
	sort := func(n int) {
		t.Helper()
		clock.mono += sortPause
		e.sorting.scopes = []Scope{{"default", Test}}
		if err := e.inPieces(t.Context(), &e.sorting, func(context.Context, Scope, time.Time) (int, error) { return n, nil }); err != nil {
			t.Fatal(err)
		}
	}
	if rung() {
		t.Error("a commit that made nothing due rings")
	}
	if sort(sortPage); !rung() {
		t.Error("a piece left more behind, and nobody rings for it")
	}
	if sort(sortPage - 1); rung() {
		t.Error("nothing is left behind, and each commit rings")
	}
}

type stoppedClock struct{ mono time.Duration }

func (c *stoppedClock) Now() time.Time      { return time.Unix(1_800_000_000, 0).Add(c.mono) }
func (c *stoppedClock) Mono() time.Duration { return c.mono }
