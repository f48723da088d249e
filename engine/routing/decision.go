package routing

import (
	"penstock/engine/money"
	"penstock/engine/payout"
)

// Target says what a route is of; the ids are the store's.
type Target struct {
	Route    string `json:"route"`
	Service  string `json:"service,omitempty"`
	Provider string `json:"provider,omitempty"` // name
	Account  string `json:"account,omitempty"`  // provider account
	Deposit  string `json:"deposit,omitempty"`
}

// Cost is what a payout by a route costs: rate x amount + fixed, within least
// and most. The zero Cost is free.
type Cost struct {
	Rate        int64        // of the amount, in millionths: 2.5 % is 25,000; 0 to 1,000,000
	Fixed       money.Amount // in the route's currency; unset: none
	Least, Most money.Amount // unset: no bound
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
	Choice *Choice `json:"choice,omitempty"` // nil: no route
	// Resolution is OK, STRATEGY_RECEIVED_NO_ROUTES (the branch blocks, or
	// names no route that exists) or STRATEGY_CONFIGURED_ROUTES_WERE_FILTERED.
	Resolution payout.Resolution `json:"resolution"`
	// Short says that no route can be used now, and that at least one lacks
	// nothing but money in its deposit account: once money arrives, it can.
	Short bool `json:"short,omitempty"`
	// Blocked is the reason of the branch that rejects the payout ("blocked"
	// when it gives none); empty: no such branch.
	Blocked string `json:"blocked,omitempty"`
}
