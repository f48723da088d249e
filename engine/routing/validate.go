package routing

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"penstock/engine/service"
)

// Bounds of a tree. They are far above what people write, and keep a decision
// cheap and its explanation small.
const (
	maxBytes      = 64 << 10
	maxDepth      = 16  // conditions below each other
	maxGroups     = 8   // groups within each other
	maxNodes      = 256 // conditions and leaves
	maxTerms      = 512 // comparisons in all
	maxItems      = 200 // items of one list
	maxText       = 256 // bytes of a literal
	maxName       = 200 // bytes of a name or a reason
	maxStrategies = 16  // of one leaf
	maxRefs       = 200 // of one strategy
	maxID         = 64  // bytes of an id or a provider's name
	maxWeight     = 1_000_000
	maxBIN        = 8
	minBIN        = 4
)

// Validate checks a tree, however it was made, with the rules of Parse, and
// that each reference leads to one of the known routes; known nil skips the
// latter. The error is a *Fault.
func Validate(t Tree, known []Target) error {
	if t.Root == nil {
		return nil
	}
	v := validator{known: known}
	return v.node(t.Root, "", 0).orNil()
}

// validator walks over one tree and counts.
type validator struct {
	known        []Target
	nodes, terms int
}

func (v *validator) node(n *Node, at string, depth int) *Fault {
	if v.nodes++; v.nodes > maxNodes {
		return &Fault{at, "is one condition or leaf too many: a tree has at most " + strconv.Itoa(maxNodes)}
	}
	if depth > maxDepth {
		return tooDeep(at)
	}
	if fault := label(n.Name, at+"/name"); fault != nil {
		return fault
	}
	condition := n.If != nil || n.Then != nil || n.Else != nil
	switch {
	case n.Block && !condition && n.Strategies == nil:
		return label(n.Reason, at+"/block")
	case n.Block || condition == (n.Strategies != nil):
		return &Fault{at, `must be a condition ("if", "then", "else"), or have "strategies", or "block"`}
	case !condition:
		return v.leaf(n.Strategies, at+"/strategies")
	case n.If == nil || n.Then == nil || n.Else == nil:
		return &Fault{at, `must have "if", "then" and "else"`}
	}
	if fault := v.expr(n.If, at+"/if", 0); fault != nil {
		return fault
	}
	if fault := v.node(n.Then, at+"/then", depth+1); fault != nil {
		return fault
	}
	return v.node(n.Else, at+"/else", depth+1)
}

func (v *validator) expr(e *Expr, at string, depth int) *Fault {
	if depth > maxGroups {
		return tooDeep(at)
	}
	members, key := e.All, "/all"
	if e.Any != nil {
		members, key = e.Any, "/any"
	}
	switch {
	case e.Term != nil && e.All == nil && e.Any == nil:
		if v.terms++; v.terms > maxTerms {
			return &Fault{at, "is one comparison too many: a tree has at most " + strconv.Itoa(maxTerms)}
		}
		return checkTerm(e.Term, at)
	case e.Term != nil || (e.All == nil) == (e.Any == nil):
		return &Fault{at, `must be a comparison ("attribute", "operator", "value"), or have "all", or "any"`}
	case len(members) == 0:
		return &Fault{at + key, "must be a list of one or more"}
	}
	for i := range members {
		if fault := v.expr(&members[i], at+key+"/"+strconv.Itoa(i), depth+1); fault != nil {
			return fault
		}
	}
	return nil
}

func checkTerm(t *Term, at string) *Fault {
	row := findAttribute(t.Attribute)
	if row == nil {
		return &Fault{at + "/attribute", "must be one of " + list(attributes[:], func(a attribute) string { return a.Name })}
	}
	allowed := operatorsOf(row.Kind)
	if !slices.Contains(allowed, t.Operator) {
		return &Fault{at + "/operator", "must be, for " + row.Name + ", one of " + list(allowed, func(o Operator) string { return string(o) })}
	}
	items := t.Value.Items
	switch {
	case t.Operator.takesList() && !t.Value.List && !(len(items) == 1 && items[0].From != ""):
		return &Fault{at + "/value", "must be a list, or a range of numbers, for " + string(t.Operator)}
	case !t.Operator.takesList() && (t.Value.List || len(items) != 1):
		return &Fault{at + "/value", "must be one value, not a list, for " + string(t.Operator)}
	case len(items) == 0 || len(items) > maxItems:
		return &Fault{at + "/value", "must be a list of 1 to " + strconv.Itoa(maxItems)}
	}
	for i := range items {
		place := at + "/value"
		if t.Value.List {
			place += "/" + strconv.Itoa(i)
		}
		if rule := checkItem(row, t.Operator, &items[i]); rule != "" {
			return &Fault{place, rule}
		}
	}
	return nil
}

// checkItem says which rule an item breaks, if any.
func checkItem(row *attribute, o Operator, i *Item) string {
	switch {
	case i.Ref != "":
		if i.Text != "" || i.Number || i.From != "" || i.To != "" || findAttribute(i.Ref) == nil {
			return "must be a known attribute in braces, as in {customer.metadata.ip}, if it begins and ends with braces"
		}
		return ""
	case i.From != "" || i.To != "":
		if i.Text != "" || i.Number || !o.takesList() || row.Kind == KindText {
			return "must not be a range: that is for in and not_in, and for numbers"
		}
		return checkRange(row, i)
	case i.Number && (!isDecimal(i.Text) || !json.Valid([]byte(i.Text))):
		return mustBeDecimal
	}
	return checkLiteral(row, o, i)
}

var mustBeDecimal = "must be a number of at most " + strconv.Itoa(maxDecimal) + " characters, without an exponent, e.g. 1000 or 12.50"

func checkLiteral(row *attribute, o Operator, i *Item) string {
	switch {
	case row.Kind == KindNumber || row.Kind == KindAny && o.takesOrder():
		if !isDecimal(i.Text) {
			return mustBeDecimal
		}
	case row.Kind == KindBIN:
		if !isBIN(i.Text) {
			return mustBeBIN
		}
	case row.Kind == KindText && i.Number:
		return "must be a text, in quotation marks"
	case len(i.Text) == 0 || len(i.Text) > maxText:
		return "must be a text of 1 to " + strconv.Itoa(maxText) + " bytes"
	case !utf8.ValidString(i.Text) || strings.ContainsFunc(i.Text, unicode.IsControl):
		return "must be a text without control characters"
	case strings.HasPrefix(i.Text, "{") && strings.HasSuffix(i.Text, "}"):
		return "must be a known attribute in braces, as in {customer.metadata.ip}, if it begins and ends with braces"
	case service.HoldsNumber(i.Text):
		return "must not hold a card number or an IBAN"
	}
	if row.check != nil && o != Contains {
		if err := row.check(i.Text); err != nil {
			return err.Error()
		}
	}
	return ""
}

var mustBeBIN = "must be the first " + strconv.Itoa(minBIN) + " to " + strconv.Itoa(maxBIN) + " digits of a card"

func isBIN(s string) bool { return isDigits(s) && len(s) >= minBIN && len(s) <= maxBIN }

func checkRange(row *attribute, i *Item) string {
	if row.Kind == KindBIN {
		if !isBIN(i.From) || len(i.From) != len(i.To) || i.From > i.To {
			return "must be a range from a lower to a higher number of as many digits; each end " + mustBeBIN
		}
		return ""
	}
	if !isDecimal(i.From) || !isDecimal(i.To) || compareDecimals(i.From, i.To) > 0 {
		return "must be a range from a lower to a higher number; each end " + mustBeDecimal
	}
	for _, end := range []string{i.From, i.To} {
		if row.check != nil {
			if err := row.check(end); err != nil {
				return err.Error()
			}
		}
	}
	return ""
}

func (v *validator) leaf(strategies []Strategy, at string) *Fault {
	if len(strategies) == 0 || len(strategies) > maxStrategies {
		return &Fault{at, "must be a list of 1 to " + strconv.Itoa(maxStrategies)}
	}
	for i := range strategies {
		s, place := &strategies[i], at+"/"+strconv.Itoa(i)
		switch {
		case !slices.Contains(strategyTypes[:], s.Type):
			return &Fault{place + "/type", "must be one of " + list(strategyTypes[:], func(t StrategyType) string { return string(t) })}
		case len(s.Routes) > maxRefs:
			return &Fault{place + "/routes", "must be at most " + strconv.Itoa(maxRefs)}
		case s.Type == Direct && (len(s.Routes) != 1 || s.Routes[0].all()):
			return &Fault{place + "/routes", "must be exactly one route for direct, and not all"}
		}
		if fault := v.refs(s, place+"/routes"); fault != nil {
			return fault
		}
	}
	return nil
}

func (v *validator) refs(s *Strategy, at string) *Fault {
	seen := make(map[Ref]bool, len(s.Routes))
	for i, r := range s.Routes {
		place := at + "/" + strconv.Itoa(i)
		for _, id := range []string{r.Route, r.Provider, r.Account, r.Deposit} {
			if len(id) > maxID || !plain(id) || id == allRoutes {
				return &Fault{place, "must name routes by ids of at most " + strconv.Itoa(maxID) + " plain characters"}
			}
		}
		switch {
		case s.Type != Weighted && r.Weight != 0:
			return &Fault{place, "must not have a weight but for the strategy weight"}
		case s.Type == Weighted && (r.Weight < 1 || r.Weight > maxWeight):
			return &Fault{place + "/weight", mustBeWeight}
		}
		if r.Weight = 0; seen[r] {
			return &Fault{place, "must not name again what stands before it"}
		}
		seen[r] = true
		if !v.leads(r) {
			return &Fault{place, "leads to no route of this service"}
		}
	}
	return nil
}

// A weight of nothing is refused: a route that is never to be drawn mustn't be
// reckoned with for the rest of a split either, so it isn't to be listed.
var mustBeWeight = "must be a whole number from 1 to " + strconv.Itoa(maxWeight)

// leads says whether a reference names one of the routes there are. All
// routes may be none.
func (v *validator) leads(r Ref) bool {
	if v.known == nil || r.all() {
		return true
	}
	for i := range v.known {
		if r.names(&v.known[i]) {
			return true
		}
	}
	return false
}

// label checks a text that people read.
func label(s, at string) *Fault {
	switch {
	case len(s) > maxName || !plain(s):
		return &Fault{at, "must be at most " + strconv.Itoa(maxName) + " bytes of plain text"}
	case s != "" && service.HoldsNumber(s):
		return &Fault{at, "must not hold a card number or an IBAN"}
	}
	return nil
}
