package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"

	"penstock/engine"
	"penstock/engine/archive"
	"penstock/engine/connector/iso20022"
	"penstock/engine/connector/sandbox"
	"penstock/engine/egress"
	"penstock/engine/payout"
	"penstock/httpd/wire"
	"penstock/locker"
	"penstock/store"
	"penstock/store/bolt"
)

// appliance is what one process holds open: the store, the keyring, the
// locker over it, and the engine over both. After a crash all of it is opened
// again as it was.
type appliance struct {
	cfg      Config
	log      *slog.Logger
	store    *bolt.Store
	keys     *bolt.Store
	archive  *archive.Dir // a part of the store
	locker   *locker.Locker
	vault    vault
	policy   *egress.Policy
	provider *sandbox.Provider // nil where the test provider is a process of its own
	webhooks *http.Client
	engine   *engine.Engine
}

// opening is how an appliance is opened.
type opening struct {
	env    Env
	cfg    Config
	log    *slog.Logger
	create bool // init: there is no store yet, and there must be none
	render map[string]engine.Render
	// listen is called once the store is this process's own, with the address
	// of the configuration, and returns it with the port that was got.
	listen func(string) (string, error)
	// master opens the keyring, wherever the configuration says that the key
	// comes from; nil: from there.
	master *master
	// fatal is called when the outcome of a commit is not known, and must end
	// the process; nil panics.
	fatal func(error)
}

// open opens an appliance; whoever gets one closes it.
func (o opening) open(ctx context.Context) (*appliance, error) {
	a := &appliance{cfg: o.cfg, log: o.log}
	err := a.openStores(o)
	if err == nil && o.listen != nil {
		a.cfg.Server.Listen, err = o.listen(o.cfg.Server.Listen)
		o.cfg = a.cfg
	}
	if err == nil {
		err = a.openLocker(ctx, o)
	}
	if err == nil {
		err = a.openEngine(ctx, o)
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// openStores opens the store first: its lock tells whether another process is
// running.
func (a *appliance) openStores(o opening) (err error) {
	path := string(o.cfg.Store.Path)
	if err := expectStore(path, o.create); err != nil {
		return err
	}
	opt := bolt.Options{
		Path: path, Ordered: engine.Ordered(), Lazy: engine.Lazy(), MinFree: o.cfg.Store.MinFree.Bytes(), MaxSize: o.cfg.Store.MaxSize.Bytes(),
		AllowAnyFS: o.cfg.Store.AllowAnyFS, OnFatal: o.fatal,
	}
	a.store, err = bolt.Open(opt)
	if errors.Is(err, store.ErrLocked) {
		return withNext(err, "stop that process first; the other verbs speak to it over its socket")
	}
	if err != nil {
		return err
	}
	if err := engine.LearnCurrencies(context.Background(), a.store); err != nil {
		return err
	}
	opt.Path, opt.Ordered, opt.Lazy = string(o.cfg.Store.KeysPath), nil, nil
	a.keys, err = bolt.Open(opt)
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	return nil
}

// expectStore keeps a mistyped path from becoming an empty store, in which
// every payout would be forgotten.
func expectStore(path string, create bool) error {
	_, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !create:
		return withNext(fmt.Errorf("there is no store at %s", path), "check store.path, or make a new one: penstock init DIR")
	case err == nil && create:
		return fmt.Errorf("there is a store at %s already", path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("look at the store: %w", err)
	}
	return nil
}

func (a *appliance) openLocker(ctx context.Context, o opening) (err error) {
	c := locker.Config{Keys: a.keys, Existing: !o.create}
	var m master
	switch {
	case o.master != nil:
		m = *o.master
	case o.cfg.Locker.MasterKey.Kind == KeyShares && !o.create:
		a.locker, err = locker.OpenSealed(c)
		return err
	default:
		if m, err = readMaster(ctx, o.env, o.cfg.Locker.MasterKey, a.keys); err != nil {
			return err
		}
	}
	c.Master = m.key
	a.locker, err = locker.Open(ctx, c)
	if errors.Is(err, locker.ErrWrongMaster) && o.master == nil {
		m.key.Wipe()
		a.locker, m, err = a.openSuccessor(ctx, o.cfg.Locker.MasterKey, c)
	}
	a.vault.set(m)
	switch {
	case errors.Is(err, locker.ErrNoKeyring):
		return withNext(fmt.Errorf("open %s: %w", o.cfg.Store.KeysPath, err),
			"put back the keyring that belongs to the store: without it no detail can be read, and none may be sealed under new keys")
	case errors.Is(err, locker.ErrWrongMaster):
		return withNext(err, "check locker.master_key: the keyring was made with another key")
	}
	return err
}

func (a *appliance) openEngine(ctx context.Context, o opening) (err error) {
	if a.policy, err = egress.ParsePolicy(o.cfg.Egress.Allow, o.cfg.Egress.Mode); err != nil {
		return usage(err)
	}
	connectors, err := a.connectors(o)
	if err != nil {
		return err
	}
	transport := egress.Webhooks(a.policy, egress.Options{Header: o.cfg.Webhooks.Timeout.D()})
	a.webhooks = &http.Client{Transport: transport}
	directory, err := o.cfg.Routing.directory()
	if err != nil {
		return err
	}
	failover, err := payout.ParseFailover(o.cfg.Routing.FailoverOn)
	if err != nil {
		return usage(fmt.Errorf("routing.failover_on: %w", err))
	}
	a.archive = archive.NewDir(string(o.cfg.Store.ArchivePath))
	anchor := &anchorFile{path: string(o.cfg.Store.AnchorPath)}
	a.engine, err = engine.Open(ctx, engine.Config{
		Store: a.store, Archive: a.archive, Locker: a.locker, Clock: engine.RealClock(), Rand: rand.Reader, Connectors: connectors, Transport: transport,
		CheckURL: func(raw string) error { _, err := a.policy.CheckURL(raw); return err },
		Render:   o.cfg.withHosted(o.render), OwnHeader: o.cfg.Hosted.ownHeader(), RenderPayment: o.cfg.paymentRenderers(), Facts: facts(), Sought: soughtBy(), NotifyURL: o.cfg.PublicURL(), Timing: o.cfg.timing(), Log: o.log,
		Anchor: anchor, AnyCard: o.cfg.Rest.AcceptAnyCard,
		Directory: directory, Failover: failover, RateSource: o.cfg.Rates.source(a.policy), Statements: iso20022.Reader{},
		Retention: engine.Retention{OneOff: o.cfg.Locker.OneOffRetention.D(), UnusedMethods: o.cfg.Locker.UnusedMethods.D(), Archive: o.cfg.Store.ArchiveAfter.D()},
	})
	if errors.Is(err, engine.ErrForeignAnchor) {
		return anchor.foreign()
	}
	return err
}

// timing is the pace of the work as the engine takes it.
func (c Config) timing() engine.Timing {
	t := engine.Timing{
		Deadline: c.Engine.CallDeadline.D(), Lease: c.Engine.Lease.D(), PollMax: c.Engine.PollMax.D(), Attention: c.Engine.AttentionAfter.D(),
		Claim: c.Engine.ClaimBatch, Workers: c.Engine.Workers + c.Webhooks.Workers, Deliver: c.Webhooks.Timeout.D(),
		TokenTTL: c.Rest.PaymentTokenTTL.D(), Cron: c.Engine.Cron, RatesCron: c.Rates.Cron, BooksCron: c.Reconcile.Cron, NoticeBody: int(c.Webhooks.ResponseKeep.Bytes()),
	}
	for _, p := range c.Engine.Polls {
		t.Polls = append(t.Polls, p.D())
	}
	if c.Engine.Ticker {
		t.Tick = c.Engine.Tick.D()
	}
	return t
}

// Close lets everything go. It waits for what is being written.
func (a *appliance) Close() error {
	var errs []error
	if a.webhooks != nil {
		a.webhooks.CloseIdleConnections()
	}
	if a.locker != nil {
		a.locker.Close()
	}
	a.vault.wipe()
	if a.provider != nil {
		errs = append(errs, a.provider.Close())
	}
	if a.keys != nil {
		errs = append(errs, a.keys.Close())
	}
	if a.archive != nil {
		errs = append(errs, a.archive.Close())
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	return errors.Join(errs...)
}

// newLog is the log as the configuration wants it. Every line passes the
// redactor.
func newLog(c LogConfig, env Env) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		level = slog.LevelInfo // validation admits no other
	}
	options := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(wire.Redacted(slog.NewJSONHandler(env.Stderr, options)))
	}
	return slog.New(wire.Redacted(slog.NewTextHandler(env.Stderr, options)))
}
