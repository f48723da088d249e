package stripe

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"penstock/engine/connector"
)

var _ connector.Collector = (*account)(nil)

// Collect makes one PaymentIntent and confirms it. Where the method is to be
// kept for a customer that Stripe doesn't know, the customer is made first, and
// a card becomes a payment method first, each under a key of its own.
func (a *account) Collect(ctx context.Context, c connector.Charge) (connector.Charged, error) {
	doubtful := func(err error) (connector.Charged, error) {
		out, err := doubt(err)
		return connector.Charged{Outcome: out}, err
	}
	if err := ctx.Err(); err != nil {
		return doubtful(err)
	}
	form, refused := intent(c)
	if refused != nil {
		return connector.Charged{Outcome: refused.Scrub(c.Details)}, nil
	}
	if c.Save && c.Customer == "" {
		customer, refused, err := a.customer(ctx, c.Key)
		if err != nil {
			return doubtful(err)
		}
		if refused != nil {
			return connector.Charged{Outcome: refused.Scrub(c.Details, a.secrets())}, nil
		}
		c.Customer = customer
	}
	if c.Customer != "" {
		form.Set("customer", c.Customer)
	}
	if form.Get("payment_method") == "" {
		method, refused, err := a.card(ctx, c)
		if err != nil {
			return doubtful(err)
		}
		if refused != nil {
			return connector.Charged{Outcome: refused.Scrub(c.Details, a.secrets())}, nil
		}
		form.Set("payment_method", method)
	}
	if err := ctx.Err(); err != nil {
		return doubtful(err)
	}
	got, err := a.call(ctx, connector.Request{Method: http.MethodPost, URL: a.base + "/v1/payment_intents", Header: http.Header{"Idempotency-Key": {c.Key}}, Body: []byte(form.Encode())})
	if err != nil {
		return doubtful(err)
	}
	out, err := charged(c, got)
	if err != nil {
		return doubtful(err)
	}
	out.Outcome = out.Outcome.Scrub(c.Details, a.secrets())
	return out, nil
}

// intent writes the order, or refuses it before anything is sent.
func intent(c connector.Charge) (url.Values, *connector.Outcome) {
	refuse := func(resolution, text string) (url.Values, *connector.Outcome) {
		out := connector.Refuse(resolution, "%s", text)
		return nil, &out
	}
	n, refused := payable(c.Amount)
	if refused != nil {
		return nil, refused
	}
	memo, ok := text(c.Memo)
	switch {
	case connector.Ref(c.Key) == "":
		return refuse(connector.InvalidRequest, "key is not printable ASCII of 1 to 128 characters")
	case !ok:
		return refuse(connector.InvalidDetails, "memo must be text without control characters")
	case c.Customer != "" && !name(c.Customer, "cus_"):
		return refuse(connector.InvalidDetails, "customer is none of Stripe's (cus_...)")
	}
	form := url.Values{"amount": {strconv.FormatInt(n, 10)}, "currency": {strings.ToLower(c.Amount.Currency().Code())}, "confirm": {"true"}, "payment_method_types[0]": {"card"}, "metadata[" + keyName + "]": {c.Key}}
	if memo != "" {
		form.Set("description", memo)
	}
	if c.Save {
		form.Set("setup_future_usage", "off_session")
	}
	if c.ReturnURL != "" {
		form.Set("return_url", c.ReturnURL)
	}
	switch d := c.Details; {
	case name(d[token], "pm_"):
		form.Set("payment_method", d[token])
	case plainCard(d): // becomes one first
	default:
		return refuse(connector.InvalidDetails, "a charge needs a card, or a payment method of Stripe's (pm_...)")
	}
	return form, nil
}

// plainCard says whether details are those of a card, in digits.
func plainCard(d connector.Details) bool {
	for _, f := range []struct {
		name        string
		least, most int
	}{{"card_number", 8, 19}, {"expiry_month", 1, 2}, {"expiry_year", 2, 4}, {"card_cvc", 0, 4}} {
		if v := d[f.name]; len(v) < f.least || len(v) > f.most || strings.Trim(v, "0123456789") != "" {
			return false
		}
	}
	return true
}

// customer makes a customer of Stripe's. The same key makes one.
func (a *account) customer(ctx context.Context, key string) (string, *connector.Outcome, error) {
	form := url.Values{"metadata[" + keyName + "]": {key}}
	got, err := a.call(ctx, connector.Request{Method: http.MethodPost, URL: a.base + "/v1/customers", Header: http.Header{"Idempotency-Key": {key + ".customer"}}, Body: []byte(form.Encode())})
	if err != nil {
		return "", nil, err
	}
	return made(got, "customer", "cus_")
}

// card makes a payment method of a card. Stripe takes card numbers only from
// those whom it has allowed to send them.
func (a *account) card(ctx context.Context, c connector.Charge) (string, *connector.Outcome, error) {
	form := url.Values{"type": {"card"}, "metadata[" + keyName + "]": {c.Key}}
	for to, from := range map[string]string{"number": "card_number", "exp_month": "expiry_month", "exp_year": "expiry_year", "cvc": "card_cvc"} {
		if c.Details[from] != "" {
			form.Set("card["+to+"]", c.Details[from])
		}
	}
	got, err := a.call(ctx, connector.Request{Method: http.MethodPost, URL: a.base + "/v1/payment_methods", Header: http.Header{"Idempotency-Key": {c.Key + ".card"}}, Body: []byte(form.Encode())})
	if err != nil {
		return "", nil, err
	}
	return made(got, "payment_method", "pm_")
}

// made is the id of a thing that was made on the way to a charge, or Stripe's
// clear word that it isn't. Nothing was charged then.
func made(got connector.Answer, object, prefix string) (string, *connector.Outcome, error) {
	var c struct {
		ID     string `json:"id"`
		Object string `json:"object"`
	}
	switch got.Status {
	case http.StatusOK, http.StatusCreated:
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden:
		out, err := refusal(got)
		if err != nil {
			return "", nil, fmt.Errorf("make the %s: %w", object, err)
		}
		return "", &out, nil
	default:
		return "", nil, fmt.Errorf("make the %s: provider answered %d", object, got.Status)
	}
	if err := connector.ReadJSON(got.Body, &c); err != nil {
		return "", nil, err
	}
	if c.Object != object || !name(c.ID, prefix) {
		return "", nil, errAnswer
	}
	return c.ID, nil, nil
}

// paymentIntent is what is read of one.
type paymentIntent struct {
	ID       string            `json:"id"`
	Object   string            `json:"object"`
	Amount   connector.Number  `json:"amount"`
	Currency string            `json:"currency"`
	Status   string            `json:"status"`
	Metadata map[string]string `json:"metadata"`
	Customer string            `json:"customer"`
	Method   string            `json:"payment_method"`
	Usage    string            `json:"setup_future_usage"`
	Next     *struct {
		Redirect *struct {
			URL string `json:"url"`
		} `json:"redirect_to_url"`
	} `json:"next_action"`
	Failed *struct {
		Code    string `json:"code"`
		Decline string `json:"decline_code"`
		Message string `json:"message"`
	} `json:"last_payment_error"`
}

// charged reads the answer to a charge.
func charged(c connector.Charge, got connector.Answer) (connector.Charged, error) {
	switch got.Status {
	case http.StatusOK, http.StatusCreated:
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound:
		out, err := refusal(got)
		return connector.Charged{Outcome: out}, err
	default:
		return connector.Charged{}, fmt.Errorf("provider answered %d", got.Status)
	}
	var p paymentIntent
	if err := connector.ReadJSON(got.Body, &p); err != nil {
		return connector.Charged{}, err
	}
	n, err := strconv.ParseInt(string(p.Amount), 10, 64)
	if err != nil {
		return connector.Charged{}, errAnswer
	}
	paid, err := amount(n, p.Currency)
	if err != nil || p.Object != "payment_intent" || !name(p.ID, "pi_") || p.Metadata[keyName] != c.Key || paid != c.Amount || c.Customer != "" && p.Customer != c.Customer {
		return connector.Charged{}, errAnother
	}
	out := connector.Charged{Outcome: connector.Outcome{Ref: p.ID, Code: connector.Word(p.Status)}}
	switch p.Status {
	case "succeeded":
		out.Outcome.Verdict = connector.Paid
		if p.Usage == "off_session" && name(p.Method, "pm_") && name(p.Customer, "cus_") {
			out.Method, out.Customer = p.Method, p.Customer
		}
	case "processing", "requires_action":
		out.Outcome.Verdict = connector.Accepted
		if p.Next != nil && p.Next.Redirect != nil && strings.HasPrefix(p.Next.Redirect.URL, "https://") {
			out.Next = p.Next.Redirect.URL
		}
	case "requires_payment_method", "canceled":
		out.Outcome.Verdict, out.Outcome.Resolution = connector.Rejected, connector.Declined
		if p.Failed != nil {
			if why := reasons[p.Failed.Code]; why != "" {
				out.Outcome.Resolution = why
			}
			if w := connector.Word(p.Failed.Code); w != "" {
				out.Outcome.Code = w
			}
			out.Outcome.Message = connector.Text(p.Failed.Message)
		}
	default:
		return connector.Charged{}, errWord
	}
	return out, nil
}
