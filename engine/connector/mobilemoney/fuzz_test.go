package mobilemoney

import (
	"strings"
	"testing"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// FuzzAnswer: whatever an answer is, only a disbursement of the order's own key
// and amount is a payment.
func FuzzAnswer(f *testing.F) {
	a := money.New(1234, money.MustCurrency("KWD"))
	done := `{"transactionReference":"T1","requestingOrganisationTransactionReference":"po_1","transactionStatus":"completed","type":"disbursement","amount":"1.234","currency":"KWD"}`
	f.Add(200, done)
	f.Add(202, pendingText)
	f.Add(400, `{"errorCategory":"businessRule","errorCode":"insufficientFunds"}`)
	f.Add(404, `{"errorCategory":"identification","errorCode":"identifierError"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		got := connector.Answer{Status: status, Body: []byte(body)}
		_, _, _ = link(got)
		_, _, _ = state(got, 200)
		out, err := means(ordered{key: "po_1", amount: a}, got)
		if err != nil || out.Verdict != connector.Paid {
			return
		}
		var in struct {
			Key      string `json:"requestingOrganisationTransactionReference"`
			Amount   string `json:"amount"`
			Currency string `json:"currency"`
		}
		sum, bad := money.Amount{}, connector.ReadJSON([]byte(body), &in)
		if bad == nil {
			sum, bad = connector.ReadDecimal(in.Amount, money.MustCurrency("KWD"))
		}
		if bad != nil || status >= 202 || in.Key != "po_1" || in.Currency != "KWD" || sum != a {
			t.Errorf("%d %q: got %+v", status, body, out)
		}
	})
}

// FuzzDarajaResult: only a result that bears the name of an order of ours is a
// word about it, and only one of the codes that are known.
func FuzzDarajaResult(f *testing.F) {
	c := theSafaricom(f)
	ours := c.conversation("po_1")
	for _, code := range []string{"0", `"0"`, "1", `"SFC_IC0003"`, "26", "null", "[0]", `{"a":0}`, "0.0", "-0"} {
		f.Add(string(darajaResult(ours, code)))
	}
	f.Add(string(darajaResult("po_1", "0")))
	f.Add(`{"Result":{"ResultCode":0,"OriginatorConversationID":"` + ours + `","ConversationID":7}}`)
	f.Fuzz(func(t *testing.T, body string) {
		got, err := c.Notification(nil, []byte(body))
		if err != nil {
			if got != (connector.Notice{}) {
				t.Errorf("%q: got %+v with %v", body, got, err)
			}
			return
		}
		var in struct {
			Result struct {
				Conversation string `json:"OriginatorConversationID"`
			} `json:"Result"`
		}
		if connector.ReadJSON([]byte(body), &in) != nil || in.Result.Conversation != c.conversation(got.Key) {
			t.Errorf("%q, which bears no name of ours: got %+v", body, got)
		}
		code, known := got.Outcome.Code, results[got.Outcome.Code] != ""
		if want := map[bool]connector.Verdict{true: connector.Paid, false: connector.Rejected}[code == "0"]; got.Outcome.Verdict != want || code != "0" && !known || !strings.Contains(body, code) {
			t.Errorf("%q: got %+v", body, got)
		}
	})
}
