package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// platform is an account with two that are connected, and the books of all.
func platform(secrets map[string]string, bodies map[string]string) (*account, *[]string, error) {
	asked := &[]string{}
	rt := roundTrip(func(r *http.Request) (*http.Response, error) {
		of := r.Header.Get("Stripe-Account")
		*asked = append(*asked, of+r.URL.Path)
		body, ok := bodies[of+r.URL.Path]
		if r.URL.Path == "/v1/accounts" && r.URL.Query().Get("starting_after") == "" {
			body, ok = `{"object":"list","has_more":true,"data":[{"id":"acct_1","object":"account"}]}`, true
		} else if r.URL.Path == "/v1/accounts" {
			body, ok = `{"object":"list","has_more":false,"data":[{"id":"acct_2","object":"account"}]}`, true
		}
		if !ok {
			body = page(false)
		}
		return answer(r, body), nil
	})
	all := map[string]string{APIKey: testKey}
	for name, value := range secrets {
		all[name] = value
	}
	c, err := New(lend(rt))(connector.Account{ID: "mca_1", Provider: Provider, Test: true, Secrets: all})
	if err != nil {
		return nil, asked, err
	}
	return c.(*account), asked, nil
}

// TestWhatConnectedAccountsPayOutIsListedAndReported: their books alone have
// it, and what else stands there is their own business.
func TestWhatConnectedAccountsPayOutIsListedAndReported(t *testing.T) {
	eur := money.New(1100, money.MustCurrency("EUR"))
	ours := payoutText("po_ours", eur, "paid", now().AddDate(0, 0, -1))
	theirs := strings.Replace(ours, `{"penstock_key":"po_ours"}`, `{}`, 1)
	bodies := map[string]string{
		"/v1/balance_transactions":       page(false, transaction(1, "transfer", -1100, "eur", transferText("po_transfer", eur, false))),
		"acct_2/v1/balance_transactions": page(false, transaction(2, "payout", -1100, "eur", theirs), transaction(3, "payout", -1100, "eur", ours), transaction(4, "payment", 1100, "eur", `{"object":"charge"}`), transaction(5, "payout_failure", 1100, "eur", ours)),
		"/v1/transfers":                  page(false, transferText("po_transfer", eur, false)),
		"acct_2/v1/payouts":              page(false, ours, theirs),
	}
	for name, row := range map[string]struct{ connected, want, asked string }{
		"all":       {"", "txn_1 po_transfer paid tr_1MtN0; txn_3 po_ours paid acct_2/po_1MtN0; txn_5 po_ours returned acct_2/po_1MtN0; list po_transfer; list po_ours; ", "acct_1/v1/payouts"},
		"one named": {" acct_2, acct_2", "txn_1 po_transfer paid tr_1MtN0; txn_3 po_ours paid acct_2/po_1MtN0; txn_5 po_ours returned acct_2/po_1MtN0; list po_transfer; list po_ours; ", "acct_2/v1/payouts"},
		"none":      {"none", "txn_1 po_transfer paid tr_1MtN0; list po_transfer; ", "/v1/payouts"},
	} {
		a, asked, err := platform(map[string]string{Connected: row.connected}, bodies)
		if err != nil {
			t.Fatal(err)
		}
		reports, err := a.Reports(context.Background(), now())
		list, err2 := a.Transfers(context.Background(), now())
		got := ""
		for _, r := range reports {
			got += fmt.Sprintf("%s %s %s %s; ", r.ID, r.Key, r.Outcome.Verdict, r.Outcome.Ref)
		}
		for _, l := range list {
			got += "list " + l.Key + "; "
		}
		if err != nil || err2 != nil || got != row.want {
			t.Errorf("%s: got %s, %v, %v, want %s", name, got, err, err2, row.want)
		}
		if !strings.Contains(strings.Join(*asked, " ")+" ", row.asked+" ") || (row.connected == "") != strings.Contains(strings.Join(*asked, " "), "/v1/accounts") {
			t.Errorf("%s: asked %v", name, *asked)
		}
	}
}

// TestAnAccountThatIsNotNamedPaysNothingOut: nobody would look into its books.
func TestAnAccountThatIsNotNamedPaysNothingOut(t *testing.T) {
	in := toBank("po_1", money.New(1100, money.MustCurrency("EUR")))
	in.Details = connector.Details{token: "ba_1canary", customer: "acct_3"}
	for connected, refused := range map[string]bool{"": false, "acct_3": false, "acct_1,acct_2": true, "none": true} {
		a, asked, err := platform(map[string]string{Connected: connected}, nil)
		if err != nil {
			t.Fatal(err)
		}
		out, _ := a.Send(context.Background(), in)
		if got := out.Verdict == connector.Rejected; got != refused || got != (len(*asked) == 0) {
			t.Errorf("%q: got %+v after %v", connected, out, *asked)
		}
	}
	for _, bad := range []string{"acct_", "acct_1;acct_2", "po_1", "acct_1,", "all", strings.Repeat("acct_1,", 3) + "../x"} {
		if _, _, err := platform(map[string]string{Connected: bad}, nil); err == nil || !strings.Contains(err.Error(), Connected) {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

// TestBooksThatCantBeReadAreNotLeftOut: books that leave an account out would
// be called equal, and a list would be called whole.
func TestBooksThatCantBeReadAreNotLeftOut(t *testing.T) {
	many := `{"object":"list","has_more":true,"data":[` + strings.TrimSuffix(strings.Repeat(`{"id":"acct_1","object":"account"},`, pageSize), ",") + `]}`
	for what, answerOf := range map[string]func(r *http.Request) (*http.Response, error){
		"not allowed": func(r *http.Request) (*http.Response, error) {
			resp := answer(r, `{"error":{"type":"invalid_request_error","message":"canary"}}`)
			resp.StatusCode = http.StatusForbidden
			return resp, nil
		},
		"no end": func(r *http.Request) (*http.Response, error) { return answer(r, many), nil },
		"no account": func(r *http.Request) (*http.Response, error) {
			return answer(r, page(false, `{"id":"../x","object":"account"}`)), nil
		},
		"empty":  func(r *http.Request) (*http.Response, error) { return answer(r, page(true)), nil },
		"nobody": func(*http.Request) (*http.Response, error) { return nil, errors.New("canary") },
	} {
		rt := roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/v1/accounts" {
				return answerOf(r)
			}
			return answer(r, page(false)), nil
		})
		c, err := New(lend(rt))(connector.Account{ID: "mca_1", Provider: Provider, Test: true, Secrets: map[string]string{APIKey: testKey}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.(connector.Reporter).Reports(context.Background(), now())
		_, err2 := c.(connector.Lister).Transfers(context.Background(), now())
		if err == nil || err2 == nil || strings.Contains(err.Error()+err2.Error(), "canary") {
			t.Errorf("%s: got %v, %v", what, err, err2)
		}
	}
}
