package dash

import (
	"context"
	"fmt"
	"slices"
	"time"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/engine/reconcile"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// finding is the one of the address, in the days of the query.
func (d *Dash) finding(ctx context.Context, v *visit) (*engine.ProviderAccount, *engine.BooksFinding, error) {
	q, _ := readBooksQuery(v)
	q.show = showAll
	a, found, err := d.compared(ctx, v, q)
	if err != nil {
		return nil, nil, err
	}
	at := slices.IndexFunc(found.Findings, func(f engine.BooksFinding) bool { return findingID(&f) == v.Param("finding") })
	if at < 0 {
		return nil, nil, wire.ErrNotFound
	}
	return a, &found.Findings[at], nil
}

func (d *Dash) showFinding(ctx context.Context, v *visit) (wire.Reply, error) {
	a, f, err := d.finding(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	return d.findingPage(ctx, v, 200, a, f, form{}, "", "")
}

// findingPage is one finding: what it is about, what each book says, the lines
// of theirs, and a person's word about it.
func (d *Dash) findingPage(ctx context.Context, v *visit, status int, a *engine.ProviderAccount, f *engine.BooksFinding, typed form, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
	names, err := d.names(ctx)
	if err != nil {
		return wire.Reply{}, err
	}
	q, _ := readBooksQuery(v)
	q.show = ""
	back := address(v.at("/reconcile/"+a.ID), q.values())
	id := findingID(f)
	head := ui.Head{Title: "Finding", Badge: classBadge(f.Class), Crumbs: []ui.Link{{Text: "Reconciliation", Href: v.at("/reconcile")}, {Text: a.Label, Href: back}}, Lead: whyText(f.Why)}
	about := ui.Block{Title: "General", Facts: findingFacts(v, f, names)}
	page := ui.Stack{List: []ui.Block{about, booksBlock(f), linesBlock(f)}}
	if f.Class != reconcile.Matched {
		about.Facts = append(about.Facts, ui.Fact{Name: "What to do first", Text: nextSteps[f.Class]})
		page.List[0] = about
	}
	if f.Class != reconcile.Matched && len(f.Reported) > 0 && v.who.May(engine.PermitState) {
		text := typed.text("description")
		if typed.Values == nil {
			text = f.Explained
		}
		page.List = append(page.List, ui.Block{Title: "Explain it", Lead: "It moves no money. The difference is told apart from then on; another one about the same payout isn't explained by it.",
			Form: &ui.Form{Action: address(v.at("/reconcile/"+a.ID+"/findings/"+id), q.values()), Submit: "Keep the explanation", Cancel: back,
				Fields: mark([]ui.Field{{Name: "description", Label: "What it is", Type: "area", Required: true, Max: 500, Value: text, Hint: "No account numbers."}}, field, problem)}})
	}
	return d.show(ctx, v, status, "stack", head, page, notes...)
}

func findingFacts(v *visit, f *engine.BooksFinding, names map[string]string) (out []ui.Fact) {
	if p := f.Payout; p != nil {
		request := engine.PrefixRequest + f.Request
		out = append(out, ui.Fact{Name: "Payout", Link: &ui.Link{Text: p.Key, Href: payoutPath(v, p.Key)}, Mono: true},
			ui.Fact{Name: "Payout request", Link: &ui.Link{Text: request, Href: v.at("/requests/" + request + "/payouts")}, Mono: true},
			ui.Fact{Name: "Status", Badge: statusBadge(payout.Status(f.Status))})
	} else {
		out = append(out, ui.Fact{Name: "Line", Text: f.Reported[0].ID, Mono: true, Copy: true}, ui.Fact{Name: "Payout", Text: "None of this account"})
	}
	by := ""
	for i := range f.Reported {
		if f.Reported[i].Explained == f.Explained && f.Explained != "" {
			by = "By " + speaker(f.Reported[i].By, names)
		}
	}
	return append(out, ui.Fact{Name: "Explanation", Text: f.Explained, Hint: by})
}

// booksBlock puts the books beside each other.
func booksBlock(f *engine.BooksFinding) ui.Block {
	t := ui.Table{Name: "The books", Cols: []ui.Col{{Name: "Book", Place: ui.Lead}, {Name: "Left", Place: ui.Plain, Right: true}, {Name: "Came back", Place: ui.Plain, Right: true}}}
	row := func(name string, s reconcile.Sums) {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: name}, {Money: amount(s.Out)}, {Money: amount(s.Back)}}})
	}
	if p := f.Payout; p != nil {
		row("Ordered", reconcile.Sums{Out: p.Ordered})
		row("Our record", p.Recorded)
		row("Our ledger", p.Ledger)
	}
	row("Theirs", theirSums(f))
	return ui.Block{Title: "What each book says", Table: t}
}

func linesBlock(f *engine.BooksFinding) ui.Block {
	t := ui.Table{Name: "Their lines", Cols: []ui.Col{{Name: "Day", Place: ui.Aside, Tight: true}, {Name: "Says", Place: ui.Side}, {Name: "Amount", Place: ui.Lead, Right: true}, {Name: "Where it stands", Place: ui.Under}, {Name: "What it meant", Place: ui.Plain}, {Name: "First seen", Place: ui.Plain}}}
	for i := range f.Reported {
		l := &f.Reported[i]
		said := or(lineWords[l.Verdict], sentenceCase(string(l.Verdict)))
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: l.Day.UTC().Format(time.DateOnly)}, {Text: said, Sub: pick(l.Booked, "booked", "said only")}, {Money: amount(l.Amount)}, {Text: source(l)}, {Text: or(doneWords[l.Done], "Not looked at yet")}, {At: l.Loaded}}})
	}
	return ui.Block{Title: "Their lines", Table: t, None: "Nothing of theirs names this payout yet."}
}

// explainFinding keeps a person's word about a difference.
func (d *Dash) explainFinding(ctx context.Context, v *visit) (wire.Reply, error) {
	a, f, err := d.finding(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		return d.findingPage(ctx, v, status, a, f, v.form, field, problem, notes...)
	}
	text := v.form.text("description")
	switch {
	case len(f.Reported) == 0:
		return again(409, "", "", ui.Notice{Tone: ui.Bad, Text: "There is no line of theirs that could be explained."})
	case text == "":
		return again(422, "description", "Say what it is.")
	case wire.Redact(text) != text:
		return again(422, "description", "This looks like it has an account number or a key in it.")
	}
	q, _ := readBooksQuery(v)
	to := q.values()
	to.Del("class")
	to.Set("done", "explained")
	err = d.Engine.ExplainReported(ctx, v.caller(), a.ID, f.Reported[0].ID, text)
	return d.edited(err, address(v.at(fmt.Sprintf("/reconcile/%s/findings/%s", a.ID, findingID(f))), to), again)
}
