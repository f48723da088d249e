package webhook

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
)

func whsec(n int) string { return "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, n)) }

func TestSecretsThatAreRefused(t *testing.T) {
	for _, row := range []struct {
		name, secret string
		ok           bool
	}{
		{"24 bytes", whsec(24), true},
		{"32 bytes, padded", whsec(32), true},
		{"64 bytes", whsec(64), true},
		{"empty", "", false},
		{"prefix alone", "whsec_", false},
		{"23 bytes", whsec(23), false},
		{"65 bytes", whsec(65), false},
		{"huge", whsec(1 << 16), false},
		{"no prefix", strings.TrimPrefix(whsec(24), "whsec_"), false},
		{"private key's prefix", "whsk_" + whsec(24)[6:], false},
		{"unpadded", strings.TrimRight(whsec(32), "="), false},
		{"url alphabet", "whsec_" + strings.Repeat("-_", 16), false},
		{"line break", whsec(24)[:20] + "\n" + whsec(24)[20:], false},
		{"trailing space", whsec(24) + " ", false},
		{"loose trailing bits", strings.TrimSuffix(whsec(25), "A==") + "B==", false},
	} {
		s, err := ParseSecret(row.secret)
		if row.ok {
			if err != nil || s.Reveal() != row.secret {
				t.Errorf("%s: ParseSecret = %q, %v, want it back", row.name, s.Reveal(), err)
			}
			continue
		}
		if !errors.Is(err, ErrSecret) || !s.IsZero() {
			t.Errorf("%s: ParseSecret = %v, want ErrSecret", row.name, err)
		}
		if tail := strings.TrimPrefix(row.secret, "whsec_"); len(tail) > 8 && err != nil && strings.Contains(err.Error(), tail) {
			t.Errorf("%s: the error shows the secret: %v", row.name, err)
		}
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	for _, s := range []string{"", "a b", "a\n", "\x00", "ключ", strings.Repeat("x", 513)} {
		if _, err := ParseKey(s); !errors.Is(err, ErrSecret) {
			t.Errorf("ParseKey(%.20q) = %v, want ErrSecret", s, err)
		}
	}
	swapped := "whsk_" + base64.StdEncoding.EncodeToString(make([]byte, 64))
	for _, s := range []string{"", "whsk_", vectorPub, vectorPriv[:40], vectorPriv + "AAAA", swapped} {
		if _, err := ParseSigningKey(s); !errors.Is(err, ErrSecret) {
			t.Errorf("ParseSigningKey(%.12q...) = %v, want ErrSecret", s, err)
		}
	}
	for _, s := range []string{"", "whpk_", vectorPriv, "whpk_AAAA", vectorPub + "\n"} {
		if _, err := ParsePublicKey(s); !errors.Is(err, ErrSecret) {
			t.Errorf("ParsePublicKey(%.12q...) = %v, want ErrSecret", s, err)
		}
	}
}

func TestNewSecretsComeFromTheGivenSource(t *testing.T) {
	source := bytes.Repeat([]byte{7}, 24)
	s, err := NewSecret(bytes.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.Reveal(), "whsec_"+base64.StdEncoding.EncodeToString(source); got != want {
		t.Errorf("NewSecret = %q, want %q", got, want)
	}
	if _, err := ParseSecret(s.Reveal()); err != nil {
		t.Errorf("a new secret is refused: %v", err)
	}
	dry := func() io.Reader { return bytes.NewReader(source[:23]) }
	if _, err := NewSecret(dry()); err == nil {
		t.Error("NewSecret made a secret of a dry source")
	}
	if _, err := NewKey(dry()); err == nil {
		t.Error("NewKey made a key of a dry source")
	}
	if _, err := NewSigningKey(dry()); err == nil {
		t.Error("NewSigningKey made a key of a dry source")
	}
	k, err := NewKey(bytes.NewReader(bytes.Repeat([]byte{0xab}, 32)))
	if err != nil || k.Reveal() != strings.Repeat("ab", 32) {
		t.Errorf("NewKey = %q, %v", k.Reveal(), err)
	}
	sk, err := NewSigningKey(bytes.NewReader(bytes.Repeat([]byte{1}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	if back, err := ParseSigningKey(sk.Reveal()); err != nil || back.Public().String() != sk.Public().String() {
		t.Errorf("a new signing key does not come back: %v", err)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	secret, key, signing := mustSecret(t, vectorSecret), mustKey(t, "hunter2hunter2"), mustSigning(t)
	all := Secrets{Endpoint: []Secret{secret}, Signing: signing, Hash: key, Own: key}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		for _, v := range []any{secret, &secret, key, signing, all, &all, []Secret{secret}, map[string]Key{"k": key}} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "secret", secret, "key", key, "signing", signing)
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "secret", secret, "key", key, "all", all)
	for _, clear := range []string{
		vectorSecret[6:], "hunter2", vectorPriv[5:], fmt.Sprintf("%x", "hunter2"), fmt.Sprintf("%x", secret.key),
		strings.Trim(fmt.Sprint(secret.key), "[]"), strings.Trim(fmt.Sprint([]byte(signing.key)), "[]"),
	} {
		if strings.Contains(strings.ToLower(out.String()), strings.ToLower(clear)) {
			t.Errorf("%q is printed", clear)
		}
	}
	// Silently encoding "[redacted]" would lose the secret.
	for _, v := range []any{secret, key, signing, all} {
		if b, err := json.Marshal(v); err == nil {
			t.Errorf("json.Marshal(%T) = %s, want an error", v, b)
		}
	}
}

func FuzzParseSecret(f *testing.F) {
	f.Add(vectorSecret)
	f.Add(whsec(32))
	f.Add("whsec_")
	f.Add(vectorPriv)
	f.Fuzz(func(t *testing.T, s string) {
		if secret, err := ParseSecret(s); err == nil && (secret.Reveal() != s || len(secret.key) < 24 || len(secret.key) > 64) {
			t.Fatalf("ParseSecret(%q).Reveal() = %q", s, secret.Reveal())
		}
		if key, err := ParseSigningKey(s); err == nil && key.Reveal() != s {
			t.Fatalf("ParseSigningKey(%q).Reveal() = %q", s, key.Reveal())
		}
		if key, err := ParsePublicKey(s); err == nil && key.String() != s {
			t.Fatalf("ParsePublicKey(%q).String() = %q", s, key)
		}
		if key, err := ParseKey(s); err == nil && key.Reveal() != s {
			t.Fatalf("ParseKey(%q).Reveal() = %q", s, key.Reveal())
		}
	})
}
