package engine

import (
	"penstock/engine/payout"
	"penstock/store"
)

// stageCheck is the rows of bucket stages that records ask for.
type stageCheck struct {
	last map[Scope]string // id of the last request that is sorted in
	rows map[string]bool  // must stand
	may  map[string]bool  // may stand: of a payment that came back later
}

func newStageCheck() *stageCheck {
	return &stageCheck{map[Scope]string{}, map[string]bool{}, map[string]bool{}}
}

func (c *stageCheck) ask(tx store.Tx, s Scope, r *Request) error {
	last, known := c.last[s]
	if !known {
		var err error
		if last, err = sortedUpTo(tx, s); err != nil {
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
	return nil
}

// byStage holds the rows that stand against those that records ask for.
func (k *check) byStage(tx store.Tx) error {
	err := each(tx, bucketStages, nil, func(p store.Pair) error {
		k.Counts[bucketStages]++
		_, rest, err := cutScope(p.Key)
		if err != nil {
			k.found("stages: %v", err)
			return nil
		}
		if len(rest) == 0 { // how far it goes
			return nil
		}
		if !k.stages.rows[string(p.Key)] && !k.stages.may[string(p.Key)] {
			k.found("a row of a stage leads to no request of that stage: %s", rest)
		}
		delete(k.stages.rows, string(p.Key))
		return nil
	})
	if n := len(k.stages.rows); n > 0 {
		k.found("%d rows of stages are missing: lists by status would pass requests by", n)
	}
	return err
}
