package stripe

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// TestWhatComesAfterACharge walks capture, cancellation, refund and the look at
// a payment that waits for its payer, by what Stripe answers to each.
func TestWhatComesAfterACharge(t *testing.T) {
	received := func(status string, n int) string {
		return strings.Replace(intentText("pay_1", status, ""), `"amount":1250`, fmt.Sprintf(`"amount":1250,"amount_received":%d`, n), 1)
	}
	refund := func(key, status string) string {
		return fmt.Sprintf(`{"id":"re_1","object":"refund","amount":500,"status":%q,"payment_intent":"pi_1","metadata":{"penstock_key":%q}}`, status, key)
	}
	listed := func(in ...string) string {
		return `{"object":"list","has_more":false,"data":[` + strings.Join(in, ",") + `]}`
	}
	gone := `{"error":{"type":"invalid_request_error","code":"payment_intent_unexpected_state","message":"no"}}`
	for _, row := range []struct {
		name, what string
		minor      int64
		answers    map[string]string // by the end of the path; a leading 400 is the status
		want       connector.Verdict
		refunds    int // how many are asked for
	}{
		{"captured", "capture", 700, map[string]string{"/capture": received("succeeded", 700)}, connector.Paid, 0},
		{"captured before", "capture", 700, map[string]string{"/capture": "400" + gone, "/pi_1": received("succeeded", 700)}, connector.Paid, 0},
		{"another amount was captured", "capture", 700, map[string]string{"/capture": "400" + gone, "/pi_1": received("succeeded", 1250)}, connector.Rejected, 0},
		{"cancelled", "void", 1250, map[string]string{"/cancel": intentText("pay_1", "canceled", "")}, connector.Paid, 0},
		{"cancelled before", "void", 1250, map[string]string{"/cancel": "400" + gone, "/pi_1": intentText("pay_1", "canceled", "")}, connector.Paid, 0},
		{"paid meanwhile", "void", 1250, map[string]string{"/cancel": "400" + gone, "/pi_1": received("succeeded", 1250)}, connector.Rejected, 0},
		{"given back", "refund", 500, map[string]string{"/refunds GET": listed(), "/refunds": refund("pay_1", "succeeded")}, connector.Paid, 1},
		{"given back before", "refund", 500, map[string]string{"/refunds GET": listed(refund("pay_0", "succeeded"), refund("pay_1", "succeeded"))}, connector.Paid, 0},
		{"on its way back", "refund", 500, map[string]string{"/refunds GET": listed(), "/refunds": refund("pay_1", "pending")}, connector.Accepted, 1},
		{"not given back", "refund", 500, map[string]string{"/refunds GET": listed(), "/refunds": "400" + gone}, connector.Rejected, 1},
		{"a list that can't be read", "refund", 500, map[string]string{"/refunds GET": `{`}, connector.Unknown, 0},
		{"the payer has gone on", "charge", 1250, map[string]string{"/pi_1": received("succeeded", 1250)}, connector.Paid, 0},
		{"the payer gave up", "charge", 1250, map[string]string{"/pi_1": intentText("pay_1", "requires_payment_method", "")}, connector.Rejected, 0},
		{"still waiting", "charge", 1250, map[string]string{"/pi_1": intentText("pay_1", "requires_action", `,"next_action":{"type":"redirect_to_url","redirect_to_url":{"url":"https://hooks.stripe.com/3ds"}}`)}, connector.Accepted, 0},
		{"set aside", "authorise", 1250, map[string]string{"/pi_1": intentText("pay_1", "requires_capture", "")}, connector.Paid, 0},
		{"set aside, not charged", "charge", 1250, map[string]string{"/pi_1": intentText("pay_1", "requires_capture", "")}, connector.Unknown, 0},
	} {
		asked := 0
		c, orders := collecting(t, func(path string, form url.Values) (int, string) {
			end := path[strings.LastIndexByte(path, '/'):]
			if end == "/refunds" && form.Get("amount") == "" {
				end += " GET"
			} else if end == "/refunds" {
				asked++
			}
			text := row.answers[end]
			if refused, ok := strings.CutPrefix(text, "400"); ok {
				return 400, refused
			}
			return 200, text
		})
		got, err := c.Acquire(context.Background(), connector.Acquisition{Key: "pay_1", What: row.what, Ref: "pi_1", Amount: money.New(row.minor, money.MustCurrency("EUR")), Details: connector.Details{"card_number": "4242424242424242"}})
		if got.Verdict != row.want || (err != nil) != (row.want == connector.Unknown) || asked != row.refunds || len(*orders) != 0 {
			t.Errorf("%s: got %+v, %v, %d refunds, %d charges", row.name, got, err, asked, len(*orders))
		}
	}
	c, orders := collecting(t, func(string, url.Values) (int, string) { return 200, intentText("pay_1", "requires_capture", "") })
	in := charge("pay_1")
	in.What, in.Customer, in.Secure = "authorise", "cus_1", true
	if got, err := c.Acquire(context.Background(), in); err != nil || got.Verdict != connector.Paid || (*orders)[0].Get("capture_method") != "manual" || (*orders)[0].Get("payment_method_options[card][request_three_d_secure]") != "any" {
		t.Errorf("an authorisation: %+v, %v, %v", got, err, *orders)
	}
}

// TestForgottenChargeIsFoundByItsKey: what was charged longer ago than Stripe
// keeps keys is found, whatever its payer is known as by now, and nothing is
// charged. What isn't there is charged under its key.
func TestForgottenChargeIsFoundByItsKey(t *testing.T) {
	for _, row := range []struct {
		name, what, found string
		want              connector.Verdict
		orders            int
	}{
		{"taken", "charge", intentText("pay_1", "succeeded", ""), connector.Paid, 0},
		{"captured since", "authorise", intentText("pay_1", "succeeded", ""), connector.Paid, 0},
		{"declined", "charge", intentText("pay_1", "requires_payment_method", ""), connector.Rejected, 0},
		{"of another amount", "charge", strings.Replace(intentText("pay_1", "succeeded", ""), "1250", "1300", 1), connector.Unknown, 0},
		{"of another key", "charge", intentText("pay_2", "succeeded", ""), connector.Unknown, 0},
		{"twice", "charge", intentText("pay_1", "succeeded", "") + "," + intentText("pay_1", "succeeded", ""), connector.Unknown, 0},
		{"not there", "charge", "", connector.Paid, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, orders := collecting(t, func(path string, form url.Values) (int, string) {
				switch path {
				case "/v1/payment_intents/search":
					return 200, `{"object":"search_result","data":[` + row.found + `]}`
				case "/v1/customers":
					return 200, `{"id":"cus_1","object":"customer"}`
				}
				return 200, intentText("pay_1", "succeeded", "")
			})
			in := charge("pay_1")
			in.What, in.Again, in.Customer = row.what, true, "cus_other"
			if row.orders > 0 {
				in.Customer = ""
			}
			got, err := c.Acquire(context.Background(), in)
			if got.Outcome.Verdict != row.want || (err != nil) != (row.want == connector.Unknown) || len(*orders) != row.orders {
				t.Errorf("%+v, %v, %d orders", got, err, len(*orders))
			}
		})
	}
	c, orders := collecting(t, func(path string, _ url.Values) (int, string) { return 500, "" })
	in := charge("pay_1")
	in.Again = true
	if got, err := c.Acquire(context.Background(), in); got.Outcome.Verdict != connector.Unknown || err == nil || len(*orders) != 0 {
		t.Errorf("a search that fails: %+v, %v, %d orders", got, err, len(*orders))
	}
}
