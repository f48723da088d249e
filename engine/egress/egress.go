// Package egress holds the only ways out of the process: one client for
// webhooks, whose targets tenants choose, and one for sends of money, which
// must never repeat a request by itself. Both ask the operator's [Policy] about
// every URL and again about every address that is about to be dialled, so that
// a name which resolved well a moment ago and resolves to 127.0.0.1 now leads
// nowhere.
//
// Nothing is kept here; a crash loses open connections and nothing else. What a
// cut connection means for a payout is the caller's matter: an error of [Money]
// that wraps [ErrNotAllowed] says that no byte went out, every other error may
// come from a request that arrived.
package egress

import (
	"errors"
	"strings"
)

// ErrNotAllowed is wrapped by every refusal to speak to a target.
var ErrNotAllowed = errors.New("egress: target not allowed")

// ErrRedirect refuses the second request of a client that follows a redirect.
// It doesn't wrap ErrNotAllowed, because the first request did arrive.
var ErrRedirect = errors.New("egress: a redirect is not followed")

// CodeURL is the code of every [Error], as the dialects show it.
const CodeURL = "url_not_allowed"

// maxHost is the length of the longest name, RFC 1035 3.1 without the dot of
// the root.
const maxHost = 253

// Error is a refusal. It names the host and never the rest of the URL, which
// may bear a secret. To a tenant show the Code alone when the refusal came from
// a dial: the Reason then speaks of what a name resolves to inside.
type Error struct {
	Code   string // CodeURL
	Host   string // as given or resolved; may be empty
	Reason string // the rule that was broken
}

func (e *Error) Error() string {
	if e.Host == "" {
		return e.Code + ": " + e.Reason
	}
	return e.Code + ": " + e.Host + ": " + e.Reason
}

// ErrorCode is what may be shown to a tenant, wherever the refusal came from.
func (e *Error) ErrorCode() string { return e.Code }

// Unwrap makes errors.Is(err, ErrNotAllowed) true.
func (e *Error) Unwrap() error { return ErrNotAllowed }

func refuse(host, reason string) *Error {
	if len(host) > maxHost {
		host = strings.ToValidUTF8(host[:maxHost], "") + "..."
	}
	return &Error{Code: CodeURL, Host: host, Reason: reason}
}
