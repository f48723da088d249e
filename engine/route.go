package engine

import (
	"context"
	"time"

	"penstock/engine/money"
	"penstock/engine/routing"
	"penstock/engine/service"
	"penstock/store"
)

// Route is a payout route: one payout service through one deposit account.
// Connecting a provider account makes them; nobody else does.
type Route struct {
	ID         string         `json:"id"` // 26 characters
	Service    string         `json:"service"`
	Deposit    string         `json:"deposit"`
	Account    string         `json:"account"`
	Provider   string         `json:"provider"`
	Currency   money.Currency `json:"currency"`
	ExternalID string         `json:"external_id,omitzero"`
	Min        money.Amount   `json:"min,omitzero"` // of one payout; not set: none
	Max        money.Amount   `json:"max,omitzero"`
	Cost       routing.Cost   `json:"cost,omitzero"` // what the provider takes
	Disabled   bool           `json:"disabled,omitzero"`
	Archived   bool           `json:"archived,omitzero"`
	Created    time.Time      `json:"created"`
	Changed    time.Time      `json:"changed"`
}

// RouteEdit is what a change gives; nil stays, an amount that is not set
// takes the limit away.
type RouteEdit struct {
	Min, Max           *money.Amount
	Cost               *routing.Cost
	ExternalID         *string
	Disabled, Archived *bool
}

// target is a route as trees name it.
func (r *Route) target() routing.Target {
	return routing.Target{Route: r.ID, Service: r.Service, Provider: r.Provider, Account: r.Account, Deposit: r.Deposit}
}

// Routes returns the payout routes of a scope, the oldest first.
func (e *Engine) Routes(ctx context.Context, s Scope) ([]Route, error) {
	return read(ctx, e, func(tx store.Tx) ([]Route, error) { return all[Route](tx, bucketRoute, s) })
}

// Route returns one by its id.
func (e *Engine) Route(ctx context.Context, s Scope, id string) (*Route, error) {
	return read(ctx, e, func(tx store.Tx) (*Route, error) { return find[Route](tx, bucketRoute, ObjRoute, s, id) })
}

// UpdateRoute changes what the edit gives. A route must be disabled before it
// is archived.
func (e *Engine) UpdateRoute(ctx context.Context, c Caller, id string, ed RouteEdit, once *Once) (r *Route, err error) {
	err = e.alter(ctx, c, once, "payout_route.update", func(tx store.Tx, now time.Time) (string, any, error) {
		if r, err = find[Route](tx, bucketRoute, ObjRoute, c.Scope, id); err != nil {
			return "", nil, err
		}
		if err := r.edit(e.Directory, ed, now); err != nil {
			return "", nil, err
		}
		if err := keep(tx, bucketRoute, c.key(id), r); err != nil {
			return "", nil, err
		}
		return PrefixRoute + id, r, e.wakeQueues(tx, c.Scope, now, "")
	})
	return r, err
}

func (r *Route) edit(d *service.Directory, ed RouteEdit, now time.Time) error {
	give(&r.Min, ed.Min)
	give(&r.Max, ed.Max)
	give(&r.Cost, ed.Cost)
	give(&r.ExternalID, ed.ExternalID)
	give(&r.Disabled, ed.Disabled)
	give(&r.Archived, ed.Archived)
	r.Changed = now
	for _, limit := range []struct {
		name string
		a    money.Amount
	}{{"amount_min", r.Min}, {"amount_max", r.Max}, {"cost.fixed", r.Cost.Fixed}, {"cost.min", r.Cost.Least}, {"cost.max", r.Cost.Most}} {
		if limit.a.IsSet() && (limit.a.IsNegative() || limit.a.Currency() != r.Currency) {
			return invalid(limit.name, "an amount in %s that is not negative", r.Currency.Code())
		}
	}
	switch {
	case r.Min.IsSet() && r.Max.IsSet() && r.Max.Minor() < r.Min.Minor():
		return invalid("amount_max", "the maximum is not below the minimum")
	case r.Cost.Least.IsSet() && r.Cost.Most.IsSet() && r.Cost.Most.Minor() < r.Cost.Least.Minor():
		return invalid("cost.max", "the maximum is not below the minimum")
	case r.Cost.Rate < 0 || r.Cost.Rate > 1_000_000:
		return invalid("cost.rate", "a rate is from 0 to 100 percent")
	case r.Archived && !r.Disabled:
		return wrongState(ObjRoute, r.ID, "enabled", "archived")
	case len(r.ExternalID) > 255:
		return invalid("external_id", "an id has at most 255 bytes")
	}
	return r.withinService(d)
}

// withinService keeps a route's limits inside those of its service.
func (r *Route) withinService(d *service.Directory) error {
	sv, ok := d.Glance(r.Service)
	if !ok {
		return nil
	}
	least, most, ok := sv.Limits(r.Currency)
	switch {
	case !ok:
	case r.Min.IsSet() && least.IsSet() && r.Min.Minor() < least.Minor():
		return invalid("amount_min", "the service pays from %s on", least)
	case r.Max.IsSet() && most.IsSet() && r.Max.Minor() > most.Minor():
		return invalid("amount_max", "the service pays up to %s", most)
	}
	return nil
}

// SwitchRoutes enables or disables every route of a scope that is not
// archived, and returns how many it changed.
func (e *Engine) SwitchRoutes(ctx context.Context, c Caller, disabled bool, once *Once) (changed int, err error) {
	return e.eachRoute(ctx, c, "payout_route.switch", once, func(r *Route) bool {
		if r.Archived || r.Disabled == disabled {
			return false
		}
		r.Disabled = disabled
		return true
	})
}

// ArchiveDisabled archives every disabled route of a scope.
func (e *Engine) ArchiveDisabled(ctx context.Context, c Caller, once *Once) (changed int, err error) {
	return e.eachRoute(ctx, c, "payout_route.archive", once, func(r *Route) bool {
		if r.Archived || !r.Disabled {
			return false
		}
		r.Archived = true
		return true
	})
}

func (e *Engine) eachRoute(ctx context.Context, c Caller, action string, once *Once, fn func(*Route) bool) (changed int, err error) {
	err = e.alter(ctx, c, once, action, func(tx store.Tx, now time.Time) (string, any, error) {
		changed = 0
		list, err := all[Route](tx, bucketRoute, c.Scope)
		if err != nil {
			return "", nil, err
		}
		for i := range list {
			if r := &list[i]; fn(r) {
				changed++
				r.Changed = now
				if err := keep(tx, bucketRoute, c.key(r.ID), r); err != nil {
					return "", nil, err
				}
			}
		}
		return "", changed, e.wakeQueues(tx, c.Scope, now, "")
	})
	return changed, err
}
