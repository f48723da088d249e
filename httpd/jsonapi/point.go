package jsonapi

import (
	"context"
	"net/http"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/httpd/wire"
)

const (
	typePoint  = "payout-points"
	pointsPath = "/v1/payout-gateway/payout-points"
)

type pointAttributes struct {
	Name        string   `json:"name"`
	Description *string  `json:"description"`
	Currencies  []string `json:"currencies"`
	RateScheme  *string  `json:"rate_scheme_id"`
	Scheme      *string  `json:"routing_scheme_id"`
	CallbackURL *string  `json:"callback_url"`
	OnlyFinal   bool     `json:"only_final_callbacks"`
	Internal    bool     `json:"expose_internal_data"`
	Queue       bool     `json:"queue_on_shortage"`
	Archived    bool     `json:"archived"`
	TestMode    bool     `json:"test_mode"`
	Created     *int64   `json:"created"`
	Updated     *int64   `json:"updated"`
}

func showPoint(p *engine.Point, m engine.Mode) resource {
	id := engine.PrefixPoint + p.ID
	at := pointAttributes{
		Name: p.Name, Description: shown(p.Description), Currencies: []string{}, RateScheme: shown(prefixed(engine.PrefixRates, p.RateScheme)),
		Scheme: shown(prefixed(engine.PrefixScheme, p.Scheme)), CallbackURL: shown(p.CallbackURL), OnlyFinal: p.OnlyFinal, Internal: p.Internal,
		Queue: p.Queue, Archived: p.Archived, TestMode: m == engine.Test, Created: unix(p.Created), Updated: unix(p.Changed),
	}
	for _, c := range p.Currencies {
		at.Currencies = append(at.Currencies, c.Code())
	}
	return resource{Type: typePoint, ID: id, Attributes: at, Links: &self{pointsPath + "/" + id}, Relations: related{
		"rate-schema":    one(typeRates, ratesID(p.RateScheme)),
		"routing-schema": one(typeScheme, prefixed(engine.PrefixScheme, p.Scheme)),
	}}
}

func pointOf(who engine.Caller) func(*engine.Point) resource {
	return func(p *engine.Point) resource { return showPoint(p, who.Mode) }
}

// pointSent is what a point is made from, and what changes it.
type pointSent struct {
	Name        *string            `json:"name"`
	Description wire.Field[string] `json:"description"`
	Currencies  *[]string          `json:"currencies"`
	RateScheme  wire.Field[string] `json:"rate_scheme_id"`
	Scheme      wire.Field[string] `json:"routing_scheme_id"`
	CallbackURL wire.Field[string] `json:"callback_url"`
	OnlyFinal   *bool              `json:"only_final_callbacks"`
	Internal    *bool              `json:"expose_internal_data"`
	Queue       *bool              `json:"queue_on_shortage"`
	Archived    *bool              `json:"archived"`
	TestMode    *bool              `json:"test_mode"`
}

func (s *pointSent) edit(who engine.Caller) (ed engine.PointEdit, err error) {
	if err := inMode(who, s.TestMode); err != nil {
		return ed, err
	}
	ed = engine.PointEdit{Name: s.Name, Description: clearable(s.Description), CallbackURL: clearable(s.CallbackURL),
		OnlyFinal: s.OnlyFinal, Internal: s.Internal, Queue: s.Queue, Archived: s.Archived}
	ed.RateScheme, ed.Scheme = named(engine.PrefixRates, s.RateScheme), named(engine.PrefixScheme, s.Scheme)
	if s.Currencies == nil {
		return ed, nil
	}
	ed.Currencies = []money.Currency{}
	for _, code := range *s.Currencies {
		c, err := currencyOf("currencies", &code)
		if err != nil {
			return ed, err
		}
		ed.Currencies = append(ed.Currencies, c)
	}
	return ed, nil
}

// clearable is a text that null takes away.
func clearable(f wire.Field[string]) *string {
	if !f.Set {
		return nil
	}
	return &f.Value
}

// named reads the id of another resource; null is "", which takes it away.
func named(prefix string, f wire.Field[string]) *string {
	if !f.Set || f.Null {
		return clearable(f)
	}
	id := inner(prefix, f.Value)
	return &id
}

// inPoint says where in a point's attributes stands what the engine refuses.
func inPoint(err error) error {
	if err == nil {
		return nil
	}
	return &located{err: err, objects: map[engine.Object]string{engine.ObjRates: "rate_scheme_id", engine.ObjScheme: "routing_scheme_id"}}
}

func (a *API) createPoint(ctx context.Context, who engine.Caller, c *wire.Call, b body[pointSent]) (wire.Reply, error) {
	s, err := b.attributes(typePoint, "")
	if err != nil {
		return wire.Reply{}, err
	}
	var n need
	n.want(s.Name != nil, "name")
	n.want(s.Currencies != nil, "currencies")
	if err := n.err(); err != nil {
		return wire.Reply{}, err
	}
	ed, err := s.edit(who)
	if err != nil {
		return wire.Reply{}, err
	}
	return command(c, http.StatusCreated, pointOf(who), func(o *engine.Once) (*engine.Point, error) {
		p, err := a.Engine.CreatePoint(ctx, who, ed, o)
		return p, inPoint(err)
	})
}

func (a *API) updatePoint(ctx context.Context, who engine.Caller, c *wire.Call, b body[pointSent]) (wire.Reply, error) {
	s, err := b.attributes(typePoint, c.Param("id"))
	if err != nil {
		return wire.Reply{}, err
	}
	ed, err := s.edit(who)
	if err != nil {
		return wire.Reply{}, err
	}
	return a.changePoint(ctx, who, c, ed)
}

// deletePoint archives it: requests that were made at a point keep it.
func (a *API) deletePoint(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (wire.Reply, error) {
	yes := true
	return a.changePoint(ctx, who, c, engine.PointEdit{Archived: &yes})
}

func (a *API) changePoint(ctx context.Context, who engine.Caller, c *wire.Call, ed engine.PointEdit) (wire.Reply, error) {
	return command(c, http.StatusOK, pointOf(who), func(o *engine.Once) (*engine.Point, error) {
		p, err := a.Engine.UpdatePoint(ctx, who, inner(engine.PrefixPoint, c.Param("id")), ed, o)
		return p, inPoint(err)
	})
}

func (a *API) getPoint(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	p, err := a.Engine.Point(ctx, who.Scope, inner(engine.PrefixPoint, c.Param("id")))
	if err != nil {
		return document{}, err
	}
	return document{Data: showPoint(p, who.Mode)}, nil
}

func (a *API) listPoints(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	all, err := a.Engine.Points(ctx, who.Scope)
	if err != nil {
		return document{}, err
	}
	type p = engine.Point
	return inMemory(c, all, shelf[p]{
		id: func(v *p) string { return engine.PrefixPoint + v.ID }, show: pointOf(who), sorts: []string{"created", "name"},
		by: sorter[p]{"created": nil, "name": compareBy(func(v *p) string { return v.Name })},
		fields: []filterField[p]{
			{"id", asText, func(v *p) any { return engine.PrefixPoint + v.ID }},
			{"name", asText, func(v *p) any { return v.Name }},
			{"currency", asWord, func(v *p) any { return codes(v.Currencies) }},
			{"archived", asFlag, func(v *p) any { return v.Archived }},
			{"created", asTime, func(v *p) any { return v.Created }},
		},
	})
}

func codes(all []money.Currency) (out []string) {
	for _, c := range all {
		out = append(out, c.Code())
	}
	return out
}
