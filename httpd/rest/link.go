package rest

import (
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

// linkConfig is payout_link_config of a payout.
type linkConfig struct {
	ID           *chosenID     `json:"payout_link_id"`
	Logo         *string       `json:"logo"`
	MerchantName *string       `json:"merchant_name"`
	Theme        *string       `json:"theme"`
	Methods      []linkMethods `json:"enabled_payment_methods,omitzero"`
	Layout       *formLayout   `json:"form_layout"`
	TestMode     *bool         `json:"test_mode"`
}

type linkMethods struct {
	Method *methodWord `json:"payment_method"`
	Types  []typeWord  `json:"payment_method_types"`
}

// linkExtra is what this dialect keeps of a payout's link.
type linkExtra struct {
	Secret       string        `json:"secret"`
	Domain       string        `json:"domain,omitzero"`
	Allowed      []string      `json:"allowed,omitzero"`
	Logo         string        `json:"logo,omitzero"`
	MerchantName string        `json:"merchant_name,omitzero"`
	Theme        string        `json:"theme,omitzero"`
	Layout       string        `json:"layout,omitzero"`
	Methods      []linkMethods `json:"methods,omitzero"`
	TestMode     bool          `json:"test_mode,omitzero"`
	Expires      time.Time     `json:"expires"`
}

const linkLife = 900 // seconds, where nobody says otherwise

// link makes a payout's link of what the payout and its profile say.
func (r *payoutRequest) link(who engine.Caller, p *engine.Point, secret, id string, now time.Time) (*linkExtra, string, error) {
	var c linkConfig
	if r.LinkConfig != nil {
		if err := wire.Decode(json.RawMessage(r.LinkConfig), &c, wire.DecodeOptions{IgnoreUnknown: true}); err != nil {
			return nil, "", err
		}
	}
	x := readProfile(p.Extra)
	of := x.Link
	if of == nil {
		of = &linkSettings{}
	}
	out := &linkExtra{Secret: secret, Domain: said(of.Domain), Allowed: of.Allowed, Methods: c.Methods, Logo: either(said(c.Logo), said(of.Logo)),
		MerchantName: either(said(c.MerchantName), said(of.MerchantName)), Theme: either(said(c.Theme), said(of.Theme)), Layout: either(either(said(c.Layout), said(of.Layout)), "tabs")}
	out.TestMode = yes(of.TestMode)
	if c.TestMode != nil {
		out.TestMode = *c.TestMode
	}
	for _, text := range []string{out.Logo, out.MerchantName, out.Theme} {
		if len(text) > 2048 {
			return nil, "", tooLong("payout_link_config", 2048)
		}
	}
	if err := checkLook(said(c.Logo), said(c.Theme)); err != nil {
		return nil, "", err
	}
	if err := checkLink(who, out); err != nil {
		return nil, "", err
	}
	life := uint32(linkLife)
	if x.Expiry != 0 {
		life = x.Expiry
	}
	if r.SessionExpiry != nil {
		life = *r.SessionExpiry
	}
	if life < 60 || life > 7890000 {
		return nil, "", refuse(422, "IR_06", "session_expiry should be between 60 and 7890000")
	}
	out.Expires = now.Add(time.Duration(life) * time.Second)
	if c.ID != nil {
		id = string(*c.ID)
	}
	return out, id, nil
}

func checkLink(who engine.Caller, l *linkExtra) error {
	switch {
	case l.TestMode && who.Mode == engine.Live:
		return refuse(400, "IR_40", "test_mode cannot be true for creating payout_links in production")
	case !l.TestMode && len(l.Allowed) == 0:
		return refuse(400, "IR_40", "Payout links cannot be used without setting allowed_domains in profile. If you're using a non-production environment, you can set test_mode to true while in payout_link_config")
	}
	return nil
}

// address is where a link is opened.
func (a *API) address(merchant, payout string, l *linkExtra) string {
	base := strings.TrimSuffix(a.PublicURL, "/")
	if l.Domain != "" {
		base = "https://" + strings.TrimSuffix(strings.TrimPrefix(l.Domain, "https://"), "/")
	}
	return base + "/payout_link/" + url.PathEscape(merchant) + "/" + url.PathEscape(payout) + "?locale=en"
}

// allows says whether a page may be shown inside one of the origin. An entry
// may begin with *., which is one or more labels; one without a scheme is https.
func (l *linkExtra) allows(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return false
	}
	for _, entry := range l.Allowed {
		scheme, host, ok := strings.Cut(strings.ToLower(strings.TrimSuffix(entry, "/")), "://")
		if !ok {
			scheme, host = "https", scheme
		}
		if scheme != u.Scheme {
			continue
		}
		got := strings.ToLower(u.Host)
		if tail, wild := strings.CutPrefix(host, "*."); wild && strings.HasSuffix(got, "."+tail) && len(got) > len(tail)+1 || got == host {
			return true
		}
	}
	return false
}

// frames is who may show the page inside their own, for the header.
func (l *linkExtra) frames() (out []string) {
	if l.TestMode {
		return []string{"*"}
	}
	for _, entry := range l.Allowed {
		if strings.ContainsAny(entry, " ;,'\"\r\n\t") {
			continue
		}
		if !strings.Contains(entry, "://") {
			entry = "https://" + entry
		}
		out = append(out, entry)
	}
	return out
}

// linkDetails is what the page of a link works with.
type linkDetails struct {
	Publishable   string        `json:"publishable_key"`
	ClientSecret  string        `json:"client_secret"`
	LinkID        string        `json:"payout_link_id"`
	PayoutID      string        `json:"payout_id"`
	CustomerID    string        `json:"customer_id"`
	SessionExpiry string        `json:"session_expiry"`
	ReturnURL     *string       `json:"return_url"`
	Logo          *string       `json:"logo"`
	MerchantName  *string       `json:"merchant_name"`
	Theme         *string       `json:"theme"`
	Amount        string        `json:"amount"`
	Currency      string        `json:"currency"`
	Locale        string        `json:"locale"`
	Layout        string        `json:"form_layout"`
	TestMode      bool          `json:"test_mode"`
	Methods       []linkMethods `json:"enabled_payment_methods"`
	WithFields    []linkFields  `json:"enabled_payment_methods_with_required_fields"`
}

// linkFields is a method with what the recipient has to say for it.
type linkFields struct {
	Method string     `json:"payment_method"`
	Types  []linkType `json:"payment_method_types_info"`
}

type linkType struct {
	Type   string               `json:"payment_method_type"`
	Fields map[string]linkField `json:"required_fields"`
}

type linkField struct {
	Name  string  `json:"required_field"`
	Label string  `json:"display_name"`
	Kind  string  `json:"field_type"`
	Value *string `json:"value"`
}
