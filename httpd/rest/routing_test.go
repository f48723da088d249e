package rest_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"
)

// connector connects an account and returns its id.
func (s *shop) connector(name string) string {
	s.t.Helper()
	s.Clock.Advance(time.Millisecond) // so that they are connected one after another
	return s.do("POST", "/account/shop/connectors", `{"connector_type":"payout_processor","connector_name":"`+name+`","connector_account_details":{"auth_type":"NoKey"}}`).ok().str("merchant_connector_id")
}

func choiceOf(name, id string) string {
	return fmt.Sprintf(`{"connector":%q,"merchant_connector_id":%q}`, name, id)
}

// activate makes an algorithm and puts it in force.
func (s *shop) activate(algorithm string) string {
	s.t.Helper()
	id := s.do("POST", "/routing", `{"name":"a","description":"d","algorithm":`+algorithm+`,"transaction_type":"payout"}`).ok().is("algorithm_for", "payout").str("id")
	s.do("POST", "/routing/"+id+"/activate", `{"transaction_type":"payout"}`).ok().is("id", id)
	return id
}

// leaves says by which connector a payout leaves that is only confirmed.
func (s *shop) leaves(fields string) reply {
	s.t.Helper()
	return s.do("POST", "/payouts/create", `{"amount":1250,"currency":"EUR","customer_id":"ada","name":"Ada","confirm":true,`+fields+`}`)
}

// TestActiveAlgorithmDecides holds the contract's case: after activation
// connector and account are those configured, for each shape of algorithm.
func TestActiveAlgorithmDecides(t *testing.T) {
	s := newShop(t)
	wise, adyen := s.connector("wise"), s.connector("adyenplatform")
	w, a := choiceOf("wise", wise), choiceOf("adyenplatform", adyen)
	bank := sepa("NL69TEST0000000001")
	s.leaves(bank).ok().is("connector", "wise") // the fallback list: the oldest first, the sandbox last
	for _, algorithm := range []string{
		`{"type":"single","data":` + a + `}`, `{"type":"priority","data":[` + a + `,` + w + `]}`, `{"type":"volume_split","data":[{"connector":` + a + `,"split":100},{"connector":` + w + `,"split":0}]}`,
		`{"type":"advanced","data":{"defaultSelection":{"type":"priority","data":[` + w + `]},"metadata":{},"rules":[{"name":"r1","connectorSelection":{"type":"priority","data":[` + a + `]},"statements":[{"condition":[{"lhs":"payout_type","comparison":"equal","value":{"type":"enum_variant","value":"bank"},"metadata":{}}]}]}]}}`,
	} {
		id := s.activate(algorithm)
		s.leaves(bank).ok().is("connector", "adyenplatform").is("merchant_connector_id", adyen)
		s.do("GET", "/routing/"+id, "").ok().is("algorithm.type", strings.Split(algorithm, `"`)[3])
		s.do("GET", "/routing/payouts/active", "").ok().is("0.id", id)
	}
	s.do("POST", "/routing/payouts/deactivate", `{}`).ok()
	s.do("POST", "/routing/payouts/deactivate", `{}`).refused(400, "IR_16", "already inactive")
	s.leaves(bank).ok().is("connector", "wise")
	if got := len(s.do("GET", "/routing/payouts", "").ok().json.([]any)); got != 4 {
		t.Errorf("%d algorithms are listed", got)
	}
	s.do("GET", "/routing/payouts/default", "").ok().is("2.connector", "sandbox") // what is there from the start comes last
	s.do("POST", "/routing/payouts/default", `[`+a+`,`+w+`]`).ok().is("0.connector", "adyenplatform")
	s.leaves(bank).ok().is("connector", "adyenplatform")
	// an algorithm whose connector can't take it leads to the fallback list
	paypal := s.connector("paypal")
	id := s.activate(`{"type":"single","data":` + choiceOf("paypal", paypal) + `}`)
	s.leaves(bank).ok().is("connector", "adyenplatform")
	s.do("POST", "/routing/payouts/"+id+"/activate", `{"transaction_type":"payout"}`).refused(400, "IR_16", "already active")
	// the request's own routing wins, and nothing goes round it
	s.leaves(bank+`,"routing":{"type":"single","data":`+w+`}`).ok().is("connector", "wise")
	s.leaves(bank+`,"routing":{"type":"single","data":`+choiceOf("paypal", paypal)+`}`).refused(400, "IR_19", "Payment method type not supported").is("error.reason", "sepa in EUR is not supported by paypal")
	s.leaves(bank+`,"routing":{"type":"advanced","data":{"defaultSelection":{"type":"single","data":`+w+`},"rules":[]}}`).ok().is("connector", "wise")
	s.leaves(bank+`,"connector":["wise"]`).ok().is("connector", "wise")
}

// TestRulesKnowEveryComparison tries every comparison with every type of value
// that it takes, once where it holds and once where it doesn't.
func TestRulesKnowEveryComparison(t *testing.T) {
	s := newShop(t)
	wise, adyen := s.connector("wise"), s.connector("adyenplatform")
	payout := sepa("NL69TEST0000000001") + `,"business_country":"US","business_label":"shoes","billing":{"address":{"country":"DE"}},"metadata":{"tier":"gold","level":7}`
	rows := []struct {
		lhs, comparison, value string
		is                     bool
	}{
		{"payout_type", "equal", `{"type":"enum_variant","value":"bank"}`, true}, {"payout_type", "equal", `{"type":"enum_variant","value":"card"}`, false},
		{"payout_type", "not_equal", `{"type":"enum_variant","value":"card"}`, true}, {"payout_type", "not_equal", `{"type":"enum_variant","value":"bank"}`, false},
		{"currency", "equal", `{"type":"enum_variant_array","value":["USD","EUR"]}`, true}, {"currency", "equal", `{"type":"enum_variant_array","value":["USD"]}`, false},
		{"currency", "not_equal", `{"type":"enum_variant_array","value":["USD"]}`, true}, {"currency", "not_equal", `{"type":"enum_variant_array","value":["USD","EUR"]}`, false},
		{"amount", "equal", `{"type":"number","value":1250}`, true}, {"amount", "equal", `{"type":"number","value":1251}`, false},
		{"amount", "not_equal", `{"type":"number","value":1251}`, true}, {"amount", "not_equal", `{"type":"number","value":1250}`, false},
		{"amount", "less_than", `{"type":"number","value":1251}`, true}, {"amount", "less_than", `{"type":"number","value":1250}`, false},
		{"amount", "less_than_equal", `{"type":"number","value":1250}`, true}, {"amount", "less_than_equal", `{"type":"number","value":1249}`, false},
		{"amount", "greater_than", `{"type":"number","value":1249}`, true}, {"amount", "greater_than", `{"type":"number","value":1250}`, false},
		{"amount", "greater_than_equal", `{"type":"number","value":1250}`, true}, {"amount", "greater_than_equal", `{"type":"number","value":1251}`, false},
		{"amount", "equal", `{"type":"number_array","value":[1,1250]}`, true}, {"amount", "equal", `{"type":"number_array","value":[1,2]}`, false},
		{"amount", "not_equal", `{"type":"number_array","value":[1,2]}`, true}, {"amount", "not_equal", `{"type":"number_array","value":[1,1250]}`, false},
		{"amount", "equal", `{"type":"number_comparison_array","value":[{"comparisonType":"greater_than","number":9000},{"comparisonType":"less_than","number":1300}]}`, true},
		{"amount", "equal", `{"type":"number_comparison_array","value":[{"comparisonType":"greater_than","number":9000},{"comparisonType":"less_than_equal","number":1249}]}`, false},
		{"amount", "not_equal", `{"type":"number_comparison_array","value":[{"comparisonType":"greater_than","number":9000}]}`, true},
		{"amount", "not_equal", `{"type":"number_comparison_array","value":[{"comparisonType":"greater_than_equal","number":1250}]}`, false},
		{"business_label", "equal", `{"type":"str_value","value":"shoes"}`, true}, {"business_label", "not_equal", `{"type":"str_value","value":"shoes"}`, false},
		{"business_country", "equal", `{"type":"enum_variant","value":"US"}`, true}, {"billing_country", "equal", `{"type":"enum_variant","value":"DE"}`, true}, {"billing_country", "equal", `{"type":"enum_variant","value":"FR"}`, false},
		{"metadata", "equal", `{"type":"metadata_variant","value":{"key":"tier","value":"gold"}}`, true}, {"metadata", "equal", `{"type":"metadata_variant","value":{"key":"tier","value":"lead"}}`, false},
		{"metadata", "not_equal", `{"type":"metadata_variant","value":{"key":"tier","value":"lead"}}`, true}, {"metadata", "equal", `{"type":"metadata_variant","value":{"key":"level","value":"7"}}`, true},
		{"bank_transfer", "equal", `{"type":"enum_variant","value":"sepa_bank_transfer"}`, true}, {"bank_transfer", "equal", `{"type":"enum_variant","value":"ach"}`, false},
		{"wallet", "equal", `{"type":"enum_variant","value":"paypal"}`, false},
	}
	for _, row := range rows {
		routing := `"routing":{"type":"advanced","data":{"defaultSelection":{"type":"priority","data":[` + choiceOf("wise", wise) + `]},"rules":[{"name":"r","connectorSelection":{"type":"priority","data":[` + choiceOf("adyenplatform", adyen) +
			`]},"statements":[{"condition":[{"lhs":"` + row.lhs + `","comparison":"` + row.comparison + `","value":` + row.value + `,"metadata":{}}]}]}]}}`
		want := "wise"
		if row.is {
			want = "adyenplatform"
		}
		s.leaves(payout+`,`+routing).ok().is("connector", want)
	}
	bad := func(lhs, comparison, value string) reply {
		return s.do("POST", "/routing", `{"name":"a","transaction_type":"payout","algorithm":{"type":"advanced","data":{"defaultSelection":{"type":"priority","data":[`+choiceOf("wise", wise)+`]},"rules":[{"name":"r","connectorSelection":{"type":"priority","data":[`+choiceOf("wise", wise)+
			`]},"statements":[{"condition":[{"lhs":"`+lhs+`","comparison":"`+comparison+`","value":`+value+`}]}]}]}}}`)
	}
	bad("amount", "equal", `{"type":"enum_variant","value":"bank"}`).refused(422, "IR_06", "type does not fit")
	bad("colour", "equal", `{"type":"enum_variant","value":"bank"}`).refused(422, "IR_06", "lhs")
	bad("amount", "like", `{"type":"number","value":1}`).refused(400, "IR_06", "unknown variant `like`")
	bad("payout_type", "less_than", `{"type":"enum_variant","value":"bank"}`).refused(422, "IR_06", "operator")
	bad("currency", "equal", `{"type":"enum_variant","value":"XXX"}`).refused(422, "IR_06", "")
}

// TestStatementsAreAlternatives: conditions are all needed, statements are
// alternatives, the first rule that fits wins.
func TestStatementsAreAlternatives(t *testing.T) {
	s := newShop(t)
	wise, adyen, stripe := s.connector("wise"), s.connector("adyenplatform"), s.connector("stripe")
	amount := func(is string) string {
		return `{"lhs":"amount","comparison":"` + is[:strings.IndexByte(is, ' ')] + `","value":{"type":"number","value":` + is[strings.IndexByte(is, ' ')+1:] + `}}`
	}
	s.activate(`{"type":"advanced","data":{"defaultSelection":{"type":"priority","data":[` + choiceOf("wise", wise) + `]},"rules":[
		{"name":"r1","connectorSelection":{"type":"priority","data":[` + choiceOf("stripe", stripe) + `]},"statements":[{"condition":[` + amount("greater_than 100") + `,` + amount("less_than 200") + `]},{"condition":[` + amount("equal 1250") + `]}]},
		{"name":"r2","connectorSelection":{"type":"priority","data":[` + choiceOf("adyenplatform", adyen) + `]},"statements":[{"condition":[` + amount("greater_than 150") + `]}]}]}}`)
	for minor, want := range map[int]string{99: "wise", 150: "stripe", 200: "adyenplatform", 1250: "stripe"} {
		s.do("POST", "/payouts/create", fmt.Sprintf(`{"amount":%d,"currency":"EUR","customer_id":"ada","name":"Ada","confirm":true,%s}`, minor, sepa("NL69TEST0000000001"))).ok().is("connector", want)
	}
}

// TestVolumeSplitKeepsItsShares measures the shares over many payouts of one
// seed: within 2 of 100.
func TestVolumeSplitKeepsItsShares(t *testing.T) {
	s := newShop(t)
	wise, adyen := s.connector("wise"), s.connector("adyenplatform")
	s.activate(`{"type":"volume_split","data":[{"connector":` + choiceOf("wise", wise) + `,"split":70},{"connector":` + choiceOf("adyenplatform", adyen) + `,"split":30}]}`)
	n, most := 10_000, 0.02
	if testing.Short() {
		n, most = 500, 0.07
	}
	body := `{"amount":1,"currency":"EUR","customer_id":"ada","name":"Ada","confirm":true,` + sepa("NL69TEST0000000001") + `}`
	count := map[string]int{}
	began := time.Now()
	for range n {
		req, err := http.NewRequest("POST", "http://penstock.test/payouts/create", strings.NewReader(body))
		must(t, err)
		req.Header.Set("api-key", s.key)
		req.Header.Set("Content-Type", "application/json")
		res, err := s.client.Do(req)
		must(t, err)
		raw, err := io.ReadAll(res.Body)
		must(t, errors.Join(err, res.Body.Close()))
		_, after, _ := strings.Cut(string(raw), `"connector":"`)
		name, _, _ := strings.Cut(after, `"`)
		count[name]++
	}
	if got := float64(count["wise"]) / float64(n); math.Abs(got-0.7) > most {
		t.Errorf("70 of 100 became %v of %d", count, n)
	}
	t.Logf("%v of %d in %v", count, n, time.Since(began))
}

// TestRefusalsAreRetriedAsTheProfileSays: other connectors first, then the
// same one, each as often as allowed, every attempt shown; nothing out of the
// box.
func TestRefusalsAreRetriedAsTheProfileSays(t *testing.T) {
	s := newShop(t)
	wise, adyen := s.connector("wise"), s.connector("adyenplatform")
	s.do("POST", "/routing/payouts/default", `[`+choiceOf("wise", wise)+`,`+choiceOf("adyenplatform", adyen)+`]`).ok()
	profile := s.do("GET", "/account/shop/business_profile", "").ok().str("0.profile_id")
	tries := func(iban string) []string {
		id := s.payout(sepa(iban))
		s.run(time.Minute)
		r := s.do("GET", "/payouts/"+id+"?expand_attempts=true", "").ok()
		var out []string
		for i, a := range r.at("attempts").([]any) {
			at := a.(map[string]any)
			if at["attempt_id"] != fmt.Sprintf("%s_%d", id, i+1) {
				t.Errorf("attempt %d is called %v", i+1, at["attempt_id"])
			}
			out = append(out, fmt.Sprint(at["connector"], " ", at["status"]))
		}
		return append(out, r.str("status"))
	}
	check := func(what string, got []string, want ...string) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	declined := magic(t, "declined").IBAN
	check("out of the box", tries(declined), "wise failed", "failed")
	set := func(retry string) {
		s.do("POST", "/account/shop/business_profile/"+profile, `{"payout_retry_config":`+retry+`}`).ok()
	}
	set(`{"max_auto_retries_multi_connector":1,"max_auto_retries_single_connector":2,"rules":[{"decision":"retry"}]}`)
	check("others, then the same", tries(declined), "wise failed", "adyenplatform failed", "adyenplatform failed", "adyenplatform failed", "failed")
	set(`{"max_auto_retries_single_connector":1,"rules":[{"code":"declined","decision":"retry"}]}`)
	check("the same alone", tries(declined), "wise failed", "wise failed", "failed")
	check("another code", tries(magic(t, "account_closed").IBAN), "wise failed", "failed")
	set(`{"max_auto_retries_multi_connector":3,"rules":[{"connector":"adyenplatform","decision":"do_default"},{"decision":"retry"}]}`)
	check("a rule for a connector", tries(declined), "wise failed", "adyenplatform failed", "failed")
	set(`{"max_auto_retries_multi_connector":9,"rules":[{"decision":"retry"}]}`)
	check("what is paid", tries(magic(t, "success").IBAN), "wise success", "success")
	check("what is not known", tries(magic(t, "pending").IBAN), "wise pending", "pending")
	s.do("POST", "/account/shop/business_profile/"+profile, `{"payout_retry_config":{"max_auto_retries_multi_connector":11}}`).refused(422, "IR_06", "0 to 10")
}
