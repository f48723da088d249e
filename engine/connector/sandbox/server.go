package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// DefaultNotifySecret signs the notifications of a server that was given no
// secret of its own. It is no secret: an account takes notifications only if
// it names one.
const DefaultNotifySecret = "sandbox_notify_secret"

const (
	drainFor      = 5 * time.Second // for answers in flight when Serve ends
	postFor       = 5 * time.Second // for one notification
	postAtOnce    = 8
	writeFor      = 15 * time.Second // for an answer, once its delay is over
	maxConcurrent = 4096             // orders being answered; beyond it, 503 before anything is done
)

// Options is what a Server is made of.
type Options struct {
	// Now is the clock; required.
	Now func() time.Time
	// Dir is where the server keeps its file. Empty: in memory only.
	Dir string
	// Faults is what to begin with; nil is DefaultFaults.
	Faults *Faults
	// NotifySecret signs notifications; empty is DefaultNotifySecret.
	NotifySecret string
	// Transport is what notifications go out by; nil is one that keeps no
	// connections.
	Transport http.RoundTripper
	// Log is for what goes wrong here; nil is silent. It never gets an order.
	Log *slog.Logger
}

// Server is the test provider as a server of its own.
type Server struct {
	provider *Provider
	options  Options
	slots    chan struct{}
	quit     chan struct{} // closed when Serve ends: delays are cut short
}

// NewServer opens the provider's file. The server is to be closed, or Served
// and then closed.
func NewServer(o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.NotifySecret == "" {
		o.NotifySecret = DefaultNotifySecret
	}
	if o.Transport == nil {
		o.Transport = &http.Transport{DisableKeepAlives: true}
	}
	p, err := Open(Settings{Now: o.Now, Dir: o.Dir, Faults: o.Faults, Log: o.Log})
	if err != nil {
		return nil, err
	}
	return &Server{provider: p, options: o, slots: make(chan struct{}, maxConcurrent), quit: make(chan struct{})}, nil
}

// Provider is the core behind the server.
func (s *Server) Provider() *Provider { return s.provider }

// Close lets the file go, after Serve has returned.
func (s *Server) Close() error { return s.provider.Close() }

// Serve answers on l until ctx ends, once in a Server's life. It returns when
// every goroutine has ended; nil after an end by ctx.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
	}
	var done sync.WaitGroup
	inner, stop := context.WithCancel(ctx)
	defer done.Wait()
	defer stop()
	done.Go(func() { s.provider.Run(inner) })
	for range postAtOnce {
		done.Go(func() { s.provider.Deliver(inner, s.post) })
	}
	done.Go(func() {
		<-inner.Done()
		close(s.quit)
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainFor)
		defer cancel()
		if err := server.Shutdown(drain); err != nil {
			server.Close()
		}
	})
	err := server.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve test provider: %w", err)
}
