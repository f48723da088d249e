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
	var v *View
	err := e.Store.View(ctx, func(tx store.Tx) error {
		r, err := findRequest(tx, c.Scope, prefix, name)
		if err == nil {
			v = &View{Request: *r}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, e.fillPerson(ctx, c.Scope, v)
}

// get returns a request by its own id.
func (e *Engine) get(ctx context.Context, s Scope, id string) (*View, error) {
	var v *View
	err := e.Store.View(ctx, func(tx store.Tx) error {
		r, err := loadRequest(tx, s, id)
		if err == nil {
			v = &View{Request: *r}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, e.fillPerson(ctx, s, v)
}

// fillPerson opens the view's customer. One who is gone reads as redacted.
func (e *Engine) fillPerson(ctx context.Context, s Scope, v *View) error {
	if v.Customer == "" {
		return nil
	}
	var cust *Customer
	err := e.Store.View(ctx, func(tx store.Tx) (err error) {
		cust, err = loadCustomer(tx, s, v.Customer)
		return err
	})
	var gone *Error
	if errors.As(err, &gone) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := e.openPerson(ctx, s, cust); err != nil {
		return err
	}
	v.Person = &cust.Person
	return nil
}

// Filter narrows a list of requests. Zero fields do not narrow.
type Filter struct {
	Customer string
	Before   string    // requests created before the one of this id (26 characters)
	After    string    // requests created after it
	From, To time.Time // by creation: From <= created < To
	Keep     func(*Request) bool
}

// List returns requests, newest first: skip of those that fit are left out,
// at most limit returned. Total counts those that fit, up to maxCount.
func (e *Engine) List(ctx context.Context, c Caller, f Filter, skip, limit int) (out []View, total int, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		return e.walk(tx, c.Scope, f, func(r *Request) bool {
			if !f.fits(r) {
				return true
			}
			total++
			if total > skip && len(out) < limit {
				out = append(out, View{Request: *r})
			}
			return total < maxCount
		})
	})
	for i := range out {
		if err == nil {
			err = e.fillPerson(ctx, c.Scope, &out[i])
		}
	}
	return out, total, err
}

// maxCount bounds what one list reads.
const maxCount = 10_000

func (f Filter) fits(r *Request) bool {
	return (f.From.IsZero() || !r.Created.Before(f.From)) && (f.To.IsZero() || r.Created.Before(f.To)) &&
		(f.Customer == "" || r.Customer == f.Customer) && (f.Keep == nil || f.Keep(r))
}

// walk calls fn for the requests that can fit, newest first, until it says no.
func (e *Engine) walk(tx store.Tx, s Scope, f Filter, fn func(*Request) bool) error {
	bucket, prefix := bucketRequest, s.prefix()
	if f.Customer != "" {
		bucket, prefix = bucketRecent, s.key(f.Customer, "")
	}
	from, to := prefix, after(prefix)
	if f.Before != "" {
		to = append(append([]byte(nil), prefix...), f.Before...)
	}
	if f.After != "" {
		from = append(append(append([]byte(nil), prefix...), f.After...), 0)
	}
	for {
		page, err := tx.Scan(bucket, from, to, 200, true)
		if err != nil {
			return fmt.Errorf("scan requests: %w", err)
		}
		for _, p := range page {
			r, err := requestOf(tx, s, bucket, prefix, p)
			if err != nil {
				return err
			}
			if !fn(r) {
				return nil
			}
		}
		if len(page) < 200 {
			return nil
		}
		to = page[len(page)-1].Key
	}
}

func requestOf(tx store.Tx, s Scope, bucket string, prefix []byte, p store.Pair) (*Request, error) {
	if bucket == bucketRequest {
		return decode[Request](bucketRequest, p.Value)
	}
	return loadRequest(tx, s, string(p.Key[len(prefix):]))
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

// NextDue is when the earliest work is due; false when nothing waits.
func (e *Engine) NextDue(ctx context.Context) (at time.Time, some bool, err error) {
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
