package cli

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"penstock/engine"
	"penstock/httpd"
	"penstock/httpd/admin"
	"penstock/httpd/dash"
	"penstock/httpd/hosted"
	"penstock/httpd/jsonapi"
	"penstock/httpd/rest"
	"penstock/httpd/wire"
	"penstock/store"
)

// daemon is a serving appliance: the public server, the operator's socket and
// the worker. This file is the one place where all of it is tied together.
type daemon struct {
	*appliance
	env     Env
	admin   *admin.Admin
	public  *httpd.Server
	private *httpd.Server
	listen  net.Listener
	socket  net.Listener
	cert    *httpd.Certificate
	tls     *tls.Config     // of certificates that are had by ACME; nil: the pair, or none
	base    context.Context // ends when calls in flight have to give up
	giveUp  context.CancelFunc
	restart chan os.Signal
	began   time.Time
	copies  copies
}

// renderers make the webhook bodies of each profile.
func renderers() map[string]engine.Render {
	return map[string]engine.Render{"rest": rest.Render, "standard": rest.Render, "jsonapi": jsonapi.Render}
}

// paymentRenderers make those about payments.
func (c Config) paymentRenderers() map[string]engine.RenderPayment {
	return map[string]engine.RenderPayment{"rest": rest.RenderPayment, "standard": rest.RenderPayment, "hosted": hosted.PaymentRenderer(c.PublicURL(), c.Hosted.settings())}
}

// facts are what the conditions of routing may ask that only a dialect knows.
func facts() map[string]func(*engine.Request) map[string]string {
	return map[string]func(*engine.Request) map[string]string{"rest": rest.Facts}
}

// soughtBy is what lists may ask for that only a dialect knows.
func soughtBy() map[string]func(json.RawMessage) engine.Sought {
	return map[string]func(json.RawMessage) engine.Sought{"rest": rest.Sought}
}

// newDaemon opens the appliance and listens. Nothing is served yet.
func newDaemon(ctx context.Context, env Env, cfg Config) (d *daemon, err error) {
	d = &daemon{env: env, restart: make(chan os.Signal, 1), began: time.Now()}
	d.base, d.giveUp = context.WithCancel(context.Background())
	listen := func(at string) (string, error) {
		if d.listen, err = net.Listen("tcp", at); err != nil {
			return "", fmt.Errorf("listen at %s: %w", at, err)
		}
		return keepHost(at, d.listen.Addr()), nil
	}
	d.appliance, err = opening{env: env, cfg: cfg, log: newLog(cfg.Log, env), render: renderers(), listen: listen,
		fatal: func(err error) { lastWord(env, err) }}.open(ctx)
	if err == nil {
		err = d.wire(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// lastWord ends the process after a commit whose outcome is not known: only a
// new process can find out, by reading, what is durable.
func lastWord(env Env, err error) {
	fmt.Fprintf(env.Stderr, "penstock serve: it is not known whether the last transaction was stored (%v); ending here, the next start reads what is there\n", err)
	os.Exit(ExitFailed)
}

// keepHost is the address that was asked for with the port that was got.
func keepHost(asked string, got net.Addr) string {
	host, _, err := net.SplitHostPort(asked)
	tcp, ok := got.(*net.TCPAddr)
	if err != nil || !ok {
		return asked
	}
	return net.JoinHostPort(host, fmt.Sprint(tcp.Port))
}

// wire builds the servers over the open appliance.
func (d *daemon) wire(ctx context.Context) error {
	if tcp, ok := d.listen.Addr().(*net.TCPAddr); ok {
		if err := d.policy.DenySelf(tcp.AddrPort()); err != nil {
			return err
		}
	}
	var err error
	if d.admin, err = admin.New(d.adminConfig()); err != nil {
		return err
	}
	if d.public, err = d.publicServer(); err != nil {
		return err
	}
	if d.private, err = d.privateServer(ctx); err != nil {
		return err
	}
	if s := d.cfg.Server; len(s.ACMENames) > 0 {
		if d.tls, err = httpd.ACME(httpd.ACMEOptions{Names: s.ACMENames, Email: s.ACMEEmail, Directory: s.ACMEURL, Cache: string(s.ACMECache)}); err != nil {
			return err
		}
	} else if d.cfg.TLS() {
		if d.cert, err = httpd.LoadCertificate(string(d.cfg.Server.TLSCert), string(d.cfg.Server.TLSKey), time.Now, d.log); err != nil {
			return err
		}
	}
	if d.socket, err = httpd.ListenUnix(d.cfg.SocketPath()); err != nil {
		return withNext(err, "stop the process that answers there, or set admin.socket")
	}
	return nil
}

func (d *daemon) adminConfig() admin.Config {
	return admin.Config{
		Engine: d.engine, Now: time.Now, Version: readVersion().Version, Commit: d.probe, Metrics: d.cfg.Metrics.Enabled, PublicURL: d.cfg.PublicURL(),
		Figures: func() admin.Figures {
			s := d.store.Stats()
			return admin.Figures{Commits: s.Commits, Updates: s.Updates, Failures: s.Failures, Bytes: s.Bytes, Queued: s.Queued,
				FileBytes: s.FileBytes, FreeBytes: s.FreeBytes, LowSpace: d.store.LowSpace(),
				Merges: s.Merges, Moved: s.Moved, Damaged: s.Damaged}
		},
		Locker: func() admin.Locker {
			s := d.locker.Status()
			given, needed := d.vault.quorum.Given()
			return admin.Locker{Sealed: s.Sealed, Term: s.Term, Rotating: s.Rotating, Given: given, Needed: needed}
		},
		Stalled:  d.stalled(),
		LiveKeys: d.liveKeys,
		Backup:   d.noted(d.backup),
		Keyring:  d.keyring,
		Vault: admin.Vault{
			Give: d.giveShare, Forget: d.forgetShares, Split: d.split, Master: d.rekeyMaster,
			Rekey: func(ctx context.Context, tell func(int)) (uint32, error) { return d.engine.Rekey(ctx, keeper(), tell) },
		},
	}
}

// liveKeys says why no live key may be made.
func (d *daemon) liveKeys() error {
	if !d.keyBeside() {
		return nil
	}
	return &admin.Refusal{
		Message: "no live key is made while the master key lies beside the store: whoever copied the directory could read every detail",
		Hint:    "move it elsewhere and set locker.master_key (file:PATH, credential:NAME or shares), restart, then repeat",
	}
}

// stalled is when the worker counts as standing still: well past the longest
// time that a round waits for a free pair of hands.
func (d *daemon) stalled() time.Duration {
	return max(time.Minute, 2*(d.cfg.Engine.Lease.D()+d.cfg.Webhooks.Timeout.D()))
}

// probe makes a tiny commit in a bucket of its own.
func (d *daemon) probe(ctx context.Context) error {
	return d.store.Update(ctx, func(tx store.Tx) error {
		return tx.Put("health", []byte("probe"), binary.BigEndian.AppendUint64(nil, uint64(time.Now().UnixMilli())))
	})
}

func (d *daemon) publicServer() (*httpd.Server, error) {
	trusted, err := wire.ParseProxies(d.cfg.Server.TrustedProxies)
	if err != nil {
		return nil, usage(err)
	}
	f, err := wire.New(wire.Config{
		Now: time.Now, Random: rand.Reader, Log: d.log, Base: d.base, Trusted: trusted, Observe: d.admin.Observe,
		Limits: wire.Limits{
			Principal: wire.Rate{PerSecond: float64(d.cfg.Limits.RequestsPerSecond), Burst: d.cfg.Limits.Burst},
			Failures:  wire.Rate{PerSecond: 1, Burst: 20},
			Calls:     d.cfg.Limits.Calls,
		},
	})
	if err != nil {
		return nil, err
	}
	adminKey, err := d.cfg.Rest.AdminAPIKey.Reveal(d.env.Environ)
	if err != nil {
		return nil, fmt.Errorf("rest.admin_api_key: %w", err)
	}
	payments, err := hosted.New(hosted.Config{Engine: d.engine, Funnel: f, Now: time.Now, PublicURL: d.cfg.PublicURL(), Settings: d.cfg.Hosted.settings(), Magic: magicAccounts(),
		Back: map[string]func(*engine.Request) string{"rest": rest.Back}, Log: d.log})
	if err != nil {
		return nil, err
	}
	api, err := rest.New(rest.Config{Engine: d.engine, Funnel: f, Now: time.Now, Random: rand.Reader, FirstWord: d.cfg.Engine.FirstWord.D(),
		PublicURL: d.cfg.PublicURL(), AdminKey: adminKey, Environment: d.cfg.KeyPrefix(false), LiveKeys: d.liveKeys, Page: payments.Shown})
	if err != nil {
		return nil, err
	}
	gateway, err := jsonapi.New(jsonapi.Config{Engine: d.engine, Funnel: f, Now: time.Now, Random: rand.Reader})
	if err != nil {
		return nil, err
	}
	reference, err := httpd.Reference(f, readVersion().Version)
	if err != nil {
		return nil, err
	}
	board, err := dash.New(dash.Config{Engine: d.engine, Funnel: f, Now: time.Now, Random: rand.Reader, State: d.state, PublicURL: d.cfg.PublicURL(),
		LiveKeys: d.firstLiveKey, PageAddress: payments.Address, LinkTTL: d.cfg.Hosted.LinkTTL.D(), LiveFor: d.streamFor(), Magic: boardAccounts()})
	if err != nil {
		return nil, err
	}
	mux, err := wire.NewMux(f, slices.Concat(board.Mounts(), gateway.Mounts(), payments.Mounts(), []wire.Mount{api.Mount(), d.admin.Public(f), reference})...)
	if err != nil {
		return nil, err
	}
	s, l := d.cfg.Server, d.cfg.Limits
	return httpd.New(httpd.Config{
		Mux: mux, Now: time.Now, Log: d.log, MaxBody: int(l.Body.Bytes()), Long: longBodies(board, gateway), MaxConns: l.Concurrency, MaxConnsPerAddr: l.ConnsPerIP,
		ReadTimeout: s.ReadTimeout.D(), WriteTimeout: s.WriteTimeout.D(), IdleTimeout: s.IdleTimeout.D(), Drain: s.Shutdown.D(),
	})
}

// longBodies lets statements of banks pass, which are longer than anything else.
func longBodies(board *dash.Dash, gateway *jsonapi.API) httpd.Long {
	return func(h httpd.Head) int {
		return max(board.Long(h.Method, h.Path, h.Cookies), gateway.Long(h.Method, h.Path, h.Authorization))
	}
}

// privateServer serves the operator. Its calls end with ctx: a check or a
// backup must not hold up a shutdown.
func (d *daemon) privateServer(ctx context.Context) (*httpd.Server, error) {
	const long = time.Hour // a backup is one answer
	f, err := wire.New(wire.Config{Now: time.Now, Random: rand.Reader, Log: d.log, Base: ctx, Observe: d.admin.Observe, Timeout: time.Minute})
	if err != nil {
		return nil, err
	}
	mux, err := wire.NewMux(f, d.admin.Private(f))
	if err != nil {
		return nil, err
	}
	return httpd.New(httpd.Config{Mux: mux, Now: time.Now, Log: d.log, MaxBody: admin.MaxBody, WriteTimeout: long, Drain: d.cfg.Server.Shutdown.D()})
}

// run serves until ctx ends, then drains: nothing new is accepted, calls in
// flight end while the worker still works for them, then the worker ends what
// it has in hand. It closes everything. ready is called once it serves.
func (d *daemon) run(ctx context.Context, ready func()) error {
	defer spareProcessor()()
	work, stopWork := context.WithCancel(context.Background())
	defer stopWork()
	var workErr error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		workErr = d.engine.Run(work)
	}()
	end := httpd.Endpoint{Listener: d.listen}
	if end.TLS = d.tls; d.cert != nil {
		end.TLS = d.cert.TLS()
	}
	group, serving := errgroup.WithContext(ctx)
	group.Go(func() error { return drained(d.public.Serve(serving, end)) })
	group.Go(func() error { return drained(d.private.Serve(serving, httpd.Endpoint{Listener: d.socket})) })
	group.Go(func() error { d.watch(serving); return nil })
	group.Go(func() error { d.keepCopies(serving); return nil })
	group.Go(func() error { paceCollector(serving); return nil })
	group.Go(func() error {
		select {
		case <-ended:
			return errWorker
		case <-serving.Done():
			return nil
		}
	})
	ready()
	err := group.Wait()
	stopWork()
	<-ended
	if errors.Is(err, errWorker) {
		err = nil
	}
	if workErr != nil {
		workErr = fmt.Errorf("the worker stopped: %w", workErr)
	}
	return errors.Join(err, workErr, d.Close())
}

// errWorker ends the servers when the worker has ended by itself.
var errWorker = errors.New("the worker stopped")

// drained takes calls that were cut off for what they are: the caller repeats
// them, and what they began goes on.
func drained(err error) error {
	if errors.Is(err, httpd.ErrDrain) {
		return nil
	}
	return err
}

// watch tells the supervisor how the service is, and reloads certificates at
// SIGHUP, until ctx ends.
func (d *daemon) watch(ctx context.Context) {
	signal.Notify(d.restart, syscall.SIGHUP)
	defer signal.Stop(d.restart)
	sup := newSupervisor()
	sup.ready()
	sup.say(d.condition())
	defer sup.stopping()
	tick := time.NewTicker(sup.every())
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.restart:
			d.reload()
		case <-tick.C:
			sup.say(d.condition())
			if time.Duration(d.engine.Idle()) < d.stalled() {
				sup.alive()
			}
		}
	}
}

// condition is the service in a line.
func (d *daemon) condition() string {
	switch {
	case d.engine.Held() != "":
		return "on hold, nothing is sent: penstock release"
	case d.locker.Status().Sealed:
		return "sealed, work waits: penstock unseal"
	}
	return "serving at " + d.cfg.PublicURL()
}

func (d *daemon) reload() {
	if d.cert == nil {
		d.log.Info("SIGHUP: there is no certificate to reload")
		return
	}
	if err := d.cert.Reload(); err != nil {
		d.log.Error("certificate not reloaded, the old one stays", "err", err)
		return
	}
	d.log.Info("certificate reloaded")
}

// Close ends calls that are still in flight and lets everything go.
func (d *daemon) Close() error {
	d.giveUp()
	var errs []error
	for _, l := range []net.Listener{d.listen, d.socket} {
		if l != nil {
			if err := l.Close(); !errors.Is(err, net.ErrClosed) {
				errs = append(errs, err)
			}
		}
	}
	if d.appliance != nil {
		errs = append(errs, d.appliance.Close())
	}
	return errors.Join(errs...)
}
