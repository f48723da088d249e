package sandbox

import (
	"fmt"
	"time"

	"penstock/engine/money"
)

// book is the ledger that a provider keeps: in memory whole, or, beside a
// journal, with what has ended left on disk. Its methods are called under the
// provider's lock.
type book interface {
	// made is how many transfers there are.
	made() int
	// standing is the transfer that speaks for a key: the newest that is not
	// refused, or else the newest.
	standing(key string) (Transfer, bool, error)
	// row is the transfer with an id.
	row(id string) (Transfer, bool, error)
	// put takes a change's rows in; at is where it begins in the journal.
	put(c change, at int64) error
	// lines is the ledger as it stands. It may leave out transfers of which
	// nothing moved since a time.
	lines(since time.Time) listing
	// spent is what left an account and did not come back.
	spent(account string) (map[money.Currency]money.Amount, error)
}

// listing gives each line to take, in the order of making, and ends with
// take's first error. It needs no lock, but what it tells must be durable
// first.
type listing func(take func(Line) error) error

// memory is the book of a provider without a file.
type memory struct {
	rows  []Transfer
	byKey map[string][]int
	moved map[string]int // how often money moved, by key
}

func newMemory() *memory { return &memory{byKey: map[string][]int{}, moved: map[string]int{}} }

func (m *memory) made() int { return len(m.rows) }

func (m *memory) standing(key string) (Transfer, bool, error) {
	rows := m.byKey[key]
	for i := len(rows) - 1; i >= 0; i-- {
		if t := m.rows[rows[i]]; t.Status != Rejected {
			return t, true, nil
		}
	}
	if len(rows) == 0 {
		return Transfer{}, false, nil
	}
	return m.rows[rows[len(rows)-1]], true, nil
}

func (m *memory) row(id string) (Transfer, bool, error) {
	i, ok := rowIndex(id)
	if !ok || i >= len(m.rows) {
		return Transfer{}, false, nil
	}
	return m.rows[i], true, nil
}

func (m *memory) put(c change, _ int64) error {
	for _, t := range c.Rows {
		i, ok := rowIndex(t.ID)
		if !ok || i > len(m.rows) {
			continue
		}
		if i == len(m.rows) {
			m.rows = append(m.rows, Transfer{})
			m.byKey[t.Key] = append(m.byKey[t.Key], i)
		}
		if m.rows[i].Paid.IsZero() && !t.Paid.IsZero() {
			m.moved[t.Key]++
		}
		m.rows[i] = t
	}
	return nil
}

func (m *memory) lines(time.Time) listing {
	lines := make([]Line, len(m.rows))
	for i, t := range m.rows {
		lines[i] = Line{t, m.moved[t.Key]}
	}
	return func(take func(Line) error) error {
		for _, l := range lines {
			if err := take(l); err != nil {
				return err
			}
		}
		return nil
	}
}

func (m *memory) spent(account string) (map[money.Currency]money.Amount, error) {
	gone := map[money.Currency]money.Amount{}
	for _, t := range m.rows {
		if t.Account != account || !t.gone() {
			continue
		}
		sum, err := gone[t.Paid.Currency()].Add(t.Paid)
		if err != nil {
			return nil, fmt.Errorf("add up an account: %w", err)
		}
		gone[t.Paid.Currency()] = sum
	}
	return gone, nil
}

// gone says whether money has left for it and not come back.
func (t Transfer) gone() bool { return t.Status == Paid || t.Status == PartlyPaid }
