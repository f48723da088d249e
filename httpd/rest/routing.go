package rest

import (
	"slices"

	"penstock/engine"
	"penstock/httpd/wire"
)

// routing is the algorithm that a payout brings along. It wins over the
// connector array, which then filters it.
type routing struct {
	kind    string
	choices []routeChoice
}

// routeChoice is a connector by name, and by its account where that is given.
type routeChoice struct{ Connector, Account string }

type routeChoiceShape struct {
	Connector *string `json:"connector"`
	Account   *string `json:"merchant_connector_id"`
}

func (c *routeChoice) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return wire.Decode(b, &c.Connector, wire.DecodeOptions{AnyValue: true})
	}
	var in routeChoiceShape
	if err := wire.Decode(b, &in, wire.DecodeOptions{AnyValue: true, IgnoreUnknown: true}); err != nil {
		return err
	}
	if in.Connector == nil {
		return missingMember("connector")
	}
	c.Connector, c.Account = *in.Connector, said(in.Account)
	return nil
}

func (r *routing) UnmarshalJSON(b []byte) error {
	var head struct {
		Type *string `json:"type"`
	}
	lenient := wire.DecodeOptions{AnyValue: true, IgnoreUnknown: true}
	if err := wire.Decode(b, &head, lenient); err != nil {
		return err
	}
	if head.Type == nil {
		return missingMember("type")
	}
	if err := wire.OneOf(&r.kind, []byte(*head.Type), "single", "priority", "volume_split", "advanced"); err != nil {
		return err
	}
	switch r.kind {
	case "single":
		var in struct {
			Data *routeChoice `json:"data"`
		}
		if err := wire.Decode(b, &in, lenient); err != nil {
			return err
		}
		if in.Data != nil {
			r.choices = []routeChoice{*in.Data}
		}
	case "priority":
		var in struct {
			Data []routeChoice `json:"data"`
		}
		if err := wire.Decode(b, &in, lenient); err != nil {
			return err
		}
		r.choices = in.Data
	case "volume_split":
		var in struct {
			Data []struct {
				Connector *routeChoice `json:"connector"`
				Split     *int         `json:"split"`
			} `json:"data"`
		}
		if err := wire.Decode(b, &in, lenient); err != nil {
			return err
		}
		for _, part := range in.Data {
			if part.Connector == nil {
				return missingMember("connector")
			}
			r.choices = append(r.choices, *part.Connector)
		}
	default:
		return nil
	}
	if len(r.choices) == 0 {
		return missingMember("data")
	}
	return nil
}

// providers is the filter by provider name that routing and connector amount
// to; nil admits any. accounts are those of the merchant.
func providers(r *routing, filter []connectorName, accounts []engine.ProviderAccount) ([]string, error) {
	var names []string
	for _, c := range filter {
		names = append(names, string(c))
	}
	if r == nil {
		return names, nil
	}
	if r.kind == "advanced" {
		return nil, notBuilt("Advanced routing in a payout")
	}
	var routed []string
	for _, c := range r.choices {
		if err := c.reachable(accounts); err != nil {
			return nil, err
		}
		if len(names) == 0 || slices.Contains(names, c.Connector) {
			routed = append(routed, c.Connector)
		}
	}
	if len(routed) == 0 {
		return nil, &engine.Error{Code: engine.CodeNoRoute, Object: engine.ObjPayout}
	}
	return routed, nil
}

// reachable refuses an account by name that the engine, which chooses a
// provider's first account, would not take: money must not leave by another
// one than was asked for.
func (c routeChoice) reachable(accounts []engine.ProviderAccount) error {
	if c.Account == "" {
		return nil
	}
	first := ""
	for _, a := range accounts {
		if a.Provider == c.Connector && !a.Disabled && first == "" {
			first = a.ID
		}
	}
	known := slices.ContainsFunc(accounts, func(a engine.ProviderAccount) bool { return a.ID == c.Account && a.Provider == c.Connector })
	switch {
	case !known:
		return &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjAccount, ID: c.Account}
	case first != c.Account:
		return notBuilt("Routing to one of several accounts at a provider")
	}
	return nil
}
