package engine

import (
	"context"
	"errors"
	"time"

	"penstock/store"
)

// CompleteMethod gives a method that waits its details, and says of what form
// they are, which may not have been known when it was made. One that does not
// wait is CodeState.
func (e *Engine) CompleteMethod(ctx context.Context, c Caller, id, form, word string, ed MethodEdit, once *Once) (*Method, error) {
	for range 8 { // another edit in between makes this one look again
		m, err := e.completeOnce(ctx, c, id, form, word, ed, once)
		if !errors.Is(err, errChanged) {
			return m, err
		}
	}
	return nil, &Error{Code: CodeBusy, Object: ObjMethod, ID: id, Message: "the payment method is being changed by others; repeat"}
}

func (e *Engine) completeOnce(ctx context.Context, c Caller, id, form, word string, ed MethodEdit, once *Once) (*Method, error) {
	if done, err := e.replayed(ctx, c.Scope, once); done || err != nil {
		return nil, err
	}
	if ed.Details == nil {
		return nil, missing("payment_method_data")
	}
	waiting, err := e.Method(ctx, c, id)
	if err != nil {
		return nil, err
	}
	if !waiting.Waiting {
		return nil, e.orReplayed(ctx, c.Scope, once, wrongState(ObjMethod, id, "active", "completed"))
	}
	m := *waiting
	m.Form = form
	if m.Type == "" {
		m.Type = word
	}
	next, err := e.editMethod(ctx, c.Scope, m, ed)
	if err != nil {
		return nil, err
	}
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		if done, err := e.replay(tx, c.Scope, once); done || err != nil {
			return err
		}
		latest, err := loadMethod(tx, c.Scope, id)
		if err != nil {
			return err
		}
		if !latest.Waiting {
			return wrongState(ObjMethod, id, "active", "completed")
		}
		if latest.Seq != m.Seq {
			return errChanged
		}
		next.LastUsed, next.Seq = latest.LastUsed, m.Seq+1
		if err := e.putEdited(tx, c.Scope, latest, next); err != nil {
			return err
		}
		if err := c.act(tx, now, "payment_method.complete", id); err != nil {
			return err
		}
		return once.record(tx, c.Scope, now, id, next)
	})
	if err != nil {
		return nil, err
	}
	return next, nil
}
