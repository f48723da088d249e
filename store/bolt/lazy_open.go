package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.etcd.io/bbolt"

	"penstock/store"
)

// lazyKey is where the names of the lazy buckets stand in metaBucket, in the
// order of their numbers from 1 on. A bucket that was lazy once stays so, since
// the log and the runs speak of it by its number.
var lazyKey = []byte("lazy")

// maxLazy is how many buckets may be lazy: a number is one byte.
const maxLazy = 200

func readNames(meta *bbolt.Bucket) ([]string, error) {
	stored := meta.Get(lazyKey)
	if stored == nil {
		return nil, nil
	}
	text, err := verify(metaBucket, lazyKey, stored)
	if err != nil {
		return nil, err
	}
	var names []string
	for len(text) > 0 {
		n := 1 + int(text[0])
		if n > len(text) {
			return nil, fmt.Errorf("%w: names of the lazy buckets", store.ErrCorrupt)
		}
		names, text = append(names, string(text[1:n])), text[n:]
	}
	return names, nil
}

func writeNames(meta *bbolt.Bucket, names []string) error {
	var text []byte
	for _, name := range names {
		text = append(append(text, byte(len(name))), name...)
	}
	if err := meta.Put(lazyKey, sealed(metaBucket, lazyKey, text)); err != nil {
		return err
	}
	return meta.Put(formatKey, strconv.AppendInt(nil, lazyFormat, 10))
}

// nameLazy reads the names, after adding those that are new.
func (s *Store) nameLazy() (names []string, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		names, err = readNames(tx.Bucket([]byte(metaBucket)))
		return err
	})
	known := len(names)
	for _, name := range s.opt.Lazy {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	switch {
	case err != nil || len(names) == known:
		return names, err
	case len(names) > maxLazy:
		return nil, fmt.Errorf("%d buckets are lazy, at most %d may be", len(names), maxLazy)
	}
	return names, s.db.Update(func(tx *bbolt.Tx) error { return writeNames(tx.Bucket([]byte(metaBucket)), names) })
}

// openLazy makes the lazy buckets of what the file holds. It writes nothing
// unless there are new names.
func (s *Store) openLazy(c *committer) error {
	names, err := s.nameLazy()
	if err != nil {
		return fmt.Errorf("lazy buckets: %w", err)
	}
	s.lazy = map[string]byte{}
	for i, name := range names {
		s.lazy[name] = byte(i + 1)
	}
	c.lazy = lazy{limits: s.opt.lazyLimits(), ahead: newAhead()}
	c.lazy.step = c.lazy.limits.step
	v := (&version{fault: s.opt.fault}).after(0)
	close(v.settled)
	var late []*run
	patience, enough := context.WithTimeout(context.Background(), latePatience)
	err = s.db.View(func(tx *bbolt.Tx) error {
		v.id = tx.ID()
		c.lazy.bottom = true
		for _, name := range names {
			c.lazy.bottom = c.lazy.bottom && tx.Bucket([]byte(dataPrefix+name)) == nil
		}
		if v.runs, err = findRuns(tx, patience.Done()); err != nil {
			return err
		}
		if late, err = s.readEarly(tx, v.runs, c.lazy.limits.early); err != nil {
			return err
		}
		t, err := c.lazy.readLogs(tx, s.opt.fault)
		v.tables = []*table{t}
		return err
	})
	if err != nil {
		enough()
		return fmt.Errorf("lazy buckets: %w", err)
	}
	go func() {
		defer enough()
		s.readLate(late)
	}()
	for _, r := range v.runs {
		c.lazy.lastRun = max(c.lazy.lastRun, r.id)
	}
	s.versions.current = v
	c.lazy.plan(v.runs)
	return nil
}

// under lists the ends of the names of all buckets that begin with a prefix.
func under(tx *bbolt.Tx, prefix string) (tails []string) {
	cursor := tx.Cursor()
	for name, _ := cursor.Seek([]byte(prefix)); bytes.HasPrefix(name, []byte(prefix)); name, _ = cursor.Next() {
		tails = append(tails, strings.TrimPrefix(string(name), prefix))
	}
	return tails
}

// findRuns lists the runs, of whose keys nothing is known yet.
func findRuns(tx *bbolt.Tx, patience <-chan struct{}) (runs []*run, err error) {
	for _, tail := range under(tx, blocksPrefix) {
		name, err := parseRun([]byte(tail))
		if err != nil {
			return nil, err
		}
		r := newRun(name)
		if tx.Bucket(r.hashes) == nil {
			return nil, r.lost()
		}
		r.late = newLateSieve(patience)
		runs = append(runs, r)
	}
	slices.SortFunc(runs, newer)
	return runs, nil
}

// readLogs replays every log, the oldest first, into a table, and goes on with a
// new one.
func (l *lazy) readLogs(tx *bbolt.Tx, fault Fault) (*table, error) {
	var last uint64
	all := newEntries()
	for _, tail := range under(tx, logPrefix) {
		b, err := hex.DecodeString(tail)
		if err != nil || len(b) != 8 {
			return nil, fmt.Errorf("%w: log %q", store.ErrCorrupt, tail)
		}
		last = binary.BigEndian.Uint64(b)
		name := logPrefix + tail
		if err := replay(tx, name, fault, func(e entry) error { all.Set(e); return nil }); err != nil {
			return nil, err
		}
		l.logs = append(l.logs, name)
	}
	l.journal.start(last + 1)
	t := newTable(l.limits.table)
	if all.Len() > 0 {
		t = t.with(all.Items())
	}
	return t, nil
}
