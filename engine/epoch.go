package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"penstock/store"
)

// rebase repairs the timetable after the wall clock was set back. The last
// wall time that the store has seen is kept in it; when now lies before, every
// row of work lies too late by at least the difference, and moves by it. A
// clock set forward needs nothing: work comes early, and what must not be
// early is measured in monotonic time (rule 8).
//
// off is how far the clock was moved, where that is known.
func (e *Engine) rebase(tx store.Tx, now time.Time, off time.Duration) error {
	seen, err := lastSeen(tx)
	if err != nil {
		return err
	}
	if err := sawWall(tx, now); err != nil {
		return err
	}
	back := max(seen.Sub(now), -off)
	if !e.Rules.Rebase(back >= stepAt) {
		return nil
	}
	rows, err := futureWork(tx, now)
	if err != nil {
		return err
	}
	for _, row := range rows {
		to := row.at.Add(-back)
		if to.Before(now) {
			to = now
		}
		if err := setDue(tx, row, to); err != nil {
			return err
		}
	}
	return nil
}

// futureWork lists the rows of work after now. What a
// merchant has dated, such as an expiry, keeps its date.
func futureWork(tx store.Tx, now time.Time) (rows []dueRow, err error) {
	from := binary.BigEndian.AppendUint64(nil, uint64(now.UnixMicro()))
	for {
		page, err := tx.Scan(bucketDue, from, nil, 1000, false)
		if err != nil {
			return nil, fmt.Errorf("scan due rows: %w", err)
		}
		for _, p := range page {
			row, err := parseDue(p.Key)
			if err != nil {
				return nil, err
			}
			if row.kind != dueRequest {
				rows = append(rows, row)
			}
		}
		if len(page) < 1000 {
			return rows, nil
		}
		from = append(page[len(page)-1].Key, 0)
	}
}

// setDue moves the work of one row, record and row together.
func setDue(tx store.Tx, row dueRow, to time.Time) error {
	if row.kind == dueErase {
		return moveDue(tx, row.kind, row.Scope, row.id, row.at, to)
	}
	if row.kind == dueDelivery {
		d, err := load[Delivery](tx, bucketDelivery, row.key(row.id))
		if err != nil {
			return err
		}
		from := d.Due
		d.Due = to
		return saveDelivery(tx, row.Scope, d, from)
	}
	if row.kind == duePayment {
		return movePayment(tx, row, to)
	}
	if row.kind == dueStep {
		r, err := loadRequest(tx, row.Scope, row.id)
		if err != nil {
			return err
		}
		was := r.dues()
		r.Next = to
		return saveRequest(tx, row.Scope, r, was)
	}
	r, i, err := loadPayout(tx, row.Scope, row.id)
	if err != nil {
		return err
	}
	was := r.dues()
	r.Payouts[i].Due = to
	return saveRequest(tx, row.Scope, r, was)
}

func lastSeen(tx store.Tx) (time.Time, error) {
	raw, err := tx.Get(bucketMeta, []byte("seen"))
	if errors.Is(err, store.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil || len(raw) != 8 {
		return time.Time{}, fmt.Errorf("read the last time seen (%d bytes): %w", len(raw), err)
	}
	return time.UnixMicro(int64(binary.BigEndian.Uint64(raw))).UTC(), nil
}

func sawWall(tx store.Tx, now time.Time) error {
	if err := tx.Put(bucketMeta, []byte("seen"), binary.BigEndian.AppendUint64(nil, uint64(now.UnixMicro()))); err != nil {
		return fmt.Errorf("write the last time seen: %w", err)
	}
	return nil
}
