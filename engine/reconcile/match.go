package reconcile

import (
	"cmp"
	"slices"

	"penstock/engine/money"
)

// Match compares the books. Each payout is in exactly one finding, and so is
// each line; they come in the order of time, then of keys and ids, whatever the
// order in which they were given. A line without a key belongs to the payout
// that bears its Ref, if only one does. No two payouts may have one key.
func Match(payouts []Payout, lines []Line) []Finding {
	byKey, byRef := index(payouts)
	of := make([][]Line, len(payouts))
	var strays []Line
	for _, l := range lines {
		i, known := byKey[l.Key]
		if l.Key == "" {
			i, known = byRef[l.Ref]
		}
		if !known {
			strays = append(strays, l)
			continue
		}
		of[i] = append(of[i], l)
	}
	out := make([]Finding, 0, len(payouts)+len(strays))
	for i := range payouts {
		slices.SortStableFunc(of[i], earlier)
		out = append(out, judge(payouts[i], of[i]))
	}
	for _, l := range strays {
		out = append(out, stray(l))
	}
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.name(), b.name()))
	})
	return out
}

// index finds payouts by key, and by reference where it is one payout's alone.
func index(payouts []Payout) (byKey, byRef map[string]int) {
	byKey, byRef = make(map[string]int, len(payouts)), map[string]int{}
	shared := map[string]bool{"": true}
	for i, p := range payouts {
		byKey[p.Key] = i
		if _, twice := byRef[p.Ref]; twice || shared[p.Ref] {
			shared[p.Ref] = true
			delete(byRef, p.Ref)
			continue
		}
		byRef[p.Ref] = i
	}
	return byKey, byRef
}

func earlier(a, b Line) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) }

func (f Finding) name() string {
	if f.Payout != nil {
		return f.Payout.Key
	}
	return f.Lines[0].ID
}

// stray is a line that belongs to no payout of ours. A word about an order moves
// no money, so it is a finding only where it bears a name of ours.
func stray(l Line) Finding {
	f := Finding{Class: TheirsOnly, Why: NoKey, Lines: []Line{l}, At: l.At}
	if l.Key != "" {
		f.Why = UnknownKey
	}
	switch l.Side {
	case Out:
		f.Theirs.Out = l.Amount
	case Back:
		f.Theirs.Back = l.Amount
	case Said:
		if l.Key == "" || !l.Paid {
			f.Class, f.Why = Matched, Same
		}
	}
	return f
}

// heard is what the lines of one payout come to.
type heard struct {
	sums        Sums
	outs, backs int  // lines
	mixed       bool // they can't be summed in the payout's currency
	paid        bool // they said so, beside what they booked
	refused     bool
}

func hear(c money.Currency, lines []Line) (h heard) {
	h.sums = Sums{money.New(0, c), money.New(0, c)}
	add := func(to *money.Amount, a money.Amount) {
		sum, err := to.Add(a)
		if err != nil || a.IsNegative() {
			h.mixed = true
			return
		}
		*to = sum
	}
	for _, l := range lines {
		switch l.Side {
		case Out:
			h.outs++
			add(&h.sums.Out, l.Amount)
		case Back:
			h.backs++
			add(&h.sums.Back, l.Amount)
		case Said:
			h.paid, h.refused = h.paid || l.Paid, h.refused || l.Refused
		}
	}
	if h.mixed {
		h.sums = Sums{}
	}
	return h
}

func judge(p Payout, lines []Line) Finding {
	c := p.Ordered.Currency()
	h := hear(c, lines)
	f := Finding{Payout: &p, Theirs: h.sums, Lines: lines, At: p.At}
	if f.Class, f.Why = compare(p.Recorded.in(c), p.Ledger.in(c), h); p.Open && f.Class == TheirsOnly {
		f.Class = AmountDiffers // both know of it
		switch {
		case f.Why == NotPaidHere && h.outs > 0 && h.sums.Out != p.Ordered:
			f.Why = OtherAmount
		case f.Why == NotPaidHere:
			f.Why = StillOpen
		}
	}
	return f
}

// in is s with nothing written as an amount.
func (s Sums) in(c money.Currency) Sums {
	for _, a := range []*money.Amount{&s.Out, &s.Back} {
		if !a.IsSet() {
			*a = money.New(0, c)
		}
	}
	return s
}

func compare(ours, ledger Sums, h heard) (Class, Why) {
	booked := h.outs+h.backs > 0
	switch {
	case ours != ledger:
		return AmountDiffers, Ledger
	case h.mixed && ours.Out.IsZero():
		return TheirsOnly, OtherCurrency
	case h.mixed:
		return AmountDiffers, OtherCurrency
	case !booked:
		return unbooked(ours, h)
	case ours.Out.IsZero() && h.sums.Out == h.sums.Back: // it came back before anybody knew that it had moved
		if h.outs > 1 {
			return Duplicate, Twice
		}
		return Matched, Same
	case ours.Out.IsZero():
		return TheirsOnly, NotPaidHere
	case h.outs == 0:
		return OursOnly, OnlyBack
	case h.outs > 1 && more(h.sums.Out, ours.Out):
		return Duplicate, Twice
	case h.sums.Out != ours.Out:
		return AmountDiffers, OtherAmount
	case h.backs > 1 && more(h.sums.Back, ours.Back):
		return Duplicate, BackTwice
	case h.sums.Back == ours.Back:
		return Matched, Same
	case ours.Back.IsZero():
		return AmountDiffers, NotBackHere
	case h.sums.Back.IsZero():
		return AmountDiffers, NotBackThere
	}
	return AmountDiffers, OtherAmount
}

// unbooked is how a payout stands of which they booked nothing.
func unbooked(ours Sums, h heard) (Class, Why) {
	switch {
	case ours.Out.IsZero() && h.paid:
		return TheirsOnly, NotPaidHere
	case ours.Out.IsZero():
		return Matched, Same
	case h.paid:
		return OursOnly, OnlySaid
	case h.refused:
		return OursOnly, Refused
	}
	return OursOnly, NotBooked
}

func more(a, b money.Amount) bool {
	less, err := b.Less(a)
	return err == nil && less
}
