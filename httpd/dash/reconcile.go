package dash

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"time"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/reconcile"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

const booksPath = "/reconcile/{account}"

// listBooks shows how the books of each provider account stood when they were
// last compared.
func (d *Dash) listBooks(ctx context.Context, v *visit) (wire.Reply, error) {
	all, err := d.Engine.Accounts(ctx, v.scope)
	if err != nil {
		return wire.Reply{}, err
	}
	t := ui.Table{Name: "Provider accounts", Cols: []ui.Col{{Name: "Provider account", Place: ui.Lead}, {Name: "Provider", Place: ui.Under}}}
	for _, c := range reconcile.Classes() {
		t.Cols = append(t.Cols, ui.Col{Name: classWords[c].Text, Place: ui.Plain, Count: true})
	}
	t.Cols = append(t.Cols, ui.Col{Name: "Explained", Place: ui.Plain, Count: true}, ui.Col{Name: "State", Place: ui.Side}, ui.Col{Name: "Compared", Place: ui.Aside})
	for i := range slices.Backward(all) {
		a := &all[i]
		last, err := d.Engine.Reconciled(ctx, v.scope, a.ID)
		if err != nil {
			return wire.Reply{}, err
		}
		if a.Archived && last == nil {
			continue
		}
		t.Rows = append(t.Rows, booksRow(v, a, last))
	}
	return d.show(ctx, v, 200, "list", ui.Head{Title: "Reconciliation", Lead: "Our records, our ledger and what each provider or bank has reported, held against each other"}, ui.List{Table: t, Pager: &ui.Pager{Text: count(len(t.Rows), "provider account")},
		Empty: ui.Empty{Title: "No provider account", Text: "Connect one first. Then load its statements here, or let penstock read its reports by itself.", Action: connectLink(v)}})
}

// booksRow is one account in numbers; last is nil where its books have never
// been compared.
func booksRow(v *visit, a *engine.ProviderAccount, last *engine.Reconciled) ui.Row {
	at := v.at("/reconcile/" + a.ID)
	row := ui.Row{Cells: []ui.Cell{{Link: &ui.Link{Text: a.Label, Href: at}}, {Text: a.Provider}}}
	number := func(n int, show string) ui.Cell {
		if n == 0 {
			return ui.Cell{}
		}
		return ui.Cell{Link: &ui.Link{Text: grouped(fmt.Sprint(n)), Href: at + "?class=" + show}}
	}
	if last == nil {
		for range len(reconcile.Classes()) + 1 {
			row.Cells = append(row.Cells, ui.Cell{})
		}
		row.Cells = append(row.Cells, ui.Cell{Badge: &ui.Badge{Text: "Not compared yet", Tone: ui.Off}}, ui.Cell{})
		return row
	}
	differ := 0
	for _, c := range reconcile.Classes() {
		row.Cells = append(row.Cells, number(last.Counts[c], string(c)))
		if c != reconcile.Matched {
			differ += last.Counts[c]
		}
	}
	state := &ui.Badge{Text: "Agree", Tone: ui.Good}
	if differ > 0 {
		state, row.Tone = &ui.Badge{Text: "Differ", Tone: ui.Warn}, ui.Warn
	}
	row.Cells = append(row.Cells, number(last.Explained, showExplained), ui.Cell{Badge: state}, ui.Cell{At: last.ComparedAt})
	return row
}

// What a report can show beside one class.
const (
	showDiffers   = "" // what a person should look into
	showAll       = "all"
	showExplained = "explained"
)

// booksQuery is what narrows a report, as it stands in the address.
type booksQuery struct {
	show        string
	first, last string // days in UTC
	engine.Period
	after string // the finding before this page
}

func readBooksQuery(v *visit) (q booksQuery, bad []ui.Notice) {
	q.show, q.first, q.last, q.after = v.Query("class"), v.Query("from"), v.Query("to"), v.Query("after")
	if _, known := classWords[reconcile.Class(q.show)]; !known && q.show != showDiffers && q.show != showAll && q.show != showExplained {
		bad, q.show = append(bad, ui.Notice{Tone: ui.Warn, Text: "There is no such class."}), ""
	}
	var err error
	var wrong *wire.DayError
	if q.From, q.To, err = wire.ReadDays(q.first, q.last); errors.As(err, &wrong) {
		bad, q.first, q.last = append(bad, ui.Notice{Tone: ui.Warn, Text: "These are no days: the " + pick(wrong.Name == "from", "first", "last") + " one " + wrong.Rule + "."}), "", ""
	}
	return q, bad
}

func (q booksQuery) values() url.Values {
	out := url.Values{}
	for name, value := range map[string]string{"class": q.show, "from": q.first, "to": q.last} {
		if value != "" {
			out.Set(name, value)
		}
	}
	return out
}

func (q booksQuery) fits(f *engine.BooksFinding) bool {
	switch q.show {
	case showAll:
		return true
	case showExplained:
		return f.Explained != ""
	case showDiffers:
		return f.Class != reconcile.Matched && f.Explained == ""
	}
	return string(f.Class) == q.show && f.Explained == ""
}

// findingID names a finding: by its payout, or else by its line.
func findingID(f *engine.BooksFinding) string {
	if f.Payout != nil {
		return f.Payout.Key
	}
	return f.Reported[0].ID
}

// compared compares the books of the account in the address, and leaves what
// the query asks for.
func (d *Dash) compared(ctx context.Context, v *visit, q booksQuery) (*engine.ProviderAccount, *engine.Comparison, error) {
	a, err := d.Engine.Account(ctx, v.scope, v.Param("account"))
	if err != nil {
		return nil, nil, err
	}
	found, err := d.Engine.Reconcile(ctx, v.scope, a.ID, q.Period)
	if err != nil {
		return nil, nil, err
	}
	found.Findings = slices.DeleteFunc(found.Findings, func(f engine.BooksFinding) bool { return !q.fits(&f) })
	return a, found, nil
}

// showBooks is the report about one provider account.
func (d *Dash) showBooks(ctx context.Context, v *visit) (wire.Reply, error) {
	q, bad := readBooksQuery(v)
	a, found, err := d.compared(ctx, v, q)
	if err != nil {
		return wire.Reply{}, err
	}
	at := v.at("/reconcile/" + a.ID)
	page := ui.List{Tiles: booksTiles(at, q, found), Filter: booksBar(at, q, found), Empty: booksEmpty(v, a, q, found)}
	page.Table, page.Pager = booksTable(at, v, q, found)
	if page.Below, err = d.booksBelow(ctx, v, a); err != nil {
		return wire.Reply{}, err
	}
	head := ui.Head{Title: a.Label, Crumbs: []ui.Link{{Text: "Reconciliation", Href: v.at("/reconcile")}},
		Lead:    "Compared for " + found.From.Format("2 Jan 2006") + " to " + found.To.AddDate(0, 0, -1).Format("2 Jan 2006") + " (days in UTC)",
		Actions: []ui.Action{{Text: "Runs", Icon: "log", Href: at + "/runs"}}}
	if v.who.May(engine.PermitState) {
		head.Actions = append(head.Actions, ui.Action{Text: "Load a statement", Icon: "up", Main: true, Href: at + "/load"})
		page.Press = d.booksPress(ctx, v, a)
	}
	return d.show(ctx, v, 200, "list", head, page, append(loadedNotice(v), bad...)...)
}

// booksPress are what the provider can be asked for, and a run by hand.
func (d *Dash) booksPress(ctx context.Context, v *visit, a *engine.ProviderAccount) (out []ui.Press) {
	ask := func(text, what string) {
		out = append(out, ui.Press{Text: text, Icon: "reload", Href: v.at("/reconcile/" + a.ID + "/pull"), Fields: []ui.Field{{Name: "what", Type: "hidden", Value: what}}})
	}
	reports, balances := d.Engine.Tells(ctx, v.scope, a.ID)
	if reports {
		ask("Ask for its report", "reports")
	}
	if balances {
		ask("Ask for its balance", "balances")
	}
	ask("Compare and keep", "compare")
	return out
}

// booksTiles are the classes in numbers, each leading to its findings.
func booksTiles(at string, q booksQuery, found *engine.Comparison) (out []ui.Tile) {
	tile := func(show string, b ui.Badge, n int) {
		to := booksQuery{show: show, first: q.first, last: q.last}
		out = append(out, ui.Tile{Badge: b, Count: n, Href: address(at, to.values()), On: q.show == show})
	}
	for _, c := range reconcile.Classes() {
		b := classWords[c]
		if found.Counts[c] == 0 && c != reconcile.Matched {
			b.Tone = ui.Off
		}
		tile(string(c), b, found.Counts[c])
	}
	tile(showExplained, ui.Badge{Text: "Explained", Tone: ui.Off}, found.Explained)
	return out
}

func booksBar(at string, q booksQuery, found *engine.Comparison) *ui.Filter {
	options := []ui.Option{{Text: "Differences"}, {Value: showAll, Text: "Everything", On: q.show == showAll}}
	for _, c := range reconcile.Classes() {
		options = append(options, ui.Option{Value: string(c), Text: classWords[c].Text, On: q.show == string(c)})
	}
	options = append(options, ui.Option{Value: showExplained, Text: "Explained", On: q.show == showExplained})
	f := &ui.Filter{Action: at, Reset: at, Fields: []ui.Field{
		{Name: "class", Label: "Shown", Type: "select", Options: options},
		{Name: "from", Label: "From (UTC)", Type: "date", Value: or(q.first, found.From.Format(time.DateOnly))},
		{Name: "to", Label: "to, inclusive", Type: "date", Value: or(q.last, found.To.AddDate(0, 0, -1).Format(time.DateOnly))},
	}}
	chip := func(name, text string) {
		if rest := q.values(); rest.Has(name) {
			rest.Del(name)
			f.On = append(f.On, ui.Link{Text: text, Href: address(at, rest)})
		}
	}
	word := classWords[reconcile.Class(q.show)].Text
	chip("class", or(word, pick(q.show == showAll, "Everything", "Explained")))
	chip("from", "from "+q.first)
	chip("to", "to "+q.last)
	return f
}

func booksTable(at string, v *visit, q booksQuery, found *engine.Comparison) (ui.Table, *ui.Pager) {
	t := ui.Table{Name: "Findings", Cols: []ui.Col{{Name: "Finding", Place: ui.Lead}, {Name: "Class", Place: ui.Side}, {Name: "Why", Place: ui.Under}, {Name: "Ours", Place: ui.Plain, Right: true}, {Name: "Theirs", Place: ui.Plain, Right: true},
		{Name: "Day", Place: ui.Aside, Tight: true}, {Name: "Source", Place: ui.Plain}}}
	first := 0
	if q.after != "" {
		first = 1 + slices.IndexFunc(found.Findings, func(f engine.BooksFinding) bool { return findingID(&f) == q.after })
	}
	rest := found.Findings[first:]
	shown := rest[:min(len(rest), v.size())]
	for i := range shown {
		t.Rows = append(t.Rows, findingRow(at, q, &shown[i]))
	}
	p := &ui.Pager{Text: count(len(found.Findings), "finding")}
	if len(found.Findings) > len(shown) {
		p.Text = fmt.Sprintf("%d to %d of %s", first+1, first+len(shown), p.Text)
	}
	if first > 0 {
		p.Newest, p.First = address(at, q.values()), true
	}
	if len(rest) > len(shown) {
		next := q.values()
		next.Set("after", findingID(&shown[len(shown)-1]))
		p.Older, p.First = address(at, next), true
	}
	return t, p
}

func findingRow(at string, q booksQuery, f *engine.BooksFinding) ui.Row {
	days := q.values()
	days.Del("class")
	id := findingID(f)
	name := "Line " + id[len(id)-8:]
	var ours reconcile.Sums
	if f.Payout != nil {
		name, ours = shortID(id), f.Payout.Recorded
	}
	row := ui.Row{Cells: []ui.Cell{{Link: &ui.Link{Text: name, Href: address(at+"/findings/"+id, days)}, Whole: id, Mono: true}, {Badge: classBadge(f.Class)}, {Text: whyText(f.Why), Below: f.Explained}, moved(ours), moved(theirSums(f)), {}, {}}}
	if day := f.At; !day.IsZero() {
		row.Cells[5].Text = day.UTC().Format(time.DateOnly)
	}
	if len(f.Reported) > 0 {
		row.Cells[5].Text = f.Reported[0].Day.UTC().Format(time.DateOnly)
		row.Cells[6].Text = source(&f.Reported[0])
	}
	return row
}

// source is where a line stands.
func source(l *engine.ReportLine) string {
	if l.Source == "" {
		return "The provider's report"
	}
	if l.Row > 0 {
		return fmt.Sprintf("%s, row %d", l.Source, l.Row)
	}
	return l.Source
}

// theirSums are what they booked; of a line that is about none of ours, the line
// itself.
func theirSums(f *engine.BooksFinding) reconcile.Sums {
	if f.Theirs.Out.IsSet() || f.Theirs.Back.IsSet() || f.Payout != nil || len(f.Lines) == 0 {
		return f.Theirs
	}
	if l := f.Lines[0]; l.Side == reconcile.Back {
		return reconcile.Sums{Back: l.Amount}
	} else {
		return reconcile.Sums{Out: l.Amount}
	}
}

// moved is the money of one book in a cell: what left, and what came back.
func moved(s reconcile.Sums) ui.Cell {
	has := func(a money.Amount) bool { return a.IsSet() && !a.IsZero() }
	switch {
	case has(s.Out) && has(s.Back):
		return ui.Cell{Money: amount(s.Out), Below: "came back: " + grouped(s.Back.Decimal())}
	case has(s.Back):
		m := amount(s.Back)
		m.Text = "+" + m.Text
		return ui.Cell{Money: m, Below: "came back"}
	case has(s.Out):
		return ui.Cell{Money: amount(s.Out)}
	}
	return ui.Cell{}
}

func booksEmpty(v *visit, a *engine.ProviderAccount, q booksQuery, found *engine.Comparison) ui.Empty {
	total := found.Explained
	for _, n := range found.Counts {
		total += n
	}
	switch {
	case total == 0:
		e := ui.Empty{Title: "Nothing to compare in these days", Text: "No money of ours moved by this account, and nothing was reported about it. Choose other days, or load the provider's or the bank's statement first."}
		if v.who.May(engine.PermitState) {
			e.Action = &ui.Link{Text: "Load a statement", Href: v.at("/reconcile/" + a.ID + "/load")}
		}
		return e
	case q.show == showDiffers:
		return ui.Empty{Title: "The books agree", Text: "Nothing differs that nobody has explained."}
	}
	return ui.Empty{Title: "Nothing fits", Text: "No finding of these days is of this class.", Action: &ui.Link{Text: "Show differences", Href: v.at("/reconcile/" + a.ID)}}
}

// booksBelow is what the provider last said that it has.
func (d *Dash) booksBelow(ctx context.Context, v *visit, a *engine.ProviderAccount) ([]ui.Section, error) {
	if v.sheet != nil || v.Query("after") != "" {
		return nil, nil
	}
	all, err := d.Engine.Standings(ctx, v.scope)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	deposits, err := d.Engine.Deposits(ctx, v.scope)
	if err != nil {
		return nil, err
	}
	t := ui.Table{Name: "Balances", Cols: []ui.Col{{Name: "Deposit account", Place: ui.Under}, {Name: "Theirs", Place: ui.Lead, Right: true}, {Name: "Available here", Place: ui.Plain, Right: true}, {Name: "Held here", Place: ui.Plain, Right: true}, {Name: "Difference", Place: ui.Side, Right: true}, {Name: "They said so", Place: ui.Aside}}}
	for i := range deposits {
		one := &deposits[i]
		at := slices.IndexFunc(all, func(s engine.StandingOf) bool { return s.Deposit == one.ID })
		if one.Account != a.ID || at < 0 {
			continue
		}
		s := all[at]
		row := ui.Row{Cells: []ui.Cell{{Link: &ui.Link{Text: one.Name, Href: v.at("/deposits/" + one.ID)}}, {Money: amount(s.Theirs)}, {Money: amount(s.Available)}, {Money: someMoney(s.Held)}, {Money: someMoney(s.Difference)}, {At: s.At}}}
		if !s.Difference.IsZero() {
			row.Tone = ui.Warn
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) == 0 {
		return nil, nil
	}
	return []ui.Section{{Title: "What they say is on its deposit accounts", Table: t}}, nil
}

// exportBooks is the report as a file, with all columns of the engine's.
func (d *Dash) exportBooks(ctx context.Context, v *visit) (wire.Reply, error) {
	q, bad := readBooksQuery(v)
	if len(bad) > 0 {
		return wire.Reply{}, wire.ErrQuery
	}
	a, found, err := d.compared(ctx, v, q)
	if err != nil {
		return wire.Reply{}, err
	}
	file := fmt.Sprintf("%s-%s-reconcile-%s-%s.csv", v.scope.Merchant, v.scope.Mode, a.ID, d.Now().UTC().Format("20060102-150405"))
	return wire.Reply{Header: [][2]string{{"Content-Type", "text/csv; charset=utf-8; header=present"}, {"Content-Disposition", `attachment; filename="` + file + `"`}},
		Stream: func(_ context.Context, w io.Writer) error { return found.WriteCSV(w, "", engine.PrefixRequest) }}, nil
}

// pullBooks asks the provider for its report or its balance now, or has the books
// compared as they stand.
func (d *Dash) pullBooks(ctx context.Context, v *visit) (wire.Reply, error) {
	account, deed := v.Param("account"), "asked-books"
	var err error
	switch v.form.text("what") {
	case "balances":
		_, err = d.Engine.PullBalances(ctx, v.caller(), account)
	case "compare":
		deed, err = "compared", d.Engine.CompareBooks(ctx, v.caller(), account)
	default:
		_, err = d.Engine.PullReports(ctx, v.caller(), account)
	}
	if err != nil {
		return wire.Reply{}, err
	}
	return goTo(after(v.at("/reconcile/"+account), deed)), nil
}
