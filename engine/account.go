package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"penstock/engine/connector"
	"penstock/locker"
	"penstock/store"
)

// ProviderAccount is one account at a provider: where payouts leave.
type ProviderAccount struct {
	ID       string    `json:"id"`
	Provider string    `json:"provider"` // name in the catalogue
	Label    string    `json:"label"`
	BaseURL  string    `json:"base_url,omitzero"`
	Sealed   []byte    `json:"sealed,omitzero"` // credentials, by name
	Disabled bool      `json:"disabled,omitzero"`
	Created  time.Time `json:"created"`
}

// SandboxName is the provider that answers in test mode without any contract.
const SandboxName = "sandbox"

func (e *Engine) connectSandbox(tx store.Tx, now time.Time, s Scope) error {
	id, err := e.newID(now)
	if err != nil {
		return err
	}
	a := ProviderAccount{ID: PrefixAccount + id, Provider: SandboxName, Label: "sandbox_default", Created: now}
	return keep(tx, bucketAccount, s.key(a.ID), a)
}

// ConnectAccount connects a provider account. Credentials that its connector
// can't be built from are refused.
func (e *Engine) ConnectAccount(ctx context.Context, c Caller, provider, label, baseURL string, secrets map[string]string) (*ProviderAccount, error) {
	build, ok := e.Connectors[provider]
	if !ok {
		return nil, invalid("connector_name", "no connector of this name is built in")
	}
	if _, err := build(connector.Account{ID: PrefixAccount, Provider: provider, Test: c.Mode == Test, BaseURL: baseURL, Secrets: secrets}); err != nil {
		return nil, invalid("connector_account_details", "%v", err)
	}
	now, _ := e.pulse.now()
	id, err := e.newID(now)
	if err != nil {
		return nil, err
	}
	a := &ProviderAccount{ID: PrefixAccount + id, Provider: provider, Label: label, BaseURL: baseURL}
	if len(secrets) > 0 {
		raw, err := json.Marshal(secrets, json.Deterministic(true))
		if err != nil {
			return nil, fmt.Errorf("encode credentials: %w", err)
		}
		if a.Sealed, err = e.Locker.Seal(ctx, accountOwner(c.Scope), locker.Place{Bucket: bucketAccount, Token: a.ID}, raw); err != nil {
			return nil, sealError("seal credentials", err)
		}
	}
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		a.Created = now
		if err := keep(tx, bucketAccount, c.key(a.ID), a); err != nil {
			return err
		}
		return c.act(tx, now, "provider_account.connect", a.ID)
	})
	return a, err
}

func accountOwner(s Scope) locker.Owner {
	return locker.Owner{Merchant: s.Merchant, Mode: string(s.Mode), Subject: "secrets"}
}

// Accounts returns the provider accounts of a scope.
func (e *Engine) Accounts(ctx context.Context, s Scope) (out []ProviderAccount, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		out, err = accountsOf(tx, s)
		return err
	})
	return out, err
}

func accountsOf(tx store.Tx, s Scope) (out []ProviderAccount, err error) {
	err = each(tx, bucketAccount, s.prefix(), func(p store.Pair) error {
		a, err := decode[ProviderAccount](bucketAccount, p.Value)
		if err == nil {
			out = append(out, *a)
		}
		return err
	})
	return out, err
}

// connectorOf builds the connector of an account, or takes the one built
// before.
func (e *Engine) connectorOf(ctx context.Context, s Scope, id string) (connector.Connector, error) {
	name := s.Merchant + "|" + string(s.Mode) + "|" + id
	e.mu.Lock()
	c, ok := e.built[name]
	e.mu.Unlock()
	if ok {
		return c, nil
	}
	var a *ProviderAccount
	err := e.Store.View(ctx, func(tx store.Tx) (err error) {
		a, err = load[ProviderAccount](tx, bucketAccount, s.key(id))
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound(ObjAccount, id)
	}
	if err != nil {
		return nil, err
	}
	if c, err = e.buildConnector(ctx, s, a); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if first, ok := e.built[name]; ok {
		return first, nil
	}
	e.built[name] = c
	return c, nil
}

func (e *Engine) buildConnector(ctx context.Context, s Scope, a *ProviderAccount) (connector.Connector, error) {
	build, ok := e.Connectors[a.Provider]
	if !ok {
		return nil, fmt.Errorf("provider account %s: no connector named %q is built in", a.ID, a.Provider)
	}
	acc := connector.Account{ID: a.ID, Provider: a.Provider, Test: s.Mode == Test, BaseURL: a.BaseURL}
	if a.Sealed != nil {
		raw, err := e.Locker.Open(ctx, accountOwner(s), locker.Place{Bucket: bucketAccount, Token: a.ID}, a.Sealed)
		if err != nil {
			return nil, sealError("open credentials", err)
		}
		if err := json.Unmarshal(raw, &acc.Secrets); err != nil {
			return nil, errors.New("decode credentials: malformed")
		}
	}
	c, err := build(acc)
	if err != nil {
		return nil, fmt.Errorf("build the connector of %s: %w", a.ID, err)
	}
	return c, nil
}
