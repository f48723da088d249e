package faulty

import "penstock/store"

// tx counts what is done in a transaction. A cut in the middle of one makes
// the store beneath roll it back, as fn returns the error; a fn that swallows
// it meets the cut again at the commit.
type tx struct {
	s     *Store
	inner store.Tx
	lent  [][]byte // what Get returned
}

// end spoils what Get returned: it was valid as long as fn ran, and whoever
// keeps it is to find nothing of it there.
func (t *tx) end() {
	for _, value := range t.lent {
		for i := range value {
			value[i] = 0xdb
		}
	}
	t.lent = nil
}

// Get implements store.Tx.
func (t *tx) Get(bucket string, key []byte) ([]byte, error) {
	last, err := t.s.begin(Get, bucket)
	if err != nil {
		return nil, err
	}
	value, err := t.inner.Get(bucket, key)
	if last {
		t.s.Cut()
	}
	if err != nil {
		return nil, err
	}
	value = append(make([]byte, 0, len(value)), value...)
	t.lent = append(t.lent, value)
	return value, nil
}

// Put implements store.Tx.
func (t *tx) Put(bucket string, key, value []byte) error {
	last, err := t.s.begin(Put, bucket)
	if err != nil {
		return err
	}
	err = t.inner.Put(bucket, key, value)
	if last {
		t.s.Cut()
	}
	return err
}

// Delete implements store.Tx.
func (t *tx) Delete(bucket string, key []byte) error {
	last, err := t.s.begin(Delete, bucket)
	if err != nil {
		return err
	}
	err = t.inner.Delete(bucket, key)
	if last {
		t.s.Cut()
	}
	return err
}

// Scan implements store.Tx.
func (t *tx) Scan(bucket string, from, to []byte, limit int, desc bool) ([]store.Pair, error) {
	last, err := t.s.begin(Scan, bucket)
	if err != nil {
		return nil, err
	}
	pairs, err := t.inner.Scan(bucket, from, to, limit, desc)
	if last {
		t.s.Cut()
	}
	return pairs, err
}
