package cli

import (
	"os"
	"runtime"
)

// spareProcessor lets one goroutine more run than there are processors, until
// what it returns is called. A read of the store that isn't in memory is a page
// fault, of which Go's scheduler knows nothing: the goroutine waits for the disk
// and holds a processor meanwhile. With two of them and a store larger than the
// memory that was a quarter of the rate. Whoever sets GOMAXPROCS decides alone.
func spareProcessor() (restore func()) {
	if os.Getenv("GOMAXPROCS") != "" {
		return func() {}
	}
	was := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(was + 1)
	return func() { runtime.GOMAXPROCS(was) }
}
