package egress

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"
)

// Options tune a client. The zero Options are good defaults. There is none that
// switches verification of certificates off.
type Options struct {
	// Resolver resolves names; nil is the machine's own.
	Resolver *net.Resolver
	// RootCAs are trusted instead of the machine's; nil is the machine's.
	RootCAs *x509.CertPool
	// Certificates are shown to servers that ask for one.
	Certificates []tls.Certificate
	// Dial bounds looking a name up and connecting, TLS the handshake, Header
	// the wait for an answer's header once the request is written; of a webhook
	// it bounds the whole request, if its context has no deadline. Zero is
	// 10 s, 10 s and 20 s. The whole of a request is bounded by its context.
	Dial, TLS, Header time.Duration
	// Idle is how many kept connections a webhook client holds open, IdlePerHost
	// how many to one host, PerHost how many connections to one host at once.
	// Zero is 256, 64 and 64. A money client keeps none.
	Idle, IdlePerHost, PerHost int
	// Counters is added to; nil counts nothing.
	Counters *Counters
	// OnDial is called for each address before it is dialled or denied, from the
	// dialling goroutine; nil is nobody. It must not block.
	OnDial func(Dial)
}

// Counters count the addresses that were about to be dialled.
type Counters struct {
	Public atomic.Uint64 // allowed, being public
	Listed atomic.Uint64 // allowed by an entry of egress.allow
	Denied atomic.Uint64
}

// Dial is one address that is about to be dialled, for the audit log.
type Dial struct {
	Host string         // of the URL
	Addr netip.AddrPort // what it resolved to
	Rule string         // the entry of egress.allow that allowed it; empty: public, or denied
	Err  error          // an *Error when it is denied
}

// dialer dials for one scheme, so that a connection without TLS is judged as
// one.
type dialer struct {
	policy *Policy
	plain  bool
	opts   Options
}

// Connect is the way out for what isn't HTTP and has encryption of its own, such
// as SFTP. The policy is asked as it is for a URL's host; a port other than 443
// needs an entry of egress.allow.
func Connect(p *Policy, o Options) func(ctx context.Context, network, address string) (net.Conn, error) {
	o.Dial = cmp.Or(o.Dial, 10*time.Second)
	return dialer{policy: p, opts: o}.DialContext
}

// DialContext connects to host:port. The policy is asked by the socket's
// control function: after the name was resolved, for each address that is
// tried, with the very address that connect(2) then gets.
func (d dialer) DialContext(ctx context.Context, network, hostport string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	nd := net.Dialer{
		Timeout:  d.opts.Dial,
		Resolver: d.opts.Resolver,
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			return d.check(host, address)
		},
	}
	return nd.DialContext(ctx, network, hostport)
}

func (d dialer) check(host, address string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return refuse(host, "dialled address cannot be read")
	}
	rule, err := d.policy.CheckDial(host, to, d.plain)
	if c := d.opts.Counters; c != nil {
		switch {
		case err != nil:
			c.Denied.Add(1)
		case rule != "":
			c.Listed.Add(1)
		default:
			c.Public.Add(1)
		}
	}
	if d.opts.OnDial != nil {
		d.opts.OnDial(Dial{Host: host, Addr: to, Rule: rule, Err: err})
	}
	return err
}
