package dash

import (
	"context"
	"fmt"
	"strings"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// payoutPath is the page of one payout.
func payoutPath(v *visit, id string) string { return v.at("/payouts/" + id) }

// listPayouts shows the payouts of all requests, those of the newest request
// first. A page is one of requests, so it may have more of them.
func (d *Dash) listPayouts(ctx context.Context, v *visit) (wire.Reply, error) {
	q, bad := readQuery(v)
	status := payout.Status(v.Query("payout"))
	if _, known := statusWords[status]; !known {
		status = ""
	}
	q.status, q.wants = "", false
	fits := func(p *payout.Payout) bool { return status == "" || p.Status == status }
	q.payouts = payout.Statuses()
	if status != "" {
		q.payouts = []payout.Status{status}
	}
	got, err := d.search(ctx, v, q)
	if err != nil {
		return wire.Reply{}, err
	}
	deposits, err := d.depositNames(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	t := ui.Table{Name: "Payouts, newest request first", Cols: []ui.Col{{Name: "Payout", Place: ui.Under}, {Name: "Amount", Place: ui.Lead, Right: true}, {Name: "Status", Place: ui.Side}, {Name: "Deposit account", Place: ui.Plain}, {Name: "Request", Place: ui.Plain}, {Name: "Resolution", Place: ui.Plain}, {Name: "Created", Place: ui.Aside}}}
	for i := range got.list {
		r := &got.list[i].Request
		for j := range r.Payouts {
			if fits(&r.Payouts[j]) {
				t.Rows = append(t.Rows, payoutRow(v, r, &r.Payouts[j], deposits))
			}
		}
	}
	page := ui.List{Filter: payoutsBar(v, q, status), Table: t, Pager: payoutsPager(v, q, status, got, len(t.Rows)), Empty: payoutsEmpty(v, q, status, got)}
	return d.show(ctx, v, 200, "list", ui.Head{Title: "Payouts", Lead: "Each is one instruction to one provider; a request has one or more"}, page, bad...)
}

func payoutRow(v *visit, r *engine.Request, p *payout.Payout, deposits map[string]string) ui.Row {
	row := ui.Row{Cells: []ui.Cell{{Link: &ui.Link{Text: shortID(p.ID), Href: payoutPath(v, p.ID)}, Whole: p.ID, Mono: true}, {Money: amount(p.Amount)}, {Badge: statusBadge(p.Status)}, {},
		{Link: &ui.Link{Text: shortID(nameOfRequest(r)), Href: requestPath(v, r, "")}, Mono: true}, {Text: p.Resolution, Mono: true}, {At: p.Created}}}
	if p.Deposit != "" {
		row.Cells[3] = ui.Cell{Link: &ui.Link{Text: or(deposits[p.Deposit], engine.PrefixDeposit+p.Deposit), Href: v.at("/deposits/" + p.Deposit)}}
	}
	if p.Status == payout.Uncertain || disputed(r, p) {
		row.Tone = ui.Warn
	}
	return row
}

func payoutsBar(v *visit, q query, status payout.Status) *ui.Filter {
	options := []ui.Option{{Text: "Any"}}
	for _, s := range payout.Statuses() {
		options = append(options, ui.Option{Value: string(s), Text: statusWords[s].Text, On: s == status})
	}
	at := v.at("/payouts")
	f := &ui.Filter{Action: at, Reset: at, Fields: []ui.Field{{Name: "payout", Label: "Status", Type: "select", Options: options},
		{Name: "from", Label: "Request from (UTC)", Type: "date", Value: q.from}, {Name: "to", Label: "to, inclusive", Type: "date", Value: q.to},
		{Name: "customer", Label: "Customer", Type: "text", Value: q.customer, Max: 64, Auto: "off"}}}
	for _, c := range [][2]string{{"payout", statusWords[status].Text}, {"from", "from " + q.from}, {"to", "to " + q.to}, {"customer", "customer " + q.customer}} {
		rest := q.values()
		if status != "" {
			rest.Set("payout", string(status))
		}
		if rest.Has(c[0]) {
			rest.Del(c[0])
			f.On = append(f.On, ui.Link{Text: c[1], Href: address(at, rest)})
		}
	}
	return f
}

func payoutsPager(v *visit, q query, status payout.Status, got found, n int) *ui.Pager {
	at, values := v.at("/payouts"), q.values()
	if status != "" {
		values.Set("payout", string(status))
	}
	p := &ui.Pager{Text: fmt.Sprintf("%s of %s", count(n, "payout"), count(len(got.list), "request"))}
	if q.before != "" {
		p.Newest = address(at, values)
	}
	if got.older != "" {
		older := q.values()
		if status != "" {
			older.Set("payout", string(status))
		}
		older.Set("before", got.older)
		p.Older = address(at, older)
	}
	if !got.back.IsZero() {
		p.Text += ", looked back to " + got.back.UTC().Format("2 Jan 2006, 15:04 UTC")
	}
	return p
}

func payoutsEmpty(v *visit, q query, status payout.Status, got found) ui.Empty {
	switch {
	case got.older != "":
		return ui.Empty{Title: "Nothing so far", Text: "None back to " + got.back.UTC().Format("2 Jan 2006, 15:04 UTC") + " fits. Older ones may."}
	case status != "" || len(q.values()) > 0:
		return ui.Empty{Title: "Nothing fits", Text: "No payout of this merchant fits the filter.", Action: &ui.Link{Text: "Show all", Href: v.at("/payouts")}}
	}
	e := firstSteps(v)
	e.Title = "No payout yet"
	return e
}

// showPayout is one payout: what it is, what was said about it and how.
func (d *Dash) showPayout(ctx context.Context, v *visit) (wire.Reply, error) {
	got, i, err := d.Engine.Payout(ctx, v.caller(), v.Param("payout"))
	if err != nil {
		return wire.Reply{}, err
	}
	r := &got.Request
	lines, err := d.Engine.History(ctx, v.caller(), engine.PrefixRequest, nameForEngine(r))
	if err != nil {
		return wire.Reply{}, err
	}
	deposits, err := d.depositNames(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	p := &r.Payouts[i]
	one, err := d.instructed(ctx, v, r, p, lines, deposits)
	if err != nil {
		return wire.Reply{}, err
	}
	one.Title = "General"
	m := amount(p.Amount)
	head := ui.Head{Title: m.Text, Unit: m.Currency, Badge: statusBadge(p.Status), ID: p.ID, Crumbs: []ui.Link{{Text: "Payouts", Href: v.at("/payouts")}}, Actions: one.Actions}
	if name := deposits[p.Deposit]; name != "" {
		head.Lead = "from " + name
	}
	head.Tabs = []ui.Link{{Text: "Payout", Href: payoutPath(v, p.ID), On: true}, {Text: "Its request", Href: requestPath(v, r, "")}, {Text: "Events", Href: requestPath(v, r, "/events")}, {Text: "Explanation", Href: requestPath(v, r, "/explanation")}}
	for _, a := range requestActions(v, r) { // those that stop its work, or let it go on
		if strings.HasSuffix(a.Href, "/moderate") || strings.HasSuffix(a.Href, "/release") {
			head.Actions = append(head.Actions, a)
		}
	}
	one.Actions = nil
	return d.show(ctx, v, 200, "payouts", head, ui.Payouts{Pull: pullPath(v, r), List: []ui.Instructed{one}}, requestNotes(v, r)...)
}
