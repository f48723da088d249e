package archive

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync/atomic"

	"penstock/store"
)

// Hooks are what whoever archives says of values. Both are called inside
// transactions.
type Hooks struct {
	// Open opens an entry that was sealed for a bucket and key; an error that is
	// ErrSpoilt says that it isn't what was sealed for them.
	Open func(ctx context.Context, bucket string, key, sealed []byte) ([]byte, error)
	// Lost is the error that a reader gets.
	Lost func(key []byte, l *Lost) error
}

// Store is a store whose archived values are read as if they lay in it.
type Store struct {
	store.Store
	shelf   Shelf // nil: there is none, and each stub is lost
	hooks   Hooks
	buckets []string
	used    atomic.Bool
}

// Over lays an archive of some buckets over s. Until Use it costs nothing, and
// knows no stubs.
func Over(s store.Store, shelf Shelf, hooks Hooks, buckets ...string) *Store {
	return &Store{Store: s, shelf: shelf, hooks: hooks, buckets: buckets}
}

// Use says that there are stubs, or soon will be: from then on each transaction
// sees whole values. It must be called before the first stub is written.
func (s *Store) Use() { s.used.Store(true) }

// Shelf is where the segments lie; nil where there is none.
func (s *Store) Shelf() Shelf { return s.shelf }

// View implements store.Store.
func (s *Store) View(ctx context.Context, fn func(store.Tx) error) error {
	return s.Store.View(ctx, func(tx store.Tx) error { return fn(s.over(ctx, tx)) })
}

// Update implements store.Store.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	return s.Store.Update(ctx, func(tx store.Tx) error { return fn(s.over(ctx, tx)) })
}

// over looks at used inside of the transaction: one that can see a stub runs
// after Use.
func (s *Store) over(ctx context.Context, tx store.Tx) store.Tx {
	if !s.used.Load() {
		return tx
	}
	return &whole{tx, s, ctx}
}

// Snapshot implements store.Snapshotter: stubs stay stubs.
func (s *Store) Snapshot(ctx context.Context, w io.Writer) error {
	if inner, ok := s.Store.(store.Snapshotter); ok {
		return inner.Snapshot(ctx, w)
	}
	return errors.New("archive: the store beneath makes no snapshots")
}

// LowSpace implements store.Spacer.
func (s *Store) LowSpace() bool {
	inner, ok := s.Store.(store.Spacer)
	return ok && inner.LowSpace()
}

// Fence implements store.Fencer.
func (s *Store) Fence() error {
	if inner, ok := s.Store.(store.Fencer); ok {
		return inner.Fence()
	}
	return nil
}

// Read returns the sealed bytes of an entry, which are those that were archived.
func (s *Store) Read(p Place) ([]byte, error) {
	if s.shelf == nil {
		return nil, ErrMissing
	}
	sealed := make([]byte, p.Length)
	if err := s.shelf.ReadAt(p.Segment, sealed, p.Offset); err != nil {
		return nil, err
	}
	if SumOf(sealed) != p.Sum {
		return nil, ErrSpoilt
	}
	return sealed, nil
}

// resolve is the one place where a stub becomes the value that it stands for.
func (s *Store) resolve(ctx context.Context, bucket string, key, value []byte) ([]byte, error) {
	stub, err := ParseStub(value)
	var sealed, plain []byte
	if err == nil {
		sealed, err = s.Read(stub.Place)
	}
	if err == nil {
		plain, err = s.hooks.Open(ctx, bucket, key, sealed)
		if err != nil && !errors.Is(err, ErrSpoilt) { // it may be read another time
			return nil, err
		}
	}
	if err != nil {
		return nil, s.hooks.Lost(key, &Lost{stub.Segment, bucket, err})
	}
	return plain, nil
}

// whole is a transaction that shows no stubs.
type whole struct {
	store.Tx
	s   *Store
	ctx context.Context
}

// Get implements store.Tx.
func (t *whole) Get(bucket string, key []byte) ([]byte, error) {
	value, err := t.Tx.Get(bucket, key)
	if err != nil {
		return value, err
	}
	return t.Whole(bucket, key, value)
}

// Scan implements store.Tx.
func (t *whole) Scan(bucket string, from, to []byte, limit int, desc bool) ([]store.Pair, error) {
	page, err := t.Tx.Scan(bucket, from, to, limit, desc)
	if err != nil {
		return page, err
	}
	for i, p := range page {
		if page[i].Value, err = t.Whole(bucket, p.Key, p.Value); err != nil {
			return nil, err
		}
	}
	return page, nil
}

// Whole is the value that a stub stands for, and any other value as it is.
func (t *whole) Whole(bucket string, key, value []byte) ([]byte, error) {
	if !IsStub(value) || !slices.Contains(t.s.buckets, bucket) {
		return value, nil
	}
	return t.s.resolve(t.ctx, bucket, key, value)
}

// Stubs is the transaction beneath.
func (t *whole) Stubs() store.Tx { return t.Tx }

// Resolver is a transaction that can show stubs too. Those that wrap one pass
// both on.
type Resolver interface {
	Stubs() store.Tx
	Whole(bucket string, key, value []byte) ([]byte, error)
}

// Stubs is the transaction that shows stubs as they are, for those who read no
// more of a value than its label.
func Stubs(tx store.Tx) store.Tx {
	if r, ok := tx.(Resolver); ok {
		return r.Stubs()
	}
	return tx
}

// Whole is the value that one read through Stubs stands for.
func Whole(tx store.Tx, bucket string, key, value []byte) ([]byte, error) {
	if r, ok := tx.(Resolver); ok {
		return r.Whole(bucket, key, value)
	}
	return value, nil
}
