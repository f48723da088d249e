package mobilemoney

import (
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
