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
	inner := padded(space[:sha256.BlockSize], k, 0x36)
	for _, part := range parts {
		inner = append(inner, part...)
	}
	sum := sha256.Sum256(inner)
	clear(inner)
	var last [sha256.BlockSize + sha256.Size]byte
	outer := append(padded(last[:sha256.BlockSize], k, 0x5c), sum[:]...)
	sum = sha256.Sum256(outer)
	clear(outer)
	return sum
}

// HMAC is HMAC-SHA256 (RFC 2104) of a message under a key that the caller has,
// without the objects that crypto/hmac makes.
func HMAC(k *[keySize]byte, message []byte) [sha256.Size]byte { return prf((*key)(k), message) }

// padded makes block k, filled up with zeros, with each byte turned by with.
func padded(block []byte, k *key, with byte) []byte {
	for i, b := range k {
		block[i] = b ^ with
	}
	for i := keySize; i < len(block); i++ {
		block[i] = with
	}
	return block
}

// framed puts in front of each part its length, and their number before all.
func framed(dst []byte, parts [][]byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(parts)))
	for _, part := range parts {
		dst = append(binary.BigEndian.AppendUint32(dst, uint32(len(part))), part...)
	}
	return dst
}
