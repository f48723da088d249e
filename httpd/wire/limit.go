package wire

import (
	"container/list"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Rate is how often something may happen: PerSecond on the average, Burst at
// once. The zero value is no limit.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Limits bound how fast calls come. Those per address don't touch callers on
// this machine.
type Limits struct {
	Principal Rate // calls of one API key
	Address   Rate // calls from one address (of IPv6: one /64), with or without a key
	Failures  Rate // refused credentials from one address
	// Calls is how many calls of those who say who they are may be in hand at one
	// time, waiting included; 0 is no limit. What is past it is refused at once,
	// so that those in hand stay quick and memory stays bounded.
	Calls int
	// Entries is how many principals and addresses are remembered, each; the
	// one not seen for longest is forgotten. 0 means 65536.
	Entries int
}

const defaultEntries = 1 << 16

// fullFor is what a call is told to wait that came while too many were in hand.
const fullFor = time.Second

// hands counts calls in hand.
type hands struct {
	most int64
	now  atomic.Int64
}

// take counts a call, or refuses it; then nothing has happened.
func (h *hands) take() error {
	if n := h.now.Add(1); h.most > 0 && n > h.most {
		h.now.Add(-1)
		return &RateError{RetryAfter: fullFor}
	}
	return nil
}

func (h *hands) give() { h.now.Add(-1) }

// table is a bounded set of token buckets by key.
type table[K comparable] struct {
	rate Rate
	max  int

	mu    sync.Mutex
	byKey map[K]*list.Element
	order *list.List // of *bucket[K], latest seen first
}

type bucket[K comparable] struct {
	key K
	lim *rate.Limiter
}

func newTable[K comparable](r Rate, entries int) *table[K] {
	if entries <= 0 {
		entries = defaultEntries
	}
	return &table[K]{rate: r, max: entries, byKey: map[K]*list.Element{}, order: list.New()}
}

// take takes a token for key, or returns a *RateError.
func (t *table[K]) take(key K, now time.Time) error {
	if t.rate.PerSecond <= 0 {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	lim := t.limiter(key)
	if lim.AllowN(now, 1) {
		return nil
	}
	return t.refuse(lim, now)
}

// peek returns what take would, and takes nothing.
func (t *table[K]) peek(key K, now time.Time) error {
	if t.rate.PerSecond <= 0 {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	e, seen := t.byKey[key]
	if !seen {
		return nil
	}
	if lim := e.Value.(*bucket[K]).lim; lim.TokensAt(now) < 1 {
		return t.refuse(lim, now)
	}
	return nil
}

func (t *table[K]) refuse(lim *rate.Limiter, now time.Time) error {
	missing := 1 - lim.TokensAt(now)
	return &RateError{RetryAfter: time.Duration(missing / t.rate.PerSecond * float64(time.Second))}
}

// limiter finds or makes key's bucket; the lock is held.
func (t *table[K]) limiter(key K) *rate.Limiter {
	if e, ok := t.byKey[key]; ok {
		t.order.MoveToFront(e)
		return e.Value.(*bucket[K]).lim
	}
	for len(t.byKey) >= t.max {
		oldest := t.order.Back()
		delete(t.byKey, t.order.Remove(oldest).(*bucket[K]).key)
	}
	b := &bucket[K]{key: key, lim: rate.NewLimiter(rate.Limit(t.rate.PerSecond), max(t.rate.Burst, 1))}
	t.byKey[key] = t.order.PushFront(b)
	return b.lim
}
