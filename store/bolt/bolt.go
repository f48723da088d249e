// Package bolt is penstock's store for production: go.etcd.io/bbolt behind a
// group commit. It is the only package that may import bbolt, and it is for
// Linux.
//
// What holds after a crash: everything that a successful Update wrote is in
// the file, fsynced before Update returned; nothing of an Update that returned
// an error or panicked is. The exception is store.ErrCommitUnknown, after
// which the process has to end: see Options.OnFatal.
//
// bbolt does not checksum its pages, so each value carries a checksum of its
// own over bucket, key and value, verified at each read. An I/O error or a
// truncation under the memory map kills the process with a signal; that is
// accepted as fail-stop.
//
// View must not outlive its purpose: while it runs, no page it could see is
// reused and the file grows.
package bolt

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"

	"go.etcd.io/bbolt"

	"penstock/store"
)

// Store implements store.Store, store.Snapshotter, store.Spacer and
// store.Fencer. Its zero value is of no use; see Open.
type Store struct {
	opt   Options
	db    *bbolt.DB
	file  os.FileInfo // of the file that was opened, for Fence
	lock  *lock
	pages file // the same, to read ahead of bbolt

	gate   sync.RWMutex // held for reading while an Update queues
	closed bool         // under gate: no Update may queue any more
	// dead is set by Close and by a failed commit, and refuses everything.
	dead atomic.Bool

	queue   chan *request
	answers answers
	work    chan *batch   // from the writer to the committer
	said    chan word     // and back
	done    chan struct{} // closed when both have ended
	// swamped is set by the committer while lazy buckets can take no more.
	swamped atomic.Bool
	// commit is bbolt's. Tests put a failing one in its place, because no test
	// can make the fsync of the meta page fail on a sound disk.
	commit func(*bbolt.Tx) error

	lazy     map[string]byte // numbers of the lazy buckets
	versions versions
	sieved   chan struct{} // closed when all runs have their sieves

	space space
	stats counters

	closing  sync.Once
	closeErr error
}

var (
	_ store.Snapshotter = (*Store)(nil)
	_ store.Spacer      = (*Store)(nil)
	_ store.Fencer      = (*Store)(nil)
)

// Close implements store.Store: Updates already queued are committed, later
// ones get store.ErrClosed, and running Views are waited for.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.gate.Lock()
		s.closed = true
		close(s.queue)
		s.gate.Unlock()
		<-s.done
		s.dead.Store(true)
		<-s.sieved
		s.closeErr = errors.Join(s.db.Close(), s.lock.release())
	})
	return s.closeErr
}
