package jsonapi_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"penstock/engine"
)

// TestARequestEchoesWhatItWasMadeFrom covers every attribute of a create.
func TestARequestEchoesWhatItWasMadeFrom(t *testing.T) {
	s := newShop(t)
	id := s.point("USD", "EUR")
	r := s.request(id, `,"reference_id":"INV/2026 #7","memo":"Salary","description":"March","attempts_limit":3,"split_mode":true,"parallel_mode":true,"allow_partially":true,
		"autoprocess":false,"moderation_required":false,"metadata":{"order":7,"note":"x"},"expires":3600,"test_mode":true,"callback_url":null,"customer":{"id":"ada","name":"Ada"}`).created()
	for path, want := range map[string]any{
		"reference_id": "INV/2026 #7", "memo": "Salary", "description": "March", "attempts_limit": 3.0, "split_mode": true, "parallel_mode": true, "allow_partially": true,
		"autoprocess": false, "moderation_required": false, "metadata.order": 7.0, "metadata.note": "x", "test_mode": true, "callback_url": nil, "status": "READY",
		"amount": 12.5, "currency": "USD", "point_amount": 12.5, "point_currency": "USD", "processed_amount": nil, "processed": nil, "service": "test_usd", "attempts": 0.0,
	} {
		r.has("data.attributes."+path, want)
	}
	if r.attr("expires").(float64)-r.attr("created").(float64) != 3600 {
		t.Errorf("expires %v, created %v", r.attr("expires"), r.attr("created"))
	}
	r.has("data.relationships.customer.data.id", "ada").has("data.relationships.payout-point.data.id", id).has("data.relationships.payout-service.data.id", "test_usd").
		has("data.relationships.payout-method.data.id", "test").has("data.relationships.payouts.data", "[]")
	if r.header.Get("Location") != r.str("data.links.self") || !strings.HasPrefix(r.str("data.id"), "porq_") {
		t.Errorf("Location %q of %s", r.header.Get("Location"), r.body)
	}
}

func TestAmountsAreExactDecimals(t *testing.T) {
	s := newShop(t)
	id := s.point("USD", "JPY", "KWD")
	for _, row := range []struct{ currency, sent, shown string }{
		{"USD", "12.5", "12.5"}, {"USD", `"12.50"`, "12.5"}, {"USD", "12.00", "12"}, {"USD", `"0.01"`, "0.01"}, {"USD", "9999999", "9999999"},
		{"JPY", "100", "100"}, {"JPY", `"1000"`, "1000"}, {"KWD", "0.125", "0.125"}, {"KWD", "1.5", "1.5"},
	} {
		r := s.do("POST", requests, doc("payout-request", fmt.Sprintf(`{"point_id":%q,"point_currency":%q,"point_amount":%s,"service":"test_%s","fields":{"account":"4411"},"autoprocess":false}`, id, row.currency, row.sent, strings.ToLower(row.currency)))).created()
		if !strings.Contains(r.body, `"amount":`+row.shown+`,`) || !strings.Contains(r.body, `"point_amount":`+row.shown+`,`) {
			t.Errorf("%s %s: %s", row.currency, row.sent, r.body)
		}
	}
	for _, row := range [][2]string{
		{"USD", "0"}, {"USD", "-1"}, {"USD", "0.001"}, {"USD", "1e3"}, {"USD", `"1e3"`}, {"USD", `""`}, {"USD", `"1,5"`}, {"USD", "true"}, {"USD", "{}"}, {"USD", "99999999999999999999"},
		{"JPY", "1.5"}, {"JPY", `"1.0"`}, {"KWD", "0.0001"},
	} {
		s.do("POST", requests, doc("payout-request", fmt.Sprintf(`{"point_id":%q,"point_currency":%q,"point_amount":%s,"service":"test_usd","fields":{"account":"4411"}}`, id, row[0], row[1]))).
			refused(422, "field_invalid", "/data/attributes/point_amount")
	}
}

func TestBadRequestsAreRefusedByName(t *testing.T) {
	s := newShop(t)
	id := s.point("USD")
	good := map[string]string{"point_id": `"` + id + `"`, "point_currency": `"USD"`, "point_amount": "1", "service": `"test_usd"`, "fields": `{"account":"4411"}`}
	send := func(change map[string]string) reply {
		all := map[string]string{}
		for k, v := range good {
			all[k] = v
		}
		for k, v := range change {
			all[k] = v
			if v == "" {
				delete(all, k)
			}
		}
		var parts []string
		for k, v := range all {
			parts = append(parts, `"`+k+`":`+v)
		}
		return s.do("POST", requests, doc("payout-request", "{"+strings.Join(parts, ",")+"}"))
	}
	send(nil).created()
	for _, name := range []string{"point_id", "point_currency", "point_amount", "service"} {
		send(map[string]string{name: ""}).refused(422, "field_missing", "/data/attributes/"+name)
		send(map[string]string{name: "null"}).refused(422, "field_missing", "/data/attributes/"+name)
	}
	for _, row := range [][3]string{
		{"point_id", "7", "422 field_invalid point_id"}, {"point_id", `"pop_00000000000000000000000000"`, "404 not_found point_id"}, {"point_id", `"x"`, "404 not_found point_id"},
		{"point_currency", `"EUR"`, "422 field_invalid point_currency"}, {"point_currency", `"usd"`, "422 field_invalid point_currency"}, {"point_currency", `"XYZ"`, "422 field_invalid point_currency"},
		{"point_amount", "10000000", "422 field_invalid point_amount"}, {"service", `"nothing"`, "422 field_invalid service"}, {"service", `[]`, "422 field_invalid service"},
		{"fields", `{}`, "422 field_missing fields/account"}, {"fields", ``, "422 field_missing fields/account"}, {"fields", `{"account":4411}`, "422 field_invalid fields/account"},
		{"fields", `{"account":"a b"}`, "422 field_invalid fields/account"}, {"fields", `{"account":"4411","other":"x"}`, "422 field_invalid fields/other"}, {"fields", `"x"`, "422 field_invalid fields"},
		{"fields", `{"account":"` + strings.Repeat("x", 65) + `"}`, "422 field_invalid fields/account"},
		{"test_mode", "false", "422 field_invalid test_mode"}, {"test_mode", `"true"`, "422 field_invalid test_mode"},
		{"reference_id", `""`, "422 field_invalid reference_id"}, {"reference_id", `"` + strings.Repeat("x", 256) + `"`, "422 field_invalid reference_id"}, {"reference_id", `"a\u0000b"`, "422 field_invalid reference_id"},
		{"attempts_limit", "-1", "422 field_invalid attempts_limit"}, {"attempts_limit", "101", "422 field_invalid attempts_limit"}, {"attempts_limit", "1.5", "422 field_invalid attempts_limit"}, {"attempts_limit", `"1"`, "422 field_invalid attempts_limit"},
		{"allow_partially", "true", "422 field_invalid allow_partially"}, {"split_mode", "1", "422 field_invalid split_mode"},
		{"metadata", `[]`, "422 field_invalid metadata"}, {"metadata", `"x"`, "422 field_invalid metadata"}, {"metadata", "{" + members(21) + "}", "422 field_invalid metadata"},
		{"expires", "0", "422 field_invalid expires"}, {"expires", "-5", "422 field_invalid expires"}, {"expires", "1700000000", "422 field_invalid expires"}, {"expires", "99999999999999", "422 field_invalid expires"}, {"expires", `"soon"`, "422 field_invalid expires"},
		{"memo", `"` + strings.Repeat("x", 1025) + `"`, "422 field_invalid memo"}, {"memo", "1", "422 field_invalid memo"}, {"customer", `"ada"`, "422 field_invalid customer"},
		{"customer", `{"id":"a b","name":"x"}`, "422 field_invalid customer/id"}, {"customer", `{"id":"nobody"}`, "404 not_found customer/id"},
		{"quote_id", `"quo_00000000000000000000000000"`, "404 not_found quote_id"}, {"quote_id", `"x"`, "404 not_found quote_id"},
	} {
		var status int
		var code, at string
		if _, err := fmt.Sscan(row[2], &status, &code, &at); err != nil {
			t.Fatal(err)
		}
		send(map[string]string{row[0]: row[1]}).refused(status, code, "/data/attributes/"+at)
	}
	send(map[string]string{"metadata": "{" + members(20) + "}"}).created()
	send(map[string]string{"nobody_knows": "[1]"}).created()
	r := s.do("POST", requests, doc("payout-request", `{}`))
	if all := r.at("errors").([]any); len(all) != 4 {
		t.Errorf("of nothing: %s", r.body)
	}
}

func members(n int) string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf(`"k%d":%d`, i, i))
	}
	return strings.Join(out, ",")
}

// TestAReferenceMakesACreateHarmlessToRepeat covers repeats that are written
// otherwise, other bodies, and an Idempotency-Key beside it.
func TestAReferenceMakesACreateHarmlessToRepeat(t *testing.T) {
	s := newShop(t)
	id := s.point("USD")
	first := s.request(id, `,"reference_id":"wd-1001"`).created()
	s.run(time.Minute)
	again := s.request(id, `,"reference_id":"wd-1001"`).ok()
	if again.body != first.body {
		t.Errorf("a repeat got another answer:\n%s\n%s", first.body, again.body)
	}
	s.do("POST", requests, doc("payout-request", `{"reference_id":"wd-1001","fields":{"account":"4411"},"service":"test_usd","point_amount":12.50,"point_currency":"USD","point_id":"`+id+`"}`)).ok()
	s.request(id, `,"reference_id":"wd-1001","memo":"x"`).refused(409, "reference_id_conflict", "/data/attributes/reference_id")
	if got := s.do("GET", requests, "").ok().ids(); len(got) != 1 {
		t.Errorf("%d requests after repeats", len(got))
	}
	if got := s.do("GET", requests+"?filter[reference_id]=wd-1001", "").ok().ids(); len(got) != 1 || got[0] != first.str("data.id") {
		t.Errorf("by reference: %v", got)
	}
}

func TestAnIdempotencyKeyMakesACallHarmlessToRepeat(t *testing.T) {
	s := newShop(t)
	id := s.point("USD")
	body := func(ref string) string {
		return doc("payout-request", fmt.Sprintf(`{"point_id":%q,"point_currency":"USD","point_amount":1,"service":"test_usd","fields":{"account":"4411"}%s}`, id, ref))
	}
	const ref = `,"reference_id":"r1"`
	first := s.do("POST", requests, body(ref), "Idempotency-Key: k1").created()
	for _, again := range []reply{
		s.do("POST", requests, body(ref), "Idempotency-Key: k1").ok(),
		s.do("POST", requests, body(ref), "Idempotency-Key: k2").ok(), // known by its reference
		s.do("POST", requests, body(ref)).ok(),
	} {
		if again.body != first.body {
			t.Errorf("a repeat got another answer: %s", again.body)
		}
	}
	s.do("POST", requests, body(""), "Idempotency-Key: k1").refused(409, "idempotency_key_reused", "Idempotency-Key")
	s.do("POST", requests, body(`,"reference_id":"r1","memo":"x"`), "Idempotency-Key: k3").refused(409, "reference_id_conflict", "/data/attributes/reference_id")
	s.do("POST", requests, body(""), "Idempotency-Key: a b").refused(400, "idempotency_key_invalid", "Idempotency-Key")
	s.do("POST", requests, body(""), "Idempotency-Key: k4").created()
	if got := s.do("GET", requests, "").ok().ids(); len(got) != 2 {
		t.Errorf("%d requests, want 2", len(got))
	}
	p1 := s.do("POST", points, doc("payout-points", `{"name":"A","currencies":["USD"]}`), "Idempotency-Key: k1").created()
	p2 := s.do("POST", points, doc("payout-points", `{"name":"A","currencies":["USD"]}`), "Idempotency-Key: k1").ok()
	if p1.body != p2.body {
		t.Errorf("a point was made twice: %s %s", p1.body, p2.body)
	}
	s.do("POST", points, doc("payout-points", `{"name":"B","currencies":["USD"]}`), "Idempotency-Key: k1").refused(409, "idempotency_key_reused", "Idempotency-Key")
}

// TestARequestFailsByItsProvidersWord covers how ends are told.
func TestARequestFailsByItsProvidersWord(t *testing.T) {
	s := newShop(t)
	id := s.point("USD")
	for fields, want := range map[string]string{
		`"account":"declined"`:            "FAILED DECLINED_ERROR PROCESS_FAILED",
		`"account":"recipient_not_found"`: "FAILED RECIPIENT_NOT_FOUND PROCESS_FAILED",
		`"account":"partly"`:              "PENDING OK PARTIALLY_PROCESSED",
		`"account":"pending"`:             "PENDING OK PENDING",
		`"account":"x1","test_details_payout_status":"FAIL","test_details_payout_resolution":"INVALID-DETAILS"`: "FAILED INVALID_DETAILS PROCESS_FAILED",
		`"account":"x1","test_details_payout_status":"processed"`:                                               "PROCESSED OK PROCESSED",
	} {
		r := s.do("POST", requests, doc("payout-request", fmt.Sprintf(`{"point_id":%q,"point_currency":"USD","point_amount":10,"service":"test_usd","fields":{%s}}`, id, fields))).created()
		s.run(2 * time.Minute)
		r = s.do("GET", r.str("data.links.self"), "").ok()
		p := s.do("GET", payouts+"/"+r.str("data.relationships.payouts.data.0.id"), "").ok()
		if failed := p.attr("status") == "PROCESS_FAILED"; failed != (r.at("data.attributes.payouts.0.id") == nil) {
			t.Errorf("%s: a payout that failed is told of: %v: %s", fields, !failed, r.body)
		}
		if got := fmt.Sprint(r.attr("status"), " ", r.attr("resolution"), " ", p.attr("status")); got != want {
			t.Errorf("%s: %s, want %s", fields, got, want)
		}
	}
}

func TestReadyWaitsToBeProcessedOrTerminated(t *testing.T) {
	s := newShop(t)
	id := s.point("USD")
	self := s.request(id, `,"autoprocess":false`).created().str("data.links.self")
	s.run(time.Hour)
	s.do("GET", self, "").ok().has("data.attributes.status", "READY")
	s.do("POST", self+"/process", "").ok()
	s.run(time.Minute)
	s.do("GET", self, "").ok().has("data.attributes.status", "PROCESSED")
	s.do("POST", self+"/process", "").refused(409, "state_conflict", "")
	s.do("POST", self+"/terminate", "").refused(409, "state_conflict", "")
	s.do("POST", self+"/cancel", "").refused(409, "state_conflict", "")
	s.do("POST", self+"/moderate", "").refused(409, "state_conflict", "")

	other := s.request(id, `,"autoprocess":false`).created().str("data.links.self")
	first := s.do("POST", other+"/terminate", "", "Idempotency-Key: t1").ok().has("data.attributes.status", "TERMINATED")
	if again := s.do("POST", other+"/terminate", "", "Idempotency-Key: t1").ok(); again.body != first.body {
		t.Errorf("a repeat got %s", again.body)
	}
	s.do("POST", other+"/terminate", "").refused(409, "state_conflict", "")
	third := s.request(id, `,"autoprocess":false`).created().str("data.links.self")
	s.do("POST", third+"/terminate", "", "Idempotency-Key: t1").refused(409, "idempotency_key_reused", "Idempotency-Key") // it was another's
	s.do("GET", third, "").ok().has("data.attributes.status", "READY")

	expiring := s.request(id, `,"autoprocess":false,"expires":60`).created().str("data.links.self")
	s.run(2 * time.Minute)
	s.do("GET", expiring, "").ok().has("data.attributes.status", "EXPIRED").has("data.attributes.resolution", "OPERATION_EXPIRED")
}

func TestModerationStopsAndLetsGoOn(t *testing.T) {
	s := newShop(t)
	id := s.point("USD")
	self := s.request(id, `,"moderation_required":true,"split_mode":true`).created().has("data.attributes.moderation_required", true).str("data.links.self")
	s.run(time.Hour)
	s.do("GET", self, "").ok().has("data.attributes.status", "READY").has("data.relationships.payouts.data", "[]")
	s.do("PATCH", self, doc("payout-requests", `{"attempts_limit":5,"allow_partially":true}`)).ok().has("data.attributes.attempts_limit", 5).has("data.attributes.allow_partially", true)
	s.do("PATCH", self, doc("payout-requests", `{"attempts_limit":-1}`)).refused(422, "field_invalid", "/data/attributes/attempts_limit")
	s.do("POST", self+"/unmoderate", "").ok().has("data.attributes.moderation_required", false)
	s.do("PATCH", self, doc("payout-requests", `{"attempts_limit":5}`)).refused(409, "state_conflict", "")
	s.run(time.Minute)
	s.do("GET", self, "").ok().has("data.attributes.status", "PROCESSED")

	self = s.request(id, `,"autoprocess":false`).created().str("data.links.self")
	s.do("POST", self+"/unmoderate", "").refused(409, "state_conflict", "")
	s.do("POST", self+"/moderate", doc("payout-requests", `{"description":"who is this?"}`)).ok().has("data.attributes.moderation_reason", "who is this?")
	s.do("PATCH", self, doc("payout-requests", `{"allow_partially":true}`)).refused(422, "field_invalid", "/data/attributes/allow_partially")
}

func TestRequestsAreListedAndFiltered(t *testing.T) {
	s := newShop(t)
	a, b := s.point("USD"), s.point("USD")
	var ids []string
	for i, account := range []string{"ok-1", "declined", "ok-2"} {
		s.Clock.Advance(time.Second)
		r := s.do("POST", requests, doc("payout-request", fmt.Sprintf(`{"point_id":%q,"point_currency":"USD","point_amount":%d,"service":"test_usd","reference_id":"r%d","fields":{"account":%q}}`, map[bool]string{true: a, false: b}[i < 2], 10*(i+1), i, account))).created()
		ids = append(ids, r.str("data.id"))
	}
	s.run(time.Minute)
	created := int64(s.do("GET", requests+"/"+ids[1], "").ok().attr("created").(float64))
	for query, want := range map[string][]int{
		"":                                     {2, 1, 0},
		"?sort=created":                        {0, 1, 2},
		"?sort=-created&page[size]=2":          {2, 1},
		"?page[size]=1&page[after]=" + ids[1]:  {0},
		"?page[size]=1&page[before]=" + ids[0]: {1},
		"?page[size]=2&page[before]=last":      {1, 0},
		"?sort=created&page[size]=1&page[after]=" + ids[0]:     {1},
		"?filter[status]=processed":                            {2, 0},
		"?filter[status]=FAILED,expired":                       {1},
		"?filter[status][neq]=FAILED":                          {2, 0},
		"?filter[resolution]=declined_error":                   {1},
		"?filter[point_id]=" + b:                               {2},
		"?filter[amount][from]=20":                             {2, 1},
		"?filter[amount]=10":                                   {0},
		"?filter[reference_id]=r0,r2":                          {2, 0},
		"?filter[reference_id][]=r0&filter[reference_id][]=r1": {1, 0},
		fmt.Sprintf("?filter[created][from]=%d&filter[created][to]=%d", created, created): {1},
		fmt.Sprintf("?filter[created][from]=%d", created):                                 {2, 1},
		fmt.Sprintf("?filter[created][to]=%d", created):                                   {1, 0},
		"?filter[moderation_required]=yes":                                                {},
		"?filter[test_modus]=x":                                                           {2, 1, 0},
		"?filter[id]=" + ids[2]:                                                           {2},
	} {
		var expect []string
		for _, i := range want {
			expect = append(expect, ids[i])
		}
		if got := s.do("GET", requests+query, "").ok().ids(); !slices.Equal(got, expect) {
			t.Errorf("%s: %v, want %v", query, got, expect)
		}
	}
	var walked []string
	for next := requests + "?page[size]=2&filter[status]=processed,failed"; next != ""; {
		r := s.do("GET", next, "").ok()
		walked = append(walked, r.ids()...)
		next = r.str("links.next")
	}
	if !slices.Equal(walked, []string{ids[2], ids[1], ids[0]}) {
		t.Errorf("walked %v", walked)
	}
	for query, at := range map[string]string{
		"page[after]=x": "page[after]", "page[after]=po_" + ids[0][5:]: "page[after]", "sort=amount": "sort", "include=nobody": "include", "filter[created][from]=now": "filter[created][from]", "page[size]=1000": "page[size]",
	} {
		s.do("GET", requests+"?"+query, "").refused(400, "query_invalid", at)
	}
	r := s.do("GET", requests+"?include=payouts,payout-point&page[size]=1", "").ok()
	if r.str("included.0.type") != "payouts" || r.str("included.1.type") != "payout-points" || r.str("included.1.id") != b {
		t.Errorf("included: %s", r.body)
	}
	r = s.do("GET", requests+"/"+ids[0]+"?include[]=payouts&include[]=payout-service", "").ok()
	if r.str("included.0.type") != "payouts" || r.str("included.1.id") != "test_usd" {
		t.Errorf("included: %s", r.body)
	}
}

// TestAnothersRecordsAreAsOnesThatAreNot asks for a merchant's records with
// another's key, and with a key of the other mode.
func TestAnothersRecordsAreAsOnesThatAreNot(t *testing.T) {
	s := newShop(t)
	_, err := s.Engine.CreateMerchant(t.Context(), operator("other", engine.Test), "other", "")
	must(t, err)
	foreign, _, _ := s.newKey("other", engine.Test, engine.Rights()...)
	live, _, _ := s.newKey(s.id, engine.Live, engine.Rights()...)
	id := s.point("USD")
	r := s.request(id, "").created()
	s.run(time.Minute)
	r = s.do("GET", r.str("data.links.self"), "").ok()
	po := s.do("GET", payouts+"/"+r.str("data.relationships.payouts.data.0.id"), "").ok()
	scheme := s.do("POST", schemes, doc("payout-routing-schemes", `{"name":"x"}`)).created().str("data.id")
	rate := s.do("POST", rates, doc("rate-schemes", `{"name":"x"}`)).created().str("data.id")
	pay := func(point string) string {
		return doc("payout-request", fmt.Sprintf(`{"point_id":%q,"point_currency":"USD","point_amount":1,"service":"test_usd","fields":{"account":"4411"}}`, point))
	}
	calls := []struct{ call, id, body, none string }{
		{"GET " + requests + "/{}", r.str("data.id"), "", "porq_"}, {"PATCH " + requests + "/{}", r.str("data.id"), doc("payout-requests", `{"attempts_limit":1}`), "porq_"},
		{"POST " + requests + "/{}/process", r.str("data.id"), "", "porq_"}, {"POST " + requests + "/{}/terminate", r.str("data.id"), "", "porq_"}, {"POST " + requests + "/{}/cancel", r.str("data.id"), "", "porq_"},
		{"POST " + requests + "/{}/moderate", r.str("data.id"), "", "porq_"}, {"POST " + requests + "/{}/unmoderate", r.str("data.id"), "", "porq_"}, {"GET " + requests + "/{}/payouts", r.str("data.id"), "", "porq_"},
		{"GET " + requests + "/{}/events", r.str("data.id"), "", "porq_"}, {"GET " + requests + "/{}/decisions", r.str("data.id"), "", "porq_"}, {"GET " + requests + "/{}/callbacks", r.str("data.id"), "", "porq_"},
		{"GET " + payouts + "/{}", po.str("data.id"), "", "po_"}, {"GET " + payouts + "/{}/statements", po.str("data.id"), "", "po_"}, {"POST " + payouts + "/{}/statements", po.str("data.id"), doc("payout-statements", `{"status":"fail"}`), "po_"},
		{"POST " + payouts + "/{}/pull-statement", po.str("data.id"), "", "po_"}, {"POST " + payouts + "/{}/resolve", po.str("data.id"), doc("payouts", `{"status":"fail"}`), "po_"},
		{"GET " + points + "/{}", id, "", "pop_"}, {"PATCH " + points + "/{}", id, doc("payout-points", `{"name":"y"}`), "pop_"}, {"DELETE " + points + "/{}", id, "", "pop_"},
		{"GET " + routes + "/{}", po.str("data.relationships.payout-route.data.id"), "", "por_"}, {"PATCH " + routes + "/{}", po.str("data.relationships.payout-route.data.id"), doc("payout-routes", `{"enabled":false}`), "por_"},
		{"GET " + schemes + "/{}", scheme, "", "rtg_"}, {"PATCH " + schemes + "/{}", scheme, doc("payout-routing-schemes", `{"name":"y"}`), "rtg_"}, {"DELETE " + schemes + "/{}", scheme, "", "rtg_"}, {"POST " + schemes + "/{}/archive", scheme, "", "rtg_"},
		{"POST " + schemes + "/{}/clone", scheme, "", "rtg_"}, {"GET " + schemes + "/{}/revisions", scheme, "", "rtg_"}, {"POST " + schemes + "/{}/revisions", scheme, doc("routing-scheme-revisions", `{"service":"test_usd","tree":null}`), "rtg_"},
		{"GET " + rates + "/{}", rate, "", "ers_"}, {"PATCH " + rates + "/{}", rate, doc("rate-schemes", `{"name":"y"}`), "ers_"}, {"DELETE " + rates + "/{}", rate, "", "ers_"}, {"GET " + rates + "/{}/rules", rate, "", "ers_"},
		{"POST " + rates + "/{}/rules", rate, doc("rate-rules", `{"base":"USD","quote":"EUR","resource":"fixed","source_rate":1}`), "ers_"},
		{"GET " + accounts + "/{}", po.str("data.relationships.provider-account.data.id"), "", "pacc_"}, {"PATCH " + accounts + "/{}", po.str("data.relationships.provider-account.data.id"), doc("provider-accounts", `{"name":"y"}`), "pacc_"},
		{"POST " + accounts + "/{}/reconnect", po.str("data.relationships.provider-account.data.id"), "", "pacc_"},
		{"GET " + accounts + "/{}/breaker", po.str("data.relationships.provider-account.data.id"), "", "pacc_"}, {"POST " + accounts + "/{}/breaker/open", po.str("data.relationships.provider-account.data.id"), "", "pacc_"},
		{"POST " + accounts + "/{}/breaker/close", po.str("data.relationships.provider-account.data.id"), "", "pacc_"},
		{"GET " + deposits + "/{}", po.str("data.relationships.deposit-account.data.id"), "", "pda_"}, {"PATCH " + deposits + "/{}", po.str("data.relationships.deposit-account.data.id"), doc("deposit-accounts", `{"name":"y"}`), "pda_"},
		{"POST " + deposits + "/{}/top-ups", po.str("data.relationships.deposit-account.data.id"), doc("top-ups", `{"amount":1}`), "pda_"}, {"POST " + deposits + "/{}/adjustments", po.str("data.relationships.deposit-account.data.id"), doc("adjustments", `{"amount":1,"description":"x"}`), "pda_"},
		{"GET " + deposits + "/{}/postings", po.str("data.relationships.deposit-account.data.id"), "", "pda_"}, {"GET " + deposits + "/{}/balance", po.str("data.relationships.deposit-account.data.id"), "", "pda_"},
	}
	for _, c := range calls {
		method, path, _ := strings.Cut(c.call, " ")
		answer := func(s *shop, id string) string {
			r := s.do(method, strings.Replace(path, "{}", id, 1), c.body, "X-Request-Id: the-same-one")
			if r.status != 404 || r.str("errors.0.code") != "not_found" {
				t.Errorf("%s of %s: %d %s", c.call, id, r.status, r.body)
			}
			return strings.Replace(r.body, r.str("errors.0.id"), "", 1)
		}
		want := answer(s, c.none+strings.Repeat("0", 26))
		for _, other := range []*shop{s.as(foreign), s.as(live)} {
			if got := answer(other, c.id); got != want {
				t.Errorf("%s: another's answers\n%s, none's\n%s", c.call, got, want)
			}
		}
		answer(s, "x")
		answer(s, c.none+"x")
	}
	for _, other := range []*shop{s.as(foreign), s.as(live)} {
		other.do("POST", requests, pay(id)).refused(404, "not_found", "/data/attributes/point_id")
		other.do("POST", points, doc("payout-points", `{"name":"y","currencies":["USD"],"routing_scheme_id":"`+scheme+`"}`)).refused(404, "not_found", "/data/attributes/routing_scheme_id")
		other.do("POST", points, doc("payout-points", `{"name":"y","currencies":["USD"],"rate_scheme_id":"`+rate+`"}`)).refused(404, "not_found", "/data/attributes/rate_scheme_id")
		if got := other.do("GET", requests, "").ok().ids(); len(got) != 0 {
			t.Errorf("another sees %v", got)
		}
		if got := other.do("GET", payouts, "").ok().ids(); len(got) != 0 {
			t.Errorf("another sees %v", got)
		}
	}
	s.do("GET", r.str("data.links.self"), "").ok().has("data.attributes.status", "PROCESSED") // nothing has happened to it
}

func TestScopesDecideWhoMayWhat(t *testing.T) {
	s := newShop(t)
	payer, _, _ := s.newKey(s.id, engine.Test, engine.Payouts)
	other, _, _ := s.newKey(s.id, engine.Test, engine.Customers)
	id := s.point("USD")
	p := s.as(payer)
	r := p.request(id, "").created()
	for _, path := range []string{requests, payouts, points, routes, schemes, rates, accounts, deposits, points + "/" + id} {
		p.do("GET", path, "").ok()
		s.as(other).do("GET", path, "").refused(403, "forbidden", "")
	}
	for _, call := range []string{"POST " + points, "PATCH " + points + "/" + id, "DELETE " + points + "/" + id, "POST " + schemes, "POST " + rates, "POST " + accounts, "POST " + routes + "/disable-all", "POST " + payouts + "/po_x/statements"} {
		method, path, _ := strings.Cut(call, " ")
		p.do(method, path, doc("x", "{}")).refused(403, "forbidden", "")
	}
	s.as(other).do("POST", requests, doc("payout-request", "{}")).refused(403, "forbidden", "")
	_ = r
}

// TestOneReferenceIsOneRequestHoweverManySendItAtATime: nobody is paid twice.
func TestOneReferenceIsOneRequestHoweverManySendItAtATime(t *testing.T) {
	s := newShop(t)
	body := doc("payout-request", fmt.Sprintf(`{"point_id":%q,"point_currency":"USD","point_amount":1,"service":"test_usd","reference_id":"r","fields":{"account":"4411"}}`, s.point("USD")))
	var wait sync.WaitGroup
	var made, again atomic.Int32
	for range 16 {
		wait.Go(func() {
			switch status := s.raw("POST", requests, body); status {
			case 201:
				made.Add(1)
			case 200:
				again.Add(1)
			default:
				t.Errorf("status %d", status)
			}
		})
	}
	wait.Wait()
	if made.Load() != 1 || again.Load() != 15 {
		t.Errorf("%d made, %d repeated, want 1 and 15", made.Load(), again.Load())
	}
	s.run(time.Minute)
	s.only(payouts)
}

// TestARealCardIsKeptOutOfTestMode in the words for a field of the service.
func TestARealCardIsKeptOutOfTestMode(t *testing.T) {
	s := newShop(t)
	id := s.point("EUR")
	order := func(number string) reply {
		return s.do("POST", requests, doc("payout-request", fmt.Sprintf(`{"point_id":%q,"point_currency":"EUR","point_amount":12.5,"service":"payment_card_eur","fields":{"card_number":%q,"expiry_month":"3","expiry_year":"2030","card_holder_name":"Ada Example"}}`, id, number)))
	}
	r := order("4539 5787 6362 1486").refused(422, "field_invalid", "/data/attributes/fields/card_number")
	if got := r.str("errors.0.detail"); !strings.HasPrefix(got, "fields.card_number must be one of the published test numbers") {
		t.Errorf("it says %q", got)
	}
	order("4111 1111 1111 1111").created()
}
