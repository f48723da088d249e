package dash

import (
	"context"
	"fmt"
	"slices"
	"time"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// maxWants is how many requests the first page shows that need a person.
const maxWants = 10

func (d *Dash) showHome(ctx context.Context, v *visit) (wire.Reply, error) {
	t := tally{since: d.Now().Add(-24 * time.Hour), stages: map[payout.Stage]*sum{}}
	_, _, err := d.Engine.List(ctx, v.caller(), engine.Filter{Bare: true, Look: maxLook, Keep: t.add}, 0, 1)
	if err != nil {
		return wire.Reply{}, err
	}
	page := ui.Home{Health: d.health(), Span: t.span(), Over: v.at("/requests?status=wants")}
	if t.looked == 0 {
		first := firstSteps(v)
		page.First = &first
	}
	wants, total, err := d.Engine.List(ctx, v.caller(), engine.Filter{Wants: true, Oldest: true, Total: true, Bare: true}, 0, maxWants)
	if err != nil {
		return wire.Reply{}, err
	}
	page.Wants, page.Count = wantsTable(v, wants), total
	if total <= maxWants {
		page.Over = ""
	}
	page.None = "Nothing waits for a person."
	page.Tiles = t.tiles(v)
	head := ui.Head{Title: nameOf(v.shop)}
	if link := payLink(v); link != nil {
		head.Actions = []ui.Action{{Text: link.Text, Icon: "plus", Main: true, Href: link.Href}}
	}
	return d.show(ctx, v, 200, "home", head, page)
}

// tally counts the newest requests.
type tally struct {
	since  time.Time
	looked int
	oldest time.Time
	stages map[payout.Stage]*sum
}

// sum is how many, and how much of each currency.
type sum struct {
	n   int
	sum []money.Amount
}

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
	s.n++
	for i := range s.sum {
		if more, err := s.sum[i].Add(r.Amount); err == nil {
			s.sum[i] = more
			return false
		}
	}
	s.sum = append(s.sum, r.Amount)
	return false
}

// span says what the tiles count.
func (t *tally) span() string {
	if t.looked >= maxLook && t.oldest.After(t.since) {
		return fmt.Sprintf("The latest %s requests", grouped(fmt.Sprint(maxLook)))
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
		slices.SortFunc(got.sum, func(a, b money.Amount) int {
			return slices.Compare([]byte(a.Currency().Code()), []byte(b.Currency().Code()))
		})
		for _, a := range got.sum[:min(len(got.sum), 4)] {
			tile.Sums = append(tile.Sums, *amount(a))
		}
		out = append(out, tile)
	}
	return out
}

func wantsTable(v *visit, list []engine.View) ui.Table {
	t := ui.Table{Name: "Requests that need a person, oldest first", Cols: []ui.Col{
		{Name: "Request", Place: ui.Under}, {Name: "Amount", Place: ui.Lead, Right: true}, {Name: "Status", Place: ui.Side}, {Name: "Why", Place: ui.Plain}, {Name: "Created", Place: ui.Aside},
	}}
	for i := range list {
		r := &list[i].Request
		t.Rows = append(t.Rows, ui.Row{Tone: ui.Warn, Cells: []ui.Cell{
			{Link: &ui.Link{Text: shortID(nameOfRequest(r)), Href: requestPath(v, r, "")}, Mono: true},
			{Money: amount(r.Amount)}, {Badge: stageBadge(r.Stage)}, {Text: why(r)}, {At: r.Created},
		}})
	}
	return t
}

// why a request needs a person.
func why(r *engine.Request) string {
	if r.Moderation != "" {
		return sentence(r.Moderation)
	}
	if len(r.Disputed) > 0 {
		return "Two words about a payout contradict each other."
	}
	for _, l := range slices.Backward(r.History) {
		switch l.What {
		case "attention":
			return "It takes longer than it should."
		case "recovered":
			return "It was found at the provider after a restore."
		}
	}
	return "It takes longer than it should."
}

// health is how the appliance is.
func (d *Dash) health() []ui.Fact {
	s := d.State()
	badge := func(bad bool, tone ui.Tone, no, yes string) *ui.Badge {
		if bad {
			return &ui.Badge{Text: no, Tone: tone}
		}
		return &ui.Badge{Text: yes, Tone: ui.Good}
	}
	idle := time.Duration(d.Engine.Idle())
	worker := ui.Fact{Name: "Worker", Badge: badge(idle > s.Stalled, ui.Bad, "Stands still", "Working")}
	if idle > s.Stalled {
		worker.Hint = "last round " + short(idle) + " ago"
	}
	return []ui.Fact{
		{Name: "Sending", Badge: badge(d.Engine.Held() != "", ui.Bad, "On hold", "On")},
		worker,
		{Name: "Locker", Badge: badge(s.Sealed, ui.Warn, "Sealed", "Open")},
		{Name: "Disk", Badge: badge(s.LowSpace, ui.Bad, "Nearly full", "Has room")},
		{Name: "Version", Text: s.Version},
	}
}
