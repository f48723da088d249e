package hosted_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector/sandbox"
	"penstock/engine/sim"
	"penstock/httpd/docs/docstest"
	"penstock/httpd/hosted"
	"penstock/httpd/wire"
	"penstock/httpd/wire/wiretest"
)

const publicURL = "https://pay.example"

// shop is a merchant with a token, in a simulated world behind a real HTTP
// server. Each test ends by judging every invariant.
type shop struct {
	*sim.World
	t       *testing.T
	client  *http.Client
	mux     *wire.Mux
	token   string
	tokenID string
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func operator(merchant string, mode engine.Mode) engine.Caller {
	return engine.Caller{Scope: engine.Scope{Merchant: merchant, Mode: mode}, Actor: "operator", Rights: engine.Rights()}
}

func newShop(t *testing.T, edit ...func(*hosted.Settings)) *shop {
	t.Helper()
	set := hosted.DefaultSettings()
	for _, e := range edit {
		e(&set)
	}
	w, err := sim.New(sim.Config{Seed: 1, Render: map[string]engine.Render{"hosted": hosted.Renderer(publicURL, set)}, RenderPayment: map[string]engine.RenderPayment{"hosted": hosted.PaymentRenderer(publicURL, set)}})
	must(t, err)
	s := &shop{World: w, t: t}
	s.serve(set)
	_, err = w.Engine.CreateMerchant(w.Ctx, operator("shop", engine.Test), "shop", "Nordwind Outdoor")
	must(t, err)
	s.token, s.tokenID = s.newToken("shop", engine.TokenSettings{}, engine.Payouts)
	t.Cleanup(func() {
		bad, err := w.Judge()
		must(t, err)
		for _, b := range bad {
			t.Errorf("invariant: %s", b)
		}
	})
	return s
}

// serve puts the dialect before the engine as it is now.
func (s *shop) serve(set hosted.Settings) {
	s.t.Helper()
	f, err := wire.New(wire.Config{Now: s.Clock.Now, Random: rand.Reader, Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	must(s.t, err)
	api, err := hosted.New(hosted.Config{Engine: s.Engine, Funnel: f, Now: s.Clock.Now, PublicURL: publicURL, Settings: set, Magic: magicAccounts()})
	must(s.t, err)
	s.mux, err = wire.NewMux(f, append(api.Mounts(), wire.Mount{Dialect: &wire.Dialect{Name: "none", Error: func(error, *wire.Call) wire.Reply { return wire.Reply{Status: 404} }}})...)
	must(s.t, err)
	s.client = wiretest.Client(s.t, s.mux)
}

func magicAccounts() (out []hosted.Magic) {
	for _, m := range sandbox.MagicTable() {
		out = append(out, hosted.Magic{Name: m.Name, Card: m.Card, IBAN: m.IBAN, Account: m.Account, Email: m.Email, Phone: m.Phone})
	}
	return out
}

func (s *shop) newToken(merchant string, set engine.TokenSettings, rights ...engine.Right) (secret, id string) {
	s.t.Helper()
	k, err := s.Engine.CreateKey(s.Ctx, operator(merchant, engine.Test), engine.NewKey{Merchant: merchant, Mode: engine.Test, Rights: rights, Token: &set})
	must(s.t, err)
	return k.Secret, k.ID
}

// reply is an answer.
type reply struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	body   string
	json   map[string]any
}

// do sends one call of the API. A line "Name: value" adds a header or replaces
// one; without a value it takes it away.
func (s *shop) do(method, path, body string, header ...string) reply {
	s.t.Helper()
	req, err := http.NewRequest(method, "https://pay.example"+path, strings.NewReader(body))
	must(s.t, err)
	req.URL.Scheme = "http"
	req.Header.Set("Authorization", "Bearer "+s.token)
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
	r := s.send(req)
	if strings.Contains(r.header.Get("Content-Type"), "json") && r.body != "" {
		if err := json.Unmarshal([]byte(r.body), &r.json); err != nil {
			s.t.Fatalf("%s: answer %q is not JSON: %v", r.what, r.body, err)
		}
		s.judged(method, path, body, r)
	}
	return r
}

// judge knows the description of the API.
var judge = sync.OnceValues(docstest.Load)

// judged holds an answer, and a body that was taken, to the description.
func (s *shop) judged(method, path, body string, r reply) {
	s.t.Helper()
	j, err := judge()
	must(s.t, err)
	if !strings.HasPrefix(path, "/api/") || !j.Describes(method, path) {
		return
	}
	if err := j.Reply(method, path, r.status, r.header.Get("Content-Type"), []byte(r.body)); err != nil {
		s.t.Errorf("%s: the answer is not as described: %v\n%s", r.what, err, r.body)
	}
	if r.status < 300 && body != "" {
		if err := j.Request(method, path, "application/json", []byte(body)); err != nil {
			s.t.Errorf("%s: a body that was taken is not as described: %v\n%s", r.what, err, body)
		}
	}
}

// TestEveryCallIsDescribed, and nothing else is.
func TestEveryCallIsDescribed(t *testing.T) {
	s := newShop(t)
	j, err := judge()
	must(t, err)
	served := map[string]bool{}
	for _, r := range s.mux.Routes() {
		if strings.HasPrefix(r.Pattern, "/api/") && r.Method != "OPTIONS" {
			served[r.Method+" "+r.Pattern] = true
		}
	}
	for _, call := range j.Calls() {
		if _, path, _ := strings.Cut(call, " "); strings.HasPrefix(path, "/api/") {
			if !served[call] {
				t.Errorf("%s is described and not served", call)
			}
			delete(served, call)
		}
	}
	for call := range served {
		t.Errorf("%s is served and not described", call)
	}
}

func (s *shop) send(req *http.Request) reply {
	s.t.Helper()
	res, err := s.client.Do(req)
	must(s.t, err)
	raw, err := io.ReadAll(res.Body)
	must(s.t, err)
	must(s.t, res.Body.Close())
	return reply{t: s.t, what: req.Method + " " + req.URL.Path, status: res.StatusCode, header: res.Header, body: string(raw)}
}

func (r reply) str(name string) string {
	v, _ := r.json[name].(string)
	return v
}

func (r reply) is(status int) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("%s: status %d, want %d: %s", r.what, r.status, status, r.body)
	}
	return r
}

// refused wants a problem of the status and code; fields are its pointers.
func (r reply) refused(status int, code string, fields ...string) reply {
	r.t.Helper()
	var got []string
	all, _ := r.json["errors"].([]any)
	for _, e := range all {
		m, _ := e.(map[string]any)
		got = append(got, fmt.Sprint(m["pointer"]))
	}
	if r.status != status || r.str("code") != code || strings.Join(got, " ") != strings.Join(fields, " ") {
		r.t.Errorf("%s:\n got %d %s\nwant %d %s %q", r.what, r.status, r.body, status, code, fields)
	}
	if ct := r.header.Get("Content-Type"); ct != "application/problem+json" {
		r.t.Errorf("%s: Content-Type %q of a problem", r.what, ct)
	}
	for _, name := range []string{"type", "title", "detail", "instance", "requestId"} {
		if r.str(name) == "" {
			r.t.Errorf("%s: the problem has no %s: %s", r.what, name, r.body)
		}
	}
	return r
}

const eur10 = `{"amount":"10.00","currency":"EUR","type":"payout","externalId":"e-1","description":"Order #1456","redirectUrl":"https://shop.example/back?x=1#top","customer":{"id":"cus-1","name":"Ada Example"}}`

// pay makes a payment and returns its id and the path of its page.
func (s *shop) pay(body string, header ...string) (id, page string) {
	s.t.Helper()
	r := s.do("POST", "/api/payments", body, header...).is(201)
	u := r.str("url")
	if !strings.HasPrefix(u, publicURL+"/checkin/pay_") {
		s.t.Fatalf("the url is %q", u)
	}
	return r.str("id"), strings.TrimPrefix(u, publicURL)
}

// get opens a page as a browser without scripts does.
func (s *shop) get(path string, header ...string) reply {
	s.t.Helper()
	return s.do("GET", path, "", append([]string{"Authorization: "}, header...)...)
}

// post sends a form.
func (s *shop) post(path string, form url.Values, header ...string) reply {
	s.t.Helper()
	path, _, _ = strings.Cut(path, "?")
	return s.do("POST", path, form.Encode(), append([]string{"Authorization: ", "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin"}, header...)...)
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([a-z]+)" value="([^"]*)">`)

// formOf is what a page's form has in it that nobody types.
func formOf(r reply) url.Values {
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(r.body, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	return form
}

// fill opens the page, types an IBAN and goes on to the review.
func (s *shop) fill(page, iban string) reply {
	s.t.Helper()
	form := formOf(s.get(page + "&method=sepa_eur").is(200))
	form.Set("f.iban", iban)
	form.Set("f.recipient_name", "Ada Example")
	return s.post(page, form)
}

// confirm sends the review.
func (s *shop) confirm(page string, review reply) reply {
	s.t.Helper()
	form := formOf(review.is(200))
	form.Set("step", "confirm")
	return s.post(page, form)
}

func (s *shop) run(d time.Duration) {
	s.t.Helper()
	must(s.t, s.Run(d))
}

func iban(t testing.TB, name string) string {
	t.Helper()
	for _, m := range sandbox.MagicTable() {
		if m.Name == name {
			return m.IBAN
		}
	}
	t.Fatalf("no magic account %q", name)
	return ""
}
