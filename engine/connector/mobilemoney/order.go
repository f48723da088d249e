package mobilemoney

import (
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"penstock/engine/connector"
)

// order is a disbursement as it is asked for.
type order struct {
	Amount      string  `json:"amount"`
	Currency    string  `json:"currency"`
	To          []party `json:"creditParty"`
	From        []party `json:"debitParty"`
	Reference   string  `json:"requestingOrganisationTransactionReference"`
	Description string  `json:"descriptionText,omitempty"`
}

// party names an account by the kind of its name.
type party struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// phone is the detail that says who is paid.
const phone = "telephone_number"

// body makes an instruction ready, or refuses it before anything is sent.
func body(in connector.Instruction, from party) ([]byte, *connector.Outcome) {
	refuse := func(resolution, text string) ([]byte, *connector.Outcome) {
		out := connector.Refuse(resolution, "%s", text)
		return nil, &out
	}
	if !wellKey(in.Key) {
		return refuse(connector.InvalidRequest, "key is not printable ASCII of 1 to 128 characters")
	}
	if !in.Amount.IsPositive() {
		return refuse(connector.InvalidAmount, "an amount to pay is more than zero")
	}
	value := in.Amount.Decimal()
	if whole, _, _ := strings.Cut(value, "."); len(whole) > 18 || len(value) > 23 {
		return refuse(connector.InvalidAmount, "the amount has more digits than the API takes")
	}
	to := strings.TrimPrefix(in.Details[phone], "+")
	if len(to) < 9 || len(to) > 15 || strings.Trim(to, "0123456789") != "" {
		return refuse(connector.InvalidDetails, "telephone_number must have 9 to 15 digits, with the country code")
	}
	if !utf8.ValidString(in.Memo) || strings.ContainsFunc(in.Memo, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return refuse(connector.InvalidDetails, "memo must be text without control characters")
	}
	memo := in.Memo
	if r := []rune(memo); len(r) > 160 {
		memo = string(r[:160])
	}
	text, err := json.Marshal(order{Amount: value, Currency: in.Amount.Currency().Code(), To: []party{{"msisdn", "+" + to}}, From: []party{from}, Reference: in.Key, Description: memo})
	if err != nil {
		return refuse(connector.InvalidDetails, "details can't be written")
	}
	return text, nil
}

func wellKey(key string) bool { return connector.Ref(key) != "" }

// word says whether s is letters, digits and dashes, so that it is one part of
// a path.
func word(s string, most int) bool {
	return s != "" && len(s) <= most && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}
