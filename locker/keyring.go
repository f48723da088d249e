package locker

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"penstock/store"
)

// Buckets of the keyring.
const (
	bucketKDF    = "locker.kdf"    // "kdf" -> how a passphrase becomes the master key; absent for a random one
	bucketTerms  = "locker.terms"  // term, 4 bytes big-endian -> term key, under the master key
	bucketRoot   = "locker.root"   // "root" -> root of fingerprints and MACs, under the newest term key
	bucketKeys   = "locker.keys"   // owner -> data key or what is left of an erased one, under a term key
	bucketCursor = "locker.cursor" // "cursor" -> how far a rotation came, under its term key; absent when none runs
)

var (
	rowKDF    = []byte("kdf")
	rowRoot   = []byte("root")
	rowCursor = []byte("cursor")
)

// maxTerms bounds the term keys that can be read at once. A rotation deletes
// the old one before it ends, so there are two at the most.
const maxTerms = 64

func termRow(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

// load reads the keyring into memory, after creating it when it is empty.
func (l *Locker) load(ctx context.Context, m *master) (*ring, error) {
	r, err := l.read(ctx, m)
	if !errors.Is(err, ErrNoKeyring) || l.existing {
		return r, err
	}
	if err := l.keys.Update(ctx, func(tx store.Tx) error { return create(tx, m) }); err != nil {
		return nil, fmt.Errorf("create keyring: %w", err)
	}
	return l.read(ctx, m)
}

func (l *Locker) read(ctx context.Context, m *master) (*ring, error) {
	var r *ring
	err := l.keys.View(ctx, func(tx store.Tx) (err error) {
		r, err = readRing(tx, m.key)
		return err
	})
	return r, err
}

func readRing(tx store.Tx, master *key) (*ring, error) {
	rows, err := tx.Scan(bucketTerms, nil, nil, maxTerms, false)
	if err != nil {
		return nil, fmt.Errorf("read terms: %w", err)
	}
	if len(rows) == 0 {
		return nil, noTerms(tx)
	}
	r := &ring{master: *master, terms: make(map[uint32]key, len(rows)), labels: map[string]key{}}
	for _, row := range rows {
		n, k, err := openTerm(master, row.Key, row.Value)
		if err != nil {
			return nil, err
		}
		r.terms[n], r.newest = k, n // in order, so the last is the newest
	}
	if r.root, err = readRoot(tx, r.terms); err != nil {
		return nil, fmt.Errorf("read root key: %w", err)
	}
	_, err = tx.Get(bucketCursor, rowCursor)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("read rotation cursor: %w", err)
	}
	r.rotating = err == nil
	return r, nil
}

// noTerms tells an empty keyring from one that lost its terms: over the
// latter nothing may be created, or its keys could be taken for new.
func noTerms(tx store.Tx) error {
	for _, bucket := range [...]string{bucketKeys, bucketRoot} {
		rows, err := tx.Scan(bucket, nil, nil, 1, false)
		if err != nil {
			return fmt.Errorf("read %s: %w", bucket, err)
		}
		if len(rows) > 0 {
			return refuse(stageTerm, "the keyring has rows in %s and no term key", bucket)
		}
	}
	return ErrNoKeyring
}

// create writes the first term and the root key, unless somebody has by now.
func create(tx store.Tx, m *master) error {
	rows, err := tx.Scan(bucketTerms, nil, nil, 1, false)
	if err != nil || len(rows) > 0 {
		return err
	}
	first, root := newKey(), newKey()
	defer first.wipe()
	defer root.wipe()
	if err := putTerm(tx, m.key, 1, &first); err != nil {
		return err
	}
	if err := putRoot(tx, 1, &first, newID(), &root); err != nil {
		return err
	}
	return putKDF(tx, m)
}

func putTerm(tx store.Tx, master *key, n uint32, term *key) error {
	row := termRow(n)
	v := seal(master, header{kind: kindTerm, id: masterID(master)}, term[:], bucketTerms, string(row))
	return tx.Put(bucketTerms, row, v)
}

func openTerm(master *key, row, value []byte) (uint32, key, error) {
	if len(row) != 4 {
		return 0, key{}, refuse(stageLength, "term row %x has no number", row)
	}
	n := binary.BigEndian.Uint32(row)
	h, err := parse(value, wrapHeader)
	if err != nil {
		return 0, key{}, fmt.Errorf("term %d: %w", n, err)
	}
	if h.kind != kindTerm || h.term != 0 {
		return 0, key{}, fmt.Errorf("term %d: %w", n, refuse(stageKind, "kind %d under term %d", h.kind, h.term))
	}
	if have := masterID(master); have != h.id {
		return 0, key{}, fmt.Errorf("%w: the keyring was made with key %v, given was %v", ErrWrongMaster, h.id, have)
	}
	k, err := openKey(master, value, bucketTerms, row)
	if err != nil {
		return 0, key{}, fmt.Errorf("term %d: %w", n, err)
	}
	return n, k, nil
}

// openKey opens a row whose payload is one key.
func openKey(parent *key, value []byte, bucket string, row []byte) (key, error) {
	payload, err := open(parent, value, wrapHeader, bucket, string(row))
	if err != nil {
		return key{}, err
	}
	defer clear(payload)
	if len(payload) != keySize {
		return key{}, refuse(stageLength, "a key of %d bytes", len(payload))
	}
	return key(payload), nil
}

func putRoot(tx store.Tx, n uint32, term *key, i id, root *key) error {
	v := seal(term, header{kind: kindRoot, id: i, term: n}, root[:], bucketRoot, string(rowRoot))
	return tx.Put(bucketRoot, rowRoot, v)
}

func readRoot(tx store.Tx, terms map[uint32]key) (key, error) {
	v, err := tx.Get(bucketRoot, rowRoot)
	if errors.Is(err, store.ErrNotFound) {
		return key{}, refuse(stageLength, "the keyring has no root key")
	}
	if err != nil {
		return key{}, err
	}
	h, err := parse(v, wrapHeader)
	if err != nil {
		return key{}, err
	}
	if h.kind != kindRoot {
		return key{}, refuse(stageKind, "kind %d in %s", h.kind, bucketRoot)
	}
	term, ok := terms[h.term]
	if !ok {
		return key{}, noTerm(h.term)
	}
	return openKey(&term, v, bucketRoot, rowRoot)
}

func noTerm(n uint32) error { return refuse(stageTerm, "term %d is not in the keyring", n) }

// rootKey returns a copy of the root of fingerprints and MACs.
func (l *Locker) rootKey() (key, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.ring == nil {
		return key{}, ErrSealed
	}
	return l.ring.root, nil
}

// term returns a copy of term key n. One that memory does not hold is read
// from tx: a rotation may have begun or ended since tx did, or before memory
// was told of it.
func (l *Locker) term(tx store.Tx, n uint32) (key, error) {
	l.mu.RLock()
	r := l.ring
	if r == nil {
		l.mu.RUnlock()
		return key{}, ErrSealed
	}
	k, ok := r.terms[n]
	master := r.master
	l.mu.RUnlock()
	defer master.wipe()
	if ok {
		return k, nil
	}
	row := termRow(n)
	v, err := tx.Get(bucketTerms, row)
	if errors.Is(err, store.ErrNotFound) {
		return key{}, noTerm(n)
	}
	if err != nil {
		return key{}, fmt.Errorf("read term %d: %w", n, err)
	}
	_, k, err = openTerm(&master, row, v)
	return k, err
}

// newest returns the newest term as tx sees it. Whoever wraps a key asks here
// and not in memory: so no key can be wrapped under a term whose rotation has
// already passed the key's row.
func (l *Locker) newest(tx store.Tx) (uint32, key, error) {
	rows, err := tx.Scan(bucketTerms, nil, nil, 1, true)
	if err != nil {
		return 0, key{}, fmt.Errorf("read newest term: %w", err)
	}
	if len(rows) == 0 || len(rows[0].Key) != 4 {
		return 0, key{}, refuse(stageTerm, "the keyring has no term key")
	}
	n := binary.BigEndian.Uint32(rows[0].Key)
	k, err := l.term(tx, n)
	return n, k, err
}
