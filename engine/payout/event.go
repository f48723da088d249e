package payout

import (
	"time"

	"penstock/engine/money"
)

// Kind is what can happen to a payout.
type Kind string

const (
	Claimed  Kind = "claimed"        // an attempt is about to go out (rule 1)
	Doubtful Kind = "doubtful"       // the store is older than what it has done: it may have gone out
	Lapsed   Kind = "lapsed"         // the lease ended and nobody had settled
	Unheard  Kind = "unheard"        // a call ended without a word that can be used
	Accepted Kind = "accepted"       // the provider has it
	Whole    Kind = "whole"          // all of it was paid
	Part     Kind = "part"           // less than asked was paid, and that is final
	Refusal  Kind = "refusal"        // a refusal that may be believed
	Doubted  Kind = "doubted"        // a refusal that may not be believed (yet): written down
	Withheld Kind = "withheld"       // a refusal that a person has to confirm, where the deposit account says so
	Late     Kind = "late"           // a refusal of an attempt before the latest: written down, no more (rule 9)
	Missing  Kind = "missing"        // a settled look-up found nothing: no attempt took effect, none will
	Early    Kind = "early"          // a look-up found nothing, too early to mean anything
	CameBack Kind = "returned"       // the money moved and came back
	Cancel   Kind = "cancel"         // the merchant wants it no more
	AfterAll Kind = "paid_after_all" // a person found that money moved although it had ended otherwise
)

var kinds = [...]Kind{Claimed, Doubtful, Lapsed, Unheard, Accepted, Whole, Part, Refusal, Doubted, Withheld, Late, Missing, Early, CameBack, Cancel, AfterAll}

// Kinds returns every kind of event.
func Kinds() []Kind { return append([]Kind(nil), kinds[:]...) }

// Event is one thing that happened to a payout.
type Event struct {
	Kind Kind
	At   time.Time
	// Due is when the payout next needs work if it has not ended by this
	// event. Zero means that it waits for somebody else.
	Due time.Time

	Deadline Mark // Claimed: when the call will have ended
	Began    Mark // Claimed: now, in the process's own time

	Ref        string       // statements: the provider's own name of it
	Moved      money.Amount // Part: how much
	Resolution string
	Code       string
	Message    string
}
