package hosted

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/httpd/wire"
)

// pageRoutes are the page's. GET changes nothing: programs that look at links
// before people do must not use them up.
func (a *API) pageRoutes() []wire.Route {
	return []wire.Route{
		a.open2("GET", "/checkin/{id}", a.showPage),
		a.open2("POST", "/checkin/{id}", a.sendPage),
		a.open2("GET", "/checkin/{id}/status", a.showState),
		a.open2("GET", "/checkin/{id}/logo", a.showLogo),
		a.open2("GET", "/checkin/{id}/back/{key}", a.comeBack),
		a.open2("GET", "/checkin/assets/{hash}/{file}", a.showAsset),
		a.open2("GET", "/checkin/brand/{tokens}", a.showBrand),
		a.open2("GET", "/checkin/inventory", a.showInventory),
	}
}

func (a *API) open2(method, pattern string, fn func(context.Context, *wire.Call) (wire.Reply, error)) wire.Route {
	return wire.Route{Method: method, Pattern: pattern, Handler: wire.Handle(a.Funnel, a.page, wire.Auth[struct{}]{}, wire.Options{},
		func(ctx context.Context, _ struct{}, c *wire.Call, _ wire.Raw) (wire.Reply, error) { return fn(ctx, c) })}
}

// keepStatus is how long after its end a link shows what has become of the
// payment.
const keepStatus = 30 * 24 * time.Hour

var errGone = errors.New("the page of this payment is over")

func (a *API) showPage(ctx context.Context, c *wire.Call) (wire.Reply, error) {
	t, err := a.enter(ctx, c, nil)
	if err != nil {
		return wire.Reply{}, err
	}
	return a.showVisit(c, t)
}

func (a *API) showVisit(c *wire.Call, t *visit) (wire.Reply, error) {
	if t.in != nil {
		return a.showPayin(t)
	}
	if !t.asks() {
		return a.showDone(t)
	}
	if code := c.Query("method"); code != "" || len(t.services) == 1 {
		if sv, ok := t.service(cmp.Or(code, t.services[0].Code)); ok {
			return a.showDetails(t, sv, nil, nil, http.StatusOK)
		}
	}
	return a.showMethods(t)
}

// asks says whether the page asks where the money goes: for the first time, or
// since what was said before was refused.
func (o *opened) asks() bool { return o.Stage == payout.Draft || o.WantsRepair() }

// until is when the page stops asking; zero: never.
func (o *opened) until() time.Time {
	if o.WantsRepair() {
		return o.Repairs.Until
	}
	return o.Expires
}

func (t *visit) service(code string) (service.Service, bool) {
	i := slices.IndexFunc(t.services, func(sv service.Service) bool { return sv.Code == code })
	if i < 0 {
		return service.Service{}, false
	}
	return t.services[i], true
}

func (a *API) showMethods(t *visit) (wire.Reply, error) {
	a.step(t, "method")
	for _, sv := range t.services {
		t.view.Methods = append(t.view.Methods, link{Text: t.methodName(a.Engine.Directory, sv), Sub: t.T("family." + family(sv)), Href: t.at("method", sv.Code), Icon: family(sv)})
	}
	return a.reply(t, http.StatusOK, "page.html")
}

// step says where on the way the page is.
func (a *API) step(t *visit, name string) {
	v := t.view
	v.Refused = a.refused(t)
	v.Step, v.StepOf, v.Title = name, 3, v.T("title.ask", "merchant", v.Merchant, "amount", v.Amount)
	v.StepN = v.past() + 1
	if len(t.services) == 1 {
		v.StepOf, v.StepN = 2, v.StepN-1
	} else {
		v.Change = v.at()
	}
}

func (v *view) methodName(d *service.Directory, sv service.Service) string {
	if name, ok := v.words["method."+sv.Method]; ok {
		return name
	}
	if m, ok := d.PayoutMethod(sv.Method); ok {
		return cmp.Or(m.Label[v.Lang], m.Label.English())
	}
	return sv.Method
}

// showDetails asks for the account. typed are the values to begin with.
func (a *API) showDetails(t *visit, sv service.Service, typed map[string]string, bad service.Invalid, status int) (wire.Reply, error) {
	a.step(t, "details")
	return a.askFields(t, sv, typed, bad, status)
}

func (a *API) askFields(t *visit, sv service.Service, typed map[string]string, bad service.Invalid, status int) (wire.Reply, error) {
	v := t.view
	v.Method, v.Name, v.AnyOf = sv.Code, v.methodName(a.Engine.Directory, sv), len(sv.AnyOf) > 1
	if typed == nil {
		typed = map[string]string{}
		for _, f := range asked(sv) {
			if isHolder(f) {
				typed[f.Key] = t.page().Name
			}
		}
	}
	for _, f := range asked(sv) {
		in := v.input(sv, f, typed[f.Key])
		for _, e := range bad {
			if e.Field == f.Key || e.Field == f.Target().Key {
				in.Error = v.wrong(f, e, typed[f.Key])
				v.Errors = append(v.Errors, mistake{"f-" + f.Key, in.Error})
				break
			}
		}
		v.Fields = append(v.Fields, in)
	}
	if len(bad) > 0 && len(v.Errors) == 0 {
		v.Errors = append(v.Errors, mistake{"", v.T("error.form")})
	}
	if v.Test {
		v.Magic = a.magicFor(sv)
	}
	if len(v.Errors) > 0 {
		v.Title = v.T("title.error", "title", v.Title)
	}
	return a.reply(t, status, "page.html")
}

// showReview shows what will be done, before it is.
func (a *API) showReview(ctx context.Context, t *visit, sv service.Service, details map[string]string) (wire.Reply, error) {
	sealed, err := a.Engine.SealEntered(ctx, t.scope, &t.Request, sv.Code, details)
	if err != nil {
		return wire.Reply{}, err
	}
	a.step(t, "review")
	v := t.view
	v.Method, v.Name, v.Entered = sv.Code, v.methodName(a.Engine.Directory, sv), base64.StdEncoding.EncodeToString(sealed)
	v.review(sv, details)
	return a.reply(t, http.StatusOK, "page.html")
}

// review lists what was typed, as far as it may be shown.
func (v *view) review(sv service.Service, details map[string]string) {
	v.Review = append(v.Review, pair{Name: v.T("review.method"), Value: v.Name})
	masked := sv.MaskFields(details)
	month, year := "", ""
	for _, f := range sv.Fields {
		switch f.Target().Check {
		case service.CheckMonth:
			month = masked[f.Key]
			continue
		case service.CheckYear:
			year = masked[f.Key]
		}
		if month != "" && year != "" {
			v.Review = append(v.Review, pair{Name: v.T("field.expiry"), Value: month + "/" + year})
			month, year = "", ""
			continue
		}
		value := masked[f.Key]
		if f.Target().Check == service.CheckCountry {
			value = v.countryName(value)
		}
		if value != "" {
			v.Review = append(v.Review, v.fact(f, value))
		}
	}
}

// fact is a field's value as it may be shown; accounts stand in groups.
func (v *view) fact(f service.ServiceField, masked string) pair {
	if f.Target().Sensitive {
		return pair{Name: v.label(f), Value: hidden(masked), Mono: true}
	}
	return pair{Name: v.label(f), Value: masked}
}

// showDone shows what has become of the payment.
func (a *API) showDone(t *visit) (wire.Reply, error) {
	return a.end(t, stateOf(&t.Request), a.accountOf(t), t.Changed)
}

// end shows a state, and what is known of whose account it is.
func (a *API) end(t *visit, state string, account []pair, changed time.Time) (wire.Reply, error) {
	v := t.view
	v.Step, v.State, v.Tone = "done", state, toneOf(state)
	v.Title = v.T("done."+state+".title", "merchant", v.Merchant, "amount", v.Amount)
	v.Text = v.T("done."+state+".text", "merchant", v.Merchant, "amount", v.Amount)
	if state == "processing" || state == action {
		v.Status = v.Self + "/status?k=" + url.QueryEscape(v.K)
	}
	v.Facts = append(account, pair{Name: v.T("fact.reference"), Value: v.ID, Mono: true}, pair{Name: v.T("fact.updated"), Value: v.words.momentIn(v.Lang, changed), Time: changed.UTC().Format(time.RFC3339)})
	return a.reply(t, http.StatusOK, "page.html")
}

// accountOf is the account that the payment has, as far as it may be shown.
func (a *API) accountOf(t *visit) []pair {
	sv, ok := a.Engine.Directory.Service(t.Request.Service)
	if !ok || len(t.Masked) == 0 {
		return nil
	}
	out := []pair{{Name: t.T("review.method"), Value: t.methodName(a.Engine.Directory, sv)}}
	for _, f := range sv.Fields {
		if value := t.Masked[f.Target().Key]; value != "" && (f.Target().Sensitive || isHolder(f)) {
			out = append(out, t.fact(f, value))
		}
	}
	return out
}

// refused is the account that the money could not be delivered to; nil while
// none was refused.
func (a *API) refused(t *visit) []pair {
	if !t.WantsRepair() {
		return nil
	}
	return a.accountOf(t)
}
