package wire

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// maxHops is how many entries of X-Forwarded-For are looked at.
const maxHops = 16

// ParseProxies reads server.trusted_proxies: addresses and CIDR ranges whose
// X-Forwarded-For and X-Forwarded-Proto are believed. A range that holds every
// address is refused, for with it anybody could claim any address.
func ParseProxies(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		if addr, addrErr := netip.ParseAddr(s); addrErr == nil {
			p, err = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("trusted proxy %q: must be an address or a CIDR range", s)
		}
		if p.Bits() == 0 {
			return nil, fmt.Errorf("trusted proxy %q: must not hold every address", s)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// PeerAddr is the address of the other end of a connection. What has no IP
// address, a unix socket or a pipe, is on this machine: 127.0.0.1.
func PeerAddr(a net.Addr) netip.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}

// AddrKey is what limits per address count by: the address itself, or of IPv6
// the /64, which is what one subscriber has.
func AddrKey(a netip.Addr) netip.Addr {
	if a.Is4() {
		return a
	}
	p, err := a.Prefix(64)
	if err != nil {
		return a
	}
	return p.Addr()
}

// Origin is where a request came from.
type Origin struct {
	// Client is the address of the caller: of the peer, or what a trusted
	// proxy says.
	Client netip.Addr
	// TLS says that the bytes came over TLS that ends here.
	TLS bool
	// Loopback says that the caller is on this machine.
	Loopback bool
	// TrustedProxy says that the peer is one of the trusted proxies.
	TrustedProxy bool
	// plain says that a trusted proxy got the request without TLS.
	plain bool
}

// Confidential says whether nobody on the way could read the request, which
// live keys demand: TLS, this machine, or a trusted proxy that doesn't say
// that it was itself called by plain HTTP.
func (o Origin) Confidential() bool {
	return o.TLS || o.Loopback || o.TrustedProxy && !o.plain
}

// origin judges a request by its peer and, where that is trusted, by its
// X-Forwarded headers: the rightmost address that is not itself trusted, as
// everything left of it may be invented.
func origin(peer netip.Addr, tls bool, trusted []netip.Prefix, forwardedFor, forwardedProto []string) Origin {
	o := Origin{Client: peer, TLS: tls, TrustedProxy: contains(trusted, peer)}
	if o.TrustedProxy {
		o.Client = forwarded(peer, trusted, strings.Join(forwardedFor, ","))
		proto := strings.Split(strings.Join(forwardedProto, ","), ",")
		last := strings.TrimSpace(proto[len(proto)-1])
		o.plain = last != "" && !strings.EqualFold(last, "https")
	}
	o.Loopback = peer.IsLoopback() && o.Client.IsLoopback()
	return o
}

func forwarded(peer netip.Addr, trusted []netip.Prefix, list string) netip.Addr {
	client := peer
	for range maxHops {
		if list == "" {
			break
		}
		i := strings.LastIndexByte(list, ',')
		hop, err := parseHop(strings.TrimSpace(list[i+1:]))
		if err != nil {
			break // what is left of it can't be believed either
		}
		client = hop
		if !contains(trusted, hop) {
			break
		}
		list = list[:max(i, 0)]
	}
	return client
}

// parseHop reads an entry: an address, with a port at some proxies.
func parseHop(s string) (netip.Addr, error) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), nil
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	return a.Unmap().WithZone(""), err
}

func contains(ps []netip.Prefix, a netip.Addr) bool {
	for _, p := range ps {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
