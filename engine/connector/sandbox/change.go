package sandbox

import (
	"container/heap"
	"strconv"
	"strings"
)

// change is one step of the provider: all of it happens, or nothing. It is
// what the file holds, one a line, and the only way in which the state
// changes, so that reading the file again gives the same state.
type change struct {
	Faults   *Faults    `json:"faults,omitzero"`
	Arrivals *uint64    `json:"arrivals,omitzero"` // orders since the seed was set
	Rows     []Transfer `json:"rows,omitzero"`     // new, or in place of the row with that id
	Plan     []entry    `json:"plan,omitzero"`
	Done     []uint64   `json:"done,omitzero"` // planned entries that are done with
}

// commit writes a change down and applies it. The caller holds the lock; the
// change is durable once durable returns.
func (p *Provider) commit(c change) {
	var at, durable int64
	if p.journal != nil {
		at, durable = p.journal.append(c)
	}
	if err := p.apply(c, at); err != nil {
		_ = p.broken(err) // durable says it to whoever waits
	}
	for _, e := range c.Plan {
		heap.Push(&p.agenda, e)
	}
	if p.shelf != nil {
		p.shelf.written(durable)
		p.mayCheckpoint()
	}
	if len(c.Plan) > 0 {
		select {
		case p.bell <- struct{}{}:
		default:
		}
	}
}

// apply is commit for what the journal has already, in a line that begins at
// an offset. What is planned is only collected: resume makes the agenda once
// all is read.
func (p *Provider) apply(c change, at int64) error {
	if c.Faults != nil {
		p.faults, p.setFaults = *c.Faults, c.Faults
	}
	if c.Arrivals != nil {
		p.arrivals = *c.Arrivals
	}
	for _, e := range c.Plan {
		p.waiting[e.ID] = e
		p.lastPlan = max(p.lastPlan, e.ID)
	}
	for _, id := range c.Done {
		delete(p.waiting, id)
	}
	return p.book.put(c, at)
}

// resume plans again what was planned and not done.
func (p *Provider) resume() {
	for _, e := range p.waiting {
		p.agenda = append(p.agenda, e)
	}
	heap.Init(&p.agenda)
}

// rowIndex is where the row with an id stands in the ledger.
func rowIndex(id string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimPrefix(id, "tr_"))
	return n - 1, err == nil && n > 0
}

func newID(rows int) string {
	n := strconv.Itoa(rows + 1)
	return "tr_" + "00000000"[min(8, len(n)):] + n
}
