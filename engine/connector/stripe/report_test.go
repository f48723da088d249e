package stripe

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// pages answers each request with the next page.
type pages struct {
	bodies []string
	asked  []string
}

func (p *pages) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/v1/accounts" {
		return answer(r, page(false)), nil // it is no platform
	}
	p.asked = append(p.asked, r.URL.RequestURI())
	body := p.bodies[0]
	if len(p.bodies) > 1 {
		p.bodies = p.bodies[1:]
	}
	return answer(r, body), nil
}

func answer(r *http.Request, body string) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

func transaction(id int, kind string, amount int64, currency, source string) string {
	return fmt.Sprintf(`{"id":"txn_%d","object":"balance_transaction","amount":%d,"currency":%q,"created":1772447400,"type":%q,"source":%s}`, id, amount, currency, kind, source)
}

func page(more bool, rows ...string) string {
	return fmt.Sprintf(`{"object":"list","has_more":%v,"data":[%s]}`, more, strings.Join(rows, ","))
}

func reports(t *testing.T, p *pages) ([]connector.Report, error) {
	t.Helper()
	c, err := New(lend(p))(connector.Account{ID: "mca_1", Provider: Provider, Test: true, Secrets: map[string]string{APIKey: testKey}})
	if err != nil {
		t.Fatal(err)
	}
	return c.(connector.Reporter).Reports(context.Background(), now().Add(-48*time.Hour))
}

// TestReportsAreWhatWasPaidOut: what left and what came back, under the payout's
// key; not what customers paid, nor what Stripe pays by its own schedule.
func TestReportsAreWhatWasPaidOut(t *testing.T) {
	eur, jpy := money.New(1100, money.MustCurrency("EUR")), money.New(500, money.MustCurrency("JPY"))
	at := func(status string, days int) string {
		return payoutText("po_"+status, eur, status, now().AddDate(0, 0, days))
	}
	p := &pages{bodies: []string{
		page(true, transaction(1, "charge", 900, "eur", `{"object":"charge"}`), transaction(2, "payout", -1100, "eur", at("paid", -1)), transaction(3, "payout", -1100, "eur", at("in_transit", 1)),
			transaction(4, "payout", -1100, "eur", strings.Replace(at("paid", -1), `"automatic":false`, `"automatic":true`, 1))),
		page(false, transaction(5, "payout", -1100, "eur", at("failed", 1)), transaction(6, "payout_failure", 1100, "eur", at("failed", 1)), transaction(7, "payout", -1100, "eur", at("failed", -1)), transaction(8, "payout_failure", 1100, "eur", at("failed", -1)),
			transaction(9, "transfer", -500, "jpy", transferText("po_t", jpy, false)), transaction(10, "transfer_refund", 500, "jpy", `{"object":"transfer_reversal","id":"trr_1","transfer":"tr_1MtN0"}`)),
	}}
	list, err := reports(t, p)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, r := range list {
		got += fmt.Sprintf("%s %s %s %s booked=%v; ", r.ID, r.Key, r.Outcome.Verdict, r.Amount, r.Booked)
	}
	want := "txn_2 po_paid paid EUR 11.00 booked=true; txn_3 po_in_transit accepted EUR 11.00 booked=false; txn_5 po_failed rejected EUR 11.00 booked=true; txn_6 po_failed returned EUR 11.00 booked=true; " +
		"txn_7 po_failed paid EUR 11.00 booked=true; txn_8 po_failed returned EUR 11.00 booked=true; txn_9 po_t paid JPY 500 booked=true; txn_10  returned JPY 500 booked=true; "
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if list[len(list)-1].Outcome.Ref != "tr_1MtN0" {
		t.Errorf("a reversal doesn't name its transfer: %+v", list[len(list)-1])
	}
	if len(p.asked) != 2 || !strings.Contains(p.asked[1], "starting_after=txn_4") || !strings.Contains(p.asked[0], "created%5Bgte%5D=1772274600") {
		t.Errorf("asked %v", p.asked)
	}
}

// TestAReportThatCantBeReadIsNone: books that leave a part out would be called
// equal.
func TestAReportThatCantBeReadIsNone(t *testing.T) {
	good := payoutText("po_1", money.New(1100, money.MustCurrency("EUR")), "paid", now())
	for _, body := range []string{`{}`, `[]`, `{"object":"list","data":[]}`, page(true), page(false, transaction(1, "payout", -1100, "eur", `null`)), page(false, transaction(1, "payout", -1100, "eur", `"po_1"`)),
		page(false, transaction(1, "payout", 0, "eur", good)), page(false, transaction(1, "payout", -1100, "abc", good)), page(false, strings.Replace(transaction(1, "payout", -1100, "eur", good), "-1100", "-11.5", 1)),
		page(false, transaction(1, "payout", -1100, "eur", strings.Replace(good, `"paid"`, `"perhaps"`, 1))), page(false, strings.Replace(transaction(1, "payout", -1100, "eur", good), "txn_1", "../x", 1)),
		page(true, transaction(1, "charge", 5, "eur", `null`)) + "x"} {
		if list, err := reports(t, &pages{bodies: []string{body}}); err == nil {
			t.Errorf("%s: got %v", body, list)
		} else if strings.Contains(err.Error(), "ba_1") {
			t.Errorf("the error quotes the answer: %v", err)
		}
	}
}

// TestStripesMockTakesTheQuestion: and refuses one that is asked otherwise.
func TestStripesMockTakesTheQuestion(t *testing.T) {
	stub, err := mock()
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(stub.HandleRequest))
	defer srv.Close()
	ask := func(query string) int {
		req, err := http.NewRequest(http.MethodGet, srv.URL+"/v1/balance_transactions?"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+testKey)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	p := &pages{bodies: []string{page(false)}}
	if _, err := reports(t, p); err != nil {
		t.Fatal(err)
	}
	_, query, _ := strings.Cut(p.asked[0], "?")
	if got := ask(query); got != http.StatusOK {
		t.Errorf("ours: %d", got)
	}
	if got := ask(strings.Replace(query, "limit=100", "limit=all", 1)); got != http.StatusBadRequest {
		t.Errorf("a bad one: %d, so the mock judges nothing", got)
	}
}
