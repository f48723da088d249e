package hosted

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"penstock/engine"
	"penstock/httpd/wire"
)

// create makes a payment, or answers what was answered when it was made.
func (a *API) create(ctx context.Context, who engine.Caller, c *wire.Call, body map[string]json.RawMessage) (wire.Reply, error) {
	n, err := read(body)
	if err != nil {
		return wire.Reply{}, err
	}
	if err := mayMake(who, n.in); err != nil {
		return wire.Reply{}, err
	}
	if err := a.named(who, c, n); err != nil {
		return wire.Reply{}, err
	}
	o := a.once(c.IdempotencyKey, n)
	if done, err := a.Engine.Replayed(ctx, who.Scope, o); err != nil {
		return wire.Reply{}, err
	} else if done {
		return a.answer(ctx, who, c, o, nil, nil)
	}
	if n.in {
		return a.createPayin(ctx, who, c, n, o)
	}
	ask, err := a.newRequest(ctx, who, n)
	if err != nil {
		return wire.Reply{}, err
	}
	v, err := a.Engine.Create(ctx, who, ask, o)
	if err != nil || v == nil {
		return a.answer(ctx, who, c, o, nil, err)
	}
	first, err := wire.Encode(a.makeCreated(&v.Request))
	return a.answer(ctx, who, c, o, &made{v.ID, first}, err)
}

// takesIn says whether pay-ins are for a caller. They are for every bearer
// token: the original has a permission for payouts alone.
func takesIn(who engine.Caller) bool { return who.May(engine.Payins) || who.Token != nil }

// mayMake says whether a caller may make payments of a type.
func mayMake(who engine.Caller, in bool) error {
	switch {
	case in && !takesIn(who):
		return refuse(403, "forbidden", "Not allowed", "The key was made without the scope payins, and payin is the type of a body without one: send type:'payout' for a payout")
	case !in && !who.May(engine.Payouts):
		return refuse(403, "forbidden", "Not allowed", "The token was made without the permission Payout")
	}
	return nil
}

// seesIn hides the payments of the other dialect from tokens without its scope.
func seesIn(who engine.Caller, in *incoming) error {
	if !in.hosted() && !who.May(engine.Payins) {
		return errNoPayment
	}
	return nil
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
	services, err := a.payable(ctx, who.Scope, n.amount, nil)
	if err != nil {
		return engine.NewRequest{}, err
	}
	if len(services) == 0 {
		return engine.NewRequest{}, a.unpayable(ctx, who.Scope, n)
	}
	if n.webhook != "" && who.Token == nil {
		return engine.NewRequest{}, errUnsigned
	}
	raw, err := wire.Encode(n.extra())
	if err != nil {
		return engine.NewRequest{}, err
	}
	page := n.page()
	ask := engine.NewRequest{Dialect: "hosted", Amount: n.amount, AutoFulfill: true, Extra: raw, Page: &page, Expires: a.Settings.LinkTTL, Repairs: a.Settings.Retries,
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

// errUnsigned refuses a webhookUrl that nothing can sign for.
var errUnsigned = invalidFields([]fieldError{{"#/webhookUrl", "needs a bearer token (tk_...), which signs the webhook; this key is of another form"}})

// extra is what is kept of a body only to be shown again.
func (n *newPayment) extra() extra {
	return extra{ExternalID: n.externalID, Amount: n.text, Customer: n.customer, Metadata: n.metadata, Described: n.description != nil}
}

// page is what its page will show.
func (n *newPayment) page() engine.Page {
	p := engine.Page{Redirect: n.redirect, Locale: n.customer.Locale, Name: n.customer.Name}
	if n.description != nil {
		p.Description = *n.description
	}
	return p
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

// made is what a create has made, and what it says of it.
type made struct {
	id   string
	body []byte
}

// answer is what a create says: what it made, or what it said the first time.
func (a *API) answer(ctx context.Context, who engine.Caller, c *wire.Call, o *engine.Once, m *made, err error) (wire.Reply, error) {
	if err != nil {
		return wire.Reply{}, err
	}
	if m != nil {
		body, err := a.withLink(m.body, who.Scope, m.id, 0)
		return wire.Reply{Status: http.StatusCreated, Body: body}, err
	}
	id := strings.TrimPrefix(o.Subject, prefix)
	a.Log.InfoContext(ctx, "payment.duplicate_suppressed", "merchant", who.Merchant, "mode", string(who.Mode), "payment", prefix+id, "request_id", c.RequestID)
	body, err := a.withLink(o.Answer, who.Scope, id, 0)
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

// find is the payment of a call's path, of a type that the token is for.
func (a *API) find(ctx context.Context, who engine.Caller, c *wire.Call) (*opened, error) {
	id, ok := strings.CutPrefix(c.Param("id"), prefix)
	if !ok {
		return nil, errNoPayment
	}
	o, err := a.opens(ctx, who, id)
	if err == errNoLink {
		return nil, errNoPayment
	}
	if err != nil {
		return nil, err
	}
	o.scope = who.Scope
	if err := mayMake(who, o.in != nil); err != nil || o.in == nil {
		return o, err
	}
	return o, seesIn(who, o.in)
}

var errNoPayment = refuse(404, "not_found", "Not found", "There is no such payment of this merchant in this mode")

// errNoPage refuses what is done to a link where there is none.
var errNoPage = refuse(409, "state_conflict", "There is no link", "The payment was made without a page")

func (a *API) get(ctx context.Context, who engine.Caller, c *wire.Call) (shown, error) {
	o, err := a.find(ctx, who, c)
	if err != nil {
		return shown{}, err
	}
	return a.showAny(o)
}

func (a *API) showAny(o *opened) (shown, error) {
	if o.in != nil {
		return a.showIn(o.scope, o.in)
	}
	return a.show(o.scope, o.View)
}

// cancel ends a payment of which nothing has been sent.
func (a *API) cancel(ctx context.Context, who engine.Caller, c *wire.Call) (shown, error) {
	o, err := a.find(ctx, who, c)
	if err != nil {
		return shown{}, err
	}
	if o.in != nil {
		if o.in.state(a.Now()) == "expired" {
			return shown{}, refuse(409, "state_conflict", "The state does not allow it", "The payment has expired")
		}
		p, err := a.Engine.CancelPayment(ctx, who, engine.PrefixPayment+o.in.ID, nil)
		if err != nil {
			return shown{}, err
		}
		return a.showIn(who.Scope, incomingOf(p))
	}
	v, err := a.Engine.Cancel(ctx, who, engine.PrefixRequest, nameOf(o.View), nil)
	if err != nil {
		return shown{}, err
	}
	return a.show(who.Scope, v)
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
	o, err := a.find(ctx, who, c)
	if err != nil {
		return shown{}, err
	}
	if o.in != nil {
		if o.in, err = a.relinkIn(ctx, who, o.in, edit); err != nil {
			return shown{}, err
		}
		return a.showAny(o)
	}
	if o.Page == nil {
		return shown{}, errNoPage
	}
	if o.View, err = a.Engine.Update(ctx, who, nameOf(o.View), engine.Change{Prefix: engine.PrefixRequest, Page: edit}, nil); err != nil {
		return shown{}, err
	}
	return a.showAny(o)
}

// nameOf is what the engine calls a request in the words of its first dialect.
func nameOf(v *engine.View) string {
	if v.Ref != "" {
		return v.Ref
	}
	return engine.PrefixRequest + v.ID
}
