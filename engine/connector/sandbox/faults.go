package sandbox

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Faults is how a Provider misbehaves. Every probability is from 0 to 1 and is
// drawn for each arrival of an order by itself; every range is in
// milliseconds, drawn evenly, both ends included. Lookups, the ledger and the
// faults themselves are never disturbed: they are what a test judges by.
type Faults struct {
	// DropRequest closes the connection before acting. The order may still be
	// acted on within LateMS.
	DropRequest float64 `json:"drop_request"`
	// DropReply acts, then closes the connection.
	DropReply float64 `json:"drop_reply"`
	// DelayMS is how long the answer (or the cut) takes. What an order does,
	// it does on arrival.
	DelayMS Range `json:"delay_ms"`
	// Error500 answers 500; whether it acted is an even chance, and if not it
	// may still act within LateMS.
	Error500 float64 `json:"error_500"`
	// LateMS is when an order that was dropped or failed without acting acts
	// after all, which is an even chance. At [0,0] it never does.
	LateMS Range `json:"late_ms"`
	// Reject refuses an order.
	Reject float64 `json:"reject"`
	// Pending answers accepted where the service would pay at once; the money
	// moves within SettleMS.
	Pending float64 `json:"pending"`
	// Partly pays half.
	Partly float64 `json:"partly"`
	// SettleMS is how long an accepted transfer takes until its end.
	SettleMS Range `json:"settle_ms"`
	// Idempotent: a key that was seen moves no more money.
	Idempotent bool `json:"idempotent"`
	// KeepsRefusal: a refused key stays refused; otherwise it is tried afresh.
	KeepsRefusal bool `json:"keeps_refusal"`
	// Lookup: transfers can be found by key.
	Lookup bool `json:"lookup"`
	// Notify posts a transfer's status, at each change, where the order asked
	// for it, after a time within LateMS.
	Notify float64 `json:"notify"`
	// NotifyTwice posts it a second time, after another time within LateMS.
	NotifyTwice float64 `json:"notify_twice"`
	// Seed decides all of these draws. Setting it, to the same number too,
	// starts the draws anew.
	Seed int64 `json:"seed"`
}

// Range is a least and a most number of milliseconds.
type Range [2]int64

// maxRange bounds a Range: thirty days, so that a slow return can be played.
const maxRange = 30 * 24 * int64(time.Hour/time.Millisecond)

// DefaultFaults is a provider without faults: honours keys, can be asked, and
// settles within half a second.
func DefaultFaults() Faults {
	return Faults{SettleMS: Range{0, 500}, Idempotent: true, Lookup: true}
}

// ErrFaults is wrapped by every refusal to set faults; the text names the
// member and its rule.
var ErrFaults = errors.New("sandbox: faults refused")

const (
	chanceRule = "must be a number from 0 to 1"
	rangeRule  = "must be [least,most] in whole milliseconds, 0 <= least <= most <= 2592000000"
	boolRule   = "must be true or false"
)

// faultRules has a row for each member that can be set.
var faultRules = map[string]string{
	"drop_request": chanceRule, "drop_reply": chanceRule, "error_500": chanceRule, "reject": chanceRule,
	"pending": chanceRule, "partly": chanceRule, "notify": chanceRule, "notify_twice": chanceRule,
	"delay_ms": rangeRule, "late_ms": rangeRule, "settle_ms": rangeRule,
	"idempotent": boolRule, "keeps_refusal": boolRule, "lookup": boolRule,
	"seed": "must be a whole number of 64 bits",
}

// merge is f with the members of the JSON object patch set, and whether the
// seed was among them. An error leaves nothing changed.
func (f Faults) merge(patch []byte) (Faults, bool, error) {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(patch, &members); err != nil || members == nil {
		return f, false, fmt.Errorf("%w: body must be one JSON object without repeated members", ErrFaults)
	}
	for name, value := range members {
		rule, known := faultRules[name]
		if !known {
			return f, false, fmt.Errorf("%w: unknown member %.40q", ErrFaults, name)
		}
		one, err := json.Marshal(map[string]jsontext.Value{name: value})
		if value.Kind() == 'n' || err != nil || json.Unmarshal(one, &f) != nil {
			return f, false, fmt.Errorf("%w: %s %s", ErrFaults, name, rule)
		}
	}
	_, reseeded := members["seed"]
	return f, reseeded, f.check()
}

func (f Faults) check() error {
	for _, row := range []struct {
		name string
		p    float64
	}{
		{"drop_request", f.DropRequest}, {"drop_reply", f.DropReply}, {"error_500", f.Error500}, {"reject", f.Reject},
		{"pending", f.Pending}, {"partly", f.Partly}, {"notify", f.Notify}, {"notify_twice", f.NotifyTwice},
	} {
		if !(row.p >= 0 && row.p <= 1) {
			return fmt.Errorf("%w: %s %s", ErrFaults, row.name, chanceRule)
		}
	}
	for _, row := range []struct {
		name string
		r    Range
	}{{"delay_ms", f.DelayMS}, {"late_ms", f.LateMS}, {"settle_ms", f.SettleMS}} {
		if row.r[0] < 0 || row.r[0] > row.r[1] || row.r[1] > maxRange {
			return fmt.Errorf("%w: %s %s", ErrFaults, row.name, rangeRule)
		}
	}
	return nil
}

// refusalText is an ErrFaults without its package's prefix, for the wire.
func refusalText(err error) string {
	return strings.TrimPrefix(err.Error(), ErrFaults.Error()+": ")
}
