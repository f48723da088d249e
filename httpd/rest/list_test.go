package rest_test

import (
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
