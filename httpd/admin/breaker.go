package admin

import (
	"context"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

// breaker is how payouts are kept off a provider account, and how its provider
// has answered.
type breaker struct {
	Account  string              `json:"account_id"`
	State    engine.BreakerState `json:"state"`
	Reason   string              `json:"reason,omitzero"`
	By       string              `json:"by,omitzero"`    // who opened it by hand
	Since    time.Time           `json:"since,omitzero"` // absent: since the appliance began
	Until    time.Time           `json:"until,omitzero"` // when one that opened by itself is tried again
	Fails    int                 `json:"fails"`          // questions without an answer, in a row
	Failures int                 `json:"failures"`       // and since the appliance began
	LastGood time.Time           `json:"last_good,omitzero"`
	LastBad  time.Time           `json:"last_bad,omitzero"`
}

func (a *Admin) breakerOf(who engine.Caller, v *engine.ProviderAccount, err error) (breaker, error) {
	if err != nil {
		return breaker{}, err
	}
	b := a.Engine.BreakerOf(who.Scope, v)
	out := breaker{v.ID, b.State, wire.Redact(b.Why), "", b.Since, b.Until, b.Fails, b.Failures, b.LastGood, b.LastBad}
	if v.Forced != nil {
		out.By = v.Forced.By
	}
	return out, nil
}

func (a *Admin) getBreaker(ctx context.Context, c *wire.Call, _ wire.None) (breaker, error) {
	who, err := a.scope(ctx, c)
	if err != nil {
		return breaker{}, err
	}
	v, err := a.Engine.Account(ctx, who.Scope, c.Param("id"))
	return a.breakerOf(who, v, err)
}

type forcing struct {
	Reason string `json:"reason"`
}

// maxReason is how many characters the reason of a breaker has.
const maxReason = 200

// openBreaker lets nothing be sent by an account until its breaker is closed.
func (a *Admin) openBreaker(ctx context.Context, c *wire.Call, req forcing) (breaker, error) {
	switch {
	case req.Reason == "":
		return breaker{}, absent("reason")
	case len([]rune(req.Reason)) > maxReason:
		return breaker{}, wrong("reason", "has at most 200 characters")
	case wire.Redact(req.Reason) != req.Reason:
		return breaker{}, wrong("reason", "holds no account number and no key: it is shown to everybody")
	}
	who, err := a.scope(ctx, c)
	if err != nil {
		return breaker{}, err
	}
	v, err := a.Engine.OpenBreaker(ctx, who, c.Param("id"), req.Reason, nil)
	return a.breakerOf(who, v, err)
}

// closeBreaker lets payouts leave by an account again.
func (a *Admin) closeBreaker(ctx context.Context, c *wire.Call, _ wire.None) (breaker, error) {
	who, err := a.scope(ctx, c)
	if err != nil {
		return breaker{}, err
	}
	v, err := a.Engine.CloseBreaker(ctx, who, c.Param("id"), nil)
	return a.breakerOf(who, v, err)
}
