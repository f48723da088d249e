package wire

import (
	"bytes"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestRedactMasksAccountsAndKeys(t *testing.T) {
	for in, want := range map[string]string{
		"order 12 4111 1111 1111 1111":             "order [pan]",
		"card 4111111111111111 declined":           "card [pan] declined",
		"4111 1111 1111 1111":                      "[pan]",
		"4111-1111-1111-1111.":                     "[pan].",
		"n=378282246310005&x":                      "n=[pan]&x",
		"6304000000000000000":                      "[pan]", // 19 digits
		"99994111111111111111":                     "[pan]", // hidden in a longer run
		"to DE89370400440532013000 was refused":    "to [iban] was refused",
		"to DE89 3704 0044 0532 0130 00 was wrong": "to [iban] was wrong",
		"gb29nwbk60161331926819":                   "[iban]",
		"NO9386011117947":                          "[iban]",
		"MT84MALT011000012345MTLCAST001S":          "[iban]",
		"secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2L": "secret [key]",
		"api-key: snd_0123456789abcdefghij":        "api-key: [key]",
		"dev_abcdefghijklmnop prd_abcdefghijklmn":  "[key] [key]",
		"tk_test_abcdef12345":                      "[key]",
		"pk_snd_0123456789abcdef":                  "[key]",
		"pro_snd_0123456789abcdefghij is not":      "pro[key] is not",
		"payout_01_secret_abcDEF123":               "payout_01[key]",
		"Authorization: Bearer abcdefgh.ijk":       "Authorization: [key]",
		"basic dXNlcjpwYXNz":                       "[key]",
	} {
		if got := Redact(in); got != want {
			t.Errorf("Redact(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestRedactLeavesOrdinaryTextAlone(t *testing.T) {
	for _, s := range []string{
		"", "payout po_01j9z3k8m4n5p6q7r8s9t0v1w2 settled", "2026-06-25T10:00:00.000Z", "1234567890123",
		"550e8400-e29b-41d4-a716-446655440000", "req_01j9z3k8m4n5p6q7r8s9t0v1w2", "4111111111111112",
		"DE88 3704 0044 0532 0130 00", "took 12.5ms of 15s", "the bearer of news", "GET /payouts/{id} 200", "10.0.0.1:443",
	} {
		if got := Redact(s); got != s {
			t.Errorf("Redact(%q) = %q", s, got)
		}
	}
}

type talkative struct{ Number string }

func TestNothingSecretLeavesALogger(t *testing.T) {
	const pan, iban, key = "4111111111111111", "DE89370400440532013000", "snd_0123456789abcdefghij"
	for name, make := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var out bytes.Buffer
		log := slog.New(Redacted(make(&out)))
		log = log.With("held", pan).WithGroup("g").With("b", []byte(iban))
		log.Info("got "+pan, "s", iban, "n", int64(4111111111111111), "err", errors.New("bad "+key),
			"v", talkative{pan}, "p", &talkative{pan}, "m", map[string]string{iban: pan}, "l", []string{"x", key},
			slog.Group("in", "deep", pan), "api_key", "whatever", "Client-Secret", "whatever", "token", 12,
			pan, "as a name")
		for _, s := range []string{pan, iban, key, "whatever", "token=12"} {
			if strings.Contains(out.String(), s) {
				t.Errorf("%s: %q left the logger: %s", name, s, out.String())
			}
		}
		if !strings.Contains(out.String(), "[redacted]") || !strings.Contains(out.String(), "deep") {
			t.Errorf("%s: too much is gone: %s", name, out.String())
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("4111111111111111", 3)
	f.Fuzz(func(t *testing.T, s string, at int) {
		Redact(s)
		at = min(max(at, 0), len(s))
		// Spaces around it make it a number of its own wherever it stands.
		if strings.Contains(s, "4111111111111111") {
			return // may be part of a longer number, which is another one
		}
		if got := Redact(s[:at] + " x 4111111111111111 x " + s[at:]); strings.Contains(got, "4111111111111111") {
			t.Fatalf("the number stays in %q", got)
		}
	})
}

func BenchmarkRedactOrdinary(b *testing.B) {
	for b.Loop() {
		Redact("req_01j9z3k8m4n5p6q7r8s9t0v1w2")
	}
}

// TestNoSecretIsSparedTheLook: whatever the expression finds, the quick look before
// it has let through.
func TestNoSecretIsSparedTheLook(t *testing.T) {
	pieces := []string{"snd", "dev", "key", "AGE-SECRET-KEY", "secret", "whsec", "whsk", "bearer", "Basic", "_", "-", " ", "_secret_", "ABC123", "key_id", "apik_", "a", "="}
	random, found := rand.New(rand.NewPCG(3, 4)), 0
	for range 50_000 {
		text := ""
		for range 1 + random.IntN(7) {
			text += pieces[random.IntN(len(pieces))]
		}
		if !secret.MatchString(text) {
			continue
		}
		if found++; !mayHoldSecret(text) {
			t.Fatalf("%q is spared", text)
		}
	}
	if found < 1000 {
		t.Errorf("%d texts with a secret, want some", found)
	}
}
