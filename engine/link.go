package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"penstock/engine/dense"
	"penstock/locker"
	"penstock/store"
)

// A payout link is an address at which a recipient says where the money should
// go. It belongs to a request that has no details yet, and ends with it.

// PrefixLink begins the id of a payout link.
const PrefixLink = "payout_link_"

// claimLink keeps a link's id to one request.
func claimLink(tx store.Tx, s Scope, r *Request) error {
	if r.Link == "" {
		return nil
	}
	if !ChosenID(r.Link) {
		return invalid("payout_link_id", "an id has 1 to 64 letters, digits, underscores or hyphens")
	}
	if _, err := tx.Get(bucketLink, s.key(r.Link)); err == nil {
		return exists(ObjLink, r.Link)
	} else if !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("read link: %w", err)
	}
	if err := tx.Put(bucketLink, s.key(r.Link), []byte(r.ID)); err != nil {
		return fmt.Errorf("write link: %w", err)
	}
	return nil
}

// Linked finds a request that has a payout link, in either mode, by what the
// link's address says. Nobody has proved who they are.
func (e *Engine) Linked(ctx context.Context, merchant, prefix, name string) (v *View, s Scope, err error) {
	for _, mode := range []Mode{Test, Live} {
		s = Scope{merchant, mode}
		v, err = e.view(ctx, s, func(tx store.Tx) (*Request, error) {
			r, err := findRequest(tx, s, prefix, name)
			if err == nil && r.Link == "" {
				return nil, notFound(ObjPayout, name)
			}
			return r, err
		})
		if !isNotFound(err) {
			return v, s, err
		}
	}
	return nil, s, notFound(ObjPayout, name)
}

// PublicKey returns the publishable key of a merchant's mode that is the
// merchant's own, and makes it where there is none yet. It is no secret.
func (e *Engine) PublicKey(ctx context.Context, s Scope, env string) (key string, err error) {
	m, err := e.Merchant(ctx, s.Merchant)
	if err != nil || m.publicOf(s.Mode) != "" {
		return m.publicOf(s.Mode), err
	}
	fresh, err := e.drawPublic(env)
	if err != nil {
		return "", err
	}
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		m, err := liveMerchant(tx, s.Merchant)
		if err != nil {
			return err
		}
		if key = m.publicOf(s.Mode); key != "" {
			return nil
		}
		key = fresh
		if s.Mode == Live {
			m.PublicLive = key
		} else {
			m.Public = key
		}
		if err := keep(tx, bucketMerchant, []byte(m.ID), m); err != nil {
			return err
		}
		return e.keepPublic(tx, now, s, key)
	})
	return key, err
}

func (m *Merchant) publicOf(mode Mode) string {
	switch {
	case m == nil:
		return ""
	case mode == Live:
		return m.PublicLive
	}
	return m.Public
}

// DeliveryByEvent returns a webhook by the id of the event that it tells of.
func (e *Engine) DeliveryByEvent(ctx context.Context, s Scope, event string) (*Delivery, error) {
	id, ok := isID(PrefixEvent, event)
	if !ok {
		return nil, notFound(ObjDelivery, event)
	}
	at, err := TimeOfID(id)
	if err != nil {
		return nil, notFound(ObjDelivery, event)
	}
	return read(ctx, e, func(tx store.Tx) (*Delivery, error) { // written in the same millisecond
		var found *Delivery
		from, to := s.key(PrefixDelivery+firstID(at)), s.key(PrefixDelivery+firstID(at.Add(time.Millisecond)))
		for {
			page, err := tx.Scan(bucketDelivery, from, to, 200, false)
			if err != nil {
				return nil, fmt.Errorf("scan deliveries: %w", err)
			}
			for _, p := range page {
				d, err := decode[Delivery](bucketDelivery, p.Value)
				if err != nil {
					return nil, err
				}
				if d.Event == event {
					found = d
				}
			}
			if found != nil || len(page) < 200 {
				break
			}
			from = append(page[len(page)-1].Key, 0)
		}
		if found == nil {
			return nil, notFound(ObjDelivery, event)
		}
		return found, nil
	})
}

// MessageOf is what a webhook says, as it is sent; nil where its customer was
// redacted since.
func (e *Engine) MessageOf(ctx context.Context, s Scope, d *Delivery) ([]byte, error) {
	body, err := e.openMessage(ctx, s, d)
	if errors.Is(err, locker.ErrErased) {
		return nil, nil
	}
	return body, err
}

// openMessage is the body of a webhook as it was rendered; locker.ErrErased
// where its customer was redacted since.
func (e *Engine) openMessage(ctx context.Context, s Scope, d *Delivery) ([]byte, error) {
	body, err := e.Locker.Open(ctx, d.owner(s), d.place(), d.Sealed)
	switch {
	case errors.Is(err, locker.ErrErased):
		return nil, err
	case err != nil:
		return nil, sealError("open a webhook", err)
	}
	if body, err = dense.Unpack(body); err != nil {
		return nil, fmt.Errorf("read a webhook: %w", err)
	}
	return body, nil
}

// Refs are the merchant's own ids of requests, by our ids, of those that have
// one.
func (e *Engine) Refs(ctx context.Context, s Scope, ids []string) (map[string]string, error) {
	return read(ctx, e, func(tx store.Tx) (map[string]string, error) {
		out := map[string]string{}
		for _, id := range ids {
			r, err := load[Request](tx, bucketRequest, s.key(id))
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
			if r.Ref != "" {
				out[id] = r.Ref
			}
		}
		return out, nil
	})
}
