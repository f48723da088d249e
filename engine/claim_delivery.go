package engine

import (
	"errors"
	"fmt"
	"time"

	"penstock/store"
)

// delivery claims a message, unless one that goes first has not been tried yet.
func (c *claims) delivery(tx store.Tx, row dueRow) error {
	d, err := load[Delivery](tx, bucketDelivery, row.key(row.id))
	if err != nil {
		return fmt.Errorf("due row of a delivery: %w", err)
	}
	if d.Due.UnixMicro() != row.at.UnixMicro() { // rows are written to the microsecond
		return c.orphan(tx, row)
	}
	was := d.Due
	if d.After != "" {
		first, err := untried(tx, row.Scope, d.After)
		if err != nil {
			return err
		}
		if waited := c.now.Sub(d.Created); first && waited >= 0 && waited < patientFor && c.e.inHand(dueRow{kind: dueDelivery, Scope: row.Scope, id: d.After}) {
			c.left++ // whoever has that in hand rings
			return nil
		}
		if first {
			d.Due = c.now.Add(untilNext(c.now.Sub(d.Created))) // the one before has its first try first
			return saveDelivery(tx, row.Scope, d, was)
		}
	}
	lane := d.lane(row.Scope)
	if !c.canTake(lane) {
		return c.leave(tx, row, lane)
	}
	to, err := c.e.endpointOf(tx, row.Scope, d.Endpoint)
	if err != nil {
		return err
	}
	d.Due = c.now.Add(c.e.Timing.Deliver + c.e.Timing.Lease)
	if err := saveDelivery(tx, row.Scope, d, was); err != nil {
		return err
	}
	c.add(job{dueRow: row, lane: lane, message: d, to: to})
	return nil
}

// patientFor is how long a delivery stays where it is due behind one that is
// being sent: those that land at once cost no writing, and behind a receiver
// that hangs few rows stand in the way of others.
const patientFor = time.Second

// untried says whether a delivery's first attempt is still to come.
func untried(tx store.Tx, s Scope, id string) (bool, error) {
	record, err := tx.Get(bucketDelivery, s.key(id))
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read %s: %w", bucketDelivery, err)
	}
	return isUntried(record)
}

// untilNext is how long a delivery goes on waiting for the first try of the one
// before it: half of what it has waited, so that news which lands at once is
// followed at once, and behind a receiver that hangs few rows are moved.
func untilNext(waited time.Duration) time.Duration {
	if waited < 0 { // the clock was set back
		return 100 * time.Millisecond
	}
	return min(max(waited/2, 5*time.Millisecond), time.Second)
}
