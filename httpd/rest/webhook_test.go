package rest_test

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"penstock/engine/connector"
)

// TestWebhooks covers what is told, once each, in the envelope and under the
// signature of the contract.
func TestWebhooks(t *testing.T) {
	s := newShop(t)
	made, err := s.Engine.AddEndpoint(t.Context(), operator(s.id), "https://shop.example/hooks", "rest", nil)
	must(t, err)
	paid := s.payout(sepa("NL69TEST0000000001"))
	s.run(time.Minute)
	failed := s.payout(sepa(magic(t, "declined").IBAN))
	s.run(time.Minute)
	draft := s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR"}`).ok().str("payout_id")
	s.do("POST", "/payouts/"+draft+"/cancel", "").ok()
	s.run(time.Second) // what is told in one millisecond has no order
	v, err := s.Engine.Get(t.Context(), operator(s.id), "payout_", paid)
	must(t, err)
	must(t, s.Engine.State(t.Context(), operator(s.id), v.Payouts[0].ID, connector.Outcome{Verdict: connector.Returned}))
	s.run(time.Minute)

	want := "payout_initiated " + paid + ", payout_success " + paid + ", payout_initiated " + failed + ", payout_failed " + failed + ", payout_cancelled " + draft + ", payout_reversed " + paid
	var got []string
	events := map[string]bool{}
	for _, m := range s.Receiver.Got {
		mac := hmac.New(sha512.New, []byte(made.HashKey))
		mac.Write(m.Body)
		if sig := m.Header.Get("X-Webhook-Signature-512"); sig != hex.EncodeToString(mac.Sum(nil)) {
			t.Errorf("signature %q does not fit the body", sig)
		}
		var body struct {
			MerchantID string `json:"merchant_id"`
			EventID    string `json:"event_id"`
			EventType  string `json:"event_type"`
			Content    struct {
				Type   string         `json:"type"`
				Object map[string]any `json:"object"`
			} `json:"content"`
			Timestamp string `json:"timestamp"`
			Processor string `json:"processor_merchant_id"`
		}
		must(t, json.Unmarshal(m.Body, &body))
		if body.MerchantID != s.id || body.Processor != s.id || body.Content.Type != "payout_details" || !strings.HasPrefix(body.EventID, "evt_") || events[body.EventID] {
			t.Errorf("envelope of %s", m.Body)
		}
		if _, err := time.Parse("2006-01-02T15:04:05.000Z", body.Timestamp); err != nil {
			t.Errorf("timestamp: %v", err)
		}
		status := strings.TrimPrefix(body.EventType, "payout_")
		if body.Content.Object["status"] != status {
			t.Errorf("%s tells of a payout that is %v", body.EventType, body.Content.Object["status"])
		}
		events[body.EventID] = true
		got = append(got, body.EventType+" "+body.Content.Object["payout_id"].(string))
	}
	if all := strings.Join(got, ", "); all != want {
		t.Errorf("told\n%s, want\n%s", all, want)
	}
}

// TestWebhookIsTheContractsByteForByte: the headers and the body of a message,
// whole: the envelope's members in the contract's order around the very bytes
// that a look at the payout is answered with, signed in lower-case hex. Without
// a hash key the signature is left out, and every attempt sends the same bytes.
func TestWebhookIsTheContractsByteForByte(t *testing.T) {
	s := newShop(t)
	profile := s.do("GET", "/account/shop/business_profile", "").ok().str("0.profile_id")
	configure := func(fields string) {
		s.do("POST", "/account/shop/business_profile/"+profile, `{"webhook_details":{"webhook_url":"https://shop.example/hooks","payout_statuses_enabled":["success"]}`+fields+`}`).ok()
	}
	configure("")
	s.payout(sepa("NL69TEST0000000001"))
	s.run(time.Minute)
	if m := s.Receiver.Got[0]; m.Header.Get("X-Webhook-Signature-512") != "" || len(s.Receiver.Got) != 1 {
		t.Errorf("without a hash key: %v", m.Header)
	}
	s.Receiver.Got = nil
	configure(`,"payment_response_hash_key":"a-key+of_theirs","outgoing_webhook_custom_http_headers":{"X-Token":"t"}`)
	s.Receiver.Answer = 500
	id := s.payout(sepa("NL69TEST0000000001"))
	s.run(time.Minute / 2)
	s.Receiver.Answer = 0
	s.run(2 * time.Minute)
	if len(s.Receiver.Got) != 2 || string(s.Receiver.Got[0].Body) != string(s.Receiver.Got[1].Body) {
		t.Fatalf("%d messages", len(s.Receiver.Got))
	}
	m := s.Receiver.Got[0]
	object := s.do("GET", "/payouts/"+id, "").ok().body
	event := s.admin("POST", "/events/shop", `{"object_id":"`+id+`"}`).ok()
	var at struct {
		Timestamp string `json:"timestamp"`
	}
	must(t, json.Unmarshal(m.Body, &at))
	want := `{"merchant_id":"shop","event_id":"` + event.str("events.0.event_id") + `","event_type":"payout_success","content":{"type":"payout_details","object":` + object + `},"timestamp":"` + at.Timestamp + `","processor_merchant_id":"shop"}`
	if string(m.Body) != want {
		t.Errorf("body\n%s, want\n%s", m.Body, want)
	}
	mac := hmac.New(sha512.New, []byte("a-key+of_theirs"))
	mac.Write(m.Body)
	var lines []string
	for name, values := range m.Header {
		lines = append(lines, strings.ToLower(name)+": "+strings.Join(values, ", "))
	}
	lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "webhook-") }) // Standard Webhooks', which are ours beside them
	slices.Sort(lines)
	if got, want := strings.Join(lines, "\n"), strings.Join([]string{"content-type: application/json", "user-agent: Hyperswitch-Backend-Server", "via: HyperSwitch", "x-token: t", "x-webhook-signature-512: " + hex.EncodeToString(mac.Sum(nil))}, "\n"); got != want {
		t.Errorf("headers\n%s, want\n%s", got, want)
	}
}
