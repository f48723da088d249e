package adyen

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
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
	testKey  = "AQEcanarykeyQz71aa01"
	testFrom = "BAcanary00000000000000001"
	testHook = "44782def547aaa06c910c43932b1eb0c71fc68d9d0c057550c48ec2acf6ba056"
)

// early is some weeks after the first send that the contract speaks of.
func early() time.Time { return time.Date(2020, 3, 2, 10, 30, 0, 0, time.UTC) }

func lend(rt http.RoundTripper, now func() time.Time) connector.Host {
	return connector.Host{Transport: rt, Now: now}
}

func secrets() map[string]string {
	return map[string]string{APIKey: testKey, BalanceAccount: testFrom, WebhookKey: testHook}
}

// toBank pays euro by SEPA, and the rest of the world by SWIFT.
func toBank(key string, amount money.Amount) connector.Instruction {
	in := connector.Instruction{Key: key, Amount: amount, Service: "sepa_eur", Memo: "October", Details: connector.Details{"account_holder_name": "Ada Canary", "iban": "NL46TEST0136169112"}}
	if amount.IsSet() && amount.Currency().Code() != "EUR" {
		in.Service = "swift_" + strings.ToLower(amount.Currency().Code())
		in.Details = connector.Details{"account_holder_name": "Ada Canary", "bank_account_number": "000123456789", "bic": "BOFAUS3NXXX", "country_code": "US"}
	}
	return in
}

func toCard(key string, amount money.Amount) connector.Instruction {
	code := "eur"
	if amount.IsSet() {
		code = strings.ToLower(amount.Currency().Code())
	}
	return connector.Instruction{Key: key, Amount: amount, Service: "payment_card_" + code, Details: connector.Details{"card_number": "4111111111111111", "expiry_month": "3", "expiry_year": "2030", "card_holder_name": "Ada Canary"}}
}

func readWire(r *http.Request, body []byte) (string, money.Amount, error) {
	var in struct {
		Amount struct {
			Value    int64
			Currency string
		}
		Reference string
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return "", money.Amount{}, err
	}
	if r.Header.Get("Idempotency-Key") != in.Reference {
		return "", money.Amount{}, errors.New("reference and header differ")
	}
	c, err := money.ParseCurrency(in.Amount.Currency)
	if err != nil {
		return "", money.Amount{}, err
	}
	return in.Reference, money.New(in.Amount.Value, c), nil // as ISO has it; what isn't has a test of its own
}

func transferText(id, key string, a money.Amount, status, reason string) string {
	return fmt.Sprintf(`{"id":%q,"accountHolder":{"id":"AH1"},"amount":{"value":%d,"currency":%q},"balanceAccount":{"id":%q},"category":"bank","categoryData":{"priority":"regular","type":"bank"},"counterparty":{"bankAccount":{"accountHolder":{"fullName":"Ada"},"accountIdentification":{"type":"iban","iban":"NL91ABNA0417164300"}}},"reference":%q,"description":"October","direction":"outgoing","reason":%q,"status":%q}`,
		id, a.Minor(), a.Currency().Code(), testFrom, key, reason, status)
}

func dated(status int, at time.Time, body string) string {
	return strings.Replace(connectortest.JSON(status, body), "\r\n", "\r\nDate: "+at.Format(http.TimeFormat)+"\r\n", 1)
}

func answers(v connector.Verdict, in connector.Instruction) connectortest.Script {
	row, ok := map[connector.Verdict][2]string{connector.Accepted: {"authorised", "approved"}, connector.Paid: {"booked", "approved"}, connector.Rejected: {"refused", "notEnoughBalance"},
		connector.Returned: {"returned", "counterpartyAccountClosed"}, connector.Absent: {}, connectortest.NoSuchWord: {"settled", "approved"}}[v]
	if !ok {
		return nil
	}
	return func(r *http.Request, _ []byte) string {
		text := transferText("1W1UG35U8A9J5ZLG", in.Key, in.Amount, row[0], row[1])
		switch {
		case r.Method == "POST":
			return connectortest.JSON(202, text)
		case v == connector.Absent:
			return dated(200, early(), `{"data":[],"_links":{}}`)
		}
		return dated(200, early(), `{"data":[`+text+`],"_links":{}}`)
	}
}

func sign(body []byte) http.Header {
	key, _ := hex.DecodeString(testHook)
	mac := hmac.New(sha256.New, key)
	mac.Write(body)
	return http.Header{"Hmacsignature": {base64.StdEncoding.EncodeToString(mac.Sum(nil))}}
}

func eventText(key string) []byte {
	return []byte(`{"data":` + transferText("1W1UG35U8A9J5ZLG", key, money.New(1250, money.MustCurrency("EUR")), "booked", "approved") + `,"environment":"test","timestamp":"2020-03-02T10:30:00Z","type":"balancePlatform.transfer.updated"}`)
}

func harness() connectortest.Harness {
	amounts := connectortest.Amounts()
	for _, minor := range []int64{1, 10, 1005, 9_007_199_254_740_993} {
		amounts = append(amounts, money.New(minor, money.MustCurrency("USD")), money.New(minor, money.MustCurrency("HUF")), money.New(minor, money.MustCurrency("XAF")))
	}
	return connectortest.Harness{
		Build:   func(rt http.RoundTripper) connector.Builder { return New(lend(rt, early)) },
		Secrets: secrets(), Instruction: toBank, Amounts: amounts,
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
		Answer: answers, Ref: "1W1UG35U8A9J5ZLG", EchoesKey: true, EchoesAmount: true,
		Notice: func(key string) (http.Header, []byte, connector.Notice) {
			return sign(eventText(key)), eventText(key), connector.Notice{Key: key, Outcome: connector.Outcome{Verdict: connector.Paid, Ref: "1W1UG35U8A9J5ZLG", Code: "booked"}}
		},
		Sign:      sign,
		OldNotice: func(key string, _ time.Duration) (http.Header, []byte) { return sign(eventText(key)), eventText(key) },
	}
}

func TestKeepsTheContract(t *testing.T) { connectortest.Test(t, harness()) }

func TestCardsKeepTheContract(t *testing.T) {
	h := harness()
	h.Instruction = toCard
	connectortest.Test(t, h)
}

func TestAmountsAreAdyensOwn(t *testing.T) {
	for _, row := range []struct {
		code        string
		minor, want int64 // want 0: refused
	}{
		{"EUR", 1250, 1250}, {"JPY", 5, 5}, {"KWD", 1234, 1234}, {"ISK", 5, 500}, {"CLP", 5, 500}, {"IDR", 500, 5}, {"IDR", 550, 0}, {"CVE", 100, 1}, {"ISK", 9_223_372_036_854_775_807, 0},
	} {
		a := money.New(row.minor, money.MustCurrency(row.code))
		n, ok := minor(a)
		if ok != (row.want != 0) || ok && n != row.want {
			t.Errorf("%s: got %d, %v, want %d", a, n, ok, row.want)
		}
		if ok {
			if back, err := (sum{connector.Number(fmt.Sprint(n)), row.code}).amount(); err != nil || back != a {
				t.Errorf("%s: read back as %s, %v", a, back, err)
			}
		}
	}
}

func TestOnlyAClearWordIsARefusal(t *testing.T) {
	a := money.New(1250, money.MustCurrency("EUR"))
	problem := func(status int, code, kind string) string {
		return fmt.Sprintf(`{"detail":"d","errorCode":%q,"status":%d,"title":"t","type":"https://docs.adyen.com/errors/%s"}`, code, status, kind)
	}
	for _, row := range []struct {
		status     int
		header     http.Header
		body       string
		want       connector.Verdict
		resolution string
	}{
		{422, nil, problem(422, "30_031", "transfer/not-enough-balance"), connector.Rejected, connector.InsufficientFunds},
		{422, nil, problem(422, "29_001", "validation"), connector.Rejected, connector.InvalidRequest},
		{401, nil, `{"status":401,"errorCode":"000","message":"HTTP Status Response - Unauthorized","errorType":"security"}`, connector.Rejected, connector.InvalidCredentials},
		{403, nil, problem(403, "00_403", "forbidden"), connector.Rejected, connector.InvalidCredentials},
		{422, http.Header{"Transient-Error": {"true"}}, problem(422, "29_001", "validation"), connector.Unknown, ""},
		{422, nil, `{"status":422,"errorCode":"704","message":"request already processed or in progress","errorType":"validation"}`, connector.Unknown, ""},
		{422, nil, problem(422, "704", "validation"), connector.Unknown, ""}, {422, nil, problem(422, "1", "idempotency"), connector.Unknown, ""},
		{422, nil, problem(500, "29_001", "validation"), connector.Unknown, ""}, {422, nil, `{}`, connector.Unknown, ""}, {401, nil, `{"message":"no"}`, connector.Unknown, ""},
		{429, nil, problem(429, "29_001", "validation"), connector.Unknown, ""}, {500, nil, problem(500, "00_500", "internal"), connector.Unknown, ""},
		{202, nil, transferText("X1", "po_1", a, "refused", "counterpartyAccountClosed"), connector.Rejected, connector.AccountClosed},
		{202, nil, transferText("X1", "po_1", a, "failed", "refusedByCounterpartyBank"), connector.Rejected, connector.Declined},
		{202, nil, strings.Replace(transferText("X1", "po_1", a, "failed", "refusedByCounterpartyBank"), `"direction"`, `"events":[{"status":"booked"}],"direction"`, 1), connector.Returned, connector.Declined},
		{202, nil, strings.Replace(transferText("X1", "po_1", a, "booked", "approved"), "outgoing", "incoming", 1), connector.Unknown, ""},
	} {
		out, err := means(ordered{key: "po_1", amount: a}, connector.Answer{Status: row.status, Header: row.header, Body: []byte(row.body)})
		if err != nil {
			out.Verdict = connector.Unknown
		}
		if out.Verdict != row.want || out.Resolution != row.resolution {
			t.Errorf("%d %s: got %s %s, %v, want %s %s", row.status, row.body, out.Verdict, out.Resolution, err, row.want, row.resolution)
		}
	}
}

func TestCredentialsAreChecked(t *testing.T) {
	for _, row := range []struct {
		change map[string]string
		ok     bool
	}{
		{nil, true}, {map[string]string{WebhookKey: ""}, true}, {map[string]string{WebhookKey: "not hex"}, false}, {map[string]string{WebhookKey: "00"}, false},
		{map[string]string{APIKey: ""}, false}, {map[string]string{APIKey: "a\r\nX: y"}, false}, {map[string]string{BalanceAccount: ""}, false}, {map[string]string{BalanceAccount: "AH1"}, false}, {map[string]string{BalanceAccount: "BA/../x"}, false},
	} {
		have := secrets()
		for k, v := range row.change {
			have[k] = v
		}
		if _, err := New(lend(http.DefaultTransport, early))(connector.Account{Test: true, Secrets: have}); (err == nil) != row.ok || err != nil && strings.Contains(err.Error(), testKey) {
			t.Errorf("%v: got %v", row.change, err)
		}
	}
}

// TestAnothersTransferIsNotOurs: a webhook tells of all that a platform moves.
func TestAnothersTransferIsNotOurs(t *testing.T) {
	c, err := New(lend(http.DefaultTransport, early))(connector.Account{Test: true, Secrets: secrets()})
	if err != nil {
		t.Fatal(err)
	}
	well := string(eventText("po_1"))
	for name, row := range map[string]struct {
		body string
		want error // nil: any other
	}{
		"incoming": {strings.Replace(well, "outgoing", "incoming", 1), connector.ErrNotOurs}, "another account": {strings.ReplaceAll(well, testFrom, "BA2"), connector.ErrNotOurs},
		"another event": {strings.Replace(well, "balancePlatform.transfer.updated", "balancePlatform.accountHolder.updated", 1), connector.ErrNotOurs}, "another mode": {strings.Replace(well, `"environment":"test"`, `"environment":"live"`, 1), errMode},
	} {
		if _, err := c.(connector.Notifier).Notification(sign([]byte(row.body)), []byte(row.body)); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", name, err, row.want)
		}
	}
}
