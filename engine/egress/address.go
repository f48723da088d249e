package egress

import "net/netip"

// network is a range with the reason why it is not public.
type network struct {
	prefix netip.Prefix
	reason string
}

// special are the ranges that are no public destination: the union of the IANA
// special-purpose registries (RFC 6890 and its updates) and what Smokescreen and
// Svix refuse. DESIGN.md names each source.
func special() []network {
	rows := []struct{ cidr, reason string }{
		{"0.0.0.0/8", "this host"},
		{"10.0.0.0/8", "private network"},
		{"100.64.0.0/10", "carrier-grade NAT"},
		{"127.0.0.0/8", "loopback"},
		{"169.254.0.0/16", "link-local"},
		{"172.16.0.0/12", "private network"},
		{"192.0.0.0/24", "protocol assignment"},
		{"192.0.2.0/24", "documentation"},
		{"192.31.196.0/24", "AS112"},
		{"192.52.193.0/24", "multicast tunnel"},
		{"192.88.99.0/24", "6to4 relay"},
		{"192.168.0.0/16", "private network"},
		{"192.175.48.0/24", "AS112"},
		{"198.18.0.0/15", "benchmarking"},
		{"198.51.100.0/24", "documentation"},
		{"203.0.113.0/24", "documentation"},
		{"224.0.0.0/4", "multicast"},
		{"255.255.255.255/32", "broadcast"},
		{"240.0.0.0/4", "reserved"},
		{"::1/128", "loopback"},
		{"::/128", "this host"},
		{"64:ff9b::/96", "NAT64"},
		{"64:ff9b:1::/48", "NAT64"},
		{"fc00::/7", "private network"},
		{"fe80::/10", "link-local"},
		{"ff00::/8", "multicast"},
		{"2001::/32", "Teredo"},
		{"2001:db8::/32", "documentation"},
		{"2001::/23", "protocol assignment"},
		{"2002::/16", "6to4"},
		{"2620:4f:8000::/48", "AS112"},
		{"3fff::/20", "documentation"},
	}
	list := make([]network, len(rows))
	for i, row := range rows {
		list[i] = network{netip.MustParsePrefix(row.cidr), row.reason}
	}
	return list
}

// never are the addresses that no range and no name opens, because what answers
// there hands out the machine's credentials or is the machine itself. Only a
// rule for the very address does.
func never() []network {
	rows := []struct{ cidr, reason string }{
		{"0.0.0.0/8", "this host"},
		{"::/128", "this host"},
		{"169.254.0.0/16", "link-local, cloud metadata"},
		{"fe80::/10", "link-local"},
		{"100.100.100.200/32", "cloud metadata"}, // Alibaba
		{"168.63.129.16/32", "cloud metadata"},   // Azure WireServer, a public address
		{"192.0.0.192/32", "cloud metadata"},     // Oracle
		{"fd00:ec2::254/128", "cloud metadata"},  // AWS
		{"fd20:ce::254/128", "cloud metadata"},   // Google
		{"fd00:42::42/128", "cloud metadata"},    // Scaleway
	}
	list := make([]network, len(rows))
	for i, row := range rows {
		list[i] = network{netip.MustParsePrefix(row.cidr), row.reason}
	}
	return list
}

// within gives the reason of the first network that holds a, else "".
func within(list []network, a netip.Addr) string {
	for _, n := range list {
		if n.prefix.Contains(a) {
			return n.reason
		}
	}
	return ""
}

// notPublic says why an unmapped address is no public destination, or "". Of
// IPv6 only 2000::/3 is given out.
func notPublic(list []network, a netip.Addr) string {
	if reason := within(list, a); reason != "" {
		return reason
	}
	if a.Is6() && a.As16()[0]>>5 != 1 {
		return "not global unicast"
	}
	return ""
}

// embedded gives the IPv4 addresses that a transition mechanism would take out
// of an IPv6 address, at most two. A gateway that speaks one of them turns a
// harmless look into 169.254.169.254.
func embedded(a netip.Addr) []netip.Addr {
	if !a.Is6() {
		return nil
	}
	b := a.As16()
	at := func(i, j, k, l int) netip.Addr { return netip.AddrFrom4([4]byte{b[i], b[j], b[k], b[l]}) }
	low := at(12, 13, 14, 15)
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(a): // RFC 6052
		return []netip.Addr{low}
	case netip.MustParsePrefix("64:ff9b:1::/48").Contains(a): // RFC 8215, as /48 or /96 of RFC 6052
		return []netip.Addr{at(6, 7, 9, 10), low}
	case netip.MustParsePrefix("2002::/16").Contains(a): // RFC 3056
		return []netip.Addr{at(2, 3, 4, 5)}
	case netip.MustParsePrefix("2001::/32").Contains(a): // RFC 4380: server, and client inverted
		client := netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]})
		return []netip.Addr{at(4, 5, 6, 7), client}
	case netip.MustParsePrefix("::/96").Contains(a) && a != netip.IPv6Loopback() && !a.IsUnspecified(): // RFC 4291 2.5.5.1
		return []netip.Addr{low}
	}
	return nil
}
