//go:build unix

package sandbox

import (
	"fmt"
	"os"
	"syscall"
)

// lock keeps a second provider off the file until it is closed, or the
// process ends.
func lock(file *os.File) error {
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("%s is in use by another test provider: %w", file.Name(), err)
	}
	return nil
}
