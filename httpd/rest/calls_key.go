package rest

import (
	"context"
	"strings"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

// environment is what test keys begin with.
func (a *API) environment() string { return either(a.Environment, "snd") }

// envOf is the environment of a mode, with which ids and keys begin.
func (a *API) envOf(m engine.Mode) string {
	if m == engine.Live {
		return "prd"
	}
	return a.environment()
}

// keyID is how a key is called here: by its environment, as the original does.
func (a *API) keyID(k *engine.Key) string {
	return a.envOf(k.Mode) + "_" + strings.TrimPrefix(k.ID, engine.PrefixKey)
}

// keyOf is the engine's name of a key that is called so.
func keyOf(id string) string {
	_, raw, _ := strings.Cut(id, "_")
	return engine.PrefixKey + raw
}

func expiration(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return stamp(at)
}

// createKey makes an API key that may do everything of its merchant. It is
// shown here and nowhere again, not to a repeat either.
func (a *API) createKey(ctx context.Context, who engine.Caller, c *wire.Call, r keyRequest) (wire.Reply, error) {
	switch {
	case r.Name == nil:
		return wire.Reply{}, unreadMissing("name")
	case r.Expiration == nil:
		return wire.Reply{}, unreadMissing("expiration")
	}
	if err := a.checkKey(r); err != nil {
		return wire.Reply{}, err
	}
	n := engine.NewKey{Merchant: who.Merchant, Mode: who.Mode, Rights: engine.Rights(), Name: *r.Name, About: said(r.Description), Expires: r.Expiration.at, Env: a.environment()}
	if r.Mode != nil {
		n.Mode = engine.Mode(*r.Mode)
	}
	if n.Mode == engine.Live && a.LiveKeys != nil {
		if err := a.LiveKeys(); err != nil {
			return wire.Reply{}, refuse(400, "IR_16", err.Error())
		}
	}
	show := func(m *engine.MadeKey, secrets bool) keyMade {
		out := keyMade{ID: a.keyID(&m.Key), MerchantID: m.Merchant, Name: m.Name, Description: shown(m.About), Created: stamp(m.Created), Expiration: expiration(m.Expires), Mode: string(m.Mode)}
		if secrets {
			out.Key, out.Publishable = &m.Secret, &m.Publishable
		}
		return out
	}
	n.Once = rendered(once(c, "merchant"), func(m *engine.MadeKey) any { return show(m, false) })
	made, err := a.Engine.CreateKey(ctx, who, n)
	return answer(n.Once, made, err, func(m *engine.MadeKey) any { return show(m, true) })
}

func (a *API) checkKey(r keyRequest) error {
	if r.Name != nil && (*r.Name == "" || len([]rune(*r.Name)) > 64) {
		return refuse(422, "IR_06", "name must have 1 to 64 characters")
	}
	if r.Description != nil && len([]rune(*r.Description)) > 256 {
		return tooLong("description", 256)
	}
	if r.Expiration != nil && !r.Expiration.at.IsZero() && !r.Expiration.at.After(a.Now()) {
		return refuse(422, "IR_06", "expiration must lie in the future")
	}
	return nil
}

// ownKey finds a secret key of the path's merchant that has not been revoked.
func (a *API) ownKey(ctx context.Context, who engine.Caller, id string) (*engine.Key, error) {
	k, err := a.Engine.Key(ctx, who.Merchant, keyOf(id))
	if err == nil && (k.Publishable || !k.Revoked.IsZero() || a.keyID(k) != id) {
		return nil, &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjKey, ID: id}
	}
	return k, err
}

func (a *API) showKey(k *engine.Key) keyShown {
	return keyShown{ID: a.keyID(k), MerchantID: k.Merchant, Name: k.Name, Description: shown(k.About), Prefix: k.Prefix, Created: stamp(k.Created), Expiration: expiration(k.Expires), Mode: string(k.Mode)}
}

func (a *API) getKey(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (keyShown, error) {
	k, err := a.ownKey(ctx, who, c.Param("id"))
	if err != nil {
		return keyShown{}, err
	}
	return a.showKey(k), nil
}

// listKeys lists those that may still be used, the oldest first.
func (a *API) listKeys(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) ([]keyShown, error) {
	limit, err := number(c, "limit", 100, 1, 1000)
	if err != nil {
		return nil, err
	}
	skip, err := number(c, "skip", 0, 0, 1<<30)
	if err != nil {
		return nil, err
	}
	all, err := a.Engine.Keys(ctx, who.Merchant)
	if err != nil {
		return nil, err
	}
	out := []keyShown{}
	for i := range all {
		switch {
		case all[i].Publishable || !all[i].Revoked.IsZero():
		case skip > 0:
			skip--
		case len(out) < limit:
			out = append(out, a.showKey(&all[i]))
		}
	}
	return out, nil
}

func (a *API) updateKey(ctx context.Context, who engine.Caller, c *wire.Call, r keyRequest) (wire.Reply, error) {
	if err := a.checkKey(r); err != nil {
		return wire.Reply{}, err
	}
	k, err := a.ownKey(ctx, who, c.Param("id"))
	if err != nil {
		return wire.Reply{}, err
	}
	who.Mode = k.Mode
	show := func(k *engine.Key) any { return a.showKey(k) }
	ch := engine.KeyChange{Name: r.Name, About: r.Description, Once: rendered(once(c, "merchant", "id"), show)}
	if r.Expiration != nil {
		ch.Expires = &r.Expiration.at
	}
	k, err = a.Engine.UpdateKey(ctx, who, k.ID, ch)
	return answer(ch.Once, k, err, show)
}

func (a *API) revokeKey(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (keyRevoked, error) {
	k, err := a.ownKey(ctx, who, c.Param("id"))
	if err != nil {
		return keyRevoked{}, err
	}
	who.Mode = k.Mode
	if _, err := a.Engine.RevokeKey(ctx, who, k.ID); err != nil {
		return keyRevoked{}, err
	}
	return keyRevoked{who.Merchant, a.keyID(k), true}, nil
}

// createEphemeral makes a key with which a browser sees one customer.
func (a *API) createEphemeral(ctx context.Context, who engine.Caller, c *wire.Call, r ephemeralRequest) (wire.Reply, error) {
	if r.CustomerID == nil {
		return wire.Reply{}, unreadMissing("customer_id")
	}
	id, err := drawSecret(a.Random)
	if err != nil {
		return wire.Reply{}, err
	}
	show := func(k *engine.MadeEphemeral) any {
		return ephemeralMade{ID: "eki_" + id, MerchantID: who.Merchant, CustomerID: k.Customer, Created: k.Created.Unix(), Expires: k.Ends.Unix(), Secret: k.Secret}
	}
	o := rendered(once(c), show)
	k, err := a.Engine.MintEphemeral(ctx, who, string(*r.CustomerID), o)
	return answer(o, k, err, show)
}
