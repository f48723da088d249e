package money

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// Added is a currency that the table doesn't have and an operator pays in all
// the same: a token, points of a club. Its code has three or four capital
// letters, its exponent is from 0 to 8.
type Added struct {
	Code     string `json:"code"`
	Exponent int    `json:"exponent"`
}

// ErrAdded refuses a currency that can't be added; its text names the rule.
var ErrAdded = errors.New("money: this currency can't be added")

// maxAdded bounds what is added, far above what a directory needs.
const maxAdded = 1000

// added are the currencies beyond the table. Amounts are read wherever there
// is JSON, far from any configuration, so these are the process's own. They
// are added before anything is read, and only ever more: a code that was
// added once keeps its exponent, which is what its stored amounts count in.
var added struct {
	rows atomic.Pointer[[]row]
	sync.Mutex
}

// Add makes currencies known to the process; all of them, or none with an
// ErrAdded. What is known already, with the same exponent, is fine.
func Add(more ...Added) error {
	added.Lock()
	defer added.Unlock()
	rows := append([]row(nil), extra()...)
	for _, a := range more {
		switch known, is := exponentIn(rows, a.Code); {
		case is && known == a.Exponent:
			continue
		case is:
			return fmt.Errorf("%w: %s counts in %d decimals here and can't count in %d", ErrAdded, a.Code, known, a.Exponent)
		case len(a.Code) < 3 || len(a.Code) > 4 || !capitals(a.Code):
			return fmt.Errorf("%w: a code has three or four capital letters", ErrAdded)
		case unpayable(a.Code):
			return fmt.Errorf("%w: %s is a code of ISO 4217 in which nothing is paid", ErrAdded, a.Code)
		case a.Exponent < 0 || a.Exponent > 8:
			return fmt.Errorf("%w: %s needs an exponent from 0 to 8", ErrAdded, a.Code)
		case len(rows) >= maxAdded:
			return fmt.Errorf("%w: at most %d are", ErrAdded, maxAdded)
		}
		rows = append(rows, row{code: a.Code, exponent: uint8(a.Exponent)})
	}
	added.rows.Store(&rows)
	return nil
}

func extra() []row {
	if rows := added.rows.Load(); rows != nil {
		return *rows
	}
	return nil
}

// exponentIn finds a code in the table or among rows.
func exponentIn(rows []row, code string) (int, bool) {
	if i, ok := find(code); ok {
		return int(table[i].exponent), true
	}
	for _, r := range rows {
		if r.code == code {
			return int(r.exponent), true
		}
	}
	return 0, false
}
