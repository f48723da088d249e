package engine

import (
	"testing"
	"time"
)

// TestAWaitForTheMessageBeforeMovesFewRows: soon after both were written it is
// short, and however long a receiver hangs, it grows by half until a second.
func TestAWaitForTheMessageBeforeMovesFewRows(t *testing.T) {
	moves, waited := 0, time.Duration(0)
	for ; waited < time.Minute; moves++ {
		next := untilNext(waited)
		if next <= 0 || next > time.Second || waited <= 10*time.Millisecond && next > 5*time.Millisecond {
			t.Fatalf("after %v it waits %v more", waited, next)
		}
		waited += next
	}
	if moves > 75 {
		t.Errorf("%d rows moved in a minute", moves)
	}
	if got := untilNext(-time.Hour); got <= 0 || got > time.Second {
		t.Errorf("after the clock was set back: %v", got)
	}
}
