package jsonapi

import (
	"context"
	"net/http"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/httpd/wire"
)

const (
	typeAccount  = "provider-accounts"
	accountsPath = "/v1/provider-hub/provider-accounts"
)

type accountAttributes struct {
	Name        string  `json:"name"`
	Description *string `json:"description"`
	Provider    string  `json:"provider"`
	Health      string  `json:"health"`
	BaseURL     *string `json:"base_url"` // null: the provider's own
	Enabled     bool    `json:"enabled"`
	Archived    bool    `json:"archived"`
	TestMode    bool    `json:"test_mode"`
	Created     *int64  `json:"created"`
	Updated     *int64  `json:"updated"`
}

func showAccount(v *engine.ProviderAccount, m engine.Mode) resource {
	id := shownAccount(v.ID)
	at := accountAttributes{Name: v.Label, Description: shown(v.About), Provider: v.Provider, Health: first(v.Health, engine.Operational), BaseURL: shown(v.BaseURL),
		Enabled: !v.Disabled, Archived: v.Archived, TestMode: m == engine.Test, Created: unix(v.Created), Updated: unix(v.Changed)}
	if v.Changed.IsZero() {
		at.Updated = at.Created
	}
	return resource{Type: typeAccount, ID: id, Attributes: at, Links: &self{accountsPath + "/" + id}, Relations: related{
		"payment-provider": one(typeProvider, v.Provider),
	}}
}

func accountOf(who engine.Caller) func(*engine.ProviderAccount) resource {
	return func(v *engine.ProviderAccount) resource { return showAccount(v, who.Mode) }
}

func (a *API) listAccounts(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	all, err := a.Engine.Accounts(ctx, who.Scope)
	if err != nil {
		return document{}, err
	}
	type v = engine.ProviderAccount
	return inMemory(c, all, shelf[v]{
		id: func(r *v) string { return shownAccount(r.ID) }, show: accountOf(who), sorts: []string{"created", "name"},
		by:      sorter[v]{"created": nil, "name": compareBy(func(r *v) string { return r.Label })},
		archive: func(r *v) bool { return r.Archived },
		fields: []filterField[v]{
			{"id", asText, func(r *v) any { return shownAccount(r.ID) }},
			{"name", asText, func(r *v) any { return r.Label }},
			{"provider", asText, func(r *v) any { return r.Provider }},
			{"health", asWord, func(r *v) any { return first(r.Health, engine.Operational) }},
			{"enabled", asFlag, func(r *v) any { return !r.Disabled }},
			{"archived", asFlag, func(r *v) any { return r.Archived }},
			{"created", asTime, func(r *v) any { return r.Created }},
		},
		includes: []string{"deposit-accounts"},
		include: func(_ []string, items []v) ([]resource, error) {
			all, err := a.Engine.Deposits(ctx, who.Scope)
			out := []resource{}
			for i := range all {
				for j := range items {
					if all[i].Account == items[j].ID {
						out = append(out, showDeposit(&all[i], who.Mode))
					}
				}
			}
			return out, err
		},
	})
}

func (a *API) getAccount(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	v, err := a.Engine.Account(ctx, who.Scope, accountID(c.Param("id")))
	if err != nil {
		return document{}, err
	}
	return document{Data: showAccount(v, who.Mode)}, nil
}

type accountSent struct {
	Provider    *string           `json:"provider"`
	Name        *string           `json:"name"`
	Description *string           `json:"description"`
	BaseURL     *string           `json:"base_url"`
	Credentials map[string]string `json:"credentials"`
	Currencies  *[]string         `json:"currencies"`
	TestMode    *bool             `json:"test_mode"`
}

// connectAccount connects a provider account, which makes its deposit accounts
// and routes. Credentials are never shown again.
func (a *API) connectAccount(ctx context.Context, who engine.Caller, c *wire.Call, b body[accountSent]) (wire.Reply, error) {
	s, err := b.attributes(typeAccount, "")
	if err != nil {
		return wire.Reply{}, err
	}
	var n need
	n.want(s.Provider != nil, "provider")
	n.want(s.Name != nil, "name")
	if err := n.err(); err != nil {
		return wire.Reply{}, err
	}
	if err := inMode(who, s.TestMode); err != nil {
		return wire.Reply{}, err
	}
	p, ok := a.directory().Provider(*s.Provider)
	if !ok {
		return wire.Reply{}, badAttribute("provider", "must be the name of a payment provider")
	}
	next := engine.NewAccount{Provider: p.Name, Label: *s.Name, About: said(s.Description), BaseURL: said(s.BaseURL), Credentials: s.Credentials}
	if s.Currencies != nil {
		next.Currencies = []money.Currency{}
		for _, code := range *s.Currencies {
			cur, err := currencyOf("currencies", &code)
			if err != nil {
				return wire.Reply{}, err
			}
			next.Currencies = append(next.Currencies, cur)
		}
	}
	return command(c, http.StatusCreated, accountOf(who), func(o *engine.Once) (*engine.ProviderAccount, error) {
		v, err := a.Engine.ConnectAccount(ctx, who, next, o)
		return v, inAccount(err)
	})
}

type accountChange struct {
	Name        *string            `json:"name"`
	Description wire.Field[string] `json:"description"`
	Enabled     *bool              `json:"enabled"`
	Archived    *bool              `json:"archived"`
	Health      *string            `json:"health"`
}

func (a *API) updateAccount(ctx context.Context, who engine.Caller, c *wire.Call, b body[accountChange]) (wire.Reply, error) {
	s, err := b.attributes(typeAccount, c.Param("id"))
	if err != nil {
		return wire.Reply{}, err
	}
	ed := engine.AccountEdit{Label: s.Name, About: clearable(s.Description), Health: s.Health, Archived: s.Archived}
	if s.Enabled != nil {
		off := !*s.Enabled
		ed.Disabled = &off
	}
	return command(c, http.StatusOK, accountOf(who), func(o *engine.Once) (*engine.ProviderAccount, error) {
		return a.Engine.UpdateAccount(ctx, who, accountID(c.Param("id")), ed, o)
	})
}

type reconnect struct {
	BaseURL     *string           `json:"base_url"`
	Credentials map[string]string `json:"credentials"` // all of them; absent: the same as before
}

func (a *API) reconnectAccount(ctx context.Context, who engine.Caller, c *wire.Call, b body[reconnect]) (wire.Reply, error) {
	s, err := b.optional(typeAccount, c.Param("id"))
	if err != nil {
		return wire.Reply{}, err
	}
	ed := engine.AccountEdit{BaseURL: s.BaseURL, Credentials: s.Credentials}
	return command(c, http.StatusOK, accountOf(who), func(o *engine.Once) (*engine.ProviderAccount, error) {
		v, err := a.Engine.Reconnect(ctx, who, accountID(c.Param("id")), ed, o)
		return v, inAccount(err)
	})
}

// inAccount says where in an account's attributes stands what the engine
// refuses.
func inAccount(err error) error {
	if err == nil {
		return nil
	}
	return &located{err: err, fields: map[string]string{"connector_name": "provider", "connector_account_details": "credentials"}}
}
