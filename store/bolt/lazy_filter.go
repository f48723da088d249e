package bolt

import (
	"bytes"
	"hash/crc32"
	"sync/atomic"
)

// filter says of a key that it surely is not among those added, or that it may
// be: with filterBits bits a key it errs on one in four hundred. It is a Bloom
// filter whose keys have all their bits in one block, of 32 bytes, with one bit
// in each of eight words, so that a look costs memory once.
//
// A filter grows while it is read, and old versions of what it belongs to share
// it with new ones: a key too many makes a search longer, and no answer wrong.
type filter []uint32

const (
	filterBits  = 14
	filterWords = 8
)

// keyHash is what filters know of a key, and what the file keeps for them:
// CRC-32C.
type keyHash uint32

func hashOf(key []byte) keyHash { return keyHash(crc32.Checksum(key, castagnoli)) }

// hashesOf gives to note what a filter is told of a key: its own hash and, so
// that a Scan of all that begins alike can be answered too, those of its
// beginnings that end in a zero byte. Beginnings that it has in common with the
// key before it were told already.
func hashesOf(before, key []byte, note func(keyHash)) {
	note(hashOf(key))
	for i := max(1, inCommon(before, key)); i < len(key)-1; i++ { // the first byte is the bucket's number
		if key[i] == 0 {
			note(hashOf(key[:i+1]))
		}
	}
}

// inCommon is how many bytes two keys begin with alike.
func inCommon(a, b []byte) (n int) {
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// alike is the longest beginning, ending in a zero byte, that all keys of a
// span have; nil if there is none. The span is in a lazy bucket.
func (r span) alike() []byte {
	for i := len(r.from) - 1; i > 0; i-- {
		if r.from[i] != 0 {
			continue
		}
		// The keys end before from[:i] and a one.
		if c := bytes.Compare(r.to[:min(i, len(r.to))], r.from[:i]); c < 0 || c == 0 && (len(r.to) <= i || r.to[i] == 0 || r.to[i] == 1 && len(r.to) == i+1) {
			return r.from[:i+1]
		}
	}
	return nil
}

// newFilter has room for so many keys.
func newFilter(keys int) filter {
	return make(filter, filterWords*(1+keys*filterBits/(32*filterWords)))
}

// place is a key's block, and bits to choose among those of its words.
func (f filter) place(h keyHash) (block []uint32, bits uint64) {
	mixed := uint64(h) * 0x9e3779b97f4a7c15
	mixed ^= mixed >> 32
	at := (mixed & 0xffffffff) * uint64(len(f)/filterWords) >> 32 * filterWords
	return f[at : at+filterWords : at+filterWords], mixed * 0xd6e8feb86659fd93 >> 24
}

// add is for a filter that is being read.
func (f filter) add(h keyHash) {
	block, bits := f.place(h)
	for i := range block {
		atomic.OrUint32(&block[i], 1<<(bits&31))
		bits >>= 5
	}
}

// fill is for one that nobody else knows yet.
func (f filter) fill(h keyHash) {
	block, bits := f.place(h)
	for i := range block {
		block[i] |= 1 << (bits & 31)
		bits >>= 5
	}
}

func (f filter) has(h keyHash) bool {
	block, bits := f.place(h)
	for i := range block {
		if atomic.LoadUint32(&block[i])>>(bits&31)&1 == 0 {
			return false
		}
		bits >>= 5
	}
	return true
}
