package webhook

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const (
	vectorSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorID     = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vectorBody   = `{"test": 2432232314}`
	vectorV1     = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	vectorPriv   = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
	vectorPub    = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
	vectorV1a    = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
)

var vectorAt = time.Unix(1614265330, 0)

func mustSecret(t testing.TB, s string) Secret {
	t.Helper()
	secret, err := ParseSecret(s)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func mustKey(t testing.TB, s string) Key {
	t.Helper()
	key, err := ParseKey(s)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func mustSign(t testing.TB, p Profile, s Secrets, id string, at time.Time, body []byte) http.Header {
	t.Helper()
	h, err := Sign(p, s, id, at, body)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// The vectors of Standard Webhooks: the first two from its specification, the
// third from its reference sender. The third secret has 18 bytes, fewer than
// the specification allows, so it is decoded here and not by ParseSecret.
func TestSignaturesAreThoseOfThePublishedVectors(t *testing.T) {
	signing, err := ParseSigningKey(vectorPriv)
	if err != nil {
		t.Fatal(err)
	}
	short, err := base64.StdEncoding.DecodeString("plJ3nmyCDGBKInavdOK15jsl")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, id, body string
		at             int64
		secrets        Secrets
		want           string
	}{
		{"v1", vectorID, vectorBody, 1614265330, Secrets{Endpoint: []Secret{mustSecret(t, vectorSecret)}}, vectorV1},
		{"v1 and v1a", vectorID, vectorBody, 1614265330,
			Secrets{Endpoint: []Secret{mustSecret(t, vectorSecret)}, Signing: signing}, vectorV1 + " " + vectorV1a},
		{"third", "msg_loFOjxBNrRLzqYUf", `{"event_type":"ping","data":{"success":true}}`, 1731705121,
			Secrets{Endpoint: []Secret{{short}}}, "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="},
	} {
		h := mustSign(t, Standard, row.secrets, row.id, time.Unix(row.at, 0), []byte(row.body))
		if got := h.Get("webhook-signature"); got != row.want {
			t.Errorf("%s: webhook-signature = %q, want %q", row.name, got, row.want)
		}
		if got := h.Get("webhook-id"); got != row.id {
			t.Errorf("%s: webhook-id = %q, want %q", row.name, got, row.id)
		}
	}
	if got := signing.Public().String(); got != vectorPub {
		t.Errorf("public half = %q, want %q", got, vectorPub)
	}
}

// The official library has no clock to set, so what is signed here bears the
// time of the machine.
func TestOfficialLibraryAcceptsEveryProfile(t *testing.T) {
	oldSecret, newSecret := mustSecret(t, vectorSecret), mustSecret(t, "whsec_"+strings.Repeat("q", 40))
	signing, err := ParseSigningKey(vectorPriv)
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(`{"type":"payout.paid","data":{}}`)
	token := "tk_test_0123456789abcdefghjkmnpqrstvwxyz"
	secrets := Secrets{
		Endpoint: []Secret{newSecret, oldSecret}, Signing: signing,
		Hash: mustKey(t, "hash"), Own: mustKey(t, token),
	}
	for _, p := range []Profile{Rest, JSONAPI, Hosted, Standard} {
		h := mustSign(t, p, secrets, "msg_1", time.Now(), body)
		for _, secret := range secrets.Endpoint {
			official, err := standardwebhooks.NewWebhook(secret.Reveal())
			if err != nil {
				t.Fatal(err)
			}
			if err := official.Verify(body, h); err != nil {
				t.Errorf("%s: official library refuses: %v", p, err)
			}
			if err := official.Verify(append(body, ' '), h); err == nil {
				t.Errorf("%s: official library accepts another body", p)
			}
		}
		raw, err := standardwebhooks.NewWebhookRaw([]byte(token))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := raw.Verify(body, h) == nil, p == Hosted; got != want {
			t.Errorf("%s: signed with the token = %v, want %v", p, got, want)
		}
	}
}

func TestRestSignsTheBodyWithHMACSHA512(t *testing.T) {
	body := []byte("{\"amount\": 1}\n")
	secrets := Secrets{Endpoint: []Secret{mustSecret(t, vectorSecret)}, Hash: mustKey(t, "a-hash-key")}
	h := mustSign(t, Rest, secrets, vectorID, vectorAt, body)

	mac := hmac.New(sha512.New, []byte("a-hash-key"))
	mac.Write(body)
	if got, want := h.Get("X-Webhook-Signature-512"), hex.EncodeToString(mac.Sum(nil)); got != want {
		t.Errorf("X-Webhook-Signature-512 = %q, want %q", got, want)
	}
	// RFC 4231, test case 2.
	const rfc = "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
	if got := Hash512(mustKey(t, "Jefe"), []byte("what do ya want for nothing?")); got != rfc {
		t.Errorf("Hash512 of RFC 4231 case 2 = %q, want %q", got, rfc)
	}
	for name, want := range map[string]string{
		"user-agent": "Hyperswitch-Backend-Server", "via": "HyperSwitch", "content-type": "application/json",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if err := VerifyHash512(secrets.Hash, h, body); err != nil {
		t.Errorf("own receiver refuses: %v", err)
	}
	if err := VerifyHash512(secrets.Hash, h, body[1:]); !errors.Is(err, ErrSignature) {
		t.Errorf("own receiver on another body: %v, want ErrSignature", err)
	}
	secrets.Hash = Key{}
	if _, there := mustSign(t, Rest, secrets, vectorID, vectorAt, body)["X-Webhook-Signature-512"]; there {
		t.Error("a profile without hash key bears X-Webhook-Signature-512")
	}
}

func TestOwnHeaderOfEachProfile(t *testing.T) {
	body := []byte(`{"data":{"type":"payout-requests","id":"porq_0123456789abcdef"}}`)
	secrets := Secrets{Endpoint: []Secret{mustSecret(t, vectorSecret)}, Own: mustKey(t, "ok_test_demo")}
	for p, want := range map[Profile]string{
		JSONAPI: "Q4jJfUdZMWpgFYDt/s7Pu97Izr0=",
		// printf %s "$body" | openssl dgst -sha256 -hmac ok_test_demo
		Hosted:   "a70bdc20d3c26a0649fb6b8ae95538585b6305bc25811bf697ef078542cbfeee",
		Rest:     "",
		Standard: "",
	} {
		if got := mustSign(t, p, secrets, vectorID, vectorAt, body).Get("X-Signature"); got != want {
			t.Errorf("%s: X-Signature = %q, want %q", p, got, want)
		}
	}
}

func TestSignRefusesWhatCouldBeForged(t *testing.T) {
	good := Secrets{Endpoint: []Secret{mustSecret(t, vectorSecret)}}
	for _, row := range []struct {
		name    string
		profile Profile
		secrets Secrets
		id      string
		at      time.Time
		want    error
	}{
		{"no profile", "", good, "msg_1", vectorAt, ErrProfile},
		{"unknown profile", "svix", good, "msg_1", vectorAt, ErrProfile},
		{"no secret", Standard, Secrets{}, "msg_1", vectorAt, ErrSign},
		{"v1a alone", Standard, Secrets{Signing: mustSigning(t)}, "msg_1", vectorAt, ErrSign},
		{"own key is no v1 outside hosted", JSONAPI, Secrets{Own: mustKey(t, "k")}, "msg_1", vectorAt, ErrSign},
		{"zero secret among good ones", Standard, Secrets{Endpoint: []Secret{good.Endpoint[0], {}}}, "msg_1", vectorAt, ErrSign},
		{"nine secrets", Standard, Secrets{Endpoint: repeated(good.Endpoint[0], 9)}, "msg_1", vectorAt, ErrSign},
		{"empty id", Standard, good, "", vectorAt, ErrSign},
		{"dot in id", Standard, good, "msg.1", vectorAt, ErrSign},
		{"line break in id", Standard, good, "msg\r\n1", vectorAt, ErrSign},
		{"long id", Standard, good, strings.Repeat("x", 256), vectorAt, ErrSign},
		{"before 1970", Standard, good, "msg_1", time.Unix(-1, 0), ErrSign},
	} {
		h, err := Sign(row.profile, row.secrets, row.id, row.at, []byte("{}"))
		if !errors.Is(err, row.want) || h != nil {
			t.Errorf("%s: Sign = %v, %v, want error %v", row.name, h, err, row.want)
		}
	}
}

func TestHostedTokenAloneSigns(t *testing.T) {
	h := mustSign(t, Hosted, Secrets{Own: mustKey(t, "tk_test_x")}, "msg_1", vectorAt, []byte("{}"))
	if got := strings.Count(h.Get("webhook-signature"), "v1,"); got != 1 {
		t.Errorf("signatures = %d, want 1", got)
	}
}

func TestSameBytesSameSignature(t *testing.T) {
	s := Secrets{Endpoint: []Secret{mustSecret(t, vectorSecret)}}
	body := []byte(vectorBody)
	first := mustSign(t, Standard, s, vectorID, vectorAt, body)
	again := mustSign(t, Standard, s, vectorID, vectorAt.Add(999*time.Millisecond), bytes.Clone(body))
	if first.Get(HeaderSignature) != again.Get(HeaderSignature) {
		t.Error("two signatures within one second differ")
	}
	later := mustSign(t, Standard, s, vectorID, vectorAt.Add(time.Second), body)
	if first.Get(HeaderSignature) == later.Get(HeaderSignature) {
		t.Error("the signature does not cover the time")
	}
}

func mustSigning(t testing.TB) SigningKey {
	t.Helper()
	k, err := ParseSigningKey(vectorPriv)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func repeated(s Secret, n int) []Secret {
	list := make([]Secret, n)
	for i := range list {
		list[i] = s
	}
	return list
}
