package dash

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

func (d *Dash) showEvents(ctx context.Context, v *visit) (wire.Reply, error) {
	r, err := d.request(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	lines, err := d.Engine.History(ctx, v.caller(), engine.PrefixRequest, nameForEngine(r))
	if err != nil {
		return wire.Reply{}, err
	}
	names, err := d.names(ctx)
	if err != nil {
		return wire.Reply{}, err
	}
	t := ui.Table{Name: "Events, newest first", Cols: []ui.Col{
		{Name: "Time", Place: ui.Aside}, {Name: "Event", Place: ui.Lead}, {Name: "Status after it", Place: ui.Side}, {Name: "By", Place: ui.Under}, {Name: "Payout", Place: ui.Plain}, {Name: "Message", Place: ui.Plain},
	}}
	for _, l := range slices.Backward(lines) {
		t.Rows = append(t.Rows, eventRow(l, names))
	}
	return d.show(ctx, v, 200, "list", requestHead(v, r, "/events"), ui.List{Table: t}, requestNotes(v, r)...)
}

func eventRow(l engine.Line, names map[string]string) ui.Row {
	what := ui.Cell{Text: eventWord(l.What)}
	if l.More > 0 {
		what.Below = fmt.Sprintf("and %s more, the last %s", count(l.More, "time"), l.Last.UTC().Format("2 Jan 2006, 15:04:05 UTC"))
	}
	var on ui.Cell
	if l.On > 0 {
		on.Text = fmt.Sprint(l.On)
	}
	var to ui.Cell
	if l.To != "" {
		to.Badge = stageBadge(payout.Stage(l.To))
		if l.On > 0 {
			to.Badge = statusBadge(payout.Status(l.To))
		}
	}
	row := ui.Row{Cells: []ui.Cell{{At: l.At}, what, to, {Text: sayer(l, names)}, on, {Text: l.Text}}}
	if l.What == "conflict" || l.What == "moderation_required" || l.What == "attention" {
		row.Tone = ui.Warn
	}
	return row
}

// sayer is who a line is by. A person's statement bears the word of its source
// and not whose it was; the activity log has that.
func sayer(l engine.Line, names map[string]string) string {
	switch payout.Kind(l.What) {
	case payout.Whole, payout.Part, payout.Refusal, payout.Doubted, payout.CameBack, "conflict":
		return speaker(l.By, names)
	}
	return actor(l.By, names)
}

// speaker is who did or said something, for people.
func speaker(by string, names map[string]string) string {
	if name := names[by]; name != "" {
		return name
	}
	if s := speakers[by]; s != "" {
		return s
	}
	if strings.HasPrefix(by, engine.PrefixKey) {
		return "API key " + shortID(by)
	}
	return by
}

// names are the operators by id.
func (d *Dash) names(ctx context.Context) (map[string]string, error) {
	all, err := d.Engine.Operators(ctx)
	out := make(map[string]string, len(all))
	for _, o := range all {
		out[o.ID] = o.Name
	}
	return out, err
}
