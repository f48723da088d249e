package jsonapi

import (
	"context"
	"slices"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/service"
	"penstock/httpd/wire"
)

const (
	typeProvider  = "payment-providers"
	typeMethod    = "payout-methods"
	typeService   = "payout-services"
	providersPath = "/v1/connect-directory/payment-providers"
	methodsPath   = "/v1/connect-directory/payout-methods"
	servicesPath  = "/v1/connect-directory/payout-services"
)

func (a *API) directory() *service.Directory { return a.Engine.Directory }

type providerAttributes struct {
	Name        string               `json:"name"`
	Aliases     []string             `json:"aliases"`
	Features    []string             `json:"features"`
	Modes       []string             `json:"modes"`
	Ready       bool                 `json:"ready"` // an account can be connected in the key's mode
	Credentials []service.Credential `json:"credentials"`
	Services    []string             `json:"payout_services"`
}

func showProvider(p *service.Provider, m engine.Mode) resource {
	return resource{Type: typeProvider, ID: p.Name, Links: &self{providersPath + "/" + p.Name}, Attributes: providerAttributes{
		Name: p.Label, Aliases: listed(p.Aliases), Features: listed(p.Features), Modes: listed(p.Modes), Ready: p.In(string(m)), Credentials: listed(p.Credentials), Services: listed(p.Services)}}
}

type methodAttributes struct {
	Code  string       `json:"code"`
	Label service.Text `json:"label"`
}

func showMethod(m *service.PayoutMethod) resource {
	return resource{Type: typeMethod, ID: m.Code, Attributes: methodAttributes{m.Code, m.Label}, Links: &self{methodsPath + "/" + m.Code}}
}

type serviceAttributes struct {
	Code      string                 `json:"code"`
	Method    string                 `json:"method"`
	Currency  string                 `json:"currency"` // XXX: any
	Status    string                 `json:"status"`
	AmountMin string                 `json:"amount_min"`
	AmountMax string                 `json:"amount_max"`
	Fields    []service.ServiceField `json:"fields"`
	AnyOf     []string               `json:"any_of"` // keys of fields of which one is needed
}

func showService(s *service.Service) resource {
	o := s.Offer()
	at := serviceAttributes{Code: o.Code, Method: o.Method, Currency: o.Currency, Status: "active", AmountMin: o.AmountMin, AmountMax: o.AmountMax, Fields: listed(o.Fields), AnyOf: listed(o.AnyOf)}
	if !s.Active {
		at.Status = "inactive"
	}
	return resource{Type: typeService, ID: s.Code, Attributes: at, Links: &self{servicesPath + "/" + s.Code},
		Relations: related{"payout-method": one(typeMethod, s.Method)}}
}

func noSuch(o engine.Object, id string) error {
	return &engine.Error{Code: engine.CodeNotFound, Object: o, ID: id}
}

func (a *API) listProviders(_ context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	type p = service.Provider
	return inMemory(c, a.directory().Providers(), shelf[p]{
		id: func(v *p) string { return v.Name }, show: func(v *p) resource { return showProvider(v, who.Mode) }, sorts: []string{"name"}, up: true,
		by: sorter[p]{"name": nil},
		fields: []filterField[p]{
			{"name", asText, func(v *p) any { return append([]string{v.Name}, v.Aliases...) }},
			{"feature", asText, func(v *p) any { return v.Features }},
			{"payout_service", asText, func(v *p) any { return v.Services }},
			{"ready", asFlag, func(v *p) any { return v.In(string(who.Mode)) }},
		},
	})
}

func (a *API) getProvider(_ context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	p, ok := a.directory().Provider(c.Param("code"))
	if !ok {
		return document{}, noSuch("payment_provider", c.Param("code"))
	}
	return document{Data: showProvider(&p, who.Mode)}, nil
}

func (a *API) listMethods(_ context.Context, _ engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	type m = service.PayoutMethod
	return inMemory(c, a.directory().PayoutMethods(), shelf[m]{
		id: func(v *m) string { return v.Code }, show: showMethod, sorts: []string{"code"}, up: true, by: sorter[m]{"code": nil},
		fields: []filterField[m]{{"code", asText, func(v *m) any { return v.Code }}},
	})
}

func (a *API) getMethod(_ context.Context, _ engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	m, ok := a.directory().PayoutMethod(c.Param("code"))
	if !ok {
		return document{}, noSuch("payout_method", c.Param("code"))
	}
	return document{Data: showMethod(&m)}, nil
}

// listServices narrows by currency and amount too: filter[currency]=EUR are
// those that pay in EUR, services of any currency included; filter[amount] with
// it those that take so much.
func (a *API) listServices(_ context.Context, _ engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	type s = service.Service
	values := c.QueryValues()
	all := slices.Collect(a.directory().Services())
	code, amount := values.Get("filter[currency]"), values.Get("filter[amount]")
	if code == "" && amount != "" {
		return document{}, badQuery("filter[amount]", "Invalid value provided for field `amount`. It goes with filter[currency].")
	}
	if code != "" {
		in, err := money.ParseCurrency(code)
		if err != nil {
			return document{}, badQuery("filter[currency]", "Invalid value provided for field `currency`. Expected currency type.")
		}
		all = slices.DeleteFunc(all, func(v s) bool { return !v.Pays(in) })
		if amount != "" {
			a, err := money.Parse(amount, in)
			if err != nil {
				return document{}, badQuery("filter[amount]", "Invalid value provided for field `amount`. Expected decimal type.")
			}
			all = slices.DeleteFunc(all, func(v s) bool { return !v.Allows(a) })
		}
	}
	return inMemory(c, all, shelf[s]{
		id: func(v *s) string { return v.Code }, show: showService, sorts: []string{"code"}, up: true, by: sorter[s]{"code": nil}, includes: []string{"payout-method"},
		fields: []filterField[s]{
			{"code", asText, func(v *s) any { return v.Code }},
			{"method", asText, func(v *s) any { return v.Method }},
			{"status", asWord, func(v *s) any { return showService(v).Attributes.(serviceAttributes).Status }},
		},
		include: func(_ []string, items []s) ([]resource, error) {
			out, seen := []resource{}, map[string]bool{}
			for i := range items {
				if m, ok := a.directory().PayoutMethod(items[i].Method); ok && !seen[m.Code] {
					seen[m.Code] = true
					out = append(out, showMethod(&m))
				}
			}
			return out, nil
		},
	})
}

func (a *API) getService(_ context.Context, _ engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	s, ok := a.directory().Service(c.Param("code"))
	if !ok {
		return document{}, noSuch("payout_service", c.Param("code"))
	}
	return document{Data: showService(&s)}, nil
}
