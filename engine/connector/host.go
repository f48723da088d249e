package connector

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Host is what the process lends to its connectors: the ways out, and the
// time. A connector builds requests and reads answers; what happens in between
// is the host's, so that one place decides where money may go and how often.
type Host struct {
	// Transport carries each request. It must not repeat one by itself, and
	// asks the operator's policy about every target.
	Transport http.RoundTripper
	// Dial opens a connection for what isn't HTTP, under the same policy; nil
	// where there is no such way out.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Now is the wall time: for dates on the wire, and for what expires there.
	Now func() time.Time
	// Dir is where a connector that trades in files keeps what must outlive
	// the process; empty where there is no such place.
	Dir string
}

// Ready says what a connector that makes HTTP requests lacks.
func (h Host) Ready() error {
	if h.Transport == nil || h.Now == nil {
		return errors.New("a transport and a clock are required")
	}
	return nil
}

// MaxAnswer is how much of an answer is read where a Request doesn't say.
const MaxAnswer = 1 << 20

// Request is one HTTP request as a connector builds it.
type Request struct {
	Method, URL string
	Header      http.Header
	Body        []byte
	Max         int    // bytes of the answer's body; zero is MaxAnswer
	Shown       string // the path as people may see it; empty: its words
}

// Answer is one that came whole.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

var (
	errAnswerLong = errors.New("provider's answer is too long")
	errNoHost     = errors.New("no transport")
)

// Do makes one request, once: on a connection of its own, from a body that
// can't be rewound, and nothing follows a redirect. Its errors quote nothing
// that the other side sent, and none says that the request did not arrive:
// that costs a look-up, while a list of errors before which surely no byte
// went out would cost a double payment if it were wrong once.
func (h Host) Do(ctx context.Context, r Request) (Answer, error) {
	if h.Now == nil || !traced(ctx) {
		return h.do(ctx, r)
	}
	began := h.Now()
	got, err := h.do(ctx, r)
	Note(ctx, r.note(began, h.Now().Sub(began), got, err))
	return got, err
}

func (h Host) do(ctx context.Context, r Request) (Answer, error) {
	if h.Transport == nil {
		return Answer{}, errNoHost
	}
	if err := ctx.Err(); err != nil {
		return Answer{}, err
	}
	var body io.Reader
	if r.Body != nil {
		body = io.NopCloser(bytes.NewReader(r.Body))
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, body)
	if err != nil {
		return Answer{}, errors.New("can't make the request")
	}
	for name, values := range r.Header {
		req.Header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	req.ContentLength, req.GetBody, req.Close = int64(len(r.Body)), nil, true
	resp, err := h.Transport.RoundTrip(req)
	if err != nil {
		return Answer{}, Quiet(ctx, err)
	}
	defer resp.Body.Close()
	most := r.Max
	if most == 0 {
		most = MaxAnswer
	}
	got, err := io.ReadAll(io.LimitReader(resp.Body, int64(most)+1))
	switch {
	case err != nil:
		return Answer{}, Quiet(ctx, err)
	case len(got) > most:
		return Answer{}, errAnswerLong
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: got}, nil
}

// Quiet is a transport's error without its text, which may quote what the other
// side sent.
func Quiet(ctx context.Context, err error) error {
	var op *net.OpError
	var code syscall.Errno
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("request did not end in time: %w", ctx.Err())
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("connection closed before the answer: %w", io.ErrUnexpectedEOF)
	case errors.As(err, &code) && errors.As(err, &op):
		return fmt.Errorf("%s: %w", op.Op, code)
	case errors.As(err, &op):
		return fmt.Errorf("%s: connection failed", op.Op)
	}
	return errors.New("round trip failed")
}

// Base is where an account's requests go, without a trailing slash: its
// BaseURL, or else own. Credentials travel there, so in live mode it must be
// at one of the provider's hosts, which are own's and those that hosts adds.
func (a Account) Base(own string, hosts ...string) (string, error) {
	raw := a.BaseURL
	if raw == "" {
		raw = own
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", errors.New("base_url must be an absolute http or https URL without credentials and query")
	}
	if a.BaseURL != "" && !a.Test {
		home, err := url.Parse(own)
		if err != nil || u.Scheme != "https" || u.Host != home.Host && !slices.Contains(hosts, u.Host) {
			return "", fmt.Errorf("base_url of a live account must be https at %s", strings.Join(append([]string{hostOf(own)}, hosts...), " or "))
		}
	}
	return strings.TrimSuffix(u.String(), "/"), nil
}

// Home is Base at the provider's own address: live, or test for an account of
// test mode. It is an error where h is not Ready.
func (h Host) Home(a Account, live, test string) (string, error) {
	if err := h.Ready(); err != nil {
		return "", err
	}
	if a.Test {
		return a.Base(test)
	}
	return a.Base(live)
}

// Named is a Builder whose errors begin with the provider's name.
func Named[C Connector](provider string, build func(Account) (C, error)) Builder {
	return func(a Account) (Connector, error) {
		c, err := build(a)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", provider, err)
		}
		return c, nil
	}
}

func hostOf(raw string) string {
	if u, err := url.Parse(raw); err == nil {
		return u.Host
	}
	return raw
}

// Line is a credential that travels in a header, and so stands on one line.
func (a Account) Line(name string) (string, error) {
	v, err := a.Secret(name)
	if err == nil && strings.ContainsAny(v, "\r\n\t") {
		err = fmt.Errorf("credential %q holds control characters", name)
	}
	return v, err
}

// Secret is one credential of the account, which must be there.
func (a Account) Secret(name string) (string, error) {
	v := a.Secrets[name]
	if v == "" {
		return "", fmt.Errorf("credential %q is missing", name)
	}
	if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f }) {
		return "", fmt.Errorf("credential %q holds control characters", name)
	}
	return v, nil
}
