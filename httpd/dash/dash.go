// Package dash is the operator's dashboard: who is logged in, pages, and the
// acts that people do on them. It translates to the engine and decides nothing
// about money; how a page looks is httpd/ui's business.
//
// It is served in public, so unlike the operator's socket it authenticates
// everybody: by a session of the engine's, whose token is in a cookie that no
// script reads. Every act is a POST with a token that another site can't
// know. The address of a page names mode and merchant, so test and live never
// share one.
//
// The package keeps nothing on disk, and in memory nothing but statements that
// wait to be looked at. After a crash everybody is where they were, and chooses
// such a file again.
package dash

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// Root is where the dashboard is. One-time links lead to Setup.
const (
	Root  = "/dashboard"
	Setup = "/setup"
)

// State is what the appliance says of itself on the first page.
type State struct {
	Version  string
	Sealed   bool
	LowSpace bool
	Stalled  time.Duration // how old the last round of work may be

	// What the page about the appliance shows besides; zero where it isn't known.
	Started              time.Time
	FileBytes, FreeBytes int64 // of the store
	Commits              uint64
	Term                 uint32 // of the locker's keys
	Rotating             bool
	Given, Needed        int // of the custodians' shares
	Backup               Backup
}

// Backup is how the backups stand.
type Backup struct {
	Last     time.Time // the latest that was made whole; zero: none is known
	Problem  string    // why the last try on schedule failed; safe to show
	Schedule string    // cron, in UTC; empty: none is made by itself
	Next     time.Time
	Target   string // without credentials
	Keep     int    // how many are kept; zero: it isn't known
}

// Config is what a Dash is made of.
type Config struct {
	Engine *engine.Engine   // required
	Funnel *wire.Funnel     // required
	Now    func() time.Time // required; of pages that show times
	Random io.Reader        // required; salts of passwords, tokens of forms
	State  func() State     // required
	// PublicURL is where the dashboard is reached, without a trailing slash; in
	// one-time links.
	PublicURL string
	// LiveKeys says why no live key may be made; nil: one may.
	LiveKeys func(context.Context) error
	// PageAddress is the address at which the recipient of a request says where
	// the money goes; nil: it isn't shown.
	PageAddress func(engine.Scope, *engine.Request) (string, error)
	// LinkTTL is how long such an address is good; zero: 72 hours.
	LinkTTL time.Duration
	// LiveFor is how long one stream of changes lasts; less than the server
	// gives an answer. Zero: 8 seconds.
	LiveFor time.Duration
	// Magic are the test provider's accounts, shown where a test payout is made.
	Magic []Magic
	// Cost of passwords; the zero value is the standard.
	Cost Cost
}

// Magic is an account of the test provider that decides the end of a payout.
// The Name works in the test service's field.
type Magic struct{ Name, Meaning, Card, IBAN, Account string }

// Dash serves the dashboard. It is safe for concurrent use.
type Dash struct {
	Config
	ui      *ui.UI
	held    holds         // statements that wait for a confirmation
	streams streams       // of pages that keep themselves up to date
	hashing chan struct{} // bounds how many passwords are hashed at one time
	nobody  string        // the hash that the password of nobody is held against
}

// New returns an error when something required is missing.
func New(c Config) (*Dash, error) {
	if c.Engine == nil || c.Funnel == nil || c.Now == nil || c.Random == nil || c.State == nil {
		return nil, errors.New("dash: Engine, Funnel, Now, Random and State are needed")
	}
	face, err := ui.New(Root + "/assets")
	if err != nil {
		return nil, err
	}
	d := &Dash{Config: c, ui: face, hashing: make(chan struct{}, 2)}
	d.Cost = c.Cost.filled()
	d.nobody, err = d.hash(context.Background(), "nobody's password")
	return d, err
}

// Mounts are the dashboard and the one-time links.
func (d *Dash) Mounts() []wire.Mount {
	voice := d.dialect()
	return []wire.Mount{
		{Prefix: Root, Dialect: voice, Routes: d.routes(voice)},
		{Prefix: Setup, Dialect: voice, Routes: []wire.Route{
			d.open(voice, "GET", Setup+"/{token}", d.showSetup),
			d.open(voice, "POST", Setup+"/{token}", d.setUp),
		}},
	}
}

// visit is one request of somebody who is logged in.
type visit struct {
	*wire.Call
	token   string // of the session
	session *engine.Session
	who     *engine.Operator
	form    form // of a POST, whose token was right
	scope   engine.Scope
	shop    *engine.Merchant // of a page that belongs to one
	sheet   *sheet           // of a list that becomes a file; else nil
}

// caller is who gives commands to the engine.
func (v *visit) caller() engine.Caller {
	return engine.Caller{Scope: v.scope, Actor: v.who.ID, Rights: engine.Rights()}
}

// at is the address of a page of this merchant and mode.
func (v *visit) at(path string) string { return shopPath(v.scope, path) }

func shopPath(s engine.Scope, path string) string {
	return Root + "/" + string(s.Mode) + "/" + s.Merchant + path
}

// here is the address of this page without merchant and mode; "" is the first.
func (v *visit) here() string {
	rest, _ := strings.CutPrefix(v.Path, shopPath(v.scope, ""))
	return rest
}

type handler func(context.Context, *visit) (wire.Reply, error)

// open is a route that needs no session.
func (d *Dash) open(voice *wire.Dialect, method, pattern string, fn func(context.Context, *wire.Call) (wire.Reply, error)) wire.Route {
	return wire.Route{Method: method, Pattern: pattern, Handler: wire.Handle(d.Funnel, voice, wire.Auth[struct{}]{}, wire.Options{},
		func(ctx context.Context, _ struct{}, c *wire.Call, _ wire.Raw) (wire.Reply, error) { return fn(ctx, c) })}
}

// page is a route for who is logged in. need, unless it is "", is what the
// role must allow.
func (d *Dash) page(voice *wire.Dialect, method, pattern string, need engine.Permit, fn handler) wire.Route {
	auth := wire.Auth[*visit]{Check: d.enter, Who: func(v *visit) wire.Who { return wire.Who{KeyID: v.session.ID} }}
	var o wire.Options
	if strings.Contains(pattern, loadPath) {
		o.Timeout = loadTime
	}
	return wire.Route{Method: method, Pattern: pattern, Handler: wire.Handle(d.Funnel, voice, auth, o,
		func(ctx context.Context, v *visit, _ *wire.Call, _ wire.Raw) (wire.Reply, error) {
			if need != "" && !v.who.May(need) {
				return wire.Reply{}, &forbidden{v.who.Role}
			}
			if method == "POST" {
				if err := v.readForm(); err != nil {
					return wire.Reply{}, err
				}
			}
			r, err := fn(ctx, v)
			if status, m := explain(err); err != nil && status < 500 && v.shop != nil {
				m.Ref = v.RequestID
				return d.message(ctx, v, status, m) // within the shell, so that one can go on
			}
			return r, err
		})}
}

// shop are the two routes of a page that belongs to a merchant, one for each
// mode: which it is stands in the route, so it can't be mistaken.
func (d *Dash) shop(voice *wire.Dialect, method, path string, need engine.Permit, fn handler) []wire.Route {
	var out []wire.Route
	for _, mode := range []engine.Mode{engine.Test, engine.Live} {
		out = append(out, d.page(voice, method, Root+"/"+string(mode)+"/{merchant}"+path, need, func(ctx context.Context, v *visit) (wire.Reply, error) {
			m, err := d.Engine.Merchant(ctx, v.Param("merchant"))
			if err != nil {
				return wire.Reply{}, err
			}
			v.shop, v.scope = m, engine.Scope{Merchant: m.ID, Mode: mode}
			if to := d.wantsProof(v, path); to != "" {
				return goTo(to), nil
			}
			return fn(ctx, v)
		}))
	}
	return out
}
