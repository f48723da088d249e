package jsonapi_test

import (
	"net/http"
	"strings"
	"testing"
)

// FuzzBodies sends what strangers may send to the calls that make money move:
// the answer is a described refusal or a request, and never a 5xx.
func FuzzBodies(f *testing.F) {
	for _, s := range []string{
		`{"data":{"type":"payout-request","attributes":{"point_id":"POINT","point_currency":"USD","point_amount":1,"service":"test_usd","fields":{"account":"4411"}}}}`,
		`{"data":{"type":"payout-requests","attributes":{"point_amount":"1.5","expires":9e9,"metadata":{"a":{}},"customer":{"id":"x"},"context":{"account":1}}}}`,
		`{"data":{"type":"payout-request","attributes":null}}`, `{"data":[]}`, `[]`, `{"data":{"type":"payout-request","attributes":{"fields":{"":""},"service":"","point_amount":00}}}`,
		"{\"data\":\"\\ud800\"}", `{"data":{"type":"payout-request","id":7}}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		s := newShop(t)
		body = strings.Replace(body, "POINT", s.point("USD"), 1)
		for _, path := range []string{requests, payouts, points, requests + "/explain"} {
			if body == "" {
				continue
			}
			r := s.do(http.MethodPost, path, body)
			if r.status >= 500 {
				t.Errorf("%s: %d %s", r.what, r.status, r.body)
			}
		}
	})
}
