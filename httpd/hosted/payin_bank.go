package hosted

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"net/http"

	"penstock/engine"
	"penstock/engine/payin"
	"penstock/httpd/wire"
)

// A payer's bank may want to ask them (3-D Secure). They leave our page by a
// button, and come back by an address of its own, which the provider is told
// before and which is good whatever becomes of the link: it takes what they
// bring, and leads to the page by the link that is good now.

// bankBack is that address. It has no query, which is the bank's to add.
func (a *API) bankBack(s engine.Scope, id string) string {
	mac, err := a.Engine.LinkMAC(s, "back-"+id, 0)
	if err != nil { // the locker is sealed, so nothing will be made either
		return ""
	}
	b := append(append(make([]byte, 0, macLen+3+len(s.Merchant)), mac[:macLen]...), s.Mode[0])
	b = append(binary.BigEndian.AppendUint16(b, 0), s.Merchant...)
	return a.PublicURL + pagePath(id) + "/back/" + base64.RawURLEncoding.EncodeToString(b)
}

// comeBack takes a payer back from their bank's page. The test provider has no
// page of its own: in test mode this address plays the bank's too.
func (a *API) comeBack(ctx context.Context, c *wire.Call) (wire.Reply, error) {
	s, generation, mac, ok := readCapability(c.Param("key"))
	id, named := cutPrefix(c.Param("id"))
	if !ok || !named {
		return wire.Reply{}, errNoLink
	}
	want, err := a.Engine.LinkMAC(s, "back-"+id, generation)
	if err != nil {
		return wire.Reply{}, err
	}
	if generation != 0 || !hmac.Equal(want[:macLen], mac) {
		return wire.Reply{}, errNoLink
	}
	query := c.QueryValues().Encode()
	asks := query == "challenge=ask"
	if asks {
		query = ""
	}
	p, at, err := a.Engine.ReturnPayment(ctx, s.Merchant, id, query, func(*engine.Payment) error { return nil })
	if err != nil {
		return wire.Reply{}, err
	}
	in := incomingOf(p)
	if at != s || !in.hosted() || in.note.Page.Closed {
		return wire.Reply{}, errNoLink
	}
	if asks && in.Status == payin.NeedsAction && s.Mode == engine.Test {
		return a.showBank(ctx, c, s, in)
	}
	to, err := a.link(s, id, in.note.Page.Generation)
	return wire.Reply{Status: http.StatusSeeOther, Header: append(headers(), [2]string{"Location", to})}, err
}

// showBank plays the page of a payer's bank.
func (a *API) showBank(ctx context.Context, c *wire.Call, s engine.Scope, in *incoming) (wire.Reply, error) {
	t, err := a.visit(ctx, c, &opened{in: in, scope: s}, nil)
	if err != nil {
		return wire.Reply{}, err
	}
	v := t.view
	v.Languages, v.Step, v.Title, v.Text = nil, "bank", v.T("bank.title"), v.T("bank.text", "amount", v.Amount, "merchant", v.Merchant)
	v.Methods = []link{{Text: v.T("bank.yes"), Href: "?challenge=granted"}, {Text: v.T("bank.no"), Href: "?challenge=refused"}}
	return a.reply(t, http.StatusOK, "page.html")
}
