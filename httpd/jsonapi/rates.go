package jsonapi

import (
	"context"
	"net/http"

	"penstock/engine"
	"penstock/httpd/wire"
)

const (
	typeRates     = "rate-schemes"
	typeRule      = "rate-rules"
	typeResource  = "rate-resources"
	typeRate      = "exchange-rates"
	typeQuote     = "rate-quotes"
	ratesPath     = "/v1/fx-rates/schemes"
	resourcesPath = "/v1/fx-rates/resources"
)

// ratesID is a rate scheme's id as it is shown; "" of none. The System
// scheme's is ers_system.
func ratesID(id string) string { return prefixed(engine.PrefixRates, id) }

type ratesAttributes struct {
	Name        string  `json:"name"`
	Description *string `json:"description"`
	System      bool    `json:"system"`
	Fallback    bool    `json:"allow_fallback"` // to the System scheme, for pairs without a rule
	Created     *int64  `json:"created"`
	Updated     *int64  `json:"updated"`
}

func showRates(s *engine.RateScheme) resource {
	id := ratesID(s.ID)
	var rules []string
	for _, r := range s.Rules {
		rules = append(rules, prefixRule+r.ID)
	}
	return resource{Type: typeRates, ID: id, Links: &self{ratesPath + "/" + id},
		Attributes: ratesAttributes{s.Name, shown(s.Description), s.System, s.Fallback, unix(s.Created), unix(s.Changed)},
		Relations:  related{"rules": many(typeRule, rules)}}
}

type ratesSent struct {
	Name        *string            `json:"name"`
	Description wire.Field[string] `json:"description"`
	Fallback    *bool              `json:"allow_fallback"`
	TestMode    *bool              `json:"test_mode"`
}

func (a *API) listRates(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	all, err := a.Engine.RateSchemes(ctx, who.Scope)
	if err != nil {
		return document{}, err
	}
	type s = engine.RateScheme
	return inMemory(c, all, shelf[s]{
		id: func(v *s) string { return ratesID(v.ID) }, show: showRates, sorts: []string{"created", "name"},
		by: sorter[s]{"created": nil, "name": compareBy(func(v *s) string { return v.Name })},
		fields: []filterField[s]{
			{"name", asText, func(v *s) any { return v.Name }},
			{"system", asFlag, func(v *s) any { return v.System }},
			{"created", asTime, func(v *s) any { return v.Created }},
		},
	})
}

// rates is the scheme that the path names.
func (a *API) rates(ctx context.Context, who engine.Caller, c *wire.Call) (*engine.RateScheme, error) {
	return a.Engine.Rates(ctx, who.Scope, inner(engine.PrefixRates, c.Param("id")))
}

func (a *API) getRates(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	s, err := a.rates(ctx, who, c)
	if err != nil {
		return document{}, err
	}
	return document{Data: showRates(s)}, nil
}

func (a *API) createRates(ctx context.Context, who engine.Caller, c *wire.Call, b body[ratesSent]) (wire.Reply, error) {
	s, err := b.attributes(typeRates, "")
	if err != nil {
		return wire.Reply{}, err
	}
	if s.Name == nil {
		return wire.Reply{}, lacking("/data/attributes/name", "name")
	}
	return a.saveRates(ctx, who, c, http.StatusCreated, "", s)
}

func (a *API) updateRates(ctx context.Context, who engine.Caller, c *wire.Call, b body[ratesSent]) (wire.Reply, error) {
	s, err := b.attributes(typeRates, c.Param("id"))
	if err != nil {
		return wire.Reply{}, err
	}
	old, err := a.rates(ctx, who, c)
	if err != nil {
		return wire.Reply{}, err
	}
	return a.saveRates(ctx, who, c, http.StatusOK, old.ID, s)
}

func (a *API) saveRates(ctx context.Context, who engine.Caller, c *wire.Call, status int, id string, s *ratesSent) (wire.Reply, error) {
	if err := inMode(who, s.TestMode); err != nil {
		return wire.Reply{}, err
	}
	ed := engine.RatesEdit{Name: s.Name, Description: clearable(s.Description), Fallback: s.Fallback}
	return command(c, status, showRates, func(o *engine.Once) (*engine.RateScheme, error) { return a.Engine.SaveRates(ctx, who, id, ed, o) })
}

func (a *API) deleteRates(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (wire.Reply, error) {
	s, err := a.rates(ctx, who, c)
	if err != nil {
		return wire.Reply{}, err
	}
	if err := a.Engine.DeleteRates(ctx, who, s.ID, nil); err != nil {
		return wire.Reply{}, err
	}
	return wire.Reply{Status: http.StatusNoContent}, nil
}
