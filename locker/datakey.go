package locker

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"penstock/store"
)

// MaxSeals is how often one data key may seal. Nonces are 192 random bits and
// each place has its own sub-key, so the bound is one of key management (PCI
// DSS 3.7.4), not of the cipher, and the count needn't be exact: it reaches the keyring in
// steps of 65,536, and of a step that a restart or an eviction cuts short
// nothing is counted.
const MaxSeals = 1 << 32

const sealStep = 1 << 16

const dataPayload = keySize + 8 // the key, and its seals big-endian

// sealingKey returns a copy of owner's data key for one seal, creating the key
// when there never was one.
func (l *Locker) sealingKey(ctx context.Context, owner Owner) (dataKey, error) {
	k, save, ok := l.cache.get(owner, 1)
	if !ok {
		var err error
		if k, err = l.loadKey(ctx, owner, true); err != nil {
			return dataKey{}, err
		}
	}
	if save > 0 {
		if err := l.countSeals(ctx, owner, save); err != nil {
			k.key.wipe()
			return dataKey{}, fmt.Errorf("count seals: %w", err)
		}
	}
	if k.seals >= MaxSeals {
		k.key.wipe()
		return dataKey{}, fmt.Errorf("%w: %d", ErrWorn, k.seals)
	}
	return k, nil
}

// openingKey returns a copy of owner's data key, or ErrNoKey, or ErrErased.
func (l *Locker) openingKey(ctx context.Context, owner Owner) (dataKey, error) {
	if k, _, ok := l.cache.get(owner, 0); ok {
		return k, nil
	}
	return l.loadKey(ctx, owner, false)
}

// loadKey reads owner's key from the keyring into the cache.
func (l *Locker) loadKey(ctx context.Context, owner Owner, mayCreate bool) (dataKey, error) {
	epoch := l.cache.now()
	row := owner.rowKey()
	var k dataKey
	err := l.keys.View(ctx, func(tx store.Tx) (err error) {
		k, err = l.getKey(tx, row)
		return err
	})
	if errors.Is(err, ErrNoKey) && mayCreate {
		err = l.keys.Update(ctx, func(tx store.Tx) (err error) {
			k, err = l.getOrCreateKey(tx, row)
			return err
		})
	}
	if err != nil {
		return dataKey{}, fmt.Errorf("data key: %w", err)
	}
	l.cache.put(owner, &k, epoch)
	return k, nil
}

// getKey opens the row of an owner's data key.
func (l *Locker) getKey(tx store.Tx, row []byte) (dataKey, error) {
	v, err := tx.Get(bucketKeys, row)
	if errors.Is(err, store.ErrNotFound) {
		if _, _, err := l.newest(tx); err != nil { // sealed, or a keyring that is gone
			return dataKey{}, err
		}
		return dataKey{}, ErrNoKey
	}
	if err != nil {
		return dataKey{}, err
	}
	h, payload, err := l.unwrap(tx, bucketKeys, row, v)
	if err != nil {
		return dataKey{}, err
	}
	defer clear(payload)
	switch {
	case h.kind == kindErased && len(payload) == 0:
		return dataKey{}, ErrErased
	case h.kind == kindData && len(payload) == dataPayload:
		return dataKey{id: h.id, key: key(payload[:keySize]), seals: binary.BigEndian.Uint64(payload[keySize:])}, nil
	}
	return dataKey{}, refuse(stageKind, "kind %d with %d bytes in %s", h.kind, len(payload), bucketKeys)
}

// getOrCreateKey decides inside the transaction, so that of two creators the
// second gets the first one's key, and an erased owner stays erased.
func (l *Locker) getOrCreateKey(tx store.Tx, row []byte) (dataKey, error) {
	k, err := l.getKey(tx, row)
	if !errors.Is(err, ErrNoKey) {
		return k, err
	}
	k = dataKey{id: newID(), key: newKey()}
	return k, l.putKey(tx, row, &k)
}

func (l *Locker) putKey(tx store.Tx, row []byte, k *dataKey) error {
	payload := binary.BigEndian.AppendUint64(append(make([]byte, 0, dataPayload), k.key[:]...), k.seals)
	defer clear(payload)
	return l.wrap(tx, header{kind: kindData, id: k.id}, bucketKeys, row, payload)
}

// wrap puts payload into the keyring, sealed under the newest term.
func (l *Locker) wrap(tx store.Tx, h header, bucket string, row, payload []byte) error {
	n, term, err := l.newest(tx)
	if err != nil {
		return err
	}
	defer term.wipe()
	h.term = n
	v := seal(&term, h, payload, bucket, string(row))
	return tx.Put(bucket, row, v)
}

// unwrap opens a row of the keyring that lies under a term.
func (l *Locker) unwrap(tx store.Tx, bucket string, row, value []byte) (header, []byte, error) {
	h, err := parse(value, wrapHeader)
	if err != nil {
		return header{}, nil, err
	}
	if h.kind == kindTerm {
		return header{}, nil, refuse(stageKind, "a term key in %s", bucket)
	}
	term, err := l.term(tx, h.term)
	if err != nil {
		return header{}, nil, err
	}
	defer term.wipe()
	payload, err := open(&term, value, wrapHeader, bucket, string(row))
	return h, payload, err
}

// countSeals adds seals to what the keyring knows of owner's key.
func (l *Locker) countSeals(ctx context.Context, owner Owner, seals uint64) error {
	row := owner.rowKey()
	return l.keys.Update(ctx, func(tx store.Tx) error {
		k, err := l.getKey(tx, row)
		if err != nil {
			return err
		}
		defer k.key.wipe()
		k.seals += seals
		return l.putKey(tx, row, &k)
	})
}

// Erase destroys owner's data key, and with it everything that was ever sealed
// for owner, wherever copies of it are. What stays is a mark that no key is to
// be made for owner again. Erasing twice, or an owner without a key, leaves
// the same mark and is no error.
//
// The store may keep the wrapped key in free pages for a while, and an older
// copy of the keyring holds it until overwritten; DESIGN.md says how to be
// rid of both.
func (l *Locker) Erase(ctx context.Context, owner Owner) error {
	if err := owner.check(); err != nil {
		return err
	}
	row := owner.rowKey()
	// Dropped also after an error: the erasure may have been committed.
	defer l.cache.drop(owner)
	err := l.keys.Update(ctx, func(tx store.Tx) error {
		k, err := l.getKey(tx, row)
		k.key.wipe()
		switch {
		case errors.Is(err, ErrErased):
			return nil
		case errors.Is(err, ErrNoKey), errors.Is(err, ErrTampered), err == nil:
			// A row that doesn't authenticate is destroyed as well.
			return l.wrap(tx, header{kind: kindErased, id: k.id}, bucketKeys, row, nil)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("erase key: %w", err)
	}
	return nil
}
