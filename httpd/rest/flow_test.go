package rest_test

import (
	"strings"
	"testing"

	"penstock/engine"
	"time"

	"penstock/engine/connector"
)

// TestBrowserConfirms covers confirm with a publishable key: only with the
// right client secret, and without what a browser must not say.
func TestBrowserConfirms(t *testing.T) {
	s := newShop(t)
	made := s.do("POST", "/payouts/create", `{"amount":9,"currency":"EUR","customer_id":"ada","name":"Ada Example"}`).ok()
	path, secret := "/payouts/"+made.str("payout_id")+"/confirm", made.str("client_secret")
	if want := "payout_" + made.str("payout_id") + "_secret_"; !strings.HasPrefix(secret, want) || len(secret) != len(want)+20 {
		t.Fatalf("client secret %q, want %s and 20 characters", secret, want)
	}
	pk := "api-key: " + s.pk
	details := `"payout_type":"bank","payout_method_data":{"bank":{"iban":"NL69TEST0000000001"}}`
	s.do("POST", path, `{`+details+`}`, pk).refused(400, "IR_04", "Missing required param: client_secret")
	s.do("POST", path, `{"client_secret":"`+secret+`x",`+details+`}`, pk).refused(400, "IR_09", "client_secret")
	s.do("POST", path, `{"client_secret":"`+secret+`","currency":"USD","auto_fulfill":true,"amount":1,`+details+`}`, pk).
		refused(422, "IR_06", "The following fields cannot be provided for client-authenticated payout confirmation: amount, auto_fulfill, currency")
	s.do("GET", strings.TrimSuffix(path, "/confirm"), "").ok().is("status", "requires_payout_method_data")
	nobodys := s.do("POST", "/payouts/create", `{"amount":9,"currency":"EUR"}`).ok()
	for _, named := range []string{`"customer_id":"ada"`, `"customer":{"id":"ada"}`, `"customer_id":"nobody","name":"New"`} {
		s.do("POST", "/payouts/"+nobodys.str("payout_id")+"/confirm", `{"client_secret":"`+nobodys.str("client_secret")+`",`+named+`,`+details+`}`, pk).
			refused(422, "IR_06", "payout confirmation: customer_id")
	}
	s.do("POST", "/payouts/"+nobodys.str("payout_id")+"/confirm", `{"client_secret":"`+nobodys.str("client_secret")+`","name":"Bea",`+details+`}`, pk).ok().is("customer.name", "Bea")
	s.do("POST", path, `{"client_secret":"`+secret+`",`+details+`}`, pk).ok().is("status", "requires_fulfillment")
}

// TestBrowserCompletesMethod covers the same for a payment method, whose
// secret also runs out.
func TestBrowserCompletesMethod(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	waiting := func() (string, string) {
		r := s.do("POST", "/payment_methods", `{"customer_id":"ada","payment_method":"bank_transfer"}`).ok()
		return r.str("payment_method_id"), r.str("client_secret")
	}
	pk := "api-key: " + s.pk
	id, secret := waiting()
	s.do("GET", "/customers/ada/payment_methods", "").ok().is("customer_payment_methods.0", nil)
	bank := `"bank_transfer":{"iban":"NL69TEST0000000001"}`
	s.do("POST", "/payment_methods/"+id+"/save", `{`+bank+`}`, pk).refused(400, "IR_04", "client_secret")
	s.do("POST", "/payment_methods/"+id+"/save", `{"client_secret":"`+id+`_secret_00000000000000000000",`+bank+`}`, pk).refused(400, "IR_09", "client_secret")
	s.do("POST", "/payment_methods/"+id+"/save", `{"client_secret":"`+secret+`"}`, pk).refused(400, "IR_04", "payment_method_data")
	s.do("POST", "/payment_methods/"+id+"/save", `{"client_secret":"`+secret+`",`+bank+`}`, pk).ok().is("bank_transfer.iban", "NL69T********00001")
	s.do("GET", "/customers/ada/payment_methods", "").ok().is("customer_payment_methods.0.bank.mask", "NL69T********00001")

	_, other := waiting()
	s.do("POST", "/payment_methods", `{`+bank+`}`, pk).refused(400, "IR_04", "client_secret")
	s.do("POST", "/payment_methods", `{"client_secret":"`+other+`","bank_transfer":{"iban":"NL42TEST0000000002"}}`, pk).ok()

	id, late := waiting()
	s.Clock.Advance(16 * time.Minute)
	s.do("POST", "/payment_methods/"+id+"/save", `{"client_secret":"`+late+`",`+bank+`}`, pk).refused(400, "IR_08", "The provided client_secret has expired")
}

// TestTokenLivesAsLongAsItSays covers reuse within its time, and its end.
func TestTokenLivesAsLongAsItSays(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	s.card("ada")
	token := s.token("ada")
	if again := s.token("ada"); again == token {
		t.Error("two lists minted the same token")
	}
	body := `{"amount":1,"currency":"EUR","customer_id":"ada","payout_type":"card","payout_token":"` + token + `"}`
	s.do("POST", "/payouts/create", body).ok()
	s.do("POST", "/payouts/create", body).ok()
	s.Clock.Advance(16 * time.Minute)
	s.do("POST", "/payouts/create", body).refused(422, "IR_29", "Token is invalid or expired")

	// A profile's intent_fulfillment_time is how long its tokens live.
	profile := s.do("GET", "/account/shop/business_profile", "").ok().str("0.profile_id")
	s.do("POST", "/account/shop/business_profile/"+profile, `{"intent_fulfillment_time":60}`).ok()
	other := s.do("POST", "/account/shop/business_profile", `{"profile_name":"other","intent_fulfillment_time":1800}`).ok().str("profile_id")
	of := func(profile string) string {
		return s.do("GET", "/customers/ada/payment_methods", "", "X-Profile-Id: "+profile).ok().str("customer_payment_methods.0.payment_token")
	}
	pay := func(token string) reply {
		return s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR","customer_id":"ada","profile_id":"`+profile+`","payout_type":"card","payout_token":"`+token+`"}`)
	}
	short, long, neither := of(profile), of(other), s.token("ada") // of two profiles none is the default
	s.Clock.Advance(2 * time.Minute)
	pay(short).refused(422, "IR_29", "Token is invalid or expired")
	pay(neither).ok()
	s.Clock.Advance(20 * time.Minute)
	pay(neither).refused(422, "IR_29", "Token is invalid or expired")
	pay(long).ok()
	s.do("GET", "/customers/ada/payment_methods", "", "X-Profile-Id: pro_nobody").refused(404, "HE_02", "Business profile")
}

// TestLatestUsedComesFirst covers the order of a customer's list.
func TestLatestUsedComesFirst(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	first := s.card("ada")
	s.Clock.Advance(time.Second)
	second := s.do("POST", "/payment_methods", `{"customer_id":"ada","payment_method":"bank_transfer","bank_transfer":{"iban":"NL69TEST0000000001"}}`).ok().str("payment_method_id")
	s.do("GET", "/customers/ada/payment_methods", "").ok().is("customer_payment_methods.0.payment_method_id", second)
	s.Clock.Advance(time.Second)
	s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR","customer_id":"ada","confirm":true,"payout_method_id":"`+first+`"}`).ok()
	s.do("GET", "/customers/ada/payment_methods", "").ok().is("customer_payment_methods.0.payment_method_id", first).is("customer_payment_methods.1.payment_method_id", second)
	s.do("GET", "/customers/ada/payment_methods?limit=1", "").ok().is("customer_payment_methods.1", nil)
}

// TestSavedMethodsAreFiltered: a list of saved methods has those that the query
// can use, and a filter that can't be read is refused.
func TestSavedMethodsAreFiltered(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	save := func(fields string) string {
		s.Clock.Advance(time.Second)
		return s.do("POST", "/payment_methods", `{"customer_id":"ada",`+fields+`}`).ok().str("payment_method_id")
	}
	visa := save(`"payment_method":"card","card":{"card_number":"4242424242424242","card_exp_month":"3","card_exp_year":"2030","card_holder_name":"Ada"}`)
	master := save(`"payment_method":"card","card":{"card_number":"5555555555554444","card_exp_month":"3","card_exp_year":"2030","card_holder_name":"Ada","card_issuing_country":"GB"}`)
	iban := save(`"payment_method":"bank_transfer","bank_transfer":{"iban":"NL69TEST0000000001"}`)
	ach := save(`"payment_method":"bank_transfer","payment_method_type":"ach","bank_transfer":{"bank_account_number":"000123456789","bank_routing_number":"110000000"}`)
	all := ach + " " + iban + " " + master + " " + visa
	for _, row := range []struct{ query, want string }{
		{"", all}, {"amount=0", all}, {"amount=99999999", all}, {"recurring_enabled=false", all}, {"recurring_enabled=true", ""}, {"installment_payment_enabled=false", all}, {"installment_payment_enabled=true", ""},
		{"card_networks=Visa", visa}, {"card_network=Visa&card_network=Mastercard", master + " " + visa}, {"card_networks=Visa,JCB&card_networks=Mastercard&limit=1", master}, {"card_networks=RuPay", ""},
		{"accepted_currencies=USD", ach + " " + master + " " + visa}, {"accepted_currencies=EUR", iban + " " + master + " " + visa}, {"accepted_currencies=JPY,KWD", master + " " + visa}, {"accepted_currencies=EUR&limit=2", iban + " " + master},
		{"accepted_countries=NL", ach + " " + iban}, {"accepted_countries=GB,US", ach + " " + master + " " + visa}, {"accepted_countries=GB&accepted_countries=NL", ach + " " + iban + " " + master}, {"something=else", all},
	} {
		if got := methodsListed(s.do("GET", "/customers/ada/payment_methods?"+row.query, "").ok()); got != row.want {
			t.Errorf("%s: got %q, want %q", row.query, got, row.want)
		}
	}
	for _, query := range []string{"accepted_currencies=EURO", "accepted_countries=nl", "accepted_countries=NLD", "card_networks=visa", "amount=-1", "amount=1.5", "amount=99999999999999999999", "recurring_enabled=yes", "installment_payment_enabled=1",
		"card_networks=" + strings.Repeat("Visa,", 301)} {
		s.do("GET", "/customers/ada/payment_methods?"+query, "").refused(400, "IR_06", strings.Split(query, "=")[0])
	}
	s.do("GET", "/customers/ada/payment_methods?limit=0", "").refused(422, "IR_06", "limit")
}

func methodsListed(r reply) string {
	var ids []string
	items, _ := r.at("customer_payment_methods").([]any)
	for _, item := range items {
		ids = append(ids, item.(map[string]any)["payment_method_id"].(string))
	}
	return strings.Join(ids, " ")
}

// TestRecurringSavesAfterSuccess wants the method saved when it was paid, and
// usable by its token then.
func TestRecurringSavesAfterSuccess(t *testing.T) {
	s := newShop(t)
	id := s.payout(sepa("NL69TEST0000000001") + `,"recurring":true`)
	s.do("GET", "/payouts/"+id, "").ok().is("payout_method_id", nil).is("recurring", true)
	bad := s.payout(sepa("NL58TEST0000000005") + `,"recurring":true`)
	s.run(time.Minute)
	s.do("GET", "/payouts/"+bad, "").ok().is("status", "failed").is("payout_method_id", nil).is("error_code", "declined").is("unified_code", "UE_9000").is("unified_message", "Something went wrong")
	saved := s.do("GET", "/payouts/"+id, "").ok().is("status", "success").str("payout_method_id")
	list := s.do("GET", "/customers/ada/payment_methods", "").ok().is("customer_payment_methods.0.payment_method_id", saved).is("customer_payment_methods.1", nil).
		is("customer_payment_methods.0.payment_method", "bank_transfer").is("customer_payment_methods.0.payment_method_type", "sepa_bank_transfer")
	s.payout(`"payout_type":"bank","payout_token":"` + list.str("customer_payment_methods.0.payment_token") + `"`)
	s.payout(`"payout_method_id":"` + saved + `"`)
}

// TestUpdates covers what may be changed in which status.
func TestUpdates(t *testing.T) {
	s := newShop(t)
	s.do("POST", "/payouts/create", `{"payout_id":"p","amount":5,"currency":"EUR","customer_id":"ada","name":"Ada","description":"a","metadata":{"a":1}}`).ok()
	s.do("PUT", "/payouts/p", `{"amount":6}`).ok().is("amount", 6).is("currency", "EUR").is("description", "a").is("metadata.a", 1)
	s.do("POST", "/payouts/p", `{"currency":"USD","description":"b"}`).ok().is("amount", 6).is("currency", "USD").is("description", "b").is("metadata.a", 1)
	s.do("PUT", "/payouts/p", `{"ammount":6}`).refused(400, "IR_06", "unknown field `ammount`")
	s.do("PUT", "/payouts/p", `{"payout_id":"q"}`).refused(422, "IR_06", "payout_id")
	s.do("PUT", "/payouts/p", `{"payout_id":"p","customer_id":"ada","auto_fulfill":true,`+sepa("NL69TEST0000000001")+`}`).ok().is("status", "requires_confirmation").is("auto_fulfill", true)
	s.do("PUT", "/payouts/p", `{"payout_method_data":{"card":{"card_number":"4242424242424242","expiry_month":"3","expiry_year":"2030"}}}`).ok().is("payout_type", "card").is("payout_method_data.card.last4", "4242")
	s.do("PUT", "/payouts/p", `{"confirm":true}`).ok().is("status", "initiated")
	s.do("PUT", "/payouts/p", `{"confirm":true}`).refused(422, "IR_06", "Payout p cannot be updated for status initiated")
	s.run(time.Minute)
	for _, body := range []string{`{"amount":7}`, `{"description":"c"}`, `{}`} {
		s.do("PUT", "/payouts/p", body).refused(422, "IR_06", "Payout p cannot be updated for status success")
	}
	s.do("POST", "/payouts/p/confirm", `{}`).refused(400, "IR_16", "You cannot confirm this payout because it has status success")
	s.do("POST", "/payouts/p/fulfill", `{}`).refused(422, "IR_06", "Payout p cannot be fulfilled for status success")
}

// TestCancel covers its three ends: nothing was sent, a provider has it, it is
// over.
func TestCancel(t *testing.T) {
	s := newShop(t)
	queued := s.payout(sepa("NL69TEST0000000001"))
	s.do("POST", "/payouts/"+queued+"/cancel", "").ok().is("status", "cancelled").is("error_message", "Cancelled by user")
	s.do("POST", "/payouts/"+queued+"/cancel", "").refused(422, "IR_06", "Payout "+queued+" cannot be cancelled for status cancelled")
	s.do("POST", "/payouts/"+queued+"/confirm", "{}").refused(400, "IR_16", "because it has status cancelled")
	out := s.payout(sepa(magic(t, "pending").IBAN))
	s.run(time.Second)
	s.do("GET", "/payouts/"+out, "").ok().is("status", "pending")
	s.do("POST", "/payouts/"+out+"/cancel", "").refused(400, "IR_20", "flow not supported")
	s.do("DELETE", "/customers/ada", "").refused(400, "IR_10", "")
}

// TestReversed covers money that came back.
func TestReversed(t *testing.T) {
	s := newShop(t)
	id := s.payout(sepa("NL69TEST0000000001"))
	s.run(time.Minute)
	v, err := s.Engine.Get(t.Context(), operator(s.id), "payout_", id)
	must(t, err)
	must(t, s.Engine.State(t.Context(), operator(s.id), v.Payouts[0].ID, connector.Outcome{Verdict: connector.Returned, Resolution: "account_closed"}))
	s.do("GET", "/payouts/"+id+"?expand_attempts=true", "").ok().is("status", "reversed").is("error_code", "account_closed").is("attempts.0.status", "reversed")
}

// TestForceSyncAsksNow wants a look at the provider before the next poll.
func TestForceSyncAsksNow(t *testing.T) {
	s := newShop(t)
	id := s.payout(sepa(magic(t, "pending").IBAN))
	s.run(time.Hour)
	before := s.Engine.Stats().Lookups.Load()
	s.do("GET", "/payouts/"+id, "").ok().is("status", "pending")
	if _, err := s.Work(); err != nil || s.Engine.Stats().Lookups.Load() != before {
		t.Fatalf("a plain GET made a look-up (%v)", err)
	}
	s.do("GET", "/payouts/"+id+"?force_sync=true", "").ok().is("status", "pending")
	if _, err := s.Work(); err != nil || s.Engine.Stats().Lookups.Load() != before+1 {
		t.Errorf("force_sync made %d look-ups (%v), want 1", s.Engine.Stats().Lookups.Load()-before, err)
	}
	s.do("GET", "/payouts/"+id+"?force_sync=maybe", "").refused(400, "IR_06", "force_sync")
}

// TestMasks shows what of each kind of account may be seen.
func TestMasks(t *testing.T) {
	s := newShop(t)
	rows := []struct{ data, path, want string }{
		{`{"bank":{"bank_account_number":"12345678901","bank_routing_number":"021000021"}}`, "bank.bank_account_number", "*******8901"},
		{`{"bank":{"bank_account_number":"000123456789","bank_routing_number":"021000021"}}`, "bank.bank_routing_number", "021***021"},
		{`{"bank":{"bank_account_number":"28821822","bank_sort_code":"107999"}}`, "bank.bank_sort_code", "10**99"},
		{`{"bank":{"iban":"NL02ABNA0123456789","bic":"ABNANL2A"}}`, "bank.iban", "NL02A********56789"},
		{`{"bank":{"iban":"NL02ABNA0123456789","bic":"ABNANL2A"}}`, "bank.bic", "ABN***2A"},
		{`{"bank":{"pix_key":"123e4567-e89b-12d3-a456-426614174000"}}`, "bank.pix_key", "123e****-****-****-****-********4000"},
		{`{"bank_transfer":{"payout_method_type":"open_banking","account_holder_name":"Ada","iban":"NL02ABNA0123456789"}}`, "bank.account_holder_name", "Ada"},
		{`{"bank":{"country_code":"DE","iban":"NL02ABNA0123456789"}}`, "bank.country_code", "DE"},
		{`{"wallet":{"paypal":{"email":"ada@example.com"}}}`, "wallet.email", "ad***@example.com"},
		{`{"wallet":{"venmo":{"telephone_number":"+12025550101"}}}`, "wallet.telephone_number", "+*********01"},
		{`{"wallet":{"apple_pay_decrypt":{"dpan":"4111111111111111","expiry_month":"03","expiry_year":"30","eci_indicator":5}}}`, "wallet.last4", "1111"},
		{`{"bank_redirect":{"interac":{"email":"ada@example.com"}}}`, "bank_redirect.email", "ad***@example.com"},
		{`{"passthrough":{"psp_token":"tok_123456789","token_type":"card"}}`, "passthrough.psp_token", "tok_******789"},
		{`{"card":{"card_number":"4111 1111 1111 1111","expiry_month":"3","expiry_year":"30","card_network":"Visa"}}`, "card.card_isin", "411111"},
		{`{"card":{"card_number":"4111111111111111","expiry_month":"3","expiry_year":"30"}}`, "card.bank_code", "<nil>"},
	}
	for _, row := range rows {
		s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR","customer_id":"ada","name":"Ada","payout_method_data":`+row.data+`}`).ok().is("payout_method_data."+row.path, row.want)
	}
	r := s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR","source_bank_data":{"payout_method_type":"sepa","iban":"NL02ABNA0123456789"}}`).ok().is("source_bank_data.iban", "NL02A********56789")
	v, err := s.Engine.Get(t.Context(), operator(s.id), "payout_", r.str("payout_id"))
	must(t, err)
	if strings.Contains(string(v.Extra), "ABNA0123456789") {
		t.Errorf("the record shows the account to debit: %s", v.Extra)
	}
}

// TestRouting covers where a payout may leave by.
func TestRouting(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	account := s.do("GET", "/payouts/"+s.payout(sepa("NL69TEST0000000001")), "").ok().str("merchant_connector_id")
	choice := `{"connector":"sandbox","merchant_connector_id":"` + account + `"}`
	for _, routing := range []string{
		`{"type":"single","data":"sandbox"}`, `{"type":"single","data":` + choice + `}`,
		`{"type":"priority","data":[{"connector":"wise"},` + choice + `]}`, `{"type":"volume_split","data":[{"connector":` + choice + `,"split":100}]}`,
	} {
		r := s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR","customer_id":"ada","confirm":true,"connector":["sandbox","adyen"],"routing":`+routing+`,`+sepa("NL69TEST0000000001")+`}`).ok()
		r.is("connector", "sandbox").is("merchant_connector_id", account)
	}
	s.Clock.Advance(time.Second)
	second, err := s.Engine.ConnectAccount(t.Context(), operator(s.id), engine.NewAccount{Provider: "sandbox", Label: "second"}, nil)
	must(t, err)
	there := `{"connector":"sandbox","merchant_connector_id":"` + second.ID + `"}`
	send := func(routing string) reply {
		return s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR","customer_id":"ada","confirm":true,"auto_fulfill":true,"routing":`+routing+`,`+sepa("NL69TEST0000000001")+`}`)
	}
	single, both := `{"type":"single","data":`+there+`}`, `{"type":"priority","data":[`+there+`,`+choice+`]}`
	send(single).ok().is("merchant_connector_id", second.ID)
	send(both).ok().is("merchant_connector_id", second.ID)
	send(`{"type":"volume_split","data":[{"connector":`+there+`,"split":50},{"connector":`+choice+`,"split":49}]}`).refused(400, "IR_06", "splits must sum up to 100")
	send(`{"type":"priority","data":[]}`).refused(400, "IR_06", "data must name one connector or more")
	send(`{"type":"single","data":{"connector":"wise","merchant_connector_id":"`+second.ID+`"}}`).refused(404, "HE_02", "Merchant connector account")
	id := s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR","customer_id":"ada"}`).ok().str("payout_id")
	s.do("PUT", "/payouts/"+id, `{"routing":`+single+`,`+sepa("NL69TEST0000000001")+`}`).ok().is("merchant_connector_id", nil)
	s.do("POST", "/payouts/"+id+"/confirm", `{}`).ok().is("merchant_connector_id", second.ID)
	must(t, s.Engine.DisableAccount(t.Context(), operator(s.id), second.ID))
	send(single).refused(400, "IR_39", "No eligible connector")
	send(both).ok().is("merchant_connector_id", account)
	send(`{"type":"single","data":"stripe"}`).refused(400, "IR_39", "No eligible connector")
}
