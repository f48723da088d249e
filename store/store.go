// Package store is the interface of penstock's storage: ordered key-value
// pairs in named buckets, changed by serializable transactions. It holds no
// implementation; store/bolt is the one for production, store/mem the one
// that can lose power in a simulation, and storetest says in executable form
// what all of them promise.
//
// After a crash everything that a successful Update wrote is there, and
// nothing of an Update that returned an error is, with one exception that has
// a name: ErrCommitUnknown.
package store

import (
	"context"
	"errors"
	"io"
)

// Limits that every implementation enforces with the error named.
const (
	MaxKey    = 1 << 10 // bytes of a key; past it, and for an empty one, ErrKey
	MaxValue  = 1 << 20 // bytes of a value; past it ErrValue
	MaxBucket = 64      // bytes of a bucket's name; past it, and for an empty one, ErrKey
	MaxScan   = 10_000  // pairs that one Scan returns at the most; a limit outside 1..MaxScan is ErrScan
)

var (
	// ErrNotFound says that Get found no such key (or bucket: a bucket exists
	// from its first Put on, and an absent one is an empty one).
	ErrNotFound = errors.New("store: not found")
	// ErrKey refuses an empty or over-long key or bucket name.
	ErrKey = errors.New("store: key is empty or too long")
	// ErrValue refuses an over-long value.
	ErrValue = errors.New("store: value is too long")
	// ErrScan refuses a Scan whose limit is not within 1..MaxScan.
	ErrScan = errors.New("store: scan limit out of range")
	// ErrReadOnly refuses Put and Delete inside View.
	ErrReadOnly = errors.New("store: write in a read-only transaction")
	// ErrTxDone refuses any use of a Tx after its fn returned.
	ErrTxDone = errors.New("store: transaction has ended")
	// ErrClosed refuses any use of a Store after Close.
	ErrClosed = errors.New("store: closed")
	// ErrCorrupt says that a stored value does not match its checksum.
	ErrCorrupt = errors.New("store: value does not match its checksum")
	// ErrFull says that there is no room to commit, and that surely nothing was
	// written. The store goes on, and what needs no new room may still succeed.
	ErrFull = errors.New("store: no room")
	// ErrLocked says that another process holds the store.
	ErrLocked = errors.New("store: in use by another process")
	// ErrReplaced says that the file under the path is no longer the one that
	// was opened, so nothing written now could be found again.
	ErrReplaced = errors.New("store: file was replaced or removed")
	// ErrCommitUnknown says that a commit may or may not have taken place. The
	// caller must not repeat, and must not tell anybody that nothing happened:
	// the process has to end, and what is durable is decided by reading it.
	ErrCommitUnknown = errors.New("store: commit outcome unknown")
)

// Store is a set of buckets. It is safe for concurrent use.
type Store interface {
	// View runs fn over one consistent snapshot of what was committed when it
	// began, and returns fn's error as it is. Updates land meanwhile, but an old
	// snapshot costs room, so fn should be short; it must not call the store
	// again. A ctx that is done before fn started gives ctx.Err().
	View(ctx context.Context, fn func(Tx) error) error
	// Update commits what fn wrote, durably, before it returns nil; or nothing
	// at all when fn returns an error (which comes back as it is) or panics
	// (the panic goes on in the caller). Updates are serializable. fn may run
	// more than once, so it must touch nothing but its Tx, must not block and
	// must not call the store again. A ctx that is done before fn started
	// gives ctx.Err(); once fn runs, ctx is no longer asked.
	Update(ctx context.Context, fn func(Tx) error) error
	// Close waits for what is running and releases the store. Closing twice is
	// harmless.
	Close() error
}

// Tx is one transaction, valid only inside the fn that received it, and only
// in the goroutine that fn runs in. A refused call changes nothing, and fn may
// go on after it.
type Tx interface {
	// Get returns the value, or ErrNotFound. An empty value is a non-nil empty
	// slice. The bytes are valid until fn returns and must not be changed.
	Get(bucket string, key []byte) ([]byte, error)
	// Put writes; key and value may be changed by the caller afterwards.
	Put(bucket string, key, value []byte) error
	// Delete removes; a key that is not there is no error.
	Delete(bucket string, key []byte) error
	// Scan returns owned copies of the pairs with from <= key < to in byte
	// order (descending when desc), at most limit of them. A nil from starts at
	// the first key, a nil to goes on to the last; neither needs to be a key.
	// Bounds that enclose nothing give no pairs. What this Tx wrote is seen, and
	// what it writes afterwards doesn't touch pairs already returned.
	Scan(bucket string, from, to []byte, limit int, desc bool) ([]Pair, error)
}

// Pair is one key with its value.
type Pair struct{ Key, Value []byte }

// Snapshotter is what a Store may offer beyond: a consistent copy of itself,
// readable by the same implementation, while it goes on serving.
type Snapshotter interface {
	Snapshot(ctx context.Context, w io.Writer) error
}

// Spacer is what a Store may offer beyond: whether room for new work is
// running out. It is cheap enough to be asked on each create, and says so
// before the device is really full, so that work already accepted can end.
type Spacer interface {
	LowSpace() bool
}

// Fencer is what a Store may offer beyond: whether it still writes to what
// its path names. It is asked before money is sent; an error (ErrReplaced)
// means that no send may take place and that the process should end.
type Fencer interface {
	Fence() error
}
