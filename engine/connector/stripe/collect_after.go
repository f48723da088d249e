package stripe

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"penstock/engine/connector"
)

// What comes after a charge: looking at it, capture, cancellation, refund.

// intentNow asks for a payment by its name.
func (a *account) intentNow(ctx context.Context, c connector.Acquisition) (connector.Acquired, error) {
	got, err := a.call(ctx, connector.Request{Method: http.MethodGet, URL: a.base + "/v1/payment_intents/" + c.Ref})
	if err != nil {
		return connector.Acquired{}, err
	}
	if got.Status != http.StatusOK {
		return connector.Acquired{}, fmt.Errorf("provider answered %d", got.Status)
	}
	return charged(c, got)
}

// found looks for a payment by its key among all that there are: Stripe forgets
// idempotency keys after a day, its search does not. It is about a minute behind,
// and so long the key does what the search can't yet.
func (a *account) found(ctx context.Context, c connector.Acquisition) (out connector.Acquired, there bool, err error) {
	if strings.ContainsAny(c.Key, "'\\") { // quotes of the search's own
		return out, false, errAnswer
	}
	query := url.Values{"limit": {"2"}, "query": {"metadata['" + keyName + "']:'" + c.Key + "'"}}
	got, err := a.call(ctx, connector.Request{Method: http.MethodGet, URL: a.base + "/v1/payment_intents/search?" + query.Encode()})
	if err != nil {
		return out, false, err
	}
	var list struct {
		Object string          `json:"object"`
		Data   []paymentIntent `json:"data"`
	}
	if got.Status != http.StatusOK {
		return out, false, fmt.Errorf("provider answered %d", got.Status)
	}
	if err := connector.ReadJSON(got.Body, &list); err != nil {
		return out, false, err
	}
	switch {
	case list.Object != "search_result" || len(list.Data) > 1:
		return out, false, errAnswer
	case len(list.Data) == 0:
		return out, false, nil
	}
	p := list.Data[0]
	c.Customer = "" // whom Stripe knows the payer as was forgotten too, and is told again
	if c.What == "authorise" && p.Status == "succeeded" {
		p.Status = "requires_capture" // it was set aside first; that it was captured the repeat of the capture is told
	}
	out, err = p.charged(c)
	return out, true, err
}

// after captures, in Stripe's units, or cancels. Where Stripe says that it can't be done, the
// intent tells whether that is because it was.
func (a *account) after(ctx context.Context, c connector.Acquisition, verb, amount string, form url.Values) (connector.Acquired, error) {
	got, err := a.call(ctx, connector.Request{Method: http.MethodPost, URL: a.base + "/v1/payment_intents/" + c.Ref + "/" + verb, Header: http.Header{"Idempotency-Key": {c.Key}}, Body: []byte(form.Encode())})
	if err != nil {
		return connector.Acquired{}, err
	}
	var refused *connector.Outcome
	switch got.Status {
	case http.StatusOK:
	case http.StatusBadRequest, http.StatusPaymentRequired:
		out, err := refusal(got)
		if err != nil {
			return connector.Acquired{}, err
		}
		refused = &out
		if got, err = a.call(ctx, connector.Request{Method: http.MethodGet, URL: a.base + "/v1/payment_intents/" + c.Ref}); err != nil {
			return connector.Acquired{}, err
		}
		if got.Status != http.StatusOK {
			return connector.Acquired{}, fmt.Errorf("provider answered %d", got.Status)
		}
	default:
		return connector.Acquired{}, fmt.Errorf("provider answered %d", got.Status)
	}
	var p paymentIntent
	if err := connector.ReadJSON(got.Body, &p); err != nil {
		return connector.Acquired{}, err
	}
	if p.Object != "payment_intent" || p.ID != c.Ref {
		return connector.Acquired{}, errAnother
	}
	done := p.Status == "canceled"
	if c.What == "capture" {
		done = p.Status == "succeeded" && string(p.Received) == amount
	}
	switch {
	case done:
		return connector.Acquired{Outcome: connector.Outcome{Verdict: connector.Paid, Ref: p.ID, Code: connector.Word(p.Status)}}, nil
	case refused != nil:
		return connector.Acquired{Outcome: *refused}, nil
	}
	return connector.Acquired{}, errWord
}

// refundMade is what is read of a refund.
type refundMade struct {
	ID       string            `json:"id"`
	Object   string            `json:"object"`
	Amount   connector.Number  `json:"amount"`
	Status   string            `json:"status"`
	Intent   string            `json:"payment_intent"`
	Metadata map[string]string `json:"metadata"`
}

// refund gives money back. One that bears the key already is the one that is
// asked for: Stripe forgets keys, its list does not.
func (a *account) refund(ctx context.Context, c connector.Acquisition, amount string) (connector.Acquired, error) {
	got, err := a.call(ctx, connector.Request{Method: http.MethodGet, URL: a.base + "/v1/refunds?limit=100&payment_intent=" + url.QueryEscape(c.Ref)})
	if err != nil {
		return connector.Acquired{}, err
	}
	var list struct {
		Object string       `json:"object"`
		Data   []refundMade `json:"data"`
		More   bool         `json:"has_more"`
	}
	if got.Status != http.StatusOK {
		return connector.Acquired{}, fmt.Errorf("provider answered %d", got.Status)
	}
	if err := connector.ReadJSON(got.Body, &list); err != nil {
		return connector.Acquired{}, err
	}
	if list.Object != "list" || list.More { // the engine makes no more than a hundred of them
		return connector.Acquired{}, errAnswer
	}
	for _, r := range list.Data {
		if r.Metadata[keyName] == c.Key {
			return refunded(c, r, amount)
		}
	}
	form := url.Values{"payment_intent": {c.Ref}, "amount": {amount}, "metadata[" + keyName + "]": {c.Key}}
	got, err = a.call(ctx, connector.Request{Method: http.MethodPost, URL: a.base + "/v1/refunds", Header: http.Header{"Idempotency-Key": {c.Key}}, Body: []byte(form.Encode())})
	if err != nil {
		return connector.Acquired{}, err
	}
	switch got.Status {
	case http.StatusOK:
	case http.StatusBadRequest, http.StatusPaymentRequired:
		out, err := refusal(got)
		return connector.Acquired{Outcome: out}, err
	default:
		return connector.Acquired{}, fmt.Errorf("provider answered %d", got.Status)
	}
	var r refundMade
	if err := connector.ReadJSON(got.Body, &r); err != nil {
		return connector.Acquired{}, err
	}
	return refunded(c, r, amount)
}

func refunded(c connector.Acquisition, r refundMade, amount string) (connector.Acquired, error) {
	if r.Object != "refund" || !name(r.ID, "re_") || r.Metadata[keyName] != c.Key || r.Intent != c.Ref || string(r.Amount) != amount {
		return connector.Acquired{}, errAnother
	}
	out := connector.Outcome{Ref: r.ID, Code: connector.Word(r.Status)}
	switch r.Status {
	case "succeeded":
		out.Verdict = connector.Paid
	case "pending", "requires_action":
		out.Verdict = connector.Accepted
	case "failed", "canceled":
		out.Verdict, out.Resolution = connector.Rejected, connector.Declined
	default:
		return connector.Acquired{}, errWord
	}
	return connector.Acquired{Outcome: out}, nil
}
