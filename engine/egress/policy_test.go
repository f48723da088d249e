package egress

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
)

func mustPolicy(t testing.TB, mode string, allow ...string) *Policy {
	t.Helper()
	p, err := ParsePolicy(allow, mode)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// reasonOf is the Reason of a refusal, and fails the test for any other error.
func reasonOf(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, ErrNotAllowed) || e.Code != "url_not_allowed" {
		t.Fatalf("error %v (%T) is no refusal", err, err)
	}
	return e.Reason
}

func TestAddressesThatAreNotPublic(t *testing.T) {
	p := mustPolicy(t, "")
	for _, row := range []struct{ addr, reason string }{
		{"1.1.1.1", ""},
		{"8.8.8.8", ""},
		{"11.0.0.1", ""},
		{"100.63.255.255", ""},
		{"100.128.0.1", ""},
		{"172.15.255.255", ""},
		{"172.32.0.1", ""},
		{"192.169.0.1", ""},
		{"198.17.255.255", ""},
		{"198.20.0.1", ""},
		{"223.255.255.255", ""},
		{"2606:4700:4700::1111", ""},
		{"2a00:1450:4001:81b::200e", ""},
		{"2001:4860:4860::8888", ""},
		{"::ffff:1.1.1.1", ""},

		{"0.0.0.0", "this host"},
		{"0.1.2.3", "this host"},
		{"10.0.0.1", "private network"},
		{"10.255.255.255", "private network"},
		{"100.64.0.1", "carrier-grade NAT"},
		{"100.127.255.255", "carrier-grade NAT"},
		{"100.100.100.200", "cloud metadata"},
		{"127.0.0.1", "loopback"},
		{"127.255.255.254", "loopback"},
		{"168.63.129.16", "cloud metadata"},
		{"169.254.0.1", "link-local"},
		{"169.254.169.254", "metadata"},
		{"169.254.170.2", "metadata"},
		{"172.16.0.1", "private network"},
		{"172.31.255.255", "private network"},
		{"192.0.0.1", "protocol assignment"},
		{"192.0.0.192", "cloud metadata"},
		{"192.0.2.1", "documentation"},
		{"192.88.99.1", "6to4 relay"},
		{"192.168.0.1", "private network"},
		{"198.18.0.1", "benchmarking"},
		{"198.19.255.255", "benchmarking"},
		{"198.51.100.7", "documentation"},
		{"203.0.113.7", "documentation"},
		{"224.0.0.1", "multicast"},
		{"239.255.255.255", "multicast"},
		{"240.0.0.1", "reserved"},
		{"255.255.255.255", "broadcast"},
		{"::", "this host"},
		{"::1", "loopback"},
		{"::ffff:127.0.0.1", "loopback"},
		{"::ffff:169.254.169.254", "metadata"},
		{"::ffff:10.0.0.1", "private network"},
		{"::ffff:0:10.0.0.1", "not global unicast"},
		{"::10.0.0.1", "hides 10.0.0.1, private network"},
		{"64:ff9b::10.0.0.1", "hides 10.0.0.1, private network"},
		{"64:ff9b::169.254.169.254", "hides 169.254.169.254, link-local"},
		{"64:ff9b::8.8.8.8", "NAT64"},
		{"64:ff9b:1::169.254.169.254", "hides"},
		{"64:ff9b:1:a9fe:a9:fe00::", "hides 169.254.169.254"},
		{"2002:a9fe:a9fe::1", "hides 169.254.169.254"},
		{"2002:808:808::1", "6to4"},
		{"2001:0:808:808:0:0:5601:5601", "hides 169.254.169.254"},
		{"2001:0:808:808:0:0:f7f7:f7f7", "Teredo"},
		{"2001:2::1", "protocol assignment"},
		{"2001:20::1", "protocol assignment"},
		{"2001:db8::1", "documentation"},
		{"3fff::1", "documentation"},
		{"100::1", "not global unicast"},
		{"5f00::1", "not global unicast"},
		{"4000::1", "not global unicast"},
		{"1fff::1", "not global unicast"},
		{"fc00::1", "private network"},
		{"fd00::1", "private network"},
		{"fd00:ec2::254", "cloud metadata"},
		{"fd20:ce::254", "cloud metadata"},
		{"fe80::1", "link-local"},
		{"fe80::1%eth0", "zone"},
		{"2606:4700:4700::1111%eth0", "zone"},
		{"fec0::1", "not global unicast"},
		{"ff02::1", "multicast"},
	} {
		_, err := p.CheckDial("hook.example", netip.AddrPortFrom(netip.MustParseAddr(row.addr), 443), false)
		got := reasonOf(t, err)
		if (row.reason == "") != (err == nil) || !strings.Contains(got, row.reason) {
			t.Errorf("CheckDial(%s) = %q, want %q", row.addr, got, row.reason)
		}
	}
	if _, err := p.CheckDial("hook.example", netip.AddrPort{}, false); err == nil {
		t.Error("CheckDial of no address = nil")
	}
}

func TestRulesOpenWhatTheyNameAndNoMore(t *testing.T) {
	const (
		loopback = "127.0.0.1/32:8099"
		corp     = "10.20.0.0/16:443"
		name     = "erp.corp.example:8443"
		meta     = "169.254.169.254/32:80"
		all4     = "0.0.0.0/0:8443"
		all6     = "::/0:8443"
		nat64    = "64:ff9b::/96:443"
	)
	for _, row := range []struct {
		mode, rule, host, addr string
		plain                  bool
		reason                 string // empty: allowed
	}{
		{"", loopback, "localhost", "127.0.0.1:8099", true, ""},
		{"", loopback, "localhost", "[::ffff:127.0.0.1]:8099", true, ""},
		{"", loopback, "localhost", "127.0.0.1:8098", true, "loopback"},
		{"", loopback, "localhost", "127.0.0.2:8099", true, "loopback"},
		{"", loopback, "localhost", "[::1]:8099", true, "loopback"},
		{"", loopback, "hook.example", "1.1.1.1:443", false, ""},
		{"", loopback, "hook.example", "1.1.1.1:8099", false, "port"},
		{"", corp, "x.example", "10.20.255.1:443", false, ""},
		{"", corp, "x.example", "10.20.255.1:443", true, ""},
		{"", corp, "x.example", "10.21.0.1:443", false, "private"},
		{"", corp, "x.example", "1.1.1.1:443", true, "plain http"},
		{"", name, "erp.corp.example", "10.9.9.9:8443", false, ""},
		{"", name, "erp.corp.example", "127.0.0.1:8443", true, ""},
		{"", name, "erp.corp.example", "10.9.9.9:443", false, "private"},
		{"", name, "other.example", "10.9.9.9:8443", false, "private"},
		{"", name, "erp.corp.example", "169.254.169.254:8443", false, "metadata"},
		{"", name, "erp.corp.example", "[fe80::1]:8443", false, "link-local"},
		{"", name, "erp.corp.example", "[fd00:ec2::254]:8443", false, "metadata"},
		{"", name, "erp.corp.example", "100.100.100.200:8443", false, "metadata"},
		{"", name, "erp.corp.example", "0.0.0.0:8443", false, "this host"},
		{"", meta, "x.example", "169.254.169.254:80", true, ""},
		{"", meta, "x.example", "169.254.169.253:80", true, "metadata"},
		{"", "169.254.0.0/16:80", "x.example", "169.254.169.254:80", true, "metadata"},
		{"", all4, "x.example", "10.0.0.1:8443", true, ""},
		{"", all4, "x.example", "169.254.169.254:8443", true, "metadata"},
		{"", all4, "x.example", "0.0.0.0:8443", true, "this host"},
		{"", all4, "x.example", "[fd00::1]:8443", true, "private"},
		{"", all6, "x.example", "[fd00::1]:8443", true, ""},
		{"", all6, "x.example", "[fd00:ec2::254]:8443", true, "metadata"},
		{"", all6, "x.example", "[64:ff9b::a9fe:a9fe]:8443", true, "hides"},
		{"", all6, "x.example", "[::ffff:10.0.0.1]:8443", true, "private"},
		{"", nat64, "x.example", "[64:ff9b::808:808]:443", false, ""},
		{"", nat64, "x.example", "[64:ff9b::a00:1]:443", false, "hides 10.0.0.1"},
		{"public+allow", corp, "x.example", "1.1.1.1:443", false, ""},
		{"allow-only", corp, "x.example", "10.20.0.1:443", false, ""},
		{"allow-only", corp, "x.example", "1.1.1.1:443", false, "not in egress.allow"},
		{"allow-only", name, "erp.corp.example", "1.1.1.1:8443", false, ""},
	} {
		p := mustPolicy(t, row.mode, row.rule)
		rule, err := p.CheckDial(row.host, netip.MustParseAddrPort(row.addr), row.plain)
		got := reasonOf(t, err)
		if (row.reason == "") != (err == nil) || !strings.Contains(got, row.reason) {
			t.Errorf("%s %s: CheckDial(%s, %s, plain %v) = %q, want %q", row.mode, row.rule, row.host, row.addr, row.plain, got, row.reason)
		}
		if rule != "" && rule != row.rule {
			t.Errorf("%s: allowed by %q", row.rule, rule)
		}
	}
}

func TestOwnListenersAreReachedByTheirVeryAddressOnly(t *testing.T) {
	own := netip.MustParseAddrPort("127.0.0.1:8080")
	for _, row := range []struct {
		rule, addr string
		ok         bool
	}{
		{"127.0.0.0/8:8080", "127.0.0.1:8080", false},
		{"127.0.0.0/8:8080", "[::ffff:127.0.0.1]:8080", false},
		{"localhost:8080", "127.0.0.1:8080", false},
		{"127.0.0.0/8:8080", "127.0.0.2:8080", true},
		{"127.0.0.0/8:8081", "127.0.0.1:8081", true},
		{"127.0.0.1/32:8080", "127.0.0.1:8080", true},
		{"127.0.0.1:8080", "127.0.0.1:8080", true},
	} {
		p := mustPolicy(t, "", row.rule)
		if err := p.DenySelf(own); err != nil {
			t.Fatal(err)
		}
		_, err := p.CheckDial("localhost", netip.MustParseAddrPort(row.addr), true)
		if (err == nil) != row.ok {
			t.Errorf("%s: CheckDial(%s) = %v, want ok %v", row.rule, row.addr, err, row.ok)
		}
	}
	p := mustPolicy(t, "", "0.0.0.0/0:8080", "::/0:8080")
	if err := p.DenySelf(netip.MustParseAddrPort("[::]:8080")); err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{"127.0.0.1", "127.9.9.9", "::1"} {
		_, err := p.CheckDial("x", netip.AddrPortFrom(netip.MustParseAddr(addr), 8080), true)
		if got := reasonOf(t, err); got != "own listener" {
			t.Errorf("listening everywhere: CheckDial(%s) = %q, want own listener", addr, got)
		}
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range addrs {
		prefix, err := netip.ParsePrefix(addr.String())
		if err != nil {
			continue
		}
		if _, err := p.CheckDial("x", netip.AddrPortFrom(prefix.Addr(), 8080), true); err == nil {
			t.Errorf("listening everywhere: the machine's own %s is allowed", prefix.Addr())
		}
	}
	for _, bad := range []netip.AddrPort{{}, netip.MustParseAddrPort("127.0.0.1:0")} {
		if err := p.DenySelf(bad); err == nil {
			t.Errorf("DenySelf(%s) = nil", bad)
		}
	}
}

func TestEntriesThatAreRefusedByName(t *testing.T) {
	for _, row := range []struct{ entry, say string }{
		{"", "no port"},
		{"10.0.0.0/8", "no port"},
		{"erp.corp.example", "no port"},
		{"[fd00::1]", "no port"},
		{"10.0.0.0/8:", "port"},
		{"10.0.0.0/8:0", "port"},
		{"10.0.0.0/8:65536", "port"},
		{"10.0.0.0/8:+443", "port"},
		{"10.0.0.0/8:0443", "port"},
		{"10.0.0.0/8:https", "port"},
		{"10.0.0.0/8:*", "port"},
		{"10.20.0.5/16:443", "10.20.0.0/16"},
		{"10.0.0.0/33:443", "not a range"},
		{"10.0.0/24:443", "not a range"},
		{"::ffff:10.0.0.0/104:443", "IPv4"},
		{"[::ffff:10.0.0.1]:443", "IPv4"},
		{"0.0.0.0/32:80", "no destination"},
		{"0.0.0.0:80", "no destination"},
		{"[::]:80", "no destination"},
		{"fd00::1:443", "brackets"},
		{"[fd00::1:443", "bracket"},
		{"[erp.corp.example]:443", "brackets"},
		{"fe80::1%eth0:443", "brackets"},
		{"*.corp.example:443", "not a name"},
		{"https://erp.corp.example:443", "not a"},
		{"erp..example:443", "not a name"},
		{":443", "not a name"},
		{"2130706433:443", "number"},
		{"127.1:443", "number"},
		{"0x7f000001:443", "number"},
	} {
		_, err := ParsePolicy([]string{"127.0.0.1:1", row.entry}, "")
		if err == nil || !strings.Contains(err.Error(), row.say) || !strings.Contains(err.Error(), `"`+row.entry+`"`) {
			t.Errorf("entry %q: %v, want an error that names it and says %q", row.entry, err, row.say)
		}
	}
	for _, entry := range []string{
		"10.20.0.0/16:443", "127.0.0.1/32:8099", "127.0.0.1:8099", "[fd00::1]:443", "fd00::/8:443", "[fd00::/8]:443", "[fd00::]/8:443",
		"erp.corp.example:8443", "ERP.Corp.Example.:8443", " localhost:8099 ", "my_service:80", "bücher.example:443",
	} {
		if _, err := ParsePolicy([]string{entry}, ""); err != nil {
			t.Errorf("entry %q: %v", entry, err)
		}
	}
	if _, err := ParsePolicy(nil, "everything"); err == nil || !strings.Contains(err.Error(), "egress.mode") {
		t.Errorf("mode everything: %v", err)
	}
	if _, err := ParsePolicy([]string{"127.0.0.1:80"}, ModePublic); err == nil {
		t.Error("mode public swallows egress.allow")
	}
	if _, err := ParsePolicy(make([]string, maxRules+1), ""); err == nil {
		t.Error("the list has no bound")
	}
}

func FuzzParseRule(f *testing.F) {
	for _, s := range []string{"10.20.0.0/16:443", "[fd00::1]:443", "fd00::/8:443", "erp.corp.example:8443", "[", "::::", "[]:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := parseRule(s)
		if err != nil {
			return
		}
		if r.port == 0 || r.prefix.IsValid() == (r.host != "") {
			t.Fatalf("parseRule(%q) = %+v", s, r)
		}
	})
}
