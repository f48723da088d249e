package hosted

import (
	"context"

	"penstock/engine"
	"penstock/httpd/wire"
)

// maxBody bounds a create, in bytes.
const maxBody = 64 << 10

// Mounts are the API, the page and the API of the form.
func (a *API) Mounts() []wire.Mount {
	return []wire.Mount{
		{Prefix: "/api/payments", Dialect: a.dialect, Routes: a.routes()},
		{Prefix: "/api/payoutform", Dialect: a.dialect, Routes: a.formRoutes()},
		{Prefix: "/checkin", Dialect: a.page, Routes: a.pageRoutes()},
	}
}

func (a *API) routes() []wire.Route {
	auth, o := a.auth(), wire.Options{MaxBody: maxBody}
	return []wire.Route{
		{Method: "POST", Pattern: "/api/payments", Handler: wire.Handle(a.Funnel, a.dialect, auth, o, a.create)},
		{Method: "GET", Pattern: "/api/payments", Handler: route(a, auth, a.list)},
		{Method: "GET", Pattern: "/api/payments/{id}", Handler: route(a, auth, a.get)},
		{Method: "POST", Pattern: "/api/payments/{id}/cancel", Handler: route(a, auth, a.cancel)},
		{Method: "POST", Pattern: "/api/payments/{id}/link", Handler: route(a, auth, a.renewLink)},
		{Method: "DELETE", Pattern: "/api/payments/{id}/link", Handler: route(a, auth, a.revokeLink)},
	}
}

// route is of a call without a body.
func route[Resp any](a *API, auth wire.Auth[engine.Caller], call func(context.Context, engine.Caller, *wire.Call) (Resp, error)) wire.Handler {
	return wire.Handle(a.Funnel, a.dialect, auth, wire.Options{MaxBody: maxBody}, func(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (Resp, error) {
		return call(ctx, who, c)
	})
}
