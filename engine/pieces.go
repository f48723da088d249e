package engine

import (
	"context"
	"sync/atomic"
	"time"
)

// Indexes of requests that are made beside the work are made in pieces: a
// bounded number of requests of one scope in a transaction, with a pause after it.

const (
	sortPage   = 1000 // requests in one transaction
	sortPause  = 100 * time.Millisecond
	sortRound  = 15 * time.Second // from one look at all merchants to the next
	sortScopes = 100              // scopes looked at in one piece
)

// sorting is how far a round over all scopes has come. It belongs to one goroutine.
type sorting struct {
	scopes []Scope       // still to be looked at
	began  time.Duration // monotonic; of the round
	piece  time.Duration // monotonic; of the latest piece
	run    bool          // there was a round
	behind atomic.Bool   // the latest piece left more behind; for everybody
}

// inPieces does one piece of the first scope that has something to do, unless
// the latest piece was just now. piece says how many requests it did: sortPage
// where there may be more.
func (e *Engine) inPieces(ctx context.Context, q *sorting, piece func(context.Context, Scope, time.Time) (int, error)) (err error) {
	at := e.Clock.Mono()
	if q.run && (at-q.piece < sortPause || len(q.scopes) == 0 && at-q.began < sortRound) {
		return nil
	}
	if len(q.scopes) == 0 {
		q.run, q.began = true, at
		if q.scopes, err = e.everyScope(ctx); err != nil {
			return err
		}
	}
	q.piece = at
	now, _ := e.pulse.now()
	for range sortScopes {
		if len(q.scopes) == 0 {
			return nil
		}
		n, err := piece(ctx, q.scopes[0], now)
		if err != nil {
			return err
		}
		q.behind.Store(n >= sortPage)
		if n < sortPage {
			q.scopes = q.scopes[1:]
		}
		if n > 0 {
			return nil
		}
	}
	return nil
}

// everyScope is both scopes of each merchant.
func (e *Engine) everyScope(ctx context.Context) (out []Scope, err error) {
	const page = 1000
	for last := ""; ; {
		some, err := e.Merchants(ctx, last, page)
		if err != nil {
			return nil, err
		}
		for _, m := range some {
			out = append(out, Scope{m.ID, Test}, Scope{m.ID, Live})
			last = m.ID
		}
		if len(some) < page {
			return out, nil
		}
	}
}
