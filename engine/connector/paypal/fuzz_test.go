package paypal

import (
	"net/url"
	"strings"
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

// FuzzNotification: whatever is signed, what it means is what the batch says of
// its item, which is asked for at PayPal alone; and a body that another one's
// signature comes with is asked about nowhere.
func FuzzNotification(f *testing.F) {
	p := newTheirs(f, now().AddDate(0, -1, 0), now().AddDate(0, 1, 0))
	n := listener(f, p, testWebhook)
	for _, batch := range []string{"5UXD2E8A7EBQJ", "../../v1/oauth2/token", "X?y=1", ""} {
		f.Add(string(event("PAYMENT.PAYOUTS-ITEM.SUCCEEDED", "po_1", batch)))
	}
	f.Add(string(event("PAYMENT.PAYOUTS-ITEM.FAILED", "po_2", "5UXD2E8A7EBQJ")))
	f.Add(string(event("CHECKOUT.ORDER.APPROVED", "po_1", "5UXD2E8A7EBQJ")))
	f.Add(`{"event_type":"PAYMENT.PAYOUTS-ITEM.SUCCEEDED","resource":[]}`)
	f.Fuzz(func(t *testing.T, body string) {
		p.asked = nil
		got, err := n.Notification(p.sign(t, []byte(body)), []byte(body))
		if err == nil && (got.Key != "po_1" || got.Outcome.Verdict != connector.Paid || !name(got.Outcome.Ref)) || err != nil && got != (connector.Notice{}) {
			t.Errorf("%q: got %+v, %v", body, got, err)
		}
		for _, call := range p.asked {
			_, to, _ := strings.Cut(call, " ")
			at, err := url.Parse(to)
			if err != nil || !strings.HasSuffix(at.Host, ".sandbox.paypal.com") || strings.HasPrefix(at.Path, path) && !name(strings.TrimPrefix(at.Path, path+"/")) {
				t.Errorf("%q: asked %s", body, call)
			}
		}
		p.asked = nil
		if got, err := n.Notification(p.sign(t, []byte(body+" ")), []byte(body)); err != connector.ErrSignature || got != (connector.Notice{}) || len(p.asked) > 1 {
			t.Errorf("%q, which was not signed: got %+v, %v after %v", body, got, err, p.asked)
		}
	})
}
