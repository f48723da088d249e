package locker

import (
	"container/list"
	"sync"
)

// dataKey is an owner's key in the clear. Callers hold a copy and wipe it.
type dataKey struct {
	id    id
	key   key
	seals uint64 // how often it has sealed, as far as is known
}

// cache keeps the data keys used last, at most limit of them. It hands out
// copies: a key is wiped in here when it is evicted, and nobody must be left
// sealing with zeros.
type cache struct {
	mu    sync.Mutex
	limit int
	at    map[Owner]*list.Element // of *cached
	order list.List               // the one used last in front
	// epoch counts the drops. A key that was read from the keyring before a
	// drop isn't put after it: it may be the one that was erased meanwhile.
	epoch uint64
}

type cached struct {
	owner   Owner
	key     dataKey
	unsaved uint64 // seals that the keyring has not been told of
}

func newCache(limit int) *cache {
	return &cache{limit: limit, at: make(map[Owner]*list.Element)}
}

// get returns a copy of owner's key and counts the seals it is wanted for.
// save is not 0 when the caller has to write that many seals to the keyring.
func (c *cache) get(owner Owner, seals uint64) (k dataKey, save uint64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.at[owner]
	if !ok {
		return dataKey{}, 0, false
	}
	c.order.MoveToFront(e)
	in := e.Value.(*cached)
	in.key.seals += seals
	in.unsaved += seals
	if in.unsaved >= sealStep {
		save, in.unsaved = in.unsaved, 0
	}
	return in.key, save, true
}

// peek is get that leaves the count of seals for a later get to save.
func (c *cache) peek(owner Owner, seals uint64) (k dataKey, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.at[owner]
	if !ok {
		return dataKey{}, false
	}
	c.order.MoveToFront(e)
	in := e.Value.(*cached)
	in.key.seals += seals
	in.unsaved += seals
	return in.key, true
}

// now returns the epoch to give to put for a key that will be read next.
func (c *cache) now() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.epoch
}

// put keeps a copy of k, unless keys were dropped since epoch.
func (c *cache) put(owner Owner, k *dataKey, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if epoch != c.epoch {
		return
	}
	if _, ok := c.at[owner]; ok {
		return // another reader was first, and its count goes on
	}
	c.at[owner] = c.order.PushFront(&cached{owner: owner, key: *k})
	for c.order.Len() > c.limit {
		c.remove(c.order.Back())
	}
}

// drop forgets owner's key.
func (c *cache) drop(owner Owner) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	if e, ok := c.at[owner]; ok {
		c.remove(e)
	}
}

// clear forgets every key.
func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	for c.order.Len() > 0 {
		c.remove(c.order.Back())
	}
}

func (c *cache) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.order.Len()
}

func (c *cache) remove(e *list.Element) {
	in := e.Value.(*cached)
	in.key.key.wipe()
	delete(c.at, in.owner)
	c.order.Remove(e)
}
