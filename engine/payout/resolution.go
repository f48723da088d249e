package payout

import (
	"fmt"
	"slices"
	"strings"
)

// Resolution says why a payout or a request stands where it stands. It
// explains a status and never makes one: any status may bear OK.
type Resolution string

// Group is what a resolution means for the fate of the money.
type Group string

const (
	GroupOK    Group = "OK"
	GroupError Group = "ERROR" // nobody knows yet whether money moves: a person or a look-up finds out
	GroupFatal Group = "FATAL" // it is certain that no money moves
)

const (
	OK Resolution = "OK"

	ConnectionError        Resolution = "CONNECTION_ERROR"
	ConnectionTimeoutError Resolution = "CONNECTION_TIMEOUT_ERROR"
	ProviderInternalError  Resolution = "PROVIDER_INTERNAL_ERROR"
	GeneralError           Resolution = "GENERAL_ERROR"
	UnknownResolution      Resolution = "UNKNOWN"

	InvalidDetails     Resolution = "INVALID_DETAILS"
	InvalidRequest     Resolution = "INVALID_REQUEST"
	RequestError       Resolution = "REQUEST_ERROR"
	InvalidAmount      Resolution = "INVALID_AMOUNT"
	InvalidMethod      Resolution = "INVALID_METHOD"
	InvalidCredentials Resolution = "INVALID_CREDENTIALS"
	ForbiddenIP        Resolution = "FORBIDDEN_IP"
	SignatureError     Resolution = "SIGNATURE_ERROR"
	DuplicatedID       Resolution = "DUPLICATED_ID"
	InsufficientFunds  Resolution = "INSUFFICIENT_FUNDS"
	AntifraudError     Resolution = "ANTIFRAUD_ERROR"
	DeclinedError      Resolution = "DECLINED_ERROR"
	RecipientNotFound  Resolution = "RECIPIENT_NOT_FOUND"
	InvalidRecipient   Resolution = "INVALID_RECIPIENT"
	LimitViolation     Resolution = "LIMIT_VIOLATION"
	InternalError      Resolution = "INTERNAL_ERROR"
	AccessError        Resolution = "ACCESS_ERROR"
	AccessDenied       Resolution = "ACCESS_DENIED"
	GeneralFatalError  Resolution = "GENERAL_FATAL_ERROR"
	OperationExpired   Resolution = "OPERATION_EXPIRED"
	ProcessingError    Resolution = "PROCESSING_ERROR"

	// Of requests only: why no payout was made.
	NoRoutes       Resolution = "STRATEGY_RECEIVED_NO_ROUTES"
	RoutesFiltered Resolution = "STRATEGY_CONFIGURED_ROUTES_WERE_FILTERED"
	RateNotFound   Resolution = "RATE_NOT_FOUND"
)

// resolutionRow is one row of the table of resolutions.
type resolutionRow struct {
	name  Resolution
	group Group
	// failover says that the fault is the route's, so that another may do
	// better; what the recipient's side refuses is refused by all.
	failover bool
	codes    []string // what connectors call it, besides its own name in small letters
}

var resolutions = [...]resolutionRow{
	{OK, GroupOK, false, nil},

	{ConnectionError, GroupError, false, nil},
	{ConnectionTimeoutError, GroupError, false, []string{"timeout"}},
	{ProviderInternalError, GroupError, false, nil},
	{GeneralError, GroupError, false, nil},
	{UnknownResolution, GroupError, false, nil},

	{InvalidDetails, GroupFatal, false, []string{"invalid_account", "account_closed"}},
	{InvalidRequest, GroupFatal, true, nil},
	{RequestError, GroupFatal, true, nil},
	{InvalidAmount, GroupFatal, true, []string{"invalid_currency", "unknown_currency"}},
	{InvalidMethod, GroupFatal, true, nil},
	{InvalidCredentials, GroupFatal, true, nil},
	{ForbiddenIP, GroupFatal, true, nil},
	{SignatureError, GroupFatal, true, nil},
	{DuplicatedID, GroupFatal, false, nil},
	{InsufficientFunds, GroupFatal, true, nil},
	{AntifraudError, GroupFatal, false, []string{"fraud_suspected"}},
	{DeclinedError, GroupFatal, true, []string{"declined", "returned"}},
	{RecipientNotFound, GroupFatal, false, nil},
	{InvalidRecipient, GroupFatal, false, nil},
	{LimitViolation, GroupFatal, true, []string{"limit_exceeded"}},
	{InternalError, GroupFatal, false, nil},
	{AccessError, GroupFatal, true, nil},
	{AccessDenied, GroupFatal, true, nil},
	{GeneralFatalError, GroupFatal, true, nil},
	{OperationExpired, GroupFatal, false, []string{"expired", "cancelled"}},
	{ProcessingError, GroupFatal, true, nil},

	{NoRoutes, GroupFatal, false, nil},
	{RoutesFiltered, GroupFatal, false, nil},
	{RateNotFound, GroupFatal, false, nil},
}

// Resolutions returns all of them: OK, the ERROR group, the FATAL group.
func Resolutions() []Resolution {
	all := make([]Resolution, len(resolutions))
	for i, row := range resolutions {
		all[i] = row.name
	}
	return all
}

// Group is the group of r; for one that isn't in the table it is GroupError,
// since nobody knows what it means.
func (r Resolution) Group() Group {
	for i := range resolutions {
		if resolutions[i].name == r {
			return resolutions[i].group
		}
	}
	return GroupError
}

// Resolve names the reason of a payout of this status, given the word of its
// connector ("declined", "insufficient_funds"; case doesn't matter, nor does
// whether words are joined by "_", "-" or a blank). It never contradicts the
// status: what was paid is OK; what has certainly failed is of the FATAL group,
// GENERAL_FATAL_ERROR where the word says nothing better; what nobody can be
// certain of is of the ERROR group, UNKNOWN likewise.
func Resolve(word string, s Status) Resolution {
	switch s {
	case Paid, PartlyPaid, Queued, Sending, Pending, Cancelled:
		return OK
	case Uncertain:
		if r, ok := named(word); ok && r.Group() == GroupError {
			return r
		}
		return UnknownResolution
	}
	if r, ok := named(word); ok && r.Group() == GroupFatal {
		return r
	}
	return GeneralFatalError
}

// named finds the resolution that a connector's word means.
func named(word string) (Resolution, bool) {
	word = strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(word))
	for i := range resolutions {
		row := &resolutions[i]
		if strings.EqualFold(string(row.name), word) || slices.Contains(row.codes, word) {
			return row.name, true
		}
	}
	return "", false
}

// Failover is the set of resolutions after which another route may be tried.
// The zero Failover allows none.
type Failover struct{ allowed []Resolution }

// DefaultFailover allows what is the route's own fault: credentials, access,
// limits, money, a refusal without a reason. It stops at what is wrong with
// the recipient, which each route would refuse alike.
func DefaultFailover() Failover {
	var f Failover
	for _, row := range resolutions {
		if row.failover {
			f.allowed = append(f.allowed, row.name)
		}
	}
	return f
}

// ParseFailover reads a set from configuration. A name that isn't in the table
// is refused, and so is any that isn't FATAL: while nobody knows whether money
// moves, no other route may be tried, whatever a configuration says. So is
// DUPLICATED_ID, by which the provider says that it has such a payout already.
func ParseFailover(names []string) (Failover, error) {
	var f Failover
	for _, name := range names {
		r, ok := named(name)
		switch {
		case !ok:
			return Failover{}, fmt.Errorf("payout: %q is no resolution", name)
		case r.Group() != GroupFatal:
			return Failover{}, fmt.Errorf("payout: %s leaves open whether money moves, so nothing may be tried after it", r)
		case r == DuplicatedID:
			return Failover{}, fmt.Errorf("payout: after %s another route could pay a second time, so nothing may be tried after it", r)
		case r == NoRoutes || r == RoutesFiltered || r == RateNotFound:
			return Failover{}, fmt.Errorf("payout: %s is of a request that no payout was made for, so there is nothing to fail over from", r)
		case !slices.Contains(f.allowed, r):
			f.allowed = append(f.allowed, r)
		}
	}
	return f, nil
}

// Allows says whether another route may be tried after r.
func (f Failover) Allows(r Resolution) bool {
	return r.Group() == GroupFatal && slices.Contains(f.allowed, r)
}

// Names returns what the set allows, for configuration to show.
func (f Failover) Names() []Resolution { return slices.Clone(f.allowed) }
