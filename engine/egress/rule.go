package egress

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// rule is one entry of egress.allow: a range of addresses or a name, with one
// port. Exactly one of prefix and host is set.
type rule struct {
	text   string // as the operator wrote it
	prefix netip.Prefix
	host   string
	port   uint16
}

// exact says that the rule names one address, which opens even what is never
// opened otherwise.
func (r rule) exact() bool { return r.prefix.IsValid() && r.prefix.IsSingleIP() }

// parseRule reads "10.20.0.0/16:443", "127.0.0.1:8099", "[fd00::1]:443",
// "fd00::/8:443" or "erp.corp.example:8443".
func parseRule(text string) (rule, error) {
	text = strings.TrimSpace(text)
	target, port, err := splitPort(text)
	if err != nil {
		return rule{}, err
	}
	r := rule{text: text, port: port}
	bracketed := strings.HasPrefix(target, "[")
	if bracketed {
		inner, rest, closed := strings.Cut(target[1:], "]")
		if !closed {
			return rule{}, errors.New("bracket is not closed")
		}
		target = inner + rest
	}
	if strings.Contains(target, "/") {
		r.prefix, err = parsePrefix(target)
		return r, err
	}
	if a, err := netip.ParseAddr(target); err == nil {
		if a.Is6() && !bracketed {
			return rule{}, errors.New("an IPv6 address goes in brackets, as in [fd00::1]:443")
		}
		r.prefix, err = parsePrefix(target + "/" + strconv.Itoa(a.BitLen()))
		return r, err
	}
	if bracketed {
		return rule{}, errors.New("what is in brackets is no IPv6 address")
	}
	r.host, err = canonicalHost(target)
	return r, err
}

func splitPort(text string) (target string, port uint16, err error) {
	i := strings.LastIndexByte(text, ':')
	if i < 0 || strings.HasSuffix(text, "]") {
		return "", 0, errors.New("names no port; write it as in 10.20.0.0/16:443")
	}
	n, err := strconv.ParseUint(text[i+1:], 10, 16)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != text[i+1:] {
		return "", 0, fmt.Errorf("port %q must be a number from 1 to 65535; write it as in 10.20.0.0/16:443", text[i+1:])
	}
	return text[:i], uint16(n), nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return netip.Prefix{}, fmt.Errorf("%q is not a range of addresses", s)
	case p.Addr().Is4In6():
		return netip.Prefix{}, fmt.Errorf("%s is IPv4 in IPv6 clothes; write the IPv4 range", s)
	case p.Masked() != p:
		return netip.Prefix{}, fmt.Errorf("%s has bits beyond its length; the range is %s", s, p.Masked())
	case p.IsSingleIP() && p.Addr().IsUnspecified():
		return netip.Prefix{}, fmt.Errorf("%s is no destination; name the address", s)
	}
	return p, nil
}
