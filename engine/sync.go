package engine

import (
	"context"
	"time"

	"penstock/engine/payout"
	"penstock/store"
)

// syncEvery is how often a payout is looked up at its provider at the request
// of callers; in between they see what the last look found.
const syncEvery = time.Second

// Replayed says whether a command was carried out before under the key of
// once, and fills once if so. A dialect whose own checks depend on what may
// have changed since asks before it makes them.
func (e *Engine) Replayed(ctx context.Context, s Scope, once *Once) (bool, error) {
	return e.replayed(ctx, s, once)
}

// Sync has the payouts of a request that are with a provider looked up now
// instead of at their next poll, and returns the request once somebody has
// said a word about it, or as it stands after patience. The poller's own
// schedule goes on as if nobody had asked.
func (e *Engine) Sync(ctx context.Context, c Caller, prefix, name string, patience time.Duration) (*View, error) {
	v, err := e.Get(ctx, c, prefix, name)
	if err != nil || v.Stage != payout.InHand || v.Moderation != "" {
		return v, err
	}
	heard := make(chan *View, 1)
	e.mu.Lock()
	e.waits[v.ID] = append(e.waits[v.ID], heard)
	e.mu.Unlock()
	defer e.unwait(v.ID, heard)
	moved, err := e.pollNow(ctx, c.Scope, v.ID)
	if err != nil || !moved {
		return v, err
	}
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-heard:
	case <-wait.Done():
	}
	return e.get(context.WithoutCancel(ctx), c.Scope, v.ID)
}

// pollNow makes due what is pending and was not looked up a moment ago.
func (e *Engine) pollNow(ctx context.Context, s Scope, id string) (moved bool, err error) {
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		moved = false
		r, err := loadRequest(tx, s, id)
		if err != nil {
			return err
		}
		was := r.dues()
		for i := range r.Payouts {
			p := &r.Payouts[i]
			row := dueRow{kind: duePayout, Scope: s, id: p.ID[len(PrefixPayout):]}
			if p.Status != payout.Pending || e.inHand(row) || !p.Due.After(now) || now.Sub(p.Changed) < syncEvery {
				continue
			}
			p.Due, p.Asked, moved = now, max(p.Asked-1, 0), true
		}
		if !moved {
			return nil
		}
		return saveRequest(tx, s, r, was)
	})
	return moved, err
}
