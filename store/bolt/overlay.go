package bolt

import (
	"bytes"
	"encoding/binary"
	"slices"

	"go.etcd.io/bbolt"
)

// bucket is one bucket as the writer sees it: bbolt's, with what earlier
// Updates of the batch wrote, and over it what the running one has written.
type bucket struct {
	name string
	path []byte // its name in the file
	fill float64
	lazy byte // its number among the lazy buckets; zero: it is none

	base     *bbolt.Bucket // nil when absent, or not yet looked up
	resolved bool          // base was looked up in this batch
	over     []entry       // in the order of keys; the bytes lie in the arena
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

// set notes a write; the last one under a key counts.
func (b *bucket) set(a *arena, key, stored []byte) {
	i, found := b.find(key)
	if found {
		b.over[i].stored = stored
		return
	}
	b.over = slices.Insert(b.over, i, entry{key: a.copy(key), stored: stored})
}

// apply hands the writes to bbolt and forgets them.
func (b *bucket) apply(tx *bbolt.Tx) error {
	for _, e := range b.over {
		if err := b.applyOne(tx, e); err != nil {
			return err
		}
	}
	b.discard()
	return nil
}

func (b *bucket) applyOne(tx *bbolt.Tx, e entry) (err error) {
	if e.stored == nil {
		if b.base == nil {
			return nil
		}
		return b.base.Delete(e.key)
	}
	if b.base == nil {
		if b.base, err = tx.CreateBucket(b.path); err != nil {
			return err
		}
		b.base.FillPercent = b.fill
	}
	return b.base.Put(e.key, e.stored)
}

// discard forgets the writes.
func (b *bucket) discard() {
	clear(b.over)
	b.over = b.over[:0]
	if cap(b.over) > keptEntries {
		b.over = nil
	}
}

const (
	arenaChunk  = mib
	keptEntries = 4096 // room that a bucket keeps from one Update to the next
)

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
