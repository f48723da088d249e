package fx

import (
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
	Via      money.Currency `json:"via,omitzero"`      // common base of a cross rate
	Inverse  bool           `json:"inverse,omitzero"`  // the source has the pair the other way round
	System   bool           `json:"system,omitzero"`   // the System scheme gave it
}

// Find looks for the rate from one currency to another: by the rule of the
// scheme for that pair; without one by the System scheme, if s is it or falls
// back to it. A currency to itself is 1 with no fee. A rule whose source has
// no rate is not replaced by the System scheme, which would pay without the
// rule's fees. The error is ErrNoRate with the reason; b may be nil.
func Find(s Scheme, b *Book, from, to money.Currency) (Found, error) { return Found{}, errSoon }

// Find is the rate of one rule, whatever its scheme.
func (r Rule) Find(b *Book) (Found, error) { return Found{}, errSoon }
