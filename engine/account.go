package engine

import (
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/locker"
	"penstock/store"
)

// ProviderAccount is one account at a provider: where payouts leave.
type ProviderAccount struct {
	ID       string `json:"id"`
	Provider string `json:"provider"` // name in the catalogue
	Label    string `json:"label"`
	About    string `json:"about,omitzero"` // a description
	BaseURL  string `json:"base_url,omitzero"`
	Sealed   []byte `json:"sealed,omitzero"` // credentials, by name
	Health   string `json:"health,omitzero"` // empty: operational
	Disabled bool   `json:"disabled,omitzero"`
	Archived bool   `json:"archived,omitzero"`
	Forced   *Force `json:"forced,omitzero"` // its breaker is open by a person's word
	Point    string `json:"point,omitzero"`  // the payout point whose requests of the rest dialect alone it pays; empty: all
	// Extra is what a dialect keeps with it, without secrets; the engine does not look inside.
	Extra   stdjson.RawMessage `json:"extra,omitzero"`
	Created time.Time          `json:"created"`
	Changed time.Time          `json:"changed,omitzero"`
}

// Given says that it is the test provider's that every merchant has from the
// start.
func (a *ProviderAccount) Given() bool { return a.Label == sandboxLabel }

// SandboxName is the provider that answers in test mode without any contract.
const SandboxName = "sandbox"

// sandboxLabel is that of the test provider account that every merchant has from
// the start.
const sandboxLabel = "sandbox_default"

func (e *Engine) connectSandbox(tx store.Tx, now time.Time, s Scope) error {
	id, err := e.newID(now)
	if err != nil {
		return err
	}
	a := ProviderAccount{ID: PrefixAccount + id, Provider: SandboxName, Label: sandboxLabel, Created: now}
	if err := keep(tx, bucketAccount, s.key(a.ID), a); err != nil {
		return err
	}
	return e.provision(tx, s, now, &a, commonCurrencies())
}

// commonCurrencies are those in which play money waits from the start.
func commonCurrencies() (out []money.Currency) {
	for _, code := range []string{"AED", "AUD", "BRL", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "GHS", "HKD", "INR", "JPY", "KES", "KWD", "MXN", "NGN", "NOK", "NZD", "PLN", "RUB", "SEK", "SGD", "TRY", "TZS", "UAH", "UGX", "USD", "XTS", "ZAR"} {
		out = append(out, money.MustCurrency(code))
	}
	return out
}

// NewAccount is what a provider account is connected from.
type NewAccount struct {
	Provider    string // name in the catalogue
	Label       string
	About       string
	BaseURL     string // empty: the provider's own
	Credentials map[string]string
	Currencies  []money.Currency // of its deposit accounts; nil: all that the provider pays in
	Point       string           // see ProviderAccount
	Extra       stdjson.RawMessage
	Disabled    bool
	OwnLabel    bool // no other account of the point may have the label
}

// ConnectAccount connects a provider account, and makes its deposit accounts
// and routes. Credentials that its connector can't be built from are refused.
func (e *Engine) ConnectAccount(ctx context.Context, c Caller, n NewAccount, once *Once) (*ProviderAccount, error) {
	if c.Mode == Live && n.Provider == SandboxName {
		return nil, invalid("connector_name", "test provider accounts serve test requests only")
	}
	if err := checkName(n.Label, n.About); err != nil {
		return nil, err
	}
	if err := e.buildable(c.Scope, n.Provider, AccountEdit{BaseURL: &n.BaseURL, Credentials: n.Credentials}); err != nil {
		return nil, err
	}
	if c.Mode == Test && n.Currencies == nil {
		n.Currencies = commonCurrencies()
	}
	now, _ := e.pulse.now()
	id, err := e.newID(now)
	if err != nil {
		return nil, err
	}
	a := &ProviderAccount{ID: PrefixAccount + id, Provider: n.Provider, Label: n.Label, About: n.About, BaseURL: n.BaseURL, Point: n.Point, Extra: n.Extra, Disabled: n.Disabled}
	if a.Sealed, err = e.sealCredentials(ctx, c.Scope, a.ID, n.Credentials); err != nil {
		return nil, err
	}
	err = e.alter(ctx, c, once, "provider_account.connect", func(tx store.Tx, now time.Time) (string, any, error) {
		if err := roomFor(tx, bucketAccount, c.Scope, ObjAccount); err != nil {
			return "", nil, err
		}
		if err := a.checkDialect(tx, c.Scope, n.OwnLabel); err != nil {
			return "", nil, err
		}
		a.Created, a.Changed = now, now
		if err := keep(tx, bucketAccount, c.key(a.ID), a); err != nil {
			return "", nil, err
		}
		return a.ID, a, e.provision(tx, c.Scope, now, a, n.Currencies)
	})
	return a, err
}

// buildable refuses credentials that the provider's connector can't be built
// from.
func (e *Engine) buildable(s Scope, provider string, ed AccountEdit) error {
	build, ok := e.Connectors[provider]
	if !ok {
		return invalid("connector_name", "no connector of this name is built in")
	}
	acc := connector.Account{ID: PrefixAccount, Provider: provider, Test: s.Mode == Test, Secrets: ed.Credentials}
	give(&acc.BaseURL, ed.BaseURL)
	if _, err := build(acc); err != nil {
		return invalid("connector_account_details", "%v", err)
	}
	return nil
}

func (e *Engine) sealCredentials(ctx context.Context, s Scope, id string, given map[string]string) ([]byte, error) {
	if len(given) == 0 {
		return nil, nil
	}
	raw, err := json.Marshal(given, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("encode credentials: %w", err)
	}
	sealed, err := e.Locker.Seal(ctx, accountOwner(s), locker.Place{Bucket: bucketAccount, Token: id}, raw)
	return sealed, sealError("seal credentials", err)
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
