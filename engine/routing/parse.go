package routing

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// ErrTree is wrapped by every refusal of a tree; the refusal is a *Fault.
var ErrTree = errors.New("routing: bad tree")

// Fault says where a tree is wrong, and which rule it breaks. It shows no
// value of the tree but a short one that is no known word.
type Fault struct {
	Pointer string // JSON pointer from the root: "/then/strategies/0/routes/1"; empty: the root itself
	Rule    string // "must be ...", to be read after the name of the place
}

func (f *Fault) Error() string {
	at := f.Pointer
	if at == "" {
		at = "its root"
	}
	return "routing: bad tree: " + at + " " + f.Rule
}

func (f *Fault) Unwrap() error { return ErrTree }

// orNil keeps a nil *Fault from becoming an error that isn't nil.
func (f *Fault) orNil() error {
	if f == nil {
		return nil
	}
	return f
}

// Parse reads a tree from JSON, strictly: no unknown or repeated member, no
// value of a kind that its attribute doesn't have, bounded in size and depth.
// The error is a *Fault. Whether its routes exist is Validate's question.
//
// Operators may be written by name or by sign, strategies by their names or as
// pages name them (by_priority); a range as {"from": 1, "to": 5}, "1..5" or
// "[1..5]". Marshalling writes one form of each.
func Parse(data []byte) (Tree, error) {
	read, fault := readJSON(data)
	if fault != nil {
		return Tree{}, fault
	}
	root, fault := parseNode(read, "", 0)
	if fault != nil {
		return Tree{}, fault
	}
	t := Tree{Root: root}
	if err := Validate(t, nil); err != nil {
		return Tree{}, err
	}
	return t, nil
}

// open takes v for an object with no member but the known ones.
func open(v any, at string, known ...string) (object, *Fault) {
	members, ok := v.(object)
	if !ok {
		return nil, &Fault{at, "must be an object"}
	}
	for _, key := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains(known, key) {
			return nil, &Fault{at, "has an unknown member " + quote(key) + "; known here: " + strings.Join(known, ", ")}
		}
	}
	return members, nil
}

// has says whether any of the keys is there.
func (o object) has(keys ...string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { _, ok := o[key]; return ok })
}

// text takes the member for a text; an absent one is empty.
func (o object) text(key, at string) (string, *Fault) {
	v, there := o[key]
	s, ok := v.(string)
	if there && !ok {
		return "", &Fault{at + "/" + key, "must be a text"}
	}
	return s, nil
}

func parseNode(v any, at string, depth int) (*Node, *Fault) {
	if depth > maxDepth {
		return nil, tooDeep(at)
	}
	o, fault := open(v, at, "name", "if", "then", "else", "strategies", "block")
	if fault != nil {
		return nil, fault
	}
	n := &Node{}
	if n.Name, fault = o.text("name", at); fault != nil {
		return nil, fault
	}
	condition, leaf, block := o.has("if", "then", "else"), o.has("strategies"), o.has("block")
	switch {
	case condition && !leaf && !block:
		return n, parseCondition(n, o, at, depth)
	case leaf && !condition && !block:
		return n, parseLeaf(n, o["strategies"], at+"/strategies")
	case block && !condition && !leaf:
		n.Block = true
		n.Reason, fault = o.text("block", at)
		return n, fault
	}
	return nil, &Fault{at, `must be a condition ("if", "then", "else"), or have "strategies", or "block"`}
}

func parseCondition(n *Node, o object, at string, depth int) (fault *Fault) {
	for _, key := range []string{"if", "then", "else"} {
		if !o.has(key) {
			return &Fault{at, `must have "if", "then" and "else"`}
		}
	}
	var e Expr
	if e, fault = parseExpr(o["if"], at+"/if", 0); fault != nil {
		return fault
	}
	n.If = &e
	if n.Then, fault = parseNode(o["then"], at+"/then", depth+1); fault != nil {
		return fault
	}
	n.Else, fault = parseNode(o["else"], at+"/else", depth+1)
	return fault
}

func parseExpr(v any, at string, depth int) (Expr, *Fault) {
	if depth > maxGroups {
		return Expr{}, tooDeep(at)
	}
	o, fault := open(v, at, "all", "any", "attribute", "operator", "value")
	if fault != nil {
		return Expr{}, fault
	}
	all, some, term := o.has("all"), o.has("any"), o.has("attribute", "operator", "value")
	var e Expr
	switch {
	case all && !some && !term:
		e.All, fault = parseGroup(o["all"], at+"/all", depth)
	case some && !all && !term:
		e.Any, fault = parseGroup(o["any"], at+"/any", depth)
	case term && !all && !some:
		e.Term, fault = parseTerm(o, at)
	default:
		fault = &Fault{at, `must be a comparison ("attribute", "operator", "value"), or have "all", or "any"`}
	}
	return e, fault
}

func parseGroup(v any, at string, depth int) ([]Expr, *Fault) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, &Fault{at, "must be a list of one or more"}
	}
	out := make([]Expr, len(list))
	for i, member := range list {
		var fault *Fault
		if out[i], fault = parseExpr(member, at+"/"+strconv.Itoa(i), depth+1); fault != nil {
			return nil, fault
		}
	}
	return out, nil
}

func parseTerm(o object, at string) (*Term, *Fault) {
	for _, key := range []string{"attribute", "operator", "value"} {
		if !o.has(key) {
			return nil, &Fault{at, `must have "attribute", "operator" and "value"`}
		}
	}
	t := &Term{}
	var fault *Fault
	if t.Attribute, fault = o.text("attribute", at); fault != nil {
		return nil, fault
	}
	name, fault := o.text("operator", at)
	if fault != nil {
		return nil, fault
	}
	var ok bool
	if t.Operator, ok = parseOperator(name); !ok {
		return nil, &Fault{at + "/operator", "must be one of " + list(Operators(), func(o OperatorInfo) string { return string(o.Operator) })}
	}
	if t.Value, fault = parseValue(o["value"], at+"/value"); fault != nil {
		return nil, fault
	}
	if row := findAttribute(t.Attribute); row != nil && t.Operator.takesList() && (row.Kind == KindNumber || row.Kind == KindBIN) {
		for i := range t.Value.Items {
			t.Value.Items[i] = t.Value.Items[i].asRange()
		}
	}
	return t, nil
}

func parseValue(v any, at string) (Value, *Fault) {
	members, isList := v.([]any)
	if !isList {
		item, fault := parseItem(v, at)
		return Value{Items: []Item{item}}, fault
	}
	out := Value{Items: make([]Item, len(members)), List: true}
	for i, member := range members {
		var fault *Fault
		if out.Items[i], fault = parseItem(member, at+"/"+strconv.Itoa(i)); fault != nil {
			return Value{}, fault
		}
	}
	return out, nil
}

func parseItem(v any, at string) (Item, *Fault) {
	switch v := v.(type) {
	case json.Number:
		return Item{Text: v.String(), Number: true}, nil
	case string:
		if strings.HasPrefix(v, "{") && strings.HasSuffix(v, "}") && len(v) > 2 {
			return Item{Ref: v[1 : len(v)-1]}, nil
		}
		return Item{Text: v}, nil
	case object:
		if _, fault := open(v, at, "from", "to"); fault != nil {
			return Item{}, fault
		}
		from, okFrom := scalar(v["from"])
		to, okTo := scalar(v["to"])
		if !okFrom || !okTo || from == "" {
			return Item{}, &Fault{at, `must have "from" and "to", each a number`}
		}
		return Item{From: from, To: to}, nil
	}
	return Item{}, &Fault{at, "must be a text, a number, a range, or a list of such"}
}

// scalar takes a text or a number for its text.
func scalar(v any) (string, bool) {
	if n, ok := v.(json.Number); ok {
		return n.String(), true
	}
	s, ok := v.(string)
	return s, ok
}

// asRange takes "1..5" and "[1..5]" for the range that people mean by it.
func (i Item) asRange() Item {
	inner := i.Text
	if strings.HasPrefix(inner, "[") && strings.HasSuffix(inner, "]") {
		inner = inner[1 : len(inner)-1]
	}
	from, to, ok := strings.Cut(inner, "..")
	if !ok || i.Number || from == "" {
		return i
	}
	return Item{From: strings.TrimSpace(from), To: strings.TrimSpace(to)}
}

func tooDeep(at string) *Fault {
	return &Fault{at, "is nested too deep: at most " + strconv.Itoa(maxDepth) + " conditions below each other, with " + strconv.Itoa(maxGroups) + " groups"}
}

// list joins the names of a table's rows.
func list[T any](rows []T, name func(T) string) string {
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = name(row)
	}
	return strings.Join(names, ", ")
}
