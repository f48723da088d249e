package ledger

import (
	"fmt"
)

// Fault is one thing wrong with a stored ledger.
type Fault struct {
	Seq  uint64 // of the posting at which it shows
	What string // a sentence without a stop
}

func (f Fault) Error() string { return fmt.Sprintf("posting %d: %s", f.Seq, f.What) }

// Verify derives the head after p anew and says what of p isn't as it must
// be: its number, its currency, entries that fit its kind, its balance after.
// The head returned goes on from what p says, so that one fault is told once.
func (h Head) Verify(p Posting) (Head, []Fault) {
	var faults []Fault
	fault := func(format string, args ...any) {
		faults = append(faults, Fault{Seq: p.Seq, What: fmt.Sprintf(format, args...)})
	}
	follows := p.Seq == h.Seq+1
	switch {
	case p.Seq > h.Seq+1:
		fault("postings %d to %d are missing", h.Seq+1, p.Seq-1)
	case !follows:
		fault("it comes after %d", h.Seq)
	}
	if p.Currency != h.Balance.Currency || p.After.Currency != p.Currency {
		fault("it is in %s with a balance in %s, on a deposit account of %s", p.Currency, p.After.Currency, h.Balance.Currency)
		return p.head(), faults
	}
	if err := p.Cause.check(p.Kind); err != nil {
		fault("%v", err)
	}
	change, err := vectorOf(p.Entries)
	if err != nil {
		fault("%v", err)
		return p.head(), faults
	}
	m := moveOf(p.Kind, change, p.Currency)
	if m.vector() != change || m.fits() != nil {
		fault("its entries aren't those of kind %q", string(p.Kind))
	}
	after, err := h.Balance.Apply(p.Entries)
	switch {
	case !follows: // the balance before it isn't known
		if err := p.After.Sound(); err != nil {
			fault("%v", err)
		}
	case err != nil:
		fault("%v", err)
	case after != p.After:
		fault("the balance after it doesn't follow from the one before")
	}
	return p.head(), faults
}

// Replay is Verify for postings in their order, from h on: the head of a new
// account for a whole ledger, else the head before the first of them. The
// head returned must equal the one that the deposit account's record keeps.
func Replay(h Head, postings []Posting) (Head, []Fault) {
	var faults []Fault
	for _, p := range postings {
		var found []Fault
		h, found = h.Verify(p)
		faults = append(faults, found...)
	}
	return h, faults
}
