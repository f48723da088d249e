package bolt

import (
	"bytes"
	"context"
	"fmt"
	"sort"

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
		for more := true; more && err == nil; {
			if err = ctx.Err(); err == nil {
				from, more, err = s.checkBlocks(r.runName, names, from)
			}
		}
		if err != nil {
			return err
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
	logged := newFresh()
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

// checkBlocks verifies some blocks of a run, which may have been merged away
// meanwhile, and says where to go on.
func (s *Store) checkBlocks(name runName, names []string, from []byte) (next []byte, more bool, err error) {
	tx, seen, err := s.begin()
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = tx.Rollback() }() // it can only say that the transaction has ended
	r := named(seen.runs, name)
	if r == nil {
		return nil, false, nil
	}
	b := tx.Bucket(r.blocks)
	if b == nil {
		return nil, false, r.lost()
	}
	cursor := b.Cursor()
	last, stored := cursor.Seek(from)
	for range checkPage {
		if last == nil {
			return nil, false, nil
		}
		if err := r.checkBlock(last, stored, names, from); err != nil {
			return nil, false, err
		}
		from = append(bytes.Clone(last), 0)
		last, stored = cursor.Next()
	}
	return from, true, nil
}

// checkBlock verifies a block whose keys are all behind one.
func (r *run) checkBlock(last, stored []byte, names []string, behind []byte) error {
	text, err := r.open(last, stored)
	if err != nil {
		return err
	}
	b := blockReader{rest: text}
	for {
		e, ok, err := b.next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if err := checkEntry(e, names); err != nil {
			return err
		}
		i := sort.Search(len(r.segments), func(i int) bool { return bytes.Compare(r.segments[i].last, e.key) >= 0 })
		if bytes.Compare(e.key, behind) < 0 || i == len(r.segments) || !r.segments[i].maybe.has(hashOf(e.key)) {
			return fmt.Errorf("%w: %s has a key where it can't be found", store.ErrCorrupt, r.name)
		}
		behind = append(bytes.Clone(e.key), 0)
	}
	if len(behind) == 0 || !bytes.Equal(behind[:len(behind)-1], last) {
		return fmt.Errorf("%w: %s has a block under another key than its last", store.ErrCorrupt, r.name)
	}
	return nil
}
