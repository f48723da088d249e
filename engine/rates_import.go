package engine

import (
	"context"
	"fmt"
	"time"

	"penstock/engine/fx"
)

// RateSource fetches what a source of exchange rates has published. It may
// read a file or call out, and honours ctx.
type RateSource func(ctx context.Context) (fx.Sheet, error)

// importTime bounds one import.
const importTime = time.Minute

// importRates takes what the source has published by now. A source that can't
// be read leaves the rates that there are; the next import tries again.
func (e *Engine) importRates(ctx context.Context) {
	if e.RateSource == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			e.stats.Panics.Add(1)
			e.Log.ErrorContext(ctx, "importing exchange rates panicked", "panic", fmt.Sprint(p))
		}
	}()
	call, cancel := context.WithTimeout(ctx, importTime)
	defer cancel()
	sheet, err := e.RateSource(call)
	if err == nil {
		_, err = e.ImportSheet(call, Caller{Actor: "penstock"}, sheet)
	}
	if err != nil && ctx.Err() == nil {
		e.stats.Errors.Add(1)
		e.Log.ErrorContext(ctx, "exchange rates cannot be imported; the old ones stay in force", "err", err)
	}
}
