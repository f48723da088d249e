package jsonapi

import (
	"context"
	"net/http"
	"slices"
	"time"

	"penstock/engine"
	"penstock/engine/fx"
	"penstock/httpd/wire"
)

type resourceAttributes struct {
	Code     string `json:"code"`
	Name     string `json:"name"`
	RateType string `json:"rate_type"` // fixed: one rate both ways; commercial: ask and bid
	Pairs    int    `json:"pairs"`
	Date     *int64 `json:"date"` // of the rates, as the source says
	Imported *int64 `json:"imported"`
}

func showResource(s *fx.Sheet) resource {
	at := resourceAttributes{Code: s.Resource, Name: s.Resource, RateType: "fixed", Pairs: len(s.Pairs), Date: unix(s.At), Imported: unix(s.Imported)}
	if known, ok := fx.FindResource(s.Resource); ok {
		at.Name = known.Name
	}
	if s.Commercial {
		at.RateType = "commercial"
	}
	return resource{Type: typeResource, ID: s.Resource, Attributes: at, Links: &self{resourcesPath + "/" + s.Resource}}
}

// sheets are the rates of every source, and the sources that are known and
// have given none yet.
func (a *API) sheets(ctx context.Context) ([]fx.Sheet, error) {
	all, err := a.Engine.Sheets(ctx)
	if err != nil {
		return nil, err
	}
	for r := range fx.Resources() {
		if !slices.ContainsFunc(all, func(s fx.Sheet) bool { return s.Resource == r.Code }) {
			all = append(all, fx.Sheet{Resource: r.Code, Commercial: r.Commercial})
		}
	}
	return all, nil
}

func (a *API) listResources(ctx context.Context, _ engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	all, err := a.sheets(ctx)
	if err != nil {
		return document{}, err
	}
	type s = fx.Sheet
	return inMemory(c, all, shelf[s]{
		id: func(v *s) string { return v.Resource }, show: showResource, sorts: []string{"code"}, up: true, by: sorter[s]{"code": nil},
		fields: []filterField[s]{
			{"code", asText, func(v *s) any { return v.Resource }},
			{"available", asFlag, func(v *s) any { return len(v.Pairs) > 0 }},
		},
	})
}

// sheet is the source that the path names.
func (a *API) sheet(ctx context.Context, c *wire.Call) (*fx.Sheet, error) {
	all, err := a.sheets(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Resource == c.Param("code") {
			return &all[i], nil
		}
	}
	return nil, noSuch("rate_resource", c.Param("code"))
}

func (a *API) getResource(ctx context.Context, _ engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	s, err := a.sheet(ctx, c)
	if err != nil {
		return document{}, err
	}
	return document{Data: showResource(s)}, nil
}

type rateAttributes struct {
	Pair  string `json:"pair"`
	Base  string `json:"base"`
	Quote string `json:"quote"`
	Ask   string `json:"ask"` // eight decimals
	Bid   string `json:"bid"`
}

func (a *API) listResourceRates(ctx context.Context, _ engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	s, err := a.sheet(ctx, c)
	if err != nil {
		return document{}, err
	}
	type p = fx.Pair
	pair := func(v *p) string { return v.Base.Code() + "/" + v.Quote.Code() }
	return inMemory(c, slices.Clone(s.Pairs), shelf[p]{
		id: func(v *p) string { return s.Resource + "_" + pair(v) }, sorts: []string{"pair"}, up: true, by: sorter[p]{"pair": nil},
		show: func(v *p) resource {
			return resource{Type: typeRate, ID: s.Resource + "_" + pair(v), Attributes: rateAttributes{pair(v), v.Base.Code(), v.Quote.Code(), v.Ask.String8(), v.Bid.String8()},
				Relations: related{"rate-resource": one(typeResource, s.Resource)}}
		},
		fields: []filterField[p]{
			{"pair", asWord, func(v *p) any { return pair(v) }},
			{"base", asWord, func(v *p) any { return v.Base.Code() }},
			{"quote", asWord, func(v *p) any { return v.Quote.Code() }},
		},
	})
}

type quoteSent struct {
	PointID  *string `json:"point_id"`
	Base     *string `json:"base"`
	Quote    *string `json:"quote"`
	Lifetime *int64  `json:"lifetime"` // seconds
}

type quoteAttributes struct {
	Pair    string `json:"pair"`
	Base    string `json:"base"`
	Quote   string `json:"quote"`
	Rate    string `json:"rate"` // eight decimals
	Expires *int64 `json:"expires"`
	Created *int64 `json:"created"`
}

func showQuote(q *fx.Quote) resource {
	return resource{Type: typeQuote, ID: engine.PrefixQuote + q.ID, Attributes: quoteAttributes{
		q.From.Code() + "/" + q.To.Code(), q.From.Code(), q.To.Code(), q.Rate.String8(), unix(q.Expires), unix(q.Created)}}
}

// defaultQuote is how many seconds a rate is locked unless the call says.
const defaultQuote = 15 * 60

func (a *API) createQuote(ctx context.Context, who engine.Caller, c *wire.Call, b body[quoteSent]) (wire.Reply, error) {
	s, err := b.attributes(typeQuote, "")
	if err != nil {
		return wire.Reply{}, err
	}
	if s.PointID == nil {
		return wire.Reply{}, lacking("/data/attributes/point_id", "point_id")
	}
	from, err := currencyOf("base", s.Base)
	if err != nil {
		return wire.Reply{}, err
	}
	to, err := currencyOf("quote", s.Quote)
	if err != nil {
		return wire.Reply{}, err
	}
	life := int64(defaultQuote)
	if s.Lifetime != nil {
		life = *s.Lifetime
	}
	if life < 1 || life > int64(fx.MaxLifetime/time.Second) {
		return wire.Reply{}, badAttribute("lifetime", "must be 1 to %d seconds", int64(fx.MaxLifetime/time.Second))
	}
	return command(c, http.StatusCreated, showQuote, func(o *engine.Once) (*fx.Quote, error) {
		q, err := a.Engine.NewQuote(ctx, who, inner(engine.PrefixPoint, *s.PointID), from, to, time.Duration(life)*time.Second, o)
		if err != nil {
			err = &located{err: err, objects: map[engine.Object]string{engine.ObjPoint: "point_id"}}
		}
		return q, err
	})
}
