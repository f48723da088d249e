package rest

import (
	"context"

	"penstock/engine"
	"penstock/httpd/wire"
)

// createAccount makes a merchant with a profile for each of its businesses. The
// hash key is shown in this answer and masked ever after, in that of a repeat too.
func (a *API) createAccount(ctx context.Context, who engine.Caller, c *wire.Call, r accountRequest) (wire.Reply, error) {
	if r.MerchantID == nil {
		return wire.Reply{}, missingParam("merchant_id")
	}
	who.Merchant = string(*r.MerchantID)
	if err := sameMerchant(c, who.Merchant); err != nil {
		return wire.Reply{}, err
	}
	hash, err := a.hashKey(r.HashKey)
	if err != nil {
		return wire.Reply{}, err
	}
	n, err := r.newMerchant(hash, a.environment())
	if err != nil {
		return wire.Reply{}, err
	}
	algorithm, err := givenAlgorithm(r.Routing)
	if err == nil {
		err = a.namesConnectors(ctx, who.Scope, algorithm)
	}
	if err != nil {
		return wire.Reply{}, err
	}
	standard := soleProfile(len(n.Points))
	o := rendered(once(c), func(m *engine.Merchant) any { return showAccount(m, standard(m), masking(hash)) })
	m, err := a.Engine.OpenMerchant(ctx, who, n, o)
	if err == nil && algorithm != nil && !o.Replayed {
		err = a.followAll(context.WithoutCancel(ctx), who, algorithm)
	}
	return answer(o, m, err, func(m *engine.Merchant) any { return showAccount(m, standard(m), hash) })
}

// followAll has each profile of a new merchant go by an algorithm.
func (a *API) followAll(ctx context.Context, who engine.Caller, n *engine.NewAlgorithm) error {
	points, err := a.Engine.LivePoints(ctx, who.Scope)
	for i := range points {
		if err == nil {
			err = a.follow(ctx, who, points[i].ID, n)
		}
	}
	return err
}

// soleProfile is the default profile of a new merchant with n of them: there
// is one only where there is no choice.
func soleProfile(n int) func(*engine.Merchant) string {
	return func(m *engine.Merchant) string {
		if n == 1 {
			return m.Point
		}
		return ""
	}
}

// hashKey is what is signed with: the merchant's own, or a new one.
func (a *API) hashKey(own *string) (string, error) {
	if own != nil {
		return *own, nil
	}
	key := ""
	for len(key) < 60 {
		part, err := drawSecret(a.Random)
		if err != nil {
			return "", err
		}
		key += part
	}
	return key, nil
}

func (a *API) getAccount(ctx context.Context, who engine.Caller, _ *wire.Call, _ wire.None) (accountResponse, error) {
	m, err := a.Engine.LiveMerchant(ctx, who.Merchant)
	if err != nil {
		return accountResponse{}, err
	}
	return a.accountNow(ctx, who, m)
}

// accountNow shows a merchant with what stands elsewhere.
func (a *API) accountNow(ctx context.Context, who engine.Caller, m *engine.Merchant) (accountResponse, error) {
	points, err := a.Engine.LivePoints(ctx, who.Scope)
	if err != nil {
		return accountResponse{}, err
	}
	standard := defaultOf(pointers(points), m.Point)
	hook, err := a.Engine.PointHookOf(ctx, who.Scope, m.Point)
	if err != nil {
		return accountResponse{}, err
	}
	hash := ""
	if hook != nil {
		hash = masking(hook.HashKey)
	}
	return showAccount(m, standard, hash), nil
}

func (a *API) updateAccount(ctx context.Context, who engine.Caller, c *wire.Call, r accountRequest) (wire.Reply, error) {
	if r.MerchantID != nil && string(*r.MerchantID) != who.Merchant {
		return wire.Reply{}, refuse(422, "IR_05", "merchant_id contains invalid data. Expected format is the merchant_id of the path")
	}
	if r.HashKey != nil || r.Businesses != nil {
		return wire.Reply{}, refuse(422, "IR_06", "payment_response_hash_key and primary_business_details are of the profiles: change them there")
	}
	m, err := a.Engine.LiveMerchant(ctx, who.Merchant)
	if err != nil {
		return wire.Reply{}, err
	}
	x := readAccount(m.Extra)
	if err := r.note(&x); err != nil {
		return wire.Reply{}, err
	}
	raw, err := wire.Encode(x)
	if err != nil {
		return wire.Reply{}, err
	}
	now, err := a.accountNow(ctx, who, m)
	if err != nil {
		return wire.Reply{}, err
	}
	show := func(m *engine.Merchant) any {
		out := showAccount(m, "", "")
		out.Default, out.HashKey = now.Default, now.HashKey
		return out
	}
	o := rendered(once(c, "merchant"), show)
	m, err = a.Engine.UpdateMerchant(ctx, who, engine.MerchantEdit{Name: r.Name, Extra: raw}, o)
	return answer(o, m, err, show)
}

// deleteAccount ends a merchant's keys. What it has paid stays.
func (a *API) deleteAccount(ctx context.Context, who engine.Caller, _ *wire.Call, _ wire.None) (accountDeleted, error) {
	m, err := a.Engine.DeleteMerchant(ctx, who)
	if err != nil {
		return accountDeleted{}, err
	}
	return accountDeleted{m.ID, true}, nil
}
