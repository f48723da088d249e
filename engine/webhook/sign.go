package webhook

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1" // of the jsonapi dialect's own header; never the only signature
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrSign is wrapped by every refusal to sign.
var ErrSign = errors.New("webhook: cannot sign")

const (
	maxIDSize  = 255
	maxSecrets = 8 // of one endpoint; rotation needs two
)

// Secrets is all that one delivery is signed with.
type Secrets struct {
	// Endpoint holds the endpoint's secrets, the newest first: during a
	// rotation the old one is still there and the delivery bears a v1 of each.
	Endpoint []Secret
	// Signing adds a v1a where it isn't zero.
	Signing SigningKey
	// Hash makes X-Webhook-Signature-512, in whatever profile it is set.
	Hash Key
	// Own is the key of the profile's own header: the organisation's secret in
	// jsonapi, the API token in hosted (which adds a v1 under the token's bytes
	// too). Other profiles ignore it.
	Own Key
	// Form is how the hosted profile's own header is written; the zero value is
	// X-Signature, in lower-case hex.
	Form OwnHeader
}

// OwnHeader is how the hosted profile writes its own signature, which is
// HMAC-SHA256 of the body under the token: no document of the original says
// how, so an operator may.
type OwnHeader struct {
	Name     string // "": X-Signature; "off": none is sent
	Encoding string // "" and "hex": lower-case hex; "base64": standard, padded
	Prefix   string // before the signature, such as "sha256="
}

// Sign gives the headers of one attempt to deliver body: the signatures of
// Standard Webhooks, those of the profile, and Content-Type and User-Agent.
// The id is the event's, the same on every attempt; at is the attempt's time,
// used to the second. There is always at least one v1, since that is all that
// the official libraries verify; without a secret for it Sign refuses.
func Sign(p Profile, s Secrets, id string, at time.Time, body []byte) (http.Header, error) {
	if _, err := ParseProfile(string(p)); err != nil {
		return nil, err
	}
	if err := checkID(id); err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrSign)
	}
	if at.Unix() < 0 {
		return nil, fmt.Errorf("time %d is before 1970: %w", at.Unix(), ErrSign)
	}
	timestamp := strconv.FormatInt(at.Unix(), 10)
	signature, err := signatures(p, s, signedHead(id, timestamp), body)
	if err != nil {
		return nil, err
	}
	f := fields{header: make(http.Header, 8), values: make([]string, 0, 8)}
	agent := "penstock"
	if p == Rest {
		agent = "Hyperswitch-Backend-Server"
	}
	f.set("Content-Type", "application/json")
	f.set("User-Agent", agent)
	f.set(HeaderID, id)
	f.set(HeaderTimestamp, timestamp)
	f.set(HeaderSignature, signature)
	if !s.Hash.IsZero() {
		f.set(HeaderHash512, Hash512(s.Hash, body))
	}
	f.setOwn(p, s, body)
	return f.header, nil
}

// fields are a header under way, whose values lie in one array.
type fields struct {
	header http.Header
	values []string
}

// set sets a field by its canonical name.
func (f *fields) set(name, value string) {
	f.values = append(f.values, value)
	n := len(f.values)
	f.header[name] = f.values[n-1 : n : n]
}

// signatures is the value of webhook-signature: v1 of each secret, then v1a, over
// head and body as one.
func signatures(p Profile, s Secrets, head, body []byte) (string, error) {
	if len(s.Endpoint) > maxSecrets {
		return "", fmt.Errorf("%d secrets, at most %d: %w", len(s.Endpoint), maxSecrets, ErrSign)
	}
	list := make([]byte, 0, 64*(1+len(s.Endpoint)))
	add := func(version string, signature []byte) {
		if len(list) > 0 {
			list = append(list, ' ')
		}
		list = append(list, version...)
		list = base64.StdEncoding.AppendEncode(append(list, ','), signature)
	}
	for i, secret := range s.Endpoint {
		if secret.IsZero() {
			return "", fmt.Errorf("secret %d is empty: %w", i, ErrSign)
		}
		add("v1", secret.sign(head, body))
	}
	if p == Hosted && !s.Own.IsZero() {
		add("v1", Secret{[]byte(s.Own.text)}.sign(head, body))
	}
	if len(list) == 0 {
		return "", fmt.Errorf("no secret: %w", ErrSign)
	}
	if !s.Signing.IsZero() {
		add("v1a", s.Signing.sign(slices.Concat(head, body)))
	}
	return string(list), nil
}

// setOwn adds what the receivers of the profile know from the product whose
// dialect it speaks.
func (f *fields) setOwn(p Profile, s Secrets, body []byte) {
	switch p {
	case Rest:
		f.set("Via", "HyperSwitch")
	case JSONAPI:
		if !s.Own.IsZero() {
			f.set(HeaderOwn, sandwich(s.Own, body))
		}
	case Hosted:
		if !s.Own.IsZero() && s.Form.Name != "off" {
			f.set(http.CanonicalHeaderKey(cmp.Or(s.Form.Name, HeaderOwn)), s.Form.value(s.Own, body))
		}
	}
}

func (f OwnHeader) value(token Key, body []byte) string {
	sum := Secret{[]byte(token.text)}.sign(body)
	if f.Encoding == "base64" {
		return f.Prefix + base64.StdEncoding.EncodeToString(sum)
	}
	return f.Prefix + hex.EncodeToString(sum)
}

// Hash512 is lower-case hex HMAC-SHA512(key, body), the value of
// X-Webhook-Signature-512. It covers no time, so by itself it leaves a replay
// undetected.
func Hash512(key Key, body []byte) string {
	mac := hmac.New(sha512.New, []byte(key.text))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// sandwich is base64(sha1(key + body + key)), PayCore's X-Signature.
func sandwich(key Key, body []byte) string {
	sum := sha1.New()
	sum.Write([]byte(key.text))
	sum.Write(body)
	sum.Write([]byte(key.text))
	return base64.StdEncoding.EncodeToString(sum.Sum(nil))
}

// signedHead is what is signed before the body: "id.timestamp.". A dot inside id
// or timestamp would let one signature stand for two messages, so neither may have
// one.
func signedHead(id, timestamp string) []byte { return []byte(id + "." + timestamp + ".") }

func checkID(id string) error {
	switch {
	case id == "" || len(id) > maxIDSize:
		return fmt.Errorf("id has %d characters, must have 1 to %d", len(id), maxIDSize)
	case strings.Contains(id, "."):
		return errors.New("id has a dot")
	case !visible(id):
		return errors.New("id has a space or a character beyond printable ASCII")
	}
	return nil
}
