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
	cursor *bbolt.Cursor
}

// baseFeed gives what a bucket of bbolt holds within a span.
func (r span) baseFeed(b *bbolt.Bucket) feed {
	w := &walker{span: r, cursor: b.Cursor()}
	return feed{entry: r.bound(w.start()), rest: w, raw: true}
}

func (w *walker) start() entry {
	switch {
	case !w.desc && len(w.from) == 0:
		return asEntry(w.cursor.First())
	case !w.desc:
		return asEntry(w.cursor.Seek(w.from))
	case w.to != nil:
		if k, _ := w.cursor.Seek(w.to); k != nil {
			return asEntry(w.cursor.Prev())
		}
	}
	return asEntry(w.cursor.Last())
}

// asEntry is the entry where a cursor of bbolt stands.
func asEntry(key, stored []byte) entry { return entry{key, stored} }

func (w *walker) next() (entry, error) {
	if w.desc {
		return w.bound(asEntry(w.cursor.Prev())), nil
	}
	return w.bound(asEntry(w.cursor.Next())), nil
}
