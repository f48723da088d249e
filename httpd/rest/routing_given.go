package rest

import (
	"context"
	"encoding/json"
	"slices"

	"penstock/engine"
	"penstock/httpd/wire"
)

// A profile may be given its algorithm beside its other settings, as
// payout_routing_algorithm, and an account for each of its profiles. That makes an
// algorithm like any other and puts it in force. An object that is none, such as
// {}, is only shown again.

// givenAlgorithm reads what a profile is given; nil where it is no algorithm.
func givenAlgorithm(given wire.Object) (*engine.NewAlgorithm, error) {
	if given == nil {
		return nil, nil
	}
	var head struct {
		Type *string `json:"type"`
	}
	lenient := wire.DecodeOptions{AnyValue: true, IgnoreUnknown: true}
	if err := wire.Decode(json.RawMessage(given), &head, lenient); err != nil || head.Type == nil {
		return nil, err
	}
	var algo routing
	if err := wire.Decode(json.RawMessage(given), &algo, lenient); err != nil {
		return nil, err
	}
	n := &engine.NewAlgorithm{Name: "payout_routing_algorithm", Extra: json.RawMessage(given)}
	var err error
	if n.Refs, err = algo.exits(); err != nil {
		return nil, err
	}
	n.Tree, err = algo.tree()
	return n, err
}

// namesConnectors refuses an algorithm for a profile that is still to be made
// where it names a connector that isn't there.
func (a *API) namesConnectors(ctx context.Context, s engine.Scope, n *engine.NewAlgorithm) error {
	if n == nil || !slices.ContainsFunc(n.Refs, func(x engine.Exit) bool { return x.Account != "" }) {
		return nil
	}
	list, err := a.Engine.Accounts(ctx, s)
	for _, x := range n.Refs {
		there := func(l engine.ProviderAccount) bool {
			return l.ID == x.Account && l.Provider == x.Provider && !l.Archived
		}
		if err == nil && x.Account != "" && !slices.ContainsFunc(list, there) {
			return &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjAccount, ID: x.Account}
		}
	}
	return err
}

// follow puts an algorithm in force for a profile that was just made.
func (a *API) follow(ctx context.Context, who engine.Caller, point string, n *engine.NewAlgorithm) error {
	if n == nil {
		return nil
	}
	own := *n
	own.Point = point
	s, err := a.Engine.CreateAlgorithm(ctx, who, own, nil)
	if err == nil {
		_, err = a.Engine.ActivateAlgorithm(ctx, who, point, s.ID, nil)
	}
	return err
}
