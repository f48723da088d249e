package ledger

import (
	"math/big"

	"penstock/engine/money"
)

// Fault is one thing wrong with a stored ledger.
type Fault struct {
	Seq  uint64 // of the posting at which it shows
	What string // a sentence: "posting 4 is missing"
}

func (f Fault) Error() string { return f.What }

// Verify derives the head after p anew and says what of p isn't as it must
// be: its number, currency, entries for its kind, balance after. The head
// returned goes on from what p says, so that one fault is told once.
func (h Head) Verify(p Posting) (Head, []Fault) { return h, nil }

// Replay is Verify for postings in their order, from h on, which is the zero
// Head with a currency for a whole ledger, or the head before the first of
// them.
func Replay(h Head, postings []Posting) (Head, []Fault) { return h, nil }

// Trial is a trial balance over many deposit accounts. The zero Trial is
// empty.
type Trial struct {
	rows map[money.Currency]*[len(accounts)]big.Int
}

// Row is the total of each account over the deposits of one currency, which
// may exceed an int64.
type Row struct {
	Currency money.Currency
	Totals   map[Account]*big.Int
	Sum      *big.Int // zero, or the books are wrong
}

// Add counts one deposit account.
func (t *Trial) Add(b Balance) {}

// Rows are the totals in the order of the currencies' codes.
func (t *Trial) Rows() []Row { return nil }

// Zero says whether every currency's sum is zero.
func (t *Trial) Zero() bool { return false }
