package egress

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
)

// ErrAnswer says that what came back is no answer of HTTP/1.1, or has a longer
// header than is read. It doesn't say what came: that is the target's own.
var ErrAnswer = errors.New("egress: the answer is not HTTP")

// line is one connection of a courier. One request at a time is on it.
type line struct {
	courier *courier
	host    *host
	raw     net.Conn        // the socket
	conn    net.Conn        // raw, or TLS over it
	sys     syscall.RawConn // of raw; nil: it cannot be looked at, so it is used once
	in      *bufio.Reader   // over the line itself, which bounds what is read
	out     *bufio.Writer

	old bool // it lay idle when idle ones were last looked through; under courier.mu

	left   int64 // bytes that may still be read
	heard  bool  // a byte of the answer has come
	spent  bool  // not to be used again
	failed error // of reading or writing the connection
	stop   func() bool
	cancel context.CancelFunc // of the request's own deadline; nil: it has none of its own
}

func newLine(c *courier, h *host, raw, conn net.Conn) *line {
	l := &line{courier: c, host: h, raw: raw, conn: conn}
	if s, ok := raw.(syscall.Conn); ok {
		l.sys, _ = s.SyscallConn()
	}
	l.in, l.out = bufio.NewReader(l), bufio.NewWriter(l)
	return l
}

// Read reads the connection as far as the answer may be long.
func (l *line) Read(p []byte) (int, error) {
	if l.left <= 0 {
		l.failed = fmt.Errorf("%w: its header is too long", ErrAnswer)
		return 0, l.failed
	}
	n, err := l.conn.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	l.heard = l.heard || n > 0
	if err != nil {
		l.failed = err
	}
	return n, err
}

func (l *line) Write(p []byte) (int, error) {
	n, err := l.conn.Write(p)
	if err != nil {
		l.failed = err
	}
	return n, err
}

// exchange sends the request and reads the answer's header. Without an error
// the line ends with the answer's body, else it is closed already. The context
// that ends closes the connection, so that nobody waits for it.
func (l *line) exchange(ctx context.Context, cancel context.CancelFunc, req *http.Request) (*http.Response, error) {
	l.left, l.heard, l.failed, l.cancel = maxResponseHeader, false, nil, cancel
	l.stop = context.AfterFunc(ctx, func() { _ = l.raw.Close() })
	resp, err := l.ask(req)
	if err != nil {
		l.stop()
		l.cut()
		return nil, err
	}
	l.left = math.MaxInt64
	l.spent = l.spent || resp.Close || req.Close || resp.StatusCode == http.StatusSwitchingProtocols
	if resp.Body == http.NoBody {
		l.finish(true)
	} else {
		resp.Body = &answerBody{ReadCloser: resp.Body, line: l}
	}
	return resp, nil
}

func (l *line) ask(req *http.Request) (*http.Response, error) {
	err := req.Write(l.out)
	if err == nil {
		err = l.out.Flush()
	}
	if err != nil {
		if l.failed == nil || late(err) {
			return nil, err
		}
		l.spent, l.failed = true, nil // who refuses a request before its end answers and closes
	}
	for {
		resp, bad := http.ReadResponse(l.in, req)
		switch {
		case bad != nil && err != nil:
			return nil, err
		case bad != nil && (l.failed == nil || errors.Is(l.failed, ErrAnswer)):
			return nil, ErrAnswer
		case bad != nil:
			return nil, fmt.Errorf("read answer: %w", l.failed)
		case resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols:
			return resp, nil
		}
	}
}

// finish ends what exchange began; whole says that the answer was read to its
// end, so that the connection may be kept.
func (l *line) finish(whole bool) {
	c, h, cancel := l.courier, l.host, l.cancel // a line that is kept is another's at once
	switch alive := l.stop(); {
	case !whole || !alive:
		l.cut()
	case l.spent || l.sys == nil || l.in.Buffered() > 0:
		l.close()
	default:
		c.keep(l)
	}
	if cancel != nil {
		cancel()
	}
	c.leave(h)
}

// close says goodbye where TLS wants it, cut doesn't: the other side may not be
// listening.
func (l *line) close() { _ = l.conn.Close() }
func (l *line) cut()   { _ = l.raw.Close() }

// answerBody ends the use of its line when it is read to its end or closed.
type answerBody struct {
	io.ReadCloser
	line *line
	over atomic.Bool
}

func (b *answerBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !b.over.Swap(true) {
		b.line.finish(err == io.EOF)
	}
	return n, err
}

// Close closes the connection of an answer that was not read to its end: nobody
// knows how much more would come.
func (b *answerBody) Close() error {
	if !b.over.Swap(true) {
		b.line.finish(false)
	}
	return nil
}
