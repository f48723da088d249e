package jsonapi

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

const typeKey = "api-keys"

// keyAttributes is an API key as it is shown.
type keyAttributes struct {
	Description *string        `json:"description"`
	Key         string         `json:"key"` // the secret in the answer that makes it, else masked
	Publishable *string        `json:"publishable_key"`
	Scopes      []engine.Right `json:"scopes"`
	TestMode    bool           `json:"test_mode"`
	Allow       []string       `json:"whitelisted_ips"`
	Revoked     *int64         `json:"revoked"`
	Expires     *int64         `json:"expires"`
	Created     *int64         `json:"created"`
	Updated     *int64         `json:"updated"`
}

func showKey(k *engine.Key) resource {
	updated := k.Created
	for _, t := range []time.Time{k.Changed, k.Revoked} {
		if t.After(updated) {
			updated = t
		}
	}
	at := keyAttributes{
		Description: shown(k.Name), Key: k.Prefix + "...", Scopes: listed(k.Rights), TestMode: k.Mode == engine.Test, Allow: []string{},
		Revoked: unix(k.Revoked), Expires: unix(k.Expires), Created: unix(k.Created), Updated: unix(updated),
	}
	for _, p := range k.Allow {
		if p.IsSingleIP() {
			at.Allow = append(at.Allow, p.Addr().String())
			continue
		}
		at.Allow = append(at.Allow, p.String())
	}
	return resource{Type: typeKey, ID: k.ID, Attributes: at, Links: &self{"/v1/organization/api-keys/" + k.ID}}
}

func keyFields() []filterField[engine.Key] {
	return []filterField[engine.Key]{
		{"id", asText, func(k *engine.Key) any { return k.ID }},
		{"description", asText, func(k *engine.Key) any { return k.Name }},
		{"created", asTime, func(k *engine.Key) any { return k.Created }},
		{"revoked", asFlag, func(k *engine.Key) any { return !k.Revoked.IsZero() }},
	}
}

// ownKeys are the secret keys of the caller's merchant and mode.
func (a *API) ownKeys(ctx context.Context, who engine.Caller) ([]engine.Key, error) {
	all, err := a.Engine.Keys(ctx, who.Merchant)
	return slices.DeleteFunc(all, func(k engine.Key) bool { return k.Publishable || k.Mode != who.Mode }), err
}

func (a *API) listKeys(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	all, err := a.ownKeys(ctx, who)
	if err != nil {
		return document{}, err
	}
	return inMemory(c, all, shelf[engine.Key]{
		fields: keyFields(), id: func(k *engine.Key) string { return k.ID }, show: showKey,
		by: sorter[engine.Key]{"created": nil, "description": compareBy(func(k *engine.Key) string { return k.Name })}, sorts: []string{"created", "description"},
	})
}

func (a *API) getKey(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	all, err := a.ownKeys(ctx, who)
	if err != nil {
		return document{}, err
	}
	for i := range all {
		if all[i].ID == c.Param("id") {
			return document{Data: showKey(&all[i])}, nil
		}
	}
	return document{}, &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjKey, ID: c.Param("id")}
}

type newKey struct {
	Description *string         `json:"description"`
	Scopes      *[]engine.Right `json:"scopes"`
	Allow       *[]string       `json:"whitelisted_ips"`
	Expires     *int64          `json:"expires"`
	TestMode    *bool           `json:"test_mode"`
}

// createKey makes a key in the caller's mode. It can't be repeated: the secret
// is kept nowhere, so nobody could be shown it again.
func (a *API) createKey(ctx context.Context, who engine.Caller, _ *wire.Call, b body[newKey]) (wire.Reply, error) {
	r, err := b.attributes(typeKey, "")
	if err != nil {
		return wire.Reply{}, err
	}
	n := engine.NewKey{Merchant: who.Merchant, Mode: who.Mode, Name: said(r.Description)}
	switch {
	case r.Scopes == nil:
		return wire.Reply{}, lacking("/data/attributes/scopes", "scopes")
	case r.Expires != nil && (*r.Expires <= a.Now().Unix() || *r.Expires > maxSeconds):
		return wire.Reply{}, badAttribute("expires", "must be a time to come, in unix seconds")
	case r.Expires != nil:
		n.Expires = time.Unix(*r.Expires, 0).UTC()
	}
	n.Rights = *r.Scopes
	if err := inMode(who, r.TestMode); err != nil {
		return wire.Reply{}, err
	}
	if n.Allow, err = addresses(r.Allow); err != nil {
		return wire.Reply{}, err
	}
	made, err := a.Engine.CreateKey(ctx, who, n)
	if err != nil {
		return wire.Reply{}, keyWords(err)
	}
	res := showKey(&made.Key)
	at := res.Attributes.(keyAttributes)
	at.Key, at.Publishable = made.Secret, &made.Publishable
	res.Attributes = at
	return created(res)
}

func keyWords(err error) error {
	return &located{err: err, fields: map[string]string{"name": "description", "scope": "scopes", "allow": "whitelisted_ips"}}
}

// addresses reads single ones and ranges.
func addresses(sent *[]string) ([]netip.Prefix, error) {
	if sent == nil {
		return nil, nil
	}
	out := make([]netip.Prefix, 0, len(*sent))
	for _, s := range *sent {
		p, err := netip.ParsePrefix(s)
		if addr, addrErr := netip.ParseAddr(s); addrErr == nil {
			p, err = netip.PrefixFrom(addr.Unmap().WithZone(""), addr.Unmap().BitLen()), nil
		}
		if err != nil {
			return nil, badAttribute("whitelisted_ips", "must be IP addresses, or ranges such as 192.0.2.0/24")
		}
		out = append(out, p)
	}
	return out, nil
}

type keyChange struct {
	Description wire.Field[string]   `json:"description"`
	Allow       wire.Field[[]string] `json:"whitelisted_ips"`
}

func (a *API) updateKey(ctx context.Context, who engine.Caller, c *wire.Call, b body[keyChange]) (document, error) {
	r, err := b.attributes(typeKey, c.Param("id"))
	if err != nil {
		return document{}, err
	}
	var ch engine.KeyChange
	if r.Description.Set {
		ch.Name = &r.Description.Value
	}
	if r.Allow.Set {
		all, err := addresses(&r.Allow.Value)
		if err != nil {
			return document{}, err
		}
		ch.Allow = &all
	}
	if _, err := a.getKey(ctx, who, c, wire.None{}); err != nil {
		return document{}, err
	}
	k, err := a.Engine.UpdateKey(ctx, who, c.Param("id"), ch)
	if err != nil {
		return document{}, keyWords(err)
	}
	return document{Data: showKey(k)}, nil
}

func (a *API) revokeKey(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.Raw) (document, error) {
	if _, err := a.getKey(ctx, who, c, wire.None{}); err != nil {
		return document{}, err
	}
	k, err := a.Engine.RevokeKey(ctx, who, c.Param("id"))
	if err != nil {
		return document{}, err
	}
	return document{Data: showKey(k)}, nil
}

// created is the answer 201 with a new resource.
func created(r resource) (wire.Reply, error) {
	body, err := wire.Encode(document{Data: r})
	reply := wire.Reply{Status: http.StatusCreated, Body: body}
	if r.Links != nil {
		reply.Header = [][2]string{{"Location", r.Links.Self}}
	}
	return reply, err
}
