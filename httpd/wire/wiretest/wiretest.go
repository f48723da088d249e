// Package wiretest puts a dialect's routes behind a real HTTP server and
// client in one process, for the dialects' own tests. Nothing is doubled: it
// is fasthttp over a pipe.
package wiretest

import (
	"context"
	"net"
	"net/http"
	"testing"

	"penstock/httpd/wire"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"
)

// Client returns a client whose every request, whatever its host, goes to m.
// It follows no redirects. The server ends with the test.
func Client(t testing.TB, m *wire.Mux) *http.Client {
	t.Helper()
	ln := fasthttputil.NewInmemoryListener()
	srv := &fasthttp.Server{Handler: m.Serve, MaxRequestBodySize: 32 << 20, NoDefaultServerHeader: true, NoDefaultDate: true, CloseOnShutdown: true}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	transport := &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return ln.Dial() },
	}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := ln.Close(); err != nil {
			t.Errorf("close listener: %v", err)
		}
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
