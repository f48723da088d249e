package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"penstock/engine/connector"
	"penstock/engine/payin"
	"penstock/locker"
	"penstock/store"
)

// Mandate is a provider's own name under which it keeps a saved method, so that
// its holder need not be there when it pays again. It is one provider
// account's, and means nothing to another.
type Mandate struct {
	Account string    `json:"account"`
	Sealed  []byte    `json:"sealed"` // the names, under the customer's key
	At      time.Time `json:"at"`
}

// FutureOffSession is the Future of a payment whose card is to be used again
// while its holder isn't there.
const FutureOffSession = "off_session"

// mandateNames are what lies sealed.
type mandateNames struct {
	Method   string `json:"method"`
	Customer string `json:"customer"`
}

// pspToken is the detail that names what a provider keeps.
const pspToken = "psp_token"

// mandatePlace is where a mandate lies: with its method, or copied to a payment
// that is being made by it.
func mandatePlace(of, account string) locker.Place {
	return locker.Place{Bucket: "mandate", Token: of + "|" + account}
}

func mandateOf(list []Mandate, account string) *Mandate {
	if at := slices.IndexFunc(list, func(m Mandate) bool { return m.Account == account }); at >= 0 {
		return &list[at]
	}
	return nil
}

// Recurs says that a provider keeps the method: it pays without its holder.
func (m *Method) Recurs() bool { return len(m.Mandates) > 0 }

// keeps says that the provider is asked to keep what pays.
func (p *Payment) keeps() bool {
	return p.Future == FutureOffSession && p.Customer != "" && p.Consent != nil && !p.Away && p.Mandate == nil
}

// mandates are those of the saved method that pays.
func (e *Engine) mandates(ctx context.Context, s Scope, p *Payment) ([]Mandate, error) {
	if p.Method == "" {
		return nil, nil
	}
	m, err := read(ctx, e, func(tx store.Tx) (*Method, error) { return loadMethod(tx, s, p.Method) })
	if isNotFound(err) { // deleted since; the payment has the card of its own
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return m.Mandates, nil
}

// borrow copies the mandate of the account by which a payment goes into the
// payment, so that whoever asks again asks for the very same.
func (e *Engine) borrow(ctx context.Context, s Scope, p *Payment, list []Mandate) error {
	p.Mandate = nil
	m := mandateOf(list, p.Account)
	if m == nil {
		return nil
	}
	raw, err := e.Locker.Open(ctx, customerOwner(s, p.Customer), mandatePlace(p.Method, m.Account), m.Sealed)
	if err != nil {
		return sealError("open a mandate", err)
	}
	p.Mandate, err = e.Locker.Seal(ctx, ownerOf(s, p.Customer, p.Created), mandatePlace(p.ID, p.Account), raw)
	return sealError("seal a mandate", err)
}

// byMandate fills in a provider's own names of what pays.
func (e *Engine) byMandate(ctx context.Context, s Scope, p *Payment, in *connector.Acquisition) error {
	raw, err := e.Locker.Open(ctx, ownerOf(s, p.Customer, p.Created), mandatePlace(p.ID, p.Account), p.Mandate)
	if errors.Is(err, locker.ErrErased) {
		return err
	}
	if err != nil {
		return sealError("open a mandate", err)
	}
	var names mandateNames
	if json.Unmarshal(raw, &names) != nil {
		return errors.New("decode a mandate: malformed")
	}
	in.Details, in.Customer = connector.Details{pspToken: names.Method}, names.Customer
	return nil
}

// keepMandate stores the names that the provider gave what it keeps, with the
// saved method that paid.
func (e *Engine) keepMandate(tx store.Tx, s Scope, now time.Time, p *Payment, op payin.Op, out connector.Acquired) error {
	if out.Method == "" || p.Method == "" || p.Customer == "" || op.Kind != payin.Charge && op.Kind != payin.Authorise {
		return nil
	}
	m, err := loadMethod(tx, s, p.Method)
	if isNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	raw, err := json.Marshal(mandateNames{out.Method, out.Customer})
	if err != nil {
		return fmt.Errorf("encode a mandate: %w", err)
	}
	kept := Mandate{Account: p.Account, At: now}
	if kept.Sealed, err = e.sealWithin(customerOwner(s, m.Customer), mandatePlace(m.ID, p.Account), raw); err != nil {
		return err
	}
	m.Mandates = append(slices.DeleteFunc(slices.Clone(m.Mandates), func(a Mandate) bool { return a.Account == p.Account }), kept)
	return keep(tx, bucketMethod, s.key(m.ID), m)
}
