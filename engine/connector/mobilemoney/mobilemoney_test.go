package mobilemoney

import (
	"encoding/json"
	"fmt"
	"io"
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

const (
	description = "gsma-mm.yaml"
	testKey     = "canaryapikeyQz71"
)

func now() time.Time { return time.Date(2026, 3, 2, 10, 30, 0, 0, time.UTC) }

func lend(rt http.RoundTripper) connector.Host { return connector.Host{Transport: rt, Now: now} }

func secrets() map[string]string {
	return map[string]string{APIKey: testKey, PaidFrom: "accountid@canaryaccount2999"}
}

func toPhone(key string, amount money.Amount) connector.Instruction {
	return connector.Instruction{Key: key, Amount: amount, Service: "mtn_momo_rwf", Memo: "October", Details: connector.Details{phone: "+250788123456"}}
}

func readWire(r *http.Request, body []byte) (string, money.Amount, error) {
	var in struct {
		Amount, Currency, RequestingOrganisationTransactionReference string
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return "", money.Amount{}, err
	}
	key := in.RequestingOrganisationTransactionReference
	if r.Header.Get("X-CorrelationID") != connector.KeyUUID(key) {
		return "", money.Amount{}, fmt.Errorf("correlation id is not the key's")
	}
	c, err := money.ParseCurrency(in.Currency)
	if err != nil {
		return "", money.Amount{}, err
	}
	a, err := connector.ReadDecimal(in.Amount, c)
	return key, a, err
}

func transactionText(ref, key string, a money.Amount, status string) string {
	return fmt.Sprintf(`{"transactionReference":%q,"requestingOrganisationTransactionReference":%q,"transactionStatus":%q,"type":"disbursement","amount":%q,"currency":%q,"creditParty":[{"key":"msisdn","value":"+250788000000"}],"debitParty":[{"key":"accountid","value":"1"}]}`,
		ref, key, status, a.Decimal(), a.Currency().Code())
}

const pendingText = `{"serverCorrelationId":"0c3ab2d4-4d3c-4b84-9e0f-3f6d0a2c1b11","status":"pending","notificationMethod":"polling","objectReference":"17","pollLimit":100}`

func answers(v connector.Verdict, in connector.Instruction) connectortest.Script {
	status, ok := map[connector.Verdict]string{connector.Accepted: "pending", connector.Paid: "completed", connector.Rejected: "failed", connector.Returned: "reversed", connector.Absent: "", connectortest.NoSuchWord: "settled"}[v]
	if !ok {
		return nil
	}
	return func(r *http.Request, _ []byte) string {
		switch {
		case strings.HasPrefix(r.URL.Path, "/responses/") && v == connector.Absent:
			return connectortest.JSON(404, `{"errorCategory":"identification","errorCode":"identifierError"}`)
		case strings.HasPrefix(r.URL.Path, "/responses/"):
			return connectortest.JSON(200, `{"link":"/transactions/REF-1"}`)
		case r.Method == "POST":
			return connectortest.JSON(201, transactionText("REF-1", in.Key, in.Amount, status))
		}
		return connectortest.JSON(200, transactionText("REF-1", in.Key, in.Amount, status))
	}
}

func harness() connectortest.Harness {
	return connectortest.Harness{
		Build:   func(rt http.RoundTripper) connector.Builder { return New(lend(rt)) },
		Secrets: secrets(), Instruction: toPhone,
		Moves: func(r *http.Request) bool { return r.Method == "POST" },
		KeyOf: func(r *http.Request, body []byte) string {
			key, _, err := readWire(r, body)
			if err != nil {
				return err.Error()
			}
			return key
		},
		AmountOf: func(r *http.Request, body []byte) (money.Amount, error) {
			_, a, err := readWire(r, body)
			return a, err
		},
		Answer: answers, EchoesKey: true, EchoesAmount: true,
	}
}

func TestKeepsTheContract(t *testing.T) { connectortest.Test(t, harness()) }

// fakeOperator answers as the description has it, from a book of ours: it
// takes an order and works on it, and refuses a correlation id twice.
type fakeOperator struct {
	*spectest.Book
	mu  sync.Mutex
	ids map[string]string // correlation id to key
}

func problemText(w http.ResponseWriter, status int, category, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"errorCategory":%q,"errorCode":%q}`, category, code)
}

func (f *fakeOperator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	kind, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	f.mu.Lock()
	key := f.ids[name]
	f.mu.Unlock()
	row, ok := f.Find(key)
	switch {
	case r.Header.Get("X-API-Key") != testKey:
		problemText(w, 401, "authorisation", "clientAuthorisationError")
	case r.Method == "POST":
		f.make(w, r)
	case kind == "responses" && !ok:
		problemText(w, 404, "identification", "identifierError")
	case kind == "responses" && row.State == spectest.Pending:
		fmt.Fprintf(w, `{"link":"/requeststates/%s"}`, name) // our id and the operator's are one here
	case kind == "responses":
		fmt.Fprintf(w, `{"link":"/transactions/REF-%d"}`, row.N)
	case kind == "requeststates":
		fmt.Fprint(w, strings.Replace(pendingText, "0c3ab2d4-4d3c-4b84-9e0f-3f6d0a2c1b11", name, 1))
	default:
		var n int
		fmt.Sscanf(name, "REF-%d", &n)
		row, _ := f.Nth(n)
		status := map[spectest.State]string{spectest.Pending: "pending", spectest.Paid: "completed", spectest.Failed: "failed", spectest.Back: "reversed"}[row.State]
		fmt.Fprint(w, transactionText(name, row.Key, row.Amount, status))
	}
}

func (f *fakeOperator) make(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	key, amount, err := readWire(r, body)
	if err != nil {
		problemText(w, 400, "validation", "formatError")
		return
	}
	_, known := f.Find(key)
	f.mu.Lock()
	f.ids[connector.KeyUUID(key)] = key
	f.mu.Unlock()
	_, fate := f.Order(key, amount)
	switch {
	case fate == spectest.CutAfter || fate == spectest.CutBefore:
		panic(http.ErrAbortHandler)
	case fate == spectest.FailAfter:
		problemText(w, 500, "internal", "genericError")
	case fate == spectest.Busy:
		w.WriteHeader(429) // which the description doesn't have
	case fate == spectest.Refused:
		problemText(w, 400, "businessRule", "insufficientFunds")
	case known:
		problemText(w, 400, "businessRule", "duplicateRequest")
	default:
		w.WriteHeader(202)
		fmt.Fprint(w, pendingText)
	}
}

func serve(t testing.TB) (*spectest.Judge, *fakeOperator, connector.Connector) {
	t.Helper()
	judge := spectest.Open(t, description)
	fake := &fakeOperator{Book: &spectest.Book{Late: 2 * time.Minute}, ids: map[string]string{}}
	server := httptest.NewServer(judge.Over(fake))
	t.Cleanup(server.Close)
	c, err := New(lend(&http.Transport{DisableKeepAlives: true}))(connector.Account{ID: "mca_1", Provider: Provider, Test: true, BaseURL: server.URL, Secrets: secrets()})
	if err != nil {
		t.Fatal(err)
	}
	return judge, fake, c
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
		return toPhone(key, money.New(1234, money.MustCurrency("KWD")))
	}, spectest.Same)
	judge.Sound(t, "transactionstypetransactionTypePUT", "responsesClientCorrelationIdGET", "requeststatesServerCorrelationIdGET", "transactionsTransactionReferenceGET")
}

func TestOnlyAClearWordIsARefusal(t *testing.T) {
	for _, row := range []struct {
		status int
		body   string
		want   connector.Verdict
	}{
		{400, `{"errorCategory":"businessRule","errorCode":"insufficientFunds"}`, connector.Rejected}, {404, `{"errorCategory":"identification","errorCode":"identifierError"}`, connector.Rejected},
		{401, `{"errorCategory":"authorisation","errorCode":"clientAuthorisationError"}`, connector.Rejected}, {202, strings.Replace(pendingText, `"pending"`, `"failed","error":{"errorCategory":"businessRule","errorCode":"requestDeclined"}`, 1), connector.Rejected},
		{400, `{"errorCategory":"businessRule","errorCode":"duplicateRequest"}`, connector.Unknown}, {400, `{"errorCategory":"businessRule","errorCode":"genericError"}`, connector.Unknown},
		{400, `{"errorCategory":"internal","errorCode":"insufficientFunds"}`, connector.Unknown}, {503, `{"errorCategory":"businessRule","errorCode":"insufficientFunds"}`, connector.Unknown},
		{202, strings.Replace(pendingText, `"pending"`, `"failed"`, 1), connector.Unknown}, {202, strings.Replace(pendingText, `"pending"`, `"completed"`, 1), connector.Accepted}, {202, pendingText, connector.Accepted},
	} {
		out, err := means(ordered{key: "po_1"}, connector.Answer{Status: row.status, Body: []byte(row.body)})
		if err != nil {
			out.Verdict = connector.Unknown
		}
		if out.Verdict != row.want {
			t.Errorf("%d %s: got %s, %v, want %s", row.status, row.body, out.Verdict, err, row.want)
		}
	}
}

// TestTheJudgeJudges: the description refuses what isn't as it says.
func TestTheJudgeJudges(t *testing.T) {
	judge := spectest.Open(t, description)
	server := httptest.NewServer(judge.Over(http.NotFoundHandler()))
	defer server.Close()
	to := `"creditParty":[{"key":"msisdn","value":"+1"}]`
	for name, row := range map[string][3]string{
		"no amount":        {"disbursement", `{"currency":"RWF",` + to + `}`, ""},
		"amount as number": {"disbursement", `{"amount":1,"currency":"RWF",` + to + `}`, ""},
		"amount by comma":  {"disbursement", `{"amount":"1,50","currency":"RWF",` + to + `}`, ""},
		"no currency":      {"disbursement", `{"amount":"1",` + to + `}`, ""},
		"nobody":           {"disbursement", `{"amount":"1","currency":"RWF"}`, ""},
		"another type":     {"gift", `{"amount":"1","currency":"RWF",` + to + `}`, ""},
		"key is no UUID":   {"disbursement", `{"amount":"1","currency":"RWF",` + to + `}`, "po_1"},
	} {
		req, _ := http.NewRequest("POST", server.URL+"/transactions/type/"+row[0], strings.NewReader(row[1]))
		req.Header.Set("Content-Type", "application/json")
		if row[2] != "" {
			req.Header.Set("X-CorrelationID", row[2])
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if list := judge.Refused(); len(list) != 1 || resp.StatusCode != 422 {
			t.Errorf("%s: passed with %d, %v", name, resp.StatusCode, list)
		}
	}
}
