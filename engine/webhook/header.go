package webhook

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// ErrHeader is wrapped by the refusal of a header that a tenant may not set.
var ErrHeader = errors.New("webhook: header not allowed")

// maxHeaderValue bounds one header that a tenant adds to its deliveries, in bytes.
const maxHeaderValue = 2048

// CheckHeader says whether a tenant may add a header of that name to its
// deliveries. What decides where the request goes, how its body is framed, or
// who signed it is ours; so are credentials, for a tenant must not speak with
// them in the appliance's name.
func CheckHeader(name string) error {
	if name == "" || len(name) > 128 || !httpguts.ValidHeaderFieldName(name) {
		return fmt.Errorf("header %.128q: not a header's name: %w", name, ErrHeader)
	}
	// A receiver behind CGI or WSGI can't tell "_" from "-" in a name.
	canonical := http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-"))
	for _, prefix := range []string{"Content-", "Webhook-", "X-Webhook-Signature", "Proxy-", "X-Forwarded-"} {
		if strings.HasPrefix(canonical, prefix) {
			return fmt.Errorf("header %s: names that begin with %s are reserved: %w", name, prefix, ErrHeader)
		}
	}
	if slices.Contains(reserved(), canonical) {
		return fmt.Errorf("header %s: reserved: %w", name, ErrHeader)
	}
	return nil
}

// CheckHeaderValue says whether value may stand in such a header: at most 2048
// bytes, and nothing that could end the line.
func CheckHeaderValue(name, value string) error {
	if len(value) > maxHeaderValue {
		return fmt.Errorf("header %s: value has %d bytes, at most %d: %w", name, len(value), maxHeaderValue, ErrHeader)
	}
	if !httpguts.ValidHeaderFieldValue(value) {
		return fmt.Errorf("header %s: value has a control character: %w", name, ErrHeader)
	}
	return nil
}

// reserved are the names that stay ours, in canonical spelling: the target,
// credentials, what belongs to a single connection (RFC 9110 7.6.1), and what
// Sign sets.
func reserved() []string {
	return []string{
		"Host", "Authorization", "Cookie", "Forwarded",
		"Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Expect", "Http2-Settings",
		"Accept-Encoding", "User-Agent", "Via", HeaderOwn,
	}
}

// CheckOwnHeader says whether the hosted profile's own signature may bear that
// name; "off" is none.
func CheckOwnHeader(name string) error {
	if name == "off" || http.CanonicalHeaderKey(name) == HeaderOwn {
		return nil
	}
	return CheckHeader(name)
}
