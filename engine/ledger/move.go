package ledger

import (
	"fmt"

	"penstock/engine/money"
)

// Move is what shall happen to a balance; Post checks it and makes it a
// posting.
type Move struct {
	kind   Kind
	amount money.Amount // may be negative in an adjustment alone
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
func Settle(held, moved money.Amount) Move {
	return Move{kind: KindSettle, amount: held, moved: moved}
}

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
// turns out to have been paid, or what was moved beyond its hold. It asks for
// no limits: the money has gone.
func Late(a money.Amount) Move { return Move{kind: KindLate, amount: a} }

// check refuses a move that means nothing, is of another currency than b, or
// that b can't afford.
func (m Move) check(b Balance) error {
	if b.Currency.IsZero() || m.amount.Currency() != b.Currency {
		return fmt.Errorf("%w: %s on a deposit account of %s", money.ErrMixed, m.amount.Currency(), b.Currency)
	}
	if err := m.fits(); err != nil || m.kind != KindHold {
		return err
	}
	spendable, err := Spendable(b, m.limits)
	if err != nil {
		return err
	}
	short, err := spendable.Less(m.amount)
	if err == nil && short {
		err = fmt.Errorf("%w: %s of %s", ErrShort, spendable, m.amount)
	}
	return err
}

// fits refuses amounts that the kind of move can't have.
func (m Move) fits() error {
	if _, err := m.amount.Neg(); err != nil { // the one number without an opposite
		return err
	}
	switch m.kind {
	case KindAdjust:
		if m.amount.IsZero() {
			return fmt.Errorf("%w: an adjustment of nothing", ErrAmount)
		}
		return nil
	case KindSettle:
		over, err := m.amount.Less(m.moved)
		if err != nil {
			return err
		}
		if over || !m.moved.IsPositive() {
			return fmt.Errorf("%w: what moved must be above zero and at most what was held", ErrAmount)
		}
	}
	if !m.amount.IsPositive() {
		return fmt.Errorf("%w: it must be above zero", ErrAmount)
	}
	return nil
}

// vector is what m adds to each account.
func (m Move) vector() vector {
	a, moved := m.amount.Minor(), m.moved.Minor()
	switch m.kind {
	case KindTopUp:
		return Balance{Available: a, TopUp: -a}.vector()
	case KindHold:
		return Balance{Available: -a, Held: a}.vector()
	case KindRelease:
		return Balance{Available: a, Held: -a}.vector()
	case KindSettle:
		return Balance{Available: a - moved, Held: -a, Paid: moved}.vector()
	case KindReturn:
		return Balance{Available: a, Returned: -a}.vector()
	case KindAdjust:
		return Balance{Available: a, Adjustment: -a}.vector()
	case KindFee:
		return Balance{Available: -a, Fee: a}.vector()
	case KindLate:
		return Balance{Available: -a, Paid: a}.vector()
	}
	return vector{} // which Post refuses
}

// moveOf is the move that a posting's kind and entries tell of; what it can't
// be shows when its vector isn't that of the entries.
func moveOf(kind Kind, v vector, c money.Currency) Move {
	is := v.balance(c)
	m := Move{kind: kind}
	switch kind {
	case KindTopUp, KindRelease, KindReturn, KindAdjust:
		m.amount = money.New(is.Available, c)
	case KindHold:
		m.amount = money.New(is.Held, c)
	case KindSettle:
		m.amount, m.moved = money.New(-is.Held, c), money.New(is.Paid, c)
	case KindFee:
		m.amount = money.New(is.Fee, c)
	case KindLate:
		m.amount = money.New(is.Paid, c)
	}
	return m
}
