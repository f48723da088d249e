package engine

import (
	"context"

	"penstock/engine/payout"
	"penstock/store"
)

// Await returns the request once a provider has said its first word about it
// or it has ended, and as it stands when ctx ends: callers wait for a quick
// word and take what there is.
//
// Whoever settles hands over what it stored, so that a word that comes costs no
// reading.
func (e *Engine) Await(ctx context.Context, s Scope, id string) (*View, error) {
	heard := make(chan *View, 1)
	e.mu.Lock()
	e.waits[id] = append(e.waits[id], heard)
	e.mu.Unlock()
	defer e.unwait(id, heard)
	unheard, err := e.unheard(ctx, s, id)
	for err == nil && unheard {
		select {
		case v := <-heard:
			if v.firstWord() {
				return v, nil
			}
		case <-ctx.Done():
			unheard = false
		}
	}
	if err != nil {
		return nil, err
	}
	return e.get(context.WithoutCancel(ctx), s, id)
}

// unheard says whether the request has no first word yet, by as much of its
// record as that takes.
func (e *Engine) unheard(ctx context.Context, s Scope, id string) (is bool, err error) {
	err = e.Store.View(context.WithoutCancel(ctx), func(tx store.Tx) error {
		b, err := briefOf(tx, s, id)
		if err == nil {
			is = !b.request().firstWord()
		}
		return err
	})
	return is, err
}

// firstWord says whether waiting longer would be of use: no attempt is out
// that nobody has spoken about.
func (r *Request) firstWord() bool {
	if r.Moderation != "" {
		return true
	}
	for _, p := range r.Payouts {
		if p.Status == payout.Queued || p.Status == payout.Sending {
			return false
		}
	}
	return true
}

func (e *Engine) unwait(id string, heard chan *View) {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := e.waits[id]
	for i, c := range list {
		if c == heard {
			list = append(list[:i], list[i+1:]...)
			break
		}
	}
	if len(list) == 0 {
		delete(e.waits, id)
	} else {
		e.waits[id] = list
	}
}

// wake hands what was stored of a request to those who wait for a word about it.
func (e *Engine) wake(v *View) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.waits[v.ID] {
		newest := *v // each its own: they read without a lock
		select {
		case before := <-c: // of two that settled at once the later one counts
			if before.Seq > newest.Seq {
				newest = *before
			}
		default:
		}
		c <- &newest // has room: it is given under the lock alone
	}
}
