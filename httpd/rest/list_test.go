package rest_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestLists covers both lists: order, bounds, filters, and what an item hides.
func TestLists(t *testing.T) {
	s := newShop(t)
	ids := make([]string, 5)
	for i := range ids {
		ids[i] = fmt.Sprintf("p%d", i)
		fields := `"customer_id":"ada","name":"Ada"`
		if i == 3 {
			fields = `"customer_id":"bob","name":"Bob","merchant_order_reference_id":"order","entity_type":"Company","confirm":true,` + sepa("NL69TEST0000000001")
		}
		s.do("POST", "/payouts/create", `{"payout_id":"`+ids[i]+`","amount":1,"currency":"`+[]string{"EUR", "USD"}[i%2]+`",`+fields+`}`).ok()
		s.Clock.Advance(time.Second)
	}
	start := s.Clock.Now().Add(-5 * time.Second)
	at := func(i int) string {
		return url.QueryEscape(start.Add(time.Duration(i) * time.Second).Format(time.RFC3339Nano))
	}
	rows := []struct {
		query string
		want  string
	}{
		{"", "p4 p3 p2 p1 p0"}, {"?limit=2", "p4 p3"}, {"?customer_id=bob", "p3"}, {"?customer_id=nobody", ""},
		{"?starting_after=p2", "p4 p3 p2"}, {"?ending_before=p2", "p2 p1 p0"}, {"?starting_after=p1&ending_before=p3", "p3 p2 p1"},
		{"?start_time=" + at(3), "p4 p3"}, {"?end_time=" + at(1), "p1 p0"}, {"?start_time=" + at(1) + "&end_time=" + at(2), "p2 p1"}, {"?created=" + at(2), "p2"},
		{"?customer_id=ada&limit=1", "p4"},
	}
	for _, row := range rows {
		for _, path := range []string{"/payouts/list", "/payouts/profile/list"} {
			if got := listed(s.do("GET", path+row.query, "").ok()); got != row.want {
				t.Errorf("%s%s: got %q, want %q", path, row.query, got, row.want)
			}
		}
	}
	s.do("GET", "/payouts/list?limit=1", "").ok().is("size", 1).is("total_count", nil).is("data.0.client_secret", nil).is("data.0.payout_link", nil).
		is("data.0.attempts.0.attempt_id", "p4_1").is("data.0.attempts.0.status", "requires_payout_method_data").is("data.0.attempts.1", nil)
	s.do("GET", "/payouts/list?starting_after=px", "").refused(404, "HE_02", "Payout does not exist")
	filters := []struct{ body, want string }{
		{`{}`, "p4 p3 p2 p1 p0"}, {`{"limit":2}`, "p4 p3"}, {`{"limit":2,"offset":2}`, "p2 p1"}, {`{"payout_id":"p1"}`, "p1"},
		{`{"merchant_order_reference_id":"order"}`, "p3"}, {`{"customer_id":"bob"}`, "p3"}, {`{"currency":["USD"]}`, "p3 p1"}, {`{"currency":["USD","EUR"]}`, "p4 p3 p2 p1 p0"},
		{`{"status":["requires_fulfillment"]}`, "p3"}, {`{"status":["requires_payout_method_data","success"]}`, "p4 p2 p1 p0"}, {`{"payout_method":["bank"]}`, "p3"},
		{`{"connector":["sandbox"]}`, "p3"}, {`{"entity_type":"Company"}`, "p3"}, {`{"profile_id":"pro_x"}`, ""}, {`{"something":"else"}`, "p4 p3 p2 p1 p0"},
		{`{"start_time":"` + start.Add(3*time.Second).Format(time.RFC3339) + `"}`, "p4 p3"},
	}
	for _, row := range filters {
		for _, path := range []string{"/payouts/list", "/payouts/profile/list"} {
			if got := listed(s.do("POST", path, row.body).ok()); got != row.want {
				t.Errorf("%s %s: got %q, want %q", path, row.body, got, row.want)
			}
		}
	}
	s.do("POST", "/payouts/list", `{"limit":1}`).ok().is("total_count", 5).is("size", 1)
	s.do("POST", "/payouts/list", `{"currency":["USD"],"limit":1}`).ok().is("total_count", 2)
	s.do("GET", "/payouts/profile/list?limit=1", "").ok().is("total_count", 5).is("size", 1)
	s.do("GET", "/payouts/profile/list?limit=1&customer_id=ada&starting_after=p1", "").ok().is("total_count", 3)
	s.do("GET", "/payouts/v2/filter", "").ok().is("status", []any{"requires_fulfillment", "requires_payout_method_data"}).is("currency", []any{"EUR", "USD"}).is("payout_method", []any{"bank"})
	s.do("GET", "/payouts/profile/aggregate?start_time="+at(3), "").ok().is("status_with_count.requires_fulfillment", 1).is("status_with_count.requires_payout_method_data", 1).is("status_with_count.success", 0).
		is("status_with_count.requires_creation", 0).is("status_with_count.requires_vendor_account_creation", 0).is("status_with_count.ineligible", 0)
	for _, profile := range []string{"/payouts", "/payouts/profile"} {
		s.do("GET", profile+"/aggregate", "").ok().is("status_with_count.requires_fulfillment", 1).is("status_with_count.requires_payout_method_data", 4)
	}
	s.do("POST", "/payouts/list", `{"status":["requires_creation","ineligible"]}`).ok().is("total_count", 0)
}

// TestFiltersAnswerAsEachPayoutShows holds each filter, and pairs of them, to
// what the payouts themselves show: also of drafts without details, of what an
// update changed, and of a second profile.
func TestFiltersAnswerAsEachPayoutShows(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	second := s.do("POST", "/account/shop/business_profile", `{"profile_name":"second"}`).ok().str("profile_id")
	first := s.do("GET", "/account/shop/business_profile", "").ok().str("0.profile_id")
	if first == second {
		first = s.do("GET", "/account/shop/business_profile", "").ok().str("1.profile_id")
	}
	words := []string{
		``, `,"payout_type":"card"`, `,"entity_type":"Company"`, `,"entity_type":"NonProfit","payout_type":"bank"`, `,"merchant_order_reference_id":"order 1"`,
		`,"merchant_order_reference_id":"order 1","entity_type":"Company",` + sepa("NL69TEST0000000001"), `,"merchant_order_reference_id":"Bestellung № 7 – \"größe\"",` + sepa("NL69TEST0000000001"),
		`,"confirm":true,"entity_type":"Personal",` + sepa("NL69TEST0000000001"), `,"confirm":true,"auto_fulfill":true,"merchant_order_reference_id":"order 2",` + sepa("NL69TEST0000000001"),
	}
	for i, w := range words {
		for j, profile := range []string{first, second} {
			s.do("POST", "/payouts/create", fmt.Sprintf(`{"payout_id":"w%d_%d","amount":1,"currency":"%s","customer_id":"ada","profile_id":"%s"%s}`, i, j, []string{"EUR", "JPY"}[j], profile, w)).ok()
			s.Clock.Advance(time.Second)
		}
	}
	s.do("PUT", "/payouts/w2_0", `{"entity_type":"PublicSector","merchant_order_reference_id":"order 1"}`).ok()
	s.do("PUT", "/payouts/w4_1", `{"merchant_order_reference_id":"order 3","payout_type":"wallet"}`).ok()
	s.do("PUT", "/payouts/w5_1", `{"payout_type":"card","payout_method_data":{"card":{"card_number":"4242424242424242","expiry_month":"3","expiry_year":"2030"}}}`).ok()
	s.run(time.Minute)
	members := map[string]string{"merchant_order_reference_id": "merchant_order_reference_id", "entity_type": "entity_type", "profile_id": "profile_id", "status": "status", "payout_method": "payout_type", "currency": "currency"}
	values := map[string][]any{
		"merchant_order_reference_id": {"order 1", "order 2", "order 3", "Bestellung № 7 – \"größe\"", "nobody's", ""}, "entity_type": {"Individual", "Company", "NonProfit", "PublicSector", "Personal", "NaturalPerson"},
		"profile_id": {first, second, "pro_x", strings.TrimPrefix(first, "pro_"), ""}, "payout_method": {"card", "bank", "wallet", "bank_redirect"}, "currency": {"EUR", "JPY", "KWD"},
		"status": {"requires_payout_method_data", "requires_confirmation", "requires_fulfillment", "success", "failed"},
	}
	list := func(filters map[string]any) reply {
		t.Helper()
		body := map[string]any{"limit": 20}
		for name, v := range filters {
			if body[name] = v; name == "status" || name == "payout_method" || name == "currency" {
				body[name] = []any{v}
			}
		}
		raw, err := json.Marshal(body)
		must(t, err)
		return s.do("POST", "/payouts/list", string(raw)).ok()
	}
	all := list(nil)
	found := 0
	try := func(filters map[string]any) {
		t.Helper()
		var want []string
		for i := range 18 {
			fits := true
			for name, v := range filters {
				fits = fits && all.at(fmt.Sprintf("data.%d.%s", i, members[name])) == v
			}
			if fits {
				want = append(want, all.str(fmt.Sprintf("data.%d.payout_id", i)))
			}
		}
		got := list(filters)
		if listed(got) != strings.Join(want, " ") || got.at("total_count") != float64(len(want)) {
			t.Errorf("%v: got %q of %v, want %q", filters, listed(got), got.at("total_count"), want)
		}
		found += len(want)
	}
	for name, some := range values {
		for _, v := range some {
			try(map[string]any{name: v})
			for other, more := range values {
				for _, w := range more {
					try(map[string]any{name: v, other: w})
				}
			}
		}
	}
	if found < 200 {
		t.Errorf("%d found: the filters had nothing to find", found)
	}
	bare := s.do("GET", "/payouts/aggregate", "").ok()
	for _, status := range values["status"] {
		bare.is("status_with_count."+status.(string), list(map[string]any{"status": status}).at("total_count"))
	}
}

func listed(r reply) string {
	items, _ := r.at("data").([]any)
	var ids []string
	for i := range items {
		ids = append(ids, r.str(fmt.Sprintf("data.%d.payout_id", i)))
	}
	return strings.Join(ids, " ")
}

// TestCustomerLists covers pages of customers and the one that is asked for.
func TestCustomerLists(t *testing.T) {
	s := newShop(t)
	for _, id := range []string{"a", "b", "c"} {
		s.customer(id)
	}
	rows := []struct{ query, want string }{
		{"", "a b c"}, {"?limit=2", "a b"}, {"?limit=2&offset=2", "c"}, {"?customer_id=b", "b"}, {"?customer_id=x", ""},
	}
	for _, row := range rows {
		r := s.do("GET", "/customers/list"+row.query, "").ok()
		var ids []string
		for i := range r.json.([]any) {
			ids = append(ids, r.str(fmt.Sprintf("%d.customer_id", i)))
		}
		if got := strings.Join(ids, " "); got != row.want {
			t.Errorf("%s: got %q, want %q", row.query, got, row.want)
		}
	}
	s.do("GET", "/customers/list_with_count?limit=1", "").ok().is("total_count", 3).is("data.1", nil)
	s.do("GET", "/customers/list?limit=0", "").refused(422, "IR_06", "limit should be in between")
}

// TestAnswersHaveTheContractsMembers compares the members of a payout's answer
// with the contract's list (5.5): absent values are null and not left out.
func TestAnswersHaveTheContractsMembers(t *testing.T) {
	s := newShop(t)
	want := strings.Fields(strings.ReplaceAll(`payout_id, merchant_id, merchant_order_reference_id, amount, currency, connector, payout_type, payout_method_data, source_bank_data,
		billing, auto_fulfill, customer_id, customer, client_secret, return_url, business_country, business_label, description, entity_type, recurring, metadata, merchant_connector_id,
		status, error_message, error_code, profile_id, created, connector_transaction_id, priority, payout_link, email, name, phone, phone_country_code, unified_code, unified_message, payout_method_id`, ",", " "))
	r := s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR"}`).ok()
	var got []string
	for name := range r.json.(map[string]any) {
		got = append(got, name)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("members\n%v, want\n%v", got, want)
	}
}
