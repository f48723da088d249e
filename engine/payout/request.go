package payout

import (
	"errors"
	"fmt"

	"penstock/engine/money"
)

// Stage is where a payout request stands. (Its payouts have a Status.)
type Stage string

const (
	Draft       Stage = "draft"       // not confirmed, not approved, or details missing
	Ready       Stage = "ready"       // may be paid; waits for fulfilment
	Dispatching Stage = "dispatching" // a payout exists and no provider has it yet
	InHand      Stage = "pending"     // a provider has it
	AllPaid     Stage = "paid"
	SomePaid    Stage = "partly_paid"
	NonePaid    Stage = "failed"
	Expired     Stage = "expired"
	Withdrawn   Stage = "cancelled"
	GivenBack   Stage = "returned"
)

var stages = [...]Stage{Draft, Ready, Dispatching, InHand, AllPaid, SomePaid, NonePaid, Expired, Withdrawn, GivenBack}

// Stages returns every stage, in the order of a request's life.
func Stages() []Stage { return append([]Stage(nil), stages[:]...) }

// Ended says that nothing is left to do for a request of this stage.
func (s Stage) Ended() bool {
	switch s {
	case AllPaid, SomePaid, NonePaid, Expired, Withdrawn, GivenBack:
		return true
	}
	return false
}

// Step is what can happen to a request.
type Step string

const (
	Edited   Step = "edited"   // something that it still lacked, or may still change, was given
	Approved Step = "approved" // confirmed, and whole
	Issued   Step = "issued"   // its first payout was made
	Routed   Step = "routed"   // its first payout was to be made, and no way was found
	Moved    Step = "moved"    // its payouts have moved on: see Outcome
	Revoked  Step = "revoked"  // the merchant wants it no more
	TimedOut Step = "timed_out"
)

var steps = [...]Step{Edited, Approved, Issued, Routed, Moved, Revoked, TimedOut}

// Steps returns every step.
func Steps() []Step { return append([]Step(nil), steps[:]...) }

// stageTable is the life of a request. Moved goes wherever Outcome says, but
// for the ends, which leave only as paid -> returned.
var stageTable = map[Stage]map[Step]Stage{
	Draft:       {Edited: Draft, Approved: Ready, Revoked: Withdrawn, TimedOut: Expired},
	Ready:       {Issued: Dispatching, Routed: NonePaid, Revoked: Withdrawn, TimedOut: Expired},
	Dispatching: {Moved: ""},
	InHand:      {Moved: ""},
	AllPaid:     {Moved: ""},
	SomePaid:    {Moved: ""},
	GivenBack:   {Moved: ""},
	NonePaid:    {Moved: ""},
	Withdrawn:   {Moved: ""},
	Expired:     {},
}

// ErrStep is wrapped by Advance for a step that can't be taken from a stage.
var ErrStep = errors.New("payout: step is not possible at this stage")

// Advance is the only way in which a request's stage changes. For Moved it
// derives the stage from the payouts; an end stays, unless money that was
// paid has come back. more says that the request goes on when all of its
// payouts have ended: another one will be made, or a person decides.
func Advance(from Stage, s Step, amount money.Amount, payouts []Payout, more bool) (Stage, error) {
	to, ok := stageTable[from][s]
	if !ok {
		return from, fmt.Errorf("%w: %s at %s", ErrStep, s, from)
	}
	if s != Moved {
		return to, nil
	}
	to = Outcome(amount, payouts, more)
	if from.Ended() && !(to == GivenBack && (from == AllPaid || from == SomePaid)) {
		return from, nil
	}
	return to, nil
}

// Outcome is what the payouts of a request amount to. A request with money
// out is never failed.
func Outcome(amount money.Amount, payouts []Payout, more bool) Stage {
	var moved int64
	var open, held, paid, returned, cancelled int
	for _, p := range payouts {
		switch {
		case p.Out():
			paid++
			moved += p.Covers().Minor()
		case p.Status == Pending:
			held++
		case p.Status == Returned:
			returned++
		case p.Status == Cancelled:
			cancelled++
		case p.Status != Failed:
			open++
		}
	}
	switch {
	case held > 0:
		return InHand
	case open > 0:
		return Dispatching
	case paid > 0 && moved >= amount.Minor():
		return AllPaid
	case more:
		return InHand
	case paid > 0:
		return SomePaid
	case returned > 0:
		return GivenBack
	case cancelled > 0 && cancelled == len(payouts):
		return Withdrawn
	}
	return NonePaid
}
