package locker

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// MinThreshold and MaxShares bound a Split: the threshold is at least 2, or a
// share would be the key itself, and there are at most 255 places in the
// field.
const (
	MinThreshold = 2
	MaxShares    = 255
)

// Share is one custodian's part of a master key (Shamir 1979, over GF(2^8)
// byte by byte). Any threshold of the shares of one set are the key; fewer
// tell nothing about it, whatever the computing power. It never prints: Text
// alone shows it. The zero value is no share.
type Share struct{ s *share }

// share keeps the secret two pointers away, as MasterKey does.
type share struct {
	set       shareSet
	threshold byte
	index     byte // the place of this share, 1 to 255
	part      *key
}

// shareSet names the shares of one Split, which fit together.
type shareSet [5]byte

func (s shareSet) String() string { return hex.EncodeToString(s[:]) }

// Split returns n shares of which any threshold are the key again. Each call
// makes another set: shares of two sets don't fit together.
func (m MasterKey) Split(threshold, n int) ([]Share, error) {
	if m.m == nil {
		return nil, fmt.Errorf("%w: no key given", ErrWrongMaster)
	}
	if threshold < MinThreshold || threshold > n || n > MaxShares {
		return nil, fmt.Errorf("%w: %d of %d; wanted is 2 <= threshold <= shares <= %d", ErrShare, threshold, n, MaxShares)
	}
	var set shareSet
	rand.Read(set[:])
	coefficients := make([]key, threshold-1) // of x^1 and up, one polynomial for each byte of the key
	for i := range coefficients {
		coefficients[i] = newKey()
	}
	defer clear(coefficients)
	shares := make([]Share, n)
	for i := range shares {
		s := &share{set: set, threshold: byte(threshold), index: byte(i + 1), part: new(key)}
		for j := range s.part {
			y := byte(0)
			for c := len(coefficients) - 1; c >= 0; c-- {
				y = gfMul(y^coefficients[c][j], s.index)
			}
			s.part[j] = y ^ m.m.key[j]
		}
		shares[i] = Share{s}
	}
	return shares, nil
}

// Combine returns the key that shares were split from. Whether it is the key
// of a keyring shows when that is opened with it.
//
// Errors: ErrShareSet for shares of two sets, ErrShareTwice for one custodian
// twice, ErrFewShares. Each names the share that is meant.
func Combine(shares []Share) (MasterKey, error) {
	var q Quorum
	defer q.Forget()
	for _, s := range shares {
		if err := q.Give(s); err != nil {
			return MasterKey{}, err
		}
	}
	return q.Master()
}

// Set names the split that the share is from, Index the custodian within it,
// and Threshold how many of them are needed. None of the three is secret.
func (s Share) Set() string    { return s.mustBe().set.String() }
func (s Share) Index() int     { return int(s.mustBe().index) }
func (s Share) Threshold() int { return int(s.mustBe().threshold) }

func (s Share) mustBe() *share {
	if s.s == nil {
		return &share{part: new(key)}
	}
	return s.s
}

// Wipe overwrites the secret as far as Go allows.
func (s Share) Wipe() {
	if s.s != nil {
		s.s.part.wipe()
	}
}

// A share's text is share_ and 72 characters of Crockford's base32 in groups
// of four: version 1, set 5, threshold 1, index 1, part 32 bytes, then the
// checksum word of eight characters, which are the first 5 bytes of SHA-256
// over shareDomain and all that is before. The checksum is for slips of the
// pen; a share that was changed on purpose gives a key that opens nothing.
const (
	sharePrefix  = "share_"
	shareVersion = 1
	shareDomain  = "penstock share 1"
	shareBody    = 1 + 5 + 1 + 1 + keySize
	shareSum     = 5
	shareGroup   = 4
	maxShareText = 256
)

var shareLetters = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// Text is the share as its custodian keeps it. It is a secret.
func (s Share) Text() string {
	if s.s == nil {
		return ""
	}
	raw := append(make([]byte, 0, shareBody+shareSum), shareVersion)
	raw = append(raw, s.s.set[:]...)
	raw = append(raw, s.s.threshold, s.s.index)
	raw = append(raw, s.s.part[:]...)
	defer clear(raw[:cap(raw)])
	letters := shareLetters.EncodeToString(append(raw, shareChecksum(raw)...))
	var groups []string
	for at := 0; at < len(letters); at += shareGroup {
		groups = append(groups, letters[at:at+shareGroup])
	}
	return sharePrefix + strings.Join(groups, "-")
}

func shareChecksum(body []byte) []byte {
	sum := sha256.Sum256(append([]byte(shareDomain), body...))
	return sum[:shareSum]
}

// ParseShare reads a share as a person types it: capitals, spaces and missing
// hyphens don't matter, and o, i, l are taken for the digits they look like.
// What is wrong comes back as ErrShare, which repeats nothing of the text.
func ParseShare(text string) (Share, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	body, ok := strings.CutPrefix(text, sharePrefix)
	if !ok || len(text) > maxShareText {
		return Share{}, fmt.Errorf("%w: a share begins with %s and has %d letters and digits after it", ErrShare, sharePrefix, (shareBody+shareSum)*8/5)
	}
	body = strings.NewReplacer("-", "", " ", "", "\t", "", "o", "0", "i", "1", "l", "1").Replace(body)
	if n, want := len(body), (shareBody+shareSum)*8/5; n != want {
		return Share{}, fmt.Errorf("%w: it has %d letters and digits, %d are wanted", ErrShare, n, want)
	}
	raw, err := shareLetters.DecodeString(body)
	if err != nil { // err would quote where it is, which is harmless, but says nothing to a person
		return Share{}, fmt.Errorf("%w: it has a character that no share has", ErrShare)
	}
	defer clear(raw)
	if subtle.ConstantTimeCompare(shareChecksum(raw[:shareBody]), raw[shareBody:]) != 1 {
		return Share{}, fmt.Errorf("%w: its last eight characters do not match the rest: there is a slip somewhere", ErrShare)
	}
	if raw[0] != shareVersion {
		return Share{}, fmt.Errorf("%w: it has format %d and this penstock reads %d: use a newer penstock", ErrShare, raw[0], shareVersion)
	}
	s := &share{set: shareSet(raw[1:6]), threshold: raw[6], index: raw[7], part: new(key)}
	copy(s.part[:], raw[8:shareBody])
	if s.threshold < MinThreshold || s.index == 0 {
		return Share{}, fmt.Errorf("%w: share %d of threshold %d cannot be", ErrShare, s.index, s.threshold)
	}
	return Share{s}, nil
}

// String implements fmt.Stringer; it tells which share it is and no secret.
func (s Share) String() string {
	if s.s == nil {
		return "locker.Share(none)"
	}
	return fmt.Sprintf("locker.Share(%d of set %s)", s.s.index, s.s.set)
}

// GoString implements fmt.GoStringer, as String.
func (s Share) GoString() string { return s.String() }

// Format implements fmt.Formatter for every verb, as String.
func (s Share) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// LogValue implements slog.LogValuer, as String.
func (s Share) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements encoding.TextMarshaler, and with it JSON, as String.
func (s Share) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
