package rest

import (
	"context"

	"penstock/engine"
	"penstock/httpd/wire"
)

func connectorAnswer(a *engine.ProviderAccount) any { return showConnector(a) }

// createConnector connects an account of a profile.
func (a *API) createConnector(ctx context.Context, who engine.Caller, c *wire.Call, r connectorRequest) (wire.Reply, error) {
	switch {
	case r.Type == nil:
		return wire.Reply{}, unreadMissing("connector_type")
	case r.Name == nil:
		return wire.Reply{}, unreadMissing("connector_name")
	}
	if err := checkProvider(a.Engine.Directory, *r.Name); err != nil {
		return wire.Reply{}, err
	}
	o := rendered(once(c, "merchant"), connectorAnswer)
	if again, done, err := a.saidBefore(ctx, who, o); done || err != nil {
		return again, err
	}
	point, err := a.connectorProfile(ctx, who, c, &r)
	if err != nil {
		return wire.Reply{}, err
	}
	n := engine.NewAccount{Provider: *r.Name, Label: said(r.Label), Credentials: r.secrets(), Point: point.ID, OwnLabel: true}
	if n.Label == "" {
		n.Label = *r.Name + "_" + point.Name
	}
	var x connectorExtra
	if err := r.note(&x); err != nil {
		return wire.Reply{}, err
	}
	if n.Extra, err = wire.Encode(x); err != nil {
		return wire.Reply{}, err
	}
	if off := r.off(); off != nil {
		n.Disabled = *off
	}
	acc, err := a.Engine.ConnectAccount(ctx, who, n, o)
	return answer(o, acc, in(connectAccount, err), connectorAnswer)
}

// unreadMissing is a member that the original's reader wants.
func unreadMissing(name string) error {
	return &refusal{status: 400, code: "IR_06", message: "Json deserialize error: missing field `" + name + "`", unread: true}
}

// connectorProfile is the profile that a connector is for: named, or chosen as
// a payout's is.
func (a *API) connectorProfile(ctx context.Context, who engine.Caller, c *wire.Call, r *connectorRequest) (*engine.Point, error) {
	if id := either(said(r.ProfileID), c.Header("X-Profile-Id")); id != "" {
		return a.profileByID(ctx, who, id)
	}
	m, err := a.Engine.LiveMerchant(ctx, who.Merchant)
	if err != nil {
		return nil, err
	}
	points, err := a.Engine.LivePoints(ctx, who.Scope)
	if err != nil {
		return nil, err
	}
	id, err := chooseProfile(said(r.Country), said(r.Business))(pointers(points), m.Point)
	if err != nil {
		return nil, err
	}
	return a.profileByID(ctx, who, id)
}

// connectorOf finds an account that has not been deleted.
func (a *API) connectorOf(ctx context.Context, who engine.Caller, id string) (*engine.ProviderAccount, error) {
	acc, err := a.Engine.Account(ctx, who.Scope, id)
	if err == nil && acc.Archived {
		return nil, &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjAccount, ID: id}
	}
	return acc, err
}

func (a *API) getConnector(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (connectorResponse, error) {
	acc, err := a.connectorOf(ctx, who, c.Param("id"))
	if err != nil {
		return connectorResponse{}, err
	}
	return showConnector(acc), nil
}

func (a *API) listConnectors(ctx context.Context, who engine.Caller, _ *wire.Call, _ wire.None) ([]connectorResponse, error) {
	list, err := a.Engine.Accounts(ctx, who.Scope)
	if err != nil {
		return nil, err
	}
	out := []connectorResponse{}
	for i := range list {
		if !list[i].Archived {
			out = append(out, showConnector(&list[i]))
		}
	}
	return out, nil
}

func (a *API) updateConnector(ctx context.Context, who engine.Caller, c *wire.Call, r connectorRequest) (wire.Reply, error) {
	o := rendered(once(c, "merchant", "id"), connectorAnswer)
	if again, done, err := a.saidBefore(ctx, who, o); done || err != nil {
		return again, err
	}
	acc, err := a.connectorOf(ctx, who, c.Param("id"))
	if err != nil {
		return wire.Reply{}, err
	}
	if r.Name != nil && *r.Name != acc.Provider || r.ProfileID != nil && pointID(*r.ProfileID) != acc.Point {
		return wire.Reply{}, refuse(422, "IR_06", "connector_name and profile_id of a connector cannot be changed; connect another")
	}
	if r.Webhook != nil && r.Details == nil {
		return wire.Reply{}, refuse(422, "IR_06", "connector_webhook_details are changed together with connector_account_details")
	}
	x := readConnector(acc.Extra)
	if err := r.note(&x); err != nil {
		return wire.Reply{}, err
	}
	ed := engine.AccountEdit{Label: r.Label, Disabled: r.off(), Credentials: r.secrets(), OwnLabel: r.Label != nil}
	if ed.Extra, err = wire.Encode(x); err != nil {
		return wire.Reply{}, err
	}
	acc, err = a.Engine.UpdateAccount(ctx, who, acc.ID, ed, o)
	return answer(o, acc, in(connectAccount, err), connectorAnswer)
}

// deleteConnector takes an account out of use. Payouts that it has go on, and
// its history stays.
func (a *API) deleteConnector(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (connectorDeleted, error) {
	acc, err := a.connectorOf(ctx, who, c.Param("id"))
	if err != nil {
		return connectorDeleted{}, err
	}
	yes := true
	if _, err := a.Engine.UpdateAccount(ctx, who, acc.ID, engine.AccountEdit{Disabled: &yes, Archived: &yes}, nil); err != nil {
		return connectorDeleted{}, err
	}
	return connectorDeleted{who.Merchant, acc.ID, true}, nil
}
