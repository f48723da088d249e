package fx

import (
	"fmt"
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
func (s Sheet) Validate() error {
	var bad Invalid
	known, isKnown := FindResource(s.Resource)
	switch {
	case !CodeOK(s.Resource):
		bad.add("resource", ruleCode)
	case isKnown && known.Commercial != s.Commercial:
		bad.add("commercial", fmt.Sprintf("must be %t for %s", known.Commercial, s.Resource))
	}
	if s.At.IsZero() {
		bad.add("at", "must be the date of the rates")
	}
	if len(s.Pairs) == 0 || len(s.Pairs) > maxPairs {
		bad.add("pairs", fmt.Sprintf("must be at least one and at most %d", maxPairs))
		return bad
	}
	seen := make(map[pairKey]bool, len(s.Pairs))
	for i, p := range s.Pairs {
		if field, rule := p.wrong(s.Commercial); rule != "" {
			bad.add(fmt.Sprintf("pairs[%d].%s", i, field), rule)
		}
		key := pairKey{p.Base, p.Quote}
		if seen[key] {
			bad.add(fmt.Sprintf("pairs[%d]", i), "is there twice")
		}
		seen[key] = true
	}
	return bad.orNil()
}

// wrong is the first field of p that breaks a rule; "" for none.
func (p Pair) wrong(commercial bool) (field, rule string) {
	switch {
	case p.Base.IsZero():
		return "base", ruleCurrency
	case p.Quote.IsZero():
		return "quote", ruleCurrency
	case p.Base == p.Quote:
		return "quote", "must be another currency than base"
	case p.Ask.IsZero():
		return "ask", "must be a rate above zero"
	case p.Bid.IsZero():
		return "bid", "must be a rate above zero"
	case !commercial && p.Ask != p.Bid:
		return "ask", "must equal bid, since the source has one rate for both ways"
	case p.Ask.Cmp(p.Bid) < 0:
		return "ask", "must not be below bid"
	}
	return "", ""
}

const (
	ruleCode     = "must be a lower-case letter, then at most 31 lower-case letters, digits, dashes and underscores"
	ruleCurrency = "must be a currency"
)

// Age is how old the rates are at now; negative for a date to come. The caller
// decides what is too old.
func (s Sheet) Age(now time.Time) time.Duration { return now.Sub(s.At) }
