package hosted

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/httpd/wire"
)

// The API of the form lets a merchant's own page do what ours does: ask what
// can be paid, and send the details. What opens it is the link's capability,
// and no cookie; pages of the token's origins alone may call it from a browser.

func (a *API) formRoutes() []wire.Route {
	at := func(method, path string, fn wire.Handler) wire.Route {
		return wire.Route{Method: method, Pattern: "/api/payoutform/{id}" + path, Handler: fn}
	}
	return []wire.Route{
		at("GET", "", wire.Handle(a.Funnel, a.dialect, wire.Auth[struct{}]{}, wire.Options{}, func(ctx context.Context, _ struct{}, c *wire.Call, _ wire.None) (wire.Reply, error) {
			return a.showForm(ctx, c)
		})),
		at("POST", "/submit", wire.Handle(a.Funnel, a.dialect, wire.Auth[struct{}]{}, wire.Options{MaxBody: maxForm, Unknown: wire.RefuseUnknown}, func(ctx context.Context, _ struct{}, c *wire.Call, in submission) (wire.Reply, error) {
			return a.submitForm(ctx, c, in)
		})),
		at("OPTIONS", "", wire.Handle(a.Funnel, a.dialect, wire.Auth[struct{}]{}, wire.Options{}, func(ctx context.Context, _ struct{}, c *wire.Call, _ wire.Raw) (wire.Reply, error) {
			return a.preflight(ctx, c)
		})),
		at("OPTIONS", "/submit", wire.Handle(a.Funnel, a.dialect, wire.Auth[struct{}]{}, wire.Options{}, func(ctx context.Context, _ struct{}, c *wire.Call, _ wire.Raw) (wire.Reply, error) {
			return a.preflight(ctx, c)
		})),
	}
}

// payoutForm is what a form shows and asks for.
type payoutForm struct {
	ID          string       `json:"id"`
	Status      string       `json:"status"`
	State       string       `json:"state"` // open, refused (and open once more), or what has become of it
	Amount      string       `json:"amount"`
	Currency    string       `json:"currency"`
	Description string       `json:"description"`
	Merchant    string       `json:"merchant"`
	ExpiresAt   string       `json:"expiresAt,omitempty"`
	Methods     []formMethod `json:"methods"`
}

type formMethod struct {
	Code   string      `json:"code"`
	Label  string      `json:"label"`
	AnyOf  []string    `json:"anyOf,omitempty"`
	Fields []formField `json:"fields"`
}

type formField struct {
	Key      string `json:"key"`
	Label    string `json:"label"`
	Hint     string `json:"hint,omitempty"`
	Required bool   `json:"required"`
	Check    string `json:"check"`
	Max      int    `json:"maxLength"`
}

// submission is what a merchant's page sends: all of it at once, confirmed.
type submission struct {
	Method    string            `json:"method"`
	Fields    map[string]string `json:"fields"`
	Confirmed bool              `json:"confirmed"`
}

// call opens the link of a call of the form's API.
func (a *API) call(ctx context.Context, c *wire.Call) (*visit, error) {
	t, err := a.enter(ctx, c, nil)
	if err == errNoLink || err == errGone {
		return nil, errNoPayment
	}
	if err != nil {
		return nil, err
	}
	if t.in != nil { // this form is of payouts
		return nil, errNoPayment
	}
	if origin := c.Header("Origin"); origin != "" && !t.lets(origin) {
		return nil, refuse(403, "origin_not_allowed", "Not allowed", "The token of this payment does not name this origin")
	}
	if !a.Settings.HeadlessCards {
		t.services = slices.DeleteFunc(t.services, func(sv service.Service) bool { return sv.Kind == service.Card })
	}
	return t, nil
}

func (t *visit) lets(origin string) bool {
	return t.token != nil && slices.Contains(t.token.Origins, origin)
}

// allowed are the headers by which a browser lets a page of an origin read an
// answer.
func (t *visit) allowed(origin string) [][2]string {
	h := [][2]string{{"Vary", "Origin"}, {"Cross-Origin-Resource-Policy", "same-origin"}}
	if origin != "" && t.lets(origin) {
		h = [][2]string{{"Vary", "Origin"}, {"Access-Control-Allow-Origin", origin}, {"Cross-Origin-Resource-Policy", "cross-origin"}}
	}
	return h
}

func (a *API) preflight(ctx context.Context, c *wire.Call) (wire.Reply, error) {
	t, err := a.call(ctx, c)
	if err != nil {
		return wire.Reply{}, err
	}
	return wire.Reply{Status: http.StatusNoContent, Header: append(t.allowed(c.Header("Origin")),
		[2]string{"Access-Control-Allow-Methods", "GET, POST"}, [2]string{"Access-Control-Allow-Headers", "Content-Type"}, [2]string{"Access-Control-Max-Age", "600"})}, nil
}

func (a *API) showForm(ctx context.Context, c *wire.Call) (wire.Reply, error) {
	t, err := a.call(ctx, c)
	if err != nil {
		return wire.Reply{}, err
	}
	body, err := wire.Encode(a.formOf(t))
	return wire.Reply{Body: body, Header: t.allowed(c.Header("Origin"))}, err
}

func (a *API) formOf(t *visit) payoutForm {
	f := payoutForm{ID: prefix + t.opened.ID, Status: statusOf(&t.Request, a.Settings.ReturnedFails), State: "open", Amount: t.Request.Amount.Decimal(), Currency: t.Request.Amount.Currency().Code(),
		Description: t.Page.Description, Merchant: t.view.Merchant, Methods: []formMethod{}}
	if t.Stage != payout.Draft {
		f.State = stateOf(&t.Request)
	}
	if until := t.until(); !until.IsZero() {
		f.ExpiresAt = stamp(until)
	}
	for _, sv := range t.services {
		m := formMethod{Code: sv.Code, Label: t.methodName(a.Engine.Directory, sv), AnyOf: sv.AnyOf}
		for _, fd := range asked(sv) {
			in := t.input(sv, fd, "")
			m.Fields = append(m.Fields, formField{Key: fd.Key, Label: in.Label, Hint: in.Hint, Required: in.Required, Check: in.Check, Max: in.Max})
		}
		f.Methods = append(f.Methods, m)
	}
	return f
}

// submitForm takes the details of a form that is not ours. It is taken once;
// whoever comes later is told what has become of it.
func (a *API) submitForm(ctx context.Context, c *wire.Call, in submission) (wire.Reply, error) {
	t, err := a.call(ctx, c)
	if err != nil {
		return wire.Reply{}, err
	}
	if t.asks() {
		if err := a.tries.take(t.opened.ID); err != nil {
			return wire.Reply{}, err
		}
		if err := a.takeForm(ctx, t, in); err != nil {
			return wire.Reply{}, err
		}
		if t, err = a.call(ctx, c); err != nil {
			return wire.Reply{}, err
		}
	}
	body, err := wire.Encode(a.formOf(t))
	return wire.Reply{Body: body, Header: t.allowed(c.Header("Origin"))}, err
}

func (a *API) takeForm(ctx context.Context, t *visit, in submission) error {
	sv, ok := t.service(in.Method)
	switch {
	case !ok:
		return invalidFields([]fieldError{{"#/method", "is not one of the methods of this form"}})
	case !in.Confirmed:
		return invalidFields([]fieldError{{"#/confirmed", "must be true: whoever is paid has looked at amount and account"}})
	}
	details, bad := a.judge(t.scope, sv, in.Fields)
	if len(bad) > 0 {
		var all []fieldError
		for _, e := range bad {
			all = append(all, fieldError{"#/fields/" + strings.ReplaceAll(e.Field, "/", "~1"), e.Rule})
		}
		return invalidFields(all)
	}
	return a.accept(ctx, t.opened, sv, details)
}
