package routing

import (
	"penstock/engine/money"
	"penstock/engine/payout"
)

// Target says what a route is of; the ids are the store's.
type Target struct {
	Route    string `json:"route"`
	Service  string `json:"service,omitzero"`
	Provider string `json:"provider,omitzero"` // name
	Account  string `json:"account,omitzero"`  // provider account
	Deposit  string `json:"deposit,omitzero"`
}

// Candidate is one route of the service as it stands at the moment of the
// decision. All amounts but AvailableIn are in the route's currency, which is
// that of Whole.
type Candidate struct {
	Target

	// Whole is what this route would pay for the whole of Input.Remaining,
	// after the exchange.
	Whole money.Amount
	// Convert is the exchange, for parts: what the route pays for so much of
	// the request's currency. It must never fall when the part grows, and
	// Convert(a) + Convert(b) <= Convert(a + b), as rounding down gives. Nil is
	// identity, for a route of the request's own currency.
	Convert func(part money.Amount) (money.Amount, error)

	Min, Max money.Amount // limits of one payout, ends included; unset: none

	// Available is what may leave the deposit account now: balance less holds
	// and minimal balance, plus overdraft, less what the caller keeps back for
	// fees. Routes of one deposit account share it.
	Available money.Amount
	Unlimited bool // nobody counts the balance; Available is ignored
	// AvailableIn is Available in the request's currency, for the strategy
	// Balance. Unset: the route comes last there.
	AvailableIn money.Amount
	// TurnoverLeft is what the deposit account's turnover limit still lets out
	// today; unset: no such limit.
	TurnoverLeft money.Amount

	Cost         Cost
	Paid, Failed int64 // how its payouts ended, over the caller's window

	Disabled  bool   // the route, its deposit account or its provider account is switched off
	Archived  bool   // likewise
	Unhealthy bool   // its provider is known to be down
	Tried     bool   // it failed before in this request
	Refused   string // why the caller knows that it can't be used, e.g. "RATE_NOT_FOUND"; empty: it can
}

// Facts are the values of attributes, by their full names
// ("metadata.order_id"). Numbers are decimals ("12.50"); card_bin is the first
// six or eight digits and never more. What is not there is absent: no
// comparison with it holds, not even Neq.
type Facts map[string]string

// MaxParts is how many payouts one request may be split into.
const MaxParts = 100

// Input is all that a decision depends on.
type Input struct {
	Tree       Tree
	Candidates []Candidate // all routes of the service, unfit ones too: the explanation names them
	Facts      Facts
	Remaining  money.Amount // what is left to pay, in the request's currency
	Split      bool         // parts are allowed
	PartsLeft  int          // how many more payouts may succeed, this one included; over MaxParts counts as MaxParts; ignored without Split
	Seed       uint64       // chance: a fresh random number for each decision
}

// Choice is where the money leaves, and how much of it.
type Choice struct {
	Target
	Part   money.Amount `json:"part"`   // share of the request, in its currency
	Amount money.Amount `json:"amount"` // what the route pays for it, in its own
}

// Decision is a choice, or why there is none, with the explanation of it. It
// is stored with the payout, so it holds no personal data: the values of
// attributes marked Personal are not in it.
type Decision struct {
	Choice *Choice `json:"choice,omitzero"` // nil: no route
	// Resolution is OK, STRATEGY_RECEIVED_NO_ROUTES (the branch blocks, or
	// names no route that exists) or STRATEGY_CONFIGURED_ROUTES_WERE_FILTERED.
	Resolution payout.Resolution `json:"resolution"`
	// Short says that no route can be used now, and that at least one lacks
	// nothing but money in a deposit account: once money arrives, it can.
	Short bool `json:"short,omitzero"`
	// Blocked says that the branch rejects the payout, because of Reason, which
	// may be empty.
	Blocked bool   `json:"blocked,omitzero"`
	Reason  string `json:"reason,omitzero"`

	Asked money.Amount `json:"asked"`          // what remained to be paid
	Parts int          `json:"parts,omitzero"` // how many parts it might be paid in; 0: it might not be split

	Path   []Step  `json:"path,omitempty"` // the conditions from the root to the leaf
	Leaf   string  `json:"leaf"`           // JSON pointer of the leaf; empty: the root
	Rounds []Round `json:"rounds,omitempty"`
}

// Step is one condition on the way through the tree.
type Step struct {
	At   string  `json:"at"` // JSON pointer of the node
	Name string  `json:"name,omitzero"`
	If   Outcome `json:"if"` // If.Is: it went on by "then", else by "else"
}

// Outcome is what an expression came to: a group, or a comparison.
type Outcome struct {
	Is  bool      `json:"is"`
	All []Outcome `json:"all,omitempty"`
	Any []Outcome `json:"any,omitempty"`

	Attribute string   `json:"attribute,omitzero"`
	Operator  Operator `json:"operator,omitzero"`
	Value     *Value   `json:"value,omitzero"`
	Actual    string   `json:"actual,omitzero"`
	Against   []string `json:"against,omitempty"` // what dynamic values were, in their order
	Absent    bool     `json:"absent,omitzero"`   // the attribute, or a dynamic value, is not known
	Masked    bool     `json:"masked,omitzero"`   // Actual and Against are not shown: they may be personal
}

// RoundKind says what was sought for.
type RoundKind string

const (
	// RoundWhole seeks a route for all that remains.
	RoundWhole RoundKind = "whole"
	// RoundParts seeks the largest part that a route's limits admit, among the
	// routes with the money for it.
	RoundParts RoundKind = "parts"
	// RoundDrain seeks the same among all: parts as large as the money there is.
	RoundDrain RoundKind = "drain"
)

// Round is one turn through the strategies of the leaf.
type Round struct {
	Kind   RoundKind `json:"kind"`
	Routes []Verdict `json:"routes"` // those that a strategy names, in the order of the candidates
	Tries  []Try     `json:"tries"`
}

// Reason says why a route was refused.
type Reason string

const (
	Usable         Reason = ""
	IsArchived     Reason = "archived"
	IsDisabled     Reason = "disabled"
	IsUnhealthy    Reason = "unhealthy"
	IsTried        Reason = "tried"
	IsRefused      Reason = "refused"         // by the caller: Verdict.Detail says why
	BadCurrency    Reason = "currency"        // its amounts are not all of one currency
	BelowMin       Reason = "below_min"       // Need is under the route's minimum
	AboveMax       Reason = "above_max"       // Need is over the route's maximum
	OverTurnover   Reason = "turnover"        // Need is over what the turnover limit leaves today
	OverBalance    Reason = "balance"         // Need is over what is available
	RestImpossible Reason = "rest"            // it could take a part, but limits let nothing take what would remain
	RestOverdrawn  Reason = "rest_of_balance" // likewise, and only money is missing for that
)

// Short says that nothing but money is missing.
func (r Reason) Short() bool { return r == OverBalance || r == RestOverdrawn }

// Figure is an amount of an explanation, or none. Other than an Amount tagged
// omitzero, one of nothing is written down: EUR 0.00 left is not "no limit".
type Figure struct{ money.Amount }

// IsZero says that there is no figure, not that it is nothing.
func (f Figure) IsZero() bool { return !f.IsSet() }

// Verdict is how one route stands in a round.
type Verdict struct {
	Route    string `json:"route"`
	Provider string `json:"provider,omitzero"`
	Reason   Reason `json:"reason,omitzero"` // empty: it can be used
	Detail   string `json:"detail,omitzero"`
	Need     Figure `json:"need,omitzero"`  // what it would pay; of a refused part: the least or the most
	Limit    Figure `json:"limit,omitzero"` // what Need was held against, if it is refused
	Slot     *Slot  `json:"slot,omitzero"`  // of rounds for parts
}

// Slot is which parts a route can take, in minor units of the currency asked
// for.
type Slot struct {
	From int64 `json:"from"` // the least part
	To   int64 `json:"to"`   // the largest that limits admit
	Cap  int64 `json:"cap"`  // the most in all its parts, by balance and turnover
	// Group is the place, from 1, of the first route in the round of the same
	// deposit account, if that isn't this one; they share its Cap.
	Group int   `json:"group,omitzero"`
	Part  int64 `json:"part,omitzero"` // the largest that leaves what can be paid
}

// Try is one strategy that was asked.
type Try struct {
	Strategy int          `json:"strategy"` // its place in the leaf, from 0
	Type     StrategyType `json:"type"`
	Draw     uint64       `json:"draw,omitzero,string"` // the chance that it was given
	// Field are the routes that it chose among, in its order; empty: none of
	// those it names can be used, and the next was asked.
	Field []Contender `json:"field,omitempty"`
}

// Contender is a route among which a strategy chose, with the numbers by
// which it did.
type Contender struct {
	Route     int    `json:"route"`              // its place in the round, from 0
	Weight    int64  `json:"weight,omitzero"`    // weight, optimal
	Balance   Figure `json:"balance,omitzero"`   // balance
	Unlimited bool   `json:"unlimited,omitzero"` // balance
	Fee       Figure `json:"fee,omitzero"`       // cost, optimal: what it costs, of its Need
	Paid      int64  `json:"paid,omitzero"`      // conversion, optimal
	Failed    int64  `json:"failed,omitzero"`    // conversion, optimal
}
