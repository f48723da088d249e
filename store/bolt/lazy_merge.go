package bolt

import (
	"bytes"
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
	out := newRunWriter(newRun(t.to))
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
		return nil, tx.DeleteBucket(r.filters)
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
	n := 0
	for ; n < len(r.segments) && bytes.Compare(r.segments[n].last, before) < 0; n++ {
		if err := tx.Bucket(r.filters).Delete(r.segments[n].last); err != nil {
			return nil, err
		}
	}
	return r.without(n), nil
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
	// blockSize is when a block is closed: four of them fill a page.
	blockSize = 3800
	// segmentKeys is when a segment is closed.
	segmentKeys = 2048
)

// runWriter makes blocks and segments for the end of a run.
type runWriter struct {
	run     *run
	first   []byte // key
	text    []byte
	last    []byte
	hashes  []keyHash
	segment segment
	blocks  [][2][]byte
	made    []segment
}

func newRunWriter(r *run) *runWriter { return &runWriter{run: r} }

func (w *runWriter) add(e entry) {
	if len(w.text) > 0 && len(w.text)+len(e.key)+len(e.stored) > blockSize {
		w.closeBlock()
	}
	if len(w.hashes) >= segmentKeys {
		w.closeBlock()
		w.closeSegment()
	}
	var before []byte
	switch {
	case w.first == nil:
		w.first = bytes.Clone(e.key)
	case len(w.text) > 0:
		before = w.last
	}
	w.text = appendEntry(w.text, before, e)
	w.last = append(w.last[:0], e.key...)
	w.hashes = append(w.hashes, hashOf(e.key))
}

func (w *runWriter) closeBlock() {
	if len(w.text) == 0 {
		return
	}
	key := bytes.Clone(w.last)
	w.blocks = append(w.blocks, [2][]byte{key, sealed(w.run.name, key, w.text)})
	w.segment.last = key
	w.segment.size += len(key) + len(w.text) + sumSize
	w.text = w.text[:0]
}

func (w *runWriter) closeSegment() {
	if len(w.hashes) == 0 {
		return
	}
	w.segment.keys, w.segment.maybe = len(w.hashes), makeFilter(w.hashes)
	w.made = append(w.made, w.segment)
	w.segment, w.hashes = segment{}, w.hashes[:0]
}

// put writes what was made to the end of the run, which may be among runs
// already, and returns them with it.
func (w *runWriter) put(tx *bbolt.Tx, runs []*run) ([]*run, error) {
	w.closeBlock()
	w.closeSegment()
	if len(w.made) == 0 {
		return runs, nil
	}
	old := named(runs, w.run.runName)
	if old != nil && bytes.Compare(old.segments[len(old.segments)-1].last, w.first) >= 0 {
		return nil, fmt.Errorf("%w: %s would be out of order", store.ErrCorrupt, w.run.name)
	}
	blocks, err := orderedBucket(tx, w.run.blocks)
	if err != nil {
		return nil, err
	}
	for _, b := range w.blocks {
		if err := blocks.Put(b[0], b[1]); err != nil {
			return nil, err
		}
	}
	filters, err := orderedBucket(tx, w.run.filters)
	if err != nil {
		return nil, err
	}
	for _, s := range w.made {
		if err := filters.Put(s.last, sealed(string(w.run.filters), s.last, s.row())); err != nil {
			return nil, err
		}
	}
	next := slices.Clone(runs)
	if old != nil {
		// A reader's version ends before what is appended here.
		next[slices.Index(next, old)] = old.with(append(old.segments, w.made...))
		return next, nil
	}
	next = append(next, w.run.with(w.made))
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
