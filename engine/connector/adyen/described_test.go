package adyen

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
	"penstock/engine/connector/connectortest"
	"penstock/engine/connector/spectest"
	"penstock/engine/money"
)

const description = "adyen-TransferService-v4.yaml"

// fakeAdyen answers as Adyen's description has it, from a book of ours.
type fakeAdyen struct {
	*spectest.Book
	start time.Time
}

func (f *fakeAdyen) now() time.Time { return f.start.Add(f.Elapsed()) }

func (f *fakeAdyen) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Date", f.now().Format(http.TimeFormat))
	id, asked := strings.CutPrefix(r.URL.Path, "/transfers/TR")
	switch {
	case r.Header.Get("X-API-Key") != testKey:
		w.WriteHeader(401)
		fmt.Fprint(w, `{"status":401,"errorCode":"000","message":"HTTP Status Response - Unauthorized","errorType":"security"}`)
	case r.Method == "POST":
		f.make(w, r)
	case asked:
		var n int
		fmt.Sscan(id, &n)
		if row, ok := f.Nth(n); ok {
			fmt.Fprint(w, text(row))
			return
		}
		problem(w, 422, "30_112", "transfer/not-found")
	default:
		f.list(w, r)
	}
}

func problem(w http.ResponseWriter, status int, code, kind string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"detail":"d","errorCode":%q,"status":%d,"title":"t","type":"https://docs.adyen.com/errors/%s"}`, code, status, kind)
}

func text(row spectest.Row) string {
	status := map[spectest.State]string{spectest.Pending: "authorised", spectest.Paid: "booked", spectest.Failed: "failed", spectest.Back: "returned"}[row.State]
	return transferText(fmt.Sprintf("TR%d", row.N), row.Key, row.Amount, status, "approved")
}

func (f *fakeAdyen) make(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	key, amount, err := readWire(r, body)
	if err != nil {
		problem(w, 422, "29_001", "validation")
		return
	}
	row, fate := f.Order(key, amount)
	switch {
	case fate == spectest.CutAfter || fate == spectest.CutBefore:
		panic(http.ErrAbortHandler)
	case fate == spectest.FailAfter:
		problem(w, 500, "00_500", "internal")
	case fate == spectest.Busy: // which the description doesn't have
		w.WriteHeader(429)
	case fate == spectest.Refused:
		problem(w, 422, "30_031", "transfer/not-enough-balance")
	default:
		w.WriteHeader(202)
		fmt.Fprint(w, text(row))
	}
}

func (f *fakeAdyen) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	since, _ := time.Parse(time.RFC3339, q.Get("createdSince"))
	until, _ := time.Parse(time.RFC3339, q.Get("createdUntil"))
	if q.Get("balanceAccountId") != testFrom || since.IsZero() || until.Before(since) || until.Sub(since) > 181*24*time.Hour {
		problem(w, 422, "29_001", "validation")
		return
	}
	var data []string
	for _, row := range f.Rows() {
		if row.Key == q.Get("reference") {
			data = append(data, text(row))
		}
	}
	fmt.Fprint(w, `{"data":[`+strings.Join(data, ",")+`],"_links":{}}`)
}

func serve(t testing.TB, start time.Time) (*spectest.Judge, *fakeAdyen, connector.Connector) {
	t.Helper()
	judge := spectest.Open(t, description)
	fake := &fakeAdyen{Book: &spectest.Book{Window: window, Late: 2 * time.Minute}, start: start}
	server := httptest.NewServer(judge.Over(fake))
	t.Cleanup(server.Close)
	c, err := New(lend(&http.Transport{DisableKeepAlives: true}, fake.now))(connector.Account{ID: "mca_1", Provider: Provider, Test: true, BaseURL: server.URL, Secrets: secrets()})
	if err != nil {
		t.Fatal(err)
	}
	return judge, fake, c
}

func TestKeepsTheContractOverTheDescription(t *testing.T) {
	spectest.Contract(t, harness(), func(t testing.TB) (*spectest.Judge, connectortest.Live) {
		judge, fake, c := serve(t, early())
		return judge, fake.Live(c, spectest.Same)
	})
}

func TestPaysOnceWhateverGoesWrong(t *testing.T) {
	judge, fake, c := serve(t, time.Date(2026, 3, 2, 10, 30, 0, 0, time.UTC))
	spectest.Story(t, fake.Book, c, func(key string) connector.Instruction { return toBank(key, money.New(1250, money.MustCurrency("EUR"))) }, spectest.Same)
	euro, dollar, pound := money.New(100, money.MustCurrency("EUR")), money.New(100, money.MustCurrency("USD")), money.New(100, money.MustCurrency("GBP"))
	holder := func(d connector.Details) connector.Details { d["account_holder_name"] = "Ada Example"; return d }
	for n, in := range []connector.Instruction{
		toCard("po_card", euro), toBank("po_swift", dollar), toBank("po_yen", money.New(5, money.MustCurrency("JPY"))), toBank("po_dinar", money.New(1234, money.MustCurrency("KWD"))),
		{Key: "po_ach", Amount: dollar, Service: "ach_usd", Details: holder(connector.Details{"bank_account_number": "000123456789", "bank_routing_number": "110000000"})},
		{Key: "po_bacs", Amount: pound, Service: "bacs_gbp", Details: holder(connector.Details{"bank_account_number": "00012345", "bank_sort_code": "10-88-00"})},
		{Key: "po_sepa", Amount: euro, Service: "sepa_credit_transfer_individual_eur", Details: connector.Details{"first_name": "Ada", "last_name": "Example", "iban": "NL46 TEST 0136 1691 12"}},
		{Key: "po_iban", Amount: dollar, Service: "swift_usd", Details: holder(connector.Details{"bank_account_number": "NL46TEST0136169112", "bic": "TESTNL2A", "country_code": "NL", "address": "Damrak 1"})},
		{Key: "po_token", Amount: euro, Service: "passthrough_eur", Details: connector.Details{"psp_token": "SE322KH223222F5GXZFNM3BGP"}},
		{Key: "po_inside", Amount: euro, Service: "passthrough_eur", Details: connector.Details{"psp_token": "BA3227C223222B5B9SCR82TMV"}},
	} {
		if out, err := c.Send(context.Background(), in); out.Verdict != connector.Accepted || err != nil {
			t.Errorf("order %d: got %+v, %v", n, out, err)
		}
	}
	judge.Sound(t, "post-transfers", "get-transfers", "get-transfers-id")
}

// TestAbsentTakesAListOfAllTheTime: one that begins too late, or comes from
// before the first send, proves nothing.
func TestAbsentTakesAListOfAllTheTime(t *testing.T) {
	start := time.Date(2026, 3, 2, 10, 30, 0, 0, time.UTC)
	_, _, c := serve(t, start)
	for name, row := range map[string]struct {
		sent time.Time
		want connector.Verdict
	}{
		"sent a day ago": {start.Add(-24 * time.Hour), connector.Absent}, "sent five months ago": {start.AddDate(0, -5, 0), connector.Absent},
		"sent a year ago": {start.AddDate(-1, 0, 0), connector.Unknown}, "sent nobody knows when": {time.Time{}, connector.Unknown}, "sent after Adyen's now": {start.Add(time.Hour), connector.Unknown},
	} {
		out, err := c.(connector.Seeker).Seek(context.Background(), connector.Question{Key: "po_1", Amount: money.New(1, money.MustCurrency("EUR")), Sent: row.sent})
		if out.Verdict != row.want {
			t.Errorf("%s: got %s, %v, want %s", name, out.Verdict, err, row.want)
		}
	}
}

// TestTheJudgeJudges: the description refuses what isn't as it says.
func TestTheJudgeJudges(t *testing.T) {
	judge := spectest.Open(t, description)
	server := httptest.NewServer(judge.Over(http.NotFoundHandler()))
	defer server.Close()
	party := `"counterparty":{"transferInstrumentId":"SE1"}`
	for name, body := range map[string]string{
		"no amount":          `{"category":"bank",` + party + `}`,
		"amount as text":     `{"amount":{"value":"1","currency":"EUR"},"category":"bank",` + party + `}`,
		"amount in major":    `{"amount":{"value":1.5,"currency":"EUR"},"category":"bank",` + party + `}`,
		"no currency":        `{"amount":{"value":1},"category":"bank",` + party + `}`,
		"unknown category":   `{"amount":{"value":1,"currency":"EUR"},"category":"wallet",` + party + `}`,
		"unknown member":     `{"amount":{"value":1,"currency":"EUR"},"category":"bank",` + party + `,"key":"po_1"}`,
		"long reference":     `{"amount":{"value":1,"currency":"EUR"},"category":"bank",` + party + `,"reference":"` + strings.Repeat("k", 81) + `"}`,
		"sort code of seven": `{"amount":{"value":1,"currency":"GBP"},"category":"bank","counterparty":{"bankAccount":{"accountHolder":{"fullName":"A"},"accountIdentification":{"type":"ukLocal","accountNumber":"00012345","sortCode":"1088000"}}}}`,
	} {
		req, _ := http.NewRequest("POST", server.URL+"/transfers", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-API-Key", "x")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if list := judge.Refused(); len(list) != 1 || resp.StatusCode != 422 || strings.Contains(list[0], "credentials") {
			t.Errorf("%s: passed with %d, %v", name, resp.StatusCode, list)
		}
	}
}
