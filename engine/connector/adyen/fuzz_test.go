package adyen

import (
	"encoding/json"
	"testing"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// FuzzAnswer: whatever an answer is, only one that names the order's key, its
// amount and its direction is a word about it.
func FuzzAnswer(f *testing.F) {
	a := money.New(1250, money.MustCurrency("EUR"))
	for _, status := range []string{"booked", "received", "refused", "returned", "x"} {
		f.Add(202, transferText("X1", "po_1", a, status, "approved"))
	}
	f.Add(422, `{"detail":"d","errorCode":"30_031","status":422,"title":"t","type":"https://docs.adyen.com/errors/transfer/not-enough-balance"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		out, err := means(ordered{key: "po_1", amount: a}, connector.Answer{Status: status, Body: []byte(body)})
		if err != nil || out.Verdict == connector.Rejected && status >= 400 {
			return
		}
		var got transfer
		if connector.ReadJSON([]byte(body), &got) != nil || got.Reference != "po_1" || got.Direction == "incoming" {
			t.Errorf("%d %q: got %+v", status, body, out)
		}
		if sum, err := got.Amount.amount(); err != nil || sum != a {
			t.Errorf("%d %q is of %v, and got %+v", status, body, sum, out)
		}
	})
}

// FuzzNotification: what a signed event says is of this mode and of this
// balance account, or it says nothing.
func FuzzNotification(f *testing.F) {
	a := money.New(1250, money.MustCurrency("EUR"))
	event := func(kind, mode string) string {
		return `{"type":"` + kind + `","environment":"` + mode + `","data":` + transferText("X1", "po_1", a, "booked", "approved") + `}`
	}
	f.Add(event("balancePlatform.transfer.updated", "test"))
	f.Add(event("balancePlatform.transfer.created", "live"))
	f.Add(event("balancePlatform.other", "test"))
	c := &client{account: testFrom}
	f.Fuzz(func(t *testing.T, body string) {
		note, err := c.told([]byte(body))
		if err != nil {
			return
		}
		var e struct {
			Environment string          `json:"environment"`
			Data        json.RawMessage `json:"data"`
		}
		var got transfer
		if connector.ReadJSON([]byte(body), &e) != nil || connector.ReadJSON(e.Data, &got) != nil || e.Environment != "test" || got.Account.ID != c.account || got.Reference != note.Key {
			t.Errorf("%q: got %+v", body, note)
		}
	})
}
