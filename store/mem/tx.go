package mem

import (
	"bytes"
	"fmt"
	"strings"

	"penstock/store"
)

// tx works on one tree directly. A writable one notes what it overwrote, which
// is cheaper than a copy: most Updates succeed.
type tx struct {
	tree     *tree
	writable bool
	done     bool
	undo     []before
}

// before is what stood under an address; a nil value means nothing did.
type before struct {
	address string
	value   []byte
}

// address is the bucket's name behind its length, then the key. Within a
// bucket it sorts as the key does, and no bucket's range touches another's.
func address(bucket string, key []byte) string {
	var b strings.Builder
	b.Grow(1 + len(bucket) + len(key))
	b.WriteByte(byte(len(bucket)))
	b.WriteString(bucket)
	b.Write(key)
	return b.String()
}

// after is the first address past the whole bucket.
func after(bucket string) string {
	b := []byte(address(bucket, nil))
	for i := len(b) - 1; ; i-- { // the length in b[0] is at most 64, so this ends
		b[i]++
		if b[i] != 0 {
			return string(b[:i+1])
		}
	}
}

// Get implements store.Tx.
func (t *tx) Get(bucket string, key []byte) ([]byte, error) {
	if t.done {
		return nil, store.ErrTxDone
	}
	if err := store.CheckKey(bucket, key); err != nil {
		return nil, err
	}
	value, ok := t.tree.Get(address(bucket, key))
	if !ok {
		return nil, store.ErrNotFound
	}
	return value[:len(value):len(value)], nil
}

// Put implements store.Tx.
func (t *tx) Put(bucket string, key, value []byte) error {
	if err := t.mayWrite(); err != nil {
		return err
	}
	if err := store.CheckPut(bucket, key, value); err != nil {
		return err
	}
	a := address(bucket, key)
	old, _ := t.tree.Set(a, owned(value))
	t.undo = append(t.undo, before{a, old})
	return nil
}

// Delete implements store.Tx.
func (t *tx) Delete(bucket string, key []byte) error {
	if err := t.mayWrite(); err != nil {
		return err
	}
	if err := store.CheckKey(bucket, key); err != nil {
		return err
	}
	a := address(bucket, key)
	if old, ok := t.tree.Delete(a); ok {
		t.undo = append(t.undo, before{a, old})
	}
	return nil
}

func (t *tx) mayWrite() error {
	switch {
	case t.done:
		return store.ErrTxDone
	case !t.writable:
		return store.ErrReadOnly
	}
	return nil
}

// Scan implements store.Tx.
func (t *tx) Scan(bucket string, from, to []byte, limit int, desc bool) ([]store.Pair, error) {
	if t.done {
		return nil, store.ErrTxDone
	}
	if err := store.CheckScan(bucket, limit); err != nil {
		return nil, err
	}
	low, high := address(bucket, from), after(bucket)
	if to != nil {
		high = address(bucket, to)
	}
	var pairs []store.Pair
	take := func(a string, value []byte) bool {
		if a < low || a >= high {
			// Descend starts at high itself, which is outside and to be passed over.
			return desc && a == high
		}
		pairs = append(pairs, store.Pair{Key: []byte(a[1+len(bucket):]), Value: owned(value)})
		return len(pairs) < limit
	}
	if desc {
		t.tree.Descend(high, take)
	} else {
		t.tree.Ascend(low, take)
	}
	return pairs, nil
}

// rollback undoes the newest write first, so that a key written twice ends as
// it began.
func (t *tx) rollback() {
	for i := len(t.undo) - 1; i >= 0; i-- {
		u := t.undo[i]
		if u.value == nil {
			if _, ok := t.tree.Delete(u.address); !ok {
				panic(fmt.Sprintf("mem: rollback of a write that is not there, bucket %q", u.address[1:1+u.address[0]]))
			}
			continue
		}
		t.tree.Set(u.address, u.value)
	}
}

func (t *tx) end() { t.done = true }

// owned is a copy that is never nil: nil stands for no value.
func owned(b []byte) []byte {
	if len(b) == 0 {
		return []byte{}
	}
	return bytes.Clone(b)
}
