package jsonapi

import (
	"penstock/engine"
	"penstock/engine/payout"
)

// Statuses of a payout request.
const (
	reqCreated    = "CREATED"
	reqReady      = "READY"
	reqDetails    = "WAITING_DETAILS"
	reqDispatch   = "DISPATCHING"
	reqPending    = "PENDING"
	reqProcessed  = "PROCESSED"
	reqPartly     = "PARTIALLY_PROCESSED"
	reqFailed     = "FAILED"
	reqExpired    = "EXPIRED"
	reqTerminated = "TERMINATED"
	reqCanceled   = "CANCELED"
)

// requestStatuses are all that a request can have, in the order of its life.
// CANCELING, PARTIALLY_CANCELED and CANCEL_FAILED, which the original has
// beside them, don't occur: a cancel is carried out or refused at once.
func requestStatuses() []string {
	return []string{reqCreated, reqReady, reqDetails, reqDispatch, reqPending, reqProcessed, reqPartly, reqFailed, reqExpired, reqTerminated, reqCanceled}
}

// stageStatus maps every stage. Draft, Dispatching and Withdrawn have two
// statuses; see statusOf.
func stageStatus(s payout.Stage) string {
	switch s {
	case payout.Draft:
		return reqCreated
	case payout.Ready:
		return reqReady
	case payout.Dispatching:
		return reqDispatch
	case payout.InHand:
		return reqPending
	case payout.AllPaid:
		return reqProcessed
	case payout.SomePaid:
		return reqPartly
	case payout.NonePaid:
		return reqFailed
	case payout.Expired:
		return reqExpired
	case payout.Withdrawn:
		return reqTerminated
	case payout.GivenBack:
		return reqCanceled
	}
	return ""
}

// statusOf is a request's status. One that waits for a person while a payout's
// end is not known is PENDING: it sleeps until somebody finds out.
func statusOf(r *engine.Request) string {
	switch {
	case r.Stage == payout.Draft && r.Sealed == nil:
		return reqDetails
	case r.Stage == payout.Dispatching && r.Moderation != "":
		return reqPending
	case r.Stage == payout.Withdrawn && len(r.Payouts) > 0:
		return reqCanceled
	}
	return stageStatus(r.Stage)
}

// stagesOf are those at which a request can have a status.
func stagesOf(status string) (out []payout.Stage) {
	for _, s := range payout.Stages() {
		if stageStatus(s) == status || s == payout.Draft && status == reqDetails || s == payout.Dispatching && status == reqPending || s == payout.Withdrawn && status == reqCanceled {
			out = append(out, s)
		}
	}
	return out
}

// payoutStatuses are all that a payout can have, in the order of its life.
func payoutStatuses() []string {
	return []string{"READY", "INVOKING", "PROCESSING", "PENDING", "PROCESSED", "PARTIALLY_PROCESSED", "PROCESS_FAILED", "TERMINATED", "CANCELLED"}
}

// payoutStatus maps every status of one instruction to a provider. One that
// was never sent ends as TERMINATED; money that was paid and came back is
// CANCELLED. (Double L here, single L of requests: so it was published.)
func payoutStatus(s payout.Status) string {
	switch s {
	case payout.Queued:
		return "READY"
	case payout.Sending:
		return "INVOKING"
	case payout.Uncertain:
		return "PROCESSING"
	case payout.Pending:
		return "PENDING"
	case payout.Paid:
		return "PROCESSED"
	case payout.PartlyPaid:
		return "PARTIALLY_PROCESSED"
	case payout.Failed:
		return "PROCESS_FAILED"
	case payout.Cancelled:
		return "TERMINATED"
	case payout.Returned:
		return "CANCELLED"
	}
	return ""
}

// statusesOf are those of the engine that are shown as a status.
func statusesOf(status string) (out []payout.Status) {
	for _, s := range payout.Statuses() {
		if payoutStatus(s) == status {
			out = append(out, s)
		}
	}
	return out
}
