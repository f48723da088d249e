package rest

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/httpd/wire"
)

// createPayout needs no look for a repeat before its checks: whatever they say
// of a body they said the first time.
func (a *API) createPayout(ctx context.Context, who engine.Caller, c *wire.Call, r payoutRequest) (wire.Reply, error) {
	if err := r.checkCreate(who.Merchant); err != nil {
		return wire.Reply{}, r.unreadable(err)
	}
	if r.ProfileID == nil {
		if id := c.Header("X-Profile-Id"); id != "" {
			r.ProfileID = &id
		}
	}
	secret, err := drawSecret(a.Random)
	if err != nil {
		return wire.Reply{}, err
	}
	n, x, err := r.newRequest(secret)
	if err != nil {
		return wire.Reply{}, r.unreadable(err)
	}
	if yes(r.Link) {
		if err := a.linked(ctx, who, c, &r, &n, &x); err != nil {
			return wire.Reply{}, err
		}
	}
	o := a.openWith(once(c), who.Merchant, func(*engine.Request) payoutExtra { return x })
	v, err := a.Engine.Create(ctx, who, n, o)
	return a.firstWord(ctx, who, o, v, r.unreadable(in(createPayout, err)))
}

// linked adds the payout link that was asked for.
func (a *API) linked(ctx context.Context, who engine.Caller, c *wire.Call, r *payoutRequest, n *engine.NewRequest, x *payoutExtra) error {
	if n.Ref == "" { // the link bears the payout's id, which must be known before
		ref, err := drawSecret(a.Random)
		if err != nil {
			return err
		}
		n.Ref = engine.PrefixRequest + ref
	}
	p, err := a.connectorProfile(ctx, who, c, &connectorRequest{ProfileID: r.ProfileID, Country: r.BusinessCountry, Business: r.BusinessLabel})
	if err != nil {
		return err
	}
	secret, err := drawSecret(a.Random)
	if err != nil {
		return err
	}
	id, err := drawSecret(a.Random)
	if err != nil {
		return err
	}
	if x.Link, n.Link, err = r.link(who, p, secret, engine.PrefixLink+id, a.Now()); err != nil {
		return err
	}
	n.Point, n.Expires = p.ID, x.Link.Expires.Sub(a.Now())
	x.LinkAt = a.address(who.Merchant, n.Ref, x.Link)
	n.Page = x.Link.page()
	n.Extra, err = x.encode()
	return err
}

func (a *API) getPayout(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (payoutResponse, error) {
	all, err := flag(c, "expand_attempts")
	if err != nil {
		return payoutResponse{}, err
	}
	sync, err := flag(c, "force_sync")
	if err != nil {
		return payoutResponse{}, err
	}
	if merchant := c.Query("merchant_id"); merchant != "" {
		if err := (&payoutRequest{MerchantID: &merchant}).checkMerchant(who.Merchant); err != nil {
			return payoutResponse{}, err
		}
	}
	var v *engine.View
	if sync {
		v, err = a.Engine.Sync(ctx, who, engine.PrefixRequest, c.Param("id"), a.FirstWord)
	} else {
		v, err = a.Engine.Get(ctx, who, engine.PrefixRequest, c.Param("id"))
	}
	if err != nil {
		return payoutResponse{}, err
	}
	out := showPayout(who.Merchant, v)
	if all {
		x := extraOf(&v.Request)
		out.Attempts = attempts(&v.Request, &x)
	}
	return out, nil
}

// updatePayout changes a payout that has not been handed on. One that has is
// open for what nobody but the merchant reads.
func (a *API) updatePayout(ctx context.Context, who engine.Caller, c *wire.Call, r payoutRequest) (wire.Reply, error) {
	o := a.open(once(c, "id"), who.Merchant)
	if again, done, err := a.again(ctx, who, o); done || err != nil {
		return again, err
	}
	v, err := a.Engine.Get(ctx, who, engine.PrefixRequest, c.Param("id"))
	if err != nil {
		return wire.Reply{}, err
	}
	ch, err := r.change(who, &v.Request)
	if err != nil {
		return wire.Reply{}, err
	}
	ch.Confirm = yes(r.Confirm)
	name := c.Param("id")
	next, err := a.Engine.Update(ctx, who, name, ch, o)
	if isCode(err, engine.CodeState) && r.notesOnly(&v.Request) {
		next, err = a.Engine.Annotate(ctx, who, engine.PrefixRequest, name, r.noted, o)
	}
	return a.firstWord(ctx, who, o, next, r.unreadable(in(updatePayout, err)))
}

// notesOnly says that an update touches nothing that decides about money, or
// about whom it goes to.
func (r *payoutRequest) notesOnly(of *engine.Request) bool {
	id, person, err := r.who()
	if err != nil || id != "" && id != of.Customer || person != nil && of.Customer == "" {
		return false
	}
	return r.Amount == nil && r.Currency == nil && r.Routing == nil && r.Connector == nil && !yes(r.Confirm) && r.AutoFulfill == nil &&
		r.Type == nil && r.Data == nil && r.Token == nil && r.MethodID == nil && r.Recurring == nil && r.SourceBank == nil
}

// confirmPayout runs the core; with auto_fulfill money goes out. A browser
// proves by the client secret that it may.
func (a *API) confirmPayout(ctx context.Context, who engine.Caller, c *wire.Call, r payoutRequest) (wire.Reply, error) {
	if err := r.checkSecret(who); err != nil {
		return wire.Reply{}, err
	}
	v, err := a.Engine.Get(ctx, who, engine.PrefixRequest, c.Param("id"))
	if err != nil {
		return wire.Reply{}, err
	}
	if who.Publishable {
		if err := provePayout(&v.Request, *r.ClientSecret); err != nil {
			return wire.Reply{}, err
		}
		if err := r.namesNobody(&v.Request); err != nil {
			return wire.Reply{}, err
		}
	}
	o := a.open(once(c, "id"), who.Merchant)
	if again, done, err := a.again(ctx, who, o); done || err != nil {
		return again, err
	}
	ch, err := r.change(who, &v.Request)
	if err != nil {
		return wire.Reply{}, err
	}
	next, err := a.Engine.Confirm(ctx, who, c.Param("id"), ch, o)
	return a.firstWord(ctx, who, o, next, r.unreadable(in(confirmPayout, err)))
}

// checkSecret wants a client secret from browsers and from nobody else.
func (r *payoutRequest) checkSecret(who engine.Caller) error {
	if !who.Publishable {
		if r.ClientSecret != nil {
			return refuse(422, "IR_06", "client_secret is not a valid parameter")
		}
		return nil
	}
	if r.ClientSecret == nil {
		return missingParam("client_secret")
	}
	var banned []string // sorted
	for _, f := range []struct {
		name string
		sent bool
	}{{"amount", r.Amount != nil}, {"auto_fulfill", r.AutoFulfill != nil}, {"currency", r.Currency != nil}} {
		if f.sent {
			banned = append(banned, f.name)
		}
	}
	if banned != nil {
		return notByBrowser(banned...)
	}
	return nil
}

// namesNobody refuses a browser that gives a payout a customer by id: the
// answer would tell it who that is.
func (r *payoutRequest) namesNobody(of *engine.Request) error {
	id, _, err := r.who()
	if err == nil && id != "" && id != of.Customer {
		return notByBrowser("customer_id")
	}
	return err
}

func notByBrowser(fields ...string) error {
	return refuse(422, "IR_06", "The following fields cannot be provided for client-authenticated payout confirmation: "+strings.Join(fields, ", "))
}

// provePayout compares a client secret in constant time.
func provePayout(r *engine.Request, secret string) error {
	x := extraOf(r)
	want, link := secretOf(payoutID(r), &x), ""
	if x.Link != nil {
		link = "payout_link_secret_" + x.Link.Secret
	}
	own := want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(secret)) == 1
	if !own && (link == "" || subtle.ConstantTimeCompare([]byte(link), []byte(secret)) != 1) {
		return refuse(400, "IR_09", "The client_secret provided does not match the client_secret associated with the Payout")
	}
	if r.Stage == payout.Expired {
		return refuse(400, "IR_08", "The provided client_secret has expired")
	}
	return nil
}

// change is the engine's command of an update or a confirm, of the payout as
// it stands.
func (r *payoutRequest) change(who engine.Caller, of *engine.Request) (engine.Change, error) {
	ch := engine.Change{Prefix: engine.PrefixRequest, AutoFulfill: r.AutoFulfill, Recurring: r.Recurring, Providers: providers(r.Connector)}
	if r.Amount != nil || r.Currency != nil {
		ch.Amount = r.amount
	}
	if err := r.checkChange(who, of); err != nil {
		return ch, err
	}
	var err error
	if ch.Customer, ch.Person, err = r.who(); err != nil {
		return ch, err
	}
	if ch.Exits, ch.Tree, err = r.Routing.routes(); err != nil {
		return ch, err
	}
	if ch.Beneficiary, err = r.beneficiary(); err != nil {
		return ch, err
	}
	if ch.Beneficiary.Kind == "" && ch.Beneficiary.Token != "" {
		ch.Beneficiary.Kind = payoutType(extraOf(of).Type).kind()
	}
	if r.notes() {
		ch.Extra = r.noted
	}
	return ch, nil
}

// notes says whether anything is sent that only this dialect keeps.
func (r *payoutRequest) notes() bool {
	return r.OrderRef != nil || r.ReturnURL != nil || r.Description != nil || r.BusinessLabel != nil || r.BusinessCountry != nil ||
		r.Entity != nil || r.Priority != nil || r.Type != nil || r.Metadata != nil || r.Billing != nil || r.SourceBank != nil
}

// checkChange refuses what a payout keeps for life: its id, its merchant and
// its profile.
func (r *payoutRequest) checkChange(who engine.Caller, req *engine.Request) error {
	if err := r.checkMerchant(who.Merchant); err != nil {
		return err
	}
	if r.PayoutID != nil && string(*r.PayoutID) != payoutID(req) {
		return refuse(422, "IR_06", "payout_id in the body is not that of the path")
	}
	if r.ProfileID != nil && *r.ProfileID != engine.PrefixProfile+req.Point {
		return &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjProfile, ID: *r.ProfileID}
	}
	if yes(r.Link) {
		return refuse(422, "IR_06", "a payout link is made when the payout is created")
	}
	return nil
}

// amount is what an amount becomes by the change.
func (r *payoutRequest) amount(was money.Amount) money.Amount {
	minor, currency := was.Minor(), was.Currency()
	if r.Amount != nil {
		minor = int64(*r.Amount)
	}
	if r.Currency != nil {
		currency = r.Currency.Currency
	}
	return money.New(minor, currency)
}

// noted is what the dialect keeps of a payout, with the changes in it.
func (r *payoutRequest) noted(kept json.RawMessage) (json.RawMessage, error) {
	x := readExtra(kept)
	if err := r.note(&x); err != nil {
		return nil, err
	}
	return x.encode()
}

func payoutAnswer(merchant string) func(*engine.View) any {
	return func(v *engine.View) any { return showPayout(merchant, v) }
}

// fulfillPayout sends the money. The body is ignored.
func (a *API) fulfillPayout(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.Raw) (wire.Reply, error) {
	o := a.open(onceByPath(c, "id"), who.Merchant)
	v, err := a.Engine.Fulfil(ctx, who, engine.PrefixRequest, c.Param("id"), o)
	return a.firstWord(ctx, who, o, v, in(fulfilPayout, a.whichDraft(ctx, who, err)))
}

// whichDraft tells in a refusal which of a draft's two statuses it has.
func (a *API) whichDraft(ctx context.Context, who engine.Caller, err error) error {
	var refused *engine.Error
	if !errors.As(err, &refused) || refused.Code != engine.CodeState || refused.Status != string(payout.Draft) {
		return err
	}
	v, getErr := a.Engine.Get(ctx, who, engine.PrefixRequest, refused.ID)
	if getErr != nil {
		return err
	}
	exact := *refused
	exact.Status = statusOf(&v.Request)
	return &exact
}

// cancelPayout ends a payout that no provider has. The body is ignored.
func (a *API) cancelPayout(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.Raw) (wire.Reply, error) {
	o := rendered(onceByPath(c, "id"), payoutAnswer(who.Merchant))
	v, err := a.Engine.Cancel(ctx, who, engine.PrefixRequest, c.Param("id"), o)
	return answer(o, v, in(cancelPayout, err), payoutAnswer(who.Merchant))
}

// drawSecret draws the random part of a client secret: 20 letters and digits,
// without bias.
func drawSecret(random io.Reader) (string, error) {
	const alnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	out, buf := make([]byte, 0, 20), make([]byte, 32)
	for len(out) < 20 {
		if _, err := io.ReadFull(random, buf); err != nil {
			return "", fmt.Errorf("draw a client secret: %w", err)
		}
		for _, b := range buf {
			if b < 248 && len(out) < 20 { // 248 is 4 x 62
				out = append(out, alnum[int(b)%62])
			}
		}
	}
	return string(out), nil
}
