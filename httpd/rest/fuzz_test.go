package rest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

// secretValue is planted into every seed. Whatever is wrong with a body, no
// error may repeat it.
const secretValue = "4111111111111111"

// noLeak fails when an error, in the words that leave the house, shows what
// must not be seen.
func noLeak(t *testing.T, body []byte, err error) {
	t.Helper()
	if err == nil {
		return
	}
	r := answerError(err, &wire.Call{Body: body})
	if r.Status < 400 {
		t.Errorf("%q: an error is answered with %d", body, r.Status)
	}
	if strings.Contains(string(r.Body), secretValue) {
		t.Errorf("%q: the answer shows a card number: %s", body, r.Body)
	}
}

func FuzzPayoutRequest(f *testing.F) {
	for _, seed := range []string{
		`{"amount":1250,"currency":"EUR","customer_id":"ada","payout_type":"card","payout_method_data":{"card":{"card_number":"4111111111111111","expiry_month":"3","expiry_year":"30","cvc":"1"}}}`,
		`{"payout_method_data":{"bank":{"iban":"NL69TEST0000000001"}},"source_bank_data":{"payout_method_type":"ach","bank_account_number":"4111111111111111"}}`,
		`{"payout_method_data":{"wallet":{"paypal":{"email":"a@b.example"}}},"routing":{"type":"priority","data":[{"connector":"wise"},"adyen"]},"connector":["adyen"]}`,
		`{"routing":{"type":"volume_split","data":[{"connector":{"connector":"x","merchant_connector_id":"y"},"split":1}]}}`,
		`{"customer":{"id":"4111111111111111","document_details":{}},"billing":{"address":{"country":"US"}},"4111111111111111":1}`,
		`{"entity_type":"4111111111111111","priority":"4111111111111111","currency":"4111111111111111"}`,
		`{"payout_method_data":{"4111111111111111":{}}}`, `{"payout_method_data":{"card":{"4111111111111111":1,"card_number":4111111111111111}}}`,
		`{"payout_id":"4111111111111111 x","amount":-4111111111111111}`, `{"amount":1e3}`, `[]`, `{`, `null`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var r payoutRequest
		if err := wire.Decode(body, &r, wire.DecodeOptions{}); err != nil {
			noLeak(t, body, err)
			return
		}
		noLeak(t, body, r.checkCreate("shop"))
		n, _, err := r.newRequest("secret")
		noLeak(t, body, err)
		if err == nil && n.Amount.IsSet() && n.Amount.Minor() < 0 {
			t.Errorf("%q: amount %v", body, n.Amount)
		}
		if err == nil && *n.Told != Sought(n.Extra) {
			t.Errorf("%q: told is %+v, and what is kept tells %+v", body, *n.Told, Sought(n.Extra))
		}
		for _, v := range extraOf(&engine.Request{Dialect: "rest", Echo: engine.Echo{Extra: n.Extra}}).Source {
			if strings.Contains(v, secretValue) {
				t.Errorf("%q: the account to debit is kept in the clear", body)
			}
		}
	})
}

func FuzzMethodRequest(f *testing.F) {
	for _, seed := range []string{
		`{"customer_id":"ada","payment_method":"card","card":{"card_number":"4111111111111111","card_exp_month":"3","card_exp_year":"30","card_cvc":"123","nick_name":"x"}}`,
		`{"customer_id":"ada","payment_method":"bank_transfer","bank_transfer":{"pix_key":"4111111111111111"}}`,
		`{"customer_id":"ada","payment_method":"wallet","payment_method_type":"4111111111111111","wallet":{"venmo":{"telephone_number":"+1"}}}`,
		`{"customer_id":"ada","payment_method":"bank_redirect","payment_method_data":{"bank_redirect":{"interac":{"email":1}}}}`,
		`{"bank_transfer_data":{"payout_method_type":1}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var r methodRequest
		if err := wire.Decode(body, &r, wire.DecodeOptions{IgnoreUnknown: true}); err != nil {
			noLeak(t, body, err)
			return
		}
		n, err := r.newMethod()
		noLeak(t, body, err)
		if err != nil || n.Details == nil {
			return
		}
		if n.Form == "card" {
			for name := range n.Details {
				if strings.Contains(name, "cv") {
					t.Errorf("%q: a security code got through as %q", body, name)
				}
			}
		}
		_, err = engine.CheckDetails(n.Form, n.Details)
		var refused *engine.Error
		if err != nil && !errors.As(err, &refused) {
			t.Errorf("%q: %v is no refusal", body, err)
		}
		noLeak(t, body, in(saveMethod, err))
	})
}

func FuzzCustomerRequest(f *testing.F) {
	f.Add([]byte(`{"customer_id":"ada","email":"4111111111111111","address":{"country":"4111111111111111","line1":"x"},"metadata":{"a":[1]}}`))
	f.Add([]byte(`{"email":"ada@example.com","address":null,"document_details":{}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var r customerRequest
		if err := wire.Decode(body, &r, wire.DecodeOptions{IgnoreUnknown: true}); err != nil {
			noLeak(t, body, err)
			return
		}
		c := engine.Customer{ID: "ada", Person: r.person(), Created: time.Unix(0, 0)}
		if _, err := wire.Encode(showCustomer(&c)); err != nil {
			t.Errorf("%q: what was read can't be shown: %v", body, err)
		}
	})
}

func FuzzPayoutFilter(f *testing.F) {
	f.Add([]byte(`{"payout_id":"p","limit":1,"offset":0,"start_time":"2026-01-05T08:00:00Z","connector":["wise"],"currency":["EUR"],"status":["success"],"payout_method":["bank"],"entity_type":"Company"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var r payoutFilter
		if err := wire.Decode(body, &r, wire.DecodeOptions{IgnoreUnknown: true}); err != nil {
			noLeak(t, body, err)
			return
		}
		var f engine.Filter
		if r.narrow(&f); f.Keep != nil {
			f.Keep(&engine.Request{})
		}
	})
}
