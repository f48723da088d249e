package wire

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"time"
)

// crockford is the alphabet of all ids of the product.
var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// ids makes request ids: req_ and 26 characters, 48 bits of milliseconds
// before 80 random ones.
type ids struct {
	mu     sync.Mutex
	random io.Reader
	raw    [16]byte // of the id that is being made
}

func (g *ids) next(now time.Time) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	binary.BigEndian.PutUint64(g.raw[:8], uint64(now.UnixMilli())<<16)
	if _, err := io.ReadFull(g.random, g.raw[6:]); err != nil {
		panic(fmt.Sprintf("wire: random source: %v", err)) // crypto/rand never fails
	}
	id := [30]byte{'r', 'e', 'q', '_'}
	crockford.Encode(id[4:], g.raw[:])
	return string(id[:])
}

// soundRequestID says whether a client's own X-Request-Id may be used: short,
// harmless in a log and a header, and not a secret in disguise.
func soundRequestID(id string) bool {
	if len(id) < 8 || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		if c := id[i]; !isLetter(c) && !isDigit(c) && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return Redact(id) == id
}
