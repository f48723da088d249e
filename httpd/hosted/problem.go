package hosted

import (
	"context"
	"errors"
	"net/http"

	"penstock/engine"
	"penstock/httpd/wire"
)

// problem is a refusal in the words of RFC 9457.
type problem struct {
	Type      string       `json:"type"`
	Title     string       `json:"title"`
	Status    int          `json:"status"`
	Detail    string       `json:"detail"`
	Instance  string       `json:"instance"`
	Code      string       `json:"code"`
	RequestID string       `json:"requestId"`
	ID        string       `json:"existingId,omitempty"` // of the payment that is in the way
	Errors    []fieldError `json:"errors,omitempty"`
}

// fieldError says which part of the body broke which rule.
type fieldError struct {
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

func (p *problem) Error() string { return p.Code + ": " + p.Detail }

func refuse(status int, code, title, detail string) *problem {
	return &problem{Status: status, Code: code, Title: title, Detail: detail}
}

// invalidFields refuses a body whose fields break rules.
func invalidFields(all []fieldError) *problem {
	p := refuse(422, "validation_failed", "The request is not valid", all[0].Pointer+" "+all[0].Detail)
	p.Errors = all
	return p
}

// answerError is the dialect's voice for everything that goes wrong.
func answerError(err error, c *wire.Call) wire.Reply {
	p := *explain(err)
	p.Type, p.Instance, p.RequestID = "urn:penstock:problem:"+p.Code, wire.Redact(c.Path), c.RequestID
	body, failed := wire.Encode(p)
	if failed != nil {
		panic(failed) // the funnel recovers
	}
	r := wire.Reply{Status: p.Status, Body: body, Header: [][2]string{{"Content-Type", "application/problem+json"}}}
	if p.Status == http.StatusUnauthorized {
		r.Header = append(r.Header, [2]string{"WWW-Authenticate", "Bearer"})
	}
	return r
}

// explain finds the words for an error. What it doesn't know is not shown.
func explain(err error) *problem {
	var own *problem
	var refused *engine.Error
	var bad *wire.DecodeError
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &bad):
		return undecoded(bad)
	case errors.As(err, &refused):
		return words(refused)
	case errors.Is(err, wire.ErrUnauthenticated):
		return refuse(401, "unauthorized", "Not authenticated", "Send a valid token: Authorization: Bearer <token>")
	case errors.Is(err, wire.ErrNotFound):
		return refuse(404, "not_found", "Not found", "There is no such path")
	case errors.Is(err, wire.ErrMethod):
		return refuse(405, "method_not_allowed", "Method not allowed", "The path has no such method; Allow says which it has")
	case errors.Is(err, wire.ErrTooLarge):
		return refuse(413, "body_too_large", "The body is too large", "A body has at most 64 KiB")
	case errors.Is(err, wire.ErrMediaType):
		return refuse(415, "unsupported_media_type", "Unsupported media type", "Send application/json in UTF-8, without an encoding")
	case errors.Is(err, wire.ErrRateLimited):
		return refuse(429, "rate_limited", "Too many requests", "Retry-After says when to try again")
	case errors.Is(err, wire.ErrQuery):
		return refuse(400, "malformed_query", "The query can't be read", "The query is not well formed")
	case errors.Is(err, wire.ErrIdempotencyKey):
		return refuse(400, "invalid_idempotency_key", "The Idempotency-Key is not valid", err.Error())
	case errors.Is(err, context.DeadlineExceeded):
		return refuse(504, "timeout", "It took too long", "It is not known whether this was done: repeat the same request")
	}
	return refuse(500, "internal_error", "Something went wrong here", "The requestId finds it in the log. Repeat the same request")
}

// undecoded is a body that can't be read, or has a member of another type.
func undecoded(e *wire.DecodeError) *problem {
	switch e.Kind {
	case wire.KindType, wire.KindRule, wire.KindNumber, wire.KindEnum:
		if e.Path != "" {
			return invalidFields([]fieldError{{"#" + e.Path, e.Rule}})
		}
	}
	p := refuse(400, "malformed_body", "The body can't be read", e.Error())
	if e.Path != "" {
		p.Errors = []fieldError{{"#" + e.Path, e.Rule}}
	}
	return p
}

// row is how a refusal of the engine is answered.
type row struct {
	status      int
	code, title string
}

// rows maps every code of the engine; a test holds it whole.
var rows = map[engine.Code]row{
	engine.CodeInvalid:      {422, "validation_failed", "The request is not valid"},
	engine.CodeRealCard:     {422, "validation_failed", "The request is not valid"},
	engine.CodeMissing:      {422, "validation_failed", "The request is not valid"},
	engine.CodeToken:        {422, "validation_failed", "The request is not valid"},
	engine.CodeForeign:      {422, "validation_failed", "The request is not valid"},
	engine.CodeRedacted:     {422, "customer_deleted", "The customer was deleted"},
	engine.CodeNotFound:     {404, "not_found", "Not found"},
	engine.CodeExists:       {409, "conflict", "It exists already"},
	engine.CodeState:        {409, "state_conflict", "The state does not allow it"},
	engine.CodeNoRoute:      {422, "no_route", "Nothing can pay this"},
	engine.CodeNoRate:       {422, "no_rate", "No exchange rate"},
	engine.CodeFunds:        {422, "insufficient_funds", "Insufficient funds"},
	engine.CodeKeyReused:    {422, "idempotency_key_reused", "The Idempotency-Key was used before"},
	engine.CodeUnauthorized: {401, "unauthorized", "Not authenticated"},
	engine.CodeForbidden:    {403, "forbidden", "Not allowed"},
	engine.CodeNotBuilt:     {409, "not_supported", "This can't be done"},
	engine.CodeSealed:       {503, "locker_sealed", "The locker is sealed"},
	engine.CodeSpace:        {503, "no_space", "Short of disk space"},
	engine.CodeHeld:         {503, "on_hold", "Nothing is paid until a person has looked"},
	engine.CodeBusy:         {503, "busy", "Try again"},
	engine.CodeUnknown:      {503, "outcome_unknown", "It is not known whether this was done"},
}

// pointers are where the engine's fields stand in a create.
var pointers = map[string]string{"callback_url": "#/webhookUrl", "customer_id": "#/customer/id", "amount": "#/amount", "currency": "#/currency", "metadata": "#/metadata", "point_currency": "#/currency", "memo": "#/description"}

func words(e *engine.Error) *problem {
	r, ok := rows[e.Code]
	if !ok {
		return refuse(500, "internal_error", "Something went wrong here", "The requestId finds it in the log")
	}
	detail := e.Message
	if e.Hint != "" {
		detail += ": " + e.Hint
	}
	if r.status == 503 {
		detail += "; repeat the same request"
	}
	p := refuse(r.status, r.code, r.title, detail)
	if e.Field == "callback_url" {
		p.Code, p.Title = "url_not_allowed", "The address is not allowed"
	}
	if at := pointers[e.Field]; at != "" && r.status == 422 {
		p.Errors = []fieldError{{at, e.Message}}
	}
	return p
}
