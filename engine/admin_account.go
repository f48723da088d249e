package engine

import (
	"context"
	"time"

	"penstock/store"
)

// DisableAccount keeps new payouts from leaving by a provider account. Those
// that left by it are followed there to their end. Disabling twice is
// harmless.
func (e *Engine) DisableAccount(ctx context.Context, c Caller, id string) error {
	return e.alter(ctx, c, nil, "provider_account.disable", func(tx store.Tx, now time.Time) (string, any, error) {
		a, err := find[ProviderAccount](tx, bucketAccount, ObjAccount, c.Scope, id)
		if err != nil || a.Disabled {
			return id, nil, err
		}
		a.Disabled, a.Changed = true, now
		return id, nil, keep(tx, bucketAccount, c.key(id), a)
	})
}
