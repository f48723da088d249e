package bolt

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// FuzzVerify: a value with its own checksum comes back, and nowhere else.
func FuzzVerify(f *testing.F) {
	f.Add("request", []byte("k"), []byte("v"), []byte("vxxxx"))
	f.Add("", []byte(nil), []byte(nil), []byte("abc"))
	f.Fuzz(func(t *testing.T, bucket string, key, value, odd []byte) {
		stored := binary.BigEndian.AppendUint32(bytes.Clone(value), sum(bucket, key, value))
		if got, err := verify(bucket, key, stored); err != nil || !bytes.Equal(got, value) {
			t.Fatalf("%q, %v", got, err)
		}
		stored[len(stored)-1] ^= 1
		if _, err := verify(bucket, key, stored); err == nil {
			t.Fatal("a changed checksum was taken")
		}
		if got, err := verify(bucket, key, odd); err == nil && len(got)+sumSize != len(odd) {
			t.Fatalf("%q of %q", got, odd)
		}
	})
}
