package sandbox

import (
	"fmt"
	"math/big"
	"os"
	"slices"
	"sync"
	"time"

	"penstock/engine/money"
)

// shelf is the book of a provider with a journal. In memory it has what may
// still change: the transfers of every key for one of which something is
// planned. Of the others the journal's own lines are the record; where the line
// stands that speaks for a key is in memory until the next checkpoint (leaves),
// and after it in sorted files (run), so that memory doesn't grow with what has
// been paid.
type shelf struct {
	lock    sync.Locker // the provider's
	journal *journal
	dir     string

	count   int // transfers that were made
	open    map[string]*group
	planned map[int]*group // by the number of each of its rows
	sums    map[purse]*big.Int

	recent *leaves   // left since the last checkpoint was begun
	frozen []*leaves // left before, and not yet in a run; oldest first
	runs   []*run    // oldest first
	rows   *os.File  // where each row's last line begins
	spans  []span
	fresh  []fresh
	asked  *answer // to the last question for a key that was not open; nil: none since the last change
	next   int     // the next run's number
	begun  int64   // where the journal ended when the last checkpoint was begun
}

// group is the transfers of a key while one of them may change. Those that had
// left before it was open again are there by the one that spoke for the key.
type group struct {
	rows  []held // by number
	moved int    // how often money moved for the key
	// shared: the key has more transfers than one.
	shared bool
}

// held is a transfer and where its last line begins.
type held struct {
	Transfer Transfer `json:"transfer"`
	Number   int      `json:"number"`
	At       int64    `json:"at"`
	Planned  bool     `json:"planned,omitzero"` // something is
}

// purse is an account's money in one currency.
type purse struct {
	account  string
	currency money.Currency
}

// leaves is where the keys and rows are found that have left memory.
type leaves struct {
	keys   map[string]*leaf
	rows   map[int]uint64 // rowWord by number
	latest time.Time      // when money last moved in the lines meanwhile
}

func newLeaves() *leaves { return &leaves{keys: map[string]*leaf{}, rows: map[int]uint64{}} }

// leaf is where a key's standing transfer is; row is the transfer itself while
// its line may not be on disk.
type leaf struct {
	word uint64 // keyWord
	row  *Transfer
}

// fresh is a leaf whose row can go once the journal is durable up to end.
type fresh struct {
	leaf *leaf
	end  int64
}

// answer is what is known of a key that is not open.
type answer struct {
	key   string
	held  held
	moved int
	found bool
}

// A keyWord is where a line begins and how often money moved for its key; of
// two of one key the greater is the newer. The count stops at its most.
const (
	movedBits = 24
	mostMoved = 1<<movedBits - 1
	maxOffset = 1<<(64-movedBits) - 1
)

func keyWord(at int64, moved int) uint64 {
	return uint64(at)<<movedBits | uint64(min(moved, mostMoved))
}

func readKeyWord(w uint64) (at int64, moved int) { return int64(w >> movedBits), int(w & mostMoved) }

func newShelf(lock sync.Locker, j *journal, dir string) *shelf {
	return &shelf{lock: lock, journal: j, dir: dir, open: map[string]*group{}, planned: map[int]*group{}, sums: map[purse]*big.Int{}, recent: newLeaves()}
}

func (s *shelf) made() int { return s.count }

func (s *shelf) standing(key string) (Transfer, bool, error) {
	if g := s.open[key]; g != nil {
		return g.standing().Transfer, true, nil
	}
	a, err := s.find(key)
	return a.held.Transfer, a.found, err
}

func (g *group) standing() held {
	for _, h := range slices.Backward(g.rows) {
		if h.Transfer.Status != Rejected {
			return h
		}
	}
	return g.rows[len(g.rows)-1]
}

// find looks for a key that is not open, the newest word first.
func (s *shelf) find(key string) (answer, error) {
	if s.asked != nil && s.asked.key == key {
		return *s.asked, nil
	}
	a, err := s.lookUp(key)
	if err != nil {
		return a, err
	}
	s.asked = &a
	return a, nil
}

func (s *shelf) lookUp(key string) (answer, error) {
	for _, l := range slices.Backward(append(slices.Clip(s.frozen), s.recent)) {
		leaf := l.keys[key]
		if leaf == nil {
			continue
		}
		if leaf.row == nil {
			return s.answer(key, leaf.word)
		}
		at, moved := readKeyWord(leaf.word)
		number, _ := rowIndex(leaf.row.ID)
		return answer{key, held{Transfer: *leaf.row, Number: number, At: at}, moved, true}, nil
	}
	hash := hashOf(key)
	for _, r := range slices.Backward(s.runs) {
		words, err := r.find(hash)
		if err != nil {
			return answer{}, err
		}
		for _, w := range words {
			if a, err := s.answer(key, w); err != nil || a.found {
				return a, err
			}
		}
	}
	return answer{key: key}, nil
}

// answer reads the line that a word names. found is false where it is another
// key's, whose hash is the same.
func (s *shelf) answer(key string, word uint64) (answer, error) {
	at, moved := readKeyWord(word)
	c, err := s.journal.read(at)
	if err != nil {
		return answer{}, err
	}
	for _, t := range c.Rows {
		if number, ok := rowIndex(t.ID); ok && t.Key == key {
			return answer{key, held{Transfer: t, Number: number, At: at}, moved, true}, nil
		}
	}
	return answer{key: key}, nil
}

func (s *shelf) row(id string) (Transfer, bool, error) {
	n, ok := rowIndex(id)
	if !ok || n >= s.count {
		return Transfer{}, false, nil
	}
	h, err := s.held(n)
	return h.Transfer, err == nil, err
}

// held is a row by its number, open or not.
func (s *shelf) held(n int) (held, error) {
	if g := s.planned[n]; g != nil {
		return g.rows[g.find(n)], nil
	}
	var word uint64
	for _, l := range append(slices.Clip(s.frozen), s.recent) {
		if w, ok := l.rows[n]; ok {
			word = w
		}
	}
	if word == 0 {
		var err error
		if word, err = readRow(s.rows, n); err != nil {
			return held{}, err
		}
	}
	if err := s.journal.wait(); err != nil {
		return held{}, err
	}
	at, _ := readRowWord(word)
	c, err := s.journal.read(at)
	if err != nil {
		return held{}, err
	}
	t, err := c.row(n)
	return held{Transfer: t, Number: n, At: at}, err
}

// row is the change's row with a number.
func (c change) row(n int) (Transfer, error) {
	for _, t := range c.Rows {
		if i, ok := rowIndex(t.ID); ok && i == n {
			return t, nil
		}
	}
	return Transfer{}, fmt.Errorf("%s: transfer %s is not where it was written", fileName, newID(n))
}

func (g *group) find(n int) int {
	return slices.IndexFunc(g.rows, func(h held) bool { return h.Number == n })
}

func (s *shelf) put(c change, at int64) error {
	defer func() { s.asked = nil }()
	if at > maxOffset {
		return fmt.Errorf("%s is too long", fileName)
	}
	for _, t := range c.Rows {
		n, ok := rowIndex(t.ID)
		if !ok || n > s.count {
			continue
		}
		g, err := s.opened(t.Key, n)
		if err != nil {
			return err
		}
		h := &g.rows[g.find(n)]
		if h.Transfer.Paid.IsZero() && !t.Paid.IsZero() {
			g.moved++
		}
		s.sum(h.Transfer, -1)
		s.sum(t, 1)
		planned := slices.ContainsFunc(c.Plan, func(e entry) bool { return e.Kind == settles && e.Row == t.ID })
		*h = held{t, n, at, planned}
		s.recent.see(t)
		if !slices.ContainsFunc(g.rows, func(h held) bool { return h.Planned }) {
			s.leave(t.Key, g)
		}
	}
	return nil
}

// opened is a key's group with row n in it: a new row, one that is open, or one
// that had left and is brought back.
func (s *shelf) opened(key string, n int) (*group, error) {
	g := s.open[key]
	if g != nil && g.find(n) >= 0 {
		return g, nil
	}
	if g == nil {
		a, err := s.find(key)
		if err != nil {
			return nil, err
		}
		g = &group{moved: a.moved}
		if a.found {
			g.rows = []held{a.held}
		}
	}
	if g.find(n) < 0 {
		h := held{Number: n}
		if n == s.count {
			s.count++
		} else {
			var err error
			if h, err = s.held(n); err != nil {
				return nil, err
			}
		}
		at, _ := slices.BinarySearchFunc(g.rows, n, func(h held, n int) int { return h.Number - n })
		g.rows = slices.Insert(g.rows, at, h)
	}
	g.shared = g.shared || len(g.rows) > 1
	s.open[key] = g
	for _, h := range g.rows {
		s.planned[h.Number] = g
	}
	return g, nil
}

// leave lets a key go of which nothing is planned.
func (s *shelf) leave(key string, g *group) {
	h := g.standing()
	l := &leaf{keyWord(h.At, g.moved), &h.Transfer}
	s.recent.keys[key] = l
	for _, h := range g.rows {
		s.recent.rows[h.Number] = rowWord(h.At, g.shared)
		delete(s.planned, h.Number)
	}
	delete(s.open, key)
	end, _ := s.journal.end()
	s.fresh = append(s.fresh, fresh{l, end})
}

// written forgets the rows that can be read from the journal by now.
func (s *shelf) written(durable int64) {
	n := 0
	for ; n < len(s.fresh) && s.fresh[n].end <= durable; n++ {
		s.fresh[n].leaf.row = nil
	}
	s.fresh = slices.Delete(s.fresh, 0, n)
}

func (l *leaves) see(t Transfer) {
	for _, at := range []time.Time{t.Moved, t.Back} {
		if at.After(l.latest) {
			l.latest = at
		}
	}
}

func (s *shelf) sum(t Transfer, sign int64) {
	if !t.gone() {
		return
	}
	p := purse{t.Account, t.Paid.Currency()}
	if s.sums[p] == nil {
		s.sums[p] = new(big.Int)
	}
	s.sums[p].Add(s.sums[p], new(big.Int).Mul(big.NewInt(sign), big.NewInt(t.Paid.Minor())))
}

func (s *shelf) spent(account string) (map[money.Currency]money.Amount, error) {
	gone := map[money.Currency]money.Amount{}
	for p, sum := range s.sums {
		if p.account != account {
			continue
		}
		if !sum.IsInt64() {
			return nil, fmt.Errorf("add up an account: %w", money.ErrOverflow)
		}
		gone[p.currency] = money.New(sum.Int64(), p.currency)
	}
	return gone, nil
}
