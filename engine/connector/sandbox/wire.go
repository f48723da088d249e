package sandbox

import (
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// maxBody bounds every body, of requests and of answers.
const maxBody = 64 << 10

// wireOrder is the body of POST /v1/transfers. What a client adds beyond it is
// ignored.
type wireOrder struct {
	Key       string         `json:"key"`
	Amount    string         `json:"amount"`
	Currency  string         `json:"currency"`
	Service   string         `json:"service"`
	Fields    jsontext.Value `json:"fields,omitzero"`
	NotifyURL string         `json:"notify_url,omitzero"`
	Memo      string         `json:"memo,omitzero"`
	Pace      string         `json:"pace,omitzero"`
	Account   string         `json:"account,omitzero"`
}

// wireTransfer is a transfer as it is answered.
type wireTransfer struct {
	ID         string `json:"id"`
	Key        string `json:"key"`
	Amount     string `json:"amount"`
	Currency   string `json:"currency"`
	Service    string `json:"service,omitzero"`
	Status     string `json:"status"`
	Resolution string `json:"resolution"`
	PaidAmount string `json:"paid_amount"`
}

type wireLine struct {
	wireTransfer `json:",inline"`
	Account      string `json:"account,omitzero"`
	Movements    int    `json:"movements"`
}

type wireTotal struct {
	Count  int    `json:"count"`
	Amount string `json:"amount"`
}

// wireNotice is the body of a notification: the transfer and since when it
// stands so.
type wireNotice struct {
	wireTransfer `json:",inline"`
	At           string `json:"at"`
}

// wireError is the body of every answer that is no transfer. Booked false
// says that nothing was booked, in so many words; absent, nothing is said.
type wireError struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Booked  *bool  `json:"booked,omitzero"`
	} `json:"error"`
}

func wireOf(t Transfer) wireTransfer {
	return wireTransfer{
		ID: t.ID, Key: t.Key, Amount: t.Amount.Decimal(), Currency: t.Amount.Currency().Code(), Service: t.Service,
		Status: string(t.Status), Resolution: t.Resolution, PaidAmount: t.Paid.Decimal(),
	}
}

// readOrder reads the body of a POST.
func readOrder(body []byte) (Order, *Refusal) {
	var w wireOrder
	if err := json.Unmarshal(body, &w); err != nil {
		return Order{}, &Refusal{codeInvalid, "body must be one JSON object with the strings key, amount, currency and service and the object fields, none twice"}
	}
	currency, err := money.ParseCurrency(w.Currency)
	if err != nil {
		return Order{}, &Refusal{codeCurrency, "currency: " + err.Error()}
	}
	amount, err := money.Parse(w.Amount, currency)
	if err != nil {
		return Order{}, &Refusal{codeAmount, "amount: " + err.Error()}
	}
	fields := connector.Details{}
	if k := w.Fields.Kind(); len(w.Fields) > 0 && k != '{' && k != 'n' {
		return Order{}, &Refusal{codeInvalid, "fields must be an object"}
	}
	collect(fields, "", w.Fields, maxNesting)
	return Order{Key: w.Key, Amount: amount, Service: w.Service, Fields: fields, NotifyURL: w.NotifyURL, Account: w.Account, Pace: Pace(w.Pace)}, nil
}

// maxNesting is how deep the fields are looked into: {"card":{"card_number":...}}
// is the deepest that anybody sends.
const maxNesting = 4

// collect gathers texts and numbers under their own names, out of objects
// within objects too: a hand-written order may group them.
func collect(into connector.Details, name string, value jsontext.Value, depth int) {
	switch value.Kind() {
	case '"':
		var text string
		if json.Unmarshal(value, &text) == nil {
			into[name] = text
		}
	case '0':
		into[name] = strings.TrimSpace(string(value))
	case '{':
		var members map[string]jsontext.Value
		if depth > 0 && json.Unmarshal(value, &members) == nil {
			for _, name := range slices.Sorted(maps.Keys(members)) {
				collect(into, name, members[name], depth-1)
			}
		}
	}
}
