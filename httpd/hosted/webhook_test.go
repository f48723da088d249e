package hosted_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/httpd/hosted"
)

const hooked = `{"webhookUrl":"https://merchant.example/hook",`

// comesBack has the bank return what was paid.
func (s *shop) comesBack(id string) {
	s.t.Helper()
	v, err := s.Engine.RequestByID(s.Ctx, operator("shop", engine.Test), strings.TrimPrefix(id, "pay_"))
	must(s.t, err)
	must(s.t, s.Engine.State(s.Ctx, operator("shop", engine.Test), v.Payouts[0].ID, connector.Outcome{Verdict: connector.Returned}))
}

// TestMoneyThatCameBackIsToldToWhoSubscribed, and not to the payment's own
// address, whose receiver knows ends alone. The token signs for both, also
// after it was revoked.
func TestMoneyThatCameBackIsToldToWhoSubscribed(t *testing.T) {
	s := newShop(t)
	made, err := s.Engine.AddEndpoint(s.Ctx, operator("shop", engine.Test), "https://subscriber.example/", "hosted", nil)
	must(t, err)
	id, page := s.pay(strings.Replace(eur10, "{", hooked, 1))
	s.confirm(page, s.fill(page, iban(t, "success"))).is(303)
	s.run(time.Minute)
	s.comesBack(id)
	_, err = s.Engine.RevokeKey(s.Ctx, operator("shop", engine.Test), s.tokenID)
	must(t, err)
	s.run(time.Hour)
	raw, err := standardwebhooks.NewWebhookRaw([]byte(s.token))
	must(t, err)
	own, err := standardwebhooks.NewWebhook(made.Secret)
	must(t, err)
	got := map[string]int{}
	for _, m := range s.Receiver.Got {
		got[m.Host]++
		if err := raw.VerifyIgnoringTimestamp(m.Body, m.Header); err != nil {
			t.Errorf("to %s: not signed with the token: %v", m.Host, err)
		}
		mac := hmac.New(sha256.New, []byte(s.token))
		mac.Write(m.Body)
		if m.Header.Get("X-Signature") != hex.EncodeToString(mac.Sum(nil)) {
			t.Errorf("to %s: X-Signature is %q", m.Host, m.Header.Get("X-Signature"))
		}
		if m.Host == "subscriber.example" {
			if err := own.VerifyIgnoringTimestamp(m.Body, m.Header); err != nil {
				t.Errorf("not signed with the endpoint's secret: %v", err)
			}
		}
		if strings.Contains(string(m.Body), "?k=") {
			t.Errorf("a webhook bears the capability: %s", m.Body)
		}
	}
	if got["merchant.example"] != 1 || got["subscriber.example"] != 2 {
		t.Errorf("webhooks by receiver: %v, want 1 and 2", got)
	}
	s.token, _ = s.newToken("shop", engine.TokenSettings{}, engine.Payouts)
	if r := s.do("GET", "/api/payments/"+id, "").is(200); r.str("status") != "succeeded" {
		t.Errorf("money that came back is %s", r.body)
	}
}

// TestAGoneReceiverEndsItsOwnMessageAlone: others by the same token go on.
func TestAGoneReceiverEndsItsOwnMessageAlone(t *testing.T) {
	s := newShop(t)
	_, page := s.pay(strings.Replace(eur10, "{", hooked, 1))
	s.Receiver.Answer = 410
	s.confirm(page, s.fill(page, iban(t, "success"))).is(303)
	s.run(48 * time.Hour)
	if n := len(s.Receiver.Got); n != 1 {
		t.Fatalf("%d tries, want 1", n)
	}
	s.Receiver.Answer = 0
	_, page = s.pay(strings.Replace(with("externalId", `"next"`), "{", hooked, 1))
	s.confirm(page, s.fill(page, iban(t, "declined"))).is(303)
	s.run(time.Minute)
	if n := len(s.Receiver.Got); n != 2 {
		t.Fatalf("%d webhooks, want 2", n)
	}
	var told struct{ Status, FailureReason string }
	must(t, json.Unmarshal(s.Receiver.Got[1].Body, &told))
	if told.Status != "failed" || told.FailureReason == "" {
		t.Errorf("a refused payment is told as %s", s.Receiver.Got[1].Body)
	}
}

// TestAnOperatorMayChooseTheForm of webhooks, and what money that came back is.
func TestAnOperatorMayChooseTheForm(t *testing.T) {
	s := newShop(t, func(set *hosted.Settings) {
		set.StandardWebhooks, set.ReturnedFails, set.ReplayStatus = true, true, 201
	})
	body := strings.Replace(eur10, "{", hooked, 1)
	id, page := s.pay(body)
	s.confirm(page, s.fill(page, iban(t, "success"))).is(303)
	s.run(time.Minute)
	s.comesBack(id)
	s.run(time.Hour)
	var kinds []string
	for _, m := range s.Receiver.Got {
		var told struct {
			Type string
			Data struct{ Type, ID string }
		}
		must(t, json.Unmarshal(m.Body, &told))
		kinds = append(kinds, told.Type)
		if told.Data.ID != id || told.Data.Type != "payout" {
			t.Errorf("it tells %s", m.Body)
		}
	}
	if strings.Join(kinds, " ") != "payment.succeeded payment.failed" {
		t.Errorf("it tells of %q", kinds)
	}
	if r := s.do("GET", "/api/payments/"+id, "").is(200); r.str("status") != "failed" || r.str("failureReason") != "returned" {
		t.Errorf("it is %s", r.body)
	}
	s.do("POST", "/api/payments", body).is(201)
}

// TestAKeyOfAnotherFormSignsNoWebhook and says so, but makes payments.
func TestAKeyOfAnotherFormSignsNoWebhook(t *testing.T) {
	s := newShop(t)
	k, err := s.Engine.CreateKey(s.Ctx, operator("shop", engine.Test), engine.NewKey{Merchant: "shop", Mode: engine.Test, Rights: engine.Rights()})
	must(t, err)
	s.token = k.Secret
	s.do("POST", "/api/payments", strings.Replace(eur10, "{", hooked, 1)).refused(422, "validation_failed", "#/webhookUrl")
	s.pay(eur10)
}

// TestABrandIsOnThePage with its name, its style and its logo.
func TestABrandIsOnThePage(t *testing.T) {
	s := newShop(t)
	m, err := s.Engine.Merchant(s.Ctx, "shop")
	must(t, err)
	radius := 3
	_, err = s.Engine.UpdatePoint(s.Ctx, operator("shop", engine.Test), m.Point, engine.PointEdit{Brand: &engine.Brand{Name: "Fjord & Co <b>", Light: engine.BrandColour{Accent: "#0b6b4f"}, Radius: &radius, Serif: true}}, nil)
	must(t, err)
	_, page := s.pay(eur10)
	r := s.get(page).is(200)
	if !strings.Contains(r.body, "Fjord &amp; Co &lt;b&gt; is paying you") {
		t.Error("the brand's name is not on the page")
	}
	at := referenced.FindAllStringSubmatch(r.body, -1)
	style := ""
	for _, m := range at {
		if strings.HasPrefix(m[1], "/checkin/brand/") {
			style = s.get(m[1]).is(200).body
		}
	}
	if !strings.Contains(style, "--accent:light-dark(#0b6b4f,#8cabf7)") || !strings.Contains(style, "--accent-ink:light-dark(#ffffff,#101114)") || !strings.Contains(style, "--round:3px") || !strings.Contains(style, "serif") {
		t.Errorf("the style is %q", style)
	}
	for _, bad := range []string{"/checkin/brand/x.css", "/checkin/brand/0b6b4f-ffffff-191d24-8cabf7-1a1d21-e8eaee-3-sans.css;x", "/checkin/brand/0b6b4f-ffffff-191d24-8cabf7-1a1d21-e8eaee-300-sans.css"} {
		s.get(bad).is(404)
	}
}
