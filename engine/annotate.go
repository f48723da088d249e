package engine

import (
	"context"
	"encoding/json"
	"time"

	"penstock/engine/payout"
	"penstock/store"
)

// Annotate changes what only the dialect echoes of a request whose payout is
// on its way and that no provider has yet. Nothing that decides about money
// is touched. edit is pure and runs inside the transaction, so two changes at
// a time don't overwrite each other.
func (e *Engine) Annotate(ctx context.Context, c Caller, prefix, name string, edit func(json.RawMessage) (json.RawMessage, error), once *Once) (*View, error) {
	return e.change(ctx, c, prefix, name, "payout.annotate", once, func(_ store.Tx, now time.Time, r *View) error {
		if r.Stage != payout.Dispatching {
			return wrongState(ObjPayout, name, string(r.Stage), "updated")
		}
		if err := r.take(Change{Extra: edit}); err != nil {
			return err
		}
		r.tell(Line{At: now, What: "annotated", By: c.Actor, To: string(r.Stage)})
		return nil
	})
}
