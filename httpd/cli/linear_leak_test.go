package cli

import (
	"bytes"
	"context"
	"net/http"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// TestNothingIsLeftAfterServe: server, operator's socket, worker, stores and
// the test provider have all ended when serve returns, also when it is told
// to stop while calls are in flight.
func TestNothingIsLeftAfterServe(t *testing.T) {
	env := Env{Stdout: new(bytes.Buffer), Stderr: new(bytes.Buffer), ExampleConfig: []byte(readExample(t))}
	place, err := initialise(t.Context(), env, filepath.Join(t.TempDir(), "pay"), "127.0.0.1:0", "owner@localhost")
	if err != nil {
		t.Fatal(err)
	}
	cfg, _, err := LoadConfig(place.Config, nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Log.Level, cfg.Store.MinFree = "error", 1<<20
	// fasthttp's pool looks every ten seconds whether it was stopped; it ends
	// by itself and holds nothing.
	pool := goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2")
	serveOnce(t, env, cfg, place) // what a process starts once and keeps is there after it
	before := goleak.IgnoreCurrent()
	for range 2 {
		serveOnce(t, env, cfg, place)
	}
	if err := goleak.Find(before, pool); err != nil {
		t.Error(err)
	}
}

// serveOnce serves a few payouts and stops in the middle of them.
func serveOnce(t *testing.T, env Env, cfg Config, place made) {
	t.Helper()
	d, err := newDaemon(t.Context(), env, cfg)
	if err != nil {
		t.Fatal(err)
	}
	run, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.run(run, func() {}) }()
	api := &caller{d.cfg.PublicURL(), place.Key, &http.Client{Timeout: patience, Transport: &http.Transport{}}}
	var customer struct {
		ID string `json:"customer_id"`
	}
	if err := api.do(t.Context(), http.MethodPost, "/customers", map[string]any{"name": "Ada"}, &customer); err != nil {
		t.Fatal(err)
	}
	var callers sync.WaitGroup
	answered := make(chan error, 8)
	for range 8 {
		callers.Go(func() {
			body := map[string]any{"amount": 100, "currency": "EUR", "confirm": true, "auto_fulfill": true, "customer_id": customer.ID,
				"payout_type": "card", "payout_method_data": map[string]any{"card": map[string]any{"card_number": benchCardNumber, "expiry_month": "12", "expiry_year": "2035"}}}
			for range 20 {
				var out struct {
					ID string `json:"payout_id"`
				}
				err := api.do(t.Context(), http.MethodPost, "/payouts/create", body, &out)
				select {
				case answered <- err:
				default: // the server may be gone by now
				}
			}
		})
	}
	for range 8 {
		if err := soon(t, "eight calls are answered", answered); err != nil {
			t.Error(err)
		}
	}
	stop()
	if err := soon(t, "the server has ended", ended); err != nil {
		t.Errorf("serve: %v", err)
	}
	soon(t, "the callers have heard of it", all(&callers))
	api.http.CloseIdleConnections()
}
