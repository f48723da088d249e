package ledger

import (
	"errors"
	"time"

	"penstock/engine/money"
)

var errSoon = errors.New("ledger: not built yet")

// Kind is what a posting records.
type Kind string

const (
	KindTopUp   Kind = "topup"   // money was put in
	KindHold    Kind = "hold"    // a payout was made
	KindRelease Kind = "release" // it failed for certain, or was cancelled
	KindSettle  Kind = "settle"  // it was paid, in whole or in part
	KindReturn  Kind = "return"  // what it had moved came back
	KindAdjust  Kind = "adjust"  // a person set the books right
	KindFee     Kind = "fee"     // the provider took a fee
	KindLate    Kind = "late"    // a payout already released was paid after all
)

// Entry is one side of a posting: what it adds to an account, in minor units
// of the posting's currency; never nothing.
type Entry struct {
	Account Account `json:"account"`
	Minor   int64   `json:"minor"`
}

// Cause is why and by whom. It goes to pages and exports, so it bears no
// account number.
type Cause struct {
	Request string `json:"request,omitzero"` // ids without or with a prefix
	Payout  string `json:"payout,omitzero"`
	By      string `json:"by"`            // key, user, or a part of the appliance
	Text    string `json:"text,omitzero"` // of a person, for a person; at most 200 bytes
}

// Posting is one line of a deposit account's ledger. It never changes.
type Posting struct {
	Seq      uint64         `json:"seq"` // 1 for the first, without gaps
	At       time.Time      `json:"at"`  // UTC, whole microseconds
	Kind     Kind           `json:"kind"`
	Cause    Cause          `json:"cause"`
	Currency money.Currency `json:"currency"`
	Entries  []Entry        `json:"entries"` // in the order of Accounts, one an account
	After    Balance        `json:"after"`
}

// Head is the newest state of a deposit account's ledger, which its record
// keeps: the number of the last posting, and the balance after it.
type Head struct {
	Seq     uint64  `json:"seq"`
	Balance Balance `json:"balance"`
}

// Post makes the next posting, dated at. The caller stores both the head and
// the posting, in the transaction of what caused them. On an error (ErrAmount,
// ErrShort, ErrBalance, ErrCause, money.ErrMixed, money.ErrOverflow) nothing
// has happened.
func (h Head) Post(at time.Time, m Move, c Cause) (Head, Posting, error) {
	return h, Posting{}, errSoon
}
