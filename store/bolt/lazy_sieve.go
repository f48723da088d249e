package bolt

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sort"
	"sync/atomic"
)

// sieve is what a run's filter is made of: one filter for each stretch of its
// keys. So what a merge has made grows as what it is made of shrinks, and a
// merge of the largest runs needs no memory for both of them at once.
//
// Rows of hashes come in the order of their keys, and each belongs to one part
// as a whole. A sieve doesn't change, except that the last part grows while it
// is read: a key too many makes a search longer, and no answer wrong.
type sieve struct {
	parts  []sievePart
	expect int // hashes that it is going to have in all, about
}

type sievePart struct {
	last   []byte // the key of its last row
	hashes int
	bits   filter
}

const (
	// partHashes is when the next part begins.
	partHashes = 64 << 10
	leastPart  = 256
)

// newSieve is going to have so many hashes.
func newSieve(hashes int) *sieve { return &sieve{expect: hashes} }

// row is hashes as the file has them, under the last of their keys.
type row struct{ last, hashes []byte }

func (r row) len() int { return len(r.hashes) / hashSize }

// each gives the hashes to note.
func (r row) each(note func(keyHash)) {
	for rest := r.hashes; len(rest) >= hashSize; rest = rest[hashSize:] {
		note(keyHash(binary.BigEndian.Uint32(rest)))
	}
}

// grown is the sieve with more rows behind those that it has.
func (s *sieve) grown(rows []row) *sieve {
	next := &sieve{parts: slices.Clone(s.parts), expect: s.expect}
	for _, r := range rows {
		at := len(next.parts) - 1
		if at < 0 || next.parts[at].full(r.len()) {
			room := max(leastPart, r.len(), min(partHashes, next.expect-next.hashes()))
			next.parts = append(next.parts, sievePart{bits: newFilter(room)})
			at++
		}
		p := &next.parts[at]
		r.each(p.bits.add)
		p.last, p.hashes = bytes.Clone(r.last), p.hashes+r.len()
	}
	return next
}

// full says whether the part has no room for so many hashes more.
func (p *sievePart) full(more int) bool { return (p.hashes+more)*filterBits > 32*len(p.bits) }

// sealedPart is a part that is never going to have more than these rows.
func sealedPart(rows []row) sievePart {
	p := sievePart{last: bytes.Clone(rows[len(rows)-1].last)}
	for _, r := range rows {
		p.hashes += r.len()
	}
	p.bits = newFilter(p.hashes)
	for _, r := range rows {
		r.each(p.bits.fill)
	}
	return p
}

// cut is the sieve without the parts all of whose keys lie before one.
func (s *sieve) cut(before []byte) *sieve {
	gone := 0
	for gone < len(s.parts) && bytes.Compare(s.parts[gone].last, before) < 0 {
		gone++
	}
	return &sieve{parts: s.parts[gone:], expect: s.expect}
}

func (s *sieve) hashes() (n int) {
	for i := range s.parts {
		n += s.parts[i].hashes
	}
	return n
}

// from is the first part that can know a key or any behind it.
func (s *sieve) from(key []byte) []sievePart {
	at := sort.Search(len(s.parts), func(i int) bool { return bytes.Compare(s.parts[i].last, key) >= 0 })
	return s.parts[at:]
}

// has says whether the key may be among those added.
func (s *sieve) has(key []byte, h keyHash) bool {
	parts := s.from(key)
	return len(parts) > 0 && parts[0].bits.has(h)
}

// hasAlike says whether any key that begins so may be among those added.
func (s *sieve) hasAlike(beginning []byte, h keyHash) bool {
	for _, p := range s.from(beginning) {
		if p.bits.has(h) {
			return true
		}
		if !bytes.HasPrefix(p.last, beginning) {
			break
		}
	}
	return false
}

// lateSieve is that of a run whose hashes are still being read. Until they are,
// every key may be in the run.
type lateSieve struct {
	made     atomic.Pointer[sieve]
	ended    chan struct{}   // closed when it is made, or isn't going to be
	patience <-chan struct{} // closed when looks wait no longer
}

func newLateSieve(patience <-chan struct{}) *lateSieve {
	return &lateSieve{ended: make(chan struct{}), patience: patience}
}

// awaited is nil where it wasn't made in time.
func (l *lateSieve) awaited() *sieve {
	if s := l.made.Load(); s != nil {
		return s
	}
	select {
	case <-l.ended:
	case <-l.patience:
	}
	return l.made.Load()
}
