package engine

import (
	"errors"
	"fmt"

	"penstock/engine/payout"
	"penstock/store"
)

// stageCheck is the rows of bucket stages that records ask for. Requests come in
// the order of their ids, slot after slot, and those of one slot share rows: so
// only the rows of one slot are kept at a time.
type stageCheck struct {
	last map[Scope]string // id of the last request that is sorted in
	slot string           // scope and slot of those that follow
	must map[string]bool
	may  map[string]bool // may stand: of what has changed since
}

func newStageCheck() *stageCheck {
	return &stageCheck{last: map[Scope]string{}, must: map[string]bool{}, may: map[string]bool{}}
}

func (k *check) askStages(tx store.Tx, s Scope, r *Request) error {
	c := k.stages
	last, known := c.last[s]
	if !known {
		var err error
		if last, _, err = sortedUpTo(tx, s); err != nil {
			return err
		}
		c.last[s] = last
	}
	if r.ID > last {
		return nil
	}
	if slot := string(s.key(slotOf(r.ID))); slot != c.slot {
		if err := k.askSlot(tx); err != nil {
			return err
		}
		c.slot = slot
	}
	c.must[string(stageKey(s, r.Stage, r.ID))] = true
	if r.Stage == payout.GivenBack {
		c.may[string(stageKey(s, payout.AllPaid, r.ID))] = true
		c.may[string(stageKey(s, payout.SomePaid, r.ID))] = true
	}
	for i := range r.Payouts {
		status := r.Payouts[i].Status
		if apart(status, r.Stage) {
			c.must[string(statusKey(s, status, r.ID))] = true
		}
		if status == payout.Returned {
			c.may[string(statusKey(s, payout.PartlyPaid, r.ID))] = true
		}
		if status == payout.Returned || status == payout.Paid { // it was so before the request was
			c.may[string(statusKey(s, payout.Paid, r.ID))] = true
		}
	}
	return nil
}

// askSlot asks for the rows of the slot that has ended, each once.
func (k *check) askSlot(tx store.Tx) error {
	c := k.stages
	for key := range c.may {
		if c.must[key] {
			continue
		}
		if err := k.askIfStands(tx, bucketStages, []byte(key)); err != nil {
			return err
		}
	}
	for key := range c.must {
		k.rows.ask(bucketStages, []byte(key), "")
	}
	clear(c.may)
	clear(c.must)
	return nil
}

// askIfStands asks for a row that may stand and need not.
func (k *check) askIfStands(tx store.Tx, bucket string, key []byte) error {
	_, err := tx.Get(bucket, key)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", bucket, err)
	}
	k.rows.ask(bucket, key, "")
	return nil
}

// byStage holds the rows that stand against those that records ask for.
func (k *check) byStage(tx store.Tx) error {
	if err := k.askSlot(tx); err != nil {
		return err
	}
	err := each(tx, bucketStages, nil, func(p store.Pair) error {
		k.Counts[bucketStages]++
		s, rest, err := cutScope(p.Key)
		if err != nil {
			k.found("stages: %v", err)
			return nil
		}
		if len(rest) == 0 || k.stages.last[s] == "" { // how far it goes, or of another form, which nobody reads
			return nil
		}
		if !k.rows.stands(bucketStages, p.Key, "") {
			k.found("a row of a stage leads to no request of that stage, or with such a payout: %s", rest)
		}
		return nil
	})
	if n := len(k.rows.missing(bucketStages)); n > 0 {
		k.found("%d rows of stages are missing: lists by status would pass requests by", n)
	}
	return err
}
