package httpd

import (
	"errors"
	"net"

	"penstock/httpd/wire"

	"github.com/valyala/fasthttp"
)

// refusal is why the server turns a request away before any dialect sees it.
type refusal struct {
	Status        int
	Code, Message string
}

func (r *refusal) Error() string { return r.Message }

// The messages repeat nothing of the request: it may bear anything.
var (
	badRequest  = &refusal{400, "malformed_request", "The request is not well-formed HTTP"}
	badFraming  = &refusal{400, "ambiguous_length", "The request's length can be read in more than one way"}
	badHeader   = &refusal{400, "malformed_header", "A header line is not well-formed"}
	twiceHeader = &refusal{400, "repeated_header", "A header that may stand once stands twice"}
	badHost     = &refusal{400, "bad_host", "The request needs one Host header with a host name"}
	badTarget   = &refusal{400, "bad_path", "The path must be absolute, plain and normalised, without escapes"}
	bodyOnGet   = &refusal{400, "unexpected_body", "GET and HEAD take no body"}
	badMethod   = &refusal{405, "method_not_allowed", "The method is never allowed here"}
	noMethod    = &refusal{501, "unknown_method", "The method is not known"}
	badVersion  = &refusal{505, "http_version", "Only HTTP/1.1 and HTTP/1.0 are spoken here"}
	badExpect   = &refusal{417, "expectation_failed", "The only expectation that is met is 100-continue"}
	tooSlow     = &refusal{408, "timeout", "The request did not arrive in time"}
	bodyTooBig  = &refusal{413, "body_too_large", "The body is larger than the server takes"}
	headTooBig  = &refusal{431, "header_too_large", "The header is larger than the server takes"}
	notFound    = &refusal{404, "not_found", "There is nothing at this path"}
	badMedia    = &refusal{415, "unsupported_media_type", "The body is of a type that is not read here"}
	badQuery    = &refusal{400, "malformed_query", "The query can't be read"}
	tooMany     = &refusal{429, "too_many_requests", "Too many requests"}
	broken      = &refusal{500, "internal_error", "Something went wrong"}
)

// byCode finds what checkHead said again.
func byCode(code string) *refusal {
	for _, r := range [...]*refusal{badFraming, badHeader, twiceHeader, badHost, badTarget, bodyOnGet, badMethod, noMethod,
		badVersion, badExpect, headTooBig} {
		if r.Code == code {
			return r
		}
	}
	return badRequest
}

// ofFunnel is what the server says to an error of the funnel, or to its own.
func ofFunnel(err error) *refusal {
	var own *refusal
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, wire.ErrNotFound):
		return notFound
	case errors.Is(err, wire.ErrMethod):
		return badMethod
	case errors.Is(err, wire.ErrTooLarge):
		return bodyTooBig
	case errors.Is(err, wire.ErrMediaType):
		return badMedia
	case errors.Is(err, wire.ErrQuery):
		return badQuery
	case errors.Is(err, wire.ErrRateLimited):
		return tooMany
	}
	return broken
}

// neutral is the voice of the server itself, when no dialect has been found
// out yet: close to rest, which most clients speak.
func neutral() *wire.Dialect {
	return &wire.Dialect{Name: "server", Error: func(err error, _ *wire.Call) wire.Reply {
		r := ofFunnel(err)
		kind := "invalid_request"
		if r.Status == fasthttp.StatusInternalServerError {
			kind = "api"
		}
		var body struct {
			Error struct {
				Type    string `json:"type"`
				Code    string `json:"code"`
				Message string `json:"message"`
			} `json:"error"`
		}
		body.Error.Type, body.Error.Code, body.Error.Message = kind, r.Code, r.Message
		b, encErr := wire.Encode(body)
		if encErr != nil {
			panic(encErr) // three strings; the funnel recovers
		}
		return wire.Reply{Status: r.Status, Body: b}
	}}
}

// explain sorts what fasthttp could not read.
func explain(err error) *refusal {
	var small *fasthttp.ErrSmallBuffer
	var timeout net.Error
	switch {
	case errors.As(err, &small):
		return headTooBig
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return bodyTooBig
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, fasthttp.ErrTimeout):
		return tooSlow
	case errors.Is(err, fasthttp.ErrDuplicateContentLength), errors.Is(err, fasthttp.ErrUnsupportedTransferEncoding):
		return badFraming
	}
	return badRequest
}
