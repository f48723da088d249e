package engine

import (
	"context"
	"errors"
	"time"

	"penstock/engine/payout"
	"penstock/store"
)

// expire ends a request whose time is over and that nobody has confirmed or
// fulfilled meanwhile.
func (e *Engine) expire(ctx context.Context, j job) error {
	for range 8 {
		v, err := e.get(ctx, j.Scope, j.id)
		if err != nil {
			return err
		}
		if err := e.expireAs(ctx, j.Scope, v); !errors.Is(err, errChanged) {
			return err
		}
	}
	return errChanged
}

func (e *Engine) expireAs(ctx context.Context, s Scope, seen *View) error {
	return e.update(ctx, func(tx store.Tx, now time.Time) error {
		r, err := loadRequest(tx, s, seen.ID)
		if err != nil {
			return err
		}
		if at := r.expiry(); at.IsZero() || at.After(now) {
			return nil
		}
		if r.Customer != seen.Customer {
			return errChanged
		}
		if err := r.sameEcho(&seen.Request); err != nil {
			return err
		}
		v := &View{Request: *r, Person: seen.Person}
		was := v.dues()
		if err := v.advance(payout.TimedOut, now, "penstock", ""); err != nil {
			return err
		}
		if err := e.ended(tx, s, now, v); err != nil {
			return err
		}
		return saveRequest(tx, s, &v.Request, was)
	})
}
