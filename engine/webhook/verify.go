package webhook

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Why a received delivery is not believed.
var (
	ErrHeaders   = errors.New("webhook: signature headers missing or malformed")
	ErrTimestamp = errors.New("webhook: timestamp is too far from now")
	ErrSignature = errors.New("webhook: no signature matches")
)

// Tolerance is how far a delivery's timestamp may lie from the receiver's
// clock, in both directions; the official libraries have the same.
const Tolerance = 5 * time.Minute

const (
	maxSignatureHeader = 4096
	maxSignatures      = 32
)

// Verifier is a key by which a receiver knows the sender: a [Secret] for v1, a
// [PublicKey] for v1a.
type Verifier interface {
	// verify says that sig is this key's signature of that version over signed.
	verify(version string, signed, sig []byte) bool
}

func (s Secret) verify(version string, signed, sig []byte) bool {
	return version == "v1" && !s.IsZero() && hmac.Equal(s.sign(signed), sig)
}

func (k PublicKey) verify(version string, signed, sig []byte) bool {
	return version == "v1a" && len(k.key) == ed25519.PublicKeySize && ed25519.Verify(k.key, signed, sig)
}

var (
	_ Verifier = Secret{}
	_ Verifier = PublicKey{}
)

// Verify says whether a received delivery was signed with one of keys not more
// than tolerance from now: nil, or an error that wraps ErrHeaders, ErrTimestamp
// or ErrSignature. Signatures of unknown versions and broken ones are passed
// over, for a sender may mix them. The id is the receiver's key against
// repeats, which Verify does not remember.
func Verify(keys []Verifier, h http.Header, body []byte, now time.Time, tolerance time.Duration) error {
	id, err := single(h, HeaderID)
	if err != nil {
		return err
	}
	if err := checkID(id); err != nil {
		return fmt.Errorf("%w: %w", err, ErrHeaders)
	}
	timestamp, err := single(h, HeaderTimestamp)
	if err != nil {
		return err
	}
	at, err := parseTimestamp(timestamp)
	if err != nil {
		return err
	}
	list, err := single(h, HeaderSignature)
	if err != nil {
		return err
	}
	sigs, err := parseSignatures(list)
	if err != nil {
		return err
	}
	if d := now.Sub(at); d > tolerance || d < -tolerance {
		return fmt.Errorf("timestamp %s, tolerance %s: %w", timestamp, tolerance, ErrTimestamp)
	}
	signed := slices.Concat(signedHead(id, timestamp), body)
	for _, sig := range sigs {
		for _, key := range keys {
			if key.verify(sig.version, signed, sig.bytes) {
				return nil
			}
		}
	}
	return ErrSignature
}

// VerifyHash512 says, in constant time, whether h bears the X-Webhook-Signature-512
// of body under key.
func VerifyHash512(key Key, h http.Header, body []byte) error {
	got, err := single(h, HeaderHash512)
	if err != nil {
		return err
	}
	if key.IsZero() || subtle.ConstantTimeCompare([]byte(got), []byte(Hash512(key, body))) != 1 {
		return ErrSignature
	}
	return nil
}

// single gives a header's value. Two values of one header could be read as one
// by us and as the other by the next program, so they are refused.
func single(h http.Header, name string) (string, error) {
	values := h.Values(name)
	if len(values) != 1 || values[0] == "" {
		return "", fmt.Errorf("%s: %d values, must be one: %w", strings.ToLower(name), len(values), ErrHeaders)
	}
	return values[0], nil
}

// parseTimestamp reads unix seconds in their one spelling: digits, without sign,
// dot or leading zero.
func parseTimestamp(s string) (time.Time, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return time.Time{}, fmt.Errorf("%s is not unix seconds: %w", strings.ToLower(HeaderTimestamp), ErrHeaders)
	}
	return time.Unix(n, 0), nil
}

type signature struct {
	version string
	bytes   []byte
}

// parseSignatures reads "v1,<base64> v1a,<base64> ...": the v1 and v1a that are
// well-formed, in order; the rest is left out.
func parseSignatures(list string) ([]signature, error) {
	if len(list) > maxSignatureHeader {
		return nil, fmt.Errorf("%s has %d bytes, at most %d: %w",
			strings.ToLower(HeaderSignature), len(list), maxSignatureHeader, ErrHeaders)
	}
	items := strings.Fields(list)
	if len(items) > maxSignatures {
		return nil, fmt.Errorf("%s has %d signatures, at most %d: %w",
			strings.ToLower(HeaderSignature), len(items), maxSignatures, ErrHeaders)
	}
	var sigs []signature
	for _, item := range items {
		version, encoded, _ := strings.Cut(item, ",")
		want := 0
		switch version {
		case "v1":
			want = sha256.Size
		case "v1a":
			want = ed25519.SignatureSize
		}
		b, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if err != nil || want == 0 || len(b) != want {
			continue
		}
		sigs = append(sigs, signature{version, b})
	}
	return sigs, nil
}
