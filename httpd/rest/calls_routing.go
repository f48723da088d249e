package rest

import (
	"context"
	"encoding/json"

	"penstock/engine"
	"penstock/httpd/wire"
)

// prefixAlgorithm begins the id of a routing algorithm.
const prefixAlgorithm = "routing_"

// forPayouts refuses what is not about payouts.
func forPayouts(w *routedWord) error {
	if w != nil && *w != "payout" {
		return notBuilt("Routing of " + string(*w) + "s")
	}
	return nil
}

func showAlgorithm(s *engine.Scheme) algorithmRecord {
	var r routing
	kind := ""
	if wire.Decode(s.Extra, &r, wire.DecodeOptions{AnyValue: true, IgnoreUnknown: true}) == nil {
		kind = r.kind
	}
	return algorithmRecord{ID: prefixAlgorithm + s.ID, ProfileID: engine.PrefixProfile + s.Point, Name: s.Name, Kind: kind, Description: shown(s.Description),
		Created: s.Created.Unix(), Modified: s.Changed.Unix(), For: "payout"}
}

func algorithmAnswer(s *engine.Scheme) any { return showAlgorithm(s) }

func (a *API) createAlgorithm(ctx context.Context, who engine.Caller, c *wire.Call, r algorithmRequest) (wire.Reply, error) {
	if err := forPayouts(r.For); err != nil {
		return wire.Reply{}, err
	}
	if r.Name == nil {
		return wire.Reply{}, missingParam("name")
	}
	if r.Algorithm == nil {
		return wire.Reply{}, missingParam("algorithm")
	}
	switch {
	case len([]rune(*r.Name)) > 64:
		return wire.Reply{}, tooLong("name", 64)
	case len([]rune(said(r.Description))) > 256:
		return wire.Reply{}, tooLong("description", 256)
	}
	var algo routing
	if err := wire.Decode(r.Algorithm, &algo, wire.DecodeOptions{IgnoreUnknown: true}); err != nil {
		return wire.Reply{}, err
	}
	n := engine.NewAlgorithm{Name: *r.Name, Description: said(r.Description), Extra: json.RawMessage(r.Algorithm)}
	var err error
	if n.Refs, err = algo.exits(); err != nil {
		return wire.Reply{}, err
	}
	if n.Tree, err = algo.tree(); err != nil {
		return wire.Reply{}, err
	}
	p, err := a.routedProfile(ctx, who, c, r.ProfileID)
	if err != nil {
		return wire.Reply{}, err
	}
	n.Point = p.ID
	o := rendered(once(c), algorithmAnswer)
	s, err := a.Engine.CreateAlgorithm(ctx, who, n, o)
	return answer(o, s, err, algorithmAnswer)
}

// routedProfile is the profile that is meant: named in the body, the query or
// the header, or the default.
func (a *API) routedProfile(ctx context.Context, who engine.Caller, c *wire.Call, named *string) (*engine.Point, error) {
	id := either(either(said(named), c.Query("profile_id")), c.Header("X-Profile-Id"))
	return a.connectorProfile(ctx, who, c, &connectorRequest{ProfileID: shown(id)})
}

// algorithm finds one of this dialect's.
func (a *API) algorithm(ctx context.Context, who engine.Caller, id string) (*engine.Scheme, error) {
	gone := &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjScheme, ID: id}
	if len(id) <= len(prefixAlgorithm) || id[:len(prefixAlgorithm)] != prefixAlgorithm {
		return nil, gone
	}
	s, err := a.Engine.Scheme(ctx, who.Scope, id[len(prefixAlgorithm):])
	if isCode(err, engine.CodeNotFound) || err == nil && (s.Any == nil || s.Archived) {
		return nil, gone
	}
	return s, err
}

func (a *API) getAlgorithm(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (algorithmShown, error) {
	s, err := a.algorithm(ctx, who, c.Param("id"))
	if err != nil {
		return algorithmShown{}, err
	}
	return algorithmShown{showAlgorithm(s), s.Extra}, nil
}

func (a *API) listAlgorithms(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) ([]algorithmRecord, error) {
	limit, err := number(c, "limit", 100, 1, 1000)
	if err != nil {
		return nil, err
	}
	skip, err := number(c, "offset", 0, 0, 1<<30)
	if err != nil {
		return nil, err
	}
	all, err := a.Engine.Schemes(ctx, who.Scope)
	if err != nil {
		return nil, err
	}
	out := []algorithmRecord{}
	for i := range all {
		switch {
		case all[i].Any == nil || all[i].Archived:
		case skip > 0:
			skip--
		case len(out) < limit:
			out = append(out, showAlgorithm(&all[i]))
		}
	}
	return out, nil
}

// activeAlgorithms are those in force, one to a profile.
func (a *API) activeAlgorithms(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) ([]algorithmRecord, error) {
	points, err := a.Engine.LivePoints(ctx, who.Scope)
	if err != nil {
		return nil, err
	}
	only := pointID(either(c.Query("profile_id"), c.Header("X-Profile-Id")))
	out := []algorithmRecord{}
	for i := range points {
		if points[i].Scheme == "" || only != "" && only != points[i].ID {
			continue
		}
		s, err := a.algorithm(ctx, who, prefixAlgorithm+points[i].Scheme)
		switch {
		case isCode(err, engine.CodeNotFound): // a scheme of another dialect
		case err != nil:
			return nil, err
		default:
			out = append(out, showAlgorithm(s))
		}
	}
	return out, nil
}

func (a *API) activateAlgorithm(ctx context.Context, who engine.Caller, c *wire.Call, r activation) (wire.Reply, error) {
	if err := forPayouts(r.For); err != nil {
		return wire.Reply{}, err
	}
	o := rendered(once(c, "id"), algorithmAnswer)
	if again, done, err := a.saidBefore(ctx, who, o); done || err != nil {
		return again, err
	}
	s, err := a.algorithm(ctx, who, c.Param("id"))
	if err != nil {
		return wire.Reply{}, err
	}
	s, err = a.Engine.ActivateAlgorithm(ctx, who, s.Point, s.ID, o)
	return answer(o, s, in(activateRouting, err), algorithmAnswer)
}

func (a *API) deactivateAlgorithm(ctx context.Context, who engine.Caller, c *wire.Call, r activation) (wire.Reply, error) {
	if err := forPayouts(r.For); err != nil {
		return wire.Reply{}, err
	}
	p, err := a.routedProfile(ctx, who, c, r.ProfileID)
	if err != nil {
		return wire.Reply{}, err
	}
	o := rendered(once(c), algorithmAnswer)
	s, err := a.Engine.ActivateAlgorithm(ctx, who, p.ID, "", o)
	return answer(o, s, in(deactivateRouting, err), algorithmAnswer)
}

// getFallback is the profile's own list, or else its connectors in their order.
func (a *API) getFallback(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) ([]routeShown, error) {
	p, err := a.routedProfile(ctx, who, c, nil)
	if err != nil {
		return nil, err
	}
	return a.fallbackOf(ctx, who, p)
}

func (a *API) fallbackOf(ctx context.Context, who engine.Caller, p *engine.Point) ([]routeShown, error) {
	out := []routeShown{}
	for _, x := range p.Fallback {
		out = append(out, routeShown{x.Provider, shown(x.Account)})
	}
	if len(out) > 0 {
		return out, nil
	}
	list, err := a.Engine.Accounts(ctx, who.Scope)
	for _, given := range []bool{false, true} { // that which is there from the start comes last
		for i := range list {
			if l := &list[i]; l.Given() == given && !l.Archived && (l.Point == "" || l.Point == p.ID) {
				out = append(out, routeShown{l.Provider, shown(l.ID)})
			}
		}
	}
	return out, err
}

// setFallback gives a profile another list; an empty one takes it away.
func (a *API) setFallback(ctx context.Context, who engine.Caller, c *wire.Call, r fallbackList) (wire.Reply, error) {
	p, err := a.routedProfile(ctx, who, c, nil)
	if err != nil {
		return wire.Reply{}, err
	}
	list := []engine.Exit{}
	for _, choice := range r {
		list = append(list, engine.Exit{Provider: choice.Connector, Account: choice.Account})
	}
	show := func(p *engine.Point) any {
		out := []routeShown{}
		for _, x := range p.Fallback {
			out = append(out, routeShown{x.Provider, shown(x.Account)})
		}
		return out
	}
	o := rendered(once(c), show)
	p, err = a.Engine.SavePoint(ctx, who, p.ID, engine.PointEdit{Fallback: list}, engine.PointHookEdit{}, o)
	return answer(o, p, err, show)
}

// fallbackList is the body of setFallback.
type fallbackList []routeChoice
