package admin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
	"penstock/httpd/wire"
	"penstock/httpd/wire/wiretest"
	"penstock/locker"
	"penstock/store/mem"
)

// office is an Admin over a real engine, and clients of both of its halves.
type office struct {
	t       *testing.T
	admin   *Admin
	now     atomic.Int64 // seconds that have passed
	later   atomic.Int64 // by which the engine's own time has gone on
	commits int
	broken  error
	private *http.Client
	public  *http.Client
}

// laterClock is a clock whose own time a test moves on.
type laterClock struct {
	engine.Clock
	later *atomic.Int64
}

func (c *laterClock) Mono() time.Duration { return c.Clock.Mono() + time.Duration(c.later.Load()) }

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t}
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	now := func() time.Time { return start.Add(time.Duration(o.now.Load()) * time.Second) }
	keys, records := mem.New(mem.Options{}), mem.New(mem.Options{})
	lock, err := locker.Open(t.Context(), locker.Config{Keys: keys, Master: locker.NewMaster()})
	if err != nil {
		t.Fatal(err)
	}
	bank, err := sandbox.Open(sandbox.Settings{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(t.Context(), engine.Config{
		Store: records, Locker: lock, Clock: &laterClock{engine.RealClock(), &o.later}, Rand: rand.Reader, Transport: http.DefaultTransport, Log: slog.New(slog.DiscardHandler),
		Connectors: map[string]connector.Builder{"sandbox": sandbox.InProcess(bank)},
		Render:     map[string]engine.Render{"rest": func(engine.Occasion) (string, []byte, error) { return "", nil, nil }},
		CheckURL: func(u string) error {
			if strings.Contains(u, "127.0.0.1") {
				return errors.New("url_not_allowed")
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	o.admin, err = New(Config{
		Engine: e, Now: now, Version: "test", Metrics: true, Figures: func() Figures { return Figures{} }, Locker: func() Locker { return Locker{Term: 1} },
		Commit:   func(context.Context) error { o.commits++; return o.broken },
		LiveKeys: func() error { return &Refusal{"not beside the store", "move it"} },
		Backup:   func(_ context.Context, w io.Writer) error { _, err := io.WriteString(w, "copy"); return err },
	})
	if err != nil {
		t.Fatal(err)
	}
	f, err := wire.New(wire.Config{Now: now, Random: rand.Reader, Observe: o.admin.Observe})
	if err != nil {
		t.Fatal(err)
	}
	rest := wire.Mount{Dialect: dialect()}
	for client, mounts := range map[**http.Client][]wire.Mount{&o.private: {o.admin.Private(f)}, &o.public: {o.admin.Public(f), rest}} {
		mux, err := wire.NewMux(f, mounts...)
		if err != nil {
			t.Fatal(err)
		}
		*client = wiretest.Client(t, mux)
	}
	return o
}

// ask returns status and body of one call.
func (o *office) ask(c *http.Client, method, path, body string) (int, string) {
	o.t.Helper()
	req, err := http.NewRequestWithContext(o.t.Context(), method, "http://penstock"+path, strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// TestEveryCodeHasAStatus holds the table whole.
func TestEveryCodeHasAStatus(t *testing.T) {
	for _, code := range engine.Codes() {
		status, fault := explain(fmt.Errorf("act: %w", &engine.Error{Code: code, Message: "m"}))
		if statuses[code] == 0 || status != statuses[code] || fault.Code != string(code) {
			t.Errorf("%s: status %d, code %q; want a row of its own", code, status, fault.Code)
		}
	}
	if status, fault := explain(errors.New("secret inside")); status != 500 || strings.Contains(fault.Message, "secret") {
		t.Errorf("an unknown error gives %d and %q, want 500 without its text", status, fault.Message)
	}
}

func TestOperatorIsHeldToTheRules(t *testing.T) {
	o := newOffice(t)
	rows := []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/merchants", `{"merchant_id":"shop"}`, 200, `"merchant_id":"shop"`},
		{"POST", "/merchants", `{"merchant_id":"shop"}`, 409, `"code":"exists"`},
		{"POST", "/merchants", `{"merchant_id":"x","colour":"red"}`, 400, `colour`},
		{"POST", "/merchants", `{"merchant_id":"x","merchant_id":"y"}`, 400, `"code":"invalid"`},
		{"GET", "/merchants?limit=1001", "", 400, `"field":"limit"`},
		{"POST", "/api_keys", `{"merchant_id":"shop","mode":"test","scopes":["all"]}`, 200, `"publishable_key":"pk_`},
		{"POST", "/api_keys", `{"merchant_id":"shop","mode":"test","scopes":["payouts"],"allow":["192.0.2.1","2001:db8::/32"]}`, 200, `"api_key":"snd_`},
		{"GET", "/api_keys?merchant_id=shop", "", 200, `"allow":["192.0.2.1/32","2001:db8::/32"]`},
		{"POST", "/api_keys", `{"merchant_id":"shop","mode":"test","scopes":["payouts"],"allow":["home"]}`, 400, `wants IP addresses`},
		{"POST", "/api_keys", `{"merchant_id":"shop","mode":"test","scopes":[]}`, 400, `scopes is required`},
		{"POST", "/api_keys", `{"merchant_id":"shop","mode":"live","scopes":["all"]}`, 403, `"code":"refused","message":"not beside the store","hint":"move it"`},
		{"POST", "/api_keys", `{"merchant_id":"nobody","mode":"test","scopes":["all"]}`, 404, `"object":"merchant"`},
		{"POST", "/api_keys", `{"merchant_id":"shop","scopes":["all"]}`, 400, `mode is required`},
		{"GET", "/payouts?merchant_id=shop&mode=both", "", 400, `"field":"mode"`},
		{"GET", "/payouts", "", 400, `merchant_id is required`},
		{"GET", "/payouts?merchant_id=shop", "", 200, `{"data":[],"more":false}`},
		{"POST", "/payouts", `{"merchant_id":"shop","amount":12.5,"currency":"EUR","method":"sepa","details":{"iban":"NL69TEST0000000001"}}`, 200, `"amount":"12.50"`},
		{"POST", "/payouts", `{"merchant_id":"shop","amount":"0","currency":"EUR","method":"sepa","details":{"iban":"NL69TEST0000000001"}}`, 400, `more than nothing`},
		{"POST", "/payouts", `{"merchant_id":"shop","amount":"1","currency":"EUR","method":"sepa","payment_method_id":"pm_1"}`, 400, `saved payment method`},
		{"POST", "/endpoints", `{"merchant_id":"shop","mode":"test","url":"http://127.0.0.1/","profile":"rest"}`, 403, `egress.allow`},
		{"POST", "/endpoints", `{"merchant_id":"shop","mode":"test","url":"https://x.example/","profile":"hosted"}`, 501, `profile hosted`},
		{"POST", "/endpoints", `{"merchant_id":"shop","mode":"test","url":"https://x.example/","profile":"rest"}`, 200, `"secret":"whsec_`},
		{"POST", "/accounts", `{"merchant_id":"shop","mode":"test","provider":"sandbox","base_url":"ftp://x"}`, 400, `"field":"base_url"`},
		{"POST", "/accounts", `{"merchant_id":"shop","mode":"test","provider":"sandbox","base_url":"http://127.0.0.1:1"}`, 200, `"disabled":false`},
		{"GET", "/accounts?merchant_id=shop", "", 200, `"label":"sandbox_default","disabled":true`},
		{"POST", "/audit/verify", "", 200, `"sound":true`},
		{"POST", "/check", "", 200, `{"report":{"counts":{`},
		{"POST", "/backup", "", 200, `copy`},
		{"POST", "/keyring", "", 501, `makes no backups`},
		{"GET", "/nothing", "", 404, `"code":"not_found"`},
		{"DELETE", "/payouts", "", 405, `"error"`},
	}
	for _, row := range rows {
		status, text := o.ask(o.private, row.method, row.path, row.body)
		if status != row.status || !strings.Contains(text, row.want) {
			t.Errorf("%s %s %s: %d %s, want %d with %s", row.method, row.path, row.body, status, text, row.status, row.want)
		}
	}
}

// TestOperatorsActsAreAudited: the log knows who made what.
func TestOperatorsActsAreAudited(t *testing.T) {
	o := newOffice(t)
	o.ask(o.private, "POST", "/merchants", `{"merchant_id":"shop"}`)
	_, text := o.ask(o.private, "GET", "/audit?limit=1", "")
	for _, want := range []string{`"actor":"operator"`, `"action":"merchant.create"`, `"object":"shop"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the newest line is %s, want %s in it", text, want)
		}
	}
}

// TestHealthCommitsAtMostOnceASecond: who may ask for health must not be able
// to keep the disk busy, and a store that fails must show.
func TestHealthCommitsAtMostOnceASecond(t *testing.T) {
	o := newOffice(t)
	for range 5 {
		if status, text := o.ask(o.public, "GET", "/health", ""); status != 200 || !strings.Contains(text, `"status":"ok"`) {
			t.Fatalf("health: %d %s", status, text)
		}
	}
	if o.commits != 1 {
		t.Errorf("5 looks within a second made %d commits, want 1", o.commits)
	}
	o.broken = errors.New("disk on fire")
	o.now.Add(1)
	if status, text := o.ask(o.public, "GET", "/health", ""); status != 503 || strings.Contains(text, "fire") || !strings.Contains(text, `"status":"down"`) {
		t.Errorf("health of a store that can't commit: %d %s, want 503 without the reason", status, text)
	}
	if status, text := o.ask(o.public, "GET", "/ready", ""); status != 503 || !strings.Contains(text, `"store":"down"`) {
		t.Errorf("readiness of a store that can't commit: %d %s", status, text)
	}
}

// TestMetricsTellNothingOfAnybody: counts and times, no ids and no amounts.
func TestMetricsTellNothingOfAnybody(t *testing.T) {
	o := newOffice(t)
	o.ask(o.private, "POST", "/merchants", `{"merchant_id":"secretshop"}`)
	o.ask(o.private, "GET", "/payouts/payout_x?merchant_id=secretshop", "")
	status, text := o.ask(o.public, "GET", "/metrics", "")
	if status != 200 {
		t.Fatalf("metrics: %d %s", status, text)
	}
	for _, want := range []string{"penstock_sends_total 0", "penstock_last_round_age_seconds", "go_goroutines", `penstock_http_requests_total{dialect="admin",method="GET",route="/payouts/{id}",status="404"} 1`} {
		if !strings.Contains(text, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if strings.Contains(text, "secretshop") || strings.Contains(text, "payout_x") {
		t.Error("metrics name somebody")
	}
}

// TestOperatorsAPIIsNotPublic: the public half has three looks and no more.
func TestOperatorsAPIIsNotPublic(t *testing.T) {
	o := newOffice(t)
	for _, r := range o.admin.Private(&wire.Funnel{}).Routes {
		path := strings.ReplaceAll(r.Pattern, "{id}", "x")
		if status, text := o.ask(o.public, r.Method, path, ""); status != 404 {
			t.Errorf("%s %s is answered in public: %d %s", r.Method, path, status, text)
		}
	}
	if status, _ := o.ask(o.private, "GET", "/metrics", ""); status != 404 {
		t.Errorf("metrics on the socket: %d, want 404", status)
	}
}

// TestHoldIsShownAndReleased: who may look sees that nothing is sent; only the
// operator learns why, and ends it; the audit log has both.
func TestHoldIsShownAndReleased(t *testing.T) {
	o := newOffice(t)
	rows := []struct {
		client             *http.Client
		method, path, body string
		status             int
		want               string
	}{
		{o.private, "GET", "/hold", "", 200, `{"held":"","uncertain":0,"recovered":0}`},
		{o.private, "POST", "/release", `{}`, 409, "not on hold"},
		{o.private, "GET", "/archive", "", 200, `{"after_seconds":0,"requests":0,"bytes":0,"missing":0,"segments":[]}`},
		{o.private, "POST", "/archive", `{}`, 409, "store.archive_after"},
		{o.public, "POST", "/archive", `{}`, 404, ""},
		{o.public, "GET", "/metrics", "", 200, "penstock_on_hold 0"},
		{nil, "", "", "", 0, ""}, // from here on it is held
		{o.public, "GET", "/ready", "", 503, `"status":"held"`},
		{o.public, "GET", "/health", "", 200, `"status":"ok"`},
		{o.public, "GET", "/metrics", "", 200, "penstock_on_hold 1"},
		{o.public, "POST", "/release", `{}`, 404, ""},
		{o.private, "GET", "/status", "", 200, `"held":"for a reason"`},
		{o.private, "GET", "/hold", "", 200, `{"held":"for a reason","uncertain":0,"recovered":0}`},
		{o.private, "POST", "/release", `{}`, 503, `"retry_after":`},
		{nil, "", "", "", 1, ""}, // and from here on nothing that was sent before can arrive
		{o.private, "POST", "/trust", `{}`, 409, "every provider account is trusted"},
		{o.private, "POST", "/release", `{}`, 200, `{"released":"for a reason"}`},
		{o.private, "POST", "/release", `{}`, 409, "not on hold"},
		{o.private, "GET", "/audit", "", 200, `"action":"sends.release","object":"for a reason"`},
	}
	for _, row := range rows {
		if row.client == nil && row.status > 0 {
			o.later.Store(int64(time.Hour))
			continue
		}
		if row.client == nil {
			if _, err := o.admin.Engine.CreateMerchant(t.Context(), engine.Caller{Actor: "operator"}, "shop", ""); err != nil { // whose provider may still act
				t.Fatal(err)
			}
			if _, err := o.admin.Engine.HoldSends(t.Context(), engine.Caller{Actor: "operator"}, "for a reason"); err != nil {
				t.Fatal(err)
			}
			continue
		}
		status, text := o.ask(row.client, row.method, row.path, row.body)
		if status != row.status || !strings.Contains(text, row.want) {
			t.Errorf("%s %s: %d %s, want %d with %s", row.method, row.path, status, text, row.status, row.want)
		}
		if row.client == o.public && strings.Contains(text, "for a reason") {
			t.Errorf("%s %s tells everybody why", row.method, row.path)
		}
	}
}
