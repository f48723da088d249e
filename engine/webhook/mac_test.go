package webhook

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestMACIsHMAC holds the signatures to the library's for keys of every length
// about the blocks of both hashes, and for messages in pieces.
func TestMACIsHMAC(t *testing.T) {
	r := rand.NewChaCha8([32]byte{1})
	message := make([]byte, 1000)
	_, _ = r.Read(message)
	for n := range 300 {
		key := make([]byte, n)
		_, _ = r.Read(key)
		for _, fresh := range []func() hash.Hash{sha256.New, sha512.New} {
			want := hmac.New(fresh, key)
			want.Write(message[:3*n])
			got := mac(fresh(), string(key), message[:n], nil, message[n:3*n])
			if !bytes.Equal(got, want.Sum(nil)) {
				t.Fatalf("key of %d bytes: got %x, want %x", n, got, want.Sum(nil))
			}
		}
	}
}

// A delivery is signed for each attempt, and there are two for each payout.
func TestSigningMakesFewObjects(t *testing.T) {
	s := Secrets{Endpoint: []Secret{{bytes.Repeat([]byte{7}, newSecretSize)}}, Hash: Key{strings.Repeat("f", 64)}}
	body, at := make([]byte, 1300), time.Unix(1700000000, 0)
	got := testing.AllocsPerRun(100, func() {
		if _, err := Sign(Rest, s, "msg_01m7yd36spsb257v8awpzx2d01", at, body); err != nil {
			t.Fatal(err)
		}
	})
	if got > 12 {
		t.Errorf("%v objects for a signed delivery, at most 12", got)
	}
}

// BenchmarkSign is a delivery of the rest profile, signed.
func BenchmarkSign(b *testing.B) {
	s := Secrets{Endpoint: []Secret{{bytes.Repeat([]byte{7}, newSecretSize)}}, Hash: Key{strings.Repeat("f", 64)}}
	body, at := make([]byte, 1300), time.Unix(1700000000, 0)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Sign(Rest, s, "msg_01m7yd36spsb257v8awpzx2d01", at, body); err != nil {
			b.Fatal(err)
		}
	}
}
