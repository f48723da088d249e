package ledger

import (
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"penstock/engine/money"
)

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

// kinds is their order in the encoding; a new one goes to the end.
var kinds = [...]Kind{KindTopUp, KindHold, KindRelease, KindSettle, KindReturn, KindAdjust, KindFee, KindLate}

// Kinds returns every kind.
func Kinds() []Kind { return append([]Kind(nil), kinds[:]...) }

// OfPayout says whether a posting of this kind must name a payout.
func (k Kind) OfPayout() bool {
	switch k {
	case KindHold, KindRelease, KindSettle, KindReturn, KindLate:
		return true
	}
	return false
}

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
	Payout  string `json:"payout,omitzero"`  // needed where Kind.OfPayout says so
	By      string `json:"by"`               // key, user, or a part of the appliance; needed
	Text    string `json:"text,omitzero"`    // of a person, for a person; at most 200 bytes
}

const (
	maxID   = 64
	maxBy   = 128
	maxText = 200
)

// check refuses a cause that says too little for its kind, or too much.
func (c Cause) check(k Kind) error {
	for _, text := range [...]struct {
		name, value string
		most        int
		needed      bool
	}{
		{"request", c.Request, maxID, false}, {"payout", c.Payout, maxID, k.OfPayout()},
		{"by", c.By, maxBy, true}, {"text", c.Text, maxText, false},
	} {
		switch {
		case text.needed && text.value == "":
			return fmt.Errorf("%w: a posting of kind %s needs %s", ErrCause, k, text.name)
		case len(text.value) > text.most:
			return fmt.Errorf("%w: %s may have %d bytes", ErrCause, text.name, text.most)
		case !plain(text.value):
			return fmt.Errorf("%w: %s must be UTF-8 without control characters", ErrCause, text.name)
		}
	}
	return nil
}

func plain(s string) bool {
	for _, r := range s {
		if unicode.IsControl(r) {
			return false
		}
	}
	return utf8.ValidString(s)
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
// keeps: the number of the last posting, and the balance after it. For a new
// account it is the zero Head with New as its balance.
type Head struct {
	Seq     uint64  `json:"seq"`
	Balance Balance `json:"balance"`
}

// Post makes the next posting, dated at. The caller stores both the head and
// the posting, in the transaction of what caused them. On an error (ErrAmount,
// ErrShort, ErrBalance, ErrCause, money.ErrMixed, money.ErrOverflow) nothing
// has happened and h is returned.
func (h Head) Post(at time.Time, m Move, c Cause) (Head, Posting, error) {
	if err := m.check(h.Balance); err != nil {
		return h, Posting{}, err
	}
	if err := c.check(m.kind); err != nil {
		return h, Posting{}, err
	}
	entries := m.vector().entries()
	if len(entries) == 0 {
		return h, Posting{}, fmt.Errorf("%w: the move has no kind", ErrAmount)
	}
	after, err := h.Balance.Apply(entries)
	if err != nil {
		return h, Posting{}, err
	}
	p := Posting{Seq: h.Seq + 1, At: at.UTC().Truncate(time.Microsecond), Kind: m.kind, Cause: c,
		Currency: after.Currency, Entries: entries, After: after}
	return p.head(), p, nil
}

// head is the ledger's head once p is in it.
func (p Posting) head() Head { return Head{Seq: p.Seq, Balance: p.After} }
