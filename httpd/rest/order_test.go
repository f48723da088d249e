package rest_test

import (
	"encoding/json"
	"maps"
	"testing"
	"time"
)

// TestOrderOfChecks plants every mistake of the contract's list (5.3) at once
// and mends them one after another: the refusals must come in its order.
func TestOrderOfChecks(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	s.customer("bob")
	pm := s.card("ada")
	token := s.token("ada")
	s.do("POST", "/payouts/create", `{"payout_id":"taken","amount":1,"currency":"EUR"}`).ok()
	type mend map[string]any
	good := map[string]any{"card_number": "4111111111111111", "expiry_month": "3", "expiry_year": "2030"}
	rows := []struct {
		name   string
		mend   mend // applied after the refusal was seen
		status int
		code   string
		text   string
	}{
		{"method without confirm", mend{"confirm": true, "payout_link": true}, 422, "IR_06", "Confirm must be true for recurring payouts"},
		{"link with confirm", mend{"confirm": nil, "payout_method_id": nil}, 422, "IR_06", "cannot confirm a payout while creating a payout link"},
		{"link without customer_id", mend{"payout_link": nil, "confirm": true, "payout_method_id": "pm_x"}, 400, "IR_04", "customer or customer_id when payout_link is true"},
		{"merchant", mend{"merchant_id": s.id}, 422, "IR_05", "merchant_id"},
		{"payout_id", mend{"payout_id": "fresh"}, 400, "HE_01", "taken"},
		{"customer", mend{"customer": nil}, 422, "IR_06", "customer for id - nobody not found"},
		{"profile", mend{"profile_id": nil}, 404, "HE_02", "Business profile"},
		{"both", mend{"payout_token": nil}, 422, "IR_06", "Only one of"},
		{"method without customer", mend{"customer_id": "bob"}, 400, "IR_04", "customer_id when payment_method_id is passed"},
		{"unknown method", mend{"payout_method_id": pm}, 404, "HE_02", "Payment method does not exist"},
		{"another's method", mend{"payout_method_id": nil, "payout_token": token, "customer_id": nil}, 422, "IR_06", "does not belong to this customer_id"},
		{"token without customer", mend{"customer_id": "ada"}, 400, "IR_04", "customer or customer_id when payout_token is provided"},
		{"token without type", mend{"payout_type": "wallet"}, 400, "IR_04", "payout_type"},
		{"token of another kind", mend{"payout_type": "card", "customer_id": "bob"}, 422, "IR_29", "Token is invalid or expired"},
		{"another's token", mend{"payout_token": nil, "customer_id": nil, "payout_method_data": map[string]any{"card": good}}, 400, "IR_16", ""},
		{"data without customer", mend{"customer_id": "ada", "routing": map[string]any{"type": "single", "data": map[string]any{"connector": "sandbox", "merchant_connector_id": "mca_x"}}}, 400, "IR_04", "customer"},
		{"currency", mend{"currency": "EUR"}, 400, "IR_04", "currency"},
		{"account", mend{"routing": nil, "connector": []string{"wise"}}, 404, "HE_02", "Merchant connector account"},
		{"connector", mend{"connector": nil}, 400, "IR_39", ""},
	}
	body := map[string]any{"amount": 1, "payout_method_id": "pm_x", "payout_token": "token_x",
		"merchant_id": "other", "payout_id": "taken", "customer": map[string]any{"id": "nobody"}, "profile_id": "pro_x"}
	for _, row := range rows {
		raw, err := json.Marshal(body)
		must(t, err)
		s.do("POST", "/payouts/create", string(raw)).refused(row.status, row.code, row.text)
		maps.Copy(body, row.mend)
		maps.DeleteFunc(body, func(_ string, v any) bool { return v == nil })
	}
	s.do("GET", "/payouts/profile/list", "").ok().is("total_count", 1)
}

// TestACardNumberIsReadBeforeAnythingElse wants the answer to a body with two
// mistakes to be of the one that the original meets first, while it reads.
func TestACardNumberIsReadBeforeAnythingElse(t *testing.T) {
	s := newShop(t)
	s.do("POST", "/payouts/create", `{"payout_id":"taken","amount":1,"currency":"EUR"}`).ok()
	bad := `"payout_method_data":{"card":{"card_number":"4111111111111112","expiry_month":"3","expiry_year":"2030"}}`
	for _, body := range []string{
		`{"merchant_id":"other",` + bad + `}`, `{"payout_id":"taken",` + bad + `}`, `{"currency":"EUR","customer_id":"nobody",` + bad + `}`,
		`{` + bad + `}`, `{"currency":"EUR",` + bad + `}`, `{"payout_type":"bank","currency":"EUR",` + bad + `}`,
	} {
		s.do("POST", "/payouts/create", body).refused(400, "IR_06", "Json deserialize error: card number invalid")
	}
	s.do("PUT", "/payouts/taken", `{"customer_id":"nobody",`+bad+`}`).refused(400, "IR_06", "Json deserialize error: card number invalid")
	s.do("POST", "/payouts/taken/confirm", `{"customer_id":"nobody",`+bad+`}`).refused(400, "IR_06", "Json deserialize error: card number invalid")
	s.do("POST", "/payouts/create", `{"merchant_id":"other","payout_method_data":{"bank":{"iban":"NL00"}}}`).refused(422, "IR_05", "merchant_id")
}

// TestLeftoverDetailsAreIgnored wants details beside a saved method to be
// accepted and looked at by nobody.
func TestLeftoverDetailsAreIgnored(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	pm := s.card("ada")
	for name, with := range map[string]string{
		"token":  `"payout_type":"card","payout_token":"` + s.token("ada") + `"`,
		"method": `"confirm":true,"payout_method_id":"` + pm + `"`,
	} {
		for _, leftover := range []string{`{"card":{"card_number":"4242424242424242","expiry_month":"3","expiry_year":"30","cvc":"1"}}`, `{"card":{"card_number":"4111111111111112"}}`, `{"bank":{"foo":"bar"}}`} {
			r := s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR","customer_id":"ada",`+with+`,"payout_method_data":`+leftover+`}`)
			if r.ok().str("payout_method_data.card.last4") != "1111" || r.str("payout_method_id") != pm {
				t.Errorf("%s beside %s: %s", name, leftover, r.body)
			}
		}
	}
}

// TestCustomerOfAPayout covers who is paid: known, new, or nobody.
func TestCustomerOfAPayout(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	made := func(fields string) reply {
		return s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR"`+fields+`}`).ok()
	}
	made(`,"customer_id":"ada","name":"Somebody Else"`).is("customer.name", "Ada Example").is("customer_id", "ada")
	made(`,"customer":{"id":"ada","email":"other@example.com"}`).is("email", "ada@example.com")
	made(`,"customer_id":"new1","name":"New One"`).is("customer.name", "New One").is("customer_id", "new1")
	made(`,"customer":{"id":"new2","phone":"1","phone_country_code":"+1"}`).is("phone", "1").is("customer.id", "new2")
	if id := made(`,"email":"x@example.com"`).str("customer_id"); len(id) != len("cus_")+26 {
		t.Errorf("a generated customer is called %q", id)
	}
	made(``).is("customer_id", nil).is("customer", nil).is("name", nil)
	s.do("GET", "/customers/new2", "").ok().is("phone", "1")
}

// TestACustomerMayBeGivenLater covers update and confirm of a payout that was
// made for nobody yet.
func TestACustomerMayBeGivenLater(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	s.customer("bob")
	draft := func() string {
		return "/payouts/" + s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR"}`).ok().str("payout_id")
	}
	one, two, three := draft(), draft(), draft()
	s.do("PUT", one, `{"customer_id":"nobody"}`).refused(422, "IR_06", "customer for id - nobody not found")
	s.do("PUT", one, `{"customer_id":"ada","name":"Somebody Else"}`).ok().is("customer_id", "ada").is("customer.name", "Ada Example").is("email", "ada@example.com")
	s.do("GET", "/payouts/list?customer_id=ada", "").ok().is("size", 1)
	s.do("PUT", one, `{"customer_id":"ada","description":"x"}`).ok().is("description", "x")
	s.do("PUT", one, `{"customer_id":"bob"}`).refused(422, "IR_06", "The customer of a payout cannot be changed")
	s.do("POST", one+"/confirm", `{"customer":{"id":"bob"}}`).refused(422, "IR_06", "The customer of a payout cannot be changed")
	s.do("POST", two+"/confirm", `{`+sepa("NL69TEST0000000001")+`}`).refused(400, "IR_04", "customer")
	s.do("POST", two+"/confirm", `{"customer_id":"nobody",`+sepa("NL69TEST0000000001")+`}`).refused(422, "IR_06", "customer for id - nobody not found")
	s.do("POST", two+"/confirm", `{"customer_id":"new","name":"New One","auto_fulfill":true,`+sepa("NL69TEST0000000001")+`}`).ok().is("customer.name", "New One")
	s.run(time.Minute)
	s.do("GET", two, "").ok().is("status", "success")
	s.do("PUT", three, `{"email":"x@example.com"}`).ok().is("customer.email", "x@example.com")
	s.do("POST", three+"/confirm", `{"payout_method_id":"`+s.card("bob")+`"}`).refused(422, "IR_06", "does not belong to this customer_id")
}

// TestAmounts covers what an amount may be.
func TestAmounts(t *testing.T) {
	s := newShop(t)
	s.do("POST", "/payouts/create", `{"amount":0,"currency":"EUR"}`).ok().is("amount", 0)
	s.do("POST", "/payouts/create", `{"currency":"JPY"}`).ok().is("amount", 0).is("currency", "JPY")
	s.do("POST", "/payouts/create", `{"amount":null,"currency":"KWD","connector":[],"metadata":null}`).ok().is("amount", 0)
	if r := s.do("POST", "/payouts/create", `{"amount":9223372036854775807,"currency":"EUR"}`).ok(); r.body == "" || !contains(r.body, `"amount":9223372036854775807,`) {
		t.Errorf("the largest amount came back as %s", r.body)
	}
	s.do("POST", "/payouts/create", `{"amount":9223372036854775808,"currency":"EUR"}`).refused(400, "IR_06", "Json deserialize error: amount")
	id := s.do("POST", "/payouts/create", `{"amount":5000000000000000,"currency":"EUR","customer_id":"ada","name":"Ada",`+sepa("NL69TEST0000000001")+`,"confirm":true}`).ok().str("payout_id")
	s.do("POST", "/payouts/"+id+"/fulfill", "").refused(400, "IR_16", "holds too little")
	s.do("GET", "/payouts/"+id, "").ok().is("status", "requires_fulfillment")
}
