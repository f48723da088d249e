package rest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// admin sends as the administrator.
func (s *shop) admin(method, path, body string, header ...string) reply {
	s.t.Helper()
	return send(s.t, s.client, adminKey, method, path, body, header...)
}

const webhooks = `"webhook_details":{"webhook_version":"1.0.1","webhook_username":"u","webhook_password":"a-long-password-of-theirs","webhook_url":"https://shop.example/hooks","payout_statuses_enabled":["success","failed"]}`

// TestMerchantIsArrangedByItsCalls walks the whole set-up of the contract:
// account, key, connector, and a payout with the key that was made.
func TestMerchantIsArrangedByItsCalls(t *testing.T) {
	s := newShop(t)
	acc := s.admin("POST", "/accounts", `{"merchant_id":"pesa","merchant_name":"Pesa","merchant_details":{"primary_email":"a@pesa.example"},"return_url":"https://pesa.example",`+webhooks+`,"metadata":{"city":"NY"}}`).ok().
		is("merchant_id", "pesa").is("merchant_name", "Pesa").is("product_type", "orchestration").is("merchant_account_type", "standard").is("recon_status", "not_requested").
		is("is_recon_enabled", false).is("enable_payment_response_hash", true).is("metadata.city", "NY").is("webhook_details.webhook_url", "https://shop.example/hooks")
	hash := acc.str("payment_response_hash_key")
	if len(hash) < 32 || !strings.HasPrefix(acc.str("publishable_key"), "pk_dev_") || acc.str("organization_id") == "" || !strings.HasPrefix(acc.str("default_profile"), "pro_") {
		t.Fatalf("account: %s", acc.body)
	}
	if strings.Contains(acc.body, "a-long-password-of-theirs") {
		t.Error("the webhook's password is shown")
	}
	s.admin("POST", "/accounts", `{"merchant_id":"pesa"}`).refused(400, "HE_01", "already exists")
	key := s.admin("POST", "/api_keys/pesa", `{"name":"K","description":"of tests","expiration":"2026-06-01T00:00:00Z"}`).ok().is("expiration", "2026-06-01T00:00:00.000Z")
	if !strings.HasPrefix(key.str("key_id"), "dev_") || !strings.HasPrefix(key.str("api_key"), "dev_") || len(key.str("api_key")) != 68 {
		t.Fatalf("key: %s", key.body)
	}
	own := key.str("api_key")
	con := send(t, s.client, own, "POST", "/account/pesa/connectors", `{"connector_type":"payout_processor","connector_name":"adyen","connector_account_details":{"auth_type":"SignatureKey","api_key":"a-secret-key-of-theirs","key1":"merchant","api_secret":"another-secret-of-theirs"},"test_mode":true,"disabled":false,"payment_methods_enabled":[{"payment_method":"card"}]}`).ok().
		is("connector_label", "adyen_default").is("status", "active").is("profile_id", acc.str("default_profile")).is("payment_methods_enabled.0.payment_method", "card").is("connector_account_details.auth_type", "SignatureKey")
	for _, again := range []reply{con, send(t, s.client, own, "GET", "/account/pesa/connectors/"+con.str("merchant_connector_id"), "").ok(), send(t, s.client, own, "GET", "/account/pesa/connectors", "").ok(),
		send(t, s.client, own, "GET", "/account/pesa/business_profile", "").ok(), s.admin("GET", "/accounts/pesa", "").ok(), s.admin("GET", "/api_keys/pesa/list", "").ok()} {
		for _, secret := range []string{"a-secret-key-of-theirs", "another-secret-of-theirs", hash, own, "a-long-password"} {
			if strings.Contains(again.body, secret) {
				t.Errorf("%s shows a secret: %s", again.what, again.body)
			}
		}
	}
	send(t, s.client, own, "POST", "/account/pesa/connectors", `{"connector_type":"payout_processor","connector_name":"adyen","connector_account_details":{"auth_type":"NoKey"}}`).refused(400, "HE_01", "already exists")
	p := send(t, s.client, own, "POST", "/payouts/create", `{"amount":1250,"currency":"EUR","customer_id":"ada","name":"Ada","connector":["adyen"],"confirm":true,"auto_fulfill":true,`+sepa("NL69TEST0000000001")+`}`).ok()
	p.is("connector", "adyen").is("merchant_connector_id", con.str("merchant_connector_id")).is("profile_id", acc.str("default_profile"))
}

// TestKeysEndAsTheyWereTold covers expiry, change of expiry, and revocation.
func TestKeysEndAsTheyWereTold(t *testing.T) {
	s := newShop(t)
	made := s.admin("POST", "/api_keys/shop", `{"name":"K","expiration":"2026-01-05T09:00:00Z"}`).ok()
	id, key, pk := made.str("key_id"), made.str("api_key"), made.str("publishable_key")
	send(t, s.client, key, "GET", "/customers/list", "").ok()
	s.admin("POST", "/api_keys/shop/"+id, `{"name":"L","expiration":"2026-01-05T10:00:00Z"}`).ok().is("name", "L").is("expiration", "2026-01-05T10:00:00.000Z").is("prefix", key[:12])
	s.Clock.Advance(90 * time.Minute)
	send(t, s.client, key, "GET", "/customers/list", "").ok()
	send(t, s.client, pk, "POST", "/payouts/nobody/confirm", `{"client_secret":"x"}`).refused(404, "HE_02", "Payout does not exist")
	s.Clock.Advance(time.Hour)
	send(t, s.client, key, "GET", "/customers/list", "").refused(401, "IR_01", "API key not provided or invalid")
	send(t, s.client, pk, "POST", "/payouts/nobody/confirm", `{"client_secret":"x"}`).refused(401, "IR_01", "")

	made = s.admin("POST", "/api_keys/shop", `{"name":"K","expiration":"never"}`).ok().is("expiration", "never")
	id, key = made.str("key_id"), made.str("api_key")
	s.admin("DELETE", "/api_keys/shop/"+id, "").ok().is("merchant_id", "shop").is("key_id", id).is("revoked", true)
	send(t, s.client, key, "GET", "/customers/list", "").refused(401, "IR_01", "")
	s.admin("GET", "/api_keys/shop/"+id, "").refused(404, "HE_02", "API Key does not exist")
	s.admin("DELETE", "/api_keys/shop/"+id, "").refused(404, "HE_02", "API Key does not exist")
	s.admin("POST", "/api_keys/shop", `{"name":"K"}`).refused(400, "IR_06", "missing field `expiration`")
	s.admin("POST", "/api_keys/shop", `{"name":"K","expiration":"2020-01-01T00:00:00Z"}`).refused(422, "IR_06", "future")
	s.admin("POST", "/api_keys/shop", `{"name":"`+strings.Repeat("x", 65)+`","expiration":"never"}`).refused(422, "IR_06", "64")
}

// TestRepeatOfAKeyShowsNoKey wants one key of two calls, and its secret in the
// first answer alone.
func TestRepeatOfAKeyShowsNoKey(t *testing.T) {
	s := newShop(t)
	first := s.admin("POST", "/api_keys/shop", `{"name":"K","expiration":"never"}`, "Idempotency-Key: k1").ok()
	again := s.admin("POST", "/api_keys/shop", `{"name":"K","expiration":"never"}`, "Idempotency-Key: k1").ok()
	if again.str("key_id") != first.str("key_id") || again.at("api_key") != nil || first.str("api_key") == "" {
		t.Errorf("first %s, then %s", first.body, again.body)
	}
	s.admin("POST", "/api_keys/shop", `{"name":"L","expiration":"never"}`, "Idempotency-Key: k1").refused(422, "IR_06", "Idempotency-Key")
}

// TestAdministratorsCallsAreHisAlone tries every one of them with a merchant's
// keys and without any.
func TestAdministratorsCallsAreHisAlone(t *testing.T) {
	s := newShop(t)
	for _, call := range [][3]string{{"POST", "/accounts", `{"merchant_id":"x"}`}, {"POST", "/accounts/shop", `{}`}, {"DELETE", "/accounts/shop", ""}, {"POST", "/api_keys/shop", `{"name":"K","expiration":"never"}`},
		{"GET", "/api_keys/shop/list", ""}, {"DELETE", "/account/shop/connectors/mca_x", ""}, {"DELETE", "/account/shop/business_profile/pro_x", ""}} {
		s.do(call[0], call[1], call[2]).refused(401, "IR_01", "")
		send(t, s.client, s.pk, call[0], call[1], call[2]).refused(401, "IR_01", "")
		send(t, s.client, "", call[0], call[1], call[2]).refused(401, "IR_01", "")
	}
	s.admin("GET", "/customers/list", "").refused(401, "IR_01", "")
	s.admin("POST", "/accounts", `{"merchant_id":"x"}`, "X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: http").refused(403, "IR_22", "")
}

// TestMerchantIdHeaderMustBeTheKeys refuses a header that contradicts.
func TestMerchantIdHeaderMustBeTheKeys(t *testing.T) {
	s := newShop(t)
	s.do("GET", "/customers/list", "", "X-Merchant-Id: shop").ok()
	s.do("GET", "/customers/list", "", "X-Merchant-Id: stranger").refused(403, "IR_22", "X-Merchant-Id")
	s.admin("GET", "/accounts/shop", "", "X-Merchant-Id: other").refused(403, "IR_22", "X-Merchant-Id")
}

// TestDefaultProfileIsTheOnlyOne holds the rules of the default: two
// businesses, or a second profile, and each call must say which.
func TestDefaultProfileIsTheOnlyOne(t *testing.T) {
	s := newShop(t)
	s.admin("POST", "/accounts", `{"merchant_id":"two","primary_business_details":[{"country":"US","business":"default"},{"country":"GB","business":"shoes"}]}`).ok().is("default_profile", nil).is("primary_business_details.1.business", "shoes")
	key := s.admin("POST", "/api_keys/two", `{"name":"K","expiration":"never"}`).ok().str("api_key")
	list := send(t, s.client, key, "GET", "/account/two/business_profile", "").ok()
	us, gb := list.str("0.profile_id"), list.str("1.profile_id")
	if list.str("0.profile_name") == "GB_shoes" { // they were made in one moment
		us, gb = gb, us
	}
	body := `{"amount":1,"currency":"EUR","customer_id":"ada","name":"Ada"`
	send(t, s.client, key, "POST", "/payouts/create", body+`}`).refused(400, "IR_04", "Missing required param: profile_id or business_country, business_label")
	send(t, s.client, key, "POST", "/payouts/create", body+`,"business_country":"GB","business_label":"shoes"}`).ok().is("profile_id", gb)
	send(t, s.client, key, "POST", "/payouts/create", body+`,"profile_id":"`+us+`"}`).ok().is("profile_id", us)
	send(t, s.client, key, "POST", "/payouts/create", body+`}`, "X-Profile-Id: "+gb).ok().is("profile_id", gb)
	s.admin("DELETE", "/account/two/business_profile/"+us, "").ok()
	send(t, s.client, key, "POST", "/payouts/create", body+`}`).ok().is("profile_id", gb)
	s.admin("GET", "/accounts/two", "").ok().is("default_profile", gb)
	send(t, s.client, key, "POST", "/payouts/create", body+`,"profile_id":"`+us+`"}`).refused(404, "HE_02", "Business profile with the given id "+us+" does not exist")

	one := s.do("GET", "/account/shop/business_profile", "").ok().str("0.profile_id")
	s.admin("GET", "/accounts/shop", "").ok().is("default_profile", one)
	second := s.do("POST", "/account/shop/business_profile", `{"profile_name":"second","session_expiry":900,"payout_link_config":{"allowed_domains":["*.shop.example"],"form_layout":"tabs"},"outgoing_webhook_custom_http_headers":{"x-token":"of-theirs"}}`).ok().
		is("profile_name", "second").is("session_expiry", 900).is("payout_link_config.form_layout", "tabs")
	if strings.Contains(second.body, "of-theirs") || second.at("outgoing_webhook_custom_http_headers.x-token") == nil {
		t.Errorf("profile: %s", second.body)
	}
	s.admin("GET", "/accounts/shop", "").ok().is("default_profile", nil)
	s.do("POST", "/account/shop/business_profile/"+second.str("profile_id"), `{"payout_link_config":null,"profile_name":"renamed"}`).ok().is("payout_link_config", nil).is("profile_name", "renamed").is("session_expiry", 900)
	s.do("POST", "/account/shop/business_profile", `{"intent_fulfillment_time":59}`).refused(422, "IR_06", "between 60 and 1800")
}

// TestDeletesKeepHistory deletes connector and account: what was paid stays to
// be read, nothing new is taken.
func TestDeletesKeepHistory(t *testing.T) {
	s := newShop(t)
	con := s.do("POST", "/account/shop/connectors", `{"connector_type":"payout_processor","connector_name":"wise","connector_account_details":{"auth_type":"HeaderKey","api_key":"k"}}`).ok().str("merchant_connector_id")
	id := s.payout(`"connector":["wise"],` + sepa("NL69TEST0000000001"))
	s.run(time.Minute)
	s.admin("DELETE", "/account/shop/connectors/"+con, "").ok().is("merchant_connector_id", con).is("deleted", true).is("merchant_id", "shop")
	s.do("GET", "/account/shop/connectors/"+con, "").refused(404, "HE_02", "Merchant connector account does not exist")
	s.do("GET", "/payouts/"+id, "").ok().is("connector", "wise").is("merchant_connector_id", con).is("status", "success")
	s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR","customer_id":"ada","confirm":true,"connector":["wise"],`+sepa("NL69TEST0000000001")+`}`).refused(400, "IR_39", "No eligible connector")

	s.admin("DELETE", "/accounts/shop", "").ok().is("merchant_id", "shop").is("deleted", true)
	s.do("GET", "/payouts/"+id, "").refused(401, "IR_01", "")
	s.admin("GET", "/accounts/shop", "").refused(404, "HE_02", "Merchant account does not exist")
	s.admin("POST", "/accounts", `{"merchant_id":"shop"}`).refused(400, "HE_01", "already exists")
}

// TestEphemeralKeySeesOneCustomer covers all that it may do, and some of what
// it may not.
func TestEphemeralKeySeesOneCustomer(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	s.customer("bob")
	pm := s.card("ada")
	made := s.do("POST", "/ephemeral_keys", `{"customer_id":"ada"}`).ok().is("customer_id", "ada")
	epk := made.str("secret")
	if !strings.HasPrefix(epk, "epk_") {
		t.Fatalf("%s", made.body)
	}
	as := func(method, path, body string) reply { return send(t, s.client, epk, method, path, body) }
	as("GET", "/customers/ada", "").ok()
	as("GET", "/customers/ada/payment_methods", "").ok().is("customer_payment_methods.0.payment_method_id", pm)
	as("POST", "/customers/ada/payment_methods/"+pm+"/default", "").ok()
	as("GET", "/customers/bob", "").refused(404, "HE_02", "Customer does not exist")
	as("GET", "/customers/nobody", "").refused(404, "HE_02", "Customer does not exist")
	as("POST", "/customers/ada", `{"name":"x"}`).refused(401, "IR_01", "")
	as("GET", "/payouts/list", "").refused(401, "IR_01", "")
	send(t, s.client, epk[:len(epk)-1]+"0", "GET", "/customers/ada", "").refused(401, "IR_01", "")
	s.do("POST", "/ephemeral_keys", `{"customer_id":"nobody"}`).refused(404, "HE_02", "Customer does not exist")
	s.Clock.Advance(61 * time.Minute)
	as("GET", "/customers/ada", "").refused(401, "IR_01", "")
	epk = s.do("POST", "/ephemeral_keys", `{"customer_id":"ada"}`).ok().str("secret")
	_, err := s.Engine.RevokeKey(t.Context(), operator("shop"), s.keyID)
	must(t, err)
	if r := as("GET", "/customers/ada", ""); r.status != http.StatusUnauthorized {
		t.Errorf("it outlives the key that made it: %s", r.body)
	}
}
