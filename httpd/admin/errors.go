package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

// CodePolicy is the code of a Refusal: the operator's own rules forbid it.
const CodePolicy = "refused"

// Refusal is a refusal by policy, with what to do about it.
type Refusal struct{ Message, Hint string }

func (r *Refusal) Error() string { return r.Message }

// Fault is the body of every error, under the member "error".
type Fault struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitzero"`
	Field   string `json:"field,omitzero"`
	Object  string `json:"object,omitzero"`
	ID      string `json:"id,omitzero"`
	Status  string `json:"status,omitzero"`      // of the object, where that is the reason
	After   int    `json:"retry_after,omitzero"` // seconds after which repeating it makes sense
}

func wrong(field, rule string) error {
	return &engine.Error{Code: engine.CodeInvalid, Field: field, Message: field + " " + rule}
}

func absent(field string) error {
	return &engine.Error{Code: engine.CodeMissing, Field: field, Message: field + " is required"}
}

// statuses maps every code of the engine; a test holds it whole.
var statuses = map[engine.Code]int{
	engine.CodeInvalid: http.StatusBadRequest, engine.CodeRealCard: http.StatusBadRequest, engine.CodeMissing: http.StatusBadRequest, engine.CodeToken: http.StatusBadRequest,
	engine.CodeForeign: http.StatusBadRequest, engine.CodeRedacted: http.StatusBadRequest, engine.CodeNoRoute: http.StatusBadRequest,
	engine.CodeNotFound: http.StatusNotFound, engine.CodeExists: http.StatusConflict, engine.CodeState: http.StatusConflict,
	engine.CodeKeyReused: http.StatusConflict, engine.CodeFunds: http.StatusConflict, engine.CodeNoRate: http.StatusUnprocessableEntity,
	engine.CodeUnauthorized: http.StatusUnauthorized, engine.CodeForbidden: http.StatusForbidden,
	engine.CodeSealed: http.StatusServiceUnavailable, engine.CodeSpace: http.StatusServiceUnavailable, engine.CodeHeld: http.StatusServiceUnavailable, engine.CodeBusy: http.StatusServiceUnavailable,
	engine.CodeUnknown: http.StatusInternalServerError, engine.CodeNotBuilt: http.StatusNotImplemented,
}

// dialect is the voice of the operator's API: strict about unknown members.
func dialect() *wire.Dialect {
	return &wire.Dialect{Name: "admin", Error: func(err error, _ *wire.Call) wire.Reply {
		status, fault := explain(err)
		body, encErr := wire.Encode(struct {
			Error Fault `json:"error"`
		}{fault})
		if encErr != nil {
			panic(encErr) // strings alone; the funnel recovers
		}
		return wire.Reply{Status: status, Body: body}
	}}
}

func explain(err error) (int, Fault) {
	var refused *engine.Error
	var policy *Refusal
	var body *wire.DecodeError
	switch {
	case errors.As(err, &refused):
		status, ok := statuses[refused.Code]
		if !ok {
			status = http.StatusInternalServerError
		}
		return status, Fault{Code: string(refused.Code), Message: refused.Message, Hint: refused.Hint, Field: refused.Field,
			Object: string(refused.Object), ID: refused.ID, Status: refused.Status, After: int((refused.After + time.Second - 1) / time.Second)}
	case errors.As(err, &policy):
		return http.StatusForbidden, Fault{Code: CodePolicy, Message: policy.Message, Hint: policy.Hint}
	case errors.As(err, &body):
		return http.StatusBadRequest, Fault{Code: string(engine.CodeInvalid), Message: body.Error(), Field: body.Path}
	case errors.Is(err, wire.ErrNotFound):
		return http.StatusNotFound, Fault{Code: string(engine.CodeNotFound), Message: "no such call; is the command line of another version than the daemon?"}
	case errors.Is(err, wire.ErrMethod):
		return http.StatusMethodNotAllowed, Fault{Code: string(engine.CodeInvalid), Message: err.Error()}
	case errors.Is(err, wire.ErrTooLarge):
		return http.StatusRequestEntityTooLarge, Fault{Code: string(engine.CodeInvalid), Message: err.Error()}
	case errors.Is(err, wire.ErrMediaType):
		return http.StatusUnsupportedMediaType, Fault{Code: string(engine.CodeInvalid), Message: err.Error()}
	case errors.Is(err, wire.ErrRateLimited):
		return http.StatusTooManyRequests, Fault{Code: string(engine.CodeBusy), Message: err.Error()}
	case errors.Is(err, wire.ErrQuery), errors.Is(err, wire.ErrIdempotencyKey):
		return http.StatusBadRequest, Fault{Code: string(engine.CodeInvalid), Message: err.Error()}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return http.StatusServiceUnavailable, Fault{Code: string(engine.CodeBusy), Message: "the daemon took too long or is stopping"}
	}
	return http.StatusInternalServerError, Fault{Code: "internal", Message: "something went wrong inside penstock", Hint: "the daemon's log has it under this request id"}
}

// limitOf reads a list's limit, 1 to 1000.
func limitOf(c *wire.Call, normal int) (int, error) {
	text := c.Query("limit")
	if text == "" {
		return normal, nil
	}
	n := 0
	if _, err := fmt.Sscanf(text, "%d", &n); err != nil || n < 1 || n > 1000 || fmt.Sprint(n) != text {
		return 0, wrong("limit", "wants 1 to 1000")
	}
	return n, nil
}
