package rest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"penstock/engine/connector/sandbox"
	"penstock/engine/service"
)

// Details that are taken, by the payout method that pays them, with the account
// that the test provider refuses as closed in place of %.
var personaDetails = map[string]struct{ kind, data, good, closed string }{
	"payment_card":    {"card", `"card":{"card_number":"%","expiry_month":"3","expiry_year":"2030"}`, "4111111111111111", "4000000000010043"},
	"sepa":            {"bank", `"bank":{"iban":"%"}`, "NL69TEST0000000001", "NL85TEST0000000004"},
	"ach":             {"bank", `"bank":{"bank_account_number":"%","bank_routing_number":"021000021"}`, "10000001", "10000004"},
	"bacs":            {"bank", `"bank":{"bank_account_number":"%","bank_sort_code":"040075"}`, "10000001", "10000004"},
	"pix":             {"bank", `"bank_transfer":{"payout_method_type":"pix","bank_account_number":"%","bank_branch":"0001","ispb":"60701190"}`, "10000001", "10000004"},
	"trustly":         {"bank", `"bank_transfer":{"payout_method_type":"trustly","country_code":"SE","account_number":"%"}`, "10000001", "10000004"},
	"open_banking":    {"bank", `"bank_transfer":{"payout_method_type":"open_banking","account_holder_name":"Ada","iban":"%"}`, "NL69TEST0000000001", "NL85TEST0000000004"},
	"open_banking_uk": {"bank_redirect", `"bank_redirect":{"open_banking_uk":{"account_holder_name":"Ada","iban":"%"}}`, "NL69TEST0000000001", "NL85TEST0000000004"},
	"paypal":          {"wallet", `"wallet":{"paypal":{"email":"%"}}`, "success@sandbox.test", "account_closed@sandbox.test"},
	"venmo":           {"wallet", `"wallet":{"venmo":{"telephone_number":"%"}}`, "+12025550101", "+12025550104"},
	"interac":         {"bank_redirect", `"bank_redirect":{"interac":{"email":"%"}}`, "success@sandbox.test", "account_closed@sandbox.test"},
	"apple_pay":       {"wallet", `"wallet":{"apple_pay_decrypt":{"dpan":"%","expiry_month":"3","expiry_year":"2030"}}`, "4111111111111111", "4000000000010043"},
	"google_pay":      {"wallet", `"wallet":{"google_pay_decrypt":{"application_primary_account_number":"%","expiry_month":"3","expiry_year":"2030"}}`, "4111111111111111", "4000000000010043"},
}

// TestEachConnectorAnswersInItsManner connects each name of the contract's list
// and pays by every method that it has, in a currency of it: at the pace of its
// table, refused in its words; a method that it hasn't is refused before it is
// a payout, and one without the name it insists on fails in its words.
func TestEachConnectorAnswersInItsManner(t *testing.T) {
	for _, name := range payoutConnectors() {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.customer("ada")
			s.do("POST", "/customers", `{"customer_id":"nameless"}`).ok()
			s.connector(name)
			at := slices.IndexFunc(sandbox.Personas(), func(p sandbox.Persona) bool { return p.Name == name })
			if at < 0 {
				t.Fatal("no persona")
			}
			p := sandbox.Personas()[at]
			pay := func(customer, method, currency, account string) reply {
				d := personaDetails[method]
				return s.do("POST", "/payouts/create", fmt.Sprintf(`{"amount":1250,"currency":%q,"customer_id":%q,"confirm":true,"auto_fulfill":true,"connector":[%q],"payout_type":%q,"payout_method_data":{%s}}`,
					currency, customer, name, d.kind, strings.ReplaceAll(d.data, "%", account)))
			}
			for method, d := range personaDetails {
				way := slices.IndexFunc(p.Ways, func(w sandbox.Way) bool { return slices.Contains(w.Methods, method) })
				currency := currencyOf(name, method)
				if way < 0 || currency == "" {
					r := pay("ada", method, anyCurrency(method), d.good).refused(400, "IR_19", "Payment method type not supported")
					if !strings.HasSuffix(r.str("error.reason"), "is not supported by "+name) {
						t.Errorf("%s: %s", method, r.body)
					}
					continue
				}
				if method == "sepa" { // a combination that nobody has
					pay("ada", method, "JPY", d.good).refused(400, "IR_19", "Payment method type not supported").is("error.reason", "sepa in JPY is not supported by "+name)
				}
				id := pay("ada", method, currency, d.good).ok().is("connector", name).str("payout_id")
				s.run(time.Millisecond)
				want := "success"
				if p.Ways[way].Pace == sandbox.Delayed {
					want = "pending"
				}
				s.do("GET", "/payouts/"+id, "").ok().is("status", want)
				s.run(time.Minute)
				s.do("GET", "/payouts/"+id, "").ok().is("status", "success")
				id = pay("ada", method, currency, d.closed).ok().str("payout_id")
				s.run(time.Minute)
				code := "account_closed"
				if said, ok := p.Refusals[code]; ok {
					code = said.Code
				}
				s.do("GET", "/payouts/"+id, "").ok().is("status", "failed").is("error_code", code).is("unified_code", "UE_9000")
				if slices.Contains(p.Ways[way].Insists, "account_holder_name") && !strings.Contains(d.data, "account_holder_name") {
					id = pay("nameless", method, currency, d.good).ok().str("payout_id")
					s.run(time.Minute)
					s.do("GET", "/payouts/"+id, "").ok().is("status", "failed").is("error_code", p.Missing.Code).is("error_message", strings.ReplaceAll(p.Missing.Message, "{field}", "account_holder_name"))
				}
			}
		})
	}
}

// currencyOf is one in which a provider pays by a method.
func currencyOf(provider, method string) string {
	d := service.Builtin()
	for sv := range d.Services() {
		if sv.Method == method && d.Takes(provider, sv.Code) && !sv.Currency.IsZero() {
			return sv.Currency.Code()
		}
	}
	return ""
}

// anyCurrency is one in which somebody does.
func anyCurrency(method string) string { return currencyOf("sandbox", method) }

// TestWhoseAccountItIsComesFromTheBillOrTheCustomer: a provider that insists on
// a holder's name gets the one of the bill, or else the customer's, and the
// echo shows what was sent.
func TestWhoseAccountItIsComesFromTheBillOrTheCustomer(t *testing.T) {
	s := newShop(t)
	s.connector("wise")
	s.do("POST", "/customers", `{"customer_id":"nameless"}`).ok()
	bill := `,"billing":{"address":{"first_name":"Ada","last_name":"Example"}}`
	for _, row := range []struct{ fields, want string }{{bill, "success"}, {"", "failed"}, {`,"billing":{"address":{"city":"Oslo"}}`, "failed"}} {
		r := s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR","customer_id":"nameless","confirm":true,"auto_fulfill":true,"connector":["wise"],`+sepa("NL69TEST0000000001")+row.fields+`}`).ok()
		if strings.Contains(r.body, "account_holder_name") {
			t.Errorf("echo: %s", r.body)
		}
		s.run(time.Minute)
		s.do("GET", "/payouts/"+r.str("payout_id"), "").ok().is("status", row.want)
	}
	id := s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR","customer_id":"nameless","connector":["wise"]}`).ok().str("payout_id")
	s.do("POST", "/payouts/"+id+"/confirm", `{"auto_fulfill":true,`+sepa("NL69TEST0000000001")+bill+`}`).ok()
	s.run(time.Minute)
	s.do("GET", "/payouts/"+id, "").ok().is("status", "success")
}
