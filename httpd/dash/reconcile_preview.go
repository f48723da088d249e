package dash

import (
	"context"
	"errors"
	"fmt"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// meansWords are what a line would do to its payout.
var meansWords = map[engine.Done]string{
	engine.DoneSettled: "Settles its payout", engine.DoneKnown: "Nothing: the payout stands so already", engine.DoneDiffers: "Nothing: it speaks of other money; a person looks",
	engine.DoneForeign: "Nothing: no payout of this account", engine.DoneNothing: "Nothing: it names no payout",
}

// preview shows what was understood of a statement that waits. Nothing is
// changed by it, however often it is looked at.
func (d *Dash) preview(ctx context.Context, v *visit) (wire.Reply, error) {
	a, err := d.Engine.Account(ctx, v.scope, v.Param("account"))
	if err != nil {
		return wire.Reply{}, err
	}
	o, answer := d.waiting(v, a.ID)
	if o == nil {
		return answer, nil
	}
	file, loaded := d.held.text(o)
	if loaded != nil {
		return goTo(address(v.at("/reconcile/"+a.ID), loadedQuery(loaded))), nil
	}
	p, err := d.Engine.PreviewStatement(ctx, v.caller(), a.ID, file)
	if err != nil {
		return wire.Reply{}, err
	}
	at := v.at("/reconcile/" + a.ID)
	head := ui.Head{Title: "Load this statement?", Lead: "This is what was understood. Nothing is loaded yet.", Crumbs: []ui.Link{{Text: "Reconciliation", Href: v.at("/reconcile")}, {Text: a.Label, Href: at}, {Text: "Load a statement", Href: at + "/load"}}}
	confirm := &ui.Form{Action: at + "/load/" + o.id, Submit: "Load it", Cancel: at + "/load"}
	page := ui.Stack{List: []ui.Block{{Title: "The statement", Facts: previewFacts(p), Form: confirm}, sumsBlock(p), previewBlock(v, p)}}
	return d.show(ctx, v, 200, "stack", head, page)
}

func previewFacts(p *engine.StatementPreview) []ui.Fact {
	fresh := p.Lines - p.Known
	out := []ui.Fact{{Name: "File", Text: p.Name}, {Name: "Lines", Text: grouped(fmt.Sprint(p.Lines)), Hint: pick(p.Known > 0, grouped(fmt.Sprint(p.Known))+" of them were loaded before and do nothing again", "")}}
	if !p.From.IsZero() {
		days := p.From.Format("2 Jan 2006")
		if p.To.After(p.From) {
			days += " to " + p.To.Format("2 Jan 2006")
		}
		out = append(out, ui.Fact{Name: "Booked on (UTC)", Text: days})
	}
	if p.Unbooked > 0 {
		out = append(out, ui.Fact{Name: "Words without a booking", Text: grouped(fmt.Sprint(p.Unbooked))})
	}
	out = append(out, ui.Fact{Name: "Would settle", Text: count(p.Means[engine.DoneSettled], "payout"), Hint: "as they stand now"})
	if n := p.Means[engine.DoneDiffers]; n > 0 {
		out = append(out, ui.Fact{Name: "Speak of other money", Text: count(n, "line"), Hint: "nothing is done by them; they stand among the differences"})
	}
	if n := p.Means[engine.DoneForeign] + p.Means[engine.DoneNothing]; n > 0 && fresh > 0 {
		out = append(out, ui.Fact{Name: "About no payout of this account", Text: count(n, "line")})
	}
	return out
}

// sumsBlock adds up what is booked, by currency.
func sumsBlock(p *engine.StatementPreview) ui.Block {
	t := ui.Table{Name: "Sums by currency", Cols: []ui.Col{{Name: "Currency", Place: ui.Lead}, {Name: "Lines paid", Place: ui.Plain, Count: true}, {Name: "Left", Place: ui.Plain, Right: true}, {Name: "Lines returned", Place: ui.Plain, Count: true}, {Name: "Came back", Place: ui.Plain, Right: true}}}
	for _, s := range p.Sums {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: s.Currency.Code()}, {Text: grouped(fmt.Sprint(s.Outs))}, {Money: amount(s.Out)}, {Text: grouped(fmt.Sprint(s.Backs))}, {Money: amount(s.Back)}}})
	}
	return ui.Block{Title: "Sums by currency", Table: t, None: "No line of it books money."}
}

// previewBlock are its first lines, and what each would do.
func previewBlock(v *visit, p *engine.StatementPreview) ui.Block {
	t := ui.Table{Name: "Lines", Cols: []ui.Col{{Name: "Row", Place: ui.Plain, Count: true}, {Name: "Says", Place: ui.Side}, {Name: "Amount", Place: ui.Lead, Right: true}, {Name: "Payout", Place: ui.Under}, {Name: "Day", Place: ui.Aside, Tight: true}, {Name: "Would do", Place: ui.Plain}}}
	for i := range p.First {
		l := &p.First[i]
		row := ui.Row{Cells: []ui.Cell{{}, {Text: or(lineWords[l.Verdict], sentenceCase(string(l.Verdict))), Sub: pick(l.Booked, "booked", "said only")}, {Money: amount(l.Amount)}, {}, {Text: l.Day.UTC().Format(time.DateOnly)}, {Text: meansWords[l.Means]}}}
		if l.Row > 0 {
			row.Cells[0].Text = grouped(fmt.Sprint(l.Row))
		}
		if l.Key != "" && l.Means != engine.DoneForeign {
			row.Cells[3] = ui.Cell{Mono: true, Whole: l.Key, Link: &ui.Link{Text: shortID(l.Key), Href: payoutPath(v, l.Key)}}
		}
		switch {
		case l.Known:
			row.Cells[5].Text = "Nothing: it was loaded before"
		case l.Means == engine.DoneDiffers:
			row.Tone = ui.Warn
		}
		t.Rows = append(t.Rows, row)
	}
	out := ui.Block{Title: "Lines", Table: t, None: "There is no line in it."}
	if len(p.First) < p.Lines-p.Unbooked {
		out.Lead = fmt.Sprintf("The first %d of %s.", len(p.First), count(p.Lines, "line"))
	}
	return out
}

// confirmLoad loads a statement that was looked at. A second click leads to what
// came of the first.
func (d *Dash) confirmLoad(ctx context.Context, v *visit) (wire.Reply, error) {
	a, err := d.Engine.Account(ctx, v.scope, v.Param("account"))
	if err != nil {
		return wire.Reply{}, err
	}
	o, answer := d.waiting(v, a.ID)
	if o == nil {
		return answer, nil
	}
	got, err := d.held.load(ctx, o, func(f connector.File) (*engine.Loaded, error) {
		return d.Engine.LoadStatement(ctx, v.caller(), a.ID, f)
	})
	if err != nil {
		return wire.Reply{}, err
	}
	return goTo(address(v.at("/reconcile/"+a.ID), loadedQuery(got))), nil
}

// faultFields are the fields of a statement's form, in words.
var faultFields = map[string]string{"reference": "Reference", "amount": "Amount", "currency": "Currency", "side": "Paid or returned", "status": "Status", "date": "Date"}

// faultsBlock tells what can't be read, line by line; nil where the error
// doesn't say.
func faultsBlock(err error) *ui.Block {
	var faults connector.Faults
	if !errors.As(err, &faults) {
		return nil
	}
	t := ui.Table{Name: "What can't be read", Cols: []ui.Col{{Name: "Where", Place: ui.Side, Tight: true}, {Name: "Field", Place: ui.Lead}, {Name: "What is wrong", Place: ui.Under}}}
	for _, f := range faults {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: "Line " + grouped(fmt.Sprint(f.Line))}, {Text: or(faultFields[f.Field], "The line")}, {Text: sentence(f.Rule)}}})
	}
	out := &ui.Block{Title: "What can't be read", Table: t}
	if len(faults) >= connector.MaxFaults {
		out.Lead = fmt.Sprintf("The first %d; there may be more.", len(faults))
	}
	return out
}
