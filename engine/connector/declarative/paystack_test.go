package declarative

import (
	"context"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/connector/connectortest"
	"penstock/engine/connector/spectest"
	"penstock/engine/money"
)

const paystackKey = "sk_test_canary0123456789"

// shipped is a form that ships.
func shipped(t testing.TB, name string) *Form {
	t.Helper()
	all, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return all[name]
}

func lend(rt http.RoundTripper) connector.Host {
	return connector.Host{Transport: rt, Now: SampleTime}
}

// fakePaystack answers as Paystack's description has it, from a book of ours.
type fakePaystack struct {
	*spectest.Book
	mu         sync.Mutex
	recipients map[string]string
}

func (f *fakePaystack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	switch path := r.URL.Path; {
	case r.Header.Get("Authorization") != "Bearer "+paystackKey:
		w.WriteHeader(401)
		fmt.Fprint(w, `{"status":false,"message":"Invalid key"}`)
	case path == "/transferrecipient":
		f.recipient(w, r)
	case path == "/transfer":
		f.transfer(w, r)
	case strings.HasPrefix(path, "/transfer/verify/"):
		row, ok := f.Find(strings.TrimPrefix(path, "/transfer/verify/"))
		if !ok {
			w.WriteHeader(404)
			fmt.Fprint(w, `{"status":false,"message":"Transfer reference not found"}`)
			return
		}
		fmt.Fprint(w, paystackText(row, true))
	case path == "/balance":
		fmt.Fprint(w, `{"status":true,"message":"Balances retrieved","data":[{"currency":"NGN","balance":1500000},{"currency":"GHS","balance":20}]}`)
	default:
		w.WriteHeader(404)
	}
}

func (f *fakePaystack) recipient(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Type          string
		Name          string
		AccountNumber string `json:"account_number"`
		BankCode      string `json:"bank_code"`
		Currency      string
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.AccountNumber == "0000000000" {
		w.WriteHeader(400)
		fmt.Fprint(w, `{"status":false,"message":"Cannot resolve account","type":"validation_error","code":"invalid_account_number"}`)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	code := fmt.Sprintf("RCP_%d", len(f.recipients)+1)
	f.recipients[code] = in.AccountNumber
	w.WriteHeader(201)
	fmt.Fprintf(w, `{"status":true,"message":"Transfer recipient created successfully","data":{"active":true,"createdAt":"2026-03-02T10:30:00.000Z","currency":%q,"description":"","domain":"test","email":"","id":1,"integration":463433,"name":%q,"recipient_code":%q,"type":%q,"updatedAt":"2026-03-02T10:30:00.000Z","is_deleted":false,"isDeleted":false,"details":{"authorization_code":null,"account_number":%q,"account_name":null,"bank_code":%q,"bank_name":"A Bank"}}}`,
		in.Currency, in.Name, code, in.Type, in.AccountNumber, in.BankCode)
}

func (f *fakePaystack) transfer(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Amount              int64
		Currency, Reference string
		Recipient           string
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		w.WriteHeader(400)
		return
	}
	f.mu.Lock()
	known := f.recipients[in.Recipient] != ""
	f.mu.Unlock()
	row, fate := f.Order(in.Reference, money.New(in.Amount, money.MustCurrency(in.Currency)))
	switch {
	case fate.Handled(w):
	case !known:
		w.WriteHeader(400)
		fmt.Fprint(w, `{"status":false,"message":"Recipient not found","type":"validation_error","code":"invalid_recipient"}`)
	case fate == spectest.Refused:
		w.WriteHeader(400)
		fmt.Fprint(w, `{"status":false,"message":"Your balance is not enough to fulfil this request","meta":{"nextStep":"Top up"},"type":"validation_error","code":"insufficient_balance"}`)
	default:
		fmt.Fprint(w, paystackText(row, false))
	}
}

// paystackText is a transfer as it is answered, on its making and when it is
// asked for.
func paystackText(row spectest.Row, asked bool) string {
	status := map[spectest.State]string{spectest.Pending: "pending", spectest.Paid: "success", spectest.Failed: "failed", spectest.Back: "reversed"}[row.State]
	common := fmt.Sprintf(`"domain":"test","amount":%d,"currency":%q,"reference":%q,"source":"balance","source_details":null,"reason":"","status":%q,"failures":null,"transfer_code":"TRF_%d","titan_code":null,"transferred_at":null,"id":%d,"integration":463433,"createdAt":"2026-03-02T10:30:00.000Z","updatedAt":"2026-03-02T10:30:00.000Z"`,
		row.Amount.Minor(), row.Amount.Currency().Code(), row.Key, status, row.N, row.N)
	if !asked {
		return `{"status":true,"message":"Transfer has been queued","data":{` + common + `,"transfersessionid":[],"transfertrials":[],"request":1,"recipient":1}}`
	}
	return `{"status":true,"message":"Transfer retrieved","data":{` + common + `,"gateway_response":null,"session":{"provider":null,"id":null},"recipient":{"active":true,"createdAt":"2026-03-02T10:30:00.000Z","currency":"NGN","description":"","domain":"test","email":"","id":1,"integration":463433,"metadata":null,"name":"Ada","recipient_code":"RCP_1","type":"nuban","updatedAt":"2026-03-02T10:30:00.000Z","is_deleted":false,"details":{"authorization_code":null,"account_number":"0001234567","account_name":"Ada","bank_code":"058","bank_name":"A Bank"}}}}`
}

func paystackOrder(key string, amount money.Amount) connector.Instruction {
	return connector.Instruction{Key: key, Amount: amount, Service: "bank_account_" + strings.ToLower(amount.Currency().Code()), Memo: "October",
		Details: connector.Details{"account_holder_name": "Ada Canary", "account_number": "0001234567", "bank_code": "058"}}
}

// paystackAnswers is Paystack as it answers, written out by hand: the contract
// must not be checked with the form that it is about.
func paystackAnswers(v connector.Verdict, in connector.Instruction) connectortest.Script {
	if v == connector.PartlyPaid {
		return nil
	}
	status := map[connector.Verdict]string{connector.Accepted: "pending", connector.Paid: "success", connector.Rejected: "failed", connector.Returned: "reversed", connectortest.NoSuchWord: "settled"}[v]
	return func(r *http.Request, _ []byte) string {
		switch {
		case r.URL.Path == "/transferrecipient":
			return connectortest.JSON(201, `{"status":true,"message":"created","data":{"recipient_code":"RCP_1"}}`)
		case v == connector.Absent:
			return connectortest.JSON(404, `{"status":false,"message":"Transfer reference not found"}`)
		}
		return connectortest.JSON(200, fmt.Sprintf(`{"status":true,"message":"m","data":{"amount":%d,"currency":%q,"reference":%q,"status":%q,"transfer_code":"TRF_1"}}`,
			in.Amount.Minor(), in.Amount.Currency().Code(), in.Key, status))
	}
}

func paystackHarness(t testing.TB) connectortest.Harness {
	form := shipped(t, "paystack")
	read := func(body []byte) (in struct {
		Amount              int64
		Currency, Reference string
	}) {
		_ = json.Unmarshal(body, &in)
		return in
	}
	notice := func(key string) []byte {
		return []byte(fmt.Sprintf(`{"event":"transfer.success","data":{"amount":125000,"currency":"NGN","id":1,"reference":%q,"status":"success","transfer_code":"TRF_1"}}`, key))
	}
	sign := func(body []byte) http.Header {
		mac := hmac.New(sha512.New, []byte(paystackKey))
		mac.Write(body)
		return http.Header{"X-Paystack-Signature": {hex.EncodeToString(mac.Sum(nil))}}
	}
	var amounts []money.Amount
	for _, a := range connectortest.Amounts() {
		amounts = append(amounts, a, money.New(a.Minor(), money.MustCurrency("NGN")), money.New(a.Minor(), money.MustCurrency("KES")))
	}
	return connectortest.Harness{
		Build:    func(rt http.RoundTripper) connector.Builder { return New(form, lend(rt)) },
		Secrets:  map[string]string{"api_key": paystackKey},
		Currency: "NGN", Amounts: amounts,
		Instruction: paystackOrder,
		Moves:       func(r *http.Request) bool { return r.Method == "POST" && r.URL.Path == "/transfer" },
		KeyOf:       func(_ *http.Request, body []byte) string { return read(body).Reference },
		AmountOf: func(_ *http.Request, body []byte) (money.Amount, error) {
			in := read(body)
			c, err := money.ParseCurrency(in.Currency)
			if err != nil {
				return money.Amount{}, err
			}
			return money.New(in.Amount, c), nil
		},
		Answer: paystackAnswers, EchoesKey: true, EchoesAmount: true,
		Notice: func(key string) (http.Header, []byte, connector.Notice) {
			return sign(notice(key)), notice(key), connector.Notice{Key: key, Outcome: connector.Outcome{Verdict: connector.Paid, Ref: "TRF_1", Code: "transfer.success"}}
		},
		Sign:      sign,
		OldNotice: func(key string, _ time.Duration) (http.Header, []byte) { return sign(notice(key)), notice(key) },
		Balances: func(have []money.Amount) connectortest.Script {
			var list []string
			for _, a := range have {
				list = append(list, fmt.Sprintf(`{"currency":%q,"balance":%d}`, a.Currency().Code(), a.Minor()))
			}
			return func(*http.Request, []byte) string {
				return connectortest.JSON(200, `{"status":true,"message":"m","data":[`+strings.Join(list, ",")+`]}`)
			}
		},
	}
}

// servePaystack is the fake behind Paystack's own description, and a connector
// to it.
func servePaystack(t testing.TB) (*spectest.Judge, *fakePaystack, connector.Connector) {
	t.Helper()
	judge := spectest.Open(t, "paystack.yaml")
	fake := &fakePaystack{Book: &spectest.Book{Late: 2 * time.Minute}, recipients: map[string]string{}}
	server := httptest.NewServer(judge.Over(fake))
	t.Cleanup(server.Close)
	c, err := New(shipped(t, "paystack"), lend(&http.Transport{DisableKeepAlives: true}))(connector.Account{ID: "mca_1", Provider: "paystack", Test: true, BaseURL: server.URL, Secrets: map[string]string{"api_key": paystackKey}})
	if err != nil {
		t.Fatal(err)
	}
	return judge, fake, c
}

func TestPaystackKeepsTheContract(t *testing.T) { connectortest.Test(t, paystackHarness(t)) }

func TestPaystackKeepsTheContractOverItsDescription(t *testing.T) {
	spectest.Contract(t, paystackHarness(t), func(t testing.TB) (*spectest.Judge, connectortest.Live) {
		judge, fake, c := servePaystack(t)
		return judge, fake.Live(c, spectest.Same)
	})
}

func TestPaystackAsItIsDescribed(t *testing.T) {
	judge, fake, c := servePaystack(t)
	spectest.Story(t, fake.Book, c, func(key string) connector.Instruction {
		return paystackOrder(key, money.New(125_050, money.MustCurrency("NGN")))
	}, spectest.Same)
	if got, err := c.(connector.Balancer).Balances(context.Background()); err != nil || len(got) != 2 || got[0].String() != "NGN 15000.00" {
		t.Errorf("balances: got %v, %v", got, err)
	}
	in := paystackOrder("po_00000000000000000000000bad", money.New(100, money.MustCurrency("NGN")))
	in.Details["account_number"] = "0000000000"
	if out, err := c.Send(context.Background(), in); out.Verdict != connector.Rejected || out.Resolution != connector.InvalidDetails || err != nil {
		t.Errorf("account that isn't there: got %+v, %v", out, err)
	}
	judge.Sound(t, "transferrecipient_create", "transfer_initiate", "transfer_verify", "balance_fetch")
}

// TestThePaystackJudgeJudges: the description refuses what isn't as it says.
func TestThePaystackJudgeJudges(t *testing.T) {
	judge := spectest.Open(t, "paystack.yaml")
	server := httptest.NewServer(judge.Over(http.NotFoundHandler()))
	defer server.Close()
	for name, row := range map[string][2]string{
		"no amount":        {"/transfer", `{"source":"balance","recipient":"RCP_1","reference":"po_1"}`},
		"amount as text":   {"/transfer", `{"source":"balance","recipient":"RCP_1","reference":"po_1","amount":"100"}`},
		"amount in major":  {"/transfer", `{"source":"balance","recipient":"RCP_1","reference":"po_1","amount":12.5}`},
		"another currency": {"/transfer", `{"source":"balance","recipient":"RCP_1","reference":"po_1","amount":100,"currency":"EUR"}`},
		"kind of account":  {"/transferrecipient", `{"type":"iban","name":"A","account_number":"1","bank_code":"1"}`},
		"no key":           {"/transfer", `{"source":"balance","recipient":"RCP_1","amount":100}`},
	} {
		resp, err := http.Post(server.URL+row[0], "application/json", strings.NewReader(row[1]))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if list := judge.Refused(); len(list) == 0 || resp.StatusCode != 422 {
			t.Errorf("%s: passed with %d", name, resp.StatusCode)
		}
	}
}
