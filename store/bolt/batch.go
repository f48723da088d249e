package bolt

import (
	"bytes"
	"encoding/binary"

	"github.com/tidwall/btree"
)

// batch is Updates that are committed together, with what they wrote.
type batch struct {
	requests []*request
	layers   []*layer
	arena    arena
}

// layer is what a batch wrote to one bucket. Once the batch is handed over it
// doesn't change: the committer and the writer read it at a time.
type layer struct {
	of      *bucket
	entries *btree.BTreeG[entry] // the bytes lie in the arena
}

// layer begins that of a bucket.
func (b *batch) layer(of *bucket) *layer {
	l := &layer{of: of, entries: newEntries()}
	b.layers = append(b.layers, l)
	return l
}

// reset makes ready for other Updates.
func (b *batch) reset() {
	clear(b.requests)
	clear(b.layers)
	b.requests, b.layers = b.requests[:0], b.layers[:0]
	b.arena.reset()
}

// entriesDegree makes small nodes: a tree holds the writes of one batch.
const entriesDegree = 16

func newEntries() *btree.BTreeG[entry] {
	less := func(a, b entry) bool { return bytes.Compare(a.key, b.key) < 0 }
	return btree.NewBTreeGOptions(less, btree.Options{Degree: entriesDegree, NoLocks: true})
}

// get finds an entry. A nil layer has none.
func (l *layer) get(key []byte) (entry, bool) {
	if l == nil {
		return entry{}, false
	}
	return l.entries.Get(entry{key: key})
}

// feed gives those of a span.
func (l *layer) feed(r span) feed {
	if l == nil {
		return feed{}
	}
	s := &layerSource{span: r}
	s.at.Init(l.entries, false)
	return feed{entry: s.start(), rest: s}
}

// layerSource walks the entries of a layer.
type layerSource struct {
	span
	at btree.IterG[entry]
}

func (s *layerSource) start() entry {
	switch {
	case !s.desc && s.from == nil:
		return s.item(s.at.First())
	case !s.desc:
		return s.item(s.at.Seek(entry{key: s.from}))
	case s.to != nil && s.at.Seek(entry{key: s.to}):
		return s.item(s.at.Prev())
	}
	return s.item(s.at.Last())
}

func (s *layerSource) next() (entry, error) {
	if s.desc {
		return s.item(s.at.Prev()), nil
	}
	return s.item(s.at.Next()), nil
}

// item is where the walk stands, unless it has come to its end.
func (s *layerSource) item(ok bool) entry {
	if !ok {
		return entry{}
	}
	return s.bound(s.at.Item())
}

const arenaChunk = mib

// arena holds the bytes written by a batch: bbolt reads them until its commit
// has ended, then all are given up at once.
type arena struct {
	chunk []byte
	used  int // bytes taken since reset
}

func (a *arena) take(n int) []byte {
	if cap(a.chunk)-len(a.chunk) < n {
		a.chunk = make([]byte, 0, max(n, arenaChunk))
	}
	start := len(a.chunk)
	a.chunk = a.chunk[:start+n]
	a.used += n
	return a.chunk[start : start+n : start+n]
}

func (a *arena) copy(b []byte) []byte {
	c := a.take(len(b))
	copy(c, b)
	return c
}

// seal copies a value and puts its checksum behind it.
func (a *arena) seal(bucket string, key, value []byte) []byte {
	stored := a.take(len(value) + sumSize)
	copy(stored, value)
	binary.BigEndian.PutUint32(stored[len(value):], sum(bucket, key, value))
	return stored
}

// reset gives the bytes up. One chunk is kept for the next batch.
func (a *arena) reset() {
	a.chunk, a.used = a.chunk[:0], 0
	if cap(a.chunk) > arenaChunk {
		a.chunk = nil
	}
}
