package admin

import (
	"context"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/httpd/wire"
)

// hold is why nothing is sent, and how far the appliance has found out what it
// had forgotten.
type hold struct {
	Why       string   `json:"held"`          // empty: not on hold, and nothing was counted
	Uncertain int      `json:"uncertain"`     // instructions whose fate nobody knows yet
	Recovered int      `json:"recovered"`     // payouts that were brought back from the providers' lists
	Wary      []string `json:"wary,omitzero"` // provider accounts whose new payouts wait for a person each
}

// getHold reads every payout of everybody, which a person does before a release
// and at no other time.
func (a *Admin) getHold(ctx context.Context, _ *wire.Call, _ wire.None) (hold, error) {
	out := hold{Why: a.Engine.Held(), Wary: a.Engine.Wary()}
	if out.Why == "" {
		return out, nil
	}
	const many = 100
	for after := ""; ; {
		merchants, err := a.Engine.Merchants(ctx, after, many)
		if err != nil {
			return hold{}, err
		}
		for _, m := range merchants {
			for _, mode := range []engine.Mode{engine.Test, engine.Live} {
				if err := a.countHeld(ctx, engine.Scope{Merchant: m.ID, Mode: mode}, &out); err != nil {
					return hold{}, err
				}
			}
			after = m.ID
		}
		if len(merchants) < many {
			return out, nil
		}
	}
}

// countHeld adds what one scope has. No payout is kept, so none is returned.
func (a *Admin) countHeld(ctx context.Context, s engine.Scope, to *hold) error {
	_, _, err := a.Engine.List(ctx, engine.Caller{Scope: s, Actor: "operator", Rights: engine.Rights()}, engine.Filter{Keep: func(r *engine.Request) bool {
		for _, p := range r.Payouts {
			if p.Status == payout.Uncertain {
				to.Uncertain++
			}
		}
		for _, l := range r.History {
			if l.What == "recovered" {
				to.Recovered++
				break
			}
		}
		return false
	}}, 0, 1)
	return err
}

type releaseBody struct {
	Unlisted bool `json:"unlisted"` // although a provider's list could not be read
}

type released struct {
	Why string `json:"released"` // why it was held
}

func (a *Admin) release(ctx context.Context, _ *wire.Call, b releaseBody) (released, error) {
	why := a.Engine.Held()
	return released{why}, a.Engine.Release(ctx, engine.Caller{Actor: "operator"}, b.Unlisted)
}

type trusted struct {
	Accounts []string `json:"trusted"` // provider accounts whose new payouts go out again
}

func (a *Admin) trust(ctx context.Context, _ *wire.Call, _ wire.None) (trusted, error) {
	wary := a.Engine.Wary()
	return trusted{wary}, a.Engine.Trust(ctx, engine.Caller{Actor: "operator"})
}
