package rest

import (
	"fmt"
	"strconv"
	"strings"

	"penstock/engine"
	tree "penstock/engine/routing"
	"penstock/httpd/wire"
)

// routes are where the routing lets a payout leave, the best first; nil
// without a routing. A tree is there where more than an order is asked for.
func (r *routing) routes() ([]engine.Exit, *tree.Tree, error) {
	if r == nil {
		return nil, nil, nil
	}
	exits, err := r.exits()
	if err != nil || r.kind == "single" || r.kind == "priority" || r.kind == "volume_split" && len(r.choices) == 1 {
		return exits, nil, err
	}
	t, err := r.tree()
	return exits, &t, err
}

// exits are the connectors that are named anywhere, each once.
func (r *routing) exits() (out []engine.Exit, err error) {
	seen := map[engine.Exit]bool{}
	add := func(part *routing) {
		for _, c := range part.choices {
			x := engine.Exit{Provider: c.Connector, Account: c.Account}
			if !seen[x] {
				seen[x] = true
				out = append(out, x)
			}
		}
	}
	add(r)
	if p := r.program; p != nil {
		for _, rule := range p.Rules {
			if rule.Selection == nil {
				return nil, unreadMissing("connectorSelection")
			}
			add(rule.Selection)
		}
		if p.Default == nil {
			return nil, unreadMissing("defaultSelection")
		}
		add(p.Default)
	}
	return out, nil
}

// tree is the algorithm as the engine decides by it.
func (r *routing) tree() (tree.Tree, error) {
	if r.program == nil {
		return tree.Tree{Root: r.leaf("")}, nil
	}
	if r.program.Default == nil || r.program.Default.program != nil {
		return tree.Tree{}, refuse(422, "IR_06", "defaultSelection must be priority or volume_split")
	}
	root := r.program.Default.leaf("default")
	for i := len(r.program.Rules) - 1; i >= 0; i-- {
		rule := r.program.Rules[i]
		if rule.Selection == nil || rule.Selection.program != nil || len(rule.Statements) == 0 {
			return tree.Tree{}, refuse(422, "IR_06", fmt.Sprintf("rules[%d] must have a connectorSelection of priority or volume_split, and statements", i))
		}
		is, err := anyOf(rule.Statements, fmt.Sprintf("rules[%d]", i), 0)
		if err != nil {
			return tree.Tree{}, err
		}
		root = &tree.Node{Name: said(rule.Name), If: is, Then: rule.Selection.leaf(said(rule.Name)), Else: root}
	}
	return tree.Tree{Root: root}, nil
}

// leaf is a selection. A part of nothing is never taken.
func (r *routing) leaf(name string) *tree.Node {
	s := tree.Strategy{Type: tree.Priority}
	if r.kind == "volume_split" {
		s.Type = tree.Weighted
	}
	for i, c := range r.choices {
		ref := tree.Ref{Provider: c.Connector, Account: c.Account}
		if s.Type == tree.Weighted {
			if ref.Weight = int64(r.shares[i]); ref.Weight == 0 {
				continue
			}
		}
		s.Routes = append(s.Routes, ref)
	}
	return &tree.Node{Name: name, Strategies: []tree.Strategy{s}}
}

const maxNesting = 4

func anyOf(list []statement, at string, depth int) (*tree.Expr, error) {
	if depth > maxNesting {
		return nil, refuse(422, "IR_06", at+" nests too deep")
	}
	out := &tree.Expr{}
	for i, s := range list {
		place := fmt.Sprintf("%s.statements[%d]", at, i)
		all := tree.Expr{}
		for j, c := range s.Conditions {
			e, err := c.expr(fmt.Sprintf("%s.condition[%d]", place, j))
			if err != nil {
				return nil, err
			}
			all.All = append(all.All, *e)
		}
		if len(s.Nested) > 0 {
			e, err := anyOf(s.Nested, place, depth+1)
			if err != nil {
				return nil, err
			}
			all.All = append(all.All, *e)
		}
		if len(all.All) == 0 {
			return nil, refuse(422, "IR_06", place+" has no condition")
		}
		out.Any = append(out.Any, all)
	}
	return out, nil
}

// attributes are what conditions may ask for, by the contract's name and then
// ours.
func attributes() map[string]string {
	return map[string]string{"payout_type": "payout_type", "amount": "amount_minor", "payout_amount": "amount_minor", "currency": "currency", "payout_currency": "currency",
		"business_country": "business_country", "business_label": "business_label", "billing_country": "billing_country", "wallet": "wallet", "bank_transfer": "bank_transfer",
		"card_brand": "card_network", "card_network": "card_network", "card brand": "card_network", "card_type": "card_type", "metadata": "metadata."}
}

func (c *condition) expr(at string) (*tree.Expr, error) {
	switch {
	case c.Left == nil:
		return nil, unreadMissing("lhs")
	case c.Comparison == nil:
		return nil, unreadMissing("comparison")
	case c.Value == nil:
		return nil, unreadMissing("value")
	}
	name, ok := attributes()[*c.Left]
	if !ok {
		return nil, refuse(422, "IR_06", at+": lhs is nothing that a payout's rules can ask for")
	}
	v := c.Value
	if number := name == "amount_minor"; number != (v.kind == "number" || v.kind == "number_array" || v.kind == "number_comparison_array") ||
		(name == "metadata.") != (v.kind == "metadata_variant") {
		return nil, refuse(422, "IR_06", at+": the value's type does not fit lhs")
	}
	op := operator(*c.Comparison)
	if len(v.bounds) > 0 {
		return c.within(name, at)
	}
	var items []tree.Item
	for _, n := range v.numbers {
		items = append(items, tree.Item{Text: string(n), Number: true})
	}
	for _, s := range v.texts {
		if kind := new(payoutType); name == "payout_type" && kind.UnmarshalText([]byte(spelled(name, s))) != nil {
			return nil, refuse(422, "IR_06", at+": the value is none of a payout_type's")
		}
		items = append(items, tree.Item{Text: spelled(name, s)})
	}
	if len(items) == 0 {
		return nil, refuse(422, "IR_06", at+": the value is empty")
	}
	t := &tree.Term{Attribute: name + v.key, Operator: op, Value: tree.Value{Items: items}}
	if v.kind == "enum_variant_array" || v.kind == "number_array" {
		t.Value.List = true
		switch op {
		case tree.Eq:
			t.Operator = tree.In
		case tree.Neq:
			t.Operator = tree.NotIn
		default:
			return nil, refuse(422, "IR_06", at+": a list is compared by equal or not_equal")
		}
	}
	return &tree.Expr{Term: t}, nil
}

// within holds where one of the bounds does; with not_equal, where none does.
func (c *condition) within(name, at string) (*tree.Expr, error) {
	none := *c.Comparison == "not_equal"
	if !none && *c.Comparison != "equal" {
		return nil, refuse(422, "IR_06", at+": number_comparison_array is compared by equal or not_equal")
	}
	var list []tree.Expr
	for _, b := range c.Value.bounds {
		if b.Comparison == nil || b.Number == nil {
			return nil, refuse(422, "IR_06", at+": each entry has a comparisonType and a number")
		}
		op := operator(*b.Comparison)
		if none {
			op = opposite(op)
		}
		list = append(list, tree.Expr{Term: &tree.Term{Attribute: name, Operator: op, Value: tree.Value{Items: []tree.Item{{Text: string(*b.Number), Number: true}}}}})
	}
	if none {
		return &tree.Expr{All: list}, nil
	}
	return &tree.Expr{Any: list}, nil
}

func operator(w comparisonWord) tree.Operator {
	switch w {
	case "not_equal":
		return tree.Neq
	case "less_than":
		return tree.Lt
	case "less_than_equal":
		return tree.Lte
	case "greater_than":
		return tree.Gt
	case "greater_than_equal":
		return tree.Gte
	}
	return tree.Eq
}

func opposite(o tree.Operator) tree.Operator {
	switch o {
	case tree.Eq:
		return tree.Neq
	case tree.Neq:
		return tree.Eq
	case tree.Lt:
		return tree.Gte
	case tree.Lte:
		return tree.Gt
	case tree.Gt:
		return tree.Lte
	}
	return tree.Lt
}

// spelled is a value as the engine has it.
func spelled(name, value string) string {
	if name == "bank_transfer" {
		switch strings.ToLower(value) {
		case "sepa_bank_transfer":
			return "sepa"
		}
	}
	if name == "payout_type" && value == "bank_transfer" {
		return "bank"
	}
	return value
}

// Facts are what conditions may ask of a payout that only this dialect knows:
// engine.Config.Facts["rest"].
func Facts(r *engine.Request) map[string]string {
	x := extraOf(r)
	out := map[string]string{}
	put := func(name, v string) {
		if v != "" {
			out[name] = v
		}
	}
	put("business_country", x.BusinessCountry)
	put("business_label", x.BusinessLabel)
	put("payout_type", typeOfPayout(r, &x))
	var billing struct {
		Address *struct {
			Country *string `json:"country"`
		} `json:"address"`
	}
	lenient := wire.DecodeOptions{IgnoreUnknown: true}
	if len(x.Billing) > 0 && wire.Decode(x.Billing, &billing, lenient) == nil && billing.Address != nil {
		put("billing_country", said(billing.Address.Country))
	}
	var meta map[string]any
	if len(x.Metadata) > 0 && wire.Decode(x.Metadata, &meta, lenient) == nil {
		for name, v := range meta {
			switch v := v.(type) {
			case string:
				put("metadata."+name, v)
			case wire.Number:
				put("metadata."+name, string(v))
			case bool:
				put("metadata."+name, strconv.FormatBool(v))
			}
		}
	}
	return out
}
