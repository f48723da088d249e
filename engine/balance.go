package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"penstock/engine/ledger"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/store"
)

// balance is where a deposit account's ledger stands. Its postings lie beside
// it, one row each, and both are written in the transaction of what caused
// them, so no two payouts spend the same money.
type balance struct {
	ledger.Head
	turnover
}

// playMoney is what a test account opens with, in minor units.
const playMoney = 1_000_000_000_000_000

func loadBalance(tx store.Tx, s Scope, deposit string) (*balance, error) {
	b, err := load[balance](tx, bucketBalance, s.key(deposit))
	if err != nil {
		return nil, fmt.Errorf("balance of deposit account %s: %w", deposit, err)
	}
	return b, nil
}

func postingKey(s Scope, deposit string, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(s.key(deposit, ""), seq)
}

// bookMove makes a posting of a deposit account's ledger.
func bookMove(tx store.Tx, s Scope, now time.Time, deposit string, m ledger.Move, c ledger.Cause) error {
	b, err := loadBalance(tx, s, deposit)
	if err != nil {
		return err
	}
	if err := b.book(tx, s, now, deposit, m, c); err != nil {
		return err
	}
	return keep(tx, bucketBalance, s.key(deposit), b)
}

func (b *balance) book(tx store.Tx, s Scope, now time.Time, deposit string, m ledger.Move, c ledger.Cause) error {
	head, p, err := b.Post(now, m, c)
	if err != nil {
		return fmt.Errorf("book %s on deposit account %s: %w", m.Kind(), deposit, err)
	}
	b.Head = head
	return keep(tx, bucketPosting, postingKey(s, deposit, p.Seq), p)
}

// openBalance begins the ledger of a new deposit account; test money is put
// in at once.
func openBalance(tx store.Tx, s Scope, now time.Time, d *Deposit) error {
	b := &balance{Head: ledger.Head{Balance: ledger.New(d.Currency)}}
	if s.Mode == Test {
		m := ledger.Deposited(money.New(playMoney, d.Currency))
		if err := b.book(tx, s, now, d.ID, m, ledger.Cause{By: "penstock", Text: "play money"}); err != nil {
			return err
		}
	}
	return keep(tx, bucketBalance, s.key(d.ID), b)
}

// total is what a payout takes from its deposit account, its fee included.
func total(p payout.Payout) money.Amount {
	if !p.Fee.IsSet() {
		return p.Amount
	}
	sum, err := p.Amount.Add(p.Fee)
	if err != nil {
		panic(fmt.Sprintf("payout %s: %v with a fee of %v", p.ID, p.Amount, p.Fee)) // checked when it was decided
	}
	return sum
}

// hold sets a new payout's money aside, in the transaction that makes it.
func hold(tx store.Tx, s Scope, request string, l ledger.Limits, p payout.Payout) error {
	b, err := loadBalance(tx, s, p.Deposit)
	if err != nil {
		return err
	}
	if a := total(p); a.IsPositive() {
		err := b.book(tx, s, p.Created, p.Deposit, ledger.Hold(a, l), cause(request, p, "penstock"))
		if errors.Is(err, ledger.ErrShort) {
			return &Error{Code: CodeFunds, Object: ObjPayout, Message: "the deposit account holds too little", Hint: "top up the deposit account in " + a.Currency().Code()}
		}
		if err != nil {
			return err
		}
	}
	b.leaves(p.Created, p.Amount.Minor())
	return keep(tx, bucketBalance, s.key(p.Deposit), b)
}

func cause(request string, p payout.Payout, by string) ledger.Cause {
	return ledger.Cause{Request: request, Payout: p.ID, By: by}
}

// bookStep moves a payout's money as the payout moved: its hold ends when it has
// ended, what was paid stays out, what came back is available again.
func (e *Engine) bookStep(tx store.Tx, s Scope, now time.Time, request, by string, was, is payout.Payout) error {
	if was.Status == is.Status || total(is).IsZero() {
		return nil
	}
	steps := e.Rules.Moves(was, is, moves(was, is))
	if len(steps) == 0 {
		return nil
	}
	b, err := loadBalance(tx, s, is.Deposit)
	if err != nil {
		return err
	}
	for _, m := range steps {
		if err := b.book(tx, s, now, is.Deposit, m, cause(request, is, by)); err != nil {
			return err
		}
	}
	if is.Status == payout.Failed || is.Status == payout.Cancelled {
		b.stays(is.Created, is.Amount.Minor())
	}
	return keep(tx, bucketBalance, s.key(is.Deposit), b)
}

// moves is what a step of a payout means to the ledger.
func moves(was, is payout.Payout) (out []ledger.Move) {
	held := total(is)
	switch is.Status {
	case payout.Failed, payout.Cancelled:
		return []ledger.Move{ledger.Release(held)}
	case payout.Paid, payout.PartlyPaid:
		out = []ledger.Move{ledger.Settle(held, is.Moved)}
		if is.Fee.IsPositive() {
			out = append(out, ledger.Charged(is.Fee))
		}
	case payout.Returned:
		if !was.Status.Ended() { // it moved and came back before anybody said that it had moved
			return []ledger.Move{ledger.Release(held)}
		}
		return []ledger.Move{ledger.Return(is.Moved)}
	}
	return out
}

// Postings returns lines of a deposit account's ledger, the newest first:
// those below a sequence number (zero: from the newest), at most limit.
func (e *Engine) Postings(ctx context.Context, s Scope, deposit string, before uint64, limit int) ([]ledger.Posting, error) {
	return read(ctx, e, func(tx store.Tx) (out []ledger.Posting, err error) {
		if _, err := find[Deposit](tx, bucketDeposit, ObjDeposit, s, deposit); err != nil {
			return nil, err
		}
		to := after(s.key(deposit, ""))
		if before > 0 {
			to = postingKey(s, deposit, before)
		}
		page, err := tx.Scan(bucketPosting, s.key(deposit, ""), to, min(max(limit, 1), 1000), true)
		if err != nil {
			return nil, fmt.Errorf("scan postings: %w", err)
		}
		for _, row := range page {
			p, err := decode[ledger.Posting](bucketPosting, row.Value)
			if err != nil {
				return nil, err
			}
			out = append(out, *p)
		}
		return out, nil
	})
}

// BalanceAt is what stood on a deposit account at a moment: after the last
// posting that is not later. Postings are dated by the wall clock and follow
// each other in their numbers, so a clock that was set back is passed over.
func (e *Engine) BalanceAt(ctx context.Context, s Scope, deposit string, at time.Time) (ledger.Balance, error) {
	return read(ctx, e, func(tx store.Tx) (ledger.Balance, error) {
		d, err := find[Deposit](tx, bucketDeposit, ObjDeposit, s, deposit)
		if err != nil {
			return ledger.Balance{}, err
		}
		b, err := loadBalance(tx, s, deposit)
		if err != nil {
			return ledger.Balance{}, err
		}
		low, high := uint64(0), b.Seq // the posting wanted lies in (low, high], or is low
		found := ledger.New(d.Currency)
		for low < high {
			mid := high - (high-low)/2
			p, err := load[ledger.Posting](tx, bucketPosting, postingKey(s, deposit, mid))
			if err != nil {
				return ledger.Balance{}, fmt.Errorf("posting %d of deposit account %s: %w", mid, deposit, err)
			}
			if p.At.After(at) {
				high = mid - 1
			} else {
				low, found = mid, p.After
			}
		}
		return found, nil
	})
}
