package wire_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"penstock/httpd/wire"
	"penstock/httpd/wire/wiretest"
)

// house is a funnel with everything that tests look at.
type house struct {
	*wire.Funnel
	mu     sync.Mutex
	now    time.Time
	log    bytes.Buffer
	served []wire.Served
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func (h *house) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.Write(p)
}

func (h *house) logged() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.String()
}

// newHouse trusts the pipe as a proxy, so that X-Forwarded-For moves a caller
// to another machine.
func newHouse(t *testing.T, limits wire.Limits) *house {
	t.Helper()
	h := &house{now: time.Date(2026, 6, 25, 10, 0, 0, 0, time.UTC)}
	f, err := wire.New(wire.Config{
		Now: h.clock, Random: rand.Reader, Log: slog.New(slog.NewTextHandler(h, nil)), Limits: limits,
		Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Observe: func(s wire.Served) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.served = append(h.served, s)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	h.Funnel = f
	return h
}

// plain is a dialect that writes the kind of an error as text.
func plain() *wire.Dialect {
	return &wire.Dialect{Name: "plain", Error: func(err error, c *wire.Call) wire.Reply {
		statuses := []struct {
			err    error
			status int
		}{
			{wire.ErrNotFound, 404}, {wire.ErrMethod, 405}, {wire.ErrUnauthenticated, 401}, {wire.ErrTooLarge, 413},
			{wire.ErrMediaType, 415}, {wire.ErrRateLimited, 429}, {wire.ErrQuery, 400}, {wire.ErrIdempotencyKey, 400},
			{wire.ErrInternal, 500}, {context.DeadlineExceeded, 504},
		}
		for _, s := range statuses {
			if errors.Is(err, s.err) {
				return wire.Reply{Status: s.status, Body: []byte(`"` + s.err.Error() + `"`)}
			}
		}
		var de *wire.DecodeError
		if errors.As(err, &de) {
			return wire.Reply{Status: 422, Body: []byte(`"` + string(de.Kind) + ` ` + de.Path + `"`)}
		}
		return wire.Reply{}
	}}
}

type caller struct{ merchant, key string }

// keys knows one key, "right".
func keys() wire.Auth[caller] {
	return wire.Auth[caller]{
		Check: func(_ context.Context, c *wire.Call) (caller, error) {
			if c.Header("api-key") != "right" {
				return caller{}, fmt.Errorf("key: %w", wire.ErrUnauthenticated)
			}
			return caller{"m1", "key_1"}, nil
		},
		Who: func(p caller) wire.Who { return wire.Who{Merchant: p.merchant, KeyID: p.key} },
	}
}

type echoRequest struct {
	Amount *int64      `json:"amount"`
	Meta   wire.Object `json:"meta"`
}

type echoResponse struct {
	Merchant string  `json:"merchant"`
	ID       string  `json:"id"`
	Amount   *int64  `json:"amount"`
	Note     *string `json:"note"`
}

func echo(_ context.Context, p caller, c *wire.Call, r echoRequest) (echoResponse, error) {
	return echoResponse{Merchant: p.merchant, ID: c.Param("id"), Amount: r.Amount}, nil
}

// client mounts routes under a dialect.
func (h *house) client(t *testing.T, routes ...wire.Route) *http.Client {
	t.Helper()
	m, err := wire.NewMux(h.Funnel, wire.Mount{Dialect: plain(), Routes: routes})
	if err != nil {
		t.Fatal(err)
	}
	return wiretest.Client(t, m)
}

// do sends a request with header lines "Name: value".
func do(t *testing.T, cl *http.Client, method, target, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, "http://penstock.test"+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		req.Header[http.CanonicalHeaderKey(name)] = append(req.Header[http.CanonicalHeaderKey(name)], value)
		if name == "Content-Type" {
			req.Header.Set(name, value)
		}
	}
	resp, err := cl.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	return resp, string(got)
}

func TestOneCallGoesThroughOnce(t *testing.T) {
	h := newHouse(t, wire.Limits{})
	cl := h.client(t, wire.Route{Method: "POST", Pattern: "/payouts/{id}",
		Handler: wire.Handle(h.Funnel, plain(), keys(), wire.Options{Status: 201}, echo)})
	resp, body := do(t, cl, "POST", "/payouts/po_1?k=hidden", `{"amount":125012501250}`, "api-key: right")
	if want := `{"merchant":"m1","id":"po_1","amount":125012501250,"note":null}`; resp.StatusCode != 201 || body != want {
		t.Errorf("got %d %s, want 201 %s", resp.StatusCode, body, want)
	}
	want := wire.Served{Dialect: "plain", Method: "POST", Pattern: "/payouts/{id}", Status: 201}
	if len(h.served) != 1 || h.served[0] != want {
		t.Errorf("served %+v, want %+v", h.served, want)
	}
	line := h.logged()
	for _, s := range []string{"route=/payouts/{id}", "status=201", "merchant=m1", "key_id=key_1", "request_id=req_", "took=", "dialect=plain"} {
		if !strings.Contains(line, s) {
			t.Errorf("log lacks %s: %s", s, line)
		}
	}
	for _, s := range []string{"hidden", "right", "125012501250", "po_1"} { // none can be had by chance in a time or an id
		if strings.Contains(line, s) {
			t.Errorf("log shows %q: %s", s, line)
		}
	}
}

func TestEachFaultHasItsError(t *testing.T) {
	h := newHouse(t, wire.Limits{})
	cl := h.client(t,
		wire.Route{Method: "POST", Pattern: "/a", Handler: wire.Handle(h.Funnel, plain(), keys(), wire.Options{MaxBody: 50}, echo)},
		wire.Route{Method: "POST", Pattern: "/none", Handler: wire.Handle(h.Funnel, plain(), keys(), wire.Options{},
			func(context.Context, caller, *wire.Call, wire.None) (string, error) { return "ok", nil })},
		wire.Route{Method: "POST", Pattern: "/raw", Handler: wire.Handle(h.Funnel, plain(), wire.Auth[caller]{}, wire.Options{},
			func(_ context.Context, _ caller, _ *wire.Call, r wire.Raw) (wire.Reply, error) {
				return wire.Reply{Status: 202, Body: r}, nil
			})},
		wire.Route{Method: "POST", Pattern: "/unknown-error", Handler: wire.Handle(h.Funnel, plain(), keys(), wire.Options{},
			func(context.Context, caller, *wire.Call, wire.None) (string, error) {
				return "", errors.New("inner truth")
			})},
		wire.Route{Method: "GET", Pattern: "/a", Handler: wire.Handle(h.Funnel, plain(), keys(), wire.Options{},
			func(context.Context, caller, *wire.Call, wire.None) (string, error) { return "got", nil })},
	)
	const ok = `{"amount":1}`
	rows := []struct {
		method, target, body string
		header               []string
		status               int
		want                 string
	}{
		{"POST", "/a", ok, nil, 401, `"not authenticated"`},
		{"POST", "/a", `{"bad"`, nil, 401, `"not authenticated"`}, // who comes before what
		{"POST", "/a", ok, []string{"api-key: right"}, 200, `{"merchant":"m1","id":"","amount":1,"note":null}`},
		{"POST", "/a", `{"amount":"1"}`, []string{"api-key: right"}, 422, `"type /amount"`},
		{"POST", "/a", `{"amounts":1}`, []string{"api-key: right"}, 422, `"unknown /amounts"`},
		{"POST", "/a", ``, []string{"api-key: right"}, 422, `"empty "`},
		{"POST", "/a", ok + strings.Repeat(" ", 50), []string{"api-key: right"}, 413, `"body is too large"`},
		{"POST", "/a", ok, []string{"api-key: right", "Content-Type: text/plain"}, 415, `"unsupported media type"`},
		{"POST", "/a", ok, []string{"api-key: right", "Content-Type: application/json; charset=latin1"}, 415, `"unsupported media type"`},
		{"POST", "/a", ok, []string{"api-key: right", "Content-Type: Application/JSON; charset=\"UTF-8\""}, 200, `{"merchant":"m1","id":"","amount":1,"note":null}`},
		{"POST", "/a", ok, []string{"api-key: right", "Content-Encoding: gzip"}, 415, `"unsupported media type"`},
		{"POST", "/a", ok, []string{"api-key: right", "Idempotency-Key: a b"}, 400, `"invalid Idempotency-Key"`},
		{"POST", "/a", ok, []string{"api-key: right", "Idempotency-Key: a", "Idempotency-Key: a"}, 400, `"invalid Idempotency-Key"`},
		{"POST", "/a?x=%zz", ok, []string{"api-key: right"}, 400, `"malformed query"`},
		{"PUT", "/a", ok, []string{"api-key: right"}, 405, `"method not allowed"`},
		{"GET", "/a", "", []string{"api-key: right", "Idempotency-Key: a b"}, 200, `"got"`}, // a GET changes nothing
		{"GET", "/a/", "", []string{"api-key: right"}, 404, `"no such route"`},
		{"GET", "/A", "", []string{"api-key: right"}, 404, `"no such route"`},
		{"POST", "/none", "", []string{"api-key: right"}, 200, `"ok"`},
		{"POST", "/none", `{"anything":1}`, []string{"api-key: right"}, 200, `"ok"`},
		{"POST", "/none", `{"a":1,"a":1}`, []string{"api-key: right"}, 422, `"duplicate /a"`},
		{"POST", "/raw", "\xff<xml>", []string{"Content-Type: text/xml"}, 202, "\xff<xml>"},
		{"POST", "/unknown-error", "", []string{"api-key: right"}, 500, ""},
	}
	for _, row := range rows {
		resp, body := do(t, cl, row.method, row.target, row.body, row.header...)
		if resp.StatusCode != row.status || body != row.want {
			t.Errorf("%s %s %s %v: got %d %s, want %d %s", row.method, row.target, row.body, row.header,
				resp.StatusCode, body, row.status, row.want)
		}
		if row.status == 405 && resp.Header.Get("Allow") != "GET, HEAD, POST" {
			t.Errorf("Allow = %q", resp.Header.Get("Allow"))
		}
	}
	if !strings.Contains(h.logged(), "inner truth") {
		t.Error("the cause of a 500 is not in the log")
	}
}

func TestEveryAnswerBearsTheCommonHeaders(t *testing.T) {
	h := newHouse(t, wire.Limits{})
	cl := h.client(t, wire.Route{Method: "GET", Pattern: "/page", Handler: wire.Handle(h.Funnel, plain(), wire.Auth[caller]{}, wire.Options{},
		func(context.Context, caller, *wire.Call, wire.None) (wire.Reply, error) {
			return wire.Reply{Body: []byte("<p>"), Header: [][2]string{{"Content-Type", "text/html; charset=utf-8"},
				{"Set-Cookie", "a=1"}, {"Set-Cookie", "b=2"}, {"content-security-policy", "default-src 'self'"},
				{"X-Bad", "a\r\nInjected: 1"}}}, nil
		})})
	for _, target := range []string{"/page", "/missing"} {
		resp, _ := do(t, cl, "GET", target, "")
		for name, want := range map[string]string{
			"Strict-Transport-Security": "max-age=31536000", "X-Content-Type-Options": "nosniff",
			"X-Frame-Options": "DENY", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Server": "",
		} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%s: %s = %q, want %q", target, name, got, want)
			}
		}
		if got := resp.Header.Get("X-Request-Id"); len(got) != 30 || !strings.HasPrefix(got, "req_06ff") {
			t.Errorf("%s: request id %q", target, got)
		}
	}
	resp, body := do(t, cl, "GET", "/page", "")
	if got := resp.Header["Set-Cookie"]; !reflect.DeepEqual(got, []string{"a=1", "b=2"}) {
		t.Errorf("cookies = %q", got)
	}
	if resp.Header.Get("Content-Type") != "text/html; charset=utf-8" || body != "<p>" ||
		resp.Header.Get("Content-Security-Policy") != "default-src 'self'" || resp.Header.Get("Injected") != "" {
		t.Errorf("got %v %s", resp.Header, body)
	}
	if resp, body := do(t, cl, "HEAD", "/page", ""); resp.StatusCode != 200 || body != "" || resp.ContentLength != 3 {
		t.Errorf("HEAD: %d, %q, length %d", resp.StatusCode, body, resp.ContentLength)
	}
}

func TestClientsRequestIDIsKeptWhenSound(t *testing.T) {
	h := newHouse(t, wire.Limits{})
	cl := h.client(t)
	for id, kept := range map[string]bool{
		"0a1b2c3d-4e5f": true, "short": false, "4111111111111111": false, "with space in it": false,
		strings.Repeat("x", 65): false, "quote\"quote": false,
	} {
		resp, _ := do(t, cl, "GET", "/", "", "X-Request-Id: "+id)
		if got := resp.Header.Get("X-Request-Id"); (got == id) != kept {
			t.Errorf("%q: answered %q, want kept %v", id, got, kept)
		}
	}
}

// fasthttp hands the buffers of a request to the next one.
func TestNothingOfFasthttpsBuffersIsKept(t *testing.T) {
	h := newHouse(t, wire.Limits{})
	var mu sync.Mutex
	var kept []*wire.Call
	cl := h.client(t, wire.Route{Method: "POST", Pattern: "/keep/{id}", Handler: wire.Handle(h.Funnel, plain(), wire.Auth[caller]{},
		wire.Options{}, func(_ context.Context, _ caller, c *wire.Call, r echoRequest) (string, error) {
			mu.Lock()
			defer mu.Unlock()
			kept = append(kept, c)
			return string(r.Meta), nil
		})})
	const calls = 200
	one := func(i int) { // runs also outside of the test's goroutine: no Fatal
		body := fmt.Sprintf(`{"meta":{"n":"%06d"}}`, i)
		req, err := http.NewRequest("POST", fmt.Sprintf("http://x/keep/id%06d?q=q%06d", i, i), strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Mark", fmt.Sprintf("mark%06d", i))
		req.Header.Set("Idempotency-Key", fmt.Sprintf("key%06d", i))
		resp, err := cl.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := w; i < calls; i += 4 {
				one(i)
			}
		})
	}
	wg.Wait()
	if len(kept) != calls {
		t.Fatalf("%d calls arrived, want %d", len(kept), calls)
	}
	seen := map[string]bool{}
	for _, c := range kept {
		n := strings.TrimPrefix(c.Param("id"), "id")
		seen[n] = true
		got := []string{c.Method, c.Path, c.Query("q"), c.Header("x-mark"), c.IdempotencyKey, string(c.Body), c.Pattern}
		want := []string{"POST", "/keep/id" + n, "q" + n, "mark" + n, "key" + n, `{"meta":{"n":"` + n + `"}}`, "/keep/{id}"}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("a kept call became %q, want %q", got, want)
		}
	}
	if len(seen) != calls {
		t.Errorf("%d different ids are left of %d", len(seen), calls)
	}
}

func TestPanicIsAnAnswerAndARedactedLine(t *testing.T) {
	h := newHouse(t, wire.Limits{})
	broken := plain()
	broken.Error = func(error, *wire.Call) wire.Reply { panic("in the words of the error") }
	boom := func(context.Context, caller, *wire.Call, wire.None) (string, error) { panic("card 4111111111111111") }
	cl := h.client(t,
		wire.Route{Method: "GET", Pattern: "/call", Handler: wire.Handle(h.Funnel, plain(), keys(), wire.Options{}, boom)},
		wire.Route{Method: "GET", Pattern: "/words", Handler: wire.Handle(h.Funnel, broken, keys(), wire.Options{}, boom)})
	for _, target := range []string{"/call", "/words", "/call"} {
		if resp, _ := do(t, cl, "GET", target, "", "api-key: right"); resp.StatusCode != 500 || resp.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: %d", target, resp.StatusCode)
		}
	}
	line := h.logged()
	if strings.Contains(line, "4111111111111111") || !strings.Contains(line, "card [pan]") || !strings.Contains(line, "funnel_test.go") {
		t.Errorf("log: %s", line)
	}
}

func TestLimitsHoldPerKeyAndPerAddress(t *testing.T) {
	one := wire.Rate{PerSecond: 1, Burst: 2}
	get := func(h *house) wire.Route {
		return wire.Route{Method: "GET", Pattern: "/a", Handler: wire.Handle(h.Funnel, plain(), keys(), wire.Options{},
			func(context.Context, caller, *wire.Call, wire.None) (string, error) { return "ok", nil })}
	}
	const far, other, right = "X-Forwarded-For: 198.51.100.7", "X-Forwarded-For: 198.51.100.8", "api-key: right"
	rows := []struct {
		name   string
		limits wire.Limits
		header []string
		want   []int
		then   []string // one more call, by somebody else
		last   int
	}{
		{"key", wire.Limits{Principal: one}, []string{right}, []int{200, 200, 429, 429}, []string{right, far}, 429},
		{"address", wire.Limits{Address: one}, []string{right, far}, []int{200, 200, 429, 429}, []string{right, other}, 200},
		{"this machine", wire.Limits{Address: one, Failures: one}, []string{"api-key: wrong"}, []int{401, 401, 401, 401}, []string{right}, 200},
		{"guesses", wire.Limits{Failures: one}, []string{"api-key: wrong", far}, []int{401, 401, 429, 429}, []string{right, far}, 429},
		{"guesses of others", wire.Limits{Failures: one}, []string{"api-key: wrong", far}, []int{401, 401, 429}, []string{right, other}, 200},
	}
	for _, row := range rows {
		h := newHouse(t, row.limits)
		cl := h.client(t, get(h))
		for i, want := range row.want {
			resp, _ := do(t, cl, "GET", "/a", "", row.header...)
			if resp.StatusCode != want {
				t.Errorf("%s: call %d: %d, want %d", row.name, i, resp.StatusCode, want)
			}
			if want == 429 && resp.Header.Get("Retry-After") != "1" {
				t.Errorf("%s: Retry-After %q, want 1", row.name, resp.Header.Get("Retry-After"))
			}
		}
		if resp, _ := do(t, cl, "GET", "/a", "", row.then...); resp.StatusCode != row.last {
			t.Errorf("%s: then %v: %d, want %d", row.name, row.then, resp.StatusCode, row.last)
		}
		h.advance(3 * time.Second)
		if resp, _ := do(t, cl, "GET", "/a", "", right, far); resp.StatusCode != 200 {
			t.Errorf("%s: after a while: %d, want 200", row.name, resp.StatusCode)
		}
	}
}

// TestWhatIsTooMuchAtOneTimeIsRefusedAtOnce: those in hand go on, whoever comes
// besides is told when to try again, and health still answers.
func TestWhatIsTooMuchAtOneTimeIsRefusedAtOnce(t *testing.T) {
	h := newHouse(t, wire.Limits{Calls: 2})
	inside, leave := make(chan struct{}), make(chan struct{})
	cl := h.client(t, wire.Route{Method: "GET", Pattern: "/slow", Handler: wire.Handle(h.Funnel, plain(), keys(), wire.Options{},
		func(context.Context, caller, *wire.Call, wire.None) (string, error) {
			inside <- struct{}{}
			<-leave
			return "ok", nil
		})}, wire.Route{Method: "GET", Pattern: "/health", Handler: wire.Handle(h.Funnel, plain(), wire.Auth[caller]{}, wire.Options{},
		func(context.Context, caller, *wire.Call, wire.None) (string, error) { return "ok", nil })})
	answers := make(chan int, 2)
	for range 2 {
		go func() {
			resp, _ := do(t, cl, "GET", "/slow", "", "api-key: right")
			answers <- resp.StatusCode
		}()
		<-inside
	}
	for range 3 {
		resp, _ := do(t, cl, "GET", "/slow", "", "api-key: right")
		if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "1" {
			t.Errorf("one too many: %d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
		}
	}
	if resp, _ := do(t, cl, "GET", "/health", ""); resp.StatusCode != 200 {
		t.Errorf("health: %d", resp.StatusCode)
	}
	close(leave)
	for range 2 {
		if got := <-answers; got != 200 {
			t.Errorf("one of those in hand: %d", got)
		}
	}
	go func() { <-inside }()
	if resp, _ := do(t, cl, "GET", "/slow", "", "api-key: right"); resp.StatusCode != 200 {
		t.Errorf("after they have left: %d", resp.StatusCode)
	}
}

func TestCallHasADeadline(t *testing.T) {
	h := newHouse(t, wire.Limits{})
	cl := h.client(t, wire.Route{Method: "GET", Pattern: "/slow", Handler: wire.Handle(h.Funnel, plain(), wire.Auth[caller]{},
		wire.Options{Timeout: time.Millisecond}, func(ctx context.Context, _ caller, _ *wire.Call, _ wire.None) (string, error) {
			<-ctx.Done()
			return "", fmt.Errorf("wait for the provider: %w", ctx.Err())
		})})
	if resp, _ := do(t, cl, "GET", "/slow", ""); resp.StatusCode != 504 {
		t.Errorf("got %d, want the dialect's answer to a deadline", resp.StatusCode)
	}
}

func TestStreamThatFailsIsNotTakenForWhole(t *testing.T) {
	h := newHouse(t, wire.Limits{})
	stream := func(end func() error) wire.Handler {
		return wire.Handle(h.Funnel, plain(), wire.Auth[caller]{}, wire.Options{},
			func(context.Context, caller, *wire.Call, wire.None) (wire.Reply, error) {
				return wire.Reply{Stream: func(_ context.Context, w io.Writer) error {
					for i := range 1000 {
						if _, err := fmt.Fprintf(w, "line %d\n", i); err != nil {
							return err
						}
					}
					return end()
				}}, nil
			})
	}
	cl := h.client(t,
		wire.Route{Method: "GET", Pattern: "/whole", Handler: stream(func() error { return nil })},
		wire.Route{Method: "GET", Pattern: "/half", Handler: stream(func() error { return errors.New("disk") })},
		wire.Route{Method: "GET", Pattern: "/panic", Handler: stream(func() error { panic("boom") })})
	if _, body := do(t, cl, "GET", "/whole", ""); strings.Count(body, "\n") != 1000 {
		t.Errorf("%d lines, want 1000", strings.Count(body, "\n"))
	}
	for _, target := range []string{"/half", "/panic"} {
		resp, err := cl.Get("http://x" + target)
		if err != nil {
			continue // cut before the head was out
		}
		if _, err := io.ReadAll(resp.Body); err == nil {
			t.Errorf("%s: the client took a half body for a whole one", target)
		}
		if err := resp.Body.Close(); err != nil {
			t.Logf("%s: close: %v", target, err)
		}
	}
	if resp, _ := do(t, cl, "HEAD", "/whole", ""); resp.StatusCode != 200 {
		t.Errorf("HEAD: %d", resp.StatusCode)
	}
}

func TestUnknownPathIsAnsweredByTheDialectThatItBelongsTo(t *testing.T) {
	h := newHouse(t, wire.Limits{})
	voice := func(name string) *wire.Dialect {
		return &wire.Dialect{Name: name, Error: func(error, *wire.Call) wire.Reply {
			return wire.Reply{Status: 404, Body: []byte(name)}
		}}
	}
	ok := wire.Handle(h.Funnel, voice("x"), wire.Auth[caller]{}, wire.Options{},
		func(_ context.Context, _ caller, c *wire.Call, _ wire.None) (wire.Reply, error) {
			return wire.Reply{Body: []byte(c.Pattern + " " + c.Param("id"))}, nil
		})
	m, err := wire.NewMux(h.Funnel,
		wire.Mount{Dialect: voice("rest"), Routes: []wire.Route{
			{Method: "GET", Pattern: "/payouts/{id}", Handler: ok}, {Method: "GET", Pattern: "/payouts/list", Handler: ok},
			{Method: "POST", Pattern: "/payouts/{id}/confirm", Handler: ok}, {Method: "GET", Pattern: "/ui/{rest:*}", Handler: ok},
		}},
		wire.Mount{Prefix: "/v1/payout-gateway", Dialect: voice("jsonapi")},
		wire.Mount{Prefix: "/v1", Dialect: voice("v1")},
	)
	if err != nil {
		t.Fatal(err)
	}
	cl := wiretest.Client(t, m)
	for target, want := range map[string]string{
		"/": "rest", "/v2": "rest", "/v1/payout-gateway/x": "jsonapi", "/v1/payout-gateway": "jsonapi",
		"/v1/payout-gatewayx": "v1", "/v1/x": "v1", "/v11": "rest", "/payouts": "rest", "/payouts/": "rest",
		"/payouts/list": "/payouts/list ", "/payouts/listing": "/payouts/{id} listing", "/payouts/lis": "/payouts/{id} lis",
		"/payouts/po_1": "/payouts/{id} po_1", "/payouts/list/confirm": "rest", "/payouts/po_1/": "rest",
		"/ui/a/b.js": "/ui/{rest:*} ",
	} {
		if _, body := do(t, cl, "GET", target, ""); body != want {
			t.Errorf("%s: answered by %q, want %q", target, body, want)
		}
	}
	if _, body := do(t, cl, "POST", "/payouts/list/confirm", ""); body != "/payouts/{id}/confirm list" {
		t.Errorf("POST /payouts/list/confirm: %q", body)
	}
}

func TestMuxRefusesTablesThatContradict(t *testing.T) {
	h := newHouse(t, wire.Limits{})
	d := plain()
	ok := wire.Handle(h.Funnel, d, wire.Auth[caller]{}, wire.Options{},
		func(context.Context, caller, *wire.Call, wire.None) (string, error) { return "", nil })
	for name, mounts := range map[string][]wire.Mount{
		"nobody for unknown paths": {{Prefix: "/v1", Dialect: d}},
		"nothing":                  {},
		"twice":                    {{Dialect: d, Routes: []wire.Route{{"GET", "/a", ok}, {"GET", "/a", ok}}}},
		"twice by other names":     {{Dialect: d, Routes: []wire.Route{{"GET", "/{a}", ok}, {"GET", "/{b}", ok}}}},
		"no handler":               {{Dialect: d, Routes: []wire.Route{{"GET", "/a", wire.Handler{}}}}},
	} {
		if _, err := wire.NewMux(h.Funnel, mounts...); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
