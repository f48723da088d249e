package rest

import (
	"context"

	"penstock/engine"
	"penstock/httpd/wire"
)

// profile finds a profile of the caller's by the id of the path.
func (a *API) profile(ctx context.Context, who engine.Caller, c *wire.Call) (*engine.Point, error) {
	return a.profileByID(ctx, who, c.Param("id"))
}

func (a *API) profileByID(ctx context.Context, who engine.Caller, id string) (*engine.Point, error) {
	p, err := a.Engine.Point(ctx, who.Scope, pointID(id))
	if isCode(err, engine.CodeNotFound) || err == nil && p.Archived {
		return nil, &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjPoint, ID: pointID(id)}
	}
	return p, err
}

func (a *API) createProfile(ctx context.Context, who engine.Caller, c *wire.Call, r profileRequest) (wire.Reply, error) {
	hash, err := a.hashKey(r.HashKey)
	if err != nil {
		return wire.Reply{}, err
	}
	r.HashKey = &hash
	if r.Name == nil {
		name := "default"
		r.Name = &name
	}
	algorithm, err := givenAlgorithm(r.Routing)
	if err == nil {
		err = a.namesConnectors(ctx, who.Scope, algorithm)
	}
	if err != nil {
		return wire.Reply{}, err
	}
	made := func(p *engine.Point) error { return a.follow(context.WithoutCancel(ctx), who, p.ID, algorithm) }
	return a.saveProfile(ctx, who, "", once(c, "merchant"), r, profileExtra{}, hash, "", made)
}

func (a *API) updateProfile(ctx context.Context, who engine.Caller, c *wire.Call, r profileRequest) (wire.Reply, error) {
	p, err := a.profile(ctx, who, c)
	if err != nil {
		return wire.Reply{}, err
	}
	o := once(c, "merchant", "id")
	if again, done, err := a.saidBefore(ctx, who, o); done || err != nil {
		return again, err
	}
	scheme := ""
	algorithm, err := givenAlgorithm(r.Routing)
	if err == nil && algorithm != nil { // one that nobody follows yet
		algorithm.Point = p.ID
		var s *engine.Scheme
		if s, err = a.Engine.CreateAlgorithm(ctx, who, *algorithm, nil); err == nil {
			scheme = s.ID
		}
	}
	if err != nil {
		return wire.Reply{}, err
	}
	return a.saveProfile(ctx, who, p.ID, o, r, readProfile(p.Extra), "", scheme, nil)
}

// saveProfile makes or changes one, which then goes by scheme unless that is "".
// What is stored for a repeat is masked. made is called once it is stored.
func (a *API) saveProfile(ctx context.Context, who engine.Caller, id string, o *engine.Once, r profileRequest, x profileExtra, hash, scheme string, made func(*engine.Point) error) (wire.Reply, error) {
	ed, hook, err := r.edit(x)
	if err != nil {
		return wire.Reply{}, err
	}
	if scheme != "" {
		ed.Scheme = &scheme
	}
	after := engine.PointHook{HashKey: hash}
	if id != "" {
		if was, err := a.Engine.PointHookOf(ctx, who.Scope, id); err != nil {
			return wire.Reply{}, err
		} else if was != nil {
			after = *was
		}
	}
	if r.HashKey != nil {
		after.HashKey = *r.HashKey
	}
	if r.Headers != nil {
		after.Headers = *r.Headers
	}
	o = rendered(o, func(p *engine.Point) any { return showProfile(who.Merchant, p, &after, "") })
	p, err := a.Engine.SavePoint(ctx, who, id, ed, hook, o)
	if err == nil && made != nil && !o.Replayed {
		err = made(p)
	}
	return answer(o, p, in(saveProfile, err), func(p *engine.Point) any { return showProfile(who.Merchant, p, &after, hash) })
}

func (a *API) getProfile(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (profileResponse, error) {
	p, err := a.profile(ctx, who, c)
	if err != nil {
		return profileResponse{}, err
	}
	return a.profileNow(ctx, who, p)
}

func (a *API) profileNow(ctx context.Context, who engine.Caller, p *engine.Point) (profileResponse, error) {
	hook, err := a.Engine.PointHookOf(ctx, who.Scope, p.ID)
	return showProfile(who.Merchant, p, hook, ""), err
}

func (a *API) listProfiles(ctx context.Context, who engine.Caller, _ *wire.Call, _ wire.None) ([]profileResponse, error) {
	m, err := a.Engine.LiveMerchant(ctx, who.Merchant)
	if err != nil {
		return nil, err
	}
	points, err := a.Engine.LivePoints(ctx, who.Scope)
	if err != nil {
		return nil, err
	}
	out := []profileResponse{}
	for _, p := range profilesOf(pointers(points), m.Point) {
		one, err := a.profileNow(ctx, who, p)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// deleteProfile takes a profile out of use: it takes no new payouts, those
// that it has go on, and its history stays.
func (a *API) deleteProfile(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (bool, error) {
	p, err := a.profile(ctx, who, c)
	if err != nil {
		return false, err
	}
	yes := true
	_, err = a.Engine.UpdatePoint(ctx, who, p.ID, engine.PointEdit{Archived: &yes}, nil)
	return err == nil, err
}
