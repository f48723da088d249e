package httpd

import (
	"crypto/tls"
	"errors"
	"net/http"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// ACMEOptions say for which names certificates are had by ACME (RFC 8555), and
// from whom.
type ACMEOptions struct {
	Names     []string // hosts; others get none, so that nobody uses up the service's limits
	Email     string   // where the service may write to; may be empty
	Directory string   // the service's address; empty: Let's Encrypt
	Cache     string   // a directory for keys and certificates, mode 0700; it is made
	Client    *http.Client
}

// ACME is a server's configuration whose certificates are had, and renewed, by
// themselves: TLS 1.2 and above, HTTP/1.1. It proves that a name is ours by the
// challenge that runs over TLS itself (RFC 8737), so port 443 of the name must
// lead here. A certificate is asked for at the first handshake, which waits.
func ACME(o ACMEOptions) (*tls.Config, error) {
	if len(o.Names) == 0 || o.Cache == "" {
		return nil, errors.New("httpd: ACME needs names and a cache")
	}
	m := &autocert.Manager{
		Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(o.Names...), Cache: autocert.DirCache(o.Cache), Email: o.Email,
		Client: &acme.Client{DirectoryURL: o.Directory, HTTPClient: o.Client, UserAgent: "penstock"},
	}
	if o.Directory == "" {
		m.Client.DirectoryURL = autocert.DefaultACMEDirectory
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1", acme.ALPNProto}, GetCertificate: m.GetCertificate}, nil
}
