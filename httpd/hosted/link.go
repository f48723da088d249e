package hosted

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/httpd/wire"
)

// A link is the address of a payment's page with a capability, k: whoever has
// it may say where the money goes. The id alone opens nothing, for it stands in
// webhooks, logs and addresses that people come back by. k is
//
//	base64url( MAC 20 | mode 1 | generation 2 | merchant )
//
// and its MAC is over all of that and the payment's id. It is looked at before
// anything is read from the store, so an id that doesn't exist and a k that is
// wrong take the same time and get the same answer.
const macLen = 20

func pagePath(id string) string { return "/checkin/" + prefix + id }

func (a *API) link(s engine.Scope, id string, generation uint16) (string, error) {
	k, err := a.capability(s, id, generation)
	return a.PublicURL + pagePath(id) + "?k=" + k, err
}

// Address is the address of the page of a request that has one, made in
// whatever dialect: whoever has it may say where the money goes.
func (a *API) Address(s engine.Scope, r *engine.Request) (string, error) {
	if r.Page == nil || r.Page.Closed {
		return "", errNoLink
	}
	return a.link(s, r.ID, r.Page.Generation)
}

func (a *API) capability(s engine.Scope, id string, generation uint16) (string, error) {
	mac, err := a.Engine.LinkMAC(s, id, generation)
	if err != nil {
		return "", err
	}
	b := append(make([]byte, 0, macLen+3+len(s.Merchant)), mac[:macLen]...)
	b = append(b, s.Mode[0])
	b = binary.BigEndian.AppendUint16(b, generation)
	return base64.RawURLEncoding.EncodeToString(append(b, s.Merchant...)), nil
}

// errNoLink is the one answer to a link that is not good.
var errNoLink = errors.New("no such link")

// opened is a link that is good, and what it opens: a payout or a pay-in.
type opened struct {
	*engine.View           // nil of a pay-in
	in           *incoming // nil of a payout
	scope        engine.Scope
	k            string
}

// paper is what the page says of a payment whichever way its money goes.
type paper struct {
	id, point string
	amount    money.Amount
	page      engine.Page
	until     time.Time // when it stops asking; zero: never
}

func (o *opened) paper() paper {
	if o.in != nil {
		return paper{o.in.ID, o.in.Point, o.in.Amount, o.in.note.Page, o.in.Expires}
	}
	of := paper{id: o.ID, point: o.Point, amount: o.Amount, until: o.until()}
	if o.Page != nil {
		of.page = *o.Page
	}
	return of
}

// who gives the commands of whoever has the link.
func (o *opened) who() engine.Caller { return engine.Caller{Scope: o.scope, Actor: "recipient"} }

// open judges a link; errNoLink for one that isn't good.
func (a *API) open(ctx context.Context, name, k string) (*opened, error) {
	s, generation, mac, ok := readCapability(k)
	id, named := cutPrefix(name)
	if !ok || !named {
		s, generation, mac, id = engine.Scope{Merchant: "nobody", Mode: engine.Test}, 0, make([]byte, macLen), "0"
	}
	want, err := a.Engine.LinkMAC(s, id, generation)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(want[:macLen], mac) {
		return nil, errNoLink
	}
	o, err := a.opens(ctx, engine.Caller{Scope: s}, id)
	if err != nil {
		return nil, err
	}
	if p := o.page(); p == nil || p.Closed || p.Generation != generation {
		return nil, errNoLink
	}
	o.scope, o.k = s, k
	return o, nil
}

// opens finds what an id names.
func (a *API) opens(ctx context.Context, c engine.Caller, id string) (*opened, error) {
	v, err := a.Engine.RequestByID(ctx, c, id)
	if err == nil || !isMissing(err) {
		return &opened{View: v}, err
	}
	in, err := a.payinByID(ctx, c, id)
	if isMissing(err) {
		return nil, errNoLink
	}
	return &opened{in: in}, err
}

func isMissing(err error) bool {
	var refused *engine.Error
	return errors.As(err, &refused) && refused.Code == engine.CodeNotFound
}

// page is the page of what was opened; nil where it has none.
func (o *opened) page() *engine.Page {
	switch {
	case o.in == nil:
		return o.Page
	case o.in.hosted():
		return &o.in.note.Page
	}
	return nil
}

func readCapability(k string) (s engine.Scope, generation uint16, mac []byte, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(k)
	if err != nil || len(b) <= macLen+3 || len(b) > macLen+3+64 || b[macLen] != 't' && b[macLen] != 'l' {
		return s, 0, nil, false
	}
	s = engine.Scope{Merchant: string(b[macLen+3:]), Mode: engine.Test}
	if b[macLen] == 'l' {
		s.Mode = engine.Live
	}
	return s, binary.BigEndian.Uint16(b[macLen+1:]), b[:macLen], engine.ChosenID(s.Merchant)
}

// cutPrefix is the id in a payment's name, as far as its form goes.
func cutPrefix(name string) (string, bool) {
	if len(name) != len(prefix)+26 || name[:len(prefix)] != prefix || !engine.ChosenID(name) {
		return "", false
	}
	return name[len(prefix):], true
}

// opening reads the link of a call: its path, and k of the query or the form.
func (a *API) opening(ctx context.Context, c *wire.Call, k string) (*opened, error) {
	if k == "" {
		k = c.Query("k")
	}
	return a.open(ctx, c.Param("id"), k)
}
