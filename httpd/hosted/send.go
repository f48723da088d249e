package hosted

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"penstock/engine"
	"penstock/engine/service"
	"penstock/httpd/wire"
)

// Bounds of a form.
const (
	maxForm   = 32 << 10 // bytes
	maxFields = 64
)

// errForm refuses a form that doesn't come from a page of ours.
var errForm = errors.New("this form was not sent from the payment's own page")

func parseForm(c *wire.Call) (url.Values, error) {
	media, _, _ := strings.Cut(c.Header("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(media), "application/x-www-form-urlencoded") {
		return nil, wire.ErrMediaType
	}
	if len(c.Body) > maxForm {
		return nil, wire.ErrTooLarge
	}
	form, err := url.ParseQuery(string(c.Body))
	if err != nil || len(form) > maxFields {
		return nil, errForm
	}
	for _, v := range form {
		if len(v) != 1 {
			return nil, errForm
		}
	}
	return form, nil
}

// foreign says that a browser sent the form from a page of another site. What
// a browser doesn't say, the capability in the form has to.
func foreign(c *wire.Call) bool {
	if site := c.Header("Sec-Fetch-Site"); site != "" {
		return site != "same-origin" && site != "none"
	}
	origin := c.Header("Origin")
	if origin == "" || origin == "null" { // our own pages send "null", because they give no referrer
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || u.Host != c.Header("Host")
}

// sendPage takes what was typed. Only the last step, a confirmation of what was
// looked at, changes anything.
func (a *API) sendPage(ctx context.Context, c *wire.Call) (wire.Reply, error) {
	form, err := parseForm(c)
	if err != nil {
		return wire.Reply{}, err
	}
	if foreign(c) {
		return wire.Reply{}, errForm
	}
	t, err := a.enter(ctx, c, form)
	if err != nil {
		return wire.Reply{}, err
	}
	if t.in != nil {
		return a.sendPayin(ctx, t, form)
	}
	if !t.asks() { // another window was quicker
		return seeOther(t), nil
	}
	if err := a.tries.take(t.opened.ID); err != nil {
		return wire.Reply{}, err
	}
	switch form.Get("step") {
	case "details":
		return a.typed(ctx, t, form)
	case "edit", "confirm":
		return a.reviewed(ctx, t, form)
	}
	return wire.Reply{}, errForm
}

// typed judges what was typed, and shows it for review where it is right.
func (a *API) typed(ctx context.Context, t *visit, form url.Values) (wire.Reply, error) {
	sv, ok := t.service(form.Get("method"))
	if !ok {
		return a.showMethods(t)
	}
	values := map[string]string{}
	for _, f := range asked(sv) {
		values[f.Key] = form.Get("f." + f.Key)
		if f.Target().Check == service.CheckCountry {
			values[f.Key] = a.face.countryCode(t.Lang, values[f.Key])
		}
	}
	details, bad := a.judge(t.scope, sv, values)
	if len(bad) > 0 {
		return a.showDetails(t, sv, values, bad, http.StatusUnprocessableEntity)
	}
	return a.showReview(ctx, t, sv, details)
}

// judge holds details to the service and to what the page wants beside it.
// What it returns bears the keys of the service's form.
func (a *API) judge(s engine.Scope, sv service.Service, values map[string]string) (map[string]string, service.Invalid) {
	given := map[string]string{}
	for k, v := range values {
		if strings.TrimSpace(v) != "" {
			given[k] = v
		}
	}
	details, err := sv.Validate(given)
	var bad service.Invalid
	if err != nil && !errors.As(err, &bad) {
		bad = service.Invalid{{Field: "fields", Rule: "cannot be read"}}
	}
	for _, f := range sv.Fields {
		if needed(sv, f) && given[f.Key] == "" && !slices.ContainsFunc(bad, func(e *service.FieldError) bool { return e.Field == f.Key }) {
			bad = append(bad, &service.FieldError{Field: f.Key, Rule: "is required"})
		}
	}
	for _, f := range sv.Fields {
		if f.Target().Check == service.CheckCardNumber && a.Engine.RefusesCard(s.Mode, given[f.Key]) {
			bad = append(bad, &service.FieldError{Field: f.Key, Rule: engine.TestCardRule})
		}
	}
	if expiry, ok := service.ExpiryOf(details); ok && len(bad) == 0 && expiry.Expired(a.Now()) {
		for _, f := range sv.Fields {
			if f.Target().Check == service.CheckYear {
				bad = append(bad, &service.FieldError{Field: f.Key, Rule: "is over"})
			}
		}
	}
	return details, bad
}

// reviewed is the end of the review: back to the details, or on.
func (a *API) reviewed(ctx context.Context, t *visit, form url.Values) (wire.Reply, error) {
	sealed, err := base64.StdEncoding.DecodeString(form.Get("entered"))
	if err != nil {
		return wire.Reply{}, errForm
	}
	in, err := a.Engine.OpenEntered(ctx, t.scope, &t.Request, sealed)
	var refused *engine.Error
	if errors.As(err, &refused) && refused.Code == engine.CodeToken {
		return a.showMethods(t) // too old: from the beginning
	}
	if err != nil {
		return wire.Reply{}, err
	}
	sv, ok := t.service(in.Service)
	if !ok {
		return a.showMethods(t) // it was switched off meanwhile
	}
	if form.Get("step") == "edit" {
		values := map[string]string{}
		for _, f := range asked(sv) {
			values[f.Key] = in.Details[f.Target().Key]
		}
		return a.showDetails(t, sv, values, nil, http.StatusOK)
	}
	if err := a.accept(ctx, t.opened, sv, in.Details); err != nil {
		return wire.Reply{}, err
	}
	return seeOther(t), nil
}

// accept gives the request its details and makes it ready, or other details
// where the first were refused. Of many at one time
// one is taken, whatever each of them says: the others find that it was.
func (a *API) accept(ctx context.Context, o *opened, sv service.Service, details map[string]string) error {
	form := cmp.Or(a.among(o.Page.Forms, sv, o.Amount), sv.Form)
	ch := engine.Change{Prefix: engine.PrefixRequest, Service: sv.Code, Beneficiary: engine.Beneficiary{Kind: sv.Kind, Form: form, Details: details}}
	var err error
	if o.WantsRepair() {
		_, err = a.Engine.Repair(ctx, o.who(), nameOf(o.View), ch)
	} else {
		_, err = a.Engine.Confirm(ctx, o.who(), nameOf(o.View), ch, nil)
	}
	var refused *engine.Error
	if errors.As(err, &refused) && refused.Code == engine.CodeState {
		return nil
	}
	return err
}

// seeOther leads to the payment's own page, and never to the merchant's:
// browsers differ on whether a policy for forms holds for where they lead.
func seeOther(t *visit) wire.Reply {
	return wire.Reply{Status: http.StatusSeeOther, Header: append(headers(t.frames()...), [2]string{"Location", t.at()})}
}
