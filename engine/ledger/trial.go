package ledger

import (
	"cmp"
	"math/big"
	"slices"

	"penstock/engine/money"
)

// Trial is a trial balance over many deposit accounts. The zero Trial is
// empty and ready.
type Trial struct {
	rows map[money.Currency]*[len(accounts)]big.Int
}

// Row is the total of each account over the deposits of one currency. Totals
// may exceed an int64.
type Row struct {
	Currency money.Currency
	Totals   map[Account]*big.Int
	Sum      *big.Int // zero, or the books are wrong
}

// Add counts one deposit account.
func (t *Trial) Add(b Balance) {
	row := t.rows[b.Currency]
	if row == nil {
		row = new([len(accounts)]big.Int)
		if t.rows == nil {
			t.rows = map[money.Currency]*[len(accounts)]big.Int{}
		}
		t.rows[b.Currency] = row
	}
	for i, minor := range b.vector() {
		row[i].Add(&row[i], big.NewInt(minor))
	}
}

// Rows are the totals in the order of the currencies' codes; they are the
// caller's own.
func (t *Trial) Rows() []Row {
	rows := make([]Row, 0, len(t.rows))
	for currency, totals := range t.rows {
		row := Row{Currency: currency, Totals: make(map[Account]*big.Int, len(accounts)), Sum: new(big.Int)}
		for i := range totals {
			row.Totals[accounts[i]] = new(big.Int).Set(&totals[i])
			row.Sum.Add(row.Sum, &totals[i])
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.Currency.Code(), b.Currency.Code()) })
	return rows
}

// Zero says whether every currency's sum is zero, as it must be at any
// moment. Deposits that are wrong in opposite ways are told by Balance.Sound
// alone.
func (t *Trial) Zero() bool {
	return !slices.ContainsFunc(t.Rows(), func(r Row) bool { return r.Sum.Sign() != 0 })
}
