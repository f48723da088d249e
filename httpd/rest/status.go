package rest

import (
	"penstock/engine"
	"penstock/engine/payout"
)

// Statuses of a payout, in the words of this dialect.
const (
	needsData         = "requires_payout_method_data"
	needsConfirmation = "requires_confirmation"
	needsFulfillment  = "requires_fulfillment"
	initiated         = "initiated"
	pending           = "pending"
	success           = "success"
	failed            = "failed"
	cancelled         = "cancelled"
	expired           = "expired"
	reversed          = "reversed"
)

// statuses are all that a payout can have here, in the order of its life.
// requires_creation, requires_vendor_account_creation and ineligible, which
// the original has beside them, are passed in one breath or don't occur.
func statuses() []string {
	return []string{needsData, needsConfirmation, needsFulfillment, initiated, pending, success, failed, cancelled, expired, reversed}
}

// allStatuses are the original's, which filters may name.
func allStatuses() []string {
	return append(statuses(), "requires_creation", "requires_vendor_account_creation", "ineligible")
}

// stageStatus maps every stage. A draft has two statuses; see statusOf.
func stageStatus(s payout.Stage) string {
	switch s {
	case payout.Draft:
		return needsConfirmation
	case payout.Ready:
		return needsFulfillment
	case payout.Dispatching:
		return initiated
	case payout.InHand:
		return pending
	case payout.AllPaid, payout.SomePaid:
		return success
	case payout.NonePaid:
		return failed
	case payout.Expired:
		return expired
	case payout.Withdrawn:
		return cancelled
	case payout.GivenBack:
		return reversed
	}
	return ""
}

func statusOf(r *engine.Request) string {
	return standStatus(r.Stand())
}

// standStatus maps where a request stands.
func standStatus(at engine.Stand) string {
	if at.Bare {
		return needsData
	}
	return stageStatus(at.Stage)
}

// attemptStatus maps every status of one instruction to a provider.
func attemptStatus(s payout.Status) string {
	switch s {
	case payout.Queued, payout.Sending, payout.Uncertain:
		return initiated
	case payout.Pending:
		return pending
	case payout.Paid, payout.PartlyPaid:
		return success
	case payout.Failed:
		return failed
	case payout.Cancelled:
		return cancelled
	case payout.Returned:
		return reversed
	}
	return ""
}

// eventType is what a webhook about a payout of this status is called; "" for
// those that nobody is told of.
func eventType(status string) string {
	switch status {
	case success, failed, initiated, cancelled, expired, reversed:
		return "payout_" + status
	}
	return ""
}
