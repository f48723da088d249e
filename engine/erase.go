package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"penstock/locker"
	"penstock/store"
)

// eraseAgain is the pause while a message about the customer is still to land:
// its body lies sealed under the customer's key. The schedule of every message
// ends, so the key goes at the latest then.
const eraseAgain = 10 * time.Minute

// erase destroys the key of a redacted customer.
func (e *Engine) erase(ctx context.Context, j job) error {
	waits, err := read(ctx, e, func(tx store.Tx) (bool, error) { return stillTold(tx, j.Scope, j.id) })
	if err != nil {
		return err
	}
	if waits {
		now, _ := e.pulse.now()
		return e.Store.Update(ctx, func(tx store.Tx) error {
			if err := dropDue(tx, dueErase, j.Scope, j.id); err != nil {
				return err
			}
			return moveDue(tx, dueErase, j.Scope, j.id, time.Time{}, now.Add(eraseAgain))
		})
	}
	o := customerOwner(j.Scope, j.id)
	if err := e.Locker.Erase(ctx, locker.Owner(o)); err != nil {
		return fmt.Errorf("erase a customer's key: %w", err)
	}
	return e.Store.Update(ctx, func(tx store.Tx) error {
		return dropDue(tx, dueErase, j.Scope, j.id)
	})
}

// stillTold says whether a message that shows something of the customer is
// still to be delivered.
func stillTold(tx store.Tx, s Scope, customer string) (waits bool, err error) {
	prefix := s.key(customer, "")
	err = each(tx, bucketRecent, prefix, func(p store.Pair) error {
		r, err := loadRequest(tx, s, string(p.Key[len(prefix):]))
		if err != nil {
			return err
		}
		for _, t := range r.Told {
			d, err := load[Delivery](tx, bucketDelivery, s.key(t.Delivery))
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if err == nil && d.Holder == customer && d.State == Waiting {
				waits = true
				return errEnough
			}
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return waits, err
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
