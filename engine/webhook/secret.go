package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// ErrSecret is wrapped by every refusal of a secret or a key. The error names
// the rule and never the secret.
var ErrSecret = errors.New("webhook: bad secret")

const (
	secretPrefix  = "whsec_"
	minSecretSize = 24 // bytes, Standard Webhooks 1.0.0 "Signature scheme"
	maxSecretSize = 64
	newSecretSize = 24 // its base64 needs no padding, so that a double click selects it whole
	redacted      = "[redacted]"
)

// Secret is the symmetric secret of one endpoint, the key of v1 signatures. It
// prints as "[redacted]" by every verb and refuses to be encoded; only
// [Secret.Reveal] gives it away. The zero Secret is none and signs nothing.
type Secret struct{ key []byte }

// NewSecret draws a secret from rand, which must be a cryptographic source.
func NewSecret(rand io.Reader) (Secret, error) {
	key := make([]byte, newSecretSize)
	if _, err := io.ReadFull(rand, key); err != nil {
		return Secret{}, fmt.Errorf("draw webhook secret: %w", err)
	}
	return Secret{key}, nil
}

// ParseSecret reads "whsec_" and the padded standard base64 of 24 to 64 bytes.
// One secret has one spelling: what is accepted is what Reveal prints.
func ParseSecret(s string) (Secret, error) {
	encoded, ok := strings.CutPrefix(s, secretPrefix)
	if !ok {
		return Secret{}, fmt.Errorf("secret does not begin with %s: %w", secretPrefix, ErrSecret)
	}
	key, err := decodeBase64(encoded, maxSecretSize)
	if err != nil {
		return Secret{}, fmt.Errorf("secret after %s: %w: %w", secretPrefix, err, ErrSecret)
	}
	if len(key) < minSecretSize || len(key) > maxSecretSize {
		return Secret{}, fmt.Errorf("secret has %d bytes, must have %d to %d: %w",
			len(key), minSecretSize, maxSecretSize, ErrSecret)
	}
	return Secret{key}, nil
}

// Reveal is the secret's text, "whsec_...", and empty for the zero Secret. Show
// it once, when it is made; at rest it belongs sealed.
func (s Secret) Reveal() string {
	if s.IsZero() {
		return ""
	}
	return secretPrefix + base64.StdEncoding.EncodeToString(s.key)
}

// IsZero says that there is no secret.
func (s Secret) IsZero() bool { return len(s.key) == 0 }

// sign is over all parts as one.
func (s Secret) sign(parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, s.key)
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)
}

func (Secret) String() string               { return redacted }
func (Secret) GoString() string             { return redacted }
func (Secret) Format(w fmt.State, _ rune)   { _, _ = io.WriteString(w, redacted) }
func (Secret) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Secret) MarshalText() ([]byte, error) { return nil, errEncode }

// errEncode stops an encoder: a record that stored "[redacted]" or "{}" would
// have lost the secret without a word.
var errEncode = errors.New("webhook: a secret is not encoded; seal what Reveal returns")

// Key is the text that a profile of its own signs with, as its bytes stand: the
// hash key of rest, the organisation's secret of jsonapi, the API token of
// hosted. It prints as "[redacted]". The zero Key leaves its header out.
type Key struct{ text string }

const maxKeySize = 512

// NewKey draws a key of 64 hexadecimal digits from rand, which must be a
// cryptographic source.
func NewKey(rand io.Reader) (Key, error) {
	var raw [32]byte
	if _, err := io.ReadFull(rand, raw[:]); err != nil {
		return Key{}, fmt.Errorf("draw webhook key: %w", err)
	}
	return Key{hex.EncodeToString(raw[:])}, nil
}

// ParseKey takes 1 to 512 printable ASCII characters without space, so that a
// key pasted with a line break is refused and not silently another key.
func ParseKey(s string) (Key, error) {
	if s == "" || len(s) > maxKeySize {
		return Key{}, fmt.Errorf("key has %d characters, must have 1 to %d: %w", len(s), maxKeySize, ErrSecret)
	}
	if !visible(s) {
		return Key{}, fmt.Errorf("key has a space or a character beyond printable ASCII: %w", ErrSecret)
	}
	return Key{s}, nil
}

// Reveal is the key's text, empty for the zero Key.
func (k Key) Reveal() string { return k.text }

// IsZero says that there is no key.
func (k Key) IsZero() bool { return k.text == "" }

func (Key) String() string               { return redacted }
func (Key) GoString() string             { return redacted }
func (Key) Format(w fmt.State, _ rune)   { _, _ = io.WriteString(w, redacted) }
func (Key) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Key) MarshalText() ([]byte, error) { return nil, errEncode }

// decodeBase64 reads padded standard base64 in its one canonical spelling: the
// decoder of the standard library by itself passes over line breaks and takes
// any trailing bits.
func decodeBase64(s string, max int) ([]byte, error) {
	if len(s) > base64.StdEncoding.EncodedLen(max) {
		return nil, fmt.Errorf("has %d characters, must have at most %d", len(s), base64.StdEncoding.EncodedLen(max))
	}
	if strings.ContainsAny(s, "\r\n") {
		return nil, errors.New("has a line break")
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, errors.New("is not padded standard base64")
	}
	return b, nil
}

// visible says that s is printable ASCII without space.
func visible(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
