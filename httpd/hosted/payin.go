package hosted

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"time"

	"penstock/engine"
	"penstock/engine/payin"
	"penstock/engine/payout"
	"penstock/httpd/wire"
)

// A pay-in is what a body without a type asks for: the same call and the same
// link, and a page on which somebody pays by card. It is a payment of the
// engine, which keeps what this dialect says of it as an extra.

// payinNote is what this dialect keeps with a pay-in.
type payinNote struct {
	Dialect string `json:"dialect"` // "hosted"; payments of another dialect have extras of their own
	extra
	Page engine.Page `json:"page"`
}

// incoming is a pay-in with that.
type incoming struct {
	*engine.Payment
	note payinNote
}

func incomingOf(p *engine.Payment) *incoming {
	in := &incoming{Payment: p}
	if json.Unmarshal(p.Extra, &in.note) != nil || in.note.Dialect != "hosted" { // another dialect's
		in.note = payinNote{}
	}
	in.note.Amount = cmp.Or(in.note.Amount, p.Amount.Decimal())
	return in
}

// hosted says that it was made here, and so has a page.
func (in *incoming) hosted() bool { return in.note.Dialect == "hosted" }

// States of a pay-in, in the page's words, that are none of a payout's: it may
// still be paid, or its payer has to go on at their bank.
const (
	open   = "open"
	action = "action"
)

func (in *incoming) state(now time.Time) string {
	switch in.Status {
	case payin.Succeeded, payin.PartlyCaptured:
		return "paid"
	case payin.Failed:
		return "failed"
	case payin.Cancelled:
		if in.Expired(now) {
			return "expired"
		}
		return "canceled"
	case payin.NeedsMethod, payin.NeedsConfirmation:
		if in.Expired(now) {
			return "expired"
		}
		return open
	case payin.NeedsAction:
		return action
	}
	return "processing"
}

// ended is when it came to its end; zero: it has not yet.
func (in *incoming) ended(now time.Time) time.Time {
	switch in.state(now) {
	case open, action, "processing":
		return time.Time{}
	case "expired":
		return in.Expires
	}
	return in.Changed
}

// status is that of the dialect, and why it failed.
func (in *incoming) status(now time.Time) (status, why string) {
	switch state := in.state(now); state {
	case "paid":
		return succeeded, ""
	case "failed":
		return failed, refusal(in.Code)
	case "expired", "canceled":
		return failed, state
	}
	return pending, ""
}

var codeForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// refusal is a provider's code in the words of payouts, where those have one.
func refusal(code string) string {
	r := payout.Resolve(code, payout.Failed)
	if r == payout.GeneralFatalError && codeForm.MatchString(code) {
		return code
	}
	return word(r)
}

func (a *API) payinByID(ctx context.Context, c engine.Caller, id string) (*incoming, error) {
	p, err := a.Engine.PaymentByID(ctx, c, id)
	if err != nil {
		return nil, err
	}
	return incomingOf(p), nil
}

// createPayin makes a pay-in, or answers what was answered when it was made.
func (a *API) createPayin(ctx context.Context, who engine.Caller, c *wire.Call, n *newPayment, o *engine.Once) (wire.Reply, error) {
	ask, err := a.newPayin(ctx, who, n)
	if err != nil {
		return wire.Reply{}, err
	}
	p, err := a.Engine.CreatePayment(ctx, who, ask, o)
	var refused *engine.Error
	if errors.As(err, &refused) && (refused.Code == engine.CodeNotBuilt || refused.Code == engine.CodeNoRoute) {
		return wire.Reply{}, errNoPayins
	}
	if err != nil || p == nil || o != nil && o.Replayed {
		return a.answer(ctx, who, c, o, nil, err)
	}
	body, err := wire.Encode(createdIn(incomingOf(p), a.PublicURL))
	return a.answer(ctx, who, c, o, &made{p.ID, body}, err)
}

// errNoPayins is the answer where nothing takes money in.
var errNoPayins = func() error {
	p := refuse(422, "type_not_supported", "This type of payment is not served here", "No connected provider takes card payments here, and payin is the type of a body without one: send type:'payout' for a payout")
	p.Errors = []fieldError{{"#/type", "must be 'payout'"}}
	return p
}()

func (a *API) newPayin(ctx context.Context, who engine.Caller, n *newPayment) (ask engine.NewPayment, err error) {
	ttl := a.Settings.LinkTTL
	if t := who.Token; t != nil {
		ask.Point, ttl = t.Point, cmp.Or(t.LinkTTL, ttl)
	}
	if ask.Point == "" {
		m, err := a.Engine.Merchant(ctx, who.Merchant)
		if err != nil {
			return ask, err
		}
		ask.Point = m.Point
	}
	takes, err := a.Engine.Collects(ctx, who.Scope, ask.Point)
	if err == nil && (!takes || who.Mode == engine.Live && !a.Settings.Cards) {
		err = errNoPayins
	}
	if err != nil {
		return ask, err
	}
	note := payinNote{Dialect: "hosted", extra: n.extra(), Page: n.page()}
	if who.Token != nil {
		ask.Token = who.Actor
	} else if n.webhook != "" {
		return ask, errUnsigned
	}
	ask.Amount, ask.Expires, ask.Callback = n.amount, ttl, n.webhook
	ask.Back = func(id string) string { return a.bankBack(who.Scope, id) }
	if engine.ChosenID(n.customer.ID) {
		ask.Customer, ask.Person = n.customer.ID, &engine.Person{Name: n.customer.Name, Email: n.customer.Email}
	}
	ask.Extra, err = wire.Encode(note)
	return ask, err
}

// createdIn shows a pay-in as its create answers, without the capability.
func createdIn(in *incoming, publicURL string) created {
	c := created{ID: prefix + in.ID, Status: pending, ExternalID: in.note.ExternalID, Amount: in.note.Amount, Currency: in.Amount.Currency().Code(), Metadata: in.note.Metadata, CreatedAt: stamp(in.Created)}
	if c.Metadata == nil {
		c.Metadata = json.RawMessage("null")
	}
	if in.hosted() {
		u := publicURL + pagePath(in.ID)
		c.URL = &u
		if in.note.Described {
			c.Description = &in.note.Page.Description
		}
	}
	return c
}

// shownIn shows a pay-in as it stands, without the capability.
func shownIn(in *incoming, publicURL string, now time.Time) shown {
	out := shown{created: createdIn(in, publicURL), Type: "payin", UpdatedAt: stamp(in.Changed)}
	var why string
	if out.Status, why = in.status(now); why != "" {
		out.FailureReason = &why
	}
	if ended := in.ended(now); !ended.IsZero() {
		out.UpdatedAt = stamp(ended)
	}
	if in.Status == payin.PartlyCaptured {
		sum := in.Captured.Decimal()
		out.ProcessedAmount = &sum
	}
	return out
}

// showIn is a pay-in with the link that is good.
func (a *API) showIn(s engine.Scope, in *incoming) (shown, error) {
	out := shownIn(in, a.PublicURL, a.Now())
	if out.URL == nil || in.note.Page.Closed {
		out.URL = nil
		return out, nil
	}
	u, err := a.link(s, in.ID, in.note.Page.Generation)
	out.URL = &u
	return out, err
}

// relinkIn changes which link of a pay-in is good.
func (a *API) relinkIn(ctx context.Context, who engine.Caller, in *incoming, edit func(*engine.Page)) (*incoming, error) {
	p, err := a.Engine.NotePayment(ctx, who, in.ID, func(kept json.RawMessage) (json.RawMessage, error) {
		var note payinNote
		if json.Unmarshal(kept, &note) != nil || note.Dialect != "hosted" {
			return nil, errNoPage
		}
		edit(&note.Page)
		return wire.Encode(note)
	})
	if err != nil {
		return nil, err
	}
	return incomingOf(p), nil
}
