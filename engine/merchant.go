package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"penstock/store"
)

// Merchant is who pays. (rest: account; jsonapi: organisation)
type Merchant struct {
	ID         string    `json:"id"`
	Name       string    `json:"name,omitzero"`
	Point      string    `json:"point"` // its default payout point, without prefix; there is one of this id in each mode
	Created    time.Time `json:"created"`
	Deleted    time.Time `json:"deleted,omitzero"` // its keys have ended; what it has stays to be read
	Public     string    `json:"public,omitzero"`  // a publishable key of test mode, which is no secret
	PublicLive string    `json:"public_live,omitzero"`
	// Extra is what a dialect keeps with it, without secrets; the engine does not look inside.
	Extra json.RawMessage `json:"extra,omitzero"`
}

// ChosenID says whether s is what a merchant's, a customer's and a payout's own
// id may be when the merchant chooses it: 1 to 64 letters, digits, underscores,
// hyphens, all of ASCII.
func ChosenID(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 64
}

// CreateMerchant makes a merchant who can pay at once in test mode: the
// sandbox is connected, and play money waits in every currency.
func (e *Engine) CreateMerchant(ctx context.Context, c Caller, id, name string) (*Merchant, error) {
	if id == "" {
		now, _ := e.pulse.now()
		raw, err := e.newID(now)
		if err != nil {
			return nil, err
		}
		id = PrefixMerchant + raw
	}
	if !ChosenID(id) {
		return nil, invalid("merchant_id", "a merchant id has 1 to 64 letters, digits, underscores or hyphens")
	}
	if len(name) > 255 {
		return nil, invalid("merchant_name", "a name has at most 255 bytes")
	}
	var m *Merchant
	err := e.update(ctx, func(tx store.Tx, now time.Time) error {
		if _, err := load[Merchant](tx, bucketMerchant, []byte(id)); err == nil {
			return exists(ObjMerchant, id)
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		point, err := e.newID(now)
		if err != nil {
			return err
		}
		m = &Merchant{ID: id, Name: name, Point: point, Created: now}
		if err := keep(tx, bucketMerchant, []byte(id), m); err != nil {
			return err
		}
		for _, mode := range []Mode{Test, Live} {
			s := Scope{id, mode}
			p := Point{ID: point, Name: "default", Currencies: commonCurrencies(), Created: now, Changed: now}
			if err := keep(tx, bucketPoint, s.key(point), p); err != nil {
				return err
			}
			if err := e.markSettings(tx, s); err != nil {
				return err
			}
			if err := orderedFromTheStart(tx, s); err != nil {
				return err
			}
		}
		if err := e.connectSandbox(tx, now, Scope{id, Test}); err != nil {
			return err
		}
		return c.act(tx, now, "merchant.create", id)
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// Merchant returns one by its id.
func (e *Engine) Merchant(ctx context.Context, id string) (m *Merchant, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		m, err = loadMerchant(tx, id)
		return err
	})
	return m, err
}

func loadMerchant(tx store.Tx, id string) (*Merchant, error) {
	if !ChosenID(id) {
		return nil, notFound(ObjMerchant, id)
	}
	m, err := load[Merchant](tx, bucketMerchant, []byte(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound(ObjMerchant, id)
	}
	return m, err
}

// Merchants returns those after the id given, in order of id, at most limit.
func (e *Engine) Merchants(ctx context.Context, afterID string, limit int) (out []Merchant, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		var from []byte
		if afterID != "" {
			from = append([]byte(afterID), 0)
		}
		page, err := tx.Scan(bucketMerchant, from, nil, min(max(limit, 1), 1000), false)
		if err != nil {
			return fmt.Errorf("scan merchants: %w", err)
		}
		for _, p := range page {
			m, err := decode[Merchant](bucketMerchant, p.Value)
			if err != nil {
				return err
			}
			out = append(out, *m)
		}
		return nil
	})
	return out, err
}
