package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"penstock/store"
)

// Retry is what a payout point lets be done, without being asked, for a
// request of the rest dialect whose payout was refused. The zero value does
// nothing: another payout is made only where the merchant has said so. What is
// not known to have failed is never tried again.
type Retry struct {
	Others int         `json:"others,omitzero"` // payouts by other provider accounts, at most
	Same   int         `json:"same,omitzero"`   // payouts by the same one, after those, at most
	Rules  []RetryRule `json:"rules,omitzero"`  // the first that fits decides; none: the appliance's own table of refusals
}

// RetryRule says whether a refusal is worth another try. What is empty fits
// all.
type RetryRule struct {
	Provider string `json:"provider,omitzero"`
	Code     string `json:"code,omitzero"`    // the provider's, or the resolution
	Message  string `json:"message,omitzero"` // the provider's, whole
	Retry    bool   `json:"retry,omitzero"`
}

const (
	maxRetries    = 10
	maxRetryRules = 200
)

func (r Retry) check() error {
	if r.Others < 0 || r.Others > maxRetries || r.Same < 0 || r.Same > maxRetries {
		return invalid("max_retries", "retries are from 0 to %d", maxRetries)
	}
	if len(r.Rules) > maxRetryRules {
		return invalid("rules", "there are at most %d rules", maxRetryRules)
	}
	return nil
}

// maxPointExtra bounds what a dialect keeps with a setting.
const maxPointExtra = 64 << 10

func (p *Point) checkDialect(tx store.Tx, s Scope) error {
	if len(p.Extra) > maxPointExtra {
		return invalid("metadata", "the settings of a profile have at most 64 KiB")
	}
	if err := p.Retry.check(); err != nil {
		return err
	}
	return reachable(tx, s, p.Fallback)
}

// checkDialect looks that the account's point is there, and that its label is
// its own where that was wanted.
func (a *ProviderAccount) checkDialect(tx store.Tx, s Scope, ownLabel bool) error {
	if len(a.Extra) > maxPointExtra {
		return invalid("metadata", "the settings of a connector have at most 64 KiB")
	}
	if a.Point != "" {
		if _, err := find[Point](tx, bucketPoint, ObjPoint, s, a.Point); err != nil {
			return err
		}
	}
	if !ownLabel {
		return nil
	}
	list, err := accountsOf(tx, s)
	if err != nil {
		return err
	}
	for _, b := range list {
		if b.ID != a.ID && b.Point == a.Point && b.Label == a.Label && !b.Archived {
			return exists(ObjAccount, a.Label)
		}
	}
	return nil
}

// livePoints are those of points that take requests, the oldest first.
func livePoints(points map[string]*Point) (out []*Point) {
	for _, p := range slices.SortedFunc(maps.Values(points), func(a, b *Point) int { return cmp.Compare(a.ID, b.ID) }) {
		if !p.Archived {
			out = append(out, p)
		}
	}
	return out
}

// MerchantEdit is what a change of a merchant gives; nil stays.
type MerchantEdit struct {
	Name  *string
	Extra []byte
}

// UpdateMerchant changes what the edit gives.
func (e *Engine) UpdateMerchant(ctx context.Context, c Caller, ed MerchantEdit, once *Once) (m *Merchant, err error) {
	err = e.command(ctx, c, once, "merchant.update", func(tx store.Tx, now time.Time) (string, any, error) {
		if m, err = liveMerchant(tx, c.Merchant); err != nil {
			return "", nil, err
		}
		give(&m.Name, ed.Name)
		if ed.Extra != nil {
			m.Extra = ed.Extra
		}
		switch {
		case len(m.Name) > 255:
			return "", nil, invalid("merchant_name", "a name has at most 255 bytes")
		case len(m.Extra) > maxPointExtra:
			return "", nil, invalid("metadata", "the settings of a merchant have at most 64 KiB")
		}
		return m.ID, m, keep(tx, bucketMerchant, []byte(m.ID), m)
	})
	return m, err
}

// DeleteMerchant ends a merchant: all its keys are revoked in the same
// transaction. What it has paid stays to be read, its payouts under way go on,
// and its id is never given again.
func (e *Engine) DeleteMerchant(ctx context.Context, c Caller) (m *Merchant, err error) {
	defer e.keys.drop()
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		if m, err = liveMerchant(tx, c.Merchant); err != nil {
			return err
		}
		m.Deleted = now
		var keys []store.Pair
		if err := each(tx, bucketKey, nil, func(p store.Pair) error { keys = append(keys, p); return nil }); err != nil {
			return err
		}
		for _, p := range keys {
			k, err := decode[Key](bucketKey, p.Value)
			if err != nil {
				return err
			}
			if k.Merchant != m.ID || !k.Revoked.IsZero() {
				continue
			}
			k.Revoked = now
			if err := keep(tx, bucketKey, p.Key, k); err != nil {
				return err
			}
		}
		if err := keep(tx, bucketMerchant, []byte(m.ID), m); err != nil {
			return err
		}
		return c.act(tx, now, "merchant.delete", m.ID)
	})
	return m, err
}

// liveMerchant is a merchant that has not been deleted.
func liveMerchant(tx store.Tx, id string) (*Merchant, error) {
	m, err := loadMerchant(tx, id)
	if err == nil && !m.Deleted.IsZero() {
		return nil, notFound(ObjMerchant, id)
	}
	return m, err
}

// LiveMerchant returns one that has not been deleted.
func (e *Engine) LiveMerchant(ctx context.Context, id string) (*Merchant, error) {
	return read(ctx, e, func(tx store.Tx) (*Merchant, error) { return liveMerchant(tx, id) })
}

// LivePoints returns the points of a scope that take requests, the oldest
// first, from memory where it can.
func (e *Engine) LivePoints(ctx context.Context, s Scope) ([]Point, error) {
	return read(ctx, e, func(tx store.Tx) (out []Point, err error) {
		k, err := e.catalogOf(tx, s)
		if err != nil {
			return nil, err
		}
		for _, p := range k.live {
			out = append(out, *p)
		}
		return out, nil
	})
}

// Key returns an API key by its id, of the merchant alone.
func (e *Engine) Key(ctx context.Context, merchant, id string) (*Key, error) {
	return read(ctx, e, func(tx store.Tx) (*Key, error) {
		_, k, err := findKey(tx, id)
		if err == nil && k.Merchant != merchant {
			return nil, notFound(ObjKey, id)
		}
		return k, err
	})
}
