package wire

import (
	"net"
	"net/netip"
	"testing"
)

func TestForwardedHeadersAreBelievedFromTrustedProxiesOnly(t *testing.T) {
	trusted, err := ParseProxies([]string{"10.0.0.0/8", "127.0.0.1", "2001:db8::/32"})
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		name, peer   string
		tls          bool
		xff, proto   []string
		client       string
		loopback     bool
		confidential bool
	}{
		{"stranger claims an address", "192.0.2.9", false, []string{"127.0.0.1"}, []string{"https"}, "192.0.2.9", false, false},
		{"stranger over TLS", "192.0.2.9", true, []string{"127.0.0.1"}, nil, "192.0.2.9", false, true},
		{"proxy", "10.1.1.1", false, []string{"198.51.100.7"}, []string{"https"}, "198.51.100.7", false, true},
		{"proxy without proto", "10.1.1.1", false, []string{"198.51.100.7"}, nil, "198.51.100.7", false, true},
		{"proxy called by plain http", "10.1.1.1", false, []string{"198.51.100.7"}, []string{"http"}, "198.51.100.7", false, false},
		{"client invents the left part", "10.1.1.1", false, []string{"127.0.0.1, 198.51.100.7"}, nil, "198.51.100.7", false, true},
		{"in two headers", "10.1.1.1", false, []string{"127.0.0.1", "198.51.100.7"}, nil, "198.51.100.7", false, true},
		{"two proxies", "10.1.1.1", false, []string{"198.51.100.7, 10.2.2.2"}, nil, "198.51.100.7", false, true},
		{"rubbish ends the belief", "10.1.1.1", false, []string{"198.51.100.7, rubbish, 10.2.2.2"}, nil, "10.2.2.2", false, true},
		{"proxy adds nothing", "10.1.1.1", false, nil, nil, "10.1.1.1", false, true},
		{"address with port", "10.1.1.1", false, []string{"198.51.100.7:4711"}, nil, "198.51.100.7", false, true},
		{"IPv6 in brackets", "2001:db8::1", false, []string{"[2001:4860::1]:443"}, nil, "2001:4860::1", false, true},
		{"mapped IPv4", "::ffff:10.1.1.1", false, []string{"::ffff:198.51.100.7"}, nil, "198.51.100.7", false, true},
		{"this machine", "127.0.0.2", false, nil, nil, "127.0.0.2", true, true},
		{"proxy on this machine", "127.0.0.1", false, []string{"198.51.100.7"}, []string{"https"}, "198.51.100.7", false, true},
		{"plain proxy on this machine", "127.0.0.1", false, []string{"198.51.100.7"}, []string{"http"}, "198.51.100.7", false, false},
	}
	for _, row := range rows {
		peer := PeerAddr(&net.TCPAddr{IP: netip.MustParseAddr(row.peer).AsSlice(), Port: 1})
		got := origin(peer, row.tls, trusted, row.xff, row.proto)
		if got.Client.String() != row.client || got.Loopback != row.loopback || got.Confidential() != row.confidential {
			t.Errorf("%s: got %v loopback %v confidential %v, want %s %v %v", row.name,
				got.Client, got.Loopback, got.Confidential(), row.client, row.loopback, row.confidential)
		}
	}
}

func TestUnixSocketIsThisMachine(t *testing.T) {
	o := origin(PeerAddr(&net.UnixAddr{Name: "@", Net: "unix"}), false, nil, []string{"198.51.100.7"}, nil)
	if !o.Loopback || !o.Confidential() {
		t.Errorf("got %+v", o)
	}
}

func TestTrustingEverybodyIsRefused(t *testing.T) {
	for _, s := range []string{"0.0.0.0/0", "::/0", "proxy.example", "10.0.0.0/33", ""} {
		if got, err := ParseProxies([]string{s}); err == nil {
			t.Errorf("ParseProxies(%q) = %v, want an error", s, got)
		}
	}
}

func TestSubscriberOfIPv6IsOneAddress(t *testing.T) {
	a, b := netip.MustParseAddr("2001:db8:1:2::1"), netip.MustParseAddr("2001:db8:1:2:ffff::9")
	if AddrKey(a) != AddrKey(b) {
		t.Errorf("%v and %v count apart", a, b)
	}
	if AddrKey(a) == AddrKey(netip.MustParseAddr("2001:db8:1:3::1")) {
		t.Error("two subscribers count as one")
	}
	if AddrKey(netip.MustParseAddr("192.0.2.1")) == AddrKey(netip.MustParseAddr("192.0.2.2")) {
		t.Error("two IPv4 addresses count as one")
	}
}
