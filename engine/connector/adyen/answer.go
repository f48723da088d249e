package adyen

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// This file says what Adyen's answers mean. It is pure.

var (
	errAnswer  = errors.New("provider's answer can't be read")
	errAnother = errors.New("provider answered about another transfer")
	errWord    = errors.New("provider used an unknown status")
	errMore    = errors.New("provider's list is longer than one transfer can be")
)

// transfer is one as Adyen tells it.
type transfer struct {
	ID        string `json:"id"`
	Reference string `json:"reference"`
	Amount    sum    `json:"amount"`
	Status    string `json:"status"`
	Reason    string `json:"reason"`
	Direction string `json:"direction"`
	Account   struct {
		ID string `json:"id"`
	} `json:"balanceAccount"`
	Events []struct {
		Status string `json:"status"`
	} `json:"events"`
}

// ordered is what an answer must be about.
type ordered struct {
	key, ref string
	amount   money.Amount
}

// means reads the answer to an order.
func means(o ordered, got connector.Answer) (connector.Outcome, error) {
	switch got.Status {
	case http.StatusOK, http.StatusAccepted:
		var t transfer
		if err := connector.ReadJSON(got.Body, &t); err != nil {
			return connector.Outcome{}, err
		}
		return t.outcome(o)
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity:
		return refusal(got)
	}
	return connector.Outcome{}, fmt.Errorf("provider answered %d", got.Status) // 429; 5xx
}

// refusal believes an error in Adyen's own form, but for one about the key and
// one that says that it is passing.
func refusal(got connector.Answer) (connector.Outcome, error) {
	var e struct {
		Status    connector.Number `json:"status"`
		Code      string           `json:"errorCode"`
		Type      string           `json:"type"`
		ErrorType string           `json:"errorType"` // of a 401
		Title     string           `json:"title"`
		Detail    string           `json:"detail"`
		Message   string           `json:"message"`
	}
	if err := connector.ReadJSON(got.Body, &e); err != nil || string(e.Status) != fmt.Sprint(got.Status) || e.Code == "" {
		return connector.Outcome{}, fmt.Errorf("provider answered %d, which can't be read", got.Status)
	}
	kind, ours := strings.CutPrefix(e.Type, "https://docs.adyen.com/errors/")
	why := strings.ToLower(kind + " " + e.Title + " " + e.Message)
	switch {
	case strings.EqualFold(got.Header.Get("Transient-Error"), "true"), e.Code == "704", strings.Contains(why, "idempoten"), strings.Contains(why, "duplicate"), strings.Contains(why, "in progress"):
		return connector.Outcome{}, fmt.Errorf("provider answered %d without a clear refusal", got.Status)
	case got.Status == http.StatusUnauthorized && e.ErrorType == "security", got.Status == http.StatusUnauthorized && ours, got.Status == http.StatusForbidden && ours:
		return connector.Outcome{Verdict: connector.Rejected, Resolution: connector.InvalidCredentials, Code: connector.Word(e.Code)}, nil
	case got.Status != http.StatusUnprocessableEntity || !ours:
		return connector.Outcome{}, fmt.Errorf("provider answered %d without a clear refusal", got.Status)
	}
	out := connector.Outcome{Verdict: connector.Rejected, Resolution: connector.InvalidRequest, Code: connector.Word(e.Code), Message: connector.Text(e.Title)}
	if strings.Contains(why, "balance") && (strings.Contains(why, "not-enough") || strings.Contains(why, "not enough") || strings.Contains(why, "insufficient")) {
		out.Resolution = connector.InsufficientFunds
	}
	return out, nil
}

// reasons are Adyen's words for why a transfer ended.
var reasons = map[string]string{
	"notEnoughBalance": connector.InsufficientFunds, "amountLimitExceeded": connector.LimitExceeded, "withdrawalAmountExceeded": connector.LimitExceeded, "withdrawalCountExceeded": connector.LimitExceeded,
	"counterpartyAccountBlocked": connector.AccountClosed, "counterpartyAccountClosed": connector.AccountClosed, "counterpartyAccountNotFound": connector.InvalidAccount, "invalidAccount": connector.InvalidAccount,
	"invalidToAccount": connector.InvalidAccount, "invalidCard": connector.InvalidAccount, "cardExpired": connector.InvalidAccount, "counterpartyAddressRequired": connector.InvalidDetails,
	"refusedByCounterpartyBank": connector.Declined, "declined": connector.Declined, "declinedByTransactionRule": connector.Declined, "refusedByCustomer": connector.Declined, "doNotHonor": connector.Declined,
	"fraud": connector.FraudSuspected, "issuerSuspectedFraud": connector.FraudSuspected, "transferInstrumentDoesNotExist": connector.RecipientNotFound, "routeNotFound": connector.InvalidMethod,
	"unableToRouteTransaction": connector.InvalidMethod, "notSupported": connector.InvalidMethod, "invalidAmount": connector.InvalidAmount, "cancelled": connector.Stopped, "approvalExpired": connector.Stopped,
	"counterpartyBankTimedOut": connector.Failed, "counterpartyBankUnavailable": connector.Failed, "scaFailed": connector.InvalidCredentials, "balanceAccountTemporarilyBlockedByTransactionRule": connector.Declined,
}

// outcome is what became of a transfer, which must be the one of the order.
func (t transfer) outcome(o ordered) (connector.Outcome, error) {
	got, err := t.Amount.amount()
	switch {
	case err != nil:
		return connector.Outcome{}, err
	case t.Reference != o.key, o.amount.IsSet() && got != o.amount, o.ref != "" && t.ID != o.ref, t.Direction != "" && t.Direction != "outgoing":
		return connector.Outcome{}, errAnother
	case !name(t.ID):
		return connector.Outcome{}, errAnswer
	}
	out := connector.Outcome{Ref: t.ID, Code: connector.Word(t.Status)}
	switch t.Status {
	case "received", "authorised", "pending", "pendingApproval", "approvalPending", "pendingExecution", "bookingPending", "bankTransferPending", "internalTransferPending":
		out.Verdict = connector.Accepted
	case "booked", "credited":
		out.Verdict = connector.Paid
	case "refused":
		out.Verdict, out.Resolution = connector.Rejected, connector.Declined
	case "cancelled":
		out.Verdict, out.Resolution = connector.Rejected, connector.Stopped
	case "failed": // before it was booked, or after: then the money had left
		out.Verdict, out.Resolution = connector.Rejected, connector.Failed
		for _, e := range t.Events {
			if e.Status == "booked" {
				out.Verdict, out.Resolution = connector.Returned, connector.ReturnedByBank
			}
		}
	case "returned":
		out.Verdict, out.Resolution = connector.Returned, connector.ReturnedByBank
	default:
		return connector.Outcome{}, errWord
	}
	if why := reasons[t.Reason]; why != "" && out.Resolution != "" {
		out.Resolution, out.Code = why, connector.Word(t.Reason)
	}
	return out, nil
}

// list reads what Adyen has under a reference: one transfer, or surely none.
func list(o ordered, text []byte) (connector.Outcome, error) {
	var page struct {
		Data  []transfer `json:"data"`
		Links struct {
			Next *struct {
				Href string `json:"href"`
			} `json:"next"`
		} `json:"_links"`
	}
	if err := connector.ReadJSON(text, &page); err != nil {
		return connector.Outcome{}, err
	}
	switch {
	case page.Data == nil:
		return connector.Outcome{}, errAnswer
	case page.Links.Next != nil || len(page.Data) > 1:
		return connector.Outcome{}, errMore
	case len(page.Data) == 0:
		return connector.Outcome{Verdict: connector.Absent, Code: "absent"}, nil
	}
	return page.Data[0].outcome(o) // one with another reference wasn't asked for: such a list proves nothing
}

// name says whether s can be Adyen's name of a transfer.
func name(s string) bool { return len(s) <= 64 && letters(s) }
