package engine

import (
	"errors"
	"slices"

	"penstock/store"
)

// Exit names where a payout may leave: any account at a provider, or one.
type Exit struct {
	Provider string `json:"provider,omitzero"` // empty: that of Account
	Account  string `json:"account,omitzero"`  // provider account id; empty: any at Provider
}

func (x Exit) leads(to *ProviderAccount) bool {
	return (x.Provider == "" || x.Provider == to.Provider) && (x.Account == "" || x.Account == to.ID)
}

// maxExits bounds what one request may list.
const maxExits = 64

// reachable refuses an account that the merchant doesn't have, or that is at
// another provider than was said.
func reachable(tx store.Tx, s Scope, exits []Exit) error {
	if len(exits) > maxExits {
		return invalid("routing", "a payout lists at most %d routes", maxExits)
	}
	for _, r := range exits {
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
	exits := r.Exits
	if len(exits) == 0 {
		exits = []Exit{{}}
	}
	for _, exit := range exits {
		for i := range all {
			if a := &all[i]; !a.Disabled && exit.leads(a) && (len(r.Providers) == 0 || slices.Contains(r.Providers, a.Provider)) {
				return a, nil
			}
		}
	}
	return nil, &Error{Code: CodeNoRoute, Object: ObjPayout, Message: "no connected provider can take this payout", Hint: "connect a provider account, or widen the list of connectors"}
}
