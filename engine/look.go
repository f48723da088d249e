package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"penstock/engine/fx"
	"penstock/engine/routing"
	"penstock/store"
)

// wanted is what a create or an update has to know of the store before its
// transaction. Empty fields ask for nothing.
type wanted struct {
	once        *Once
	ref         string
	customer    string
	beneficiary Beneficiary
	exits       []Exit
	tree        *routing.Tree
	point       string // empty: the merchant's default
	choose      func(points []*Point, standard string) (string, error)
	quote       string
}

// looked is what stands there, all of it over one snapshot. Refusals are kept,
// so that the caller can give the one that its order of checks puts first. The
// transaction looks again at what must not have changed.
type looked struct {
	done       bool      // the same command was carried out before
	tag        []byte    // what the new request's id is to bear of its caller's name for it
	back       *Request  // what it had made before this store forgot it; nil: nothing
	ref        error     // the merchant's own id is taken
	customer   *Customer // sealed
	record     []byte    // the customer's, as it is stored
	noCustomer error
	method     *Method // that a token or an id names; of whoever
	noMethod   error
	noRoute    error
	point      *Point
	noPoint    error
	accounts   int // provider accounts of the scope
	quote      *fx.Quote
	noQuote    error
}

func (e *Engine) look(ctx context.Context, s Scope, w wanted) (*looked, error) {
	l := &looked{}
	if err := e.keyedAll(s, w.once); err != nil { // before the snapshot, which should be short
		return l, err
	}
	var err error
	if l.tag, err = e.tagOf(ctx, s, w.ref, w.once); err != nil {
		return l, err
	}
	err = e.viewing(ctx, func(tx store.Tx) (err error) {
		if l.done, err = e.replay(tx, s, w.once); l.done || err != nil {
			return err
		}
		if l.back, err = e.broughtBack(tx, s, l.tag); err != nil {
			return err
		}
		if w.ref != "" {
			l.ref = freeRef(tx, s, w.ref)
		}
		if w.customer != "" {
			l.lookAtCustomer(tx, s, w.customer)
		}
		l.method, l.noMethod = methodNamed(tx, s, w.beneficiary)
		l.noRoute = checkWays(tx, s, w.tree, w.exits)
		if err := e.lookAtPoint(tx, s, w, l); err != nil {
			return err
		}
		if w.quote != "" {
			l.quote, l.noQuote = loadQuote(tx, s, w.quote)
		}
		return failure(l.ref, l.noCustomer, l.noMethod, l.noRoute, l.noPoint, l.noQuote)
	})
	return l, err
}

// lookAtCustomer keeps the record beside the customer, for stillLives.
func (l *looked) lookAtCustomer(tx store.Tx, s Scope, id string) {
	raw, err := customerRecord(tx, s, id)
	if err == nil {
		l.customer, err = living(raw, id)
		l.record = bytes.Clone(raw)
	}
	l.noCustomer = err
}

// failure is the first error that is no refusal.
func failure(errs ...error) error {
	var refused *Error
	for _, err := range errs {
		if err != nil && !errors.As(err, &refused) {
			return err
		}
	}
	return nil
}

// freeRef refuses a merchant's own id that is in use.
func freeRef(tx store.Tx, s Scope, ref string) error {
	if _, err := tx.Get(bucketRef, s.key(ref)); err == nil {
		return exists(ObjPayout, ref)
	} else if !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("read ref: %w", err)
	}
	return nil
}

// methodNamed is the saved method that a beneficiary names; nil where it names
// none. Whose it is, and whether a token is good, is looked at later.
func methodNamed(tx store.Tx, s Scope, b Beneficiary) (*Method, error) {
	switch {
	case b.Method != "":
		return loadMethod(tx, s, b.Method)
	case b.Token != "":
		id, _, ok := readToken(b.Token)
		if !ok {
			return nil, errToken
		}
		m, err := loadMethod(tx, s, id)
		if isNotFound(err) {
			return nil, errToken
		}
		return m, err
	}
	return nil, nil
}

// who is the customer that is meant: the known one, or a new one that is made
// ready to be added; nil where nobody is named.
func (e *Engine) who(ctx context.Context, s Scope, l *looked, id string, p *Person) (cust *Customer, added bool, err error) {
	switch {
	case l.noCustomer == nil && l.customer != nil:
		if err := e.openPerson(ctx, s, l.customer); err != nil {
			return nil, false, err
		}
		if l.customer.Redacted { // since the look
			return nil, false, errRedacted(id)
		}
		return l.customer, false, nil
	case id == "" && p == nil:
		return nil, false, nil
	case l.noCustomer != nil && (p == nil || !isNotFound(l.noCustomer)):
		return nil, false, l.noCustomer
	}
	cust, err = e.drawCustomer(ctx, s, id, *p)
	return cust, true, err
}

// madeMeanwhile says that a transaction lost to another that made the same
// customer: it is known now.
func madeMeanwhile(err error, id string) bool {
	var twin *Error
	return id != "" && errors.As(err, &twin) && twin.Code == CodeExists && twin.Object == ObjCustomer
}

// lookAtPoint finds the payout point that a request comes in at.
func (e *Engine) lookAtPoint(tx store.Tx, s Scope, w wanted, l *looked) error {
	k, err := e.catalogOf(tx, s)
	if err != nil {
		return err
	}
	if k.standard == "" {
		return notFound(ObjMerchant, s.Merchant)
	}
	id := w.point
	if id == "" && w.choose != nil {
		if id, l.noPoint = w.choose(k.live, k.standard); l.noPoint != nil {
			return nil
		}
	}
	if id == "" {
		id = k.standard
	}
	l.point, l.accounts = k.points[id], len(k.accounts)
	switch {
	case l.point == nil:
		l.noPoint = notFound(ObjPoint, id)
	case l.point.Archived:
		l.noPoint = wrongState(ObjPoint, id, "archived", "used")
	}
	return nil
}
