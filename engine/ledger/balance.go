package ledger

import (
	"penstock/engine/money"
)

// Balance is how the seven accounts of a deposit account stand, in minor
// units of its currency. It is a value; the zero Balance with a currency is a
// new account.
type Balance struct {
	Currency   money.Currency `json:"currency"`
	Available  int64          `json:"available"`
	Held       int64          `json:"held"`
	Paid       int64          `json:"paid"`
	Fee        int64          `json:"fee"`
	TopUp      int64          `json:"topup"`
	Adjustment int64          `json:"adjustment"`
	Returned   int64          `json:"returned"`
}

// New is the balance of a deposit account in which nothing has happened.
func New(c money.Currency) Balance { return Balance{Currency: c} }

// Of is one account as an amount; the zero Amount for an unknown account.
func (b Balance) Of(a Account) money.Amount { return money.Amount{} }

// Sound says whether b can be: a currency, a sum of zero, nothing negative
// held, paid or taken as fee, nothing positive put in or returned, and no more
// returned than paid. The error is ErrBalance with what is wrong.
func (b Balance) Sound() error { return errSoon }

// Apply is b after entries, which must sum to zero and leave a sound balance;
// else ErrBalance or money.ErrOverflow, and b itself is returned. Available may become negative:
// whether a payout may take it is decided by Hold, and the truth of a fee or a
// correction isn't refused.
func (b Balance) Apply(entries []Entry) (Balance, error) { return b, errSoon }

// Limits of a deposit account, both in its currency and not negative; the
// zero Amount is nothing.
type Limits struct {
	Overdraft money.Amount // how far below nothing payouts may take it
	Minimum   money.Amount // what payouts must leave
}

// Spendable is what payouts may take of b: available + overdraft - minimum,
// and never less than nothing. Errors: money.ErrMixed, ErrAmount for a
// negative limit.
func Spendable(b Balance, l Limits) (money.Amount, error) { return money.Amount{}, errSoon }
