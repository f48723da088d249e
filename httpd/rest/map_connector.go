package rest

import (
	"encoding/json"
	"slices"
	"strings"

	"penstock/engine"
	"penstock/engine/service"
	"penstock/httpd/wire"
)

// secrets are the credentials by the names that connectors have for them.
func (r *connectorRequest) secrets() map[string]string {
	if r.Details == nil && r.Webhook == nil {
		return nil
	}
	out := map[string]string{}
	if r.Details != nil {
		for name, v := range r.Details.text {
			out[name] = v
		}
	}
	if r.Webhook != nil && said(r.Webhook.Secret) != "" {
		out["notify_secret"] = *r.Webhook.Secret
	}
	return out
}

func (r *connectorRequest) note(x *connectorExtra) error {
	if r.Type != nil {
		x.Type = string(*r.Type)
	}
	if r.Details != nil {
		x.Auth = map[string]string{"auth_type": *r.Details.AuthType}
		for name, v := range r.Details.text {
			x.Auth[name] = masking(v)
		}
	}
	if r.Webhook != nil {
		x.Hook = masking(said(r.Webhook.Secret))
	}
	if r.Methods != nil {
		x.Methods = json.RawMessage(*r.Methods)
	}
	if r.TestMode != nil {
		x.TestMode = r.TestMode
	}
	for _, f := range []struct {
		to   *json.RawMessage
		from wire.Object
	}{{&x.Metadata, r.Metadata}, {&x.Additional, r.Additional}} {
		if f.from != nil {
			*f.to = rawObject(f.from)
		}
	}
	if r.Country != nil {
		x.Country = string(*r.Country)
	}
	if r.Business != nil {
		if len(*r.Business) > 255 {
			return tooLong("business_label", 255)
		}
		x.Business = *r.Business
	}
	return nil
}

// off says whether the account is to be switched off; nil: it stays.
func (r *connectorRequest) off() *bool {
	if r.Disabled != nil {
		return r.Disabled
	}
	if r.Status != nil {
		off := *r.Status == "inactive"
		return &off
	}
	return nil
}

// checkProvider refuses a name that is in no catalogue, as the original's
// reader does.
func checkProvider(d *service.Directory, name string) error {
	if p, ok := d.Provider(name); ok && p.Name == name {
		return nil
	}
	var all []string
	for _, p := range d.Providers() {
		all = append(all, p.Name)
	}
	slices.Sort(all)
	e := &wire.DecodeError{Kind: wire.KindEnum, Path: "/connector_name", Rule: "must be the name of a provider", Allowed: all}
	if len(name) <= 64 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == "" { // a word, and no secret
		e.Got = name
	}
	return e
}

func readConnector(kept json.RawMessage) (x connectorExtra) {
	if len(kept) == 0 || wire.Decode(kept, &x, wire.DecodeOptions{IgnoreUnknown: true}) != nil {
		return connectorExtra{}
	}
	return x
}

func showConnector(a *engine.ProviderAccount) connectorResponse {
	x := readConnector(a.Extra)
	out := connectorResponse{Type: either(x.Type, "payout_processor"), Name: a.Provider, Label: a.Label, ID: a.ID, Details: x.Auth, Methods: x.Methods, Metadata: x.Metadata,
		TestMode: x.TestMode, Disabled: a.Disabled, Country: shown(x.Country), Business: shown(x.Business), Additional: x.Additional, Status: "active"}
	if a.Point != "" {
		out.ProfileID = shown(engine.PrefixProfile + a.Point)
	}
	if x.Hook != "" {
		out.Hook = &connectorHook{Secret: &x.Hook}
	}
	if a.Disabled {
		out.Status = "inactive"
	}
	return out
}
