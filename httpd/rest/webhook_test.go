package rest_test

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
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
