package engine

import (
	"context"

	"penstock/engine/payout"
)

// Await returns the request once a provider has said its first word about it
// or it has ended, and as it stands when ctx ends: callers wait for a quick
// word and take what there is.
func (e *Engine) Await(ctx context.Context, s Scope, id string) (*View, error) {
	heard := make(chan struct{}, 1)
	e.mu.Lock()
	e.waits[id] = append(e.waits[id], heard)
	e.mu.Unlock()
	defer e.unwait(id, heard)
	for {
		v, err := e.get(context.WithoutCancel(ctx), s, id)
		if err != nil || v.firstWord() {
			return v, err
		}
		select {
		case <-heard:
		case <-ctx.Done():
			return v, nil
		}
	}
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

func (e *Engine) unwait(id string, heard chan struct{}) {
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

func (e *Engine) wake(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.waits[id] {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}
