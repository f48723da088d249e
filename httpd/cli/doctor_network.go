package cli

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"penstock/engine/egress"
)

// certSoon is how long before its end a certificate should have been renewed.
const certSoon = 14 * 24 * time.Hour

// lookPort tries server.listen. While the daemon runs it must be taken, and by
// it; otherwise it must be free.
func (d *doctor) lookPort(ctx context.Context) {
	at := d.cfg.Server.Listen
	_, port, _ := net.SplitHostPort(at) // validated
	if port == "0" {
		d.ok("port", "server.listen is %s: any free one is taken at the start", at)
		return
	}
	ln, err := net.Listen("tcp", at)
	taken := errors.Is(err, syscall.EADDRINUSE)
	if err == nil {
		err = ln.Close()
	}
	const other = "stop what holds it (ss -ltnp 'sport = :%s'), or set server.listen"
	switch {
	case d.status == nil && taken:
		d.problem("port", fmt.Sprintf(other, port), "%s is held by another process", at)
	case d.status != nil && taken && !d.ours(ctx):
		d.problem("port", fmt.Sprintf(other, port)+" and restart", "%s is held by something else than the daemon", at)
	case d.status != nil && taken:
		d.ok("port", "%s is held by the daemon", at)
	case errors.Is(err, syscall.EACCES):
		d.warn("port", "use a port above 1023 behind a proxy, or give the unit CAP_NET_BIND_SERVICE", "this user may not listen at %s", at)
	case err != nil:
		d.problem("port", "set server.listen to an address of this machine", "%v", err)
	case d.status != nil:
		d.problem("port", "systemctl restart penstock", "the daemon runs and does not listen at %s: the configuration was changed since its start", at)
	default:
		d.ok("port", "%s is free", at)
	}
}

// ours reports whether who serves at server.listen is the daemon that answers
// at the socket: it has its version and its age.
func (d *doctor) ours(ctx context.Context) bool {
	ctx, stop := context.WithTimeout(ctx, 5*time.Second)
	defer stop()
	host, port, _ := net.SplitHostPort(d.cfg.Server.Listen)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	scheme := "http"
	if d.cfg.TLS() {
		scheme = "https"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+net.JoinHostPort(host, port)+"/health", nil)
	if err != nil {
		return false
	}
	// Nothing is told to whoever answers, so its certificate, which is for the
	// public name, proves nothing that is needed here.
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	var body struct {
		Version string `json:"version"`
		Uptime  *int64 `json:"uptime_s"`
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil || json.Unmarshal(raw, &body) != nil || body.Uptime == nil {
		return false
	}
	age := time.Since(d.status.Started) - time.Duration(*body.Uptime)*time.Second
	return body.Version == d.status.Version && age.Abs() < 5*time.Second
}

// lookTLS looks at the certificate and at what public_url promises.
func (d *doctor) lookTLS() {
	public, err := url.Parse(d.cfg.PublicURL())
	if err != nil {
		d.problem("public url", "set server.public_url", "%v", err)
		return
	}
	proxied := len(d.cfg.Server.TrustedProxies) > 0
	switch {
	case d.cfg.Server.PublicURL == "" && !loopback(d.cfg.Server.Listen):
		d.warn("public url", "set server.public_url to the address that others use", "server.public_url is empty: links to payout pages begin with %s", d.cfg.PublicURL())
	case public.Scheme == "https" && !d.cfg.TLS() && !proxied:
		d.warn("public url", "set server.tls_cert and server.tls_key, or server.trusted_proxies for the proxy that speaks TLS",
			"it is https, and nothing here says who speaks TLS")
	default:
		d.ok("public url", "links begin with %s", d.cfg.PublicURL())
	}
	if d.cfg.Server.TLSCert != "" {
		d.lookCertificate(public.Hostname(), proxied)
	}
}

func (d *doctor) lookCertificate(host string, proxied bool) {
	certFile, keyFile := string(d.cfg.Server.TLSCert), string(d.cfg.Server.TLSKey)
	const renew = "renew the certificate; the daemon takes it up by itself, or at: systemctl reload penstock"
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		d.fault("certificate", "put the certificate with its chain at server.tls_cert and its key at server.tls_key", err)
		return
	}
	if info, err := os.Stat(keyFile); err == nil && info.Mode().Perm()&0o077 != 0 {
		d.warn("certificate", "chmod 0600 "+keyFile, "its key %s is open to others (mode %04o)", keyFile, info.Mode().Perm())
	}
	leaf, now := pair.Leaf, time.Now()
	switch left := leaf.NotAfter.Sub(now); {
	case now.Before(leaf.NotBefore):
		d.problem("certificate", "check the clock, or get a certificate that is good now", "it is good from %s only", when(leaf.NotBefore))
	case left <= 0:
		d.problem("certificate", renew, "it ended at %s", when(leaf.NotAfter))
	case left < certSoon:
		d.warn("certificate", renew, "it ends at %s, in %d days", when(leaf.NotAfter), int(left.Hours()/24))
	default:
		d.ok("certificate", "it is good until %s", when(leaf.NotAfter))
	}
	if d.cfg.Server.PublicURL == "" || proxied { // a proxy shows a certificate of its own
		return
	}
	if err := leaf.VerifyHostname(host); err != nil {
		d.problem("certificate", "get a certificate for "+host+", or set server.public_url to a name that it has", "it is not for the host of server.public_url: %v", err)
	}
}

// lookEgress reads the rules that say where the appliance may connect to.
func (d *doctor) lookEgress() {
	if _, err := egress.ParsePolicy(d.cfg.Egress.Allow, d.cfg.Egress.Mode); err != nil {
		d.problem("egress", "edit egress.* in "+d.file, "%v", err)
		return
	}
	d.ok("egress", "mode %s, %s", d.cfg.Egress.Mode, plural(len(d.cfg.Egress.Allow), "rule"))
	for _, rule := range d.cfg.Egress.Allow {
		if strings.HasPrefix(rule, "0.0.0.0/0:") || strings.HasPrefix(rule, "[::]/0:") {
			d.warn("egress", "name the ranges that are meant in egress.allow", "%q opens every private network to what a merchant's webhook names", rule)
		}
	}
	if _, err := allForms(string(d.cfg.Connectors.Forms)); err != nil {
		mend := "take the file out of " + string(d.cfg.Connectors.Forms)
		if next := new(nextError); errors.As(err, &next) {
			mend = next.next
		}
		d.fault("connectors", mend, err)
	}
}
