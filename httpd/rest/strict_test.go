package rest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestPaymentIsGivenItsCustomer: a payment that was made for nobody is given a
// customer by an update or a confirm, known or new, with the card that it has; the
// one that it has stays.
func TestPaymentIsGivenItsCustomer(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	draft := func(fields string) string {
		return s.do("POST", "/payments", `{"amount":100,"currency":"EUR"`+fields+`}`).ok().str("payment_id")
	}
	id := draft("," + ada2030)
	s.do("POST", "/payments/"+id, `{"customer_id":"nobody"}`).refused(422, "IR_06", "customer for id - nobody not found")
	s.do("POST", "/payments/"+id, `{"customer_id":"ada","amount":250}`).ok().is("customer_id", "ada").is("amount", 250).is("status", "requires_confirmation")
	s.do("POST", "/payments/"+id, `{"customer_id":"ada"}`).ok().is("customer_id", "ada")
	s.do("POST", "/payments/"+id, `{"customer_id":"bob","name":"Bob"}`).refused(422, "IR_06", "The customer of a payment cannot be changed")
	saved := s.do("POST", "/payments/"+id+"/confirm", `{"setup_future_usage":"on_session",`+agreed+`}`).ok().is("status", "succeeded").is("amount_received", 250).str("payment_method_id")
	s.do("GET", "/customers/ada/payment_methods", "").ok().is("customer_payment_methods.0.payment_method_id", saved)

	id = draft("," + ada2030)
	s.do("POST", "/payments/"+id+"/confirm", `{"customer_id":"new","name":"Newcomer"}`).ok().is("customer_id", "new").is("status", "succeeded")
	if made := s.do("GET", "/customers/new", "").ok().is("name", "Newcomer").str("created_at"); !strings.HasPrefix(made, "2026-") {
		t.Errorf("a customer who was made by a payment was made at %s", made)
	}
	r := s.do("POST", "/payments", `{"amount":1,"currency":"EUR","customer_id":"other","name":"Other"}`).ok().is("customer_id", "other")
	if made := s.do("GET", "/customers/other", "").ok().str("created_at"); !strings.HasPrefix(made, "2026-") {
		t.Errorf("a customer who was made by a payment was made at %s", made)
	}
	browser := func(id, secret, customer string) reply {
		return send(t, s.client, s.pk, "POST", "/payments/"+id+"/confirm", `{"client_secret":"`+secret+`","customer_id":"`+customer+`",`+ada2030+`}`)
	}
	browser(r.str("payment_id"), r.str("client_secret"), "ada").refused(422, "IR_06", "client-authenticated payments: customer_id")
	browser(r.str("payment_id"), r.str("client_secret"), "other").ok().is("status", "succeeded")
	r = s.do("POST", "/payments", `{"amount":1,"currency":"EUR"}`).ok()
	browser(r.str("payment_id"), r.str("client_secret"), "ada").refused(422, "IR_06", "client-authenticated payments: customer_id")
}

// TestNoBankPaysFromADeadCard: nothing is asked of a provider for a card that
// has expired, or with a security code that no card has.
func TestNoBankPaysFromADeadCard(t *testing.T) {
	s := newShop(t) // in January 2026
	pay := func(month, year, code string) reply {
		return s.do("POST", "/payments", `{"amount":100,"currency":"EUR","confirm":true,"payment_method_data":{"card":{"card_number":"4242424242424242","card_exp_month":"`+month+`","card_exp_year":"`+year+`"`+code+`}}}`)
	}
	for _, dead := range [][2]string{{"12", "2025"}, {"12", "25"}, {"1", "2020"}, {"01", "00"}} {
		pay(dead[0], dead[1], "").refused(400, "IR_16", "Card Expired")
	}
	for _, alive := range [][2]string{{"1", "2026"}, {"01", "26"}, {"12", "2026"}, {"3", "2030"}} {
		pay(alive[0], alive[1], "").ok().is("status", "succeeded")
	}
	for _, code := range []string{`"1"`, `"12345"`, `"12a"`, `""`, `"１２３"`} {
		pay("3", "2030", `,"card_cvc":`+code).refused(400, "IR_16", "Invalid card_cvc")
	}
	pay("3", "2030", `,"card_cvc":"1234"`).ok().is("status", "succeeded")
	id := s.do("POST", "/payments", `{"amount":1,"currency":"EUR"}`).ok().str("payment_id")
	s.do("POST", "/payments/"+id+"/confirm", `{"payment_method_data":{"card":{"card_number":"4242424242424242","card_exp_month":"12","card_exp_year":"2025"}}}`).refused(400, "IR_16", "Card Expired")
	s.do("GET", "/payments/"+id, "").ok().is("status", "requires_payment_method")
}

// TestRefusalsNameTheMemberThatWasSent: by the caller's name for it.
func TestRefusalsNameTheMemberThatWasSent(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	const card = `{"card_number":"4242424242424242","card_exp_month":%s,"card_exp_year":%s}`
	save := func(month, year string) reply {
		return s.do("POST", "/payment_methods", `{"customer_id":"ada","payment_method":"card","card":`+fmt.Sprintf(card, month, year)+`}`)
	}
	save("3", `"2030"`).refused(400, "IR_06", "card_exp_month: invalid type: number")
	save(`"3"`, "2030").refused(400, "IR_06", "card_exp_year: invalid type: number")
	s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR","customer_id":"ada",`+sepa("DE8937040044053201300X")+`}`).refused(422, "IR_06", "iban does not have the structure of Germany")
	profile := s.do("GET", "/account/shop/business_profile", "").ok().str("0.profile_id")
	save2 := func(body string) reply { return s.do("POST", "/account/shop/business_profile/"+profile, body) }
	save2(`{"profile_name":""}`).refused(400, "IR_04", "Missing required param: profile_name")
	save2(`{"webhook_details":{"webhook_url":"https://shop.example/`+strings.Repeat("x", 2048)+`"}}`).refused(422, "IR_06", "webhook_url: ")
	link := func(member, text string) reply {
		return save2(`{"payout_link_config":{"` + member + `":` + text + `}}`)
	}
	for _, bad := range []string{`[""]`, `["not a domain"]`, `["*"]`, `["shop.*"]`, `["https://shop.example/path"]`, `["shop.example;script-src *"]`, `["a..b"]`, `["javascript:alert(1)"]`, `["user@shop.example"]`, `["shop.example","x y"]`} {
		link("allowed_domains", bad).refused(422, "IR_06", "allowed_domains must be hosts")
	}
	for _, good := range []string{`["shop.example"]`, `["*.shop.example","localhost:5500","https://shop.example","http://127.0.0.1:9000/"]`, `[]`} {
		link("allowed_domains", good).ok()
	}
	link("domain_name", `"*.shop.example"`).refused(422, "IR_06", "domain_name must be a host")
	link("domain_name", `"pay.shop.example"`).ok()
	link("logo", `"javascript:alert(1)"`).refused(422, "IR_06", "logo must be")
	link("logo", `"https://shop.example/logo.png"`).ok()
	link("theme", `"red;}body{display:none"`).refused(422, "IR_06", "theme must be a colour")
	link("theme", `"#112233"`).ok()
	s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR","customer_id":"ada","payout_link":true,"payout_link_config":{"test_mode":true,"logo":"data:x"}}`).refused(422, "IR_06", "logo must be")

	route := func(name, description, condition string) reply {
		return s.do("POST", "/routing", `{"name":"`+name+`","description":"`+description+`","transaction_type":"payout","algorithm":{"type":"advanced","data":{"defaultSelection":{"type":"priority","data":[{"connector":"sandbox"}]},"metadata":{},
			"rules":[{"name":"r","connectorSelection":{"type":"priority","data":[{"connector":"sandbox"}]},"statements":[{"condition":[`+condition+`]}]}]}}}`)
	}
	is := func(lhs, value string) string {
		return `{"lhs":"` + lhs + `","comparison":"equal","value":{"type":"enum_variant","value":"` + value + `"},"metadata":{}}`
	}
	route(strings.Repeat("n", 65), "", is("payout_type", "bank")).refused(422, "IR_06", "name must have at most 64")
	route("r", strings.Repeat("d", 257), is("payout_type", "bank")).refused(422, "IR_06", "description must have at most 256")
	route("r", "", is("payout_type", "cash")).refused(422, "IR_06", "rules[0].statements[0].condition[0]")
	route("r", "", is("currency", "ZZZ")).refused(422, "IR_06", "value must be a currency's")
	route(strings.Repeat("ü", 64), strings.Repeat("ü", 256), is("payout_type", "bank")).ok()
}

// TestWhatContradictsIsRefused: a call that says two things is not carried out
// by one of them.
func TestWhatContradictsIsRefused(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	pm := s.card("ada")
	pay := func(fields string) reply {
		return s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR","customer_id":"ada","confirm":true,"payout_id":"p",`+fields+`}`)
	}
	pay(`"payout_method_id":"`+pm+`","payout_type":"bank"`).refused(422, "IR_06", "payout_type is bank, but the saved payment method is of card")
	pay(`"profile_id":""`).refused(404, "HE_02", "Business profile")
	pay(`"profile_id":"pro_"`).refused(404, "HE_02", "Business profile")
	s.do("GET", "/payouts/p", "").refused(404, "HE_02", "Payout")
	pay(`"payout_method_id":"`+pm+`","payout_type":"card"`).ok().is("status", "requires_fulfillment")
	s.do("GET", "/payouts/p?merchant_id=other", "").refused(422, "IR_05", "merchant_id")
	s.do("GET", "/payouts/p?merchant_id=shop&force_sync=false", "").ok().is("payout_id", "p")
	s.do("GET", "/payouts/list?limit=1&limit=2", "").refused(400, "IR_06", "duplicate field `limit`")
	s.do("POST", "/payouts/list", `{"start_time":"yesterday"}`).refused(400, "IR_06", "start_time: must be a time of RFC 3339")
	for _, at := range []string{"2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z", "2026-01-01T01:00:00+01:00"} {
		s.do("POST", "/payouts/list", `{"start_time":"`+at+`"}`).ok().is("total_count", 1)
	}
}

// TestAPlaceToReturnToIsNothingThatRuns, also where an update or a payment
// names it.
func TestAPlaceToReturnToIsNothingThatRuns(t *testing.T) {
	s := newShop(t)
	id := s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR","return_url":"https://shop.example/done?x=ü"}`).ok().is("return_url", "https://shop.example/done?x=ü").str("payout_id")
	pay := s.do("POST", "/payments", `{"amount":1,"currency":"EUR","return_url":"myapp://done"}`).ok().str("payment_id")
	for _, bad := range []string{"notaurl", "/done", "javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "https:shop.example", "https://shop.example/%zz"} {
		for _, path := range []string{"/payouts/create", "/payments", "/payouts/" + id, "/payments/" + pay} {
			s.do("POST", path, `{"amount":1,"currency":"EUR","return_url":"`+bad+`"}`).refused(422, "IR_06", "return_url must be an absolute URL")
		}
	}
	s.do("PUT", "/payouts/"+id, `{"return_url":""}`).ok().is("return_url", nil)
	profile := s.do("GET", "/account/shop/business_profile", "").ok().str("0.profile_id")
	s.do("POST", "/account/shop/business_profile/"+profile, `{"return_url":"javascript:alert(1)"}`).refused(422, "IR_06", "return_url must be an absolute URL")
	s.admin("POST", "/accounts", `{"merchant_id":"bad","return_url":"javascript:alert(1)"}`).refused(422, "IR_06", "return_url must be an absolute URL")
	s.admin("POST", "/accounts", `{"merchant_id":"bad","product_type":"bogus"}`).refused(400, "IR_06", "unknown variant `bogus`")
	s.admin("POST", "/accounts", `{"merchant_id":"good","product_type":"vault","return_url":"https://good.example"}`).ok().is("product_type", "vault")
}

// TestCardNetworksAreThoseThatThereAre, wherever a card is sent.
func TestCardNetworksAreThoseThatThereAre(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	const saved = `{"card_number":"4242424242424242","card_exp_month":"3","card_exp_year":"2030","card_network":"%s"}`
	const paid = `{"amount":1,"currency":"EUR","customer_id":"ada","payout_type":"card","payout_method_data":{"card":{"card_number":"4242424242424242","expiry_month":"3","expiry_year":"2030","card_network":"%s"}}}`
	for _, row := range []struct{ path, body string }{
		{"/payouts/create", paid}, {"/payment_methods", `{"customer_id":"ada","payment_method":"card","card":` + saved + `}`}, {"/payments", `{"amount":1,"currency":"EUR","payment_method_data":{"card":` + saved + `}}`},
	} {
		for _, bad := range []string{"Bogus", "visa", "4242424242424242", "V 1"} {
			r := s.do("POST", row.path, fmt.Sprintf(row.body, bad)).refused(400, "IR_06", "unknown variant")
			if strings.Contains(r.body, "4242424242424242") {
				t.Errorf("%s", r.body)
			}
		}
		s.do("POST", row.path, fmt.Sprintf(row.body, "CartesBancaires")).ok()
		s.do("POST", row.path, fmt.Sprintf(row.body, "")).ok()
	}
}

// TestOtherDetailsTakeThePlaceOfASavedMethod: what is paid is what the payout
// says that it pays.
func TestOtherDetailsTakeThePlaceOfASavedMethod(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	pm := s.card("ada")
	id := s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR","customer_id":"ada","payout_type":"card","payout_token":"`+s.token("ada")+`"}`).ok().is("payout_method_id", pm).is("payout_method_data.card.last4", "1111").str("payout_id")
	s.do("PUT", "/payouts/"+id, `{"description":"d"}`).ok().is("payout_method_id", pm)
	s.do("PUT", "/payouts/"+id, `{"payout_type":"card","payout_method_data":{"card":{"card_number":"5555555555554444","expiry_month":"3","expiry_year":"2030"}},"recurring":true}`).ok().is("payout_method_id", nil).is("payout_method_data.card.last4", "4444")
	s.do("POST", "/payouts/"+id+"/confirm", `{"auto_fulfill":true}`).ok()
	s.run(time.Minute)
	saved := s.do("GET", "/payouts/"+id, "").ok().is("status", "success").is("payout_method_data.card.last4", "4444").str("payout_method_id")
	if saved == "" || saved == pm {
		t.Errorf("the card that was paid is saved as %q, beside %q", saved, pm)
	}
	s.do("GET", "/payment_methods/"+saved, "").ok().is("card.last4_digits", "4444")
	s.do("GET", "/payment_methods/"+pm, "").ok().is("card.last4_digits", "1111")
}

// TestAProfileIsGivenItsAlgorithm beside its other settings: by its account, when
// it is made, and later; what is no algorithm is only shown again.
func TestAProfileIsGivenItsAlgorithm(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	profile := s.do("GET", "/account/shop/business_profile", "").ok().str("0.profile_id")
	accounts := map[string]string{}
	connect := func(profile string) {
		t.Helper()
		for _, name := range []string{"adyen", "wise"} {
			accounts[name] = s.do("POST", "/account/shop/connectors", `{"connector_type":"payout_processor","connector_name":"`+name+`","profile_id":"`+profile+`","connector_account_details":{"auth_type":"BodyKey","api_key":"k123456789","key1":"m"}}`).ok().str("merchant_connector_id")
		}
	}
	connect(profile)
	goes := func(profile, want string) {
		t.Helper()
		s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR","customer_id":"ada","confirm":true,"profile_id":"`+profile+`","billing":{"address":{"first_name":"Ada","last_name":"E"}},`+sepa("NL69TEST0000000001")+`}`).ok().is("connector", want)
	}
	give := func(algorithm string) reply {
		return s.do("POST", "/account/shop/business_profile/"+profile, `{"payout_routing_algorithm":`+algorithm+`}`)
	}
	give(`{"type":"single","data":"wise"}`).ok().is("payout_routing_algorithm.data", "wise")
	goes(profile, "wise")
	give(`{"type":"priority","data":[{"connector":"adyen","merchant_connector_id":"` + accounts["adyen"] + `"},"wise"]}`).ok()
	goes(profile, "adyen")
	s.do("GET", "/routing/payouts/active", "").ok().is("0.kind", "priority").is("1", nil)
	for _, bad := range []string{`{"type":"bogus"}`, `{"type":"single"}`, `{"type":"priority","data":[]}`, `{"type":"volume_split","data":[{"connector":{"connector":"wise"},"split":99}]}`} {
		give(bad).refused(400, "IR_06", "")
	}
	give(`{"type":"single","data":{"connector":"wise","merchant_connector_id":"mca_nobody"}}`).refused(404, "HE_02", "Merchant connector account")
	give(`{"note":"none"}`).ok().is("payout_routing_algorithm.note", "none")
	goes(profile, "adyen")
	second := func(algorithm string) reply {
		return s.do("POST", "/account/shop/business_profile", `{"profile_name":"second","payout_routing_algorithm":`+algorithm+`}`, "Idempotency-Key: second")
	}
	second(`{"type":"single","data":{"connector":"wise","merchant_connector_id":"mca_nobody"}}`).refused(404, "HE_02", "Merchant connector account")
	other := second(`{"type":"single","data":"wise"}`).ok().is("payout_routing_algorithm.type", "single").str("profile_id")
	second(`{"type":"single","data":"wise"}`).ok().is("profile_id", other)
	connect(other)
	goes(other, "wise")
	goes(profile, "adyen")
	s.admin("POST", "/accounts", `{"merchant_id":"bad","payout_routing_algorithm":{"type":"bogus"}}`).refused(400, "IR_06", "unknown variant")
	s.admin("GET", "/accounts/bad", "").refused(404, "HE_02", "Merchant account")
	s.admin("POST", "/accounts", `{"merchant_id":"pesa","payout_routing_algorithm":{"type":"single","data":"wise"}}`).ok().is("payout_routing_algorithm.data", "wise")
	key := s.admin("POST", "/api_keys/pesa", `{"name":"k","expiration":"never"}`).ok().str("api_key")
	send(t, s.client, key, "GET", "/account/pesa/business_profile", "").ok().is("0.payout_routing_algorithm.data", "wise")
	send(t, s.client, key, "GET", "/routing/payouts/active", "").ok().is("0.kind", "single").is("1", nil)
}
