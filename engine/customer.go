package engine

import (
	"bytes"
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"penstock/locker"
	"penstock/store"
)

// Person is what is known of a customer. It is sealed under the customer's
// own key, so that erasing the key erases the person in every backup too.
type Person struct {
	Name        string             `json:"name,omitzero"`
	Email       string             `json:"email,omitzero"`
	Phone       string             `json:"phone,omitzero"`
	PhoneCode   string             `json:"phone_code,omitzero"`
	Description string             `json:"description,omitzero"`
	TaxID       string             `json:"tax_id,omitzero"`
	Address     stdjson.RawMessage `json:"address,omitzero"`
	Document    stdjson.RawMessage `json:"document,omitzero"`
	Metadata    stdjson.RawMessage `json:"metadata,omitzero"`

	redacted bool // nothing of it is left
}

// Customer is somebody whom a merchant pays.
type Customer struct {
	ID            string    `json:"id"`
	Created       time.Time `json:"created"`
	DefaultMethod string    `json:"default_method,omitzero"`
	Redacted      bool      `json:"redacted,omitzero"`
	Sealed        []byte    `json:"sealed,omitzero"` // Person
	Person        Person    `json:"-"`               // opened; "Redacted" throughout once it is gone
}

// Edit tells which parts of a Person an update gives; a nil one stays.
type Edit struct {
	Name, Email, Phone, PhoneCode, Description, TaxID *string
	Address, Document, Metadata                       stdjson.RawMessage
}

func (p Person) edited(ed Edit) Person {
	for _, f := range []struct {
		to   *string
		from *string
	}{{&p.Name, ed.Name}, {&p.Email, ed.Email}, {&p.Phone, ed.Phone}, {&p.PhoneCode, ed.PhoneCode}, {&p.Description, ed.Description}, {&p.TaxID, ed.TaxID}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	for _, f := range []struct {
		to   *stdjson.RawMessage
		from stdjson.RawMessage
	}{{&p.Address, ed.Address}, {&p.Document, ed.Document}, {&p.Metadata, ed.Metadata}} {
		if f.from != nil {
			*f.to = f.from
		}
	}
	return p
}

func (p Person) check() error {
	for _, f := range []struct {
		name, v string
		max     int
	}{{"name", p.Name, 255}, {"email", p.Email, 255}, {"phone", p.Phone, 32}, {"phone_country_code", p.PhoneCode, 8}, {"description", p.Description, 255}, {"tax_registration_id", p.TaxID, 255}} {
		if len([]rune(f.v)) > f.max {
			return invalid(f.name, "%s has at most %d characters", f.name, f.max)
		}
		if i := bytes.IndexFunc([]byte(f.v), func(r rune) bool { return r < 0x20 || r == 0x7f }); i >= 0 {
			return invalid(f.name, "%s has a control character", f.name)
		}
	}
	if n := len(p.Address) + len(p.Document) + len(p.Metadata); n > 10_000 {
		return invalid("metadata", "address, document and metadata together have at most 10000 bytes")
	}
	return noSecurityCode(p.Address, p.Document, p.Metadata)
}

func customerOwner(s Scope, id string) locker.Owner {
	return locker.Owner{Merchant: s.Merchant, Mode: string(s.Mode), Subject: "customer:" + id}
}

func (e *Engine) sealPerson(ctx context.Context, s Scope, id string, p Person) ([]byte, error) {
	raw, err := json.Marshal(p, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("encode customer: %w", err)
	}
	sealed, err := e.Locker.Seal(ctx, customerOwner(s, id), locker.Place{Bucket: bucketCustomer, Token: id}, raw)
	return sealed, sealError("seal customer", err)
}

// openPerson fills c.Person. A redacted customer reads as such.
func (e *Engine) openPerson(ctx context.Context, s Scope, c *Customer) error {
	if c.Redacted {
		const r = "Redacted"
		c.Person = Person{Name: r, Email: r, Phone: r, PhoneCode: r, Description: r, redacted: true}
		return nil
	}
	raw, err := e.Locker.Open(ctx, customerOwner(s, c.ID), locker.Place{Bucket: bucketCustomer, Token: c.ID}, c.Sealed)
	if errors.Is(err, locker.ErrErased) { // redacted since the record was read
		c.Redacted = true
		return e.openPerson(ctx, s, c)
	}
	if err != nil {
		return sealError("open customer", err)
	}
	if err := json.Unmarshal(raw, &c.Person); err != nil {
		return fmt.Errorf("decode customer: %w", err)
	}
	return nil
}

// sealError gives a sealed locker the words that a caller can act on.
func sealError(act string, err error) error {
	if errors.Is(err, locker.ErrSealed) {
		return &Error{Code: CodeSealed, After: 30 * time.Second, Message: "the locker is sealed", Hint: "unseal it with the custodians' shares", Err: err}
	}
	if errors.Is(err, locker.ErrErased) {
		return &Error{Code: CodeRedacted, Object: ObjCustomer, Message: "the customer was redacted", Err: err}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", act, err)
	}
	return nil
}

// CreateCustomer makes a customer; an empty id is generated.
func (e *Engine) CreateCustomer(ctx context.Context, c Caller, id string, p Person, once *Once) (*Customer, error) {
	if done, err := e.replayed(ctx, c.Scope, once); done || err != nil {
		return nil, err
	}
	cust, err := e.newCustomer(ctx, c.Scope, id, p)
	if err != nil {
		return nil, e.orReplayed(ctx, c.Scope, once, err)
	}
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		if done, err := e.replay(tx, c.Scope, once); done || err != nil {
			return err
		}
		cust.Created = now
		if err := addCustomer(tx, c, now, cust); err != nil {
			return err
		}
		return once.record(tx, c.Scope, now, cust.ID, cust)
	})
	if err != nil {
		return nil, err
	}
	return cust, nil
}

// newCustomer is drawCustomer for an id that nobody has looked up yet.
func (e *Engine) newCustomer(ctx context.Context, s Scope, id string, p Person) (*Customer, error) {
	if ChosenID(id) {
		if err := e.freeCustomer(ctx, s, id); err != nil {
			return nil, err
		}
	}
	return e.drawCustomer(ctx, s, id, p)
}

// drawCustomer checks and seals; nothing of it is in the store yet.
func (e *Engine) drawCustomer(ctx context.Context, s Scope, id string, p Person) (*Customer, error) {
	if id == "" {
		now, _ := e.pulse.now()
		raw, err := e.newID(now)
		if err != nil {
			return nil, err
		}
		id = PrefixCustomer + raw
	}
	if !ChosenID(id) {
		return nil, invalid("customer_id", "a customer id has 1 to 64 letters, digits, underscores or hyphens")
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	sealed, err := e.sealPerson(ctx, s, id, p)
	if err != nil {
		return nil, err
	}
	return &Customer{ID: id, Sealed: sealed, Person: p}, nil
}

// freeCustomer refuses an id in use before anything is sealed for it.
func (e *Engine) freeCustomer(ctx context.Context, s Scope, id string) error {
	err := e.Store.View(ctx, func(tx store.Tx) error {
		_, err := tx.Get(bucketCustomer, s.key(id))
		return err
	})
	if err == nil {
		return exists(ObjCustomer, id)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

func addCustomer(tx store.Tx, c Caller, now time.Time, cust *Customer) error {
	if _, err := tx.Get(bucketCustomer, c.key(cust.ID)); err == nil {
		return exists(ObjCustomer, cust.ID)
	} else if !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("read customer: %w", err)
	}
	made := *cust
	made.Created = now
	if err := keep(tx, bucketCustomer, c.key(cust.ID), made); err != nil {
		return err
	}
	return c.act(tx, now, "customer.create", cust.ID)
}

// customerRecord is a customer's record as it is stored: the store's own bytes,
// as long as tx lasts.
func customerRecord(tx store.Tx, s Scope, id string) ([]byte, error) {
	if !ChosenID(id) {
		return nil, notFound(ObjCustomer, id)
	}
	raw, err := tx.Get(bucketCustomer, s.key(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound(ObjCustomer, id)
	}
	if err != nil {
		return nil, fmt.Errorf("read customer: %w", err)
	}
	return raw, nil
}

func loadCustomer(tx store.Tx, s Scope, id string) (*Customer, error) {
	raw, err := customerRecord(tx, s, id)
	if err != nil {
		return nil, err
	}
	return decode[Customer](bucketCustomer, raw)
}

// liveCustomer is loadCustomer that refuses one who was redacted.
func liveCustomer(tx store.Tx, s Scope, id string) (*Customer, error) {
	raw, err := customerRecord(tx, s, id)
	if err != nil {
		return nil, err
	}
	return living(raw, id)
}

func living(record []byte, id string) (*Customer, error) {
	c, err := decode[Customer](bucketCustomer, record)
	if err == nil && c.Redacted {
		return nil, errRedacted(id)
	}
	return c, err
}

// stillLives is liveCustomer for who has seen the customer's record before, by
// which one that has not changed since needs no reading; nil reads it.
func stillLives(tx store.Tx, s Scope, id string, seen []byte) error {
	raw, err := customerRecord(tx, s, id)
	if err != nil || seen != nil && bytes.Equal(raw, seen) {
		return err
	}
	if !bytes.Contains(raw, []byte(`"redacted":`)) { // no text in a record has such quotes
		return nil
	}
	_, err = living(raw, id)
	return err
}

func errRedacted(id string) *Error {
	return &Error{Code: CodeRedacted, Object: ObjCustomer, ID: id, Message: "the customer was redacted"}
}

// Customer returns one, opened.
func (e *Engine) Customer(ctx context.Context, c Caller, id string) (cust *Customer, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		cust, err = liveCustomer(tx, c.Scope, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := e.openPerson(ctx, c.Scope, cust); err != nil {
		return nil, err
	}
	if cust.Redacted {
		return nil, errRedacted(id)
	}
	return cust, nil
}

// UpdateCustomer changes what the edit gives.
func (e *Engine) UpdateCustomer(ctx context.Context, c Caller, id string, ed Edit, once *Once) (*Customer, error) {
	if done, err := e.replayed(ctx, c.Scope, once); done || err != nil {
		return nil, err
	}
	for range 8 { // another update in between makes this one look again
		cust, err := e.Customer(ctx, c, id)
		if err != nil {
			return nil, err
		}
		before := cust.Sealed
		cust.Person = cust.Person.edited(ed)
		if err := cust.Person.check(); err != nil {
			return nil, err
		}
		if cust.Sealed, err = e.sealPerson(ctx, c.Scope, id, cust.Person); err != nil {
			return nil, err
		}
		err = e.update(ctx, func(tx store.Tx, now time.Time) error {
			if done, err := e.replay(tx, c.Scope, once); done || err != nil {
				return err
			}
			latest, err := liveCustomer(tx, c.Scope, id)
			if err != nil {
				return err
			}
			if !bytes.Equal(latest.Sealed, before) {
				return errChanged
			}
			latest.Sealed, latest.Person = cust.Sealed, cust.Person
			cust = latest
			if err := keep(tx, bucketCustomer, c.key(id), cust); err != nil {
				return err
			}
			if err := c.act(tx, now, "customer.update", id); err != nil {
				return err
			}
			return once.record(tx, c.Scope, now, id, cust)
		})
		if !errors.Is(err, errChanged) {
			return cust, err
		}
	}
	return nil, &Error{Code: CodeBusy, Object: ObjCustomer, ID: id, Message: "the customer is being changed by others; repeat"}
}

// errChanged says that a record changed between the look and the write.
var errChanged = errors.New("engine: record changed meanwhile")

// Customers returns a page in order of id: skip of them left out, at most
// limit; and with count how many there are, up to maxCount.
func (e *Engine) Customers(ctx context.Context, c Caller, skip, limit int, count bool) (out []Customer, total int, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		out, total = nil, 0
		seen := 0
		err := each(tx, bucketCustomer, c.prefix(), func(p store.Pair) error {
			if seen++; seen > skip && len(out) < limit {
				cust, err := decode[Customer](bucketCustomer, p.Value)
				if err != nil {
					return err
				}
				out = append(out, *cust)
			}
			if len(out) >= limit && (!count || seen >= maxCount) {
				return errEnough
			}
			return ctx.Err()
		})
		if count {
			total = min(seen, maxCount)
		}
		if errors.Is(err, errEnough) {
			return nil
		}
		return err
	})
	for i := range out {
		if err == nil {
			err = e.openPerson(ctx, c.Scope, &out[i])
		}
	}
	return out, total, err
}

// errEnough ends a walk that has all it wants.
var errEnough = errors.New("engine: enough")
