package engine

import (
	"context"
	"errors"
	"net/http"
	"time"

	"penstock/engine/webhook"
	"penstock/store"
)

// Signed is a webhook as it would be sent now: the body first rendered, and
// the headers that sign it. Headers of a payout point's own are left out.
type Signed struct {
	Delivery Delivery
	To       string // the address
	Header   http.Header
	Body     []byte // nil once the customer whom it speaks of was erased
}

// SignedDelivery makes the signature of a delivery anew, to be looked at.
func (e *Engine) SignedDelivery(ctx context.Context, c Caller, id string) (*Signed, error) {
	d, err := e.deliveryByID(ctx, c.Scope, id)
	if err != nil {
		return nil, err
	}
	p, err := read(ctx, e, func(tx store.Tx) (*Endpoint, error) { return loadEndpoint(tx, c.Scope, d.Endpoint) })
	if err != nil {
		return nil, err
	}
	out := &Signed{Delivery: *d, To: p.URL}
	if p.URL == "" {
		out.To = d.URL
	}
	if out.Body, err = e.MessageOf(ctx, c.Scope, d); err != nil || out.Body == nil {
		return out, err
	}
	secrets, err := e.endpointSecrets(ctx, c.Scope, p, d.Token)
	if err != nil {
		return nil, err
	}
	now, _ := e.pulse.now()
	out.Header, err = webhook.Sign(webhook.Profile(d.Profile), secrets, d.Message, now, out.Body)
	return out, err
}

func (e *Engine) deliveryByID(ctx context.Context, s Scope, id string) (*Delivery, error) {
	if !ChosenID(id) {
		return nil, notFound(ObjDelivery, id)
	}
	return read(ctx, e, func(tx store.Tx) (*Delivery, error) {
		d, err := load[Delivery](tx, bucketDelivery, s.key(id))
		if errors.Is(err, store.ErrNotFound) {
			return nil, notFound(ObjDelivery, id)
		}
		return d, err
	})
}

// CheckSignature says whether a message that a receiver got was signed for an
// endpoint, whenever that was: nil, or an error that wraps one of
// engine/webhook. at is the time that the message bears.
func (e *Engine) CheckSignature(ctx context.Context, c Caller, endpoint string, h http.Header, body []byte, at time.Time) error {
	p, err := read(ctx, e, func(tx store.Tx) (*Endpoint, error) { return loadEndpoint(tx, c.Scope, endpoint) })
	if err != nil {
		return err
	}
	secrets, err := e.endpointSecrets(ctx, c.Scope, p, "")
	if err != nil {
		return err
	}
	keys := make([]webhook.Verifier, len(secrets.Endpoint))
	for i, s := range secrets.Endpoint {
		keys[i] = s
	}
	return webhook.Verify(keys, h, body, at, webhook.Tolerance)
}
