package rest_test

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestProfileIsToldWhatItChose covers chosen statuses, the same body on each
// attempt, custom headers, the events API and a retry by hand.
func TestProfileIsToldWhatItChose(t *testing.T) {
	s := newShop(t)
	s.admin("POST", "/accounts", `{"merchant_id":"pesa",`+webhooks+`,"payment_response_hash_key":"a-key-of-their-own"}`).ok()
	key := s.admin("POST", "/api_keys/pesa", `{"name":"K","expiration":"never"}`).ok().str("api_key")
	profile := s.admin("GET", "/accounts/pesa", "").ok().str("default_profile")
	second := send(t, s.client, key, "POST", "/account/pesa/business_profile", `{"profile_name":"quiet"}`).ok().str("profile_id")
	send(t, s.client, key, "POST", "/account/pesa/business_profile/"+profile, `{"outgoing_webhook_custom_http_headers":{"X-Token":"of-theirs"}}`).ok()
	send(t, s.client, key, "POST", "/account/pesa/business_profile/"+profile, `{"outgoing_webhook_custom_http_headers":{"Host":"x"}}`).refused(422, "IR_06", "header")
	pay := func(profile, iban string) string {
		return send(t, s.client, key, "POST", "/payouts/create", `{"amount":1250,"currency":"EUR","customer_id":"ada","name":"Ada","confirm":true,"auto_fulfill":true,"profile_id":"`+profile+`",`+sepa(iban)+`}`).ok().str("payout_id")
	}
	s.Receiver.Answer = 500
	id := pay(profile, "NL69TEST0000000001")
	pay(second, "NL69TEST0000000001")
	s.run(30 * time.Second)
	if n := len(s.Receiver.Got); n != 1 { // success alone; nothing of the second profile
		t.Fatalf("%d messages", n)
	}
	m := s.Receiver.Got[0]
	mac := hmac.New(sha512.New, []byte("a-key-of-their-own"))
	mac.Write(m.Body)
	if m.Header.Get("X-Webhook-Signature-512") != hex.EncodeToString(mac.Sum(nil)) || m.Header.Get("X-Token") != "of-theirs" || !strings.Contains(string(m.Body), `"status":"success"`) {
		t.Errorf("%v %s", m.Header, m.Body)
	}
	list := s.admin("POST", "/events/pesa", `{"object_id":"`+id+`"}`).ok().is("total_count", 1).is("events.0.event_type", "payout_success").is("events.0.is_delivery_successful", false).is("events.0.profile_id", profile)
	event := list.str("events.0.event_id")
	s.Receiver.Answer = 0
	s.admin("POST", "/events/pesa/"+event+"/retry", "").ok().is("event_id", event)
	s.run(time.Second)
	tries := s.admin("GET", "/events/pesa/"+event+"/attempts", "").ok().is("0.delivery_attempt", "initial_attempt").is("0.response.status_code", 500).is("1.delivery_attempt", "manual_retry").is("1.is_delivery_successful", true).is("1.initial_attempt_id", event)
	if tries.str("1.event_id") == event || tries.str("0.request.body") != tries.str("1.request.body") {
		t.Errorf("attempts: %s", tries.body)
	}
	if string(s.Receiver.Got[1].Body) != string(m.Body) {
		t.Error("the second sending has another body")
	}
	s.admin("POST", "/events/pesa", `{"is_delivered":true}`).ok().is("total_count", 1)
	s.admin("GET", "/events/shop/"+event+"/attempts", "").refused(404, "HE_02", "Event does not exist")
	s.admin("POST", "/events/pesa", `{"limit":101}`).refused(422, "IR_06", "limit")
}

// TestOld3408FailedSendingIsRepeatedByItself: a message whose receiver fails at first
// arrives without anybody's help.
func TestOld3408FailedSendingIsRepeatedByItself(t *testing.T) {
	s := newShop(t)
	profile := s.do("GET", "/account/shop/business_profile", "").ok().str("0.profile_id")
	s.do("POST", "/account/shop/business_profile/"+profile, `{`+webhooks+`}`).ok()
	s.Receiver.Answer = 503
	s.payout(sepa("NL69TEST0000000001"))
	s.run(30 * time.Second)
	s.Receiver.Answer = 0
	s.run(2 * time.Minute)
	var got []int
	for _, m := range s.Receiver.Got {
		got = append(got, m.Status)
	}
	if fmt.Sprint(got) != "[503 200]" {
		t.Errorf("answers %v", got)
	}
}

// TestAdministratorStatesAnEnd covers the manual update.
func TestAdministratorStatesAnEnd(t *testing.T) {
	s := newShop(t)
	id := s.payout(sepa(magic(t, "pending").IBAN))
	s.run(time.Minute)
	s.do("PUT", "/payouts/"+id+"/manual-update", `{"merchant_id":"shop","status":"success"}`).refused(401, "IR_01", "")
	s.admin("PUT", "/payouts/"+id+"/manual-update", `{"status":"success"}`).refused(400, "IR_04", "merchant_id")
	s.admin("PUT", "/payouts/"+id+"/manual-update", `{"merchant_id":"shop","status":"pending"}`).refused(422, "IR_06", "success, failed or reversed")
	s.admin("PUT", "/payouts/"+id+"/manual-update", `{"merchant_id":"nobody","status":"success"}`).refused(404, "HE_02", "Merchant account")
	s.admin("PUT", "/payouts/"+id+"/manual-update", `{"merchant_id":"shop","payout_attempt_id":"`+id+`_2","status":"success"}`).refused(404, "HE_02", "Payout does not exist")
	s.admin("PUT", "/payouts/"+id+"/manual-update", `{"merchant_id":"shop","payout_attempt_id":"`+id+`0_1","status":"success"}`).refused(404, "HE_02", "Payout does not exist")
	s.admin("PUT", "/payouts/"+id+"/manual-update", `{"merchant_id":"shop","payout_id":"`+id+`0","status":"success"}`).refused(422, "IR_06", "payout_id is another one")
	s.do("GET", "/payouts/"+id, "").ok().is("status", "pending")
	s.admin("PUT", "/payouts/"+id+"/manual-update", `{"merchant_id":"shop","payout_id":"`+id+`","payout_attempt_id":"`+id+`_1","status":"failed","error_code":"E1","error_message":"the bank said so"}`).ok().is("status", "failed").is("error_code", "E1").is("error_message", "the bank said so")
	s.admin("PUT", "/payouts/"+id+"/manual-update", `{"merchant_id":"shop","status":"reversed"}`).refused(422, "IR_06", "cannot be updated for status failed")
}

// TestCursorsMissNothing pages through a thousand payouts while others are
// created: of those that were there none is missed and none comes twice
// (issue 13528 of the original).
func TestCursorsMissNothing(t *testing.T) {
	s := newShop(t)
	n := 1000
	if testing.Short() {
		n = 120
	}
	want := map[string]int{}
	body := `{"amount":1,"currency":"EUR"}`
	for i := range n {
		want[s.do("POST", "/payouts/create", body).ok().str("payout_id")] = 0
		if i%3 == 0 {
			s.Clock.Advance(time.Millisecond)
		}
	}
	cursor, pages := "", 0
	for {
		r := s.do("GET", "/payouts/list?limit=37"+cursor, "").ok()
		rows := r.at("data").([]any)
		for i, row := range rows {
			id := row.(map[string]any)["payout_id"].(string)
			if i == 0 && pages > 0 {
				if !strings.HasSuffix(cursor, id) {
					t.Fatalf("the page after %s begins with %s", cursor, id)
				}
				continue // a bound is itself in the list
			}
			if _, there := want[id]; there {
				want[id]++
			}
		}
		if pages++; len(rows) < 37 {
			break
		}
		cursor = "&ending_before=" + rows[len(rows)-1].(map[string]any)["payout_id"].(string)
		s.do("POST", "/payouts/create", body).ok()
	}
	for id, seen := range want {
		if seen != 1 {
			t.Errorf("%s was seen %d times", id, seen)
		}
	}
	if pages < n/37 {
		t.Errorf("only %d pages", pages)
	}
}
