package rest

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/httpd/wire"
)

// refusal is an error in the words of this dialect.
type refusal struct {
	status  int
	code    string // IR_.., HE_..
	message string
	reason  string
	// unread says that the body could not be read, which the original words
	// with error_type instead of type.
	unread bool
}

func (r *refusal) Error() string { return r.code + ": " + r.message }

func refuse(status int, code, message string) *refusal {
	return &refusal{status: status, code: code, message: message}
}

func missingParam(name string) *refusal { return refuse(400, "IR_04", "Missing required param: "+name) }

func notBuilt(what string) *refusal { return refuse(501, "IR_00", what+" is not implemented") }

// act is the call in which the engine refused, where that changes the words.
type act string

const (
	anyAct            act = ""
	createPayout      act = "create"
	updatePayout      act = "updated"
	confirmPayout     act = "confirm"
	fulfilPayout      act = "fulfilled"
	cancelPayout      act = "cancelled"
	saveMethod        act = "save_method"
	setDefault        act = "default"
	connectAccount    act = "connect"
	statePayout       act = "stated"
	activateRouting   act = "activated"
	deactivateRouting act = "deactivated"
	payByCard         act = "pay"
	captureSome       act = "capture"
	saveProfile       act = "profile"
)

// during says in which act an error of the engine came up.
type during struct {
	act act
	err error
}

func (d *during) Error() string { return d.err.Error() }
func (d *during) Unwrap() error { return d.err }

func in(a act, err error) error {
	if err == nil {
		return nil
	}
	return &during{a, err}
}

// errorRow says how one refusal of the engine is answered. Empty act, object
// and field fit all; the first row that fits is taken.
type errorRow struct {
	act    act
	code   engine.Code
	object engine.Object
	field  string
	status int
	ir     string
	text   string // {id}, {field}, {status} and {message} are filled in
	unread bool
	reason string // filled in as text is; empty for none
}

// errorRows is the whole table. A code without a row for everything fails a
// test.
func errorRows() []errorRow {
	const (
		doesNotExist = " does not exist in our records"
		inRecords    = " already exists in our records"
	)
	return []errorRow{
		{code: engine.CodeInvalid, field: "payout_token", status: 422, ir: "IR_06", text: "Only one of payout_method_id or payout_token should be provided."},
		{code: engine.CodeInvalid, field: "card_number", status: 400, ir: "IR_06", text: "Json deserialize error: card number invalid: {message}", unread: true},
		{act: connectAccount, code: engine.CodeInvalid, field: "connector_account_details", status: 400, ir: "IR_30", text: "connector_account_details: {message}"},
		{code: engine.CodeInvalid, field: "webhook_url", status: 422, ir: "IR_06", text: "webhook_url: {message}"},
		{code: engine.CodeInvalid, status: 422, ir: "IR_06", text: "{rule}"},
		{code: engine.CodeRealCard, status: 422, ir: "IR_06", text: "{rule}"},

		{code: engine.CodeMissing, object: engine.ObjPoint, status: 400, ir: "IR_04", text: "Missing required param: {message}"},
		{code: engine.CodeMissing, object: engine.ObjMethod, status: 400, ir: "IR_04", text: "Missing required param: {message}"},
		{act: saveProfile, code: engine.CodeMissing, field: "name", status: 400, ir: "IR_04", text: "Missing required param: profile_name"},
		{code: engine.CodeMissing, status: 400, ir: "IR_04", text: "Missing required param: {field}"},

		{act: createPayout, code: engine.CodeNotFound, object: engine.ObjCustomer, status: 422, ir: "IR_06", text: "customer for id - {id} not found"},
		{act: payByCard, code: engine.CodeNotFound, object: engine.ObjCustomer, status: 422, ir: "IR_06", text: "customer for id - {id} not found"},
		{act: updatePayout, code: engine.CodeNotFound, object: engine.ObjCustomer, status: 422, ir: "IR_06", text: "customer for id - {id} not found"},
		{act: confirmPayout, code: engine.CodeNotFound, object: engine.ObjCustomer, status: 422, ir: "IR_06", text: "customer for id - {id} not found"},
		{code: engine.CodeNotFound, object: engine.ObjPayout, status: 404, ir: "HE_02", text: "Payout" + doesNotExist},
		{code: engine.CodeNotFound, object: engine.ObjCustomer, status: 404, ir: "HE_02", text: "Customer" + doesNotExist},
		{code: engine.CodeNotFound, object: engine.ObjMethod, status: 404, ir: "HE_02", text: "Payment method" + doesNotExist},
		{code: engine.CodeNotFound, object: engine.ObjMerchant, status: 404, ir: "HE_02", text: "Merchant account" + doesNotExist},
		{code: engine.CodeNotFound, object: engine.ObjProfile, status: 404, ir: "HE_02", text: "Business profile with the given id {id} does not exist"},
		{code: engine.CodeNotFound, object: engine.ObjPoint, status: 404, ir: "HE_02", text: "Business profile with the given id pro_{id} does not exist"},
		{code: engine.CodeNotFound, object: engine.ObjKey, status: 404, ir: "HE_02", text: "API Key" + doesNotExist},
		{code: engine.CodeNotFound, object: engine.ObjPayment, status: 404, ir: "HE_02", text: "Payment" + doesNotExist},
		{code: engine.CodeNotFound, object: engine.ObjRefund, status: 404, ir: "HE_02", text: "Refund" + doesNotExist},
		{code: engine.CodeNotFound, object: engine.ObjScheme, status: 404, ir: "HE_02", text: "Algorithm with the given id" + " does not exist"},
		{code: engine.CodeNotFound, object: engine.ObjAccount, status: 404, ir: "HE_02", text: "Merchant connector account" + doesNotExist},
		{code: engine.CodeNotFound, status: 404, ir: "HE_02", text: "Event" + doesNotExist},

		{code: engine.CodeExists, object: engine.ObjPayout, status: 400, ir: "HE_01", text: "The payout with the specified payout_id '{id}'" + inRecords},
		{code: engine.CodeExists, object: engine.ObjPayment, status: 400, ir: "HE_01", text: "The payment with the specified payment_id '{id}'" + inRecords},
		{code: engine.CodeExists, object: engine.ObjLink, status: 400, ir: "IR_38", text: "payout link already exists"},
		{code: engine.CodeExists, object: engine.ObjCustomer, status: 400, ir: "IR_12", text: "Customer with the given `customer_id` already exists"},
		{code: engine.CodeExists, object: engine.ObjMethod, status: 400, ir: "HE_01", text: "The payment method with the specified details" + inRecords},
		{code: engine.CodeExists, object: engine.ObjMerchant, status: 400, ir: "HE_01", text: "The merchant account with the specified details" + inRecords},
		{code: engine.CodeExists, object: engine.ObjAccount, status: 400, ir: "HE_01", text: "The merchant connector account with the specified profile_id and connector_label '{id}'" + inRecords},
		{code: engine.CodeExists, status: 400, ir: "HE_01", text: "The {object} with the specified details" + inRecords},

		{act: confirmPayout, code: engine.CodeState, object: engine.ObjPayout, status: 400, ir: "IR_16", text: "You cannot confirm this payout because it has status {status}"},
		{act: updatePayout, code: engine.CodeState, object: engine.ObjPayout, status: 422, ir: "IR_06", text: "Payout {id} cannot be updated for status {status}"},
		{act: fulfilPayout, code: engine.CodeState, object: engine.ObjPayout, status: 422, ir: "IR_06", text: "Payout {id} cannot be fulfilled for status {status}"},
		{act: cancelPayout, code: engine.CodeState, object: engine.ObjPayout, status: 422, ir: "IR_06", text: "Payout {id} cannot be cancelled for status {status}"},
		{act: statePayout, code: engine.CodeState, status: 422, ir: "IR_06", text: "Payout cannot be updated: {message}"},
		{code: engine.CodeState, object: engine.ObjPayment, status: 400, ir: "IR_14", text: "This Payment could not be changed because it has status {status}"},
		{act: setDefault, code: engine.CodeState, object: engine.ObjMethod, status: 400, ir: "IR_16", text: "Payment Method is already set as default"},
		{code: engine.CodeState, object: engine.ObjMethod, status: 400, ir: "IR_16", text: "The payment method has status {status}"},
		{code: engine.CodeState, object: engine.ObjCustomer, status: 400, ir: "IR_10", text: "Customer has a payout or payment under way. Wait until it has ended, or cancel it, before deleting the customer"},
		{act: payByCard, code: engine.CodeState, object: engine.ObjPoint, status: 404, ir: "HE_02", text: "Business profile with the given id pro_{id} does not exist"},
		{act: createPayout, code: engine.CodeState, object: engine.ObjPoint, status: 404, ir: "HE_02", text: "Business profile with the given id pro_{id} does not exist"},
		{act: activateRouting, code: engine.CodeState, status: 400, ir: "IR_16", text: "Algorithm is already active"},
		{act: deactivateRouting, code: engine.CodeState, status: 400, ir: "IR_16", text: "Algorithm is already inactive"},
		{code: engine.CodeState, status: 400, ir: "IR_16", text: "{message}"},

		{code: engine.CodeToken, status: 422, ir: "IR_29", text: "Token is invalid or expired"},
		{act: setDefault, code: engine.CodeForeign, status: 400, ir: "IR_16", text: "The payment_method_id is not valid"},
		{code: engine.CodeForeign, field: "payout_method_id", status: 422, ir: "IR_06", text: "Payment method does not belong to this customer_id"},
		{code: engine.CodeForeign, status: 400, ir: "IR_16", text: "Token does not belong to this customer_id"},
		{code: engine.CodeRedacted, status: 400, ir: "IR_11", text: "Customer has already been redacted"},
		{code: engine.CodeNoRate, status: 400, ir: "IR_39", text: "No exchange rate was found for the currencies of this payout"},
		{code: engine.CodeNoRoute, field: engine.FieldMethod, status: 400, ir: "IR_19", text: "Payment method type not supported", reason: "{message}"},
		{code: engine.CodeNoRoute, status: 400, ir: "IR_39", text: "No eligible connector was found for the current payment method configuration"},
		{code: engine.CodeFunds, status: 400, ir: "IR_16", text: "The deposit account holds too little for this payout"},
		{code: engine.CodeKeyReused, status: 422, ir: "IR_06", text: "The Idempotency-Key was used before with another request"},
		{code: engine.CodeUnauthorized, object: engine.ObjAccount, status: 401, ir: "IR_01", text: "The notification is not signed by the provider"},
		{code: engine.CodeUnauthorized, status: 401, ir: "IR_01", text: badKey},
		{code: engine.CodeForbidden, status: 403, ir: "IR_22", text: "Access forbidden. Not authorized to access this resource {message}"},
		{act: cancelPayout, code: engine.CodeNotBuilt, status: 400, ir: "IR_20", text: "Payout cancel flow not supported by the connector"},
		{code: engine.CodeNotBuilt, status: 501, ir: "IR_00", text: "{message} is not implemented"},

		{code: engine.CodeHeld, status: 503, ir: "HE_00", text: "Something went wrong: the server was brought back from an earlier state and makes no payouts until its operator has released it; nothing has happened, repeat it later with the same payout_id or Idempotency-Key"},
		{code: engine.CodeBusy, status: 422, ir: "HE_00", text: "Something went wrong: somebody else is changing this; nothing has happened, repeat it"},
		{code: engine.CodeSealed, status: 503, ir: "HE_00", text: "Something went wrong: the locker is sealed; nothing has happened"},
		{code: engine.CodeSpace, status: 503, ir: "HE_00", text: "Something went wrong: the server is short of disk space; nothing has happened"},
		{code: engine.CodeUnknown, status: 500, ir: "HE_00", text: "Something went wrong: it is not known whether this was stored; repeat it with the same Idempotency-Key"},
	}
}

const badKey = "API key not provided or invalid API key used"

// words answers an error of the engine by the table.
func words(a act, e *engine.Error) *refusal {
	for _, row := range errorRows() {
		if row.code != e.Code || (row.act != anyAct && row.act != a) || (row.object != "" && row.object != e.Object) || (row.field != "" && row.field != e.Field) {
			continue
		}
		field := memberOf(a, e.Field)
		if e.Code == engine.CodeInvalid && e.Message == "is required" { // a member that the original's reader wants
			return &refusal{status: 400, code: "IR_06", message: "Json deserialize error: missing field `" + field + "`", unread: true}
		}
		fill := strings.NewReplacer("{id}", wire.Redact(e.ID), "{field}", field, "{object}", string(e.Object), "{status}", statusWord(e.Status), "{message}", e.Message, "{rule}", rule(field, e.Message))
		return &refusal{status: row.status, code: row.ir, message: fill.Replace(row.text), reason: fill.Replace(row.reason), unread: row.unread}
	}
	return refuse(http.StatusInternalServerError, "HE_00", "Something went wrong")
}

// memberOf is what the engine's field is called in the call's body.
func memberOf(a act, field string) string {
	if theirs, ok := cardNames()[field]; ok && (a == saveMethod || a == payByCard) {
		return theirs
	}
	if field == "amount" && a == captureSome {
		return "amount_to_capture"
	}
	if strings.HasPrefix(field, "tree/") { // in the engine's own form of an algorithm
		return field[strings.LastIndexByte(field, '/')+1:]
	}
	return field
}

// rule is a sentence: rules of fields come without their subject.
func rule(field, message string) string {
	for _, verb := range []string{"must ", "has ", "is ", "does ", "and "} {
		if strings.HasPrefix(message, verb) {
			return field + " " + message
		}
	}
	return message
}

// statusWord says a stage in this dialect's words, and everything else as it is.
func statusWord(s string) string {
	if w := stageStatus(payout.Stage(s)); w != "" {
		return w
	}
	return s
}

// answerError is the dialect's way to say any error.
func answerError(err error, c *wire.Call) wire.Reply {
	r := refusalOf(err, c)
	body, encodeErr := wire.Encode(map[string]any{"error": r.body()})
	if encodeErr != nil {
		return wire.Reply{Status: http.StatusInternalServerError}
	}
	return wire.Reply{Status: r.status, Body: body}
}

type errorBody struct {
	Type      string `json:"type,omitzero"`
	ErrorType string `json:"error_type,omitzero"`
	Message   string `json:"message"`
	Code      string `json:"code"`
	Reason    string `json:"reason,omitzero"`
}

func (r *refusal) body() errorBody {
	kind := "invalid_request"
	if r.status >= 500 && r.status != http.StatusNotImplemented {
		kind = "api"
	}
	// A refusal names what it refuses, and anything may stand in the place of an id.
	b := errorBody{Type: kind, Message: wire.Redact(r.message), Code: r.code, Reason: wire.Redact(r.reason)}
	if r.unread {
		b.Type, b.ErrorType = "", kind
	}
	return b
}

// refusalOf finds the words for any error. What it doesn't know is a 500 that
// shows nothing.
func refusalOf(err error, c *wire.Call) *refusal {
	var own *refusal
	var refused *engine.Error
	var unread *wire.DecodeError
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &unread):
		return &refusal{status: 400, code: "IR_06", message: "Json deserialize error: " + serdeText(unread, c.Body), unread: true}
	case errors.As(err, &refused):
		a := anyAct
		var d *during
		if errors.As(err, &d) {
			a = d.act
		}
		return words(a, refused)
	}
	return funnelRefusal(err)
}

// funnelRefusal words what went wrong around a call.
func funnelRefusal(err error) *refusal {
	var key *wire.IdempotencyKeyError
	switch {
	case errors.Is(err, wire.ErrUnauthenticated):
		return refuse(401, "IR_01", badKey)
	case errors.Is(err, wire.ErrNotFound):
		return refuse(404, "IR_02", "Unrecognized request URL")
	case errors.Is(err, wire.ErrMethod):
		return refuse(405, "IR_03", "The HTTP method is not applicable for this API")
	case errors.Is(err, wire.ErrTooLarge):
		return &refusal{status: 413, code: "IR_06", message: "Json payload size exceeds the limit", unread: true}
	case errors.Is(err, wire.ErrMediaType):
		return &refusal{status: 400, code: "IR_06", message: "Content type error: send application/json", unread: true}
	case errors.Is(err, wire.ErrQuery):
		return &refusal{status: 400, code: "IR_06", message: "Query deserialize error: the query cannot be read", unread: true}
	case errors.As(err, &key):
		return refuse(400, "IR_06", "Idempotency-Key "+key.Rule)
	case errors.Is(err, wire.ErrRateLimited):
		return refuse(429, "HE_00", "Too many requests")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return refuse(504, "HE_00", "Something went wrong: no answer in time; repeat it with the same Idempotency-Key")
	}
	return refuse(500, "HE_00", "Something went wrong")
}
