package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/tidwall/btree"
	"go.etcd.io/bbolt"

	"penstock/store"
)

// lazy is the writer's side of the lazy buckets.
type lazy struct {
	limits  limits
	journal journal
	fresh   *btree.BTreeG[entry] // what the batch wrote
	logs    []string             // that hold what the table does
	tasks   []*task
	bottom  bool // no lazy bucket has anything in bbolt's bucket of its name
	lastRun uint64
	owed    int    // bytes that are to be moved
	step    int    // bytes of the next step
	stuck   bool   // there was no room for the last step
	key     []byte // room for a key with its bucket's number
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

// freshDegree makes small nodes: the tree holds the writes of one batch.
const freshDegree = 16

func newFresh() *btree.BTreeG[entry] {
	less := func(a, b entry) bool { return bytes.Compare(a.key, b.key) < 0 }
	return btree.NewBTreeGOptions(less, btree.Options{Degree: freshDegree, NoLocks: true})
}

// add keeps an entry that a fn wrote.
func (l *lazy) add(number byte, e entry) { l.fresh.Set(l.journal.add(number, e)) }

// get finds a value as the batch sees it, which works on a version.
func (l *lazy) get(tx *bbolt.Tx, b *bucket, key []byte, v *version) ([]byte, bool, error) {
	l.key = append(append(l.key[:0], b.lazy), key...)
	if e, found := l.fresh.Get(entry{key: l.key}); found {
		value, err := e.value()
		return value, true, err
	}
	return v.get(tx, b.name, l.key)
}

// feeds appends those of a span of a lazy bucket.
func (l *lazy) feeds(feeds []feed, tx *bbolt.Tx, number byte, r span, v *version) ([]feed, error) {
	r = r.in(number)
	if l.fresh.Len() > 0 {
		f := r.entryFeed(l.fresh.Items())
		f.unnumber()
		feeds = append(feeds, f)
	}
	return v.feeds(feeds, tx, r)
}

// forget gives up what the batch wrote; or it is in the file.
func (l *lazy) forget() {
	l.journal.reset()
	l.fresh.Clear()
}

// version is what the transaction with an id makes of the lazy buckets.
func (l *lazy) version(id int, before *version) *version {
	v := before.after(id)
	if l.fresh.Len() > 0 {
		v.tables = slices.Clone(before.tables)
		v.tables[0] = v.tables[0].with(l.fresh.Items())
	}
	return v
}

// freeze makes a full table a task. Nothing changes in the file but the name
// of the log that comes next.
func (w *writer) freeze() {
	l, current := &w.lazy, w.store.versions.current
	full := current.tables[0]
	l.tasks = append(l.tasks, &task{to: l.newRun(0), table: full, logs: l.logs, bottom: l.bottom && len(current.runs) == 0, fault: w.store.opt.fault})
	l.journal.start(l.journal.generation + 1)
	l.logs = nil
	now := *current
	now.tables = []*table{newTable(l.limits.table), full}
	w.store.versions.mu.Lock()
	defer w.store.versions.mu.Unlock()
	w.store.versions.current = &now
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
func (w *writer) full() bool {
	return w.store.versions.current.tables[0].bytes >= w.lazy.limits.table
}

// urgent says whether writing must wait for the table that is being written
// out.
func (w *writer) urgent() bool {
	t := w.lazy.flush()
	return t != nil && (w.full() || t.table.bytes > 4*w.lazy.limits.table)
}

// swamped says whether the running fn writes to a lazy bucket while the table
// is far beyond its bound, because there is no room to write out another.
func (w *writer) swamped() bool {
	return w.lazy.stuck && w.store.versions.current.tables[0].bytes >= 4*w.lazy.limits.table &&
		slices.ContainsFunc(w.touched, func(b *bucket) bool { return b.lazy != 0 })
}

// wrote is told of bytes that a batch put to the log. For each about twice as
// much is to be moved as there are levels to pass, so that tasks end in time.
func (l *lazy) wrote(n int, runs []*run) {
	l.forget()
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
func (w *writer) upkeep() {
	l := &w.lazy
	for {
		if w.full() && l.flush() == nil {
			w.freeze()
		}
		t := l.next(w.store.knowsRuns() && !w.store.stats.damaged.Load())
		if !w.urgent() && l.owed < l.step {
			w.fetch(t)
			return
		}
		if t == nil {
			l.owed = 0
			return
		}
		err := w.move(t)
		l.stuck = err != nil && (t.table != nil || errors.Is(err, store.ErrFull))
		switch {
		case errors.Is(err, store.ErrCommitUnknown):
			w.fatal(err)
			return
		case l.stuck:
			return
		case err != nil: // a run is damaged: reading says so where it matters, and nothing is merged any more
			w.store.stats.damaged.Store(true)
			l.tasks = slices.DeleteFunc(l.tasks, func(t *task) bool { return t.table == nil })
		}
		if !w.store.stats.damaged.Load() {
			l.plan(w.store.versions.current.runs)
		}
	}
}

// leastStep is how small a step becomes when there is no room for larger ones.
const leastStep = 4 << 10

// move does one step of a task. After store.ErrFull the next one is smaller.
func (w *writer) move(t *task) error {
	tx, err := w.store.db.Begin(true)
	if err != nil {
		return fmt.Errorf("%w: begin a merge: %w", store.ErrCommitUnknown, err)
	}
	l, before := &w.lazy, w.store.versions.current
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
	if err := w.end(tx, v); err != nil {
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
	w.store.stats.moved(m.bytes)
	w.lookAtSpace(m.bytes)
	return nil
}
