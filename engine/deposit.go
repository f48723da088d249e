package engine

import (
	"errors"
	"fmt"

	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/store"
)

// Deposit is the account from which a scope pays one currency: play money in
// test mode, and the stand-in for the ledger. In minor units; what is
// available, held and paid always adds up to what was put in.
type Deposit struct {
	Currency  money.Currency `json:"currency"`
	Funded    int64          `json:"funded"`
	Available int64          `json:"available"`
	Held      int64          `json:"held"`
	Paid      int64          `json:"paid"`
}

// playMoney is what a test account opens with, in minor units.
const playMoney = 1_000_000_000_000_000

func loadDeposit(tx store.Tx, s Scope, c money.Currency) (*Deposit, error) {
	d, err := load[Deposit](tx, bucketDeposit, s.key(c.Code()))
	if !errors.Is(err, store.ErrNotFound) {
		return d, err
	}
	d = &Deposit{Currency: c}
	if s.Mode == Test {
		d.Funded, d.Available = playMoney, playMoney
	}
	return d, nil
}

// hold sets a new payout's money aside, in the transaction that makes it, so
// that no two payouts spend the same.
func hold(tx store.Tx, s Scope, p payout.Payout) error {
	d, err := loadDeposit(tx, s, p.Amount.Currency())
	if err != nil {
		return err
	}
	if d.Available < p.Amount.Minor() {
		return &Error{Code: CodeFunds, Object: ObjPayout, Message: "the deposit account holds too little", Hint: "top up the deposit account in " + d.Currency.Code()}
	}
	d.Available -= p.Amount.Minor()
	d.Held += p.Amount.Minor()
	return d.save(tx, s)
}

// post moves the money between available, held and paid as the payout moved.
func post(tx store.Tx, s Scope, was, is payout.Payout) error {
	if was.Status == is.Status {
		return nil
	}
	d, err := loadDeposit(tx, s, is.Amount.Currency())
	if err != nil {
		return err
	}
	heldWas, paidWas := booked(was)
	heldIs, paidIs := booked(is)
	if heldWas == heldIs && paidWas == paidIs {
		return nil
	}
	d.Held += heldIs - heldWas
	d.Paid += paidIs - paidWas
	d.Available = d.Funded - d.Held - d.Paid
	if d.Held < 0 || d.Paid < 0 || d.Available < 0 {
		return fmt.Errorf("deposit %s would hold %d, have paid %d and keep %d after payout %s", d.Currency, d.Held, d.Paid, d.Available, is.ID)
	}
	return d.save(tx, s)
}

// booked is what a payout holds and what it has paid, in minor units.
func booked(p payout.Payout) (held, paid int64) {
	switch p.Status {
	case payout.Paid, payout.PartlyPaid:
		return 0, p.Moved.Minor()
	case payout.Failed, payout.Cancelled, payout.Returned:
		return 0, 0
	}
	return p.Amount.Minor(), 0
}

func (d *Deposit) save(tx store.Tx, s Scope) error {
	return keep(tx, bucketDeposit, s.key(d.Currency.Code()), d)
}
