package jsonapi_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/sim"
	"penstock/httpd/docs/docstest"
	"penstock/httpd/jsonapi"
	"penstock/httpd/wire"
	"penstock/httpd/wire/wiretest"
)

const media = "application/vnd.api+json"

// shop is a merchant with a key, in a simulated world behind a real HTTP
// server. Every answer is held to the description, and each test ends by
// judging every invariant.
type shop struct {
	*sim.World
	t       *testing.T
	client  *http.Client
	mux     *wire.Mux
	judge   *docstest.Judge
	id      string
	key, pk string
	keyID   string
	lied    map[string]bool // payouts of which a person said what isn't so
}

// judge knows the description of the API.
var judge = sync.OnceValues(docstest.Load)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func operator(merchant string, m engine.Mode) engine.Caller {
	return engine.Caller{Scope: engine.Scope{Merchant: merchant, Mode: m}, Actor: "operator", Rights: engine.Rights()}
}

func newShop(t *testing.T) *shop {
	t.Helper()
	return newShopIn(t, sim.Config{Seed: 1})
}

// newShopIn is newShop in a world of its own.
func newShopIn(t *testing.T, c sim.Config) *shop {
	t.Helper()
	c.Render = map[string]engine.Render{"jsonapi": jsonapi.Render}
	w, err := sim.New(c)
	must(t, err)
	j, err := judge()
	must(t, err)
	s := &shop{World: w, t: t, id: "shop", judge: j, lied: map[string]bool{}}
	s.mux = newMux(t, w.Engine, w.Clock.Now)
	s.client = wiretest.Client(t, s.mux)
	_, err = w.Engine.CreateMerchant(t.Context(), operator(s.id, engine.Test), s.id, "Shop")
	must(t, err)
	s.key, s.pk, s.keyID = s.newKey(s.id, engine.Test, engine.Rights()...)
	t.Cleanup(func() {
		bad, err := w.Judge()
		must(t, err)
		for _, b := range bad {
			if id, _, _ := strings.Cut(b, ":"); !s.lied[id] {
				t.Errorf("invariant: %s", b)
			}
		}
	})
	return s
}

func newMux(t testing.TB, e *engine.Engine, now func() time.Time) *wire.Mux {
	t.Helper()
	f, err := wire.New(wire.Config{Now: now, Random: rand.Reader, Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}) // so that a header moves a caller to another machine
	must(t, err)
	return muxOf(t, e, now, f)
}

// muxOf is the dialect behind a funnel of the test's own.
func muxOf(t testing.TB, e *engine.Engine, now func() time.Time, f *wire.Funnel) *wire.Mux {
	t.Helper()
	api, err := jsonapi.New(jsonapi.Config{Engine: e, Funnel: f, Now: now, Random: rand.Reader})
	must(t, err)
	other := &wire.Dialect{Name: "other", Error: func(error, *wire.Call) wire.Reply { return wire.Reply{Status: 404} }}
	m, err := wire.NewMux(f, append(api.Mounts(), wire.Mount{Dialect: other})...)
	must(t, err)
	return m
}

func (s *shop) newKey(merchant string, m engine.Mode, rights ...engine.Right) (key, pk, keyID string) {
	s.t.Helper()
	k, err := s.Engine.CreateKey(s.t.Context(), operator(merchant, m), engine.NewKey{Merchant: merchant, Mode: m, Rights: rights})
	must(s.t, err)
	return k.Secret, k.Publishable, k.ID
}

// as is the same world seen by another key.
func (s *shop) as(key string) *shop {
	other := *s
	other.key = key
	return &other
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

// do sends one request. A line "Name: value" adds a header or replaces one; an
// empty value takes it away.
func (s *shop) do(method, path, body string, header ...string) reply {
	s.t.Helper()
	req, err := http.NewRequest(method, "http://penstock.test"+path, strings.NewReader(body))
	must(s.t, err)
	req.Header.Set("Authorization", "Bearer "+s.key)
	if body != "" {
		req.Header.Set("Content-Type", media)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
		if value == "" {
			req.Header.Del(name)
		}
	}
	res, err := s.client.Do(req)
	must(s.t, err)
	raw, err := io.ReadAll(res.Body)
	must(s.t, err)
	must(s.t, res.Body.Close())
	r := reply{t: s.t, what: method + " " + path + " " + body, status: res.StatusCode, header: res.Header, body: string(raw)}
	if method == http.MethodHead || strings.HasPrefix(res.Header.Get("Content-Type"), "text/csv") {
		return r
	}
	if err := json.Unmarshal(raw, &r.json); err != nil {
		s.t.Fatalf("%s: answer %q is not JSON: %v", r.what, raw, err)
	}
	s.described(method, path, req.Header.Get("Content-Type"), body, r)
	return r
}

var uuid4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// described holds an answer to the description, and a body that was taken.
func (s *shop) described(method, path, sent, body string, r reply) {
	s.t.Helper()
	if r.at("errors.0.code") == "not_found" && r.at("errors.0.detail") == "There is no such resource" || r.status == 405 {
		return // of a path that is nowhere
	}
	if err := s.judge.Reply(method, path, r.status, r.header.Get("Content-Type"), []byte(r.body)); err != nil {
		s.t.Errorf("%s: %d %s\nis not as described: %v", r.what, r.status, r.body, err)
	}
	if r.status < 300 && body != "" {
		if err := s.judge.Request(method, path, sent, []byte(body)); err != nil {
			s.t.Errorf("%s was taken and is not as described: %v", r.what, err)
		}
	}
	if r.status >= 400 {
		if !uuid4.MatchString(r.str("errors.0.id")) || r.str("errors.0.status") != fmt.Sprint(r.status) || r.str("errors.0.meta.request_id") != r.header.Get("X-Request-Id") {
			s.t.Errorf("%s: %s is no whole error", r.what, r.body)
		}
	}
}

// at finds a value by a path like data.0.id; nil when it is null or not there.
func (r reply) at(path string) any { return wiretest.At(r.json, path) }

func (r reply) str(path string) string {
	s, _ := r.at(path).(string)
	return s
}

// attr is an attribute of the answer's one resource.
func (r reply) attr(name string) any { return r.at("data.attributes." + name) }

func (r reply) ok() reply {
	r.t.Helper()
	return r.is(http.StatusOK)
}

func (r reply) created() reply {
	r.t.Helper()
	return r.is(http.StatusCreated)
}

func (r reply) is(status int) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("%s: status %d, want %d: %s", r.what, r.status, status, r.body)
	}
	return r
}

// has wants a value at a path.
func (r reply) has(path string, want any) reply {
	r.t.Helper()
	if got := r.at(path); fmt.Sprint(got) != fmt.Sprint(want) {
		r.t.Errorf("%s: %s is %v, want %v\n%s", r.what, path, got, want, r.body)
	}
	return r
}

// refused wants an error of the status and code; source is its pointer,
// parameter or header, "" where there is none.
func (r reply) refused(status int, code, source string) reply {
	r.t.Helper()
	got := r.str("errors.0.source.pointer") + r.str("errors.0.source.parameter") + r.str("errors.0.source.header")
	if r.status != status || r.str("errors.0.code") != code || got != source {
		r.t.Errorf("%s:\n got %d %s\nwant %d %s at %q", r.what, r.status, r.body, status, code, source)
	}
	return r
}

// ids are those of a list's resources.
func (r reply) ids() (out []string) {
	r.t.Helper()
	all, _ := r.at("data").([]any)
	for i := range all {
		out = append(out, r.str(fmt.Sprintf("data.%d.id", i)))
	}
	return out
}

// doc is a body of a resource's attributes.
func doc(kind, attributes string) string {
	return `{"data":{"type":"` + kind + `","attributes":` + attributes + `}}`
}

// run lets time pass in the world.
func (s *shop) run(d time.Duration) {
	s.t.Helper()
	must(s.t, s.Run(d))
}

// raw sends one request and returns the status alone. It may be called at a
// time with others.
func (s *shop) raw(method, path string, body ...string) int {
	req, err := http.NewRequest(method, "http://penstock.test"+path, strings.NewReader(strings.Join(body, "")))
	if err != nil {
		s.t.Error(err)
		return 0
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	req.Header.Set("Content-Type", media)
	res, err := s.client.Do(req)
	if err != nil {
		s.t.Error(err)
		return 0
	}
	_, err = io.Copy(io.Discard, res.Body)
	if err != nil || res.Body.Close() != nil {
		s.t.Error(err)
	}
	return res.StatusCode
}
