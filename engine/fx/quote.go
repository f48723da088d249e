package fx

import (
	"fmt"
	"time"

	"penstock/engine/money"
)

// MaxLifetime is the longest that a rate may be locked.
const MaxLifetime = 24 * time.Hour

// Quote is a rate that is promised until it expires.
type Quote struct {
	ID      string         `json:"id"`
	From    money.Currency `json:"from"`
	To      money.Currency `json:"to"`
	Rate    Rate           `json:"rate"`
	Created time.Time      `json:"created"`
	Expires time.Time      `json:"expires"`
}

// Validate says what is wrong with q: no id, no pair, no rate, a lifetime of
// nothing or of more than MaxLifetime. The error is an Invalid.
func (q Quote) Validate() error {
	var bad Invalid
	if q.ID == "" || len(q.ID) > maxRuleID || !plain(q.ID) {
		bad.add("id", fmt.Sprintf("must be 1 to %d printable characters", maxRuleID))
	}
	if q.From.IsZero() {
		bad.add("from", ruleCurrency)
	}
	if q.To.IsZero() {
		bad.add("to", ruleCurrency)
	}
	switch {
	case q.Rate.IsZero():
		bad.add("rate", "must be a rate above zero")
	case q.From == q.To && q.Rate != One():
		bad.add("rate", "must be 1 from a currency to itself")
	}
	switch life := q.Expires.Sub(q.Created); {
	case q.Created.IsZero():
		bad.add("created", "must be a time")
	case life <= 0:
		bad.add("expires", "must be after created")
	case life > MaxLifetime:
		bad.add("expires", fmt.Sprintf("must be at most %s after created", MaxLifetime))
	}
	return bad.orNil()
}

// Use is q's rate for the pair at now. ErrQuote when it has expired (at
// Expires it has), is for another pair, or is from the future, as it is after
// the clock was set back.
func (q Quote) Use(from, to money.Currency, now time.Time) (Rate, error) {
	switch {
	case q.From != from || q.To != to:
		return Rate{}, fmt.Errorf("%w: it is for %s to %s, not %s to %s", ErrQuote, q.From, q.To, from, to)
	case q.Rate.IsZero():
		return Rate{}, fmt.Errorf("%w: it has no rate", ErrQuote)
	case !now.Before(q.Expires):
		return Rate{}, fmt.Errorf("%w: it has expired", ErrQuote)
	case now.Before(q.Created):
		return Rate{}, fmt.Errorf("%w: it is from the future", ErrQuote)
	}
	return q.Rate, nil
}
