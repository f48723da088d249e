package engine

import (
	"context"
	"time"

	"penstock/store"
)

// CompleteMethod gives a method that waits its details, and says of what form
// they are, which may not have been known when it was made. One that does not
// wait is CodeState.
func (e *Engine) CompleteMethod(ctx context.Context, c Caller, id, form, word string, ed MethodEdit, once *Once) (*Method, error) {
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
		return nil, wrongState(ObjMethod, id, "active", "completed")
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
		next.LastUsed = latest.LastUsed
		if err := putEdited(tx, c.Scope, latest, next); err != nil {
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
