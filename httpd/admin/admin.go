// Package admin is what an operator calls: the JSON API behind the command
// line and the dashboard, and the three public looks at the appliance's state
// (health, readiness, metrics). It translates to the engine and decides
// nothing about money.
//
// The private half is served on a unix socket alone. Its file's permission is
// the authentication: whoever may open it is the operator and may do
// everything, for every merchant. The audit log knows these acts as
// "operator".
//
// The package keeps nothing on disk. After a crash it has forgotten when it
// last looked whether the store commits, and the counts of its metrics.
package admin

import (
	"context"
	"errors"
	"io"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

// Figures are what a store says of itself, for status and metrics.
type Figures struct {
	Commits, Updates, Failures, Bytes uint64
	Queued                            int
	FileBytes, FreeBytes              int64
	LowSpace                          bool
	Merges, Moved                     uint64 // of lazy buckets: transactions, and bytes moved by them
	Damaged                           bool   // a merge met damage, and there are no more of them
}

// Locker is what can be said of a locker to anybody.
type Locker struct {
	Sealed   bool
	Term     uint32
	Rotating bool
	// Given of Needed custodians' shares are there; 0 and 0 when none was given.
	Given  int
	Needed int
}

// Report is what a check found.
type Report = engine.Report

// Config is what an Admin is made of. What concerns the store and the locker
// comes as functions, because the wiring alone knows which they are.
type Config struct {
	Engine  *engine.Engine   // required
	Now     func() time.Time // required
	Version string
	// Commit makes one tiny durable commit; its error says that nothing can be
	// stored. Required.
	Commit  func(context.Context) error
	Figures func() Figures // required
	Locker  func() Locker  // required
	// Stalled is how old the last round of work may be before the appliance is
	// not ready; zero means a minute.
	Stalled time.Duration
	// LiveKeys refuses the first live key of the appliance, with the reason, a
	// *Refusal where a person can do something about it; nil never refuses.
	LiveKeys func() error
	// Backup and Keyring write what `penstock backup` stores.
	Backup, Keyring func(context.Context, io.Writer) error
	// Vault is what can be done with the locker's keys.
	Vault Vault
	// PublicURL is where the public half is reached, without a trailing slash.
	PublicURL string
	Metrics   bool // whether GET /metrics answers
}

// Admin answers an operator. It is safe for concurrent use.
type Admin struct {
	Config
	started time.Time
	health  health
	counts  *counts
}

// New returns an error when something required is missing.
func New(c Config) (*Admin, error) {
	if c.Engine == nil || c.Now == nil || c.Commit == nil || c.Figures == nil || c.Locker == nil {
		return nil, errors.New("admin: Engine, Now, Commit, Figures and Locker are needed")
	}
	if c.Stalled <= 0 {
		c.Stalled = time.Minute
	}
	if c.LiveKeys == nil {
		c.LiveKeys = func() error { return nil }
	}
	a := &Admin{Config: c, started: c.Now()}
	a.counts = newCounts(a)
	return a, nil
}

// Observe counts an answered call, of whatever dialect.
func (a *Admin) Observe(s wire.Served) { a.counts.observe(s) }

// Public is what anybody may ask: health, readiness and, where it is switched
// on, metrics.
func (a *Admin) Public(f *wire.Funnel) wire.Mount {
	d := dialect()
	m := wire.Mount{Prefix: "/health", Dialect: d, Routes: []wire.Route{
		{Method: "GET", Pattern: "/health", Handler: call(f, d, a.getHealth)},
		{Method: "GET", Pattern: "/ready", Handler: call(f, d, a.getReady)},
	}}
	if a.Metrics {
		m.Routes = append(m.Routes, wire.Route{Method: "GET", Pattern: "/metrics", Handler: call(f, d, a.getMetrics)})
	}
	return m
}

// Private is the operator's own API. It must be served where nobody else can
// connect: it authenticates nobody.
func (a *Admin) Private(f *wire.Funnel) wire.Mount {
	d := dialect()
	return wire.Mount{Dialect: d, Routes: append(a.lockerRoutes(f, d), []wire.Route{
		{Method: "GET", Pattern: "/status", Handler: call(f, d, a.getStatus)},
		{Method: "GET", Pattern: "/merchants", Handler: call(f, d, a.listMerchants)},
		{Method: "POST", Pattern: "/merchants", Handler: call(f, d, a.createMerchant)},
		{Method: "GET", Pattern: "/api_keys", Handler: call(f, d, a.listKeys)},
		{Method: "POST", Pattern: "/api_keys", Handler: call(f, d, a.createKey)},
		{Method: "POST", Pattern: "/api_keys/{id}/revoke", Handler: call(f, d, a.revokeKey)},
		{Method: "GET", Pattern: "/payouts", Handler: call(f, d, a.listPayouts)},
		{Method: "POST", Pattern: "/payouts", Handler: call(f, d, a.createPayout)},
		{Method: "GET", Pattern: "/payouts/{id}", Handler: call(f, d, a.getPayout)},
		{Method: "POST", Pattern: "/payouts/{id}/cancel", Handler: call(f, d, a.cancelPayout)},
		{Method: "POST", Pattern: "/payouts/{id}/state", Handler: call(f, d, a.statePayout)},
		{Method: "POST", Pattern: "/brand", Handler: call(f, d, a.setBrand)},
		{Method: "GET", Pattern: "/endpoints", Handler: call(f, d, a.listEndpoints)},
		{Method: "POST", Pattern: "/endpoints", Handler: call(f, d, a.addEndpoint)},
		{Method: "POST", Pattern: "/endpoints/{id}/remove", Handler: call(f, d, a.removeEndpoint)},
		{Method: "GET", Pattern: "/deliveries", Handler: call(f, d, a.listDeliveries)},
		{Method: "POST", Pattern: "/deliveries/{id}/resend", Handler: call(f, d, a.resendDelivery)},
		{Method: "GET", Pattern: "/accounts", Handler: call(f, d, a.listAccounts)},
		{Method: "POST", Pattern: "/accounts", Handler: call(f, d, a.connectAccount)},
		{Method: "GET", Pattern: "/accounts/{id}/breaker", Handler: call(f, d, a.getBreaker)},
		{Method: "POST", Pattern: "/accounts/{id}/breaker/open", Handler: call(f, d, a.openBreaker)},
		{Method: "POST", Pattern: "/accounts/{id}/breaker/close", Handler: call(f, d, a.closeBreaker)},
		{Method: "POST", Pattern: "/accounts/{id}/statements", Handler: callWith(f, d, maxStatement, a.loadStatement)},
		{Method: "POST", Pattern: "/accounts/{id}/pull", Handler: call(f, d, a.pullReports)},
		{Method: "POST", Pattern: "/accounts/{id}/balances", Handler: call(f, d, a.pullBalances)},
		{Method: "GET", Pattern: "/accounts/{id}/books", Handler: call(f, d, a.getBooks)},
		{Method: "GET", Pattern: "/accounts/{id}/books.csv", Handler: call(f, d, a.getBooksCSV)},
		{Method: "POST", Pattern: "/accounts/{id}/books/{line}/explain", Handler: call(f, d, a.explainLine)},
		{Method: "GET", Pattern: "/accounts/{id}/runs", Handler: call(f, d, a.listRuns)},
		{Method: "POST", Pattern: "/accounts/{id}/runs", Handler: call(f, d, a.keepRun)},
		{Method: "GET", Pattern: "/accounts/{id}/runs/{run}", Handler: call(f, d, a.getRun)},
		{Method: "GET", Pattern: "/balances", Handler: call(f, d, a.listStandings)},
		{Method: "GET", Pattern: "/routes", Handler: call(f, d, a.listRoutes)},
		{Method: "POST", Pattern: "/routes/explain", Handler: call(f, d, a.explainRoute)},
		{Method: "GET", Pattern: "/deposits", Handler: call(f, d, a.listDeposits)},
		{Method: "POST", Pattern: "/deposits/{id}/topup", Handler: call(f, d, a.topUp)},
		{Method: "POST", Pattern: "/deposits/{id}/adjust", Handler: call(f, d, a.adjust)},
		{Method: "GET", Pattern: "/deposits/{id}/postings", Handler: call(f, d, a.listPostings)},
		{Method: "GET", Pattern: "/operators", Handler: call(f, d, a.listOperators)},
		{Method: "POST", Pattern: "/operators/invite", Handler: call(f, d, a.inviteOperator)},
		{Method: "POST", Pattern: "/operators/{id}", Handler: call(f, d, a.changeOperator)},
		{Method: "GET", Pattern: "/roles", Handler: call(f, d, a.listRoles)},
		{Method: "POST", Pattern: "/roles", Handler: call(f, d, a.saveRole)},
		{Method: "POST", Pattern: "/roles/{name}/delete", Handler: call(f, d, a.deleteRole)},
		{Method: "GET", Pattern: "/sessions", Handler: call(f, d, a.listSessions)},
		{Method: "POST", Pattern: "/sessions/{id}/end", Handler: call(f, d, a.endSession)},
		{Method: "GET", Pattern: "/audit", Handler: call(f, d, a.listActs)},
		{Method: "POST", Pattern: "/audit/verify", Handler: call(f, d, a.verifyAudit)},
		{Method: "POST", Pattern: "/check", Handler: call(f, d, a.check)},
		{Method: "GET", Pattern: "/hold", Handler: call(f, d, a.getHold)},
		{Method: "POST", Pattern: "/release", Handler: call(f, d, a.release)},
		{Method: "POST", Pattern: "/trust", Handler: call(f, d, a.trust)},
		{Method: "GET", Pattern: "/archive", Handler: call(f, d, a.getArchive)},
		{Method: "POST", Pattern: "/archive", Handler: call(f, d, a.runArchive)},
		{Method: "POST", Pattern: "/backup", Handler: call(f, d, a.backup)},
		{Method: "POST", Pattern: "/keyring", Handler: call(f, d, a.keyring)},
	}...)}
}

// who is nobody in particular: the socket let them in.
type who struct{}

// MaxBody is how long a call to the private half may be: a statement in base64.
const MaxBody = maxStatement

const (
	maxStatement = 48 << 20
	maxOther     = 1 << 20
)

// call is the road of one route. Handlers don't care who calls.
func call[Req, Resp any](f *wire.Funnel, d *wire.Dialect, fn func(context.Context, *wire.Call, Req) (Resp, error)) wire.Handler {
	return callWith(f, d, maxOther, fn)
}

func callWith[Req, Resp any](f *wire.Funnel, d *wire.Dialect, most int, fn func(context.Context, *wire.Call, Req) (Resp, error)) wire.Handler {
	return wire.Handle(f, d, wire.Auth[who]{}, wire.Options{MaxBody: most}, func(ctx context.Context, _ who, c *wire.Call, req Req) (Resp, error) {
		return fn(ctx, c, req)
	})
}

// operator is the caller of every act, for a merchant and a mode. The mode
// defaults to test.
func operator(merchant, mode string) (engine.Caller, error) {
	switch engine.Mode(mode) {
	case "":
		mode = string(engine.Test)
	case engine.Test, engine.Live:
	default:
		return engine.Caller{}, wrong("mode", "wants test or live")
	}
	return engine.Caller{Scope: engine.Scope{Merchant: merchant, Mode: engine.Mode(mode)}, Actor: "operator", Rights: engine.Rights()}, nil
}

// scope reads the caller's merchant and mode out of a query.
func (a *Admin) scope(ctx context.Context, c *wire.Call) (engine.Caller, error) {
	return a.caller(ctx, c.Query("merchant_id"), c.Query("mode"))
}

// caller is operator for a merchant that must exist.
func (a *Admin) caller(ctx context.Context, merchant, mode string) (engine.Caller, error) {
	if merchant == "" {
		return engine.Caller{}, absent("merchant_id")
	}
	who, err := operator(merchant, mode)
	if err != nil {
		return who, err
	}
	_, err = a.Engine.Merchant(ctx, merchant)
	return who, err
}
