package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/http/httpguts"
)

// courier makes requests of one scheme over HTTP/1.1 on connections that it
// keeps, each in the goroutine of its caller. net/http has two goroutines for
// each connection, and to hand a request to them and its answer back costs more
// than the request; it also reads a kept connection all the time, which is why
// it notices by itself when one is closed. The courier looks before it uses one.
//
// A whole request, the body of its answer included, ends at the deadline of its
// context; one without a deadline gets Options.Header.
type courier struct {
	dial dialer
	tls  *tls.Config // nil: without TLS

	mu    sync.Mutex
	hosts map[string]*host // that have a request under way or a kept connection
	idle  []*line          // the kept connections, the one used longest ago first
	sweep *time.Timer      // nil: nothing is kept
}

// host is a host and port of the courier's scheme.
type host struct {
	name    string        // as a canonical URL has it
	address string        // host:port
	slots   chan struct{} // has an element for each request under way, PerHost at most
	users   int           // requests under way or waiting for a slot
	kept    int           // connections in idle
}

func newCourier(d dialer) *courier {
	c := &courier{dial: d, hosts: map[string]*host{}}
	if !d.plain {
		c.tls = tlsConfig(d.opts)
	}
	return c
}

// RoundTrip makes one request. Of a kept connection that turns out to be cut
// before a byte of the answer came, it makes the request again on a new one, if
// the body can be had again: the receiver drops a second copy by its webhook-id.
func (c *courier) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := checkFields(req); err != nil {
		closeBody(req)
		return nil, err
	}
	ctx, cancel := req.Context(), context.CancelFunc(nil)
	if _, bounded := ctx.Deadline(); !bounded {
		ctx, cancel = context.WithTimeout(ctx, c.dial.opts.Header)
	}
	h, err := c.enter(ctx, req.URL)
	if err == nil {
		var resp *http.Response
		if resp, err = c.carry(ctx, cancel, h, req); err == nil {
			return resp, nil
		}
		c.leave(h)
	} else {
		closeBody(req)
	}
	if ended := ctx.Err(); ended != nil {
		err = ended // what it did to the connection is no news
	}
	if cancel != nil {
		cancel()
	}
	return nil, err
}

func (c *courier) carry(ctx context.Context, cancel context.CancelFunc, h *host, req *http.Request) (*http.Response, error) {
	deadline, _ := ctx.Deadline()
	if l := c.waiting(h, deadline); l != nil {
		resp, err := l.exchange(ctx, cancel, req)
		if err == nil || l.heard || ctx.Err() != nil || late(err) {
			return resp, err
		}
		if req = again(req); req == nil {
			return nil, err
		}
	}
	l, err := c.connect(ctx, h)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	if err := l.conn.SetDeadline(deadline); err != nil {
		l.close()
		closeBody(req)
		return nil, fmt.Errorf("set the deadline: %w", err)
	}
	return l.exchange(ctx, cancel, req)
}

// again is the request to be made once more; nil: its body can't be had again.
func again(req *http.Request) *http.Request {
	if req.Body == nil || req.Body == http.NoBody {
		return req
	}
	if req.GetBody == nil {
		return nil
	}
	body, err := req.GetBody()
	if err != nil {
		return nil
	}
	out := req.WithContext(req.Context())
	out.Body = body
	return out
}

// late says that a connection's deadline has passed.
func late(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// connect dials, and shakes hands where the scheme wants it.
func (c *courier) connect(ctx context.Context, h *host) (*line, error) {
	raw, err := c.dial.DialContext(ctx, "tcp", h.address)
	if err != nil {
		return nil, err
	}
	if c.tls == nil {
		return newLine(c, h, raw, raw), nil
	}
	config := c.tls.Clone()
	if config.ServerName, _, err = net.SplitHostPort(h.address); err != nil {
		raw.Close()
		return nil, fmt.Errorf("shake hands: %w", err)
	}
	secure := tls.Client(raw, config)
	patience, cancel := context.WithTimeout(ctx, c.dial.opts.TLS)
	defer cancel()
	if err := secure.HandshakeContext(patience); err != nil {
		raw.Close()
		return nil, err
	}
	return newLine(c, h, raw, secure), nil
}

// enter waits for a slot of the URL's host. What it gives is to be left.
func (c *courier) enter(ctx context.Context, u *url.URL) (*host, error) {
	c.mu.Lock()
	h := c.hosts[u.Host]
	if h == nil {
		h = &host{name: u.Host, address: u.Host, slots: make(chan struct{}, c.dial.opts.PerHost)}
		if u.Port() == "" {
			h.address = net.JoinHostPort(u.Hostname(), defaultPort(u.Scheme))
		}
		c.hosts[u.Host] = h
	}
	h.users++
	c.mu.Unlock()
	select {
	case h.slots <- struct{}{}:
		return h, nil
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		c.unuse(h)
		return nil, ctx.Err()
	}
}

func (c *courier) leave(h *host) {
	<-h.slots
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unuse(h)
}

func (c *courier) unuse(h *host) {
	h.users--
	c.forget(h)
}

// forget lets go of a host that nothing speaks of.
func (c *courier) forget(h *host) {
	if h.users == 0 && h.kept == 0 {
		delete(c.hosts, h.name)
	}
}

// waiting takes the kept connection to the host that was used last and that
// nothing was heard of since; nil: there is none.
func (c *courier) waiting(h *host, deadline time.Time) *line {
	for {
		c.mu.Lock()
		i := len(c.idle) - 1
		for ; i >= 0 && c.idle[i].host != h; i-- {
		}
		if i < 0 {
			c.mu.Unlock()
			return nil
		}
		l := c.remove(i)
		c.mu.Unlock()
		if l.conn.SetDeadline(deadline) == nil && l.quiet() {
			return l
		}
		l.close()
	}
}

// remove takes one out of idle.
func (c *courier) remove(i int) *line {
	l := c.idle[i]
	c.idle = slices.Delete(c.idle, i, i+1)
	l.host.kept--
	return l
}

// keep puts a connection by. Its host is in use still.
func (c *courier) keep(l *line) {
	var past *line
	c.mu.Lock()
	defer func() {
		c.mu.Unlock()
		if past != nil {
			past.close()
		}
	}()
	if l.host.kept >= c.dial.opts.IdlePerHost {
		past = l
		return
	}
	if len(c.idle) >= c.dial.opts.Idle {
		past = c.remove(0)
		c.forget(past.host)
	}
	l.old = false
	l.host.kept++
	c.idle = append(c.idle, l)
	if c.sweep == nil {
		c.sweep = time.AfterFunc(idleTimeout/2, c.tidy)
	}
}

// tidy closes what nobody used since the last time it came by.
func (c *courier) tidy() { c.drop(func(l *line) bool { return l.old }) }

// CloseIdleConnections closes the kept connections that are not in use.
func (c *courier) CloseIdleConnections() { c.drop(func(*line) bool { return true }) }

func (c *courier) drop(past func(*line) bool) {
	var closing []*line
	c.mu.Lock()
	for i := 0; i < len(c.idle); {
		if !past(c.idle[i]) {
			c.idle[i].old = true
			i++
			continue
		}
		l := c.remove(i)
		c.forget(l.host)
		closing = append(closing, l)
	}
	if c.sweep != nil && len(c.idle) == 0 {
		c.sweep.Stop()
		c.sweep = nil
	} else if c.sweep != nil {
		c.sweep.Reset(idleTimeout / 2)
	}
	c.mu.Unlock()
	for _, l := range closing {
		l.close()
	}
}

// checkFields refuses what could end a line of the request's header.
func checkFields(req *http.Request) error {
	if req.Method != "" && !httpguts.ValidHeaderFieldName(req.Method) {
		return errors.New("egress: method cannot be sent")
	}
	for name, values := range req.Header {
		if !httpguts.ValidHeaderFieldName(name) {
			return errors.New("egress: name of a header cannot be sent")
		}
		for _, v := range values {
			if !httpguts.ValidHeaderFieldValue(v) {
				return fmt.Errorf("egress: value of header %s cannot be sent", name)
			}
		}
	}
	return nil
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
