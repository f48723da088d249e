package declarative

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
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

// fakeWise answers as Wise's descriptions have it. A quote has an amount, a
// transfer takes a quote, and only funding books.
type fakeWise struct {
	*spectest.Book
	mu        sync.Mutex
	quotes    []money.Amount
	accounts  []string
	transfers []wiseTransfer
}

type wiseTransfer struct {
	key    string // customerTransactionId
	amount money.Amount
	target int64
}

const wiseToken = "canary-wise-token-0123456789"

func (f *fakeWise) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Date", SampleTime().Add(f.Elapsed()).Format(http.TimeFormat))
	switch path := r.URL.Path; {
	case r.Header.Get("Authorization") != "Bearer "+wiseToken:
		w.WriteHeader(401)
		fmt.Fprint(w, `{"error":"invalid_token","error_description":"Invalid token"}`)
	case strings.HasSuffix(path, "/quotes"):
		f.quote(w, r)
	case path == "/v1/accounts":
		var in struct{ Currency, AccountHolderName string }
		_ = json.NewDecoder(r.Body).Decode(&in)
		f.accounts = append(f.accounts, in.AccountHolderName)
		fmt.Fprintf(w, `{"id":%d,"currency":%q}`, 8_000_000+len(f.accounts), in.Currency)
	case path == "/v1/transfers" && r.Method == "POST":
		f.transfer(w, r)
	case path == "/v1/transfers":
		f.list(w, r)
	case strings.HasSuffix(path, "/payments"):
		f.fund(w, r)
	case strings.HasPrefix(path, "/v1/transfers/"):
		var id int
		fmt.Sscanf(path, "/v1/transfers/%d", &id)
		fmt.Fprint(w, f.text(id-16_000_000))
	default:
		w.WriteHeader(404)
	}
}

func (f *fakeWise) quote(w http.ResponseWriter, r *http.Request) {
	var in struct {
		TargetCurrency string
		TargetAmount   json.Number
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		w.WriteHeader(400)
		return
	}
	amount, err := connector.ReadDecimal(in.TargetAmount.String(), money.MustCurrency(in.TargetCurrency))
	if err != nil {
		w.WriteHeader(400)
		fmt.Fprint(w, `{"errors":[{"code":"NOT_VALID","path":"targetAmount","message":"not an amount"}]}`)
		return
	}
	f.quotes = append(f.quotes, amount)
	fmt.Fprintf(w, `{"id":"00000000-0000-4000-8000-%012d","payOut":"BANK_TRANSFER"}`, len(f.quotes))
}

func (f *fakeWise) transfer(w http.ResponseWriter, r *http.Request) {
	var in struct {
		TargetAccount                    int64
		QuoteUUID, CustomerTransactionID string
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		w.WriteHeader(400)
		return
	}
	var quote int
	fmt.Sscanf(in.QuoteUUID[24:], "%d", &quote)
	for n, t := range f.transfers { // a repeat makes no second one
		if t.key == in.CustomerTransactionID {
			fmt.Fprint(w, f.text(n+1))
			return
		}
	}
	f.transfers = append(f.transfers, wiseTransfer{in.CustomerTransactionID, f.quotes[quote-1], in.TargetAccount})
	fmt.Fprint(w, f.text(len(f.transfers)))
}

func (f *fakeWise) fund(w http.ResponseWriter, r *http.Request) {
	var profile, id int
	fmt.Sscanf(r.URL.Path, "/v3/profiles/%d/transfers/%d/payments", &profile, &id)
	t := f.transfers[id-16_000_001]
	if _, funded := f.Find(t.key); funded {
		w.WriteHeader(409)
		fmt.Fprint(w, `{"errors":[{"code":"TRANSFER_ALREADY_FUNDED"}]}`)
		return
	}
	_, fate := f.Order(t.key, t.amount)
	switch {
	case fate.Handled(w):
	case fate == spectest.Refused:
		fmt.Fprint(w, `{"type":"BALANCE","status":"REJECTED","errorCode":"transfer.insufficient_funds"}`)
	default:
		fmt.Fprint(w, `{"type":"BALANCE","status":"COMPLETED","errorCode":null}`)
	}
}

func (f *fakeWise) list(w http.ResponseWriter, r *http.Request) {
	var limit, offset int
	fmt.Sscan(r.URL.Query().Get("limit"), &limit)
	fmt.Sscan(r.URL.Query().Get("offset"), &offset)
	var out []string
	for n := len(f.transfers) - offset; n > 0 && len(out) < limit; n-- { // newest first
		out = append(out, f.text(n))
	}
	fmt.Fprint(w, "["+strings.Join(out, ",")+"]")
}

func (f *fakeWise) text(n int) string {
	t, status := f.transfers[n-1], "incoming_payment_waiting"
	if row, funded := f.Find(t.key); funded {
		status = map[spectest.State]string{spectest.Pending: "processing", spectest.Paid: "outgoing_payment_sent", spectest.Failed: "cancelled", spectest.Back: "funds_refunded"}[row.State]
	}
	return fmt.Sprintf(`{"id":%d,"user":1,"targetAccount":%d,"sourceAccount":null,"quote":null,"quoteUuid":"00000000-0000-4000-8000-000000000001","status":%q,"rate":1,"created":"2026-03-02T10:30:00Z","business":null,"hasActiveIssues":false,"sourceCurrency":%[5]q,"sourceValue":0,"targetCurrency":%[5]q,"targetValue":%[4]s,"customerTransactionId":%[6]q}`,
		16_000_000+n, t.target, status, t.amount.Decimal(), t.amount.Currency().Code(), t.key)
}

func wiseOrder(key string, amount money.Amount) connector.Instruction {
	service := "sepa_" + strings.ToLower(amount.Currency().Code())
	return connector.Instruction{Key: key, Amount: amount, Service: service, Memo: "October", Details: connector.Details{"account_holder_name": "Ada Canary", "iban": "NL46TEST0136169112"}}
}

// wiseBook remembers what the steps of one order said, since neither key nor
// amount stands in the request that moves money.
type wiseBook struct {
	mu     sync.Mutex
	amount money.Amount
	key    string
	keys   map[string]string // by customerTransactionId
}

func wiseHarness(t testing.TB) connectortest.Harness {
	form, b := shipped(t, "wise"), &wiseBook{keys: map[string]string{}}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(body []byte) http.Header {
		sum := sha256.Sum256(body)
		sig, _ := rsa.SignPKCS1v15(nil, private, crypto.SHA256, sum[:])
		return http.Header{"X-Signature-Sha256": {base64.StdEncoding.EncodeToString(sig)}}
	}
	notice := []byte(`{"data":{"resource":{"id":16521632,"profile_id":30000000,"account_id":1,"type":"transfer"},"current_state":"outgoing_payment_sent","previous_state":"funds_converted","occurred_at":"2026-03-02T10:30:00Z"},"subscription_id":"00000000-0000-4000-8000-000000000001","event_type":"transfers#state-change","schema_version":"2.0.0","sent_at":"2026-03-02T10:30:01Z"}`)
	var amounts []money.Amount
	for _, a := range connectortest.Amounts() {
		amounts = append(amounts, a, money.New(a.Minor(), money.MustCurrency("GBP")))
	}
	return connectortest.Harness{
		Build:   func(rt http.RoundTripper) connector.Builder { return New(form, lend(rt)) },
		Secrets: map[string]string{"api_key": wiseToken, "key1": "30000000", "webhook_key": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))},
		Public:  []string{"key1", "webhook_key"},
		Amounts: amounts,
		Instruction: func(key string, amount money.Amount) connector.Instruction {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.keys[connector.KeyUUID(key)] = key
			return wiseOrder(key, amount)
		},
		Moves: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/payments") },
		KeyOf: func(*http.Request, []byte) string {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.key
		},
		AmountOf: func(*http.Request, []byte) (money.Amount, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.amount, nil
		},
		Answer: b.answers, AcceptsFirst: true, EchoesKey: true, EchoesAmount: true, Lists: true,
		Notice: func(string) (http.Header, []byte, connector.Notice) {
			return sign(notice), notice, connector.Notice{Outcome: connector.Outcome{Verdict: connector.Paid, Ref: "16521632", Code: "outgoing_payment_sent"}}
		},
		Sign:      sign,
		OldNotice: func(string, time.Duration) (http.Header, []byte) { return sign(notice), notice },
	}
}

// answers is Wise as it answers, written out by hand.
func (b *wiseBook) answers(v connector.Verdict, in connector.Instruction) connectortest.Script {
	status, ok := map[connector.Verdict]string{connector.Accepted: "processing", connector.Paid: "outgoing_payment_sent", connector.Rejected: "cancelled", connector.Returned: "funds_refunded",
		connector.Absent: "", connectortest.NoSuchWord: "settled"}[v]
	if !ok {
		return nil
	}
	item := fmt.Sprintf(`{"id":16521632,"customerTransactionId":%q,"targetValue":%s,"targetCurrency":%q,"status":%q}`, connector.KeyUUID(in.Key), in.Amount.Decimal(), in.Amount.Currency(), status)
	return func(r *http.Request, body []byte) string {
		switch path := r.URL.Path; {
		case strings.HasSuffix(path, "/quotes"):
			b.quoted(body)
			return connectortest.JSON(200, `{"id":"8fa9be20-ba43-4b15-abbb-9424e1481050"}`)
		case path == "/v1/accounts":
			return connectortest.JSON(200, `{"id":8692237}`)
		case path == "/v1/transfers" && r.Method == "POST":
			b.named(body)
			return connectortest.JSON(200, item)
		case path == "/v1/transfers" && v == connector.Absent:
			return dated(`[]`)
		case path == "/v1/transfers":
			return dated("[" + item + "]")
		case v == connector.Rejected:
			return connectortest.JSON(200, `{"type":"BALANCE","status":"REJECTED","errorCode":"transfer.insufficient_funds"}`)
		case v == connectortest.NoSuchWord:
			return connectortest.JSON(200, `{"type":"BALANCE","status":"SETTLED","errorCode":null}`)
		}
		return connectortest.JSON(200, `{"type":"BALANCE","status":"COMPLETED","errorCode":null}`)
	}
}

// dated is an answer with a date, without which a list proves nothing.
func dated(body string) string {
	return strings.Replace(connectortest.JSON(200, body), "\r\n", "\r\nDate: Mon, 02 Mar 2026 10:30:00 GMT\r\n", 1)
}

func (b *wiseBook) quoted(body []byte) {
	var in struct {
		TargetCurrency string
		TargetAmount   json.Number
	}
	_ = json.Unmarshal(body, &in)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.amount = money.Amount{}
	if c, err := money.ParseCurrency(in.TargetCurrency); err == nil {
		b.amount, _ = connector.ReadDecimal(in.TargetAmount.String(), c)
	}
}

func (b *wiseBook) named(body []byte) {
	var in struct{ CustomerTransactionID string }
	_ = json.Unmarshal(body, &in)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.key = b.keys[in.CustomerTransactionID]
}

func serveWise(t testing.TB) (*spectest.Judge, *fakeWise, connector.Connector) {
	t.Helper()
	judge := spectest.Open(t, "wise-quote.yml", "wise-recipient.yml", "wise-transfer.yml")
	fake := &fakeWise{Book: &spectest.Book{Late: 2 * time.Minute}}
	server := httptest.NewServer(judge.Over(fake))
	t.Cleanup(server.Close)
	c, err := New(shipped(t, "wise"), lend(&http.Transport{DisableKeepAlives: true}))(connector.Account{ID: "mca_1", Provider: "wise", Test: true, BaseURL: server.URL,
		Secrets: map[string]string{"api_key": wiseToken, "key1": "30000000"}})
	if err != nil {
		t.Fatal(err)
	}
	return judge, fake, c
}

func TestWiseKeepsTheContract(t *testing.T) { connectortest.Test(t, wiseHarness(t)) }

func TestWiseKeepsTheContractOverItsDescription(t *testing.T) {
	spectest.Contract(t, wiseHarness(t), func(t testing.TB) (*spectest.Judge, connectortest.Live) {
		judge, fake, c := serveWise(t)
		return judge, fake.Live(c, connector.KeyUUID)
	})
}

func TestWiseAsItIsDescribed(t *testing.T) {
	judge, fake, c := serveWise(t)
	spectest.Story(t, fake.Book, c, func(key string) connector.Instruction {
		return wiseOrder(key, money.New(125_050, money.MustCurrency("EUR")))
	}, connector.KeyUUID)
	judge.Sound(t, "quoteCreate", "recipientCreate", "transferCreate", "transferFund", "transferList", "transferGet")
}

// TestTheWiseJudgeJudges: the descriptions refuse what isn't as they say.
func TestTheWiseJudgeJudges(t *testing.T) {
	judge := spectest.Open(t, "wise-quote.yml", "wise-recipient.yml", "wise-transfer.yml")
	server := httptest.NewServer(judge.Over(http.NotFoundHandler()))
	defer server.Close()
	for name, row := range map[string][2]string{
		"amount as text":   {"/v3/profiles/1/quotes", `{"sourceCurrency":"EUR","targetCurrency":"EUR","targetAmount":"150.00"}`},
		"no currency":      {"/v3/profiles/1/quotes", `{"sourceCurrency":"EUR","targetAmount":150.00}`},
		"profile":          {"/v3/profiles/x/quotes", `{"sourceCurrency":"EUR","targetCurrency":"EUR","targetAmount":150.00}`},
		"key is no UUID":   {"/v1/transfers", `{"targetAccount":1,"quoteUuid":"8fa9be20-ba43-4b15-abbb-9424e1481050","customerTransactionId":"po_1"}`},
		"no key":           {"/v1/transfers", `{"targetAccount":1,"quoteUuid":"8fa9be20-ba43-4b15-abbb-9424e1481050"}`},
		"account as text":  {"/v1/transfers", `{"targetAccount":"1","quoteUuid":"8fa9be20-ba43-4b15-abbb-9424e1481050","customerTransactionId":"8fa9be20-ba43-4b15-abbb-9424e1481050"}`},
		"funded by nobody": {"/v3/profiles/1/transfers/2/payments", `{}`},
	} {
		req, _ := http.NewRequest("POST", server.URL+row[0], strings.NewReader(row[1]))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer x")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if list := judge.Refused(); len(list) != 1 || resp.StatusCode != 422 || strings.Contains(strings.Join(list, ""), "credentials") {
			t.Errorf("%s: passed with %d, %v", name, resp.StatusCode, list)
		}
	}
}
