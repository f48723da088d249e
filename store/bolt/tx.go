package bolt

import (
	"go.etcd.io/bbolt"

	"penstock/store"
)

// viewTx is a store.Tx over a bbolt read transaction.
type viewTx struct {
	store *Store
	state
	done bool
	// name and bucket are the last bucket used, which is mostly the next one too.
	name   string
	bucket *bbolt.Bucket
	lazy   byte
}

// run runs fn and ends the transaction.
func (t *viewTx) run(fn func(store.Tx) error) error {
	defer func() {
		t.done = true
		_ = t.base.Rollback() // it can only say that the transaction has ended
	}()
	return fn(t)
}

func (t *viewTx) in(name string) *bbolt.Bucket {
	if t.name != name {
		var path [len(dataPrefix) + store.MaxBucket]byte
		t.name, t.bucket = name, t.base.Bucket(append(append(path[:0], dataPrefix...), name...))
		t.lazy = t.store.lazy[name]
	}
	return t.bucket
}

// Get implements store.Tx. The value lies in the memory map, or in a table.
func (t *viewTx) Get(name string, key []byte) ([]byte, error) {
	if t.done {
		return nil, store.ErrTxDone
	}
	if err := store.CheckKey(name, key); err != nil {
		return nil, err
	}
	b := t.in(name)
	return t.get(name, t.lazy, b, key)
}

// get reads and verifies what bbolt holds.
func get(name string, b *bbolt.Bucket, key []byte) ([]byte, error) {
	if b == nil {
		return nil, store.ErrNotFound
	}
	stored := b.Get(key)
	if stored == nil {
		return nil, store.ErrNotFound
	}
	return verify(name, key, stored)
}

// Scan implements store.Tx.
func (t *viewTx) Scan(name string, from, to []byte, limit int, desc bool) ([]store.Pair, error) {
	if t.done {
		return nil, store.ErrTxDone
	}
	if err := store.CheckScan(name, limit); err != nil {
		return nil, err
	}
	r := span{from, to, limit, desc}
	b := t.in(name)
	if b != nil {
		t.store.pages.fetchScan(b, r)
	}
	var room [2]feed
	feeds, err := t.feeds(room[:0], t.lazy, b, r)
	if err != nil {
		return nil, err
	}
	return r.merge(name, feeds)
}

// Put implements store.Tx by refusing.
func (t *viewTx) Put(string, []byte, []byte) error { return t.refuse() }

// Delete implements store.Tx by refusing.
func (t *viewTx) Delete(string, []byte) error { return t.refuse() }

func (t *viewTx) refuse() error {
	if t.done {
		return store.ErrTxDone
	}
	return store.ErrReadOnly
}

// updateTx is a store.Tx over the writer's batches. Each Update has one of its
// own, so that one kept after its end stays ended.
type updateTx struct {
	w    *writer
	done bool
}

// Get implements store.Tx.
func (t *updateTx) Get(name string, key []byte) ([]byte, error) {
	if t.done {
		return nil, store.ErrTxDone
	}
	if err := store.CheckKey(name, key); err != nil {
		return nil, err
	}
	w, b := t.w, t.w.bucket(name)
	if e, found := b.get(key); found {
		return e.value()
	}
	if err := w.open(); err != nil {
		return nil, err
	}
	return w.below.get(name, b.lazy, w.under(b), key)
}

// Put implements store.Tx.
func (t *updateTx) Put(name string, key, value []byte) error {
	if t.done {
		return store.ErrTxDone
	}
	if err := store.CheckPut(name, key, value); err != nil {
		return err
	}
	t.w.write(name, key, t.w.making.arena.seal(name, key, value))
	return nil
}

// Delete implements store.Tx.
func (t *updateTx) Delete(name string, key []byte) error {
	if t.done {
		return store.ErrTxDone
	}
	if err := store.CheckKey(name, key); err != nil {
		return err
	}
	t.w.write(name, key, nil)
	return nil
}

// Scan implements store.Tx.
func (t *updateTx) Scan(name string, from, to []byte, limit int, desc bool) ([]store.Pair, error) {
	if t.done {
		return nil, store.ErrTxDone
	}
	if err := store.CheckScan(name, limit); err != nil {
		return nil, err
	}
	w, b, r := t.w, t.w.bucket(name), span{from, to, limit, desc}
	if err := w.open(); err != nil {
		return nil, err
	}
	var room [5]feed
	feeds, err := w.below.feeds(b.feeds(room[:0], r), b.lazy, w.under(b), r)
	if err != nil {
		return nil, err
	}
	return r.merge(name, feeds)
}
