package declarative

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// small is a form of one step, with an authentication.
func small(t testing.TB, auth, more string) *Form {
	t.Helper()
	f, err := Parse([]byte(`
format = 1
name = "small"
label = "Small"
[provider]
base_url = "https://api.small.example/v1"
hosts = ["id.small.example"]
[[credential]]
name = "user"
[[credential]]
name = "secret"
[key]
form = "plain"
[amount]
form = "decimal"
currencies = { EUR = 2, JPY = 2, KWD = 2 }
[order]
moves = "pay"
key = { step = "pay", header = "Idempotency-Key" }
amount = { step = "pay", at = "/sum/value" }
currency = { step = "pay", at = "/sum/currency", lower = true }
[[step]]
name = "pay"
method = "POST"
path = "/pay"
[step.body]
to = "{details.iban}"
[answer]
key = "/key"
status = "/status"
words = { ok = "paid", wait = "accepted" }
[[sample]]
verdict = "paid"
` + more + "\n[auth]\n" + auth))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// provider is a small one that remembers what came.
type smallProvider struct {
	requests []*http.Request
	bodies   []string
	tokens   int
	answer   func(r *http.Request) (int, string)
}

func (p *smallProvider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.requests, p.bodies = append(p.requests, r), append(p.bodies, string(body))
	if strings.HasSuffix(r.URL.Path, "/token") {
		p.tokens++
		fmt.Fprintf(w, `{"access_token":"token-%d","expires_in":"3600"}`, p.tokens)
		return
	}
	if p.answer != nil {
		status, text := p.answer(r)
		w.WriteHeader(status)
		fmt.Fprint(w, text)
		return
	}
	fmt.Fprintf(w, `{"key":%q,"status":"ok"}`, r.Header.Get("Idempotency-Key"))
}

func (p *smallProvider) serve(t testing.TB) string {
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return server.URL
}

func (p *smallProvider) connect(t testing.TB, f *Form, now func() time.Time) connector.Connector {
	t.Helper()
	c, err := New(f, connector.Host{Transport: &http.Transport{DisableKeepAlives: true}, Now: now})(connector.Account{ID: "mca_1", Test: true, BaseURL: p.serve(t), Secrets: map[string]string{"user": "ada", "secret": "canary"}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func smallOrder(key string) connector.Instruction {
	return connector.Instruction{Key: key, Amount: money.New(1250, money.MustCurrency("EUR")), Details: connector.Details{"iban": "NL46TEST0136169112"}}
}

func TestEachKindOfAuthentication(t *testing.T) {
	mac := hmac.New(sha256.New, []byte("canary"))
	mac.Write([]byte("POST\n/pay\n1772447400\n" + `{"sum":{"currency":"eur","value":"12.50"},"to":"NL46TEST0136169112"}`))
	for _, row := range []struct {
		auth string
		want map[string]string
	}{
		{`kind = "none"`, map[string]string{"Authorization": ""}},
		{"kind = \"bearer\"\nsecret = \"secret\"", map[string]string{"Authorization": "Bearer canary"}},
		{"kind = \"header\"\nheader = \"X-Api-Key\"\nsecret = \"secret\"", map[string]string{"X-Api-Key": "canary", "Authorization": ""}},
		{"kind = \"basic\"\nuser = \"user\"\nsecret = \"secret\"", map[string]string{"Authorization": "Basic YWRhOmNhbmFyeQ=="}},
		{"kind = \"oauth2\"\nuser = \"user\"\nsecret = \"secret\"\ntoken_path = \"/token\"", map[string]string{"Authorization": "Bearer token-1"}},
		{"kind = \"hmac\"\nsecret = \"secret\"\nalgorithm = \"hmac-sha256\"\nencoding = \"hex\"\nsigned = \"{method}\\n{path}\\n{timestamp}\\n{body}\"\nheaders = { Authorization = \"MAC {signature}\", X-Time = \"{timestamp}\" }",
			map[string]string{"Authorization": "MAC " + hex.EncodeToString(mac.Sum(nil)), "X-Time": "1772447400"}},
	} {
		p := &smallProvider{}
		c := p.connect(t, small(t, row.auth, ""), SampleTime)
		out, err := c.Send(context.Background(), smallOrder("po_1"))
		if err != nil || out.Verdict != connector.Paid {
			t.Fatalf("%s: got %+v, %v", row.auth, out, err)
		}
		last := len(p.requests) - 1
		for name, want := range row.want {
			if got := p.requests[last].Header.Get(name); got != want {
				t.Errorf("%s: header %s is %q, want %q", row.auth, name, got, want)
			}
		}
		if got := p.requests[last].Header.Get("Idempotency-Key"); got != "po_1" {
			t.Errorf("%s: key is %q", row.auth, got)
		}
	}
}

func TestATokenIsKeptWhileItLasts(t *testing.T) {
	now := SampleTime()
	p := &smallProvider{}
	c := p.connect(t, small(t, "kind = \"oauth2\"\nuser = \"user\"\nsecret = \"secret\"\ntoken_path = \"/token\"\ntoken_in = \"body\"\nscope = \"pay\"", ""), func() time.Time { return now })
	send := func(want int) {
		t.Helper()
		if _, err := c.Send(context.Background(), smallOrder("po_1")); err != nil {
			t.Error(err)
		}
		if p.tokens != want {
			t.Errorf("asked for %d tokens, want %d", p.tokens, want)
		}
	}
	send(1)
	if want := "client_id=ada&client_secret=canary&grant_type=client_credentials&scope=pay"; p.bodies[0] != want {
		t.Errorf("asked with %q, want %q", p.bodies[0], want)
	}
	now = now.Add(58 * time.Minute)
	send(1)
	now = now.Add(2 * time.Minute)
	send(2)
	now = now.Add(-30 * 24 * time.Hour) // set back
	send(3)
	p.answer = func(*http.Request) (int, string) { return 401, `{}` }
	if out, _ := c.Send(context.Background(), smallOrder("po_1")); out.Verdict != connector.Unknown {
		t.Errorf("401: got %s", out.Verdict)
	}
	p.answer = nil
	send(4)
}

func TestARefusedTokenIsUnknownAndSendsNothing(t *testing.T) {
	for _, answer := range []string{``, `{}`, `{"access_token":""}`, `{"access_token":"a b\n","expires_in":1}`, `{"access_token":"a"}`, `{"access_token":"a","expires_in":-1}`, `[]`} {
		paid := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/token" {
				paid++
			}
			fmt.Fprint(w, answer)
		}))
		f := small(t, "kind = \"oauth2\"\nuser = \"user\"\nsecret = \"secret\"\ntoken_url = \"https://id.small.example/token\"", "")
		c, err := New(f, lend(&http.Transport{DisableKeepAlives: true}))(connector.Account{Test: true, BaseURL: server.URL, Secrets: map[string]string{"user": "ada", "secret": "canary"}})
		if err != nil {
			t.Fatal(err)
		}
		if out, err := c.Send(context.Background(), smallOrder("po_1")); out.Verdict != connector.Unknown || err == nil || paid != 0 {
			t.Errorf("%s: got %s, %v and %d orders", answer, out.Verdict, err, paid)
		}
		server.Close()
	}
}

// roundTrip is a transport that only looks.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestNothingLeavesButToTheFormsHosts: whatever details and credentials say,
// the host is the form's.
func TestNothingLeavesButToTheFormsHosts(t *testing.T) {
	hosts := map[string]bool{}
	look := roundTrip(func(r *http.Request) (*http.Response, error) {
		hosts[r.URL.Host] = true
		if r.Header.Get("Host") != "" || r.Host != r.URL.Host {
			t.Errorf("header names host %q beside %q", r.Host, r.URL.Host)
		}
		return nil, errors.New("only looking")
	})
	f := small(t, "kind = \"oauth2\"\nuser = \"user\"\nsecret = \"secret\"\ntoken_url = \"https://id.small.example/token\"", `
[lookup]
path = "/pay/{key}/{details.x?, ref?}"
[[lookup.absent]]
status = [404]
match = { "/error" = "none" }
`)
	for _, bad := range []string{"@evil.example/", "//evil.example", "\\evil.example", "https://evil.example/", "evil.example:80#", "..%2f..%2f", "%40evil.example"} {
		c, err := New(f, lend(look))(connector.Account{Secrets: map[string]string{"user": bad, "secret": bad}})
		if err != nil {
			t.Fatal(err)
		}
		in := smallOrder(bad)
		in.Details["iban"], in.Memo, in.Service, in.NotifyURL = bad, bad, bad, bad
		_, _ = c.Send(context.Background(), in)
		_, _ = c.(connector.Seeker).Seek(context.Background(), connector.Question{Key: bad, Ref: bad})
	}
	delete(hosts, "api.small.example")
	delete(hosts, "id.small.example")
	if len(hosts) > 0 {
		t.Errorf("spoke to %v", hosts)
	}
	if _, err := New(f, lend(look))(connector.Account{BaseURL: "https://evil.example", Secrets: map[string]string{"user": "a", "secret": "b"}}); err == nil {
		t.Error("a live account goes elsewhere")
	}
}

func TestCredentialsAreCheckedWhenConnecting(t *testing.T) {
	f := shipped(t, "paystack")
	for _, row := range []struct {
		key  string
		test bool
		ok   bool
	}{
		{"sk_test_0123456789abcdef", true, true}, {"sk_live_0123456789abcdef", false, true}, {"sk_live_0123456789abcdef", true, false}, {"sk_test_0123456789abcdef", false, false},
		{"", true, false}, {"pk_test_0123456789abcdef", true, false}, {"sk_test_0123456789abcdef\n", true, false},
	} {
		_, err := New(f, lend(http.DefaultTransport))(connector.Account{Test: row.test, Secrets: map[string]string{"api_key": row.key}})
		if (err == nil) != row.ok {
			t.Errorf("%q, test %v: got %v", row.key, row.test, err)
		}
		if err != nil && (!strings.Contains(err.Error(), `"api_key"`) || row.key != "" && strings.Contains(err.Error(), row.key)) {
			t.Errorf("%q: error %v", row.key, err)
		}
	}
}

func TestDecimalsOfTheProviderAreItsOwn(t *testing.T) {
	a := amountForm{Form: "minor", Currencies: map[string]int{"EUR": 2, "JPY": 2, "KWD": 2, "UGX": 2}}
	for _, row := range []struct {
		code  string
		minor int64
		want  string // empty: refused
	}{
		{"EUR", 1250, "1250"}, {"JPY", 5, "500"}, {"KWD", 12340, "1234"}, {"KWD", 12345, ""}, {"UGX", 7, "700"}, {"JPY", 9_223_372_036_854_775_807, ""}, {"USD", 1, ""}, {"EUR", 0, ""}, {"EUR", -1, ""},
	} {
		amount := money.New(row.minor, money.MustCurrency(row.code))
		got, err := a.wire(amount)
		if (err == nil) != (row.want != "") || err == nil && fmt.Sprint(got) != row.want {
			t.Errorf("%s: got %v, %v, want %q", amount, got, err, row.want)
		}
		if err == nil {
			if back, err := a.read(got, amount.Currency()); err != nil || back != amount {
				t.Errorf("%s: read back as %s, %v", amount, back, err)
			}
		}
	}
	for _, form := range []string{"decimal", "number"} {
		a.Form = form
		amount := money.New(5, money.MustCurrency("JPY"))
		if got, err := a.wire(amount); err != nil || fmt.Sprint(got) != "5.00" {
			t.Errorf("%s: got %v, %v, want 5.00", form, got, err)
		}
	}
}
