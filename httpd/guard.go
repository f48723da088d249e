package httpd

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"penstock/httpd/wire"

	"github.com/valyala/fasthttp"
)

// Lingering: how much of a refused body is read and thrown away, and for how
// long, so that the client reads the refusal instead of a reset.
const (
	lingerBytes = 1 << 20
	lingerFor   = time.Second
)

// guards are what the listeners of a server share: the count of connections.
// fasthttp has limits of its own and they don't do: its limit per address
// knows no exceptions, and over its limit of connections it writes an answer
// from the accepting goroutine, which over TLS waits for a stranger's
// handshake. Here what is too much is closed at once.
type guards struct {
	now     func() time.Time
	max     int
	perAddr int
	exempt  func(netip.Addr) bool

	mu     sync.Mutex
	conns  map[*guardConn]struct{}
	byAddr map[netip.Addr]int
}

// listen puts the guard before ln.
func (g *guards) listen(ln net.Listener) *guardListener {
	return &guardListener{Listener: ln, guards: g, closed: make(chan struct{})}
}

// admit counts a connection, or says that there are enough.
func (g *guards) admit(nc net.Conn) (*guardConn, bool) {
	peer := wire.PeerAddr(nc.RemoteAddr())
	c := &guardConn{Conn: nc, guards: g, counted: !g.exempt(peer), key: wire.AddrKey(peer)}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.conns) >= g.max || c.counted && g.byAddr[c.key] >= g.perAddr {
		return nil, false
	}
	g.conns[c] = struct{}{}
	if c.counted {
		g.byAddr[c.key]++
	}
	return c, true
}

func (g *guards) release(c *guardConn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c)
	if !c.counted {
		return
	}
	if g.byAddr[c.key]--; g.byAddr[c.key] <= 0 {
		delete(g.byAddr, c.key)
	}
}

// cut closes all connections, whatever goes on in them.
func (g *guards) cut() {
	g.mu.Lock()
	conns := make([]*guardConn, 0, len(g.conns))
	for c := range g.conns {
		conns = append(conns, c)
	}
	g.mu.Unlock()
	for _, c := range conns {
		_ = c.Close() // they are lost anyway
	}
}

// guardListener accepts as long as it is open: fasthttp takes any error for
// the end, even that for a moment no file descriptor is free.
type guardListener struct {
	net.Listener
	guards *guards
	once   sync.Once
	closed chan struct{}
	err    error
}

func (l *guardListener) Accept() (net.Conn, error) {
	pause := 5 * time.Millisecond
	for {
		nc, err := l.Listener.Accept()
		if err == nil {
			if c, ok := l.guards.admit(nc); ok {
				return c, nil
			}
			_ = nc.Close() // refused: nothing was said
			continue
		}
		if !passes(err) {
			return nil, err
		}
		wait := time.NewTimer(pause)
		select {
		case <-wait.C:
		case <-l.closed:
			wait.Stop()
			return nil, net.ErrClosed
		}
		pause = min(2*pause, time.Second)
	}
}

// Close may be called more than once.
func (l *guardListener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.err = l.Listener.Close()
	})
	return l.err
}

// passes says whether the next Accept may succeed.
func passes(err error) bool {
	for _, e := range [...]error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// guardConn is a counted connection.
type guardConn struct {
	net.Conn
	guards  *guards
	key     netip.Addr
	counted bool
	linger  atomic.Bool
	once    sync.Once
	err     error
}

// Close may be called more than once. After a refusal it first lets the client
// finish, within bounds: closing with unread bytes resets the connection, and
// the reset may overtake the answer.
func (c *guardConn) Close() error {
	c.once.Do(func() {
		if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && c.linger.Load() && half.CloseWrite() == nil &&
			c.SetReadDeadline(c.guards.now().Add(lingerFor)) == nil {
			_, _ = io.CopyN(io.Discard, c.Conn, lingerBytes) // whatever comes is not for us
		}
		c.err = c.Conn.Close()
		c.guards.release(c)
	})
	return c.err
}

// lingerAfter marks the connection of a refused request.
func lingerAfter(rc *fasthttp.RequestCtx) {
	nc := rc.Conn()
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	if c, ok := nc.(*guardConn); ok {
		c.linger.Store(true)
	}
}
