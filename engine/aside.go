package engine

import (
	"context"
	"fmt"
	"time"

	"penstock/engine/payout"
)

// badRow is one due row whose record can't be handled. The transaction that
// met it leaves nothing, and the next passes it by.
type badRow struct {
	row dueRow
	err error
}

func (b *badRow) Error() string { return fmt.Sprintf("due row %c %s: %v", b.row.kind, b.row.id, b.err) }
func (b *badRow) Unwrap() error { return b.err }

// asideFor is how long a row that can't be handled is passed by.
const asideFor = 10 * time.Minute

// claimOnce runs the transaction; a panic over one row is that row's fault.
func (e *Engine) claimOnce(ctx context.Context, c *claims) (err error) {
	defer func() {
		if p := recover(); p != nil {
			e.stats.Panics.Add(1)
			if c.at.id == "" { // no row's fault
				err = fmt.Errorf("claiming panicked: %v", p)
				return
			}
			err = &badRow{c.at, fmt.Errorf("it panicked: %v", p)}
		}
	}()
	return e.Store.Update(ctx, e.noting(c.run))
}

// setAside is the rows to pass by now.
func (e *Engine) setAside(mark payout.Mark) map[dueRow]bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make(map[dueRow]bool, len(e.aside))
	for row, since := range e.aside {
		if mark.Since(since) >= asideFor {
			delete(e.aside, row)
			continue
		}
		out[row] = true
	}
	return out
}

func (e *Engine) putAside(ctx context.Context, b *badRow, mark payout.Mark) {
	e.stats.Errors.Add(1)
	e.Log.ErrorContext(ctx, "a record cannot be worked on and is passed by; run check", "kind", string(b.row.kind), "id", b.row.id, "err", b.err)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.aside[b.row.hand()] = mark
}
