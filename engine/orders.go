package engine

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"penstock/store"
)

// Requests by the merchant's own name of an order (Sought.Order) are found by
// rows of bucket order, under a keyed hash of the name: names are a merchant's
// words, which lie sealed. A create writes the row, an update moves it, each in its
// own transaction; a request without such a name has none. What a row leads to
// is looked at again, so a row that stayed when a customer was erased shows nothing.
//
// A store of a version that wrote no rows is gone through from its newest request
// down, a page at a time and beside the work. How far down it has come stands
// with the rows; what lies below is walked through.

// ordersForm is before the id down to which requests have rows; nothing behind
// it says that all of them have.
const ordersForm = "1"

const orderRowLen = 16

// orderRow is the name of an order as rows bear it; "" for none.
func (e *Engine) orderRow(s Scope, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	sum, err := e.Locker.MAC("order", []byte(s.Merchant), []byte(s.Mode), []byte(name))
	if err != nil {
		return "", sealError("name an order", err)
	}
	return hex.EncodeToString(sum[:orderRowLen/2]), nil // what it finds is looked at again
}

// reorder is how a request's row moves when it is stored.
type reorder struct{ from, to string }

// reordered says how the row moves from what was told of a request to what is.
func (e *Engine) reordered(s Scope, was, is Sought) (m reorder, err error) {
	if was.Order == is.Order {
		return m, nil
	}
	if m.from, err = e.orderRow(s, was.Order); err == nil {
		m.to, err = e.orderRow(s, is.Order)
	}
	return m, err
}

// moveOrder keeps the rows to what is told of the request.
func moveOrder(tx store.Tx, s Scope, r *Request) error {
	if r.order.from != "" {
		if err := tx.Delete(bucketOrder, s.key(r.order.from, r.ID)); err != nil {
			return fmt.Errorf("clear a row of an order: %w", err)
		}
	}
	if r.order.to != "" {
		if err := tx.Put(bucketOrder, s.key(r.order.to, r.ID), nil); err != nil {
			return fmt.Errorf("write a row of an order: %w", err)
		}
	}
	return nil
}

// orderedDownTo is the id from which on requests have their rows: "" where all
// of them have; known is false where nobody has looked yet.
func orderedDownTo(tx store.Tx, s Scope) (id string, known bool, err error) {
	at, err := tx.Get(bucketOrder, s.prefix())
	if errors.Is(err, store.ErrNotFound) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("read how far orders are known: %w", err)
	}
	id, known = strings.CutPrefix(string(at), ordersForm)
	return id, known, nil
}

// orderedFromTheStart says of a scope without requests that all have their rows.
func orderedFromTheStart(tx store.Tx, s Scope) error {
	if err := tx.Put(bucketOrder, s.prefix(), []byte(ordersForm)); err != nil {
		return fmt.Errorf("write how far orders are known: %w", err)
	}
	return nil
}

// SortOrders gives one piece of requests their rows by order, of a store that
// has some without. Nothing of it is urgent; without the locker it waits.
func (e *Engine) SortOrders(ctx context.Context) error {
	if e.Locker.Sealed() {
		return nil
	}
	return e.inPieces(ctx, &e.ordering, e.orderPiece)
}

// orderPiece is the next piece of a scope. What requests tell is opened before
// the transaction, which others wait for.
func (e *Engine) orderPiece(ctx context.Context, s Scope, _ time.Time) (n int, err error) {
	var low string
	var known bool
	var page []store.Pair
	err = e.Store.View(ctx, func(tx store.Tx) (err error) {
		if low, known, err = orderedDownTo(tx, s); err != nil || known && low == "" {
			return err
		}
		to := after(s.prefix())
		if known {
			to = s.key(low)
		}
		if page, err = tx.Scan(bucketRequest, s.prefix(), to, sortPage, true); err != nil {
			return fmt.Errorf("scan requests: %w", err)
		}
		return nil
	})
	if err != nil || known && low == "" {
		return 0, err
	}
	found := make([]unordered, len(page))
	for i, p := range page {
		if found[i], err = e.unordered(ctx, s, p); err != nil {
			return 0, err
		}
	}
	next := ordersForm
	if len(page) == sortPage {
		next += string(page[len(page)-1].Key[len(s.prefix()):])
	}
	err = e.Store.Update(ctx, func(tx store.Tx) error {
		if now, still, err := orderedDownTo(tx, s); err != nil || now != low || still != known {
			return err
		}
		for _, u := range found {
			if same, err := u.write(tx, s); err != nil || !same {
				return err // the next piece begins with this page again
			}
		}
		return tx.Put(bucketOrder, s.prefix(), []byte(next))
	})
	return sortPage, err // there may be more
}

// unordered is a request whose row may be missing, as it was looked at.
type unordered struct {
	store.Pair
	shut []byte // what it echoes, sealed
	row  string // "": it is to have none
}

// unordered looks at a request as it is stored. One that can't be read has no row.
func (e *Engine) unordered(ctx context.Context, s Scope, p store.Pair) (u unordered, err error) {
	u.Pair = p
	if !e.tells(string(memberOf(p.Value, "dialect"))) {
		return u, nil
	}
	r, err := decode[Request](bucketRequest, p.Value)
	if err != nil {
		return u, nil
	}
	if err := e.openEcho(ctx, s, r); err != nil {
		if e.Locker.Sealed() || ctx.Err() != nil {
			return u, err
		}
		return u, nil // check says so
	}
	u.shut = r.Shut
	u.row, err = e.orderRow(s, e.soughtOf(r).Order)
	return u, err
}

// write makes the row, unless what the request tells has changed since it was
// looked at.
func (u unordered) write(tx store.Tx, s Scope) (same bool, err error) {
	if u.row == "" {
		return true, nil // what it tells since then has its row from that change
	}
	now, err := tx.Get(bucketRequest, u.Key)
	if err != nil {
		return false, fmt.Errorf("read %s: %w", bucketRequest, err)
	}
	if !bytes.Equal(now, u.Value) {
		r, err := decode[Request](bucketRequest, now)
		if err != nil || !bytes.Equal(r.Shut, u.shut) {
			return false, err
		}
	}
	key := s.key(u.row, string(u.Key[len(s.prefix()):]))
	if err := tx.Put(bucketOrder, key, nil); err != nil {
		return false, fmt.Errorf("write a row of an order: %w", err)
	}
	return true, nil
}

// byOrder walks through the rows of an order, and through those requests that
// may have none yet.
func (l *lister) byOrder(ctx context.Context, tx store.Tx) error {
	low, known, err := orderedDownTo(tx, l.scope)
	if err != nil {
		return err
	}
	if known && low == "" {
		_, err := l.walk(ctx, tx)
		return err
	}
	part := func(bucket string, prefix []byte, narrow func()) func() (bool, error) {
		return func() (bool, error) {
			l.bucket, l.prefix = bucket, prefix
			l.stretch()
			narrow()
			return l.walk(ctx, tx)
		}
	}
	rows := part(bucketOrder, l.prefix, func() {
		if first := l.at(low); bytes.Compare(first, l.from) > 0 {
			l.from = first
		}
	})
	rest := part(bucketRequest, l.scope.prefix(), func() {
		if end := l.at(low); known && bytes.Compare(end, l.to) < 0 {
			l.to = end
		}
	})
	if !known {
		_, err := rest()
		return err
	}
	return l.through(rows, rest)
}
