package webhook

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// received is the delivery of the first vector as its receiver sees it.
func received(signature string) http.Header {
	h := http.Header{}
	h.Set("webhook-id", vectorID)
	h.Set("webhook-timestamp", strconv.FormatInt(vectorAt.Unix(), 10))
	h.Set("webhook-signature", signature)
	return h
}

func TestVerifyPublishedCases(t *testing.T) {
	secret := mustSecret(t, vectorSecret)
	public, err := ParsePublicKey(vectorPub)
	if err != nil {
		t.Fatal(err)
	}
	with := func(name, value string) http.Header {
		h := received(vectorV1)
		h.Del(name)
		if value != "" {
			h.Set(name, value)
		}
		return h
	}
	twice := received(vectorV1)
	twice.Add("webhook-id", "msg_other")
	wrong := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA="
	for _, row := range []struct {
		name   string
		header http.Header
		keys   []Verifier
		now    time.Time
		want   error
	}{
		{"valid", received(vectorV1), []Verifier{secret}, vectorAt, nil},
		{"valid v1a", received(vectorV1a), []Verifier{public}, vectorAt, nil},
		{"five minutes late", received(vectorV1), []Verifier{secret}, vectorAt.Add(Tolerance), nil},
		{"five minutes early", received(vectorV1), []Verifier{secret}, vectorAt.Add(-Tolerance), nil},
		{"valid among invalid", received("v1,AAAA " + wrong + " v2,zzz v1," + " " + vectorV1), []Verifier{secret}, vectorAt, nil},
		{"under one of two keys", received(vectorV1), []Verifier{mustSecret(t, "whsec_"+strings.Repeat("q", 40)), secret}, vectorAt, nil},
		{"no id", with("webhook-id", ""), []Verifier{secret}, vectorAt, ErrHeaders},
		{"no timestamp", with("webhook-timestamp", ""), []Verifier{secret}, vectorAt, ErrHeaders},
		{"no signature", with("webhook-signature", ""), []Verifier{secret}, vectorAt, ErrHeaders},
		{"two ids", twice, []Verifier{secret}, vectorAt, ErrHeaders},
		{"dot in id", with("webhook-id", "msg.1"), []Verifier{secret}, vectorAt, ErrHeaders},
		{"fractional timestamp", with("webhook-timestamp", "1614265330.0"), []Verifier{secret}, vectorAt, ErrHeaders},
		{"signed timestamp", with("webhook-timestamp", "+1614265330"), []Verifier{secret}, vectorAt, ErrHeaders},
		{"too old", received(vectorV1), []Verifier{secret}, vectorAt.Add(Tolerance + time.Second), ErrTimestamp},
		{"too new", received(vectorV1), []Verifier{secret}, vectorAt.Add(-Tolerance - time.Second), ErrTimestamp},
		{"empty v1", received("v1,"), []Verifier{secret}, vectorAt, ErrSignature},
		{"no comma", received("v1"), []Verifier{secret}, vectorAt, ErrSignature},
		{"wrong bytes", received(wrong), []Verifier{secret}, vectorAt, ErrSignature},
		{"other id", with("webhook-id", "msg_other"), []Verifier{secret}, vectorAt, ErrSignature},
		{"other time", with("webhook-timestamp", "1614265331"), []Verifier{secret}, vectorAt, ErrSignature},
		{"v1 bytes called v1a", received("v1a" + vectorV1[2:]), []Verifier{secret, public}, vectorAt, ErrSignature},
		{"v1 under the public key", received(vectorV1), []Verifier{public}, vectorAt, ErrSignature},
		{"no keys", received(vectorV1), nil, vectorAt, ErrSignature},
		{"zero keys", received(vectorV1), []Verifier{Secret{}, PublicKey{}}, vectorAt, ErrSignature},
		{"endless list", received(strings.Repeat("v1,x ", 2000)), []Verifier{secret}, vectorAt, ErrHeaders},
		{"too many", received(strings.Repeat("v1,x ", 33)), []Verifier{secret}, vectorAt, ErrHeaders},
	} {
		err := Verify(row.keys, row.header, []byte(vectorBody), row.now, Tolerance)
		if !errors.Is(err, row.want) || (row.want == nil && err != nil) {
			t.Errorf("%s: Verify = %v, want %v", row.name, err, row.want)
		}
	}
	if err := Verify([]Verifier{secret}, received(vectorV1), []byte(`{"test":2432232314}`), vectorAt, Tolerance); !errors.Is(err, ErrSignature) {
		t.Errorf("re-rendered body: Verify = %v, want ErrSignature", err)
	}
}

func TestZeroKeyHashIsNotBelieved(t *testing.T) {
	h := http.Header{}
	h.Set(HeaderHash512, Hash512(Key{}, []byte("{}")))
	if err := VerifyHash512(Key{}, h, []byte("{}")); !errors.Is(err, ErrSignature) {
		t.Errorf("VerifyHash512 under the zero key = %v, want ErrSignature", err)
	}
}

// Whatever stands in the header, only a signature that the secret's holder could
// make is believed.
func FuzzSignatureHeader(f *testing.F) {
	f.Add(vectorV1)
	f.Add(vectorV1 + " " + vectorV1a)
	f.Add("v1, v1,AAAA v1a,====")
	f.Add(strings.Repeat(" ", 5000))
	secret, err := ParseSecret(vectorSecret)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, list string) {
		sigs, err := parseSignatures(list)
		if err != nil && len(sigs) != 0 {
			t.Fatalf("parseSignatures(%q) = %d signatures and an error", list, len(sigs))
		}
		if len(sigs) > maxSignatures {
			t.Fatalf("parseSignatures(%q) = %d signatures", list, len(sigs))
		}
		h := received("x")
		h["Webhook-Signature"] = []string{list}
		believed := Verify([]Verifier{secret}, h, []byte(vectorBody), vectorAt, Tolerance) == nil
		honest := len(list) <= maxSignatureHeader && len(strings.Fields(list)) <= maxSignatures &&
			bytes.Contains([]byte(" "+strings.Join(strings.Fields(list), " ")+" "), []byte(" "+vectorV1+" "))
		if believed != honest {
			t.Fatalf("Verify of %q: believed %v, want %v", list, believed, honest)
		}
	})
}

func FuzzTimestamp(f *testing.F) {
	f.Add("1614265330")
	f.Add("-0")
	f.Add("9223372036854775808")
	f.Fuzz(func(t *testing.T, s string) {
		at, err := parseTimestamp(s)
		if err == nil && strconv.FormatInt(at.Unix(), 10) != s {
			t.Fatalf("parseTimestamp(%q) = %d", s, at.Unix())
		}
	})
}
