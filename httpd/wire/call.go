package wire

import (
	"bytes"
	"crypto/sha256"
	"net/netip"
	"net/url"
	"strings"

	"github.com/valyala/fasthttp"
)

// Call is one request. Everything in it is a copy of its own: fasthttp gives
// the buffers of a request to the next one as soon as the handler returns, so
// nothing of them goes further than newCall.
type Call struct {
	Method  string
	Path    string // as sent
	Pattern string // of the route, e.g. "/payouts/{id}"; what logs show
	// RequestID is the client's own X-Request-Id if that is sound, else a new
	// one; the answer's x-request-id.
	RequestID string
	Origin
	// IdempotencyKey is the header's key without quotes; "" when absent. It is
	// read for methods that change something.
	IdempotencyKey string
	Body           []byte

	header   []headerField
	params   map[string]string
	rawQuery string
	query    url.Values
}

type headerField struct{ name, value string }

// is says whether the field has that name, in any case. Names are ASCII.
func (h *headerField) is(name string) bool {
	return len(h.name) == len(name) && strings.EqualFold(h.name, name)
}

// Header returns the first value of a header, "" when absent; name in any
// case.
func (c *Call) Header(name string) string {
	for i := range c.header {
		if h := &c.header[i]; h.is(name) {
			return h.value
		}
	}
	return ""
}

// HeaderAll returns all values of a header, in order.
func (c *Call) HeaderAll(name string) []string {
	var out []string
	for i := range c.header {
		if h := &c.header[i]; h.is(name) {
			out = append(out, h.value)
		}
	}
	return out
}

// Param returns a part of the path by the name that the pattern gives it.
func (c *Call) Param(name string) string { return c.params[name] }

// Query returns the first value of a query's parameter, "" when absent.
func (c *Call) Query(name string) string { return c.QueryValues().Get(name) }

// QueryValues returns the query. Of one that can't be read, which the funnel
// refuses with ErrQuery before the call, it has the readable part.
func (c *Call) QueryValues() url.Values {
	if c.query == nil {
		c.query, _ = url.ParseQuery(c.rawQuery)
	}
	return c.query
}

// Fingerprint is the Fingerprint of the body.
func (c *Call) Fingerprint() [sha256.Size]byte { return Fingerprint(c.Body) }

// HeaderOnce returns a header's first value and how often it stands.
func (c *Call) HeaderOnce(name string) (value string, times int) {
	for i := range c.header {
		if h := &c.header[i]; h.is(name) {
			if times++; times == 1 {
				value = h.value
			}
		}
	}
	return value, times
}

// newCall copies a request out of fasthttp's buffers.
func newCall(rc *fasthttp.RequestCtx, pattern string, trusted []netip.Prefix) *Call {
	c := &Call{
		Method:  methodOf(rc),
		Pattern: pattern,
		Body:    bytes.Clone(rc.Request.Body()),
		header:  copyHeader(&rc.Request.Header),
	}
	target := string(rc.Request.Header.RequestURI())
	c.Path, c.rawQuery, _ = strings.Cut(target, "?")
	rc.VisitUserValues(func(k []byte, v any) {
		if s, ok := v.(string); ok {
			if c.params == nil {
				c.params = map[string]string{}
			}
			c.params[string(k)] = strings.Clone(s)
		}
	})
	c.Origin = origin(PeerAddr(rc.RemoteAddr()), rc.IsTLS(), trusted,
		c.HeaderAll("X-Forwarded-For"), c.HeaderAll("X-Forwarded-Proto"))
	return c
}

// methodOf is the method, of those that are known without a copy.
func methodOf(rc *fasthttp.RequestCtx) string {
	switch m := rc.Method(); string(m) {
	case fasthttp.MethodGet:
		return fasthttp.MethodGet
	case fasthttp.MethodPost:
		return fasthttp.MethodPost
	case fasthttp.MethodPut:
		return fasthttp.MethodPut
	case fasthttp.MethodDelete:
		return fasthttp.MethodDelete
	default:
		return string(m)
	}
}

// copyHeader copies all fields with two allocations.
func copyHeader(h *fasthttp.RequestHeader) []headerField {
	fields, size := 0, 0
	for k, v := range h.All() {
		fields, size = fields+1, size+len(k)+len(v)
	}
	var text strings.Builder
	text.Grow(size)
	for k, v := range h.All() {
		text.Write(k)
		text.Write(v)
	}
	own := text.String()
	out := make([]headerField, 0, fields)
	for k, v := range h.All() {
		n, m := len(k), len(k)+len(v)
		out = append(out, headerField{name: own[:n], value: own[n:m]})
		own = own[m:]
	}
	return out
}

// check is the part of decoding that isn't the body's.
func (c *Call) check() error {
	if c.rawQuery != "" {
		query, err := url.ParseQuery(c.rawQuery)
		if err != nil {
			return ErrQuery
		}
		c.query = query
	}
	if c.Method == fasthttp.MethodGet || c.Method == fasthttp.MethodHead {
		return nil
	}
	key, times := c.HeaderOnce("Idempotency-Key")
	switch {
	case times > 1:
		return &IdempotencyKeyError{Rule: "must stand once"}
	case times == 0:
		return nil
	}
	var err error
	c.IdempotencyKey, err = ParseIdempotencyKey(key)
	return err
}

// media is the media type of the body, in lower case without parameters. A
// charset other than UTF-8 and a content encoding are not read: "".
func (c *Call) media() string {
	kind, params, _ := strings.Cut(strings.ToLower(c.Header("Content-Type")), ";")
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if name == "charset" && strings.Trim(value, `"`) != "utf-8" {
			return ""
		}
	}
	if enc := strings.ToLower(c.Header("Content-Encoding")); enc != "" && enc != "identity" {
		return ""
	}
	return strings.TrimSpace(kind)
}
