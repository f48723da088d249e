package stripe

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"penstock/engine/connector"
	"penstock/engine/money"
)

func charge(key string) connector.Acquisition {
	return connector.Acquisition{Key: key, What: "charge", Amount: money.New(1250, money.MustCurrency("EUR")), Save: true, ReturnURL: "https://shop.example/back", Memo: "October",
		Details: connector.Details{"card_number": "4242424242424242", "expiry_month": "03", "expiry_year": "2030", "card_cvc": "123"}}
}

func intentText(key, status, more string) string {
	return fmt.Sprintf(`{"id":"pi_1","object":"payment_intent","amount":1250,"currency":"eur","status":%q,"metadata":{"penstock_key":%q},"customer":"cus_1","payment_method":"pm_1","setup_future_usage":"off_session"%s}`, status, key, more)
}

// collecting is Stripe's mock as the judge of requests, and an answer of ours.
func collecting(t testing.TB, answer func(path string, form url.Values) (int, string)) (connector.Acquirer, *[]url.Values) {
	t.Helper()
	stub, err := mock()
	if err != nil {
		t.Fatal(err)
	}
	var orders []url.Values
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		rec := httptest.NewRecorder()
		stub.HandleRequest(rec, r)
		if rec.Code != 200 {
			t.Errorf("Stripe's mock refuses %s: %s", r.URL.Path, rec.Body)
		}
		form, _ := url.ParseQuery(string(body))
		form.Set("Idempotency-Key", r.Header.Get("Idempotency-Key"))
		if r.URL.Path == "/v1/payment_intents" {
			orders = append(orders, form)
		}
		if r.URL.Path == "/v1/payment_methods" {
			fmt.Fprint(w, `{"id":"pm_1","object":"payment_method"}`)
			return
		}
		status, text := answer(r.URL.Path, form)
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	}))
	t.Cleanup(srv.Close)
	c, err := New(lend(&http.Transport{DisableKeepAlives: true}))(connector.Account{Test: true, BaseURL: srv.URL, Secrets: map[string]string{APIKey: testKey}})
	if err != nil {
		t.Fatal(err)
	}
	return c.(connector.Acquirer), &orders
}

func TestAChargeKeepsTheMethodForLater(t *testing.T) {
	c, orders := collecting(t, func(path string, form url.Values) (int, string) {
		if path == "/v1/customers" {
			if form.Get("Idempotency-Key") != "pay_1.customer" {
				t.Errorf("the customer's key is %q", form.Get("Idempotency-Key"))
			}
			return 200, `{"id":"cus_1","object":"customer"}`
		}
		return 200, intentText("pay_1", "succeeded", "")
	})
	got, err := c.Acquire(context.Background(), charge("pay_1"))
	if err != nil || got.Outcome.Verdict != connector.Paid || got.Method != "pm_1" || got.Customer != "cus_1" || got.Outcome.Ref != "pi_1" {
		t.Errorf("got %+v, %v", got, err)
	}
	if o := *orders; len(o) != 1 || o[0].Get("Idempotency-Key") != "pay_1" || o[0].Get("amount") != "1250" || o[0].Get("customer") != "cus_1" || o[0].Get("payment_method") != "pm_1" || o[0].Get("setup_future_usage") != "off_session" {
		t.Errorf("ordered %v", o)
	}
}

func TestWhatBecomesOfACharge(t *testing.T) {
	for _, row := range []struct {
		name, text string
		status     int
		want       connector.Verdict
		resolution string
		next       string
	}{
		{"on its way", intentText("pay_1", "processing", ""), 200, connector.Accepted, "", ""},
		{"the customer goes on", intentText("pay_1", "requires_action", `,"next_action":{"type":"redirect_to_url","redirect_to_url":{"url":"https://hooks.stripe.com/3ds"}}`), 200, connector.Accepted, "", "https://hooks.stripe.com/3ds"},
		{"to a page that is none", intentText("pay_1", "requires_action", `,"next_action":{"type":"redirect_to_url","redirect_to_url":{"url":"javascript:alert(1)"}}`), 200, connector.Accepted, "", ""},
		{"declined", intentText("pay_1", "requires_payment_method", `,"last_payment_error":{"code":"expired_card","message":"m"}`), 200, connector.Rejected, connector.InvalidAccount, ""},
		{"declined at once", `{"error":{"type":"card_error","code":"card_declined","message":"Your card was declined."}}`, 402, connector.Rejected, connector.Declined, ""},
		{"another key", intentText("pay_2", "succeeded", ""), 200, connector.Unknown, "", ""},
		{"another amount", strings.Replace(intentText("pay_1", "succeeded", ""), "1250", "1251", 1), 200, connector.Unknown, "", ""},
		{"another customer", strings.Replace(intentText("pay_1", "succeeded", ""), "cus_1", "cus_2", 1), 200, connector.Unknown, "", ""},
		{"another word", intentText("pay_1", "done", ""), 200, connector.Unknown, "", ""},
		{"in use", `{"error":{"type":"idempotency_error"}}`, 409, connector.Unknown, "", ""},
		{"broken", `{`, 200, connector.Unknown, "", ""},
		{"down", intentText("pay_1", "succeeded", ""), 500, connector.Unknown, "", ""},
	} {
		c, orders := collecting(t, func(string, url.Values) (int, string) { return row.status, row.text })
		in := charge("pay_1")
		in.Customer = "cus_1"
		got, err := c.Acquire(context.Background(), in)
		if got.Outcome.Verdict != row.want || got.Outcome.Resolution != row.resolution || got.Next != row.next || (err != nil) != (row.want == connector.Unknown) || got.Method != "" {
			t.Errorf("%s: got %+v, %v", row.name, got, err)
		}
		if len(*orders) != 1 {
			t.Errorf("%s: %d orders", row.name, len(*orders))
		}
		if strings.Contains(fmt.Sprintf("%+v %v", got, err), "4242424242424242") {
			t.Errorf("%s: says the card's number", row.name)
		}
	}
}

func TestAChargeThatCantBeIsNotSent(t *testing.T) {
	for name, change := range map[string]func(*connector.Acquisition){
		"nothing": func(c *connector.Acquisition) { c.Amount = money.New(0, money.MustCurrency("EUR")) }, "nobody": func(c *connector.Acquisition) { c.Details = nil }, "letters": func(c *connector.Acquisition) { c.Details["card_number"] = "4242x" },
		"customer": func(c *connector.Acquisition) { c.Customer = "cus_1&amount=1" }, "key": func(c *connector.Acquisition) { c.Key = "" }, "memo": func(c *connector.Acquisition) { c.Memo = "\x00" },
		"another token": func(c *connector.Acquisition) { c.Details = connector.Details{token: "tok_1"} },
	} {
		c, orders := collecting(t, func(string, url.Values) (int, string) { return 500, "" })
		in := charge("pay_1")
		change(&in)
		if got, err := c.Acquire(context.Background(), in); err != nil || got.Outcome.Verdict != connector.Rejected || len(*orders) != 0 {
			t.Errorf("%s: got %+v, %v and %d orders", name, got, err, len(*orders))
		}
	}
	c, orders := collecting(t, func(string, url.Values) (int, string) {
		return 402, `{"error":{"type":"card_error","code":"card_declined","message":"m"}}`
	})
	if got, err := c.Acquire(context.Background(), charge("pay_1")); err != nil || got.Outcome.Resolution != connector.Declined || len(*orders) != 0 {
		t.Errorf("refused on the way: got %+v, %v and %d orders", got, err, len(*orders))
	}
	c, orders = collecting(t, func(path string, _ url.Values) (int, string) { return 500, "{}" })
	if got, err := c.Acquire(context.Background(), charge("pay_1")); err == nil || got.Outcome.Verdict != connector.Unknown || len(*orders) != 0 {
		t.Errorf("no customer: got %+v, %v and %d orders", got, err, len(*orders))
	}
}

// TestAKeptMethodPaysWithoutItsHolder: what was kept is charged by its name,
// without a card, and Stripe is told that nobody is there to be asked.
func TestAKeptMethodPaysWithoutItsHolder(t *testing.T) {
	c, orders := collecting(t, func(path string, _ url.Values) (int, string) {
		if path != "/v1/payment_intents" {
			t.Errorf("something else is made: %s", path)
		}
		return 200, intentText("pay_1", "succeeded", "")
	})
	in := charge("pay_1")
	in.Details, in.Customer, in.Save, in.OffSession, in.ReturnURL = connector.Details{token: "pm_1"}, "cus_1", false, true, ""
	got, err := c.Acquire(context.Background(), in)
	if err != nil || got.Outcome.Verdict != connector.Paid {
		t.Errorf("got %+v, %v", got, err)
	}
	if o := *orders; len(o) != 1 || o[0].Get("off_session") != "true" || o[0].Get("payment_method") != "pm_1" || o[0].Get("customer") != "cus_1" || o[0].Has("setup_future_usage") || o[0].Has("return_url") {
		t.Errorf("ordered %v", o)
	}
}
