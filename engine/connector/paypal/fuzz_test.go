package paypal

import (
	"testing"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// FuzzAnswer: whatever the answer to an order is, only a batch under the
// order's key is one that was made.
func FuzzAnswer(f *testing.F) {
	for _, status := range []string{"PENDING", "SUCCESS", "DENIED", "CANCELED", "x"} {
		f.Add(201, madeText("po_1", status))
	}
	f.Add(400, `{"name":"USER_BUSINESS_ERROR","details":[{"field":"SENDER_BATCH_ID","issue":"Batch with given sender_batch_id already exists"}],"links":[{"href":"https://api.paypal.com/v1/payments/payouts/C1","rel":"self"}]}`)
	f.Add(403, `{"name":"AUTHORIZATION_ERROR","message":"m"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		out, err := means("po_1", connector.Answer{Status: status, Body: []byte(body)})
		if err != nil {
			return
		}
		if out.Verdict == connector.Accepted && !name(out.Ref) {
			t.Errorf("%d %q: a batch is named %q", status, body, out.Ref)
		}
		var b batch
		if status < 400 && (connector.ReadJSON([]byte(body), &b) != nil || b.Header.Sender.ID != "po_1") {
			t.Errorf("%d %q: got %+v", status, body, out)
		}
		if out.Verdict == connector.Paid {
			t.Errorf("%d %q: a batch is paid before its item was asked for", status, body)
		}
	})
}

// FuzzLook: a payout is paid only by the one item of its batch, of its amount.
func FuzzLook(f *testing.F) {
	a := money.New(1250, money.MustCurrency("EUR"))
	q := connector.Question{Key: "po_1", Ref: "5UXD2E8A7EBQJ", Amount: a}
	for _, status := range []string{"SUCCESS", "UNCLAIMED", "RETURNED", "FAILED", "x"} {
		f.Add(batchText("po_1", a, status, q.Ref))
	}
	f.Fuzz(func(t *testing.T, body string) {
		out, err := look(q, []byte(body))
		if err != nil || out.Verdict != connector.Paid {
			return
		}
		var b batch
		if connector.ReadJSON([]byte(body), &b) != nil || b.Header.ID != q.Ref || len(b.Items) != 1 || b.Items[0].Item.ID != "po_1" || b.Items[0].Item.Amount.Value != "12.50" && b.Items[0].Item.Amount.Value != "12.5" {
			t.Errorf("%q: got %+v", body, out)
		}
	})
}
