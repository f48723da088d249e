package httpd

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"penstock/httpd/wire"
)

// world is a server on a loopback port whose routes remember who called.
type world struct {
	addr  string
	mu    sync.Mutex
	calls []string
	log   bytes.Buffer
	stop  context.CancelFunc
	ended chan error
	enter chan struct{} // /wait says here that it began
	leave chan struct{} // and waits here
}

func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}

func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

// called returns the calls since it was last asked.
func (w *world) called() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	got := strings.Join(w.calls, " ")
	w.calls = nil
	return got
}

func (w *world) handler(f *wire.Funnel) wire.Handler {
	return wire.Handle(f, neutral(), wire.Auth[struct{}]{}, wire.Options{},
		func(ctx context.Context, _ struct{}, c *wire.Call, body wire.Raw) (string, error) {
			w.mu.Lock()
			w.calls = append(w.calls, c.Method+c.Path)
			w.mu.Unlock()
			switch c.Path {
			case "/wait":
				w.enter <- struct{}{}
				<-w.leave
			case "/panic":
				panic("boom")
			}
			return string(body), nil
		})
}

// newWorld starts a server; edit changes its limits. It is stopped, and must
// have ended well, when the test ends.
func newWorld(t *testing.T, edit func(*Config), end func(net.Listener) Endpoint) *world {
	t.Helper()
	w := &world{ended: make(chan error, 1), enter: make(chan struct{}), leave: make(chan struct{})}
	log := slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
	f, err := wire.New(wire.Config{Now: time.Now, Random: rand.Reader, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	var routes []wire.Route
	for _, m := range []string{"GET", "POST", "DELETE"} {
		routes = append(routes, wire.Route{Method: m, Pattern: "/{rest:*}", Handler: w.handler(f)})
	}
	other := &wire.Dialect{Name: "other", Error: func(err error, _ *wire.Call) wire.Reply {
		return wire.Reply{Status: 413, Body: []byte("other: " + err.Error())}
	}}
	mux, err := wire.NewMux(f, wire.Mount{Prefix: "/other", Dialect: other}, wire.Mount{Dialect: neutral(), Routes: routes})
	if err != nil {
		t.Fatal(err)
	}
	config := Config{Mux: mux, Now: time.Now, Log: log}
	if edit != nil {
		edit(&config)
	}
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.addr = ln.Addr().String()
	e := Endpoint{Listener: ln}
	if end != nil {
		e = end(ln)
	}
	var ctx context.Context
	ctx, w.stop = context.WithCancel(context.Background())
	go func() { w.ended <- s.Serve(ctx, e) }()
	t.Cleanup(func() {
		w.stop()
		if err := <-w.ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return w
}

// talk sends raw bytes and returns the status of each answer until the server
// closes the connection.
func (w *world) talk(t *testing.T, raw string) []int {
	t.Helper()
	conn, err := net.Dial("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, raw); err != nil {
		t.Fatalf("%.80q: write: %v", raw, err)
	}
	return statuses(t, raw, conn)
}

func statuses(t *testing.T, raw string, conn io.Reader) []int {
	t.Helper()
	var got []int
	r := bufio.NewReader(conn)
	for {
		if _, err := r.Peek(1); errors.Is(err, io.EOF) {
			return got
		}
		method, _, _ := strings.Cut(raw, " ") // the answer to HEAD has no body
		resp, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			t.Fatalf("%.80q: after %v: %v", raw, got, err)
		}
		if resp.StatusCode == http.StatusContinue {
			got = append(got, 100)
			continue
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatalf("%.80q: after %v: %v", raw, got, err)
		}
		got = append(got, resp.StatusCode)
		for _, name := range []string{"X-Request-Id", "Strict-Transport-Security", "X-Content-Type-Options", "Date"} {
			if resp.Header.Get(name) == "" {
				t.Errorf("%.80q: answer %d lacks %s", raw, resp.StatusCode, name)
			}
		}
		if ct := resp.Header.Get("Content-Type"); ct != "application/json" {
			t.Errorf("%.80q: content type %q", raw, ct)
		}
		if resp.StatusCode >= 400 && method != "HEAD" && !strings.HasPrefix(string(body), `{"error":{"type":"`) {
			t.Errorf("%.80q: body %s", raw, body)
		}
	}
}

func TestServesKeepsAliveAndPipelines(t *testing.T) {
	w := newWorld(t, nil, nil)
	got := w.talk(t, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"+
		"POST /b HTTP/1.1\r\nHost: x:80\r\nContent-Length: 2\r\n\r\n{}"+
		"POST /c HTTP/1.1\r\nHost: [::1]:80\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"+
		"DELETE /d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if len(got) != 4 || w.called() != "GET/a POST/b POST/c DELETE/d" {
		t.Errorf("got %v", got)
	}
}

func TestPanicIsAnAnswerAndTheServerLives(t *testing.T) {
	w := newWorld(t, nil, nil)
	for range 3 {
		if got := w.talk(t, "GET /panic HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); len(got) != 1 || got[0] != 500 {
			t.Errorf("got %v, want 500", got)
		}
	}
	if !strings.Contains(w.logged(), "boom") {
		t.Error("the panic is not in the log")
	}
}

func TestSlowClientIsCutOff(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.ReadTimeout = 50 * time.Millisecond }, nil)
	for name, raw := range map[string]string{
		"silence":         "",
		"half a line":     "GET / HT",
		"endless headers": "GET / HTTP/1.1\r\nHost: x\r\nX-A: b\r\n",
		"half a body":     "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345",
		"half a chunk":    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12",
	} {
		if got := w.talk(t, raw); len(got) != 1 || got[0] != 408 {
			t.Errorf("%s: got %v, want 408", name, got)
		}
	}
	if got := w.called(); got != "" {
		t.Errorf("calls: %s", got)
	}
}

// TestIdleConnectionIsCutOff: what is short here is only the time between
// requests, since on a busy machine even a quick client is slow with its first.
func TestIdleConnectionIsCutOff(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.IdleTimeout = 50 * time.Millisecond }, nil)
	if got := w.talk(t, "GET /idle HTTP/1.1\r\nHost: x\r\n\r\n"); len(got) != 1 || got[0] != 200 {
		t.Errorf("got %v, want one answer and the end", got)
	}
	if got := w.called(); got != "GET/idle" {
		t.Errorf("calls: %s", got)
	}
}

func TestConnectionEndsAfterItsShareOfRequests(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.MaxRequestsPerConn = 3 }, nil)
	if got := w.talk(t, strings.Repeat("GET /a HTTP/1.1\r\nHost: x\r\n\r\n", 5)); len(got) != 3 {
		t.Errorf("%d answers on one connection, want 3", len(got))
	}
}

func TestDrainFinishesCallsInFlight(t *testing.T) {
	w := newWorld(t, nil, nil)
	conn, err := net.Dial("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-w.enter
	w.stop()
	for { // the port closes although the call is still there
		c, err := net.Dial("tcp", w.addr)
		if err != nil {
			break
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-w.ended:
		t.Fatalf("Serve ended with a call in flight: %v", err)
	default:
	}
	close(w.leave)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 200 || !resp.Close {
		t.Errorf("the call in flight got %d, close announced %v; want 200 and true", resp.StatusCode, resp.Close)
	}
}

func TestDrainHasAnEnd(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Drain = 10 * time.Millisecond }, nil)
	conn, err := net.Dial("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-w.enter
	w.stop()
	if err := <-w.ended; !errors.Is(err, ErrDrain) {
		t.Errorf("Serve = %v, want ErrDrain", err)
	}
	if _, err := bufio.NewReader(conn).ReadByte(); err == nil {
		t.Error("the connection still speaks")
	}
	close(w.leave)
	w.ended <- nil
}

func TestEndBeforeTheBeginning(t *testing.T) {
	w := newWorld(t, nil, nil)
	w.stop() // maybe before Serve has got anywhere
	if err := <-w.ended; err != nil {
		t.Errorf("Serve = %v", err)
	}
	w.ended <- nil
}

func TestLimitsAreNeverOff(t *testing.T) {
	f, err := wire.New(wire.Config{Now: time.Now, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	mux, err := wire.NewMux(f, wire.Mount{Dialect: neutral()})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Mux: mux, Now: time.Now, MaxBody: -1, ReadTimeout: -1})
	if err != nil {
		t.Fatal(err)
	}
	h := s.http
	if h.ReadTimeout != 10*time.Second || h.WriteTimeout != 10*time.Second || h.IdleTimeout != 30*time.Second ||
		h.MaxRequestBodySize != 64<<10 || h.ReadBufferSize != 8<<10 || h.MaxRequestsPerConn != 1000 ||
		s.guards.max != 10_000 || s.guards.perAddr != 64 || s.drain != 20*time.Second {
		t.Errorf("server %+v, guards %+v", h, s.guards)
	}
	if !h.SecureErrorLogMessage || !h.DisablePreParseMultipartForm || !h.NoDefaultServerHeader || h.HeaderReceived == nil {
		t.Errorf("server %+v", h)
	}
	if _, err := New(Config{Mux: mux}); err == nil {
		t.Error("New without a clock")
	}
	if !s.guards.exempt(netip.MustParseAddr("127.0.0.1")) || s.guards.exempt(netip.MustParseAddr("192.0.2.1")) {
		t.Error("the limit per address has the wrong exceptions")
	}
}

// TestABodyTooLargeIsRefusedByItsDialect, although none has seen it.
func TestABodyTooLargeIsRefusedByItsDialect(t *testing.T) {
	w := newWorld(t, nil, nil)
	for path, want := range map[string]string{"/other/x": "other: ", "/elsewhere": `"code":"body_too_large"`} {
		resp, err := http.Post("http://"+w.addr+path, "application/json", strings.NewReader(strings.Repeat("x", 300000)))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 413 || !strings.Contains(string(body), want) || !resp.Close {
			t.Errorf("%s: %d %s, want the words of its dialect and the end of the connection", path, resp.StatusCode, body)
		}
	}
}

// TestLongBodiesAreOfWhoIsKnown: beyond the limit is read what Long lets pass,
// and it is asked before any of the body is there.
func TestLongBodiesAreOfWhoIsKnown(t *testing.T) {
	var asked []string
	w := newWorld(t, func(c *Config) {
		c.MaxBody = 100
		c.Long = func(h Head) int {
			asked = append(asked, h.Method+" "+h.Path+" "+strings.Join(h.Cookies, "|")+h.Authorization)
			if h.Path == "/file" && (strings.Contains(strings.Join(h.Cookies, "|"), "who=ada") || h.Authorization == "Bearer ada") {
				return 1000
			}
			return 0
		}
	}, nil)
	post := func(path, who string, n int) string {
		return fmt.Sprintf("POST %s?a=1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n%s\r\nContent-Length: %d\r\n\r\n%s", path, who, n, strings.Repeat("x", n))
	}
	for _, c := range []struct {
		path, who  string
		size, want int
	}{{"/file", "Cookie: who=ada", 100, 200}, {"/file", "Cookie: who=ada", 1000, 200}, {"/file", "Cookie: who=ada", 1001, 413}, {"/file", "Cookie: who=eve", 101, 413}, {"/else", "Cookie: who=ada", 101, 413},
		{"/file", "Authorization: Bearer ada", 1000, 200}, {"/file", "Authorization: Bearer eve", 101, 413}} {
		if got := w.talk(t, post(c.path, c.who, c.size)+"GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); len(got) == 0 || got[0] != c.want {
			t.Errorf("%s by %s, %d bytes: %v, want %d", c.path, c.who, c.size, got, c.want)
		}
	}
	if len(asked) != 6 || asked[0] != "POST /file who=ada" {
		t.Errorf("asked %q", asked)
	}
}
