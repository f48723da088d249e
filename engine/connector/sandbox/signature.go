package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"penstock/engine/connector"
)

// SignatureHeader bears "t=<unix seconds>,v1=<hex>", where v1 is HMAC-SHA256
// under the account's notify_secret of the seconds, a dot and the body.
const SignatureHeader = "X-Sandbox-Signature"

// SecretName names the secret in connector.Account.Secrets that notifications
// are signed with. An account without it takes none.
const SecretName = "notify_secret"

func sign(secret string, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac(secret, t, body))
}

func mac(secret, t string, body []byte) []byte {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(t + "."))
	m.Write(body)
	return m.Sum(nil)
}

// readNotice checks the signature, then reads the body.
func readNotice(secret string, header http.Header, body []byte) (connector.Notice, error) {
	if secret == "" || !signed(secret, header.Values(SignatureHeader), body) {
		return connector.Notice{}, connector.ErrSignature
	}
	return parseNotice(body)
}

// signed says whether the one signature header there is names a right v1.
func signed(secret string, headers []string, body []byte) bool {
	if len(headers) != 1 || len(headers[0]) > 1024 || len(body) > maxBody {
		return false
	}
	t, rest, ok := strings.Cut(headers[0], ",")
	t, isTime := strings.CutPrefix(t, "t=")
	if !ok || !isTime {
		return false
	}
	right := false
	want := mac(secret, t, body)
	for part := range strings.SplitSeq(rest, ",") {
		if v1, ok := strings.CutPrefix(part, "v1="); ok {
			got, err := hex.DecodeString(v1)
			right = right || err == nil && hmac.Equal(got, want)
		}
	}
	return right
}
