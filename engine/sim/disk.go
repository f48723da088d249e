package sim

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"penstock/engine"
	"penstock/store"
	"penstock/store/bolt"
	"penstock/store/mem"
)

// Disk is what a world's store lies on: store/mem, or the product's own file
// for bugs that are of it.
type Disk interface {
	store.Store
	store.Snapshotter
}

// onFile is a store in a file of a directory of its own.
type onFile struct {
	*bolt.Store
	dir string
}

// newDisk is an empty one.
func newDisk(b Break) (Disk, error) {
	if !b.OnFile {
		return mem.New(mem.Options{ManualSync: b.Unsynced}), nil
	}
	dir, err := os.MkdirTemp("", "penstock-world-*")
	if err != nil {
		return nil, err
	}
	return openFile(b, dir)
}

func openFile(b Break, dir string) (Disk, error) {
	s, err := bolt.OpenFaulty(bolt.Options{Path: filepath.Join(dir, "store"), Ordered: engine.Ordered(), Lazy: engine.Lazy(), MinFree: 1, AllowAnyFS: true}, b.Lazy)
	if err != nil {
		return nil, fmt.Errorf("open the world's file: %w", errors.Join(err, os.RemoveAll(dir)))
	}
	return onFile{s, dir}, nil
}

// cutPower leaves on the disks what was synced. A file has nothing else: each
// of its commits is.
func (w *World) cutPower() (err error) {
	w.Keys = w.Keys.PowerCut()
	w.Shelf.PowerCut()
	switch d := w.Disk.(type) {
	case *mem.Store:
		w.Disk = d.PowerCut()
	case onFile:
		if err = d.Store.Close(); err == nil {
			w.Disk, err = openFile(w.Break, d.dir)
		}
	}
	return err
}

// layBack puts an older copy of the store in its place.
func (w *World) layBack(backup []byte) (err error) {
	d, ok := w.Disk.(onFile)
	if !ok {
		w.Disk, err = mem.Load(mem.Options{ManualSync: w.Break.Unsynced}, bytes.NewReader(backup))
		return err
	}
	if err := errors.Join(d.Store.Close(), os.WriteFile(filepath.Join(d.dir, "store"), backup, 0o600)); err != nil {
		return err
	}
	w.Disk, err = openFile(w.Break, d.dir)
	return err
}

// Close ends the world and removes what it left on the machine's own disk.
func (w *World) Close() error {
	d, ok := w.Disk.(onFile)
	if !ok {
		return nil
	}
	return errors.Join(d.Store.Close(), os.RemoveAll(d.dir))
}
