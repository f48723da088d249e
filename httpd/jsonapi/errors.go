package jsonapi

import (
	"context"
	"errors"
	"strings"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/httpd/wire"
)

// located says where in a call stands what the engine calls otherwise: its
// fields by the names of attributes, its objects by the attribute that named
// one. What isn't listed keeps its name, and objects are of the path.
type located struct {
	err     error
	fields  map[string]string
	objects map[engine.Object]string
}

func (l *located) Error() string { return l.err.Error() }
func (l *located) Unwrap() error { return l.err }

// errorRow says how one refusal of the engine is answered. An empty object
// fits all; the first row that fits is taken.
type errorRow struct {
	code   engine.Code
	object engine.Object
	field  string
	status int
	word   string
	title  string
	detail string // {message}, {object}, {status} and {hint} are filled in
}

// errorRows is the whole table. A code without a row for everything fails a
// test.
func errorRows() []errorRow {
	const nothing = "; nothing has happened, repeat it"
	return []errorRow{
		{code: engine.CodeInvalid, status: 422, word: "field_invalid", title: "A field is not valid", detail: "{message}"},
		{code: engine.CodeRealCard, status: 422, word: "field_invalid", title: "A field is not valid", detail: "{message}"},
		{code: engine.CodeMissing, status: 422, word: "field_missing", title: "A required field is missing", detail: "{message}"},
		{code: engine.CodeNotFound, status: 404, word: "not_found", title: "Not found", detail: "{object} does not exist"},
		{code: engine.CodeExists, object: engine.ObjPayout, status: 409, word: "reference_id_conflict", title: "The reference is taken", detail: "reference_id was used before with another request"},
		{code: engine.CodeExists, status: 409, word: "already_exists", title: "It exists already", detail: "{object} exists already"},
		{code: engine.CodeState, status: 409, word: "state_conflict", title: "The state does not allow it", detail: "{message}"},
		{code: engine.CodeToken, status: 422, word: "token_invalid", title: "The token is not valid", detail: "The payment token is wrong or has expired"},
		{code: engine.CodeForeign, status: 422, word: "not_owned", title: "It belongs to another customer", detail: "{message}"},
		{code: engine.CodeRedacted, status: 409, word: "customer_redacted", title: "The customer was deleted", detail: "The customer was deleted; nothing can be paid to it"},
		{code: engine.CodeNoRate, status: 422, word: "rate_not_found", title: "No exchange rate for this pair", detail: "{message}"},
		{code: engine.CodeNoRoute, status: 422, word: "no_route", title: "No route for this payout", detail: "{message}. {hint}"},
		{code: engine.CodeFunds, status: 422, word: "insufficient_funds", title: "Insufficient funds", detail: "{message}. {hint}"},
		{code: engine.CodeKeyReused, field: "reference_id", status: 409, word: "reference_id_conflict", title: "The reference is taken", detail: "reference_id was used before with another request"},
		{code: engine.CodeKeyReused, status: 409, word: "idempotency_key_reused", title: "The Idempotency-Key is taken", detail: "The Idempotency-Key was used before with another request"},
		{code: engine.CodeUnauthorized, status: 401, word: "unauthenticated", title: "Not authenticated", detail: badKey},
		{code: engine.CodeForbidden, object: engine.ObjKey, status: 403, word: "forbidden", title: "Not allowed", detail: "The API key may not be used: {message}. {hint}"},
		{code: engine.CodeForbidden, status: 403, word: "forbidden", title: "Not allowed", detail: "Not allowed: {message}"},
		{code: engine.CodeNotBuilt, status: 422, word: "not_supported", title: "Not supported", detail: "{message}"},

		{code: engine.CodeHeld, status: 503, word: "on_hold", title: "Nothing is paid until a person has looked", detail: "{message}" + nothing},
		{code: engine.CodeBusy, status: 503, word: "busy", title: "Try again", detail: "{message}" + nothing},
		{code: engine.CodeSealed, status: 503, word: "locker_sealed", title: "The locker is sealed", detail: "The locker is sealed" + nothing + " once it is unsealed"},
		{code: engine.CodeSpace, status: 503, word: "no_space", title: "Short of disk space", detail: "The server is short of disk space" + nothing + " later"},
		{code: engine.CodeUnknown, status: 502, word: "outcome_unknown", title: "It is not known whether this was done", detail: unknownEnd},
	}
}

const (
	badKey     = "Send a valid API key, as Basic with the key's id as user, or as Bearer"
	unknownEnd = "It is not known whether this was stored: look it up by its reference_id, or repeat it with the same reference_id or Idempotency-Key"
)

// words answers an error of the engine by the table.
func words(e *engine.Error, at *located) *fault {
	for _, row := range errorRows() {
		if row.code != e.Code || (row.object != "" && row.object != e.Object) || (row.field != "" && row.field != e.Field) {
			continue
		}
		field := at.field(e.Field)
		f := refuse(row.status, row.word, row.title, "")
		switch e.Code {
		case engine.CodeRealCard: // of the service's fields
			field = "fields." + field
			f.pointer = "/data/attributes/fields/" + e.Field
		case engine.CodeInvalid, engine.CodeMissing:
			if field != "" {
				f.pointer = "/data/attributes/" + strings.ReplaceAll(field, ".", "/")
			}
		case engine.CodeKeyReused:
			if row.field == "" {
				f.header = "Idempotency-Key"
			}
		}
		if name := at.object(e.Object); name != "" {
			f.pointer = "/data/attributes/" + strings.ReplaceAll(name, ".", "/")
		}
		if row.word == "reference_id_conflict" {
			f.pointer = "/data/attributes/reference_id"
		}
		message := sentence(e.Field, field, e.Message)
		if rest, ok := strings.CutPrefix(message, string(e.Object)+" "); ok && e.Object != "" {
			message = objectWord(e.Object) + " " + rest
		}
		if word := stageStatus(payout.Stage(e.Status)); word != "" {
			message = strings.Replace(message, "while it is "+e.Status, "while it is "+word, 1)
		}
		fill := strings.NewReplacer("{message}", message, "{object}", objectWord(e.Object), "{status}", e.Status, "{hint}", e.Hint)
		f.detail = strings.TrimSuffix(strings.TrimSpace(fill.Replace(row.detail)), ".")
		return f
	}
	return internal()
}

func (l *located) field(name string) string {
	if l != nil {
		if theirs, ok := l.fields[name]; ok {
			return theirs
		}
	}
	return name
}

func (l *located) object(o engine.Object) string {
	if l == nil || o == "" {
		return ""
	}
	return l.objects[o]
}

// sentence is the engine's message with our name of the field: its rules come
// with the subject, or without it.
func sentence(engines, ours, message string) string {
	if engines != "" && strings.HasPrefix(message, engines+" ") {
		return ours + message[len(engines):]
	}
	for _, verb := range []string{"must ", "has ", "is ", "and ", "or "} {
		if strings.HasPrefix(message, verb) {
			return strings.TrimSpace(ours + " " + message)
		}
	}
	return message
}

func objectWord(o engine.Object) string {
	switch o {
	case engine.ObjPayout:
		return "The payout request"
	case engine.ObjMethod:
		return "The payment method"
	case engine.ObjProfile:
		return "The payout point"
	case engine.ObjKey:
		return "The API key"
	case engine.ObjDelivery:
		return "The callback"
	case engine.ObjAccount:
		return "The provider account"
	case "":
		return "It"
	}
	return "The " + strings.ReplaceAll(string(o), "_", " ")
}

// faultsOf finds the words for any error. What it doesn't know is a 500 that
// shows nothing.
func faultsOf(err error) faults {
	var several faults
	var own *fault
	var refused *engine.Error
	var unread *wire.DecodeError
	switch {
	case errors.As(err, &several):
		return several
	case errors.As(err, &own):
		return faults{own}
	case errors.As(err, &unread):
		return faults{unreadable(unread)}
	case errors.As(err, &refused):
		var at *located
		errors.As(err, &at)
		return faults{words(refused, at)}
	}
	return faults{funnelFault(err)}
}

// unreadable words a body that breaks a rule: what is no document at all is
// 400, what is one with a wrong member 422.
func unreadable(e *wire.DecodeError) *fault {
	switch e.Kind {
	case wire.KindEmpty, wire.KindSyntax, wire.KindTrailing, wire.KindUTF8, wire.KindDepth, wire.KindDuplicate:
		f := refuse(400, "body_unreadable", "The body cannot be read", strings.TrimPrefix(e.Error(), "/"))
		f.pointer = e.Path
		return f
	}
	name := e.Path[strings.LastIndex(e.Path, "/")+1:]
	detail := e.Rule
	if name != "" {
		detail = name + " " + e.Rule
	}
	return wrong(e.Path, detail)
}

func internal() *fault {
	return refuse(500, "internal_error", "Something went wrong", "Something went wrong; what is written down about it is found by the request id")
}

// funnelFault words what went wrong around a call.
func funnelFault(err error) *fault {
	var key *wire.IdempotencyKeyError
	switch {
	case errors.Is(err, wire.ErrUnauthenticated):
		return refuse(401, "unauthenticated", "Not authenticated", badKey)
	case errors.Is(err, wire.ErrNotFound):
		return refuse(404, "not_found", "Not found", "There is no such resource")
	case errors.Is(err, wire.ErrMethod):
		return refuse(405, "method_not_allowed", "The method is not allowed", "The resource does not take this method; Allow lists those that it takes")
	case errors.Is(err, wire.ErrTooLarge):
		return refuse(413, "body_too_large", "The body is too large", "The body is longer than this call takes")
	case errors.Is(err, wire.ErrMediaType):
		f := refuse(415, "media_type", "The media type is not supported", "Send application/json or "+mediaType+", in UTF-8 and not compressed")
		f.header = "Content-Type"
		return f
	case errors.Is(err, wire.ErrQuery):
		return refuse(400, "query_invalid", "A query parameter is not valid", "The query cannot be read")
	case errors.As(err, &key):
		f := refuse(400, "idempotency_key_invalid", "The Idempotency-Key is not valid", "Idempotency-Key "+key.Rule)
		f.header = "Idempotency-Key"
		return f
	case errors.Is(err, wire.ErrRateLimited):
		return refuse(429, "rate_limited", "Too many requests", "Too many requests; Retry-After says when the next one has a chance")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return refuse(502, "outcome_unknown", "It is not known whether this was done", unknownEnd)
	}
	return internal()
}
