package rest_test

import (
	"fmt"
	"testing"
)

// TestClientSecretListsItsCustomersMethods: a browser lists the saved methods
// of the customer whose payment, payout or waiting method it has the client
// secret of, with tokens that pay; nobody else's.
func TestClientSecretListsItsCustomersMethods(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	pm := s.card("ada")
	as := func(secret string) reply {
		return send(t, s.client, s.pk, "GET", "/customers/payment_methods?client_secret="+secret, "")
	}
	payment := s.do("POST", "/payments", `{"amount":100,"currency":"EUR","customer_id":"ada"}`).ok()
	payout := s.do("POST", "/payouts/create", `{"amount":100,"currency":"EUR","customer_id":"ada"}`).ok()
	own := s.do("POST", "/payouts/create", `{"payout_id":"mine","amount":100,"currency":"EUR","customer_id":"ada"}`).ok()
	waiting := s.do("POST", "/payment_methods", `{"customer_id":"ada","payment_method":"card"}`).ok()
	for _, secret := range []string{payment.str("client_secret"), payout.str("client_secret"), own.str("client_secret"), waiting.str("client_secret")} {
		as(secret).ok().is("customer_payment_methods.0.payment_method_id", pm).is("customer_payment_methods.1", nil).is("is_guest_customer", nil)
	}
	token := as(payment.str("client_secret")).str("customer_payment_methods.0.payment_token")
	send(t, s.client, s.pk, "POST", "/payments/"+payment.str("payment_id")+"/confirm", `{"client_secret":"`+payment.str("client_secret")+`","payment_method":"card","payment_token":"`+token+`"}`).ok().is("status", "succeeded")
	guest := s.do("POST", "/payments", `{"amount":100,"currency":"EUR"}`).ok()
	as(guest.str("client_secret")).ok().is("is_guest_customer", true).is("customer_payment_methods.0", nil)

	as("").refused(400, "IR_04", "client_secret")
	as("pay_x_secret_y").refused(400, "IR_09", "client_secret")
	as(payment.str("payment_id")+"_secret_aaaaaaaaaaaaaaaaaaaa").refused(400, "IR_09", "client_secret")
	as("payout_link_secret_x").refused(400, "IR_09", "client_secret")
	_, strangersPK, _ := openShop(t, s.Engine, "stranger")
	send(t, s.client, strangersPK, "GET", "/customers/payment_methods?client_secret="+payment.str("client_secret"), "").refused(400, "IR_09", "client_secret")
}

// TestConnectorsTellWhatTheyTake: what is offered is what connected providers
// take, each with its name, in the currency of what the secret is of.
func TestConnectorsTellWhatTheyTake(t *testing.T) {
	s := newShop(t)
	s.connector("wise")
	disabled := s.connector("paypal")
	s.do("POST", "/account/shop/connectors/"+disabled, `{"connector_type":"payout_processor","disabled":true}`).ok()
	find := func(r reply, method, kind string) (connectors, currencies any) {
		for i := range r.at("payment_methods").([]any) {
			at := fmt.Sprintf("payment_methods.%d.", i)
			for j := range r.at(at + "payment_method_types").([]any) {
				one := fmt.Sprintf("%spayment_method_types.%d.", at, j)
				if r.str(at+"payment_method") == method && r.str(one+"payment_method_type") == kind {
					return r.at(one + "eligible_connectors"), r.at(one + "accepted_currencies")
				}
			}
		}
		return nil, nil
	}
	r := s.do("GET", "/account/payment_methods", "").ok().is("merchant_name", "Shop").is("currency", nil)
	if on, in := find(r, "bank_transfer", "ach"); fmt.Sprint(on, in) != "[sandbox wise] [USD]" {
		t.Errorf("ach: %v %v", on, in)
	}
	if on, _ := find(r, "wallet", "paypal"); fmt.Sprint(on) != "[sandbox]" {
		t.Errorf("paypal is switched off: %v", on)
	}
	if on, _ := find(r, "card", "debit"); fmt.Sprint(on) != "[sandbox]" {
		t.Errorf("card: %v", on)
	}
	secret := s.do("POST", "/payouts/create", `{"amount":1,"currency":"CAD"}`).ok().str("client_secret")
	r = send(t, s.client, s.pk, "GET", "/account/payment_methods?client_secret="+secret, "").ok().is("currency", "CAD")
	if on, _ := find(r, "bank_redirect", "interac"); fmt.Sprint(on) != "[sandbox wise]" {
		t.Errorf("interac: %v", on)
	}
	if on, _ := find(r, "bank_transfer", "ach"); on != nil {
		t.Errorf("ach in CAD: %v", on)
	}
	send(t, s.client, s.pk, "GET", "/account/payment_methods", "").refused(400, "IR_04", "client_secret")
	send(t, s.client, s.pk, "GET", "/account/payment_methods?client_secret=x", "").refused(400, "IR_09", "client_secret")
}
