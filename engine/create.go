package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/routing"
	"penstock/store"
)

// NewRequest is what a payout request is created from.
type NewRequest struct {
	Dialect string
	Ref     string // the merchant's own id; empty: generated
	Amount  money.Amount
	Point   string // payout point, without prefix; empty: the merchant's default
	// Choose picks the point where Point is empty, of those that take requests,
	// the merchant's default being standard; an error must be an *Error. nil: the default.
	Choose      func(points []*Point, standard string) (string, error)
	Service     string // payout service; empty: that of the details and the amount's currency
	Confirm     bool
	AutoFulfill bool
	Recurring   bool
	Customer    string  // id; with Person it is created if unknown
	Person      *Person // who a new customer is; nil: none may be made
	Beneficiary Beneficiary
	Providers   []string
	Exits       []Exit        // where it may leave, the best first; empty: anywhere
	Tree        *routing.Tree // by which it finds its way; Exits, if any, are then those that it names
	Extra       json.RawMessage
	Told        *Sought // what Extra tells, for a dialect that knows it without reading Extra anew; nil: it is read
	Wishes
	Link    string        // id of a payout link to it, unique in the scope; empty: none
	Expires time.Duration // after which a request that was not confirmed ends; zero: never
	Token   string        // id of the bearer token that signs its callbacks; empty: the merchant's own secret does
	Page    *Page         // of a request whose recipient says where the money goes; nil: no page
	Repairs int           // how often the recipient may repair details that were refused, each within Expires; at most 10
}

// Wishes are what only some dialects let a merchant say.
type Wishes struct {
	AttemptsLimit          int
	Split, Parallel, Whole bool
	Later                  bool // see Request
	Moderation             bool // a person must let it go on
	Memo, CallbackURL      string
	Metadata               json.RawMessage
	Quote                  string // id of a locked rate, without prefix
}

// View is a request with what a dialect needs to show it.
type View struct {
	Request
	Person *Person // of its customer; nil without one

	decided *decided // where its first payout leaves, decided in the transaction that makes it; nil: it is still to be decided
}

// Create makes a payout request. With Confirm it is ready at once, with
// AutoFulfill its first payout is made in the same transaction.
//
// Checks come in the order of the saved-method contract (5.3): own id,
// customer, profile, beneficiary, and at last the currency.
func (e *Engine) Create(ctx context.Context, c Caller, n NewRequest, once *Once) (*View, error) {
	if err := checkNew(n); err != nil {
		return nil, err
	}
	for range 8 {
		once.anew()
		v, err := e.createOnce(ctx, c, n, once)
		if madeMeanwhile(err, n.Customer) || errors.Is(err, errChanged) {
			continue
		}
		return v, e.orReplayed(ctx, c.Scope, once, err)
	}
	return nil, &Error{Code: CodeBusy, Object: ObjCustomer, ID: n.Customer, Message: "the customer is being made by others; repeat"}
}

func (e *Engine) createOnce(ctx context.Context, c Caller, n NewRequest, once *Once) (*View, error) {
	l, err := e.look(ctx, c.Scope, wanted{once: once, ref: n.Ref, customer: n.Customer, beneficiary: n.Beneficiary, exits: n.Exits, tree: n.Tree, point: n.Point, choose: n.Choose, quote: n.Quote})
	if err != nil || l.done {
		return nil, err
	}
	if l.back != nil {
		err = n.adopts(l.back)
	} else if err = e.roomy(); err == nil && e.Held() != "" {
		err = errHeld
	}
	if err != nil {
		return nil, err
	}
	p, err := e.prepare(ctx, c, n, l)
	if err != nil {
		return nil, err
	}
	if p.plain = p.plain && l.back == nil; p.plain {
		p.view = p.drafted(c)
		if err := e.answerAhead(ctx, c.Scope, once, p.view, p.request.Created); err != nil {
			return nil, err
		}
	}
	if n.Token == "" && (p.request.CallbackURL != "" || l.point.CallbackURL != "" && n.Later) {
		if err := e.openCallbacks(ctx, c.Scope); err != nil {
			return nil, err
		}
	}
	_, mark := e.pulse.now()
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		if !p.plain { // of what is plain nothing is changed here, however often this runs
			p.view = p.drafted(c)
		}
		if l.back != nil {
			return e.adopt(tx, c, now, n, p, once)
		}
		if err := e.unlessBack(tx, c.Scope, l.tag); err != nil {
			return err
		}
		return e.create(tx, c, now, mark, p, l, once)
	})
	if err != nil || (once != nil && once.Replayed) {
		return nil, err
	}
	return p.view, nil
}

// checkNew is what needs no look at the store.
func checkNew(n NewRequest) error {
	if n.Amount.Minor() < 0 {
		return invalid("amount", "an amount is not negative")
	}
	if n.AttemptsLimit < 0 || n.AttemptsLimit > maxAttempts {
		return invalid("attempts_limit", "attempts_limit is a whole number from 0 to %d", maxAttempts)
	}
	if len(n.Memo) > 1024 {
		return invalid("memo", "a memo has at most 1024 bytes")
	}
	if err := checkMetadata(n.Metadata); err != nil {
		return err
	}
	if err := checkRef(n.Dialect, n.Ref); err != nil {
		return err
	}
	return checkExtra(n.Extra)
}

// checkRef judges a merchant's own id. In rest it stands in paths; elsewhere
// it is a text that is only looked for.
func checkRef(dialect, ref string) error {
	switch {
	case ref == "" || ChosenID(ref):
		return nil
	case dialect == "rest":
		return invalid("payout_id", "an id has 1 to 64 letters, digits, underscores or hyphens")
	case len(ref) > 255 || !utf8.ValidString(ref) || strings.ContainsFunc(ref, unicode.IsControl):
		return invalid("payout_id", "must have at most 255 bytes of plain text")
	}
	return nil
}

// maxAttempts bounds how often a piece of a request is tried again.
const maxAttempts = 100

// checkExtra bounds what a dialect keeps with a request to echo it.
func checkExtra(text []byte) error {
	if len(text) > 32<<10 {
		return invalid("metadata", "the request's texts have more than 32 KiB")
	}
	return noSecurityCode(text)
}

// prepared is a create made ready outside the transaction: checked, sealed,
// with ids drawn.
type prepared struct {
	request  *Request
	customer *Customer // to be made; nil when it exists or there is none
	person   *Person
	used     *Method // the saved method that it pays to
	confirm  bool
	stop     bool // a person must let it go on
	plain    bool // it stays a draft, of which the transaction has nothing to decide
	view     *View
}

// drafted is a request as it stands when it has come in: what is plain counts
// as made at the time that its id bears, so that it is known before.
func (p *prepared) drafted(c Caller) *View {
	v := p.view
	if p.plain { // it has this one line, and nobody changes it
		v.History = make([]Line, 0, 1)
	} else {
		v = &View{Request: *p.request} // a fresh one each time
	}
	v.Person, v.Changed = p.person, v.Created
	v.tell(Line{At: v.Created, What: "created", By: c.Actor, To: string(v.Stage)})
	return v
}

func (e *Engine) prepare(ctx context.Context, c Caller, n NewRequest, l *looked) (*prepared, error) {
	now, _ := e.pulse.now()
	id, err := newTaggedID(now, e.Rand, l.tag)
	if err != nil {
		return nil, err
	}
	if l.back != nil {
		id, now = l.back.ID, l.back.Day
	}
	v := &View{Request: Request{
		ID: id, Ref: n.Ref, Dialect: n.Dialect, Stage: payout.Draft, Amount: n.Amount, Service: n.Service, Bounded: n.Service != "", Lock: l.quote,
		AutoFulfill: n.AutoFulfill, Recurring: n.Recurring, Providers: n.Providers, Exits: n.Exits, Tree: n.Tree, Echo: Echo{Extra: n.Extra, Metadata: n.Metadata, Memo: n.Memo, Page: n.Page},
		AttemptsLimit: n.AttemptsLimit, Split: n.Split, Parallel: n.Parallel, Whole: n.Whole, Later: n.Later,
		CallbackURL: n.CallbackURL, Token: n.Token, Link: n.Link,
		Day: now, Created: now, // the id's own time, by which lists find it
	}}
	p := &prepared{confirm: n.Confirm, stop: n.Moderation, plain: !n.Confirm && !n.Moderation, view: v, request: &v.Request}
	if n.Expires > 0 {
		p.request.Expires = now.Add(n.Expires)
	}
	if n.Repairs > 0 && n.Expires > 0 {
		p.request.Repairs = &Repairs{Left: min(n.Repairs, maxRepairs), Within: n.Expires}
	}
	if l.ref != nil {
		return nil, l.ref
	}
	cust, added, err := e.who(ctx, c.Scope, l, n.Customer, n.Person)
	if err != nil {
		return nil, err
	}
	if cust != nil {
		p.request.Customer, p.person = cust.ID, &cust.Person
	}
	if added {
		p.customer = cust
	}
	if err := e.welcome(c, n, l); err != nil {
		return nil, err
	}
	p.request.Point = l.point.ID
	if n.Dialect == dialectRest {
		p.request.AttemptsLimit = l.point.Retry.Others + l.point.Retry.Same
	}
	if p.used, err = e.attach(ctx, c, p.request, n.Beneficiary.heldBy(p.person), l); err != nil {
		return nil, err
	}
	if n.Amount.Currency().IsZero() {
		return nil, missing("currency")
	}
	if l.noRoute != nil {
		return nil, l.noRoute
	}
	told := e.toldOf(p.request, n.Told)
	p.request.seek(told)
	if p.request.order, err = e.reordered(c.Scope, Sought{}, told); err != nil {
		return nil, err
	}
	return p, e.sealEcho(ctx, c.Scope, p.request)
}

// welcome says whether a request may come in at its point, as it is.
func (e *Engine) welcome(c Caller, n NewRequest, l *looked) error {
	switch {
	case l.noPoint != nil:
		return l.noPoint
	case n.Service == "":
		return e.checkCallback(n.CallbackURL)
	case l.noQuote != nil:
		return l.noQuote
	}
	if err := l.point.takes(n.Amount.Currency()); err != nil {
		return err
	}
	sv, ok := e.Directory.Service(n.Service)
	if !ok || !sv.Active {
		return invalid("service", "there is no payout service of this name")
	}
	if c.Mode == Live && l.accounts == 0 {
		return &Error{Code: CodeNoRoute, Object: ObjPayout, Message: "no live provider account is connected: test provider accounts serve test requests only", Hint: "connect a live provider account"}
	}
	if q := l.quote; q != nil {
		now, _ := e.pulse.now()
		if _, err := q.Use(n.Amount.Currency(), q.To, now); err != nil {
			return invalid("quote_id", "the quote has expired, or is for another pair")
		}
	}
	return e.checkCallback(n.CallbackURL)
}

// create is the transaction of Create.
func (e *Engine) create(tx store.Tx, c Caller, now time.Time, mark payout.Mark, p *prepared, l *looked, once *Once) error {
	if done, err := e.replay(tx, c.Scope, once); done || err != nil {
		return err
	}
	r := p.view
	if !p.plain {
		r.Changed = now
	}
	if err := claimRef(tx, c.Scope, &r.Request); err != nil {
		return err
	}
	if err := own(tx, c, now, r.Customer, r.ID, p.customer, l.record); err != nil {
		return err
	}
	if err := claimLink(tx, c.Scope, &r.Request); err != nil {
		return err
	}
	if p.stop {
		r.ByPerson = true
		r.moderate(now, c.Actor, 0, "asked for when it was created")
	}
	if p.confirm && r.Sealed != nil {
		if err := e.confirm(tx, c, now, r); err != nil {
			return err
		}
	}
	if p.used != nil && r.Confirmed {
		if err := touchMethod(tx, c.Scope, now, p.used.ID); err != nil {
			return err
		}
	}
	ahead, err := e.claimAhead(tx, c.Scope, now, mark, &r.Request)
	if err != nil {
		return err
	}
	if err := saveRequest(tx, c.Scope, &r.Request, dues{}); err != nil {
		return err
	}
	if err := ahead.bear(tx, r, p.customer == nil); err != nil {
		return err
	}
	if err := c.act(tx, now, "payout.create", r.ID); err != nil {
		return err
	}
	return once.record(tx, c.Scope, now, r.ID, p.view)
}

// own puts a request on its customer's list, and adds the customer where it is
// new. Nobody owns a request of no customer. seen is the customer's record as it
// was looked at before; nil: it was not.
func own(tx store.Tx, c Caller, now time.Time, customer, request string, added *Customer, seen []byte) error {
	if customer == "" {
		return nil
	}
	if added != nil {
		if err := addCustomer(tx, c, now, added); err != nil {
			return err
		}
	} else if err := stillLives(tx, c.Scope, customer, seen); err != nil {
		return err
	}
	if err := tx.Put(bucketRecent, c.key(customer, request), nil); err != nil {
		return fmt.Errorf("write customer's list: %w", err)
	}
	return nil
}

func claimRef(tx store.Tx, s Scope, r *Request) error {
	if r.Ref == "" {
		return nil
	}
	if err := freeRef(tx, s, r.Ref); err != nil {
		return err
	}
	if err := tx.Put(bucketRef, s.key(r.Ref), []byte(r.ID)); err != nil {
		return fmt.Errorf("write ref: %w", err)
	}
	return nil
}

// touchMethod dates the last use, by which lists are ordered.
func touchMethod(tx store.Tx, s Scope, now time.Time, id string) error {
	m, err := loadMethod(tx, s, id)
	if err != nil {
		return err
	}
	m.LastUsed = now
	return keep(tx, bucketMethod, s.key(id), m)
}
