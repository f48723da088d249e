package store

import (
	"errors"
	"os"
)

// SyncDir makes durable which files a directory has, and under which names: a
// file that was made, renamed or removed is so after a loss of power only once
// its directory was synced. The error names the directory.
func SyncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
