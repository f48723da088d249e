package rest_test

import (
	"strings"
	"testing"
	"time"
)

// TestMainJob is what merchants come for: save a method, list it, pay it out
// by its token, see that it was paid.
func TestMainJob(t *testing.T) {
	s := newShop(t)
	s.do("POST", "/customers", `{"customer_id":"ada","name":"Ada Example","email":"ada@example.com","address":{"city":"Paris","country":"FR","origin_zip":"75001"}}`).ok().
		is("customer_id", "ada").is("address.origin_zip", "75001").is("default_payment_method_id", nil)
	saved := s.do("POST", "/payment_methods", `{"customer_id":"ada","payment_method":"card","payment_method_type":"credit","card":`+adaCard+`}`).ok()
	saved.is("payment_method", "card").is("payment_method_type", "credit").is("card.last4_digits", "1111").is("card.expiry_year", "2030").is("customer_id", "ada")
	if pm := saved.str("payment_method_id"); !strings.HasPrefix(pm, "pm_") || !strings.HasPrefix(saved.str("client_secret"), pm+"_secret_") {
		t.Errorf("payment method %q with client secret %q", pm, saved.str("client_secret"))
	}
	s.run(time.Second)
	list := s.do("GET", "/customers/ada/payment_methods", "").ok()
	list.is("customer_payment_methods.0.payment_method_id", saved.str("payment_method_id")).is("is_guest_customer", nil).
		is("customer_payment_methods.0.card.card_holder_name", "Ada Example").is("customer_payment_methods.0.customer_id", "ada")
	token := list.str("customer_payment_methods.0.payment_token")
	if !strings.HasPrefix(token, "token_") {
		t.Fatalf("payment token %q", token)
	}
	made := s.do("POST", "/payouts/create", `{"amount":1250,"currency":"USD","customer_id":"ada","payout_type":"card","payout_token":"`+token+`","confirm":true,"auto_fulfill":true}`).ok()
	made.is("status", "initiated").is("amount", 1250).is("currency", "USD").is("customer.email", "ada@example.com").
		is("payout_method_data.card.last4", "1111").is("payout_method_id", saved.str("payment_method_id")).is("attempts", nil)
	s.run(time.Minute)
	got := s.do("GET", "/payouts/"+made.str("payout_id")+"?force_sync=true&expand_attempts=true", "").ok()
	got.is("status", "success").is("error_code", nil).is("attempts.0.attempt_id", made.str("payout_id")+"_1").is("attempts.0.status", "success")
	if got.str("connector_transaction_id") == "" || got.str("connector") != "sandbox" || !strings.HasPrefix(got.str("merchant_connector_id"), "mca_") {
		t.Errorf("who paid it is not shown: %s", got.body)
	}
	if strings.Contains(got.body+made.body+list.body+saved.body, "411111111") {
		t.Error("an answer shows the card's number")
	}
}
