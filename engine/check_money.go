package engine

import (
	"errors"

	"penstock/engine/ledger"
	"penstock/engine/payout"
	"penstock/store"
)

// sums are what a deposit account's payouts make of it, in minor units.
type sums struct{ held, paid, fee, returned int64 }

// with adds a payout. Like moves, but from the end: what stands, not what
// happened.
func (s *sums) with(p payout.Payout) *sums {
	if s == nil {
		s = &sums{}
	}
	moved := p.Moved.Minor()
	switch {
	case !p.Status.Ended():
		s.held += total(p).Minor()
	case p.Status == payout.Paid || p.Status == payout.PartlyPaid:
		s.paid, s.fee = s.paid+moved, s.fee+p.Fee.Minor()
	case p.Status == payout.Returned && moved > 0:
		s.paid, s.fee, s.returned = s.paid+moved, s.fee+p.Fee.Minor(), s.returned-moved
	case moved > 0: // paid after all
		s.paid += moved
	}
	return s
}

// deposits holds each ledger against itself, posting by posting, and against
// the payouts that were made from it; over all of them it must sum to zero.
func (k *check) deposits(tx store.Tx) error {
	var trial ledger.Trial
	err := scoped(k, tx, bucketDeposit, func(s Scope, id string, d *Deposit) error {
		b, err := loadBalance(tx, s, id)
		if errors.Is(err, store.ErrNotFound) {
			k.found("deposit account %s has no ledger", id)
			return nil
		}
		if err != nil {
			return err
		}
		trial.Add(b.Balance)
		want := k.money[string(s.key(id))]
		if want == nil {
			want = &sums{}
		}
		delete(k.money, string(s.key(id)))
		if b.Balance.Held != want.held || b.Balance.Paid != want.paid || b.Balance.Returned != want.returned || b.Balance.Fee < want.fee {
			k.found("deposit account %s holds %d, has paid %d and got back %d; its payouts make %d, %d and %d", id, b.Balance.Held, b.Balance.Paid, b.Balance.Returned, want.held, want.paid, want.returned)
		}
		return k.ledger(tx, s, d, b)
	})
	for at, m := range k.money {
		if *m != (sums{}) {
			k.found("payouts were made from a deposit account that does not exist (%q)", at)
		}
	}
	if err == nil && !trial.Zero() {
		k.found("the deposit accounts' ledgers don't sum to zero")
	}
	return err
}

func (k *check) ledger(tx store.Tx, s Scope, d *Deposit, b *balance) error {
	head := ledger.Head{Balance: ledger.New(d.Currency)}
	err := each(tx, bucketPosting, s.key(d.ID, ""), func(row store.Pair) error {
		k.Counts[bucketPosting]++
		p, err := decode[ledger.Posting](bucketPosting, row.Value)
		if err != nil {
			k.found("ledger of deposit account %s: %v", d.ID, err)
			return nil
		}
		var faults []ledger.Fault
		head, faults = head.Verify(*p)
		for _, f := range faults {
			k.found("ledger of deposit account %s: %v", d.ID, f)
		}
		return nil
	})
	if err == nil && head != b.Head {
		k.found("deposit account %s stands at posting %d with %+v, and its ledger at %d with %+v", d.ID, b.Seq, b.Balance, head.Seq, head.Balance)
	}
	return err
}

// queues holds the rows of those that wait for money against the records.
func (k *check) queues(tx store.Tx) error {
	return k.index(tx, bucketQueue, "a queue names a request that doesn't wait for money", "%d requests wait for money in no queue: they would be forgotten")
}
