// Package ledger is the double entry of deposit accounts: what money each has
// available, held and paid, where it came from, and why. It is pure: postings
// are made from a balance and a move, and the caller stores both in one
// transaction.
//
// A deposit account has one currency and seven accounts, in minor units.
// Entries are signed; those of a posting sum to zero, and so do the seven
// balances, at every moment:
//
//	available   what payouts may take           +
//	held        set aside for payouts under way +
//	paid        what payouts have moved, ever   +
//	fee         what the provider took          +
//	topup       source of money put in          - (of 100 put in, -100)
//	adjustment  source of corrections           - for more money, + for less
//	returned    source of money come back       - (paid keeps it)
//
// So available + held + paid + fee = -(topup + adjustment + returned): where
// money is, and where it came from. What payouts moved for good is paid plus
// returned.
package ledger

import (
	"errors"
)

var (
	// ErrAmount refuses a move of nothing, of less than nothing, or of more
	// than the move allows.
	ErrAmount = errors.New("ledger: wrong amount")
	// ErrShort refuses a hold of more than may be spent.
	ErrShort = errors.New("ledger: too little is available")
	// ErrBalance refuses entries that don't sum to zero, or that would leave an
	// account where it can't be, such as less than nothing held.
	ErrBalance = errors.New("ledger: entries don't balance")
	// ErrCause refuses a cause without an actor or with texts out of bounds.
	ErrCause = errors.New("ledger: wrong cause")
	// ErrEncoding refuses bytes that are no posting.
	ErrEncoding = errors.New("ledger: not an encoded posting")
)

// Account is one of the seven accounts of a deposit account.
type Account string

const (
	Available  Account = "available"
	Held       Account = "held"
	Paid       Account = "paid"
	Fee        Account = "fee"
	TopUp      Account = "topup"
	Adjustment Account = "adjustment"
	Returned   Account = "returned"
)

// accounts is their order in entries and in the encoding; a new one goes to
// the end.
var accounts = [...]Account{Available, Held, Paid, Fee, TopUp, Adjustment, Returned}

// Accounts returns the seven, in the order in which entries have them.
func Accounts() []Account { return append([]Account(nil), accounts[:]...) }
