package routing

// Tree is the decision tree of one payout service. The zero Tree is Optimal
// over all routes of the service, which is how a service starts.
//
// Its JSON is that of its root (see Node); the zero Tree is null. Reading it
// is Parse.
type Tree struct{ Root *Node }

// Asks says whether the way through the tree depends on facts.
func (t Tree) Asks() bool { return t.Root != nil && t.Root.If != nil }

// Node is a condition or a leaf, and exactly one of its three forms:
//
//	{"if": Expr, "then": Node, "else": Node}
//	{"strategies": [Strategy, ...]}
//	{"block": "why"}
type Node struct {
	// Name is what people call it; may be empty.
	Name string

	If         *Expr
	Then, Else *Node

	// Strategies are asked from the first to the last; the first that gives a
	// route ends it.
	Strategies []Strategy

	// Block rejects the payout, because of Reason, which may be empty.
	Block  bool
	Reason string
}

// Expr is what a condition says, and exactly one of its three forms:
//
//	{"all": [Expr, ...]}   every one holds
//	{"any": [Expr, ...]}   at least one holds
//	{"attribute": "amount", "operator": "lte", "value": "1000"}
type Expr struct {
	All, Any []Expr
	Term     *Term
}

// Term is one comparison.
type Term struct {
	Attribute string
	Operator  Operator
	Value     Value
}

// Value is the right-hand side of a comparison: one Item, or a list of them
// for In and NotIn.
type Value struct {
	Items []Item
	List  bool // it was, and will be, written as a list
}

// Item is one literal, range or reference; exactly one of the three.
type Item struct {
	// Text is a literal; for a number it is an exact decimal ("12.5").
	Text string
	// Number says that Text was written as a number. It matters for metadata
	// only, where 7 is compared as a number and "7" as a text.
	Number bool
	// From and To are a range, both ends included: [1..5].
	From, To string
	// Ref is a dynamic value: the attribute to compare with, {customer.metadata.ip}.
	Ref string
}

// Strategy chooses one of the routes that it names.
type Strategy struct {
	Type   StrategyType
	Routes []Ref // empty: all routes of the service
}

// Ref names routes: those for which each member that is given is the same.
// The zero Ref, "*" in JSON, is all routes of the service. A text in JSON is a
// route id; {"provider": "acme", "account": "pacc_..."} the long form.
type Ref struct {
	Route    string // payout route id
	Provider string // provider's name
	Account  string // provider account id
	Deposit  string // deposit account id
	// Weight counts for Weighted only, where it is the share of all routes that
	// the Ref names together.
	Weight int64
}

// StrategyType is the way in which a strategy chooses.
type StrategyType string

const (
	// Optimal draws a route by chance, weighted by conversion and cost:
	// conversion² / (cost + 0.5 %). The default.
	Optimal StrategyType = "optimal"
	// Direct is one reference and nothing else.
	Direct StrategyType = "direct"
	// Priority is the first route that can be used, in the order listed.
	Priority StrategyType = "priority"
	// Weighted draws a route by the weights given.
	Weighted StrategyType = "weight"
	// Balance is the route with the most money available, in the currency of
	// the request.
	Balance StrategyType = "balance"
	// Cheapest is the route with the lowest fee in relation to the amount.
	Cheapest StrategyType = "cost"
	// Conversion is the route with the highest share of successes.
	Conversion StrategyType = "conversion"
)

// Operator is a comparison.
type Operator string

const (
	Eq       Operator = "eq"
	Neq      Operator = "neq"
	Gt       Operator = "gt"
	Gte      Operator = "gte"
	Lt       Operator = "lt"
	Lte      Operator = "lte"
	In       Operator = "in"
	NotIn    Operator = "not_in"
	Contains Operator = "contains"
)

// OperatorInfo is one row of the table of operators.
type OperatorInfo struct {
	Operator Operator `json:"operator"`
	Sign     string   `json:"sign"`  // as pages show it: "=", "!=", ">", ">=", "<", "<=", "in", "not in", "~"
	Label    string   `json:"label"` // for a person, in English
}

// Kind is what an attribute is made of.
type Kind string

const (
	KindNumber Kind = "number" // exact decimal
	KindText   Kind = "text"   // compared without regard to case
	KindBIN    Kind = "bin"    // leading digits of a card: a literal fits if the card starts with it
	KindAny    Kind = "any"    // metadata: a literal number is compared as a number, a literal text as it is
)

// Attribute is one row of the table of what conditions can ask for.
type Attribute struct {
	// Name is how conditions name it, and the key in Facts. One that ends in
	// ".*" stands for any key there: "metadata.*" for metadata.order_id.
	Name      string     `json:"name"`
	Label     string     `json:"label"` // for a person, in English
	Kind      Kind       `json:"kind"`
	Operators []Operator `json:"operators"`
	Hint      string     `json:"hint,omitempty"` // what values look like
	// Personal says that the actual value is not kept in an explanation.
	Personal bool `json:"personal,omitempty"`
}
