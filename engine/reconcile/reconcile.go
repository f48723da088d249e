// Package reconcile compares three books about the same payouts: the records,
// the ledger, and what a provider or a bank has reported. It is pure: it reads
// no clock and no store, and it changes nothing. What was found is for a person.
package reconcile

import (
	"time"

	"penstock/engine/money"
)

// Class is how the books stand to each other about one payout, or about one
// line that is about none.
type Class string

const (
	Matched       Class = "matched"        // all three say the same
	OursOnly      Class = "ours_only"      // we say that money moved, and no line of theirs does
	TheirsOnly    Class = "theirs_only"    // they say that money moved, and we don't
	AmountDiffers Class = "amount_differs" // all know of it, and not of the same money
	Duplicate     Class = "duplicate"      // they booked it more than once
)

// Classes are all of them, what is worst first.
func Classes() []Class {
	return []Class{TheirsOnly, Duplicate, AmountDiffers, OursOnly, Matched}
}

// Why says more about a finding than its class.
type Why string

const (
	Same          Why = ""               // nothing is wrong
	NoKey         Why = "no_key"         // the line bears no name of ours
	UnknownKey    Why = "unknown_key"    // the line bears a name of ours that this account's payouts don't have
	NotPaidHere   Why = "not_paid_here"  // by our books it wasn't paid
	StillOpen     Why = "still_open"     // by our books it is under way, and what they booked was not taken for its end
	NotBooked     Why = "not_booked"     // nothing of theirs names it
	OnlySaid      Why = "only_said"      // they said that it was paid, and booked nothing
	Refused       Why = "refused"        // they said that it was refused
	OnlyBack      Why = "only_back"      // they booked its return and not its payment
	Twice         Why = "twice"          // its payment is booked more than once
	BackTwice     Why = "back_twice"     // its return is booked more than once
	OtherAmount   Why = "amount"         // another amount was booked
	OtherCurrency Why = "currency"       // it was booked in another currency
	NotBackHere   Why = "not_back_here"  // they booked a return that our books don't have
	NotBackThere  Why = "not_back_there" // our books have a return that they didn't book
	Ledger        Why = "ledger"         // our record and our ledger differ
)

// Sums is the money of one payout in one book: what moved, and what of it came
// back. In the currency of the payout; an Amount that is not set is nothing.
type Sums struct {
	Out, Back money.Amount
}

// Payout is what our own books say of a payout.
type Payout struct {
	Key      string       // under which the provider was told of it
	Ref      string       // the provider's own name of it; empty: none was heard
	Ordered  money.Amount // what it was to pay
	Recorded Sums         // by its record
	Ledger   Sums         // by the postings of its deposit account
	Open     bool         // it has not ended: nothing is known to have moved, and it may have
	At       time.Time    // when it last changed
}

// Side is which way the money of a line went.
type Side string

const (
	Out  Side = "out"  // it left
	Back Side = "back" // it came
	Said Side = "said" // none: a word about an order alone
)

// Line is one line of theirs.
type Line struct {
	ID     string // of the line
	Key    string // of a payout; empty: it bears no name of ours
	Ref    string // the provider's own name; empty: none
	Side   Side
	Amount money.Amount
	// Paid and Refused are what a line of Side Said says, if it says that.
	Paid, Refused bool
	At            time.Time
}

// Finding is how one payout stands, or one line that belongs to none.
type Finding struct {
	Class  Class
	Why    Why
	Payout *Payout // nil: of none of ours
	Theirs Sums    // all that they booked for it; not set where that can't be summed
	Lines  []Line  // of theirs, in the order of time
	At     time.Time
}
