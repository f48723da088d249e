package rest

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/httpd/wire"
)

// linkPage shows a payout link, on the page that hosted payouts have too: a form
// while the payout waits for the account, what became of it afterwards, and that
// it has expired. It is open to whoever has the address, inside a page of the
// merchant's domains alone.
func (a *API) linkPage(ctx context.Context, _ engine.Caller, c *wire.Call, _ wire.None) (wire.Reply, error) {
	v, s, err := a.Engine.Linked(ctx, c.Param("merchant"), engine.PrefixRequest, c.Param("payout"))
	if err != nil {
		return wire.Reply{}, err
	}
	x := extraOf(&v.Request)
	if x.Link == nil {
		return wire.Reply{}, &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjPayout, ID: c.Param("payout")}
	}
	if err := x.Link.admits(c); err != nil {
		return wire.Reply{}, err
	}
	if a.Page == nil || v.Page == nil {
		return wire.Reply{}, &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjPayout, ID: c.Param("payout")}
	}
	var data any
	if v.Stage == payout.Draft && v.Sealed == nil && a.Now().Before(x.Link.Expires) {
		if data, err = a.linkDetails(ctx, s, c, v, x); err != nil {
			return wire.Reply{}, err
		}
	}
	return a.Page(ctx, c, s, v, data)
}

// page is what the page of a link shows and takes.
func (l *linkExtra) page() *engine.Page {
	p := &engine.Page{Merchant: l.MerchantName, Theme: l.Theme, Frames: l.frames()}
	for _, m := range l.Methods {
		if m.Method == nil {
			continue
		}
		kind, _ := methodKind(*m.Method)
		for _, word := range m.Types {
			if form := formOf(kind, &word); form != "" && !slices.Contains(p.Forms, form) {
				p.Forms = append(p.Forms, form)
			}
		}
	}
	if len(p.Forms) == 0 {
		p.Forms = []string{"card"}
	}
	return p
}

// Back is where the recipient of a payout link goes back to; empty: nowhere.
func Back(r *engine.Request) string {
	return returnTo(extraOf(r).ReturnURL, payoutID(r), statusOf(r))
}

// admits refuses a page that is opened by itself, or inside a page of somebody
// else.
func (l *linkExtra) admits(c *wire.Call) error {
	if l.TestMode {
		return nil
	}
	origin := c.Header("Origin")
	if origin == "" || origin == "null" {
		if u, err := url.Parse(c.Header("Referer")); err == nil && u.Host != "" {
			origin = u.Scheme + "://" + u.Host
		}
	}
	if c.Header("Sec-Fetch-Dest") != "iframe" || !l.allows(origin) {
		return refuse(403, "IR_22", "Access forbidden. Not authorized to access this resource payout_link")
	}
	return nil
}

func returnTo(base, id, status string) string {
	u, err := url.Parse(base)
	if base == "" || err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	q := u.Query()
	q.Set("payout_id", id)
	q.Set("status", status)
	u.RawQuery = q.Encode()
	return u.String()
}

func (a *API) linkDetails(ctx context.Context, s engine.Scope, c *wire.Call, v *engine.View, x payoutExtra) (*linkDetails, error) {
	l := x.Link
	pk, err := a.Engine.PublicKey(ctx, s, a.environment())
	if err != nil {
		return nil, err
	}
	locale := either(c.Query("locale"), "en")
	if len(locale) > 16 {
		locale = "en"
	}
	out := &linkDetails{Publishable: pk, ClientSecret: "payout_link_secret_" + l.Secret, LinkID: v.Link, PayoutID: payoutID(&v.Request), CustomerID: v.Customer, SessionExpiry: stamp(l.Expires),
		ReturnURL: shown(x.ReturnURL), Logo: shown(l.Logo), MerchantName: shown(l.MerchantName), Theme: shown(l.Theme), Amount: v.Amount.Decimal(), Currency: v.Amount.Currency().Code(),
		Locale: locale, Layout: l.Layout, TestMode: l.TestMode, Methods: l.Methods}
	if len(out.Methods) == 0 {
		card := methodWord("card")
		out.Methods = []linkMethods{{&card, []typeWord{"credit", "debit"}}}
	}
	for _, m := range out.Methods {
		out.WithFields = append(out.WithFields, fieldsOf(m, v.Person))
	}
	return out, nil
}

// fieldsOf is what each type of a method asks for.
func fieldsOf(m linkMethods, p *engine.Person) linkFields {
	out := linkFields{Method: said(m.Method), Types: []linkType{}}
	if m.Method == nil {
		return out
	}
	kind, _ := methodKind(*m.Method)
	for _, word := range m.Types {
		t := linkType{Type: string(word), Fields: map[string]linkField{}}
		form := formOf(kind, &word)
		schema, ok := service.FindMethod(form)
		for _, f := range schema.Fields {
			if !ok || !f.Required {
				continue
			}
			field := linkField{Name: "payout_method_data." + string(kind) + "." + f.Key, Label: strings.ReplaceAll(f.Key, "_", " "), Kind: "text"}
			if p != nil && strings.HasSuffix(f.Key, "holder_name") {
				field.Value = shown(p.Name)
			}
			t.Fields[field.Name] = field
		}
		out.Types = append(out.Types, t)
	}
	return out
}
