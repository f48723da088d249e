package jsonapi_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/sim"
)

// only narrows a list by a filter and returns the one that is left.
func (s *shop) only(path string) reply {
	s.t.Helper()
	r := s.do("GET", path, "").ok()
	if n := len(r.ids()); n != 1 {
		s.t.Fatalf("%s lists %d, want 1: %s", path, n, r.body)
	}
	return r
}

func TestAPayoutOfItsOwnGoesOutAtOnce(t *testing.T) {
	s := newShop(t)
	d := s.only(deposits + "?filter[currency]=EUR").ids()[0]
	body := func(more string) string {
		return doc("payout", fmt.Sprintf(`{"deposit_account_id":%q,"amount":"7.25","service":"test_eur","fields":{"account":"4411"}%s}`, d, more))
	}
	r := s.do("POST", payouts, body(`,"reference_id":"own-1"`)).created().has("data.type", "payouts").has("data.attributes.amount", 7.25).has("data.attributes.currency", "EUR").has("data.attributes.status", "READY").
		has("data.relationships.deposit-account.data.id", d)
	s.do("POST", payouts, body(`,"reference_id":"own-1"`)).ok().has("data.id", r.str("data.id"))
	s.do("POST", payouts, body(`,"reference_id":"own-1","memo":"x"`)).refused(409, "reference_id_conflict", "/data/attributes/reference_id")
	s.run(time.Minute)
	s.do("GET", r.str("data.links.self"), "").ok().has("data.attributes.status", "PROCESSED").has("data.attributes.processed_amount", 7.25).has("data.attributes.reference", r.str("data.id"))
	s.do("GET", r.str("data.links.self")+"?include=payout-request", "").ok().has("included.0.attributes.status", "PROCESSED")
	for change, want := range map[string]string{
		`"currency":"USD"`: "422 field_invalid currency", `"split_mode":true`: "422 field_invalid split_mode", `"autoprocess":false`: "422 field_invalid autoprocess", `"test_mode":false`: "422 field_invalid test_mode",
	} {
		var status int
		var code, at string
		fmt.Sscan(want, &status, &code, &at)
		s.do("POST", payouts, body(","+change)).refused(status, code, "/data/attributes/"+at)
	}
	for _, name := range []string{"deposit_account_id", "amount", "service"} {
		attributes := map[string]string{"deposit_account_id": `"` + d + `"`, "amount": "1", "service": `"test_eur"`, "fields": `{"account":"1"}`}
		delete(attributes, name)
		var parts []string
		for k, v := range attributes {
			parts = append(parts, `"`+k+`":`+v)
		}
		s.do("POST", payouts, doc("payouts", "{"+strings.Join(parts, ",")+"}")).refused(422, "field_missing", "/data/attributes/"+name)
	}
	s.do("POST", payouts, strings.Replace(body(""), d, "pda_00000000000000000000000000", 1)).refused(404, "not_found", "/data/attributes/deposit_account_id")
	s.do("POST", payouts, strings.Replace(body(""), "test_eur", "test_usd", 1)).refused(422, "no_route", "")
	s.do("POST", payouts, strings.Replace(body(""), `"7.25"`, "99999999", 1)).refused(422, "field_invalid", "/data/attributes/amount")
}

func TestStatementsTellWhoSaidWhat(t *testing.T) {
	s := newShop(t)
	id := s.point("USD")
	r := s.do("POST", requests, doc("payout-request", fmt.Sprintf(`{"point_id":%q,"point_currency":"USD","point_amount":10,"service":"test_usd","fields":{"account":"pending"}}`, id))).created()
	s.run(time.Minute)
	po := payouts + "/" + s.do("GET", r.str("data.links.self"), "").ok().has("data.attributes.status", "PENDING").str("data.relationships.payouts.data.0.id")
	list := s.do("GET", po+"/statements", "").ok()
	if list.str("data.0.attributes.source") == "" {
		t.Fatalf("no statements: %s", list.body)
	}
	for attributes, at := range map[string]string{
		`{}`: "field_missing status", `{"status":"maybe"}`: "field_invalid status", `{"status":"success","amount":11}`: "field_invalid amount", `{"status":"success","amount":0}`: "field_invalid amount",
		`{"status":"fail","amount":1}`: "field_invalid amount", `{"status":1}`: "field_invalid status", `{"status":"success","external_id":"` + strings.Repeat("x", 256) + `"}`: "field_invalid external_id",
	} {
		code, field, _ := strings.Cut(at, " ")
		s.do("POST", po+"/statements", doc("payout-statements", attributes)).refused(422, code, "/data/attributes/"+field)
	}
	s.lied[po[len(payouts)+1:]] = true
	s.do("POST", po+"/statements", doc("payout-statement", `{"status":"success","amount":"4.00","external_id":"X-1","description":"seen at the bank"}`)).created().
		has("data.attributes.status", "PARTIALLY_PROCESSED").has("data.attributes.processed_amount", 4).has("data.attributes.provider_original_id", "X-1")
	list = s.do("GET", po+"/statements?filter[source]=manual", "").ok()
	list.has("data.0.attributes.status", "success").has("data.0.attributes.external_id", "X-1").has("data.0.attributes.description", "seen at the bank").has("data.0.attributes.author", s.keyID).has("data.0.attributes.resolution", "OK")
	s.do("POST", po+"/pull-statement", "").ok()
	s.do("POST", po+"/resolve", doc("payouts", `{"status":"success"}`)).refused(409, "state_conflict", "")
	s.do("POST", po+"/resolve", doc("payouts", `{}`)).refused(422, "field_missing", "/data/attributes/status")
	events := s.do("GET", r.str("data.links.self")+"/events?sort=created", "").ok()
	events.has("data.0.attributes.event", "created").has("data.0.attributes.actor", s.keyID)
	if n := len(events.ids()); n < 4 {
		t.Errorf("%d events: %s", n, events.body)
	}
}

// TestAStatementIsPulledForAPayoutThatWaitsForAPerson: no machine asks, and
// whoever wants to know can.
func TestAStatementIsPulledForAPayoutThatWaitsForAPerson(t *testing.T) {
	s := newShop(t)
	r := s.do("POST", requests, doc("payout-request", fmt.Sprintf(`{"point_id":%q,"point_currency":"USD","point_amount":10,"service":"test_usd","fields":{"account":"late_success"}}`, s.point("USD")))).created()
	s.run(500 * time.Millisecond)
	self := r.str("data.links.self")
	s.do("POST", self+"/moderate", "").ok().has("data.attributes.status", "PENDING")
	s.run(time.Hour)
	po := payouts + "/" + s.do("GET", self, "").ok().has("data.attributes.status", "PENDING").str("data.relationships.payouts.data.0.id")
	before := len(s.do("GET", po+"/statements", "").ok().ids())
	s.do("POST", po+"/pull-statement", "").ok().has("data.attributes.status", "PROCESSED")
	after := s.do("GET", po+"/statements", "").ok().has("data.0.attributes.source", "reconciliation").has("data.0.attributes.status", "success").ids()
	if len(after) != before+1 {
		t.Errorf("%d statements, then %d", before, len(after))
	}
	s.do("GET", self, "").ok().has("data.attributes.status", "PROCESSED")

	s = newShopIn(t, sim.Config{Seed: 1, Traits: connector.Traits{Idempotent: true, Settle: time.Second}})
	r = s.do("POST", requests, doc("payout-request", fmt.Sprintf(`{"point_id":%q,"point_currency":"USD","point_amount":10,"service":"test_usd","fields":{"account":"pending"}}`, s.point("USD")))).created()
	s.run(time.Minute)
	po = payouts + "/" + s.do("GET", r.str("data.links.self"), "").ok().str("data.relationships.payouts.data.0.id")
	s.do("POST", po+"/pull-statement", "").refused(422, "not_supported", "")
}

// TestPayoutsAreListedWhateverTheirRequest pages payouts of which one request
// has several.
func TestPayoutsAreListedWhateverTheirRequest(t *testing.T) {
	s := newShop(t)
	id := s.point("USD")
	split := s.route("test_usd", `{"amount_max":5}`)
	r := s.do("POST", requests, doc("payout-request", fmt.Sprintf(`{"point_id":%q,"point_currency":"USD","point_amount":12,"service":"test_usd","split_mode":true,"fields":{"account":"4411"}}`, id))).created()
	s.run(time.Minute)
	s.do("PATCH", routes+"/"+split, doc("payout-routes", `{"amount_max":null}`)).ok()
	s.request(id, "").created()
	s.run(time.Minute)
	r = s.do("GET", r.str("data.links.self"), "").ok().has("data.attributes.status", "PROCESSED").has("data.attributes.processed_amount", 12)
	of := s.do("GET", r.str("data.links.self")+"/payouts?sort=created", "").ok()
	if n := len(of.ids()); n != 3 {
		t.Fatalf("12 by at most 5 went out in %d payouts: %s", n, of.body)
	}
	all := s.do("GET", payouts+"?sort=created", "").ok().ids()
	if len(all) != 4 || !slices.Equal(all[:3], of.ids()) {
		t.Fatalf("all: %v, of the request %v", all, of.ids())
	}
	for size := 1; size <= 5; size++ {
		var up, down []string
		for next := fmt.Sprintf("%s?sort=created&page[size]=%d", payouts, size); next != ""; {
			r := s.do("GET", next, "").ok()
			up = append(up, r.ids()...)
			next = r.str("links.next")
		}
		for next := fmt.Sprintf("%s?sort=created&page[size]=%d&page[before]=last", payouts, size); next != ""; {
			r := s.do("GET", next, "").ok()
			down = append(r.ids(), down...)
			next = r.str("links.prev")
		}
		if !slices.Equal(up, all) || !slices.Equal(down, all) {
			t.Errorf("by %d: forth %v, back %v, want %v", size, up, down, all)
		}
	}
	for query, want := range map[string][]string{
		"?filter[payout_request_id]=" + r.str("data.id"): {all[2], all[1], all[0]}, "?filter[amount]=5": {all[1], all[0]}, "?filter[amount]=2": {all[2]}, "?filter[amount][lt]=5&page[size]=1": {all[2]},
		"?filter[status]=failed": nil, "?filter[id]=" + all[1]: {all[1]}, "?page[after]=" + all[2]: {all[1], all[0]}, "?page[before]=" + all[1] + "&page[size]=1": {all[2]}, "?filter[service]=test_usd&page[size]=2": {all[3], all[2]},
	} {
		if got := s.do("GET", payouts+query, "").ok().ids(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
}

// route changes the one route of a service and returns its id.
func (s *shop) route(service, change string) string {
	s.t.Helper()
	id := s.only(routes + "?filter[service]=" + service).ids()[0]
	s.do("PATCH", routes+"/"+id, doc("payout-routes", change)).ok()
	return id
}
