package bolt

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"penstock/store"
)

// A lazy bucket takes keys in random order at the price of ordered ones. What
// is written to it goes, in the transaction of the batch, to the end of a log,
// and in memory to a table in key order. A full table is written out as a run:
// entries in key order, packed into blocks. Runs are merged into larger ones.
// All of it is in the one file and changes by bbolt's transactions alone, so
// after a crash nothing has to be mended: the log's rows make the table again.
//
// Whoever reads takes the newest entry of a key: first the tables, then the
// runs, then the bucket of that name, which holds what was written before the
// bucket became lazy. An entry may say that the key was deleted.

// entry is what was last done to a key. In the tables, the log and the runs
// the key is preceded by the number of its bucket, so that all lazy buckets
// are one ordered space. Neither slice may be changed.
type entry struct {
	key    []byte
	stored []byte // the value with its checksum; nil means deleted
}

// value is what stored holds without its checksum, which needs no verifying:
// it was made in this process, or verified by it. A key that was deleted is
// store.ErrNotFound.
func (e entry) value() ([]byte, error) {
	if e.stored == nil {
		return nil, store.ErrNotFound
	}
	n := len(e.stored) - sumSize
	return e.stored[:n:n], nil
}

// version is what the lazy buckets hold beside bbolt's own, as of one
// transaction of the file. It doesn't change.
type version struct {
	id      int           // of the transaction
	settled chan struct{} // closed once it is known whether it is durable
	tables  []*table      // the newest first
	runs    []*run        // the newest first
	fault   Fault
	lost    bool // it never became durable; written before settled is closed
}

// after is the same as of another transaction.
func (v *version) after(id int) *version {
	next := *v
	next.id, next.settled = id, make(chan struct{})
	return &next
}

// versions are those that a reader may meet: the last one that is durable, and
// while a transaction is committed the one that it makes, since bbolt shows a
// transaction from the moment its meta page is written.
type versions struct {
	mu      sync.RWMutex
	current *version
	next    *version // nil when nothing is being committed
}

// begin starts a read transaction, and finds the version that belongs to it.
func (s *Store) begin() (*bbolt.Tx, *version, error) {
	s.versions.mu.RLock()
	defer s.versions.mu.RUnlock()
	base, err := s.db.Begin(false)
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return nil, nil, store.ErrClosed
	}
	if err != nil {
		return nil, nil, fmt.Errorf("begin a read: %w", err)
	}
	if next := s.versions.next; next != nil && next.id == base.ID() {
		return base, next, nil
	}
	return base, s.versions.current, nil
}

// View implements store.Store by a bbolt read transaction, so it sees what was
// committed and nothing of a batch that is being made. bbolt shows a commit a
// moment before it is durable; a View that saw such a one returns when it is.
func (s *Store) View(ctx context.Context, fn func(store.Tx) error) error {
	if s.dead.Load() {
		return store.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	base, seen, err := s.begin()
	if err != nil {
		return err
	}
	t := &viewTx{store: s, state: state{base: base, seen: seen}}
	err = t.run(fn)
	if lost := seen.durable(); lost != nil {
		return lost
	}
	return err
}

// durable waits until the version is.
func (v *version) durable() error {
	<-v.settled
	if v.lost {
		return store.ErrClosed
	}
	return nil
}

// announce makes known the version that a transaction makes, before it is
// committed.
func (s *Store) announce(v *version) {
	s.versions.mu.Lock()
	defer s.versions.mu.Unlock()
	s.versions.next = v
}

// conclude ends what announce began: the version became durable, or didn't.
func (s *Store) conclude(durable bool) {
	s.versions.mu.Lock()
	v := s.versions.next
	if s.versions.next = nil; v == nil {
		v = s.versions.current.after(0) // nothing was announced
	}
	if durable {
		s.versions.current = v
	} else {
		v.lost = true
	}
	s.versions.mu.Unlock()
	close(v.settled)
}

// get finds a value. The key has its bucket's number before it. A key that was
// deleted is found, with store.ErrNotFound.
func (v *version) get(tx *bbolt.Tx, name string, key []byte) (value []byte, found bool, err error) {
	h := hashOf(key)
	for _, t := range v.tables {
		if e, found := t.get(key, h); found && v.fault != StaleLook {
			value, err := e.value()
			return value, true, err
		}
	}
	for _, r := range v.runs {
		e, found, err := r.get(tx, key, h)
		switch {
		case err != nil:
			return nil, false, err
		case found && e.stored == nil:
			return nil, true, store.ErrNotFound
		case found:
			value, err := verify(name, key[1:], e.stored)
			return value, true, err
		}
	}
	return nil, false, nil
}

// state is what one read transaction shows, the lazy buckets included.
type state struct {
	base *bbolt.Tx
	seen *version
	key  []byte // room for a key with its bucket's number
}

// get reads a key of a bucket: its number among the lazy ones or zero, and what
// bbolt has of it or nil.
func (s *state) get(name string, lazy byte, b *bbolt.Bucket, key []byte) ([]byte, error) {
	if lazy != 0 {
		s.key = append(append(s.key[:0], lazy), key...)
		if value, found, err := s.seen.get(s.base, name, s.key); found || err != nil {
			return value, err
		}
	}
	return get(name, b, key)
}

// feeds appends those of a span of such a bucket.
func (s *state) feeds(feeds []feed, lazy byte, b *bbolt.Bucket, r span) (_ []feed, err error) {
	if lazy != 0 {
		if feeds, err = s.seen.feeds(feeds, s.base, r.in(lazy)); err != nil {
			return nil, err
		}
	}
	if b != nil {
		feeds = append(feeds, r.baseFeed(b))
	}
	return feeds, nil
}

// in is a span among the keys of a lazy bucket's number.
func (r span) in(number byte) span {
	r.from = append([]byte{number}, r.from...)
	if r.to == nil {
		r.to = []byte{number + 1}
	} else {
		r.to = append([]byte{number}, r.to...)
	}
	return r
}

// feeds appends those of a span that is in a lazy bucket.
func (v *version) feeds(feeds []feed, tx *bbolt.Tx, r span) ([]feed, error) {
	begin := len(feeds)
	alike := r.alike()
	h := hashOf(alike)
	for _, t := range v.tables {
		if alike == nil || t.maybe.has(h) {
			feeds = t.feeds(feeds, r)
		}
	}
	for _, run := range v.runs {
		if alike != nil && !run.maybeAlike(alike, h) {
			continue
		}
		f, err := run.feed(tx, r)
		if err != nil {
			return nil, err
		}
		feeds = append(feeds, f)
	}
	for i := range feeds[begin:] {
		feeds[begin+i].unnumber()
	}
	return feeds, nil
}
