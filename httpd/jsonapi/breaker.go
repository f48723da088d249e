package jsonapi

import (
	"context"
	"net/http"

	"penstock/engine"
	"penstock/httpd/wire"
)

const typeBreaker = "breakers"

// breakerAttributes are how new payouts are kept off a provider account, and
// how its provider has answered.
type breakerAttributes struct {
	State    engine.BreakerState `json:"state"`
	Reason   *string             `json:"reason"`
	Since    *int64              `json:"since"`    // null: since the appliance began
	Until    *int64              `json:"until"`    // when an open one is tried again; null otherwise
	Fails    int                 `json:"fails"`    // questions without an answer, in a row
	Failures int                 `json:"failures"` // and since the appliance began
	LastGood *int64              `json:"last_good"`
	LastBad  *int64              `json:"last_bad"`
}

// breakerOf shows the breaker of an account.
func (a *API) breakerOf(who engine.Caller) func(*engine.ProviderAccount) resource {
	return func(v *engine.ProviderAccount) resource {
		b := a.Engine.BreakerOf(who.Scope, v)
		id := shownAccount(v.ID)
		return resource{Type: typeBreaker, ID: id, Links: &self{accountsPath + "/" + id + "/breaker"},
			Attributes: breakerAttributes{State: b.State, Reason: shown(wire.Redact(b.Why)), Since: unix(b.Since), Until: unix(b.Until), Fails: b.Fails, Failures: b.Failures, LastGood: unix(b.LastGood), LastBad: unix(b.LastBad)},
			Relations:  related{"provider-account": one(typeAccount, id)}}
	}
}

func (a *API) getBreaker(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	v, err := a.Engine.Account(ctx, who.Scope, accountID(c.Param("id")))
	if err != nil {
		return document{}, err
	}
	return document{Data: a.breakerOf(who)(v)}, nil
}

type breakerSent struct {
	Reason *string `json:"reason"`
}

// openBreaker lets nothing be sent by an account until its breaker is closed.
func (a *API) openBreaker(ctx context.Context, who engine.Caller, c *wire.Call, b body[breakerSent]) (wire.Reply, error) {
	s, err := b.optional(typeBreaker, c.Param("id"))
	if err != nil {
		return wire.Reply{}, err
	}
	why := said(s.Reason)
	switch {
	case len([]rune(why)) > 200:
		return wire.Reply{}, badAttribute("reason", "must have at most 200 characters")
	case wire.Redact(why) != why:
		return wire.Reply{}, badAttribute("reason", "must hold no account number and no key")
	}
	return command(c, http.StatusOK, a.breakerOf(who), func(o *engine.Once) (*engine.ProviderAccount, error) {
		return a.Engine.OpenBreaker(ctx, who, accountID(c.Param("id")), why, o)
	})
}

// closeBreaker lets payouts leave by an account again.
func (a *API) closeBreaker(ctx context.Context, who engine.Caller, c *wire.Call, b body[struct{}]) (wire.Reply, error) {
	if _, err := b.optional(typeBreaker, c.Param("id")); err != nil {
		return wire.Reply{}, err
	}
	return command(c, http.StatusOK, a.breakerOf(who), func(o *engine.Once) (*engine.ProviderAccount, error) {
		return a.Engine.CloseBreaker(ctx, who, accountID(c.Param("id")), o)
	})
}
