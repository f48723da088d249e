package mem

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"testing"
)

// FuzzLoad: no bytes make the reader fall over, also under a right checksum,
// and what it takes is written as it would be read again.
func FuzzLoad(f *testing.F) {
	f.Add([]byte{0})
	f.Add([]byte("\x02\x01abc\x00"))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01a\x00"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, err := Load(Options{}, bytes.NewReader(body)); err == nil && !bytes.HasPrefix(body, []byte(header)) {
			t.Fatalf("%q is taken for a snapshot", body)
		}
		whole := append([]byte(header), body...)
		whole = binary.BigEndian.AppendUint32(whole, crc32.Checksum(whole, crc32.MakeTable(crc32.Castagnoli)))
		s, err := Load(Options{}, bytes.NewReader(whole))
		if err != nil {
			return
		}
		var once, twice bytes.Buffer
		if err := s.Snapshot(context.Background(), &once); err != nil {
			t.Fatal(err)
		}
		again, err := Load(Options{}, bytes.NewReader(once.Bytes()))
		if err != nil {
			t.Fatalf("what was written does not read: %v", err)
		}
		if err := again.Snapshot(context.Background(), &twice); err != nil || !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Fatalf("written twice it differs: %v", err)
		}
	})
}
