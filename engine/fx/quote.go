package fx

import (
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
func (q Quote) Validate() error { return errSoon }

// Use is q's rate for the pair at now. ErrQuote when it has expired (at
// Expires it has) or is for another pair.
func (q Quote) Use(from, to money.Currency, now time.Time) (Rate, error) { return Rate{}, errSoon }
