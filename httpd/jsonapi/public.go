package jsonapi

import (
	"context"
	"errors"
	"fmt"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/service"
	"penstock/httpd/wire"
)

// prerequest is what a page asks before a recipient chooses: which services
// pay so much in a currency. It bears the publishable key in its body.
type prerequest struct {
	PublicKey *string       `json:"public_key"`
	Currency  *string       `json:"currency"`
	Amount    *wire.Decimal `json:"amount"`
}

// byPublicKey is who may call: whoever bears a publishable key.
func (a *API) byPublicKey() wire.Auth[engine.Caller] {
	return wire.Auth[engine.Caller]{
		Check: func(ctx context.Context, c *wire.Call) (engine.Caller, error) {
			var b struct {
				PublicKey *string `json:"public_key"`
			}
			if err := wire.Decode(c.Body, &b, wire.DecodeOptions{IgnoreUnknown: true}); err != nil {
				return engine.Caller{}, err
			}
			if b.PublicKey == nil {
				return engine.Caller{}, lacking("/public_key", "public_key")
			}
			who, err := a.caller(ctx, c, "", *b.PublicKey)
			if err == nil && !who.Publishable {
				return engine.Caller{}, fmt.Errorf("a secret key in a public place: %w", wire.ErrUnauthenticated)
			}
			return who, err
		},
		Who: whoOf,
	}
}

type prerequestAttributes struct {
	Currency string                  `json:"currency"`
	TestMode bool                    `json:"test_mode"`
	Services map[string]serviceOffer `json:"services"`
}

type serviceOffer struct {
	Code         string                 `json:"code"`
	Method       string                 `json:"method"`
	Currency     string                 `json:"currency"`
	Fields       []service.ServiceField `json:"fields"`
	AnyOf        []string               `json:"any_of"`
	AmountMin    string                 `json:"amount_min"`
	AmountMax    string                 `json:"amount_max"`
	ExchangeRate string                 `json:"exchange_rate"`
	Status       string                 `json:"status"`
}

type prerequestResource struct {
	Type       string               `json:"type"`
	Attributes prerequestAttributes `json:"attributes"`
}

// offer lists the services by which the merchant can pay now, of those that
// take the amount. Nothing is stored.
func (a *API) offer(ctx context.Context, who engine.Caller, _ *wire.Call, r prerequest) (document, error) {
	if r.Currency == nil {
		return document{}, lacking("/currency", "currency")
	}
	in, err := money.ParseCurrency(*r.Currency)
	if err != nil {
		return document{}, wrong("/currency", "currency must be the code of a currency, such as EUR, in capital letters")
	}
	amount := money.Amount{}
	if r.Amount != nil {
		var f *fault
		if amount, err = positive("amount", *r.Amount, in); errors.As(err, &f) {
			return document{}, wrong("/amount", f.detail)
		}
	}
	routes, err := a.Engine.Routes(ctx, who.Scope)
	if err != nil {
		return document{}, err
	}
	open := map[string]bool{}
	for _, route := range routes {
		if !route.Disabled && !route.Archived {
			open[route.Service] = true
		}
	}
	out := prerequestAttributes{Currency: in.Code(), TestMode: who.Mode == engine.Test, Services: map[string]serviceOffer{}}
	for _, s := range a.directory().For(in, amount) {
		if !open[s.Code] {
			continue
		}
		o := s.Offer()
		out.Services[s.Code] = serviceOffer{o.Code, o.Method, o.Currency, listed(o.Fields), listed(o.AnyOf), o.AmountMin, o.AmountMax, "1.00000000", o.Status}
	}
	return document{Data: prerequestResource{"payout-prerequest", out}}, nil
}
