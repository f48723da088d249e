package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"penstock/store"
)

// maxOpen is how many segments are kept open to be read.
const maxOpen = 64

// Dir is a shelf in a directory, which it makes when it first appends.
type Dir struct {
	path string

	mu   sync.RWMutex
	open map[ID]*os.File // to be read

	appends sync.Mutex // apart, so that no reader waits for a disk's sync
	end     int64      // of the segment that is being written
	last    ID         // that segment
	writes  *os.File
	failed  bool // an append to it has failed
}

// NewDir is the shelf in the directory of that path.
func NewDir(path string) *Dir { return &Dir{path: path, open: map[ID]*os.File{}} }

// Path is the directory's.
func (d *Dir) Path() string { return d.path }

// Append implements Shelf. A segment is written by the Dir that made it, and by
// no other: so of two stores that were one once, neither adds to a segment of
// the other's.
func (d *Dir) Append(id ID, data []byte) (int64, error) {
	d.appends.Lock()
	defer d.appends.Unlock()
	if id != d.last {
		if err := d.begin(id); err != nil {
			return 0, err
		}
	}
	if d.failed {
		return 0, ErrAppend
	}
	if d.end+int64(len(data)) > MaxSegment {
		return 0, fmt.Errorf("archive: segment %s is full", id)
	}
	d.failed = true // until it has not
	if _, err := d.writes.WriteAt(data, d.end); err != nil {
		return 0, fmt.Errorf("write segment %s: %w", id, err)
	}
	if err := d.writes.Sync(); err != nil {
		return 0, fmt.Errorf("sync segment %s: %w", id, err)
	}
	d.failed = false
	at := d.end
	d.end += int64(len(data))
	return at, nil
}

// begin makes a new segment, whose name is durable when it returns.
func (d *Dir) begin(id ID) error {
	if err := os.Mkdir(d.path, 0o700); err == nil {
		if err := store.SyncDir(filepath.Dir(d.path)); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the archive's directory: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(d.path, id.String()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("make a segment: %w", err)
	}
	if err := store.SyncDir(d.path); err != nil {
		return errors.Join(err, f.Close())
	}
	if d.writes != nil {
		_ = d.writes.Close() // all of it is synced
	}
	d.writes, d.last, d.end, d.failed = f, id, 0, false
	return nil
}

// ReadAt implements Shelf.
func (d *Dir) ReadAt(id ID, p []byte, offset int64) error {
	d.mu.RLock()
	f := d.open[id]
	if f != nil {
		defer d.mu.RUnlock()
		return readAt(f, p, offset)
	}
	d.mu.RUnlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	if f = d.open[id]; f == nil {
		var err error
		f, err = os.Open(filepath.Join(d.path, id.String()))
		if errors.Is(err, fs.ErrNotExist) {
			return ErrMissing
		}
		if err != nil {
			return fmt.Errorf("open a segment: %w", err)
		}
		for other, old := range d.open {
			if len(d.open) < maxOpen {
				break
			}
			_ = old.Close() // only read
			delete(d.open, other)
		}
		d.open[id] = f
	}
	return readAt(f, p, offset)
}

func readAt(f *os.File, p []byte, offset int64) error {
	_, err := f.ReadAt(p, offset)
	if errors.Is(err, io.EOF) {
		return ErrMissing
	}
	if err != nil {
		return fmt.Errorf("read a segment: %w", err)
	}
	return nil
}

// List implements Shelf. What bears no segment's name is passed by.
func (d *Dir) List() (out []Segment, err error) {
	entries, err := os.ReadDir(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at the archive: %w", err)
	}
	for _, e := range entries {
		id, ok := ParseID(e.Name())
		if !ok || !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, fmt.Errorf("look at a segment: %w", err)
		}
		out = append(out, Segment{id, info.Size()})
	}
	return out, nil
}

// Close lets go of the files.
func (d *Dir) Close() error {
	d.appends.Lock()
	defer d.appends.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for id, f := range d.open {
		errs = append(errs, f.Close())
		delete(d.open, id)
	}
	if d.writes != nil {
		errs = append(errs, d.writes.Close())
		d.writes, d.last = nil, 0
	}
	return errors.Join(errs...)
}
