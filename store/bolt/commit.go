package bolt

import (
	"errors"
	"fmt"
	"slices"
	"syscall"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"penstock/store"
)

// commit ends the batch's transaction. Its error is store.ErrFull when surely
// nothing was committed, and store.ErrCommitUnknown otherwise.
func (w *writer) commit() error {
	if !w.wrote {
		_ = w.base.Rollback() // it can only say that the transaction has ended
		return nil
	}
	logged, err := w.lazy.journal.put(w.base)
	if err != nil {
		panic(fmt.Sprintf("bolt: the log refuses a row: %v", err))
	}
	before := w.store.versions.current
	if err := w.end(w.base, w.lazy.version(w.base.ID(), before)); err != nil {
		w.lazy.forget()
		return err
	}
	w.lazy.wrote(logged, before.runs)
	w.store.stats.committed(len(w.batch), w.arena.used)
	w.lookAtSpace(w.arena.used)
	return nil
}

// end commits a transaction that makes a version.
func (w *writer) end(tx *bbolt.Tx, v *version) error {
	w.store.announce(v)
	err := w.store.commit(tx)
	switch {
	case err == nil:
		w.store.conclude(true)
		return nil
	case w.store.nothingWritten(v.id, err):
		w.store.conclude(false)
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	}
	return fmt.Errorf("%w: %w", store.ErrCommitUnknown, err)
}

// fatal ends the store's life after a commit whose outcome is not known.
func (w *writer) fatal(err error) {
	w.store.dead.Store(true)
	w.store.opt.OnFatal(err)
	w.store.conclude(false)
}

// How much may be committed between two looks at the room left.
const (
	lookCommits = 8
	lookBytes   = mib
)

func (w *writer) lookAtSpace(wrote int) {
	w.unseenCommits++
	w.unseenBytes += wrote
	if w.unseenCommits >= lookCommits || w.unseenBytes >= lookBytes {
		w.store.refreshSpace()
		w.unseenCommits, w.unseenBytes = 0, 0
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
// once that is committed.
func (w *writer) settle(err error) {
	switch {
	case errors.Is(err, store.ErrCommitUnknown):
		w.fatal(err)
	case err != nil && len(w.batch) > 1:
		// Too much for all of them together: those that fit still go in.
		w.again = slices.Concat(w.batch, w.again)
		w.alone = len(w.batch)
		w.reset()
		return
	}
	w.alone = max(0, w.alone-1)
	for _, r := range w.batch {
		if err != nil {
			r.how, r.err = returned, err
		}
		w.store.stats.answered(r)
		r.done <- struct{}{}
	}
	w.reset()
}
