package engine

import (
	"context"
	"slices"
	"time"

	"penstock/engine/connector"
	"penstock/engine/ledger"
	"penstock/engine/payout"
	"penstock/store"
)

func saidBy(st payout.Statement, by string) Said {
	o := st.Outcome
	message := o.Message
	if st.Source != payout.FromPerson {
		message = "" // it is in the line's text
	}
	return Said{Verdict: o.Verdict, Resolution: o.Resolution, Code: o.Code, Ref: o.Ref, Message: message, By: by}
}

// Statement is what somebody said about a payout's fate.
type Statement struct {
	Line
	Source payout.Source
}

// Statements are all that was said about a payout, the oldest first, taken
// from its request's history.
func Statements(history []Line, payoutNumber int) (out []Statement) {
	for _, l := range history {
		if l.Said.Verdict != "" && l.On == payoutNumber {
			out = append(out, Statement{Line: l, Source: payout.Source(l.By)})
		}
	}
	return out
}

// State settles a payout by the word of a person who has seen its fate. It is
// how a payout in moderation goes on.
func (e *Engine) State(ctx context.Context, c Caller, payoutID string, o connector.Outcome) error {
	id, ok := isID(PrefixPayout, payoutID)
	if !ok {
		return notFound(ObjPayout, payoutID)
	}
	switch o.Verdict {
	case connector.Paid, connector.PartlyPaid, connector.Rejected, connector.Returned:
	default:
		return invalid("verdict", "a person states paid, partly_paid, rejected or returned")
	}
	if len(o.Ref) > 255 || len(o.Message) > 1024 || len(o.Resolution) > 64 {
		return invalid("statement", "an external id has at most 255 bytes, a description 1024, a resolution 64")
	}
	return e.settleBy(ctx, c.Scope, id, connector.Traits{}, payout.Statement{Source: payout.FromPerson, Outcome: o}, &c)
}

// Resolve ends a dispute about a payout that has ended: what stands is
// confirmed, or a person found the contrary. Money that moved although the
// payout had failed is booked; a payment that never took place counts as come
// back. The end itself is never rewritten.
func (e *Engine) Resolve(ctx context.Context, c Caller, payoutID string, paid bool, text string) error {
	id, ok := isID(PrefixPayout, payoutID)
	if !ok {
		return notFound(ObjPayout, payoutID)
	}
	if err := checkDescription(text); err != nil {
		return err
	}
	v, i, err := e.Payout(ctx, c, payoutID)
	if err != nil {
		return err
	}
	p := v.Payouts[i]
	if !paid && slices.Contains(v.Disputed, p.N) && (p.Status == payout.Paid || p.Status == payout.PartlyPaid) { // first, so that the dispute outlives a power cut
		if err := e.State(ctx, c, payoutID, connector.Outcome{Verdict: connector.Returned, Message: text}); err != nil {
			return err
		}
	}
	return e.update(ctx, func(tx store.Tx, now time.Time) error {
		r, i, err := loadPayout(tx, c.Scope, id)
		if err != nil {
			return err
		}
		p := r.Payouts[i]
		if !slices.Contains(r.Disputed, p.N) {
			return wrongState(ObjPayout, payoutID, string(p.Status), "resolved: nothing contradicts it")
		}
		was := r.dues()
		if paid && (p.Status == payout.Failed || p.Status == payout.Cancelled) {
			if err := e.paidAfterAll(tx, c, now, r, i); err != nil {
				return err
			}
		}
		r.Disputed = slices.DeleteFunc(slices.Clone(r.Disputed), func(n int) bool { return n == p.N })
		r.Attention = len(r.Disputed) > 0
		r.tell(Line{At: now, What: "conflict_resolved", By: c.Actor, On: p.N, To: string(p.Status), Text: text})
		if err := saveRequest(tx, c.Scope, r, was); err != nil {
			return err
		}
		return c.act(tx, now, "payout.resolve", payoutID)
	})
}

// paidAfterAll books a payout whose hold was released and whose money moved.
func (e *Engine) paidAfterAll(tx store.Tx, c Caller, now time.Time, r *Request, i int) error {
	p := r.Payouts[i]
	if p.Moved.IsPositive() {
		return nil
	}
	next, _, err := e.Rules.Apply(p, payout.Event{Kind: payout.AfterAll, At: now})
	if err != nil {
		return err
	}
	r.Payouts[i] = next
	return bookMove(tx, c.Scope, now, p.Deposit, ledger.Late(p.Amount), cause(r.ID, p, c.Actor))
}
