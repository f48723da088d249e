package jsonapi_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"penstock/engine/connector/iso20022"
	"penstock/engine/sim"
)

// TestBooksAreComparedByTheAPI: a statement is loaded, its findings are listed,
// exported and explained, and it settles what it names.
func TestBooksAreComparedByTheAPI(t *testing.T) {
	s := newShopIn(t, sim.Config{Seed: 3, Statements: iso20022.Reader{}})
	one := s.request(s.point("USD"), "").created()
	two := s.request(s.point("USD"), "").created()
	s.run(time.Minute)
	payout := func(r reply) string {
		return s.do("GET", r.str("data.links.self")+"/payouts", "").ok().str("data.0.id")
	}
	paid, other := payout(one), payout(two)
	account := s.do("GET", "/v1/provider-hub/provider-accounts", "").ok().str("data.0.links.self")
	load := func(content, more string) reply {
		return s.do("POST", account+"/statements", doc("account-statements", fmt.Sprintf(`{"name":"bank-20260105.csv","content":%q%s}`, content, more)))
	}
	content := "reference,amount,currency,kind,date\n" + paid + ",12.50,USD,paid,2026-01-05\n" + other + ",12.00,USD,paid,2026-01-05\nrent,7,JPY,paid,2026-01-05\n"
	load(content, "").ok().has("data.attributes.new_lines", 3).has("data.attributes.settled_payouts", 0).has("data.attributes.from", "2026-01-05")
	load(base64.StdEncoding.EncodeToString([]byte(content)), `,"encoding":"base64"`).ok().has("data.attributes.new_lines", 0)
	mapped := "id;wert;soll\n" + paid + ";12,50;H\n"
	csvMap := `,"csv_map":{"separator":";","decimal":",","reference":"id","amount":"wert","currency":"USD","side":"soll","debit":"S","credit":"H"}`
	load(mapped, csvMap).ok().has("data.attributes.settled_payouts", 1)
	s.lied[paid] = true // the provider's own book knows of no return
	s.do("GET", account+"/reconciliation", "").ok().has("data.attributes.matched", 1).has("data.attributes.theirs_only", 1).has("data.attributes.amount_differs", 1)
	s.do("GET", account+"/reconciliation?from=2025-01-01&to=2025-01-31", "").ok().has("data.attributes.matched", 0)
	differs := s.do("GET", account+"/reconciliation/findings?filter[class]=amount_differs", "").ok().has("data.0.id", other).has("data.0.attributes.theirs.out", 12).has("data.0.attributes.ledger.out", 12.5)
	line := differs.str("data.0.attributes.lines.0.id")
	s.do("POST", account+"/reconciliation/explanations", doc("explanations", fmt.Sprintf(`{"line":%q,"description":"the bank's fee"}`, line))).created()
	s.do("GET", account+"/reconciliation", "").ok().has("data.attributes.amount_differs", 0).has("data.attributes.explained", 1)
	csv := s.do("GET", account+"/reconciliation.csv?class=theirs_only", "").ok()
	if rows := strings.Split(strings.TrimSpace(string(csv.body)), "\n"); len(rows) != 2 || !strings.HasPrefix(rows[1], "theirs_only,no_key,,,,JPY,") {
		t.Errorf("csv: %s", csv.body)
	}

	runs := s.do("GET", account+"/reconciliation/runs?page[size]=2", "").ok().has("data.0.id", "3").has("data.0.attributes.began", "statement").has("data.0.attributes.settled_payouts", 1).has("data.1.id", "2").has("data.1.attributes.new_lines", 0)
	s.do("GET", runs.str("links.next"), "").ok().has("data.0.id", "1").has("data.0.attributes.source", "bank-20260105.csv").has("data.0.attributes.matched_sums.0.amount", 12.5)
	s.do("GET", account+"/reconciliation/runs/1", "").ok().has("data.attributes.amount_differs", 1).has("data.attributes.findings.0.class", "theirs_only").has("data.attributes.findings.1.payout_id", other).has("data.attributes.findings.1.theirs.out", 12).has("data.attributes.findings.2.class", "matched")
	s.do("GET", account+"/reconciliation/runs/9", "").is(404)
	s.do("GET", account+"/reconciliation/runs/x", "").is(404)

	load("", "").refused(422, "field_invalid", "/data/attributes/content")
	load(content+"half", "").refused(422, "field_invalid", "/data/attributes/content")
	load("not base64", `,"encoding":"base64"`).refused(422, "field_invalid", "/data/attributes/content")
	load(content, `,"csv_map":{"reference":"id"}`).refused(422, "field_invalid", "/data/attributes/content")
	s.do("POST", account+"/statements", doc("account-statements", `{}`)).refused(422, "field_missing", "/data/attributes/name")
	s.do("GET", account+"/reconciliation?from=yesterday", "").refused(400, "query_invalid", "from")
	s.do("GET", account+"/reconciliation?from=2026-01-02&to=2026-01-01", "").refused(400, "query_invalid", "to")
	s.do("GET", account+"/reconciliation.csv?class=all", "").refused(400, "query_invalid", "class")
	s.do("GET", "/v1/provider-hub/provider-accounts/pacc_nobody/reconciliation", "").is(404)
	s.do("POST", "/v1/provider-hub/provider-accounts/pacc_nobody/statements", doc("account-statements", `{"name":"x","content":"x"}`)).is(404)
	s.do("POST", account+"/reconciliation/explanations", doc("explanations", `{"line":"rpl_nobody","description":"x"}`)).is(404)
	s.do("POST", account+"/pull-reports", "").refused(422, "not_supported", "")
	s.do("POST", account+"/pull-balances", "").refused(422, "not_supported", "")
}
