package admin

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

type key struct {
	ID          string         `json:"key_id"`
	Merchant    string         `json:"merchant_id"`
	Mode        engine.Mode    `json:"mode"`
	Scopes      []engine.Right `json:"scopes"`
	Name        string         `json:"name,omitzero"`
	Prefix      string         `json:"prefix"`
	Publishable bool           `json:"publishable"`
	Allow       []netip.Prefix `json:"allow,omitzero"`
	Created     time.Time      `json:"created"`
	Expires     time.Time      `json:"expires,omitzero"`
	Revoked     time.Time      `json:"revoked,omitzero"`
}

func keyOf(k *engine.Key) key {
	return key{k.ID, k.Merchant, k.Mode, k.Rights, k.Name, k.Prefix, k.Publishable, k.Allow, k.Created, k.Expires, k.Revoked}
}

func (a *Admin) listKeys(ctx context.Context, c *wire.Call, _ wire.None) (list[key], error) {
	all, err := a.Engine.Keys(ctx, c.Query("merchant_id"))
	if err != nil {
		return list[key]{}, err
	}
	out := make([]key, len(all))
	for i := range all {
		out[i] = keyOf(&all[i])
	}
	return list[key]{Data: out}, nil
}

type newKey struct {
	Merchant string   `json:"merchant_id"`
	Mode     string   `json:"mode"`
	Scopes   []string `json:"scopes"`
	Name     string   `json:"name"`
	Allow    []string `json:"allow"` // addresses and ranges; empty: from anywhere
	// Seconds until the key ends by itself; 0: never.
	Seconds int64 `json:"expires_in"`
	// Token makes it a bearer token of the hosted dialect.
	Token *newToken `json:"token"`
}

type newToken struct {
	Point       string   `json:"point"`
	RequireName bool     `json:"require_name"`
	Origins     []string `json:"origins"`
	LinkSeconds int64    `json:"link_ttl"`
}

func (t *newToken) settings() (*engine.TokenSettings, error) {
	if t == nil {
		return nil, nil
	}
	if t.LinkSeconds < 0 || t.LinkSeconds > 90*24*3600 {
		return nil, wrong("link_ttl", "wants 15 minutes to 90 days, in seconds")
	}
	return &engine.TokenSettings{Point: strings.TrimPrefix(strings.TrimPrefix(t.Point, engine.PrefixPoint), engine.PrefixProfile), RequireName: t.RequireName, Origins: t.Origins, LinkTTL: time.Duration(t.LinkSeconds) * time.Second}, nil
}

// madeKey shows the secrets, this once.
type madeKey struct {
	ID          string `json:"key_id"`
	Secret      string `json:"api_key"`
	Publishable string `json:"publishable_key"`
}

func (a *Admin) createKey(ctx context.Context, _ *wire.Call, req newKey) (madeKey, error) {
	if req.Mode == "" {
		return madeKey{}, absent("mode")
	}
	who, err := a.caller(ctx, req.Merchant, req.Mode)
	if err != nil {
		return madeKey{}, err
	}
	rights, err := rightsOf(req.Scopes)
	if err != nil {
		return madeKey{}, err
	}
	n := engine.NewKey{Merchant: req.Merchant, Mode: who.Mode, Rights: rights, Name: req.Name}
	if n.Allow, err = addresses(req.Allow); err != nil {
		return madeKey{}, err
	}
	if n.Token, err = req.Token.settings(); err != nil {
		return madeKey{}, err
	}
	switch {
	case req.Seconds < 0 || req.Seconds > 10*365*24*3600:
		return madeKey{}, wrong("expires_in", "wants 0 to ten years, in seconds")
	case req.Seconds > 0:
		n.Expires = a.Now().Add(time.Duration(req.Seconds) * time.Second)
	}
	if n.Mode == engine.Live {
		if err := a.mayGoLive(ctx); err != nil {
			return madeKey{}, err
		}
	}
	made, err := a.Engine.CreateKey(ctx, who, n)
	if err != nil {
		return madeKey{}, err
	}
	return madeKey{made.ID, made.Secret, made.Publishable}, nil
}

// addresses reads single ones and ranges.
func addresses(sent []string) (out []netip.Prefix, err error) {
	for _, s := range sent {
		p, err := netip.ParsePrefix(s)
		if addr, addrErr := netip.ParseAddr(s); addrErr == nil {
			p, err = netip.PrefixFrom(addr.Unmap().WithZone(""), addr.Unmap().BitLen()), nil
		}
		if err != nil {
			return nil, wrong("allow", "wants IP addresses, or ranges such as 192.0.2.0/24")
		}
		out = append(out, p)
	}
	return out, nil
}

// mayGoLive asks the wiring before the appliance gets its first live key;
// later ones are not asked about, for the harm would be done.
func (a *Admin) mayGoLive(ctx context.Context) error {
	all, err := a.Engine.Keys(ctx, "")
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(k engine.Key) bool { return k.Mode == engine.Live }) {
		return nil
	}
	return a.LiveKeys()
}

// rightsOf reads scopes; "all" is every one.
func rightsOf(scopes []string) ([]engine.Right, error) {
	var rights []engine.Right
	for _, s := range scopes {
		switch {
		case s == "all":
			return engine.Rights(), nil
		case !slices.Contains(engine.Rights(), engine.Right(s)):
			return nil, wrong("scopes", "wants payouts, payins, customers, webhooks, admin or all")
		case !slices.Contains(rights, engine.Right(s)):
			rights = append(rights, engine.Right(s))
		}
	}
	if len(rights) == 0 {
		return nil, absent("scopes")
	}
	return rights, nil
}

func (a *Admin) revokeKey(ctx context.Context, c *wire.Call, _ wire.None) (key, error) {
	who, err := operator("", "")
	if err != nil {
		return key{}, err
	}
	k, err := a.Engine.RevokeKey(ctx, who, c.Param("id"))
	if err != nil {
		return key{}, err
	}
	return keyOf(k), nil
}
