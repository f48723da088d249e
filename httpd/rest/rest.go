// Package rest is the first dialect: payouts with saved payment methods, in
// the words of the API that merchants integrated before (snake_case, integer
// minor units, one api-key header). It translates to the engine and back and
// decides nothing about money; DESIGN.md says where it differs from the
// original on purpose.
//
// The package keeps nothing. After a crash a repeated call with its
// Idempotency-Key gets the answer that the engine stored with the effect, or,
// where the answer was still being waited for, one that is fixed then.
package rest

import (
	"context"
	"errors"
	"io"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

// Config is what the dialect is made of. Engine, Funnel, Now and Random are required.
type Config struct {
	Engine *engine.Engine
	Funnel *wire.Funnel
	Now    func() time.Time
	Random io.Reader // for client secrets; safe for concurrent use
	// FirstWord is how long create, confirm and fulfill wait, after the commit,
	// for the provider's first word. Zero answers at once with what is known.
	FirstWord time.Duration
	// PublicURL is where this server is reached, for the addresses of payout links.
	PublicURL string
	// AdminKey opens the administrator's calls; empty: nobody may make them.
	AdminKey string
	// Environment is what the names of test keys begin with; empty: snd.
	Environment string
	// Page shows the page of a request that has one (engine.Page), with data for
	// scripts that look for it; nil: payout links show nothing.
	Page func(ctx context.Context, c *wire.Call, s engine.Scope, v *engine.View, data any) (wire.Reply, error)
	// LiveKeys says why no live key may be made now; nil: one may.
	LiveKeys func() error
}

// API is the dialect, ready to be mounted. It is safe for concurrent use.
type API struct {
	Config
	dialect *wire.Dialect
}

// New returns an error when something that is required is missing.
func New(c Config) (*API, error) {
	if c.Engine == nil || c.Funnel == nil || c.Now == nil || c.Random == nil {
		return nil, errors.New("rest: Engine, Funnel, Now and Random are needed")
	}
	return &API{Config: c, dialect: &wire.Dialect{Name: "rest", Error: answerError, IgnoreUnknown: true}}, nil
}

// Mount is the dialect's table under the root: it answers for every path that
// no other dialect claims.
func (a *API) Mount() wire.Mount {
	return wire.Mount{Prefix: "", Dialect: a.dialect, Routes: a.routes()}
}
