package jsonapi_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
	"penstock/engine/fx"
	"penstock/engine/money"
	"penstock/engine/sim"
)

func TestPointsAreMadeChangedAndArchived(t *testing.T) {
	s := newShop(t)
	r := s.do("POST", points, doc("payout-point", `{"name":"Shop","description":"d","currencies":["USD","EUR","USD"],"only_final_callbacks":true,"queue_on_shortage":true,"expose_internal_data":true,"test_mode":true}`)).created()
	r.has("data.attributes.currencies", "[EUR USD]").has("data.attributes.only_final_callbacks", true).has("data.attributes.archived", false)
	self, id := r.str("data.links.self"), r.str("data.id")
	s.do("PATCH", self, doc("payout-points", `{"name":"Shop 2","description":null,"currencies":["USD"]}`)).ok().has("data.attributes.name", "Shop 2").has("data.attributes.description", nil).
		has("data.attributes.currencies", "[USD]").has("data.attributes.queue_on_shortage", true)
	for attributes, at := range map[string]string{
		`{"currencies":["USD"]}`: "field_missing name", `{"name":"x"}`: "field_missing currencies", `{"name":"","currencies":["USD"]}`: "field_missing name", `{"name":"x","currencies":[]}`: "field_missing currencies",
		`{"name":"x","currencies":["usd"]}`: "field_invalid currencies", `{"name":"x","currencies":"USD"}`: "field_invalid currencies", `{"name":1,"currencies":["USD"]}`: "field_invalid name",
		`{"name":"` + strings.Repeat("x", 256) + `","currencies":["USD"]}`: "field_invalid name", `{"name":"x","currencies":["USD"],"test_mode":false}`: "field_invalid test_mode",
		`{"name":"x","currencies":["USD"],"callback_url":"` + strings.Repeat("x", 2049) + `"}`: "field_invalid callback_url",
	} {
		code, field, _ := strings.Cut(at, " ")
		s.do("POST", points, doc("payout-points", attributes)).refused(422, code, "/data/attributes/"+field)
	}
	s.do("DELETE", self, "").ok().has("data.attributes.archived", true)
	s.request(id, "").refused(409, "state_conflict", "/data/attributes/point_id")
	s.do("PATCH", self, doc("payout-points", `{"archived":false}`)).ok()
	s.request(id, "").created()
	if got := s.do("GET", points+"?filter[name]=Shop+2", "").ok().ids(); !slices.Equal(got, []string{id}) {
		t.Errorf("by name: %v", got)
	}
}

// TestMoneyLeavesBySecondRouteWhenTheFirstRefuses is failover, seen through
// the API: two provider accounts, of which one refuses.
func TestMoneyLeavesByTheSecondRouteWhenTheFirstRefuses(t *testing.T) {
	s := newShop(t)
	second := s.do("POST", accounts, doc("provider-accounts", `{"provider":"test","name":"Second","currencies":["USD"]}`)).created().str("data.id")
	other := s.only(routes + "?filter[service]=test_usd&filter[provider_account_id]=" + second).ids()[0]
	first := s.only(routes + "?filter[service]=test_usd&filter[id][neq]=" + other).ids()[0]
	scheme := s.do("POST", schemes, doc("payout-routing-schemes", `{"name":"By priority"}`)).created()
	tree := fmt.Sprintf(`{"strategies":[{"type":"priority","routes":[%q,{"account":%q}]}]}`, first, second)
	rev := s.do("POST", scheme.str("data.links.self")+"/revisions", doc("routing-scheme-revisions", `{"service":"test_usd","comment":"first","tree":`+tree+`}`)).created()
	rev.has("data.attributes.revision", 1).has("data.attributes.author", s.keyID).has("data.attributes.comment", "first").has("data.attributes.enabled", true).
		has("data.attributes.tree.strategies.0.routes.0", first).has("data.attributes.tree.strategies.0.routes.1.account", second)
	point := s.do("POST", points, doc("payout-points", `{"name":"x","currencies":["USD"],"routing_scheme_id":"`+scheme.str("data.id")+`"}`)).created().str("data.id")

	dry := s.do("POST", requests+"/explain", doc("payout-request", fmt.Sprintf(`{"point_id":%q,"point_currency":"USD","point_amount":12.5,"service":"test_usd","fields":{"account":"declined"}}`, point))).ok()
	dry.has("data.attributes.choice.payout_route_id", first).has("data.attributes.resolution", "OK").has("data.attributes.amount", 12.5).has("data.attributes.payout_id", nil)
	r := s.do("POST", requests, doc("payout-request", fmt.Sprintf(`{"point_id":%q,"point_currency":"USD","point_amount":12.5,"service":"test_usd","attempts_limit":1,"fields":{"account":"declined"}}`, point))).created()
	s.run(time.Minute)
	r = s.do("GET", r.str("data.links.self"), "").ok().has("data.attributes.status", "FAILED").has("data.attributes.attempts", 1).has("data.attributes.resolution", "DECLINED_ERROR").has("data.relationships.routing-schema.data.id", scheme.str("data.id"))
	of := s.do("GET", r.str("data.links.self")+"/payouts?sort=created", "").ok()
	of.has("data.0.relationships.payout-route.data.id", first).has("data.1.relationships.payout-route.data.id", other).has("data.1.relationships.provider-account.data.id", second)
	why := s.do("GET", r.str("data.links.self")+"/decisions?sort=created", "").ok()
	why.has("data.0.attributes.choice.payout_route_id", first).has("data.1.attributes.choice.payout_route_id", other).has("data.1.attributes.payout_id", of.str("data.1.id"))
	if !strings.Contains(why.body, `"reason":"tried"`) || len(why.at("data.0.attributes.explanation").([]any)) == 0 {
		t.Errorf("why: %s", why.body)
	}

	one := scheme.str("data.links.self")
	for attributes, at := range map[string]string{
		`{"tree":null}`: "field_missing service", `{"service":"test_usd"}`: "field_invalid tree", `{"service":"test_usd","tree":null,"revision":1}`: "field_invalid tree",
		`{"service":"nothing","tree":null}`: "field_invalid service", `{"service":"test_usd","revision":9}`: "field_invalid revision", `{"service":"test_usd","tree":[]}`: "field_invalid tree",
		`{"service":"test_usd","tree":{"strategies":[{"type":"magic"}]}}`:                                              "field_invalid tree/strategies/0/type",
		`{"service":"test_usd","tree":{"strategies":[{"type":"direct","routes":["por_00000000000000000000000000"]}]}}`: "field_invalid tree/strategies/0/routes/0",
		`{"service":"test_usd","tree":null,"comment":"` + strings.Repeat("x", 1025) + `"}`:                             "field_invalid comment",
	} {
		code, field, _ := strings.Cut(at, " ")
		s.do("POST", one+"/revisions", doc("routing-scheme-revisions", attributes)).refused(422, code, "/data/attributes/"+field)
	}
	s.do("POST", one+"/revisions", doc("routing-scheme-revisions", `{"service":"test_usd","enabled":false,"tree":{"block":"closed"}}`)).created().has("data.attributes.revision", 2).has("data.attributes.enabled", false)
	s.do("POST", one+"/revisions", doc("routing-scheme-revisions", `{"service":"test_usd","revision":1,"comment":"back"}`)).created().has("data.attributes.revision", 3).has("data.attributes.tree.strategies.0.routes.0", first)
	if got := s.do("GET", one+"/revisions", "").ok(); len(got.ids()) != 3 || got.at("data.0.attributes.revision") != 3.0 {
		t.Errorf("revisions: %s", got.body)
	}
	s.do("POST", one+"/archive", "").refused(409, "state_conflict", "")
	clone := s.do("POST", one+"/clone", doc("payout-routing-schemes", `{"name":"Copy"}`)).created().has("data.attributes.name", "Copy").has("data.attributes.services.0.revision", 1)
	s.do("POST", one+"/clone", "").created().has("data.attributes.name", "Copy of By priority")
	s.do("POST", clone.str("data.links.self")+"/archive", "").ok().has("data.attributes.archived", true)
	if got := s.do("GET", schemes+"?filter[archived]=true", "").ok().ids(); !slices.Equal(got, []string{clone.str("data.id")}) {
		t.Errorf("archived: %v", got)
	}
	s.do("POST", schemes, doc("payout-routing-schemes", `{}`)).refused(422, "field_missing", "/data/attributes/name")
	s.do("POST", schemes, doc("payout-routing-schemes", `{"name":"x","rate_scheme_id":"ers_00000000000000000000000000"}`)).refused(404, "not_found", "/data/attributes/rate_scheme_id")
	s.do("PATCH", one, doc("payout-routing-schemes", `{"name":"Renamed"}`)).ok().has("data.attributes.name", "Renamed")
}

// TestAnAmbiguousPayoutWaitsForAPerson: the answer is lost at a provider that
// can't be asked, so nobody knows whether money moved, and nothing is tried in
// its place.
func TestAnAmbiguousPayoutWaitsForAPerson(t *testing.T) {
	faults := sandbox.DefaultFaults()
	faults.DropReply = 1
	s := newShopIn(t, sim.Config{Seed: 1, Faults: &faults, Traits: connector.Traits{Settle: time.Second}})
	s.do("POST", accounts, doc("provider-accounts", `{"provider":"test","name":"Second","currencies":["USD"]}`)).created()
	r := s.request(s.point("USD"), `,"attempts_limit":5`).created()
	s.run(2 * time.Hour)
	r = s.do("GET", r.str("data.links.self"), "").ok().has("data.attributes.status", "PENDING").has("data.attributes.moderation_required", true).has("data.attributes.attempts", 0).has("data.attributes.processed_amount", nil)
	if r.str("data.attributes.moderation_reason") == "" || r.str("data.attributes.resolution") == "OK" {
		t.Errorf("why it waits: %s", r.body)
	}
	s.do("POST", r.str("data.links.self")+"/unmoderate", "").refused(409, "state_conflict", "")
	po := s.only(payouts + "?filter[moderation_required]=true&filter[payout_request_id]=" + r.str("data.id"))
	s.do("POST", payouts+"/"+po.str("data.0.id")+"/statements", doc("payout-statements", `{"status":"success","external_id":"seen"}`)).created().has("data.attributes.status", "PROCESSED")
	s.do("GET", r.str("data.links.self"), "").ok().has("data.attributes.status", "PROCESSED").has("data.attributes.moderation_required", false).has("data.attributes.processed_amount", 12.5)
}

func TestRoutesAreSwitchedLimitedAndPriced(t *testing.T) {
	s := newShop(t)
	id := s.route("test_usd", `{"external_id":"R1","amount_min":"1","amount_max":100,"cost":{"rate":"2.5","fixed":0.3,"min":null,"max":"5"}}`)
	r := s.do("GET", routes+"/"+id, "").ok().has("data.attributes.amount_min", 1).has("data.attributes.amount_max", 100).has("data.attributes.external_id", "R1").
		has("data.attributes.cost.rate", 2.5).has("data.attributes.cost.fixed", 0.3).has("data.attributes.cost.min", nil).has("data.attributes.cost.max", 5)
	_ = r
	for attributes, at := range map[string]string{
		`{"amount_min":101}`: "amount_max", `{"amount_min":"0.001"}`: "amount_min", `{"amount_min":"0"}`: "amount_min", `{"amount_max":99999999}`: "amount_max", `{"amount_max":-1}`: "amount_max", `{"enabled":1}`: "enabled",
		`{"cost":{"rate":101}}`: "cost/rate", `{"cost":{"rate":"0.00001"}}`: "cost/rate", `{"cost":{"fixed":0.001}}`: "cost/fixed", `{"cost":{"min":5,"max":1}}`: "cost/max", `{"external_id":"` + strings.Repeat("x", 256) + `"}`: "external_id",
	} {
		s.do("PATCH", routes+"/"+id, doc("payout-routes", attributes)).refused(422, "field_invalid", "/data/attributes/"+at)
	}
	s.do("PATCH", routes+"/"+id, doc("payout-routes", `{"archived":true}`)).refused(409, "state_conflict", "")
	point := s.point("USD")
	req := s.do("POST", requests, doc("payout-request", fmt.Sprintf(`{"point_id":%q,"point_currency":"USD","point_amount":101,"service":"test_usd","fields":{"account":"4411"}}`, point))).created()
	paid := s.request(point, "").created()
	s.run(time.Minute)
	s.do("GET", req.str("data.links.self"), "").ok().has("data.attributes.status", "FAILED").has("data.attributes.resolution", "STRATEGY_CONFIGURED_ROUTES_WERE_FILTERED")
	s.only(payouts+"?filter[payout_request_id]="+paid.str("data.id")).has("data.0.attributes.fee", 0.62).has("data.0.attributes.amount", 12.5)
	n := s.do("POST", routes+"/disable-all", "", "Idempotency-Key: d").ok().at("meta.changed").(float64)
	s.do("POST", routes+"/disable-all", "", "Idempotency-Key: d").ok().has("meta.changed", n)
	s.do("POST", routes+"/disable-all", "").ok().has("meta.changed", 0)
	s.do("PATCH", routes+"/"+id, doc("payout-routes", `{"archived":true}`)).ok().has("data.attributes.enabled", false)
	if got := s.do("GET", routes+"?filter[service]=test_usd", "").ok().ids(); len(got) != 0 {
		t.Errorf("an archived route is shown: %v", got)
	}
	s.only(routes + "?filter[service]=test_usd&filter[archived]=1")
	s.do("POST", routes+"/archive-disabled", "").ok().has("meta.changed", n-1)
	s.do("POST", routes+"/enable-all", "").ok().has("meta.changed", 0)
}

// sheet puts rates of a source into the world.
func (s *shop) sheet(pairs ...string) {
	s.t.Helper()
	sheet := fx.Sheet{Resource: "ecb", At: s.Clock.Now()}
	for _, p := range pairs {
		var base, quote, rate string
		fmt.Sscan(strings.ReplaceAll(p, "/", " "), &base, &quote, &rate)
		r := fx.MustRate(rate)
		sheet.Pairs = append(sheet.Pairs, fx.Pair{Base: money.MustCurrency(base), Quote: money.MustCurrency(quote), Ask: r, Bid: r})
	}
	_, err := s.Engine.ImportSheet(s.t.Context(), operator(s.id, engine.Test), sheet)
	must(s.t, err)
}

// TestARequestInAnotherCurrencyShowsRateAmountsAndRounding uses the original's
// own number: 10.00 at 27.8346 are 278.34, rounded down.
func TestARequestInAnotherCurrencyShowsRateAmountsAndRounding(t *testing.T) {
	s := newShop(t)
	s.sheet("USD/UAH 27.8346", "EUR/USD 1.2104")
	point := s.point("USD")
	pay := func(more string) reply {
		r := s.do("POST", requests, doc("payout-request", fmt.Sprintf(`{"point_id":%q,"point_currency":"USD","point_amount":10,"service":"test_uah","fields":{"account":"4411"}%s}`, point, more))).created()
		s.run(time.Minute)
		s.do("GET", r.str("data.links.self"), "").ok().has("data.attributes.status", "PROCESSED").has("data.attributes.processed_amount", 10).has("data.attributes.currency", "USD")
		return s.only(payouts + "?filter[payout_request_id]=" + r.str("data.id"))
	}
	pay("").has("data.0.attributes.amount", 278.34).has("data.0.attributes.currency", "UAH").has("data.0.attributes.processed_amount", 278.34).
		has("data.0.attributes.request_payload.exchange_rate", "27.83460000").has("data.0.attributes.request_payload.amount", 10).has("data.0.attributes.request_payload.currency", "USD")

	q := s.do("POST", "/v1/fx-rates/quotes", doc("rate-quotes", fmt.Sprintf(`{"point_id":%q,"base":"USD","quote":"UAH","lifetime":600}`, point))).created().has("data.attributes.rate", "27.83460000").str("data.id")
	s.Clock.Advance(time.Second)
	s.sheet("USD/UAH 30", "EUR/USD 1.2104")
	pay(`,"quote_id":"`+q+`"`).has("data.0.attributes.amount", 278.34)
	pay("").has("data.0.attributes.amount", 300)
	for attributes, want := range map[string]string{
		`{"base":"USD","quote":"UAH"}`: "422 field_missing point_id", `{"point_id":"` + point + `","quote":"UAH"}`: "422 field_missing base", `{"point_id":"` + point + `","base":"USD","quote":"x"}`: "422 field_invalid quote",
		`{"point_id":"` + point + `","base":"USD","quote":"UAH","lifetime":0}`: "422 field_invalid lifetime", `{"point_id":"pop_00000000000000000000000000","base":"USD","quote":"UAH"}`: "404 not_found point_id",
	} {
		var status int
		var code, at string
		fmt.Sscan(want, &status, &code, &at)
		s.do("POST", "/v1/fx-rates/quotes", doc("rate-quotes", attributes)).refused(status, code, "/data/attributes/"+at)
	}
	if r := s.do("POST", "/v1/fx-rates/quotes", doc("rate-quotes", `{"point_id":"`+point+`","base":"USD","quote":"KES"}`)); r.status != 422 || r.str("errors.0.code") != "rate_not_found" {
		t.Errorf("no rate: %d %s", r.status, r.body)
	}
}

func TestRateSchemesHaveRulesByTheOriginalsVectors(t *testing.T) {
	s := newShop(t)
	s.sheet("EUR/USD 1.2104", "UAH/USD 0.05753")
	scheme := s.do("POST", rates, doc("rate-scheme", `{"name":"Mine","allow_fallback":true}`)).created().has("data.attributes.system", false).has("data.attributes.allow_fallback", true)
	self := scheme.str("data.links.self")
	a := s.do("POST", self+"/rules", doc("rate-rules", `{"base":"EUR","quote":"USD","resource":"ecb","rate_type":"fixed","fee_rate":0.001,"fee_fix":"0.0125"}`)).created().
		has("data.attributes.rate", "1.22291210").has("data.attributes.source_rate", "1.21040000").has("data.attributes.fee_rate", 0.001).has("data.attributes.fee_fix", 0.0125).has("data.attributes.pair", "EUR/USD")
	s.do("POST", self+"/rules", doc("rate-rules", `{"base":"UAH","quote":"USD","resource":"ecb","fee_rate":"1","fee_fix":0.5}`)).created().has("data.attributes.rate", "0.55810530")
	for attributes, at := range map[string]string{
		`{"quote":"USD","resource":"ecb"}`: "field_missing base", `{"base":"EUR","resource":"ecb"}`: "field_missing quote", `{"base":"EUR","quote":"JPY"}`: "field_missing resource", `{"base":"E","quote":"JPY","resource":"ecb"}`: "field_invalid base",
		`{"base":"EUR","quote":"JPY","resource":"ecb","fee_rate":"x"}`: "field_invalid fee_rate", `{"base":"EUR","quote":"JPY","resource":"ecb","fee_fix":true}`: "field_invalid fee_fix", `{"base":"EUR","quote":"JPY","resource":"fixed","source_rate":0}`: "field_invalid source_rate",
	} {
		code, field, _ := strings.Cut(at, " ")
		s.do("POST", self+"/rules", doc("rate-rules", attributes)).refused(422, code, "/data/attributes/"+field)
	}
	for _, attributes := range []string{`{"base":"EUR","quote":"USD","resource":"ecb"}`, `{"base":"EUR","quote":"EUR","resource":"ecb"}`, `{"base":"EUR","quote":"JPY","resource":"nowhere"}`, `{"base":"EUR","quote":"KES","resource":"ecb"}`, `{"base":"EUR","quote":"GBP","resource":"fixed","source_rate":1,"fee_rate":-100}`} {
		if r := s.do("POST", self+"/rules", doc("rate-rules", attributes)); r.status != 422 {
			t.Errorf("%s: %d %s", attributes, r.status, r.body)
		}
	}
	s.do("PATCH", a.str("data.links.self"), doc("rate-rules", `{"fee_fix":0}`)).ok().has("data.attributes.fee_fix", 0).has("data.attributes.fee_rate", 0.001).has("data.attributes.rate", "1.21041210")
	s.do("GET", a.str("data.links.self"), "").ok().has("data.attributes.fee_fix", 0)
	if got := s.do("GET", self+"/rules", "").ok(); len(got.ids()) != 2 || got.str("data.0.attributes.pair") != "EUR/USD" {
		t.Errorf("rules: %s", got.body)
	}
	s.del(a.str("data.links.self"), 204)
	s.do("DELETE", a.str("data.links.self"), "").refused(404, "not_found", "")
	s.do("PATCH", a.str("data.links.self"), doc("rate-rules", `{"fee_fix":0}`)).refused(404, "not_found", "")

	s.do("PATCH", rates+"/ers_system", doc("rate-schemes", `{"name":"x"}`)).refused(409, "state_conflict", "")
	s.do("DELETE", rates+"/ers_system", "").refused(409, "state_conflict", "")
	s.do("GET", rates+"/ers_system", "").ok().has("data.attributes.system", true)
	point := s.do("POST", points, doc("payout-points", `{"name":"x","currencies":["USD"],"rate_scheme_id":"`+scheme.str("data.id")+`"}`)).created()
	s.do("DELETE", self, "").refused(409, "state_conflict", "")
	s.do("PATCH", point.str("data.links.self"), doc("payout-points", `{"rate_scheme_id":null}`)).ok()
	s.del(self, 204)
	s.do("GET", self, "").refused(404, "not_found", "")

	s.only("/v1/fx-rates/resources?filter[available]=1").has("data.0.id", "ecb").has("data.0.attributes.pairs", 2).has("data.0.attributes.rate_type", "fixed")
	s.do("GET", "/v1/fx-rates/resources/ecb", "").ok()
	s.do("GET", "/v1/fx-rates/resources/nowhere", "").refused(404, "not_found", "")
	s.only("/v1/fx-rates/resources/ecb/rates?filter[pair]=eur/usd").has("data.0.attributes.ask", "1.21040000")
}

// del is do for an answer without a body.
func (s *shop) del(path string, status int) {
	s.t.Helper()
	before := s.do("GET", path, "").ok()
	_ = before
	if got := s.raw("DELETE", path); got != status {
		s.t.Errorf("DELETE %s: %d, want %d", path, got, status)
	}
}

// TestRulesThatAreMadeAtATimeAreAllThere: adding one doesn't undo another.
func TestRulesThatAreMadeAtATimeAreAllThere(t *testing.T) {
	s := newShop(t)
	self := s.do("POST", rates, doc("rate-scheme", `{"name":"Mine"}`)).created().str("data.links.self")
	var wait sync.WaitGroup
	for _, c := range []string{"EUR", "GBP", "CHF", "JPY", "CAD", "AUD", "NZD", "SEK"} {
		wait.Go(func() {
			s.raw("POST", self+"/rules", doc("rate-rules", `{"base":"USD","quote":"`+c+`","resource":"fixed","source_rate":2}`))
		})
	}
	wait.Wait()
	if got := s.do("GET", self+"/rules", "").ok().ids(); len(got) != 8 {
		t.Errorf("%d rules, want 8", len(got))
	}
}
