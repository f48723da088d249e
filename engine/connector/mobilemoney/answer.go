package mobilemoney

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// This file says what an operator's answers mean. It is pure.

var (
	errAnswer  = errors.New("provider's answer can't be read")
	errAnother = errors.New("provider answered about another transaction")
	errWord    = errors.New("provider used an unknown status")
)

// ordered is what an answer must be about.
type ordered struct {
	key, ref string
	amount   money.Amount
}

// problem is an error in the API's words.
type problem struct {
	Category string `json:"errorCategory"`
	Code     string `json:"errorCode"`
	Text     string `json:"errordescription"`
}

// means reads the answer to an order.
func means(o ordered, got connector.Answer) (connector.Outcome, error) {
	switch got.Status {
	case http.StatusOK, http.StatusCreated:
		return read(o, got.Body)
	case http.StatusAccepted:
		out, name, err := state(got, http.StatusAccepted)
		if err == nil && name != "" { // done, and what it says is asked for
			out = connector.Outcome{Verdict: connector.Accepted, Code: "completed"}
		}
		if out.Verdict == connector.Accepted {
			out.Ref = connector.KeyUUID(o.key)
		}
		return out, err
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound:
		var e problem
		if err := connector.ReadJSON(got.Body, &e); err != nil {
			return connector.Outcome{}, fmt.Errorf("provider answered %d, which can't be read", got.Status)
		}
		return e.outcome()
	}
	return connector.Outcome{}, fmt.Errorf("provider answered %d", got.Status) // 429; 5xx
}

// outcome believes an error by a code that says that no money moves.
// duplicateRequest is none: the order is there.
func (e problem) outcome() (connector.Outcome, error) {
	why := reasons[e.Code]
	if why == "" || !isRefusal(e.Category) {
		return connector.Outcome{}, errors.New("provider answered without a clear refusal")
	}
	return connector.Outcome{Verdict: connector.Rejected, Resolution: why, Code: connector.Word(e.Code), Message: connector.Text(e.Text)}, nil
}

// isRefusal says in which categories an error is a refusal: internal and
// serviceUnavailable are not among them.
func isRefusal(category string) bool {
	return slices.Contains([]string{"businessRule", "validation", "authorisation", "identification"}, category)
}

// reasons are the API's harmonised codes. genericError, duplicateRequest,
// incorrectState and rateLimitError decide nothing.
var reasons = map[string]string{
	"dailyVolumeLimitExceeded": connector.LimitExceeded, "dailyValueLimitExceeded": connector.LimitExceeded, "weeklyVolumeLimitExceeded": connector.LimitExceeded, "weeklyValueLimitExceeded": connector.LimitExceeded,
	"monthlyVolumeLimitExceeded": connector.LimitExceeded, "monthlyValueLimitExceeded": connector.LimitExceeded, "accountMaxTotalVolumeExceeded": connector.LimitExceeded, "accountMaxTotalValueExceeded": connector.LimitExceeded,
	"lessThanTransactionMinValue": connector.InvalidAmount, "greaterThanTransactionMaxValue": connector.InvalidAmount, "maxBalanceExceeded": connector.LimitExceeded, "samePartiesError": connector.InvalidDetails,
	"insufficientFunds": connector.InsufficientFunds, "transactionTypeError": connector.InvalidMethod, "identifierError": connector.InvalidAccount, "lengthError": connector.InvalidRequest, "formatError": connector.InvalidRequest,
	"negativeValue": connector.InvalidAmount, "currencyNotSupported": connector.InvalidAmount, "mandatoryValueNotSupplied": connector.InvalidRequest, "clientAuthorisationError": connector.InvalidCredentials,
	"requestDeclined": connector.Declined, "servicingPartyAuthorisationError": connector.Declined, "requestingPartyAuthorisationError": connector.InvalidCredentials,
	"countryofOriginNotPermitted": connector.Declined, "nationalityNotPermitted": connector.Declined,
}

// absent says whether the answer is the API's own word that it has no response
// under a correlation id.
func absent(got connector.Answer) bool {
	var e problem
	return got.Status == http.StatusNotFound && connector.ReadJSON(got.Body, &e) == nil && e.Category == "identification" && e.Code == "identifierError"
}

// link is where a response leads: a transaction, or a request that is under
// way. Only its two last parts are used, never its host.
func link(got connector.Answer) (kind, name string, err error) {
	var in struct {
		Link string `json:"link"`
	}
	if got.Status != http.StatusOK {
		return "", "", fmt.Errorf("provider answered %d", got.Status)
	}
	if err := connector.ReadJSON(got.Body, &in); err != nil {
		return "", "", err
	}
	parts := strings.Split(in.Link, "/")
	if len(parts) < 2 {
		return "", "", errAnswer
	}
	kind, name = parts[len(parts)-2], parts[len(parts)-1]
	if kind != "transactions" && kind != "requeststates" || !word(name, 128) {
		return "", "", errAnswer
	}
	return kind, name, nil
}

// state reads how far a request is; name is of the transaction, once it is
// done.
func state(got connector.Answer, well int) (out connector.Outcome, name string, err error) {
	var in struct {
		ID     string  `json:"serverCorrelationId"`
		Status string  `json:"status"`
		Object string  `json:"objectReference"`
		Error  problem `json:"error"`
	}
	if got.Status != well {
		return out, "", fmt.Errorf("provider answered %d", got.Status)
	}
	if err := connector.ReadJSON(got.Body, &in); err != nil {
		return out, "", err
	}
	switch {
	case !word(in.ID, 128):
		return out, "", errAnswer
	case in.Status == "pending":
		return connector.Outcome{Verdict: connector.Accepted, Code: "pending"}, "", nil
	case in.Status == "completed" && word(in.Object, 128):
		return out, in.Object, nil
	case in.Status == "completed":
		return out, "", errAnswer
	case in.Status == "failed":
		out, err = in.Error.outcome()
		return out, "", err
	}
	return out, "", errWord
}

// read reads a transaction, which must be the one of the order.
func read(o ordered, text []byte) (connector.Outcome, error) {
	var t struct {
		Ref       string `json:"transactionReference"`
		Reference string `json:"requestingOrganisationTransactionReference"`
		Status    string `json:"transactionStatus"`
		Type      string `json:"type"`
		Amount    string `json:"amount"`
		Currency  string `json:"currency"`
	}
	if err := connector.ReadJSON(text, &t); err != nil {
		return connector.Outcome{}, err
	}
	c, err := money.ParseCurrency(t.Currency)
	if err != nil {
		return connector.Outcome{}, errAnswer
	}
	got, err := connector.ReadDecimal(t.Amount, c)
	switch {
	case err != nil || !word(t.Ref, 128):
		return connector.Outcome{}, errAnswer
	case t.Reference != o.key, t.Type != "disbursement", o.amount.IsSet() && got != o.amount, o.ref != "" && t.Ref != o.ref:
		return connector.Outcome{}, errAnother
	}
	// The operator names a transaction only once it has begun it, so the name
	// that stays is the correlation id.
	out := connector.Outcome{Ref: connector.KeyUUID(o.key), Code: connector.Word(t.Status), Message: connector.Text("transaction " + t.Ref)}
	switch t.Status {
	case "pending", "accepted", "in progress":
		out.Verdict = connector.Accepted
	case "completed":
		out.Verdict = connector.Paid
	case "failed", "rejected":
		out.Verdict, out.Resolution = connector.Rejected, connector.Failed
	case "reversed":
		out.Verdict, out.Resolution = connector.Returned, connector.ReturnedByBank
	default:
		return connector.Outcome{}, errWord
	}
	return out, nil
}
