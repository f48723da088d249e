// Package jsonapi is the second dialect: the payout gateway, in the words of
// the API that its clients integrated before (JSON:API documents, decimal
// amounts, unix seconds, upper-case statuses). It translates to the engine and
// back and decides nothing about money; DESIGN.md says what was chosen where
// the original is silent.
//
// The package keeps nothing. After a crash a repeated call with its
// reference_id or its Idempotency-Key gets the answer that the engine stored
// with the effect.
package jsonapi

import (
	"errors"
	"io"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

// mediaType is of every answer; bodies are read as this or as plain JSON.
const mediaType = "application/vnd.api+json"

// Config is what the dialect is made of. All of it is required.
type Config struct {
	Engine *engine.Engine
	Funnel *wire.Funnel
	Now    func() time.Time
	Random io.Reader // for the ids of errors; safe for concurrent use
}

// API is the dialect, ready to be mounted. It is safe for concurrent use.
type API struct {
	Config
	dialect *wire.Dialect
}

// New returns an error when something that is required is missing.
func New(c Config) (*API, error) {
	if c.Engine == nil || c.Funnel == nil || c.Now == nil || c.Random == nil {
		return nil, errors.New("jsonapi: Engine, Funnel, Now and Random are needed")
	}
	a := &API{Config: c}
	a.dialect = &wire.Dialect{
		Name: "jsonapi", Error: a.answerError, ContentType: mediaType,
		Media: []string{"application/json", mediaType}, IgnoreUnknown: true,
	}
	return a, nil
}

// Mounts are the dialect's tables: everything below /v1 is answered in its
// words, and what a browser may ask below /public-api.
func (a *API) Mounts() []wire.Mount {
	return []wire.Mount{
		{Prefix: "/v1", Dialect: a.dialect, Routes: a.routes()},
		{Prefix: "/public-api", Dialect: a.dialect, Routes: a.publicRoutes()},
	}
}
