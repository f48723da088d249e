package jsonapi

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"penstock/httpd/wire"
)

// fault is one refusal in the words of this dialect.
type fault struct {
	status    int
	code      string // a word for programs; the list is in DESIGN.md
	title     string // the same for every refusal of the code
	detail    string // what is wrong here, and what to do
	pointer   string // JSON pointer into the body
	parameter string // name of the query's parameter
	header    string // name of the header
}

func (f *fault) Error() string { return f.code + ": " + f.detail }

// faults are several at once, all of one status.
type faults []*fault

func (all faults) Error() string {
	text := make([]string, len(all))
	for i, f := range all {
		text[i] = f.Error()
	}
	return strings.Join(text, "; ")
}

func refuse(status int, code, title, detail string) *fault {
	return &fault{status: status, code: code, title: title, detail: detail}
}

func lacking(pointer, name string) *fault {
	return &fault{status: 422, code: "field_missing", title: "A required field is missing", detail: name + " is required", pointer: pointer}
}

func wrong(pointer, detail string) *fault {
	return &fault{status: 422, code: "field_invalid", title: "A field is not valid", detail: detail, pointer: pointer}
}

// badAttribute refuses an attribute; the rule begins with its verb.
func badAttribute(name, rule string, args ...any) *fault {
	return wrong("/data/attributes/"+strings.ReplaceAll(name, ".", "/"), name+" "+fmt.Sprintf(rule, args...))
}

// badQuery refuses a parameter of the query.
func badQuery(parameter, detail string) *fault {
	return &fault{status: 400, code: "query_invalid", title: "A query parameter is not valid", detail: detail, parameter: parameter}
}

type errorsBody struct {
	Errors []errorObject `json:"errors"`
}

type errorObject struct {
	ID     string    `json:"id"`
	Status string    `json:"status"`
	Code   string    `json:"code"`
	Title  string    `json:"title"`
	Detail string    `json:"detail"`
	Source *source   `json:"source,omitzero"`
	Meta   errorMeta `json:"meta"`
}

type source struct {
	Pointer   string `json:"pointer,omitzero"`
	Parameter string `json:"parameter,omitzero"`
	Header    string `json:"header,omitzero"`
}

type errorMeta struct {
	RequestID string `json:"request_id"`
}

// answerError is the dialect's way to say any error.
func (a *API) answerError(err error, c *wire.Call) wire.Reply {
	all := faultsOf(err)
	if all[0].code == "body_too_large" && isStatement(c.Method, c.Path) {
		all = faults{longStatement()}
	}
	if all[0].code == "outcome_unknown" && (c.Method == http.MethodGet || c.Method == http.MethodHead) {
		all = faults{refuse(503, "timeout", "No answer in time", "There was no answer in time; ask for less, or again later")}
	}
	out := errorsBody{Errors: make([]errorObject, len(all))}
	for i, f := range all {
		// A refusal names what it refuses, and anything may stand in the place of an id.
		out.Errors[i] = errorObject{
			ID: a.uuid(), Status: strconv.Itoa(f.status), Code: f.code, Title: f.title, Detail: wire.Redact(f.detail),
			Meta: errorMeta{c.RequestID},
		}
		if f.pointer != "" || f.parameter != "" || f.header != "" {
			out.Errors[i].Source = &source{wire.Redact(f.pointer), wire.Redact(f.parameter), f.header}
		}
	}
	r := wire.Reply{Status: all[0].status}
	switch r.Status {
	case http.StatusUnauthorized:
		r.Header = [][2]string{{"WWW-Authenticate", `Basic realm="penstock", Bearer`}}
	case http.StatusServiceUnavailable:
		r.Header = [][2]string{{"Retry-After", "5"}}
	}
	r.Body, err = wire.Encode(out)
	if err != nil {
		return wire.Reply{Status: http.StatusInternalServerError}
	}
	return r
}

// uuid draws a version 4 one (RFC 9562).
func (a *API) uuid() string {
	var b [16]byte
	if _, err := io.ReadFull(a.Random, b[:]); err != nil {
		panic(fmt.Sprintf("jsonapi: random source: %v", err)) // crypto/rand never fails; the funnel answers 500
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
