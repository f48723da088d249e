package jsonapi_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestADepositAccountsMoneyIsAccountedFor(t *testing.T) {
	s := newShop(t)
	d := s.only(deposits + "?filter[currency]=USD")
	self := d.str("data.0.links.self")
	had := d.at("data.0.attributes.available").(float64)
	start := s.Clock.Now().Unix()
	s.Clock.Advance(10 * time.Second)
	s.do("POST", self+"/top-ups", doc("top-up", `{"amount":"100.50","description":"wire 7"}`), "Idempotency-Key: t").ok().has("data.attributes.available", had+100.5)
	s.do("POST", self+"/top-ups", doc("top-up", `{"amount":"100.50","description":"wire 7"}`), "Idempotency-Key: t").ok()
	s.Clock.Advance(10 * time.Second)
	s.do("POST", self+"/adjustments", doc("adjustments", `{"amount":-0.5,"description":"bank fee"}`)).ok().has("data.attributes.available", had+100)
	for path, rows := range map[string]map[string]string{
		"/top-ups":     {`{}`: "field_missing amount", `{"amount":0}`: "field_invalid amount", `{"amount":-1}`: "field_invalid amount", `{"amount":"0.001"}`: "field_invalid amount", `{"amount":true}`: "field_invalid amount", `{"amount":1,"description":"` + strings.Repeat("x", 201) + `"}`: "field_invalid description"},
		"/adjustments": {`{"description":"x"}`: "field_missing amount", `{"amount":1}`: "field_missing description", `{"amount":0,"description":"x"}`: "field_invalid amount", `{"amount":"-","description":"x"}`: "field_invalid amount"},
	} {
		for attributes, at := range rows {
			code, field, _ := strings.Cut(at, " ")
			s.do("POST", self+path, doc(strings.TrimPrefix(path, "/"), attributes)).refused(422, code, "/data/attributes/"+field)
		}
	}
	s.request(s.point("USD"), "").created()
	s.run(time.Minute)
	now := s.do("GET", self, "").ok().has("data.attributes.paid", 12.5).has("data.attributes.held", 0).has("data.attributes.available", had+87.5).has("data.attributes.turnover_today", 12.5)
	_ = now
	s.do("GET", fmt.Sprintf("%s/balance?at=%d", self, start), "").ok().has("data.attributes.available", had)
	s.do("GET", fmt.Sprintf("%s/balance?at=%d", self, start+10), "").ok().has("data.attributes.available", had+100.5)
	s.do("GET", fmt.Sprintf("%s/balance?at=%d", self, start+19), "").ok().has("data.attributes.available", had+100.5)
	b := s.do("GET", self+"/balance", "").ok().has("data.attributes.available", had+87.5).has("data.attributes.paid", 12.5)
	sum := 0.0
	for _, account := range []string{"available", "held", "paid", "fee", "topup", "adjustment", "returned"} {
		sum += b.attr(account).(float64)
	}
	if sum != 0 {
		t.Errorf("the seven sum to %v: %s", sum, b.body)
	}
	s.do("GET", self+"/balance?at=now", "").refused(400, "query_invalid", "at")
	var kinds []string
	var all []string
	for next := self + "/postings?page[size]=2"; next != ""; {
		r := s.do("GET", next, "").ok()
		for i, id := range r.ids() {
			all = append(all, id)
			kinds = append(kinds, r.str(fmt.Sprintf("data.%d.attributes.kind", i)))
		}
		next = r.str("links.next")
	}
	if len(all) != 5 || len(slices.Compact(slices.Sorted(slices.Values(all)))) != 5 {
		t.Errorf("postings %v %v", kinds, all)
	}
	last := s.do("GET", self+"/postings?page[size]=1", "").ok()
	if !strings.HasPrefix(last.str("data.0.attributes.payout_request_id"), "porq_") || !strings.HasPrefix(last.str("data.0.attributes.payout_id"), "po_") {
		t.Errorf("its cause: %s", last.body)
	}
	for _, bad := range []string{"page[before]=x", "page[after]=x", "sort=created", "page[after]=lpo_x_1"} {
		if r := s.do("GET", self+"/postings?"+bad, ""); r.status != 400 {
			t.Errorf("%s: %d", bad, r.status)
		}
	}
}

func TestDepositAccountsHaveLimits(t *testing.T) {
	s := newShop(t)
	self := s.only(deposits + "?filter[currency]=USD").str("data.0.links.self")
	s.do("PATCH", self, doc("deposit-accounts", `{"name":"Main","description":"d","external_id":"acc-1","minimal_balance":"5","overdraft":null,"turnover_limit":20,"prevent_failure":true}`)).ok().
		has("data.attributes.name", "Main").has("data.attributes.minimal_balance", 5).has("data.attributes.overdraft", nil).has("data.attributes.turnover_limit", 20).has("data.attributes.prevent_failure", true)
	s.do("PATCH", self, doc("deposit-accounts", `{"minimal_balance":null,"description":null}`)).ok().has("data.attributes.minimal_balance", nil).has("data.attributes.turnover_limit", 20).has("data.attributes.description", nil)
	for attributes, field := range map[string]string{
		`{"name":""}`: "name", `{"minimal_balance":-1}`: "minimal_balance", `{"overdraft":"0.001"}`: "overdraft", `{"turnover_limit":"x"}`: "turnover_limit", `{"health":"fine"}`: "health", `{"prevent_failure":"yes"}`: "prevent_failure",
	} {
		r := s.do("PATCH", self, doc("deposit-accounts", attributes))
		if r.status != 422 || r.str("errors.0.source.pointer") != "/data/attributes/"+field {
			t.Errorf("%s: %d %s", attributes, r.status, r.body)
		}
	}
	s.do("PATCH", self, doc("deposit-accounts", `{"archived":true}`)).refused(409, "state_conflict", "")
	point := s.point("USD")
	first := s.request(point, "").created()
	s.Clock.Advance(time.Millisecond) // so that it comes first
	second := s.request(point, "").created()
	s.run(time.Minute)
	s.do("GET", first.str("data.links.self"), "").ok().has("data.attributes.status", "PROCESSED")
	s.do("GET", second.str("data.links.self"), "").ok().has("data.attributes.status", "FAILED").has("data.attributes.resolution", "STRATEGY_CONFIGURED_ROUTES_WERE_FILTERED")
	s.do("PATCH", self, doc("deposit-accounts", `{"enabled":false,"archived":true}`)).ok()
	if got := s.do("GET", deposits+"?filter[currency]=USD", "").ok().ids(); len(got) != 0 {
		t.Errorf("an archived one is shown: %v", got)
	}
}

func TestProviderAccountsAreConnectedChangedAndReconnected(t *testing.T) {
	s := newShop(t)
	r := s.do("POST", accounts, doc("provider-account", `{"provider":"test","name":"Mine","description":"d","currencies":["USD","EUR"],"test_mode":true}`)).created().
		has("data.attributes.provider", "sandbox").has("data.attributes.health", "operational").has("data.attributes.enabled", true)
	id, self := r.str("data.id"), r.str("data.links.self")
	if got := s.do("GET", deposits+"?filter[provider_account_id]="+id+"&sort=name", "").ok(); len(got.ids()) != 2 || got.str("data.0.attributes.name") != "Mine_EUR" {
		t.Errorf("its deposit accounts: %s", got.body)
	}
	s.only(routes + "?filter[service]=test_eur&filter[provider_account_id]=" + id)
	r = s.do("GET", accounts+"?filter[name]=Mine&include=deposit-accounts", "").ok()
	if len(r.at("included").([]any)) != 2 {
		t.Errorf("included: %s", r.body)
	}
	for attributes, at := range map[string]string{
		`{"name":"x"}`: "field_missing provider", `{"provider":"test"}`: "field_missing name", `{"provider":"nobody","name":"x"}`: "field_invalid provider", `{"provider":"test","name":"x","currencies":["x"]}`: "field_invalid currencies",
		`{"provider":"test","name":"x","credentials":{"a":1}}`: "field_invalid credentials/a", `{"provider":"test","name":"x","test_mode":false}`: "field_invalid test_mode", `{"provider":"test","name":""}`: "field_missing name",
	} {
		code, field, _ := strings.Cut(at, " ")
		s.do("POST", accounts, doc("provider-accounts", attributes)).refused(422, code, "/data/attributes/"+field)
	}
	s.do("PATCH", self, doc("provider-accounts", `{"name":"Yours","description":null,"health":"down"}`)).ok().has("data.attributes.name", "Yours").has("data.attributes.description", nil).has("data.attributes.health", "down")
	s.do("PATCH", self, doc("provider-accounts", `{"health":"fine"}`)).refused(422, "field_invalid", "/data/attributes/health")
	s.do("PATCH", self, doc("provider-accounts", `{"archived":true}`)).refused(409, "state_conflict", "")
	s.do("POST", self+"/reconnect", "").ok()
	s.do("POST", self+"/reconnect", doc("provider-accounts", `{"credentials":{}}`)).ok()
	s.do("PATCH", self, doc("provider-accounts", `{"enabled":false,"archived":true}`)).ok()
	if got := s.do("GET", accounts, "").ok().ids(); slices.Contains(got, id) {
		t.Errorf("an archived one is shown: %v", got)
	}
}

func TestTheDirectoryIsRead(t *testing.T) {
	s := newShop(t)
	const dir = "/v1/connect-directory"
	s.do("GET", dir+"/payment-providers/sandbox", "").ok().has("data.attributes.ready", true)
	s.do("GET", dir+"/payment-providers/test", "").ok().has("data.id", "sandbox")
	s.do("GET", dir+"/payment-providers/nobody", "").refused(404, "not_found", "")
	s.do("GET", dir+"/payment-providers?filter[ready]=1&sort=-name", "").ok()
	s.do("GET", dir+"/payout-methods?page[size]=100", "").ok()
	s.do("GET", dir+"/payout-methods/test", "").ok()
	s.do("GET", dir+"/payout-methods/nothing", "").refused(404, "not_found", "")
	r := s.do("GET", dir+"/payout-services/test_usd", "").ok().has("data.attributes.method", "test").has("data.attributes.currency", "USD").has("data.attributes.amount_min", "0.01000000").
		has("data.attributes.fields.0.key", "account").has("data.attributes.fields.0.required", true).has("data.attributes.fields.0.type", "string").has("data.relationships.payout-method.data.id", "test")
	if strings.HasPrefix(r.str("data.attributes.fields.0.regexp"), "/") {
		t.Errorf("a pattern with delimiters: %s", r.body)
	}
	s.do("GET", dir+"/payout-services/nothing", "").refused(404, "not_found", "")
	has := func(query, code string) bool {
		next, found := dir+"/payout-services?page[size]=100&"+query, false
		for next != "" {
			r := s.do("GET", next, "").ok()
			found = found || slices.Contains(r.ids(), code)
			next = r.str("links.next")
		}
		return found
	}
	for _, row := range []struct {
		query, code string
		want        bool
	}{
		{"filter[currency]=USD", "test_usd", true}, {"filter[currency]=EUR", "test_usd", false}, {"filter[currency]=GBP&filter[amount]=10000", "test_gbp", true}, {"filter[currency]=GBP&filter[amount]=10000.01", "test_gbp", false},
		{"filter[method]=test", "test_usd", true}, {"filter[method]=swift", "test_usd", false}, {"filter[code]=test_usd&include=payout-method", "test_usd", true}, {"filter[status]=active", "test_usd", true},
	} {
		if got := has(row.query, row.code); got != row.want {
			t.Errorf("%s: %s is %v", row.query, row.code, got)
		}
	}
	s.do("GET", dir+"/payout-services?filter[amount]=1", "").refused(400, "query_invalid", "filter[amount]")
	s.do("GET", dir+"/payout-services?filter[currency]=usd", "").refused(400, "query_invalid", "filter[currency]")
	s.do("GET", dir+"/payout-services?filter[currency]=USD&filter[amount]=x", "").refused(400, "query_invalid", "filter[amount]")
}

func TestAPageAsksWhichServicesPay(t *testing.T) {
	s := newShop(t)
	const path = "/public-api/payout-prerequest"
	ask := func(body string) reply { return s.do("POST", path, body, "Authorization: ") }
	r := ask(`{"public_key":"`+s.pk+`","currency":"GBP","amount":10}`).ok().has("data.type", "payout-prerequest").has("data.attributes.test_mode", true).has("data.attributes.currency", "GBP").
		has("data.attributes.services.test_gbp.code", "test_gbp").has("data.attributes.services.test_gbp.exchange_rate", "1.00000000").has("data.attributes.services.test_gbp.status", "available")
	if strings.Contains(r.body, `"test_usd"`) {
		t.Errorf("another currency: %s", r.body)
	}
	ask(`{"public_key":"`+s.pk+`","currency":"GBP","amount":"10001"}`).ok().has("data.attributes.services.test_gbp", nil)
	s.do("POST", routes+"/disable-all", "").ok()
	ask(`{"public_key":"`+s.pk+`","currency":"GBP"}`).ok().has("data.attributes.services", "map[]")
	ask(`{"currency":"GBP"}`).refused(422, "field_missing", "/public_key")
	ask(`{"public_key":"`+s.pk+`"}`).refused(422, "field_missing", "/currency")
	ask(`{"public_key":"`+s.pk+`","currency":"gbp"}`).refused(422, "field_invalid", "/currency")
	ask(`{"public_key":"`+s.pk+`","currency":"GBP","amount":0}`).refused(422, "field_invalid", "/amount")
	ask(`{"public_key":"`+s.pk+`","currency":"GBP","amount":"x"}`).refused(422, "field_invalid", "/amount")
	ask(`{"public_key":"`+s.key+`","currency":"GBP"}`).refused(401, "unauthenticated", "")
	ask(`{"public_key":"pk_snd_00000000000000000000000000000000","currency":"GBP"}`).refused(401, "unauthenticated", "")
	ask(`{`).refused(400, "body_unreadable", "")
}
