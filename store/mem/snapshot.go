package mem

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"penstock/store"
)

// The format of a snapshot: the header, then for each pair the lengths of its
// address and value as uvarints and their bytes, in order; then a length of
// zero, which no address has, and the CRC-32C of all before it.
const header = "penstock mem 1\n"

// Snapshot implements store.Snapshotter. Load reads what it writes.
func (s *Store) Snapshot(ctx context.Context, w io.Writer) error {
	shot, err := s.beginView(ctx)
	if err != nil {
		return err
	}
	defer s.endView()
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	out := bufio.NewWriter(io.MultiWriter(w, sum))
	_, err = out.WriteString(header)
	shot.Scan(func(address string, value []byte) bool {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return false
		}
		var b []byte
		b = binary.AppendUvarint(b, uint64(len(address)))
		b = binary.AppendUvarint(b, uint64(len(value)))
		_, err = out.Write(append(append(b, address...), value...))
		return err == nil
	})
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	if err := errors.Join(out.WriteByte(0), out.Flush()); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	if err := binary.Write(w, binary.BigEndian, sum.Sum32()); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	return nil
}

// Load returns a store that holds what Snapshot wrote, or store.ErrCorrupt.
func Load(opt Options, r io.Reader) (*Store, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	n := len(b) - 4
	if n < len(header)+1 || string(b[:len(header)]) != header || b[n-1] != 0 ||
		binary.BigEndian.Uint32(b[n:]) != crc32.Checksum(b[:n], crc32.MakeTable(crc32.Castagnoli)) {
		return nil, fmt.Errorf("load: %w", store.ErrCorrupt)
	}
	t := new(tree)
	for b = b[len(header):n]; b[0] != 0; {
		address, value, rest, ok := cutPair(b)
		if !ok {
			return nil, fmt.Errorf("load: %w", store.ErrCorrupt)
		}
		t.Set(string(address), owned(value))
		b = rest
	}
	return newStore(opt, t), nil
}

// cutPair takes the first pair off b, which still has the ending zero.
func cutPair(b []byte) (address, value, rest []byte, ok bool) {
	a, n := binary.Uvarint(b)
	if n <= 0 {
		return nil, nil, nil, false
	}
	v, m := binary.Uvarint(b[n:])
	if m <= 0 {
		return nil, nil, nil, false
	}
	b = b[n+m:]
	if size := uint64(len(b)); a == 0 || a >= size || v >= size || a+v >= size {
		return nil, nil, nil, false
	}
	return b[:a], b[a : a+v], b[a+v:], true
}
