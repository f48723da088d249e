package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"penstock/store"
)

// task moves entries from the front of its sources, in key order, to the end of
// one run: from a table that is full, or from all runs of a level. It goes in
// steps, each a transaction of its own, after which an entry is either still in
// its source or in the run that is made, never in both or neither. A table's
// source is the log, which is deleted with the last step; until then the table,
// being newer, hides what is in the run already. So wherever a step is the last
// before the process dies, nothing has to be finished or undone.
type task struct {
	to     runName
	runs   []runName // the sources; none when it is a table
	table  *table
	logs   []string // of the table
	from   []byte   // where to go on in the table
	bottom bool     // nothing is older, so deletions need no entry
	fault  Fault
}

// moved is what one step did.
type moved struct {
	runs  []*run
	bytes int
	from  []byte
	done  bool
}

// step does a step in a transaction, of about size bytes.
func (t *task) step(tx *bbolt.Tx, runs []*run, size int) (m moved, err error) {
	feeds, err := t.feeds(tx, runs)
	if err != nil {
		return m, err
	}
	var order span
	out := &runWriter{run: t.made(runs)}
	for m.bytes < size {
		first := order.first(feeds)
		if m.done = first < 0; m.done {
			break
		}
		e := feeds[first].entry
		if e.stored != nil || !t.bottom {
			out.add(e)
		}
		m.from = append(append(m.from[:0], e.key...), 0)
		m.bytes += len(e.key) + len(e.stored)
		if err := order.pass(feeds, first); err != nil {
			return m, err
		}
	}
	m.done = m.done || order.first(feeds) < 0 || t.fault == HalveMerge && t.table != nil
	if m.runs, err = t.cut(tx, runs, feeds, m); err != nil {
		return m, err
	}
	m.runs, err = out.put(tx, m.runs)
	return m, err
}

// feeds are the sources, the newest first.
func (t *task) feeds(tx *bbolt.Tx, runs []*run) ([]feed, error) {
	if t.table != nil {
		return t.table.feeds(nil, span{from: t.from}), nil
	}
	feeds := make([]feed, len(t.runs))
	for i, n := range t.runs {
		r := named(runs, n)
		if r == nil {
			continue // used up
		}
		f, err := r.feed(tx, span{})
		if err != nil {
			return nil, err
		}
		feeds[i] = f
	}
	return feeds, nil
}

// made is the run that the task makes, as far as it is.
func (t *task) made(runs []*run) *run {
	if r := named(runs, t.to); r != nil {
		return r
	}
	hashes := 0
	if t.table != nil {
		hashes = 2 * t.table.keys()
	}
	for _, n := range t.runs {
		if r := named(runs, n); r != nil {
			hashes += r.sieve().hashes()
		}
	}
	return newRun(t.to).with(newSieve(hashes))
}

func named(runs []*run, n runName) *run {
	for _, r := range runs {
		if r.runName == n {
			return r
		}
	}
	return nil
}

// cut takes what was moved away from the sources.
func (t *task) cut(tx *bbolt.Tx, runs []*run, feeds []feed, m moved) ([]*run, error) {
	if t.table != nil {
		if m.done {
			return runs, dropLogs(tx, t.logs)
		}
		return runs, nil
	}
	next := slices.Clone(runs)
	for i, n := range t.runs {
		r := named(next, n)
		if r == nil {
			continue
		}
		left, err := r.cut(tx, &feeds[i], m.from)
		if err != nil {
			return nil, err
		}
		at := slices.Index(next, r)
		if left == nil {
			next = slices.Delete(next, at, at+1)
		} else {
			next[at] = left
		}
	}
	return next, nil
}

func dropLogs(tx *bbolt.Tx, names []string) error {
	for _, name := range names {
		if err := tx.DeleteBucket([]byte(name)); err != nil {
			return err
		}
	}
	return nil
}

// cut takes off a run all keys before one. The feed, which has come so far,
// stands at the first that is left. Without any left the run is gone.
func (r *run) cut(tx *bbolt.Tx, f *feed, before []byte) (*run, error) {
	if f.key == nil {
		if err := tx.DeleteBucket(r.blocks); err != nil {
			return nil, err
		}
		return nil, tx.DeleteBucket(r.hashes)
	}
	source := f.rest.(*runSource)
	blocks := tx.Bucket(r.blocks)
	if err := deleteBefore(blocks, source.last); err != nil {
		return nil, err
	}
	if !source.whole() {
		var text, last []byte
		for _, e := range slices.Insert(slices.Clone(source.block), 0, f.entry) {
			text = appendEntry(text, last, e)
			last = e.key
		}
		key := bytes.Clone(source.last)
		if err := blocks.Put(key, sealed(r.name, key, text)); err != nil {
			return nil, err
		}
	}
	return r.with(r.sieve().cut(before)), deleteBefore(tx.Bucket(r.hashes), before)
}

// deleteBefore deletes the first rows of a bucket, up to a key. A cursor would
// be spoilt by deleting, so the keys are taken first.
func deleteBefore(b *bbolt.Bucket, key []byte) error {
	var gone [][]byte
	cursor := b.Cursor()
	for k, _ := cursor.First(); k != nil && bytes.Compare(k, key) < 0; k, _ = cursor.Next() {
		gone = append(gone, bytes.Clone(k))
	}
	for _, k := range gone {
		if err := b.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

const (
	// blockSize is when a block, or a row of hashes, is closed: four fill a page.
	blockSize = 3800
	hashSize  = 4
)

// runWriter makes rows for the end of a run.
type runWriter struct {
	run    *run
	first  []byte         // key
	last   []byte         // key
	text   []byte         // of the block that is being made
	hashes []byte         // of the row that is being made
	noted  []row          // of those that are made
	rows   [2][][2][]byte // of the blocks, and of the hashes
}

func (w *runWriter) add(e entry) {
	if len(w.text) > 0 && len(w.text)+len(e.key)+len(e.stored) > blockSize {
		w.closeBlock()
	}
	if len(w.hashes) >= blockSize {
		w.closeHashes()
	}
	if w.first == nil {
		w.first = bytes.Clone(e.key)
	}
	hashesOf(before(len(w.hashes), w.last), e.key, func(h keyHash) {
		w.hashes = binary.BigEndian.AppendUint32(w.hashes, uint32(h))
	})
	w.text = appendEntry(w.text, before(len(w.text), w.last), e)
	w.last = append(w.last[:0], e.key...)
}

// before is the key before another in a row of a size so far.
func before(size int, last []byte) []byte {
	if size == 0 {
		return nil
	}
	return last
}

func (w *runWriter) closeBlock() {
	key := bytes.Clone(w.last)
	w.rows[0] = append(w.rows[0], [2][]byte{key, sealed(w.run.name, key, w.text)})
	w.text = w.text[:0]
}

func (w *runWriter) closeHashes() {
	key := bytes.Clone(w.last)
	text := sealed(string(w.run.hashes), key, w.hashes)
	w.rows[1] = append(w.rows[1], [2][]byte{key, text})
	w.noted = append(w.noted, row{key, text[:len(w.hashes)]})
	w.hashes = w.hashes[:0]
}

// put writes what was made to the end of the run, which may be among runs
// already, and returns them with it.
func (w *runWriter) put(tx *bbolt.Tx, runs []*run) ([]*run, error) {
	if w.first == nil {
		return runs, nil
	}
	w.closeBlock()
	w.closeHashes()
	for i, name := range [][]byte{w.run.blocks, w.run.hashes} {
		b, err := orderedBucket(tx, name)
		if err != nil {
			return nil, err
		}
		if last, _ := b.Cursor().Last(); bytes.Compare(last, w.first) >= 0 {
			return nil, fmt.Errorf("%w: %s would be out of order", store.ErrCorrupt, name)
		}
		for _, row := range w.rows[i] {
			if err := b.Put(row[0], row[1]); err != nil {
				return nil, err
			}
		}
	}
	next := slices.DeleteFunc(slices.Clone(runs), func(r *run) bool { return r.runName == w.run.runName })
	next = append(next, w.run.with(w.run.sieve().grown(w.noted)))
	slices.SortFunc(next, newer)
	return next, nil
}

func orderedBucket(tx *bbolt.Tx, name []byte) (*bbolt.Bucket, error) {
	b, err := tx.CreateBucketIfNotExists(name)
	if err != nil {
		return nil, err
	}
	b.FillPercent = orderedFill
	return b, nil
}
