package bolt

import (
	"bytes"

	"go.etcd.io/bbolt"

	"penstock/store"
)

// span is what a Scan asks for.
type span struct {
	from, to []byte
	limit    int
	desc     bool
}

// bound is an entry of the span, or none if it is outside. It isn't before the
// span's beginning.
func (r span) bound(e entry) entry {
	switch {
	case e.key == nil:
	case r.desc && bytes.Compare(e.key, r.from) < 0, !r.desc && r.to != nil && bytes.Compare(e.key, r.to) >= 0:
		return entry{}
	}
	return e
}

// before says whether a comes before b in the direction of the span.
func (r span) before(a, b []byte) bool {
	c := bytes.Compare(a, b)
	return c < 0 && !r.desc || c > 0 && r.desc
}

// source gives entries one by one in the direction of a span, on from the one
// that its feed began with. An entry without a key is the end.
type source interface{ next() (entry, error) }

// feed is a source with the entry where it stands.
type feed struct {
	entry
	rest source
	lazy bool // the source's keys have their bucket's number before them, entry's hasn't
	raw  bool // the checksums are not verified yet
}

// advance goes on to the next entry of the span.
func (f *feed) advance() (err error) {
	if f.entry, err = f.rest.next(); f.lazy {
		f.unnumber()
	}
	return err
}

// unnumber makes the key of a lazy bucket the caller's.
func (f *feed) unnumber() {
	if f.lazy = true; f.key != nil {
		f.key = f.key[1:]
	}
}

// merge gives the pairs of a span out of feeds, the newest of which comes
// first: of several entries with one key, its counts. The pairs are copies.
func (r span) merge(name string, feeds []feed) ([]store.Pair, error) {
	var pairs []store.Pair
	for len(pairs) < r.limit {
		first := r.first(feeds)
		if first < 0 {
			break
		}
		f := &feeds[first]
		if f.stored != nil {
			value, err := f.checked(name)
			if err != nil {
				return nil, err
			}
			pairs = append(pairs, owned(f.key, value))
		}
		if err := r.pass(feeds, first); err != nil {
			return nil, err
		}
	}
	return pairs, nil
}

// checked is the value where the feed stands.
func (f *feed) checked(name string) ([]byte, error) {
	if f.raw {
		return verify(name, f.key, f.stored)
	}
	return f.value()
}

// first is the feed that stands at the first key, the newest if there are
// several; negative when all have ended.
func (r span) first(feeds []feed) int {
	first := -1
	for i := range feeds {
		if feeds[i].key != nil && (first < 0 || r.before(feeds[i].key, feeds[first].key)) {
			first = i
		}
	}
	return first
}

// pass advances all feeds that stand at the key of one. None that is newer
// than it does.
func (r span) pass(feeds []feed, first int) error {
	key := feeds[first].key
	for i := len(feeds) - 1; i >= first; i-- { // the one whose key it is comes last
		if feeds[i].key == nil || !bytes.Equal(feeds[i].key, key) {
			continue
		}
		if err := feeds[i].advance(); err != nil {
			return err
		}
	}
	return nil
}

// owned copies a pair in one allocation.
func owned(key, value []byte) store.Pair {
	b := make([]byte, len(key)+len(value))
	n := copy(b, key)
	copy(b[n:], value)
	return store.Pair{Key: b[:n:n], Value: b[n:]}
}

// entrySource walks entries in memory.
type entrySource struct {
	left []entry
	desc bool
}

// entryFeed gives those of a span out of entries in key order.
func (r span) entryFeed(all []entry) feed {
	low, high := 0, len(all)
	if r.from != nil {
		low, _ = findEntry(all, r.from)
	}
	if r.to != nil {
		high, _ = findEntry(all, r.to)
	}
	if low >= high {
		return feed{}
	}
	w := &entrySource{all[low:high], r.desc}
	e, _ := w.next()
	return feed{entry: e, rest: w}
}

func (w *entrySource) next() (e entry, _ error) {
	switch n := len(w.left); {
	case n == 0:
	case w.desc:
		e, w.left = w.left[n-1], w.left[:n-1]
	default:
		e, w.left = w.left[0], w.left[1:]
	}
	return e, nil
}

// walker goes through bbolt's part of a span.
type walker struct {
	span
	bucket *bbolt.Bucket
	cursor *bbolt.Cursor
	key    []byte // where it stands
}

// baseFeed gives what a bucket of bbolt holds within a span.
func (r span) baseFeed(b *bbolt.Bucket) feed {
	w := &walker{span: r, bucket: b, cursor: b.Cursor()}
	return feed{entry: r.bound(w.start()), rest: w, raw: true}
}

func (w *walker) start() entry {
	if w.bucket.Writable() {
		// bbolt's Last never returns from a bucket that an earlier Update of the
		// batch emptied, if it has more than one page.
		if first, _ := w.cursor.First(); first == nil {
			return entry{}
		}
	}
	switch {
	case !w.desc && len(w.from) == 0:
		return w.at(w.cursor.First())
	case !w.desc:
		return w.at(w.cursor.Seek(w.from))
	case w.to == nil:
		return w.at(w.cursor.Last())
	}
	if k, _ := w.cursor.Seek(w.to); k != nil {
		return w.prev(w.to)
	}
	return w.at(w.cursor.Last())
}

// at notes where the cursor stands.
func (w *walker) at(key, stored []byte) entry {
	w.key = key
	return entry{key, stored}
}

func (w *walker) next() (entry, error) {
	if w.desc {
		return w.bound(w.prev(w.key)), nil
	}
	return w.bound(w.at(w.cursor.Next())), nil
}

// prev steps back from a place that stands before at. In a write transaction
// bbolt's Prev says nil not only at the beginning but also on a page that an
// earlier Update of the batch emptied, since pages are merged at commit only;
// so nil is believed when nothing smaller is left.
func (w *walker) prev(at []byte) entry {
	e := w.at(w.cursor.Prev())
	if e.key != nil || !w.bucket.Writable() {
		return e
	}
	first, _ := w.bucket.Cursor().First()
	if first == nil || bytes.Compare(first, at) >= 0 {
		return e
	}
	for e.key == nil {
		e = w.at(w.cursor.Prev())
	}
	return e
}
