package httpd_test

import (
	"crypto/rand"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"penstock/httpd"
	"penstock/httpd/wire"
	"penstock/httpd/wire/wiretest"
)

// TestTheReferenceIsReadWithoutAKeyAndWithoutANetwork covers what the browser
// is told it may load.
func TestTheReferenceIsReadWithoutAKeyAndWithoutANetwork(t *testing.T) {
	f, err := wire.New(wire.Config{Now: time.Now, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	m, err := httpd.Reference(f, "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	mux, err := wire.NewMux(f, m, wire.Mount{Dialect: m.Dialect})
	if err != nil {
		t.Fatal(err)
	}
	client := wiretest.Client(t, mux)
	for path, want := range map[string][2]string{
		"/openapi.json":       {"application/json", `"openapi":"3.1.0"`},
		"/docs":               {"text/html; charset=utf-8", "1.2.3"},
		"/docs/saved-methods": {"text/html; charset=utf-8", "Use case 2"},
		"/docs/speed":         {"text/html; charset=utf-8", "penstock bench"},
		"/docs/growth.svg":    {"image/svg+xml", "payouts in the store"},
		"/docs/postman.json":  {"application/json", "UseCase #1"},
		"/docs/style.css":     {"text/css; charset=utf-8", "body"},
	} {
		res, err := client.Get("http://penstock.test" + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || res.Body.Close() != nil {
			t.Fatal(err)
		}
		csp := res.Header.Get("Content-Security-Policy")
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != want[0] || !strings.Contains(string(body), want[1]) || !strings.HasPrefix(csp, "default-src 'none'; style-src 'self';") {
			t.Errorf("%s: %d %s, policy %q, %d bytes", path, res.StatusCode, res.Header.Get("Content-Type"), csp, len(body))
		}
	}
	for what, want := range map[string]int{"GET /docs/": 404, "GET /docs/nothing": 404, "POST /docs": 405, "DELETE /openapi.json": 405} {
		method, path, _ := strings.Cut(what, " ")
		req, err := http.NewRequestWithContext(t.Context(), method, "http://penstock.test"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != want || res.Body.Close() != nil {
			t.Errorf("%s: %d, want %d", what, res.StatusCode, want)
		}
	}
}
