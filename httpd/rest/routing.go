package rest

import (
	"penstock/engine"
	"penstock/httpd/wire"
)

// routing is the algorithm that a payout brings along. It wins over the
// connector array, which then filters it.
type routing struct {
	kind    string
	choices []routeChoice
	shares  []int // of a volume split
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
			if part.Split == nil {
				return missingMember("split")
			}
			r.choices, r.shares = append(r.choices, *part.Connector), append(r.shares, *part.Split)
		}
	default:
		return nil
	}
	if len(r.choices) == 0 {
		return missingMember("data")
	}
	return nil
}

// routes are where the routing lets a payout leave, the best first; nil
// without a routing. A volume split over one choice is that choice.
func (r *routing) routes() ([]engine.Exit, error) {
	switch {
	case r == nil:
		return nil, nil
	case r.kind == "advanced":
		return nil, notBuilt("Advanced routing in a payout")
	case r.kind == "volume_split" && (len(r.shares) != 1 || r.shares[0] != 100):
		return nil, notBuilt("Volume split in a payout")
	}
	out := make([]engine.Exit, len(r.choices))
	for i, c := range r.choices {
		out[i] = engine.Exit{Provider: c.Connector, Account: c.Account}
	}
	return out, nil
}

// providers is the filter by provider name; nil admits any.
func providers(filter []connectorName) []string {
	var names []string
	for _, c := range filter {
		names = append(names, string(c))
	}
	return names
}
