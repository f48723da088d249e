package paypal

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/connector/connectortest"
	"penstock/engine/money"
)

const (
	testID     = "AclientcanaryQz71"
	testSecret = "EsecretcanaryQz71"
)

func now() time.Time { return time.Date(2026, 3, 2, 10, 30, 0, 0, time.UTC) }

func lend(rt http.RoundTripper) connector.Host { return connector.Host{Transport: rt, Now: now} }

func toEmail(key string, amount money.Amount) connector.Instruction {
	return connector.Instruction{Key: key, Amount: amount, Service: "paypal_" + strings.ToLower(amount.Currency().Code()), Memo: "October", Details: connector.Details{email: "ada.canary@example.com"}}
}

func toVenmo(key string, amount money.Amount) connector.Instruction {
	return connector.Instruction{Key: key, Amount: amount, Service: "venmo_" + strings.ToLower(amount.Currency().Code()), Details: connector.Details{phone: "+12025550143"}}
}

// wire is an order as it stands on the wire, read apart from what wrote it.
type wireOrder struct {
	Header struct {
		ID string `json:"sender_batch_id"`
	} `json:"sender_batch_header"`
	Items []struct {
		Amount struct{ Currency, Value string } `json:"amount"`
		ID     string                           `json:"sender_item_id"`
	} `json:"items"`
}

func readWire(r *http.Request, body []byte) (string, money.Amount, error) {
	var in wireOrder
	if err := json.Unmarshal(body, &in); err != nil {
		return "", money.Amount{}, err
	}
	if len(in.Items) != 1 || in.Items[0].ID != in.Header.ID || r.Header.Get("PayPal-Request-Id") != in.Header.ID {
		return "", money.Amount{}, fmt.Errorf("key differs between its places")
	}
	c, err := money.ParseCurrency(in.Items[0].Amount.Currency)
	if err != nil {
		return "", money.Amount{}, err
	}
	a, err := connector.ReadDecimal(in.Items[0].Amount.Value, c)
	return in.Header.ID, a, err
}

const tokenText = `{"scope":"https://uri.paypal.com/payments/payouts","access_token":"A21AAcanarytokenQz71","token_type":"Bearer","app_id":"APP-1","expires_in":32400}`

func madeText(key, status string) string {
	return fmt.Sprintf(`{"batch_header":{"sender_batch_header":{"sender_batch_id":%q},"payout_batch_id":"5UXD2E8A7EBQJ","batch_status":%q},"links":[{"href":"https://api-m.paypal.com/v1/payments/payouts/5UXD2E8A7EBQJ","rel":"self","method":"GET"}]}`, key, status)
}

func batchText(key string, a money.Amount, status, ref string) string {
	value, _ := decimal(a)
	return fmt.Sprintf(`{"total_items":1,"total_pages":1,"batch_header":{"payout_batch_id":%[4]q,"batch_status":"SUCCESS","sender_batch_header":{"sender_batch_id":%[1]q}},"items":[{"payout_item_id":"8AELMXH8UB2P8","transaction_status":%[2]q,"payout_batch_id":%[4]q,"payout_item":{"recipient_type":"EMAIL","amount":{"currency":%[5]q,"value":%[3]q},"note":"October","receiver":"ada@example.com","sender_item_id":%[1]q}}]}`,
		key, status, value, ref, a.Currency().Code())
}

func answers(v connector.Verdict, in connector.Instruction) connectortest.Script {
	word, ok := map[connector.Verdict]string{connector.Accepted: "PENDING", connector.Paid: "SUCCESS", connector.Rejected: "FAILED", connector.Returned: "RETURNED", connector.Absent: "", connectortest.NoSuchWord: "SETTLED"}[v]
	if !ok {
		return nil
	}
	return func(r *http.Request, _ []byte) string {
		switch {
		case strings.HasSuffix(r.URL.Path, "/token"):
			return connectortest.JSON(200, tokenText)
		case r.Method == "GET" && v == connector.Absent:
			return connectortest.JSON(404, `{"name":"RESOURCE_NOT_FOUND","message":"The specified resource does not exist.","debug_id":"1"}`)
		case r.Method == "GET":
			return connectortest.JSON(200, batchText(in.Key, in.Amount, word, "5UXD2E8A7EBQJ"))
		case v == connector.Rejected:
			return connectortest.JSON(422, `{"name":"INSUFFICIENT_FUNDS","message":"Sender does not have sufficient funds.","debug_id":"1"}`)
		case v == connectortest.NoSuchWord:
			return connectortest.JSON(201, madeText(in.Key, "SETTLED"))
		}
		return connectortest.JSON(201, madeText(in.Key, "PENDING"))
	}
}

func harness() connectortest.Harness {
	var amounts []money.Amount
	for _, a := range connectortest.Amounts() {
		amounts = append(amounts, a, money.New(a.Minor(), money.MustCurrency("HUF")), money.New(a.Minor(), money.MustCurrency("TWD")), money.New(a.Minor(), money.MustCurrency("USD")))
	}
	return connectortest.Harness{
		Build:       func(rt http.RoundTripper) connector.Builder { return New(lend(rt)) },
		Secrets:     map[string]string{ClientID: testID, ClientSecret: testSecret},
		Instruction: toEmail, Amounts: amounts,
		Moves: func(r *http.Request) bool { return r.Method == "POST" && r.URL.Path == path },
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
		Answer: answers, AcceptsFirst: true, Ref: "5UXD2E8A7EBQJ", EchoesKey: true,
	}
}

func TestKeepsTheContract(t *testing.T) { connectortest.Test(t, harness()) }

func TestVenmoKeepsTheContract(t *testing.T) {
	h := harness()
	h.Instruction, h.Currency = toVenmo, "USD"
	connectortest.Test(t, h)
}

func TestAmountsAreExactOrRefused(t *testing.T) {
	for _, row := range []struct {
		code  string
		minor int64
		want  string // empty: refused
	}{
		{"EUR", 1250, "12.50"}, {"USD", 1, "0.01"}, {"JPY", 5, "5"}, {"HUF", 15_000, "150"}, {"HUF", 15_050, ""}, {"TWD", 100, "1"}, {"TWD", 1, ""}, {"KWD", 1250, ""}, {"XAF", 7, ""},
	} {
		got, ok := decimal(money.New(row.minor, money.MustCurrency(row.code)))
		if ok != (row.want != "") || ok && got != row.want {
			t.Errorf("%s %d: got %q, %v, want %q", row.code, row.minor, got, ok, row.want)
		}
	}
}

// TestOnlyAClearWordIsARefusal: an order that PayPal has already is none.
func TestOnlyAClearWordIsARefusal(t *testing.T) {
	self := `"links":[{"href":"https://api.paypal.com/v1/payments/payouts/CDZEC5MJ8R5HY","rel":"self","method":"GET"}]`
	for _, row := range []struct {
		status int
		body   string
		want   connector.Verdict
		ref    string
	}{
		{400, `{"name":"VALIDATION_ERROR","message":"Invalid request","debug_id":"1"}`, connector.Rejected, ""},
		{403, `{"name":"AUTHORIZATION_ERROR","message":"Authorization error occurred.","debug_id":"1"}`, connector.Rejected, ""},
		{400, `{"name":"USER_BUSINESS_ERROR","message":"m","debug_id":"1","details":[{"field":"SENDER_BATCH_ID","issue":"Batch with given sender_batch_id already exists"}],` + self + `}`, connector.Accepted, "CDZEC5MJ8R5HY"},
		{400, `{"name":"VALIDATION_ERROR","message":"m","debug_id":"1",` + self + `}`, connector.Accepted, "CDZEC5MJ8R5HY"},
		{400, `{"name":"VALIDATION_ERROR","message":"m","debug_id":"1","details":[{"field":"/sender_batch_header/sender_batch_id","issue":"already exists"}]}`, connector.Unknown, ""},
		{400, `{"name":"VALIDATION_ERROR","message":"m","debug_id":"1","details":[{"field":"sender_batch_id","issue":"DUPLICATE_VALUE"}]}`, connector.Unknown, ""},
		{400, `{"name":"SOMETHING_NEW","message":"m","debug_id":"1"}`, connector.Unknown, ""}, {400, `{}`, connector.Unknown, ""},
		{401, `{"error":"invalid_token"}`, connector.Unknown, ""}, {404, `{"name":"VALIDATION_ERROR"}`, connector.Unknown, ""},
		{429, `{"name":"VALIDATION_ERROR"}`, connector.Unknown, ""}, {500, `{"name":"INSUFFICIENT_FUNDS"}`, connector.Unknown, ""},
		{201, madeText("po_1", "PENDING"), connector.Accepted, "5UXD2E8A7EBQJ"}, {201, madeText("po_1", "DENIED"), connector.Rejected, "5UXD2E8A7EBQJ"}, {201, madeText("po_2", "PENDING"), connector.Unknown, ""},
	} {
		out, err := means("po_1", connector.Answer{Status: row.status, Body: []byte(row.body)})
		if err != nil {
			out.Verdict = connector.Unknown
		}
		if out.Verdict != row.want || out.Ref != row.ref {
			t.Errorf("%d %s: got %s %s, %v, want %s %s", row.status, row.body, out.Verdict, out.Ref, err, row.want, row.ref)
		}
	}
}

// TestABatchSpeaksOfItsOnePayout: anything else about it is no word.
func TestABatchSpeaksOfItsOnePayout(t *testing.T) {
	a := money.New(1250, money.MustCurrency("EUR"))
	q := connector.Question{Key: "po_1", Ref: "5UXD2E8A7EBQJ", Amount: a}
	well := batchText("po_1", a, "SUCCESS", q.Ref)
	item := well[strings.Index(well, `[`)+1 : strings.LastIndex(well, `]`)]
	for name, row := range map[string]struct {
		body string
		want connector.Verdict
	}{
		"paid": {well, connector.Paid}, "unclaimed": {batchText("po_1", a, "UNCLAIMED", q.Ref), connector.Accepted}, "blocked": {batchText("po_1", a, "BLOCKED", q.Ref), connector.Accepted},
		"reversed": {batchText("po_1", a, "REVERSED", q.Ref), connector.Returned}, "refunded": {batchText("po_1", a, "REFUNDED", q.Ref), connector.Returned},
		"another batch": {batchText("po_1", a, "SUCCESS", "OTHER"), connector.Unknown}, "another key": {batchText("po_2", a, "SUCCESS", q.Ref), connector.Unknown},
		"another amount": {batchText("po_1", money.New(1251, a.Currency()), "SUCCESS", q.Ref), connector.Unknown}, "another currency": {batchText("po_1", money.New(1250, money.MustCurrency("USD")), "SUCCESS", q.Ref), connector.Unknown},
		"two items": {strings.Replace(well, item, item+","+item, 1), connector.Unknown}, "more on another page": {strings.Replace(well, `"total_items":1`, `"total_items":2`, 1), connector.Unknown},
		"done without an item": {strings.Replace(well, item, "", 1), connector.Unknown}, "not begun": {strings.Replace(strings.Replace(well, item, "", 1), "SUCCESS", "PENDING", 1), connector.Accepted},
		"denied and paid": {strings.Replace(well, `"batch_status":"SUCCESS"`, `"batch_status":"DENIED"`, 1), connector.Unknown},
	} {
		out, err := look(q, []byte(row.body))
		if err != nil {
			out.Verdict = connector.Unknown
		}
		if out.Verdict != row.want {
			t.Errorf("%s: got %s, %v, want %s", name, out.Verdict, err, row.want)
		}
	}
}
