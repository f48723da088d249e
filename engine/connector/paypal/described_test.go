package paypal

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

const description = "paypal-payouts.json"

// fakePayPal answers as PayPal's description has it, from a book of ours.
type fakePayPal struct{ *spectest.Book }

func (f *fakePayPal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.Header.Get("Authorization") != "Bearer A21AAcanarytokenQz71":
		w.WriteHeader(401)
		fmt.Fprint(w, `{"name":"AUTHENTICATION_FAILURE","message":"Authentication failed.","debug_id":"1"}`)
	case r.Method == "POST":
		f.make(w, r)
	default:
		var n int
		fmt.Sscanf(r.URL.Path, path+"/BATCH%d", &n)
		row, ok := f.Nth(n)
		if !ok {
			w.WriteHeader(404)
			fmt.Fprint(w, `{"name":"RESOURCE_NOT_FOUND","message":"The specified resource does not exist.","debug_id":"1"}`)
			return
		}
		status := map[spectest.State]string{spectest.Pending: "PENDING", spectest.Paid: "SUCCESS", spectest.Failed: "FAILED", spectest.Back: "RETURNED"}[row.State]
		fmt.Fprint(w, batchText(row.Key, row.Amount, status, fmt.Sprintf("BATCH%d", row.N)))
	}
}

func (f *fakePayPal) make(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	key, amount, err := readWire(r, body)
	if err != nil {
		w.WriteHeader(400)
		fmt.Fprint(w, `{"name":"INVALID_REQUEST","message":"Request is not well-formed, syntactically incorrect, or violates schema.","debug_id":"1"}`)
		return
	}
	_, known := f.Find(key)
	row, fate := f.Order(key, amount)
	switch {
	case fate == spectest.CutAfter || fate == spectest.CutBefore:
		panic(http.ErrAbortHandler)
	case fate == spectest.FailAfter:
		w.WriteHeader(500)
		fmt.Fprint(w, `{"name":"INTERNAL_SERVER_ERROR","message":"An internal server error occurred.","debug_id":"1"}`)
	case fate == spectest.Busy:
		w.WriteHeader(429)
		fmt.Fprint(w, `{"name":"RATE_LIMIT_REACHED","message":"Too many requests.","debug_id":"1"}`)
	case fate == spectest.Refused:
		w.WriteHeader(422)
		fmt.Fprint(w, `{"name":"INSUFFICIENT_FUNDS","message":"Sender does not have sufficient funds.","debug_id":"1"}`)
	case known && row.Key == key: // a key within its days makes no second batch
		w.WriteHeader(400)
		fmt.Fprintf(w, `{"name":"USER_BUSINESS_ERROR","message":"User business error.","debug_id":"1","details":[{"field":"SENDER_BATCH_ID","location":"body","issue":"Batch with given sender_batch_id already exists"}],"links":[{"href":"https://api.paypal.com/v1/payments/payouts/BATCH%d","rel":"self","method":"GET"}]}`, row.N)
	default:
		w.WriteHeader(201)
		fmt.Fprint(w, strings.ReplaceAll(madeText(key, "PENDING"), "5UXD2E8A7EBQJ", fmt.Sprintf("BATCH%d", row.N)))
	}
}

func serve(t testing.TB) (*spectest.Judge, *fakePayPal, connector.Connector) {
	t.Helper()
	judge := spectest.Open(t, description)
	fake := &fakePayPal{&spectest.Book{Window: 30 * 24 * time.Hour, Late: 2 * time.Minute}}
	judged := judge.Over(fake)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/oauth2/token" { // which the description only names
			judged.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if id, secret, _ := r.BasicAuth(); id != testID || secret != testSecret || r.FormValue("grant_type") != "client_credentials" {
			w.WriteHeader(401)
			fmt.Fprint(w, `{"error":"invalid_client","error_description":"Client Authentication failed"}`)
			return
		}
		fmt.Fprint(w, tokenText)
	}))
	t.Cleanup(server.Close)
	return judge, fake, connect(t, server.URL, testSecret)
}

func connect(t testing.TB, base, secret string) connector.Connector {
	t.Helper()
	c, err := New(lend(&http.Transport{DisableKeepAlives: true}))(connector.Account{ID: "mca_1", Provider: Provider, Test: true, BaseURL: base, Secrets: map[string]string{ClientID: testID, ClientSecret: secret}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestKeepsTheContractOverTheDescription(t *testing.T) {
	spectest.Contract(t, harness(), func(t testing.TB) (*spectest.Judge, connectortest.Live) {
		judge, fake, c := serve(t)
		return judge, fake.Live(c, spectest.Same)
	})
}

func TestPaysOnceWhateverGoesWrong(t *testing.T) {
	judge, fake, c := serve(t)
	spectest.Story(t, fake.Book, c, func(key string) connector.Instruction {
		return toEmail(key, money.New(1250, money.MustCurrency("EUR")))
	}, spectest.Same)
	for n, in := range []connector.Instruction{
		toVenmo("po_venmo", money.New(1, money.MustCurrency("USD"))), toEmail("po_yen", money.New(5, money.MustCurrency("JPY"))), toEmail("po_huf", money.New(15_000, money.MustCurrency("HUF"))),
		{Key: "po_id", Amount: money.New(100, money.MustCurrency("EUR")), Service: "paypal_eur", Details: connector.Details{account: "QWERTY1234567"}},
	} {
		if out, err := c.Send(context.Background(), in); out.Verdict != connector.Accepted || err != nil {
			t.Errorf("order %d: got %s, %v", n, out.Verdict, err)
		}
	}
	judge.Sound(t, "payouts.post", "payouts.get")
}

// TestUnknownClientIsRefused: nothing was ordered where no token was given.
func TestUnknownClientIsRefused(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/oauth2/token" {
			t.Errorf("asked for %s without a token", r.URL.Path)
		}
		w.WriteHeader(401)
		fmt.Fprint(w, `{"error":"invalid_client","error_description":"Client Authentication failed"}`)
	}))
	defer server.Close()
	out, err := connect(t, server.URL, "another-secret").Send(context.Background(), toEmail("po_1", money.New(100, money.MustCurrency("EUR"))))
	if out.Verdict != connector.Rejected || out.Resolution != connector.InvalidCredentials || err != nil {
		t.Errorf("got %+v, %v", out, err)
	}
}

// TestTheJudgeJudges: the description refuses what isn't as it says.
func TestTheJudgeJudges(t *testing.T) {
	judge := spectest.Open(t, description)
	server := httptest.NewServer(judge.Over(http.NotFoundHandler()))
	defer server.Close()
	for name, body := range map[string]string{
		"no items":         `{"sender_batch_header":{"sender_batch_id":"po_1"},"items":[]}`,
		"no batch":         `{"items":[{"amount":{"currency":"EUR","value":"1.00"},"receiver":"a@b.c"}]}`,
		"no value":         `{"sender_batch_header":{"sender_batch_id":"po_1"},"items":[{"amount":{"currency":"EUR"},"receiver":"a@b.c"}]}`,
		"amount as number": `{"sender_batch_header":{"sender_batch_id":"po_1"},"items":[{"amount":{"currency":"EUR","value":1.00},"receiver":"a@b.c"}]}`,
		"long key":         `{"sender_batch_header":{"sender_batch_id":"po_1"},"items":[{"amount":{"currency":"EUR","value":"1.00"},"receiver":"a@b.c","sender_item_id":"` + strings.Repeat("k", 64) + `"}]}`,
	} {
		req, _ := http.NewRequest("POST", server.URL+path, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer x")
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
