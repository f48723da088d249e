package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"penstock/store"
)

// Opener opens an entry that was sealed for a bucket and key, inside a
// transaction. An error that is ErrSpoilt says that it isn't what was sealed for
// them; after any other one it may be opened another time.
type Opener func(ctx context.Context, bucket string, key, sealed []byte) ([]byte, error)

// Store is a store whose archived values are read as if they lay in it.
type Store struct {
	store.Store
	shelf   Shelf // nil: there is none, and each stub is lost
	open    Opener
	buckets []string
	used    atomic.Bool
}

// Over lays an archive of some buckets over s. Until Use it costs nothing, and
// knows no stubs.
func Over(s store.Store, shelf Shelf, open Opener, buckets ...string) *Store {
	return &Store{Store: s, shelf: shelf, open: open, buckets: buckets}
}

// Use says that there are stubs, or soon will be: from then on each transaction
// sees whole values. It must be called before the first stub is written.
func (s *Store) Use() { s.used.Store(true) }

// Used says whether Use was called.
func (s *Store) Used() bool { return s.used.Load() }

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

// read returns the sealed bytes of an entry, which are those that were archived.
func (s *Store) read(p Place) ([]byte, error) {
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
// It never says that there is no value.
func (s *Store) resolve(ctx context.Context, bucket string, key, value []byte) ([]byte, error) {
	p, err := ParseStub(value)
	var sealed, plain []byte
	if err == nil {
		sealed, err = s.read(p)
	}
	if err == nil {
		plain, err = s.open(ctx, bucket, key, sealed)
	}
	switch {
	case errors.Is(err, errStub), errors.Is(err, ErrMissing), errors.Is(err, ErrSpoilt):
		return nil, &Lost{p.Segment, bucket, err}
	case err != nil:
		return nil, fmt.Errorf("read what is archived in %s: %w", p.Segment, err)
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
	if err != nil || !t.s.isStub(bucket, value) {
		return value, err
	}
	return t.s.resolve(t.ctx, bucket, key, value)
}

// Scan implements store.Tx.
func (t *whole) Scan(bucket string, from, to []byte, limit int, desc bool) ([]store.Pair, error) {
	page, err := t.Tx.Scan(bucket, from, to, limit, desc)
	if err != nil {
		return page, err
	}
	for i, p := range page {
		if !t.s.isStub(bucket, p.Value) {
			continue
		}
		if page[i].Value, err = t.s.resolve(t.ctx, bucket, p.Key, p.Value); err != nil {
			return nil, err
		}
	}
	return page, nil
}

func (s *Store) isStub(bucket string, value []byte) bool {
	return IsStub(value) && slices.Contains(s.buckets, bucket)
}

// Stubs is the transaction that shows stubs as they are, for those who archive
// and those who look after it.
func Stubs(tx store.Tx) store.Tx {
	if t, ok := tx.(*whole); ok {
		return t.Tx
	}
	return tx
}
