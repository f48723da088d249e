package httpd

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookEvery is how often, at most, handshakes look whether the files changed.
const lookEvery = 10 * time.Second

// Certificate is a key pair in two PEM files, which may be replaced while the
// server runs. A pair that can't be read is reported and the one before stays
// in use, so that a renewal in the middle of its two writes ends nothing.
type Certificate struct {
	certFile, keyFile string
	now               func() time.Time
	log               *slog.Logger

	mu     sync.Mutex
	pair   *tls.Certificate
	stamps [2]stamp
	looked time.Time
}

// stamp tells whether a file changed.
type stamp struct {
	modified time.Time
	size     int64
}

// LoadCertificate reads the pair and fails when there is none. log may be nil.
func LoadCertificate(certFile, keyFile string, now func() time.Time, log *slog.Logger) (*Certificate, error) {
	if now == nil {
		return nil, errors.New("httpd: LoadCertificate needs a clock")
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &Certificate{certFile: certFile, keyFile: keyFile, now: now, log: log}
	if err := c.Reload(); err != nil {
		return nil, err
	}
	return c, nil
}

// Reload reads the files again, changed or not; it is for SIGHUP. After an
// error the pair is as before.
func (c *Certificate) Reload() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	stamps, err := c.stat()
	if err != nil {
		return err
	}
	return c.load(stamps)
}

// TLS is a server's configuration with this certificate: TLS 1.2 and above,
// HTTP/1.1.
func (c *Certificate) TLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.current(), nil
		},
	}
}

// current looks for a change now and then; the error of a bad one is logged
// once, as it is not looked at again until the files change once more.
func (c *Certificate) current() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked) >= lookEvery || now.Before(c.looked) {
		c.looked = now
		stamps, err := c.stat()
		if err == nil && stamps != c.stamps {
			c.stamps = stamps
			err = c.load(stamps)
		}
		if err != nil {
			c.log.Error("certificate not renewed, the old one stays", "error", err.Error())
		}
	}
	return c.pair
}

// load and stat are called with the lock held.
func (c *Certificate) load(stamps [2]stamp) error {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("load certificate: %w", err)
	}
	c.pair, c.stamps, c.looked = &pair, stamps, c.now()
	return nil
}

func (c *Certificate) stat() (stamps [2]stamp, err error) {
	for i, name := range [...]string{c.certFile, c.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return stamps, fmt.Errorf("look at certificate: %w", err)
		}
		stamps[i] = stamp{info.ModTime(), info.Size()}
	}
	return stamps, nil
}
