package dash

import (
	"context"
	"slices"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// listAccounts shows the accounts at providers.
func (d *Dash) listAccounts(ctx context.Context, v *visit) (wire.Reply, error) {
	all, err := d.Engine.Accounts(ctx, v.scope)
	if err != nil {
		return wire.Reply{}, err
	}
	t := ui.Table{Name: "Provider accounts", Cols: []ui.Col{{Name: "Provider account", Place: ui.Lead}, {Name: "Provider", Place: ui.Under}, {Name: "ID", Place: ui.Plain}, {Name: "State", Place: ui.Side}, {Name: "Connected", Place: ui.Aside}}}
	for i := range all {
		a := &all[i]
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Link: &ui.Link{Text: a.Label, Href: v.at("/accounts/" + a.ID)}}, {Text: a.Provider}, {Text: a.ID, Mono: true}, {Badge: stateBadge(a.Disabled, a.Archived, a.Health)}, {At: a.Created}}})
	}
	slices.Reverse(t.Rows)
	return d.show(ctx, v, 200, "list", ui.Head{Title: "Provider accounts"}, ui.List{Table: t, Pager: &ui.Pager{Text: count(len(all), "provider account")},
		Empty: ui.Empty{Title: "No provider account", Text: "Connect one on the server; its deposit accounts and routes are made with it:", Lines: []string{"penstock connector add --help"}}})
}

func accountPage(v *visit, a *engine.ProviderAccount, f form, field, problem string) (ui.Head, ui.Act) {
	old := func(name, now string) string {
		if f.Values != nil {
			return f.text(name)
		}
		return now
	}
	state := "on"
	switch {
	case a.Archived:
		state = "archived"
	case a.Disabled:
		state = "off"
	}
	health := ui.Field{Name: "health", Label: "Health", Type: "select", Required: true}
	for _, h := range []string{engine.Operational, engine.Degraded, engine.Down, engine.NotKnown} {
		health.Options = append(health.Options, ui.Option{Value: h, Text: sentenceCase(h), On: h == or(old("health", a.Health), engine.Operational)})
	}
	about := ui.Facts{List: []ui.Fact{{Name: "ID", Text: a.ID, Mono: true, Copy: true}, {Name: "Provider", Text: a.Provider}, {Name: "Address", Text: withoutSecrets(a.BaseURL)}, {Name: "Credentials", Text: pick(a.Sealed != nil, "Sealed in the locker", "None")}, {Name: "Connected", At: a.Created}}}
	head := ui.Head{Title: a.Label, Badge: stateBadge(a.Disabled, a.Archived, a.Health), Crumbs: []ui.Link{{Text: "Provider accounts", Href: v.at("/accounts")}}}
	act := ui.Act{Facts: []ui.Facts{about}}
	if v.who.May(engine.PermitConnect) {
		act.Form = ui.Form{Action: v.at("/accounts/" + a.ID), Submit: "Save", Cancel: v.at("/accounts"), Fields: mark([]ui.Field{
			{Name: "name", Label: "Name", Type: "text", Required: true, Max: 255, Value: old("name", a.Label)},
			{Name: "description", Label: "Description", Type: "area", Max: 1024, Value: old("description", a.About)},
			health, stateField(old("state", state)),
		}, field, problem)}
	}
	return head, act
}

func (d *Dash) showAccount(ctx context.Context, v *visit) (wire.Reply, error) {
	a, err := d.Engine.Account(ctx, v.scope, v.Param("account"))
	if err != nil {
		return wire.Reply{}, err
	}
	head, act := accountPage(v, a, form{}, "", "")
	return d.show(ctx, v, 200, "act", head, act)
}

func (d *Dash) editAccount(ctx context.Context, v *visit) (wire.Reply, error) {
	a, err := d.Engine.Account(ctx, v.scope, v.Param("account"))
	if err != nil {
		return wire.Reply{}, err
	}
	again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		head, act := accountPage(v, a, v.form, field, problem)
		return d.show(ctx, v, status, "act", head, act, notes...)
	}
	name, about, health := v.form.text("name"), v.form.text("description"), v.form.text("health")
	disabled, archived := readState(v.form)
	_, err = d.Engine.UpdateAccount(ctx, v.caller(), a.ID, engine.AccountEdit{Label: &name, About: &about, Health: &health, Disabled: &disabled, Archived: &archived}, nil)
	return d.edited(err, after(v.at("/accounts/"+a.ID), "saved"), again)
}
