package bolt

import (
	"bytes"
	"slices"

	"go.etcd.io/bbolt"

	"penstock/store"
)

// span is what a Scan asks for.
type span struct {
	from, to []byte
	limit    int
	desc     bool
}

// scan merges what bbolt holds with the writes laid over it. Either may be
// nil. The pairs are copies.
func (r span) scan(name string, base *bbolt.Bucket, over []entry) ([]store.Pair, error) {
	walk := walker{span: r}
	if base != nil {
		walk.start(base)
	}
	over = r.within(over)
	var pairs []store.Pair
	for len(pairs) < r.limit && (walk.key != nil || len(over) > 0) {
		if c := r.compare(walk.key, over); c < 0 {
			value, err := verify(name, walk.key, walk.stored)
			if err != nil {
				return nil, err
			}
			pairs = append(pairs, owned(walk.key, value))
			walk.next()
			continue
		} else if c == 0 { // what lies over the base hides it
			walk.next()
		}
		var e entry
		if r.desc {
			e, over = over[len(over)-1], over[:len(over)-1]
		} else {
			e, over = over[0], over[1:]
		}
		if e.stored != nil {
			pairs = append(pairs, owned(e.key, e.value()))
		}
	}
	return pairs, nil
}

// compare says which comes first in the direction of the scan: the base's key
// (negative), or the next write over it.
func (r span) compare(key []byte, over []entry) int {
	switch {
	case len(over) == 0:
		return -1
	case key == nil:
		return 1
	case r.desc:
		return bytes.Compare(over[len(over)-1].key, key)
	}
	return bytes.Compare(key, over[0].key)
}

// within cuts the writes to the span.
func (r span) within(over []entry) []entry {
	at := func(key []byte) int {
		i, _ := slices.BinarySearchFunc(over, key, func(e entry, k []byte) int { return bytes.Compare(e.key, k) })
		return i
	}
	low, high := 0, len(over)
	if r.from != nil {
		low = at(r.from)
	}
	if r.to != nil {
		high = at(r.to)
	}
	if low >= high {
		return nil
	}
	return over[low:high]
}

// owned copies a pair in one allocation.
func owned(key, value []byte) store.Pair {
	b := make([]byte, len(key)+len(value))
	n := copy(b, key)
	copy(b[n:], value)
	return store.Pair{Key: b[:n:n], Value: b[n:]}
}

// walker goes through bbolt's part of a span. Its key is nil at the end.
type walker struct {
	span
	bucket *bbolt.Bucket
	cursor *bbolt.Cursor
	key    []byte
	stored []byte
}

func (w *walker) start(b *bbolt.Bucket) {
	w.bucket, w.cursor = b, b.Cursor()
	if b.Writable() {
		// bbolt's Last never returns from a bucket that an earlier Update of the
		// batch emptied, if it has more than one page.
		if first, _ := w.cursor.First(); first == nil {
			return
		}
	}
	switch {
	case !w.desc && len(w.from) == 0:
		w.key, w.stored = w.cursor.First()
	case !w.desc:
		w.key, w.stored = w.cursor.Seek(w.from)
	case w.to == nil:
		w.key, w.stored = w.cursor.Last()
	default:
		if k, _ := w.cursor.Seek(w.to); k != nil {
			w.prev(w.to)
		} else {
			w.key, w.stored = w.cursor.Last()
		}
	}
	w.bound()
}

func (w *walker) next() {
	if w.desc {
		w.prev(w.key)
	} else {
		w.key, w.stored = w.cursor.Next()
	}
	w.bound()
}

// prev steps back from a place that stands before at. In a write transaction
// bbolt's Prev says nil not only at the beginning but also on a page that an
// earlier Update of the batch emptied, since pages are merged at commit only;
// so nil is believed when nothing smaller is left.
func (w *walker) prev(at []byte) {
	w.key, w.stored = w.cursor.Prev()
	if w.key != nil || !w.bucket.Writable() {
		return
	}
	first, _ := w.bucket.Cursor().First()
	if first == nil || bytes.Compare(first, at) >= 0 {
		return
	}
	for w.key == nil {
		w.key, w.stored = w.cursor.Prev()
	}
}

// bound ends the walk outside the span.
func (w *walker) bound() {
	if w.key == nil {
		return
	}
	if w.desc && bytes.Compare(w.key, w.from) < 0 || !w.desc && w.to != nil && bytes.Compare(w.key, w.to) >= 0 {
		w.key, w.stored = nil, nil
	}
}
