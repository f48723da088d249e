package engine

import (
	"context"
	"errors"
	"time"

	"penstock/store"
)

// DisableAccount keeps new payouts from leaving by a provider account. Those
// that left by it are followed there to their end. Disabling twice is
// harmless.
func (e *Engine) DisableAccount(ctx context.Context, c Caller, id string) error {
	return e.update(ctx, func(tx store.Tx, now time.Time) error {
		if !ChosenID(id) {
			return notFound(ObjAccount, id)
		}
		a, err := load[ProviderAccount](tx, bucketAccount, c.key(id))
		if errors.Is(err, store.ErrNotFound) {
			return notFound(ObjAccount, id)
		}
		if err != nil || a.Disabled {
			return err
		}
		a.Disabled = true
		if err := keep(tx, bucketAccount, c.key(id), a); err != nil {
			return err
		}
		return c.act(tx, now, "provider_account.disable", id)
	})
}
