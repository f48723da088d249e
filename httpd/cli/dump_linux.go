package cli

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// forbidDumps keeps the memory of this process, which holds keys and accounts,
// from being written to a core file or read by another process of the same
// user (prctl(2), PR_SET_DUMPABLE), also where nobody has set LimitCORE=0.
// Root can still read it.
func forbidDumps() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("forbid core dumps: %w", err)
	}
	return nil
}
