package locker

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"math/rand/v2"
	"testing"
)

// TestPRFIsHMAC holds the derivations to the library's for messages of every
// length about a block, and of some beyond.
func TestPRFIsHMAC(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	fill := func(b []byte) {
		for i := range b {
			b[i] = byte(r.Uint32())
		}
	}
	lengths := []int{511, 512, 513, 4096}
	for n := range 300 {
		lengths = append(lengths, n)
	}
	for _, n := range lengths {
		var k key
		message := make([]byte, n)
		fill(k[:])
		fill(message)
		mac := hmac.New(sha256.New, k[:])
		mac.Write(message)
		got := prf(&k, message[:n/2], message[n/2:])
		if want := mac.Sum(nil); !bytes.Equal(got[:], want) {
			t.Fatalf("%d bytes: got %x, want %x", n, got, want)
		}
	}
}

// TestDeriveIsHKDFExpand holds derive to RFC 5869 as the library has it.
func TestDeriveIsHKDFExpand(t *testing.T) {
	k := newKey()
	head := []byte{1, 2, 3}
	got := derive(&k, head, "bucket", "token")
	info := appendPart(appendPart(appendPart([]byte(domain), head), "bucket"), "token")
	want, err := hkdf.Expand(sha256.New, k[:], string(info), keySize)
	if err != nil || !bytes.Equal(got[:], want) {
		t.Fatalf("got %x, want %x (%v)", got[:], want, err)
	}
}

func BenchmarkDerive(b *testing.B) {
	b.ReportAllocs()
	k, head := newKey(), []byte{1, 2, 3}
	for b.Loop() {
		derive(&k, head, "request", "0123456789abcdef")
	}
}
