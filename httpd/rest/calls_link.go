package rest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"sync"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/httpd/wire"
)

// linkPage shows a payout link: a form while the payout waits for the account,
// what became of it afterwards, and that it has expired. It is open to
// whoever has the address, inside a page of the merchant's domains alone.
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
	view := linkView{Status: statusOf(&v.Request)}
	switch {
	case v.Stage == payout.Draft && v.Sealed == nil && a.Now().Before(x.Link.Expires):
		if view.Details, err = a.linkDetails(ctx, s, c, v, x); err != nil {
			return wire.Reply{}, err
		}
	case v.Stage == payout.Draft || v.Stage == payout.Expired || v.Stage == payout.Withdrawn:
		view.Expired = true
	default:
		view.Return = returnTo(x.ReturnURL, payoutID(&v.Request), view.Status)
	}
	return view.reply(x.Link)
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

// linkView is what the page shows: a form, a status, or that it is over.
type linkView struct {
	Details *linkDetails
	Expired bool
	Status  string
	Return  string // where the recipient is led after the status has been shown
}

const linkScript = `const d = JSON.parse(document.getElementById("details").textContent);
window.__PAYOUT_DETAILS = d;
const f = document.querySelector("form"), out = document.querySelector("output");
f && f.addEventListener("submit", async e => {
  e.preventDefault();
  const v = Object.fromEntries(new FormData(f));
  out.textContent = "...";
  const body = {client_secret: d.client_secret, payout_type: "card", payout_method_data: {card: v}};
  const r = await fetch("/payouts/" + encodeURIComponent(d.payout_id) + "/confirm", {method: "POST", headers: {"content-type": "application/json", "api-key": d.publishable_key}, body: JSON.stringify(body)});
  if (r.ok) { location.reload(); return; }
  const j = await r.json();
  out.textContent = j.error && j.error.message || "";
});`

// linkTemplate is the page. Its script stands in it as it is, so that the hash
// in the policy fits.
var linkTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("link").Parse(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">{{if .Return}}<meta http-equiv="refresh" content="5;url={{.Return}}">{{end}}
<title>{{if .Expired}}Payout Expired{{else}}Payout{{end}}</title></head><body>{{if .Details}}
<h1>{{with .Details.MerchantName}}{{.}} pays you {{else}}You are paid {{end}}{{.Details.Amount}} {{.Details.Currency}}</h1>
<form><label>Card number <input name="card_number" autocomplete="cc-number" inputmode="numeric" required></label>
<label>Month <input name="expiry_month" autocomplete="cc-exp-month" inputmode="numeric" required></label>
<label>Year <input name="expiry_year" autocomplete="cc-exp-year" inputmode="numeric" required></label>
<label>Name <input name="card_holder_name" autocomplete="cc-name"></label><button>Get paid</button></form><output role="status"></output>
<script type="application/json" id="details">{{.Details}}</script><script>` + linkScript + `</script>
{{else if .Expired}}<h1>Payout Expired</h1><p>This link can no longer be used.</p>{{else}}<h1>Payout</h1><p>Status: {{.Status}}</p>{{with .Return}}<p><a href="{{.}}">Go on</a></p>{{end}}{{end}}
</body></html>`))
})

// reply renders the page. The one script of it is let run by its hash.
func (v linkView) reply(l *linkExtra) (wire.Reply, error) {
	var b bytes.Buffer
	if err := linkTemplate().Execute(&b, v); err != nil {
		return wire.Reply{}, fmt.Errorf("render a payout link: %w", err)
	}
	sum := sha256.Sum256([]byte(linkScript))
	policy := "default-src 'none'; connect-src 'self'; form-action 'none'; base-uri 'none'; img-src https:; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; " + l.frames()
	return wire.Reply{Body: b.Bytes(), Header: [][2]string{{"Content-Type", "text/html; charset=utf-8"}, {"Content-Security-Policy", policy}, {"X-Frame-Options", "SAMEORIGIN"}}}, nil
}
