package bolt

import (
	"errors"
	"fmt"
	"slices"

	"penstock/store"
)

// lazy is the committer's side of the lazy buckets.
type lazy struct {
	limits  limits
	journal journal
	logs    []string // that hold what the table does
	tasks   []*task
	bottom  bool // no lazy bucket has anything in bbolt's bucket of its name
	lastRun uint64
	owed    int  // bytes that are to be moved
	step    int  // bytes of the next step
	stuck   bool // there was no room for the last step
	ahead   ahead
}

// limits are when the lazy buckets do what. Tests make them small.
type limits struct {
	table int // bytes of a table in memory, at which it is frozen
	step  int // bytes moved in one transaction
	runs  int // of a level, at which they are merged
	early int // bytes of hashes that Open reads before it returns
}

// flush is the task that writes a table out, or nil.
func (l *lazy) flush() *task {
	for _, t := range l.tasks {
		if t.table != nil {
			return t
		}
	}
	return nil
}

// with is what the transaction with an id makes of the lazy buckets that gives
// them fresh entries, in key order.
func (v *version) with(id int, fresh []entry) *version {
	next := v.after(id)
	if len(fresh) > 0 {
		next.tables = slices.Clone(v.tables)
		next.tables[0] = next.tables[0].with(fresh)
	}
	return next
}

// freeze makes a full table a task. Nothing changes in the file but the name
// of the log that comes next.
func (c *committer) freeze() {
	l, current := &c.lazy, c.store.versions.current
	full := current.tables[0]
	l.tasks = append(l.tasks, &task{to: l.newRun(0), table: full, logs: l.logs, bottom: l.bottom && len(current.runs) == 0, fault: c.store.opt.fault})
	l.journal.start(l.journal.generation + 1)
	l.logs = nil
	now := *current
	now.tables = []*table{newTable(l.limits.table), full}
	c.store.versions.mu.Lock()
	defer c.store.versions.mu.Unlock()
	c.store.versions.current = &now
}

func (l *lazy) newRun(level byte) runName {
	l.lastRun++
	return runName{level, l.lastRun}
}

// plan starts the merges that have become due: of all runs of a level, when
// there are many and none of it is being merged.
func (l *lazy) plan(runs []*run) {
	var levels [][]runName
	for _, r := range runs {
		for len(levels) <= int(r.level)+1 {
			levels = append(levels, nil)
		}
		levels[r.level] = append(levels[r.level], r.runName)
	}
	for _, t := range l.tasks {
		if at := int(t.to.level); at < len(levels) { // what is being made is nobody's source yet
			levels[at] = slices.DeleteFunc(levels[at], func(n runName) bool { return n == t.to })
		}
		if t.table == nil && t.to.level > 0 {
			levels[t.to.level-1] = nil
		}
	}
	for level, names := range levels {
		if len(names) >= l.limits.runs {
			oldest := runs[len(runs)-1].runName == names[len(names)-1]
			l.tasks = append(l.tasks, &task{to: l.newRun(byte(level + 1)), runs: names, bottom: l.bottom && oldest})
		}
	}
}

// next is the task to work on: the lowest, since others wait for it. Runs can
// only be merged when it is known what they have.
func (l *lazy) next(known bool) *task {
	var next *task
	for _, t := range l.tasks {
		if t.table != nil {
			return t
		}
		if known && (next == nil || t.to.level < next.to.level) {
			next = t
		}
	}
	return next
}

// full says whether the table is to be written out.
func (c *committer) full() bool {
	return c.store.versions.current.tables[0].bytes >= c.lazy.limits.table
}

// urgent says whether writing must wait for the table that is being written
// out.
func (c *committer) urgent() bool {
	t := c.lazy.flush()
	return t != nil && (c.full() || t.table.bytes > 4*c.lazy.limits.table)
}

// swamped says whether the table is far beyond its bound, because there is no
// room to write out another.
func (c *committer) swamped() bool {
	return c.lazy.stuck && c.store.versions.current.tables[0].bytes >= 4*c.lazy.limits.table
}

// wrote is told of bytes that a batch put to the log. For each about twice as
// much is to be moved as there are levels to pass, so that tasks end in time.
func (l *lazy) wrote(n int, runs []*run) {
	l.journal.reset()
	if n > 0 && !slices.Contains(l.logs, l.journal.name) {
		l.logs = append(l.logs, l.journal.name)
	}
	levels := 1
	if len(runs) > 0 {
		levels += 1 + int(runs[len(runs)-1].level)
	}
	l.owed += 2 * levels * n
}

// upkeep moves what is owed, between two batches.
func (c *committer) upkeep() {
	defer func() { c.store.swamped.Store(c.swamped()) }()
	l := &c.lazy
	for {
		if c.full() && l.flush() == nil {
			c.freeze()
		}
		t := l.next(c.store.knowsRuns() && !c.store.stats.damaged.Load())
		if !c.urgent() && l.owed < l.step {
			c.fetch(t)
			return
		}
		if t == nil {
			l.owed = 0
			return
		}
		err := c.move(t)
		l.stuck = err != nil && (t.table != nil || errors.Is(err, store.ErrFull))
		switch {
		case errors.Is(err, store.ErrCommitUnknown):
			c.fatal(err)
			return
		case l.stuck:
			return
		case err != nil: // a run is damaged: reading says so where it matters, and nothing is merged any more
			c.store.stats.damaged.Store(true)
			l.tasks = slices.DeleteFunc(l.tasks, func(t *task) bool { return t.table == nil })
		}
		if !c.store.stats.damaged.Load() {
			l.plan(c.store.versions.current.runs)
		}
	}
}

// leastStep is how small a step becomes when there is no room for larger ones.
const leastStep = 4 << 10

// move does one step of a task. After store.ErrFull the next one is smaller.
func (c *committer) move(t *task) error {
	tx, err := c.store.db.Begin(true)
	if err != nil {
		return fmt.Errorf("%w: begin a merge: %w", store.ErrCommitUnknown, err)
	}
	l, before := &c.lazy, c.store.versions.current
	m, err := t.step(tx, before.runs, l.step)
	if err != nil {
		_ = tx.Rollback() // it can only say that the transaction has ended
		return err
	}
	v := before.after(tx.ID())
	v.runs = m.runs
	if m.done && t.table != nil {
		v.tables = before.tables[:1:1]
	}
	if err := c.end(tx, v); err != nil {
		if errors.Is(err, store.ErrFull) {
			l.step = max(leastStep, l.step/2)
		}
		return err
	}
	t.from = slices.Clone(m.from)
	if m.done {
		l.tasks = slices.DeleteFunc(l.tasks, func(o *task) bool { return o == t })
	}
	l.owed -= m.bytes
	l.ahead.steps++
	l.step = min(l.limits.step, 2*l.step)
	c.store.stats.moved(m.bytes)
	c.lookAtSpace(m.bytes)
	return nil
}
