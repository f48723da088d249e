package bolt

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"syscall"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"penstock/store"
)

// committer commits batches, one after the other, and moves what the lazy buckets
// owe between them.
type committer struct {
	store *Store
	lazy  lazy

	unseenCommits, unseenBytes int // since the last look at the room left
}

// word is what the committer tells the writer: first how a batch's commit ended,
// then that it is idle.
type word struct {
	err  error
	idle bool
}

// run serves until the writer has ended.
func (c *committer) run() {
	defer close(c.store.done)
	for b := range c.store.work {
		err := c.commit(b)
		c.settle(b, err)
		c.store.said <- word{err: err}
		if !c.store.dead.Load() {
			c.upkeep()
		}
		c.store.said <- word{idle: true}
	}
}

// commit writes a batch to the file. Its error is store.ErrFull when surely
// nothing was committed, and store.ErrCommitUnknown otherwise.
func (c *committer) commit(b *batch) error {
	if len(b.layers) == 0 {
		return nil
	}
	tx, err := c.store.db.Begin(true)
	if err != nil {
		return fmt.Errorf("%w: begin: %w", store.ErrCommitUnknown, err)
	}
	fresh, logged, err := c.write(tx, b)
	if err != nil {
		panic(fmt.Sprintf("bolt: bbolt refuses what store allows: %v", err))
	}
	before := c.store.versions.current
	if err := c.end(tx, before.with(tx.ID(), fresh)); err != nil {
		c.lazy.journal.reset()
		return err
	}
	c.lazy.wrote(logged, before.runs)
	c.store.stats.committed(len(b.requests), b.arena.used)
	c.lookAtSpace(b.arena.used)
	return nil
}

// write hands what a batch wrote to bbolt. fresh is what of it belongs to the
// lazy buckets, logged how many bytes of the log that takes.
func (c *committer) write(tx *bbolt.Tx, b *batch) (fresh []entry, logged int, err error) {
	slices.SortFunc(b.layers, func(a, b *layer) int { return cmp.Compare(a.of.lazy, b.of.lazy) })
	for _, l := range b.layers {
		if l.of.lazy != 0 {
			fresh = slices.Grow(fresh, l.entries.Len())
			l.entries.Scan(func(e entry) bool {
				fresh = append(fresh, c.lazy.journal.add(l.of.lazy, e))
				return true
			})
			continue
		}
		if err := l.put(tx); err != nil {
			return nil, 0, fmt.Errorf("bucket %q: %w", l.of.name, err)
		}
	}
	logged, err = c.lazy.journal.put(tx)
	return fresh, logged, err
}

// put writes a layer to the bucket of bbolt that it belongs to.
func (l *layer) put(tx *bbolt.Tx) (err error) {
	b := tx.Bucket(l.of.path)
	if b != nil {
		b.FillPercent = l.of.fill
	}
	l.entries.Scan(func(e entry) bool {
		switch {
		case e.stored != nil && b == nil:
			if b, err = tx.CreateBucket(l.of.path); err != nil {
				return false
			}
			b.FillPercent = l.of.fill
			fallthrough
		case e.stored != nil:
			err = b.Put(e.key, e.stored)
		case b != nil:
			err = b.Delete(e.key)
		}
		return err == nil
	})
	return err
}

// end commits a transaction that makes a version.
func (c *committer) end(tx *bbolt.Tx, v *version) error {
	c.store.announce(v)
	err := c.store.commit(tx)
	switch {
	case err == nil:
		c.store.conclude(true)
		return nil
	case c.store.nothingWritten(v.id, err):
		c.store.conclude(false)
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	}
	return fmt.Errorf("%w: %w", store.ErrCommitUnknown, err)
}

// fatal ends the store's life after a commit whose outcome is not known.
func (c *committer) fatal(err error) {
	c.store.dead.Store(true)
	c.store.opt.OnFatal(err)
	c.store.conclude(false)
}

// How much may be committed between two looks at the room left.
const (
	lookCommits = 8
	lookBytes   = mib
)

func (c *committer) lookAtSpace(wrote int) {
	c.unseenCommits++
	c.unseenBytes += wrote
	if c.unseenCommits >= lookCommits || c.unseenBytes >= lookBytes {
		c.store.refreshSpace()
		c.unseenCommits, c.unseenBytes = 0, 0
	}
}

// nothingWritten says whether a failed commit surely left no trace.
//
// bbolt asks MaxSize before it writes the first page. When the device is full
// it has to be looked at: the transaction counts once its meta page is in the
// file, which happens after all data pages are fsynced, so it has not happened
// while the newest meta page still names an older transaction. Any other
// error means a device that nobody should go on trusting.
func (s *Store) nothingWritten(id int, err error) bool {
	if errors.Is(err, bolterrors.ErrMaxSizeReached) {
		return true
	}
	if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
		return false
	}
	seen, err := s.db.Begin(false)
	if err != nil {
		return false
	}
	newest := seen.ID()
	return seen.Rollback() == nil && newest < id
}

// settle answers the whole batch, also those whose fn failed: what they read
// may have been written by others of the batch, so what they say holds only
// once that is committed. One that was too much runs again in parts.
func (c *committer) settle(b *batch, err error) {
	switch {
	case errors.Is(err, store.ErrCommitUnknown):
		c.fatal(err)
	case err != nil && len(b.requests) > 1:
		return
	}
	for _, r := range b.requests {
		if err != nil {
			r.how, r.err = returned, err
		}
		c.store.stats.answered(r)
		r.done <- struct{}{}
	}
}
