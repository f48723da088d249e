package webhook

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

const (
	signingPrefix = "whsk_"
	publicPrefix  = "whpk_"
)

// SigningKey is an ed25519 key for v1a signatures, which a receiver verifies
// without being able to forge. No official library verifies v1a, so it is only
// ever added beside a v1. It prints as "[redacted]"; the zero SigningKey adds
// nothing.
type SigningKey struct{ key ed25519.PrivateKey }

// NewSigningKey draws a key from rand, which must be a cryptographic source.
func NewSigningKey(rand io.Reader) (SigningKey, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return SigningKey{}, fmt.Errorf("draw webhook signing key: %w", err)
	}
	return SigningKey{ed25519.NewKeyFromSeed(seed)}, nil
}

// ParseSigningKey reads "whsk_" and the base64 of 64 bytes, seed and public
// key. A public half that is not the seed's is refused: signing with it would
// betray the private key.
func ParseSigningKey(s string) (SigningKey, error) {
	encoded, ok := strings.CutPrefix(s, signingPrefix)
	if !ok {
		return SigningKey{}, fmt.Errorf("signing key does not begin with %s: %w", signingPrefix, ErrSecret)
	}
	raw, err := decodeBase64(encoded, ed25519.PrivateKeySize)
	if err != nil {
		return SigningKey{}, fmt.Errorf("signing key after %s: %w: %w", signingPrefix, err, ErrSecret)
	}
	if len(raw) != ed25519.PrivateKeySize {
		return SigningKey{}, fmt.Errorf("signing key has %d bytes, must have %d: %w", len(raw), ed25519.PrivateKeySize, ErrSecret)
	}
	key := ed25519.NewKeyFromSeed(raw[:ed25519.SeedSize])
	if !bytes.Equal(key, raw) {
		return SigningKey{}, fmt.Errorf("signing key's public half is not that of its seed: %w", ErrSecret)
	}
	return SigningKey{key}, nil
}

// Reveal is the key's text, "whsk_...", empty for the zero SigningKey.
func (k SigningKey) Reveal() string {
	if k.IsZero() {
		return ""
	}
	return signingPrefix + base64.StdEncoding.EncodeToString(k.key)
}

// IsZero says that there is no key.
func (k SigningKey) IsZero() bool { return len(k.key) == 0 }

// Public is the key that receivers verify with; zero for the zero SigningKey.
func (k SigningKey) Public() PublicKey {
	if k.IsZero() {
		return PublicKey{}
	}
	return PublicKey{k.key.Public().(ed25519.PublicKey)}
}

func (SigningKey) String() string               { return redacted }
func (SigningKey) GoString() string             { return redacted }
func (SigningKey) Format(w fmt.State, _ rune)   { _, _ = io.WriteString(w, redacted) }
func (SigningKey) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (SigningKey) MarshalText() ([]byte, error) { return nil, errEncode }

// PublicKey verifies v1a signatures. It is no secret.
type PublicKey struct{ key ed25519.PublicKey }

// ParsePublicKey reads "whpk_" and the base64 of 32 bytes.
func ParsePublicKey(s string) (PublicKey, error) {
	encoded, ok := strings.CutPrefix(s, publicPrefix)
	if !ok {
		return PublicKey{}, fmt.Errorf("public key does not begin with %s: %w", publicPrefix, ErrSecret)
	}
	raw, err := decodeBase64(encoded, ed25519.PublicKeySize)
	if err != nil {
		return PublicKey{}, fmt.Errorf("public key after %s: %w: %w", publicPrefix, err, ErrSecret)
	}
	if len(raw) != ed25519.PublicKeySize {
		return PublicKey{}, fmt.Errorf("public key has %d bytes, must have %d: %w", len(raw), ed25519.PublicKeySize, ErrSecret)
	}
	return PublicKey{raw}, nil
}

// String is the key's text, "whpk_...", empty for the zero PublicKey.
func (k PublicKey) String() string {
	if len(k.key) == 0 {
		return ""
	}
	return publicPrefix + base64.StdEncoding.EncodeToString(k.key)
}

func (k SigningKey) sign(signed []byte) []byte { return ed25519.Sign(k.key, signed) }
