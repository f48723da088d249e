package webhook

import "hash"

// mac is HMAC (RFC 2104) by the hash h, which is new, under key over all parts
// as one. Each delivery takes two, and crypto/hmac makes seven objects for each;
// TestMACIsHMAC holds this to it.
func mac(h hash.Hash, key string, parts ...[]byte) []byte {
	pad := make([]byte, h.BlockSize(), h.BlockSize()+h.Size())
	if len(key) > len(pad) {
		_, _ = h.Write([]byte(key))
		h.Sum(pad[:0])
		h.Reset()
	} else {
		copy(pad, key)
	}
	const inner, outer = 0x36, 0x5c
	for i := range pad {
		pad[i] ^= inner
	}
	_, _ = h.Write(pad)
	for _, part := range parts {
		_, _ = h.Write(part)
	}
	sum := h.Sum(pad[len(pad):])
	for i := range pad {
		pad[i] ^= inner ^ outer
	}
	h.Reset()
	_, _ = h.Write(pad)
	_, _ = h.Write(sum)
	clear(pad)
	return h.Sum(sum[:0])
}
