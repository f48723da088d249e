package stripe

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/connector/connectortest"
	"penstock/engine/money"
)

const (
	testKey    = "sk_test_canary4f1c77aa01"
	testSecret = "whsec_canary4f1c77aa01"
)

func now() time.Time { return time.Date(2026, 3, 2, 10, 30, 0, 0, time.UTC) }

func lend(rt http.RoundTripper) connector.Host { return connector.Host{Transport: rt, Now: now} }

func toBank(key string, amount money.Amount) connector.Instruction {
	return connector.Instruction{Key: key, Amount: amount, Service: "passthrough_eur", Memo: "October", Details: connector.Details{token: "ba_1canaryNXWPnC", "token_type": "bank"}}
}

func toAccount(key string, amount money.Amount) connector.Instruction {
	return connector.Instruction{Key: key, Amount: amount, Service: "passthrough_eur", Details: connector.Details{token: "acct_1canaryB4wD", "token_type": "account"}}
}

// payoutText and transferText are what Stripe answers, written out by hand.
func payoutText(key string, a money.Amount, status string, arrival time.Time) string {
	n, _ := smallest(a)
	return fmt.Sprintf(`{"id":"po_1MtN0","object":"payout","amount":%d,"arrival_date":%d,"automatic":false,"created":1772447400,"currency":%q,"description":"October","destination":"ba_1","failure_code":null,"livemode":false,"metadata":{"penstock_key":%q},"method":"standard","status":%q}`,
		n, arrival.Unix(), strings.ToLower(a.Currency().Code()), key, status)
}

func transferText(key string, a money.Amount, reversed bool) string {
	n, _ := smallest(a)
	back := int64(0)
	if reversed {
		back = n
	}
	return fmt.Sprintf(`{"id":"tr_1MtN0","object":"transfer","amount":%d,"amount_reversed":%d,"created":1772447400,"currency":%q,"destination":"acct_1","livemode":false,"metadata":{"penstock_key":%q},"reversed":%v,"transfer_group":%[4]q}`,
		n, back, strings.ToLower(a.Currency().Code()), key, reversed)
}

func payouts(v connector.Verdict, in connector.Instruction) connectortest.Script {
	status, arrival := map[connector.Verdict]string{connector.Accepted: "pending", connector.Paid: "paid", connector.Rejected: "failed", connector.Returned: "failed", connectortest.NoSuchWord: "settled"}[v], now().Add(48*time.Hour)
	switch v {
	case connector.PartlyPaid:
		return nil
	case connector.Absent:
		return func(*http.Request, []byte) string {
			return connectortest.JSON(404, `{"error":{"code":"resource_missing","message":"No such payout: 'po_1'","param":"payout","type":"invalid_request_error"}}`)
		}
	case connector.Returned:
		arrival = now().Add(-24 * time.Hour)
	}
	return func(*http.Request, []byte) string {
		return connectortest.JSON(200, payoutText(in.Key, in.Amount, status, arrival))
	}
}

func transfers(v connector.Verdict, in connector.Instruction) connectortest.Script {
	switch v {
	case connector.PartlyPaid, connector.Accepted:
		return nil
	case connector.Absent:
		return payouts(v, in)
	case connector.Rejected:
		return func(*http.Request, []byte) string {
			return connectortest.JSON(400, `{"error":{"code":"balance_insufficient","message":"You have insufficient funds in your Stripe account.","type":"invalid_request_error"}}`)
		}
	case connectortest.NoSuchWord:
		return func(*http.Request, []byte) string {
			return connectortest.JSON(200, strings.Replace(transferText(in.Key, in.Amount, false), `"reversed":false`, `"reversed":"no"`, 1))
		}
	}
	return func(*http.Request, []byte) string {
		return connectortest.JSON(200, transferText(in.Key, in.Amount, v == connector.Returned))
	}
}

func harness() connectortest.Harness {
	read := func(body []byte) (string, money.Amount, error) {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return "", money.Amount{}, err
		}
		n, err := strconv.ParseInt(form.Get("amount"), 10, 64)
		if err != nil {
			return "", money.Amount{}, err
		}
		// By hand, for the three currencies that the contract tries.
		c := map[string]string{"eur": "EUR", "jpy": "JPY", "kwd": "KWD"}[form.Get("currency")]
		if c == "" {
			return "", money.Amount{}, fmt.Errorf("currency %q", form.Get("currency"))
		}
		return form.Get("metadata[penstock_key]"), money.New(n, money.MustCurrency(c)), nil
	}
	return connectortest.Harness{
		Build:       func(rt http.RoundTripper) connector.Builder { return New(lend(rt)) },
		Secrets:     map[string]string{APIKey: testKey, WebhookSecret: testSecret},
		Instruction: toBank,
		Moves:       func(r *http.Request) bool { return r.Method == "POST" },
		KeyOf: func(r *http.Request, body []byte) string {
			key, _, _ := read(body)
			if key != r.Header.Get("Idempotency-Key") {
				return "metadata and header differ"
			}
			return key
		},
		AmountOf: func(_ *http.Request, body []byte) (money.Amount, error) {
			_, a, err := read(body)
			return a, err
		},
		Answer: payouts, Ref: "po_1MtN0", EchoesKey: true, EchoesAmount: true,
		Notice: func(key string) (http.Header, []byte, connector.Notice) {
			return sign(eventText(key), now()), eventText(key), connector.Notice{Key: key, Outcome: connector.Outcome{Verdict: connector.Paid, Ref: "po_1MtN0", Code: "paid"}}
		},
		Sign: func(body []byte) http.Header { return sign(body, now()) },
		OldNotice: func(key string, ago time.Duration) (http.Header, []byte) {
			return sign(eventText(key), now().Add(-ago)), eventText(key)
		},
		Balances: func(have []money.Amount) connectortest.Script {
			var list []string
			for _, a := range have {
				list = append(list, fmt.Sprintf(`{"amount":%d,"currency":%q,"source_types":{"card":1}}`, a.Minor(), strings.ToLower(a.Currency().Code())))
			}
			return func(*http.Request, []byte) string {
				return connectortest.JSON(200, `{"object":"balance","available":[`+strings.Join(list, ",")+`],"livemode":false,"pending":[]}`)
			}
		},
	}
}

func eventText(key string) []byte {
	return []byte(`{"id":"evt_1","object":"event","api_version":"` + version + `","created":1772447400,"data":{"object":` + payoutText(key, money.New(1250, money.MustCurrency("EUR")), "paid", now()) + `},"livemode":false,"pending_webhooks":1,"type":"payout.paid"}`)
}

func sign(body []byte, at time.Time) http.Header {
	t := fmt.Sprint(at.Unix())
	mac := hmac.New(sha256.New, []byte(testSecret))
	mac.Write([]byte(t + "." + string(body)))
	return http.Header{"Stripe-Signature": {"t=" + t + ",v0=00,v1=" + hex.EncodeToString(mac.Sum(nil))}}
}

func TestPayoutsKeepTheContract(t *testing.T) { connectortest.Test(t, harness()) }

func TestTransfersKeepTheContract(t *testing.T) {
	h := harness()
	h.Instruction, h.Answer, h.Ref = toAccount, transfers, "tr_1MtN0"
	h.Asked = func(v connector.Verdict) bool { return v != connector.Rejected } // a transfer that was made doesn't fail
	connectortest.Test(t, h)
}

func TestCredentialsAreOfTheirMode(t *testing.T) {
	for _, row := range []struct {
		key, secret string
		test, ok    bool
	}{
		{"sk_test_1", "", true, true}, {"rk_test_1", "whsec_1", true, true}, {"sk_live_1", "", false, true}, {"rk_live_1", "", false, true},
		{"sk_live_1", "", true, false}, {"sk_test_1", "", false, false}, {"pk_test_1", "", true, false}, {"", "", true, false}, {"sk_test_1\r\nX: y", "", true, false}, {"sk_test_1", "secret", true, false},
	} {
		_, err := New(lend(http.DefaultTransport))(connector.Account{Test: row.test, Secrets: map[string]string{APIKey: row.key, WebhookSecret: row.secret}})
		if (err == nil) != row.ok {
			t.Errorf("%q, test %v: got %v", row.key, row.test, err)
		}
	}
}

func TestAmountsAreStripesOwn(t *testing.T) {
	for _, row := range []struct {
		code  string
		minor int64
		want  string // empty: refused
	}{
		{"EUR", 1250, "1250"}, {"JPY", 5, "5"}, {"KWD", 1230, "1230"}, {"KWD", 1234, ""}, {"ISK", 5, "500"}, {"UGX", 5, "500"}, {"HUF", 100, "100"}, {"HUF", 150, ""}, {"TWD", 80050, ""},
		{"MGA", 500, "5"}, {"MGA", 50, ""}, {"XAF", 7, "7"}, {"ISK", 9_223_372_036_854_775_807, ""}, {"EUR", 0, ""},
	} {
		a := money.New(row.minor, money.MustCurrency(row.code))
		n, refused := payable(a)
		if (refused == nil) != (row.want != "") || refused == nil && fmt.Sprint(n) != row.want {
			t.Errorf("%s: got %d, %v, want %q", a, n, refused, row.want)
		}
		if refused == nil {
			if back, err := amount(n, strings.ToLower(row.code)); err != nil || back != a {
				t.Errorf("%s: read back as %s, %v", a, back, err)
			}
		}
	}
}

func TestOnlyAClearWordIsARefusal(t *testing.T) {
	in := toBank("po_1", money.New(1250, money.MustCurrency("EUR")))
	o, _ := orderOf(in)
	for _, row := range []struct {
		status     int
		body       string
		want       connector.Verdict
		resolution string
	}{
		{400, `{"error":{"type":"invalid_request_error","code":"balance_insufficient","message":"m"}}`, connector.Rejected, connector.InsufficientFunds},
		{404, `{"error":{"type":"invalid_request_error","code":"resource_missing","message":"m"}}`, connector.Rejected, connector.RecipientNotFound},
		{401, `{"error":{"type":"invalid_request_error","message":"Invalid API Key provided"}}`, connector.Rejected, connector.InvalidCredentials},
		{402, `{"error":{"type":"card_error","code":"expired_card","message":"m"}}`, connector.Rejected, connector.InvalidAccount},
		{400, `{"error":{"type":"invalid_request_error","message":"m"}}`, connector.Rejected, connector.InvalidRequest},
		{400, `{"error":{"type":"idempotency_error","message":"m"}}`, connector.Unknown, ""},
		{409, `{"error":{"type":"invalid_request_error","code":"idempotency_key_in_use"}}`, connector.Unknown, ""},
		{400, `{"error":{"type":"invalid_request_error","code":"idempotency_key_in_use"}}`, connector.Unknown, ""},
		{400, `{"error":{"type":"api_error","message":"m"}}`, connector.Unknown, ""},
		{400, `{"error":"m"}`, connector.Unknown, ""}, {400, `{}`, connector.Unknown, ""},
		{429, `{"error":{"type":"invalid_request_error","code":"rate_limit"}}`, connector.Unknown, ""},
		{500, `{"error":{"type":"invalid_request_error","code":"balance_insufficient"}}`, connector.Unknown, ""},
		{200, `{"error":{"type":"invalid_request_error","code":"balance_insufficient"}}`, connector.Unknown, ""},
	} {
		out, err := means(o, connector.Answer{Status: row.status, Body: []byte(row.body)}, now())
		if err != nil {
			out.Verdict = connector.Unknown
		}
		if out.Verdict != row.want || out.Resolution != row.resolution {
			t.Errorf("%d %s: got %s %s, %v, want %s %s", row.status, row.body, out.Verdict, out.Resolution, err, row.want, row.resolution)
		}
	}
}

func TestAFailureAfterArrivalCameBack(t *testing.T) {
	for after, want := range map[time.Duration]connector.Verdict{-time.Hour: connector.Returned, 0: connector.Returned, time.Hour: connector.Rejected} {
		body := strings.Replace(payoutText("po_1", money.New(1250, money.MustCurrency("EUR")), "failed", now().Add(after)), `"failure_code":null`, `"failure_code":"account_closed"`, 1)
		out, err := read(&order{kind: "payout", key: "po_1"}, []byte(body), now())
		if err != nil || out.Verdict != want || out.Resolution != connector.AccountClosed {
			t.Errorf("arrival %v from now: got %+v, %v, want %s", after, out, err, want)
		}
	}
}

func TestWhoIsPaidIsNamedAtStripe(t *testing.T) {
	eur := money.New(1250, money.MustCurrency("EUR"))
	for _, row := range []struct {
		token, customer string
		path, account   string // path empty: refused
		method          string
	}{
		{"acct_1", "", "/v1/transfers", "", ""}, {"ba_1", "", "/v1/payouts", "", ""}, {"card_1", "", "/v1/payouts", "", "instant"}, {"ba_1", "acct_9", "/v1/payouts", "acct_9", ""},
		{"ba_1", "cus_1", "/v1/payouts", "", ""}, {"acct_1", "acct_2", "/v1/transfers", "", ""},
		{"", "", "", "", ""}, {"acct_", "", "", "", ""}, {"tok_1", "", "", "", ""}, {"acct_1/../x", "", "", "", ""}, {"acct_1&amount=1", "", "", "", ""}, {"ba_1", "acct_\r\nX: y", "", "", ""}, {"DE89370400440532013000", "", "", "", ""},
	} {
		in := toBank("po_1", eur)
		in.Details = connector.Details{token: row.token, customer: row.customer}
		o, refused := orderOf(in)
		if (refused == nil) != (row.path != "") {
			t.Errorf("%q %q: got %v", row.token, row.customer, refused)
			continue
		}
		if refused == nil && (o.path != row.path || o.header.Get("Stripe-Account") != row.account || o.form.Get("method") != row.method) {
			t.Errorf("%q %q: got %s for %q by %q", row.token, row.customer, o.path, o.header.Get("Stripe-Account"), o.form.Get("method"))
		}
	}
	if out := func() connector.Outcome { _, r := orderOf(connector.Instruction{Key: "po_1", Amount: eur}); return *r }(); out.Resolution != connector.InvalidMethod {
		t.Errorf("nobody: got %+v", out)
	}
}

func TestNotificationsAboutOthersArePassedOver(t *testing.T) {
	c, err := New(lend(http.DefaultTransport))(connector.Account{Test: true, Secrets: map[string]string{APIKey: testKey, WebhookSecret: testSecret}})
	if err != nil {
		t.Fatal(err)
	}
	n := c.(connector.Notifier)
	body := string(eventText("po_1"))
	for _, row := range []struct {
		name, body string
		want       string // part of the error; empty: none
		key, ref   string
	}{
		{"ours", body, "", "po_1", "po_1MtN0"},
		{"of a connected account", strings.Replace(body, `"api_version"`, `"account":"acct_9","api_version"`, 1), "", "po_1", "acct_9/po_1MtN0"},
		{"an automatic payout", strings.Replace(body, `"metadata":{"penstock_key":"po_1"}`, `"metadata":{}`, 1), connector.ErrNotOurs.Error(), "", ""},
		{"another event", `{"id":"evt_1","object":"event","type":"charge.succeeded","data":{"object":{"amount":"odd"}},"created":1,"livemode":false}`, connector.ErrNotOurs.Error(), "", ""},
		{"live", strings.Replace(body, `"livemode":false,"pending`, `"livemode":true,"pending`, 1), "other mode", "", ""},
		{"a transfer under the name of a payout", strings.Replace(body, `"object":"payout"`, `"object":"transfer"`, 1), "can't be read", "", ""},
	} {
		got, err := n.Notification(sign([]byte(row.body), now()), []byte(row.body))
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) || got.Key != row.key || got.Outcome.Ref != row.ref {
			t.Errorf("%s: got %+v, %v, want %q", row.name, got, err, row.want)
		}
	}
}

func TestTheListIsReadToItsEnd(t *testing.T) {
	asked := 0
	list := roundTrip(func(r *http.Request) (*http.Response, error) {
		asked++
		page := `{"object":"list","data":[],"has_more":false}`
		if r.URL.Path == "/v1/payouts" && r.URL.Query().Get("starting_after") == "" {
			if r.URL.Query().Get("created[gte]") != "1772447400" {
				t.Errorf("asked %s", r.URL.RawQuery)
			}
			page = `{"object":"list","data":[` + payoutText("po_a", money.New(5, money.MustCurrency("JPY")), "paid", now()) + `],"has_more":true}`
		} else if r.URL.Path == "/v1/payouts" {
			other := strings.Replace(payoutText("", money.New(7, money.MustCurrency("EUR")), "paid", now()), `{"penstock_key":""}`, `{}`, 1)
			page = `{"object":"list","data":[` + payoutText("po_b", money.New(1250, money.MustCurrency("EUR")), "failed", now()) + `,` + other + `],"has_more":false}`
		}
		rec := &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: r}
		rec.Body = reader{strings.NewReader(page)}
		return rec, nil
	})
	c, err := New(lend(list))(connector.Account{Test: true, Secrets: map[string]string{APIKey: testKey}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.(connector.Lister).Transfers(context.Background(), time.Unix(1772447400, 0))
	want := `[{"Key":"po_a","Amount":{"minor":5,"currency":"JPY"},"Service":"","At":"2026-03-02T10:30:00Z"},{"Key":"po_b","Amount":{"minor":1250,"currency":"EUR"},"Service":"","At":"2026-03-02T10:30:00Z"}]`
	if b, _ := json.Marshal(got); err != nil || string(b) != want || asked != 4 {
		t.Errorf("got %s, %v after %d questions", b, err, asked)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type reader struct{ *strings.Reader }

func (reader) Close() error { return nil }

// Whatever an answer is, nothing but an answer about the order is a word about it.
func FuzzAnswer(f *testing.F) {
	eur := money.New(1250, money.MustCurrency("EUR"))
	f.Add(200, payoutText("po_1", eur, "paid", now()))
	f.Add(200, payoutText("po_1", eur, "failed", now()))
	f.Add(400, `{"error":{"type":"invalid_request_error","code":"balance_insufficient","message":"m"}}`)
	o, _ := orderOf(toBank("po_1", eur))
	f.Fuzz(func(t *testing.T, status int, body string) {
		out, err := means(o, connector.Answer{Status: status, Body: []byte(body)}, now())
		if err != nil || out.Verdict == connector.Rejected && status >= 400 {
			return
		}
		var got thing
		if connector.ReadJSON([]byte(body), &got) != nil || got.Metadata[keyName] != "po_1" || got.Amount != "1250" || got.Currency != "eur" || got.Object != "payout" {
			t.Errorf("%d %q: got %+v", status, body, out)
		}
	})
}

// Whatever a signed event says, it is of this mode and bears a key of ours, or
// it says nothing.
func FuzzNotification(f *testing.F) {
	c, err := New(lend(http.DefaultTransport))(connector.Account{Test: true, Secrets: map[string]string{APIKey: testKey, WebhookSecret: testSecret}})
	if err != nil {
		f.Fatal(err)
	}
	a := c.(*account)
	f.Add(string(eventText("po_1")))
	f.Add(strings.Replace(string(eventText("po_1")), `"livemode":false`, `"livemode":true`, 1))
	f.Add(`{"object":"event","type":"charge.succeeded","data":[]}`)
	f.Fuzz(func(t *testing.T, body string) {
		got, err := a.told([]byte(body))
		if err != nil {
			if got.Key != "" || got.Outcome.Verdict != "" {
				t.Errorf("%q: got %+v with %v", body, got, err)
			}
			return
		}
		var e struct {
			Live *bool `json:"livemode"`
			Data struct {
				Object thing `json:"object"`
			} `json:"data"`
		}
		if connector.ReadJSON([]byte(body), &e) != nil || e.Live == nil || *e.Live || got.Key == "" || e.Data.Object.Metadata[keyName] != got.Key || got.Outcome.Ref == "" {
			t.Errorf("%q: got %+v", body, got)
		}
	})
}
