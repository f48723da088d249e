package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"penstock/store"
)

// Snapshot implements store.Snapshotter: it writes a file that Open takes, as
// of one moment, while the store goes on. Pages freed meanwhile are not reused,
// so the store's file grows while w is slow: write to a local file first. After
// an error what w received is of no use.
func (s *Store) Snapshot(ctx context.Context, w io.Writer) error {
	if s.dead.Load() {
		return store.ErrClosed
	}
	tx, _, err := s.begin()
	if err != nil {
		return err
	}
	out := &untilDone{ctx: ctx, w: w}
	if _, err = tx.WriteTo(out); out.err != nil {
		err = out.err // bbolt doesn't wrap it
	}
	if err := errors.Join(err, tx.Rollback()); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	return nil
}

// untilDone is a writer that a context can stop.
type untilDone struct {
	ctx context.Context
	w   io.Writer
	err error // what ended the writing
}

func (u *untilDone) Write(b []byte) (n int, err error) {
	if u.err = u.ctx.Err(); u.err != nil {
		return 0, u.err
	}
	n, u.err = u.w.Write(b)
	return n, u.err
}

// checkPage is how many values Check verifies in one transaction.
const checkPage = 1000

// Check reads the whole file: first the pages' structure, while Updates wait,
// then, while they go on, what belongs to the lazy buckets, and every value's
// checksum. It returns store.ErrCorrupt
// with what is wrong. It takes as long as reading the file takes, so a daemon
// checks a Snapshot instead.
func (s *Store) Check(ctx context.Context) error {
	if s.dead.Load() {
		return store.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	stop := s.fetchAll()
	err := checkStructure(s.db)
	stop()
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	if err := s.checkLazy(ctx); err != nil {
		return fmt.Errorf("check: %w", err)
	}
	names, err := s.names()
	if err != nil {
		return err
	}
	for _, name := range names {
		var from []byte
		for more := true; more; {
			err := s.View(ctx, func(tx store.Tx) error {
				page, err := tx.Scan(name, from, nil, checkPage, false)
				if more = len(page) == checkPage; more {
					from = append(page[len(page)-1].Key, 0)
				}
				return err
			})
			if err != nil {
				return fmt.Errorf("check: %w", err)
			}
		}
	}
	return nil
}

// names lists the callers' buckets.
func (s *Store) names() ([]string, error) {
	tx, _, err := s.begin()
	if err != nil {
		return nil, err
	}
	var names []string
	err = tx.ForEach(func(path []byte, _ *bbolt.Bucket) error {
		if name, ok := strings.CutPrefix(string(path), dataPrefix); ok && s.lazy[name] == 0 {
			names = append(names, name)
		}
		return nil
	})
	return slices.AppendSeq(names, maps.Keys(s.lazy)), errors.Join(err, tx.Rollback())
}

// fetchAll fetches all pages in the order in which bbolt checks them, ahead of it
// as the disk is slower, until it is stopped.
func (s *Store) fetchAll() (stop func()) {
	var stopped atomic.Bool
	ended := make(chan struct{})
	errStopped, first := errors.New("stopped"), make([]byte, 1)
	go func() {
		defer close(ended)
		_ = s.db.View(func(tx *bbolt.Tx) error { // it fails when the store is closed
			return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error {
				pages := s.pages.leaves(b, nil, allPages)
				ahead := s.pages.before(pages)
				for i, number := range pages {
					if stopped.Load() {
						return errStopped
					}
					if i%fetchedOnce == 0 {
						ahead.fetchNext(fetchedOnce)
					}
					_, _ = s.pages.ReadAt(first, int64(number)*int64(s.pages.page)) // it waits for the page; who reads it next says what is wrong with it
				}
				return nil
			})
		})
	}()
	return func() {
		stopped.Store(true)
		<-ended
	}
}

// checkStructure is bbolt's own check. It needs a write transaction: in
// another one a commit could pull the pages away from under it.
func checkStructure(db *bbolt.DB) error {
	tx, err := db.Begin(true)
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return store.ErrClosed
	}
	if err != nil {
		return err
	}
	var all error
	for bad := range tx.Check() { // to the end: its goroutine waits for us
		if all == nil {
			all = fmt.Errorf("%w: %w", store.ErrCorrupt, bad)
		}
	}
	return errors.Join(all, tx.Rollback())
}
