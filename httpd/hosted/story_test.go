package hosted_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"maps"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// seedBody is the body of the example that the original publishes.
const seedBody = `{ "externalId": "3e3f3796-4c3a-41e2-a90a-2c0f3e20b0a1", "amount": "10.00", "currency": "EUR", "type": "payout", "description": "Order #1456", "customer": { "id": "550e8400-e29b-41d4-a716-446655440000", "name": "User Name" }, "metadata": { "orderId": 1456 } }`

// TestTheOriginalsExample is the whole way: the published call, its answer, the
// page, the end, the signed webhook, and the same bytes for a repeat.
func TestTheOriginalsExample(t *testing.T) {
	s := newShop(t)
	body := strings.TrimSuffix(seedBody, " }") + `, "webhookUrl": "https://merchant.example/hook" }`
	key := "Idempotency-Key: 3e3f3796-4c3a-41e2-a90a-2c0f3e20b0a1"
	first := s.do("POST", "/api/payments", body, key).is(201)
	if got := slices.Sorted(maps.Keys(first.json)); strings.Join(got, " ") != "amount createdAt currency description externalId id metadata status url" {
		t.Errorf("the answer has %q, want the nine members", got)
	}
	for name, want := range map[string]any{"status": "pending", "externalId": "3e3f3796-4c3a-41e2-a90a-2c0f3e20b0a1", "amount": "10.00", "currency": "EUR", "description": "Order #1456", "createdAt": "2026-01-05T08:00:00Z"} {
		if first.json[name] != want {
			t.Errorf("%s is %v, want %v", name, first.json[name], want)
		}
	}
	id, page := first.str("id"), strings.TrimPrefix(first.str("url"), publicURL)
	done := s.confirm(page, s.fill(page, iban(t, "success"))).is(303)
	if at := done.header.Get("Location"); !strings.HasPrefix(at, "/checkin/"+id+"?") {
		t.Errorf("after the form it goes to %q, want the page itself", at)
	}
	s.run(time.Minute)
	got := s.do("GET", "/api/payments/"+id, "").is(200)
	if got.str("status") != "succeeded" || got.str("type") != "payout" || got.json["failureReason"] != nil {
		t.Errorf("GET says %s", got.body)
	}
	again := s.do("POST", "/api/payments", body, key).is(200)
	if again.body != first.body || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("a repeat answers\n%s, want\n%s", again.body, first.body)
	}
	if len(s.Receiver.Got) != 1 {
		t.Fatalf("%d webhooks, want 1", len(s.Receiver.Got))
	}
	m := s.Receiver.Got[0]
	wh, err := standardwebhooks.NewWebhookRaw([]byte(s.token))
	must(t, err)
	if err := wh.VerifyIgnoringTimestamp(m.Body, m.Header); err != nil {
		t.Errorf("the official library refuses the webhook: %v", err)
	}
	var told map[string]any
	must(t, json.Unmarshal(m.Body, &told))
	if m.Host != "merchant.example" || told["status"] != "succeeded" || told["id"] != id {
		t.Errorf("the webhook to %s says %s", m.Host, m.Body)
	}
	for name, v := range got.json {
		if name != "url" && name != "metadata" && told[name] != v {
			t.Errorf("the webhook's %s is %v, GET's %v", name, told[name], v)
		}
	}
	if strings.Contains(string(m.Body), "?k=") {
		t.Error("the webhook bears the capability of the link")
	}
}
