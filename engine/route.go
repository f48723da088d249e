package engine

import (
	"errors"
	"slices"

	"penstock/store"
)

// Route names where a payout may leave: any account at a provider, or one.
type Route struct {
	Provider string `json:"provider,omitzero"` // empty: that of Account
	Account  string `json:"account,omitzero"`  // provider account id; empty: any at Provider
}

func (r Route) leads(to *ProviderAccount) bool {
	return (r.Provider == "" || r.Provider == to.Provider) && (r.Account == "" || r.Account == to.ID)
}

// maxRoutes bounds what one request may list.
const maxRoutes = 64

// reachable refuses an account that the merchant doesn't have, or that is at
// another provider than was said.
func reachable(tx store.Tx, s Scope, routes []Route) error {
	if len(routes) > maxRoutes {
		return invalid("routing", "a payout lists at most %d routes", maxRoutes)
	}
	for _, r := range routes {
		if r.Account == "" {
			continue
		}
		if !ChosenID(r.Account) {
			return notFound(ObjAccount, r.Account)
		}
		a, err := load[ProviderAccount](tx, bucketAccount, s.key(r.Account))
		if errors.Is(err, store.ErrNotFound) || err == nil && !r.leads(a) {
			return notFound(ObjAccount, r.Account)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// chooseAccount picks the account that a request leaves by: of its routes, in
// their order, the first that leads to an enabled account its filter admits;
// without routes any account will do. Money never leaves by another one than
// was asked for.
func chooseAccount(tx store.Tx, s Scope, r *Request) (*ProviderAccount, error) {
	all, err := accountsOf(tx, s)
	if err != nil {
		return nil, err
	}
	routes := r.Routes
	if len(routes) == 0 {
		routes = []Route{{}}
	}
	for _, route := range routes {
		for i := range all {
			if a := &all[i]; !a.Disabled && route.leads(a) && (len(r.Providers) == 0 || slices.Contains(r.Providers, a.Provider)) {
				return a, nil
			}
		}
	}
	return nil, &Error{Code: CodeNoRoute, Object: ObjPayout, Message: "no connected provider can take this payout", Hint: "connect a provider account, or widen the list of connectors"}
}
