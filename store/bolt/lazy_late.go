package bolt

import (
	"fmt"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// What the runs' filters are made of lies in the file: some 20 bytes for each
// payout there ever was, in pages that a machine just switched on has to fetch
// one by one. To wait for that would make a start the longer the more was paid.
// So a start reads the first of it, which is all of it up to some four hundred
// thousand payouts, and the rest is read beside the work. Until then runs are not
// merged, and a look that needs to know a run waits for that: to go into each of
// them instead would take the disk from the reading, and last several times as long.
// One that has waited for long goes into the run after all.

const (
	earlyBytes   = 8 << 20         // how much the start waits for
	latePatience = 5 * time.Second // how long after the start a look waits for the rest
)

// readEarly makes the sieves of the newest runs, as far as the start waits for
// them, and returns the other runs.
func (s *Store) readEarly(tx *bbolt.Tx, runs []*run, bytes int) (late []*run, err error) {
	for i, r := range runs {
		read, err := r.readHashes(tx, s.pages, func(n int) bool {
			bytes -= n
			return bytes >= 0
		})
		switch {
		case err != nil:
			return nil, err
		case !read:
			return runs[i:], nil
		}
	}
	return nil, nil
}

// lateReaders read so many runs at a time.
const lateReaders = 2

// readLate makes the sieves that the start didn't wait for, each in a read
// transaction of its own, so that pages which are free meanwhile are used
// again. A run with a damaged row is looked into for ever.
func (s *Store) readLate(late []*run) {
	defer close(s.sieved)
	var readers sync.WaitGroup
	free := make(chan struct{}, lateReaders)
	for _, r := range late {
		free <- struct{}{}
		readers.Go(func() {
			defer func() {
				close(r.late.ended)
				<-free
			}()
			err := s.db.View(func(tx *bbolt.Tx) error {
				_, err := r.readHashes(tx, s.pages, func(int) bool { return !s.dead.Load() })
				return err
			})
			if err != nil {
				s.stats.damaged.Store(true)
			}
		})
	}
	readers.Wait()
}

// knowsRuns says whether all sieves have been made.
func (s *Store) knowsRuns() bool {
	select {
	case <-s.sieved:
		return true
	default:
		return false
	}
}

// readHashes makes a run's sieve, unless it is told, of so many bytes, not to
// go on.
func (r *run) readHashes(tx *bbolt.Tx, pages file, goOn func(bytes int) bool) (read bool, err error) {
	name := string(r.hashes)
	b := tx.Bucket(r.hashes)
	if b == nil {
		return false, r.lost()
	}
	made, part, hashes := newSieve(0), []row{}, 0
	ahead := pages.follow(b, nil, allPages)
	cursor := b.Cursor()
	for key, stored := cursor.First(); key != nil; key, stored = cursor.Next() {
		if !goOn(len(stored)) {
			return false, nil
		}
		ahead.next()
		text, err := verify(name, key, stored)
		if err != nil {
			return false, fmt.Errorf("hashes of %s: %w", r.name, err)
		}
		part = append(part, row{key, text})
		if hashes += len(text) / hashSize; hashes >= partHashes {
			made.parts = append(made.parts, sealedPart(part))
			part, hashes = part[:0], 0
		}
	}
	if len(part) > 0 {
		made.parts = append(made.parts, sealedPart(part))
	}
	r.late.made.Store(made)
	return true, nil
}
