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

// commit applies a change and writes it down. The caller holds the lock; the
// change is durable once durable returns.
func (p *Provider) commit(c change) {
	p.apply(c)
	for _, e := range c.Plan {
		heap.Push(&p.agenda, e)
	}
	if p.journal != nil {
		p.journal.append(c)
	}
	if len(c.Plan) > 0 {
		select {
		case p.bell <- struct{}{}:
		default:
		}
	}
}

// apply is commit for what is durable already. What is planned is only
// collected: resume makes the agenda once all is read.
func (p *Provider) apply(c change) {
	if c.Faults != nil {
		p.faults = *c.Faults
	}
	if c.Arrivals != nil {
		p.arrivals = *c.Arrivals
	}
	for _, t := range c.Rows {
		p.applyRow(t)
	}
	for _, e := range c.Plan {
		p.waiting[e.ID] = e
		p.lastPlan = max(p.lastPlan, e.ID)
	}
	for _, id := range c.Done {
		delete(p.waiting, id)
	}
}

func (p *Provider) applyRow(t Transfer) {
	i, ok := rowIndex(t.ID)
	if !ok || i > len(p.rows) {
		return
	}
	if i == len(p.rows) {
		p.rows = append(p.rows, Transfer{})
		p.byKey[t.Key] = append(p.byKey[t.Key], i)
	}
	if p.rows[i].Paid.IsZero() && !t.Paid.IsZero() {
		p.moved[t.Key]++
	}
	p.rows[i] = t
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
