package jsonapi

import (
	"context"
	"slices"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

const typeCallback = "callbacks"

type callbackAttributes struct {
	Event    string        `json:"event"`
	URL      *string       `json:"url"`    // null: of a configured endpoint
	Status   string        `json:"status"` // queued, done or failed
	Tries    int           `json:"tries"`
	Attempts []attemptMade `json:"attempts"` // the latest
	Next     *int64        `json:"next_attempt"`
	Created  *int64        `json:"created"`
}

type attemptMade struct {
	At     *int64  `json:"at"`
	Code   *int    `json:"response_code"` // null: no answer
	Error  *string `json:"error"`
	Millis int64   `json:"took_ms"`
	Kind   string  `json:"kind"`
}

func showCallback(d *engine.Delivery) resource {
	at := callbackAttributes{Event: d.Type, URL: shown(d.URL), Status: "failed", Tries: d.Tries, Attempts: []attemptMade{}, Next: unix(d.Due), Created: unix(d.Created)}
	switch d.State {
	case engine.Waiting:
		at.Status = "queued"
	case engine.Delivered:
		at.Status = "done"
	}
	for _, a := range d.Attempts {
		made := attemptMade{At: unix(a.At), Error: shown(a.Error), Millis: a.Took.Milliseconds(), Kind: a.Kind}
		if a.Status != 0 {
			made.Code = &a.Status
		}
		at.Attempts = append(at.Attempts, made)
	}
	return resource{Type: typeCallback, ID: d.ID, Attributes: at, Relations: related{"payout-request": one(typeRequest, prefixed(prefixRequest, d.Request))}}
}

func (a *API) listCallbacks(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	all, err := a.Engine.DeliveriesOf(ctx, who, prefixRequest, c.Param("id"))
	if err != nil {
		return document{}, err
	}
	type d = engine.Delivery
	return inMemory(c, all, shelf[d]{
		id: func(v *d) string { return v.ID }, show: showCallback, sorts: []string{"created"}, by: sorter[d]{"created": nil},
		fields: []filterField[d]{
			{"status", asWord, func(v *d) any { return showCallback(v).Attributes.(callbackAttributes).Status }},
			{"event", asText, func(v *d) any { return v.Type }},
			{"created", asTime, func(v *d) any { return v.Created }},
		},
	})
}

type resend struct {
	URL *string `json:"url"` // to another address, this once
}

// resendCallback sends one once more, whatever became of it.
func (a *API) resendCallback(ctx context.Context, who engine.Caller, c *wire.Call, b body[resend]) (document, error) {
	r, err := b.optional(typeCallback, c.Param("cid"))
	if err != nil {
		return document{}, err
	}
	all, err := a.Engine.DeliveriesOf(ctx, who, prefixRequest, c.Param("id"))
	if err != nil {
		return document{}, err
	}
	if !slices.ContainsFunc(all, func(d engine.Delivery) bool { return d.ID == c.Param("cid") }) {
		return document{}, noSuch(engine.ObjDelivery, c.Param("cid"))
	}
	d, err := a.Engine.Resend(ctx, who, c.Param("cid"), said(r.URL), nil)
	if err != nil {
		return document{}, &located{err: err, fields: map[string]string{"callback_url": "url"}}
	}
	return document{Data: showCallback(d)}, nil
}

type period struct {
	From *int64 `json:"from"` // unix seconds
	To   *int64 `json:"to"`
}

// resendPeriod sends all callbacks of an hour to two days once more.
func (a *API) resendPeriod(ctx context.Context, who engine.Caller, c *wire.Call, b body[period]) (wire.Reply, error) {
	p, err := b.attributes(typeCallback, "")
	if err != nil {
		return wire.Reply{}, err
	}
	var n need
	n.want(p.From != nil, "from")
	n.want(p.To != nil, "to")
	if err := n.err(); err != nil {
		return wire.Reply{}, err
	}
	if *p.From < 0 || *p.To > maxSeconds || *p.To < *p.From {
		return wire.Reply{}, badAttribute("to", "must be unix seconds, and not before from")
	}
	return bulk(c, func(*engine.Once) (int, error) {
		sent, err := a.Engine.ResendPeriod(ctx, who, time.Unix(*p.From, 0).UTC(), time.Unix(*p.To, 0).UTC())
		if err != nil {
			err = &located{err: err, fields: map[string]string{"period": "to"}}
		}
		return sent, err
	})
}

// secretAttributes is what callbacks of the key's mode are signed with.
type secretAttributes struct {
	Secret   string `json:"secret"`
	TestMode bool   `json:"test_mode"`
}

// getCallbackSecret reveals the secret, which is written down in the audit log.
func (a *API) getCallbackSecret(ctx context.Context, who engine.Caller, _ *wire.Call, _ wire.None) (document, error) {
	secret, err := a.Engine.CallbackSecret(ctx, who)
	if err != nil {
		return document{}, err
	}
	return document{Data: resource{Type: "callback-secrets", ID: string(who.Mode), Attributes: secretAttributes{secret, who.Mode == engine.Test}}}, nil
}
