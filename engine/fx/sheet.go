package fx

import (
	"time"

	"penstock/engine/money"
)

// maxPairs bounds a sheet.
const maxPairs = 5000

// Pair is one line of a sheet: how much of Quote one unit of Base costs (Ask)
// and brings (Bid). A source with one rate has both alike.
type Pair struct {
	Base  money.Currency `json:"base"`
	Quote money.Currency `json:"quote"`
	Ask   Rate           `json:"ask"`
	Bid   Rate           `json:"bid"`
}

// Sheet is what one source published at one time.
type Sheet struct {
	Resource   string    `json:"resource"`
	Commercial bool      `json:"commercial,omitzero"` // ask and bid differ; see Resource
	At         time.Time `json:"at"`                  // the date of the rates, as the source says
	Imported   time.Time `json:"imported,omitzero"`   // when they were read; set by who does
	Pairs      []Pair    `json:"pairs"`
	// Skipped are codes of the source that are no currency of ours.
	Skipped []string `json:"skipped,omitzero"`
}

// Validate says what is wrong with s: its resource's name and kind, no date,
// too many pairs, a pair twice, a currency to itself, a rate missing, an ask
// below its bid or, of a source with one rate, not equal to it. The error is
// an Invalid.
func (s Sheet) Validate() error { return errSoon }

// Age is how old the rates are at now; negative for a date to come. The caller
// decides what is too old.
func (s Sheet) Age(now time.Time) time.Duration { return now.Sub(s.At) }
