package engine

import (
	"context"
	"slices"
	"time"

	"penstock/engine/payout"
	"penstock/store"
)

// Moderate stops all automatic work on a request until Unmoderate. What is
// with a provider goes on there, and what the provider says of it is heard.
func (e *Engine) Moderate(ctx context.Context, c Caller, prefix, name, why string, once *Once) (*View, error) {
	if err := checkDescription(why); err != nil {
		return nil, err
	}
	if why == "" {
		why = "asked for by " + c.Actor
	}
	return e.change(ctx, c, prefix, name, "payout.moderate", once, func(tx store.Tx, now time.Time, r *View) error {
		if r.Stage.Ended() {
			return wrongState(ObjPayout, name, string(r.Stage), "moderated")
		}
		r.ByPerson = true
		if r.Moderation == "" {
			r.moderate(now, c.Actor, 0, why)
		}
		if r.Queued { // it keeps nobody waiting
			return e.wakeQueue(tx, c.Scope, now, r.Service, r.ID)
		}
		return nil
	})
}

// Unmoderate lets a request go on as it stands. Of a payout whose end nobody
// knows it changes nothing: that one is still waited for, and asked about.
func (e *Engine) Unmoderate(ctx context.Context, c Caller, prefix, name string, once *Once) (*View, error) {
	return e.change(ctx, c, prefix, name, "payout.unmoderate", once, func(tx store.Tx, now time.Time, r *View) error {
		if r.Moderation == "" {
			return wrongState(ObjPayout, name, string(r.Stage), "released: it is not moderated")
		}
		if slices.ContainsFunc(r.Payouts, func(p payout.Payout) bool { return !p.Status.Ended() && p.Due.IsZero() }) {
			return &Error{Code: CodeState, Object: ObjPayout, ID: name, Status: string(r.Stage), Message: "a payout waits for a person's word about its fate", Hint: "add a statement that says whether it was paid"}
		}
		r.free(now)
		r.tell(Line{At: now, What: "moderated", By: c.Actor, To: string(r.Stage)})
		return e.resume(tx, c, now, r)
	})
}

// resume takes up the work where moderation stopped it.
func (e *Engine) resume(tx store.Tx, c Caller, now time.Time, r *View) error {
	switch {
	case r.Stage == payout.Draft || r.Stage == payout.Ready && !r.AutoFulfill:
		return nil
	case r.Stage == payout.Ready: // by the worker, whatever its dialect: nobody waits for the answer any more
		r.Later, r.Next = true, now
		return nil
	case r.underWay() && !r.Parallel:
		return nil
	}
	stage := r.Stage
	if err := e.step(tx, c.Scope, now, r, c.Actor); err != nil {
		return err
	}
	if err := r.advance(payout.Moved, now, c.Actor, ""); err != nil || r.Stage == stage {
		return err
	}
	return e.ended(tx, c.Scope, now, r)
}

// Terms are what may be changed of a request that is under way.
type Terms struct {
	AttemptsLimit *int
	Whole         *bool
}

// EditTerms changes the terms of a request that is on moderation and has not
// ended; Unmoderate then lets it go on by them.
func (e *Engine) EditTerms(ctx context.Context, c Caller, prefix, name string, t Terms, once *Once) (*View, error) {
	if t.AttemptsLimit != nil && (*t.AttemptsLimit < 0 || *t.AttemptsLimit > maxAttempts) {
		return nil, invalid("attempts_limit", "attempts_limit is a whole number from 0 to %d", maxAttempts)
	}
	return e.change(ctx, c, prefix, name, "payout.edit", once, func(tx store.Tx, now time.Time, r *View) error {
		switch {
		case r.Stage.Ended():
			return wrongState(ObjPayout, name, string(r.Stage), "edited")
		case r.Moderation == "":
			return &Error{Code: CodeState, Object: ObjPayout, ID: name, Status: string(r.Stage), Message: "a request is edited while it is on moderation", Hint: "moderate it first"}
		case t.Whole != nil && !*t.Whole && !r.Split:
			return invalid("allow_partially", "allow_partially needs split_mode")
		}
		give(&r.AttemptsLimit, t.AttemptsLimit)
		give(&r.Whole, t.Whole)
		return r.advanceEdited(now, c.Actor)
	})
}

func (r *Request) advanceEdited(now time.Time, by string) error {
	r.tell(Line{At: now, What: string(payout.Edited), By: by, To: string(r.Stage)})
	return nil
}
