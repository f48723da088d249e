package locker

import (
	"context"
	"errors"
	"fmt"

	"penstock/store"
)

// verifyPage is how many rows one look at the keyring reads.
const verifyPage = 1000

// verifyShown is how many bad rows Verify names.
const verifyShown = 10

// Verify opens every wrapped key of the keyring. It returns nil when all do,
// or an ErrTampered that names the first ten that don't and counts the rest.
// It reads a page at a time, so what happens meanwhile may or may not be seen.
func (l *Locker) Verify(ctx context.Context) error {
	master, err := l.masterKey()
	if err != nil {
		return err
	}
	defer master.wipe()
	err = l.keys.View(ctx, func(tx store.Tx) error {
		r, err := readRing(tx, &master)
		if err != nil || !r.rotating {
			return err
		}
		_, err = l.cursor(tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("verify keyring: %w", err)
	}
	return l.verifyKeys(ctx)
}

func (l *Locker) verifyKeys(ctx context.Context) error {
	var bad []error
	count := 0
	var from []byte
	for more := true; more; {
		err := l.keys.View(ctx, func(tx store.Tx) error {
			rows, err := tx.Scan(bucketKeys, from, nil, verifyPage, false)
			if err != nil {
				return err
			}
			more = len(rows) == verifyPage
			for _, row := range rows {
				from = after(row.Key)
				err := l.verifyKey(tx, row.Key)
				if err == nil {
					continue
				}
				if !errors.Is(err, ErrTampered) {
					return err
				}
				if count++; count <= verifyShown {
					bad = append(bad, fmt.Errorf("%s: %w", nameRow(row.Key), err))
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("verify keyring: %w", err)
		}
	}
	if count == 0 {
		return nil
	}
	return fmt.Errorf("verify keyring: %d keys do not open: %w", count, errors.Join(bad...))
}

func (l *Locker) verifyKey(tx store.Tx, row []byte) error {
	if _, ok := ownerOf(row); !ok {
		return refuse(stageLength, "row names no owner")
	}
	k, err := l.getKey(tx, row)
	k.key.wipe()
	if errors.Is(err, ErrErased) {
		return nil
	}
	return err
}

func nameRow(row []byte) string {
	if o, ok := ownerOf(row); ok {
		return o.String()
	}
	return fmt.Sprintf("row %x", row)
}
