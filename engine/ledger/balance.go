package ledger

import (
	"fmt"
	"math"
	"slices"

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
func (b Balance) Of(a Account) money.Amount {
	i := slices.Index(accounts[:], a)
	if i < 0 || b.Currency.IsZero() {
		return money.Amount{}
	}
	return money.New(b.vector()[i], b.Currency)
}

// Sound says whether b can be: a currency, a sum of zero, nothing negative
// held, paid or taken as fee, nothing positive put in or returned, and no more
// returned than paid. The error is ErrBalance with what is wrong.
func (b Balance) Sound() error {
	wrong := ""
	switch {
	case b.Currency.IsZero():
		wrong = "there is no currency"
	case !b.vector().balanced():
		wrong = "the accounts don't sum to zero"
	case b.Held < 0:
		wrong = "less than nothing would be held"
	case b.Paid < 0:
		wrong = "less than nothing would have been paid"
	case b.Fee < 0:
		wrong = "less than nothing would have been taken as fees"
	case b.TopUp > 0:
		wrong = "less than nothing would have been put in"
	case b.Returned > 0:
		wrong = "less than nothing would have come back"
	case b.Paid+b.Returned < 0: // neither sign can overflow
		wrong = "more would have come back than was paid"
	default:
		return nil
	}
	return fmt.Errorf("%w: %s", ErrBalance, wrong)
}

// Apply is b after entries, which must stand in the order of Accounts, sum to
// zero and leave a sound balance; else ErrBalance or money.ErrOverflow, and b
// itself is returned. Available may become negative: whether a payout may take
// it is decided by Hold, and the truth of a fee or a correction isn't refused.
func (b Balance) Apply(entries []Entry) (Balance, error) {
	change, err := vectorOf(entries)
	if err != nil {
		return b, err
	}
	if !change.balanced() {
		return b, fmt.Errorf("%w: they don't sum to zero", ErrBalance)
	}
	was := b.vector()
	is, ok := was.plus(change)
	if !ok {
		return b, fmt.Errorf("%w: on a deposit account of %s", money.ErrOverflow, b.Currency)
	}
	next := is.balance(b.Currency)
	if err := next.Sound(); err != nil {
		return b, err
	}
	return next, nil
}

// Limits of a deposit account, both in its currency and not negative; the
// zero Amount is nothing.
type Limits struct {
	Overdraft money.Amount // how far below nothing payouts may take it
	Minimum   money.Amount // what payouts must leave
}

// Spendable is what payouts may take of b: available + overdraft - minimum,
// and never less than nothing. Errors: money.ErrMixed, ErrAmount for a
// negative limit.
func Spendable(b Balance, l Limits) (money.Amount, error) {
	for _, limit := range [...]money.Amount{l.Overdraft, l.Minimum} {
		switch {
		case limit.IsSet() && limit.Currency() != b.Currency:
			return money.Amount{}, fmt.Errorf("%w: a limit in %s of a deposit account of %s", money.ErrMixed, limit.Currency(), b.Currency)
		case limit.IsNegative():
			return money.Amount{}, fmt.Errorf("%w: a limit is negative", ErrAmount)
		}
	}
	more := l.Overdraft.Minor() - l.Minimum.Minor() // of two that aren't negative
	spendable := b.Available + more
	switch {
	case more > 0 && spendable < b.Available:
		spendable = math.MaxInt64
	case more < 0 && spendable > b.Available, spendable < 0:
		spendable = 0
	}
	if b.Currency.IsZero() {
		return money.Amount{}, nil
	}
	return money.New(spendable, b.Currency), nil
}

// vector is an amount for each account, in their order.
type vector [len(accounts)]int64

func (b Balance) vector() vector {
	return vector{b.Available, b.Held, b.Paid, b.Fee, b.TopUp, b.Adjustment, b.Returned}
}

func (v vector) balance(c money.Currency) Balance {
	return Balance{Currency: c, Available: v[0], Held: v[1], Paid: v[2], Fee: v[3], TopUp: v[4], Adjustment: v[5], Returned: v[6]}
}

// balanced says whether v sums to zero. The halves of the numbers are summed
// apart, so that a sum of 2^64 doesn't pass for one.
func (v vector) balanced() bool {
	var high, low int64
	for _, x := range v {
		high += x >> 32
		low += x & math.MaxUint32
	}
	return low&math.MaxUint32 == 0 && high+low>>32 == 0
}

// plus is v + w; false when one account no longer fits.
func (v vector) plus(w vector) (vector, bool) {
	for i := range v {
		sum := v[i] + w[i]
		if (sum > v[i]) != (w[i] > 0) {
			return vector{}, false
		}
		v[i] = sum
	}
	return v, true
}

// entries lists what of v isn't nothing.
func (v vector) entries() []Entry {
	list := make([]Entry, 0, 3)
	for i, minor := range v {
		if minor != 0 {
			list = append(list, Entry{Account: accounts[i], Minor: minor})
		}
	}
	return list
}

// vectorOf is the inverse of entries; ErrBalance for a list that isn't in
// order, bears an account twice or an unknown one, or an entry of nothing.
func vectorOf(entries []Entry) (vector, error) {
	var v vector
	next := 0
	for _, e := range entries {
		i := slices.Index(accounts[next:], e.Account)
		if i < 0 || e.Minor == 0 {
			return vector{}, fmt.Errorf("%w: entries must name each account once, in order, and move something", ErrBalance)
		}
		v[next+i] = e.Minor
		next += i + 1
	}
	return v, nil
}
