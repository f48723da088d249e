package engine

import (
	"sync"
	"time"
)

// knownKey is an API key as it was stored, with the secret key that a
// publishable one ends with. Nobody may change it.
type knownKey struct {
	*Key
	secret *Key // nil of a secret key
}

// over says whether either has ended.
func (k *knownKey) over(now time.Time) bool {
	if k.secret != nil { // whose end may have been moved since
		return !k.Revoked.IsZero() || k.secret.over(now)
	}
	return k.Key.over(now)
}

// maxCachedKeys bounds how many API keys are kept in memory.
const maxCachedKeys = 1024

// keyCache keeps API keys that were found in the store, by their hash, so that
// not every call reads and decodes one. A key that is revoked leaves it before
// the revocation is answered. What is in it is as it was stored: whether it has
// expired is judged at each call. The zero value is ready.
type keyCache struct {
	mu   sync.RWMutex
	keys map[[32]byte]*knownKey
	// drops counts what was taken out. A key that was read from the store before
	// a drop isn't put in after it: it may be the one that was revoked meanwhile.
	drops uint64
}

// get returns the key of a hash; nil, and the count of drops to give to put,
// when it isn't here.
func (c *keyCache) get(hash [32]byte) (*knownKey, uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.keys[hash], c.drops
}

// put keeps a key that was read after get counted drops. A full cache loses
// any one of the others.
func (c *keyCache) put(hash [32]byte, k *knownKey, drops uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if drops != c.drops {
		return
	}
	if c.keys == nil {
		c.keys = make(map[[32]byte]*knownKey)
	}
	for other := range c.keys {
		if len(c.keys) < maxCachedKeys {
			break
		}
		delete(c.keys, other)
	}
	c.keys[hash] = k
}

// drop forgets every key: revocations are rare, and reading again is cheap.
func (c *keyCache) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	clear(c.keys)
}
