package sandbox

import (
	"net/http"
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// TestPersonasAreWhole holds each table: sources, words for both refusals,
// resolutions that there are, no method twice.
func TestPersonasAreWhole(t *testing.T) {
	all := Personas()
	if len(all) < 18 {
		t.Fatalf("%d personas", len(all))
	}
	for _, p := range all {
		if len(p.Sources) == 0 || len(p.Ways) == 0 || p.Missing.Code == "" || p.Missing.Message == "" || p.Unsupported.Code == "" || p.Unsupported.Message == "" {
			t.Errorf("%s is not whole", p.Name)
		}
		for word, s := range p.Refusals {
			if !connector.IsResolution(word) || s.Code == "" || s.Message == "" {
				t.Errorf("%s: refusal %q is %+v", p.Name, word, s)
			}
		}
		seen := map[string]bool{}
		for _, w := range p.Ways {
			if w.Pace != Instant && w.Pace != Delayed || len(w.Methods) == 0 {
				t.Errorf("%s: way %+v", p.Name, w)
			}
			for _, m := range w.Methods {
				if seen[m] {
					t.Errorf("%s pays %s in two ways", p.Name, m)
				}
				seen[m] = true
			}
		}
	}
}

// TestAnAccountIsAnsweredInItsProvidersManner walks one persona in both of the
// connectors: pace, what it insists on, what it hasn't, its words for refusals
// in the answer and in a look-up.
func TestAnAccountIsAnsweredInItsProvidersManner(t *testing.T) {
	for _, as := range []string{"in process", "over HTTP"} {
		t.Run(as, func(t *testing.T) {
			send := func(provider, key, service, currency string, d connector.Details) (connector.Outcome, connector.Connector) {
				t.Helper()
				c := newPersonaAccount(t, as, provider)
				out, err := c.Send(t.Context(), connector.Instruction{Key: key, Amount: money.New(100, money.MustCurrency(currency)), Service: service, Details: d})
				if err != nil {
					t.Fatal(err)
				}
				return out, c
			}
			iban := func(v string) connector.Details {
				return connector.Details{"iban": v, "account_holder_name": "Ada Example"}
			}
			if out, _ := send("truelayer", "a", "sepa_eur", "EUR", iban("NL69TEST0000000001")); out.Verdict != connector.Paid {
				t.Errorf("an instant way: %+v", out)
			}
			if out, _ := send("wise", "b", "sepa_eur", "EUR", iban("NL69TEST0000000001")); out.Verdict != connector.Accepted {
				t.Errorf("a delayed way: %+v", out)
			}
			if out, _ := send("wise", "c", "sepa_eur", "EUR", connector.Details{"iban": "NL69TEST0000000001"}); out.Verdict != connector.Rejected || out.Code != "NOT_VALID" || out.Message != "Please specify account_holder_name." || out.Resolution != connector.InvalidDetails {
				t.Errorf("without what it insists on: %+v", out)
			}
			if out, _ := send("paypal", "d", "sepa_eur", "EUR", iban("NL69TEST0000000001")); out.Verdict != connector.Rejected || out.Resolution != connector.InvalidMethod {
				t.Errorf("a method that it hasn't: %+v", out)
			}
			out, c := send("wise", "e", "sepa_eur", "EUR", iban("NL85TEST0000000004"))
			again, err := c.Lookup(t.Context(), "e")
			if err != nil || again != out || out.Code != "ACCOUNT_CLOSED" || out.Resolution != connector.AccountClosed {
				t.Errorf("a refusal: %+v, looked up %+v, %v", out, again, err)
			}
			if out, _ := send("sandbox", "f", "sepa_eur", "EUR", iban("NL85TEST0000000004")); out.Code != string(Rejected) {
				t.Errorf("the test provider itself: %+v", out)
			}
		})
	}
}

// newPersonaAccount is an account at a provider, which the test provider plays.
func newPersonaAccount(t *testing.T, as, provider string) connector.Connector {
	t.Helper()
	acc := connector.Account{ID: "mca_x", Provider: provider, Test: true}
	var build connector.Builder
	if as == "in process" {
		p, err := Open(Settings{Now: func() time.Time { return time.Unix(1_800_000_000, 0) }})
		if err != nil {
			t.Fatal(err)
		}
		build = InProcess(p)
	} else {
		_, acc.BaseURL = serve(t, Options{})
		build = HTTP(&http.Transport{DisableKeepAlives: true})
	}
	c, err := build(acc)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
