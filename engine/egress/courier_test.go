package egress

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// scripted is a receiver that answers the n-th request of a connection with the
// n-th of its answers, byte for byte, and then closes it. After silence it waits
// for the other side to go.
type scripted struct {
	addr    string
	arrived atomic.Int64
	conns   atomic.Int64
	seen    chan string // each request as it came

	mu   sync.Mutex
	open []net.Conn
}

// latest is the connection that was made last.
func (s *scripted) latest() net.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open[len(s.open)-1]
}

const (
	fine    = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	parting = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
	cut     = "" // none: the connection is closed
	silence = "silence"
)

func newScripted(t *testing.T, answers ...string) *scripted {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scripted{addr: l.Addr().String(), seen: make(chan string, 100)}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.conns.Add(1)
			s.mu.Lock()
			s.open = append(s.open, conn)
			s.mu.Unlock()
			all.Go(func() { s.serve(conn, answers) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		s.mu.Lock()
		for _, conn := range s.open {
			conn.Close()
		}
		s.mu.Unlock()
		all.Wait()
	})
	return s
}

func (s *scripted) serve(conn net.Conn, answers []string) {
	defer conn.Close()
	var raw bytes.Buffer
	r := bufio.NewReader(io.TeeReader(conn, &raw))
	for _, answer := range answers {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return
		}
		s.arrived.Add(1)
		s.seen <- raw.String()
		raw.Reset()
		text, waits := strings.CutSuffix(answer, silence)
		io.WriteString(conn, text)
		if waits {
			_, _ = r.ReadByte()
			return
		}
	}
}

// deliver makes one request as the engine does: at most 16 KiB of the answer
// are read.
func deliver(ctx context.Context, rt http.RoundTripper, url string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, "POST", url, strings.NewReader(`{"a":1}`))
	if err != nil {
		return 0, err
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 16<<10))
	return resp.StatusCode, nil
}

func courierTo(t *testing.T, o Options, addrs ...string) http.RoundTripper {
	t.Helper()
	rt := Webhooks(mustPolicy(t, "", addrs...), o)
	t.Cleanup(rt.(*transport).CloseIdleConnections)
	return rt
}

// Three deliveries to each kind of receiver: what they are answered, and how
// many connections they take.
func TestReceiversOfEveryKindAreUnderstood(t *testing.T) {
	long := "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100000)
	for name, row := range map[string]struct {
		answers []string
		status  int
		conns   int64
	}{
		"kept":                         {[]string{fine, fine, fine}, 200, 1},
		"closes after each":            {[]string{parting}, 200, 3},
		"says nothing of closing":      {[]string{fine}, 200, 3},
		"HTTP/1.0":                     {[]string{"HTTP/1.0 200 OK\r\n\r\nok"}, 200, 3},
		"HTTP/1.0 with a length":       {[]string{"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", fine}, 200, 3},
		"HTTP/1.0 that keeps":          {[]string{"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", fine, fine}, 200, 1},
		"until the end":                {[]string{"HTTP/1.1 200 OK\r\n\r\nok"}, 200, 3},
		"no body":                      {[]string{"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"}, 204, 1},
		"chunks":                       {[]string{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\nX-Sum: 1\r\n\r\n", fine, fine}, 200, 1},
		"news before the answer":       {[]string{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + fine, fine, fine}, 200, 1},
		"another protocol":             {[]string{"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + fine}, 101, 3},
		"more than was asked":          {[]string{fine + fine}, 200, 3},
		"a long body":                  {[]string{long, long, long}, 200, 3},
		"a redirect":                   {[]string{"HTTP/1.1 307 Temporary Redirect\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"}, 307, 3},
		"gone":                         {[]string{"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"}, 410, 3},
		"lines that end in \\n alone":  {[]string{"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", fine, fine}, 200, 1},
		"cut in the middle of a body":  {[]string{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"}, 200, 3},
		"cut in the middle of a chunk": {[]string{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok"}, 200, 3},
	} {
		s := newScripted(t, row.answers...)
		rt := courierTo(t, Options{}, s.addr)
		for range 3 {
			if status, err := deliver(t.Context(), rt, "http://"+s.addr+"/"); status != row.status || err != nil {
				t.Errorf("%s: %d, %v, want %d", name, status, err, row.status)
			}
		}
		if s.conns.Load() != row.conns || s.arrived.Load() != 3 {
			t.Errorf("%s: %d deliveries on %d connections, want 3 on %d", name, s.arrived.Load(), s.conns.Load(), row.conns)
		}
	}
}

// What isn't an answer is an error that doesn't show it, and nothing is sent
// again for it.
func TestGarbageIsNoAnswerAndIsNotShown(t *testing.T) {
	for name, answer := range map[string]string{
		"another protocol": "SSH-2.0-hunter2\r\n",
		"no status":        "HTTP/1.1 hunter2\r\n\r\n",
		"bad header":       "HTTP/1.1 200 OK\r\nhunter2\r\n\r\n",
		"bad length":       "HTTP/1.1 200 OK\r\nContent-Length: hunter2\r\n\r\n",
		"two lengths":      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhunter2",
		"endless header":   "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("hunter2", 10000) + "\r\n\r\n",
		"endless news":     strings.Repeat("HTTP/1.1 103 hunter2\r\n\r\n", 10000),
		"half a header":    "HTTP/1.1 200 OK\r\nhunter2",
	} {
		s := newScripted(t, answer)
		status, err := deliver(t.Context(), courierTo(t, Options{}, s.addr), "http://"+s.addr+"/")
		if err == nil || strings.Contains(err.Error(), "hunter2") || s.arrived.Load() != 1 {
			t.Errorf("%s: %d, %v, %d arrivals, want an error that keeps it to itself, and one", name, status, err, s.arrived.Load())
		}
		if name != "half a header" && !errors.Is(err, ErrAnswer) {
			t.Errorf("%s: %v, want ErrAnswer", name, err)
		}
	}
}

// A kept connection that the receiver closed between two messages costs
// nothing: the second message goes out once, on a new one.
func TestAConnectionClosedInBetweenLosesNoMessage(t *testing.T) {
	s := newScripted(t, fine)
	rt := courierTo(t, Options{}, s.addr)
	for range 20 {
		if status, err := deliver(t.Context(), rt, "http://"+s.addr+"/"); status != 200 || err != nil {
			t.Fatalf("%d, %v, want 200", status, err)
		}
	}
	if s.arrived.Load() != 20 {
		t.Errorf("%d arrivals of 20 messages", s.arrived.Load())
	}
}

// A message that arrived on a kept connection, which was then cut, is sent once
// more on a new one; one that arrived on a new connection is not.
func TestACutConnectionIsTriedOnceMoreIfItWasKept(t *testing.T) {
	s := newScripted(t, fine, cut)
	rt := courierTo(t, Options{}, s.addr)
	for range 2 {
		if status, err := deliver(t.Context(), rt, "http://"+s.addr+"/"); status != 200 || err != nil {
			t.Errorf("%d, %v, want 200", status, err)
		}
	}
	if s.arrived.Load() != 3 || s.conns.Load() != 2 {
		t.Errorf("%d arrivals on %d connections, want 3 on 2", s.arrived.Load(), s.conns.Load())
	}
	s = newScripted(t, cut)
	if _, err := deliver(t.Context(), courierTo(t, Options{}, s.addr), "http://"+s.addr+"/"); err == nil || s.arrived.Load() != 1 {
		t.Errorf("%v, %d arrivals, want an error and one", err, s.arrived.Load())
	}
	s = newScripted(t, fine, "HTTP/1.1 200 OK\r\nX")
	rt = courierTo(t, Options{}, s.addr)
	for i := range 2 {
		if _, err := deliver(t.Context(), rt, "http://"+s.addr+"/"); (err == nil) != (i == 0) {
			t.Errorf("message %d: %v", i, err)
		}
	}
	if s.arrived.Load() != 2 {
		t.Errorf("%d arrivals, want no more than 2: the second was being answered", s.arrived.Load())
	}
}

// A body that can't be had again isn't sent again.
func TestABodyThatIsReadOnceIsSentOnce(t *testing.T) {
	s := newScripted(t, fine, cut)
	rt := courierTo(t, Options{}, s.addr)
	for i := range 2 {
		req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+s.addr+"/", &closeCounter{Reader: strings.NewReader("{}")})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := rt.RoundTrip(req)
		if (err == nil) != (i == 0) {
			t.Fatalf("message %d: %v", i, err)
		}
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
		}
		if closed := req.Body.(*closeCounter).closed; closed != 1 {
			t.Errorf("message %d: body closed %d times", i, closed)
		}
	}
	if s.arrived.Load() != 2 {
		t.Errorf("%d arrivals of 2 messages", s.arrived.Load())
	}
}

// What a receiver says unasked, as some do before they close an idle connection,
// is not the answer to the next message, whether it came with the last answer or
// later.
func TestWhatComesUnaskedIsNoAnswer(t *testing.T) {
	const bye = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"
	s := newScripted(t, fine+bye+silence)
	rt := courierTo(t, Options{}, s.addr)
	for range 3 {
		if status, err := deliver(t.Context(), rt, "http://"+s.addr+"/"); status != 200 || err != nil {
			t.Errorf("%d, %v, want 200", status, err)
		}
	}
	s = newScripted(t, fine, fine)
	rt = courierTo(t, Options{}, s.addr)
	for range 3 {
		if status, err := deliver(t.Context(), rt, "http://"+s.addr+"/"); status != 200 || err != nil {
			t.Errorf("%d, %v, want 200", status, err)
		}
		if _, err := io.WriteString(s.latest(), bye); err != nil {
			t.Fatal(err)
		}
	}
	if s.arrived.Load() != 3 {
		t.Errorf("%d arrivals of 3 messages", s.arrived.Load())
	}
}

// A receiver that refuses a message before it has read it is understood.
func TestAnEarlyAnswerIsSeen(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		_, _ = conn.Read(make([]byte, 1)) // and no more of it
	})
	t.Cleanup(func() { l.Close(); served.Wait() })
	rt := courierTo(t, Options{}, l.Addr().String())
	req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+l.Addr().String()+"/", bytes.NewReader(make([]byte, 16<<20)))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil || resp.StatusCode != 413 {
		t.Errorf("%v, %v, want 413", resp, err)
	}
}

// Nobody waits for a receiver when the time is over or the server stops.
func TestASilentReceiverEndsWithTheContext(t *testing.T) {
	for _, answer := range []string{silence, "HTTP/1.1 200 OK\r\nX: " + silence} {
		for _, kept := range []bool{false, true} {
			for _, want := range []error{context.DeadlineExceeded, context.Canceled} {
				// On a busy machine the time may be over before the receiver has the
				// request. Then nobody was silent yet, and more is given.
				for patience := 20 * time.Millisecond; !endsInSilence(t, answer, kept, want, patience); patience *= 2 {
				}
			}
		}
	}
}

// endsInSilence makes a delivery that a receiver takes and doesn't answer, or by
// half, and ends its context. It says whether the receiver had it before that.
func endsInSilence(t *testing.T, answer string, kept bool, want error, patience time.Duration) bool {
	t.Helper()
	answers := []string{answer}
	if kept {
		answers = []string{fine, answer}
	}
	s := newScripted(t, answers...)
	rt := courierTo(t, Options{}, s.addr)
	if kept {
		if _, err := deliver(t.Context(), rt, "http://"+s.addr+"/"); err != nil {
			t.Fatal(err)
		}
		<-s.seen
	}
	ctx, cancel := context.WithCancel(t.Context())
	if want == context.DeadlineExceeded {
		ctx, cancel = context.WithTimeout(t.Context(), patience)
	}
	defer cancel()
	before, ended := s.conns.Load(), make(chan error, 1)
	go func() {
		_, err := deliver(ctx, rt, "http://"+s.addr+"/")
		ended <- err
	}()
	var err error
	select {
	case <-s.seen:
		if want == context.Canceled {
			cancel()
		}
		err = <-ended
	case err = <-ended:
		if want == context.DeadlineExceeded && ctx.Err() != nil && len(s.seen) == 0 {
			return false
		}
	}
	var late net.Error
	if !errors.Is(err, want) && !(want == context.DeadlineExceeded && errors.As(err, &late) && late.Timeout()) {
		t.Errorf("%q, kept %v: %v, want %v", answer, kept, err, want)
	}
	if kept && s.conns.Load() != before {
		t.Errorf("%q: sent once more on a new connection", answer)
	}
	return true
}

// A target that takes the connection and says nothing of TLS ends likewise.
func TestASilentHandshakeEndsWithTheContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	rt := courierTo(t, Options{}, l.Addr().String())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := deliver(ctx, rt, "https://"+l.Addr().String()+"/"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want the context's error", err)
	}
	rt = courierTo(t, Options{TLS: time.Millisecond}, l.Addr().String())
	var late net.Error
	if _, err := deliver(t.Context(), rt, "https://"+l.Addr().String()+"/"); !errors.As(err, &late) || !late.Timeout() {
		t.Errorf("%v, want a timeout of the handshake's own", err)
	}
	if c := rt.(*transport).secure.(*courier); len(c.hosts) != 0 {
		t.Errorf("%d hosts are left", len(c.hosts))
	}
}

// Connections and what is known of hosts are bounded, and nothing is left once
// the idle ones are closed.
func TestCouriersConnectionsAreBounded(t *testing.T) {
	var all []*scripted
	var addrs []string
	for range 5 {
		s := newScripted(t, fine, fine, fine, fine, fine)
		all, addrs = append(all, s), append(addrs, s.addr)
	}
	rt := courierTo(t, Options{Idle: 3}, addrs...)
	c := rt.(*transport).plain.(*courier)
	for range 2 {
		for _, s := range all {
			if _, err := deliver(t.Context(), rt, "http://"+s.addr+"/"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(c.idle) != 3 || len(c.hosts) != 3 {
		t.Errorf("%d connections to %d hosts kept, want 3 to 3", len(c.idle), len(c.hosts))
	}
	c.tidy()
	if len(c.idle) != 3 {
		t.Error("a connection was closed that had been used since the last look")
	}
	if _, err := deliver(t.Context(), rt, "http://"+all[4].addr+"/"); err != nil {
		t.Fatal(err)
	}
	c.tidy()
	if len(c.idle) != 1 || c.idle[0].host.name != all[4].addr || len(c.hosts) != 1 {
		t.Errorf("kept %d of %d hosts, want the one that was used", len(c.idle), len(c.hosts))
	}
	rt.(*transport).CloseIdleConnections()
	if len(c.idle) != 0 || len(c.hosts) != 0 || c.sweep != nil {
		t.Errorf("left: %d connections, %d hosts, a timer: %v", len(c.idle), len(c.hosts), c.sweep != nil)
	}
}

// One host gets PerHost connections at most, and who waits for one waits no
// longer than its context.
func TestAHostGetsSoManyConnectionsAtOnce(t *testing.T) {
	s := newScripted(t, fine+silence)
	s2 := newScripted(t, silence)
	rt := courierTo(t, Options{PerHost: 2}, s.addr, s2.addr)
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() { _, _ = deliver(ctx, rt, "http://"+s2.addr+"/") })
		<-s2.seen
	}
	short, end := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer end()
	if _, err := deliver(short, rt, "http://"+s2.addr+"/"); !errors.Is(err, context.DeadlineExceeded) || s2.conns.Load() != 2 {
		t.Errorf("a third at once: %v on %d connections, want to wait on 2", err, s2.conns.Load())
	}
	if _, err := deliver(t.Context(), rt, "http://"+s.addr+"/"); err != nil {
		t.Errorf("another host waits too: %v", err)
	}
	cancel()
	all.Wait()
	if _, err := deliver(t.Context(), rt, "http://"+s.addr+"/"); err != nil {
		t.Errorf("after they ended: %v", err)
	}
	rt.(*transport).CloseIdleConnections()
	if c := rt.(*transport).plain.(*courier); len(c.hosts) != 0 {
		t.Errorf("%d hosts are left", len(c.hosts))
	}
}

// On the wire a delivery is what net/http makes of it.
func TestADeliveryOnTheWire(t *testing.T) {
	s := newScripted(t, fine)
	req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+s.addr+"/hook?a=b%20c", strings.NewReader(`{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Content-Type": {"application/json"}, "User-Agent": {"penstock"}, "Webhook-Id": {"msg_1"}, "X-Own": {"y", "z"}}
	resp, err := courierTo(t, Options{}, s.addr).RoundTrip(req)
	if err != nil || resp.Request != req {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
	want := "POST /hook?a=b%20c HTTP/1.1\r\nHost: " + s.addr + "\r\nUser-Agent: penstock\r\nContent-Length: 7\r\n" +
		"Content-Type: application/json\r\nWebhook-Id: msg_1\r\nX-Own: y\r\nX-Own: z\r\n\r\n{\"a\":1}"
	if got := <-s.seen; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
}

func TestNoHeaderEndsItsLine(t *testing.T) {
	s := newScripted(t, fine)
	rt := courierTo(t, Options{}, s.addr)
	for name, change := range map[string]func(*http.Request){
		"value":  func(r *http.Request) { r.Header["X-A"] = []string{"b\r\nX-Evil: 1"} },
		"name":   func(r *http.Request) { r.Header["X-A: b\r\nX-Evil"] = []string{"1"} },
		"method": func(r *http.Request) { r.Method = "POST / HTTP/1.1\r\nX-Evil: 1\r\n\r\nGET" },
		"path":   func(r *http.Request) { r.URL.Opaque = "/\r\nX-Evil: 1" },
	} {
		body := &closeCounter{Reader: strings.NewReader("{}")}
		req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+s.addr+"/", body)
		if err != nil {
			t.Fatal(err)
		}
		change(req)
		if _, err := rt.RoundTrip(req); err == nil || s.arrived.Load() != 0 || body.closed != 1 {
			t.Errorf("%s: %v, %d arrivals, body closed %d times", name, err, s.arrived.Load(), body.closed)
		}
	}
}

// Over TLS a connection is kept as well, and the name is told before the
// certificate is shown.
func TestSecureConnectionsAreKeptAndToldTheName(t *testing.T) {
	var conns atomic.Int64
	var told atomic.Value
	h := &hook{}
	h.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { h.arrived.Add(1) }))
	h.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			conns.Add(1)
		}
	}
	h.TLS = &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		told.Store(fmt.Sprint(hello.ServerName, hello.SupportedProtos))
		return nil, nil
	}}
	h.StartTLS()
	t.Cleanup(h.Close)
	trusted := x509.NewCertPool()
	trusted.AddCert(h.Certificate())
	dns := newNameServer(t, []netip.Addr{netip.MustParseAddr("127.0.0.1")})
	rt := courierTo(t, Options{RootCAs: trusted, Resolver: dns.resolver()}, fmt.Sprintf("127.0.0.1:%d", h.addr().Port()))
	for range 3 {
		if status, err := deliver(t.Context(), rt, fmt.Sprintf("https://Example.COM:%d/", h.addr().Port())); status != 200 || err != nil {
			t.Fatal(status, err)
		}
	}
	if conns.Load() != 1 || h.arrived.Load() != 3 || told.Load() != "example.com[http/1.1]" {
		t.Errorf("%d deliveries on %d connections, told %v", h.arrived.Load(), conns.Load(), told.Load())
	}
}

// Many at once over few connections, each with its own answer: for the race
// detector, and against an answer that is taken for another's.
func TestEachDeliveryGetsItsOwnAnswer(t *testing.T) {
	h := newHook(t, false, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
		if r.URL.Path == "/close" {
			panic(http.ErrAbortHandler)
		}
	})
	rt := courierTo(t, Options{PerHost: 4}, h.addr().String())
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for j := range 50 {
				mine := fmt.Sprintf("%d of %d", j, i)
				req, err := http.NewRequestWithContext(t.Context(), "POST", h.URL, strings.NewReader(mine))
				if err != nil {
					t.Error(err)
					return
				}
				if j%10 == 9 {
					req.URL.Path = "/close"
				}
				resp, err := rt.RoundTrip(req)
				if err != nil {
					if j%10 != 9 {
						t.Error(err)
					}
					continue
				}
				got, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				resp.Body.Close() // a second time does nothing to whoever has the connection now
				if err == nil && string(got) != mine {
					t.Errorf("answered %q, want %q", got, mine)
				}
			}
		})
	}
	all.Wait()
}
