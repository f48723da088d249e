// Package webhook signs deliveries and says when a failed one is tried again.
// It is pure: the time, the randomness and the answer of the receiver are
// given, nothing is read and nothing is kept. A crash therefore loses nothing
// here: the same event signed again by its stored id bears the same id, by
// which its receiver drops the second copy.
//
// Every delivery bears the headers of Standard Webhooks 1.0.0, and beside them
// those that the receivers of its [Profile] know. A body is signed as the very
// bytes that are sent: it is rendered once, stored, and never rendered again.
package webhook

import (
	"errors"
	"fmt"
)

// Profile is the manner of delivery that an endpoint's receiver understands.
// The zero Profile is none and is refused.
type Profile string

const (
	Rest     Profile = "rest"     // Hyperswitch-compatible: X-Webhook-Signature-512
	JSONAPI  Profile = "jsonapi"  // PayCore-compatible: X-Signature over SHA-1, 200 alone delivers
	Hosted   Profile = "hosted"   // LamaPay-compatible: signed with the API token
	Standard Profile = "standard" // Standard Webhooks and nothing else
)

// ErrProfile is wrapped by the error for a name that is no profile.
var ErrProfile = errors.New("webhook: unknown profile")

// ParseProfile reads the name of a profile as it stands in configuration.
func ParseProfile(s string) (Profile, error) {
	switch p := Profile(s); p {
	case Rest, JSONAPI, Hosted, Standard:
		return p, nil
	}
	return "", fmt.Errorf("profile %q: must be rest, jsonapi, hosted or standard: %w", s, ErrProfile)
}

// Names of the headers that a delivery bears. On the wire a header's name has
// no case; these are the spellings of net/http.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
	HeaderHash512   = "X-Webhook-Signature-512" // lower-case hex HMAC-SHA512 of the body under the hash key
	HeaderOwn       = "X-Signature"             // jsonapi and hosted, each by its own algorithm
)
