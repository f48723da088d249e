package sandbox

import (
	"container/heap"
	"time"

	"penstock/engine/money"
)

// What time can bring.
const (
	settles = "settle" // an accepted transfer reaches its end, or a paid one comes back
	arrives = "late"   // an order that was dropped or failed acts after all
	notice  = "notice" // a status is posted
)

// comesBack is the End of a plan to return money that has moved; Returned, as
// an account's fate, is to pay first and plan that.
const comesBack Status = "comes_back"

// entry is one thing that is planned.
type entry struct {
	ID   uint64    `json:"id"`
	At   time.Time `json:"at"`
	Kind string    `json:"kind"`

	Row        string `json:"row,omitzero"` // settle
	End        Status `json:"end,omitzero"`
	Resolution string `json:"resolution,omitzero"`

	Late *lateOrder `json:"late,omitzero"`

	URL  string `json:"url,omitzero"` // notice
	Body string `json:"body,omitzero"`
	Try  int    `json:"try,omitzero"`
}

// lateOrder is an intake as the file keeps it.
type lateOrder struct {
	Key       string       `json:"key"`
	Amount    money.Amount `json:"amount"`
	Service   string       `json:"service,omitzero"`
	NotifyURL string       `json:"notify_url,omitzero"`
	Account   string       `json:"account,omitzero"`
	Fate      fate         `json:"fate"`
	Dice      dice         `json:"dice"`
}

func (l *lateOrder) intake() intake {
	return intake{
		Order: Order{Key: l.Key, Amount: l.Amount, Service: l.Service, NotifyURL: l.NotifyURL, Account: l.Account},
		fate:  l.Fate, dice: l.Dice,
	}
}

// plan puts an entry into c under the next number.
func (p *Provider) plan(c *change, e entry) {
	p.lastPlan++
	e.ID = p.lastPlan
	c.Plan = append(c.Plan, e)
}

// planLate lets an order that has not acted act later, at an even chance,
// where the faults have late arrivals.
func (p *Provider) planLate(c *change, now time.Time, in intake, w draws) {
	if p.faults.LateMS[1] == 0 || w.late >= 0.5 {
		return
	}
	p.plan(c, entry{At: now.Add(p.faults.LateMS.at(w.lateBy)), Kind: arrives, Late: &lateOrder{
		in.Key, in.Amount, in.Service, in.NotifyURL, in.Account, in.fate, in.dice,
	}})
}

// advance does what is due, each thing at the time that it was planned for,
// so that a clock that jumps changes nothing but the order of our calls.
func (p *Provider) advance(now time.Time) {
	for {
		at, ok := p.agenda.next()
		if !ok || at.After(now) {
			return
		}
		e := heap.Pop(&p.agenda).(entry)
		if e.Kind == notice {
			p.post(e)
			continue
		}
		c := change{Done: []uint64{e.ID}}
		if e.Kind == arrives {
			p.act(&c, e.At, e.Late.intake())
		} else {
			p.settle(&c, e)
		}
		p.commit(c)
	}
}

func (p *Provider) settle(c *change, e entry) {
	t, found, err := p.book.row(e.Row)
	if err != nil {
		_ = p.broken(err) // nothing is written any more, so the entry is not lost
	}
	if found {
		p.changed(c, e.At, p.reach(c, e.At, t, e.End, e.Resolution))
	}
}

// agenda is a heap of entries by time, then by number.
type agenda []entry

func (a agenda) next() (time.Time, bool) {
	if len(a) == 0 {
		return time.Time{}, false
	}
	return a[0].At, true
}

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	if a[i].At.Equal(a[j].At) {
		return a[i].ID < a[j].ID
	}
	return a[i].At.Before(a[j].At)
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(entry)) }
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	(*a)[len(*a)-1] = entry{}
	*a = (*a)[:len(*a)-1]
	return last
}
