package ledger

import "penstock/engine/money"

// Move is what shall happen to a balance; Post checks it and makes it a
// posting.
type Move struct {
	kind   Kind
	amount money.Amount
	moved  money.Amount // of a settlement
	limits Limits       // of a hold
}

// Kind is what m would record.
func (m Move) Kind() Kind { return m.kind }

// Deposited (topup -> available): money was put in. a is above zero.
func Deposited(a money.Amount) Move { return Move{kind: KindTopUp, amount: a} }

// Hold (available -> held) sets a payout's money aside. a is above zero and
// at most Spendable, else Post refuses with ErrShort.
func Hold(a money.Amount, l Limits) Move { return Move{kind: KindHold, amount: a, limits: l} }

// Release (held -> available) gives back what a payout held that has failed
// for certain or was cancelled; a is its whole hold.
func Release(a money.Amount) Move { return Move{kind: KindRelease, amount: a} }

// Settle (held -> paid, the rest -> available) ends the hold of a payout that
// was paid; moved is above zero and at most held.
func Settle(held, moved money.Amount) Move { return Move{kind: KindSettle, amount: held, moved: moved} }

// Return (returned -> available) takes back what a payout had moved; a is
// above zero and at most what was paid and hasn't come back.
func Return(a money.Amount) Move { return Move{kind: KindReturn, amount: a} }

// Adjust (adjustment -> available, or back for a negative a) sets the books
// right by a person's word.
func Adjust(a money.Amount) Move { return Move{kind: KindAdjust, amount: a} }

// Charged (available -> fee) books a fee that the provider took; a is above
// zero.
func Charged(a money.Amount) Move { return Move{kind: KindFee, amount: a} }

// Late (available -> paid) books a payout whose hold was released and which
// turns out to have been paid, or what was moved beyond its hold.
func Late(a money.Amount) Move { return Move{kind: KindLate, amount: a} }
