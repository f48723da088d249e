package admin

import (
	"context"
	"net/url"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

// account is a provider account; its credentials are never shown.
type account struct {
	ID       string              `json:"account_id"`
	Provider string              `json:"provider"`
	Label    string              `json:"label"`
	BaseURL  string              `json:"base_url,omitzero"`
	Disabled bool                `json:"disabled"`
	Breaker  engine.BreakerState `json:"breaker"`
	Created  time.Time           `json:"created"`
}

func (a *Admin) accountOf(s engine.Scope, p *engine.ProviderAccount) account {
	return account{p.ID, p.Provider, p.Label, p.BaseURL, p.Disabled, a.Engine.BreakerOf(s, p).State, p.Created}
}

func (a *Admin) listAccounts(ctx context.Context, c *wire.Call, _ wire.None) (list[account], error) {
	who, err := a.scope(ctx, c)
	if err != nil {
		return list[account]{}, err
	}
	all, err := a.Engine.Accounts(ctx, who.Scope)
	out := make([]account, len(all))
	for i := range all {
		out[i] = a.accountOf(who.Scope, &all[i])
	}
	return list[account]{Data: out}, err
}

type newAccount struct {
	Merchant string            `json:"merchant_id"`
	Mode     string            `json:"mode"`
	Provider string            `json:"provider"`
	Label    string            `json:"label"`
	BaseURL  string            `json:"base_url"`
	Secrets  map[string]string `json:"credentials"`
	Beside   bool              `json:"beside"` // earlier accounts at the same provider stay in use
}

func (n newAccount) check() error {
	u, err := url.Parse(n.BaseURL)
	switch {
	case n.Provider == "":
		return absent("provider")
	case n.BaseURL != "" && (err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "http" && u.Scheme != "https"):
		return wrong("base_url", "wants http:// or https:// with a host, and no user, query or fragment")
	case len(n.Label) > 64:
		return wrong("label", "has at most 64 bytes")
	case len(n.Secrets) > 16:
		return wrong("credentials", "has at most 16 entries")
	}
	return nil
}

// connectAccount connects an account. Unless it is to stand beside them, the
// accounts at the same provider that were there before take no new payouts;
// payouts that left by one of them are followed there to their end.
func (a *Admin) connectAccount(ctx context.Context, _ *wire.Call, req newAccount) (account, error) {
	if err := req.check(); err != nil {
		return account{}, err
	}
	who, err := a.caller(ctx, req.Merchant, req.Mode)
	if err != nil {
		return account{}, err
	}
	if req.Label == "" {
		req.Label = req.Provider
	}
	before, err := a.Engine.Accounts(ctx, who.Scope)
	if err != nil {
		return account{}, err
	}
	made, err := a.Engine.ConnectAccount(ctx, who, engine.NewAccount{Provider: req.Provider, Label: req.Label, BaseURL: req.BaseURL, Credentials: req.Secrets}, nil)
	if err != nil {
		return account{}, err
	}
	for _, old := range before {
		if req.Beside || old.Disabled || old.Provider != req.Provider {
			continue
		}
		if err := a.Engine.DisableAccount(ctx, who, old.ID); err != nil {
			return account{}, err
		}
	}
	return a.accountOf(who.Scope, made), nil
}
