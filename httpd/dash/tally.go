package dash

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/httpd/ui"
)

// How far back the first page looks: so many hours, and so many requests.
const (
	hours    = 24
	maxTally = 3000
)

// fate is what became of a request, in three words.
type fate int

const (
	paid fate = iota
	underway
	lost
)

// fates are the series of the chart, in the order of their drawing.
var fates = []ui.Series{{Name: "paid", Tone: ui.Good}, {Name: "under way", Tone: ui.Move}, {Name: "not paid", Tone: ui.Bad}}

func fateOf(s payout.Stage) fate {
	switch {
	case s == payout.AllPaid || s == payout.SomePaid:
		return paid
	case !s.Ended():
		return underway
	}
	return lost
}

// tally counts the newest requests.
type tally struct {
	now, since time.Time
	looked     int
	oldest     time.Time
	stages     map[payout.Stage]*sum
	hour       [hours][3]int64 // the latest last
	currency   map[string]*[3]sum
	provider   map[string]*[3]int64
}

func newTally(now time.Time) *tally {
	return &tally{now: now, since: now.Add(-hours * time.Hour), stages: map[payout.Stage]*sum{}, currency: map[string]*[3]sum{}, provider: map[string]*[3]int64{}}
}

// sum is how many, and how much of each currency.
type sum struct {
	n   int
	sum []money.Amount
}

func (s *sum) add(a money.Amount) {
	s.n++
	for i := range s.sum {
		if more, err := s.sum[i].Add(a); err == nil {
			s.sum[i] = more
			return
		}
	}
	s.sum = append(s.sum, a)
}

// maxProviders bounds what is counted by name.
const maxProviders = 100

// add never keeps a request: nothing is listed.
func (t *tally) add(r *engine.Request) bool {
	t.looked++
	t.oldest = r.Created
	if r.Created.Before(t.since) {
		return false
	}
	s := t.stages[r.Stage]
	if s == nil {
		s = &sum{}
		t.stages[r.Stage] = s
	}
	s.add(r.Amount)
	f := fateOf(r.Stage)
	if ago := int(t.now.Sub(r.Created) / time.Hour); ago >= 0 && ago < hours {
		t.hour[hours-1-ago][f]++
	}
	code := r.Amount.Currency().Code()
	if t.currency[code] == nil {
		t.currency[code] = &[3]sum{}
	}
	t.currency[code][f].add(r.Amount)
	name := or(r.Provider, "none yet")
	if t.provider[name] == nil && len(t.provider) < maxProviders {
		t.provider[name] = &[3]int64{}
	}
	if n := t.provider[name]; n != nil {
		n[f]++
	}
	return false
}

// span says what is counted.
func (t *tally) span() string {
	if t.looked >= maxTally && t.oldest.After(t.since) {
		return fmt.Sprintf("The latest %s requests", grouped(fmt.Sprint(maxTally)))
	}
	return "Last 24 hours"
}

func (t *tally) tiles(v *visit) []ui.Tile {
	var out []ui.Tile
	for _, s := range payout.Stages() {
		got := t.stages[s]
		if got == nil {
			continue
		}
		tile := ui.Tile{Badge: *stageBadge(s), Count: got.n, Href: v.at("/requests?status=" + string(s))}
		slices.SortFunc(got.sum, func(a, b money.Amount) int { return cmp.Compare(a.Currency().Code(), b.Currency().Code()) })
		for _, a := range got.sum[:min(len(got.sum), 4)] {
			tile.Sums = append(tile.Sums, *amount(a))
		}
		out = append(out, tile)
	}
	return out
}

// chart is what came in, by the hour.
func (t *tally) chart() *ui.Chart {
	c := &ui.Chart{Title: "Requests by the hour", Series: fates}
	most, all := int64(0), int64(0)
	for i, n := range t.hour {
		at := t.now.UTC().Add(-time.Duration(hours-1-i) * time.Hour)
		step := ui.Step{Label: at.Add(-time.Hour).Format("2 Jan 15:04") + " to " + at.Format("15:04"), Values: n[:]}
		if i%6 == 0 || i == hours-1 {
			step.Mark = at.Format("15:04")
		}
		for _, v := range n {
			step.Texts = append(step.Texts, grouped(fmt.Sprint(v)))
		}
		total := n[paid] + n[underway] + n[lost]
		most, all = max(most, total), all+total
		c.Steps = append(c.Steps, step)
	}
	c.Steps[hours-1].Mark += " UTC"
	c.Top = "at most " + grouped(fmt.Sprint(most)) + " an hour"
	c.Lead = fmt.Sprintf("%s requests in %d hours, at most %s in one; the numbers follow.", grouped(fmt.Sprint(all)), hours, grouped(fmt.Sprint(most)))
	return c
}

// totals are the same requests by currency and by provider.
func (t *tally) totals() []ui.Section {
	money := ui.Table{Name: "By currency", Cols: []ui.Col{{Name: "Currency", Place: ui.Lead}, {Name: "Paid", Place: ui.Plain, Right: true}, {Name: "Under way", Place: ui.Plain, Right: true}, {Name: "Not paid", Place: ui.Plain, Right: true}}}
	for _, code := range sortedKeys(t.currency) {
		row := ui.Row{Cells: []ui.Cell{{Text: code}}}
		for _, s := range t.currency[code] {
			cell := ui.Cell{}
			if len(s.sum) > 0 {
				cell.Money = amount(s.sum[0])
				cell.Money.Currency = ""
				cell.Below = count(s.n, "request")
			}
			row.Cells = append(row.Cells, cell)
		}
		money.Rows = append(money.Rows, row)
	}
	who := ui.Table{Name: "By provider", Cols: []ui.Col{{Name: "Provider", Place: ui.Lead}, {Name: "Paid", Place: ui.Plain, Right: true}, {Name: "Under way", Place: ui.Plain, Right: true}, {Name: "Not paid", Place: ui.Plain, Right: true}}}
	for _, name := range sortedKeys(t.provider) {
		row := ui.Row{Cells: []ui.Cell{{Text: name}}}
		for _, n := range t.provider[name] {
			cell := ui.Cell{}
			if n > 0 {
				cell.Text = grouped(fmt.Sprint(n))
			}
			row.Cells = append(row.Cells, cell)
		}
		who.Rows = append(who.Rows, row)
	}
	return []ui.Section{{Title: "By currency", Table: money, None: "Nothing in this time."}, {Title: "By provider", Table: who, None: "Nothing in this time."}}
}
