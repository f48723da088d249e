package stripe

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// order is a transfer or a payout, about to be made or asked for.
type order struct {
	kind    string // "transfer" or "payout"
	path    string
	header  http.Header
	form    url.Values
	key     string
	ref     string // asked for by this name
	amount  money.Amount
	account string // the connected account that pays out; empty: our own
}

// Details of the method passthrough, of which the beneficiary is a name at
// Stripe.
const (
	token    = "psp_token"       // acct_...: a transfer to that account; ba_... or card_...: a payout there
	customer = "psp_customer_id" // of a payout, the connected account (acct_...) that pays it
)

// orderOf makes an instruction ready, or refuses it before anything is sent.
func orderOf(in connector.Instruction) (*order, *connector.Outcome) {
	refuse := func(resolution, text string) (*order, *connector.Outcome) {
		out := connector.Refuse(resolution, "%s", text)
		return nil, &out
	}
	if connector.Ref(in.Key) == "" {
		return refuse(connector.InvalidRequest, "key is not printable ASCII of 1 to 128 characters")
	}
	n, refused := payable(in.Amount)
	if refused != nil {
		return nil, refused
	}
	memo, ok := text(in.Memo)
	if !ok {
		return refuse(connector.InvalidDetails, "memo must be text without control characters")
	}
	o := &order{key: in.Key, amount: in.Amount, header: http.Header{"Idempotency-Key": {in.Key}}}
	o.form = url.Values{"amount": {strconv.FormatInt(n, 10)}, "currency": {strings.ToLower(in.Amount.Currency().Code())}, "metadata[" + keyName + "]": {in.Key}}
	if memo != "" {
		o.form.Set("description", memo)
	}
	to, of := in.Details[token], in.Details[customer]
	if !name(to, "acct_", "ba_", "card_") {
		return refuse(connector.InvalidMethod, "Stripe pays to a connected account (acct_...) or to a bank account or card that it knows (ba_..., card_...)")
	}
	o.form.Set("destination", to)
	if strings.HasPrefix(to, "acct_") {
		o.kind, o.path = "transfer", "/v1/transfers"
		o.form.Set("transfer_group", in.Key)
		return o, nil
	}
	o.kind, o.path = "payout", "/v1/payouts"
	if strings.HasPrefix(to, "card_") {
		o.form.Set("method", "instant") // to a card there is no other
	}
	if strings.HasPrefix(of, "acct_") {
		if !name(of, "acct_") {
			return refuse(connector.InvalidDetails, "psp_customer_id is no account at Stripe")
		}
		o.account = of
		o.header.Set("Stripe-Account", of)
	}
	return o, nil
}

// name says whether s is an id of Stripe's with one of the prefixes.
func name(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(s, p); ok {
			return rest != "" && len(s) <= 128 && strings.Trim(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
		}
	}
	return false
}

// text is a description of up to 500 characters.
func text(s string) (string, bool) {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", false
	}
	if r := []rune(s); len(r) > 500 {
		s = string(r[:500])
	}
	return s, true
}

// refOf is the name under which an order is kept: "po_1", "tr_1", or
// "acct_1/po_1" for what a connected account pays.
func refOf(account, id string) string {
	if account == "" {
		return id
	}
	return account + "/" + id
}

var errRef = errors.New("this is no name of Stripe's")

// named is the order of a name.
func named(q connector.Question) (*order, error) {
	o := &order{key: q.Key, amount: q.Amount}
	account, id, connected := strings.Cut(q.Ref, "/")
	if !connected {
		account, id = "", q.Ref
	} else if !name(account, "acct_") {
		return nil, errRef
	}
	o.account, o.ref, o.header = account, q.Ref, whose(account)
	switch {
	case name(id, "po_"):
		o.kind, o.path = "payout", "/v1/payouts/"+id
	case name(id, "tr_") && account == "":
		o.kind, o.path = "transfer", "/v1/transfers/"+id
	default:
		return nil, errRef
	}
	return o, nil
}
