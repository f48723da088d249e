package wire_test

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"penstock/httpd/wire"

	"github.com/valyala/fasthttp"
)

// BenchmarkCall is the funnel's own share of a small create, without network:
// copy, authenticate, limit, decode, fingerprint, encode.
func BenchmarkCall(b *testing.B) {
	f, err := wire.New(wire.Config{Now: time.Now, Random: rand.Reader, Limits: wire.Limits{
		Principal: wire.Rate{PerSecond: 1e9, Burst: 1e9}, Address: wire.Rate{PerSecond: 1e9, Burst: 1e9},
	}})
	if err != nil {
		b.Fatal(err)
	}
	m, err := wire.NewMux(f, wire.Mount{Dialect: plain(), Routes: []wire.Route{{Method: "POST", Pattern: "/payouts/{id}",
		Handler: wire.Handle(f, plain(), keys(), wire.Options{},
			func(ctx context.Context, p caller, c *wire.Call, r echoRequest) (echoResponse, error) {
				c.Fingerprint()
				return echo(ctx, p, c, r)
			})}}})
	if err != nil {
		b.Fatal(err)
	}
	var rc fasthttp.RequestCtx
	rc.Init(&fasthttp.Request{}, nil, nil)
	rc.Request.Header.SetMethod("POST")
	rc.Request.SetRequestURI("http://localhost/payouts/po_1")
	rc.Request.Header.SetContentType("application/json")
	rc.Request.Header.Set("api-key", "right")
	rc.Request.Header.Set("Idempotency-Key", "k1")
	rc.Request.SetBodyString(`{"amount":1250,"meta":{"order":"A-1","note":"x"}}`)
	b.ReportAllocs()
	for b.Loop() {
		rc.Response.Reset()
		m.Serve(&rc)
		if rc.Response.StatusCode() != 200 {
			b.Fatal(rc.Response.StatusCode(), string(rc.Response.Body()))
		}
	}
}
