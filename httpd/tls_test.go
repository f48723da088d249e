package httpd

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// writePair writes a self-signed certificate with a serial number.
func writePair(t *testing.T, dir string, serial int64) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(serial), DNSNames: []string{"x"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		// File systems with coarse times would hide the change.
		at := time.Unix(1_800_000_000+serial, 0)
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

func TestCertificateIsRenewedWhileServing(t *testing.T) {
	dir := t.TempDir()
	var passed atomic.Int64 // since the start, in nanoseconds
	clock := func() time.Time { return time.Unix(1_800_000_000, passed.Load()) }
	var log bytes.Buffer
	certFile, keyFile := writePair(t, dir, 1)
	c, err := LoadCertificate(certFile, keyFile, clock, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, nil, func(ln net.Listener) Endpoint { return Endpoint{Listener: ln, TLS: c.TLS()} })
	serial := func() int64 {
		conn, err := tls.Dial("tcp", w.addr, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write([]byte("POST //refused HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		if got := statuses(t, "refused over TLS", conn); len(got) != 1 || got[0] != 400 {
			t.Errorf("got %v, want 400", got)
		}
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if got := serial(); got != 1 {
		t.Errorf("serial %d, want 1", got)
	}
	writePair(t, dir, 2)
	if got := serial(); got != 1 {
		t.Errorf("serial %d: the files are looked at for each handshake", got)
	}
	passed.Add(int64(lookEvery))
	if got := serial(); got != 2 {
		t.Errorf("serial %d, want 2", got)
	}
	if err := os.WriteFile(keyFile, []byte("half a k"), 0o600); err != nil {
		t.Fatal(err)
	}
	passed.Add(int64(lookEvery))
	if got := serial(); got != 2 {
		t.Errorf("serial %d, want the old one to stay", got)
	}
	passed.Add(int64(lookEvery))
	serial()
	if got := strings.Count(log.String(), "not renewed"); got != 1 {
		t.Errorf("%d complaints about one bad pair: %s", got, log.String())
	}
	if err := c.Reload(); err == nil {
		t.Error("Reload of a bad pair has no error")
	}
	writePair(t, dir, 3)
	if err := c.Reload(); err != nil {
		t.Error(err)
	}
	if got := serial(); got != 3 {
		t.Errorf("serial %d, want 3 after Reload", got)
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	certFile, keyFile := writePair(t, t.TempDir(), 1)
	c, err := LoadCertificate(certFile, keyFile, time.Now, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(c *Config) { c.ReadTimeout = 50 * time.Millisecond },
		func(ln net.Listener) Endpoint { return Endpoint{Listener: ln, TLS: c.TLS()} })
	conn, err := tls.Dial("tcp", w.addr, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10})
	if err == nil {
		t.Errorf("shook hands with %x", conn.ConnectionState().Version)
	}
	// One who never shakes hands is cut off like any slow client, and without
	// an answer in clear.
	silent, err := net.Dial("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if n, err := silent.Read(make([]byte, 100)); err == nil {
		t.Errorf("read %d bytes without a handshake", n)
	}
	if _, err := LoadCertificate(certFile, certFile+".missing", time.Now, nil); err == nil {
		t.Error("loaded half a pair")
	}
}
