package rest_test

import (
	"strings"
	"testing"
)

// TestAnothersIdsAreNobodys calls every route that names something with ids of
// another merchant, and with ids of nothing: the answers must not differ.
func TestAnothersIdsAreNobodys(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	pm := s.card("ada")
	paid := s.payout(sepa("NL69TEST0000000001"))
	s.run(1e9)
	stranger, strangersPK, _ := openShop(t, s.Engine, "stranger")
	send(t, s.client, stranger, "POST", "/customers", `{"customer_id":"mine"}`).ok()

	real := map[string]string{"customer": "ada", "method": pm}
	none := map[string]string{"customer": "nobody", "method": "pm_" + strings.Repeat("0", 26)}
	fill := func(pattern string, ids map[string]string, own string) string {
		for name, id := range ids {
			pattern = strings.ReplaceAll(pattern, "{"+name+"}", id)
		}
		return strings.ReplaceAll(pattern, "{id}", own)
	}
	bodies := map[string]string{
		"/payment_methods/{id}/update": `{"card":{"nick_name":"x"}}`,
		"/payment_methods/{id}/save":   `{"card":` + adaCard + `,"client_secret":"x"}`,
		"/payouts/{id}/confirm":        `{}`, "/payouts/{id}": `{}`, "/customers/{id}": `{}`,
	}
	tried := 0
	for _, r := range s.mux.Routes() {
		own, nobody := paid, "payout_"+strings.Repeat("0", 26)
		switch {
		case strings.HasPrefix(r.Pattern, "/customers/"):
			own, nobody = "ada", "nobody"
		case strings.HasPrefix(r.Pattern, "/payment_methods/"):
			own, nobody = pm, none["method"]
		}
		if !strings.Contains(r.Pattern, "{") || strings.HasPrefix(r.Pattern, "/webhooks/") {
			continue
		}
		body := bodies[r.Pattern]
		if r.Method == "GET" || r.Method == "DELETE" {
			body = ""
		}
		theirs := send(t, s.client, stranger, r.Method, fill(r.Pattern, real, own), body)
		nothing := send(t, s.client, stranger, r.Method, fill(r.Pattern, none, nobody), body)
		if theirs.status != 404 || theirs.status != nothing.status || theirs.body != nothing.body {
			t.Errorf("%s %s: another's is %d %s, nobody's is %d %s", r.Method, r.Pattern, theirs.status, theirs.body, nothing.status, nothing.body)
		}
		tried++
	}
	if tried < 12 {
		t.Errorf("only %d routes were tried", tried)
	}
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

func contains(s, part string) bool { return strings.Contains(s, part) }
