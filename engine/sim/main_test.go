package sim

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain lets garbage lie longer than a server would: these tests are bound by
// the processor, and a fifth of it went into sweeping.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}
