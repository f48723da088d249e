package httpd

import (
	"context"

	"penstock/httpd/docs"
	"penstock/httpd/wire"
)

// Reference is the description of the APIs at /openapi.json, and at /docs the
// page that a browser reads without a network. Anybody may ask for them: they
// say what the product can do and nothing of who uses it.
func Reference(f *wire.Funnel, version string) (wire.Mount, error) {
	description, err := docs.OpenAPI(version)
	if err != nil {
		return wire.Mount{}, err
	}
	page, err := docs.Page(version)
	if err != nil {
		return wire.Mount{}, err
	}
	d := neutral()
	const sealed = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	file := func(kind string, body []byte) wire.Handler {
		r := wire.Reply{Body: body, Header: [][2]string{
			{"Content-Type", kind}, {"Content-Security-Policy", sealed}, {"Cache-Control", "public, max-age=300"},
		}}
		return wire.Handle(f, d, wire.Auth[struct{}]{}, wire.Options{}, func(context.Context, struct{}, *wire.Call, wire.None) (wire.Reply, error) { return r, nil })
	}
	return wire.Mount{Prefix: "/docs", Dialect: d, Routes: []wire.Route{
		{Method: "GET", Pattern: "/openapi.json", Handler: file("application/json", description)},
		{Method: "GET", Pattern: "/docs", Handler: file("text/html; charset=utf-8", page)},
		{Method: "GET", Pattern: "/docs/saved-methods", Handler: file("text/html; charset=utf-8", docs.Guide())},
		{Method: "GET", Pattern: "/docs/speed", Handler: file("text/html; charset=utf-8", docs.Speed())},
		{Method: "GET", Pattern: "/docs/growth.svg", Handler: file("image/svg+xml", docs.Growth())},
		{Method: "GET", Pattern: "/docs/postman.json", Handler: file("application/json", docs.Postman())},
		{Method: "GET", Pattern: "/docs/style.css", Handler: file("text/css; charset=utf-8", docs.Style())},
	}}, nil
}
