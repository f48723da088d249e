package wire

import (
	"errors"
	"strings"
	"testing"
)

func TestIdempotencyKeyQuotedOrBareIsOneKey(t *testing.T) {
	for header, want := range map[string]string{
		`x`: "x", `"x"`: "x", ` "x" `: "x", `8e03978e-40d5-43dd-bc93-6894a57f9324`: "8e03978e-40d5-43dd-bc93-6894a57f9324",
		`"a\"b"`: `a"b`, `a"b`: `a"b`, `"a\\b"`: `a\b`, `a\b`: `a\b`,
		strings.Repeat("k", 255):             strings.Repeat("k", 255),
		`"` + strings.Repeat("k", 255) + `"`: strings.Repeat("k", 255),
	} {
		if got, err := ParseIdempotencyKey(header); err != nil || got != want {
			t.Errorf("ParseIdempotencyKey(%q) = %q, %v; want %q", header, got, err, want)
		}
	}
}

func TestBadIdempotencyKeyIsRefused(t *testing.T) {
	for _, header := range []string{
		"", " ", `""`, `"x`, `"`, `"x"y`, `"x";p=1`, `"a\n"`, `"x\`, "a b", `"a b"`, "ä", "a\tb", "a\x00", "a\x7f",
		strings.Repeat("k", 256), `"` + strings.Repeat("k", 256) + `"`,
	} {
		got, err := ParseIdempotencyKey(header)
		if !errors.Is(err, ErrIdempotencyKey) || got != "" {
			t.Errorf("ParseIdempotencyKey(%q) = %q, %v; want a refusal", header, got, err)
		}
	}
}

func FuzzIdempotencyKey(f *testing.F) {
	for _, s := range []string{`x`, `"x"`, `"a\"b"`, `"`, "a b", `"x";p`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		key, err := ParseIdempotencyKey(header)
		if err != nil {
			return
		}
		if len(key) < 1 || len(key) > MaxIdempotencyKey || strings.IndexFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) >= 0 {
			t.Fatalf("ParseIdempotencyKey(%q) = %q, which is no key", header, key)
		}
		quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(key) + `"`
		if again, err := ParseIdempotencyKey(quoted); err != nil || again != key {
			t.Fatalf("%q is %q bare and %q, %v quoted", header, key, again, err)
		}
	})
}
