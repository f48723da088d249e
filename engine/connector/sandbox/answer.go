package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// This file says what an answer of the provider means. It is pure. Whatever
// is not exactly an answer to what was asked is Unknown, and the error says
// no more than which rule it broke: an answer may echo an account number.

// meansSend reads the answer to an order.
func meansSend(in connector.Instruction, status int, body []byte) (connector.Outcome, error) {
	switch status {
	case http.StatusOK, http.StatusCreated:
		t, err := readTransfer(body)
		if err != nil {
			return unknown(err)
		}
		if err := t.matches(in); err != nil {
			return unknown(err)
		}
		return t.outcome()
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return meansRefused(status, body)
	}
	// 409 among them: it says that nothing was booked for this order, and
	// nothing of what is booked under its key.
	return unknown(fmt.Errorf("provider answered %d", status))
}

// meansRefused believes a 4xx only in the provider's own words: a proxy says
// 400 too.
func meansRefused(status int, body []byte) (connector.Outcome, error) {
	e, err := readError(body)
	known := slices.Contains([]string{codeInvalid, codeAmount, codeCurrency}, e.Error.Code)
	if err != nil || !known || e.Error.Booked == nil || *e.Error.Booked {
		return unknown(fmt.Errorf("provider answered %d without saying that nothing was booked", status))
	}
	return refused(e.Error.Code), nil
}

func refused(code string) connector.Outcome {
	return connector.Outcome{Verdict: connector.Rejected, Resolution: codeInvalid, Code: code, Message: "the provider did not take the order"}
}

// meansLookup reads the answer to a question for a key.
func meansLookup(key string, status int, body []byte) (connector.Outcome, error) {
	switch status {
	case http.StatusOK:
		t, err := readTransfer(body)
		if err != nil {
			return unknown(err)
		}
		if t.Key != key {
			return unknown(errors.New("provider answered about another key"))
		}
		return t.outcome()
	case http.StatusNotFound:
		if e, err := readError(body); err == nil && e.Error.Code == codeNotFound {
			return connector.Outcome{Verdict: connector.Absent, Code: codeNotFound}, nil
		}
	case http.StatusNotImplemented:
		if e, err := readError(body); err == nil && e.Error.Code == codeNoLookup {
			return connector.Outcome{Verdict: connector.Unknown}, connector.ErrNoLookup
		}
	}
	return unknown(fmt.Errorf("provider answered %d", status))
}

func unknown(err error) (connector.Outcome, error) {
	return connector.Outcome{Verdict: connector.Unknown}, fmt.Errorf("sandbox: %w", err)
}

// readTransfer reads a transfer strictly: whole, no member twice, every
// member that matters there and of its type.
func readTransfer(body []byte) (wireTransfer, error) {
	var t wireTransfer
	if err := readStrictly(body, &t); err != nil {
		return t, err
	}
	if !printable(t.ID) || len(t.ID) > maxKey || !printable(t.Key) {
		return t, errors.New("provider's answer has no id or no key")
	}
	return t, nil
}

func readError(body []byte) (wireError, error) {
	var e wireError
	err := readStrictly(body, &e)
	return e, err
}

func readStrictly(body []byte, into any) error {
	if len(body) > maxBody {
		return errors.New("provider's answer is too long")
	}
	return connector.ReadJSON(body, into)
}

// matches says whether t is about what was ordered. The amount may be left
// out, as the contract allows; if it is there it must be right.
func (t wireTransfer) matches(in connector.Instruction) error {
	switch {
	case t.Key != in.Key:
		return errors.New("provider answered about another key")
	case t.Currency != "" && t.Currency != in.Amount.Currency().Code():
		return errors.New("provider answered with another currency")
	}
	if t.Amount != "" {
		if a, err := money.Parse(t.Amount, in.Amount.Currency()); err != nil || a != in.Amount {
			return errors.New("provider answered with another amount")
		}
	}
	if Status(t.Status) == Paid && t.PaidAmount != "" {
		if a, err := money.Parse(t.PaidAmount, in.Amount.Currency()); err != nil || a != in.Amount {
			return errors.New("provider says paid and names another amount")
		}
	}
	if Status(t.Status) == PartlyPaid {
		a, err := money.Parse(t.PaidAmount, in.Amount.Currency())
		if err != nil || !a.IsPositive() || a.Minor() >= in.Amount.Minor() {
			return errors.New("provider says partly paid and names no part of the amount")
		}
	}
	return nil
}

// verdicts has a row for each status word; any other is Unknown, never guessed.
var verdicts = map[Status]connector.Verdict{
	Accepted: connector.Accepted, Paid: connector.Paid, PartlyPaid: connector.PartlyPaid,
	Rejected: connector.Rejected, Returned: connector.Returned,
}

func (t wireTransfer) outcome() (connector.Outcome, error) {
	verdict, known := verdicts[Status(t.Status)]
	if !known {
		return unknown(errors.New("provider used an unknown status"))
	}
	out := connector.Outcome{Verdict: verdict, Ref: t.ID, Code: t.Status}
	if isCode(t.Resolution) {
		out.Resolution = t.Resolution
	}
	if verdict == connector.PartlyPaid {
		currency, err := money.ParseCurrency(t.Currency)
		if err != nil {
			return unknown(errors.New("provider says partly paid and names no currency"))
		}
		if out.Paid, err = money.Parse(t.PaidAmount, currency); err != nil || !out.Paid.IsPositive() {
			return unknown(errors.New("provider says partly paid and names no part of the amount"))
		}
	}
	return out, nil
}

func parseNotice(body []byte) (connector.Notice, error) {
	var n wireNotice
	if err := readStrictly(body, &n); err != nil {
		return connector.Notice{}, fmt.Errorf("sandbox notification: %w", err)
	}
	if !printable(n.Key) || len(n.Key) > maxKey || !printable(n.ID) || len(n.ID) > maxKey {
		return connector.Notice{}, errors.New("sandbox notification: no id or no key")
	}
	out, err := n.outcome()
	if err != nil {
		return connector.Notice{}, err
	}
	return connector.Notice{Key: n.Key, Outcome: out}, nil
}
