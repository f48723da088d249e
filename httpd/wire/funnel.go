// Package wire is the one funnel between HTTP and everything below: each call
// of each dialect is limited, authenticated, decoded, called and encoded here,
// each exactly once, and nobody else touches fasthttp. A dialect gives what
// differs: how it finds its principal, which words it is strict about, and how
// it writes an error.
//
// The package keeps nothing on disk. After a crash it has forgotten how many
// calls an address made in the last seconds, and no more.
package wire

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"reflect"
	"runtime/debug"
	"slices"
	"time"

	"github.com/valyala/fasthttp"
)

// Config is what a Funnel is made of.
type Config struct {
	Now    func() time.Time // required
	Random io.Reader        // required; for request ids
	// Log gets one line a call and what panics leave. The funnel redacts it.
	Log *slog.Logger // nil: nothing is logged
	// Base ends when calls in flight have to give up; nil: never.
	Base context.Context
	// Timeout is the deadline of a call's context. 0 means 15 s, less than the
	// server's drain.
	Timeout time.Duration
	// Trusted are the proxies whose X-Forwarded headers are believed, see
	// ParseProxies.
	Trusted []netip.Prefix
	Limits  Limits
	// Observe is told of each answered call, for metrics; may be nil.
	Observe func(Served)
}

// Served is one answered call.
type Served struct {
	Dialect, Method, Pattern string
	Status                   int
	Took                     time.Duration
}

// Funnel is what all routes share. It is safe for concurrent use.
type Funnel struct {
	now        func() time.Time
	ids        *ids
	log        *slog.Logger
	base       context.Context
	timeout    time.Duration
	trusted    []netip.Prefix
	observe    func(Served)
	principals *table[string]
	addresses  *table[netip.Addr]
	failures   *table[netip.Addr]
	hands      hands
}

// New returns an error when Now or Random is missing.
func New(c Config) (*Funnel, error) {
	if c.Now == nil || c.Random == nil {
		return nil, errors.New("wire: Config needs Now and Random")
	}
	f := &Funnel{
		now: c.Now, ids: &ids{random: c.Random}, base: c.Base, timeout: c.Timeout, trusted: c.Trusted,
		observe:    c.Observe,
		principals: newTable[string](c.Limits.Principal, c.Limits.Entries),
		addresses:  newTable[netip.Addr](c.Limits.Address, c.Limits.Entries),
		failures:   newTable[netip.Addr](c.Limits.Failures, c.Limits.Entries),
	}
	f.hands.most = int64(c.Limits.Calls)
	if f.base == nil {
		f.base = context.Background()
	}
	if f.timeout <= 0 {
		f.timeout = 15 * time.Second
	}
	f.log = slog.New(slog.DiscardHandler)
	if c.Log != nil {
		f.log = slog.New(Redacted(c.Log.Handler()))
	}
	return f, nil
}

// Dialect is a way of speaking.
type Dialect struct {
	Name string // "rest"; in logs and metrics
	// Error turns any error into an answer: those of this package (errors.go,
	// *DecodeError), those of the calls, context.DeadlineExceeded, and what it
	// doesn't know, which is a 500. It must not show the text of an error that
	// it doesn't know. Required.
	Error func(err error, c *Call) Reply
	// ContentType is of the answers; "" means application/json.
	ContentType string
	// Media are the types of bodies that are read; nil means application/json.
	Media []string
	// IgnoreUnknown lets members pass that a request doesn't have, where the
	// route doesn't say otherwise.
	IgnoreUnknown bool
}

func (d *Dialect) contentType() string {
	if d.ContentType == "" {
		return "application/json"
	}
	return d.ContentType
}

func (d *Dialect) reads(media string) bool {
	if d.Media == nil {
		return media == "application/json"
	}
	return slices.Contains(d.Media, media)
}

// Auth finds out who calls. P is the caller as the layer below knows it.
type Auth[P any] struct {
	// Check judges the credentials of a call. It returns an error that wraps
	// ErrUnauthenticated for a bad one; any other error goes to the dialect as
	// it is and doesn't count as a guess. nil: everybody is the zero P.
	Check func(ctx context.Context, c *Call) (P, error)
	// Who names the caller for limits and the log; nil: nameless.
	Who func(P) Who
}

// Who names a caller without saying anything secret.
type Who struct {
	Merchant string
	KeyID    string // of the API key or session; what limits count by
}

// Unknown says what happens to members that a request doesn't have.
type Unknown int

const (
	AsDialect     Unknown = iota // what the dialect does
	RefuseUnknown                // a *DecodeError of KindUnknown
	IgnoreUnknown
)

// Options is what may differ between routes. The zero value will mostly do.
type Options struct {
	Status  int // of a good answer; 0 means 200
	Unknown Unknown
	// MaxBody in bytes refuses longer ones with ErrTooLarge; 0 leaves it to the
	// server's limit.
	MaxBody int
	// EmptyBody takes an absent body for {}.
	EmptyBody bool
	// AnyValue admits a body that is not an object.
	AnyValue bool
	// Timeout replaces the funnel's; 0 doesn't.
	Timeout time.Duration
}

// Handler is a route's end in the funnel, ready to be put into a [Mux].
type Handler struct {
	serve func(rc *fasthttp.RequestCtx, pattern string)
}

// Handle builds the road of one route: limits per address and of all calls in
// hand, authentication, limits per principal, decoding, the call, encoding. Req is decoded strictly
// from the body, unless it is [None] or [Raw]; Resp is encoded, unless it is
// a [Reply]. It panics when Req has a float or the dialect no Error.
func Handle[P, Req, Resp any](f *Funnel, d *Dialect, auth Auth[P], o Options,
	call func(ctx context.Context, p P, c *Call, req Req) (Resp, error)) Handler {
	if d.Error == nil || call == nil {
		panic("wire: Handle without the dialect's Error or without a call")
	}
	mustBeExact(reflect.TypeFor[Req]())
	return Handler{serve: func(rc *fasthttp.RequestCtx, pattern string) {
		f.serve(rc, d, pattern, o.Timeout, func(ctx context.Context, c *Call, who *Who) (Reply, error) {
			if auth.Check != nil { // health and metrics answer also where nobody else is let in
				if err := f.hands.take(); err != nil {
					return Reply{}, err
				}
				defer f.hands.give()
			}
			p, err := authenticate(ctx, f, auth, c, who)
			if err != nil {
				return Reply{}, err
			}
			var req Req
			if err := decode(d, o, c, &req); err != nil {
				return Reply{}, err
			}
			resp, err := call(ctx, p, c, req)
			if err != nil {
				return Reply{}, err
			}
			return encode(o, resp)
		})
	}}
}

// Refuse answers with an error that never reached a route: what the server
// turns away.
func (f *Funnel) Refuse(rc *fasthttp.RequestCtx, d *Dialect, pattern string, err error) {
	f.serve(rc, d, pattern, 0, func(context.Context, *Call, *Who) (Reply, error) { return Reply{}, err })
}

// authenticate is skipped by nobody. Guessing is throttled before the guess is
// looked at, so that a right one among many isn't recognised either.
func authenticate[P any](ctx context.Context, f *Funnel, auth Auth[P], c *Call, who *Who) (p P, err error) {
	if auth.Check == nil {
		return p, nil
	}
	addr, now := AddrKey(c.Client), f.now()
	if !c.Loopback {
		if err := f.failures.peek(addr, now); err != nil {
			return p, err
		}
	}
	p, err = auth.Check(ctx, c)
	if err != nil {
		if errors.Is(err, ErrUnauthenticated) && !c.Loopback {
			_ = f.failures.take(addr, now) // the bucket may be empty: others guess at the same time
		}
		return p, err
	}
	if auth.Who == nil {
		return p, nil
	}
	*who = auth.Who(p)
	if who.KeyID == "" {
		return p, nil
	}
	return p, f.principals.take(who.KeyID, now)
}

func decode(d *Dialect, o Options, c *Call, req any) error {
	if err := c.check(); err != nil {
		return err
	}
	if o.MaxBody > 0 && len(c.Body) > o.MaxBody {
		return ErrTooLarge
	}
	into := DecodeOptions{AnyValue: o.AnyValue, Empty: o.EmptyBody}
	switch r := req.(type) {
	case *Raw:
		*r = c.Body
		return nil
	case *None:
		into.Empty, into.IgnoreUnknown = true, true
	default:
		into.IgnoreUnknown = o.Unknown == IgnoreUnknown || o.Unknown == AsDialect && d.IgnoreUnknown
	}
	if len(c.Body) > 0 && !d.reads(c.media()) {
		return ErrMediaType
	}
	if r, ok := req.(PlainReader); ok && r.ReadPlain(c.Body) {
		return nil
	}
	return Decode(c.Body, req, into)
}

func encode(o Options, resp any) (Reply, error) {
	if r, ok := resp.(Reply); ok {
		return r, nil
	}
	body, err := Encode(resp)
	return Reply{Status: o.Status, Body: body}, err
}

// serve is the funnel without its types: copy in, run, write out, one line in
// the log.
func (f *Funnel) serve(rc *fasthttp.RequestCtx, d *Dialect, pattern string, timeout time.Duration,
	run func(context.Context, *Call, *Who) (Reply, error)) {
	start := f.now()
	c := newCall(rc, pattern, f.trusted)
	if c.RequestID = c.Header("X-Request-Id"); !soundRequestID(c.RequestID) {
		c.RequestID = f.ids.next(start)
	}
	if timeout <= 0 {
		timeout = f.timeout
	}
	ctx, cancel := context.WithTimeout(f.base, timeout)
	defer cancel()

	var who Who
	reply, err := f.limited(ctx, c, &who, start, run)
	if err != nil {
		reply = f.fault(d, c, err)
		reply.Header = append(faultHeaders(err), reply.Header...)
	}
	f.write(rc, d, c, reply)
	f.record(ctx, d, c, who, reply.status(), f.now().Sub(start), err)
}

// limited runs the call, if its address may have one, and survives it.
func (f *Funnel) limited(ctx context.Context, c *Call, who *Who, now time.Time,
	run func(context.Context, *Call, *Who) (Reply, error)) (reply Reply, err error) {
	defer func() {
		if p := recover(); p != nil {
			f.logPanic(p, c.RequestID)
			reply, err = Reply{}, ErrInternal
		}
	}()
	if !c.Loopback {
		if err := f.addresses.take(AddrKey(c.Client), now); err != nil {
			return Reply{}, err
		}
	}
	return run(ctx, c, who)
}

// fault asks the dialect for its words, and has some when that fails too.
func (f *Funnel) fault(d *Dialect, c *Call, err error) (reply Reply) {
	defer func() {
		if p := recover(); p != nil {
			f.logPanic(p, c.RequestID)
			reply = Reply{Status: fasthttp.StatusInternalServerError}
		}
	}()
	reply = d.Error(err, c)
	if reply.Status == 0 {
		reply.Status = fasthttp.StatusInternalServerError
	}
	return reply
}

// record writes the access log: the route's pattern instead of the path, and
// nothing of query, headers and body. Errors are written where they are the
// server's fault.
func (f *Funnel) record(ctx context.Context, d *Dialect, c *Call, who Who, status int, took time.Duration, err error) {
	if f.observe != nil {
		f.observe(Served{Dialect: d.Name, Method: c.Method, Pattern: c.Pattern, Status: status, Took: took})
	}
	level := slog.LevelInfo
	if status >= fasthttp.StatusInternalServerError {
		level = slog.LevelError
	}
	if !f.log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 10)
	attrs = append(attrs, slog.String("dialect", d.Name), slog.String("method", c.Method),
		slog.String("route", c.Pattern), slog.Int("status", status), slog.Duration("took", took),
		slog.String("request_id", c.RequestID), slog.String("remote", c.Client.String()))
	if who != (Who{}) {
		attrs = append(attrs, slog.String("merchant", who.Merchant), slog.String("key_id", who.KeyID))
	}
	if level == slog.LevelError && err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	f.log.LogAttrs(ctx, level, "call", attrs...)
}

func (f *Funnel) logPanic(p any, requestID string) {
	f.log.Error("panic", "request_id", requestID, "panic", p, "stack", string(debug.Stack()))
}

// Trusts says whether an address is one of the trusted proxies.
func (f *Funnel) Trusts(a netip.Addr) bool { return contains(f.trusted, a) }
