package dash

import (
	"context"
	"fmt"
	"strconv"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// showActivity is the audit log, newest first: who did what to what belongs to
// this merchant and mode, or to the appliance.
func (d *Dash) showActivity(ctx context.Context, v *visit) (wire.Reply, error) {
	before, _ := strconv.ParseUint(v.Query("before"), 10, 64) // what is no number is the newest page
	acts, next, err := d.acts(ctx, v, before)
	if err != nil {
		return wire.Reply{}, err
	}
	names, err := d.names(ctx)
	if err != nil {
		return wire.Reply{}, err
	}
	t := ui.Table{Name: "Activity, newest first", Cols: []ui.Col{
		{Name: "Time", Place: ui.Aside}, {Name: "Who", Place: ui.Under}, {Name: "What", Place: ui.Lead}, {Name: "Object", Place: ui.Plain}, {Name: "Note", Place: ui.Plain},
	}}
	for _, a := range acts {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{At: a.At}, {Text: actor(a.Actor, names)}, {Text: a.Action, Mono: true}, {Text: shortID(a.Object), Whole: a.Object, Mono: true}, {Text: a.Note},
		}})
	}
	p := &ui.Pager{Text: "Each line bears the hash of the one before; on the server: penstock audit verify"}
	if before > 0 {
		p.Newest = v.at("/activity")
	}
	if next > 0 {
		p.Older = v.at("/activity?before=" + fmt.Sprint(next))
	}
	return d.show(ctx, v, 200, "list", ui.Head{Title: "Activity log"}, ui.List{Table: t, Pager: p, Empty: ui.Empty{Title: "Nothing so far", Text: "No act of this merchant and mode is among the latest."}})
}

// acts reads one page of the log below a line's number (zero: from the
// newest). next is the number from which to go on; zero is the end.
func (d *Dash) acts(ctx context.Context, v *visit, before uint64) (out []engine.Act, next uint64, err error) {
	const step = 250
	for looked := 0; looked < maxLook; looked += step {
		some, err := d.Engine.Acts(ctx, before, step)
		if err != nil {
			return nil, 0, err
		}
		for _, a := range some {
			before = a.Seq
			if a.Merchant != "" && (a.Merchant != v.scope.Merchant || a.Mode != v.scope.Mode) {
				continue
			}
			if out = append(out, a); len(out) == v.size() {
				return out, before, nil
			}
		}
		if len(some) < step {
			return out, 0, nil
		}
	}
	return out, before, nil
}

// actor is who stands in the audit log, for people.
func actor(id string, names map[string]string) string {
	if id == "operator" {
		return "On the server"
	}
	return speaker(id, names)
}
