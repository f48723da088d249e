package rest_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// good is a body that is taken, and which of its members must be there.
type good struct {
	method, path, body string
	required           []string
}

func goods(con string) []good {
	return []good{
		{"POST", "/accounts", `{"merchant_id":"fresh","merchant_name":"N","return_url":"https://a.example","metadata":{},"primary_business_details":[{"country":"US","business":"b"}]}`, []string{"merchant_id"}},
		{"POST", "/api_keys/shop", `{"name":"K","description":"d","expiration":"never"}`, []string{"name", "expiration"}},
		{"POST", "/account/shop/business_profile", `{"profile_name":"P","session_expiry":900,"metadata":{},"intent_fulfillment_time":900}`, nil},
		{"POST", "/account/shop/connectors", `{"connector_type":"payout_processor","connector_name":"stripe","connector_label":"L","connector_account_details":{"auth_type":"NoKey"},"disabled":false}`, []string{"connector_type", "connector_name"}},
		{"POST", "/ephemeral_keys", `{"customer_id":"ada"}`, []string{"customer_id"}},
		{"POST", "/routing", `{"name":"R","description":"d","transaction_type":"payout","algorithm":{"type":"single","data":` + choiceOf("wise", con) + `}}`, []string{"name", "algorithm"}},
		{"POST", "/customers", `{"customer_id":"fresh","name":"N","email":"a@b.example","phone":"1","phone_country_code":"+1","metadata":{}}`, nil},
		{"POST", "/payment_methods", `{"customer_id":"ada","payment_method":"card","payment_method_type":"credit","card":` + adaCard + `,"metadata":{}}`, []string{"customer_id", "payment_method"}},
		{"POST", "/payouts/create", `{"payout_id":"fresh","amount":1,"currency":"EUR","customer_id":"ada","confirm":false,"auto_fulfill":false,"recurring":false,"description":"d","metadata":{},"entity_type":"Individual","priority":"instant"}`, []string{"currency"}},
		{"POST", "/payouts/list", `{"limit":5,"offset":0,"status":["success"],"currency":["EUR"]}`, nil},
	}
}

// TestBadBodiesChangeNothing takes each member of each body away, gives it a
// value of every wrong sort, a word that is none and one that is too long:
// each is refused in the words of the dialect, and nothing has changed.
func TestBadBodiesChangeNothing(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	con := s.connector("wise")
	as := func(g good) func(string) reply {
		key := s.key
		if strings.HasPrefix(g.path, "/accounts") || strings.HasPrefix(g.path, "/api_keys") {
			key = adminKey
		}
		return func(body string) reply { return send(t, s.client, key, g.method, g.path, body) }
	}
	count := func() string {
		return fmt.Sprint(s.do("GET", "/customers/list_with_count", "").at("total_count"), s.do("GET", "/payouts/profile/list", "").at("total_count"), len(s.do("GET", "/account/shop/connectors", "").json.([]any)),
			len(s.do("GET", "/account/shop/business_profile", "").json.([]any)), len(s.do("GET", "/routing/payouts", "").json.([]any)), len(s.do("GET", "/customers/ada/payment_methods", "").at("customer_payment_methods").([]any)), len(s.admin("GET", "/api_keys/shop/list", "").json.([]any)))
	}
	before, tried := count(), 0
	for _, g := range goods(con) {
		call := as(g)
		var whole map[string]json.RawMessage
		must(t, json.Unmarshal([]byte(g.body), &whole))
		with := func(name, value string) string {
			m := map[string]json.RawMessage{}
			for k, v := range whole {
				m[k] = v
			}
			delete(m, name)
			if value != "" {
				m[name] = json.RawMessage(value)
			}
			raw, err := json.Marshal(m)
			must(t, err)
			return string(raw)
		}
		wants := func(what string, r reply) {
			t.Helper()
			tried++
			code := r.str("error.code")
			if (r.status != 400 && r.status != 422) || (code != "IR_04" && code != "IR_05" && code != "IR_06") || r.str("error.message") == "" {
				t.Errorf("%s %s, %s: %d %s", g.method, g.path, what, r.status, r.body)
			}
		}
		for _, name := range g.required {
			wants(name+" missing", call(with(name, "")))
			wants(name+" null", call(with(name, "null")))
		}
		for name, value := range whole {
			for _, other := range []string{`"text"`, `7`, `true`, `[[1]]`, `{"a":{"b":1}}`, `1.5`} {
				if sort(other) == sort(string(value)) || name == "metadata" && sort(other) == '{' || name == "primary_business_details" && sort(other) == '{' {
					continue
				}
				wants(name+" "+other, call(with(name, other)))
			}
		}
		for _, bad := range []string{"", "[]", "null", `"x"`, g.body[:len(g.body)-1], g.body + "x", strings.Replace(g.body, "{", `{"`+firstMember(g.body)+`":1,`, 1)} {
			if bad == "" && (g.path == "/customers" || strings.HasSuffix(g.path, "business_profile")) {
				continue
			}
			wants(fmt.Sprintf("body %.20q", bad), call(bad))
		}
	}
	if after := count(); after != before {
		t.Errorf("there is %s, was %s", after, before)
	}
	if tried < 200 {
		t.Errorf("only %d were tried", tried)
	}
	for _, g := range slices.Backward(goods(con)) { // and each is taken as it is; a second profile comes after what needs the first
		as(g)(g.body).ok()
	}
}

// sort is the sort of a JSON value.
func sort(value string) byte {
	switch c := value[0]; {
	case c >= '0' && c <= '9':
		if strings.Contains(value, ".") {
			return '.'
		}
		return '0'
	case c == 'f':
		return 't'
	default:
		return c
	}
}

func firstMember(body string) string { return strings.Split(body, `"`)[1] }
