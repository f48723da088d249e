package bolt

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"

	"penstock/store"
)

// lock is an flock on a file beside the store. bbolt's own lock is on the
// store's inode, which lets a second process in as soon as the file is
// renamed or removed; this one stays where it is.
type lock struct {
	file *os.File
	info os.FileInfo
}

// acquire takes the lock at once or returns store.ErrLocked.
func acquire(path string) (*lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	l := &lock{file: f}
	if err := l.take(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return l, nil
}

func (l *lock) take() error {
	err := syscall.Flock(int(l.file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("%w: already running as pid %s (lock %s)", store.ErrLocked, l.holder(), l.file.Name())
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", l.file.Name(), err)
	}
	if l.info, err = l.file.Stat(); err != nil {
		return fmt.Errorf("stat lock: %w", err)
	}
	if err := l.file.Truncate(0); err != nil {
		return fmt.Errorf("write pid: %w", err)
	}
	if _, err := l.file.WriteAt(strconv.AppendInt(nil, int64(os.Getpid()), 10), 0); err != nil {
		return fmt.Errorf("write pid: %w", err)
	}
	return nil
}

// holder is the pid that the holder wrote, for a message only.
func (l *lock) holder() string {
	b, err := io.ReadAll(io.LimitReader(l.file, 20))
	pid := strings.TrimSpace(string(b))
	if _, bad := strconv.Atoi(pid); err != nil || bad != nil {
		return "unknown"
	}
	return pid
}

// release lets go. The file stays: removing it would let two processes lock
// two files of the same name.
func (l *lock) release() error {
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("release lock: %w", err)
	}
	return nil
}

// Fence implements store.Fencer: the store's path and its lock's path must
// still name what was opened. It costs two system calls.
func (s *Store) Fence() error {
	if s.dead.Load() {
		return store.ErrClosed
	}
	for _, f := range []struct {
		path string
		info os.FileInfo
	}{{s.opt.Path, s.file}, {s.opt.LockPath, s.lock.info}} {
		now, err := os.Stat(f.path)
		if err != nil {
			return fmt.Errorf("%w: %w", store.ErrReplaced, err)
		}
		if !os.SameFile(now, f.info) {
			return fmt.Errorf("%w: %s is another file now", store.ErrReplaced, f.path)
		}
	}
	return nil
}
