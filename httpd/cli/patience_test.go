package cli

import (
	"context"
	"net/http"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait of these tests; they wait for events, and this
// only ends a test that would hang.
const patience = 60 * time.Second

// web is how tests call a server: like http.DefaultClient, which has all the
// time in the world.
var web = &http.Client{Timeout: patience}

// soon waits for what comes out of a channel.
func soon[T any](t testing.TB, what string, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(patience):
		t.Fatalf("waited too long until %s", what)
	}
	return v
}

// all is closed once everybody in the group is done.
func all(group *sync.WaitGroup) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	return done
}

// finish waits until the clients have all that they asked for. That takes as
// long as it takes; but a minute in which nobody gets an answer is too long.
func (c *crash) finish(clients *sync.WaitGroup) {
	c.t.Helper()
	done := all(clients)
	for before := int64(-1); ; {
		now := c.acks.Load()
		if now == before {
			c.t.Fatalf("%d payouts were acknowledged, and none more in %v\n%s", now, patience, c.server.text())
		}
		before = now
		select {
		case <-done:
			return
		case <-time.After(patience):
		}
	}
}

// bounded is a command that is killed if it takes too long, and whose output
// is waited for no longer, whoever holds its other end.
func bounded(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 2*patience)
	t.Cleanup(stop)
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	return cmd
}
