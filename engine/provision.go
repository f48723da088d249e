package engine

import (
	"time"

	"penstock/engine/money"
	"penstock/engine/service"
	"penstock/store"
)

// provision makes an account's deposit accounts, one for each currency, and a
// payout route for each service that its provider takes in one of them. What
// is there already stays as it is, so it may be run again.
func (e *Engine) provision(tx store.Tx, s Scope, now time.Time, a *ProviderAccount, in []money.Currency) error {
	deposits := map[money.Currency]*Deposit{}
	routes := map[string]bool{}
	list, err := all[Deposit](tx, bucketDeposit, s)
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].Account == a.ID {
			deposits[list[i].Currency] = &list[i]
		}
	}
	known, err := all[Route](tx, bucketRoute, s)
	if err != nil {
		return err
	}
	for _, r := range known {
		if r.Account == a.ID {
			routes[r.Service+" "+r.Currency.Code()] = true
		}
	}
	for sv := range e.Directory.Services() {
		if !sv.Active || !e.Directory.Takes(a.Provider, sv.Code) {
			continue
		}
		for _, c := range currenciesOf(sv, in) {
			if routes[sv.Code+" "+c.Code()] {
				continue
			}
			if deposits[c] == nil {
				if deposits[c], err = e.openDeposit(tx, s, now, a, c); err != nil {
					return err
				}
			}
			if err := e.openRoute(tx, s, now, deposits[c], sv.Code); err != nil {
				return err
			}
		}
	}
	return nil
}

// currenciesOf are those in which a service is to be had: its own, or for a
// service of many currencies those asked for. in narrows; nil doesn't.
func currenciesOf(sv service.Service, in []money.Currency) (out []money.Currency) {
	if !sv.Currency.IsZero() {
		if in == nil {
			return []money.Currency{sv.Currency}
		}
		for _, c := range in {
			if c == sv.Currency {
				out = append(out, c)
			}
		}
		return out
	}
	return in
}

func (e *Engine) openDeposit(tx store.Tx, s Scope, now time.Time, a *ProviderAccount, c money.Currency) (*Deposit, error) {
	id, err := e.newID(now)
	if err != nil {
		return nil, err
	}
	d := &Deposit{ID: id, Account: a.ID, Provider: a.Provider, Currency: c, Name: a.Label + "_" + c.Code(), Health: Operational, Created: now, Changed: now}
	if err := keep(tx, bucketDeposit, s.key(id), d); err != nil {
		return nil, err
	}
	return d, openBalance(tx, s, now, d)
}

func (e *Engine) openRoute(tx store.Tx, s Scope, now time.Time, d *Deposit, code string) error {
	id, err := e.newID(now)
	if err != nil {
		return err
	}
	r := Route{ID: id, Service: code, Deposit: d.ID, Account: d.Account, Provider: d.Provider, Currency: d.Currency, Created: now, Changed: now}
	return keep(tx, bucketRoute, s.key(id), r)
}

// provisionFor gives the test accounts of a scope what they need for a service
// in a currency that nobody has asked for before: play money is there in all
// of them. A live account pays only what it was connected for.
func (e *Engine) provisionFor(tx store.Tx, s Scope, now time.Time, code string, c money.Currency) (*catalog, error) {
	k, err := e.catalogOf(tx, s)
	if err != nil || s.Mode != Test {
		return k, err
	}
	made := false
	for _, a := range k.sorted {
		if a.Disabled || k.routed(code, a.ID) || !e.pays(a, code) {
			continue
		}
		d := k.depositOf(a.ID, c.Code())
		if d == nil {
			if d, err = e.openDeposit(tx, s, now, a, c); err != nil {
				return nil, err
			}
		}
		if err := e.openRoute(tx, s, now, d, code); err != nil {
			return nil, err
		}
		made = true
	}
	if !made {
		return k, nil
	}
	if err := e.markSettings(tx, s); err != nil {
		return nil, err
	}
	return e.catalogOf(tx, s)
}

// pays says whether a test account pays a service. Of a provider that the
// directory doesn't know nothing says that it doesn't; a service that it doesn't
// know, as SEPA in yen, is paid by the test provider under its own name alone.
func (e *Engine) pays(a *ProviderAccount, code string) bool {
	_, listed := e.Directory.Glance(code)
	_, known := e.Directory.Provider(a.Provider)
	if !listed {
		return !known || a.Provider == SandboxName
	}
	return !known || e.Directory.Takes(a.Provider, code)
}

// routed says whether an account has a route for a service, open or not.
func (k *catalog) routed(code, account string) bool {
	for _, r := range k.routes[code] {
		if r.Account == account {
			return true
		}
	}
	return false
}
