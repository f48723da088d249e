package payout

import (
	"errors"
	"fmt"
	"time"
)

// ErrImpossible is wrapped by Apply for an event that can't happen in the
// payout's status. Nothing has changed then.
var ErrImpossible = errors.New("payout: event is not possible in this status")

// Effect is what a cell of the table asks for besides the next status.
type Effect uint8

const (
	None     Effect = iota
	Conflict        // two ends contradict each other: nothing is overwritten, a person must look
)

// cell is one field of the table: the next status, and what else follows.
type cell struct {
	to     Status
	effect Effect
}

// table is the whole life of a payout. An absent pair is impossible.
//
// An end never leaves except paid -> returned; a word against an end is
// written down as a conflict. Accepted and paid are believed whenever they
// come (rule 9), also while queued: a late answer of an attempt that a
// look-up had missed would otherwise be paid again.
var table = map[Status]map[Kind]cell{
	Queued: {
		Claimed: {to: Sending}, Cancel: {to: Cancelled}, Doubtful: {to: Uncertain},
		Unheard: {to: Queued}, Late: {to: Queued}, Early: {to: Queued},
		Accepted: {to: Pending}, Whole: {to: Paid}, Part: {to: PartlyPaid}, CameBack: {to: Returned},
	},
	Sending: {
		Lapsed: {to: Uncertain}, Doubtful: {to: Uncertain}, Unheard: {to: Uncertain}, Doubted: {to: Uncertain}, Withheld: {to: Pending},
		Late: {to: Sending}, Early: {to: Sending},
		Accepted: {to: Pending}, Whole: {to: Paid}, Part: {to: PartlyPaid}, Refusal: {to: Failed}, CameBack: {to: Returned},
	},
	Uncertain: {
		Claimed: {to: Sending}, // the same key again, where the provider honours it
		Unheard: {to: Uncertain}, Doubted: {to: Uncertain}, Withheld: {to: Pending}, Late: {to: Uncertain}, Early: {to: Uncertain},
		Missing:  {to: Queued}, // or failed, when a refusal had been heard
		Accepted: {to: Pending}, Whole: {to: Paid}, Part: {to: PartlyPaid}, Refusal: {to: Failed}, CameBack: {to: Returned},
	},
	Pending: {
		Unheard: {to: Pending}, Doubted: {to: Pending}, Withheld: {to: Pending}, Late: {to: Pending}, Early: {to: Pending},
		Missing:  {Pending, Conflict}, // it was accepted and is gone: nobody may guess
		Accepted: {to: Pending}, Whole: {to: Paid}, Part: {to: PartlyPaid}, Refusal: {to: Failed}, CameBack: {to: Returned},
	},
	Paid: {
		CameBack: {to: Returned},
		Unheard:  {to: Paid}, Late: {to: Paid}, Early: {to: Paid}, Accepted: {to: Paid}, Whole: {to: Paid},
		Part: {Paid, Conflict}, Refusal: {Paid, Conflict}, Doubted: {Paid, Conflict},
	},
	PartlyPaid: {
		CameBack: {to: Returned},
		Unheard:  {to: PartlyPaid}, Late: {to: PartlyPaid}, Early: {to: PartlyPaid}, Accepted: {to: PartlyPaid}, Part: {to: PartlyPaid},
		Whole: {PartlyPaid, Conflict}, Refusal: {PartlyPaid, Conflict}, Doubted: {PartlyPaid, Conflict},
	},
	Failed: {
		Unheard: {to: Failed}, Late: {to: Failed}, Early: {to: Failed}, Refusal: {to: Failed}, Doubted: {to: Failed},
		Accepted: {Failed, Conflict}, Whole: {Failed, Conflict}, Part: {Failed, Conflict}, CameBack: {Failed, Conflict},
		AfterAll: {to: Failed},
	},
	Cancelled: {
		Cancel: {to: Cancelled}, AfterAll: {to: Cancelled},
		Unheard: {to: Cancelled}, Late: {to: Cancelled}, Early: {to: Cancelled}, Refusal: {to: Cancelled}, Doubted: {to: Cancelled},
		Accepted: {Cancelled, Conflict}, Whole: {Cancelled, Conflict}, Part: {Cancelled, Conflict}, CameBack: {Cancelled, Conflict},
	},
	Returned: {
		Unheard: {to: Returned}, Late: {to: Returned}, Early: {to: Returned}, Accepted: {to: Returned}, Whole: {to: Returned}, Part: {to: Returned}, CameBack: {to: Returned},
		Refusal: {Returned, Conflict}, Doubted: {Returned, Conflict},
	},
}

// Apply is the only way in which a payout changes. It returns the payout
// after the event and what else follows from it, or the payout as it was with
// ErrImpossible. The amount never changes, Seq grows by one.
func Apply(p Payout, e Event) (Payout, Effect, error) {
	c, ok := table[p.Status][e.Kind]
	if !ok {
		return p, None, fmt.Errorf("%w: %s while %s (payout %s)", ErrImpossible, e.Kind, p.Status, p.ID)
	}
	before := p
	p.Status, p.Seq, p.Changed = c.to, p.Seq+1, e.At
	if before.Status.Ended() && p.Status == before.Status {
		if e.Kind == AfterAll {
			p.Moved = p.Amount
		}
		p.Changed = before.Changed // an end's date stays; Seq tells that somebody spoke
		return p, c.effect, nil
	}
	if e.Ref != "" {
		p.Ref = e.Ref
	}
	note(&p, e)
	if p.Status != before.Status {
		p.Asked = 0
	}
	p.Due = e.Due
	if p.Status.Ended() {
		p.Due, p.Asked, p.Panics = time.Time{}, 0, 0
	}
	if p.Amount != before.Amount || p.Attempt < before.Attempt || p.Attempt > before.Attempt+1 {
		panic(fmt.Sprintf("payout %s: %s changed %v/%d to %v/%d", p.ID, e.Kind, before.Amount, before.Attempt, p.Amount, p.Attempt))
	}
	return p, c.effect, nil
}

// note writes down what the event says beside the status.
func note(p *Payout, e Event) {
	switch e.Kind {
	case Claimed:
		p.Attempt++
		p.Deadline = e.Deadline
		if p.First.IsZero() {
			p.First, p.Began = e.At, e.Began
		}
	case Lapsed:
		p.Doubt = true
	case Doubtful:
		p.Doubt, p.Deadline = true, e.Deadline
		if p.First.IsZero() { // sent in a time that is lost, nobody knows how long ago
			p.First = p.Created
		}
	case Unheard:
		if p.Status == Uncertain {
			p.Doubt = true
		}
		p.Asked++
	case Early, Accepted:
		p.Asked++
	case Withheld:
		p.Asked++
		p.why(e)
	case Doubted:
		p.Asked++
		p.Doubt, p.Refused = true, true
		p.why(e)
	case Missing:
		p.Asked++
		p.foundNothing()
	case Refusal:
		p.why(e)
	case Whole:
		p.Moved = p.Amount
		p.why(e)
	case Part:
		p.Moved = e.Moved
		p.why(e)
	case CameBack:
		p.why(e)
	}
}

// foundNothing follows a settled look-up that found nothing: every attempt so
// far is void. A refusal that was heard before is now proven (rule 4); without
// one the payout may be sent again, from a clean slate.
func (p *Payout) foundNothing() {
	if p.Status == Queued && p.Refused {
		p.Status = Failed
	}
	if p.Status == Queued {
		p.Doubt = false
	}
}

func (p *Payout) why(e Event) {
	p.Resolution, p.Code, p.Message = e.Resolution, e.Code, e.Message
}
