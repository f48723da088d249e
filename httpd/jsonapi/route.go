package jsonapi

import (
	"context"
	"net/http"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/routing"
	"penstock/httpd/wire"
)

const (
	typeRoute  = "payout-routes"
	routesPath = "/v1/payout-gateway/payout-routes"
)

type routeAttributes struct {
	Service    string       `json:"service"`
	Currency   string       `json:"currency"`
	Provider   string       `json:"provider"`
	ExternalID *string      `json:"external_id"`
	AmountMin  *wire.Number `json:"amount_min"` // null: that of the service
	AmountMax  *wire.Number `json:"amount_max"`
	Cost       costShown    `json:"cost"`
	Enabled    bool         `json:"enabled"`
	Archived   bool         `json:"archived"`
	TestMode   bool         `json:"test_mode"`
	Created    *int64       `json:"created"`
	Updated    *int64       `json:"updated"`
}

// costShown is what a provider takes: rate x amount + fixed, within min and max.
type costShown struct {
	Rate  wire.Number  `json:"rate"` // percent
	Fixed *wire.Number `json:"fixed"`
	Min   *wire.Number `json:"min"`
	Max   *wire.Number `json:"max"`
}

func showRoute(r *engine.Route, m engine.Mode) resource {
	id := engine.PrefixRoute + r.ID
	at := routeAttributes{
		Service: r.Service, Currency: r.Currency.Code(), Provider: r.Provider, ExternalID: shown(r.ExternalID), AmountMin: decimal(r.Min), AmountMax: decimal(r.Max),
		Cost:    costShown{percent(r.Cost.Rate), decimal(r.Cost.Fixed), decimal(r.Cost.Least), decimal(r.Cost.Most)},
		Enabled: !r.Disabled, Archived: r.Archived, TestMode: m == engine.Test, Created: unix(r.Created), Updated: unix(r.Changed),
	}
	return resource{Type: typeRoute, ID: id, Attributes: at, Links: &self{routesPath + "/" + id}, Relations: related{
		"payout-service":   one(typeService, r.Service),
		"deposit-account":  one(typeDeposit, prefixed(engine.PrefixDeposit, r.Deposit)),
		"provider-account": one(typeAccount, shownAccount(r.Account)),
	}}
}

func routeOf(who engine.Caller) func(*engine.Route) resource {
	return func(r *engine.Route) resource { return showRoute(r, who.Mode) }
}

func (a *API) listRoutes(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	all, err := a.Engine.Routes(ctx, who.Scope)
	if err != nil {
		return document{}, err
	}
	type r = engine.Route
	return inMemory(c, all, shelf[r]{
		id: func(v *r) string { return engine.PrefixRoute + v.ID }, show: routeOf(who), sorts: []string{"created", "service"},
		by:      sorter[r]{"created": nil, "service": compareBy(func(v *r) string { return v.Service })},
		archive: func(v *r) bool { return v.Archived },
		fields: []filterField[r]{
			{"id", asText, func(v *r) any { return engine.PrefixRoute + v.ID }},
			{"service", asText, func(v *r) any { return v.Service }},
			{"currency", asWord, func(v *r) any { return v.Currency.Code() }},
			{"provider", asText, func(v *r) any { return v.Provider }},
			{"deposit_account_id", asText, func(v *r) any { return engine.PrefixDeposit + v.Deposit }},
			{"provider_account_id", asText, func(v *r) any { return shownAccount(v.Account) }},
			{"enabled", asFlag, func(v *r) any { return !v.Disabled }},
			{"archived", asFlag, func(v *r) any { return v.Archived }},
			{"created", asTime, func(v *r) any { return v.Created }},
		},
	})
}

func (a *API) getRoute(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	r, err := a.Engine.Route(ctx, who.Scope, inner(engine.PrefixRoute, c.Param("id")))
	if err != nil {
		return document{}, err
	}
	return document{Data: showRoute(r, who.Mode)}, nil
}

type routeSent struct {
	Enabled    *bool                    `json:"enabled"`
	Archived   *bool                    `json:"archived"`
	ExternalID wire.Field[string]       `json:"external_id"`
	AmountMin  wire.Field[wire.Decimal] `json:"amount_min"`
	AmountMax  wire.Field[wire.Decimal] `json:"amount_max"`
	Cost       *costSent                `json:"cost"`
}

type costSent struct {
	Rate  *wire.Decimal `json:"rate"`
	Fixed *wire.Decimal `json:"fixed"`
	Min   *wire.Decimal `json:"min"`
	Max   *wire.Decimal `json:"max"`
}

func (s *routeSent) edit(in money.Currency) (ed engine.RouteEdit, err error) {
	ed = engine.RouteEdit{ExternalID: clearable(s.ExternalID), Archived: s.Archived}
	if s.Enabled != nil {
		off := !*s.Enabled
		ed.Disabled = &off
	}
	if ed.Min, err = limit("amount_min", s.AmountMin, in); err != nil {
		return ed, err
	}
	if ed.Max, err = limit("amount_max", s.AmountMax, in); err != nil {
		return ed, err
	}
	if s.Cost != nil {
		ed.Cost, err = s.Cost.cost(in)
	}
	return ed, err
}

// cost is the whole of it: what is absent is nothing.
func (s *costSent) cost(in money.Currency) (*routing.Cost, error) {
	var out routing.Cost
	var err error
	if s.Rate != nil {
		if out.Rate, err = millionths("cost.rate", *s.Rate); err != nil {
			return nil, err
		}
	}
	for _, part := range []struct {
		name string
		sent *wire.Decimal
		to   *money.Amount
	}{{"cost.fixed", s.Fixed, &out.Fixed}, {"cost.min", s.Min, &out.Least}, {"cost.max", s.Max, &out.Most}} {
		if part.sent != nil {
			if *part.to, err = amountOf(part.name, *part.sent, in); err != nil {
				return nil, err
			}
		}
	}
	return &out, nil
}

func (a *API) updateRoute(ctx context.Context, who engine.Caller, c *wire.Call, b body[routeSent]) (wire.Reply, error) {
	s, err := b.attributes(typeRoute, c.Param("id"))
	if err != nil {
		return wire.Reply{}, err
	}
	id := inner(engine.PrefixRoute, c.Param("id"))
	r, err := a.Engine.Route(ctx, who.Scope, id)
	if err != nil {
		return wire.Reply{}, err
	}
	ed, err := s.edit(r.Currency)
	if err != nil {
		return wire.Reply{}, err
	}
	return command(c, http.StatusOK, routeOf(who), func(o *engine.Once) (*engine.Route, error) {
		return a.Engine.UpdateRoute(ctx, who, id, ed, o)
	})
}

func (a *API) enableRoutes(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (wire.Reply, error) {
	return bulk(c, func(o *engine.Once) (int, error) { return a.Engine.SwitchRoutes(ctx, who, false, o) })
}

func (a *API) disableRoutes(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (wire.Reply, error) {
	return bulk(c, func(o *engine.Once) (int, error) { return a.Engine.SwitchRoutes(ctx, who, true, o) })
}

func (a *API) archiveRoutes(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (wire.Reply, error) {
	return bulk(c, func(o *engine.Once) (int, error) { return a.Engine.ArchiveDisabled(ctx, who, o) })
}
