package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"penstock/store"
)

// checkLazy reads what belongs to the lazy buckets: that the tables are what
// the log makes, and all blocks of the runs.
func (s *Store) checkLazy(ctx context.Context) error {
	if len(s.lazy) == 0 {
		return nil
	}
	names := make([]string, maxLazy+1)
	for name, number := range s.lazy {
		names[number] = name
	}
	seen, err := s.checkTables(names)
	if err != nil {
		return err
	}
	for _, r := range seen.runs {
		var from []byte
		for more := true; more; {
			if err := ctx.Err(); err != nil {
				return err
			}
			if from, more, err = s.checkRun(r.runName, names, from); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkTables holds the tables against the log.
func (s *Store) checkTables(names []string) (*version, error) {
	tx, seen, err := s.begin()
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // it can only say that the transaction has ended
	logged := newEntries()
	for _, tail := range under(tx, logPrefix) {
		err := replay(tx, logPrefix+tail, NoFault, func(e entry) error {
			logged.Set(e)
			return checkEntry(e, names)
		})
		if err != nil {
			return nil, err
		}
	}
	var kept []entry
	for i := len(seen.tables) - 1; i >= 0; i-- {
		for parts := seen.tables[i].parts; len(parts) > 0; parts = parts[:len(parts)-1] {
			kept, _ = mergeEntries(parts[len(parts)-1], kept)
		}
	}
	same := len(kept) == logged.Len()
	logged.Scan(func(e entry) bool {
		same = same && bytes.Equal(kept[0].key, e.key) && bytes.Equal(kept[0].stored, e.stored) && (e.stored == nil) == (kept[0].stored == nil)
		kept = kept[min(1, len(kept)):]
		return same
	})
	if !same {
		return nil, fmt.Errorf("%w: memory doesn't hold what the log does", store.ErrCorrupt)
	}
	return seen, nil
}

// checkEntry verifies an entry's own checksum.
func checkEntry(e entry, names []string) error {
	if int(e.key[0]) >= len(names) || names[e.key[0]] == "" {
		return fmt.Errorf("%w: lazy bucket number %d has no name", store.ErrCorrupt, e.key[0])
	}
	if e.stored == nil {
		return nil
	}
	_, err := verify(names[e.key[0]], e.key[1:], e.stored)
	return err
}

// checkRun verifies a part of a run, which may have been merged away meanwhile,
// and says where to go on.
func (s *Store) checkRun(name runName, names []string, from []byte) (next []byte, more bool, err error) {
	tx, seen, err := s.begin()
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = tx.Rollback() }() // it can only say that the transaction has ended
	r := named(seen.runs, name)
	if r == nil {
		return nil, false, nil
	}
	b := tx.Bucket(r.hashes)
	if b == nil {
		return nil, false, r.lost()
	}
	c := checker{run: r, names: names, first: from == nil}
	if c.feed, err = r.feed(tx, span{from: from}); err != nil {
		return nil, false, err
	}
	if c.feed.rest != nil {
		c.feed.rest.(*runSource).ahead = s.pages.follow(tx.Bucket(r.blocks), from, 32*checkPage)
	}
	ahead := s.pages.follow(b, from, checkPage)
	cursor := b.Cursor()
	last, stored := cursor.Seek(from)
	for range checkPage {
		if last == nil {
			return nil, false, c.end()
		}
		ahead.next()
		row, err := verify(string(r.hashes), last, stored)
		if err == nil {
			err = c.upTo(last, row)
		}
		if err != nil {
			return nil, false, err
		}
		from = append(bytes.Clone(last), 0)
		last, stored = cursor.Next()
	}
	return from, true, nil
}

// checker goes through a run.
type checker struct {
	run   *run
	names []string
	feed  feed
	first bool // of the run's first row of hashes some keys may be gone already
	key   []byte
}

// upTo verifies the entries up to a key, whose hashes a row has.
func (c *checker) upTo(last, row []byte) error {
	var hashes, before []byte
	ofFirst := 0
	for c.feed.key != nil && bytes.Compare(c.feed.key, last) <= 0 {
		e, source := c.feed.entry, c.feed.rest.(*runSource)
		if err := checkEntry(e, c.names); err != nil {
			return err
		}
		if bytes.Compare(c.key, e.key) >= 0 || len(source.block) == 0 && !bytes.Equal(e.key, source.last) {
			return fmt.Errorf("%w: %s has a key where it can't be found", store.ErrCorrupt, c.run.name)
		}
		whole := true
		hashesOf(before, e.key, func(h keyHash) {
			whole = whole && c.run.maybe(e.key, h)
			hashes = binary.BigEndian.AppendUint32(hashes, uint32(h))
		})
		if !whole {
			return fmt.Errorf("%w: the filter of %s lacks a key", store.ErrCorrupt, c.run.name)
		}
		c.key = append(c.key[:0], e.key...)
		if before = c.key; ofFirst == 0 {
			ofFirst = len(hashes)
		}
		if err := c.feed.advance(); err != nil {
			return err
		}
	}
	if !bytes.Equal(row, hashes) && !(c.first && endsWith(row, hashes, ofFirst)) {
		return fmt.Errorf("%w: %s lacks keys, or has too many", store.ErrCorrupt, c.run.name)
	}
	c.first = false
	return nil
}

// endsWith says whether a row that lost its first keys ends with hashes. Of the
// first key that is left, whose hashes are so many bytes, it may have fewer:
// beginnings that the key had in common with the one before.
func endsWith(row, hashes []byte, ofFirst int) bool {
	for n := hashSize; n <= ofFirst; n += hashSize {
		if bytes.HasSuffix(row, slices.Concat(hashes[:hashSize], hashes[n:])) {
			return true
		}
	}
	return false
}

// end is behind the last row of hashes.
func (c *checker) end() error {
	if c.feed.key != nil {
		return fmt.Errorf("%w: %s has keys too many", store.ErrCorrupt, c.run.name)
	}
	return nil
}
