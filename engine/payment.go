package engine

import (
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"penstock/engine/money"
	"penstock/engine/payin"
	"penstock/engine/payout"
	"penstock/engine/routing"
	"penstock/engine/service"
	"penstock/locker"
	"penstock/store"
)

// Payment is money that comes in from a card, as far as payouts need it: it
// may save the card. What the provider was asked is stored before it is asked,
// and asked again with the same key by whoever next looks at the payment, so a
// process that stopped in between neither charges twice nor forgets.
type Payment struct {
	ID  string `json:"id"`           // 26 characters
	Ref string `json:"ref,omitzero"` // the merchant's own id
	// Name is what the provider's keys are made of instead of ID: see nameOf.
	Name string `json:"name,omitzero"`
	payin.State
	Point    string        `json:"point"`
	Manual   bool          `json:"manual,omitzero"` // captured by a call of its own
	Customer string        `json:"customer,omitzero"`
	Method   string        `json:"method,omitzero"` // the saved method that paid, or that was saved
	Future   string        `json:"future,omitzero"` // on_session or off_session: the card is to be used again
	Consent  *Consent      `json:"consent,omitzero"`
	Sealed   []byte        `json:"sealed,omitzero"`  // the card, until the provider has had its say
	Shut     []byte        `json:"echo,omitzero"`    // what is only shown again
	Mandate  []byte        `json:"mandate,omitzero"` // the provider's own names of what pays; nil: the card itself does
	Exits    []Exit        `json:"exits,omitzero"`   // by which it may come in, the best first; empty: any of its point
	Tree     *routing.Tree `json:"tree,omitzero"`    // by which it finds its way; Exits are then those that it names
	Account  string        `json:"account,omitzero"`
	Provider string        `json:"provider,omitzero"`
	External string        `json:"external,omitzero"` // the provider's name of it
	Code     string        `json:"code,omitzero"`
	Message  string        `json:"message,omitzero"`
	Refunds  []Refund      `json:"refunds,omitzero"`
	Secure   bool          `json:"secure,omitzero"`   // the payer is to be asked (3-D Secure)
	Away     bool          `json:"away,omitzero"`     // the payer isn't there to be asked
	Halt     string        `json:"halt,omitzero"`     // why it is no longer wanted although its payer had gone to their bank
	Back     string        `json:"back,omitzero"`     // where they come back to from their bank's page
	Returned string        `json:"returned,omitzero"` // what they brought back, as a query
	Next     string        `json:"next,omitzero"`     // the page on which they go on
	Asked    time.Time     `json:"asked,omitzero"`    // when the open operation was begun
	Began    payout.Mark   `json:"began,omitzero"`    // the same, by the clock that nobody sets
	Tries    int           `json:"tries,omitzero"`    // how often the worker has asked for it
	Due      time.Time     `json:"due,omitzero"`      // when the worker asks again; zero: nothing is open, or a person has to look
	Told     []Told        `json:"told,omitzero"`
	Callback string        `json:"callback,omitzero"` // where its webhooks go beside those of endpoints
	Token    string        `json:"token,omitzero"`    // id of the bearer token that signs them
	Expires  time.Time     `json:"expires,omitzero"`  // ends one that nobody has paid; zero: never
	Created  time.Time     `json:"created"`
	Changed  time.Time     `json:"changed"`

	PaymentEcho `json:"-"`
	added       *Customer // to be made together with its next change
}

// PaymentEcho is what a payment keeps only to show it again.
type PaymentEcho struct {
	Masked map[string]string  `json:"masked,omitzero"`
	Extra  stdjson.RawMessage `json:"extra,omitzero"`
	erased bool               // with its customer's key
}

// holder is whose key seals what shows a payment: its customer, or nobody where
// that key is gone and it shows nothing of one.
func (p *Payment) holder() string {
	if p.erased {
		return ""
	}
	return p.Customer
}

// Refund is money given back.
type Refund struct {
	ID      string       `json:"id"`            // as its caller named it, or ref_ and 26 characters
	Name    string       `json:"name,omitzero"` // what the provider's key is made of: see nameOf; empty: the payment's and N
	N       int          `json:"n"`             // the operation by which it is given
	Amount  money.Amount `json:"amount"`
	Status  string       `json:"status"` // pending, succeeded, failed
	Code    string       `json:"code,omitzero"`
	Message string       `json:"message,omitzero"`
	Reason  string       `json:"reason,omitzero"`
	Created time.Time    `json:"created"`
}

// Prefixes of payments and refunds.
const (
	PrefixPayment = "pay_"
	PrefixRefund  = "ref_"
)

const maxRefunds = 100

// NewPayment is what a payment is made from.
type NewPayment struct {
	Ref      string
	Amount   money.Amount
	Point    string
	Choose   func(points []*Point, standard string) (string, error)
	Manual   bool
	Customer string
	Person   *Person // of a new customer; nil: none may be made
	Future   string
	Consent  *Consent
	Card     Beneficiary // details, a token or a saved method; may be absent
	Exits    []Exit      // by which it may come in, the best first; empty: any of its point
	Tree     *routing.Tree
	Extra    stdjson.RawMessage
	Confirm  bool
	Secure   bool
	Away     bool                   // the payer isn't there to be asked
	Callback string                 // where its webhooks go, signed with Token; empty: as its point says
	Token    string                 // id of the bearer token that it is made with; empty: none, and Callback isn't told
	Expires  time.Duration          // after which one that nobody has paid ends; zero: never
	Back     func(id string) string // where the payer comes back to, of the payment's id; nil: nowhere, and no bank's page is asked for
}

// PaymentEdit is what an update or a confirm gives; what is nil stays.
type PaymentEdit struct {
	Amount func(money.Amount) money.Amount
	// Customer is given to a payment that has none; with Person it is created if
	// unknown.
	Customer string
	Person   *Person
	Manual   *bool
	Future   *string
	Consent  *Consent
	Card     Beneficiary
	Extra    func(stdjson.RawMessage) (stdjson.RawMessage, error)
	Exits    []Exit // nil: stays, with Tree
	Tree     *routing.Tree
	Confirm  bool
	Secure   *bool
	Away     *bool
}

func paymentPlace(id string) locker.Place { return locker.Place{Bucket: bucketPayment, Token: id} }
func paymentEchoPlace(id string) locker.Place {
	return locker.Place{Bucket: "payment_echo", Token: id}
}

// CreatePayment makes a payment, and with Confirm has it paid.
func (e *Engine) CreatePayment(ctx context.Context, c Caller, n NewPayment, once *Once) (*Payment, error) {
	if n.Amount.Currency().IsZero() {
		return nil, missing("currency")
	}
	if n.Amount.Minor() < 0 {
		return nil, invalid("amount", "an amount is not negative")
	}
	if n.Ref != "" && !ChosenID(n.Ref) {
		return nil, invalid("payment_id", "an id has 1 to 64 letters, digits, underscores or hyphens")
	}
	l, err := e.look(ctx, c.Scope, wanted{once: once, customer: n.Customer, beneficiary: n.Card, exits: n.Exits, tree: n.Tree, point: n.Point, choose: n.Choose})
	if err != nil {
		return nil, err
	}
	if l.done {
		return e.afterReplay(ctx, c, once)
	}
	now, _ := e.pulse.now()
	id, err := e.newID(now)
	if err != nil {
		return nil, err
	}
	p := &Payment{ID: id, Ref: n.Ref, State: payin.New(n.Amount, false), Manual: n.Manual, Future: n.Future, Consent: n.Consent, Secure: n.Secure, Away: n.Away, Exits: n.Exits, Tree: n.Tree, Created: now, PaymentEcho: PaymentEcho{Extra: n.Extra}}
	if n.Back != nil {
		p.Back = n.Back(id)
	}
	p.Callback, p.Token = n.Callback, n.Token
	if p.Name, err = e.nameOf(ctx, c.Scope, "payment", n.Ref, once); err != nil {
		return nil, err
	}
	if err := e.checkCallback(n.Callback); err != nil {
		return nil, err
	}
	if n.Expires > 0 {
		p.Expires = now.Add(n.Expires)
	}
	cust, added, err := e.who(ctx, c.Scope, l, n.Customer, n.Person)
	if err != nil {
		return nil, err
	}
	if cust != nil {
		p.Customer = cust.ID
	}
	if l.noPoint != nil {
		return nil, l.noPoint
	}
	p.Point = l.point.ID
	if l.noRoute != nil {
		return nil, l.noRoute
	}
	if err := e.card(ctx, c, p, n.Card, l); err != nil {
		return nil, err
	}
	if n.Confirm {
		if err := e.begin2(ctx, c, p); err != nil {
			return nil, err
		}
	}
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		if done, err := e.replay(tx, c.Scope, once); done || err != nil {
			return err
		}
		if cust != nil && added {
			if err := addCustomer(tx, c, now, cust); err != nil {
				return err
			}
		}
		if p.Ref != "" {
			if _, err := tx.Get(bucketPayRef, c.key(p.Ref)); err == nil {
				return exists(ObjPayment, p.Ref)
			} else if !errors.Is(err, store.ErrNotFound) {
				return fmt.Errorf("read payment's ref: %w", err)
			}
			if err := tx.Put(bucketPayRef, c.key(p.Ref), []byte(p.ID)); err != nil {
				return fmt.Errorf("write payment's ref: %w", err)
			}
		}
		next := *p
		return e.storePayment(tx, c, now, &next, time.Time{}, "payment.create", once)
	})
	if err != nil {
		return nil, err
	}
	if once != nil && once.Replayed {
		return e.afterReplay(ctx, c, once)
	}
	return e.finish(ctx, c, p.ID)
}

func (e *Engine) afterReplay(ctx context.Context, c Caller, once *Once) (*Payment, error) {
	if once.Answer != nil {
		return nil, nil
	}
	return e.finish(ctx, c, strings.TrimPrefix(once.Subject, PrefixPayment))
}

// storePayment writes a command's change, of a payment that was due at was, and
// fills in what follows from it. A transaction may run more than once: each run
// wants a payment of its own.
func (e *Engine) storePayment(tx store.Tx, c Caller, now time.Time, p *Payment, was time.Time, action string, once *Once) error {
	if k := p.Open.Kind; p.Customer != "" && p.Asked.IsZero() && (k == payin.Charge || k == payin.Authorise) {
		if _, err := liveCustomer(tx, c.Scope, p.Customer); err != nil { // with the customer's key the card is gone
			return err
		}
	}
	p.Changed = later(now, p.Changed)
	if p.Open.Kind == payin.None { // else there is more to tell as soon as the provider was asked
		if err := e.tellPayment(tx, c.Scope, now, p); err != nil {
			return err
		}
	}
	if err := e.savePayment(tx, c.Scope, now, p, was); err != nil {
		return err
	}
	if err := c.act(tx, now, action, PrefixPayment+p.ID); err != nil {
		return err
	}
	return once.record(tx, c.Scope, now, PrefixPayment+p.ID, p)
}

// card finds or checks what pays, and seals it for this payment.
func (e *Engine) card(ctx context.Context, c Caller, p *Payment, b Beneficiary, l *looked) error {
	if !b.absent() {
		if p.Customer == "" && (b.Token != "" || b.Method != "") {
			return &Error{Code: CodeMissing, Field: "customer_id", Object: ObjMethod, Message: "customer_id when a saved payment method is used"}
		}
		used, details, err := e.beneficiary(ctx, c, p.Customer, b, l)
		if err != nil {
			return err
		}
		kind := b.Kind
		if p.Method = ""; used != nil {
			p.Method, kind = used.ID, used.Kind
		}
		if kind != service.Card {
			return &Error{Code: CodeInvalid, Field: "payment_method", Message: "payments are made by card"}
		}
		p.Masked = e.Directory.Mask("card", details)
		if p.Sealed, err = e.sealFor(ctx, ownerOf(c.Scope, p.Customer, p.Created), paymentPlace(p.ID), details); err != nil {
			return err
		}
		p.Status = payin.NeedsConfirmation
	}
	raw, err := json.Marshal(p.PaymentEcho, codec)
	if err != nil {
		return fmt.Errorf("encode what a payment echoes: %w", err)
	}
	if err := checkExtra(p.Extra); err != nil {
		return err
	}
	p.Shut, err = e.Locker.Seal(ctx, echoOwner(c.Scope, p.Customer, p.Created), paymentEchoPlace(p.ID), raw)
	return sealError("seal what a payment echoes", err)
}

// begin2 writes the charge of a confirmed payment into it, by which account it
// goes included.
func (e *Engine) begin2(ctx context.Context, c Caller, p *Payment) error {
	if p.Status == payin.NeedsMethod {
		return missing("payment_method_data")
	}
	if p.Future != "" && p.Customer == "" {
		return &Error{Code: CodeState, Message: "customer_id is mandatory when setup_future_usage is given"}
	}
	kind := payin.Charge
	if p.Manual {
		kind = payin.Authorise
	}
	next, err := p.Begin(kind, p.Amount)
	if err != nil {
		return payinError(p, err)
	}
	mandates, err := e.mandates(ctx, c.Scope, p)
	if err != nil {
		return err
	}
	if err := e.via(ctx, c.Scope, p, mandates); err != nil {
		return err
	}
	p.State = next
	return e.borrow(ctx, c.Scope, p, mandates)
}

func payinError(p *Payment, err error) error {
	if errors.Is(err, payin.ErrAmount) {
		return invalid("amount", "must be at least 1 and not more than there is")
	}
	return wrongState(ObjPayment, p.ID, string(p.Status), "changed so")
}

func loadPayment(tx store.Tx, s Scope, name string) (*Payment, error) {
	if !ChosenID(name) {
		return nil, notFound(ObjPayment, name)
	}
	id, err := tx.Get(bucketPayRef, s.key(name))
	if errors.Is(err, store.ErrNotFound) {
		own, ok := isID(PrefixPayment, name)
		if !ok {
			return nil, notFound(ObjPayment, name)
		}
		id, err = []byte(own), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read payment's ref: %w", err)
	}
	return paymentByID(tx, s, string(id), name)
}

func paymentByID(tx store.Tx, s Scope, id, name string) (*Payment, error) {
	p, err := load[Payment](tx, bucketPayment, s.key(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound(ObjPayment, name)
	}
	return p, err
}

// Payment returns a payment, and asks the provider for what is open first.
func (e *Engine) Payment(ctx context.Context, c Caller, name string) (*Payment, error) {
	p, err := read(ctx, e, func(tx store.Tx) (*Payment, error) { return loadPayment(tx, c.Scope, name) })
	if err != nil {
		return nil, err
	}
	return e.finish(ctx, c, p.ID)
}

// RefundOf finds a refund by its id, with its payment.
func (e *Engine) RefundOf(ctx context.Context, c Caller, id string) (*Payment, *Refund, error) {
	if !ChosenID(id) {
		return nil, nil, notFound(ObjRefund, id)
	}
	owner, err := read(ctx, e, func(tx store.Tx) (string, error) {
		raw, err := tx.Get(bucketRefund, c.key(id))
		if errors.Is(err, store.ErrNotFound) {
			return "", notFound(ObjRefund, id)
		}
		return string(raw), err
	})
	if err != nil {
		return nil, nil, err
	}
	p, err := e.finish(ctx, c, owner)
	if err != nil {
		return nil, nil, err
	}
	at := slices.IndexFunc(p.Refunds, func(r Refund) bool { return r.ID == id })
	if at < 0 {
		return nil, nil, notFound(ObjRefund, id)
	}
	return p, &p.Refunds[at], nil
}

// PaymentRefs are the merchant's own ids of payments, of those that have one.
func (e *Engine) PaymentRefs(ctx context.Context, s Scope, ids []string) (map[string]string, error) {
	return read(ctx, e, func(tx store.Tx) (map[string]string, error) {
		out := map[string]string{}
		for _, id := range ids {
			p, err := load[Payment](tx, bucketPayment, s.key(id))
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
			if p.Ref != "" {
				out[id] = p.Ref
			}
		}
		return out, nil
	})
}

func (e *Engine) openPayment(ctx context.Context, s Scope, p *Payment) error {
	raw, err := e.Locker.Open(ctx, echoOwner(s, p.Customer, p.Created), paymentEchoPlace(p.ID), p.Shut)
	if errors.Is(err, locker.ErrErased) {
		p.PaymentEcho = PaymentEcho{erased: true}
		return nil
	}
	if err != nil {
		return sealError("open what a payment echoes", err)
	}
	if json.Unmarshal(raw, &p.PaymentEcho, codec) != nil {
		return errors.New("decode what a payment echoes: malformed")
	}
	return nil
}
