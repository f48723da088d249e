package paypal

import (
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"penstock/engine/connector"
)

// order is a batch of one payout.
type order struct {
	Header batchHeader `json:"sender_batch_header"`
	Items  []item      `json:"items"`
}

type batchHeader struct {
	ID string `json:"sender_batch_id"`
}

// item is a payout in a batch, as it is sent and as it is told.
type item struct {
	Kind     string `json:"recipient_type,omitempty"`
	Amount   sum    `json:"amount"`
	Receiver string `json:"receiver"`
	Note     string `json:"note,omitempty"`
	ID       string `json:"sender_item_id"`
	Wallet   string `json:"recipient_wallet,omitempty"`
}

// Details of the methods paypal and venmo.
const (
	email   = "email"
	phone   = "telephone_number"
	account = "paypal_id"
)

// maxKey is PayPal's limit for the name of an item.
const maxKey = 63

// body makes an instruction ready, or refuses it before anything is sent.
func body(in connector.Instruction) ([]byte, *connector.Outcome) {
	refuse := func(resolution, text string) ([]byte, *connector.Outcome) {
		out := connector.Refuse(resolution, "%s", text)
		return nil, &out
	}
	if connector.Ref(in.Key) == "" || len(in.Key) > maxKey {
		return refuse(connector.InvalidRequest, "key is not printable ASCII of 1 to 63 characters")
	}
	if !in.Amount.IsPositive() {
		return refuse(connector.InvalidAmount, "an amount to pay is more than zero")
	}
	value, ok := decimal(in.Amount)
	if !ok {
		return refuse(connector.InvalidAmount, "PayPal can't pay this amount of "+in.Amount.Currency().Code()+" exactly")
	}
	to := item{Amount: sum{in.Amount.Currency().Code(), value}, ID: in.Key}
	if refused := receiver(&to, in); refused != "" {
		return refuse(connector.InvalidDetails, refused)
	}
	if !plain(in.Memo) {
		return refuse(connector.InvalidDetails, "memo must be text without control characters")
	}
	to.Note = cut(in.Memo, 1000)
	if to.Wallet != "" && to.Note == "" {
		to.Note = "Payout" // Venmo wants a note
	}
	text, err := json.Marshal(order{batchHeader{in.Key}, []item{to}})
	if err != nil {
		return refuse(connector.InvalidDetails, "details can't be written")
	}
	return text, nil
}

// receiver says who is paid: by e-mail, else by PayPal's own name of the
// account, else by telephone. It returns what is wrong.
func receiver(to *item, in connector.Instruction) string {
	venmo := strings.HasPrefix(in.Service, "venmo_")
	switch {
	case venmo:
		n := strings.TrimPrefix(strings.TrimPrefix(in.Details[phone], "+"), "1")
		if len(n) != 10 || strings.Trim(n, "0123456789") != "" {
			return "telephone_number must be one of the United States"
		}
		to.Kind, to.Receiver, to.Wallet = "PHONE", n, "VENMO"
	case in.Details[email] != "":
		to.Kind, to.Receiver = "EMAIL", in.Details[email]
		if name, domain, ok := strings.Cut(to.Receiver, "@"); !ok || name == "" || domain == "" || !token(to.Receiver, 127) {
			return "email must be an address of up to 127 characters"
		}
	case in.Details[account] != "":
		if to.Kind, to.Receiver = "PAYPAL_ID", in.Details[account]; !token(to.Receiver, 64) {
			return "paypal_id must be up to 64 characters without blanks"
		}
	default:
		to.Kind, to.Receiver = "PHONE", in.Details[phone]
		if n := strings.TrimPrefix(to.Receiver, "+"); len(n) < 6 || len(n) > 15 || strings.Trim(n, "0123456789") != "" {
			return "an e-mail, a paypal_id or a telephone_number of 6 to 15 digits is required"
		}
	}
	return ""
}

// token says whether s is printable ASCII without blanks.
func token(s string, most int) bool {
	return len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}
