package engine

import (
	"context"
	"fmt"

	"penstock/store"
)

// Tally counts the requests that f asks for by where they stand: all of them,
// however many there are, without decoding them. Like List it ends with the error
// of ctx where that ends before it.
func (e *Engine) Tally(ctx context.Context, c Caller, f Filter) (map[Stand]int, error) {
	l := lister{e: e, scope: c.Scope, f: f, criteria: f.criteria(e)}
	var err error
	if l.order, err = e.orderRow(c.Scope, f.Order); err != nil {
		return nil, err
	}
	err = e.Store.View(ctx, func(tx store.Tx) error {
		l.tally = map[Stand]int{}
		return l.run(ctx, tx)
	})
	if err != nil {
		return nil, fmt.Errorf("count requests: %w", err)
	}
	return l.tally, nil
}
