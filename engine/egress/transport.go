package egress

import (
	"cmp"
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	maxResponseHeader = 32 << 10         // bytes, all header lines of one answer
	idleTimeout       = 60 * time.Second // at most that long a connection is kept unused
	// totalTimeout bounds a whole request of a Client, the body of the answer
	// included.
	totalTimeout = 20 * time.Second
)

// Webhooks is the way out to targets that tenants choose. It keeps connections,
// so a request is sent again when a kept one turns out to be cut; a receiver
// drops the second copy by its webhook-id. Use it through [Client] and close it
// with CloseIdleConnections.
func Webhooks(p *Policy, o Options) http.RoundTripper { return newTransport(p, o, false) }

// Money is the way out for requests that move money: one call to RoundTrip is
// at most one request on the wire.
//
// net/http repeats a request by itself when a kept connection drops before the
// answer and the request looks repeatable, which an Idempotency-Key makes it
// look; a provider that ignores the header then pays twice. So here each
// request has a connection of its own that is closed after the answer, its
// body can't be had a second time (GetBody is nil), and there is no HTTP/2,
// whose transport has retries of its own. A request that an http.Client makes
// to follow a redirect is refused, whatever its CheckRedirect says.
func Money(p *Policy, o Options) http.RoundTripper { return newTransport(p, o, true) }

// Client is an http.Client over one of the two. It gives a redirect back as the
// answer that it is, keeps no cookies, and ends each request, its answer's body
// included, after 20 s at the latest; a context may end it earlier.
func Client(rt http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     rt,
		Timeout:       totalTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// transport checks each request by the policy and hands it to the carrier of its
// scheme. There are two because a dial doesn't know for which scheme it is.
type transport struct {
	policy        *Policy
	secure, plain carrier
	once          bool // one arrival at most
}

// carrier makes requests of one scheme: a courier, or for money an
// http.Transport.
type carrier interface {
	http.RoundTripper
	CloseIdleConnections()
}

func newTransport(p *Policy, o Options, once bool) *transport {
	o.Dial = cmp.Or(o.Dial, 10*time.Second)
	o.TLS = cmp.Or(o.TLS, 10*time.Second)
	o.Header = cmp.Or(o.Header, 20*time.Second)
	o.Idle = cmp.Or(o.Idle, 256)
	o.IdlePerHost = cmp.Or(o.IdlePerHost, 64)
	o.PerHost = cmp.Or(o.PerHost, 64)
	t := &transport{policy: p, once: once}
	if once {
		t.secure, t.plain = httpTransport(dialer{p, false, o}), httpTransport(dialer{p, true, o})
	} else {
		t.secure, t.plain = newCourier(dialer{p, false, o}), newCourier(dialer{p, true, o})
	}
	return t
}

func tlsConfig(o Options) *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"http/1.1"},
		RootCAs:      o.RootCAs,
		Certificates: o.Certificates,
	}
}

// httpTransport keeps no connection.
func httpTransport(d dialer) *http.Transport {
	h1 := new(http.Protocols)
	h1.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  nil, // not that of the environment: it would dial what it likes
		DialContext:            d.DialContext,
		TLSClientConfig:        tlsConfig(d.opts),
		TLSHandshakeTimeout:    d.opts.TLS,
		ResponseHeaderTimeout:  d.opts.Header,
		DisableKeepAlives:      true,
		DisableCompression:     true, // a few bytes of gzip can be a gigabyte
		MaxConnsPerHost:        d.opts.PerHost,
		MaxResponseHeaderBytes: maxResponseHeader,
		Protocols:              h1,
		ForceAttemptHTTP2:      false,
		TLSNextProto:           map[string]func(string, *tls.Conn) http.RoundTripper{},
	}
}

// RoundTrip checks the target and makes the request. Like every RoundTripper it
// leaves req as it was and closes its body, also when it refuses.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	out, err := t.prepare(req)
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	under := t.secure
	if out.URL.Scheme == "http" {
		under = t.plain
	}
	resp, err := under.RoundTrip(out)
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}

// prepare gives the request that goes out: req with its URL in canonical form
// and, for money, not repeatable.
func (t *transport) prepare(req *http.Request) (*http.Request, error) {
	if req.URL == nil {
		return nil, refuse("", "no URL")
	}
	if req.Response != nil {
		return nil, ErrRedirect
	}
	u, err := t.policy.checkTarget(req.URL)
	if err != nil {
		return nil, err
	}
	if req.Host != "" && req.Host != req.URL.Host && req.Host != strings.TrimSuffix(req.URL.Host, ":") {
		return nil, refuse(u.Hostname(), "Host header names another host")
	}
	if !t.once && u == req.URL && (req.Host == "" || req.Host == u.Host) {
		return req, nil
	}
	out := req.WithContext(req.Context())
	out.URL, out.Host = u, ""
	if t.once {
		out.GetBody = nil
		out.Close = true
		if out.Body != nil && out.Body != http.NoBody {
			out.Body = oneShot{out.Body}
		}
	}
	return out, nil
}

// CloseIdleConnections closes the kept connections that are not in use.
func (t *transport) CloseIdleConnections() {
	t.secure.CloseIdleConnections()
	t.plain.CloseIdleConnections()
}

// oneShot hides what else a body can do, such as being read from its start again.
type oneShot struct{ io.ReadCloser }
