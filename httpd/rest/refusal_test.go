package rest_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"penstock/engine"
)

// TestRefusals reaches the rows of the table of errors over HTTP.
func TestRefusals(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	s.customer("bob")
	pm := s.card("ada")
	token := s.token("ada")
	s.do("POST", "/payouts/create", `{"payout_id":"taken","amount":1,"currency":"EUR","customer_id":"ada"}`).ok()
	s.customer("gone")
	s.do("DELETE", "/customers/gone", "").ok()
	s.customer("paid")
	s.do("POST", "/payouts/create", `{"payout_id":"under-way","amount":1,"currency":"EUR","customer_id":"paid","confirm":true,`+sepa("NL69TEST0000000001")+`}`).ok()
	made := func(fields string) string { return `{"amount":1,"currency":"EUR",` + fields + `}` }
	rows := []struct {
		name, method, path, body string
		status                   int
		code, text               string
	}{
		{"unknown url", "GET", "/nowhere", "", 404, "IR_02", "Unrecognized request URL"},
		{"wrong method", "DELETE", "/payouts/create", "", 405, "IR_03", ""},
		{"not json", "POST", "/payouts/create", "{", 400, "IR_06", "Json deserialize error: "},
		{"no body", "POST", "/payouts/create", "", 400, "IR_06", "Json deserialize error: EOF while parsing a value"},
		{"unknown member", "POST", "/payouts/create", made(`"ammount":2`), 400, "IR_06", "Json deserialize error: unknown field `ammount` at line 1 column"},
		{"wrong type", "POST", "/payouts/create", `{"amount":"12","currency":"EUR"}`, 400, "IR_06", "Json deserialize error: amount: invalid type: string, expected a whole number"},
		{"fraction", "POST", "/payouts/create", `{"amount":1.5,"currency":"EUR"}`, 400, "IR_06", "Json deserialize error: amount: invalid number"},
		{"negative", "POST", "/payouts/create", `{"amount":-1,"currency":"EUR"}`, 400, "IR_06", "Json deserialize error: amount: invalid value: negative integer"},
		{"twice", "POST", "/payouts/create", `{"amount":1,"amount":2,"currency":"EUR"}`, 400, "IR_06", "Json deserialize error: duplicate field `amount`"},
		{"unknown entity", "POST", "/payouts/create", made(`"entity_type":"InvalidType"`), 400, "IR_06", "unknown variant `InvalidType`, expected one of `Individual`, `Company`"},
		{"unknown currency", "POST", "/payouts/create", `{"amount":1,"currency":"EURO"}`, 400, "IR_06", "unknown variant `EURO`, expected one of `AED`"},
		{"no currency", "POST", "/payouts/create", `{"amount":1}`, 400, "IR_04", "Missing required param: currency"},
		{"nothing", "POST", "/payouts/create", `{}`, 400, "IR_04", "Missing required param: currency"},
		{"bad id", "POST", "/payouts/create", made(`"payout_id":"a/b"`), 400, "IR_06", "payout_id: must be 1 to 64"},
		{"id too long", "POST", "/payouts/create", made(`"payout_id":"` + strings.Repeat("a", 65) + `"`), 400, "IR_06", "payout_id: must be 1 to 64"},
		{"id taken", "POST", "/payouts/create", made(`"payout_id":"taken"`), 400, "HE_01", "The payout with the specified payout_id 'taken' already exists in our records"},
		{"another merchant", "POST", "/payouts/create", made(`"merchant_id":"other"`), 422, "IR_05", "merchant_id contains invalid data. Expected format is "},
		{"unknown profile", "POST", "/payouts/create", made(`"profile_id":"pro_x"`), 404, "HE_02", "Business profile with the given id pro_x does not exist"},
		{"unknown customer", "POST", "/payouts/create", made(`"customer_id":"nobody"`), 422, "IR_06", "customer for id - nobody not found"},
		{"two customers", "POST", "/payouts/create", made(`"customer_id":"ada","customer":{"id":"bob"}`), 422, "IR_06", "two customers"},
		{"redacted customer", "POST", "/payouts/create", made(`"customer_id":"gone"`), 400, "IR_11", ""},
		{"both", "POST", "/payouts/create", made(`"customer_id":"ada","confirm":true,"payout_token":"` + token + `","payout_method_id":"` + pm + `"`), 422, "IR_06", "Only one of payout_method_id or payout_token should be provided."},
		{"method, not confirmed", "POST", "/payouts/create", made(`"customer_id":"ada","payout_method_id":"` + pm + `"`), 422, "IR_06", "Confirm must be true for recurring payouts"},
		{"method, no customer", "POST", "/payouts/create", made(`"confirm":true,"payout_method_id":"` + pm + `"`), 400, "IR_04", "Missing required param: customer_id when payment_method_id is passed"},
		{"unknown method", "POST", "/payouts/create", made(`"customer_id":"ada","confirm":true,"payout_method_id":"pm_x"`), 404, "HE_02", "Payment method does not exist in our records"},
		{"another's method", "POST", "/payouts/create", made(`"customer_id":"bob","confirm":true,"payout_method_id":"` + pm + `"`), 422, "IR_06", "Payment method does not belong to this customer_id"},
		{"token, no customer", "POST", "/payouts/create", made(`"payout_type":"card","payout_token":"` + token + `"`), 400, "IR_04", "Missing required param: customer or customer_id when payout_token is provided"},
		{"token, no type", "POST", "/payouts/create", made(`"customer_id":"ada","payout_token":"` + token + `"`), 400, "IR_04", "Missing required param: payout_type"},
		{"token of another kind", "POST", "/payouts/create", made(`"customer_id":"ada","payout_type":"bank","payout_token":"` + token + `"`), 422, "IR_29", "Token is invalid or expired"},
		{"no token", "POST", "/payouts/create", made(`"customer_id":"ada","payout_type":"card","payout_token":"token_x"`), 422, "IR_29", "Token is invalid or expired"},
		{"another's token", "POST", "/payouts/create", made(`"customer_id":"bob","payout_type":"card","payout_token":"` + token + `"`), 400, "IR_16", ""},
		{"data, no customer", "POST", "/payouts/create", made(sepa("NL69TEST0000000001")), 400, "IR_04", "Missing required param: customer"},
		{"two data", "POST", "/payouts/create", made(`"customer_id":"ada","payout_method_data":{"card":{},"bank":{}}`), 400, "IR_06", "must have exactly one of"},
		{"unknown data", "POST", "/payouts/create", made(`"customer_id":"ada","payout_method_data":{"cash":{}}`), 400, "IR_06", "unknown variant `cash`, expected one of `card`, `bank`"},
		{"no bank", "POST", "/payouts/create", made(`"customer_id":"ada","payout_method_data":{"bank":{"foo":"bar"}}`), 400, "IR_06", "data did not match any variant of untagged enum Bank"},
		{"no luhn", "POST", "/payouts/create", made(`"customer_id":"ada","payout_method_data":{"card":{"card_number":"4111111111111112","expiry_month":"3","expiry_year":"30"}}`), 400, "IR_06", "Json deserialize error: card number invalid"},
		{"no expiry", "POST", "/payouts/create", made(`"customer_id":"ada","payout_method_data":{"card":{"card_number":"4111111111111111","expiry_year":"30"}}`), 400, "IR_06", "missing field `expiry_month`"},
		{"bad month", "POST", "/payouts/create", made(`"customer_id":"ada","payout_method_data":{"card":{"card_number":"4111111111111111","expiry_month":"13","expiry_year":"30"}}`), 422, "IR_06", "expiry_month must be a number from 1 to 12"},
		{"security code", "POST", "/payouts/create", made(`"customer_id":"ada","payout_method_data":{"card":{"card_number":"4111111111111111","expiry_month":"3","expiry_year":"30","card_cvc":"123"}}`), 422, "IR_06", "never stored"},
		{"security code as a number", "POST", "/payouts/create", made(`"customer_id":"ada","payout_method_data":{"card":{"card_number":"4111111111111111","expiry_month":"3","expiry_year":"30","cvv":123}}`), 422, "IR_06", "never stored"},
		{"wrong kind", "POST", "/payouts/create", made(`"customer_id":"ada","payout_type":"card","payout_method_data":{"bank":{"iban":"NL69TEST0000000001"}}`), 422, "IR_06", "payout_type is card"},
		{"bad iban", "POST", "/payouts/create", made(`"customer_id":"ada","payout_method_data":{"bank":{"iban":"NL00TEST0000000001"}}`), 422, "IR_06", "iban"},
		{"link with confirm", "POST", "/payouts/create", made(`"payout_link":true,"confirm":true`), 422, "IR_06", "cannot confirm a payout while creating a payout link"},
		{"link without customer", "POST", "/payouts/create", made(`"payout_link":true,"customer":{"id":"ada"}`), 400, "IR_04", "Missing required param: customer or customer_id when payout_link is true"},
		{"link", "POST", "/payouts/create", made(`"payout_link":true,"customer_id":"ada"`), 400, "IR_40", "allowed_domains"},
		{"no such connector", "POST", "/payouts/create", made(`"connector":["cash"]`), 400, "IR_06", "unknown variant `cash`, expected one of `adyen`"},
		{"connector not there", "POST", "/payouts/create", made(`"customer_id":"ada","confirm":true,"connector":["wise"],` + sepa("NL69TEST0000000001")), 400, "IR_39", "No eligible connector was found for the current payment method configuration"},
		{"routing filtered out", "POST", "/payouts/create", made(`"customer_id":"ada","confirm":true,"connector":["wise"],"routing":{"type":"single","data":"sandbox"},` + sepa("NL69TEST0000000001")), 400, "IR_39", ""},
		{"routing to an unknown account", "POST", "/payouts/create", made(`"routing":{"type":"single","data":{"connector":"sandbox","merchant_connector_id":"mca_x"}}`), 404, "HE_02", "Merchant connector account does not exist in our records"},
		{"update to another profile", "PUT", "/payouts/taken", `{"profile_id":"pro_x"}`, 404, "HE_02", "Business profile with the given id pro_x does not exist"},
		{"routing of no kind", "POST", "/payouts/create", made(`"routing":{"type":"dice","data":"sandbox"}`), 400, "IR_06", "unknown variant `dice`"},
		{"routing by rules", "POST", "/payouts/create", made(`"routing":{"type":"advanced","data":{}}`), 400, "IR_06", "missing field `defaultSelection`"},
		{"unknown payout", "GET", "/payouts/payout_x", "", 404, "HE_02", "Payout does not exist in our records"},
		{"unknown payout's confirm", "POST", "/payouts/payout_x/confirm", "{}", 404, "HE_02", "Payout does not exist in our records"},
		{"confirm without a body", "POST", "/payouts/taken/confirm", "", 400, "IR_06", "EOF while parsing"},
		{"confirm without a method", "POST", "/payouts/taken/confirm", "{}", 400, "IR_04", "Missing required param: payout_method_data"},
		{"fulfil a draft", "POST", "/payouts/taken/fulfill", "", 422, "IR_06", "Payout taken cannot be fulfilled for status requires_payout_method_data"},
		{"secret with a secret key", "POST", "/payouts/taken/confirm", `{"client_secret":"x"}`, 422, "IR_06", "client_secret is not a valid parameter"},
		{"another customer", "PUT", "/payouts/taken", `{"customer_id":"bob"}`, 422, "IR_06", "cannot be changed"},
		{"customer twice", "POST", "/customers", `{"customer_id":"ada"}`, 400, "IR_12", "Customer with the given `customer_id` already exists"},
		{"unknown customer's page", "GET", "/customers/nobody", "", 404, "HE_02", "Customer does not exist in our records"},
		{"redacted", "GET", "/customers/gone", "", 400, "IR_11", ""},
		{"customer of a payout under way", "DELETE", "/customers/paid", "", 400, "IR_10", "Customer has a payout or payment under way"},
		{"routing of payments", "POST", "/routing", `{"name":"r","transaction_type":"payment","algorithm":{"type":"single","data":"sandbox"}}`, 501, "IR_00", "is not implemented"},
		{"redacted twice", "DELETE", "/customers/gone", "", 400, "IR_11", ""},
		{"bad email", "POST", "/customers", `{"email":"ada"}`, 400, "IR_06", "Json deserialize error: email: "},
		{"bad country", "POST", "/customers", `{"address":{"country":"Spain"}}`, 400, "IR_06", "Json deserialize error: country: "},
		{"method of nobody", "POST", "/payment_methods", `{"payment_method":"card"}`, 400, "IR_04", "Missing required param: customer_id"},
		{"method of a stranger", "POST", "/payment_methods", `{"customer_id":"nobody","payment_method":"card"}`, 404, "HE_02", "Customer does not exist in our records"},
		{"no method", "POST", "/payment_methods", `{"customer_id":"ada"}`, 400, "IR_04", "Missing required param: payment_method"},
		{"no such method", "POST", "/payment_methods", `{"customer_id":"ada","payment_method":"cash"}`, 400, "IR_06", "unknown variant `cash`"},
		{"not for payouts", "POST", "/payment_methods", `{"customer_id":"ada","payment_method":"crypto"}`, 400, "IR_19", "Payment method type not supported"},
		{"details of another method", "POST", "/payment_methods", `{"customer_id":"ada","payment_method":"card","bank_transfer":{"iban":"x"}}`, 422, "IR_06", "payment_method is card"},
		{"card without month", "POST", "/payment_methods", `{"customer_id":"ada","payment_method":"card","card":{"card_number":"4111111111111111","card_exp_year":"30"}}`, 400, "IR_06", "missing field `card_exp_month`"},
		{"unknown method's page", "GET", "/payment_methods/pm_x", "", 404, "HE_02", "Payment method does not exist in our records"},
		{"update of nothing", "POST", "/payment_methods/" + pm + "/update", `{}`, 422, "IR_29", "Request must contain atleast one parameter to update"},
		{"another number", "POST", "/payment_methods/" + pm + "/update", `{"card":{"card_number":"4242424242424242"}}`, 422, "IR_06", "cannot be changed"},
		{"save of a whole one", "POST", "/payment_methods/" + pm + "/save", `{"card":` + adaCard + `}`, 400, "IR_16", ""},
		{"default of another", "POST", "/customers/bob/payment_methods/" + pm + "/default", "", 400, "IR_16", "The payment_method_id is not valid"},
		{"limit", "GET", "/payouts/list?limit=101", "", 422, "IR_06", "limit should be in between 1 and 100"},
		{"limit of the filtered", "POST", "/payouts/list", `{"limit":21}`, 422, "IR_06", "limit should be in between 1 and 20"},
		{"unknown key", "GET", "/payouts/list?page=2", "", 400, "IR_06", "unknown field `page`"},
		{"no number", "GET", "/payouts/list?limit=ten", "", 400, "IR_06", "limit"},
		{"unknown status", "POST", "/payouts/list", `{"status":["done"]}`, 400, "IR_06", "unknown variant `done`"},
		{"notification of nobody", "POST", "/webhooks/shop/mca_x", `{}`, 404, "HE_02", "Merchant connector account does not exist in our records"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := s.do(row.method, row.path, row.body)
			r.t = t
			r.refused(row.status, row.code, row.text)
			if strings.Contains(r.body, "4111111111111") {
				t.Error("the answer shows a card number")
			}
			member := "error.type"
			if r.status == 400 && (strings.Contains(r.str("error.message"), "deserialize error")) {
				member = "error.error_type"
			}
			if got := r.str(member); got != "invalid_request" {
				t.Errorf("%s is %q in %s", member, got, r.body)
			}
		})
	}
	s.do("GET", "/payouts/profile/list", "").ok().is("total_count", 2) // nothing refused has left anything behind
}

// TestSignedNotificationsOnly wants a notification without the provider's
// signature to change nothing.
func TestSignedNotificationsOnly(t *testing.T) {
	s := newShop(t)
	accounts, err := s.Engine.Accounts(t.Context(), engine.Scope{Merchant: s.id, Mode: engine.Test})
	must(t, err)
	r := s.do("POST", "/webhooks/"+s.id+"/"+accounts[0].ID, `{"key":"po_x","status":"paid"}`, "api-key: ")
	if r.status != 401 && r.status != 501 {
		t.Errorf("an unsigned notification got %d %s", r.status, r.body)
	}
}

// TestWhoMayCall covers the three ways to send a key, and what each kind may do.
func TestWhoMayCall(t *testing.T) {
	s := newShop(t)
	payoutsOnly, _, _ := newKey(t, s.Engine, s.id, engine.Test, engine.Payouts)
	live, _, _ := newKey(t, s.Engine, s.id, engine.Live, engine.Rights()...)
	basic := func(user, secret string) string {
		return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+secret))
	}
	rows := []struct {
		name   string
		path   string
		header []string
		status int
		code   string
	}{
		{"api-key", "/payouts/list", nil, 200, ""},
		{"bearer", "/payouts/list", []string{"api-key: ", "Authorization: Bearer " + s.key}, 200, ""},
		{"basic", "/payouts/list", []string{"api-key: ", basic(s.keyID, s.key)}, 200, ""},
		{"basic with another id", "/payouts/list", []string{"api-key: ", basic("apik_x", s.key)}, 401, "IR_01"},
		{"basic without id", "/payouts/list", []string{"api-key: ", basic("", s.key)}, 401, "IR_01"},
		{"none", "/payouts/list", []string{"api-key: "}, 401, "IR_01"},
		{"wrong", "/payouts/list", []string{"api-key: snd_" + strings.Repeat("x", 64)}, 401, "IR_01"},
		{"publishable", "/payouts/list", []string{"api-key: " + s.pk}, 401, "IR_01"},
		{"without the right", "/customers/list", []string{"api-key: " + payoutsOnly}, 403, "IR_22"},
		{"with it", "/payouts/list", []string{"api-key: " + payoutsOnly}, 200, ""},
		{"live from this machine", "/payouts/list", []string{"api-key: " + live}, 200, ""},
		{"live by a proxy", "/payouts/list", []string{"api-key: " + live, "X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: https"}, 200, ""},
		{"live in the clear", "/payouts/list", []string{"api-key: " + live, "X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: http"}, 403, "IR_22"},
		{"test in the clear", "/payouts/list", []string{"X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: http"}, 200, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := s.do("GET", row.path, "", row.header...)
			if r.status != row.status || r.str("error.code") != row.code {
				t.Errorf("got %d %s, want %d %s", r.status, r.body, row.status, row.code)
			}
		})
	}
	if r := s.do("GET", "/payouts/list", "", "api-key: "); r.header.Get("X-Request-Id") == "" || r.header.Get("Content-Type") != "application/json" || r.header.Get("Strict-Transport-Security") == "" {
		t.Errorf("an answer lacks a header that all have: %v", r.header)
	}
}

// TestTestAndLiveAreApart wants what one mode made to be nowhere in the other.
func TestTestAndLiveAreApart(t *testing.T) {
	s := newShop(t)
	live, _, _ := newKey(t, s.Engine, s.id, engine.Live, engine.Rights()...)
	s.customer("ada")
	s.do("GET", "/customers/ada", "", "api-key: "+live).refused(http.StatusNotFound, "HE_02", "Customer does not exist")
}
