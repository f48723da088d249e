package payout

import (
	"time"

	"penstock/engine/connector"
)

// Source is who made a statement about a payout's fate.
type Source string

const (
	FromSend   Source = "send"         // the answer to our instruction
	FromLookup Source = "lookup"       // the answer to our question
	FromNotice Source = "notification" // the provider's own webhook
	FromReport Source = "report"       // a line of the provider's report or of a bank's statement
	FromPerson Source = "operator"     // a person of the merchant, who has seen it
)

// Statement is what somebody said about a payout's fate.
type Statement struct {
	Source Source
	// Attempt is the send that an answer belongs to (rule 9); zero for what is
	// said about the payout as a whole.
	Attempt int
	// Asked is when the question was put. What a look-up did not find counts
	// from there, not from its answer.
	Asked   Mark
	Outcome connector.Outcome
	Calls   []connector.Call // how it was said, where it went over a wire; for people
}

// Judge says what a statement is worth: the event that it amounts to, given
// the payout's past and the nature of its provider. Time, due and deadline of
// the event are the caller's to set.
func Judge(p Payout, s Statement, t connector.Traits) Event {
	o := s.Outcome
	e := Event{Ref: o.Ref, Resolution: o.Resolution, Code: o.Code, Message: o.Message}
	switch o.Verdict {
	case connector.Accepted:
		e.Kind = Accepted
	case connector.Paid:
		e.Kind = Whole
	case connector.PartlyPaid:
		e.Kind, e.Moved = judgePart(p, o), o.Paid
	case connector.Returned:
		e.Kind = CameBack
	case connector.Rejected:
		e.Kind = judgeRefusal(p, s, t)
	case connector.Absent:
		e.Kind = judgeAbsence(p, s, t)
	default:
		e.Kind = Unheard
	}
	return e
}

// judgePart takes a partial amount for what it is: all of it is not a part,
// and an amount that can't be a part of this payout is no usable word.
func judgePart(p Payout, o connector.Outcome) Kind {
	switch {
	case o.Paid == p.Amount:
		return Whole
	case o.Paid.Currency() != p.Amount.Currency(), o.Paid.Minor() <= 0, o.Paid.Minor() > p.Amount.Minor():
		return Unheard
	}
	return Part
}

// judgeRefusal keeps rules 4 and 9. The textbook answer, same key and retry,
// says failed for a payout that was paid: attempt 1 hangs, attempt 2 is
// refused, attempt 1 lands.
func judgeRefusal(p Payout, s Statement, t connector.Traits) Kind {
	switch {
	case s.Source == FromPerson:
		return Refusal
	case s.Attempt != 0 && s.Attempt < p.Attempt:
		return Late
	case !p.Doubt, t.KeepsRefusal:
		return Refusal
	case s.Source == FromLookup && settled(p, s.Asked, t):
		return Refusal
	}
	return Doubted
}

// judgeAbsence believes that a key is unknown to the provider only when the
// question was put after every attempt had either landed or never would.
func judgeAbsence(p Payout, s Statement, t connector.Traits) Kind {
	if s.Source != FromLookup || !settled(p, s.Asked, t) || (p.Status != Uncertain && p.Status != Pending) {
		return Early
	}
	return Missing
}

func settled(p Payout, asked Mark, t connector.Traits) bool {
	return asked.Since(p.Deadline) >= t.Settle
}

// Act is what has to be done for a payout next.
type Act string

const (
	Send     Act = "send"
	Ask      Act = "ask"      // look the key up at the provider
	Wait     Act = "wait"     // only somebody else's word can move it on
	Moderate Act = "moderate" // no machine may decide: rules 4 and 6
	Nothing  Act = "nothing"  // it has ended
)

// Plan says what has to be done for a payout that is due (rules 3 to 6). A
// payout in Sending that is due has lost its worker: apply Lapsed first.
//
// until is when a call made now will have ended at the latest. It is held
// against the provider's window together with Settle, since what goes out just
// before the window ends may arrive after it.
func Plan(p Payout, t connector.Traits, until time.Time) Act {
	switch p.Status {
	case Queued:
		return Send
	case Sending:
		return Nothing
	case Pending:
		if t.Lookup || t.Follow && p.Ref != "" {
			return Ask
		}
		return Wait
	case Uncertain:
		return planUncertain(p, t, until)
	}
	return Nothing
}

func planUncertain(p Payout, t connector.Traits, until time.Time) Act {
	switch {
	case t.Lookup:
		return Ask
	case p.Refused && !t.KeepsRefusal:
		return Moderate
	case t.Idempotent && (t.Window == 0 || within(p, t, until)):
		return Send
	}
	return Moderate
}

// within says that whatever is sent now arrives while the provider still
// keeps the key. A clock that shows a time before the first attempt has been
// set back, and then nobody knows.
func within(p Payout, t connector.Traits, until time.Time) bool {
	return !until.Before(p.First) && until.Sub(p.First)+t.Settle < t.Window
}

// SettlesIn is how long it takes until a look-up that finds nothing proves
// something. Zero means that it would prove it now.
func SettlesIn(p Payout, t connector.Traits, now Mark) time.Duration {
	return max(0, t.Settle-now.Since(p.Deadline))
}
