package engine

import (
	"penstock/engine/payout"
	"penstock/store"
)

// stageCheck is the rows of bucket stages that records ask for.
type stageCheck struct {
	last map[Scope]string // id of the last request that is sorted in
	rows map[string]bool  // must stand
	may  map[string]bool  // may stand: of what has changed since
}

func newStageCheck() *stageCheck {
	return &stageCheck{map[Scope]string{}, map[string]bool{}, map[string]bool{}}
}

func (c *stageCheck) ask(tx store.Tx, s Scope, r *Request) error {
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
	c.rows[string(stageKey(s, r.Stage, r.ID))] = true
	if r.Stage == payout.GivenBack {
		c.may[string(stageKey(s, payout.AllPaid, r.ID))] = true
		c.may[string(stageKey(s, payout.SomePaid, r.ID))] = true
	}
	for i := range r.Payouts {
		status := r.Payouts[i].Status
		if apart(status, r.Stage) {
			c.rows[string(statusKey(s, status, r.ID))] = true
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

// byStage holds the rows that stand against those that records ask for.
func (k *check) byStage(tx store.Tx) error {
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
		if !k.stages.rows[string(p.Key)] && !k.stages.may[string(p.Key)] {
			k.found("a row of a stage leads to no request of that stage, or with such a payout: %s", rest)
		}
		delete(k.stages.rows, string(p.Key))
		return nil
	})
	if n := len(k.stages.rows); n > 0 {
		k.found("%d rows of stages are missing: lists by status would pass requests by", n)
	}
	return err
}
