package cli

import (
	"testing"
	"time"
)

// TestForeignWorkIsToldApart has a machine on which three processors worked
// for ten seconds: half of one for the bench, one for the server.
func TestForeignWorkIsToldApart(t *testing.T) {
	at := time.Unix(1000, 0)
	from := benchCost{own: time.Second, all: time.Minute, at: at, server: benchServer{cpu: 7, seen: true}}
	to := benchCost{own: 6 * time.Second, all: time.Minute + 30*time.Second, at: at.Add(10 * time.Second), server: benchServer{cpu: 17, seen: true}}
	want := benchUse{own: .5, server: 1, foreign: 1.5, perRequest: 5 * time.Millisecond, serverPerRequest: 10 * time.Millisecond, known: true}
	if got := useBetween(from, to, 1000); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	to.server.seen = false
	if got := useBetween(from, to, 1000); got.known || got.foreign != 0 {
		t.Errorf("without the server's metrics: got %+v, want nothing of others", got)
	}
}
