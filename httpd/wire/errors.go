package wire

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// What can go wrong in the funnel before or around a call. A dialect's Error
// maps each to its own status and body; the funnel adds the headers that go
// with it (Allow, Retry-After), so no dialect can forget them.
var (
	// ErrNotFound: no route has this path. 404.
	ErrNotFound = errors.New("no such route")
	// ErrMethod: the path exists, the method doesn't. 405. It arrives as a
	// *[MethodError].
	ErrMethod = errors.New("method not allowed")
	// ErrUnauthenticated is what an Auth's Check returns, or wraps, for a
	// missing, unknown, expired or revoked credential. 401. Only this error
	// counts as a guess at a key.
	ErrUnauthenticated = errors.New("not authenticated")
	// ErrTooLarge: the body is longer than the route takes. 413.
	ErrTooLarge = errors.New("body is too large")
	// ErrMediaType: the body's media type or encoding is not one that the
	// dialect reads. 415.
	ErrMediaType = errors.New("unsupported media type")
	// ErrRateLimited: too many calls. 429. It arrives as a *[RateError].
	ErrRateLimited = errors.New("too many requests")
	// ErrQuery: the query can't be read. 400.
	ErrQuery = errors.New("malformed query")
	// ErrIdempotencyKey: the header is there and not a key. 400. It arrives as
	// a *[IdempotencyKeyError].
	ErrIdempotencyKey = errors.New("invalid Idempotency-Key")
	// ErrInternal: the call panicked or its answer can't be written. 500; what
	// happened is in the log under the request id.
	ErrInternal = errors.New("internal error")
)

// MethodError is ErrMethod with the methods that the path does have.
type MethodError struct{ Allow []string }

func (e *MethodError) Error() string {
	return fmt.Sprintf("%v, only %s", ErrMethod, strings.Join(e.Allow, ", "))
}
func (e *MethodError) Unwrap() error { return ErrMethod }

// RateError is ErrRateLimited with the time after which the next call has a
// chance.
type RateError struct{ RetryAfter time.Duration }

func (e *RateError) Error() string { return ErrRateLimited.Error() }
func (e *RateError) Unwrap() error { return ErrRateLimited }

// IdempotencyKeyError is ErrIdempotencyKey with the rule that was broken.
type IdempotencyKeyError struct{ Rule string }

func (e *IdempotencyKeyError) Error() string { return ErrIdempotencyKey.Error() + ": " + e.Rule }
func (e *IdempotencyKeyError) Unwrap() error { return ErrIdempotencyKey }
