package rest

import (
	"encoding/json"
	"fmt"
	"strings"

	"penstock/engine"
	"penstock/httpd/wire"
)

// newMerchant is the engine's command of an account, with a profile for each
// business, or one named default.
func (r *accountRequest) newMerchant(hash, env string) (engine.NewMerchant, error) {
	n := engine.NewMerchant{ID: string(*r.MerchantID), Name: said(r.Name), Env: env}
	x := accountExtra{Organization: "org_" + n.ID, ProductType: "orchestration"}
	if err := r.note(&x); err != nil {
		return n, err
	}
	p := profileExtra{Webhook: x.Webhook, ReturnURL: x.ReturnURL, Routing: x.Routing}
	raw, err := wire.Encode(p)
	if err != nil {
		return n, err
	}
	for _, b := range r.Businesses {
		if b.Country == nil || b.Business == nil || *b.Business == "" {
			return n, missingParam("primary_business_details: country and business")
		}
		n.Points = append(n.Points, engine.NewPoint{Name: string(*b.Country) + "_" + *b.Business, Extra: raw})
	}
	if len(n.Points) == 0 {
		n.Points = []engine.NewPoint{{Name: "default", Extra: raw}}
	}
	n.Hook = engine.PointHookEdit{HashKey: &hash}
	r.Webhook.hook(&n.Hook)
	n.Extra, err = wire.Encode(x)
	return n, err
}

// note takes over what only this dialect keeps.
func (r *accountRequest) note(x *accountExtra) error {
	for _, f := range []struct {
		to   *string
		from *string
		name string
		max  int
	}{{&x.ReturnURL, r.ReturnURL, "return_url", 2048}, {&x.LockerID, r.LockerID, "locker_id", 64}, {&x.Parent, r.Parent, "parent_merchant_id", 64},
		{&x.Organization, r.Organization, "organization_id", 64}, {&x.ProductType, given(r.ProductType), "product_type", 64}} {
		if f.from == nil {
			continue
		}
		if len([]rune(*f.from)) > f.max {
			return tooLong(f.name, f.max)
		}
		*f.to = *f.from
	}
	if err := checkReturn(r.ReturnURL); err != nil {
		return err
	}
	for _, f := range []struct {
		to   *json.RawMessage
		from wire.Object
	}{{&x.Details, r.Details}, {&x.Metadata, r.Metadata}, {&x.Routing, r.Routing}} {
		if f.from != nil {
			*f.to = rawObject(f.from)
		}
	}
	if r.Webhook != nil {
		if err := r.Webhook.check(); err != nil {
			return err
		}
		x.Webhook = r.Webhook.shown()
	}
	if r.Businesses != nil {
		x.Businesses = r.Businesses
	}
	if r.SubMerchants != nil {
		x.SubMerchants = r.SubMerchants
	}
	if r.HashEnabled != nil {
		x.HashDisabled = !*r.HashEnabled
	}
	if r.Redirect != nil {
		x.Redirect = *r.Redirect
	}
	return nil
}

func tooLong(name string, most int) error {
	return refuse(422, "IR_06", fmt.Sprintf("%s must have at most %d characters", name, most))
}

func readAccount(kept json.RawMessage) (x accountExtra) {
	if len(kept) == 0 || wire.Decode(kept, &x, wire.DecodeOptions{IgnoreUnknown: true}) != nil {
		return accountExtra{}
	}
	return x
}

// showAccount shows a merchant; standard is its default profile, without prefix,
// where it has one.
func showAccount(m *engine.Merchant, standard, hash string) accountResponse {
	x := readAccount(m.Extra)
	out := accountResponse{MerchantID: m.ID, Name: shown(m.Name), ReturnURL: shown(x.ReturnURL), HashEnabled: !x.HashDisabled, HashKey: shown(hash), Redirect: x.Redirect,
		Details: x.Details, Webhook: x.Webhook, Routing: x.Routing, SubMerchants: x.SubMerchants, Parent: shown(x.Parent), Publishable: shown(m.Public), Metadata: x.Metadata,
		LockerID: shown(x.LockerID), Businesses: x.Businesses, Organization: either(x.Organization, "org_"+m.ID), ReconStatus: "not_requested",
		ProductType: either(x.ProductType, "orchestration"), AccountType: "standard"}
	if standard != "" {
		out.Default = shown(engine.PrefixProfile + standard)
	}
	return out
}

// masking is how a secret is shown once it was: that there is one, and its
// ends where the rest stays long enough to be one.
func masking(secret string) string {
	switch {
	case secret == "":
		return ""
	case len(secret) < 16:
		return "********"
	}
	return secret[:2] + strings.Repeat("*", 12) + secret[len(secret)-2:]
}
