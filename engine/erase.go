package engine

import (
	"context"
	"fmt"

	"penstock/locker"
	"penstock/store"
)

// erase destroys the key of a redacted customer.
func (e *Engine) erase(ctx context.Context, j job) error {
	o := customerOwner(j.Scope, j.id)
	if err := e.Locker.Erase(ctx, locker.Owner(o)); err != nil {
		return fmt.Errorf("erase a customer's key: %w", err)
	}
	return e.Store.Update(ctx, func(tx store.Tx) error {
		return dropDue(tx, dueErase, j.Scope, j.id)
	})
}

// dropDue removes the rows of one piece of work wherever they stand.
func dropDue(tx store.Tx, kind byte, s Scope, id string) error {
	tail := string(append(append([]byte{kind}, s.prefix()...), id...))
	var found [][]byte
	err := each(tx, bucketDue, nil, func(p store.Pair) error {
		if string(p.Key[8:]) == tail {
			found = append(found, p.Key)
		}
		return nil
	})
	for _, k := range found {
		if err == nil {
			err = tx.Delete(bucketDue, k)
		}
	}
	return err
}
