package locker

import (
	"context"
	"encoding/base32"
	"fmt"
	"strings"
)

// Fingerprint tells whether two details of one merchant and mode are the same
// without telling what they are: 32 characters, the first 160 bits of an
// HMAC-SHA256 over the whole identity (PCI DSS 3.5.1.1) in lower-case base32
// (RFC 4648).
// It is no secret, but never shown beside a masked number outside the
// merchant it belongs to.
type Fingerprint string

const fingerprintBytes = 20

// Fingerprint of identity, which is the detail in the one form that the caller
// normalises it to, with its type in front ("card:4111111111111111"), because
// equal strings give equal fingerprints. Keys differ by merchant and mode, so
// fingerprints never join across those; no rotation changes them.
//
// Errors: ErrSealed, ErrName, ErrTooLarge.
func (l *Locker) Fingerprint(ctx context.Context, merchant, mode, identity string) (Fingerprint, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if err := checkName("merchant", merchant, maxName); err != nil {
		return "", err
	}
	if err := checkName("mode", mode, maxName); err != nil {
		return "", err
	}
	if n := len(identity); n == 0 || n > MaxPlaintext {
		return "", fmt.Errorf("%w: identity of %d bytes, 1 to %d are allowed", ErrTooLarge, n, MaxPlaintext)
	}
	k, err := l.derived(kindFingerprint, merchant, mode)
	if err != nil {
		return "", err
	}
	defer k.wipe()
	sum := prf(&k, []byte(identity))
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:fingerprintBytes])
	return Fingerprint(strings.ToLower(text)), nil
}

// MAC returns 32 bytes that only this keyring can make: HMAC-SHA256 of parts
// under a key of label's own. Each part goes in after its length, and their
// number before all, so ("ab", "c") and ("a", "bc") differ. Labels separate
// uses: a MAC made for one is worth nothing under another. No rotation changes
// it. Compare with hmac.Equal.
//
// Errors: ErrSealed, ErrName for the label, ErrTooLarge when parts together
// pass MaxPlaintext.
func (l *Locker) MAC(label string, parts ...[]byte) ([]byte, error) {
	if err := checkName("label", label, maxName); err != nil {
		return nil, err
	}
	total := 0
	for _, part := range parts {
		total += len(part)
	}
	if total > MaxPlaintext {
		return nil, fmt.Errorf("%w: parts of %d bytes, at most %d are allowed", ErrTooLarge, total, MaxPlaintext)
	}
	k, err := l.labelKey(label)
	if err != nil {
		return nil, err
	}
	defer k.wipe()
	var space [256]byte
	sum := prf(&k, framed(space[:0], parts))
	return sum[:], nil
}

// maxLabels bounds the keys of MACs at hand. The program has a handful of labels.
const maxLabels = 64

// labelKey returns the key of a label's MACs: every payout makes three, by the
// same few keys, so they stay at hand as long as the ring does.
func (l *Locker) labelKey(label string) (key, error) {
	l.mu.RLock()
	if l.ring == nil {
		l.mu.RUnlock()
		return key{}, ErrSealed
	}
	ring := l.ring
	k, ok := ring.labels[label]
	l.mu.RUnlock()
	if ok {
		return k, nil
	}
	k, err := l.derived(kindMAC, label)
	if err != nil {
		return key{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ring == ring && len(ring.labels) < maxLabels { // it may have been sealed or changed meanwhile
		ring.labels[label] = k
	}
	return k, nil
}

// derived returns the root's sub-key for one use.
func (l *Locker) derived(use kind, names ...string) (key, error) {
	root, err := l.rootKey()
	if err != nil {
		return key{}, err
	}
	defer root.wipe()
	return derive(&root, []byte{version, algorithm, byte(use)}, names...), nil
}
