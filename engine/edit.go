package engine

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/routing"
	"penstock/store"
)

// Change is what an update, or a confirm, gives a request that has not been
// paid yet. What is nil or zero stays. Its functions are pure, and are run
// again over what stands there if that has changed meanwhile, so two changes
// at a time don't overwrite each other.
type Change struct {
	Prefix      string                          // of the request's id in the caller's dialect
	Amount      func(money.Amount) money.Amount // what the amount becomes
	Customer    string                          // of a request that has none; with Person it is created if unknown
	Person      *Person
	Beneficiary Beneficiary
	Page        func(*Page) // changes what the recipient's page shows, of a request that has one
	Service     string      // payout service by which it is to leave, within that service's limits; empty: stays
	AutoFulfill *bool
	Recurring   *bool
	Providers   []string
	Exits       []Exit
	Tree        *routing.Tree // together with Exits, which it names
	Extra       func(json.RawMessage) (json.RawMessage, error)
	Confirm     bool
}

// Update changes a request that has not been handed to a provider.
func (e *Engine) Update(ctx context.Context, c Caller, name string, ch Change, once *Once) (*View, error) {
	return e.edit(ctx, c, name, "payout.update", ch, once)
}

// Confirm takes the last changes and makes the request ready; with
// auto-fulfilment its payout is made in the same transaction.
func (e *Engine) Confirm(ctx context.Context, c Caller, name string, ch Change, once *Once) (*View, error) {
	ch.Confirm = true
	return e.edit(ctx, c, name, "payout.confirm", ch, once)
}

func (e *Engine) edit(ctx context.Context, c Caller, name, action string, ch Change, once *Once) (*View, error) {
	for range 8 {
		v, err := e.editOnce(ctx, c, name, action, ch, once)
		if errors.Is(err, errChanged) || madeMeanwhile(err, ch.Customer) {
			continue
		}
		return v, e.orReplayed(ctx, c.Scope, once, err)
	}
	return nil, &Error{Code: CodeBusy, Object: ObjPayout, ID: name, Message: "the payout is being changed by others; repeat"}
}

func (e *Engine) editOnce(ctx context.Context, c Caller, name, action string, ch Change, once *Once) (*View, error) {
	if done, err := e.replayed(ctx, c.Scope, once); done || err != nil {
		return nil, err
	}
	draft, err := e.Get(ctx, c, ch.Prefix, name)
	if err != nil {
		return nil, err
	}
	verb := "updated"
	if ch.Confirm {
		verb = "confirmed"
	}
	if draft.Stage != payout.Draft {
		return nil, wrongState(ObjPayout, name, string(draft.Stage), verb)
	}
	ed, err := e.prepareEdit(ctx, c, draft, ch)
	if err != nil {
		return nil, err
	}
	return e.changeFrom(ctx, c, draft, action, once, func(tx store.Tx, now time.Time, r *View) error {
		if r.Stage != payout.Draft {
			return wrongState(ObjPayout, name, string(r.Stage), verb)
		}
		if r.version() != draft.version() {
			return errChanged // what was sealed may be for another customer, or another account
		}
		if err := ed.apply(tx, c, now, r); err != nil {
			return err
		}
		if !ch.Confirm {
			return r.advance2(payout.Edited, now, c.Actor)
		}
		if ed.used != nil {
			if err := touchMethod(tx, c.Scope, now, ed.used.ID); err != nil {
				return err
			}
		}
		if r.Customer != "" {
			if err := stillLives(tx, c.Scope, r.Customer, nil); err != nil {
				return err
			}
		}
		return e.confirm(tx, c, now, r)
	})
}

// edition is a change made ready outside the transaction: checked and sealed.
type edition struct {
	Change
	next   Request // with the beneficiary that it will have
	used   *Method
	added  *Customer // to be made
	person *Person   // of the customer that the request is given; nil: it is given none
}

func (e *Engine) prepareEdit(ctx context.Context, c Caller, draft *View, ch Change) (*edition, error) {
	ed := &edition{Change: ch, next: draft.Request}
	if draft.Customer != "" {
		if ch.Customer != "" && ch.Customer != draft.Customer {
			return nil, invalid("customer_id", "The customer of a payout cannot be changed; create another payout")
		}
		ch.Customer, ch.Person = "", nil // it is known, and other words about it change nothing
	}
	l, err := e.look(ctx, c.Scope, wanted{customer: ch.Customer, beneficiary: ch.Beneficiary, exits: ch.Exits, tree: ch.Tree})
	if err != nil {
		return nil, err
	}
	cust, added, err := e.who(ctx, c.Scope, l, ch.Customer, ch.Person)
	if err != nil {
		return nil, err
	}
	if cust != nil {
		ed.next.Customer, ed.person = cust.ID, &cust.Person
	}
	if added {
		ed.added = cust
	}
	person := ed.person
	if person == nil {
		person = draft.Person
	}
	if ed.used, err = e.attach(ctx, c, &ed.next, ch.Beneficiary.heldBy(person), l); err != nil {
		return nil, err
	}
	if cust != nil && ch.Beneficiary.absent() {
		if err := e.reown(ctx, c.Scope, &draft.Request, &ed.next); err != nil {
			return nil, err
		}
	}
	if l.noRoute != nil {
		return nil, l.noRoute
	}
	if ch.Page != nil && draft.Page != nil {
		p := *draft.Page
		ch.Page(&p)
		ed.next.Page = &p
	}
	return ed, e.note(ctx, c.Scope, &ed.next, ch.Extra, cust != nil)
}

// note takes what a dialect changes of what it keeps, and seals the echo if
// that is another now, or is to be under another key.
func (e *Engine) note(ctx context.Context, s Scope, r *Request, edit func(json.RawMessage) (json.RawMessage, error), reowned bool) error {
	if edit != nil {
		extra, err := edit(r.Extra)
		if err != nil {
			return err
		}
		if err := checkExtra(extra); err != nil {
			return err
		}
		was := e.soughtOf(r)
		r.Extra = extra
		is := e.soughtOf(r)
		r.seek(is)
		if r.order, err = e.reordered(s, was, is); err != nil {
			return err
		}
	}
	if !reowned && r.Echo.equal(r.shown) {
		return nil
	}
	return e.sealEcho(ctx, s, r)
}

// noteAs takes over what note made of the request outside of the transaction.
func (r *Request) noteAs(next *Request) {
	r.Echo, r.Shut, r.shown = next.Echo, next.Shut, next.shown
	r.Entity, r.Asked, r.order = next.Entity, next.Asked, next.order
}

// reown seals a request's details anew, under the key of the customer that it
// is given, so that they go with the customer.
func (e *Engine) reown(ctx context.Context, s Scope, was, next *Request) error {
	if was.Sealed == nil {
		return nil
	}
	details, err := e.openRequest(ctx, s, was)
	if err != nil {
		return err
	}
	next.Sealed, err = e.sealFor(ctx, ownerOf(s, next.Customer, next.Day), requestPlace(next.ID), details)
	return err
}

func (ed *edition) apply(tx store.Tx, c Caller, now time.Time, r *View) error {
	if ed.person != nil {
		if err := own(tx, c, now, ed.next.Customer, r.ID, ed.added, nil); err != nil {
			return err
		}
		r.Customer, r.Person = ed.next.Customer, ed.person
		r.tell(Line{At: now, What: "customer", By: c.Actor, To: string(r.Stage), Text: r.Customer})
	}
	r.Kind, r.Form, r.Service, r.Method, r.Sealed = ed.next.Kind, ed.next.Form, ed.next.Service, ed.next.Method, ed.next.Sealed
	r.noteAs(&ed.next)
	return r.take(ed.Change)
}

func (r *Request) take(ch Change) error {
	if ch.Amount != nil {
		amount := ch.Amount(r.Amount)
		if amount.Minor() < 0 {
			return invalid("amount", "an amount is not negative")
		}
		r.Amount = amount
	}
	if ch.Service != "" {
		r.Service, r.Bounded = ch.Service, true
	}
	if ch.AutoFulfill != nil {
		r.AutoFulfill = *ch.AutoFulfill
	}
	if ch.Recurring != nil {
		r.Recurring = *ch.Recurring
	}
	if ch.Providers != nil {
		r.Providers = ch.Providers
	}
	if ch.Exits != nil {
		r.Exits, r.Tree = ch.Exits, ch.Tree
	}
	return nil
}

// version tells one state of a request from a later one: every change leaves a
// line, or counts one more of the last.
func (r *Request) version() [2]int {
	return [2]int{r.Seq, r.History[len(r.History)-1].More}
}

// advance2 is advance for a step that may leave the stage as it is and is
// worth a line all the same.
func (r *Request) advance2(step payout.Step, now time.Time, by string) error {
	to, err := payout.Advance(r.Stage, step, r.Amount, r.Payouts, r.More)
	if err == nil {
		r.Stage = to
		r.tell(Line{At: now, What: string(step), By: by, To: string(to)})
	}
	return err
}
