package connector

import (
	"crypto/sha1"
	"fmt"
)

// KeyUUID names a key by a UUID, for a provider that takes nothing else:
// version 5 (RFC 9562), of "penstock:payout:" and the key in the namespace of
// URLs. The same key has the same one for ever.
func KeyUUID(key string) string {
	namespace := [16]byte{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}
	b := sha1.Sum(append(namespace[:], "penstock:payout:"+key...))
	b[6], b[8] = b[6]&0x0f|0x50, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
