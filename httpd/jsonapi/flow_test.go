package jsonapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const (
	requests = "/v1/payout-gateway/payout-requests"
	payouts  = "/v1/payout-gateway/payouts"
	points   = "/v1/payout-gateway/payout-points"
	routes   = "/v1/payout-gateway/payout-routes"
	schemes  = "/v1/payout-gateway/routing-schemes"
	deposits = "/v1/provider-hub/deposit-accounts"
	accounts = "/v1/provider-hub/provider-accounts"
	rates    = "/v1/fx-rates/schemes"
)

// point makes a payout point and returns its id.
func (s *shop) point(currencies ...string) string {
	s.t.Helper()
	return s.do("POST", points, doc("payout-points", `{"name":"Shop","currencies":["`+strings.Join(currencies, `","`)+`"]}`)).created().str("data.id")
}

// request makes a payout request of the test service, with more attributes.
func (s *shop) request(point, more string) reply {
	s.t.Helper()
	return s.do("POST", requests, doc("payout-request", fmt.Sprintf(`{"point_id":%q,"point_currency":"USD","point_amount":12.5,"service":"test_usd","fields":{"account":"4411"}%s}`, point, more)))
}

// TestTheSeedsOwnExampleEndsProcessed is the example of the original's
// documentation, but for its point, which is made here.
func TestTheSeedsOwnExampleEndsProcessed(t *testing.T) {
	s := newShop(t)
	id := s.point("USD")
	example := strings.Replace(`{
  "data": {
    "type": "payout-request",
    "attributes": {
      "point_amount": 1,
	    "point_id": "pop_SHZxNhPrDHtCf8hH",
      "point_currency": "USD",
      "service": "test_usd",
      "test_mode": true,
      "fields": {
    	  "account":"some_random_string"
      }
    }
  }
}`, "pop_SHZxNhPrDHtCf8hH", id, 1)
	r := s.do("POST", requests, example, "Content-Type: application/json").created()
	r.has("data.type", "payout-requests").has("data.attributes.status", "READY").has("data.attributes.resolution", "OK").
		has("data.attributes.point_amount", 1).has("data.attributes.processed_amount", nil).has("data.relationships.payouts.data", "[]")
	s.run(time.Minute)
	r = s.do("GET", r.str("data.links.self"), "").ok()
	r.has("data.attributes.status", "PROCESSED").has("data.attributes.processed_amount", 1).has("data.attributes.attempts", 0)
	if r.at("data.attributes.processed") == nil {
		t.Error("processed is not dated")
	}
	p := s.do("GET", payouts+"/"+r.str("data.relationships.payouts.data.0.id"), "").ok()
	p.has("data.attributes.status", "PROCESSED").has("data.attributes.amount", 1).has("data.attributes.currency", "USD")
}
