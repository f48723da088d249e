package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"penstock/store"
)

// Get returns a request by what the caller calls it, see findRequest.
func (e *Engine) Get(ctx context.Context, c Caller, prefix, name string) (*View, error) {
	return e.view(ctx, c.Scope, func(tx store.Tx) (*Request, error) { return findRequest(tx, c.Scope, prefix, name) })
}

// RequestByID returns a request by its own id, without prefix, also where it
// answers to an id of the merchant's own.
func (e *Engine) RequestByID(ctx context.Context, c Caller, id string) (*View, error) {
	if _, ok := isID("", id); !ok {
		return nil, notFound(ObjPayout, id)
	}
	return e.get(ctx, c.Scope, id)
}

// ByRef returns a request by the merchant's own id.
func (e *Engine) ByRef(ctx context.Context, c Caller, ref string) (*View, error) {
	return e.view(ctx, c.Scope, func(tx store.Tx) (*Request, error) {
		if checkRef("", ref) != nil || ref == "" {
			return nil, notFound(ObjPayout, ref)
		}
		id, err := tx.Get(bucketRef, c.key(ref))
		if errors.Is(err, store.ErrNotFound) {
			return nil, notFound(ObjPayout, ref)
		}
		if err != nil {
			return nil, fmt.Errorf("read ref: %w", err)
		}
		return loadRequest(tx, c.Scope, string(id))
	})
}

// get returns a request by its own id.
func (e *Engine) get(ctx context.Context, s Scope, id string) (*View, error) {
	return e.view(ctx, s, func(tx store.Tx) (*Request, error) { return loadRequest(tx, s, id) })
}

// view reads a request and its customer over one snapshot.
func (e *Engine) view(ctx context.Context, s Scope, find func(store.Tx) (*Request, error)) (*View, error) {
	var v *View
	var cust *Customer
	err := e.Store.View(ctx, func(tx store.Tx) error {
		r, err := find(tx)
		if err != nil {
			return err
		}
		v = &View{Request: *r}
		cust, err = customerOf(tx, s, r.Customer)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := e.openEcho(ctx, s, &v.Request); err != nil {
		return nil, err
	}
	v.Person, err = e.personOf(ctx, s, cust)
	return v, err
}

// customerOf is the customer of a request; nil where there is none, or none
// any more.
func customerOf(tx store.Tx, s Scope, id string) (*Customer, error) {
	if id == "" {
		return nil, nil
	}
	cust, err := loadCustomer(tx, s, id)
	if isNotFound(err) {
		return nil, nil
	}
	return cust, err
}

// personOf opens a customer; nil of nobody. One who was redacted reads as such.
func (e *Engine) personOf(ctx context.Context, s Scope, cust *Customer) (*Person, error) {
	if cust == nil {
		return nil, nil
	}
	if err := e.openPerson(ctx, s, cust); err != nil {
		return nil, err
	}
	return &cust.Person, nil
}

// History returns the whole history of a request, oldest first.
func (e *Engine) History(ctx context.Context, c Caller, prefix, name string) (out []Line, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		r, err := findRequest(tx, c.Scope, prefix, name)
		if err != nil {
			return err
		}
		out, err = historyOf(tx, c.Scope, r)
		return err
	})
	return out, err
}

func historyOf(tx store.Tx, s Scope, r *Request) (out []Line, err error) {
	err = each(tx, bucketHistory, s.key(r.ID, ""), func(p store.Pair) error {
		lines, err := decode[[]Line](bucketHistory, p.Value)
		if err == nil {
			out = append(out, *lines...)
		}
		return err
	})
	return append(out, r.History...), err
}

// DeliveriesOf returns the webhooks that tell of a request, oldest first.
func (e *Engine) DeliveriesOf(ctx context.Context, c Caller, prefix, name string) (out []Delivery, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		out = nil
		r, err := findRequest(tx, c.Scope, prefix, name)
		if err != nil {
			return err
		}
		for _, t := range r.Told {
			d, err := load[Delivery](tx, bucketDelivery, c.key(t.Delivery))
			if err != nil {
				return fmt.Errorf("delivery %s of request %s: %w", t.Delivery, r.ID, err)
			}
			out = append(out, *d)
		}
		return nil
	})
	return out, err
}

// NextDue is when the earliest work is due; false when nothing waits.
func (e *Engine) NextDue(ctx context.Context) (at time.Time, some bool, err error) {
	e.mu.Lock()
	ready := len(e.handedOn) > 0
	e.mu.Unlock()
	if ready {
		at, _ = e.pulse.now()
		return at, true, nil
	}
	err = e.Store.View(ctx, func(tx store.Tx) error {
		page, err := tx.Scan(bucketDue, nil, nil, 1, false)
		if err != nil || len(page) == 0 {
			return err
		}
		row, err := parseDue(page[0].Key)
		at, some = row.at, err == nil
		return err
	})
	return at, some, err
}
