package hosted

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/service"
	"penstock/httpd/wire"
)

// visit is one look at a payment's page.
type visit struct {
	*opened
	*view
	token    *engine.TokenSettings
	services []service.Service // that its draft may leave by
}

// enter opens the link and prepares the page.
func (a *API) enter(ctx context.Context, c *wire.Call, form url.Values) (*visit, error) {
	o, err := a.opening(ctx, c, form.Get("k"))
	if err != nil {
		return nil, err
	}
	return a.visit(ctx, c, o, form)
}

// Shown is the page of a request that has one, whatever its dialect, as the
// address of its own link shows it. data is for scripts that look for it; nil:
// none. It is for whoever may have that link.
func (a *API) Shown(ctx context.Context, c *wire.Call, s engine.Scope, v *engine.View, data any) (wire.Reply, error) {
	r, err := a.shownIn(ctx, c, s, v, data)
	if err != nil {
		r = a.errorPage(err, c)
	}
	r.Header = append(r.Header, [2]string{"Content-Type", a.page.ContentType})
	return r, nil
}

func (a *API) shownIn(ctx context.Context, c *wire.Call, s engine.Scope, v *engine.View, data any) (wire.Reply, error) {
	if v.Page == nil || v.Page.Closed {
		return wire.Reply{}, errNoLink
	}
	k, err := a.capability(s, v.ID, v.Page.Generation)
	if err != nil {
		return wire.Reply{}, err
	}
	t, err := a.visit(ctx, c, &opened{View: v, scope: s, k: k}, nil)
	if err != nil {
		return wire.Reply{}, err
	}
	t.view.Data = data
	return a.showVisit(c, t)
}

func (a *API) visit(ctx context.Context, c *wire.Call, o *opened, form url.Values) (t *visit, err error) {
	if ended := o.ended(a.Now()); !ended.IsZero() && a.Now().Sub(ended) > keepStatus {
		return nil, errGone
	}
	t = &visit{opened: o}
	if t.token, err = a.Engine.TokenOf(ctx, o.madeBy()); err != nil {
		return nil, err
	}
	t.view = a.newView(c, cmp.Or(form.Get("lang"), c.Query("lang"), c.Query("locale")), o.page().Locale)
	if err := a.dress(ctx, c, t, cmp.Or(form.Get("origin"), c.Query("origin"))); err != nil {
		return nil, err
	}
	if o.in == nil && t.asks() {
		t.services, err = a.payable(ctx, o.scope, o.Amount, o.Page.Forms)
	}
	return t, err
}

// dialect is whose words a request was made in; empty of a pay-in.
func (o *opened) dialect() string {
	if o.in != nil {
		return ""
	}
	return o.Request.Dialect
}

// ended is when a payment came to its end; zero: it has not yet.
func (o *opened) ended(now time.Time) time.Time {
	switch {
	case o.in != nil:
		return o.in.ended(now)
	case o.Stage.Ended():
		return o.Changed
	}
	return time.Time{}
}

// madeBy is the request by whose token the page is.
func (o *opened) madeBy() *engine.Request {
	if o.in != nil {
		return &engine.Request{Token: o.in.Token}
	}
	return &o.Request
}

func (a *API) newView(c *wire.Call, lang, locale string) *view {
	v := &view{face: a.face, Lang: speak(lang, locale, c.Header("Accept-Language")), Dir: "ltr"}
	v.words = a.face.words[v.Lang]
	if leftward(v.Lang) {
		v.Dir = "rtl"
	}
	return v
}

// dress fills in who pays, what, and how the page looks.
func (a *API) dress(ctx context.Context, c *wire.Call, t *visit, origin string) error {
	v, o, of := t.view, t.opened, t.opened.paper()
	switch {
	case o.in != nil:
		v.Voice = "in."
	case o.Link != "":
		v.Voice = "link."
	}
	m, err := a.Engine.Merchant(ctx, o.scope.Merchant)
	if err != nil {
		return err
	}
	v.Merchant, v.Test = cmp.Or(m.Name, m.ID), o.scope.Mode == engine.Test
	v.ID, v.K, v.Self = prefix+of.id, o.k, pagePath(of.id)
	v.Amount, v.Code, v.Description = amountIn(v.Lang, of.amount), of.amount.Currency().Code(), of.page.Description
	if !of.until.IsZero() {
		v.Until, v.UntilISO = v.words.momentIn(v.Lang, of.until), of.until.UTC().Format(time.RFC3339)
	}
	if t.token != nil && slices.Contains(t.token.Origins, origin) {
		v.Embedded = origin
	}
	v.Framed = v.Embedded != "" || of.page.Frames != nil
	p, err := a.Engine.Point(ctx, o.scope, of.point)
	if err != nil {
		return err
	}
	b := p.Brand
	if of.page.Theme != "" {
		if b == nil {
			b = &engine.Brand{}
		}
		own := b.WithAccent(of.page.Theme)
		b = &own
	}
	if b != nil {
		v.Merchant, v.Brand = cmp.Or(b.Name, v.Merchant), brandAddress(b)
		if b.Logo != nil {
			v.Logo = v.Self + "/logo?k=" + v.K
		}
	}
	v.Merchant = cmp.Or(of.page.Merchant, v.Merchant)
	for _, lang := range a.face.orderOf {
		v.Languages = append(v.Languages, link{Text: a.face.words[lang]["language"], Lang: lang, Here: lang == v.Lang, Href: v.at("lang", lang)})
	}
	if back := a.Back[o.dialect()]; back != nil {
		v.Back = back(&o.Request)
	} else {
		v.Back = a.backTo(of)
	}
	return nil
}

// at is the page's own address with its capability and language, and one
// parameter more.
func (v *view) at(more ...string) string {
	q := url.Values{"k": {v.K}, "lang": {v.Lang}}
	if v.Embedded != "" {
		q.Set("origin", v.Embedded)
	}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return v.Self + "?" + q.Encode()
}

// backTo is the merchant's address with the payment's id: no status, which
// anybody could write there.
func (a *API) backTo(of paper) string {
	to := of.page.Redirect
	if to == "" {
		return ""
	}
	id := prefix + of.id
	filled := strings.ReplaceAll(to, "{paymentId}", id)
	u, err := url.Parse(filled)
	if err != nil || u.Scheme != "https" {
		return ""
	}
	if filled != to {
		return filled
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += url.QueryEscape(a.Settings.RedirectParam) + "=" + id
	return u.String()
}
