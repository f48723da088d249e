package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"penstock/engine/webhook"
	"penstock/store"
)

// A callback is a webhook that a request, or its payout point, has an address
// for. All of a scope's callbacks go through one endpoint, which has no
// address of its own and whose secret is the merchant's.
const callbackEndpoint = PrefixEndpoint + "callback"

// callbackURL is where a request's callbacks go; empty: nowhere.
func (k *catalog) callbackURL(r *Request) string {
	if r.CallbackURL != "" {
		return r.CallbackURL
	}
	if p := k.points[r.Point]; p != nil && (r.Dialect == string(webhook.JSONAPI) || r.Token != "") {
		return p.CallbackURL
	}
	return ""
}

// CallbackSecret returns the merchant's secret that signs callbacks, as
// X-Signature uses it. It is made when it is first needed.
func (e *Engine) CallbackSecret(ctx context.Context, c Caller) (string, error) {
	if err := e.openCallbacks(ctx, c.Scope); err != nil {
		return "", err
	}
	raw, err := e.callbackSecrets(ctx, c.Scope)
	if err != nil {
		return "", err
	}
	err = e.update(ctx, func(tx store.Tx, now time.Time) error { return c.act(tx, now, "callback_secret.reveal", "") })
	return raw[2], err
}

// openCallbacks makes the scope's endpoint for callbacks, if there is none.
func (e *Engine) openCallbacks(ctx context.Context, s Scope) error {
	there, err := read(ctx, e, func(tx store.Tx) (bool, error) {
		_, err := tx.Get(bucketEndpoint, s.key(callbackEndpoint))
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		return true, err
	})
	if there || err != nil {
		return err
	}
	secret, err := webhook.NewSecret(e.Rand)
	if err != nil {
		return err
	}
	hash, err := webhook.NewKey(e.Rand)
	if err != nil {
		return err
	}
	own, err := draw(e.Rand, 32)
	if err != nil {
		return err
	}
	text := strings.Join([]string{secret.Reveal(), hash.Reveal(), "ok_" + string(s.Mode) + "_" + own}, "\n")
	sealed, err := e.Locker.Seal(ctx, accountOwner(s), endpointPlace(callbackEndpoint), []byte(text))
	if err != nil {
		return sealError("seal callback secrets", err)
	}
	return e.update(ctx, func(tx store.Tx, now time.Time) error {
		if _, err := tx.Get(bucketEndpoint, s.key(callbackEndpoint)); err == nil {
			return nil // made meanwhile
		} else if !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("read endpoint: %w", err)
		}
		p := Endpoint{ID: callbackEndpoint, Profile: string(webhook.JSONAPI), Sealed: sealed, Created: now}
		return keep(tx, bucketEndpoint, s.key(p.ID), p)
	})
}

// callbackSecrets are the secret, the hash key and the merchant's own key.
func (e *Engine) callbackSecrets(ctx context.Context, s Scope) ([3]string, error) {
	p, err := read(ctx, e, func(tx store.Tx) (*Endpoint, error) { return loadEndpoint(tx, s, callbackEndpoint) })
	if err != nil {
		return [3]string{}, err
	}
	raw, err := e.Locker.Open(ctx, accountOwner(s), endpointPlace(p.ID), p.Sealed)
	if err != nil {
		return [3]string{}, sealError("open callback secrets", err)
	}
	parts := strings.SplitN(string(raw), "\n", 3)
	if len(parts) != 3 {
		return [3]string{}, errors.New("callback secrets: malformed")
	}
	return [3]string(parts), nil
}

// Bounds of ResendPeriod.
const (
	minResend  = time.Hour
	maxResend  = 48 * time.Hour
	resendPage = 200
)

// ResendPeriod sends every webhook of a scope once more that was written in a
// period of an hour to two days, and returns how many. It may be repeated: a
// receiver knows what it has seen by the message's id.
func (e *Engine) ResendPeriod(ctx context.Context, c Caller, from, to time.Time) (sent int, err error) {
	if d := to.Sub(from); d < minResend || d > maxResend {
		return 0, invalid("period", "a period is from one hour to two days")
	}
	at, end := c.key(PrefixDelivery+firstID(from)), c.key(PrefixDelivery+firstID(to.Add(time.Millisecond)))
	for {
		page, err := read(ctx, e, func(tx store.Tx) ([]store.Pair, error) {
			return tx.Scan(bucketDelivery, at, end, resendPage, false)
		})
		if err != nil {
			return sent, fmt.Errorf("scan deliveries: %w", err)
		}
		for _, row := range page {
			d, err := decode[Delivery](bucketDelivery, row.Value)
			if err != nil {
				return sent, err
			}
			if _, err := e.Resend(ctx, c, d.ID, "", nil); err != nil {
				return sent, err
			}
			sent++
		}
		if len(page) < resendPage {
			return sent, nil
		}
		at = append(page[len(page)-1].Key, 0)
	}
}
