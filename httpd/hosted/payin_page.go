package hosted

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"

	"penstock/engine"
	"penstock/engine/service"
	"penstock/httpd/wire"
)

// cardService is whose fields the page of a pay-in asks for: those of a card.
func (a *API) cardService(t *visit) (service.Service, error) {
	code, err := a.Engine.Directory.ServiceKey("card", t.in.Amount.Currency())
	if sv, ok := a.Engine.Directory.Service(code); ok && err == nil {
		return sv, nil
	}
	if sv, ok := a.Engine.Directory.Service("payment_card_usd"); ok { // the fields are those of any currency
		return sv, nil
	}
	return service.Service{}, errNoPayins
}

// showPayin asks for a card, or shows what has become of the payment.
func (a *API) showPayin(t *visit) (wire.Reply, error) {
	if state := t.in.state(a.Now()); state != open {
		return a.endPayin(t, state)
	}
	sv, err := a.cardService(t)
	if err != nil {
		return wire.Reply{}, err
	}
	return a.askCard(t, sv, nil, nil, http.StatusOK)
}

func (a *API) askCard(t *visit, sv service.Service, typed map[string]string, bad service.Invalid, status int) (wire.Reply, error) {
	t.stepIn("details", 1)
	return a.askFields(t, sv, typed, bad, status)
}

// stepIn says where on the way the page of a pay-in is, which has two steps.
func (t *visit) stepIn(name string, n int) {
	v := t.view
	v.Step, v.StepOf, v.StepN, v.Title = name, 2, n, v.T("title.ask", "merchant", v.Merchant, "amount", v.Amount)
}

func (a *API) endPayin(t *visit, state string) (wire.Reply, error) {
	var card []pair
	if sv, err := a.cardService(t); err == nil && t.in.Masked["last4"] != "" {
		card = append(card, pair{Name: t.T("review.method"), Value: t.methodName(a.Engine.Directory, sv)}, pair{Name: t.T("field.card_number"), Value: "•••• " + t.in.Masked["last4"], Mono: true})
	}
	if state == action {
		t.view.Next = t.in.Next
	}
	changed := t.in.ended(a.Now())
	if changed.IsZero() {
		changed = t.in.Changed
	}
	return a.end(t, state, card, changed)
}

// sendPayin takes what was typed; only the confirmation of what was looked at
// pays.
func (a *API) sendPayin(ctx context.Context, t *visit, form url.Values) (wire.Reply, error) {
	if t.in.state(a.Now()) != open { // another window was quicker, or it is too late
		return seeOther(t), nil
	}
	if err := a.tries.take(t.in.ID); err != nil {
		return wire.Reply{}, err
	}
	sv, err := a.cardService(t)
	if err != nil {
		return wire.Reply{}, err
	}
	switch form.Get("step") {
	case "details":
		values := map[string]string{}
		for _, f := range asked(sv) {
			values[f.Key] = form.Get("f." + f.Key)
		}
		details, bad := a.judge(t.scope, sv, values)
		if len(bad) > 0 {
			return a.askCard(t, sv, values, bad, http.StatusUnprocessableEntity)
		}
		return a.reviewCard(ctx, t, sv, details)
	case "edit", "confirm":
		return a.reviewedCard(ctx, t, sv, form)
	}
	return wire.Reply{}, errForm
}

func (a *API) reviewCard(ctx context.Context, t *visit, sv service.Service, details map[string]string) (wire.Reply, error) {
	sealed, err := a.Engine.SealCard(ctx, t.scope, t.in.Payment, details)
	if err != nil {
		return wire.Reply{}, err
	}
	t.stepIn("review", 2)
	v := t.view
	v.Method, v.Name, v.Entered = sv.Code, v.methodName(a.Engine.Directory, sv), base64.StdEncoding.EncodeToString(sealed)
	v.review(sv, details)
	return a.reply(t, http.StatusOK, "page.html")
}

func (a *API) reviewedCard(ctx context.Context, t *visit, sv service.Service, form url.Values) (wire.Reply, error) {
	sealed, err := base64.StdEncoding.DecodeString(form.Get("entered"))
	if err != nil {
		return wire.Reply{}, errForm
	}
	card, err := a.Engine.OpenCard(ctx, t.scope, t.in.Payment, sealed)
	var refused *engine.Error
	if errors.As(err, &refused) && refused.Code == engine.CodeToken {
		return a.askCard(t, sv, nil, nil, http.StatusOK) // too old: from the beginning
	}
	if err != nil {
		return wire.Reply{}, err
	}
	if form.Get("step") == "edit" {
		values := map[string]string{}
		for _, f := range asked(sv) {
			values[f.Key] = card[f.Target().Key]
		}
		return a.askCard(t, sv, values, nil, http.StatusOK)
	}
	pay := engine.PaymentEdit{Card: engine.Beneficiary{Kind: service.Card, Form: "card", Details: card}, Confirm: true}
	_, err = a.Engine.ChangePayment(ctx, t.who(), engine.PrefixPayment+t.in.ID, pay, nil)
	if errors.As(err, &refused) && refused.Code == engine.CodeState { // of many at one time one pays
		err = nil
	}
	return seeOther(t), err
}
