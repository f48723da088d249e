package hosted

import (
	"strings"

	"penstock/engine"
	"penstock/engine/payout"
)

// Statuses of a payment.
const (
	pending   = "pending"
	succeeded = "succeeded"
	failed    = "failed"
)

// statusOf maps every stage of a request. The original has no word for money
// that came back.
func statusOf(r *engine.Request, returnedFails bool) string {
	switch r.Stage {
	case payout.AllPaid, payout.SomePaid:
		return succeeded
	case payout.NonePaid, payout.Expired, payout.Withdrawn:
		return failed
	case payout.GivenBack:
		if returnedFails {
			return failed
		}
		return succeeded
	}
	return pending
}

// word is a resolution as this dialect writes it.
func word(r payout.Resolution) string {
	return strings.ReplaceAll(strings.ToLower(string(r)), "-", "_")
}
