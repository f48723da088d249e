package sandbox

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// Status is where a transfer stands.
type Status string

const (
	Accepted   Status = "accepted"    // taken; no money has moved yet
	Paid       Status = "paid"        // all of it moved
	PartlyPaid Status = "partly_paid" // half of it moved, and that is final
	Rejected   Status = "rejected"    // no money moves
	Returned   Status = "returned"    // money moved and came back
)

// Order is an instruction to move money, as it arrives.
type Order struct {
	Key     string
	Amount  money.Amount
	Service string
	// Fields is the beneficiary's account. It decides the transfer's fate on
	// arrival and is not kept.
	Fields connector.Details
	// NotifyURL is where changes may be posted; may be empty.
	NotifyURL string
	// Pace says when it ends, where the account doesn't.
	Pace Pace
	// Account names whose order it is, where several share the provider; it is
	// listed to them alone. May be empty.
	Account string
}

// Transfer is a row of the ledger.
type Transfer struct {
	ID         string       `json:"id"`
	Key        string       `json:"key"`
	Amount     money.Amount `json:"amount"`
	Service    string       `json:"service,omitzero"`
	Status     Status       `json:"status"`
	Resolution string       `json:"resolution,omitzero"`
	// Paid is what moved, also after it came back; zero of the currency while
	// nothing has.
	Paid      money.Amount `json:"paid"`
	Moved     time.Time    `json:"moved,omitzero"` // when it moved, to the second
	Back      time.Time    `json:"back,omitzero"`  // when it came back
	NotifyURL string       `json:"notify_url,omitzero"`
	Account   string       `json:"account,omitzero"`

	Dice dice `json:"dice"` // of the arrival that made it
}

// end is the transfer with another status since now, and with the money moved
// that the status says.
func (t Transfer) end(now time.Time, status Status, resolution string) Transfer {
	t.Status, t.Resolution = status, resolution
	second := now.UTC().Truncate(time.Second)
	switch status {
	case Paid:
		t.Paid, t.Moved = t.Amount, second
	case PartlyPaid:
		t.Paid, t.Moved = half(t.Amount), second
	case Returned:
		t.Back = second
	}
	return t
}

func half(a money.Amount) money.Amount { return money.New(a.Minor()/2, a.Currency()) }

// The codes of refusals that book nothing, and of the one that says nothing
// about what was booked before.
const (
	codeInvalid  = "invalid_request"
	codeAmount   = "invalid_amount"
	codeCurrency = "unknown_currency"
	codeConflict = "key_conflict"
)

// Refusal is an order that was not taken. Nothing was booked for it.
type Refusal struct{ Code, Message string }

const (
	maxKey     = 255
	maxService = 64
	maxAccount = 64
	maxURL     = 2048
)

// check names what is wrong with an order, or nil.
func (o Order) check() *Refusal {
	switch {
	case !printable(o.Key) || len(o.Key) > maxKey:
		return &Refusal{codeInvalid, fmt.Sprintf("key must be 1 to %d printable ASCII characters", maxKey)}
	case !o.Amount.IsSet():
		return &Refusal{codeCurrency, "amount must have a currency"}
	case !o.Amount.IsPositive():
		return &Refusal{codeAmount, "amount must be more than zero"}
	case len(o.Service) > maxService || o.Service != "" && !printable(o.Service):
		return &Refusal{codeInvalid, fmt.Sprintf("service must be up to %d printable ASCII characters", maxService)}
	}
	if o.Pace != AnyPace && o.Pace != Instant && o.Pace != Delayed {
		return &Refusal{codeInvalid, "pace must be instant or delayed"}
	}
	if len(o.Account) > maxAccount || o.Account != "" && !printable(o.Account) {
		return &Refusal{codeInvalid, fmt.Sprintf("account must be up to %d printable ASCII characters", maxAccount)}
	}
	if err := checkURL(o.NotifyURL); err != nil {
		return &Refusal{codeInvalid, "notify_url " + err.Error()}
	}
	return nil
}

func checkURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || len(text) > maxURL || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("must be an absolute http or https URL without credentials")
	}
	return nil
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < 0x21 || s[i] > 0x7e {
			return false
		}
	}
	return s != ""
}
