package engine

import (
	"context"

	"penstock/engine/payout"
)

// Pull asks the provider what became of a payout, now and at most once a
// second, and settles what it says like any other answer: a look-up that comes
// too early proves nothing. It is for a person, so it asks also about one that
// waits for a person's word, and about one that has ended, whose money may have
// come back. Of one that was never sent, or is just being sent, there is nothing
// to ask. It returns the payout's place in its request as both stand then.
func (e *Engine) Pull(ctx context.Context, c Caller, payoutID string) (*View, int, error) {
	v, i, err := e.Payout(ctx, c, payoutID)
	if err != nil {
		return nil, 0, err
	}
	p := v.Payouts[i]
	now, _ := e.pulse.now()
	switch p.Status {
	case payout.Queued, payout.Sending, payout.Cancelled:
		return v, i, nil
	}
	if since := now.Sub(p.Changed); since >= 0 && since < syncEvery {
		return v, i, nil
	}
	via, err := e.connectorOf(ctx, c.Scope, p.Account)
	if err != nil {
		return nil, 0, err
	}
	if !via.Traits().Lookup {
		return nil, 0, &Error{Code: CodeNotBuilt, Object: ObjPayout, ID: payoutID, Message: "the provider can't be asked about a payout", Hint: "add a statement that says whether it was paid"}
	}
	row := dueRow{kind: duePayout, Scope: c.Scope, id: p.ID[len(PrefixPayout):]}
	if err := e.ask(ctx, job{dueRow: row, request: &v.Request, payout: &v.Payouts[i], via: via}); err != nil {
		return nil, 0, err
	}
	return e.Payout(ctx, c, payoutID)
}
