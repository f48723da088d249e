package egress

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// maxURL bounds a URL, in bytes.
const maxURL = 2048

// CheckURL says whether a URL may be a target, and gives its canonical form:
// scheme and host in lower case, host in ASCII without trailing dot, no default
// port. It resolves nothing; the address is checked when it is dialled. The
// rules: an absolute https URL of at most 2048 bytes without user or fragment,
// a public name, port 443. A target that egress.allow names, by name or by
// address, may also have its port, plain http, an address in place of a name,
// or a name that isn't public. The error is an *Error.
func (p *Policy) CheckURL(raw string) (*url.URL, error) {
	if len(raw) > maxURL {
		return nil, refuse("", "longer than 2048 bytes")
	}
	if strings.Contains(raw, "#") {
		return nil, refuse("", "has a fragment")
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, refuse("", "is not a URL")
	}
	return p.checkTarget(u)
}

// checkTarget is CheckURL for a parsed URL, without the rules of its text. It
// gives u itself where that is canonical.
func (p *Policy) checkTarget(u *url.URL) (*url.URL, error) {
	if u.Opaque != "" || u.Host == "" {
		return nil, refuse("", "is not an absolute URL")
	}
	if u.User != nil {
		return nil, refuse("", "has a user or password")
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return nil, refuse("", "must be https")
	}
	port, err := portOf(u)
	if err != nil {
		return nil, err
	}
	host := u.Hostname()
	if strings.Contains(host, "%") {
		return nil, refuse(host, "has a zone")
	}
	if a, err := netip.ParseAddr(host); err == nil {
		host, err = p.checkLiteral(a, port)
		if err != nil {
			return nil, err
		}
	} else if host, err = p.checkName(host, port, u.Scheme == "http"); err != nil {
		return nil, err
	}
	host = joinHost(host, port, u.Scheme)
	if u.Host == host && u.Fragment == "" && u.RawFragment == "" {
		return u, nil
	}
	clean := *u
	clean.Fragment, clean.RawFragment = "", ""
	clean.Host = host
	return &clean, nil
}

// checkLiteral wants an address to be listed, whatever it is.
func (p *Policy) checkLiteral(a netip.Addr, port uint16) (string, error) {
	a = a.Unmap()
	rule, err := p.CheckDial("", netip.AddrPortFrom(a, port), true)
	if rule == "" {
		reason := "an address in place of a name"
		var e *Error
		if errors.As(err, &e) {
			reason += ", " + e.Reason
		}
		return "", refuse(a.String(), reason)
	}
	return a.String(), nil
}

// checkName refuses a name that can't be a public one, unless it is listed or
// might resolve to a listed address. Which address it is the dial decides.
func (p *Policy) checkName(raw string, port uint16, plain bool) (string, error) {
	host, err := canonicalHost(raw)
	if err != nil {
		return "", refuse(raw, err.Error())
	}
	for _, r := range p.rules {
		if r.port == port && (r.host == host || r.prefix.IsValid()) {
			return host, nil
		}
	}
	switch {
	case p.allowOnly:
		return "", refuse(host, "not in egress.allow")
	case plain:
		return "", refuse(host, "must be https")
	case port != 443:
		return "", refuse(host, "port other than 443")
	case !publicName(host):
		return "", refuse(host, "not a public name")
	}
	return host, nil
}

// canonicalHost gives a name as it is compared and resolved: ASCII (IDNA 2008,
// mapped as browsers do, so that full-width digits and dots become plain),
// lower case, no trailing dot. A name that ends in a number is refused: some
// resolvers read 0x7f.1 or 2130706433 as an address.
func canonicalHost(raw string) (string, error) {
	profile := idna.New(idna.MapForLookup(), idna.BidiRule(), idna.CheckHyphens(false), idna.StrictDomainName(false))
	host, err := profile.ToASCII(raw)
	if err != nil || !utf8.ValidString(raw) {
		return "", errors.New("is not a name of a host")
	}
	// What net/http or a resolver makes of the name must be the same name.
	if again, err := profile.ToASCII(host); err != nil || again != host {
		return "", errors.New("is not a name of a host")
	}
	host = strings.TrimSuffix(host, ".")
	if host == "" || len(host) > maxHost {
		return "", errors.New("is not a name of a host: must have 1 to 253 characters")
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return "", errors.New("is not a name of a host: each part must have 1 to 63 letters, digits and hyphens")
		}
	}
	if numeric(labels[len(labels)-1]) {
		return "", errors.New("is not a name of a host: ends in a number")
	}
	return host, nil
}

// numeric is the "ends in a number" of the WHATWG URL standard, 3.5.
func numeric(label string) bool {
	if strings.Trim(label, "0123456789") == "" {
		return true
	}
	hex, ok := strings.CutPrefix(label, "0x")
	return ok && strings.Trim(hex, "0123456789abcdef") == ""
}

// publicName refuses names of RFC 6761 and 6762, of ICANN's .internal, and those
// without a dot. It spares a tenant a delivery that would fail; it guards
// nothing, for any name can resolve to any address.
func publicName(host string) bool {
	i := strings.LastIndexByte(host, '.')
	switch host[i+1:] {
	case "localhost", "local", "internal", "invalid", "onion":
		return false
	}
	return i > 0
}

func portOf(u *url.URL) (uint16, error) {
	s := u.Port()
	if s == "" {
		s = defaultPort(u.Scheme)
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return 0, refuse("", "port must be a number from 1 to 65535")
	}
	return uint16(n), nil
}

func defaultPort(scheme string) string {
	if scheme == "http" {
		return "80"
	}
	return "443"
}

func joinHost(host string, port uint16, scheme string) string {
	if scheme == "https" && port == 443 || scheme == "http" && port == 80 {
		if strings.Contains(host, ":") {
			return "[" + host + "]"
		}
		return host
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}
