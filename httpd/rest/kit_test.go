package rest_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector/sandbox"
	"penstock/engine/sim"
	"penstock/httpd/docs/docstest"
	"penstock/httpd/hosted"
	"penstock/httpd/rest"
	"penstock/httpd/wire"
	"penstock/httpd/wire/wiretest"
)

const adminKey = "test_admin_key_0123456789"

// shop is a merchant with a key, in a simulated world behind a real HTTP
// server. Each test ends by judging every invariant.
type shop struct {
	*sim.World
	t       *testing.T
	client  *http.Client
	mux     *wire.Mux
	id      string
	key, pk string
	keyID   string
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func operator(merchant string) engine.Caller {
	return engine.Caller{Scope: engine.Scope{Merchant: merchant, Mode: engine.Test}, Actor: "operator", Rights: engine.Rights()}
}

// payoutConnectors are the names that a payout may be restricted to.
func payoutConnectors() []string {
	return []string{"adyen", "adyenplatform", "cybersource", "ebanx", "envoy", "gigadat", "itaubank", "loonio", "nomupay", "nuvei", "payone", "paypal", "stripe", "truelayer", "trustly", "wise", "worldpay", "worldpayxml"}
}

func newShop(t *testing.T) *shop {
	t.Helper()
	w, err := sim.New(sim.Config{Seed: 1, Also: payoutConnectors(), Render: map[string]engine.Render{"rest": rest.Render}, RenderPayment: map[string]engine.RenderPayment{"rest": rest.RenderPayment}, Facts: map[string]func(*engine.Request) map[string]string{"rest": rest.Facts}, Sought: map[string]func(json.RawMessage) engine.Sought{"rest": rest.Sought}})
	must(t, err)
	s := &shop{World: w, t: t, id: "shop"}
	s.mux = newMux(t, w.Engine, w.Clock.Now, 0)
	s.client = wiretest.Client(t, s.mux)
	s.key, s.pk, s.keyID = openShop(t, w.Engine, s.id)
	t.Cleanup(func() {
		bad, err := w.Judge()
		must(t, err)
		for _, b := range bad {
			t.Errorf("invariant: %s", b)
		}
	})
	return s
}

func newMux(t testing.TB, e *engine.Engine, now func() time.Time, firstWord time.Duration) *wire.Mux {
	t.Helper()
	return newMuxBeside(t, e, now, firstWord, "none")
}

// newMuxBeside also serves what the page of links has under a prefix.
func newMuxBeside(t testing.TB, e *engine.Engine, now func() time.Time, firstWord time.Duration, prefix string) *wire.Mux {
	t.Helper()
	f, err := wire.New(wire.Config{Now: now, Random: rand.Reader, Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}) // so that a header moves a caller to another machine
	must(t, err)
	pages, err := hosted.New(hosted.Config{Engine: e, Funnel: f, Now: now, PublicURL: "https://penstock.test", Settings: hosted.DefaultSettings(), Back: map[string]func(*engine.Request) string{"rest": rest.Back}})
	must(t, err)
	api, err := rest.New(rest.Config{Page: pages.Shown, Engine: e, Funnel: f, Now: now, Random: rand.Reader, FirstWord: firstWord, PublicURL: "https://penstock.test", AdminKey: adminKey, Environment: "dev"})
	must(t, err)
	m, err := wire.NewMux(f, append(slices.DeleteFunc(pages.Mounts(), func(m wire.Mount) bool { return m.Prefix != prefix }), api.Mount())...)
	must(t, err)
	return m
}

// openShop makes a merchant and a key that may do everything.
func openShop(t testing.TB, e *engine.Engine, id string) (key, pk, keyID string) {
	t.Helper()
	_, err := e.CreateMerchant(t.Context(), operator(id), id, "Shop")
	must(t, err)
	return newKey(t, e, id, engine.Test, engine.Rights()...)
}

func newKey(t testing.TB, e *engine.Engine, id string, m engine.Mode, rights ...engine.Right) (key, pk, keyID string) {
	t.Helper()
	k, err := e.CreateKey(t.Context(), operator(id), engine.NewKey{Merchant: id, Mode: m, Rights: rights})
	must(t, err)
	return k.Secret, k.Publishable, k.ID
}

// reply is an answer with its JSON.
type reply struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	body   string
	json   any
}

// do sends one request. A line "Name: value" adds a header, or replaces the
// key where the name is api-key; an empty one sends none.
func (s *shop) do(method, path, body string, header ...string) reply {
	s.t.Helper()
	return send(s.t, s.client, s.key, method, path, body, header...)
}

func send(t testing.TB, client *http.Client, key, method, path, body string, header ...string) reply {
	t.Helper()
	req, err := http.NewRequest(method, "http://penstock.test"+path, strings.NewReader(body))
	must(t, err)
	req.Header.Set("api-key", key)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
		if value == "" {
			req.Header.Del(name)
		}
	}
	res, err := client.Do(req)
	must(t, err)
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	must(t, res.Body.Close())
	r := reply{t: t, what: method + " " + path + " " + body, status: res.StatusCode, header: res.Header, body: string(raw)}
	if method != http.MethodHead {
		if err := json.Unmarshal(raw, &r.json); err != nil {
			t.Fatalf("%s: answer %q is not JSON: %v", r.what, raw, err)
		}
		described(t, method, path, body, r)
	}
	return r
}

// judge knows the description of the API.
var judge = sync.OnceValues(docstest.Load)

// described holds an answer to the description, where the call is described,
// and a body that was taken.
func described(t testing.TB, method, path, body string, r reply) {
	t.Helper()
	j, err := judge()
	must(t, err)
	if !j.Describes(method, path) {
		return
	}
	if err := j.Reply(method, path, r.status, r.header.Get("Content-Type"), []byte(r.body)); err != nil {
		t.Errorf("%s: %d %s\nis not as described: %v", r.what, r.status, r.body, err)
	}
	if r.status < 300 && body != "" {
		if err := j.Request(method, path, "application/json", []byte(body)); err != nil {
			t.Errorf("%s was taken and is not as described: %v", r.what, err)
		}
	}
}

// at finds a value by a path like data.0.status; nil when it is null or not there.
func (r reply) at(path string) any { return wiretest.At(r.json, path) }

func (r reply) str(path string) string {
	s, _ := r.at(path).(string)
	return s
}

// ok wants 200.
func (r reply) ok() reply {
	r.t.Helper()
	if r.status != http.StatusOK {
		r.t.Fatalf("%s: status %d, want 200: %s", r.what, r.status, r.body)
	}
	return r
}

// is wants a value.
func (r reply) is(path string, want any) reply {
	r.t.Helper()
	if got := r.at(path); fmt.Sprint(got) != fmt.Sprint(want) {
		r.t.Errorf("%s: %s is %v, want %v", r.what, path, got, want)
	}
	return r
}

// refused wants an error of the status and code whose message holds the text.
func (r reply) refused(status int, code, text string) reply {
	r.t.Helper()
	if r.status != status || r.str("error.code") != code || !strings.Contains(r.str("error.message"), text) {
		r.t.Errorf("%s:\n got %d %s\nwant %d %s %q", r.what, r.status, r.body, status, code, text)
	}
	return r
}

// run lets time pass in the world.
func (s *shop) run(d time.Duration) {
	s.t.Helper()
	must(s.t, s.Run(d))
}

// magic is the account of the test provider that ends as named.
func magic(t testing.TB, name string) sandbox.Magic {
	t.Helper()
	for _, m := range sandbox.MagicTable() {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("no magic account %q", name)
	return sandbox.Magic{}
}

const adaCard = `{"card_number":"4111111111111111","card_exp_month":"3","card_exp_year":"2030","card_holder_name":"Ada Example"}`

// customer makes one and returns its id.
func (s *shop) customer(id string) string {
	s.t.Helper()
	return s.do("POST", "/customers", `{"customer_id":"`+id+`","name":"Ada Example","email":"ada@example.com"}`).ok().str("customer_id")
}

// card saves a card and returns the method's id.
func (s *shop) card(customer string) string {
	s.t.Helper()
	return s.do("POST", "/payment_methods", `{"customer_id":"`+customer+`","payment_method":"card","payment_method_type":"credit","card":`+adaCard+`}`).ok().str("payment_method_id")
}

// token lists the customer's methods and returns the first one's token.
func (s *shop) token(customer string) string {
	s.t.Helper()
	return s.do("GET", "/customers/"+customer+"/payment_methods", "").ok().str("customer_payment_methods.0.payment_token")
}

// payout makes one that goes out at once and returns its id.
func (s *shop) payout(fields string) string {
	s.t.Helper()
	return s.do("POST", "/payouts/create", `{"amount":1250,"currency":"EUR","customer_id":"ada","name":"Ada Example","confirm":true,"auto_fulfill":true,`+fields+`}`).ok().str("payout_id")
}

func sepa(iban string) string {
	return `"payout_type":"bank","payout_method_data":{"bank":{"iban":"` + iban + `"}}`
}
