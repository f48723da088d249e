package egress

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// nameServer is a true DNS server on loopback. It answers the n-th question for
// an A record with the n-th of its answers, and the last for ever after.
type nameServer struct {
	conn    net.PacketConn
	mu      sync.Mutex
	answers [][]netip.Addr
	asked   int
}

func newNameServer(t *testing.T, answers ...[]netip.Addr) *nameServer {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &nameServer{conn: conn, answers: answers}
	var done sync.WaitGroup
	done.Go(s.serve)
	t.Cleanup(func() {
		conn.Close()
		done.Wait()
	})
	return s
}

func (s *nameServer) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", s.conn.LocalAddr().String())
	}}
}

func (s *nameServer) serve() {
	buf := make([]byte, 1500)
	for {
		n, from, err := s.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if err := m.Unpack(buf[:n]); err != nil || len(m.Questions) != 1 {
			continue
		}
		q := m.Questions[0]
		m.Response, m.Authoritative, m.Additionals = true, true, nil
		if q.Type == dnsmessage.TypeA {
			for _, a := range s.next() {
				m.Answers = append(m.Answers, dnsmessage.Resource{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 0},
					Body:   &dnsmessage.AResource{A: a.As4()},
				})
			}
		}
		if packed, err := m.Pack(); err == nil {
			_, _ = s.conn.WriteTo(packed, from)
		}
	}
}

func (s *nameServer) next() []netip.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := min(s.asked, len(s.answers)-1)
	s.asked++
	return s.answers[i]
}

// A name that is public when it is looked at and private when it is dialled.
func TestRebindingIsStoppedAtTheDial(t *testing.T) {
	h := newHook(t, true, nil)
	trusted := x509.NewCertPool()
	trusted.AddCert(h.Certificate()) // for example.com and 127.0.0.1
	public, private := netip.MustParseAddr("93.184.215.14"), netip.MustParseAddr("127.0.0.1")
	port := h.addr().Port()
	url := fmt.Sprintf("https://example.com:%d/hook", port)
	ctx := context.Background()

	for _, row := range []struct {
		rule string
		ok   bool
	}{
		{fmt.Sprintf("10.255.0.1:%d", port), false}, // some other target with this port
		{fmt.Sprintf("127.0.0.1/32:%d", port), true},
	} {
		dns := newNameServer(t, []netip.Addr{public}, []netip.Addr{private})
		policy := mustPolicy(t, "", row.rule)
		// What a check before the dial would see: a good URL, a good address.
		if _, err := policy.CheckURL(url); err != nil {
			t.Fatal(err)
		}
		seen, err := dns.resolver().LookupNetIP(ctx, "ip4", "example.com")
		if err != nil || len(seen) != 1 || seen[0].Unmap() != public {
			t.Fatalf("first look-up = %v, %v, want %s", seen, err, public)
		}
		if _, err := policy.CheckDial("example.com", netip.AddrPortFrom(seen[0], 443), false); err != nil {
			t.Fatal(err)
		}
		var counters Counters
		before := h.arrived.Load()
		_, err = post(webhooks(t, policy, Options{Resolver: dns.resolver(), RootCAs: trusted, Counters: &counters}), url)
		arrived := h.arrived.Load() - before
		if row.ok && (err != nil || arrived != 1) {
			t.Errorf("%s: %v, %d arrivals, want one", row.rule, err, arrived)
		}
		if !row.ok && (!errors.Is(err, ErrNotAllowed) || !strings.Contains(err.Error(), "loopback") || arrived != 0 || counters.Denied.Load() != 1) {
			t.Errorf("%s: %v, %d arrivals, %d denied, want a refusal for loopback", row.rule, err, arrived, counters.Denied.Load())
		}
	}
}

// Each of several addresses is judged by itself: the good one is dialled, the
// bad ones never are, in whatever order they come.
func TestEveryAddressOfANameIsJudged(t *testing.T) {
	h := newHook(t, false, nil)
	port := h.addr().Port()
	policy := mustPolicy(t, "", fmt.Sprintf("127.0.0.1/32:%d", port))
	good, bad := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.7")
	meta := netip.MustParseAddr("169.254.169.254")
	for _, row := range []struct {
		answers []netip.Addr
		ok      bool
	}{
		{[]netip.Addr{bad, good}, true},
		{[]netip.Addr{meta, bad, good}, true},
		{[]netip.Addr{good, bad}, true},
		{[]netip.Addr{bad, meta}, false},
	} {
		var mu sync.Mutex
		var dials []Dial
		dns := newNameServer(t, row.answers)
		client := webhooks(t, policy, Options{Resolver: dns.resolver(), OnDial: func(d Dial) {
			mu.Lock()
			defer mu.Unlock()
			dials = append(dials, d)
		}})
		before := h.arrived.Load()
		_, err := post(client, fmt.Sprintf("http://hook.example:%d/", port))
		if got, want := h.arrived.Load()-before, map[bool]int64{true: 1}[row.ok]; got != want || (err == nil) != row.ok {
			t.Errorf("%v: %v, %d arrivals, want %d", row.answers, err, got, want)
		}
		if !row.ok && !errors.Is(err, ErrNotAllowed) {
			t.Errorf("%v: %v, want ErrNotAllowed", row.answers, err)
		}
		for _, d := range dials {
			if (d.Err == nil) != (d.Addr.Addr() == good) {
				t.Errorf("%v: dial of %s: %v", row.answers, d.Addr, d.Err)
			}
		}
	}
}
