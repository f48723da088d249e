package engine

import (
	"context"
	"encoding/json"
	"time"

	"penstock/store"
)

// AccountEdit is what a change of a provider account gives; nil stays.
type AccountEdit struct {
	Label, About, Health *string
	Disabled, Archived   *bool
	BaseURL              *string
	Credentials          map[string]string // all of them, anew
	Extra                json.RawMessage
	OwnLabel             bool // see NewAccount
}

// Account returns one provider account by its id.
func (e *Engine) Account(ctx context.Context, s Scope, id string) (*ProviderAccount, error) {
	return read(ctx, e, func(tx store.Tx) (*ProviderAccount, error) {
		return find[ProviderAccount](tx, bucketAccount, ObjAccount, s, id)
	})
}

// UpdateAccount changes what the edit gives. An account must be disabled
// before it is archived.
func (e *Engine) UpdateAccount(ctx context.Context, c Caller, id string, ed AccountEdit, once *Once) (*ProviderAccount, error) {
	return e.saveAccount(ctx, c, id, "provider_account.update", ed, false, once)
}

// Reconnect connects an account again, with the same credentials or with new
// ones, and makes the deposit accounts and routes that it lacks.
func (e *Engine) Reconnect(ctx context.Context, c Caller, id string, ed AccountEdit, once *Once) (*ProviderAccount, error) {
	return e.saveAccount(ctx, c, id, "provider_account.reconnect", ed, true, once)
}

func (e *Engine) saveAccount(ctx context.Context, c Caller, id, action string, ed AccountEdit, again bool, once *Once) (a *ProviderAccount, err error) {
	before, err := e.Account(ctx, c.Scope, id)
	if err != nil {
		return nil, err
	}
	sealed, err := e.sealCredentials(ctx, c.Scope, id, ed.Credentials)
	if err != nil {
		return nil, err
	}
	if ed.Credentials != nil {
		if err := e.buildable(c.Scope, before.Provider, ed); err != nil {
			return nil, err
		}
	}
	err = e.alter(ctx, c, once, action, func(tx store.Tx, now time.Time) (string, any, error) {
		if a, err = find[ProviderAccount](tx, bucketAccount, ObjAccount, c.Scope, id); err != nil {
			return "", nil, err
		}
		if err := a.edit(ed, now); err != nil {
			return "", nil, err
		}
		if sealed != nil {
			a.Sealed = sealed
		}
		if ed.OwnLabel {
			if err := a.checkDialect(tx, c.Scope, true); err != nil {
				return "", nil, err
			}
		}
		if err := keep(tx, bucketAccount, c.key(id), a); err != nil {
			return "", nil, err
		}
		if again {
			in := commonCurrencies()
			if c.Mode == Live {
				in = nil
			}
			if err := e.provision(tx, c.Scope, now, a, in); err != nil {
				return "", nil, err
			}
		}
		return id, a, e.wakeQueues(tx, c.Scope, now, "")
	})
	if err == nil {
		e.forgetConnector(c.Scope, id)
	}
	return a, err
}

func (a *ProviderAccount) edit(ed AccountEdit, now time.Time) error {
	give(&a.Label, ed.Label)
	give(&a.About, ed.About)
	give(&a.Health, ed.Health)
	give(&a.Disabled, ed.Disabled)
	give(&a.Archived, ed.Archived)
	give(&a.BaseURL, ed.BaseURL)
	if ed.Extra != nil {
		a.Extra = ed.Extra
	}
	a.Changed = now
	switch a.Health {
	case "", Operational, Degraded, Down, NotKnown:
	default:
		return invalid("health", "health is operational, degraded, down or unknown")
	}
	if a.Archived && !a.Disabled {
		return wrongState(ObjAccount, a.ID, "enabled", "archived")
	}
	return checkName(a.Label, a.About)
}

// forgetConnector lets the next call build the account's connector anew.
func (e *Engine) forgetConnector(s Scope, id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.built, s.Merchant+"|"+string(s.Mode)+"|"+id)
}
