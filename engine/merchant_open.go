package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"penstock/store"
)

// NewMerchant is what a merchant is made from where more than a name is known
// of it.
type NewMerchant struct {
	ID, Name string
	Extra    json.RawMessage
	Points   []NewPoint    // made in both modes; the first is the default; at least one
	Hook     PointHookEdit // of each of them
	Env      string        // what its publishable key of test mode names; empty: snd
}

// NewPoint is one payout point of a new merchant.
type NewPoint struct {
	Name  string
	Extra json.RawMessage
}

// maxNewPoints bounds the points of a new merchant.
const maxNewPoints = 20

// OpenMerchant makes a merchant with its payout points, where they are told,
// and a publishable key, in one transaction. In test mode it can pay at once,
// as one of CreateMerchant can.
func (e *Engine) OpenMerchant(ctx context.Context, c Caller, n NewMerchant, once *Once) (m *Merchant, err error) {
	switch {
	case !ChosenID(n.ID):
		return nil, invalid("merchant_id", "a merchant id has 1 to 64 letters, digits, underscores or hyphens")
	case len(n.Name) > 255:
		return nil, invalid("merchant_name", "a name has at most 255 bytes")
	case len(n.Points) == 0 || len(n.Points) > maxNewPoints:
		return nil, invalid("primary_business_details", "there are 1 to %d of them", maxNewPoints)
	case len(n.Extra) > maxPointExtra:
		return nil, invalid("metadata", "the settings of a merchant have at most 64 KiB")
	}
	if err := e.checkHook(n.Hook); err != nil {
		return nil, err
	}
	now, _ := e.pulse.now()
	o := &opening{c: c, NewMerchant: n}
	for range n.Points {
		id, err := e.newID(now)
		if err != nil {
			return nil, err
		}
		o.points = append(o.points, id)
		for _, mode := range []Mode{Test, Live} {
			_, hook, err := e.prepareHook(ctx, Scope{n.ID, mode}, id, n.Hook)
			if err != nil {
				return nil, err
			}
			o.hooks = append(o.hooks, hook)
		}
	}
	if o.public, err = e.drawPublic(n.Env); err != nil {
		return nil, err
	}
	s := Scope{n.ID, Test}
	if err := e.keyedAll(s, once); err != nil {
		return nil, err
	}
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		if done, err := e.replay(tx, s, once); done || err != nil {
			return err
		}
		if m, err = e.open(tx, now, o); err != nil {
			return err
		}
		if err := c.act(tx, now, "merchant.create", n.ID); err != nil {
			return err
		}
		return once.record(tx, s, now, n.ID, m)
	})
	return m, err
}

// opening is a merchant made ready outside the transaction.
type opening struct {
	NewMerchant
	c      Caller
	points []string
	hooks  []*Endpoint // of each point, test and live
	public string
}

func (e *Engine) open(tx store.Tx, now time.Time, o *opening) (*Merchant, error) {
	if _, err := load[Merchant](tx, bucketMerchant, []byte(o.ID)); err == nil {
		return nil, exists(ObjMerchant, o.ID)
	} else if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	m := &Merchant{ID: o.ID, Name: o.Name, Point: o.points[0], Created: now, Public: o.public, Extra: o.Extra}
	if err := keep(tx, bucketMerchant, []byte(o.ID), m); err != nil {
		return nil, err
	}
	for at, mode := range []Mode{Test, Live} {
		s := Scope{o.ID, mode}
		for i, id := range o.points {
			p := &Point{ID: id, Currencies: commonCurrencies(), Created: now}
			if err := e.edited(tx, s, now, p, PointEdit{Name: &o.Points[i].Name, Extra: o.Points[i].Extra}); err != nil {
				return nil, err
			}
			if err := keep(tx, bucketPoint, s.key(id), p); err != nil {
				return nil, err
			}
			if err := storeHook(tx, s, now, nil, o.hooks[2*i+at]); err != nil {
				return nil, err
			}
		}
		if err := e.markSettings(tx, s); err != nil {
			return nil, err
		}
	}
	if err := e.connectSandbox(tx, now, Scope{o.ID, Test}); err != nil {
		return nil, err
	}
	return m, e.keepPublic(tx, now, Scope{o.ID, Test}, o.public)
}

func (e *Engine) drawPublic(env string) (string, error) {
	if env == "" {
		env = envOf(Test)
	}
	raw := make([]byte, 16)
	if _, err := io.ReadFull(e.Rand, raw); err != nil {
		return "", fmt.Errorf("draw a key: %w", err)
	}
	return "pk_" + env + "_" + hex.EncodeToString(raw), nil
}

// keepPublic stores a publishable key that belongs to the merchant itself and
// not to one of its secret keys.
func (e *Engine) keepPublic(tx store.Tx, now time.Time, s Scope, public string) error {
	id, err := e.newID(now)
	if err != nil {
		return err
	}
	k := Key{ID: PrefixKey + id, Merchant: s.Merchant, Mode: s.Mode, Rights: Rights(), Name: "publishable", Prefix: public[:12], Publishable: true, Created: now}
	hash := sha256.Sum256([]byte(public))
	if err := keep(tx, bucketKey, hash[:], k); err != nil {
		return err
	}
	if err := tx.Put(bucketKeyID, []byte(k.ID), hash[:]); err != nil {
		return fmt.Errorf("write key id: %w", err)
	}
	return nil
}
