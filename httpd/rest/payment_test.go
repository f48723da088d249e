package rest_test

import (
	"strings"
	"testing"
	"time"
)

const ada2030 = `"payment_method":"card","payment_method_type":"credit","payment_method_data":{"card":{"card_number":"4242424242424242","card_exp_month":"3","card_exp_year":"2030","card_holder_name":"Ada Example","card_cvc":"123"}}`

const agreed = `"customer_acceptance":{"acceptance_type":"online","accepted_at":"2026-01-02T03:04:05Z","online":{"ip_address":"192.0.2.1","user_agent":"x"}}`

// TestPaymentSavesTheCard: a card is stored where the customer agreed and the
// provider took the money, and nowhere else; a payout can then be made to it.
func TestPaymentSavesTheCard(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	saved := func() int {
		return len(s.do("GET", "/customers/ada/payment_methods", "").ok().at("customer_payment_methods").([]any))
	}
	pay := func(fields string) reply {
		return s.do("POST", "/payments", `{"amount":6540,"currency":"USD","confirm":true,"customer_id":"ada",`+fields+`}`)
	}
	r := pay(ada2030).ok().is("status", "succeeded").is("amount_received", 6540).is("amount_capturable", 0).is("payment_method_id", nil).is("connector", "sandbox")
	if strings.Contains(r.body, "4242424242424242") || !strings.Contains(r.str("client_secret"), "_secret_") {
		t.Errorf("%s", r.body)
	}
	pay(ada2030+`,"setup_future_usage":"on_session"`).ok().is("payment_method_id", nil)
	pay(strings.Replace(ada2030, "4242424242424242", "4000000000000002", 1)+`,"setup_future_usage":"on_session",`+agreed).ok().is("status", "failed").is("error_code", "declined").is("payment_method_id", nil)
	if n := saved(); n != 0 {
		t.Fatalf("%d cards are saved without consent or success", n)
	}
	pm := pay(ada2030+`,"setup_future_usage":"off_session",`+agreed).ok().is("setup_future_usage", "off_session").str("payment_method_id")
	pay(ada2030+`,"setup_future_usage":"on_session",`+agreed).ok().is("payment_method_id", pm)
	if n := saved(); n != 1 || pm == "" {
		t.Fatalf("%d cards, %q", n, pm)
	}
	m, err := s.Engine.Method(t.Context(), operator(s.id), pm)
	must(t, err)
	if m.Consent == nil || m.Consent.Source != "payment" || !m.Consent.At.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) {
		t.Errorf("consent %+v", m.Consent)
	}
	s.do("POST", "/payments", `{"amount":1,"currency":"USD","confirm":true,"customer_id":"ada","off_session":true,"recurring_details":{"type":"payment_method_id","data":"`+pm+`"}}`).ok().is("status", "succeeded")
	s.do("POST", "/payouts/create", `{"amount":1,"currency":"USD","customer_id":"ada","confirm":true,"payout_method_id":"`+pm+`"}`).ok().is("payout_method_data.card.last4", "4242")
	s.do("POST", "/payments", `{"amount":1,"currency":"USD","setup_future_usage":"on_session"}`).refused(400, "IR_16", "customer_id is mandatory when setup_future_usage is given")
	s.do("POST", "/payments", `{"currency":"USD"}`).refused(400, "IR_04", "amount")
	s.do("POST", "/payments", `{"amount":1,"currency":"USD","payment_id":"p1"}`).ok().is("payment_id", "p1").is("status", "requires_payment_method")
	s.do("POST", "/payments", `{"amount":1,"currency":"USD","payment_id":"p1"}`).refused(400, "HE_01", "already exists")
	s.do("POST", "/payments/p1/confirm", `{}`).refused(400, "IR_04", "payment_method_data")
}

// TestBrowserPaysWithASavedCard: payment_token, publishable key and client
// secret, as a checkout does it.
func TestBrowserPaysWithASavedCard(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	s.card("ada")
	r := s.do("POST", "/payments", `{"amount":100,"currency":"EUR","customer_id":"ada"}`).ok()
	id, secret := r.str("payment_id"), r.str("client_secret")
	body := func(secret, more string) string {
		return `{"client_secret":"` + secret + `","payment_method":"card","payment_token":"` + s.token("ada") + `","card_cvc":"123"` + more + `}`
	}
	as := func(body string) reply {
		return send(t, s.client, s.pk, "POST", "/payments/"+id+"/confirm", body)
	}
	as(body("x", "")).refused(400, "IR_09", "client_secret")
	as(`{}`).refused(400, "IR_04", "client_secret")
	as(body(secret, `,"amount":1`)).refused(422, "IR_06", "amount")
	as(body(secret, "")).ok().is("status", "succeeded").is("payment_method_data.card.last4", "1111")
	as(body(secret, "")).refused(400, "IR_14", "succeeded")
	send(t, s.client, s.pk, "GET", "/payments/"+id+"?client_secret="+secret, "").ok().is("status", "succeeded")
	send(t, s.client, s.pk, "GET", "/payments/"+id, "").refused(400, "IR_04", "client_secret")
	send(t, s.client, s.pk, "POST", "/payments/"+id+"/capture", `{}`).refused(401, "IR_01", "")
	s.do("POST", "/payments/"+id, `{"amount":5}`).refused(400, "IR_14", "succeeded")
}

// TestCaptureCancelAndRefund walks manual capture in full and in part, cancel
// before and after it was set aside, and refunds up to what came in.
func TestCaptureCancelAndRefund(t *testing.T) {
	s := newShop(t)
	held := func() string {
		return s.do("POST", "/payments", `{"amount":1000,"currency":"EUR","confirm":true,"capture_method":"manual",`+ada2030+`}`).ok().is("status", "requires_capture").is("amount_capturable", 1000).is("amount_received", 0).str("payment_id")
	}
	whole, part, gone := held(), held(), held()
	s.do("POST", "/payments/"+whole+"/capture", `{}`).ok().is("status", "succeeded").is("amount_received", 1000)
	s.do("POST", "/payments/"+whole+"/capture", `{}`).refused(400, "IR_14", "succeeded")
	s.do("POST", "/payments/"+part+"/capture", `{"amount_to_capture":1001}`).refused(422, "IR_06", "amount")
	s.do("POST", "/payments/"+part+"/capture", `{"amount_to_capture":600}`, "Idempotency-Key: c1").ok().is("status", "partially_captured").is("amount_received", 600)
	s.do("POST", "/payments/"+part+"/capture", `{"amount_to_capture":600}`, "Idempotency-Key: c1").ok().is("status", "partially_captured").is("amount_received", 600)
	s.do("POST", "/payments/"+gone+"/cancel", `{"cancellation_reason":"x"}`).ok().is("status", "cancelled")
	s.do("POST", "/payments/"+gone+"/capture", `{}`).refused(400, "IR_14", "cancelled")
	draft := s.do("POST", "/payments", `{"amount":1,"currency":"EUR"}`).ok().str("payment_id")
	s.do("POST", "/payments/"+draft+"/cancel", ``).ok().is("status", "cancelled")
	pending := s.do("POST", "/payments", `{"amount":1,"currency":"EUR","confirm":true,`+strings.Replace(ada2030, "4242424242424242", magic(t, "pending").Card, 1)+`}`).ok().is("status", "processing").str("payment_id")
	s.do("GET", "/payments/"+pending+"?force_sync=true", "").ok().is("status", "processing")

	r := s.do("POST", "/refunds", `{"payment_id":"`+part+`","amount":400,"reason":"late"}`, "Idempotency-Key: r1").ok().is("status", "succeeded").is("amount", 400)
	s.do("POST", "/refunds", `{"payment_id":"`+part+`","amount":400,"reason":"late"}`, "Idempotency-Key: r1").ok().is("refund_id", r.str("refund_id"))
	s.do("GET", "/refunds/"+r.str("refund_id"), "").ok().is("payment_id", part).is("reason", "late")
	s.do("POST", "/refunds", `{"payment_id":"`+part+`","amount":201}`).refused(422, "IR_06", "amount")
	s.do("POST", "/refunds", `{"payment_id":"`+part+`","refund_id":"mine"}`).ok().is("amount", 200)
	s.do("POST", "/refunds", `{"payment_id":"`+part+`"}`).refused(422, "IR_06", "amount")
	s.do("GET", "/payments/"+part, "").ok().is("refunds.1.refund_id", "mine").is("status", "partially_captured")
	s.do("GET", "/refunds/nobody", "").refused(404, "HE_02", "Refund does not exist")
}

// TestPaymentWalksItsStatuses: a card that is given later, confirmed later.
func TestPaymentWalksItsStatuses(t *testing.T) {
	s := newShop(t)
	id := s.do("POST", "/payments", `{"amount":100,"currency":"JPY"}`).ok().is("status", "requires_payment_method").str("payment_id")
	s.do("POST", "/payments/"+id, `{`+ada2030+`}`).ok().is("status", "requires_confirmation").is("payment_method_data.card.last4", "4242")
	s.do("POST", "/payments/"+id, `{"amount":250,"currency":"KWD"}`).ok().is("status", "requires_confirmation").is("amount", 250).is("currency", "KWD")
	s.do("POST", "/payments/"+id+"/confirm", `{}`).ok().is("status", "succeeded").is("amount_received", 250)
}

// TestPaymentsNameWhatIsWrong: members by the names that were sent, and other
// ways to pay than a card.
func TestPaymentsNameWhatIsWrong(t *testing.T) {
	s := newShop(t)
	pay := func(fields string) reply {
		return s.do("POST", "/payments", `{"amount":100,"currency":"EUR",`+fields+`}`)
	}
	with := func(card string) string { return `"payment_method_data":{"card":{` + card + `}}` }
	pay(with(`"card_number":"4242424242424242","card_exp_month":"13","card_exp_year":"2030"`)).refused(422, "IR_06", "card_exp_month must be")
	pay(with(`"card_number":"4242424242424242","card_exp_year":"2030"`)).refused(400, "IR_06", "missing field `card_exp_month`")
	pay(`"customer_id":"nobody"`).refused(422, "IR_06", "customer for id - nobody not found")
	pay(`"amount_to_capture":101,"capture_method":"manual"`).refused(422, "IR_06", "amount_to_capture")
	pay(`"amount_to_capture":99`).refused(400, "IR_16", "amount_to_capture must be equal to amount")
	pay(`"amount_to_capture":100`).ok()
	pay(`"routing":{"type":"single","data":""}`).refused(400, "IR_06", "connector must not be empty")
	for _, other := range []string{`"payment_method":"wallet"`, `"payment_method_data":{"wallet":{"paypal":{}}}`, `"payment_method":"card","payment_method_data":{"bank_transfer":{}}`} {
		pay(other).refused(400, "IR_19", "Payment method type not supported")
	}
	id := pay(`"capture_method":"manual","confirm":true,` + ada2030).ok().str("payment_id")
	s.do("POST", "/payments/"+id+"/capture", `{"amount_to_capture":101}`).refused(422, "IR_06", "amount_to_capture must be")
	s.do("GET", "/payments/"+id+"?force_sync=maybe", "").refused(400, "IR_06", "force_sync")
}
