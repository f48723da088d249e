package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"penstock/locker"
	"penstock/store"
)

// erasedPage is how many customers one look of ForgetErased takes.
const erasedPage = 200

// ForgetErased is for a store that was restored from a backup: customers who
// were redacted after it are in it as they were then, though nothing of theirs
// opens any more. It redacts them again: their methods go, drafts to them are
// withdrawn, and what was under way then is not kept for a next time. It
// returns how many; doing it twice finds none.
func (e *Engine) ForgetErased(ctx context.Context, c Caller) (forgotten int, err error) {
	var from []byte
	for more := true; more; {
		var erased []*Customer
		var at []Scope
		err := e.Store.View(ctx, func(tx store.Tx) error {
			erased, at = nil, nil
			page, err := tx.Scan(bucketCustomer, from, nil, erasedPage, false)
			if err != nil {
				return fmt.Errorf("scan customers: %w", err)
			}
			more = len(page) == erasedPage
			for _, p := range page {
				from = append(p.Key, 0)
				s, _, err := cutScope(p.Key)
				if err != nil {
					return err
				}
				cust, err := decode[Customer](bucketCustomer, p.Value)
				if err != nil {
					return err
				}
				erased, at = append(erased, cust), append(at, s)
			}
			return nil
		})
		if err != nil {
			return forgotten, err
		}
		for i, cust := range erased {
			done, err := e.forgetErased(ctx, Caller{Scope: at[i], Actor: c.Actor}, cust)
			if err != nil {
				return forgotten, err
			}
			forgotten += done
		}
	}
	return forgotten, nil
}

func (e *Engine) forgetErased(ctx context.Context, c Caller, cust *Customer) (int, error) {
	if cust.Redacted {
		return 0, nil
	}
	_, err := e.Locker.Open(ctx, customerOwner(c.Scope, cust.ID), locker.Place{Bucket: bucketCustomer, Token: cust.ID}, cust.Sealed)
	if !errors.Is(err, locker.ErrErased) {
		return 0, nil // what doesn't open for another reason is check's business
	}
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		if err := e.withdrawDrafts(tx, c, now, cust.ID); err != nil {
			return err
		}
		if err := saveNothing(tx, c.Scope, cust.ID); err != nil {
			return err
		}
		methods, err := methodsOf(tx, c.Scope, cust.ID)
		if err != nil {
			return err
		}
		for i := range methods {
			if err := dropMethod(tx, c.Scope, &methods[i]); err != nil {
				return err
			}
		}
		if err := keep(tx, bucketCustomer, c.key(cust.ID), &Customer{ID: cust.ID, Created: cust.Created, Redacted: true}); err != nil {
			return err
		}
		return audit(tx, now, Act{Actor: c.Actor, Merchant: c.Merchant, Mode: c.Mode, Action: "customer.redact", Object: cust.ID, Note: "their key was erased after the backup that this store is from"})
	})
	if err != nil {
		return 0, err
	}
	return 1, nil
}

// saveNothing keeps payouts that are under way from saving a method whose
// details can't be read.
func saveNothing(tx store.Tx, s Scope, customer string) error {
	prefix := s.key(customer, "")
	return each(tx, bucketRecent, prefix, func(p store.Pair) error {
		r, err := loadRequest(tx, s, string(p.Key[len(prefix):]))
		if err != nil || !r.Recurring || r.Stage.Ended() {
			return err
		}
		was := r.dues()
		r.Recurring = false
		return saveRequest(tx, s, r, was)
	})
}
