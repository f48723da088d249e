package routing

import (
	"encoding/json"
	"errors"
)

// MarshalJSON is the form that Parse reads; null for the zero Tree.
func (t Tree) MarshalJSON() ([]byte, error) { return json.Marshal(t.Root) }

// UnmarshalJSON is Parse, but for null, which is the zero Tree.
func (t *Tree) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*t = Tree{}
		return nil
	}
	parsed, err := Parse(data)
	if err == nil {
		*t = parsed
	}
	return err
}

// MarshalJSON is the form that Parse reads.
func (n Node) MarshalJSON() ([]byte, error) {
	var out struct {
		Name       string     `json:"name,omitempty"`
		If         *Expr      `json:"if,omitempty"`
		Then       *Node      `json:"then,omitempty"`
		Else       *Node      `json:"else,omitempty"`
		Strategies []Strategy `json:"strategies,omitempty"`
		Block      *string    `json:"block,omitempty"`
	}
	out.Name, out.If, out.Then, out.Else, out.Strategies = n.Name, n.If, n.Then, n.Else, n.Strategies
	if n.Block {
		out.Block = &n.Reason
	}
	return json.Marshal(out)
}

// MarshalJSON is the form that Parse reads.
func (e Expr) MarshalJSON() ([]byte, error) {
	var out struct {
		All       []Expr   `json:"all,omitempty"`
		Any       []Expr   `json:"any,omitempty"`
		Attribute string   `json:"attribute,omitempty"`
		Operator  Operator `json:"operator,omitempty"`
		Value     *Value   `json:"value,omitempty"`
	}
	out.All, out.Any = e.All, e.Any
	if e.Term != nil {
		out.Attribute, out.Operator, out.Value = e.Term.Attribute, e.Term.Operator, &e.Term.Value
	}
	return json.Marshal(out)
}

// MarshalJSON is the form that Parse reads.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.List {
		if v.Items == nil {
			return []byte("[]"), nil
		}
		return json.Marshal(v.Items)
	}
	if len(v.Items) != 1 {
		return nil, errors.New("routing: a value that is no list has exactly one item")
	}
	return json.Marshal(v.Items[0])
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (v *Value) UnmarshalJSON(data []byte) error {
	read, fault := readJSON(data)
	if fault != nil {
		return fault
	}
	parsed, fault := parseValue(read, "")
	if fault != nil {
		return fault
	}
	*v = parsed
	return nil
}

// MarshalJSON is the form that Parse reads.
func (i Item) MarshalJSON() ([]byte, error) {
	switch {
	case i.Ref != "":
		return json.Marshal("{" + i.Ref + "}")
	case i.From != "":
		return json.Marshal(struct {
			From string `json:"from"`
			To   string `json:"to"`
		}{i.From, i.To})
	case i.Number:
		return []byte(i.Text), nil
	}
	return json.Marshal(i.Text)
}

// MarshalJSON is the form that Parse reads.
func (s Strategy) MarshalJSON() ([]byte, error) {
	routes := make([]any, len(s.Routes))
	for i, r := range s.Routes {
		routes[i] = r.plain(s.Type == Weighted)
	}
	return json.Marshal(struct {
		Type   StrategyType `json:"type"`
		Routes []any        `json:"routes,omitempty"`
	}{s.Type, routes})
}

const allRoutes = "*"

// plain is what stands for r in JSON: a text where that says it all.
func (r Ref) plain(weighted bool) any {
	name := r.Route
	if r.all() {
		name = allRoutes
	}
	if !weighted && r.Provider == "" && r.Account == "" && r.Deposit == "" {
		return name
	}
	out := struct {
		Route    string `json:"route,omitempty"`
		Provider string `json:"provider,omitempty"`
		Account  string `json:"account,omitempty"`
		Deposit  string `json:"deposit,omitempty"`
		Weight   *int64 `json:"weight,omitempty"`
	}{name, r.Provider, r.Account, r.Deposit, nil}
	if weighted {
		out.Weight = &r.Weight
	}
	return out
}

func (r Ref) all() bool {
	return r.Route == "" && r.Provider == "" && r.Account == "" && r.Deposit == ""
}

// names says whether r leads to a route.
func (r Ref) names(t *Target) bool {
	return (r.Route == "" || r.Route == t.Route) && (r.Provider == "" || r.Provider == t.Provider) &&
		(r.Account == "" || r.Account == t.Account) && (r.Deposit == "" || r.Deposit == t.Deposit)
}
