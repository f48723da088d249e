package dash

import (
	"context"
	"fmt"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/routing"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// listRoutes shows by which services through which deposit accounts money may
// leave.
func (d *Dash) listRoutes(ctx context.Context, v *visit) (wire.Reply, error) {
	all, err := d.Engine.Routes(ctx, v.scope)
	if err != nil {
		return wire.Reply{}, err
	}
	names, err := d.depositNames(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	service, currency, state := v.Query("service"), v.Query("currency"), v.Query("state")
	services, currencies := map[string]bool{}, map[string]bool{}
	t := ui.Table{Name: "Payout routes", Cols: []ui.Col{
		{Name: "Service", Place: ui.Lead}, {Name: "Deposit account", Place: ui.Under}, {Name: "Provider", Place: ui.Aside}, {Name: "From", Place: ui.Plain, Right: true}, {Name: "Up to", Place: ui.Plain, Right: true}, {Name: "Cost", Place: ui.Plain}, {Name: "State", Place: ui.Side},
	}}
	for i := range all {
		r := &all[i]
		services[r.Service], currencies[r.Currency.Code()] = true, true
		if service != "" && service != r.Service || currency != "" && currency != r.Currency.Code() || r.Archived != (state == "archived") || state == "disabled" && !r.Disabled {
			continue
		}
		name := ui.Cell{Text: r.Service, Mono: true}
		if v.who.May(engine.PermitConnect) {
			name = ui.Cell{Mono: true, Link: &ui.Link{Text: r.Service, Href: v.at("/routes/" + r.ID)}}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			name, {Link: &ui.Link{Text: names[r.Deposit], Href: v.at("/deposits/" + r.Deposit)}}, {Text: r.Provider}, {Money: amount(r.Min)}, {Money: amount(r.Max)}, {Text: costText(r.Cost)}, {Badge: routeBadge(r)},
		}})
	}
	p := &ui.Pager{Text: count(len(t.Rows), "payout route")}
	if len(t.Rows) > maxRoutes {
		t.Rows = t.Rows[:maxRoutes]
		p.Text = fmt.Sprintf("the first %d of %s; narrow the list to see the others", maxRoutes, p.Text)
	}
	f := &ui.Filter{Action: v.at("/routes"), Fields: []ui.Field{
		choice("service", "Service", services, service), choice("currency", "Currency", currencies, currency),
		{Name: "state", Label: "State", Type: "select", Options: []ui.Option{{Text: "In use"}, {Value: "disabled", Text: "Disabled", On: state == "disabled"}, {Value: "archived", Text: "Archived", On: state == "archived"}}},
	}}
	head := ui.Head{Title: "Payout routes"}
	if v.who.May(engine.PermitConnect) {
		head.Actions = []ui.Action{{Text: "Enable all", Href: v.at("/routes/all/enable")}, {Text: "Disable all", Href: v.at("/routes/all/disable")}, {Text: "Archive disabled", Href: v.at("/routes/all/archive")}}
	}
	page := ui.List{Filter: f, Table: t, Pager: p, Empty: ui.Empty{Title: "No payout route", Text: "Connecting a provider account makes its routes, one for each service and deposit account."}}
	return d.show(ctx, v, 200, "list", head, page)
}

// maxRoutes is how many routes one page lists.
const maxRoutes = 200

// choice is a select over what there is.
func choice(name, label string, among map[string]bool, on string) ui.Field {
	f := ui.Field{Name: name, Label: label, Type: "select", Options: []ui.Option{{Text: "Any"}}}
	for _, c := range sortedKeys(among) {
		f.Options = append(f.Options, ui.Option{Value: c, Text: c, On: c == on})
	}
	return f
}

func routeBadge(r *engine.Route) *ui.Badge {
	b := stateBadge(r.Disabled, r.Archived, "")
	if !r.Disabled && !r.Archived {
		b.Text = "Enabled"
	}
	return b
}

// costText is what a route's provider takes.
func costText(c routing.Cost) string {
	text := ""
	if c.Rate != 0 {
		text = percentText(c.Rate) + " %"
	}
	if c.Fixed.IsSet() && !c.Fixed.IsZero() {
		if text != "" {
			text += " + "
		}
		text += c.Fixed.Decimal() + " " + c.Fixed.Currency().Code()
	}
	return text
}

// depositNames are the names of deposit accounts by id.
func (d *Dash) depositNames(ctx context.Context, v *visit) (map[string]string, error) {
	all, err := d.Engine.Deposits(ctx, v.scope)
	out := make(map[string]string, len(all))
	for i := range all {
		out[all[i].ID] = all[i].Name
	}
	return out, err
}

func routeEdit(v *visit, r *engine.Route, deposit string, f form, field, problem string) (ui.Head, ui.Act) {
	old := func(name, now string) string {
		if f.Values != nil {
			return f.text(name)
		}
		return now
	}
	sum := func(name, label string, now money.Amount) ui.Field {
		return ui.Field{Name: name, Label: label + ", in " + r.Currency.Code(), Type: "text", Mode: "decimal", Auto: "off", Max: 40, Value: old(name, amountText(now))}
	}
	state := "on"
	switch {
	case r.Archived:
		state = "archived"
	case r.Disabled:
		state = "off"
	}
	fields := []ui.Field{
		sum("amount_min", "Least of one payout", r.Min), sum("amount_max", "Most of one payout", r.Max),
		{Name: "cost.rate", Label: "The provider takes, in percent", Type: "text", Mode: "decimal", Auto: "off", Max: 8, Value: old("cost.rate", percentText(r.Cost.Rate))},
		sum("cost.fixed", "and for each payout", r.Cost.Fixed), sum("cost.min", "at least", r.Cost.Least), sum("cost.max", "at most", r.Cost.Most),
		{Name: "external_id", Label: "External ID", Type: "text", Max: 255, Value: old("external_id", r.ExternalID)},
		stateField(old("state", state)),
	}
	about := ui.Facts{List: []ui.Fact{{Name: "ID", Text: engine.PrefixRoute + r.ID, Mono: true, Copy: true}, {Name: "Service", Text: r.Service, Mono: true}, {Name: "Deposit account", Text: deposit, Link: &ui.Link{Text: deposit, Href: v.at("/deposits/" + r.Deposit)}}, {Name: "Provider", Text: r.Provider}}}
	return ui.Head{Title: r.Service, Badge: routeBadge(r), Crumbs: []ui.Link{{Text: "Payout routes", Href: v.at("/routes")}}},
		ui.Act{Facts: []ui.Facts{about}, Form: ui.Form{Action: v.at("/routes/" + r.ID), Fields: mark(fields, field, problem), Submit: "Save", Cancel: v.at("/routes")}}
}

func (d *Dash) askEditRoute(ctx context.Context, v *visit) (wire.Reply, error) {
	r, name, err := d.route(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	head, act := routeEdit(v, r, name, form{}, "", "")
	return d.show(ctx, v, 200, "act", head, act)
}

// route is the one in the address, and the name of its deposit account.
func (d *Dash) route(ctx context.Context, v *visit) (*engine.Route, string, error) {
	r, err := d.Engine.Route(ctx, v.scope, v.Param("route"))
	if err != nil {
		return nil, "", err
	}
	names, err := d.depositNames(ctx, v)
	return r, names[r.Deposit], err
}

func (d *Dash) editRoute(ctx context.Context, v *visit) (wire.Reply, error) {
	r, name, err := d.route(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		head, act := routeEdit(v, r, name, v.form, field, problem)
		return d.show(ctx, v, status, "act", head, act, notes...)
	}
	external := v.form.text("external_id")
	disabled, archived := readState(v.form)
	var low, high money.Amount
	var cost routing.Cost
	var problem string
	for _, in := range []struct {
		name string
		to   *money.Amount
	}{{"amount_min", &low}, {"amount_max", &high}, {"cost.fixed", &cost.Fixed}, {"cost.min", &cost.Least}, {"cost.max", &cost.Most}} {
		if *in.to, problem = readAmount(v.form.text(in.name), r.Currency); problem != "" {
			return again(422, in.name, problem)
		}
	}
	if cost.Rate, problem = readPercent(v.form.text("cost.rate")); problem != "" {
		return again(422, "cost.rate", problem)
	}
	ed := engine.RouteEdit{Min: &low, Max: &high, Cost: &cost, ExternalID: &external, Disabled: &disabled, Archived: &archived}
	_, err = d.Engine.UpdateRoute(ctx, v.caller(), r.ID, ed, nil)
	return d.edited(err, after(v.at("/routes"), "saved"), again)
}

// sweeping are the acts on all routes at once.
var sweeping = map[string]struct{ title, text, submit string }{
	"enable":  {"Enable every payout route?", "Every route that is not archived may be used again.", "Enable all"},
	"disable": {"Disable every payout route?", "Nothing leaves any more: new payouts find no route. What is under way goes on.", "Disable all"},
	"archive": {"Archive the disabled routes?", "They leave the lists. Each can be restored on its own.", "Archive"},
}

func (d *Dash) askRoutes(ctx context.Context, v *visit) (wire.Reply, error) {
	s, ok := sweeping[v.Param("what")]
	if !ok {
		return wire.Reply{}, wire.ErrNotFound
	}
	return d.show(ctx, v, 200, "act", ui.Head{Title: s.title, Crumbs: []ui.Link{{Text: "Payout routes", Href: v.at("/routes")}}},
		ui.Act{Text: s.text, Form: ui.Form{Action: v.at("/routes/all/" + v.Param("what")), Submit: s.submit, Danger: true, Cancel: v.at("/routes")}})
}

func (d *Dash) switchRoutes(ctx context.Context, v *visit) (wire.Reply, error) {
	var err error
	switch what := v.Param("what"); what {
	case "enable", "disable":
		_, err = d.Engine.SwitchRoutes(ctx, v.caller(), what == "disable", nil)
	case "archive":
		_, err = d.Engine.ArchiveDisabled(ctx, v.caller(), nil)
	default:
		return wire.Reply{}, wire.ErrNotFound
	}
	if err != nil {
		return wire.Reply{}, err
	}
	return goTo(after(v.at("/routes"), "saved")), nil
}
