package fx

import (
	"fmt"
	"time"

	"penstock/engine/money"
)

// Found is a rate and where it comes from. It may be stored.
type Found struct {
	Rate     Rate           `json:"rate"`
	Source   Rate           `json:"source"`            // before fees, in the direction of Rate
	Resource string         `json:"resource,omitzero"` // "" between a currency and itself
	Rule     string         `json:"rule,omitzero"`     // the rule's id; "" for the System scheme
	SheetAt  time.Time      `json:"sheet_at,omitzero"` // date of the source's rates; zero for a rule's own rate
	Via      money.Currency `json:"via,omitzero"`      // common currency of a cross rate
	Inverse  bool           `json:"inverse,omitzero"`  // the source has the pair the other way round
	System   bool           `json:"system,omitzero"`   // the System scheme gave it
}

// Find looks for the rate from one currency to another: by the rule of the
// scheme for that pair; without one by the System scheme, if s is it or falls
// back to it. A currency to itself is 1 with no fee. A rule whose source has
// no rate is not replaced by the System scheme, which would pay without the
// rule's fees. The error is ErrNoRate with the reason; b may be nil.
func Find(s Scheme, b *Book, from, to money.Currency) (Found, error) {
	switch {
	case from.IsZero() || to.IsZero():
		return Found{}, fmt.Errorf("%w: both sides need a currency", ErrNoRate)
	case from == to:
		return Found{Rate: One(), Source: One()}, nil
	}
	if !s.System {
		for _, r := range s.Rules {
			if r.Base == from && r.Quote == to {
				return r.Find(b)
			}
		}
		if !s.Fallback {
			return Found{}, fmt.Errorf("%w: %s to %s: the rate scheme has no rule for it and doesn't fall back to the System scheme", ErrNoRate, from, to)
		}
	}
	found, ok, err := b.system(from, to)
	switch {
	case err != nil:
		return Found{}, fmt.Errorf("%w: %s to %s: %w", ErrNoRate, from, to, err)
	case !ok:
		return Found{}, fmt.Errorf("%w: %s to %s: no source has it", ErrNoRate, from, to)
	}
	return found, nil
}
