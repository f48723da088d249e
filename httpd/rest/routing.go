package rest

import (
	"penstock/httpd/wire"
)

// routing is the algorithm that a payout brings along. It wins over the
// connector array, which then filters it.
type routing struct {
	kind    string
	choices []routeChoice
	shares  []int    // of a volume split
	program *program // of advanced rules
}

// routeChoice is a connector by name, and by its account where that is given.
type routeChoice struct{ Connector, Account string }

type routeChoiceShape struct {
	Connector *string `json:"connector"`
	Account   *string `json:"merchant_connector_id"`
}

func (c *routeChoice) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		if err := wire.Decode(b, &c.Connector, wire.DecodeOptions{AnyValue: true}); err != nil {
			return err
		}
		return c.check()
	}
	var in routeChoiceShape
	if err := wire.Decode(b, &in, wire.DecodeOptions{AnyValue: true, IgnoreUnknown: true}); err != nil {
		return err
	}
	if in.Connector == nil {
		return missingMember("connector")
	}
	c.Connector, c.Account = *in.Connector, said(in.Account)
	return c.check()
}

// check refuses the name of nothing, which would lead anywhere.
func (c *routeChoice) check() error {
	if c.Connector == "" {
		return wire.Rule("connector must not be empty")
	}
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
		if r.choices = in.Data; in.Data != nil && len(in.Data) == 0 {
			return wire.Rule("data must name one connector or more")
		}
	case "volume_split":
		var in struct {
			Data []splitChoice `json:"data"`
		}
		if err := wire.Decode(b, &in, lenient); err != nil {
			return err
		}
		if err := r.split(in.Data); err != nil {
			return err
		}
	default:
		var in struct {
			Data *program `json:"data"`
		}
		if err := wire.Decode(b, &in, lenient); err != nil {
			return err
		}
		if in.Data == nil {
			return missingMember("data")
		}
		r.program = in.Data
		return nil
	}
	if len(r.choices) == 0 {
		return missingMember("data")
	}
	return nil
}

// splitChoice is one part of a volume split.
type splitChoice struct {
	Connector *routeChoice `json:"connector"`
	Split     *int         `json:"split"`
}

// split takes over the parts, which make up a hundred.
func (r *routing) split(parts []splitChoice) error {
	sum := 0
	for _, part := range parts {
		if part.Connector == nil {
			return missingMember("connector")
		}
		if part.Split == nil {
			return missingMember("split")
		}
		if *part.Split < 0 || *part.Split > 100 {
			return wire.Rule("split must be from 0 to 100")
		}
		sum += *part.Split
		r.choices, r.shares = append(r.choices, *part.Connector), append(r.shares, *part.Split)
	}
	if sum != 100 {
		return wire.Rule("splits must sum up to 100")
	}
	return nil
}

// providers is the filter by provider name; nil admits any.
func providers(filter []connectorName) []string {
	var names []string
	for _, c := range filter {
		names = append(names, string(c))
	}
	return names
}
