package cli

import (
	"os"
	"syscall"
)

// syncData brings what was written to f to the disk, as bbolt does it.
func syncData(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }
