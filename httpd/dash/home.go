package dash

import (
	"context"
	"slices"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/ledger"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// maxWants is how many requests the first page shows that need a person.
const maxWants = 10

func (d *Dash) showHome(ctx context.Context, v *visit) (wire.Reply, error) {
	t := newTally(d.Now())
	_, _, err := d.Engine.List(ctx, v.caller(), engine.Filter{Bare: true, Brief: true, Look: maxTally, Keep: t.add}, 0, 1)
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
	page.Tiles, page.Chart, page.Totals = t.tiles(v), t.chart(), t.totals()
	if page.Money, err = d.moneyTable(ctx, v); err != nil {
		return wire.Reply{}, err
	}
	if page.Ways, err = d.providersTable(ctx, v); err != nil {
		return wire.Reply{}, err
	}
	head := ui.Head{Title: nameOf(v.shop)}
	if link := payLink(v); link != nil {
		head.Actions = []ui.Action{{Text: link.Text, Icon: "plus", Main: true, Href: link.Href}}
	}
	return d.show(ctx, v, 200, "home", head, page)
}

// maxMoney is how many deposit accounts the first page shows.
const maxMoney = 8

// moneyTable are the deposit accounts that want looking after, and those that
// money moves on.
func (d *Dash) moneyTable(ctx context.Context, v *visit) (ui.Section, error) {
	out := ui.Section{Title: "Deposit accounts in use", None: "No money has moved yet."}
	all, err := d.Engine.Deposits(ctx, v.scope)
	if err != nil {
		return out, err
	}
	all = slices.DeleteFunc(all, func(a engine.DepositView) bool {
		moved := a.Balance.Held != 0 || a.Balance.Paid != 0
		return a.Archived || !moved && (a.Health == "" || a.Health == engine.Operational)
	})
	weak := func(a *engine.DepositView) bool {
		return a.Disabled || a.Spendable.IsZero() || a.Health == engine.Down || a.Health == engine.Degraded
	}
	slices.SortStableFunc(all, func(a, b engine.DepositView) int {
		if weak(&a) != weak(&b) {
			return pick(weak(&a), -1, 1)
		}
		return strings.Compare(a.Name, b.Name)
	})
	out.Table = ui.Table{Name: out.Title, Cols: []ui.Col{{Name: "Deposit account", Place: ui.Under}, {Name: "Available", Place: ui.Lead, Right: true}, {Name: "Held", Place: ui.Plain, Right: true}, {Name: "Provider", Place: ui.Aside}, {Name: "State", Place: ui.Side}}}
	for i := range all[:min(len(all), maxMoney)] {
		a := &all[i]
		row := ui.Row{Cells: []ui.Cell{{Link: &ui.Link{Text: a.Name, Href: v.at("/deposits/" + a.ID)}}, {Money: amount(a.Balance.Of(ledger.Available))}, {Money: someMoney(a.Balance.Of(ledger.Held))}, {Text: a.Provider}, {Badge: depositBadge(&a.Deposit)}}}
		if weak(a) {
			row.Tone = ui.Warn
		}
		out.Table.Rows = append(out.Table.Rows, row)
	}
	return out, nil
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
