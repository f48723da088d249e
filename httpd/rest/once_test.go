package rest_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
	"penstock/httpd/rest"
	"penstock/httpd/wire"
	"penstock/httpd/wire/wiretest"
	"penstock/locker"
	"penstock/store/mem"
)

// running is a shop whose engine works by itself, in real time.
type running struct {
	t        *testing.T
	client   *http.Client
	engine   *engine.Engine
	provider *sandbox.Provider
	key      string
}

func newRunning(t *testing.T, firstWord time.Duration, hold *gate) *running {
	t.Helper()
	provider, err := sandbox.Open(sandbox.Settings{Now: time.Now})
	must(t, err)
	lock, err := locker.Open(t.Context(), locker.Config{Keys: mem.New(mem.Options{}), Master: locker.NewMaster()})
	must(t, err)
	build := func(a connector.Account) (connector.Connector, error) {
		c, err := sandbox.InProcess(provider)(a)
		return &held{c, hold}, err
	}
	e, err := engine.Open(t.Context(), engine.Config{
		Store: mem.New(mem.Options{}), Locker: lock, Clock: engine.RealClock(), Rand: rand.Reader, Transport: http.DefaultTransport,
		Connectors: map[string]connector.Builder{engine.SandboxName: build}, Render: map[string]engine.Render{"rest": rest.Render}, Log: slog.New(slog.DiscardHandler),
	})
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	r := &running{t: t, engine: e, provider: provider, client: wiretest.Client(t, newMux(t, e, time.Now, firstWord))}
	r.key, _, _ = openShop(t, e, "shop")
	t.Cleanup(func() {
		hold.open()
		stop()
		must(t, <-ended)
		report, err := e.Check(context.Background(), nil)
		must(t, err)
		for _, f := range report.Findings {
			t.Errorf("invariant: %s", f)
		}
	})
	return r
}

// gate holds calls to the provider back until it is opened.
type gate struct {
	once sync.Once
	ch   chan struct{}
}

func newGate() *gate { return &gate{ch: make(chan struct{})} }

func (g *gate) open() {
	if g != nil {
		g.once.Do(func() { close(g.ch) })
	}
}

type held struct {
	connector.Connector
	gate *gate
}

func (h *held) Send(ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
	if h.gate != nil {
		<-h.gate.ch
	}
	return h.Connector.Send(ctx, in)
}

func (h *held) Acquire(ctx context.Context, c connector.Acquisition) (connector.Acquired, error) {
	return h.Connector.(connector.Acquirer).Acquire(ctx, c)
}

func (r *running) do(method, path, body string, header ...string) reply {
	r.t.Helper()
	return send(r.t, r.client, r.key, method, path, body, header...)
}

const payNow = `{"amount":1250,"currency":"EUR","customer_id":"ada","name":"Ada Example","confirm":true,"auto_fulfill":true,"payout_method_data":{"card":{"card_number":"4111111111111111","expiry_month":"3","expiry_year":"30"}}}`

// TestFiftyRepeatsPayOnce sends one create fifty times at once: one payout,
// one movement of money, fifty answers of the same bytes.
func TestFiftyRepeatsPayOnce(t *testing.T) {
	r := newRunning(t, 3*time.Second, nil)
	answers := make([]reply, 50)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = r.do("POST", "/payouts/create", payNow, "Idempotency-Key: one") })
	}
	all.Wait()
	for i, a := range answers {
		if a.status != 200 || a.body != answers[0].body {
			t.Fatalf("answer %d is %d %s, the first one %s", i, a.status, a.body, answers[0].body)
		}
	}
	answers[0].is("status", "success")
	r.do("GET", "/payouts/profile/list", "").ok().is("total_count", 1)
	book, err := r.provider.Ledger()
	must(t, err)
	if len(book) != 1 || book[0].Movements != 1 {
		t.Errorf("the provider's book has %v, want one transfer moved once", book)
	}
}

// TestRepeatsAtOnceHaveOneEffect sends other POSTs many times at once under one
// key: one thing is made of each, and everybody hears the same.
func TestRepeatsAtOnceHaveOneEffect(t *testing.T) {
	r := newRunning(t, time.Second, nil)
	r.do("POST", "/customers", `{"customer_id":"ada","name":"Ada"}`).ok()
	for _, row := range []struct{ path, body, id string }{
		{"/payments", `{"amount":100,"currency":"EUR","confirm":true,"customer_id":"ada",` + ada2030 + `}`, "payment_id"},
		{"/customers", `{"name":"New"}`, "customer_id"},
		{"/payment_methods", `{"customer_id":"ada","payment_method":"card"}`, "payment_method_id"},
		{"/ephemeral_keys", `{"customer_id":"ada"}`, "secret"},
		{"/routing", `{"name":"r","transaction_type":"payout","algorithm":{"type":"single","data":"sandbox"}}`, "id"},
	} {
		answers := make([]reply, 12)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() { answers[i] = r.do("POST", row.path, row.body, "Idempotency-Key: one") })
		}
		all.Wait()
		for _, a := range answers {
			if a.status != 200 || a.body != answers[0].body || a.str(row.id) == "" {
				t.Errorf("%s: %d %s, the first %s", row.path, a.status, a.body, answers[0].body)
			}
		}
	}
}

// TestAnswerShowsTheFirstWord wants a quick provider's word in the answer.
func TestAnswerShowsTheFirstWord(t *testing.T) {
	r := newRunning(t, time.Minute, nil)
	r.do("POST", "/payouts/create", payNow).ok().is("status", "success")
	id := r.do("POST", "/payouts/create", strings.Replace(payNow, `"auto_fulfill":true`, `"auto_fulfill":false`, 1)).ok().is("status", "requires_fulfillment").str("payout_id")
	r.do("POST", "/payouts/"+id+"/fulfill", "").ok().is("status", "success")
	id = r.do("POST", "/payouts/create", strings.Replace(payNow, `"confirm":true`, `"confirm":false`, 1)).ok().is("status", "requires_confirmation").str("payout_id")
	r.do("POST", "/payouts/"+id+"/confirm", "{}").ok().is("status", "success")
}

// TestSlowProviderDoesNotHoldTheAnswer wants the answer after first_word, and
// a repeat of it to say the same although the payout has moved on since.
func TestSlowProviderDoesNotHoldTheAnswer(t *testing.T) {
	slow := newGate()
	r := newRunning(t, time.Millisecond, slow)
	first := r.do("POST", "/payouts/create", payNow, "Idempotency-Key: slow").ok().is("status", "initiated")
	slow.open()
	path := "/payouts/" + first.str("payout_id")
	for r.do("GET", path, "").ok().str("status") != "success" {
		if t.Context().Err() != nil {
			t.Fatal("never paid")
		}
	}
	if again := r.do("POST", "/payouts/create", payNow, "Idempotency-Key: slow").ok(); again.body != first.body {
		t.Errorf("the repeat says %s, the first call %s", again.body, first.body)
	}
}

// TestRepeatsAnswerAlike calls each POST twice with one key: the same bytes
// and no second effect; with another body it is refused, and so is the key on
// another object.
func TestRepeatsAnswerAlike(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	pm, other := s.card("ada"), s.do("POST", "/payment_methods", `{"customer_id":"ada","payment_method":"card"}`).ok()
	waiting := other.str("payment_method_id")
	draft := func(id string) {
		s.do("POST", "/payouts/create", `{"payout_id":"`+id+`","amount":5,"currency":"EUR","customer_id":"ada",`+sepa("NL69TEST0000000001")+`}`).ok()
	}
	for _, id := range []string{"u1", "u2", "c1", "c2", "x1", "x2", "f1", "f2"} {
		draft(id)
	}
	for _, id := range []string{"f1", "f2"} {
		s.do("POST", "/payouts/"+id+"/confirm", "{}").ok()
	}
	s.customer("bea")
	algo := func(name string) string {
		return s.do("POST", "/routing", `{"name":"`+name+`","transaction_type":"payout","algorithm":{"type":"single","data":"sandbox"}}`).ok().str("id")
	}
	one, two := algo("one"), algo("two")
	con, con2 := s.connector("wise"), s.connector("stripe")
	profile := s.do("GET", "/account/shop/business_profile", "").ok().str("0.profile_id")
	s.do("POST", "/account/shop/business_profile/"+profile, `{`+webhooks+`}`).ok()
	s.payout(sepa("NL69TEST0000000001"))
	s.run(time.Minute)
	event := s.admin("POST", "/events/shop", `{}`).ok().str("events.0.event_id")
	kid, kid2 := s.admin("POST", "/api_keys/shop", `{"name":"K","expiration":"never"}`).ok().str("key_id"), s.admin("POST", "/api_keys/shop", `{"name":"L","expiration":"never"}`).ok().str("key_id")
	hold := func(id string) {
		s.do("POST", "/payments", `{"payment_id":"`+id+`","amount":100,"currency":"EUR","confirm":true,"capture_method":"manual",`+ada2030+`}`).ok()
	}
	for _, id := range []string{"h1", "h2", "h3", "h4", "h5"} {
		hold(id)
	}
	s.do("POST", "/payments/h5/capture", `{}`).ok()
	for _, id := range []string{"d1", "d2", "d3", "d4"} {
		s.do("POST", "/payments", `{"payment_id":"`+id+`","amount":100,"currency":"EUR"}`).ok()
	}
	const connector = `{"connector_type":"payout_processor","connector_name":"nomupay","connector_label":"%","connector_account_details":{"auth_type":"NoKey"}}`
	rows := []struct{ method, path, body, otherBody, otherPath string }{
		{"POST", "/accounts", `{"merchant_id":"once"}`, `{"merchant_id":"once","merchant_name":"N"}`, ""},
		{"POST", "/accounts/once", `{"merchant_name":"N"}`, `{"merchant_name":"M"}`, ""},
		{"POST", "/api_keys/shop", `{"name":"K","expiration":"never"}`, `{"name":"L","expiration":"never"}`, ""},
		{"POST", "/api_keys/shop/" + kid, `{"name":"N"}`, `{"name":"M"}`, "/api_keys/shop/" + kid2},
		{"POST", "/events/shop/" + event + "/retry", ``, ``, ""},
		{"POST", "/account/shop/connectors", strings.Replace(connector, "%", "a", 1), strings.Replace(connector, "%", "b", 1), ""},
		{"POST", "/account/shop/connectors/" + con, `{"connector_type":"payout_processor","disabled":true}`, `{"connector_type":"payout_processor","disabled":false}`, "/account/shop/connectors/" + con2},
		{"POST", "/account/shop/business_profile/" + profile, `{"profile_name":"p"}`, `{"profile_name":"q"}`, ""},
		{"POST", "/ephemeral_keys", `{"customer_id":"ada"}`, `{"customer_id":"bea"}`, ""},
		{"POST", "/routing", `{"name":"r","transaction_type":"payout","algorithm":{"type":"single","data":"sandbox"}}`, `{"name":"s","transaction_type":"payout","algorithm":{"type":"single","data":"sandbox"}}`, ""},
		{"POST", "/routing/payouts", `{"name":"r","transaction_type":"payout","algorithm":{"type":"single","data":"sandbox"}}`, `{"name":"s","transaction_type":"payout","algorithm":{"type":"single","data":"sandbox"}}`, ""},
		{"POST", "/routing/" + one + "/activate", `{"transaction_type":"payout"}`, ``, "/routing/" + two + "/activate"},
		{"POST", "/routing/payouts/" + two + "/activate", ``, ``, "/routing/payouts/" + one + "/activate"},
		{"POST", "/routing/payouts/default", `[{"connector":"sandbox"}]`, `[{"connector":"wise"}]`, ""},
		{"POST", "/routing/deactivate", ``, ``, ""},
		{"POST", "/routing/payouts/" + one + "/activate", ``, ``, ""},
		{"POST", "/routing/payouts/deactivate", ``, ``, ""},
		{"POST", "/payments", `{"amount":5,"currency":"EUR"}`, `{"amount":6,"currency":"EUR"}`, ""},
		{"POST", "/payments/d1", `{"amount":6}`, `{"amount":7}`, "/payments/d2"},
		{"POST", "/payments/d3/confirm", `{` + ada2030 + `}`, `{}`, "/payments/d4/confirm"},
		{"POST", "/payments/h1/capture", `{"amount_to_capture":60}`, `{"amount_to_capture":50}`, "/payments/h2/capture"},
		{"POST", "/payments/h3/cancel", ``, ``, "/payments/h4/cancel"},
		{"POST", "/refunds", `{"payment_id":"h5","amount":10}`, `{"payment_id":"h5","amount":11}`, ""},
		{"POST", "/account/shop/business_profile", `{"profile_name":"second"}`, `{"profile_name":"third"}`, ""}, // from here on a payout must name its profile
		{"POST", "/customers", `{"name":"New"}`, `{"name":"Newer"}`, ""},
		{"POST", "/customers/ada", `{"name":"Ada"}`, `{"name":"Bea"}`, "/customers/bea"},
		{"POST", "/payment_methods", `{"customer_id":"ada","payment_method":"card","card":` + adaCard + `}`, `{"customer_id":"ada","payment_method":"card"}`, ""},
		{"POST", "/payment_methods/" + pm + "/update", `{"card":{"nick_name":"a"}}`, `{"card":{"nick_name":"b"}}`, "/payment_methods/" + waiting + "/update"},
		{"POST", "/payment_methods/" + waiting + "/save", `{"card":{"card_number":"4242424242424242","card_exp_month":"1","card_exp_year":"31"}}`, `{"card":` + adaCard + `}`, "/payment_methods/" + pm + "/save"},
		{"POST", "/customers/ada/payment_methods/" + pm + "/default", "", "", "/customers/ada/payment_methods/" + waiting + "/default"},
		{"POST", "/payouts/create", `{"amount":7,"currency":"EUR","profile_id":"` + profile + `"}`, `{"amount":8,"currency":"EUR","profile_id":"` + profile + `"}`, ""},
		{"POST", "/payouts/u2", `{"amount":6}`, `{"amount":9}`, "/payouts/u1"},
		{"PUT", "/payouts/u1", `{"amount":6}`, `{"amount":9}`, "/payouts/u2"},
		{"POST", "/payouts/c1/confirm", `{}`, `{"metadata":{}}`, "/payouts/c2/confirm"},
		{"POST", "/payouts/f1/fulfill", ``, ``, "/payouts/f2/fulfill"},
		{"POST", "/payouts/x1/cancel", ``, ``, "/payouts/x2/cancel"},
	}
	tried := map[string]bool{}
	for i, row := range rows {
		t.Run(row.method+" "+row.path, func(t *testing.T) {
			header := []string{fmt.Sprintf("Idempotency-Key: %q", fmt.Sprint("key ", i)[4:])}
			if strings.HasPrefix(row.path, "/accounts") || strings.HasPrefix(row.path, "/api_keys") || strings.HasPrefix(row.path, "/events") {
				header = append(header, "api-key: "+adminKey)
			}
			tried[patternOf(s.mux, row.method, row.path)] = true
			first := s.do(row.method, row.path, row.body, header...).ok()
			if row.path == "/accounts" || row.path == "/api_keys/shop" || strings.HasSuffix(row.path, "business_profile") { // the secret is in the first answer alone
				first = s.do(row.method, row.path, row.body, header...).ok()
			}
			s.run(time.Second)
			if again := s.do(row.method, row.path, row.body, header...).ok(); again.body != first.body {
				t.Errorf("the repeat says %s, the first call %s", again.body, first.body)
			}
			spaced := strings.ReplaceAll(row.body, ":", " : ")
			if again := s.do(row.method, row.path, spaced, header...).ok(); again.body != first.body {
				t.Errorf("the repeat with other spaces says %s", again.body)
			}
			if row.otherBody != "" {
				r := s.do(row.method, row.path, row.otherBody, header...)
				r.t = t
				r.refused(422, "IR_06", "Idempotency-Key")
			}
			if row.otherPath != "" {
				r := s.do(row.method, row.otherPath, row.body, header...)
				r.t = t
				r.refused(422, "IR_06", "Idempotency-Key")
			}
		})
	}
	for _, r := range s.mux.Routes() {
		if r.Method == "POST" && !tried[r.Method+" "+r.Pattern] && !readOnly(r.Pattern) {
			t.Errorf("%s %s is not tried", r.Method, r.Pattern)
		}
	}
}

// readOnly are the POSTs that change nothing, which a repeat reads anew, and
// those that belong to providers and to recipients.
func readOnly(pattern string) bool {
	return strings.HasSuffix(pattern, "/list") || strings.HasSuffix(pattern, "/filter") || pattern == "/events/{merchant}" || strings.HasPrefix(pattern, "/webhooks/") || strings.HasPrefix(pattern, "/checkin/")
}

// patternOf is the route that a path is served by.
func patternOf(m *wire.Mux, method, path string) string {
	best := ""
	for _, r := range m.Routes() {
		parts, at := strings.Split(r.Pattern, "/"), strings.Split(path, "/")
		fits := r.Method == method && len(parts) == len(at)
		for i := 0; fits && i < len(parts); i++ {
			fits = parts[i] == at[i] || strings.HasPrefix(parts[i], "{")
		}
		if fits && (best == "" || strings.Count(r.Pattern, "{") < strings.Count(best, "{")) {
			best = method + " " + r.Pattern
		}
	}
	return best
}
