package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// hook is a receiver over real HTTP that counts what arrives.
type hook struct {
	*httptest.Server
	arrived atomic.Int64
}

func newHook(t *testing.T, secure bool, answer http.HandlerFunc) *hook {
	t.Helper()
	h := &hook{}
	h.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.arrived.Add(1)
		if answer != nil {
			answer(w, r)
		}
	}))
	h.Config.ErrorLog = log.New(io.Discard, "", 0)
	if secure {
		h.StartTLS()
	} else {
		h.Start()
	}
	t.Cleanup(h.Close)
	return h
}

func (h *hook) addr() netip.AddrPort {
	return netip.MustParseAddrPort(h.Listener.Addr().String())
}

func webhooks(t *testing.T, p *Policy, o Options) *http.Client {
	t.Helper()
	c := Client(Webhooks(p, o))
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func post(client *http.Client, url string) (*http.Response, error) {
	resp, err := client.Post(url, "application/json", strings.NewReader("{}"))
	if err == nil {
		resp.Body.Close()
	}
	return resp, err
}

func TestListedLoopbackIsReachedAndUnlistedIsNot(t *testing.T) {
	h := newHook(t, false, nil)
	port := h.addr().Port()
	byName := fmt.Sprintf("http://localhost:%d/", port)
	elsewhere := fmt.Sprintf("10.255.0.1:%d", port) // so that the name passes until it is dialled
	for _, row := range []struct {
		rule, url string
		ok        bool
	}{
		{h.addr().String(), h.URL, true},
		{"127.0.0.0/8:" + fmt.Sprint(port), h.URL, true},
		{h.addr().String(), byName, true},
		{"localhost:" + fmt.Sprint(port), byName, true},
		{elsewhere, h.URL, false},
		{elsewhere, byName, false},
	} {
		var counters Counters
		var mu sync.Mutex // localhost may be dialled at two addresses at once
		var dials []Dial
		client := webhooks(t, mustPolicy(t, "", row.rule), Options{Counters: &counters, OnDial: func(d Dial) {
			mu.Lock()
			defer mu.Unlock()
			dials = append(dials, d)
		}})
		before := h.arrived.Load()
		resp, err := post(client, row.url)
		arrived := h.arrived.Load() - before
		if row.ok {
			if err != nil || resp.StatusCode != 200 || arrived != 1 || counters.Listed.Load() != 1 {
				t.Errorf("%s: POST %s = %v, %d arrivals, %d listed, want one of each", row.rule, row.url, err, arrived, counters.Listed.Load())
			}
			continue
		}
		if !errors.Is(err, ErrNotAllowed) || arrived != 0 {
			t.Errorf("%s: POST %s = %v, %d arrivals, want ErrNotAllowed and none", row.rule, row.url, err, arrived)
		}
		if row.url == byName && (counters.Denied.Load() == 0 || uint64(len(dials)) != counters.Denied.Load() || dials[0].Host != "localhost" || dials[0].Err == nil) {
			t.Errorf("%s: POST %s: %d denied, dials %+v, want each told", row.rule, row.url, counters.Denied.Load(), dials)
		}
	}
}

func TestUnlistedTargetsGetNoConnection(t *testing.T) {
	h := newHook(t, false, nil)
	port := h.addr().Port()
	client := webhooks(t, mustPolicy(t, ""), Options{})
	for _, url := range []string{
		h.URL,
		fmt.Sprintf("http://localhost:%d/", port),
		fmt.Sprintf("https://2130706433:%d/", port),
		fmt.Sprintf("http://[::ffff:127.0.0.1]:%d/", port),
		"http://169.254.169.254/latest/meta-data/",
		"https://user:pw@hook.example/",
	} {
		if _, err := post(client, url); !errors.Is(err, ErrNotAllowed) {
			t.Errorf("POST %s = %v, want ErrNotAllowed", url, err)
		}
	}
	if got := h.arrived.Load(); got != 0 {
		t.Errorf("%d arrivals, want none", got)
	}
}

func TestRedirectIsAnAnswerAndNotFollowed(t *testing.T) {
	second := newHook(t, false, nil)
	for _, to := range []string{"http://169.254.169.254/latest/meta-data/", second.URL} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			first := newHook(t, false, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", to)
				w.WriteHeader(status)
			})
			policy := mustPolicy(t, "", first.addr().String(), second.addr().String())
			resp, err := post(webhooks(t, policy, Options{}), first.URL)
			if err != nil || resp.StatusCode != status {
				t.Errorf("%d to %s: %v, %v, want the redirect itself", status, to, resp, err)
			}
			// A client that would follow is stopped below.
			rt := Webhooks(policy, Options{})
			if _, err := post(&http.Client{Transport: rt}, first.URL); !errors.Is(err, ErrRedirect) {
				t.Errorf("%d to %s by a following client: %v, want ErrRedirect", status, to, err)
			}
			rt.(*transport).CloseIdleConnections()
		}
	}
	if got := second.arrived.Load(); got != 0 {
		t.Errorf("%d redirects were followed", got)
	}
}

func TestCertificatesAreVerified(t *testing.T) {
	h := newHook(t, true, nil)
	trusted := x509.NewCertPool()
	trusted.AddCert(h.Certificate())
	policy := mustPolicy(t, "", h.addr().String())
	other := strings.Replace(h.URL, "127.0.0.1", "localhost", 1) // the certificate is not for this name
	for name, make := range map[string]func(*Policy, Options) http.RoundTripper{"webhooks": Webhooks, "money": Money} {
		before := h.arrived.Load()
		_, err := post(Client(make(policy, Options{})), h.URL)
		var unknown x509.UnknownAuthorityError
		if !errors.As(err, &unknown) {
			t.Errorf("%s: self-signed: %v, want UnknownAuthorityError", name, err)
		}
		_, err = post(Client(make(policy, Options{RootCAs: trusted})), other)
		var wrongName x509.HostnameError
		if !errors.As(err, &wrongName) {
			t.Errorf("%s: certificate of another host: %v, want HostnameError", name, err)
		}
		if got := h.arrived.Load() - before; got != 0 {
			t.Errorf("%s: %d arrivals over connections that were not verified", name, got)
		}
		client := Client(make(policy, Options{RootCAs: trusted}))
		resp, err := post(client, h.URL)
		if err != nil || resp.StatusCode != 200 || h.arrived.Load()-before != 1 {
			t.Errorf("%s: trusted certificate: %v, %v", name, resp, err)
		}
		client.CloseIdleConnections()
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	h := &hook{}
	h.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { h.arrived.Add(1) }))
	h.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	h.Config.ErrorLog = log.New(io.Discard, "", 0)
	h.StartTLS()
	t.Cleanup(h.Close)
	trusted := x509.NewCertPool()
	trusted.AddCert(h.Certificate())
	if _, err := post(webhooks(t, mustPolicy(t, "", h.addr().String()), Options{RootCAs: trusted}), h.URL); err == nil || h.arrived.Load() != 0 {
		t.Errorf("TLS 1.1: %v, %d arrivals, want an error and none", err, h.arrived.Load())
	}
}

func TestProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	proxy, target := newHook(t, false, nil), newHook(t, false, nil)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("NO_PROXY", "")
	for i, rt := range []*transport{
		Webhooks(mustPolicy(t, "", target.addr().String()), Options{}).(*transport),
		Money(mustPolicy(t, "", target.addr().String()), Options{}).(*transport),
	} {
		t.Cleanup(rt.CloseIdleConnections)
		if _, err := post(Client(rt), target.URL); err != nil {
			t.Error(err)
		}
		if proxy.arrived.Load() != 0 || target.arrived.Load() != int64(i+1) {
			t.Errorf("%d at the proxy, %d at the target, want 0 and %d", proxy.arrived.Load(), target.arrived.Load(), i+1)
		}
	}
}

func TestWebhooksKeepTheirConnection(t *testing.T) {
	p := newProvider(t)
	client := webhooks(t, mustPolicy(t, "", p.addr), Options{})
	for range 3 {
		if _, err := post(client, p.url("/warm")); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.conns.Load(); got != 1 {
		t.Errorf("3 deliveries on %d connections, want 1", got)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	h := newHook(t, false, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/header" {
			w.Header().Set("X-Long", strings.Repeat("x", maxResponseHeader))
			return
		}
		if r.Header.Get("Accept-Encoding") != "" {
			w.WriteHeader(http.StatusTeapot)
		}
		io.WriteString(w, strings.Repeat("x", 5000))
	})
	client := webhooks(t, mustPolicy(t, "", h.addr().String()), Options{})
	if _, err := post(client, h.URL+"/header"); err == nil {
		t.Error("an endless header was read")
	}
	for _, row := range []struct {
		limit int64
		want  error
	}{{4999, ErrTooLong}, {5000, nil}, {5001, nil}, {0, ErrTooLong}} {
		resp, err := client.Get(h.URL)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 200 {
			t.Errorf("status %d: a compressed answer was asked for", resp.StatusCode)
		}
		body, err := ReadBody(resp, row.limit)
		if !errors.Is(err, row.want) || int64(len(body)) != min(row.limit, 5000) {
			t.Errorf("ReadBody(%d) = %d bytes, %v, want %v", row.limit, len(body), err, row.want)
		}
	}
}

// closeCounter is a body that knows whether it was closed.
type closeCounter struct {
	io.Reader
	closed int
}

func (c *closeCounter) Close() error { c.closed++; return nil }

func TestRefusedRequestIsClosedAndOtherHostHeaderRefused(t *testing.T) {
	h := newHook(t, false, nil)
	rt := Money(mustPolicy(t, "", h.addr().String()), Options{})
	for name, row := range map[string]struct {
		change func(*http.Request)
		want   error
	}{
		"other host header": {func(r *http.Request) { r.Host = "internal.example" }, ErrNotAllowed},
		"unlisted target":   {func(r *http.Request) { r.URL.Host = "127.0.0.2:1" }, ErrNotAllowed},
		"no URL":            {func(r *http.Request) { r.URL = nil }, ErrNotAllowed},
		"redirected":        {func(r *http.Request) { r.Response = &http.Response{} }, ErrRedirect},
	} {
		body := &closeCounter{Reader: strings.NewReader("{}")}
		req, err := http.NewRequestWithContext(context.Background(), "POST", h.URL, body)
		if err != nil {
			t.Fatal(err)
		}
		row.change(req)
		if _, err := rt.RoundTrip(req); !errors.Is(err, row.want) || body.closed != 1 {
			t.Errorf("%s: RoundTrip = %v, body closed %d times, want %v, 1", name, err, body.closed, row.want)
		}
	}
	if got := h.arrived.Load(); got != 0 {
		t.Errorf("%d arrivals, want none", got)
	}
}
