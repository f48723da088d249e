package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// benchConns are kept connections to one server. They do of HTTP/1.1 what a load
// takes: a whole library costs half as much again as the system calls, on the
// processors that the server needs. It is safe for concurrent use.
type benchConns struct {
	addr string
	tls  *tls.Config // nil: in clear

	mu   sync.Mutex
	idle []*benchConn // the one used last at the end
}

// benchConn is one connection, for one call at a time.
type benchConn struct {
	net.Conn
	in, out []byte    // the answer, from its first byte on; the request
	until   time.Time // the deadline that is set
	given   time.Time // when it was given back
}

// benchIdle is how long a connection may be out of use; servers end theirs later.
const benchIdle = 10 * time.Second

// benchMost bounds an answer.
const benchMost = 64 << 20

var errBenchAnswer = errors.New("the answer is no HTTP/1.1 of a sound length")

func newBenchConns(u *url.URL) *benchConns {
	c := &benchConns{addr: net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme]))}
	if u.Scheme == "https" {
		c.tls = &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
	}
	return c
}

// take is an idle connection, or a new one.
func (c *benchConns) take() (*benchConn, error) {
	if conn := c.kept(time.Now()); conn != nil {
		return conn, nil
	}
	conn, err := net.DialTimeout("tcp", c.addr, benchPatience)
	if err != nil {
		return nil, err
	}
	if c.tls != nil {
		conn = tls.Client(conn, c.tls)
	}
	return &benchConn{Conn: conn, in: make([]byte, 0, 4096)}, nil
}

func (c *benchConns) kept(now time.Time) *benchConn {
	c.mu.Lock()
	defer c.mu.Unlock()
	for n := len(c.idle); n > 0; n = len(c.idle) {
		last := c.idle[n-1]
		if c.idle = c.idle[:n-1]; now.Sub(last.given) < benchIdle {
			return last
		}
		_ = last.Close() // nothing is under way on it
	}
	return nil
}

// give keeps a connection that can be used again.
func (c *benchConns) give(conn *benchConn) {
	conn.given = time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = append(c.idle, conn)
}

// close ends those that are out of use.
func (c *benchConns) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.idle {
		_ = conn.Close() // nothing is under way on it
	}
	c.idle = nil
}

// benchReply is an answer. Its body is the connection's until that is given back.
type benchReply struct {
	status int
	body   []byte
	keep   bool // the connection can be used again
}

// exchange sends c.out and reads the answer, for which it waits as long as the
// bench is patient, or a little longer.
func (c *benchConn) exchange() (benchReply, error) {
	if now := time.Now(); c.until.Sub(now) < benchPatience {
		c.until = now.Add(benchPatience + benchPatience/10)
		if err := c.SetDeadline(c.until); err != nil {
			return benchReply{}, err
		}
	}
	if _, err := c.Write(c.out); err != nil {
		return benchReply{}, err
	}
	c.in = c.in[:0]
	for seen := 0; ; {
		if err := c.more(1024); err != nil {
			return benchReply{}, err
		}
		from := max(0, seen-3)
		if end := bytes.Index(c.in[from:], []byte("\r\n\r\n")); end >= 0 {
			return c.body(from + end + 4)
		}
		if seen = len(c.in); seen > 64<<10 {
			return benchReply{}, errBenchAnswer
		}
	}
}

// more reads what has come, with room for some bytes at least.
func (c *benchConn) more(room int) error {
	if cap(c.in)-len(c.in) < room {
		c.in = append(make([]byte, 0, 2*cap(c.in)+room), c.in...)
	}
	n, err := c.Read(c.in[len(c.in):cap(c.in)])
	c.in = c.in[:len(c.in)+n]
	if n > 0 {
		return nil
	}
	return err
}

// body reads the body behind a head of so many bytes.
func (c *benchConn) body(head int) (benchReply, error) {
	r, length := readBenchHead(c.in[:head])
	if length < 0 {
		return c.anyBody()
	}
	if r.status == 0 || length > benchMost {
		return r, errBenchAnswer
	}
	for len(c.in) < head+length {
		if err := c.more(head + length - len(c.in)); err != nil {
			return r, err
		}
	}
	r.body = c.in[head : head+length]
	r.keep = r.keep && len(c.in) == head+length
	return r, nil
}

// readBenchHead is what a head says; length is -1 where it has no Content-Length,
// and the status 0 where the first line is none of HTTP/1.1.
func readBenchHead(head []byte) (r benchReply, length int) {
	length, r.keep = -1, true
	first, lines, _ := bytes.Cut(head, []byte("\r\n"))
	if rest, ok := bytes.CutPrefix(first, []byte("HTTP/1.1 ")); ok && len(rest) >= 3 {
		r.status, _ = strconv.Atoi(string(rest[:3])) // 0 of what is no number
	}
	for len(lines) > 0 {
		var line []byte
		line, lines, _ = bytes.Cut(lines, []byte("\r\n"))
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case len(name) == len("Content-Length") && bytes.EqualFold(name, []byte("Content-Length")):
			n, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 31)
			if err != nil {
				return benchReply{}, 0
			}
			length = int(n)
		case len(name) == len("Connection") && bytes.EqualFold(name, []byte("Connection")):
			r.keep = r.keep && !strings.EqualFold(string(bytes.TrimSpace(value)), "close")
		case len(name) == len("Transfer-Encoding") && bytes.EqualFold(name, []byte("Transfer-Encoding")):
			return r, -1
		}
	}
	return r, length
}

// anyBody reads an answer of another form, as a proxy may send it.
func (c *benchConn) anyBody() (benchReply, error) {
	res, err := http.ReadResponse(bufio.NewReader(io.MultiReader(bytes.NewReader(c.in), c)), nil)
	if err != nil {
		return benchReply{}, fmt.Errorf("%w: %w", errBenchAnswer, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, benchMost))
	return benchReply{status: res.StatusCode, body: body}, err
}
