package hosted_test

import (
	"net/http"
	"net/url"
	"testing"
)

// FuzzPayment sends what strangers may send to the call that makes a payment:
// the answer is a described refusal or a payment, the same one when the body
// comes again, and never a 5xx.
func FuzzPayment(f *testing.F) {
	for _, s := range []string{
		`{"type":"payout","amount":1250,"currency":"EUR","redirectUrl":"https://shop.example/back"}`,
		`{"type":"payin","amount":"12.50","currency":"eur","customer":{"id":"a","email":"a@example.com"},"metadata":{"k":"v"},"externalId":"x"}`,
		`{"amount":1e99,"currency":"KWD"}`, `{"amount":-1,"currency":"XXX","metadata":[]}`, `[]`, `{"type":null,"customer":null}`, "{\"description\":\"\\ud800\",\"amount\":1}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		s := newShop(t)
		first := s.do(http.MethodPost, "/api/payments", body)
		if first.status >= 500 {
			t.Fatalf("%q: %d %s", body, first.status, first.body)
		}
		again := s.do(http.MethodPost, "/api/payments", body)
		if first.status < 300 && string(first.body) != string(again.body) {
			t.Errorf("%q: %s, and then %s", body, first.body, again.body)
		}
	})
}

// FuzzLink opens what strangers may have for a link: the page of a payment is
// seen by its own link alone.
func FuzzLink(f *testing.F) {
	f.Add("/checkin/pay_01jmb2w3k4h5n6p7q8r9s0t1v2", "AAAA")
	f.Add("/checkin/", "")
	f.Add("/checkin/pay_", "\x00")
	f.Fuzz(func(t *testing.T, path, k string) {
		s := newShop(t)
		u := url.URL{Path: "/checkin/" + path, RawQuery: url.Values{"k": {k}}.Encode()}
		if r := s.get(u.String()); r.status == http.StatusOK || r.status >= 500 {
			t.Errorf("%s: %d", u.String(), r.status)
		}
	})
}
