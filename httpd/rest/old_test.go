package rest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"penstock/engine/connector"
)

// These hold faults of the original, by the numbers of their issues, to be
// none here. 3408 is in event_test.go.

// TestOld5249StagedPayout: created without details, given them by an update,
// confirmed, and fulfilled a day later.
func TestOld5249StagedPayout(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	id := s.do("POST", "/payouts/create", `{"amount":1250,"currency":"EUR","customer_id":"ada"}`).ok().is("status", "requires_payout_method_data").str("payout_id")
	s.do("PUT", "/payouts/"+id, `{`+sepa("NL69TEST0000000001")+`}`).ok().is("status", "requires_confirmation")
	s.run(time.Hour)
	s.do("POST", "/payouts/"+id+"/confirm", `{}`).ok().is("status", "requires_fulfillment")
	s.run(24 * time.Hour)
	s.do("POST", "/payouts/"+id+"/fulfill", `{}`).ok()
	s.run(time.Minute)
	s.do("GET", "/payouts/"+id, "").ok().is("status", "success")
}

// TestOld8636VaultIsReadByMethodID: a card is paid by payout_method_id alone.
func TestOld8636VaultIsReadByMethodID(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	id := s.do("POST", "/payouts/create", `{"amount":1250,"currency":"EUR","customer_id":"ada","confirm":true,"auto_fulfill":true,"payout_method_id":"`+s.card("ada")+`"}`).ok().is("payout_method_data.card.last4", "1111").str("payout_id")
	s.run(time.Minute)
	s.do("GET", "/payouts/"+id, "").ok().is("status", "success")
	// and the very card: the provider refuses this one by its number
	declined := s.do("POST", "/payment_methods", `{"customer_id":"ada","payment_method":"card","payment_method_type":"credit","card":`+strings.Replace(adaCard, "4111111111111111", magic(t, "declined").Card, 1)+`}`).ok().str("payment_method_id")
	id = s.do("POST", "/payouts/create", `{"amount":1250,"currency":"EUR","customer_id":"ada","confirm":true,"auto_fulfill":true,"payout_method_id":"`+declined+`"}`).ok().str("payout_id")
	s.run(time.Minute)
	s.do("GET", "/payouts/"+id, "").ok().is("status", "failed").is("error_code", "declined")
}

// TestOld3950And12779NoDuplicates: payouts that save a card and an account
// twice leave one method of each.
func TestOld3950And12779NoDuplicates(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	card := `"payout_type":"card","payout_method_data":{"card":{"card_number":"4111111111111111","expiry_month":"3","expiry_year":"2030","card_holder_name":"Ada Example"}}`
	for _, fields := range []string{card, card, sepa("NL69TEST0000000001"), sepa("NL69TEST0000000001")} {
		s.payout(`"recurring":true,` + fields)
		s.run(time.Minute)
	}
	s.card("ada")
	s.do("POST", "/payment_methods", `{"customer_id":"ada","payment_method":"bank_transfer","payment_method_type":"sepa","bank_transfer":{"iban":"NL69TEST0000000001"}}`).ok()
	if n := len(s.do("GET", "/customers/ada/payment_methods", "").ok().at("customer_payment_methods").([]any)); n != 2 {
		t.Errorf("%d methods, want a card and an account", n)
	}
}

// TestOld6168AllAttempts: every attempt is returned, not the last alone.
func TestOld6168AllAttempts(t *testing.T) {
	s := newShop(t)
	s.connector("wise")
	profile := s.do("GET", "/account/shop/business_profile", "").ok().str("0.profile_id")
	s.do("POST", "/account/shop/business_profile/"+profile, `{"payout_retry_config":{"max_auto_retries_multi_connector":1,"rules":[{"decision":"retry"}]}}`).ok()
	id := s.payout(sepa(magic(t, "declined").IBAN))
	s.run(time.Minute)
	s.do("GET", "/payouts/"+id+"?expand_attempts=true", "").ok().is("attempts.0.connector", "wise").is("attempts.0.status", "failed").is("attempts.1.connector", "sandbox").is("attempts.1.attempt_id", id+"_2")
	s.do("GET", "/payouts/"+id, "").ok().is("attempts", nil)
}

// TestOld8392OwnIds: a payout answers to the merchant's own id and echoes the
// merchant's reference.
func TestOld8392OwnIds(t *testing.T) {
	s := newShop(t)
	s.do("POST", "/payouts/create", `{"payout_id":"mine-1","merchant_order_reference_id":"order 7","amount":1,"currency":"EUR"}`).ok().is("payout_id", "mine-1").is("merchant_order_reference_id", "order 7")
	s.do("GET", "/payouts/mine-1", "").ok()
	s.do("POST", "/payouts/create", `{"payout_id":"mine-1","amount":1,"currency":"EUR"}`).refused(400, "HE_01", "'mine-1' already exists")
	s.do("POST", "/payouts/list", `{"merchant_order_reference_id":"order 7"}`).ok().is("total_count", 1)
}

// TestOld13528ListedOnce: a payout of several attempts is one row of each list,
// and one of its count.
func TestOld13528ListedOnce(t *testing.T) {
	s := newShop(t)
	s.connector("wise")
	profile := s.do("GET", "/account/shop/business_profile", "").ok().str("0.profile_id")
	s.do("POST", "/account/shop/business_profile/"+profile, `{"payout_retry_config":{"max_auto_retries_multi_connector":1,"max_auto_retries_single_connector":2,"rules":[{"decision":"retry"}]}}`).ok()
	tried := s.payout(sepa(magic(t, "declined").IBAN))
	s.run(time.Minute)
	s.do("GET", "/payouts/"+tried+"?expand_attempts=true", "").ok().is("attempts.2.attempt_id", tried+"_3")
	other := s.payout(sepa("NL69TEST0000000001"))
	for _, r := range []reply{s.do("GET", "/payouts/profile/list", ""), s.do("POST", "/payouts/list", `{}`), s.do("POST", "/payouts/list", `{"connector":["wise","sandbox"]}`)} {
		if got := listed(r.ok().is("total_count", 2).is("size", 2)); got != other+" "+tried {
			t.Errorf("%s: %s", r.what, got)
		}
	}
	s.do("GET", "/payouts/aggregate", "").ok().is("status_with_count.failed", 1)
}

// hooked lets the profile be told at an address, of what fields choose.
func (s *shop) hooked(fields string) {
	s.t.Helper()
	profile := s.do("GET", "/account/shop/business_profile", "").ok().str("0.profile_id")
	s.do("POST", "/account/shop/business_profile/"+profile, `{"webhook_details":{"webhook_url":"https://shop.example/hooks"`+fields+`}}`).ok()
}

// TestOld9278WebhookTellsTheStateOfItsEvent: a message that arrives late, after
// the payout went on, tells what was so when it was written.
func TestOld9278WebhookTellsTheStateOfItsEvent(t *testing.T) {
	s := newShop(t)
	s.hooked(`,"payout_statuses_enabled":["success","reversed"]`)
	s.Receiver.Answer = 500
	id := s.payout(sepa("NL69TEST0000000001"))
	s.run(time.Minute / 2)
	v, err := s.Engine.Get(t.Context(), operator(s.id), "payout_", id)
	must(t, err)
	must(t, s.Engine.State(t.Context(), operator(s.id), v.Payouts[0].ID, connector.Outcome{Verdict: connector.Returned}))
	s.do("GET", "/payouts/"+id, "").ok().is("status", "reversed")
	s.Receiver.Answer, s.Receiver.Got = 0, nil
	s.run(2 * time.Hour)
	var told []string
	for _, m := range s.Receiver.Got {
		for _, status := range []string{"success", "reversed"} {
			if strings.Contains(string(m.Body), `"event_type":"payout_`+status+`"`) {
				told = append(told, status)
				if !strings.Contains(string(m.Body), `"status":"`+status+`"`) {
					t.Errorf("payout_%s tells of another state: %s", status, m.Body)
				}
			}
		}
	}
	slices.Sort(told)
	if got := strings.Join(told, " "); got != "reversed success" {
		t.Errorf("told %q", got)
	}
}

// TestOld8378ChosenStatusesAlone: a profile is told of the statuses that it
// chose and of no others.
func TestOld8378ChosenStatusesAlone(t *testing.T) {
	s := newShop(t)
	s.hooked(`,"payout_statuses_enabled":["failed"]`)
	s.payout(sepa("NL69TEST0000000001"))
	failed := s.payout(sepa(magic(t, "declined").IBAN))
	s.run(time.Hour)
	if n := len(s.Receiver.Got); n != 1 || !strings.Contains(string(s.Receiver.Got[0].Body), `"event_type":"payout_failed"`) || !strings.Contains(string(s.Receiver.Got[0].Body), failed) {
		t.Errorf("%d messages", n)
	}
}
