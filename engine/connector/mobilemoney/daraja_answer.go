package mobilemoney

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"penstock/engine/connector"
)

// means reads the answer to an order. A refusal is one of the gateway's own
// codes, which are given before M-Pesa hears of the order; a busy or a broken
// system decides nothing.
func (c *mpesa) means(key string, got connector.Answer) (connector.Outcome, error) {
	switch got.Status {
	case http.StatusOK:
		var in struct {
			Conversation string `json:"OriginatorConversationID"`
			Theirs       string `json:"ConversationID"`
			Code         string `json:"ResponseCode"`
		}
		if err := connector.ReadJSON(got.Body, &in); err != nil {
			return connector.Outcome{}, err
		}
		switch {
		case in.Conversation != c.conversation(key):
			return connector.Outcome{}, errAnother
		case in.Code != "0":
			return connector.Outcome{}, errWord
		case !word(in.Theirs, 128):
			return connector.Outcome{}, errAnswer
		}
		return connector.Outcome{Verdict: connector.Accepted, Ref: in.Theirs, Code: "0"}, nil
	case http.StatusBadRequest, http.StatusNotFound, http.StatusUnauthorized:
		var e struct {
			Code string `json:"errorCode"`
			Text string `json:"errorMessage"`
		}
		if err := connector.ReadJSON(got.Body, &e); err != nil {
			return connector.Outcome{}, fmt.Errorf("provider answered %d, which can't be read", got.Status)
		}
		why := ""
		switch {
		case strings.HasPrefix(e.Code, "400.002."): // a parameter is wrong
			why = connector.InvalidRequest
		case strings.HasPrefix(e.Code, "404.001."), strings.HasPrefix(e.Code, "400.008."): // the token, or the consumer
			why = connector.InvalidCredentials
		}
		if why != "" && !strings.Contains(strings.ToLower(e.Text), "duplicate") {
			return connector.Outcome{Verdict: connector.Rejected, Resolution: why, Code: connector.Word(e.Code), Message: connector.Text(e.Text)}, nil
		}
	}
	return connector.Outcome{}, fmt.Errorf("provider answered %d", got.Status)
}

// results are the codes by which M-Pesa says that no money moved. Others decide
// nothing: a queue that timed out may still be worked off.
var results = map[string]string{
	"1": connector.InsufficientFunds, "2": connector.InvalidAmount, "3": connector.InvalidAmount, "4": connector.LimitExceeded, "8": connector.LimitExceeded,
	"11": connector.InvalidAccount, "17": connector.LimitExceeded, "20": connector.InvalidCredentials, "21": connector.InvalidCredentials,
	"2001": connector.InvalidCredentials, "2006": connector.InvalidAccount, "2028": connector.InvalidMethod, "2040": connector.RecipientNotFound, "8006": connector.InvalidCredentials,
	"SFC_IC0003": connector.RecipientNotFound,
}

// Notification reads the call by which Daraja says what became of an order. It
// is not signed; that it bears the order's name is what proves it.
func (c *mpesa) Notification(_ http.Header, body []byte) (connector.Notice, error) {
	var in struct {
		Result struct {
			Code         jsontext.Value `json:"ResultCode"` // a number, or a text
			Text         string         `json:"ResultDesc"`
			Conversation string         `json:"OriginatorConversationID"`
			Theirs       string         `json:"ConversationID"`
		} `json:"Result"`
	}
	if len(body) > maxNotice || connector.ReadJSON(body, &in) != nil {
		return connector.Notice{}, connector.ErrSignature // it bears no name of ours
	}
	r := in.Result
	key, ok := c.keyOf(r.Conversation)
	if !ok {
		return connector.Notice{}, connector.ErrSignature
	}
	out := connector.Outcome{Verdict: connector.Paid, Code: connector.Word(strings.Trim(string(r.Code), `"`))}
	if r.Theirs != "" {
		if !word(r.Theirs, 128) {
			return connector.Notice{}, fmt.Errorf("mobilemoney: daraja: notification: %w", errAnswer)
		}
		out.Ref = r.Theirs
	}
	if out.Code != "0" {
		why := results[out.Code]
		if why == "" {
			return connector.Notice{}, fmt.Errorf("mobilemoney: daraja: notification: %w", errWord)
		}
		out.Verdict, out.Resolution, out.Message = connector.Rejected, why, connector.Text(r.Text)
	}
	return connector.Notice{Key: key, Outcome: out.Scrub(c.secrets())}, nil
}
