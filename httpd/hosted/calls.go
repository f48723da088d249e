package hosted

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

// create makes a payment, or answers what was answered when it was made.
func (a *API) create(ctx context.Context, who engine.Caller, c *wire.Call, body map[string]json.RawMessage) (wire.Reply, error) {
	n, err := read(body)
	if err != nil {
		return wire.Reply{}, err
	}
	if err := a.named(who, c, n); err != nil {
		return wire.Reply{}, err
	}
	o := a.once(c.IdempotencyKey, n)
	if done, err := a.Engine.Replayed(ctx, who.Scope, o); err != nil {
		return wire.Reply{}, err
	} else if done {
		return a.answer(ctx, who, c, o, nil)
	}
	ask, err := a.newRequest(ctx, who, n)
	if err != nil {
		return wire.Reply{}, err
	}
	v, err := a.Engine.Create(ctx, who, ask, o)
	if err != nil {
		return wire.Reply{}, err
	}
	return a.answer(ctx, who, c, o, v)
}

// named wants a name for the payment where the token's owner wants one.
func (a *API) named(who engine.Caller, c *wire.Call, n *newPayment) error {
	wanted := a.Settings.RequireExternalID || who.Token != nil && who.Token.RequireName
	if !wanted || c.IdempotencyKey != "" || n.externalID != nil {
		return nil
	}
	p := refuse(422, "name_required", "The payment needs a name", "This token wants an externalId or an Idempotency-Key with each payment, so that a repeat is known")
	p.Errors = []fieldError{{"#/externalId", "is required where there is no Idempotency-Key"}}
	return p
}

// newRequest is what the engine is asked to make.
func (a *API) newRequest(ctx context.Context, who engine.Caller, n *newPayment) (engine.NewRequest, error) {
	services, err := a.payable(ctx, who.Scope, n.amount)
	if err != nil {
		return engine.NewRequest{}, err
	}
	if len(services) == 0 {
		return engine.NewRequest{}, a.unpayable(ctx, who.Scope, n)
	}
	if n.webhook != "" && who.Token == nil {
		return engine.NewRequest{}, invalidFields([]fieldError{{"#/webhookUrl", "needs a bearer token (tk_...), which signs the webhook; this key is of another form"}})
	}
	x := extra{ExternalID: n.externalID, Amount: n.text, Customer: n.customer, Metadata: n.metadata, Described: n.description != nil}
	raw, err := wire.Encode(x)
	if err != nil {
		return engine.NewRequest{}, err
	}
	page := &engine.Page{Redirect: n.redirect, Locale: n.customer.Locale, Name: n.customer.Name}
	if n.description != nil {
		page.Description = *n.description
	}
	ask := engine.NewRequest{Dialect: "hosted", Amount: n.amount, AutoFulfill: true, Extra: raw, Page: page, Expires: a.Settings.LinkTTL, Repairs: a.Settings.Retries,
		Wishes: engine.Wishes{Later: true, Whole: true, CallbackURL: n.webhook, Metadata: routable(n.metadata)}}
	if engine.ChosenID(n.customer.ID) {
		ask.Customer, ask.Person = n.customer.ID, &engine.Person{Name: n.customer.Name, Email: n.customer.Email}
	}
	if t := who.Token; t != nil {
		ask.Token, ask.Point = who.Actor, t.Point
		if t.LinkTTL > 0 {
			ask.Expires = t.LinkTTL
		}
	}
	return ask, nil
}

// unpayable says why nothing can pay an amount.
func (a *API) unpayable(ctx context.Context, s engine.Scope, n *newPayment) error {
	c := n.amount.Currency()
	all, err := a.Engine.Routes(ctx, s)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Currency == c && !r.Disabled && !r.Archived {
			return invalidFields([]fieldError{{"#/amount", "is outside of what the payout methods in " + c.Code() + " take"}})
		}
	}
	p := refuse(422, "currency_not_enabled", "The currency is not enabled", "No payout method that is connected pays in "+c.Code())
	p.Errors = []fieldError{{"#/currency", "is not enabled here"}}
	return p
}

// routable is metadata as conditions of routing may ask for it; more
// attributes than those can have are not for them.
func routable(raw json.RawMessage) json.RawMessage {
	var m map[string]json.RawMessage
	if raw == nil || json.Unmarshal(raw, &m) != nil || len(m) > 20 {
		return nil
	}
	return raw
}

// answer is what a create says: what it made, or what it said the first time.
func (a *API) answer(ctx context.Context, who engine.Caller, c *wire.Call, o *engine.Once, v *engine.View) (wire.Reply, error) {
	if v != nil {
		body, err := wire.Encode(a.makeCreated(&v.Request))
		if err == nil {
			body, err = a.withLink(body, who.Scope, v.ID, 0)
		}
		return wire.Reply{Status: http.StatusCreated, Body: body}, err
	}
	a.Log.InfoContext(ctx, "payment.duplicate_suppressed", "merchant", who.Merchant, "mode", string(who.Mode), "payment", prefix+o.Subject, "request_id", c.RequestID)
	body, err := a.withLink(o.Answer, who.Scope, o.Subject, 0)
	return wire.Reply{Status: a.Settings.ReplayStatus, Body: body, Header: [][2]string{{"Idempotent-Replayed", "true"}}}, err
}

// withLink puts the capability into an answer that has none. The address
// stands before anything that the merchant has said.
func (a *API) withLink(body []byte, s engine.Scope, id string, generation uint16) ([]byte, error) {
	k, err := a.capability(s, id, generation)
	if err != nil {
		return nil, err
	}
	bare := pagePath(id) + `"`
	return bytes.Replace(body, []byte(bare), []byte(pagePath(id)+"?k="+k+`"`), 1), nil
}

// show is a payment as it stands, with the link that is good.
func (a *API) show(s engine.Scope, v *engine.View) (shown, error) {
	out := shownOf(&v.Request, a.PublicURL, a.Settings.ReturnedFails)
	if out.URL == nil || v.Page.Closed {
		out.URL = nil
		return out, nil
	}
	u, err := a.link(s, v.ID, v.Page.Generation)
	out.URL = &u
	return out, err
}

func (a *API) find(ctx context.Context, who engine.Caller, c *wire.Call) (*engine.View, error) {
	id, ok := strings.CutPrefix(c.Param("id"), prefix)
	if !ok {
		return nil, errNoPayment
	}
	v, err := a.Engine.RequestByID(ctx, who, id)
	var refused *engine.Error
	if errors.As(err, &refused) && refused.Code == engine.CodeNotFound {
		return nil, errNoPayment
	}
	return v, err
}

var errNoPayment = refuse(404, "not_found", "Not found", "There is no such payment of this merchant in this mode")

func (a *API) get(ctx context.Context, who engine.Caller, c *wire.Call) (shown, error) {
	v, err := a.find(ctx, who, c)
	if err != nil {
		return shown{}, err
	}
	return a.show(who.Scope, v)
}

// cancel ends a payment of which nothing has been sent.
func (a *API) cancel(ctx context.Context, who engine.Caller, c *wire.Call) (shown, error) {
	return a.changed(ctx, who, c, func(v *engine.View) (*engine.View, error) {
		return a.Engine.Cancel(ctx, who, engine.PrefixRequest, nameOf(v), nil)
	})
}

// renewLink makes a new link, and the ones before it worthless.
func (a *API) renewLink(ctx context.Context, who engine.Caller, c *wire.Call) (shown, error) {
	return a.relink(ctx, who, c, func(p *engine.Page) { p.Generation, p.Closed = p.Generation+1, false })
}

// revokeLink makes every link worthless that there is.
func (a *API) revokeLink(ctx context.Context, who engine.Caller, c *wire.Call) (shown, error) {
	return a.relink(ctx, who, c, func(p *engine.Page) { p.Generation, p.Closed = p.Generation+1, true })
}

func (a *API) relink(ctx context.Context, who engine.Caller, c *wire.Call, edit func(*engine.Page)) (shown, error) {
	return a.changed(ctx, who, c, func(v *engine.View) (*engine.View, error) {
		if v.Page == nil {
			return nil, refuse(409, "state_conflict", "There is no link", "The payment was made without a page")
		}
		return a.Engine.Update(ctx, who, nameOf(v), engine.Change{Prefix: engine.PrefixRequest, Page: edit}, nil)
	})
}

func (a *API) changed(ctx context.Context, who engine.Caller, c *wire.Call, fn func(*engine.View) (*engine.View, error)) (shown, error) {
	v, err := a.find(ctx, who, c)
	if err != nil {
		return shown{}, err
	}
	if v, err = fn(v); err != nil {
		return shown{}, err
	}
	return a.show(who.Scope, v)
}

// nameOf is what the engine calls a request in the words of its first dialect.
func nameOf(v *engine.View) string {
	if v.Ref != "" {
		return v.Ref
	}
	return engine.PrefixRequest + v.ID
}

// page is a list's answer.
type page struct {
	Data    []shown `json:"data"`
	HasMore bool    `json:"hasMore"`
}

// list gives payments, the newest first: limit (1 to 100, 20), before (an id),
// createdFrom and createdTo (RFC 3339).
func (a *API) list(ctx context.Context, who engine.Caller, c *wire.Call) (page, error) {
	limit, f := 20, engine.Filter{}
	var bad []fieldError
	wrong := func(name, rule string) { bad = append(bad, fieldError{"?" + name, rule}) }
	if s := c.Query("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 100 {
			wrong("limit", "must be 1 to 100")
		}
		limit = n
	}
	if s := c.Query("before"); s != "" {
		id, ok := strings.CutPrefix(s, prefix)
		if !ok || !engine.ChosenID(id) {
			wrong("before", "must be the id of a payment")
		}
		f.Before = id
	}
	for name, into := range map[string]*time.Time{"createdFrom": &f.From, "createdTo": &f.To} {
		if s := c.Query(name); s != "" {
			t, err := time.Parse(time.RFC3339, s)
			if err != nil {
				wrong(name, "must be a time in the form of RFC 3339")
			}
			*into = t
		}
	}
	if len(bad) > 0 {
		return page{}, invalidFields(bad)
	}
	all, _, err := a.Engine.List(ctx, who, f, 0, limit+1)
	if err != nil {
		return page{}, err
	}
	out := page{Data: []shown{}, HasMore: len(all) > limit}
	for i := range all[:min(limit, len(all))] {
		s, err := a.show(who.Scope, &all[i])
		if err != nil {
			return page{}, err
		}
		out.Data = append(out.Data, s)
	}
	return out, nil
}
