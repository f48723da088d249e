package locker

import (
	"crypto/sha256"
	"encoding/binary"
)

// prf is HMAC-SHA256 (RFC 2104) under a key of keySize bytes. Every seal and
// every look-up derives keys, and crypto/hmac makes six objects for each
// derivation; this makes none for a message below half a kilobyte.
// TestPRFIsHMAC holds it to crypto/hmac.
func prf(k *key, parts ...[]byte) [sha256.Size]byte {
	var space [sha256.BlockSize + 512]byte
	inner := padded(space[:0], k, 0x36)
	for _, part := range parts {
		inner = append(inner, part...)
	}
	sum := sha256.Sum256(inner)
	clear(inner)
	var last [sha256.BlockSize + sha256.Size]byte
	outer := append(padded(last[:0], k, 0x5c), sum[:]...)
	sum = sha256.Sum256(outer)
	clear(outer)
	return sum
}

// padded is k, filled up to a block, with each byte turned by with.
func padded(dst []byte, k *key, with byte) []byte {
	for i := range sha256.BlockSize {
		b := with
		if i < keySize {
			b ^= k[i]
		}
		dst = append(dst, b)
	}
	return dst
}

// framed puts in front of each part its length, and their number before all.
func framed(dst []byte, parts [][]byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(parts)))
	for _, part := range parts {
		dst = append(binary.BigEndian.AppendUint32(dst, uint32(len(part))), part...)
	}
	return dst
}
