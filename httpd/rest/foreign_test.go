package rest_test

import (
	"strings"
	"testing"

	"penstock/engine"
)

// foreign is what one merchant has, and how nothing of that kind is called.
type foreign struct{ prefix, own, none string }

// TestAnothersIdsAreNobodys calls every route that names something with ids of
// another merchant, with those of the other mode, and with ids of nothing: the
// answers must not differ. The administrator, who may see both merchants, is
// held to the one of the path, and to the mode of the call.
func TestAnothersIdsAreNobodys(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	pm := s.card("ada")
	paid := s.payout(sepa("NL69TEST0000000001"))
	s.run(1e9)
	stranger, strangersPK, _ := openShop(t, s.Engine, "stranger")
	send(t, s.client, stranger, "POST", "/customers", `{"customer_id":"mine"}`).ok()

	live, _, _ := newKey(t, s.Engine, "shop", engine.Live, engine.Rights()...)

	zero := "01abcdefghjkmnpqrstvwxyzab"
	kinds := s.foreigners(pm, paid)
	fill := func(pattern, merchant, id string, real bool) string {
		customer, method := "nobody", "pm_"+zero
		if real {
			customer, method = "ada", pm
		}
		return strings.NewReplacer("{merchant}", merchant, "{customer}", customer, "{method}", method, "{payout}", id, "{id}", id).Replace(pattern)
	}
	tried := map[string]bool{}
	same := func(key, method, theirPath, noPath, body string, header ...string) {
		t.Helper()
		theirs, nothing := send(t, s.client, key, method, theirPath, body, header...), send(t, s.client, key, method, noPath, body, header...)
		clean := func(r reply, path string) string { // an id in an answer is the caller's own
			last := path[strings.LastIndexByte(path, '/')+1:]
			return strings.ReplaceAll(r.body, last, "ID")
		}
		if theirs.status != 404 || theirs.status != nothing.status || clean(theirs, theirPath) != clean(nothing, noPath) {
			t.Errorf("%s %s: another's is %d %s, nobody's is %d %s", method, theirPath, theirs.status, theirs.body, nothing.status, nothing.body)
		}
	}
	for _, r := range s.mux.Routes() {
		if !strings.Contains(r.Pattern, "{") || unscoped(r.Pattern) {
			continue
		}
		kind := kindOf(kinds, r.Pattern)
		body := bodyFor(r.Method, r.Pattern)
		key, adminOnly := stranger, false
		if probe := send(t, s.client, stranger, r.Method, fill(r.Pattern, "stranger", kind.none, false), body); probe.status == 401 {
			key, adminOnly = adminKey, true
		}
		if strings.Contains(r.Pattern, "{merchant}") && !adminOnly { // the whole path is another's
			same(key, r.Method, fill(r.Pattern, "shop", kind.own, true), fill(r.Pattern, "nobody", kind.own, true), body)
		}
		if strings.Contains(strings.ReplaceAll(r.Pattern, "{merchant}", ""), "{") { // a thing of another's under one's own
			same(key, r.Method, fill(r.Pattern, "stranger", kind.own, true), fill(r.Pattern, "stranger", kind.none, false), body)
		} else if adminOnly {
			same(key, r.Method, fill(r.Pattern, "nobody", "", false), fill(r.Pattern, "nobody2", "", false), body)
		}
		if strings.Contains(strings.ReplaceAll(r.Pattern, "{merchant}", ""), "{") && !bothModes(r.Pattern) { // a thing of the other mode
			as, header := live, []string{}
			if adminOnly {
				as, header = adminKey, []string{"X-Mode: live"}
			}
			same(as, r.Method, fill(r.Pattern, "shop", kind.own, true), fill(r.Pattern, "shop", kind.none, false), body, header...)
		}
		tried[r.Method+" "+r.Pattern] = true
	}
	if len(tried) < 40 {
		t.Errorf("only %d routes were tried", len(tried))
	}
	s.admin("PUT", "/payouts/"+paid+"/manual-update", `{"merchant_id":"stranger","status":"success"}`).refused(404, "HE_02", "Payout does not exist")
	send(t, s.client, stranger, "POST", "/refunds", `{"payment_id":"`+kindOf(kinds, "/payments/").own+`"}`).refused(404, "HE_02", "Payment does not exist")
	// what a body names
	for _, body := range []string{
		`{"amount":1,"currency":"EUR","customer_id":"%"}`,
		`{"amount":1,"currency":"EUR","customer_id":"mine","confirm":true,"payout_method_id":"` + pm + `"}`,
		`{"amount":1,"currency":"EUR","customer_id":"mine","payout_type":"card","payout_token":"` + s.token("ada") + `"}`,
	} {
		r := send(t, s.client, stranger, "POST", "/payouts/create", strings.ReplaceAll(body, "%", "ada"))
		if r.status == 200 {
			t.Errorf("%s was taken: %s", body, r.body)
		}
	}
	// a browser's key of another merchant
	send(t, s.client, strangersPK, "POST", "/payouts/"+paid+"/confirm", `{"client_secret":"x"}`).refused(404, "HE_02", "Payout does not exist")
	if n := send(t, s.client, stranger, "GET", "/payouts/profile/list", "").ok().at("total_count"); n != float64(0) {
		t.Errorf("the stranger's list has %v", n)
	}
	if r := send(t, s.client, stranger, "GET", "/payouts/profile/list?customer_id=ada", "").ok(); r.at("total_count") != float64(0) {
		t.Errorf("the stranger sees %s", r.body)
	}
}

// foreigners are the shop's things by the beginning of the routes that name
// them.
func (s *shop) foreigners(pm, paid string) []foreign {
	s.t.Helper()
	zero := "01abcdefghjkmnpqrstvwxyzab"
	con := s.do("POST", "/account/shop/connectors", `{"connector_type":"payout_processor","connector_name":"wise","connector_account_details":{"auth_type":"NoKey"}}`).ok().str("merchant_connector_id")
	profile := s.do("GET", "/account/shop/business_profile", "").ok().str("0.profile_id")
	key := s.admin("POST", "/api_keys/shop", `{"name":"K","expiration":"never"}`).ok().str("key_id")
	pay := s.do("POST", "/payments", `{"amount":100,"currency":"EUR","confirm":true,"payment_method":"card","payment_method_data":{"card":`+adaCard+`}}`).ok().is("status", "succeeded").str("payment_id")
	refund := s.do("POST", "/refunds", `{"payment_id":"`+pay+`","amount":10}`).ok().str("refund_id")
	algo := s.do("POST", "/routing", `{"name":"a","transaction_type":"payout","algorithm":{"type":"single","data":`+choiceOf("wise", con)+`}}`).ok().str("id")
	s.do("POST", "/account/shop/business_profile/"+profile, `{`+webhooks+`}`).ok()
	s.payout(sepa("NL69TEST0000000001"))
	s.run(1e9)
	event := s.admin("POST", "/events/shop", `{}`).ok().str("events.0.event_id")
	return []foreign{
		{"/customers/", "ada", "nobody"}, {"/payment_methods/", pm, "pm_" + zero}, {"/payouts/", paid, "payout_" + zero}, {"/payout_link/", paid, "payout_" + zero},
		{"/account/{merchant}/business_profile", profile, "pro_" + zero}, {"/account/{merchant}/connectors", con, "mca_" + zero}, {"/payments/", pay, "pay_" + zero}, {"/refunds/", refund, "ref_" + zero}, {"/events/", event, "evt_" + zero}, {"/routing/", algo, "routing_" + zero}, {"/api_keys/", key, "dev_" + zero}, {"/accounts/", "", ""},
	}
}

func kindOf(kinds []foreign, pattern string) foreign {
	for _, k := range kinds {
		if strings.HasPrefix(pattern, k.prefix) {
			return k
		}
	}
	panic("no things for the route " + pattern)
}

// bothModes are routes whose things belong to a merchant, whatever the mode:
// keys, a payout link's address, which bears no mode, and the profile that a
// merchant has from the start, whose id is one in both.
func bothModes(pattern string) bool {
	return strings.HasPrefix(pattern, "/api_keys/") || strings.HasPrefix(pattern, "/account/{merchant}/business_profile") || strings.HasPrefix(pattern, "/payout_link/")
}

// unscoped are routes that have another way to know who calls.
func unscoped(pattern string) bool {
	return strings.HasPrefix(pattern, "/checkin/") || strings.HasPrefix(pattern, "/payments/redirect/") || strings.HasPrefix(pattern, "/webhooks/") || strings.HasSuffix(pattern, "/manual-update")
}

func bodyFor(method, pattern string) string {
	if method == "GET" || method == "DELETE" {
		return ""
	}
	switch pattern {
	case "/payment_methods/{id}/update":
		return `{"card":{"nick_name":"x"}}`
	case "/payment_methods/{id}/save":
		return `{"card":` + adaCard + `,"client_secret":"x"}`
	case "/account/{merchant}/connectors":
		return `{"connector_type":"payout_processor","connector_name":"wise","connector_account_details":{"auth_type":"NoKey"}}`
	case "/api_keys/{merchant}":
		return `{"name":"K","expiration":"never"}`
	}
	return `{}`
}

func contains(s, part string) bool { return strings.Contains(s, part) }
