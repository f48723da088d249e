// Package httpd is the daemon's HTTP server: fasthttp with every limit set,
// and before it what fasthttp doesn't do: it refuses requests that two parties
// could read differently, counts connections, survives panics, drains, and
// reloads certificates. What the requests mean is the dialects' business,
// whose routes come in as a [wire.Mux].
//
// It keeps nothing on disk but the file of a unix socket, which it replaces
// after a crash.
package httpd

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime/debug"
	"sync/atomic"
	"time"

	"penstock/httpd/wire"

	"github.com/valyala/fasthttp"
	"golang.org/x/sync/errgroup"
)

// Config is what a Server is made of. Zero limits mean the defaults; there is
// no way to have none.
type Config struct {
	Mux *wire.Mux        // required
	Now func() time.Time // required; for deadlines
	Log *slog.Logger     // nil: nothing is logged

	MaxBody            int           // bytes; 64 KiB
	Long               Long          // nil: nobody sends more
	MaxHeader          int           // bytes, with the request line; 8 KiB
	MaxConns           int           // open connections; 10,000
	MaxConnsPerAddr    int           // of one address (IPv6: one /64), this machine and trusted proxies excepted; 64
	MaxRequestsPerConn int           // then the connection is closed; 1,000
	ReadTimeout        time.Duration // for a whole request; 10 s
	WriteTimeout       time.Duration // for a whole answer, counted when it is ready; 10 s
	IdleTimeout        time.Duration // between two requests; 30 s
	Drain              time.Duration // for calls in flight when Serve is told to end; 20 s

	// NoDate leaves the header Date away, with which fasthttp starts a clock of
	// its own; for tests under testing/synctest.
	NoDate bool
}

// Long says how many bytes of body a request may bring beyond MaxBody; zero: it
// may not. It is asked when the head has been read, before any of the body is,
// and so it has to find out by the head who asks: memory is nobody's to take who
// isn't known.
type Long func(Head) int

// Head is what Long goes by.
type Head struct {
	Method, Path  string
	Cookies       []string
	Authorization string // "" where there is none
}

// longRead is how long such a body may take to arrive.
const longRead = time.Minute

// Endpoint is where a server listens: in clear, or over TLS where TLS is set.
type Endpoint struct {
	Listener net.Listener
	TLS      *tls.Config
}

// ErrDrain is the error of Serve when calls were still in flight at the end of
// the drain and their connections were cut.
var ErrDrain = errors.New("httpd: calls in flight were cut off")

// Server serves a mux. Serve may be called once.
type Server struct {
	http   *fasthttp.Server
	mux    *wire.Mux
	log    *slog.Logger
	voice  *wire.Dialect
	guards *guards
	drain  time.Duration
	long   Long
	ending atomic.Bool // nothing more is accepted, and each answer says that it is the last
}

// New has no side effects.
func New(c Config) (*Server, error) {
	if c.Mux == nil || c.Now == nil {
		return nil, errors.New("httpd: Config needs Mux and Now")
	}
	s := &Server{mux: c.Mux, voice: neutral(), drain: or(c.Drain, 20*time.Second), log: slog.New(slog.DiscardHandler)}
	if c.Log != nil {
		s.log = slog.New(wire.Redacted(c.Log.Handler()))
	}
	maxConns := or(c.MaxConns, 10_000)
	s.guards = &guards{
		now: c.Now, max: maxConns, perAddr: or(c.MaxConnsPerAddr, 64),
		exempt: func(a netip.Addr) bool { return a.IsLoopback() || c.Mux.Funnel().Trusts(a) },
		conns:  map[*guardConn]struct{}{}, byAddr: map[netip.Addr]int{},
	}
	s.long = c.Long
	s.http = &fasthttp.Server{
		Handler:                      s.handle,
		ErrorHandler:                 s.unreadable,
		HeaderReceived:               s.headerReceived,
		Logger:                       quiet{s.log},
		Concurrency:                  2 * maxConns, // the guard is the limit; see guards
		ReadBufferSize:               or(c.MaxHeader, 8<<10),
		MaxRequestBodySize:           or(c.MaxBody, 64<<10),
		MaxRequestsPerConn:           or(c.MaxRequestsPerConn, 1_000),
		ReadTimeout:                  or(c.ReadTimeout, 10*time.Second),
		WriteTimeout:                 or(c.WriteTimeout, 10*time.Second),
		IdleTimeout:                  or(c.IdleTimeout, 30*time.Second),
		NoDefaultDate:                c.NoDate,
		NoDefaultServerHeader:        true,
		NoDefaultContentType:         true,
		DisablePreParseMultipartForm: true,
		SecureErrorLogMessage:        true,
		CloseOnShutdown:              true,
	}
	return s, nil
}

func or[T int | time.Duration](v, standard T) T {
	if v <= 0 {
		return standard
	}
	return v
}

// Serve serves all ends until ctx is done or a listener fails, then drains:
// it accepts nothing more, closes idle connections and waits for calls in
// flight. It returns when all have ended, nil after a clean drain that ctx
// asked for. The listeners are closed in any case.
func (s *Server) Serve(ctx context.Context, ends ...Endpoint) error {
	group, stopped := errgroup.WithContext(ctx)
	var guarded []*guardListener
	for _, e := range ends {
		ln := s.guards.listen(e.Listener)
		guarded = append(guarded, ln)
		group.Go(func() error {
			if e.TLS != nil {
				return s.served(e, tls.NewListener(ln, e.TLS))
			}
			return s.served(e, ln)
		})
	}
	group.Go(func() error {
		<-stopped.Done()
		s.ending.Store(true) // fasthttp says so too, but some time after the listeners are closed
		for _, ln := range guarded {
			_ = ln.Close() // again by Shutdown, which reports it
		}
		return s.shutdown()
	})
	return group.Wait()
}

func (s *Server) served(e Endpoint, ln net.Listener) error {
	if err := s.http.Serve(ln); err != nil {
		return fmt.Errorf("serve %v: %w", e.Listener.Addr(), err)
	}
	return nil
}

func (s *Server) shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.drain)
	defer cancel()
	err := s.http.ShutdownWithContext(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		s.guards.cut()
		return ErrDrain
	}
	if err != nil {
		return fmt.Errorf("drain: %w", err)
	}
	return nil
}

// refused is the mark of a head that checkHead refuses. A header from outside
// can't have a NUL in its name.
const refused = "\x00refused"

// headerReceived judges a head before the body is read. fasthttp has no way to
// refuse here, so a bad head gets a mark and no body, and the connection ends
// with the answer: what follows on it has no sound beginning.
func (s *Server) headerReceived(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	if r := checkHead(h); r != nil {
		h.Del(fasthttp.HeaderExpect)
		h.SetContentLength(0)
		h.SetConnectionClose()
		h.SetCanonical([]byte(refused), []byte(r.Code))
		return fasthttp.RequestConfig{}
	}
	if s.long == nil || h.ContentLength() <= s.http.MaxRequestBodySize {
		return fasthttp.RequestConfig{}
	}
	path, _, _ := bytes.Cut(h.RequestURI(), []byte("?"))
	var cookies []string
	for _, line := range h.PeekAll(fasthttp.HeaderCookie) {
		cookies = append(cookies, string(line))
	}
	if most := s.long(Head{string(h.Method()), string(path), cookies, string(h.Peek(fasthttp.HeaderAuthorization))}); most > s.http.MaxRequestBodySize {
		return fasthttp.RequestConfig{MaxRequestBodySize: most, ReadTimeout: longRead}
	}
	return fasthttp.RequestConfig{}
}

// handle is the outermost handler. A panic that gets here would end the
// process, and with it the calls of everybody else.
func (s *Server) handle(rc *fasthttp.RequestCtx) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("panic outside of the funnel", "panic", p, "stack", string(debug.Stack()))
			rc.Response.Reset()
			rc.Response.SetStatusCode(fasthttp.StatusInternalServerError)
			rc.Response.SetConnectionClose()
		}
	}()
	if code := rc.Request.Header.Peek(refused); len(code) > 0 {
		s.refuse(rc, byCode(string(code)))
		return
	}
	s.mux.Serve(rc)
	if s.ending.Load() {
		rc.Response.SetConnectionClose()
	}
}

// unreadable answers what fasthttp could not read; it closes the connection.
func (s *Server) unreadable(rc *fasthttp.RequestCtx, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("panic at a malformed request", "panic", p, "stack", string(debug.Stack()))
			rc.Response.SetStatusCode(fasthttp.StatusBadRequest)
		}
	}()
	r := explain(err)
	if r == bodyTooBig { // its head was read and checked, so it is known whom it is for
		lingerAfter(rc)
		rc.Response.SetConnectionClose()
		s.mux.Refuse(rc, wire.ErrTooLarge)
		return
	}
	s.refuse(rc, r)
}

func (s *Server) refuse(rc *fasthttp.RequestCtx, r *refusal) {
	lingerAfter(rc)
	rc.Response.SetConnectionClose()
	s.mux.Funnel().Refuse(rc, s.voice, "refused", r)
}

// quiet keeps fasthttp's own messages out of the log but for their kind: they
// quote header lines, which may hold a key.
type quiet struct{ log *slog.Logger }

func (q quiet) Printf(format string, _ ...any) {
	q.log.Debug("connection ended badly", "message", format)
}
