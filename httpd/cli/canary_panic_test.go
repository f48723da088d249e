package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"penstock/engine/connector"
	"penstock/httpd/client"
)

// indiscreet is a connector that dies with what it was given on its lips, in
// one way after another.
type indiscreet struct {
	mu    sync.Mutex
	calls int
}

func (c *indiscreet) Traits() connector.Traits { return connector.Traits{Idempotent: true} }

func (c *indiscreet) Send(_ context.Context, in connector.Instruction) (connector.Outcome, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	number := in.Details["card_number"]
	switch c.calls % 6 {
	case 0:
		panic("can't pay " + number)
	case 1:
		panic(fmt.Errorf("can't pay: %w", errors.New(grouped(number, " "))))
	case 2:
		panic(in)
	case 3:
		panic(map[string]any{"number": number, "all": in.Details})
	case 4:
		panic([]byte(grouped(number, "-")))
	}
	var none []string
	return connector.Outcome{Message: none[len(number)]}, nil
}

func (c *indiscreet) Lookup(context.Context, string) (connector.Outcome, error) {
	return connector.Outcome{Verdict: connector.Unknown}, connector.ErrNoLookup
}

// locked is a buffer that the server writes and the test reads.
type locked struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *locked) bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.buf.Bytes())
}

// TestPanicTellsNoAccount: whatever a connector panics with is in the log
// without the account, and in no other place.
func TestPanicTellsNoAccount(t *testing.T) {
	said := new(locked)
	env := Env{Stdout: new(bytes.Buffer), Stderr: said, ExampleConfig: []byte(readExample(t))}
	place, err := initialise(t.Context(), env, filepath.Join(t.TempDir(), "pay"), "127.0.0.1:0", "owner@localhost")
	if err != nil {
		t.Fatal(err)
	}
	cfg, _, err := LoadConfig(place.Config, []string{"PENSTOCK_REST_ACCEPT_ANY_CARD=true", "PENSTOCK_LOG_LEVEL=debug", "PENSTOCK_ENGINE_FIRST_WORD=0s", "PENSTOCK_ENGINE_CALL_DEADLINE=100ms", "PENSTOCK_ENGINE_LEASE=200ms", "PENSTOCK_STORE_MIN_FREE=1MiB"})
	if err != nil {
		t.Fatal(err)
	}
	d, err := newDaemon(t.Context(), env, cfg)
	if err != nil {
		t.Fatal(err)
	}
	bad := &indiscreet{}
	for name := range d.engine.Connectors {
		d.engine.Connectors[name] = func(connector.Account) (connector.Connector, error) { return bad, nil }
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.run(ctx, func() {}) }()

	const payouts = 12
	a, secret := newAviary(3), []canary{}
	api := &caller{d.cfg.PublicURL(), place.Key, web}
	var answers bytes.Buffer
	for range payouts {
		c := a.card()
		secret = append(secret, c)
		var out payoutAnswer
		if err := api.do(t.Context(), http.MethodPost, "/payouts/create", paid(c, func(map[string]any) {}).body, &out); err != nil {
			t.Fatal(err)
		}
	}
	ops, scope := client.New(d.cfg.SocketPath()), client.Scope{Merchant: firstMerchant, Mode: "test"}
	seen := map[string]client.Payout{}
	waitFor(t, "a person has to decide about each", func() bool {
		(&crash{t: t}).readAll(ops, scope, seen)
		aside := 0
		for _, p := range seen {
			if p.Moderation != "" {
				aside++
			}
		}
		return aside == payouts
	})
	for id := range seen {
		p, err := ops.Payout(t.Context(), scope, id)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&answers, "%+v\n", p)
	}
	stop()
	if err := soon(t, "the server has ended", ended); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(place.Config), "penstock.db"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(said.bytes()), "work panicked"); n < payouts {
		t.Errorf("%d panics in the log, want at least %d\n%s", n, payouts, said.bytes())
	}
	for name, text := range map[string][]byte{"the log": said.bytes(), "the payouts": answers.Bytes(), "the store": text} {
		if found := newSeeker(secret).in(text); len(found) > 0 {
			t.Errorf("%s: %d card numbers, the first %s, at byte %d", name, len(found), found[0].form, found[0].at)
		}
	}
}
