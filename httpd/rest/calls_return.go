package rest

import (
	"bytes"
	"context"
	"crypto/subtle"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"penstock/engine"
	"penstock/engine/payin"
	"penstock/httpd/wire"
)

// backTo is where a payer comes back to from their bank's page. It bears a key
// that nobody else knows, since whoever opens it sees what came of the payment.
func (a *API) backTo(merchant, id, key string) string {
	return strings.TrimSuffix(a.PublicURL, "/") + "/payments/redirect/" + url.PathEscape(merchant) + "/" + id + "/" + key
}

// returnPayment takes a payer back from their bank's page and sends them on to
// where the merchant wants them. The test provider has no page of its own: in
// test mode this address plays the bank's too.
func (a *API) returnPayment(ctx context.Context, _ engine.Caller, c *wire.Call, _ wire.None) (wire.Reply, error) {
	query := c.QueryValues().Encode()
	asks := query == "challenge=ask"
	if asks {
		query = ""
	}
	id := c.Param("payment")
	p, s, err := a.Engine.ReturnPayment(ctx, c.Param("merchant"), id, query, func(p *engine.Payment) error {
		if want := readPayment(p.Extra).Back; want == "" || subtle.ConstantTimeCompare([]byte(want), []byte(c.Param("key"))) != 1 {
			return &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjPayment, ID: id}
		}
		return nil
	})
	if err != nil {
		return wire.Reply{}, err
	}
	if p.Status == payin.NeedsAction {
		if asks && s.Mode == engine.Test {
			return bankPage(p)
		}
		if query == "" { // it was opened before the bank's page was left
			return page(returned{Title: "Your bank is waiting for you", Text: "Go on there, and come back.", Next: p.Next})
		}
	}
	if to := goOn(readPayment(p.Extra).ReturnURL, p); to != "" {
		return wire.Reply{Status: http.StatusSeeOther, Header: [][2]string{{"Location", to}}}, nil
	}
	return page(returned{Title: "Payment " + strings.ReplaceAll(string(p.Status), "_", " "), Text: "You can close this page."})
}

// goOn is the merchant's page with what came of the payment; empty where there
// is none.
func goOn(base string, p *engine.Payment) string {
	u, err := url.Parse(base)
	if base == "" || err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	q := u.Query()
	q.Set("payment_id", paymentID(p))
	q.Set("status", string(p.Status))
	u.RawQuery = q.Encode()
	return u.String()
}

// returned is a page for a payer.
type returned struct {
	Title, Text, Next string
	Choices           []choice
}

type choice struct{ To, Text string }

// bankPage plays the page of a payer's bank.
func bankPage(p *engine.Payment) (wire.Reply, error) {
	return page(returned{Title: "Test bank", Text: fmt.Sprintf("Pay %s %s? No money moves: this is test mode.", p.Amount.Currency().Code(), p.Amount.Decimal()),
		Choices: []choice{{"?challenge=granted", "Yes, pay"}, {"?challenge=refused", "No"}}})
}

func page(r returned) (wire.Reply, error) {
	var b bytes.Buffer
	if err := returnTemplate().Execute(&b, r); err != nil {
		return wire.Reply{}, fmt.Errorf("render a payer's page: %w", err)
	}
	return wire.Reply{Body: b.Bytes(), Header: [][2]string{{"Content-Type", "text/html; charset=utf-8"}}}, nil
}

func returnTemplate() *template.Template {
	return template.Must(template.New("return").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Title}}</title>
<main><h1>{{.Title}}</h1><p>{{.Text}}</p>{{with .Next}}<p><a href="{{.}}">Go on</a></p>{{end}}{{range .Choices}}<p><a href="{{.To}}">{{.Text}}</a></p>{{end}}</main></html>
`))
}
