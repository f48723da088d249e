package engine

import (
	"fmt"
	"time"
)

// Code names a refusal so that a dialect can give it its own status and words.
// Every dialect has a row for every code; a missing row fails a test.
type Code string

const (
	CodeInvalid      Code = "invalid"       // a field breaks a rule: Field and Message say which
	CodeRealCard     Code = "real_card"     // somebody's card number in test mode: Field and Message say which and why
	CodeMissing      Code = "missing"       // a field that is needed is absent: Field
	CodeNotFound     Code = "not_found"     // Object of this merchant and mode does not exist
	CodeExists       Code = "exists"        // Object of this id exists already
	CodeState        Code = "state"         // Object's status does not allow the act: Status
	CodeToken        Code = "token"         // a payment token is wrong, expired or of another kind
	CodeForeign      Code = "foreign"       // the token or method belongs to another customer
	CodeRedacted     Code = "redacted"      // the customer was redacted
	CodeNoRoute      Code = "no_route"      // no connected provider can take this payout
	CodeNoRate       Code = "no_rate"       // there is no exchange rate for the pair
	CodeFunds        Code = "funds"         // the deposit account holds too little
	CodeKeyReused    Code = "key_reused"    // an idempotency key came with another body
	CodeUnauthorized Code = "unauthorized"  // no key, or none that is valid
	CodeForbidden    Code = "forbidden"     // the key may not do this
	CodeSealed       Code = "sealed"        // the locker is sealed
	CodeSpace        Code = "space"         // the disk is nearly full: only work already accepted goes on
	CodeHeld         Code = "held"          // the store is on hold: nothing is sent until a person has released it
	CodeBusy         Code = "busy"          // cannot be served now; nothing happened; repeat later
	CodeUnknown      Code = "unknown"       // it may or may not have been stored: repeat with the same key
	CodeNotBuilt     Code = "not_supported" // a known wish that this version does not grant
)

// Codes returns every code, for the tests that hold the dialects' tables whole.
func Codes() []Code {
	return []Code{CodeInvalid, CodeRealCard, CodeMissing, CodeNotFound, CodeExists, CodeState, CodeToken, CodeForeign, CodeRedacted,
		CodeNoRoute, CodeNoRate, CodeFunds, CodeKeyReused, CodeUnauthorized, CodeForbidden, CodeSealed, CodeSpace, CodeHeld, CodeBusy, CodeUnknown, CodeNotBuilt}
}

// Object names what an Error speaks of, in the words of DESIGN.md 3.
type Object string

const (
	ObjPayout   Object = "payout"
	ObjCustomer Object = "customer"
	ObjMethod   Object = "payment_method"
	ObjMerchant Object = "merchant"
	ObjProfile  Object = "profile"
	ObjKey      Object = "api_key"
	ObjEndpoint Object = "endpoint"
	ObjDelivery Object = "delivery"
	ObjAccount  Object = "provider_account"
	ObjPoint    Object = "payout_point"
	ObjDeposit  Object = "deposit_account"
	ObjRoute    Object = "payout_route"
	ObjScheme   Object = "routing_scheme"
	ObjRates    Object = "rate_scheme"
	ObjQuote    Object = "quote"
	ObjLink     Object = "payout_link"
	ObjPayment  Object = "payment"
	ObjRefund   Object = "refund"
	ObjReported Object = "report_line"
)

// Error is a refusal that a person outside may read. Nothing has changed when
// a command returns one. Message and Hint bear no secret and no account.
type Error struct {
	Code    Code
	Object  Object
	ID      string // of the object, as the caller gave it
	Field   string // for CodeInvalid and CodeMissing, in the engine's words
	Status  string // for CodeState
	Message string
	Hint    string        // what to do next; may be empty
	After   time.Duration // when repeating it may make sense; zero: nobody knows
	Err     error         // why, for the log; never shown
}

func (e *Error) Error() string {
	s := string(e.Code)
	if e.Object != "" {
		s += " " + string(e.Object)
	}
	if e.Field != "" {
		s += " " + e.Field
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

func invalid(field, format string, args ...any) *Error {
	return &Error{Code: CodeInvalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

func missing(field string) *Error {
	return &Error{Code: CodeMissing, Field: field, Message: field + " is required"}
}

func notFound(o Object, id string) *Error {
	return &Error{Code: CodeNotFound, Object: o, ID: id, Message: string(o) + " does not exist"}
}

func exists(o Object, id string) *Error {
	return &Error{Code: CodeExists, Object: o, ID: id, Message: string(o) + " exists already"}
}

func wrongState(o Object, id, status, act string) *Error {
	return &Error{Code: CodeState, Object: o, ID: id, Status: status, Message: fmt.Sprintf("%s cannot be %s while it is %s", o, act, status)}
}
