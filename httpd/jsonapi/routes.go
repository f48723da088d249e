package jsonapi

import (
	"context"
	"slices"

	"penstock/engine"
	"penstock/httpd/wire"
)

// routes is the table of the dialect.
func (a *API) routes() []wire.Route {
	return slices.Concat(a.keyRoutes())
}

func (a *API) keyRoutes() []wire.Route {
	const path = "/v1/organization/api-keys"
	admin := a.auth(engine.Admin)
	return []wire.Route{
		{Method: "GET", Pattern: path, Handler: route(a, admin, wire.Options{}, a.listKeys)},
		{Method: "POST", Pattern: path, Handler: route(a, admin, wire.Options{}, a.createKey)},
		{Method: "GET", Pattern: path + "/{id}", Handler: route(a, admin, wire.Options{}, a.getKey)},
		{Method: "PATCH", Pattern: path + "/{id}", Handler: route(a, admin, wire.Options{}, a.updateKey)},
		{Method: "POST", Pattern: path + "/{id}/revoke", Handler: route(a, admin, wire.Options{}, a.revokeKey)},
	}
}

// publicRoutes are for browsers, which have a publishable key.
func (a *API) publicRoutes() []wire.Route {
	return nil
}

func route[Req, Resp any](a *API, auth wire.Auth[engine.Caller], o wire.Options, call func(context.Context, engine.Caller, *wire.Call, Req) (Resp, error)) wire.Handler {
	return wire.Handle(a.Funnel, a.dialect, auth, o, call)
}
