package engine

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"penstock/engine/payout"
	"penstock/store"
)

// Annotate changes what only the dialect echoes of a request whose payout is
// on its way and that no provider has yet. Nothing that decides about money
// is touched. edit is pure, and is run again if what it changed is no longer
// what stands there, so two changes at a time don't overwrite each other.
func (e *Engine) Annotate(ctx context.Context, c Caller, prefix, name string, edit func(json.RawMessage) (json.RawMessage, error), once *Once) (*View, error) {
	if done, err := e.replayed(ctx, c.Scope, once); done || err != nil {
		return nil, err
	}
	for range 8 {
		before, err := e.Get(ctx, c, prefix, name)
		if err != nil {
			return nil, err
		}
		if before.Stage != payout.Dispatching {
			return nil, e.orReplayed(ctx, c.Scope, once, wrongState(ObjPayout, name, string(before.Stage), "updated"))
		}
		next := before.Request
		if err := e.note(ctx, c.Scope, &next, edit, false); err != nil {
			return nil, e.orReplayed(ctx, c.Scope, once, err)
		}
		v, err := e.changeFrom(ctx, c, before, "payout.annotate", once, func(_ store.Tx, now time.Time, r *View) error {
			if r.Stage != payout.Dispatching {
				return wrongState(ObjPayout, name, string(r.Stage), "updated")
			}
			r.noteAs(&next)
			r.tell(Line{At: now, What: "annotated", By: c.Actor, To: string(r.Stage)})
			return nil
		})
		if !errors.Is(err, errChanged) {
			return v, err
		}
	}
	return nil, &Error{Code: CodeBusy, Object: ObjPayout, ID: name, Message: "the payout is being changed by others; repeat"}
}
