package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"penstock/engine/service"
)

// canary is a secret that is let loose in an input, to be looked for
// everywhere else.
type canary struct {
	kind string // "card", "iban", "key", "code"
	text string
}

// aviary draws canaries that nothing else looks like.
type aviary struct{ chance *rand.Rand }

func newAviary(seed uint64) *aviary { return &aviary{rand.New(rand.NewPCG(seed, 8))} }

func (a *aviary) digits(n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(byte('0' + a.chance.IntN(10)))
	}
	return b.String()
}

// card is a number of a Visa card with a right check digit.
func (a *aviary) card() canary {
	for body := "4" + a.digits(14); ; {
		for last := range 10 {
			if number := fmt.Sprint(body, last); service.Luhn(number) {
				return canary{"card", number}
			}
		}
	}
}

// iban is a German account with right check digits.
func (a *aviary) iban() canary {
	bban := a.digits(18)
	for check := 2; check <= 98; check++ {
		iban := fmt.Sprintf("DE%02d%s", check, bban)
		if _, err := service.Validate("sepa", map[string]string{"iban": iban}); err == nil {
			return canary{"iban", iban}
		}
	}
	panic("no check digits fit")
}

// key looks like an API key of this server.
func (a *aviary) key() canary {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	var b strings.Builder
	for range 43 {
		b.WriteByte(letters[a.chance.IntN(len(letters))])
	}
	return canary{"key", "dev_" + b.String()}
}

// code is a security code that is too long to be one: what is three digits
// long is found everywhere.
func (a *aviary) code() canary { return canary{"code", "9" + a.digits(11)} }

// grouped is the text in groups of four.
func grouped(text, between string) string {
	var parts []string
	for chunk := range slices.Chunk([]byte(text), 4) {
		parts = append(parts, string(chunk))
	}
	return strings.Join(parts, between)
}

func reversed(text string) string {
	b := []byte(text)
	slices.Reverse(b)
	return string(b)
}

// disguises are the forms in which a canary is looked for: as it is, spaced,
// dashed, as a URL has it, base64 at each alignment, hex, UTF-16, reversed,
// and as a plain hash, which for so few digits is no disguise at all.
func (c canary) disguises() map[string][]byte {
	var percent, escaped strings.Builder
	for i := range len(c.text) {
		fmt.Fprintf(&percent, "%%%02X", c.text[i])
		fmt.Fprintf(&escaped, "\\u%04x", c.text[i])
	}
	var wide []byte
	for _, u := range utf16.Encode([]rune(c.text)) {
		wide = binary.LittleEndian.AppendUint16(wide, u)
	}
	sum := sha256.Sum256([]byte(c.text))
	forms := map[string]string{
		"as it is": c.text, "spaced": grouped(c.text, " "), "dashed": grouped(c.text, "-"), "reversed": reversed(c.text),
		"for a URL": url.QueryEscape(grouped(c.text, " ")), "for a URL's path": url.PathEscape(grouped(c.text, " ")), "percent signs": percent.String(),
		"JSON escapes": escaped.String(), "hex": hex.EncodeToString([]byte(c.text)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(c.text))), "UTF-16": string(wide),
	}
	if c.kind != "key" { // keys are too long to be guessed, and are kept so
		forms["SHA-256"], forms["SHA-256 in hex"], forms["SHA-256 in base64"] = string(sum[:]), hex.EncodeToString(sum[:]), base64.StdEncoding.EncodeToString(sum[:])
	}
	for shift := range 3 {
		whole := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + c.text))
		// What depends on its neighbours is cut off on both sides.
		from, to := (8*shift+5)/6, (8*(shift+len(c.text)))/6
		forms[fmt.Sprint("base64 at ", shift)] = whole[from:to]
	}
	out := make(map[string][]byte, len(forms))
	for name, form := range forms {
		out[name] = []byte(form)
	}
	return out
}

// finding is a canary where it must not be.
type finding struct {
	canary canary
	form   string
	at     int
}

// seeker looks for many canaries at once.
type seeker struct {
	byStart map[[8]byte][]sought
}

type sought struct {
	form []byte
	what finding
}

func newSeeker(canaries []canary) *seeker {
	s := &seeker{map[[8]byte][]sought{}}
	for _, c := range canaries {
		for name, form := range c.disguises() {
			start := [8]byte(form)
			s.byStart[start] = append(s.byStart[start], sought{form, finding{canary: c, form: name}})
		}
	}
	return s
}

// in finds every canary in the text.
func (s *seeker) in(text []byte) []finding {
	var found []finding
	var nothing [8]byte
	for i := 0; i+8 <= len(text); i++ {
		start := [8]byte(text[i:])
		if start == nothing {
			continue
		}
		for _, w := range s.byStart[start] {
			if bytes.HasPrefix(text[i:], w.form) {
				f := w.what
				f.at = i
				found = append(found, f)
			}
		}
	}
	return found
}

// TestDisguisesAreSeen is the control of the search: each form, with anything
// before and behind it, is found.
func TestDisguisesAreSeen(t *testing.T) {
	a := newAviary(1)
	for _, c := range []canary{a.card(), a.iban(), a.key(), a.code()} {
		s := newSeeker([]canary{c})
		for name, form := range c.disguises() {
			if got := s.in(slices.Concat([]byte("ab"), form, []byte("cd"))); len(got) == 0 || got[0].at != 2 {
				t.Errorf("%s, %s: found %v", c.kind, name, got)
			}
		}
		for shift := range 6 {
			text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("-", shift) + c.text + "tail"))
			if len(s.in([]byte(text))) == 0 {
				t.Errorf("%s in base64 behind %d bytes is not found", c.kind, shift)
			}
		}
		if got := s.in([]byte(a.card().text + a.iban().text)); len(got) != 0 {
			t.Errorf("another canary is taken for %s: %v", c.kind, got)
		}
	}
}
