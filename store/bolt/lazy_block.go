package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"penstock/store"
)

// A block is entries in key order, one row of a run's bucket. The row's key is
// the block's last key, so that seeking a key finds the block it belongs to.
// Each entry is: how many bytes its key has in common with the one before, how
// many more it has, and how many bytes are stored (none: deleted), as uvarints;
// then the rest of the key and what is stored.

// appendEntry packs one entry behind another, whose key is last.
func appendEntry(block, last []byte, e entry) []byte {
	same := inCommon(last, e.key)
	block = binary.AppendUvarint(block, uint64(same))
	block = binary.AppendUvarint(block, uint64(len(e.key)-same))
	block = binary.AppendUvarint(block, uint64(len(e.stored)))
	return append(append(block, e.key[same:]...), e.stored...)
}

// blockReader unpacks a block, or a row of the log.
type blockReader struct {
	rest []byte
	key  []byte // of the entry last read
}

// next reads an entry, whose key is valid until the next one is read. It
// returns false at the end.
func (b *blockReader) next() (e entry, ok bool, err error) {
	if len(b.rest) == 0 {
		return entry{}, false, nil
	}
	same, more, size := b.length(), b.length(), b.length()
	if same > len(b.key) || same+more == 0 || more+size > len(b.rest) {
		return entry{}, false, fmt.Errorf("%w: entry of a lazy bucket", store.ErrCorrupt)
	}
	b.key = append(b.key[:same], b.rest[:more]...)
	if size > 0 {
		e.stored = b.rest[more : more+size : more+size]
	}
	e.key, b.rest = b.key, b.rest[more+size:]
	return e, true, nil
}

// length reads a uvarint; one that can't be is too long for anything.
func (b *blockReader) length() int {
	const tooLong = 1 << 30
	n, size := binary.Uvarint(b.rest)
	if size <= 0 || n > tooLong {
		b.rest = nil
		return tooLong
	}
	b.rest = b.rest[size:]
	return int(n)
}

// inBlock finds an entry in a block.
func inBlock(block, key []byte) (entry, bool, error) {
	b := blockReader{rest: block, key: make([]byte, 0, 128)}
	for {
		e, ok, err := b.next()
		if !ok || err != nil {
			return entry{}, false, err
		}
		switch c := bytes.Compare(e.key, key); {
		case c == 0:
			return e, true, nil
		case c > 0:
			return entry{}, false, nil
		}
	}
}
