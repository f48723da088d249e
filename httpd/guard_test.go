package httpd

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"
)

// arrivals is a listener whose connections and errors a test sends; they come
// from wherever the test says.
type arrivals struct {
	ch     chan any // net.Conn or error
	closed chan struct{}
}

func newArrivals() *arrivals { return &arrivals{make(chan any, 1000), make(chan struct{})} }

func (a *arrivals) Accept() (net.Conn, error) {
	select {
	case x := <-a.ch:
		if err, bad := x.(error); bad {
			return nil, err
		}
		return x.(net.Conn), nil
	case <-a.closed:
		return nil, net.ErrClosed
	}
}

func (a *arrivals) Close() error   { close(a.closed); return nil }
func (a *arrivals) Addr() net.Addr { return &net.TCPAddr{} }

// from makes a connection from ip and returns its other end.
func (a *arrivals) from(ip string) net.Conn {
	near, far := net.Pipe()
	a.ch <- addressed{near, &net.TCPAddr{IP: netip.MustParseAddr(ip).AsSlice(), Port: 4711}}
	return far
}

type addressed struct {
	net.Conn
	remote net.Addr
}

func (c addressed) RemoteAddr() net.Addr { return c.remote }

func newGuards(maxConns, perAddr int) *guards {
	return &guards{
		now: time.Now, max: maxConns, perAddr: perAddr,
		exempt: func(a netip.Addr) bool { return a.IsLoopback() || a == netip.MustParseAddr("10.0.0.1") },
		conns:  map[*guardConn]struct{}{}, byAddr: map[netip.Addr]int{},
	}
}

// isCut says whether the server closed its end without a word.
func isCut(t *testing.T, far net.Conn) bool {
	t.Helper()
	err := far.SetReadDeadline(time.Now().Add(-time.Second)) // a read that would block fails
	if err == nil {
		_, err = far.Read(make([]byte, 1))
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) {
		t.Fatal(err)
	}
	return true
}

func TestConnectionsPerAddressAreCounted(t *testing.T) {
	in := newArrivals()
	g := newGuards(100, 2)
	ln := g.listen(in)
	accept := func() net.Conn {
		c, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	in.from("192.0.2.1")
	first := accept()
	in.from("192.0.2.1")
	accept()
	third := in.from("192.0.2.1")
	in.from("192.0.2.2")
	if got := accept().RemoteAddr().String(); got != "192.0.2.2:4711" {
		t.Errorf("accepted %s, want the other address: the third of one is too much", got)
	}
	if !isCut(t, third) {
		t.Error("the third connection was left open")
	}
	for _, ip := range []string{"127.0.0.1", "::1", "10.0.0.1"} {
		for range 5 {
			in.from(ip)
			if got := wireIP(accept()); got != ip {
				t.Errorf("accepted %s, want %s: it has no limit", got, ip)
			}
		}
	}
	for _, ip := range []string{"2001:db8::1", "2001:db8::2", "2001:db8::3"} {
		in.from(ip)
	}
	accept()
	accept()
	in.from("2001:db8:0:1::1")
	if got := wireIP(accept()); got != "2001:db8:0:1::1" {
		t.Errorf("accepted %s, want the next subscriber: a /64 is one address", got)
	}
	for range 3 { // however often it is closed, it is one place that gets free
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
	}
	in.from("192.0.2.1")
	accept()
	if got := g.byAddr[netip.MustParseAddr("192.0.2.1")]; got != 2 {
		t.Errorf("%d connections are counted, want 2", got)
	}
	g.cut()
	if len(g.byAddr) != 0 || len(g.conns) != 0 {
		t.Errorf("after the end %v and %d connections are left", g.byAddr, len(g.conns))
	}
}

func wireIP(c net.Conn) string { return c.RemoteAddr().(*net.TCPAddr).IP.String() }

func TestAllConnectionsAreCounted(t *testing.T) {
	in := newArrivals()
	g := newGuards(2, 100)
	ln := g.listen(in)
	in.from("127.0.0.1")
	in.from("192.0.2.1")
	for range 2 {
		if _, err := ln.Accept(); err != nil {
			t.Fatal(err)
		}
	}
	third := in.from("127.0.0.1")
	in.ch <- net.ErrClosed
	if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept = %v", err)
	}
	if !isCut(t, third) {
		t.Error("the third connection was left open")
	}
}

// fasthttp ends the server at any error of Accept.
func TestShortageOfDescriptorsIsNotTheEnd(t *testing.T) {
	in := newArrivals()
	ln := newGuards(10, 10).listen(in)
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ECONNABORTED} {
		in.ch <- &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", e)}
	}
	in.from("192.0.2.1")
	if _, err := ln.Accept(); err != nil {
		t.Errorf("Accept = %v", err)
	}
	in.ch <- errors.New("the end")
	if _, err := ln.Accept(); err == nil {
		t.Error("Accept goes on after an error that stays")
	}
	in.ch <- syscall.EMFILE
	for range 2 {
		if err := ln.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close = %v", err)
	}
}
