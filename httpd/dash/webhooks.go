package dash

import (
	"context"
	"fmt"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// listWebhooks shows the latest webhooks of this merchant and mode.
func (d *Dash) listWebhooks(ctx context.Context, v *visit) (wire.Reply, error) {
	before := v.Query("before")
	if before != "" && !engine.ChosenID(before) {
		before = ""
	}
	all, err := d.Engine.Deliveries(ctx, v.caller(), before, pageSize+1)
	if err != nil {
		return wire.Reply{}, err
	}
	where, err := d.receivers(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	p := &ui.Pager{Text: count(min(len(all), pageSize), "webhook")}
	if before != "" {
		p.Newest = v.at("/webhooks")
	}
	if len(all) > pageSize {
		all = all[:pageSize]
		p.Older = v.at("/webhooks?before=" + all[pageSize-1].ID)
	}
	t := ui.Table{Name: "Webhooks, newest first", Cols: []ui.Col{
		{Name: "Webhook", Place: ui.Lead}, {Name: "State", Place: ui.Side}, {Name: "To", Place: ui.Plain}, {Name: "Last answer", Place: ui.Plain}, {Name: "Tries", Place: ui.Plain, Right: true}, {Name: "Next try", Place: ui.Plain}, {Name: "Created", Place: ui.Aside},
	}}
	for i := range all {
		t.Rows = append(t.Rows, d.webhookRow(v, &all[i], where))
	}
	empty := ui.Empty{Title: "No webhook yet", Text: "Receivers are told when a payout request changes. Register one:",
		Lines: []string{"penstock webhook add --merchant " + v.scope.Merchant + " https://shop.example/webhooks"}}
	return d.show(ctx, v, 200, "list", ui.Head{Title: "Webhooks"}, ui.List{Table: t, Pager: p, Empty: empty})
}

func (d *Dash) webhookRow(v *visit, dl *engine.Delivery, where map[string]string) ui.Row {
	one := delivered(dl, where)
	name := ui.Cell{Text: dl.Type}
	if dl.Request != "" {
		name.Link = &ui.Link{Text: dl.Type, Href: v.at("/requests/" + engine.PrefixRequest + dl.Request + "/deliveries")}
	}
	last := ui.Cell{}
	if n := len(dl.Attempts); n > 0 {
		last.Text = dl.Attempts[n-1].Error
		if s := dl.Attempts[n-1].Status; s > 0 {
			last.Text = fmt.Sprint(s)
		}
	}
	row := ui.Row{Cells: []ui.Cell{name, {Badge: &one.Badge}, {Text: one.Where}, last, {Text: fmt.Sprint(dl.Tries)}, {At: dl.Due}, {At: dl.Created}}}
	if dl.State == engine.Exhausted {
		row.Tone = ui.Bad
	}
	return row
}
