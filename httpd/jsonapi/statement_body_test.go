package jsonapi_test

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector/iso20022"
	"penstock/engine/sim"
	"penstock/httpd/jsonapi"
	"penstock/httpd/wire"
)

// TestOnlyWhoMayLoadAStatementSendsALongBody: a body beyond the server's limit is
// read of nobody who isn't known, and of no other call.
func TestOnlyWhoMayLoadAStatementSendsALongBody(t *testing.T) {
	s := newShop(t)
	f, err := wire.New(wire.Config{Now: s.Clock.Now, Random: rand.Reader})
	must(t, err)
	api, err := jsonapi.New(jsonapi.Config{Engine: s.Engine, Funnel: f, Now: s.Clock.Now, Random: rand.Reader})
	must(t, err)
	payer, _, _ := s.newKey(s.id, engine.Test, engine.Payouts)
	gone, _, goneID := s.newKey(s.id, engine.Test, engine.Rights()...)
	_, err = s.Engine.RevokeKey(s.Ctx, operator(s.id, engine.Test), goneID)
	must(t, err)
	bearer := func(key string) string { return "Bearer " + key }
	at := "/v1/provider-hub/provider-accounts/pacc_1/statements"
	for _, c := range []struct {
		method, path, key string
		want              bool
	}{
		{"POST", at, bearer(s.key), true}, {"POST", at, "Basic " + base64.StdEncoding.EncodeToString([]byte(s.keyID+":"+s.key)), true},
		{"POST", at, bearer(payer), false}, {"POST", at, bearer(s.pk), false}, {"POST", at, bearer(gone), false}, {"POST", at, bearer(s.key + "x"), false}, {"POST", at, "", false}, {"POST", at, "Basic !", false},
		{"PUT", at, bearer(s.key), false}, {"POST", "/v1/payout-gateway/payout-requests", bearer(s.key), false}, {"POST", at + "/x/statements", bearer(s.key), false}, {"POST", "/v1/provider-hub/provider-accounts//statements", bearer(s.key), false},
	} {
		if got := api.Long(c.method, c.path, c.key); (got > 0) != c.want || got > 0 && got != 16<<20 {
			t.Errorf("%s %s by %.12s: %d", c.method, c.path, c.key, got)
		}
	}
}

// TestALongStatementIsLoadedByTheAPI: far beyond what other calls bring, whole; and
// what is beyond its bound is refused in words that say what to do.
func TestALongStatementIsLoadedByTheAPI(t *testing.T) {
	s := newShopIn(t, sim.Config{Seed: 3, Statements: iso20022.Reader{}})
	one := s.request(s.point("USD"), "").created()
	s.run(time.Minute)
	paid := s.do("GET", one.str("data.links.self")+"/payouts", "").ok().str("data.0.id")
	account := s.do("GET", "/v1/provider-hub/provider-accounts", "").ok().str("data.0.links.self")
	var text strings.Builder
	text.WriteString("reference,amount,currency,kind,date\n")
	for i := range 12_000 {
		fmt.Fprintf(&text, "rent of the stall number %d,1.00,JPY,paid,2026-01-05\n", i)
	}
	content := strings.ReplaceAll(text.String(), "1.00,JPY", "1,JPY") + paid + ",12.50,USD,paid,2026-01-05\n"
	body := doc("account-statements", fmt.Sprintf(`{"name":"bank.csv","content":%q}`, content))
	if len(body) < 8*(64<<10) {
		t.Fatalf("%d bytes are not long", len(body))
	}
	s.do("POST", account+"/statements", body).ok().has("data.attributes.lines", 12_001).has("data.attributes.new_lines", 12_001)
	s.do("GET", account+"/reconciliation", "").ok().has("data.attributes.matched", 1)

	long := s.do("POST", account+"/statements", doc("account-statements", fmt.Sprintf(`{"name":"bank.csv","content":%q}`, strings.Repeat("x", 16<<20)))).is(413)
	long.has("errors.0.code", "body_too_large")
	if said := long.str("errors.0.detail"); !strings.Contains(said, "16 MiB") || !strings.Contains(said, "penstock reconcile") {
		t.Errorf("says %q", said)
	}
}
