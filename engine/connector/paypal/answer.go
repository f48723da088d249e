package paypal

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// This file says what PayPal's answers mean. It is pure.

var (
	errAnswer  = errors.New("provider's answer can't be read")
	errAnother = errors.New("provider answered about another payout")
	errWord    = errors.New("provider used an unknown status")
)

// batch is a batch as PayPal tells it: its header alone when it is made, its
// items when it is asked for.
type batch struct {
	Header struct {
		ID     string      `json:"payout_batch_id"`
		Status string      `json:"batch_status"`
		Sender batchHeader `json:"sender_batch_header"`
	} `json:"batch_header"`
	Total connector.Number `json:"total_items"`
	Items []told           `json:"items"`
}

// told is an item as PayPal tells it.
type told struct {
	Batch  string  `json:"payout_batch_id"`
	Status string  `json:"transaction_status"`
	Item   item    `json:"payout_item"`
	Errors problem `json:"errors"`
}

// problem is an error of PayPal's.
type problem struct {
	Name    string `json:"name"`
	Message string `json:"message"`
	Error   string `json:"error"` // of a token that is no longer taken
	Details []struct {
		Field string `json:"field"`
		Issue string `json:"issue"`
	} `json:"details"`
	Links []struct {
		Href string `json:"href"`
		Rel  string `json:"rel"`
	} `json:"links"`
}

const path = "/v1/payments/payouts"

// means reads the answer to an order.
func means(key string, got connector.Answer) (connector.Outcome, error) {
	switch got.Status {
	case http.StatusOK, http.StatusCreated:
		var b batch
		if err := connector.ReadJSON(got.Body, &b); err != nil {
			return connector.Outcome{}, err
		}
		return b.outcome(key)
	case http.StatusBadRequest, http.StatusForbidden, http.StatusUnprocessableEntity:
		return refusal(got)
	}
	return connector.Outcome{}, fmt.Errorf("provider answered %d", got.Status) // 401: the token ended; 429; 5xx
}

// outcome is what the header of a batch says.
func (b batch) outcome(key string) (connector.Outcome, error) {
	out := connector.Outcome{Ref: b.Header.ID, Code: connector.Word(b.Header.Status)}
	switch {
	case b.Header.Sender.ID != key:
		return connector.Outcome{}, errAnother
	case !name(b.Header.ID):
		return connector.Outcome{}, errAnswer
	}
	switch b.Header.Status {
	case "PENDING", "PROCESSING", "SUCCESS": // of a batch; its item is asked for
		out.Verdict = connector.Accepted
	case "DENIED":
		out.Verdict, out.Resolution = connector.Rejected, connector.Declined
	case "CANCELED":
		out.Verdict, out.Resolution = connector.Rejected, connector.Stopped
	default:
		return connector.Outcome{}, errWord
	}
	return out, nil
}

// refusal believes an error by a name that says that nothing was made. A batch
// id that was used before is no refusal: PayPal has the order already, and
// links to it.
func refusal(got connector.Answer) (connector.Outcome, error) {
	var e problem
	if err := connector.ReadJSON(got.Body, &e); err != nil {
		return connector.Outcome{}, fmt.Errorf("provider answered %d, which can't be read", got.Status)
	}
	if used, ref := e.duplicate(); used {
		if ref == "" {
			return connector.Outcome{}, errors.New("provider has the order already and doesn't name it")
		}
		return connector.Outcome{Verdict: connector.Accepted, Ref: ref, Code: "DUPLICATE"}, nil
	}
	why := reasons[e.Name]
	if why == "" {
		return connector.Outcome{}, fmt.Errorf("provider answered %d without a clear refusal", got.Status)
	}
	return connector.Outcome{Verdict: connector.Rejected, Resolution: why, Code: connector.Word(e.Name), Message: connector.Text(e.Message)}, nil
}

// duplicate says whether the error is about a batch id that was used before,
// and which batch it names.
func (e problem) duplicate() (used bool, ref string) {
	for _, d := range e.Details {
		field := strings.ToLower(d.Field)
		used = used || strings.HasSuffix(field, "sender_batch_id") && strings.Contains(strings.ToLower(d.Issue), "exist")
		used = used || strings.Contains(strings.ToLower(d.Issue), "duplicate")
	}
	used = used || strings.Contains(e.Name, "DUPLICATE")
	for _, l := range e.Links {
		u, err := url.Parse(l.Href)
		if err != nil {
			continue
		}
		if id, ok := strings.CutPrefix(u.Path, path+"/"); ok && name(id) {
			used = true // only an order that is there has a place
			ref = id
		}
	}
	return used, ref
}

// reasons are PayPal's names of errors, of requests and of items
// (developer.paypal.com/docs/payouts/standard/reference/errors).
var reasons = map[string]string{
	"INVALID_REQUEST": connector.InvalidRequest, "VALIDATION_ERROR": connector.InvalidRequest, "INSUFFICIENT_FUNDS": connector.InsufficientFunds,
	"NOT_AUTHORIZED": connector.InvalidCredentials, "AUTHORIZATION_ERROR": connector.InvalidCredentials,
	"RECEIVER_UNREGISTERED": connector.RecipientNotFound, "RECEIVER_ACCOUNT_LOCKED": connector.AccountClosed, "RECEIVER_COUNTRY_NOT_ALLOWED": connector.Declined,
	"RECEIVER_STATE_RESTRICTED": connector.Declined, "RECEIVING_LIMIT_EXCEEDED": connector.LimitExceeded, "RECEIVER_REFUSED": connector.Declined, "RECEIVER_UNCONFIRMED": connector.InvalidDetails,
	"REGULATORY_BLOCKED": connector.FraudSuspected, "REGULATORY_PENDING": connector.FraudSuspected, "RISK_DECLINE": connector.FraudSuspected, "SELF_PAY_NOT_ALLOWED": connector.InvalidDetails,
	"SENDER_ACCOUNT_LOCKED": connector.InvalidCredentials, "SENDER_ACCOUNT_UNVERIFIED": connector.InvalidCredentials, "SENDER_STATE_RESTRICTED": connector.InvalidMethod,
	"CURRENCY_COMPLIANCE": connector.InvalidAmount, "CURRENCY_NOT_SUPPORTED_FOR_RECEIVER": connector.InvalidAmount, "UNDEFINED": connector.Failed, "INTERNAL_ERROR": connector.Failed, "TRANSACTION_LIMIT_EXCEEDED": connector.LimitExceeded,
}

// look reads a batch that was asked for, which must be of this one payout.
func look(q connector.Question, body []byte) (connector.Outcome, error) {
	var b batch
	if err := connector.ReadJSON(body, &b); err != nil {
		return connector.Outcome{}, err
	}
	out, err := b.outcome(q.Key)
	switch {
	case err != nil:
		return connector.Outcome{}, err
	case out.Ref != q.Ref:
		return connector.Outcome{}, errAnother
	case len(b.Items) == 0 && b.Header.Status == "SUCCESS":
		return connector.Outcome{}, errAnswer
	case len(b.Items) == 0:
		return out, nil
	case len(b.Items) > 1 || b.Total != "" && b.Total != "1":
		return connector.Outcome{}, errAnother
	}
	return b.Items[0].outcome(q.Key, q.Amount, out)
}

// outcome is what became of the item. The batch's own status says no more than
// how far PayPal is with it.
func (t told) outcome(key string, ordered money.Amount, out connector.Outcome) (connector.Outcome, error) {
	got, err := t.Item.Amount.amount()
	switch {
	case err != nil:
		return connector.Outcome{}, err
	case t.Item.ID != key, t.Batch != out.Ref, ordered.IsSet() && got != ordered:
		return connector.Outcome{}, errAnother
	}
	denied := out.Verdict == connector.Rejected
	switch t.Status {
	case "": // of a batch that was denied, or that PayPal hasn't begun
		if out.Code == "SUCCESS" {
			return connector.Outcome{}, errAnswer
		}
		return out, nil
	case "SUCCESS":
		out.Verdict, out.Resolution = connector.Paid, ""
	case "PENDING", "UNCLAIMED", "ONHOLD", "BLOCKED": // the last two are held at PayPal: a person asks there
		out.Verdict, out.Resolution = connector.Accepted, ""
	case "FAILED":
		out.Verdict, out.Resolution = connector.Rejected, connector.Failed
	case "RETURNED", "REFUNDED", "REVERSED":
		out.Verdict, out.Resolution = connector.Returned, connector.ReturnedByBank
	default:
		return connector.Outcome{}, errWord
	}
	if denied && out.Verdict != connector.Rejected {
		return connector.Outcome{}, errAnswer // two words that can't both be so
	}
	out.Code = connector.Word(t.Status)
	if t.Errors.Name != "" {
		out.Code, out.Message = connector.Word(t.Errors.Name), connector.Text(t.Errors.Message)
		if why := reasons[t.Errors.Name]; why != "" && out.Verdict == connector.Rejected {
			out.Resolution = why
		}
	}
	return out, nil
}

// name says whether s can be PayPal's name of a batch.
func name(s string) bool {
	return s != "" && len(s) <= 30 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}
