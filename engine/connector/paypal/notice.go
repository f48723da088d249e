package paypal

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"strings"
	"sync"
	"time"

	"penstock/engine/connector"
)

const (
	maxNotice  = 256 << 10
	certPath   = "/v1/notifications/certs/"
	noticeTime = 8 * time.Second // for the certificate and the question together
	fetchEvery = 5 * time.Second // a stranger who names certificates makes no more calls than this
	maxCerts   = 4               // PayPal changes its certificate about once a year
)

var errCert = errors.New("PayPal's certificate can't be read now")

// Notification reads a webhook about an item of a batch. Its signature covers
// the body by a checksum alone (CRC-32), for which another body is easily found,
// so a signed notification is no more than a reason to ask: what it means is the
// answer of the batch itself.
func (c *client) Notification(header http.Header, body []byte) (connector.Notice, error) {
	ctx, cancel := context.WithTimeout(context.Background(), noticeTime)
	defer cancel()
	if err := c.signed(ctx, header, body); err != nil {
		if errors.Is(err, connector.ErrSignature) {
			return connector.Notice{}, connector.ErrSignature
		}
		return connector.Notice{}, fmt.Errorf("paypal: notification: %w", err)
	}
	var e struct {
		Type     string `json:"event_type"`
		Resource struct {
			Batch string `json:"payout_batch_id"`
			Item  struct {
				ID string `json:"sender_item_id"`
			} `json:"payout_item"`
		} `json:"resource"`
	}
	if err := connector.ReadJSON(body, &e); err != nil {
		return connector.Notice{}, fmt.Errorf("paypal: notification: %w", err)
	}
	key, ref := e.Resource.Item.ID, e.Resource.Batch
	switch {
	case !strings.HasPrefix(e.Type, "PAYMENT.PAYOUTS-ITEM."):
		return connector.Notice{}, connector.ErrNotOurs
	case key == "":
		return connector.Notice{}, connector.ErrNotOurs // made by hand, or by another program
	case len(key) > 63 || connector.Ref(key) == "" || !name(ref):
		return connector.Notice{}, fmt.Errorf("paypal: notification: %w", errAnswer)
	}
	out, err := c.Seek(ctx, connector.Question{Key: key, Ref: ref})
	if err != nil {
		return connector.Notice{}, err
	}
	return connector.Notice{Key: key, Outcome: out}, nil
}

// signed checks the signature of a webhook (developer.paypal.com/api/rest/webhooks/rest,
// self verification): SHA256withRSA over the transmission's id and time, the
// webhook's id, and the body's checksum.
func (c *client) signed(ctx context.Context, header http.Header, body []byte) error {
	one := func(name string) string {
		if v := header.Values(name); len(v) == 1 && len(v[0]) <= 2048 {
			return v[0]
		}
		return ""
	}
	id, at, signature := one("Paypal-Transmission-Id"), one("Paypal-Transmission-Time"), one("Paypal-Transmission-Sig")
	sig, err := base64.StdEncoding.DecodeString(signature)
	if c.webhook == "" || len(body) > maxNotice || id == "" || at == "" || err != nil || len(sig) == 0 || one("Paypal-Auth-Algo") != "SHA256withRSA" || strings.ContainsRune(id+at, '|') {
		return connector.ErrSignature
	}
	key, err := c.certs.key(ctx, c, one("Paypal-Cert-Url"))
	if err != nil {
		return err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%s|%d", id, at, c.webhook, crc32.ChecksumIEEE(body)))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig) != nil {
		return connector.ErrSignature
	}
	return nil
}

// certs are PayPal's certificates, by address. They are public, and come again
// when the process does.
type certs struct {
	mu    sync.Mutex
	known map[string]*x509.Certificate
	tried time.Time
}

// key is the public key of a certificate that lies at PayPal's own address.
func (s *certs) key(ctx context.Context, c *client, url string) (*rsa.PublicKey, error) {
	if !c.ownCert(url) {
		return nil, connector.ErrSignature
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := c.host.Now()
	cert := s.known[url]
	if cert == nil {
		if since := now.Sub(s.tried); since >= 0 && since < fetchEvery && !s.tried.IsZero() {
			return nil, errCert
		}
		s.tried = now
		var err error
		if cert, err = c.fetchCert(ctx, url); err != nil {
			return nil, err
		}
		if len(s.known) >= maxCerts || s.known == nil {
			s.known = map[string]*x509.Certificate{}
		}
		s.known[url] = cert
		s.tried = time.Time{}
	}
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok || key.Size() < 256 || now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return nil, connector.ErrSignature
	}
	return key, nil
}

// ownCert says whether an address is that of a certificate of PayPal's. Nothing
// is fetched from anywhere else.
func (c *client) ownCert(url string) bool {
	for _, host := range c.certHosts {
		if name, ok := strings.CutPrefix(url, host+certPath); ok {
			return name != "" && len(name) <= 128 && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ""
		}
	}
	return false
}

func (c *client) fetchCert(ctx context.Context, url string) (*x509.Certificate, error) {
	got, err := c.host.Do(ctx, connector.Request{Method: http.MethodGet, URL: url, Max: 64 << 10})
	switch {
	case err != nil || got.Status >= 500 || got.Status == http.StatusTooManyRequests:
		return nil, errCert
	case got.Status != http.StatusOK:
		return nil, connector.ErrSignature
	}
	block, _ := pem.Decode(got.Body)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, connector.ErrSignature
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, connector.ErrSignature
	}
	return cert, nil
}
