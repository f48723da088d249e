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
}

func (g *ids) next(now time.Time) string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(now.UnixMilli())<<16)
	g.mu.Lock()
	_, err := io.ReadFull(g.random, raw[6:])
	g.mu.Unlock()
	if err != nil {
		panic(fmt.Sprintf("wire: random source: %v", err)) // crypto/rand never fails
	}
	return "req_" + crockford.EncodeToString(raw[:])
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
