package engine

import (
	"bytes"
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"penstock/engine/connector"
	"penstock/engine/service"
	"penstock/locker"
	"penstock/store"
)

// Method is a saved payment method: a customer's card or account, whose
// details lie sealed in the record and are shown masked only.
type Method struct {
	ID       string       `json:"id"`
	Customer string       `json:"customer"`
	Kind     service.Kind `json:"kind"`             // card, bank, wallet, ...
	Form     string       `json:"form"`             // the method within the kind: card, sepa, ach, paypal, ...
	Type     string       `json:"type,omitzero"`    // the merchant's word for it: credit, debit, sepa_bank_transfer, ...
	Print    string       `json:"print,omitzero"`   // keyed fingerprint of the account
	Sealed   []byte       `json:"sealed,omitzero"`  // the details
	Waiting  bool         `json:"waiting,omitzero"` // its details are still to come
	Created  time.Time    `json:"created"`
	LastUsed time.Time    `json:"last_used"`
	Seq      int          `json:"seq,omitzero"`     // edits so far
	Consent  *Consent     `json:"consent,omitzero"` // to its being stored
	Source   string       `json:"source,omitzero"`  // id of the request whose success saved it
	Mandates []Mandate    `json:"mandates,omitzero"`

	Label `json:"-"` // what it is shown by, opened
	Shut  []byte     `json:"label,omitzero"` // and sealed
	kept  Label      // what Shut was sealed from, or opened to
}

// Label is what a saved method is shown by: the account as it may be shown,
// which has names in it, and the merchant's own words about it.
type Label struct {
	Masked   map[string]string  `json:"masked,omitzero"`
	Metadata stdjson.RawMessage `json:"metadata,omitzero"`
	Billing  stdjson.RawMessage `json:"billing,omitzero"`
	Nick     string             `json:"nick,omitzero"`
	Secret   string             `json:"secret,omitzero"` // client secret with which a browser may complete it
}

func (l Label) equal(m Label) bool {
	return maps.Equal(l.Masked, m.Masked) && bytes.Equal(l.Metadata, m.Metadata) && bytes.Equal(l.Billing, m.Billing) && l.Nick == m.Nick && l.Secret == m.Secret
}

func labelPlace(id string) locker.Place { return locker.Place{Bucket: "label", Token: id} }

// keepMethod stores a method; a label that was changed is sealed first.
func (e *Engine) keepMethod(tx store.Tx, s Scope, m *Method) error {
	if !m.Label.equal(m.kept) {
		raw, err := json.Marshal(m.Label, codec)
		if err != nil {
			return fmt.Errorf("encode a method's label: %w", err)
		}
		if m.Shut, err = e.sealWithin(customerOwner(s, m.Customer), labelPlace(m.ID), raw); err != nil {
			return err
		}
		m.kept = m.Label
	}
	return keep(tx, bucketMethod, s.key(m.ID), m)
}

// openLabel fills in what a method is shown by.
func (e *Engine) openLabel(s Scope, m *Method) error {
	if m.Shut == nil {
		return nil
	}
	raw, err := e.openWithin(customerOwner(s, m.Customer), labelPlace(m.ID), m.Shut)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &m.Label, codec); err != nil {
		return errors.New("decode a method's label: malformed") // the cause could show a piece of it
	}
	m.kept = m.Label
	return nil
}

// openedMethod is loadMethod with what the method is shown by.
func (e *Engine) openedMethod(tx store.Tx, s Scope, id string) (*Method, error) {
	m, err := loadMethod(tx, s, id)
	if err == nil {
		err = e.openLabel(s, m)
	}
	return m, err
}

// NewMethod is what a payment method is saved from. Details may be nil: it
// then waits for them.
type NewMethod struct {
	Customer string
	Kind     service.Kind
	Form     string
	Type     string
	Details  connector.Details
	Metadata stdjson.RawMessage
	Billing  stdjson.RawMessage
	Nick     string
	Consent  Consent // zero: given to the merchant, now
}

// Consent is when, by which source and under which version of which text it
// was agreed that a method is stored.
type Consent struct {
	At     time.Time `json:"at"`
	Source string    `json:"source"`        // merchant, recipient, recurring payout, payment
	Text   string    `json:"text,omitzero"` // version of the text that was shown; empty: the merchant's own
}

// MethodEdit is what an update of a saved method gives. Details are merged
// into what is there; the account itself cannot change.
type MethodEdit struct {
	Details  connector.Details
	Metadata stdjson.RawMessage
	Billing  stdjson.RawMessage
	Nick     *string
}

func methodPlace(id string) locker.Place { return locker.Place{Bucket: bucketMethod, Token: id} }

// CheckDetails validates an account's details of a built-in form and returns
// them normalised.
func CheckDetails(form string, d connector.Details) (connector.Details, error) {
	return checkDetails(service.Validate, form, d)
}

// checkDetails is CheckDetails for every form of the directory.
func (e *Engine) checkDetails(form string, d connector.Details) (connector.Details, error) {
	return checkDetails(e.Directory.Validate, form, d)
}

func checkDetails(validate func(string, map[string]string) (map[string]string, error), form string, d connector.Details) (connector.Details, error) {
	for name := range d {
		if service.SecurityCode(name) {
			return nil, invalid(name, "card security codes are never stored and must not be sent for a payout")
		}
	}
	clean, err := validate(form, d)
	var field *service.FieldError
	if errors.As(err, &field) {
		return nil, invalid(field.Field, "%s", field.Rule)
	}
	if err != nil {
		return nil, invalid("payout_method_data", "%v", err)
	}
	return clean, nil
}

// drawn is what is prepared for a method before the transaction.
type drawn struct {
	method  *Method
	details connector.Details
}

func (e *Engine) drawMethod(ctx context.Context, s Scope, n NewMethod) (*drawn, error) {
	now, _ := e.pulse.now()
	id, err := e.newID(now)
	if err != nil {
		return nil, err
	}
	secret, err := draw(e.Rand, 20)
	if err != nil {
		return nil, err
	}
	if n.Consent.At.IsZero() {
		n.Consent.At = now
	}
	if n.Consent.Source == "" {
		n.Consent.Source = "merchant"
	}
	m := &Method{ID: PrefixMethod + id, Consent: &n.Consent, Customer: n.Customer, Kind: n.Kind, Form: n.Form, Type: n.Type, Waiting: n.Details == nil, Label: Label{Metadata: n.Metadata, Billing: n.Billing, Nick: n.Nick}}
	m.Secret = m.ID + "_secret_" + secret
	if len(n.Metadata)+len(n.Billing) > 10_000 || len(n.Nick) > 255 {
		return nil, invalid("metadata", "metadata and billing together have at most 10000 bytes, nick_name 255")
	}
	if err := noSecurityCode(n.Metadata, n.Billing); err != nil {
		return nil, err
	}
	d := &drawn{method: m}
	if m.Waiting {
		return d, nil
	}
	if d.details, err = e.checkDetails(n.Form, n.Details); err != nil {
		return nil, err
	}
	return d, e.sealMethod(ctx, s, m, d.details)
}

// sealMethod fills in what follows from the details.
func (e *Engine) sealMethod(ctx context.Context, s Scope, m *Method, d connector.Details) error {
	print, err := e.Locker.Fingerprint(ctx, s.Merchant, string(s.Mode), m.Form+"|"+e.Directory.Identity(m.Form, d))
	if err != nil {
		return sealError("fingerprint method", err)
	}
	m.Print, m.Masked = string(print), e.Directory.Mask(m.Form, d)
	m.Sealed, err = e.sealDetails(ctx, s, m.Customer, methodPlace(m.ID), d)
	return err
}

// ownerOf is whose key seals a detail: the customer's, or the day's when
// there is no customer.
func ownerOf(s Scope, customer string, day time.Time) locker.Owner {
	if customer != "" {
		return customerOwner(s, customer)
	}
	return locker.Owner{Merchant: s.Merchant, Mode: string(s.Mode), Subject: "day:" + day.UTC().Format(time.DateOnly)}
}

func (e *Engine) sealDetails(ctx context.Context, s Scope, customer string, at locker.Place, d connector.Details) ([]byte, error) {
	now, _ := e.pulse.now()
	return e.sealFor(ctx, ownerOf(s, customer, now), at, d)
}

func (e *Engine) sealFor(ctx context.Context, o locker.Owner, at locker.Place, d connector.Details) ([]byte, error) {
	raw, err := AppendTexts(make([]byte, 0, 256), d)
	if err != nil {
		return nil, fmt.Errorf("encode details: %w", err)
	}
	sealed, err := e.Locker.Seal(ctx, o, at, raw)
	return sealed, sealError("seal details", err)
}

func (e *Engine) openFor(ctx context.Context, o locker.Owner, at locker.Place, sealed []byte) (connector.Details, error) {
	raw, err := e.Locker.Open(ctx, o, at, sealed)
	if err != nil {
		return nil, sealError("open details", err)
	}
	var d map[string]string
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, errors.New("decode details: malformed") // the cause could show a piece of them
	}
	return d, nil
}

func (e *Engine) openMethod(ctx context.Context, s Scope, m *Method) (connector.Details, error) {
	return e.openFor(ctx, customerOwner(s, m.Customer), methodPlace(m.ID), m.Sealed)
}

// SaveMethod saves a payment method for a customer. The same account of the
// same customer is one record: it is updated and keeps its id.
func (e *Engine) SaveMethod(ctx context.Context, c Caller, n NewMethod, once *Once) (*Method, error) {
	if done, err := e.replayed(ctx, c.Scope, once); done || err != nil {
		return nil, err
	}
	if err := e.roomy(); err != nil {
		return nil, err
	}
	if n.Customer == "" {
		return nil, missing("customer_id")
	}
	if _, err := e.Customer(ctx, c, n.Customer); err != nil {
		return nil, err
	}
	if err := e.keepOut(c.Scope, n.Form, n.Details); err != nil {
		return nil, err
	}
	var saved *Method
	err := e.withMethod(ctx, c.Scope, n, func(tx store.Tx, now time.Time, d *drawn) error {
		if done, err := e.replay(tx, c.Scope, once); done || err != nil {
			saved = nil
			return err
		}
		if _, err := liveCustomer(tx, c.Scope, n.Customer); err != nil {
			return err
		}
		m, err := e.putMethod(tx, c.Scope, now, d)
		if err != nil {
			return err
		}
		saved = m
		if err := c.act(tx, now, "payment_method.save", m.ID); err != nil {
			return err
		}
		return once.record(tx, c.Scope, now, m.ID, m)
	})
	return saved, err
}

// errTwin says that the account is saved already, under the id carried.
type errTwin struct{ id string }

func (errTwin) Error() string { return "engine: account is saved already" }

// withMethod prepares a method outside the transaction and runs fn inside it.
// Sealing binds the details to the record's id, so when the account turns out
// to be saved already they are sealed again for that record.
func (e *Engine) withMethod(ctx context.Context, s Scope, n NewMethod, fn func(store.Tx, time.Time, *drawn) error) error {
	d, err := e.drawMethod(ctx, s, n)
	if err != nil {
		return err
	}
	for range 8 {
		err = e.update(ctx, func(tx store.Tx, now time.Time) error { return fn(tx, now, d) })
		var twin errTwin
		if !errors.As(err, &twin) {
			return err
		}
		d.method.ID = twin.id
		if err := e.sealMethod(ctx, s, d.method, d.details); err != nil {
			return err
		}
	}
	return &Error{Code: CodeBusy, Object: ObjMethod, Message: "the payment method is being changed by others; repeat"}
}

func printKey(s Scope, m *Method) []byte { return s.key(bucketPrint, m.Customer, m.Print) }

// putMethod stores what was drawn, or updates the record of the same account.
func (e *Engine) putMethod(tx store.Tx, s Scope, now time.Time, d *drawn) (*Method, error) {
	m := *d.method
	m.Created, m.LastUsed = now, now
	if m.Print != "" {
		id, err := tx.Get(bucketPrint, printKey(s, &m))
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return nil, fmt.Errorf("read fingerprint: %w", err)
		case string(id) != m.ID:
			return nil, errTwin{string(id)}
		default:
			old, err := e.openedMethod(tx, s, m.ID)
			if err != nil {
				return nil, err
			}
			return e.mergeMethod(tx, s, old, &m)
		}
		if err := tx.Put(bucketPrint, printKey(s, &m), []byte(m.ID)); err != nil {
			return nil, fmt.Errorf("write fingerprint: %w", err)
		}
	}
	if err := tx.Put(bucketOwned, s.key(m.Customer, m.ID), nil); err != nil {
		return nil, fmt.Errorf("write owned method: %w", err)
	}
	return &m, e.keepMethod(tx, s, &m)
}

// mergeMethod puts newer details of the same account into its record.
func (e *Engine) mergeMethod(tx store.Tx, s Scope, old, m *Method) (*Method, error) {
	if !maps.Equal(old.Masked, m.Masked) || !bytes.Equal(old.Metadata, m.Metadata) || old.Nick != m.Nick {
		old.Masked, old.Sealed = m.Masked, m.Sealed
		if m.Metadata != nil {
			old.Metadata = m.Metadata
		}
		if m.Nick != "" {
			old.Nick = m.Nick
		}
	}
	if m.Billing != nil {
		old.Billing = m.Billing
	}
	old.Seq++
	return old, e.keepMethod(tx, s, old)
}

func loadMethod(tx store.Tx, s Scope, id string) (*Method, error) {
	if !ChosenID(id) {
		return nil, notFound(ObjMethod, id)
	}
	m, err := load[Method](tx, bucketMethod, s.key(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound(ObjMethod, id)
	}
	return m, err
}

// Method returns one.
func (e *Engine) Method(ctx context.Context, c Caller, id string) (m *Method, err error) {
	err = e.viewing(ctx, func(tx store.Tx) error {
		m, err = e.openedMethod(tx, c.Scope, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// Methods returns a customer's active methods, the latest used first.
func (e *Engine) Methods(ctx context.Context, c Caller, customer string) (out []Method, cust *Customer, err error) {
	err = e.viewing(ctx, func(tx store.Tx) error {
		if cust, err = liveCustomer(tx, c.Scope, customer); err != nil {
			return err
		}
		if out, err = methodsOf(tx, c.Scope, customer); err != nil {
			return err
		}
		for i := range out {
			if err = e.openLabel(c.Scope, &out[i]); err != nil {
				return err
			}
		}
		return nil
	})
	out = slices.DeleteFunc(out, func(m Method) bool { return m.Waiting })
	slices.SortStableFunc(out, func(a, b Method) int { return b.LastUsed.Compare(a.LastUsed) })
	return out, cust, err
}

func methodsOf(tx store.Tx, s Scope, customer string) (out []Method, err error) {
	prefix := s.key(customer, "")
	err = each(tx, bucketOwned, prefix, func(p store.Pair) error {
		m, err := load[Method](tx, bucketMethod, s.key(string(p.Key[len(prefix):])))
		if err == nil {
			out = append(out, *m)
		}
		return err
	})
	return out, err
}
