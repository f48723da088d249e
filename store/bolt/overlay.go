package bolt

import (
	"bytes"
	"slices"

	"go.etcd.io/bbolt"
)

// bucket is one bucket as the writer sees it: what the running fn has written,
// over what earlier ones of the batch wrote, over the batch that is being
// committed, over what lies below.
type bucket struct {
	name string
	path []byte // its name in the file
	fill float64
	lazy byte // its number among the lazy buckets; zero: it is none

	over   []entry // in the order of keys; the bytes lie in the arena
	making *layer  // nil: the batch has nothing for it
	flying *layer  // the same of the one that is being committed
	base   *bbolt.Bucket
	of     uint64 // writer.opened when base was looked up
}

// find returns where key stands, or belongs, among the writes. Keys mostly
// rise, so the end is tried first.
func (b *bucket) find(key []byte) (int, bool) {
	n := len(b.over)
	if n == 0 || bytes.Compare(b.over[n-1].key, key) < 0 {
		return n, false
	}
	return findEntry(b.over, key)
}

// get finds what was written last, if anything was that is not below.
func (b *bucket) get(key []byte) (entry, bool) {
	if i, found := b.find(key); found {
		return b.over[i], true
	}
	if e, found := b.making.get(key); found {
		return e, true
	}
	return b.flying.get(key)
}

// feeds appends those of a span of what is not below.
func (b *bucket) feeds(feeds []feed, r span) []feed {
	return append(feeds, r.entryFeed(b.over), b.making.feed(r), b.flying.feed(r))
}

// set notes a write; the last one under a key counts.
func (b *bucket) set(a *arena, key, stored []byte) {
	i, found := b.find(key)
	if found {
		b.over[i].stored = stored
		return
	}
	b.over = slices.Insert(b.over, i, entry{key: a.copy(key), stored: stored})
}

// discard forgets the writes.
func (b *bucket) discard() {
	clear(b.over)
	b.over = b.over[:0]
	if cap(b.over) > keptEntries {
		b.over = nil
	}
}

// keptEntries is the room that a bucket keeps from one Update to the next.
const keptEntries = 4096
