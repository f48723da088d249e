package egress

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// provider books every request that arrives at /pay, whatever headers it bears,
// and answers as told by the path it is asked at.
type provider struct {
	addr   string
	booked atomic.Int64
	conns  atomic.Int64

	mu   sync.Mutex
	open []net.Conn // closed at the end, for a client that keeps what it should not
}

// newProvider serves raw HTTP on loopback, since an http.Server wouldn't drop a
// connection after it read the request, and says no more than it is told:
//
//	/warm      200, connection kept
//	/pay       booked, then the connection is cut without an answer
//	/pay/half  booked, then cut in the middle of the answer's header
//	/pay/307   booked, then sent on to /pay
func newProvider(t testing.TB) *provider {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{addr: l.Addr().String()}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.conns.Add(1)
			p.mu.Lock()
			p.open = append(p.open, conn)
			p.mu.Unlock()
			all.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.mu.Lock()
		for _, conn := range p.open {
			conn.Close()
		}
		p.mu.Unlock()
		all.Wait()
	})
	return p
}

func (p *provider) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return
		}
		if strings.HasPrefix(req.URL.Path, "/pay") {
			p.booked.Add(1)
		}
		switch req.URL.Path {
		case "/warm":
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		case "/pay/307":
			io.WriteString(conn, "HTTP/1.1 307 Temporary Redirect\r\nLocation: /pay\r\nContent-Length: 0\r\n\r\n")
		case "/pay/half":
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-")
			return
		default:
			return
		}
	}
}

func (p *provider) url(path string) string { return "http://" + p.addr + path }

// send makes one call, after a first one that leaves a kept connection behind
// where the client keeps any.
func send(t *testing.T, client *http.Client, p *provider, path string, warm bool, method string, header ...string) (*http.Response, error) {
	t.Helper()
	if warm {
		resp, err := client.Get(p.url("/warm"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ReadBody(resp, 1024); err != nil {
			t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(context.Background(), method, p.url(path), bytes.NewReader([]byte(`{"amount":100}`)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range header {
		req.Header.Set(name, "key-1")
	}
	resp, err := client.Do(req)
	if err == nil {
		resp.Body.Close()
	}
	return resp, err
}

// One call to Send is one arrival, however the provider goes away and whatever
// net/http takes the request for.
func TestOneSendIsOneArrival(t *testing.T) {
	for _, path := range []string{"/pay", "/pay/half", "/pay/307"} {
		for _, warm := range []bool{false, true} {
			for _, method := range []string{"POST", "PUT"} {
				for _, header := range [][]string{nil, {"Idempotency-Key"}, {"X-Idempotency-Key"}} {
					p := newProvider(t)
					client := Client(Money(mustPolicy(t, "", p.addr), Options{}))
					resp, err := send(t, client, p, path, warm, method, header...)
					if got := p.booked.Load(); got != 1 {
						t.Errorf("%s %s warm %v %v: %d arrivals, want 1", method, path, warm, header, got)
					}
					if path == "/pay/307" {
						if err != nil || resp.StatusCode != 307 {
							t.Errorf("%s %s: answer %v, %v, want the 307 itself", method, path, resp, err)
						}
					} else if err == nil || errors.Is(err, ErrNotAllowed) {
						t.Errorf("%s %s: error %v, want one that leaves the end unknown", method, path, err)
					}
				}
			}
		}
	}
}

// The trap that Money closes: the same calls through a client as it comes.
func TestPlainClientBooksMoreThanOnce(t *testing.T) {
	for _, row := range []struct {
		path   string
		warm   bool
		header []string
		want   int64
	}{
		{"/pay", true, []string{"Idempotency-Key"}, 2},
		{"/pay", true, []string{"X-Idempotency-Key"}, 2},
		{"/pay/307", false, nil, 2},
		{"/pay/307", false, []string{"Idempotency-Key"}, 3}, // redirected on the kept connection, cut, sent again
	} {
		p := newProvider(t)
		plain := &http.Transport{}
		if _, err := send(t, &http.Client{Transport: plain}, p, row.path, row.warm, "POST", row.header...); err == nil {
			t.Errorf("%s: no error", row.path)
		}
		plain.CloseIdleConnections()
		if got := p.booked.Load(); got != row.want {
			t.Errorf("%s warm %v %v: a plain client booked %d, want %d: the trap is gone", row.path, row.warm, row.header, got, row.want)
		}
	}
}

func TestMoneyIsNotRedirectedByAnyClient(t *testing.T) {
	p := newProvider(t)
	client := &http.Client{Transport: Money(mustPolicy(t, "", p.addr), Options{})} // follows redirects by itself
	_, err := send(t, client, p, "/pay/307", false, "POST", "Idempotency-Key")
	if !errors.Is(err, ErrRedirect) || errors.Is(err, ErrNotAllowed) {
		t.Errorf("error = %v, want ErrRedirect, and not the one that says that nothing went out", err)
	}
	if got := p.booked.Load(); got != 1 {
		t.Errorf("%d arrivals, want 1", got)
	}
}

func TestMoneyKeepsNoConnection(t *testing.T) {
	p := newProvider(t)
	client := Client(Money(mustPolicy(t, "", p.addr), Options{}))
	for range 3 {
		resp, err := client.Get(p.url("/warm"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ReadBody(resp, 1024); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.conns.Load(); got != 3 {
		t.Errorf("3 requests on %d connections, want 3", got)
	}
}

// The caller's request stays as it was, and what goes below can't be repeated.
func TestMoneyLeavesNothingToRepeat(t *testing.T) {
	rt := Money(mustPolicy(t, "", "pay.example:443"), Options{}).(*transport)
	body := bytes.NewReader([]byte("{}"))
	req, err := http.NewRequest("POST", "https://Pay.Example/x", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Idempotency-Key", "k")
	out, err := rt.prepare(req)
	if err != nil {
		t.Fatal(err)
	}
	if out.GetBody != nil || !out.Close {
		t.Errorf("out: GetBody nil %v, Close %v, want true, true", out.GetBody == nil, out.Close)
	}
	if _, seeks := out.Body.(io.Seeker); seeks {
		t.Error("the body can be read from its start again")
	}
	if out.ContentLength != 2 || out.Header.Get("Idempotency-Key") != "k" || out.URL.Host != "pay.example" {
		t.Errorf("out: length %d, header %v, host %s", out.ContentLength, out.Header, out.URL.Host)
	}
	if req.GetBody == nil || req.Close || req.URL.Host != "Pay.Example" {
		t.Error("the caller's request was changed")
	}
	for _, tr := range []*http.Transport{rt.secure.(*http.Transport), rt.plain.(*http.Transport)} {
		if !tr.DisableKeepAlives || tr.ForceAttemptHTTP2 || tr.Protocols.HTTP2() || tr.TLSNextProto == nil || len(tr.TLSNextProto) != 0 || tr.Proxy != nil {
			t.Errorf("transport %+v could repeat a request", tr)
		}
	}
}

// What a fresh connection for each send costs on loopback.
func BenchmarkMoney(b *testing.B) {
	p := newProvider(b)
	client := Client(Money(mustPolicy(b, "", p.addr), Options{}))
	for b.Loop() {
		resp, err := client.Post(p.url("/warm"), "application/json", strings.NewReader("{}"))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := ReadBody(resp, 1024); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWebhooks(b *testing.B) {
	p := newProvider(b)
	client := Client(Webhooks(mustPolicy(b, "", p.addr), Options{}))
	defer client.CloseIdleConnections()
	for b.Loop() {
		resp, err := client.Post(p.url("/warm"), "application/json", strings.NewReader("{}"))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := ReadBody(resp, 1024); err != nil {
			b.Fatal(err)
		}
	}
}
