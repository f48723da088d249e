// Package archive keeps stored values outside of the store, in segments: files
// that are only ever appended to. In the store a stub stays under the value's
// own key and says where the value lies, so keys, indexes and their order are
// as they were. Store is a store.Store that gives back whole values for stubs:
// whoever reads through it never learns that something is archived, and whoever
// writes under the key has taken it out of the archive.
//
// It knows nothing of what it keeps, nor of keys: whoever uses it seals the
// values, bound to bucket and key, and opens them.
package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// magic begins every stub. No stored record of a bucket that is archived from
// begins so: those are JSON.
const magic = "\xa5arc\x01"

// SumSize is the length of Sum.
const SumSize = 16

// Place is where an entry lies. Sum is of its sealed bytes, so that no other
// entry can stand for it, an older one of the same key neither.
type Place struct {
	Segment ID
	Offset  int64
	Length  int
	Sum     [SumSize]byte
}

// SumOf is the first half of the SHA-256 of an entry.
func SumOf(entry []byte) (sum [SumSize]byte) {
	whole := sha256.Sum256(entry)
	copy(sum[:], whole[:])
	return sum
}

// Stub is what stays in the store of a value that lies at p.
func (p Place) Stub() []byte {
	b := binary.BigEndian.AppendUint64([]byte(magic), uint64(p.Segment))
	b = binary.AppendUvarint(b, uint64(p.Offset))
	b = binary.AppendUvarint(b, uint64(p.Length))
	return append(b, p.Sum[:]...)
}

// IsStub says whether a stored value is a stub.
func IsStub(value []byte) bool { return bytes.HasPrefix(value, []byte(magic)) }

// errStub says that a value begins like a stub and is none.
var errStub = errors.New("archive: malformed stub")

// ParseStub reads a value of which IsStub is true.
func ParseStub(value []byte) (p Place, err error) {
	if !IsStub(value) || len(value) < len(magic)+8 {
		return p, errStub
	}
	segment := ID(binary.BigEndian.Uint64(value[len(magic):]))
	rest := value[len(magic)+8:]
	offset, n := binary.Uvarint(rest)
	if n <= 0 {
		return p, errStub
	}
	rest = rest[n:]
	length, n := binary.Uvarint(rest)
	if n <= 0 || len(rest) != n+SumSize || offset > MaxSegment || length > MaxEntry {
		return p, errStub
	}
	p = Place{Segment: segment, Offset: int64(offset), Length: int(length)}
	copy(p.Sum[:], rest[n:])
	return p, nil
}

// ID names a segment: its number in the order of their making, and 32 random
// bits, so that the segments of two stores that were one once never bear the
// same name.
type ID uint64

// NewID is the name of the segment after number n.
func NewID(n, random uint32) ID { return ID(uint64(n)<<32 | uint64(random)) }

// Number is the place of the segment in the order of their making, from 1.
func (id ID) Number() uint32 { return uint32(id >> 32) }

// String is the segment's file name.
func (id ID) String() string { return fmt.Sprintf("%06d-%08x.arc", id.Number(), uint32(id)) }

// ParseID reads a segment's file name.
func ParseID(name string) (ID, bool) {
	var number, random uint32
	if _, err := fmt.Sscanf(name, "%d-%x.arc", &number, &random); err != nil {
		return 0, false
	}
	id := NewID(number, random)
	return id, id.String() == name && number > 0
}
