package egress

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
)

// Modes of a policy.
const (
	// ModePublic reaches public addresses alone; it takes no egress.allow.
	ModePublic = "public"
	// ModePublicAllow also reaches what egress.allow names. It is the default;
	// with an empty list it is ModePublic.
	ModePublicAllow = "public+allow"
	// ModeAllowOnly reaches only what egress.allow names.
	ModeAllowOnly = "allow-only"
)

const maxRules = 1024

// Policy says which targets may be spoken to. It comes from the operator's
// configuration and never from a tenant. It is safe for concurrent use.
type Policy struct {
	rules     []rule
	allowOnly bool
	special   []network
	never     []network
	self      atomic.Pointer[[]listener]
}

// listener is where this appliance listens itself.
type listener struct {
	prefix netip.Prefix
	port   uint16
}

// ParsePolicy reads egress.allow and egress.mode; an empty mode is
// ModePublicAllow. An entry is a range of addresses, an address or a name, each
// with its one port: "10.20.0.0/16:443", "127.0.0.1:8099", "[fd00::1]:443",
// "erp.corp.example:8443". Errors name the entry.
func ParsePolicy(allow []string, mode string) (*Policy, error) {
	p := &Policy{special: special(), never: never()}
	switch mode {
	case "", ModePublicAllow:
	case ModePublic:
		if len(allow) > 0 {
			return nil, fmt.Errorf("egress.mode %q takes no egress.allow; use %q", mode, ModePublicAllow)
		}
	case ModeAllowOnly:
		p.allowOnly = true
	default:
		return nil, fmt.Errorf("egress.mode %q: must be %s, %s or %s", mode, ModePublic, ModePublicAllow, ModeAllowOnly)
	}
	if len(allow) > maxRules {
		return nil, fmt.Errorf("egress.allow has %d entries, at most %d", len(allow), maxRules)
	}
	for _, entry := range allow {
		r, err := parseRule(entry)
		if err != nil {
			return nil, fmt.Errorf("egress.allow %q: %w", entry, err)
		}
		p.rules = append(p.rules, r)
	}
	p.self.Store(&[]listener{})
	return p, nil
}

// DenySelf adds addresses on which this appliance listens: they are reached
// only by a rule for the very address. An unspecified address (0.0.0.0, ::)
// stands for every address of the machine's interfaces at the time of the call.
// On an error nothing is added.
func (p *Policy) DenySelf(addrs ...netip.AddrPort) error {
	var added []listener
	for _, ap := range addrs {
		a := ap.Addr().Unmap().WithZone("")
		if !a.IsValid() || ap.Port() == 0 {
			return fmt.Errorf("deny own listener %s: not an address with a port", ap)
		}
		if !a.IsUnspecified() {
			added = append(added, listener{netip.PrefixFrom(a, a.BitLen()), ap.Port()})
			continue
		}
		own, err := ownPrefixes()
		if err != nil {
			return fmt.Errorf("deny own listener %s: %w", ap, err)
		}
		for _, prefix := range own {
			added = append(added, listener{prefix, ap.Port()})
		}
	}
	for {
		old := p.self.Load()
		list := slices.Concat(*old, added)
		if p.self.CompareAndSwap(old, &list) {
			return nil
		}
	}
}

// ownPrefixes are the loopback networks and each address of each interface.
func ownPrefixes() ([]netip.Prefix, error) {
	list := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	for _, addr := range addrs {
		prefix, err := netip.ParsePrefix(addr.String())
		if err != nil {
			continue // not an IP network
		}
		a := prefix.Addr().Unmap()
		list = append(list, netip.PrefixFrom(a, a.BitLen()))
	}
	return list, nil
}

// CheckDial says whether a connection to an address may be made on behalf of a
// URL's host, and by which entry of egress.allow; rule is empty where the
// address is simply public. Plain is a connection without TLS, which only
// listed targets may have. It is asked at each dial, with the address that is
// dialled. The error is an *Error.
func (p *Policy) CheckDial(host string, to netip.AddrPort, plain bool) (rule string, err error) {
	a := to.Addr()
	if !a.IsValid() || a.Zone() != "" {
		return "", refuse(to.String(), "address with a zone")
	}
	a = a.Unmap()
	for _, r := range p.rules {
		if r.exact() && r.port == to.Port() && r.prefix.Addr() == a {
			return r.text, nil
		}
	}
	if reason := p.closed(a, to.Port()); reason != "" {
		return "", refuse(to.String(), reason)
	}
	for _, r := range p.rules {
		if r.port == to.Port() && (r.host != "" && r.host == host || r.prefix.IsValid() && r.prefix.Contains(a)) {
			return r.text, nil
		}
	}
	switch reason := notPublic(p.special, a); {
	case p.allowOnly:
		return "", refuse(to.String(), "not in egress.allow")
	case reason != "":
		return "", refuse(to.String(), reason)
	case plain:
		return "", refuse(to.String(), "plain http to a target not in egress.allow")
	case to.Port() != 443:
		return "", refuse(to.String(), "port other than 443 of a target not in egress.allow")
	}
	return "", nil
}

// closed says why neither a range nor a name opens a, or "": it is metadata,
// link-local or our own listener, or a transition address that hides an IPv4
// address which isn't public.
func (p *Policy) closed(a netip.Addr, port uint16) string {
	if reason := within(p.never, a); reason != "" {
		return reason
	}
	inner := embedded(a)
	for _, v4 := range inner {
		if reason := notPublic(p.special, v4); reason != "" {
			return "hides " + v4.String() + ", " + reason
		}
		if reason := within(p.never, v4); reason != "" {
			return "hides " + v4.String() + ", " + reason
		}
	}
	all := append(inner, a)
	for _, l := range *p.self.Load() {
		if l.port == port && slices.ContainsFunc(all, l.prefix.Contains) {
			return "own listener"
		}
	}
	return ""
}
