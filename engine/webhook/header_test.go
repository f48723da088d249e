package webhook

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/http/httpguts"
)

func TestHeadersOfTenants(t *testing.T) {
	for _, name := range []string{"X-Tenant", "x-api-key", "Accept", "Traceparent", "X-Content", "Webhooks"} {
		if err := CheckHeader(name); err != nil {
			t.Errorf("CheckHeader(%q) = %v, want nil", name, err)
		}
	}
	for _, name := range []string{
		"Host", "host", "HOST", "Content-Type", "content-length", "Content-Encoding", "Content_Length",
		"webhook-id", "Webhook-Signature", "WEBHOOK-ANYTHING", "webhook_id", "Authorization", "authorization", "Proxy-Authorization",
		"Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "HTTP2-Settings",
		"Expect", "User-Agent", "Via", "X-Signature", "X-Webhook-Signature-512", "X-Forwarded-For", "Forwarded", "Cookie",
		"", " ", "X Tenant", "X-Tenant:", "X-Tenant\r\nHost", "X-\x00", "Ключ", ":authority", strings.Repeat("x", 129),
	} {
		if err := CheckHeader(name); !errors.Is(err, ErrHeader) {
			t.Errorf("CheckHeader(%.40q) = %v, want ErrHeader", name, err)
		}
	}
	for _, value := range []string{"a\r\nHost: b", "a\nb", "a\x00", "a\x7f", strings.Repeat("x", 2049)} {
		if err := CheckHeaderValue("X-Tenant", value); !errors.Is(err, ErrHeader) {
			t.Errorf("CheckHeaderValue(%.20q) = %v, want ErrHeader", value, err)
		}
	}
	if err := CheckHeaderValue("X-Tenant", "a value, ok"); err != nil {
		t.Errorf("CheckHeaderValue of a plain value = %v", err)
	}
}

// What Sign sets, no tenant may set: else a delivery could be given a second
// signature or another body's type.
func TestEveryHeaderOfSignIsReserved(t *testing.T) {
	secrets := Secrets{
		Endpoint: []Secret{mustSecret(t, vectorSecret)}, Signing: mustSigning(t),
		Hash: mustKey(t, "hash"), Own: mustKey(t, "own"),
	}
	for _, p := range []Profile{Rest, JSONAPI, Hosted, Standard} {
		for name, values := range mustSign(t, p, secrets, "msg_1", vectorAt, []byte("{}")) {
			if err := CheckHeader(name); !errors.Is(err, ErrHeader) {
				t.Errorf("%s: CheckHeader(%q) = %v, want ErrHeader", p, name, err)
			}
			if name != http.CanonicalHeaderKey(name) || len(values) != 1 || !httpguts.ValidHeaderFieldValue(values[0]) {
				t.Errorf("%s: header %q: %q is not ready for the wire", p, name, values)
			}
		}
	}
}

func FuzzCheckHeader(f *testing.F) {
	f.Add("X-Tenant")
	f.Add("content_type")
	f.Fuzz(func(t *testing.T, name string) {
		if CheckHeader(name) != nil {
			return
		}
		lower := strings.ReplaceAll(strings.ToLower(name), "_", "-")
		if strings.HasPrefix(lower, "webhook-") || strings.HasPrefix(lower, "content-") || lower == "host" || !httpguts.ValidHeaderFieldName(name) {
			t.Fatalf("CheckHeader(%q) = nil", name)
		}
	})
}
