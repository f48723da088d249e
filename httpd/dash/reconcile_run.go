package dash

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"penstock/engine"
	"penstock/engine/reconcile"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// beganWords are what can begin a run.
var beganWords = map[engine.RunBegan]string{
	engine.RunStatement: "A statement was loaded", engine.RunPull: "The provider was asked for its report", engine.RunCompare: "Compared by hand", engine.RunSchedule: "By the schedule",
}

func runPath(v *visit, account string, seq uint64) string {
	return v.at(fmt.Sprintf("/reconcile/%s/runs/%d", account, seq))
}

// runBadge is how a run ended.
func runBadge(r *engine.BooksRun) *ui.Badge {
	switch {
	case r.Problem != "":
		return &ui.Badge{Text: "Failed", Tone: ui.Bad}
	case differing(r) > 0:
		return &ui.Badge{Text: "Differed", Tone: ui.Warn}
	}
	return &ui.Badge{Text: "Agreed", Tone: ui.Good}
}

// differing is how much differed that nobody had explained.
func differing(r *engine.BooksRun) (n int) {
	for class, of := range r.Counts {
		if class != reconcile.Matched {
			n += of
		}
	}
	return n
}

// listRuns are the runs of an account's reconciliation, the newest first.
func (d *Dash) listRuns(ctx context.Context, v *visit) (wire.Reply, error) {
	a, err := d.Engine.Account(ctx, v.scope, v.Param("account"))
	if err != nil {
		return wire.Reply{}, err
	}
	before, _ := strconv.ParseUint(v.Query("before"), 10, 64) // what is no number is the newest page
	runs, err := d.Engine.BooksRuns(ctx, v.scope, a.ID, before, v.size()+1)
	if err != nil {
		return wire.Reply{}, err
	}
	names, err := d.names(ctx)
	if err != nil {
		return wire.Reply{}, err
	}
	at := v.at("/reconcile/" + a.ID)
	p := &ui.Pager{Text: fmt.Sprintf("The latest %d runs of an account are kept", engine.MaxRuns)}
	if before > 0 {
		p.Newest = at + "/runs"
	}
	if len(runs) > v.size() {
		runs = runs[:v.size()]
		p.Older = at + "/runs?before=" + fmt.Sprint(runs[len(runs)-1].Seq)
	}
	t := ui.Table{Name: "Runs, newest first", Cols: []ui.Col{{Name: "Run", Place: ui.Lead}, {Name: "Result", Place: ui.Side}, {Name: "Began", Place: ui.Under}, {Name: "By", Place: ui.Plain}, {Name: "Lines read", Place: ui.Plain, Count: true}, {Name: "New", Place: ui.Plain, Count: true},
		{Name: "Matched", Place: ui.Plain, Count: true}, {Name: "Differed", Place: ui.Plain, Count: true}, {Name: "Explained", Place: ui.Plain, Count: true}, {Name: "Time", Place: ui.Aside}}}
	for i := range runs {
		t.Rows = append(t.Rows, runRow(v, a.ID, &runs[i], names))
	}
	return d.show(ctx, v, 200, "list", ui.Head{Title: "Runs", Lead: "How the books stood each time that they were compared", Crumbs: []ui.Link{{Text: "Reconciliation", Href: v.at("/reconcile")}, {Text: a.Label, Href: at}}},
		ui.List{Table: t, Pager: p, Empty: ui.Empty{Title: "No run yet", Text: "One is kept each time that a statement is loaded, the provider is asked for its report, or the books are compared, by a person or by the schedule.", Action: &ui.Link{Text: "Back to the books", Href: at}}})
}

func runRow(v *visit, account string, r *engine.BooksRun, names map[string]string) ui.Row {
	number := func(n int) ui.Cell {
		if n == 0 {
			return ui.Cell{}
		}
		return ui.Cell{Text: grouped(fmt.Sprint(n))}
	}
	row := ui.Row{Cells: []ui.Cell{{Link: &ui.Link{Text: fmt.Sprintf("Run %d", r.Seq), Href: runPath(v, account, r.Seq)}}, {Badge: runBadge(r)}, {Text: or(beganWords[r.Began], sentenceCase(string(r.Began))), Below: r.Source},
		{Text: actor(r.By, names)}, number(r.Lines), number(r.New), number(r.Counts[reconcile.Matched]), number(differing(r)), number(r.Explained), {At: r.At}}}
	switch {
	case r.Problem != "":
		row.Tone = ui.Bad
	case differing(r) > 0:
		row.Tone = ui.Warn
	}
	return row
}

// showRun is one run: what began it, what it came to, and its findings as they
// stood then.
func (d *Dash) showRun(ctx context.Context, v *visit) (wire.Reply, error) {
	a, err := d.Engine.Account(ctx, v.scope, v.Param("account"))
	if err != nil {
		return wire.Reply{}, err
	}
	seq, err := strconv.ParseUint(v.Param("run"), 10, 64)
	if err != nil {
		return wire.Reply{}, wire.ErrNotFound
	}
	r, found, err := d.Engine.BooksRun(ctx, v.scope, a.ID, seq)
	if err != nil {
		return wire.Reply{}, err
	}
	names, err := d.names(ctx)
	if err != nil {
		return wire.Reply{}, err
	}
	at := v.at("/reconcile/" + a.ID)
	head := ui.Head{Title: fmt.Sprintf("Run %d", r.Seq), Badge: runBadge(r), Lead: or(beganWords[r.Began], sentenceCase(string(r.Began))), Crumbs: []ui.Link{{Text: "Reconciliation", Href: v.at("/reconcile")}, {Text: a.Label, Href: at}, {Text: "Runs", Href: at + "/runs"}}}
	page := ui.Stack{List: []ui.Block{{Title: "General", Facts: runFacts(r, names)}}}
	if r.Problem != "" {
		return d.show(ctx, v, 200, "stack", head, page)
	}
	i := slices.IndexFunc(found, func(f engine.RunFinding) bool { return f.Class == reconcile.Matched })
	if i < 0 {
		i = len(found)
	}
	page.List = append(page.List, booksThen(r), foundBlock(v, a.ID, r, "Differed", found[:i], differing(r)+r.Explained, "Nothing differed."),
		foundBlock(v, a.ID, r, "Matched", found[i:], r.Counts[reconcile.Matched], "Nothing matched."))
	return d.show(ctx, v, 200, "stack", head, page)
}

func runFacts(r *engine.BooksRun, names map[string]string) []ui.Fact {
	out := []ui.Fact{{Name: "By", Text: actor(r.By, names)}, {Name: "When", At: r.At}}
	if r.Source != "" {
		out = append(out, ui.Fact{Name: "Statement", Text: r.Source})
	}
	if r.Problem != "" {
		return append(out, ui.Fact{Name: "Nothing was compared", Text: sentence(sentenceCase(wire.Redact(r.Problem)))})
	}
	if r.Began != engine.RunCompare {
		out = append(out, ui.Fact{Name: "Read", Text: fmt.Sprintf("%s, %s new; %s settled", count(r.Lines, "line"), grouped(fmt.Sprint(r.New)), count(r.Settled, "payout"))})
	}
	return append(out, ui.Fact{Name: "Days compared (UTC)", Text: r.From.Format("2 Jan 2006") + " to " + r.To.AddDate(0, 0, -1).Format("2 Jan 2006")})
}

// booksThen are the classes in numbers, and what matched in money.
func booksThen(r *engine.BooksRun) ui.Block {
	var facts []ui.Fact
	for _, c := range reconcile.Classes() {
		facts = append(facts, ui.Fact{Name: classWords[c].Text, Text: grouped(fmt.Sprint(r.Counts[c]))})
	}
	for _, sum := range r.Matched {
		facts = append(facts, ui.Fact{Name: "Left by what matched", Money: amount(sum)})
	}
	return ui.Block{Title: "In numbers", Facts: append(facts, ui.Fact{Name: "Explained", Text: grouped(fmt.Sprint(r.Explained))})}
}

// foundBlock are findings as they stood, each leading to how it stands now.
func foundBlock(v *visit, account string, r *engine.BooksRun, title string, found []engine.RunFinding, total int, none string) ui.Block {
	t := ui.Table{Name: title, Cols: []ui.Col{{Name: "Finding", Place: ui.Lead}, {Name: "Class", Place: ui.Side}, {Name: "Why", Place: ui.Under}, {Name: "Ours", Place: ui.Plain, Right: true}, {Name: "Theirs", Place: ui.Plain, Right: true},
		{Name: "Day", Place: ui.Aside, Tight: true}, {Name: "Source", Place: ui.Plain}}}
	days := booksQuery{first: r.From.Format(time.DateOnly), last: r.To.AddDate(0, 0, -1).Format(time.DateOnly)}.values()
	for i := range found {
		f := &found[i]
		id, name := f.Payout, shortID(f.Payout)
		if id == "" {
			id, name = f.Line, "Line "+f.Line[max(len(f.Line)-8, 0):]
		}
		row := ui.Row{Cells: []ui.Cell{{Link: &ui.Link{Text: name, Href: address(v.at("/reconcile/"+account+"/findings/"+id), days)}, Whole: id, Mono: true}, {Badge: classBadge(f.Class)}, {Text: whyText(f.Why), Below: pick(f.Explained, "explained", "")},
			moved(reconcile.Sums{Out: f.OursOut, Back: f.OursBack}), moved(reconcile.Sums{Out: f.TheirOut, Back: f.TheirBack}), {Text: f.Day.UTC().Format(time.DateOnly)}, {}}}
		if f.Lines > 0 {
			row.Cells[6].Text = source(&engine.ReportLine{Source: f.Source, Row: f.Row})
		}
		t.Rows = append(t.Rows, row)
	}
	out := ui.Block{Title: title, Table: t, None: none}
	if len(found) < total {
		out.Lead = fmt.Sprintf("%s of %s are kept with the run.", grouped(fmt.Sprint(len(found))), grouped(fmt.Sprint(total)))
	}
	return out
}
