package bolt

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"penstock/store"
)

// sumSize is the length of the checksum behind each stored value: CRC-32C
// (Castagnoli, RFC 3720 appendix B.4), which finds every damage of up to 32
// consecutive bits and lets one in four thousand million others pass. It
// guards against accidents, not against forgery.
const sumSize = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum covers where a value belongs as well as what it is, so that a value
// under another key or in another bucket doesn't verify. The lengths keep the
// three parts apart.
func sum(bucket string, key, value []byte) uint32 {
	c := ^uint32(0)
	// By hand, since a buffer given to crc32 is an allocation.
	step := func(b byte) { c = castagnoli[byte(c)^b] ^ c>>8 }
	step(byte(len(bucket)))
	for i := range len(bucket) {
		step(bucket[i])
	}
	step(byte(len(key) >> 8))
	step(byte(len(key)))
	return crc32.Update(crc32.Update(^c, castagnoli, key), castagnoli, value)
}

// verify takes the checksum off a stored value, or returns store.ErrCorrupt.
// The error names the bucket and never the key or the value.
func verify(bucket string, key, stored []byte) ([]byte, error) {
	n := len(stored) - sumSize
	if n < 0 {
		return nil, fmt.Errorf("%w: bucket %q, value of %d bytes", store.ErrCorrupt, bucket, len(stored))
	}
	if binary.BigEndian.Uint32(stored[n:]) != sum(bucket, key, stored[:n]) {
		return nil, fmt.Errorf("%w: bucket %q", store.ErrCorrupt, bucket)
	}
	return stored[:n:n], nil
}

// sealed is a value with its checksum behind it.
func sealed(bucket string, key, value []byte) []byte {
	stored := make([]byte, len(value)+sumSize)
	copy(stored, value)
	binary.BigEndian.PutUint32(stored[len(value):], sum(bucket, key, value))
	return stored
}
