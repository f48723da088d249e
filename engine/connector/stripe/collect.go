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

var _ connector.Acquirer = (*account)(nil)

// Acquire takes money in by PaymentIntents. A charge or an authorisation that
// Stripe has given a name is asked for by that name. A capture and a
// cancellation that were carried out before are told by the intent itself, and
// a refund by its key, so none of them is done twice.
func (a *account) Acquire(ctx context.Context, c connector.Acquisition) (connector.Acquired, error) {
	out, err := a.acquire(ctx, c)
	if err != nil {
		out.Outcome, err = doubt(err)
		return connector.Acquired{Outcome: out.Outcome}, err
	}
	out.Outcome = out.Outcome.Scrub(c.Details, a.secrets())
	return out, nil
}

func (a *account) acquire(ctx context.Context, c connector.Acquisition) (connector.Acquired, error) {
	if err := ctx.Err(); err != nil {
		return connector.Acquired{}, err
	}
	if c.Ref != "" && !name(c.Ref, "pi_") {
		return refusedAs(connector.InvalidRequest, "the payment's name is none of Stripe's (pi_...)"), nil
	}
	switch {
	case (c.What == "charge" || c.What == "authorise") && c.Ref != "":
		return a.intentNow(ctx, c)
	case c.What == "charge", c.What == "authorise":
		return a.collect(ctx, c)
	case c.Ref == "":
		return refusedAs(connector.InvalidRequest, "Stripe's name of the payment (pi_...) is needed"), nil
	case c.What == "void":
		return a.after(ctx, c, "cancel", "", url.Values{})
	}
	n, refused := payable(c.Amount)
	if refused != nil {
		return connector.Acquired{Outcome: *refused}, nil
	}
	amount := strconv.FormatInt(n, 10)
	switch c.What {
	case "capture":
		return a.after(ctx, c, "capture", amount, url.Values{"amount_to_capture": {amount}})
	case "refund":
		return a.refund(ctx, c, amount)
	}
	return refusedAs(connector.InvalidRequest, "is nothing that can be asked"), nil
}

func refusedAs(resolution, text string) connector.Acquired {
	return connector.Acquired{Outcome: connector.Refuse(resolution, "%s", text)}
}

// collect makes one PaymentIntent and confirms it. Where the method is to be
// kept for a customer that Stripe doesn't know, the customer is made first, and
// a card becomes a payment method first, each under a key of its own.
func (a *account) collect(ctx context.Context, c connector.Acquisition) (connector.Acquired, error) {
	form, refused := intent(c)
	if refused != nil {
		return connector.Acquired{Outcome: *refused}, nil
	}
	if c.Again {
		if found, there, err := a.found(ctx, c); there || err != nil {
			return found, err
		}
	}
	if c.Save && c.Customer == "" {
		customer, refused, err := a.customer(ctx, c.Key)
		if err != nil {
			return connector.Acquired{}, err
		}
		if refused != nil {
			return connector.Acquired{Outcome: *refused}, nil
		}
		c.Customer = customer
	}
	if c.Customer != "" {
		form.Set("customer", c.Customer)
	}
	if form.Get("payment_method") == "" {
		method, refused, err := a.card(ctx, c)
		if err != nil {
			return connector.Acquired{}, err
		}
		if refused != nil {
			return connector.Acquired{Outcome: *refused}, nil
		}
		form.Set("payment_method", method)
	}
	if err := ctx.Err(); err != nil {
		return connector.Acquired{}, err
	}
	got, err := a.call(ctx, connector.Request{Method: http.MethodPost, URL: a.base + "/v1/payment_intents", Header: http.Header{"Idempotency-Key": {c.Key}}, Body: []byte(form.Encode())})
	if err != nil {
		return connector.Acquired{}, err
	}
	return charged(c, got)
}

// intent writes the order, or refuses it before anything is sent.
func intent(c connector.Acquisition) (url.Values, *connector.Outcome) {
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
	if c.OffSession {
		form.Set("off_session", "true")
	}
	if c.What == "authorise" {
		form.Set("capture_method", "manual")
	}
	if c.ReturnURL != "" {
		form.Set("return_url", c.ReturnURL)
	}
	if c.Secure {
		form.Set("payment_method_options[card][request_three_d_secure]", "any")
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
func (a *account) card(ctx context.Context, c connector.Acquisition) (string, *connector.Outcome, error) {
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
	Received connector.Number  `json:"amount_received"`
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
func charged(c connector.Acquisition, got connector.Answer) (connector.Acquired, error) {
	switch got.Status {
	case http.StatusOK, http.StatusCreated:
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound:
		out, err := refusal(got)
		return connector.Acquired{Outcome: out}, err
	default:
		return connector.Acquired{}, fmt.Errorf("provider answered %d", got.Status)
	}
	var p paymentIntent
	if err := connector.ReadJSON(got.Body, &p); err != nil {
		return connector.Acquired{}, err
	}
	return p.charged(c)
}

// charged is what an intent says about a charge, which must be its own.
func (p *paymentIntent) charged(c connector.Acquisition) (connector.Acquired, error) {
	n, err := strconv.ParseInt(string(p.Amount), 10, 64)
	if err != nil {
		return connector.Acquired{}, errAnswer
	}
	paid, err := amount(n, p.Currency)
	if err != nil || p.Object != "payment_intent" || !name(p.ID, "pi_") || p.Metadata[keyName] != c.Key || paid != c.Amount || c.Customer != "" && p.Customer != c.Customer {
		return connector.Acquired{}, errAnother
	}
	out := connector.Acquired{Outcome: connector.Outcome{Ref: p.ID, Code: connector.Word(p.Status)}}
	switch p.Status {
	case "succeeded", "requires_capture":
		if (p.Status == "requires_capture") != (c.What == "authorise") {
			return connector.Acquired{}, errAnother
		}
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
		return connector.Acquired{}, errWord
	}
	return out, nil
}
