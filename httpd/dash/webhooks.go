package dash

import (
	"context"
	"fmt"
	"slices"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// webhookTabs lead between what was sent, to whom, and how it is signed.
func webhookTabs(v *visit, on string) []ui.Link {
	var out []ui.Link
	for _, t := range [][2]string{{"Deliveries", ""}, {"Endpoints", "/endpoints"}, {"Check a signature", "/check"}} {
		out = append(out, ui.Link{Text: t[0], Href: v.at("/webhooks" + t[1]), On: t[1] == on})
	}
	return out
}

// listWebhooks shows the latest webhooks of this merchant and mode.
func (d *Dash) listWebhooks(ctx context.Context, v *visit) (wire.Reply, error) {
	before, state := v.Query("before"), v.Query("state")
	if before != "" && !engine.ChosenID(before) {
		before = ""
	}
	if _, known := deliveryWords[state]; !known {
		state = ""
	}
	all, next, err := d.deliveries(ctx, v, before, state)
	if err != nil {
		return wire.Reply{}, err
	}
	where, err := d.receivers(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	query := ""
	if state != "" {
		query = "&state=" + state
	}
	p := &ui.Pager{Text: count(len(all), "webhook")}
	if before != "" {
		p.Newest = v.at("/webhooks?" + query)
	}
	if next != "" {
		p.Older = v.at("/webhooks?before=" + next + query)
	}
	t := ui.Table{Name: "Webhooks, newest first", Cols: []ui.Col{
		{Name: "Webhook", Place: ui.Lead}, {Name: "State", Place: ui.Side}, {Name: "To", Place: ui.Plain}, {Name: "Last answer", Place: ui.Plain}, {Name: "Tries", Place: ui.Plain, Count: true}, {Name: "Next try", Place: ui.Plain}, {Name: "Created", Place: ui.Aside},
	}}
	for i := range all {
		t.Rows = append(t.Rows, webhookRow(v, &all[i], where))
	}
	head := ui.Head{Title: "Webhooks", Tabs: webhookTabs(v, "")}
	if v.who.May(engine.PermitResend) {
		head.Actions = []ui.Action{{Text: "Send a period again", Icon: "reload", Href: v.at("/webhooks/resend")}}
	}
	return d.show(ctx, v, 200, "list", head, ui.List{Filter: webhookBar(v, state), Table: t, Pager: p, Empty: webhooksEmpty(v, where, state)})
}

// deliveries reads one page of those in a state; next is where to go on.
func (d *Dash) deliveries(ctx context.Context, v *visit, before, state string) (out []engine.Delivery, next string, err error) {
	const step = 250
	for looked := 0; looked < maxLook; looked += step {
		some, err := d.Engine.Deliveries(ctx, v.caller(), before, step)
		if err != nil {
			return nil, "", err
		}
		for _, one := range some {
			if len(out) == v.size() {
				return out, before, nil
			}
			before = one.ID
			if state == "" || one.State == state {
				out = append(out, one)
			}
		}
		if len(some) < step {
			return out, "", nil
		}
	}
	return out, before, nil
}

func webhookBar(v *visit, state string) *ui.Filter {
	options := []ui.Option{{Text: "Any"}}
	for _, s := range []string{engine.Waiting, engine.Delivered, engine.Exhausted, engine.GoneAway} {
		options = append(options, ui.Option{Value: s, Text: deliveryWords[s].Text, On: s == state})
	}
	return &ui.Filter{Action: v.at("/webhooks"), Reset: v.at("/webhooks"), Fields: []ui.Field{{Name: "state", Label: "State", Type: "select", Options: options}}}
}

func webhooksEmpty(v *visit, where map[string]string, state string) ui.Empty {
	switch {
	case state != "":
		return ui.Empty{Title: "Nothing fits", Text: "None of the webhooks that were looked at is in this state.", Action: &ui.Link{Text: "Show all", Href: v.at("/webhooks")}}
	case len(where) > 0:
		return ui.Empty{Title: "No webhook yet", Text: "Receivers are told when a payout request changes. One is registered; nothing has changed since."}
	}
	e := ui.Empty{Title: "No webhook yet", Text: "Receivers are told when a payout request changes. Register one first."}
	if v.who.May(engine.PermitConnect) {
		e.Action = &ui.Link{Text: "Add an endpoint", Href: v.at("/webhooks/endpoints/new")}
	}
	return e
}

func webhookRow(v *visit, dl *engine.Delivery, where map[string]string) ui.Row {
	one := delivered(dl, where)
	name := ui.Cell{Link: &ui.Link{Text: dl.Type, Href: v.at("/webhooks/deliveries/" + dl.ID)}, Below: shortID(dl.ID)}
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

// listEndpoints shows who is told.
func (d *Dash) listEndpoints(ctx context.Context, v *visit) (wire.Reply, error) {
	all, err := d.Engine.Endpoints(ctx, v.caller())
	if err != nil {
		return wire.Reply{}, err
	}
	t := ui.Table{Name: "Endpoints", Cols: []ui.Col{{Name: "Address", Place: ui.Lead}, {Name: "State", Place: ui.Side}, {Name: "In the words of", Place: ui.Plain}, {Name: "Event types", Place: ui.Plain}, {Name: "ID", Place: ui.Under}, {Name: "Added", Place: ui.Aside}}}
	for _, e := range slices.Backward(all) {
		address := ui.Cell{Link: &ui.Link{Text: or(withoutSecrets(e.URL), "The callback address of each request"), Href: v.at("/webhooks/endpoints/" + e.ID)}}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{address, {Badge: endpointBadge(&e)}, {Text: profileText(e.Profile)}, {Text: or(few(e.Types, 3), "All")}, {Text: shortID(e.ID), Mono: true}, {At: e.Created}}})
	}
	head := ui.Head{Title: "Webhooks", Tabs: webhookTabs(v, "/endpoints")}
	empty := ui.Empty{Title: "Nobody is told", Text: "An endpoint is an address of yours that is told of every change of a payout request, signed, until it has answered."}
	if v.who.May(engine.PermitConnect) {
		add := v.at("/webhooks/endpoints/new")
		head.Actions = []ui.Action{{Text: "Add an endpoint", Icon: "plus", Main: true, Href: add}}
		empty.Action = &ui.Link{Text: "Add an endpoint", Href: add}
	}
	return d.show(ctx, v, 200, "list", head, ui.List{Table: t, Pager: &ui.Pager{Text: count(len(all), "endpoint")}, Empty: empty})
}

func endpointBadge(e *engine.Endpoint) *ui.Badge {
	if e.Disabled {
		return &ui.Badge{Text: "Removed", Tone: ui.Off}
	}
	return &ui.Badge{Text: "Is told", Tone: ui.Good}
}

// profileTexts say in which dialect's words an endpoint is told.
var profileTexts = map[string]string{"rest": "Saved-method payouts", "jsonapi": "Payout gateway", "hosted": "Hosted payouts", "standard": "Standard Webhooks"}

func profileText(p string) string { return or(profileTexts[p], p) }
