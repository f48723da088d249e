package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"penstock/store"
)

// ErrFormat says that the file is not a penstock store, or one of a newer
// penstock.
var ErrFormat = errors.New("bolt: not a store of this version")

// The version of the layout inside the file. Of plainFormat are the buckets'
// prefix and the checksum behind each value; lazyFormat adds the lazy buckets,
// which some files don't have.
const (
	plainFormat = 1
	lazyFormat  = 2
)

// metaBucket holds what concerns the file as a whole. The buckets of callers
// all have dataPrefix before their names, so none can collide with it.
const (
	metaBucket = "meta"
	dataPrefix = "data/"
)

var formatKey = []byte("format")

// Open opens the store at opt.Path, and creates it if there is none. It
// returns store.ErrLocked while another process holds it, ErrFormat for a file
// that it doesn't know, store.ErrCorrupt for one that is damaged.
func Open(opt Options) (*Store, error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if !opt.AllowAnyFS {
		if err := checkFilesystem(filepath.Dir(opt.Path)); err != nil {
			return nil, fmt.Errorf("open store: %w", err)
		}
	}
	l, err := acquire(opt.LockPath)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s, err := openLocked(opt, l)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", opt.Path, errors.Join(err, l.release()))
	}
	return s, nil
}

func openLocked(opt Options, l *lock) (*Store, error) {
	info, err := os.Stat(opt.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := create(opt); err != nil {
			return nil, fmt.Errorf("create: %w", err)
		}
	case err != nil:
		return nil, err
	case info.Size() == 0:
		// bbolt would fill it in place, which a power cut can spoil; and an empty
		// file where a store was is a loss that must not pass in silence.
		return nil, fmt.Errorf("%w: the file is empty", ErrFormat)
	}
	s := &Store{
		opt: opt, lock: l,
		queue: make(chan *request, defaultMaxBatch), work: make(chan *batch, 1), said: make(chan word, 2), done: make(chan struct{}), sieved: make(chan struct{}),
		commit: (*bbolt.Tx).Commit,
	}
	var opened *os.File
	if s.db, err = openFile(opt, opt.Path, &opened); err != nil {
		return nil, err
	}
	s.pages = file{opened, s.db.Info().PageSize}
	c := &committer{store: s}
	if s.file, err = opened.Stat(); err == nil {
		err = unlessDamaged(func() error { return s.db.View(s.checkWhole) })
	}
	if err == nil {
		err = harden(opened, s.pages.page)
	}
	if err == nil {
		err = unlessDamaged(func() error { return s.openLazy(c) })
	}
	if err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	s.refreshSpace()
	go newWriter(s).run()
	go c.run()
	return s, nil
}

// checkWhole refuses a file that ends before its last page: whoever came to read
// behind the end would take the process down, maybe much later.
func (s *Store) checkWhole(tx *bbolt.Tx) error {
	if is, has := s.file.Size(), tx.Size(); is < has {
		return fmt.Errorf("%w: the file is %d bytes long and was %d", store.ErrCorrupt, is, has)
	}
	return checkFormat(tx)
}

// unlessDamaged does something with a file that may be damaged. What makes bbolt
// panic or touch memory behind the end of the file comes back as store.ErrCorrupt.
func unlessDamaged(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", store.ErrCorrupt, r)
		}
	}()
	return do()
}

// openFile opens a bbolt file, of which that reads the meta pages and the list of
// free pages alone.
func openFile(opt Options, path string, file **os.File) (db *bbolt.DB, err error) {
	options := &bbolt.Options{
		Timeout:         time.Second,
		FreelistType:    bbolt.FreelistMapType,
		PageSize:        pageSize,
		MaxSize:         int(opt.MaxSize),
		InitialMmapSize: mapSize(path, opt.MaxSize),
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			f, err := os.OpenFile(name, flag, mode)
			*file = f
			return f, err
		},
	}
	err = unlessDamaged(func() (err error) {
		db, err = bbolt.Open(path, 0o600, options)
		return err
	})
	switch {
	case errors.Is(err, store.ErrCorrupt) && *file != nil: // the lost map keeps the lock beyond the closing
		return nil, errors.Join(err, syscall.Flock(int((*file).Fd()), syscall.LOCK_UN), (*file).Close())
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("%w: its file is locked, though nobody holds %s", store.ErrLocked, opt.LockPath)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	case errors.Is(err, bolterrors.ErrChecksum):
		return nil, fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	return db, err
}

// mapSize reserves address space for a file to double, within its bound.
func mapSize(path string, maxSize int64) int {
	var size int64
	if info, err := os.Stat(path); err == nil {
		size = info.Size()
	}
	return int(min(max(leastMap, 2*size), max(maxSize, size)))
}

// create makes the file under a temporary name, checks it and renames it, so
// that a power cut leaves a whole store or none.
func create(opt Options) error {
	temp := opt.Path + ".new"
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var file *os.File
	db, err := openFile(opt, temp, &file)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte(metaBucket))
		if err != nil {
			return err
		}
		return b.Put(formatKey, strconv.AppendInt(nil, plainFormat, 10))
	})
	if err == nil {
		err = checkStructure(db)
	}
	if err == nil {
		err = file.Sync() // bbolt's own is fdatasync
	}
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp, opt.Path); err != nil {
		return err
	}
	return store.SyncDir(filepath.Dir(opt.Path))
}

// harden makes durable what can be read. The process before this one may have
// ended because the fsync of a meta page failed: the system then shows the page
// though the disk doesn't have it, and no later fsync writes it. Whoever acted
// on what it shows would lose that with the power. So both meta pages, which
// come first in the file, are written once more; what they refer to was synced
// before them. That needs no room on a full disk.
func harden(file *os.File, pageSize int) error {
	pages := make([]byte, 2*pageSize)
	if _, err := file.ReadAt(pages, 0); err != nil {
		return fmt.Errorf("read the meta pages: %w", err)
	}
	if _, err := file.WriteAt(pages, 0); err != nil {
		return fmt.Errorf("write the meta pages again: %w", err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("sync the meta pages: %w", err)
	}
	return nil
}

func checkFormat(tx *bbolt.Tx) error {
	b := tx.Bucket([]byte(metaBucket))
	if b == nil {
		return fmt.Errorf("%w: it is another program's file", ErrFormat)
	}
	v := b.Get(formatKey)
	got, err := strconv.Atoi(string(v))
	if err != nil || got < 1 {
		return fmt.Errorf("%w: its format is %q", ErrFormat, v)
	}
	if got > lazyFormat {
		return fmt.Errorf("%w: its format is %d, this penstock knows up to %d", ErrFormat, got, lazyFormat)
	}
	return nil
}
