package engine

import (
	"errors"

	"penstock/store"
)

// Exit names where a payout may leave: any account at a provider, or one.
type Exit struct {
	Provider string `json:"provider,omitempty"` // empty: that of Account
	Account  string `json:"account,omitempty"`  // provider account id; empty: any at Provider
	Deposit  string `json:"deposit,omitempty"`  // deposit account id; empty: any of Account
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
		if r.Deposit != "" {
			if _, err := find[Deposit](tx, bucketDeposit, ObjDeposit, s, r.Deposit); err != nil {
				return err
			}
		}
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
