package rest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/service"
	"penstock/httpd/wire"
)

// offer is what a connected provider can be paid by, or pay by.
type offer struct {
	Merchant *string        `json:"merchant_name"`
	Currency *string        `json:"currency"`
	Redirect *string        `json:"redirect_url"`
	Methods  []offeredKinds `json:"payment_methods"`
}

type offeredKinds struct {
	Method string        `json:"payment_method"`
	Types  []offeredType `json:"payment_method_types"`
}

type offeredType struct {
	Type       string   `json:"payment_method_type"`
	Currencies []string `json:"accepted_currencies"`
	Connectors []string `json:"eligible_connectors"`
}

// bearer is whose a client secret is: a payment's, a payout's, or that of a
// payment method that waits for its details.
type bearer struct {
	customer string // empty: nobody's
	currency money.Currency
	returnTo string
}

// bearerOf finds whose a client secret is. One that is nobody's, and one of
// something that isn't there, are the same.
func (a *API) bearerOf(ctx context.Context, who engine.Caller, secret string) (bearer, error) {
	id, _, _ := strings.Cut(secret, "_secret_")
	if p, err := a.Engine.Payment(ctx, who, id); err == nil {
		if provePayment(p, &secret) == nil {
			return bearer{p.Customer, p.Amount.Currency(), readPayment(p.Extra).ReturnURL}, nil
		}
	} else if !isCode(err, engine.CodeNotFound) {
		return bearer{}, err
	}
	v, err := a.Engine.Get(ctx, who, engine.PrefixRequest, strings.TrimPrefix(id, engine.PrefixRequest))
	if isCode(err, engine.CodeNotFound) { // an id of ours bears the prefix itself
		v, err = a.Engine.Get(ctx, who, engine.PrefixRequest, id)
	}
	if err == nil {
		switch err := provePayout(&v.Request, secret); {
		case err == nil:
			return bearer{v.Customer, v.Amount.Currency(), extraOf(&v.Request).ReturnURL}, nil
		case isRefusal(err, "IR_08"):
			return bearer{}, err
		}
	} else if !isCode(err, engine.CodeNotFound) {
		return bearer{}, err
	}
	m, err := a.Engine.Method(ctx, who, id)
	if err == nil {
		switch err := a.proveMethod(m, &secret); {
		case err == nil:
			return bearer{customer: m.Customer}, nil
		case isRefusal(err, "IR_08"):
			return bearer{}, err
		}
	} else if !isCode(err, engine.CodeNotFound) {
		return bearer{}, err
	}
	return bearer{}, refuse(400, "IR_09", "The client_secret provided does not match the client_secret associated with the Payment")
}

func isRefusal(err error, code string) bool {
	var r *refusal
	return errors.As(err, &r) && r.code == code
}

// listMethodsBySecret is the list of the customer whose payment, payout or
// payment method the client secret is of; nobody's is empty.
func (a *API) listMethodsBySecret(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (methodList, error) {
	out := methodList{Methods: []listedMethod{}}
	f, err := readMethodFilter(c)
	if err != nil {
		return out, err
	}
	secret := c.Query("client_secret")
	if secret == "" {
		return out, missingParam("client_secret")
	}
	of, err := a.bearerOf(ctx, who, secret)
	if err != nil {
		return out, err
	}
	if of.customer == "" {
		guest := true
		out.Guest = &guest
		return out, nil
	}
	return out, a.tokensOf(ctx, who, c, of.customer, f, &out)
}

// offeredMethods are the methods of the merchant's connectors. A client secret
// narrows them to the currency of what it is of.
func (a *API) offeredMethods(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (offer, error) {
	out := offer{Methods: []offeredKinds{}}
	secret := c.Query("client_secret")
	if secret == "" && who.Publishable {
		return out, missingParam("client_secret")
	}
	var of bearer
	if secret != "" {
		var err error
		if of, err = a.bearerOf(ctx, who, secret); err != nil {
			return out, err
		}
	}
	m, err := a.Engine.LiveMerchant(ctx, who.Merchant)
	if err != nil {
		return out, err
	}
	out.Merchant, out.Redirect = shown(m.Name), shown(of.returnTo)
	if !of.currency.IsZero() {
		out.Currency = shown(of.currency.Code())
	}
	accounts, err := a.Engine.Accounts(ctx, who.Scope)
	if err != nil {
		return out, err
	}
	profile := pointID(c.Header("X-Profile-Id"))
	var providers []string
	for _, acc := range accounts {
		if !acc.Archived && !acc.Disabled && (profile == "" || acc.Point == "" || acc.Point == profile) {
			providers = append(providers, acc.Provider)
		}
	}
	slices.Sort(providers)
	out.Methods = offered(a.Engine.Directory, slices.Compact(providers), of.currency)
	return out, nil
}

// offered groups what providers take by method and type; in the zero currency,
// whatever the currency.
func offered(d *service.Directory, providers []string, in money.Currency) []offeredKinds {
	all := map[string]map[string]*offeredType{}
	for sv := range d.Services() {
		if !sv.Active || sv.Kind == service.Test || !in.IsZero() && !sv.Pays(in) {
			continue
		}
		for _, name := range providers {
			if !d.Takes(name, sv.Code) {
				continue
			}
			for _, word := range offeredTypes(sv) {
				kind := kindMethod(sv.Kind)
				if all[kind] == nil {
					all[kind] = map[string]*offeredType{}
				}
				if all[kind][word] == nil {
					all[kind][word] = &offeredType{Type: word}
				}
				t := all[kind][word]
				t.Currencies, t.Connectors = add(t.Currencies, sv.CurrencyCode()), add(t.Connectors, name)
			}
		}
	}
	out := []offeredKinds{}
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		k := offeredKinds{Method: kind}
		for _, word := range slices.Sorted(maps.Keys(all[kind])) {
			k.Types = append(k.Types, *all[kind][word])
		}
		out = append(out, k)
	}
	return out
}

// offeredTypes are the payment method types of a service: a card is of two.
func offeredTypes(sv service.Service) []string {
	if sv.Kind == service.Card {
		return []string{"credit", "debit"}
	}
	return []string{typeOf(sv.Form)}
}

func add(list []string, word string) []string {
	if at, found := slices.BinarySearch(list, word); !found {
		return slices.Insert(list, at, word)
	}
	return list
}
