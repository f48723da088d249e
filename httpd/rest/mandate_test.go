package rest_test

import (
	"strings"
	"testing"
	"time"
)

const asked3DS = `"payment_method":"card","payment_method_data":{"card":{"card_number":"4000002500003155","card_exp_month":"3","card_exp_year":"2030","card_holder_name":"Ada Example"}}`

// TestOffSessionCardPaysByItsMandate: a card whose bank asks its holder each
// time is saved for use without them; later payments go by the name that the
// provider gave it, by that connector, and nobody is asked. Saved on_session it
// is asked for again, and can't pay without its holder.
func TestOffSessionCardPaysByItsMandate(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	s.customer("bob")
	s.connector("adyen")
	pay := func(customer, fields string) reply {
		return s.do("POST", "/payments", `{"amount":6540,"currency":"USD","confirm":true,"customer_id":"`+customer+`",`+fields+`}`).ok()
	}
	save := func(customer, future string) string {
		r := pay(customer, asked3DS+`,"setup_future_usage":"`+future+`",`+agreed).is("status", "requires_customer_action")
		s.visit(strings.TrimSuffix(r.str("next_action.redirect_to_url"), "?challenge=ask") + "?challenge=granted")
		return s.do("GET", "/payments/"+r.str("payment_id"), "").ok().is("status", "succeeded").is("connector", "adyen").str("payment_method_id")
	}
	saved := func(pm, more string) string {
		return `"recurring_details":{"type":"payment_method_id","data":"` + pm + `"}` + more
	}
	once := save("ada", "on_session")
	s.do("GET", "/payment_methods/"+once, "").ok().is("recurring_enabled", false)
	s.do("GET", "/customers/ada/payment_methods", "").ok().is("customer_payment_methods.0.requires_cvv", true)
	pay("ada", saved(once, `,"off_session":true`)).is("status", "failed").is("error_code", "authentication_required").is("amount_received", 0)
	pay("ada", saved(once, "")).is("status", "requires_customer_action")

	if again := save("ada", "off_session"); again != once {
		t.Errorf("the same card was saved twice: %s, %s", once, again)
	}
	s.do("GET", "/payment_methods/"+once, "").ok().is("recurring_enabled", true)
	s.do("GET", "/customers/ada/payment_methods", "").ok().is("customer_payment_methods.0.requires_cvv", false).is("customer_payment_methods.0.recurring_enabled", true)
	pay("ada", saved(once, `,"off_session":true`)).is("status", "succeeded").is("connector", "adyen").is("payment_method_id", once).is("payment_method_data.card.last4", "3155")
	pay("ada", saved(once, "")).is("status", "succeeded") // without the payer's bank
	pay("ada", saved(once, `,"routing":{"type":"single","data":"sandbox"},"off_session":true`)).is("status", "failed").is("connector", "sandbox").is("error_code", "authentication_required")

	// A card given in its place is what pays then, not what was kept of the other.
	id := s.do("POST", "/payments", `{"amount":5,"currency":"USD","customer_id":"ada",`+saved(once, "")+`}`).ok().str("payment_id")
	s.do("POST", "/payments/"+id+"/confirm", `{`+strings.Replace(ada2030, "4242424242424242", "4000000000000002", 1)+`}`).ok().is("status", "failed").is("error_code", "declined").is("payment_method_id", nil)

	// Another customer's, a deleted one, and one without consent.
	s.do("POST", "/payments", `{"amount":1,"currency":"USD","confirm":true,"customer_id":"bob",`+saved(once, "")+`}`).refused(422, "IR_06", "")
	r := pay("bob", ada2030+`,"setup_future_usage":"off_session"`).is("status", "succeeded").is("payment_method_id", nil)
	s.do("DELETE", "/payment_methods/"+once, "").ok()
	s.do("POST", "/payments", `{"amount":1,"currency":"USD","confirm":true,"customer_id":"ada",`+saved(once, "")+`}`).refused(404, "HE_02", "")
	if strings.Contains(r.body, "mandate_") || strings.Contains(s.Logged.String(), "mandate_") {
		t.Error("a provider's name of a card is shown")
	}
}

// TestPaymentGoesWhereItsRoutingSays: single, priority, split and rules, as of a
// payout; nothing left is IR_39, and an account of nobody is not found.
func TestPaymentGoesWhereItsRoutingSays(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	adyen, wise := s.connector("adyen"), s.connector("worldpay")
	pay := func(routing string) reply {
		return s.do("POST", "/payments", `{"amount":500,"currency":"EUR","confirm":true,"metadata":{"tier":"gold"},`+ada2030+`,"routing":`+routing+`}`)
	}
	one := func(name, id string) string {
		return `{"connector":"` + name + `","merchant_connector_id":"` + id + `"}`
	}
	pay(`{"type":"single","data":"worldpay"}`).ok().is("connector", "worldpay").is("merchant_connector_id", wise)
	pay(`{"type":"single","data":`+one("adyen", adyen)+`}`).ok().is("connector", "adyen").is("status", "succeeded")
	pay(`{"type":"priority","data":[`+one("wise", "")[:len(`{"connector":"wise"`)]+`},`+one("worldpay", wise)+`]}`).ok().is("connector", "worldpay")
	pay(`{"type":"volume_split","data":[{"connector":`+one("adyen", adyen)+`,"split":0},{"connector":`+one("worldpay", wise)+`,"split":100}]}`).ok().is("connector", "worldpay")
	advanced := func(lhs, value string) string {
		return `{"type":"advanced","data":{"defaultSelection":{"type":"priority","data":[` + one("adyen", adyen) + `]},"metadata":{},"rules":[{"name":"r","connectorSelection":{"type":"priority","data":[` + one("worldpay", wise) + `]},"statements":[{"condition":[{"lhs":"` + lhs + `","comparison":"equal","value":` + value + `,"metadata":{}}]}]}]}}`
	}
	pay(advanced("currency", `{"type":"enum_variant","value":"EUR"}`)).ok().is("connector", "worldpay")
	pay(advanced("amount", `{"type":"number","value":501}`)).ok().is("connector", "adyen")
	pay(advanced("metadata", `{"type":"metadata_variant","value":{"key":"tier","value":"gold"}}`)).ok().is("connector", "worldpay")
	pay(`{"type":"single","data":"paypal"}`).refused(400, "IR_39", "No eligible connector")
	pay(`{"type":"single","data":`+one("adyen", "mca_nobody")+`}`).refused(404, "HE_02", "")
	pay(`{"type":"single"}`).refused(400, "IR_06", "data")
	pay(`{"type":"best","data":"adyen"}`).refused(400, "IR_06", "unknown variant `best`")

	id := s.do("POST", "/payments", `{"amount":500,"currency":"EUR",`+ada2030+`,"routing":{"type":"single","data":"adyen"}}`).ok().is("connector", nil).str("payment_id")
	s.do("POST", "/payments/"+id, `{"routing":{"type":"single","data":"worldpay"}}`).ok()
	s.admin("DELETE", "/account/shop/connectors/"+wise, "").ok()
	s.do("POST", "/payments/"+id+"/confirm", `{}`).refused(400, "IR_39", "No eligible connector")
	s.do("GET", "/payments/"+id, "").ok().is("status", "requires_confirmation")
	s.do("POST", "/payments/"+id+"/confirm", `{"routing":{"type":"single","data":"adyen"}}`).ok().is("status", "succeeded").is("connector", "adyen")
}

// TestCancelWhileThePayerIsAtTheirBank: whoever is first counts. A cancelled
// payment is never taken, whatever the payer says afterwards; one whose payer
// was first is shown as paid.
func TestCancelWhileThePayerIsAtTheirBank(t *testing.T) {
	s := newShop(t)
	waiting := func(fields string) (id, back string) {
		r := s.do("POST", "/payments", `{"amount":6540,"currency":"USD","confirm":true,"return_url":"https://shop.example/done",`+asked3DS+fields+`}`).ok().is("status", "requires_customer_action")
		return r.str("payment_id"), strings.TrimSuffix(r.str("next_action.redirect_to_url"), "?challenge=ask")
	}
	for _, capture := range []string{"", `,"capture_method":"manual"`} {
		id, back := waiting(capture)
		s.do("POST", "/payments/"+id+"/cancel", `{}`, "Idempotency-Key: c"+id).ok().is("status", "cancelled").is("next_action", nil).is("amount_received", 0).is("amount_capturable", 0)
		s.do("POST", "/payments/"+id+"/cancel", `{}`, "Idempotency-Key: c"+id).ok().is("status", "cancelled")
		s.do("POST", "/payments/"+id+"/cancel", `{}`).refused(400, "IR_14", "cancelled")
		if status, to, _ := s.visit(back + "?challenge=granted"); status != 303 || !strings.HasSuffix(to, "status=cancelled") {
			t.Errorf("back after the cancel: %d %q", status, to)
		}
		s.run(time.Hour)
		s.do("GET", "/payments/"+id+"?force_sync=true", "").ok().is("status", "cancelled").is("amount_received", 0)

		id, back = waiting(capture)
		s.visit(back + "?challenge=granted")
		if capture == "" {
			s.do("POST", "/payments/"+id+"/cancel", `{}`).refused(400, "IR_14", "succeeded")
			s.do("GET", "/payments/"+id, "").ok().is("status", "succeeded").is("amount_received", 6540)
			continue
		}
		s.do("POST", "/payments/"+id+"/cancel", `{}`).ok().is("status", "cancelled") // what was set aside is let go of
	}

	s.do("POST", "/payments", `{"amount":1,"currency":"USD","session_expiry":59}`).refused(422, "IR_06", "session_expiry")
	id, back := waiting(`,"session_expiry":600`)
	s.run(9 * time.Minute)
	s.do("GET", "/payments/"+id, "").ok().is("status", "requires_customer_action")
	s.run(2 * time.Minute)
	s.do("GET", "/payments/"+id, "").ok().is("status", "cancelled").is("error_code", "expired")
	if _, to, _ := s.visit(back + "?challenge=granted"); !strings.HasSuffix(to, "status=cancelled") {
		t.Errorf("back too late: %q", to)
	}
}

// TestBrowserChangesNoPrice: a payer has the client secret, and may choose how
// to pay, not what.
func TestBrowserChangesNoPrice(t *testing.T) {
	s := newShop(t)
	r := s.do("POST", "/payments", `{"amount":6540,"currency":"USD"}`).ok()
	for _, call := range []string{"", "/confirm"} {
		for _, field := range []string{`"amount":1`, `"currency":"JPY"`, `"capture_method":"manual"`, `"off_session":true`, `"routing":{"type":"single","data":"sandbox"}`} {
			send(t, s.client, s.pk, "POST", "/payments/"+r.str("payment_id")+call, `{"client_secret":"`+r.str("client_secret")+`",`+field+`}`).refused(422, "IR_06", "client-authenticated")
		}
	}
	s.do("GET", "/payments/"+r.str("payment_id"), "").ok().is("amount", 6540).is("currency", "USD")
}
