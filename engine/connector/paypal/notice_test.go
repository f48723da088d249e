package paypal

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"penstock/engine/connector"
)

const (
	testWebhook = "8PT597110X687430LKGECATA"
	certURL     = "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77"
)

// theirs is PayPal's side: its certificate, and what it answers about batches.
type theirs struct {
	key    *rsa.PrivateKey
	cert   []byte
	item   string // status of every item that is asked for
	gone   bool   // nobody answers for the certificate
	asked  []string
	amount string
}

func newTheirs(t testing.TB, from, to time.Time) *theirs {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &theirs{key: key, cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), item: "SUCCESS", amount: "10.00"}
}

func (p *theirs) RoundTrip(r *http.Request) (*http.Response, error) {
	p.asked = append(p.asked, r.Method+" "+r.URL.String())
	status, body := http.StatusOK, ""
	switch {
	case r.URL.Path == "/v1/oauth2/token":
		body = tokenText
	case strings.HasPrefix(r.URL.Path, certPath) && p.gone:
		return nil, errors.New("nobody answers")
	case r.URL.String() == certURL:
		body = string(p.cert)
	case strings.HasPrefix(r.URL.Path, path+"/"):
		ref := strings.TrimPrefix(r.URL.Path, path+"/")
		body = fmt.Sprintf(`{"batch_header":{"payout_batch_id":%q,"batch_status":"SUCCESS","sender_batch_header":{"sender_batch_id":"po_1"}},"items":[{"payout_item_id":"I1","transaction_status":%q,"payout_batch_id":%[1]q,"payout_item":{"sender_item_id":"po_1","amount":{"currency":"EUR","value":%[3]q}}}]}`, ref, p.item, p.amount)
	default:
		status = http.StatusNotFound
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func (p *theirs) sign(t testing.TB, body []byte) http.Header {
	t.Helper()
	const id, at = "69cd13f0-d67a-11e5-baa3-778b53f4ae55", "2026-03-02T10:29:00Z"
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%s|%d", id, at, testWebhook, crc32.ChecksumIEEE(body)))
	sig, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return http.Header{"Paypal-Auth-Algo": {"SHA256withRSA"}, "Paypal-Cert-Url": {certURL}, "Paypal-Transmission-Id": {id}, "Paypal-Transmission-Time": {at}, "Paypal-Transmission-Sig": {base64.StdEncoding.EncodeToString(sig)}}
}

func listener(t testing.TB, p *theirs, webhook string) connector.Notifier {
	t.Helper()
	c, err := New(lend(p))(connector.Account{ID: "mca_1", Provider: Provider, Test: true, Secrets: map[string]string{ClientID: testID, ClientSecret: testSecret, WebhookID: webhook}})
	if err != nil {
		t.Fatal(err)
	}
	return c.(connector.Notifier)
}

func event(kind, key, batch string) []byte {
	return fmt.Appendf(nil, `{"id":"WH-1","event_type":%q,"resource_type":"payouts_item","resource":{"payout_item_id":"I1","transaction_status":"SUCCESS","payout_batch_id":%q,"payout_item":{"sender_item_id":%q,"receiver":"ada.canary@example.com"}}}`, kind, batch, key)
}

// TestASignedNotificationIsAReasonToAsk: what it says of the payout is what the
// batch says, whatever stands in the notification.
func TestASignedNotificationIsAReasonToAsk(t *testing.T) {
	p := newTheirs(t, now().AddDate(0, -1, 0), now().AddDate(0, 1, 0))
	n := listener(t, p, testWebhook)
	for status, want := range map[string]connector.Verdict{"SUCCESS": connector.Paid, "FAILED": connector.Rejected, "RETURNED": connector.Returned, "UNCLAIMED": connector.Accepted} {
		p.item = status
		body := event("PAYMENT.PAYOUTS-ITEM.SUCCEEDED", "po_1", "5UXD2E8A7EBQJ")
		for range 2 {
			got, err := n.Notification(p.sign(t, body), body)
			if err != nil || got.Key != "po_1" || got.Outcome.Verdict != want || got.Outcome.Ref != "5UXD2E8A7EBQJ" {
				t.Errorf("%s: got %+v, %v", status, got, err)
			}
		}
	}
	fetched := 0
	for _, call := range p.asked {
		if strings.HasSuffix(call, certURL) {
			fetched++
		}
	}
	if fetched != 1 {
		t.Errorf("the certificate was fetched %d times", fetched)
	}
	another := event("PAYMENT.PAYOUTS-ITEM.SUCCEEDED", "po_2", "5UXD2E8A7EBQJ")
	if got, err := n.Notification(p.sign(t, another), another); err == nil {
		t.Errorf("of another's batch: got %+v", got)
	}
	for _, body := range [][]byte{event("PAYMENT.PAYOUTSBATCH.SUCCESS", "po_1", "5UXD2E8A7EBQJ"), event("CHECKOUT.ORDER.APPROVED", "po_1", "x"), event("PAYMENT.PAYOUTS-ITEM.SUCCEEDED", "", "5UXD2E8A7EBQJ")} {
		if _, err := n.Notification(p.sign(t, body), body); !errors.Is(err, connector.ErrNotOurs) {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

// TestWhatPayPalDidNotSignIsRefused: and nothing is asked for it, nor fetched
// from anywhere but PayPal.
func TestWhatPayPalDidNotSignIsRefused(t *testing.T) {
	p := newTheirs(t, now().AddDate(0, -1, 0), now().AddDate(0, 1, 0))
	body := event("PAYMENT.PAYOUTS-ITEM.SUCCEEDED", "po_1", "5UXD2E8A7EBQJ")
	other := newTheirs(t, now().AddDate(0, -1, 0), now().AddDate(0, 1, 0))
	forge := func(change func(http.Header)) http.Header {
		h := p.sign(t, body)
		change(h)
		return h
	}
	for name, row := range map[string]struct {
		header http.Header
		body   []byte
	}{
		"nothing":           {http.Header{}, body},
		"another body":      {p.sign(t, body), bytes.Replace(body, []byte("po_1"), []byte("po_2"), 1)},
		"another key":       {other.sign(t, body), body},
		"another time":      {forge(func(h http.Header) { h.Set("Paypal-Transmission-Time", "2026-03-03T10:29:00Z") }), body},
		"two signatures":    {forge(func(h http.Header) { h.Add("Paypal-Transmission-Sig", "AAAA") }), body},
		"another algorithm": {forge(func(h http.Header) { h.Set("Paypal-Auth-Algo", "none") }), body},
		"another host":      {forge(func(h http.Header) { h.Set("Paypal-Cert-Url", "https://evil.example/v1/notifications/certs/CERT-1") }), body},
		"a host in a host": {forge(func(h http.Header) {
			h.Set("Paypal-Cert-Url", "https://api.sandbox.paypal.com.evil.example/v1/notifications/certs/CERT-1")
		}), body},
		"another path": {forge(func(h http.Header) {
			h.Set("Paypal-Cert-Url", "https://api.sandbox.paypal.com/v1/notifications/certs/../x")
		}), body},
		"the live host": {forge(func(h http.Header) { h.Set("Paypal-Cert-Url", strings.Replace(certURL, ".sandbox", "", 1)) }), body},
		"plain http":    {forge(func(h http.Header) { h.Set("Paypal-Cert-Url", strings.Replace(certURL, "https", "http", 1)) }), body},
		"long":          {p.sign(t, append(body, make([]byte, maxNotice)...)), append(body, make([]byte, maxNotice)...)},
	} {
		p.asked = nil
		if got, err := listener(t, p, testWebhook).Notification(row.header, row.body); err != connector.ErrSignature || got.Key != "" {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
		for _, call := range p.asked {
			if !strings.HasSuffix(call, certURL) {
				t.Errorf("%s: asked %s", name, call)
			}
		}
	}
	if _, err := listener(t, p, "").Notification(p.sign(t, body), body); err != connector.ErrSignature {
		t.Errorf("without a webhook's id: got %v", err)
	}
	old := newTheirs(t, now().AddDate(0, -2, 0), now().AddDate(0, -1, 0))
	if _, err := listener(t, old, testWebhook).Notification(old.sign(t, body), body); err != connector.ErrSignature {
		t.Errorf("by a certificate that has ended: got %v", err)
	}
}

// TestACertificateThatCantBeReadNowIsNoRefusal, so that PayPal says it again;
// and a stranger makes no more than a call in five seconds.
func TestACertificateThatCantBeReadNowIsNoRefusal(t *testing.T) {
	p := newTheirs(t, now().AddDate(0, -1, 0), now().AddDate(0, 1, 0))
	p.gone = true
	body := event("PAYMENT.PAYOUTS-ITEM.SUCCEEDED", "po_1", "5UXD2E8A7EBQJ")
	n := listener(t, p, testWebhook)
	for range 3 {
		if _, err := n.Notification(p.sign(t, body), body); err == nil || errors.Is(err, connector.ErrSignature) {
			t.Errorf("got %v", err)
		}
	}
	if len(p.asked) != 1 {
		t.Errorf("asked %v", p.asked)
	}
}
