package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/store"
)

// UpdateMethod changes what the edit gives, and completes a method that
// waits for its details. The account itself stays: another account is another
// method.
func (e *Engine) UpdateMethod(ctx context.Context, c Caller, id string, ed MethodEdit, once *Once) (*Method, error) {
	if done, err := e.replayed(ctx, c.Scope, once); done || err != nil {
		return nil, err
	}
	for range 8 {
		m, err := e.Method(ctx, c, id)
		if err != nil {
			return nil, err
		}
		before := m.Seq
		next, err := e.editMethod(ctx, c.Scope, *m, ed)
		if err != nil {
			return nil, err
		}
		err = e.update(ctx, func(tx store.Tx, now time.Time) error {
			if done, err := e.replay(tx, c.Scope, once); done || err != nil {
				return err
			}
			latest, err := loadMethod(tx, c.Scope, id)
			if err != nil {
				return err
			}
			if latest.Seq != before {
				return errChanged
			}
			next.LastUsed, next.Seq = latest.LastUsed, before+1
			if err := e.putEdited(tx, c.Scope, latest, next); err != nil {
				return err
			}
			if err := c.act(tx, now, "payment_method.update", id); err != nil {
				return err
			}
			return once.record(tx, c.Scope, now, id, next)
		})
		if !errors.Is(err, errChanged) {
			return next, err
		}
	}
	return nil, &Error{Code: CodeBusy, Object: ObjMethod, ID: id, Message: "the payment method is being changed by others; repeat"}
}

func (e *Engine) editMethod(ctx context.Context, s Scope, m Method, ed MethodEdit) (*Method, error) {
	if ed.Metadata != nil {
		m.Metadata = ed.Metadata
	}
	if ed.Billing != nil {
		m.Billing = ed.Billing
	}
	if ed.Nick != nil {
		m.Nick = *ed.Nick
	}
	if len(m.Metadata)+len(m.Billing) > 10_000 || len(m.Nick) > 255 {
		return nil, invalid("metadata", "metadata and billing together have at most 10000 bytes, nick_name 255")
	}
	if err := noSecurityCode(m.Metadata, m.Billing); err != nil {
		return nil, err
	}
	if ed.Details == nil {
		return &m, nil
	}
	whole := connector.Details{}
	if !m.Waiting {
		old, err := e.openMethod(ctx, s, &m)
		if err != nil {
			return nil, err
		}
		whole = old
	}
	for k, v := range ed.Details {
		whole[k] = v
	}
	clean, err := e.checkDetails(m.Form, whole)
	if err == nil {
		err = e.keepOut(s, m.Form, ed.Details)
	}
	if err != nil {
		return nil, err
	}
	print := m.Print
	if err := e.sealMethod(ctx, s, &m, clean); err != nil {
		return nil, err
	}
	if !m.Waiting && m.Print != print {
		return nil, invalid("payment_method", "the account of a saved method cannot be changed; save another method")
	}
	m.Waiting = false
	return &m, nil
}

func (e *Engine) putEdited(tx store.Tx, s Scope, old, next *Method) error {
	if old.Waiting && !next.Waiting {
		if id, err := tx.Get(bucketPrint, printKey(s, next)); err == nil {
			return exists(ObjMethod, string(id))
		} else if !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("read fingerprint: %w", err)
		}
		if err := tx.Put(bucketPrint, printKey(s, next), []byte(next.ID)); err != nil {
			return fmt.Errorf("write fingerprint: %w", err)
		}
	}
	return e.keepMethod(tx, s, next)
}

// DeleteMethod removes a method and its sealed details. Payouts that were
// made from it keep their own copy until they end.
func (e *Engine) DeleteMethod(ctx context.Context, c Caller, id string) error {
	return e.update(ctx, func(tx store.Tx, now time.Time) error {
		m, err := loadMethod(tx, c.Scope, id)
		if err != nil {
			return err
		}
		if err := removeMethod(tx, c.Scope, m); err != nil {
			return err
		}
		return c.act(tx, now, "payment_method.delete", id)
	})
}

// removeMethod is dropMethod for one of a customer who stays.
func removeMethod(tx store.Tx, s Scope, m *Method) error {
	if err := dropMethod(tx, s, m); err != nil {
		return err
	}
	cust, err := loadCustomer(tx, s, m.Customer)
	if err != nil || cust.DefaultMethod != m.ID {
		return err
	}
	cust.DefaultMethod = ""
	return keep(tx, bucketCustomer, s.key(cust.ID), cust)
}

func dropMethod(tx store.Tx, s Scope, m *Method) error {
	if err := tx.Delete(bucketMethod, s.key(m.ID)); err != nil {
		return fmt.Errorf("delete method: %w", err)
	}
	if err := tx.Delete(bucketOwned, s.key(m.Customer, m.ID)); err != nil {
		return fmt.Errorf("delete owned method: %w", err)
	}
	if m.Print == "" {
		return nil
	}
	if err := tx.Delete(bucketPrint, printKey(s, m)); err != nil {
		return fmt.Errorf("delete fingerprint: %w", err)
	}
	return nil
}

// SetDefault makes a method the customer's default.
func (e *Engine) SetDefault(ctx context.Context, c Caller, customer, id string, once *Once) (m *Method, err error) {
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		if done, err := e.replay(tx, c.Scope, once); done || err != nil {
			return err
		}
		cust, err := liveCustomer(tx, c.Scope, customer)
		if err != nil {
			return err
		}
		m, err = e.openedMethod(tx, c.Scope, id)
		if isNotFound(err) || (err == nil && (m.Customer != customer || m.Waiting)) {
			return &Error{Code: CodeForeign, Object: ObjMethod, ID: id, Message: "the payment_method_id is not valid"}
		}
		if err != nil {
			return err
		}
		if cust.DefaultMethod == id {
			return &Error{Code: CodeState, Object: ObjMethod, ID: id, Status: "default", Message: "payment method is already set as default"}
		}
		cust.DefaultMethod = id
		if err := keep(tx, bucketCustomer, c.key(customer), cust); err != nil {
			return err
		}
		if err := c.act(tx, now, "payment_method.default", id); err != nil {
			return err
		}
		return once.record(tx, c.Scope, now, id, m)
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// DeleteCustomer redacts a customer: the person, every saved method, and the
// key that sealed them, so that no backup can be read for them either. A
// customer with a payout or a payment under way is refused, since it needs the
// key.
func (e *Engine) DeleteCustomer(ctx context.Context, c Caller, id string, once *Once) (*Customer, error) {
	var cust *Customer
	err := e.update(ctx, func(tx store.Tx, now time.Time) (err error) {
		if done, err := e.replay(tx, c.Scope, once); done || err != nil {
			return err
		}
		if cust, err = liveCustomer(tx, c.Scope, id); err != nil {
			return err
		}
		if err := noneOpen(tx, c.Scope, id); err != nil {
			return err
		}
		methods, err := methodsOf(tx, c.Scope, id)
		if err != nil {
			return err
		}
		if err := e.withdrawDrafts(tx, c, now, id); err != nil {
			return err
		}
		for i := range methods {
			if err := dropMethod(tx, c.Scope, &methods[i]); err != nil {
				return err
			}
		}
		*cust = Customer{ID: id, Created: cust.Created, Redacted: true}
		if err := keep(tx, bucketCustomer, c.key(id), cust); err != nil {
			return err
		}
		if err := moveDue(tx, dueErase, c.Scope, id, time.Time{}, now); err != nil {
			return err
		}
		if err := c.act(tx, now, "customer.redact", id); err != nil {
			return err
		}
		return once.record(tx, c.Scope, now, id, cust)
	})
	if err != nil {
		return nil, err
	}
	return cust, nil
}

// withdrawDrafts cancels what a redacted customer was to be paid and never
// was confirmed: its details can't be opened any more.
func (e *Engine) withdrawDrafts(tx store.Tx, c Caller, now time.Time, customer string) error {
	prefix := c.key(customer, "")
	return each(tx, bucketRecent, prefix, func(p store.Pair) error {
		r, err := loadRequest(tx, c.Scope, string(p.Key[len(prefix):]))
		if err != nil || r.Stage != payout.Draft {
			return err
		}
		v := &View{Request: *r}
		was := v.dues()
		if err := v.advance(payout.Revoked, now, c.Actor, "the customer was redacted"); err != nil {
			return err
		}
		if err := e.ended(tx, c.Scope, now, v); err != nil {
			return err
		}
		return saveRequest(tx, c.Scope, &v.Request, was)
	})
}

// noneOpen refuses while a payout request of the customer has not ended, or a
// provider is asked something of a payment.
func noneOpen(tx store.Tx, s Scope, customer string) error {
	prefix := s.key(customer, "")
	open, err := tx.Scan(bucketPaying, prefix, after(prefix), 1, false)
	if err != nil {
		return fmt.Errorf("scan a customer's open payments: %w", err)
	}
	if len(open) > 0 {
		return wrongState(ObjCustomer, customer, "paying", "redacted")
	}
	return each(tx, bucketRecent, prefix, func(p store.Pair) error {
		r, err := load[Request](tx, bucketRequest, s.key(string(p.Key[len(prefix):])))
		if err != nil {
			return err
		}
		if !r.Stage.Ended() && r.Stage != payout.Draft {
			return wrongState(ObjCustomer, customer, "being paid", "redacted")
		}
		return nil
	})
}
