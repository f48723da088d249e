package connectortest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
)

// provider plays the provider on a raw socket.
type provider struct {
	listener net.Listener
	moves    func(*http.Request) bool
	script   Script
	quit     chan struct{}
	group    sync.WaitGroup

	mu       sync.Mutex
	fault    *fault
	every    bool // the fault is for every request, not only for those that move money
	only     int  // the fault is for the request that arrives so many-th, from 1; zero: as above
	arrivals []arrival
	conns    map[net.Conn]bool
	written  int // bytes of an endless answer
}

// arrival is a request that was read whole.
type arrival struct {
	request *http.Request
	body    []byte
	moves   bool
}

func listen(moves func(*http.Request) bool, script Script) (*provider, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("play the provider: %w", err)
	}
	p := &provider{listener: l, moves: moves, script: script, quit: make(chan struct{}), conns: map[net.Conn]bool{}}
	p.group.Go(p.accept)
	return p, nil
}

func (p *provider) url() string { return "http://" + p.listener.Addr().String() }

// close ends every connection and awaits their goroutines.
func (p *provider) close() {
	close(p.quit)
	p.listener.Close()
	p.mu.Lock()
	for conn := range p.conns {
		conn.Close()
	}
	p.mu.Unlock()
	p.group.Wait()
}

// order sets a fault for requests that move money, or for all.
func (p *provider) order(f *fault, every bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault, p.every, p.only = f, every, 0
}

// at sets a fault for the request that arrives after so many others.
func (p *provider) at(f *fault, after int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault, p.only = f, after+1
}

// moving is the requests so far that could move money.
func (p *provider) moving() []arrival {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []arrival
	for _, a := range p.arrivals {
		if a.moves {
			out = append(out, a)
		}
	}
	return out
}

// all is every request so far.
func (p *provider) all() []arrival {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.arrivals)
}

func (p *provider) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.conns[conn] = true
		deaf := p.fault != nil && p.fault.deaf && (p.only == 0 || len(p.arrivals)+1 == p.only)
		p.mu.Unlock()
		if deaf {
			conn.Close()
			continue
		}
		p.group.Go(func() { p.talk(conn) })
	}
}

// talk answers on one connection, which stays open as long as the other side
// wants it.
func (p *provider) talk(conn net.Conn) {
	defer func() {
		conn.Close()
		p.mu.Lock()
		delete(p.conns, conn)
		p.mu.Unlock()
	}()
	in := bufio.NewReader(conn)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		f := p.record(arrival{r, body, p.moves(r)})
		if !p.answer(conn, f, p.script(r, body)) || r.Close {
			return
		}
	}
}

// record counts an arrival and says which fault it meets.
func (p *provider) record(a arrival) *fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.arrivals = append(p.arrivals, a)
	if p.only != 0 && len(p.arrivals) == p.only || p.only == 0 && (a.moves || p.every) {
		return p.fault
	}
	return nil
}

// answer says whether the connection may stay open.
func (p *provider) answer(conn net.Conn, f *fault, well string) bool {
	switch {
	case f == nil:
		_, err := io.WriteString(conn, well)
		return err == nil
	case f.hold:
		<-p.quit
		return false
	case f.reset:
		if tcp, ok := conn.(*net.TCPConn); ok {
			tcp.SetLinger(0)
		}
		return false
	case f.endless:
		p.flood(conn)
		return false
	}
	if f.mangle == nil {
		return false
	}
	text, whole := f.mangle(well)
	_, err := io.WriteString(conn, text)
	return whole && err == nil
}

// flood answers until the other side has had enough, or a bound that no
// answer has.
func (p *provider) flood(conn net.Conn) {
	io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"pad\":\"")
	block := bytes.Repeat([]byte("a"), 64<<10)
	for p.count(len(block)) < floodBound {
		if _, err := conn.Write(block); err != nil {
			return
		}
	}
}

const floodBound = 64 << 20

func (p *provider) count(n int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.written += n
	return p.written
}
