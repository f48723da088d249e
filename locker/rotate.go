package locker

import (
	"context"
	"errors"
	"fmt"

	"penstock/store"
)

// rotationPage is how many keys one transaction of a rotation re-wraps.
const rotationPage = 128

// rotationPasses bounds how often a rotation goes over the keyring. The second
// finds something only when rows were put back from an old copy meanwhile.
const rotationPasses = 3

// Rotate makes a new term key, which new keys are wrapped under from then on,
// re-wraps every key of the keyring under it, and destroys the old term keys
// once none is left under them. Sealing and opening go on meanwhile.
//
// When a rotation was begun and not ended, by this process or an earlier one,
// Rotate ends that one and begins no other. After an error, or a crash, every
// key opens as before. Data keys themselves don't change, so no record
// has to be sealed anew.
//
// Errors: ErrSealed, ErrBusy, ErrTampered, ctx's, and what the store gives.
func (l *Locker) Rotate(ctx context.Context) error {
	return l.RotateTelling(ctx, func(int) {})
}

// RotateTelling is Rotate that tells after each durable page how many keys it
// has been through so far.
func (l *Locker) RotateTelling(ctx context.Context, tell func(done int)) error {
	if !l.admin.TryLock() {
		return ErrBusy
	}
	defer l.admin.Unlock()
	target, err := l.beginRotation(ctx)
	if err != nil {
		return fmt.Errorf("begin rotation: %w", err)
	}
	for range rotationPasses {
		if err := l.rewrapAll(ctx, target, tell); err != nil {
			return fmt.Errorf("re-wrap keys: %w", err)
		}
		left, err := l.leftUnder(ctx, target)
		if err != nil {
			return fmt.Errorf("count old keys: %w", err)
		}
		if left == 0 {
			return l.endRotation(ctx, target)
		}
		if err := l.restartCursor(ctx); err != nil {
			return fmt.Errorf("begin another pass: %w", err)
		}
	}
	return fmt.Errorf("rotation to term %d: keys under old terms appear again and again", target)
}

// beginRotation returns the term to rotate to: that of the rotation under way,
// or a new one, which it makes durable together with the root key under it
// and a cursor at the start.
func (l *Locker) beginRotation(ctx context.Context) (uint32, error) {
	var target uint32
	err := l.keys.Update(ctx, func(tx store.Tx) error {
		old, term, err := l.newest(tx)
		if err != nil {
			return err
		}
		term.wipe()
		target = old
		_, err = tx.Get(bucketCursor, rowCursor)
		if !errors.Is(err, store.ErrNotFound) {
			return err // nil: resume
		}
		target = old + 1
		return l.putNewTerm(tx, target)
	})
	if err != nil {
		return 0, err
	}
	return target, l.noteTerm(ctx, target)
}

func (l *Locker) putNewTerm(tx store.Tx, n uint32) error {
	root, err := l.rootKey()
	if err != nil {
		return err
	}
	defer root.wipe()
	v, err := tx.Get(bucketRoot, rowRoot)
	if err != nil {
		return fmt.Errorf("read root key: %w", err)
	}
	h, err := parse(v, wrapHeader)
	if err != nil {
		return fmt.Errorf("read root key: %w", err)
	}
	master, err := l.masterKey()
	if err != nil {
		return err
	}
	defer master.wipe()
	term := newKey()
	defer term.wipe()
	if err := putTerm(tx, &master, n, &term); err != nil {
		return err
	}
	if err := putRoot(tx, n, &term, h.id, &root); err != nil {
		return err
	}
	return l.putCursor(tx, nil)
}

func (l *Locker) masterKey() (key, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.ring == nil {
		return key{}, ErrSealed
	}
	return l.ring.master, nil
}

// noteTerm takes a term that is durable into memory.
func (l *Locker) noteTerm(ctx context.Context, n uint32) error {
	var term key
	defer term.wipe()
	err := l.keys.View(ctx, func(tx store.Tx) (err error) {
		term, err = l.term(tx, n)
		return err
	})
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ring == nil {
		return ErrSealed
	}
	l.ring.terms[n], l.ring.newest, l.ring.rotating = term, n, true
	return nil
}

// putCursor makes durable that every key before from is done.
func (l *Locker) putCursor(tx store.Tx, from []byte) error {
	return l.wrap(tx, header{kind: kindCursor}, bucketCursor, rowCursor, from)
}

func (l *Locker) cursor(tx store.Tx) ([]byte, error) {
	v, err := tx.Get(bucketCursor, rowCursor)
	if err != nil {
		return nil, fmt.Errorf("read cursor: %w", err)
	}
	h, from, err := l.unwrap(tx, bucketCursor, rowCursor, v)
	if err != nil {
		return nil, fmt.Errorf("read cursor: %w", err)
	}
	if h.kind != kindCursor {
		return nil, refuse(stageKind, "kind %d in %s", h.kind, bucketCursor)
	}
	return from, nil
}

// rewrapAll goes from the cursor to the end.
func (l *Locker) rewrapAll(ctx context.Context, target uint32, tell func(done int)) error {
	for done := 0; ; {
		n, err := l.rewrapPage(ctx, target)
		if err != nil {
			return err
		}
		done += n
		tell(done)
		if n < l.page {
			return nil
		}
	}
}

// rewrapPage moves the next page of keys to the newest term, and the cursor
// past them, in one transaction. It returns how many they were; less than a
// page means that the end is reached.
func (l *Locker) rewrapPage(ctx context.Context, target uint32) (n int, err error) {
	err = l.keys.Update(ctx, func(tx store.Tx) error {
		from, err := l.cursor(tx)
		if err != nil {
			return err
		}
		rows, err := tx.Scan(bucketKeys, from, nil, l.page, false)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := l.rewrap(tx, row, target); err != nil {
				return fmt.Errorf("%s: %w", nameRow(row.Key), err)
			}
		}
		if n = len(rows); n < l.page {
			return nil
		}
		return l.putCursor(tx, after(rows[n-1].Key))
	})
	return n, err
}

// after is the least key that follows row.
func after(row []byte) []byte { return append(append([]byte(nil), row...), 0) }

func (l *Locker) rewrap(tx store.Tx, row store.Pair, target uint32) error {
	if h, err := parse(row.Value, wrapHeader); err != nil || h.term == target {
		return err
	}
	h, payload, err := l.unwrap(tx, bucketKeys, row.Key, row.Value)
	if err != nil {
		return err
	}
	defer clear(payload)
	return l.wrap(tx, h, bucketKeys, row.Key, payload)
}

// leftUnder counts the keys that are not under target.
func (l *Locker) leftUnder(ctx context.Context, target uint32) (left int, err error) {
	var from []byte
	for more := true; more; {
		err := l.keys.View(ctx, func(tx store.Tx) error {
			rows, err := tx.Scan(bucketKeys, from, nil, verifyPage, false)
			if err != nil {
				return err
			}
			for _, row := range rows {
				if h, err := parse(row.Value, wrapHeader); err != nil || h.term != target {
					left++
				}
				from = after(row.Key)
			}
			more = len(rows) == verifyPage
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return left, nil
}

func (l *Locker) restartCursor(ctx context.Context) error {
	return l.keys.Update(ctx, func(tx store.Tx) error { return l.putCursor(tx, nil) })
}

// endRotation destroys the terms before target, which wrap nothing any more,
// and then the cursor.
func (l *Locker) endRotation(ctx context.Context, target uint32) error {
	err := l.keys.Update(ctx, func(tx store.Tx) error {
		rows, err := tx.Scan(bucketTerms, nil, termRow(target), maxTerms, false)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := tx.Delete(bucketTerms, row.Key); err != nil {
				return err
			}
		}
		return tx.Delete(bucketCursor, rowCursor)
	})
	if err != nil {
		return fmt.Errorf("end rotation: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ring == nil {
		return nil
	}
	for n := range l.ring.terms {
		if n != target {
			l.ring.terms[n] = key{}
			delete(l.ring.terms, n)
		}
	}
	l.ring.rotating = false
	return nil
}

// RotateMaster wraps the term keys under next, in one transaction: before it
// the old master key opens the keyring, after it only next does. The caller
// has made next durable where it will be found at the next start, and destroys
// the old key afterwards. A rotation under way isn't disturbed.
//
// Errors: ErrSealed, ErrBusy, ErrWrongMaster for the zero MasterKey, and what
// the store gives; after store.ErrCommitUnknown either key may be the one.
func (l *Locker) RotateMaster(ctx context.Context, next MasterKey) error {
	if next.m == nil {
		return fmt.Errorf("%w: no key given", ErrWrongMaster)
	}
	if !l.admin.TryLock() {
		return ErrBusy
	}
	defer l.admin.Unlock()
	old, err := l.masterKey()
	if err != nil {
		return err
	}
	defer old.wipe()
	err = l.keys.Update(ctx, func(tx store.Tx) error {
		rows, err := tx.Scan(bucketTerms, nil, nil, maxTerms, false)
		if err != nil {
			return err
		}
		for _, row := range rows {
			n, term, err := openTerm(&old, row.Key, row.Value)
			if err != nil {
				return err
			}
			if err := putTerm(tx, next.m.key, n, &term); err != nil {
				return err
			}
			term.wipe()
		}
		return putKDF(tx, next.m)
	})
	if err != nil {
		return fmt.Errorf("rotate master key: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ring != nil {
		l.ring.master = *next.m.key
	}
	return nil
}
