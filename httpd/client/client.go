// Package client calls a running daemon over its unix socket. It is what the
// command line is made with, and imports nothing of penstock: whoever may open
// the socket may use it.
//
// Nothing is repeated by itself. When the connection breaks after a request
// went out, the outcome is not known and the error says so (ErrOutcome); only
// a call with an idempotency key may then be repeated.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

var (
	// ErrNoDaemon says that nobody answers at the socket; nothing was sent.
	ErrNoDaemon = errors.New("no daemon answers")
	// ErrOutcome says that a request that changes something went out and its
	// answer did not come back.
	ErrOutcome = errors.New("the daemon's answer was lost: it is not known whether this took place")
)

// Codes of an Error that callers branch on; the others are the engine's.
const (
	CodeUnknown  = "unknown"   // it may or may not have been stored
	CodeRefused  = "refused"   // by policy
	CodeDenied   = "forbidden" // by rights
	CodeNotFound = "not_found"
)

// Error is the daemon's refusal. Nothing was changed, unless its Code is
// CodeUnknown.
type Error struct {
	HTTP    int    `json:"-"` // status of the answer
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
	Field   string `json:"field"`
	Object  string `json:"object"`
	ID      string `json:"id"`
	Status  string `json:"status"`
	After   int    `json:"retry_after"` // seconds after which repeating it makes sense; zero: nobody knows
}

func (e *Error) Error() string { return e.Message }

// Client is safe for concurrent use.
type Client struct {
	socket string
	http   *http.Client
}

// maxAnswer bounds an answer that is not a stream.
const maxAnswer = 64 << 20

// New returns a client of the daemon at the socket. It connects when it is
// first used.
func New(socket string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, "unix", socket)
		if err != nil {
			return nil, fmt.Errorf("%w at %s: %w", ErrNoDaemon, socket, errors.Unwrap(err))
		}
		return c, nil
	}
	return &Client{socket: socket, http: &http.Client{
		Transport:     &http.Transport{DialContext: dial, DisableKeepAlives: true}, // a fresh connection each: none that may be half closed
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// get reads.
func get[T any](ctx context.Context, c *Client, path string, q query) (out T, err error) {
	err = c.call(ctx, http.MethodGet, path, q, nil, "", &out)
	return out, err
}

// post changes something; body may be nil.
func post[T any](ctx context.Context, c *Client, path string, q query, body any) (out T, err error) {
	err = c.call(ctx, http.MethodPost, path, q, body, "", &out)
	return out, err
}

// query leaves empty values out.
type query map[string]string

func (q query) encode() string {
	v := url.Values{}
	for name, value := range q {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v.Encode()
}

func (c *Client) call(ctx context.Context, method, path string, q query, body any, key string, out any) error {
	resp, err := c.send(ctx, method, path, q, body, key)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err == nil {
		err = json.Unmarshal(raw, out)
	}
	if err != nil {
		return lost(method, fmt.Errorf("read the daemon's answer: %w", err))
	}
	return nil
}

// send makes one request; what is not an answer of 200 comes back as error.
func (c *Client) send(ctx context.Context, method, path string, q query, body any, key string) (*http.Response, error) {
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encode: %w", err)
		}
		content = bytes.NewReader(raw)
	}
	target := "http://penstock" + path
	if text := q.encode(); text != "" {
		target += "?" + text
	}
	req, err := http.NewRequestWithContext(ctx, method, target, content)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	req.GetBody = nil
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := c.http.Do(req)
	if errors.Is(err, ErrNoDaemon) {
		return nil, errors.Unwrap(err) // without net/http's "Get http://penstock/..."
	}
	if err != nil {
		return nil, lost(method, err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		return nil, refusal(method, resp)
	}
	return resp, nil
}

// lost is an error after the request went out.
func lost(method string, err error) error {
	if method == http.MethodGet {
		return err
	}
	return fmt.Errorf("%w (%w)", ErrOutcome, err)
}

func refusal(method string, resp *http.Response) error {
	var body struct {
		Error *Error `json:"error"`
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return lost(method, err)
	}
	if json.Unmarshal(raw, &body) != nil || body.Error == nil {
		return lost(method, fmt.Errorf("the daemon answered %s", resp.Status))
	}
	body.Error.HTTP = resp.StatusCode
	return body.Error
}

// segment is a part of a path: ids are plain, and what isn't is found by
// nobody.
func segment(id string) string {
	return strings.ReplaceAll(url.PathEscape(id), "%", "~")
}
