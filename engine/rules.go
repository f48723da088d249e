package engine

import (
	"time"

	"penstock/engine/connector"
	"penstock/engine/fx"
	"penstock/engine/ledger"
	"penstock/engine/payout"
	"penstock/engine/routing"
)

// Rules are the decisions on which the two promises rest. The zero value is
// the product. Only engine/sim sets one, to a wrong one: a proof that can't
// see a planted bug proves nothing. A test holds that nobody else does.
type Rules struct {
	Judge  func(payout.Payout, payout.Statement, connector.Traits) payout.Event
	Plan   func(payout.Payout, connector.Traits, time.Time) payout.Act
	Apply  func(payout.Payout, payout.Event) (payout.Payout, payout.Effect, error)
	InHand func(bool) bool       // whether what this process has in hand is skipped
	Owned  func(owned bool) bool // whether a method must belong to the customer who is paid
	Rebase func(bool) bool       // whether work follows a clock that was set back
	Same   func(same bool) bool  // whether a repeat must have the first one's body
	// Forgets says whether a repeat of a payout, or of a payment, is taken for
	// something new after an older store was brought back.
	Forgets func(payout bool) bool
	// Arriving is how long a release has to wait for what was sent before.
	Arriving func(left time.Duration) time.Duration
	Booked   func(p payout.Payout) bool                                     // whether a payout's step is posted to its deposit
	Moves    func(was, is payout.Payout, moves []ledger.Move) []ledger.Move // what a payout's step means to its deposit
	Limits   func(ledger.Limits) ledger.Limits                              // how far down payouts may take a deposit
	Over     func(was, is payout.Payout) bool                               // whether a payout has just ended, so that its request goes on
	Next     func(payout.Wish, []payout.Payout, func(string) bool) payout.Move
	Decide   func(routing.Input) routing.Decision
	Hold     func(hold func() error) error // how a payout's money is set aside
	Ahead    func(free bool) bool          // whether a payout is claimed as it is made, if its lane has a hand free
	Rate     func(fx.Rate) fx.Rate         // the rate that a payout is stored with, of the one that it was decided by
}

func (r Rules) filled() Rules {
	if r.Judge == nil {
		r.Judge = payout.Judge
	}
	if r.Plan == nil {
		r.Plan = payout.Plan
	}
	if r.Apply == nil {
		r.Apply = payout.Apply
	}
	same := func(b bool) bool { return b }
	for _, f := range []*func(bool) bool{&r.InHand, &r.Owned, &r.Rebase, &r.Same, &r.Ahead} {
		if *f == nil {
			*f = same
		}
	}
	if r.Forgets == nil {
		r.Forgets = func(bool) bool { return false }
	}
	if r.Arriving == nil {
		r.Arriving = func(left time.Duration) time.Duration { return left }
	}
	if r.Over == nil {
		r.Over = func(was, is payout.Payout) bool { return is.Status != was.Status && is.Status.Ended() }
	}
	if r.Next == nil {
		r.Next = payout.Next
	}
	if r.Decide == nil {
		r.Decide = routing.Decide
	}
	if r.Moves == nil {
		r.Moves = func(_, _ payout.Payout, moves []ledger.Move) []ledger.Move { return moves }
	}
	if r.Limits == nil {
		r.Limits = func(l ledger.Limits) ledger.Limits { return l }
	}
	if r.Hold == nil {
		r.Hold = func(hold func() error) error { return hold() }
	}
	if r.Rate == nil {
		r.Rate = func(rate fx.Rate) fx.Rate { return rate }
	}
	if r.Booked == nil {
		r.Booked = func(payout.Payout) bool { return true }
	}
	return r
}
