package stripe

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"penstock/engine/connector"
)

// This file says what Stripe's answers mean. It is pure.

var (
	errAnswer  = errors.New("provider's answer can't be read")
	errAnother = errors.New("provider answered about another payment")
	errWord    = errors.New("provider used an unknown status")
)

// thing is a transfer or a payout as Stripe tells it.
type thing struct {
	ID            string            `json:"id"`
	Object        string            `json:"object"`
	Amount        connector.Number  `json:"amount"`
	Currency      string            `json:"currency"`
	Metadata      map[string]string `json:"metadata"`
	Status        string            `json:"status"`       // of a payout
	Arrival       connector.Number  `json:"arrival_date"` // of a payout
	FailureCode   string            `json:"failure_code"`
	Reversed      *bool             `json:"reversed"` // of a transfer
	AmountBack    connector.Number  `json:"amount_reversed"`
	TransferGroup string            `json:"transfer_group"`
	Created       connector.Number  `json:"created"`
	Livemode      *bool             `json:"livemode"`
}

// means reads the answer to an order.
func means(o *order, got connector.Answer, now time.Time) (connector.Outcome, error) {
	switch got.Status {
	case http.StatusOK, http.StatusCreated:
		return read(o, got.Body, now)
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound:
		return refusal(got)
	}
	return connector.Outcome{}, fmt.Errorf("provider answered %d", got.Status) // 409: the key is in use; 429; 5xx
}

// refusal believes an error in Stripe's own words, but for one about the key.
func refusal(got connector.Answer) (connector.Outcome, error) {
	var e struct {
		Error struct {
			Type    string `json:"type"`
			Code    string `json:"code"`
			Message string `json:"message"`
			Param   string `json:"param"`
		} `json:"error"`
	}
	if err := connector.ReadJSON(got.Body, &e); err != nil {
		return connector.Outcome{}, fmt.Errorf("provider answered %d, which can't be read", got.Status)
	}
	if e.Error.Type != "invalid_request_error" && e.Error.Type != "card_error" || e.Error.Code == "idempotency_key_in_use" || e.Error.Code == "lock_timeout" || e.Error.Code == "rate_limit" {
		return connector.Outcome{}, fmt.Errorf("provider answered %d without a clear refusal", got.Status)
	}
	out := connector.Outcome{Verdict: connector.Rejected, Resolution: connector.InvalidRequest, Code: connector.Word(e.Error.Code), Message: connector.Text(e.Error.Message)}
	switch {
	case got.Status == http.StatusUnauthorized, got.Status == http.StatusForbidden:
		out.Resolution = connector.InvalidCredentials
	case reasons[e.Error.Code] != "":
		out.Resolution = reasons[e.Error.Code]
	}
	return out, nil
}

// reasons are Stripe's codes, of errors and of failed payouts
// (docs.stripe.com/error-codes, docs.stripe.com/api/payouts/failures).
var reasons = map[string]string{
	"balance_insufficient": connector.InsufficientFunds, "insufficient_funds": connector.InsufficientFunds,
	"account_closed": connector.AccountClosed, "account_frozen": connector.AccountClosed, "debit_not_authorized": connector.Declined,
	"no_account": connector.InvalidAccount, "account_invalid": connector.InvalidAccount, "invalid_account_number": connector.InvalidAccount, "incorrect_account_holder_name": connector.InvalidDetails,
	"incorrect_account_holder_address": connector.InvalidDetails, "incorrect_account_holder_tax_id": connector.InvalidDetails, "incorrect_account_type": connector.InvalidDetails,
	"bank_account_unusable": connector.InvalidAccount, "bank_account_restricted": connector.Declined, "bank_ownership_changed": connector.Declined, "could_not_process": connector.Failed,
	"declined": connector.Declined, "card_declined": connector.Declined, "invalid_card": connector.InvalidAccount, "expired_card": connector.InvalidAccount,
	"invalid_currency": connector.InvalidAmount, "unsupported_card": connector.InvalidMethod, "payouts_not_allowed": connector.InvalidMethod, "transfers_not_allowed": connector.InvalidMethod,
	"instant_payouts_unsupported": connector.InvalidMethod, "instant_payouts_limit_exceeded": connector.LimitExceeded, "payouts_limit_exceeded": connector.LimitExceeded,
	"amount_too_large": connector.InvalidAmount, "amount_too_small": connector.InvalidAmount, "parameter_invalid_integer": connector.InvalidAmount,
	"resource_missing": connector.RecipientNotFound, "account_number_invalid": connector.InvalidAccount, "routing_number_invalid": connector.InvalidDetails,
	"secret_key_required": connector.InvalidCredentials, "api_key_expired": connector.InvalidCredentials, "platform_api_key_expired": connector.InvalidCredentials,
}

// read reads a transfer or a payout, which must be the one of the order.
func read(o *order, body []byte, now time.Time) (connector.Outcome, error) {
	var t thing
	if err := connector.ReadJSON(body, &t); err != nil {
		return connector.Outcome{}, err
	}
	got, err := t.paid()
	switch {
	case err != nil:
		return connector.Outcome{}, err
	case t.Object != o.kind, t.Metadata[keyName] != o.key, o.amount.IsSet() && got != o.amount, o.ref != "" && o.ref != refOf(o.account, t.ID):
		return connector.Outcome{}, errAnother
	}
	return t.outcome(o.account, now)
}

var prefix = map[string]string{"transfer": "tr_", "payout": "po_"}

// outcome is what became of it.
func (t thing) outcome(account string, now time.Time) (connector.Outcome, error) {
	if prefix[t.Object] == "" || !name(t.ID, prefix[t.Object]) {
		return connector.Outcome{}, errAnswer
	}
	out := connector.Outcome{Ref: refOf(account, t.ID)}
	if t.Object == "transfer" {
		return t.transferred(out)
	}
	out.Code = connector.Word(t.Status)
	switch t.Status {
	case "pending", "in_transit":
		out.Verdict = connector.Accepted
	case "paid":
		out.Verdict = connector.Paid
	case "canceled":
		out.Verdict, out.Resolution = connector.Rejected, connector.Stopped
	case "failed":
		return t.failed(out, now)
	default:
		return connector.Outcome{}, errWord
	}
	return out, nil
}

// transferred: a transfer is done when it is made, and comes back when all of
// it is reversed. What comes back in part is for a person to see.
func (t thing) transferred(out connector.Outcome) (connector.Outcome, error) {
	back, err := strconv.ParseInt(string(t.AmountBack), 10, 64)
	if t.Reversed == nil || err != nil || *t.Reversed != (t.AmountBack == t.Amount) {
		return connector.Outcome{}, errAnswer
	}
	out.Verdict, out.Code = connector.Paid, "transferred"
	if *t.Reversed {
		out.Verdict, out.Resolution, out.Code = connector.Returned, connector.ReturnedByBank, "reversed"
	} else if back > 0 {
		out.Message = "a part of it was reversed"
	}
	return out, nil
}

// failed: Stripe calls a payout paid on its day of arrival and may call it
// failed later, when the bank sends it back. Before that day no money arrived.
func (t thing) failed(out connector.Outcome, now time.Time) (connector.Outcome, error) {
	arrival, err := strconv.ParseInt(string(t.Arrival), 10, 64)
	if err != nil {
		return connector.Outcome{}, errAnswer
	}
	out.Verdict, out.Resolution, out.Code = connector.Rejected, connector.Failed, connector.Word(t.FailureCode)
	if !now.Before(time.Unix(arrival, 0)) {
		out.Verdict, out.Resolution = connector.Returned, connector.ReturnedByBank
	}
	if why := reasons[t.FailureCode]; why != "" {
		out.Resolution = why
	}
	return out, nil
}
