package admin

import (
	"context"
	"time"

	"penstock/engine"
	"penstock/engine/webhook"
	"penstock/httpd/wire"
)

type endpoint struct {
	ID       string    `json:"endpoint_id"`
	URL      string    `json:"url"`
	Profile  string    `json:"profile"`
	Types    []string  `json:"types"` // empty: all
	Disabled bool      `json:"disabled"`
	Created  time.Time `json:"created"`
}

func (a *Admin) listEndpoints(ctx context.Context, c *wire.Call, _ wire.None) (list[endpoint], error) {
	who, err := a.scope(ctx, c)
	if err != nil {
		return list[endpoint]{}, err
	}
	all, err := a.Engine.Endpoints(ctx, who)
	out := make([]endpoint, len(all))
	for i, p := range all {
		out[i] = endpoint{p.ID, p.URL, p.Profile, p.Types, p.Disabled, p.Created}
	}
	return list[endpoint]{Data: out}, err
}

type newEndpoint struct {
	Merchant string   `json:"merchant_id"`
	Mode     string   `json:"mode"`
	URL      string   `json:"url"`
	Profile  string   `json:"profile"`
	Types    []string `json:"types"`
}

// madeEndpoint shows the secrets, this once.
type madeEndpoint struct {
	ID      string `json:"endpoint_id"`
	Secret  string `json:"secret"`   // verifies webhook-signature
	HashKey string `json:"hash_key"` // verifies X-Webhook-Signature-512
}

func (a *Admin) addEndpoint(ctx context.Context, _ *wire.Call, req newEndpoint) (madeEndpoint, error) {
	who, err := a.caller(ctx, req.Merchant, req.Mode)
	if err != nil {
		return madeEndpoint{}, err
	}
	if len(req.Types) > 64 {
		return madeEndpoint{}, wrong("types", "wants at most 64")
	}
	if p, err := webhook.ParseProfile(req.Profile); err == nil && a.Engine.Render[req.Profile] == nil {
		return madeEndpoint{}, &engine.Error{Code: engine.CodeNotBuilt, Object: engine.ObjEndpoint, Field: "profile",
			Message: "this version tells nothing in the words of profile " + string(p), Hint: "use rest or standard"}
	}
	if err := a.Engine.CheckURL(req.URL); err != nil {
		return madeEndpoint{}, &Refusal{Message: err.Error(), Hint: "use a public https address, or list the target under egress.allow"}
	}
	made, err := a.Engine.AddEndpoint(ctx, who, req.URL, req.Profile, req.Types)
	if err != nil {
		return madeEndpoint{}, err
	}
	return madeEndpoint{made.ID, made.Secret, made.HashKey}, nil
}

// done is the answer of an act that has nothing to show.
type done struct {
	ID   string `json:"id"`
	Done bool   `json:"done"`
}

func (a *Admin) removeEndpoint(ctx context.Context, c *wire.Call, _ wire.None) (done, error) {
	who, err := a.scope(ctx, c)
	if err != nil {
		return done{}, err
	}
	return done{c.Param("id"), true}, a.Engine.RemoveEndpoint(ctx, who, c.Param("id"))
}

type delivery struct {
	ID       string    `json:"delivery_id"`
	Message  string    `json:"message_id"`
	Event    string    `json:"event_id"`
	Type     string    `json:"type"`
	Payout   string    `json:"payout_id,omitzero"`
	Endpoint string    `json:"endpoint_id"`
	State    string    `json:"state"`
	Tries    int       `json:"tries"`
	Due      time.Time `json:"due,omitzero"`
	Created  time.Time `json:"created"`
	Attempts []attempt `json:"attempts"`
}

type attempt struct {
	At     time.Time `json:"at"`
	Took   int64     `json:"took_ms"`
	Status int       `json:"status,omitzero"` // of the answer; absent: there was none
	Error  string    `json:"error,omitzero"`
	Kind   string    `json:"kind"`
}

func deliveryOf(d *engine.Delivery) delivery {
	out := delivery{ID: d.ID, Message: d.Message, Event: d.Event, Type: d.Type, Endpoint: d.Endpoint, State: d.State, Tries: d.Tries,
		Due: d.Due, Created: d.Created, Attempts: make([]attempt, len(d.Attempts))}
	if d.Request != "" {
		out.Payout = engine.PrefixRequest + d.Request
	}
	for i, t := range d.Attempts {
		out.Attempts[i] = attempt{t.At, t.Took.Milliseconds(), t.Status, t.Error, t.Kind}
	}
	return out
}

func (a *Admin) listDeliveries(ctx context.Context, c *wire.Call, _ wire.None) (list[delivery], error) {
	limit, err := limitOf(c, 20)
	if err != nil {
		return list[delivery]{}, err
	}
	who, err := a.scope(ctx, c)
	if err != nil {
		return list[delivery]{}, err
	}
	all, err := a.Engine.Deliveries(ctx, who, c.Query("before"), limit)
	out := make([]delivery, len(all))
	for i := range all {
		out[i] = deliveryOf(&all[i])
	}
	return list[delivery]{out, len(out) == limit}, err
}

func (a *Admin) resendDelivery(ctx context.Context, c *wire.Call, _ wire.None) (delivery, error) {
	who, err := a.scope(ctx, c)
	if err != nil {
		return delivery{}, err
	}
	d, err := a.Engine.Resend(ctx, who, c.Param("id"), "", nil)
	if err != nil {
		return delivery{}, err
	}
	return deliveryOf(d), nil
}
