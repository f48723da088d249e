// Package locker keeps details sealed: cards, bank accounts, and the
// appliance's own credentials.
//
// Keys form a chain: the master key, which is never stored here, opens term
// keys; a term key opens one data key per owner; a data key seals that owner's
// details, each under a sub-key of its own place. The wrapped keys are the
// keyring. It lives in a store of its own, so that no backup of the details
// contains the keys to them, and Erase, which destroys an owner's data key,
// destroys the details in every old backup too.
//
// The locker stores no details. Seal returns bytes and the caller puts them
// where it said they would live.
//
// After a crash at any point every detail that could be opened before opens
// still: a data key is durable before anything is sealed under it, and each
// step of a rotation is one transaction that leaves every key readable. An
// erasure that returned nil has taken place.
//
// A Locker is safe for concurrent use. DESIGN.md has the format byte by byte
// and what an attacker can do with what.
package locker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"penstock/store"
)

// DefaultCacheKeys is how many data keys a Locker keeps at hand when
// Config.CacheKeys is zero; they take about 4 MB.
const DefaultCacheKeys = 10_000

// Config is what a Locker is made of.
type Config struct {
	// Keys is the keyring's store. Nothing else should live in it, and a copy
	// of it should be overwritten by the next, never kept: see Locker.Erase.
	// The locker doesn't close it.
	Keys store.Store
	// Master opens the keyring. OpenSealed doesn't look at it.
	Master MasterKey
	// Existing refuses an empty keyring with ErrNoKeyring instead of creating
	// one. Set it when the main store already holds sealed details, because an
	// empty keyring then means that the keyring was lost.
	Existing bool
	// CacheKeys bounds the data keys kept in the clear in memory. Zero means
	// DefaultCacheKeys.
	CacheKeys int
}

// Locker seals and opens. Make one with Open or OpenSealed.
type Locker struct {
	keys     store.Store
	existing bool
	cache    *cache
	page     int // rows that one step of a rotation re-wraps

	admin sync.Mutex // held by Unseal, Close, Rotate and RotateMaster

	mu   sync.RWMutex // never held across a call to the store
	ring *ring        // nil while sealed
}

// ring is what an unsealed locker holds in memory.
type ring struct {
	master   key
	root     key
	newest   uint32
	terms    map[uint32]key
	labels   map[string]key // keys of MACs that were asked for, by their labels; see MAC
	rotating bool
}

func (r *ring) wipe() {
	r.master.wipe()
	r.root.wipe()
	for n := range r.terms {
		r.terms[n] = key{}
	}
	for label := range r.labels {
		r.labels[label] = key{}
	}
	clear(r.labels)
}

// Open returns an unsealed locker. An empty keyring gets its first term,
// unless c.Existing is set.
//
// Errors: ErrWrongMaster, ErrNoKeyring, ErrTampered for a keyring that was
// changed, and what the store gives.
func Open(ctx context.Context, c Config) (*Locker, error) {
	l, err := OpenSealed(c)
	if err != nil {
		return nil, err
	}
	if err := l.Unseal(ctx, c.Master); err != nil {
		return nil, err
	}
	return l, nil
}

// OpenSealed returns a locker that answers everything but Status with
// ErrSealed until Unseal. It doesn't touch the store.
func OpenSealed(c Config) (*Locker, error) {
	if c.Keys == nil {
		return nil, errors.New("locker: Config.Keys is needed")
	}
	if c.CacheKeys < 0 {
		return nil, fmt.Errorf("locker: Config.CacheKeys is %d, 0 or more is allowed", c.CacheKeys)
	}
	if c.CacheKeys == 0 {
		c.CacheKeys = DefaultCacheKeys
	}
	return &Locker{keys: c.Keys, existing: c.Existing, cache: newCache(c.CacheKeys), page: rotationPage}, nil
}

// Unseal opens the keyring with master and keeps a copy of master for later
// rotations. After an error the locker is still sealed. Errors are those of
// Open, and ErrOpen.
func (l *Locker) Unseal(ctx context.Context, master MasterKey) error {
	if master.m == nil {
		return fmt.Errorf("%w: no key given", ErrWrongMaster)
	}
	l.admin.Lock()
	defer l.admin.Unlock()
	if !l.Sealed() {
		return ErrOpen
	}
	r, err := l.load(ctx, master.m)
	if err != nil {
		return fmt.Errorf("unseal: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring = r
	return nil
}

// Ring returns the name of the keyring (Status.Ring) as master opens it, and
// opens nothing: whoever must know that this is the right keyring asks before
// anything can be sealed under it. Unlike Unseal it creates none.
//
// Errors: ErrWrongMaster, ErrNoKeyring, ErrTampered, and what the store gives.
func (l *Locker) Ring(ctx context.Context, master MasterKey) (string, error) {
	if master.m == nil {
		return "", fmt.Errorf("%w: no key given", ErrWrongMaster)
	}
	r, err := l.read(ctx, master.m)
	if err != nil {
		return "", fmt.Errorf("read keyring: %w", err)
	}
	defer r.wipe()
	return ringID(&r.root), nil
}

// Close seals the locker again and wipes its keys as far as Go allows. What
// runs meanwhile ends well or with ErrSealed. Closing twice is harmless; a
// closed locker may be unsealed again. It waits for a running rotation.
func (l *Locker) Close() {
	l.admin.Lock()
	defer l.admin.Unlock()
	l.mu.Lock()
	if l.ring != nil {
		l.ring.wipe()
		l.ring = nil
	}
	l.mu.Unlock()
	l.cache.clear()
}

// Status is what can be shown of a locker to anybody.
type Status struct {
	Sealed   bool
	Term     uint32 // the newest, which new keys are wrapped under; 0 while sealed
	Terms    int    // how many can be read: 1, or 2 while rotating; 0 while sealed
	Rotating bool   // a rotation has begun and not ended, in this process or an earlier one
	Cached   int    // data keys at hand
	Master   string // MasterKey.ID of the key that opens it; "" while sealed
	// Ring names the keyring for ever, whatever rotates. A main store that
	// keeps it can tell a foreign keyring from its own. "" while sealed.
	Ring string
}

// Sealed says whether the locker is sealed, and no more: whoever only wants that
// asks here, as the rest of Status takes deriving names.
func (l *Locker) Sealed() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.ring == nil
}

// Status never fails and never blocks on the store.
func (l *Locker) Status() Status {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.ring == nil {
		return Status{Sealed: true}
	}
	r := l.ring
	return Status{
		Term:     r.newest,
		Terms:    len(r.terms),
		Rotating: r.rotating,
		Cached:   l.cache.len(),
		Master:   masterID(&r.master).String(),
		Ring:     ringID(&r.root),
	}
}

func ringID(root *key) string {
	k := derive(root, []byte{version, algorithm, byte(kindRingID)})
	sum := sha256.Sum256(k[:])
	return hex.EncodeToString(sum[:idSize])
}

// String implements fmt.Stringer; it tells the state and no key.
func (l *Locker) String() string {
	if l == nil {
		return "locker.Locker(nil)"
	}
	s := l.Status()
	if s.Sealed {
		return "locker.Locker(sealed)"
	}
	return fmt.Sprintf("locker.Locker(term %d)", s.Term)
}

// Format implements fmt.Formatter for every verb, as String.
func (l *Locker) Format(f fmt.State, _ rune) { io.WriteString(f, l.String()) }

// LogValue implements slog.LogValuer, as String.
func (l *Locker) LogValue() slog.Value { return slog.StringValue(l.String()) }

// MarshalText implements encoding.TextMarshaler, and with it JSON, as String.
func (l *Locker) MarshalText() ([]byte, error) { return []byte(l.String()), nil }
