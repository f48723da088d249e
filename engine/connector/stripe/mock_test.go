package stripe

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-mock/embedded"
	"github.com/stripe/stripe-mock/server"
	"github.com/stripe/stripe-mock/spec"

	"penstock/engine/connector"
	"penstock/engine/connector/connectortest"
	"penstock/engine/connector/spectest"
	"penstock/engine/money"
)

// mock is Stripe's own mock, in this process: it refuses what Stripe's
// description doesn't have, unknown parameters too.
var mock = sync.OnceValues(func() (*server.StubServer, error) {
	var described spec.Spec
	var fixtures spec.Fixtures
	if err := json.Unmarshal(embedded.OpenAPISpec, &described); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(embedded.OpenAPIFixtures, &fixtures); err != nil {
		return nil, err
	}
	return server.NewStubServer(&fixtures, &described, false, false)
})

// fakeStripe asks Stripe's mock whether a request is well, and answers from a
// book of ours.
type fakeStripe struct {
	*spectest.Book
	mock *server.StubServer

	mu      sync.Mutex
	kinds   map[string]string // by key: payout or transfer
	of      map[string]string // by key: the connected account that pays it out
	refused []string
}

func (f *fakeStripe) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	rec := httptest.NewRecorder()
	f.mock.HandleRequest(rec, r)
	if rec.Code != http.StatusOK {
		f.mu.Lock()
		f.refused = append(f.refused, fmt.Sprintf("%s %s: %d %s", r.Method, r.URL, rec.Code, rec.Body))
		f.mu.Unlock()
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	form, _ := url.ParseQuery(string(body))
	switch kind, id, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/"), "/"); {
	case r.Method == "POST":
		f.order(w, r, strings.TrimSuffix(kind, "s"), form)
	case id != "":
		n, _ := strconv.Atoi(id[3:])
		if row, ok := f.Nth(n); ok {
			fmt.Fprint(w, f.text(row))
			return
		}
		w.WriteHeader(404)
		fmt.Fprint(w, `{"error":{"code":"resource_missing","message":"No such object","type":"invalid_request_error"}}`)
	case kind == "balance":
		_, _ = w.Write(rec.Body.Bytes())
	case kind == "accounts":
		f.accounts(w)
	default:
		f.list(w, strings.TrimSuffix(kind, "s"), r.Header.Get("Stripe-Account"), r.URL.Query())
	}
}

func (f *fakeStripe) order(w http.ResponseWriter, r *http.Request, kind string, form url.Values) {
	key := r.Header.Get("Idempotency-Key")
	n, _ := strconv.ParseInt(form.Get("amount"), 10, 64)
	a, err := amount(n, form.Get("currency"))
	if err != nil {
		w.WriteHeader(400)
		return
	}
	f.mu.Lock()
	f.kinds[key], f.of[key] = kind, r.Header.Get("Stripe-Account")
	f.mu.Unlock()
	row, fate := f.Order(key, a)
	switch {
	case fate.Handled(w):
	case fate == spectest.Refused:
		w.WriteHeader(400)
		fmt.Fprint(w, `{"error":{"code":"balance_insufficient","doc_url":"https://stripe.com/docs/error-codes/balance-insufficient","message":"You have insufficient funds in your Stripe account for this transfer.","type":"invalid_request_error"}}`)
	default:
		fmt.Fprint(w, f.text(row))
	}
}

// accounts are those that are connected.
func (f *fakeStripe) accounts(w http.ResponseWriter) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var data []string
	for _, id := range slices.Compact(slices.Sorted(maps.Values(f.of))) {
		if id != "" {
			data = append(data, fmt.Sprintf(`{"id":%q,"object":"account"}`, id))
		}
	}
	fmt.Fprintf(w, `{"object":"list","url":"/v1/accounts","data":[%s],"has_more":false}`, strings.Join(data, ","))
}

// list is one account's, newest first, two to a page whatever is asked for.
func (f *fakeStripe) list(w http.ResponseWriter, kind, of string, query url.Values) {
	after := len(f.Rows()) + 1
	if id := query.Get("starting_after"); id != "" {
		after, _ = strconv.Atoi(id[3:])
	}
	var data []string
	more := false
	for n := after - 1; n > 0; n-- {
		row, _ := f.Nth(n)
		if f.kindOf(row.Key) != kind || f.ownerOf(row.Key) != of {
			continue
		}
		if len(data) == 2 {
			more = true
			break
		}
		data = append(data, f.text(row))
	}
	fmt.Fprintf(w, `{"object":"list","url":"/v1/%ss","data":[%s],"has_more":%v}`, kind, strings.Join(data, ","), more)
}

func (f *fakeStripe) kindOf(key string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.kinds[key]
}

func (f *fakeStripe) ownerOf(key string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.of[key]
}

func (f *fakeStripe) text(row spectest.Row) string {
	n, _ := smallest(row.Amount)
	code := strings.ToLower(row.Amount.Currency().Code())
	if f.kindOf(row.Key) == "transfer" {
		return fmt.Sprintf(`{"id":"tr_%d","object":"transfer","amount":%d,"amount_reversed":0,"balance_transaction":"txn_1","created":1772447400,"currency":%q,"description":null,"destination":"acct_1","livemode":false,"metadata":{"penstock_key":%q},"reversals":{"object":"list","data":[],"has_more":false,"url":"/v1/transfers/tr_1/reversals"},"reversed":false,"source_transaction":null,"source_type":"card","transfer_group":%[4]q}`, row.N, n, code, row.Key)
	}
	status := map[spectest.State]string{spectest.Pending: "pending", spectest.Paid: "paid", spectest.Failed: "failed"}[row.State]
	return fmt.Sprintf(`{"id":"po_%d","object":"payout","amount":%d,"application_fee":null,"application_fee_amount":null,"arrival_date":1772582400,"automatic":false,"balance_transaction":"txn_1","created":1772447400,"currency":%q,"description":"October","destination":"ba_1","failure_balance_transaction":null,"failure_code":null,"failure_message":null,"livemode":false,"metadata":{"penstock_key":%q},"method":"standard","original_payout":null,"payout_method":null,"reconciliation_status":"not_applicable","reversed_by":null,"source_type":"card","statement_descriptor":null,"status":%q,"trace_id":null,"type":"bank_account"}`,
		row.N, n, code, row.Key, status)
}

func serveMock(t testing.TB) (*fakeStripe, connector.Connector) {
	t.Helper()
	stub, err := mock()
	if err != nil {
		t.Fatal(err)
	}
	fake := &fakeStripe{Book: &spectest.Book{Window: window, Late: 2 * time.Minute}, mock: stub, kinds: map[string]string{}, of: map[string]string{}}
	srv := httptest.NewServer(fake)
	t.Cleanup(srv.Close)
	c, err := New(lend(&http.Transport{DisableKeepAlives: true}))(connector.Account{ID: "mca_1", Provider: Provider, Test: true, BaseURL: srv.URL, Secrets: map[string]string{APIKey: testKey, WebhookSecret: testSecret}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, text := range fake.refused {
			t.Errorf("refused by Stripe's mock: %s", text)
		}
	})
	return fake, c
}

func TestKeepsTheContractOverStripesMock(t *testing.T) {
	for name, order := range map[string]func(string, money.Amount) connector.Instruction{"payouts": toBank, "transfers": toAccount} {
		t.Run(name, func(t *testing.T) {
			h := harness()
			h.Build, h.Notice, h.Sign, h.OldNotice, h.Balances, h.Instruction = nil, nil, nil, nil, nil, order
			h.Live = func(t testing.TB) connectortest.Live {
				fake, c := serveMock(t)
				return fake.Live(c, spectest.Same)
			}
			connectortest.Test(t, h)
		})
	}
}

func TestAsStripesMockHasIt(t *testing.T) {
	fake, c := serveMock(t)
	eur := money.New(1100, money.MustCurrency("EUR"))
	spectest.Story(t, fake.Book, c, func(key string) connector.Instruction { return toBank(key, eur) }, spectest.Same)
	in := toBank("po_instant", money.New(500, money.MustCurrency("USD")))
	in.Details = connector.Details{token: "card_1canary", customer: "acct_1canary"}
	if out, err := c.Send(context.Background(), in); err != nil || out.Ref != "acct_1canary/po_5" {
		t.Errorf("of a connected account: got %+v, %v", out, err)
	}
	if list, err := c.(connector.Lister).Transfers(context.Background(), now().Add(-24*time.Hour)); err != nil || len(list) != 5 {
		t.Errorf("list: got %v, %v, want five", list, err)
	}
	if _, err := c.(connector.Balancer).Balances(context.Background()); err != nil {
		t.Errorf("balance of Stripe's own fixture: %v", err)
	}
}

// TestTheMockJudges: it refuses what isn't as Stripe has it, and the fake's
// answers are held to Stripe's description too.
func TestTheMockJudges(t *testing.T) {
	stub, err := mock()
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(stub.HandleRequest))
	defer srv.Close()
	for body, want := range map[string]int{
		"amount=1100&currency=eur": 200, "amount=1100": 400, "currency=eur": 400, "amount=eleven&currency=eur": 400, "amount=1100&currency=eur&colour=red": 400, "amount=1100&currency=eur&method=slow": 400,
	} {
		req, _ := http.NewRequest("POST", srv.URL+"/v1/payouts", strings.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+testKey)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: got %d, want %d", body, resp.StatusCode, want)
		}
	}
}

// TestTheFakeIsAsStripeDescribesIt holds the fake's answers to the description
// that comes with Stripe's mock.
func TestTheFakeIsAsStripeDescribesIt(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: short; Stripe's description is seven megabytes")
	}
	judge := spectest.Read(t, embedded.OpenAPISpec)
	stub, err := mock()
	if err != nil {
		t.Fatal(err)
	}
	fake := &fakeStripe{Book: &spectest.Book{}, mock: stub, kinds: map[string]string{}, of: map[string]string{}}
	srv := httptest.NewServer(judge.Over(fake))
	defer srv.Close()
	c, err := New(lend(&http.Transport{DisableKeepAlives: true}))(connector.Account{Test: true, BaseURL: srv.URL, Secrets: map[string]string{APIKey: testKey}})
	if err != nil {
		t.Fatal(err)
	}
	for i, in := range []connector.Instruction{toBank("po_1", money.New(1100, money.MustCurrency("EUR"))), toAccount("po_2", money.New(5, money.MustCurrency("JPY")))} {
		out, err := c.Send(context.Background(), in)
		if err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		if _, err := c.(connector.Seeker).Seek(context.Background(), connector.Question{Key: in.Key, Ref: out.Ref, Amount: in.Amount}); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	judge.Sound(t, "PostPayouts", "PostTransfers", "GetPayoutsPayout", "GetTransfersTransfer")
}
