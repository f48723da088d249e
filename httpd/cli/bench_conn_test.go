package cli

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"
)

// TestBenchReadsWhatAServerMayAnswer: an answer of every form is read or counted
// as what it is, whatever pieces it comes in, and a connection is used again only
// where nothing is left on it.
func TestBenchReadsWhatAServerMayAnswer(t *testing.T) {
	body := strings.Repeat("x", 9000)
	rows := []struct {
		name, answer string
		want         string // the failure; of none, the body is got
		kept         bool
		body         string
		end          bool // the server ends the connection with the answer
	}{
		{"length", "HTTP/1.1 200 OK\r\ncontent-length:3\r\nX: y\r\n\r\nabc", "", true, "abc", false},
		{"long", "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + body, "", true, body, false},
		{"empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", true, "", false},
		{"closed", "HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 3\r\n\r\nabc", "", false, "abc", false},
		{"something left", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd", "", false, "abc", false},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "", false, "abc", false},
		{"to the end", "HTTP/1.0 200 OK\r\n\r\nabc", "", false, "abc", true},
		{"error", "HTTP/1.1 422 Unprocessable Entity\r\nContent-Length: 27\r\n\r\n" + `{"error":{"code":"IR_06"}}` + "\n", "HTTP 422 IR_06", true, "", false},
		{"cut", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", "connection cut", false, "", true},
		{"cut head", "HTTP/1.1 200 OK\r\nContent-Le", "connection cut", false, "", true},
		{"nothing", "", "connection cut", false, "", true},
		{"no HTTP", "SSH-2.0-OpenSSH\r\n\r\n", "no answer", false, "", false},
		{"bad length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "no answer", false, "", false},
		{"huge length", "HTTP/1.1 200 OK\r\nContent-Length: 2147483647\r\n\r\n", "no answer", false, "", false},
		{"endless head", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", 70<<10), "no answer", false, "", false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			at, seen, conns := answering(t, row.answer, row.end)
			c := newBenchClient(&url.URL{Scheme: "http", Host: at}, "dev_k")
			defer c.conns.close()
			for range 2 {
				got := ""
				failure := c.call("POST", "/a?b=c", "once", []byte(`{"a":1}`), func(b []byte) error {
					got = string(b)
					return nil
				})
				if failure != row.want || got != row.body {
					t.Errorf("got %q and %.50q, want %q and %.50q", failure, got, row.want, row.body)
				}
				r := <-seen
				if r.Host != at || r.Header.Get("api-key") != "dev_k" || r.Header.Get("Idempotency-Key") != "once" || r.Header.Get("Content-Type") != "application/json" || r.RequestURI != "/a?b=c" || r.ContentLength != 7 {
					t.Errorf("sent %+v", r)
				}
			}
			if n := conns.Load(); (n == 1) != row.kept {
				t.Errorf("%d connections for two calls, want one = %v", n, row.kept)
			}
		})
	}
}

// answering gives the same answer to every request, in pieces of some bytes, and
// then may end the connection.
func answering(t *testing.T, answer string, end bool) (addr string, seen chan *http.Request, conns *atomic.Int64) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	seen, conns = make(chan *http.Request, 2), new(atomic.Int64)
	var group errgroup.Group
	group.Go(func() error {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return nil // closed by the test
			}
			conns.Add(1)
			group.Go(func() error {
				defer nc.Close()
				for in := bufio.NewReader(nc); ; {
					r, err := http.ReadRequest(in)
					if err != nil {
						return nil // the client is gone
					}
					if _, err := io.Copy(io.Discard, r.Body); err != nil {
						return err
					}
					seen <- r
					for rest := answer; rest != ""; {
						n := min(len(rest), 701)
						if _, err := io.WriteString(nc, rest[:n]); err != nil {
							return nil // the client has had enough
						}
						rest = rest[n:]
					}
					if end {
						return nil
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		if err := ln.Close(); err != nil {
			t.Error(err)
		}
		if err := group.Wait(); err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String(), seen, conns
}
