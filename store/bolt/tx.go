package bolt

import (
	"go.etcd.io/bbolt"

	"penstock/store"
)

// viewTx is a store.Tx over a bbolt read transaction.
type viewTx struct {
	base *bbolt.Tx
	done bool
	// name and bucket are the last bucket used, which is mostly the next one too.
	name   string
	bucket *bbolt.Bucket
}

func (t *viewTx) in(name string) *bbolt.Bucket {
	if t.name != name {
		var path [len(dataPrefix) + store.MaxBucket]byte
		t.name, t.bucket = name, t.base.Bucket(append(append(path[:0], dataPrefix...), name...))
	}
	return t.bucket
}

// Get implements store.Tx. The value lies in the memory map.
func (t *viewTx) Get(name string, key []byte) ([]byte, error) {
	if t.done {
		return nil, store.ErrTxDone
	}
	if err := store.CheckKey(name, key); err != nil {
		return nil, err
	}
	return get(name, t.in(name), key)
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
	return span{from, to, limit, desc}.scan(name, t.in(name), nil)
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

// updateTx is a store.Tx over the writer's batch. Each Update has one of its
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
	b := t.w.bucket(name)
	if i, found := b.find(key); found {
		if b.over[i].stored == nil {
			return nil, store.ErrNotFound
		}
		return b.over[i].value(), nil
	}
	return get(name, b.base, key)
}

// Put implements store.Tx.
func (t *updateTx) Put(name string, key, value []byte) error {
	if t.done {
		return store.ErrTxDone
	}
	if err := store.CheckPut(name, key, value); err != nil {
		return err
	}
	t.w.write(name, key, t.w.arena.seal(name, key, value))
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
	b := t.w.bucket(name)
	return span{from, to, limit, desc}.scan(name, b.base, b.over)
}
