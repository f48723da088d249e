package dash

import (
	"context"
	"slices"

	"penstock/engine"
	"penstock/engine/ledger"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// listAccounts shows the accounts at providers.
func (d *Dash) listAccounts(ctx context.Context, v *visit) (wire.Reply, error) {
	all, err := d.Engine.Accounts(ctx, v.scope)
	if err != nil {
		return wire.Reply{}, err
	}
	t := ui.Table{Name: "Provider accounts", Cols: []ui.Col{{Name: "Provider account", Place: ui.Lead}, {Name: "Provider", Place: ui.Under}, {Name: "ID", Place: ui.Plain}, {Name: "State", Place: ui.Side}, {Name: "Answers", Place: ui.Plain}, {Name: "Connected", Place: ui.Aside}}}
	for i := range all {
		a := &all[i]
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Link: &ui.Link{Text: a.Label, Href: v.at("/accounts/" + a.ID)}}, {Text: a.Provider}, {Text: a.ID, Mono: true}, {Badge: stateBadge(a.Disabled, a.Archived, a.Health)}, {Badge: answersBadge(d.Engine.BreakerOf(v.scope, a))}, {At: a.Created}}})
	}
	slices.Reverse(t.Rows)
	head := ui.Head{Title: "Provider accounts"}
	if link := connectLink(v); link != nil {
		head.Actions = []ui.Action{{Text: link.Text, Icon: "plus", Main: true, Href: link.Href}}
	}
	return d.show(ctx, v, 200, "list", head, ui.List{Table: t, Pager: &ui.Pager{Text: count(len(all), "provider account")},
		Empty: ui.Empty{Title: "No provider account", Text: "Money leaves by an account at a provider. Connect one first; its deposit accounts and routes are made with it.", Action: connectLink(v)}})
}

// accountPage shows one, with what can be changed of it. field is the one that
// problem is about.
func (d *Dash) accountPage(ctx context.Context, v *visit, status int, a *engine.ProviderAccount, f form, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
	deposits, err := d.Engine.Deposits(ctx, v.scope)
	if err != nil {
		return wire.Reply{}, err
	}
	names, err := d.names(ctx)
	if err != nil {
		return wire.Reply{}, err
	}
	at := v.at("/accounts/" + a.ID)
	about := ui.Block{Title: "General", Facts: []ui.Fact{{Name: "ID", Text: a.ID, Mono: true, Copy: true}, {Name: "Provider", Link: &ui.Link{Text: a.Provider, Href: v.at("/directory/providers/" + a.Provider)}}, {Name: "Address", Text: or(withoutSecrets(a.BaseURL), "The provider's own")},
		{Name: "Credentials", Text: pick(a.Sealed != nil, "Sealed in the locker", "None")}, {Name: "State", Badge: stateBadge(a.Disabled, a.Archived, a.Health)}, {Name: "Connected", At: a.Created}, {Name: "Changed", At: a.Changed}}}
	head := ui.Head{Title: a.Label, Badge: stateBadge(a.Disabled, a.Archived, a.Health), Crumbs: []ui.Link{{Text: "Provider accounts", Href: v.at("/accounts")}}}
	if a.Forced != nil {
		head.Badge = answersBadge(d.Engine.BreakerOf(v.scope, a))
	}
	page := ui.Stack{List: []ui.Block{about, d.answersBlock(v, a, names), accountDeposits(v, a, deposits)}}
	if v.who.May(engine.PermitConnect) {
		page.List[0].Press = []ui.Press{{Text: "Test call", Icon: "reload", Href: at + "/call"}}
		if p, ok := d.Engine.Directory.Provider(a.Provider); ok && len(p.Credentials) > 0 {
			head.Actions = []ui.Action{{Text: "New credentials", Icon: "key", Href: at + "/credentials"}}
		}
		if a.Forced == nil {
			head.Actions = append(head.Actions, openBreakerLink(v, a))
		}
		page.List = append(page.List, ui.Block{Title: "Edit", Form: accountForm(v, a, f, field, problem)})
	}
	return d.show(ctx, v, status, "stack", head, page, notes...)
}

// accountDeposits are where the account's money is.
func accountDeposits(v *visit, a *engine.ProviderAccount, all []engine.DepositView) ui.Block {
	t := ui.Table{Name: "Deposit accounts", Cols: []ui.Col{{Name: "Deposit account", Place: ui.Under}, {Name: "Available", Place: ui.Lead, Right: true}, {Name: "Held", Place: ui.Plain, Right: true}, {Name: "State", Place: ui.Side}}}
	for i := range all {
		if one := &all[i]; one.Account == a.ID {
			t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Link: &ui.Link{Text: one.Name, Href: v.at("/deposits/" + one.ID)}}, {Money: amount(one.Balance.Of(ledger.Available))}, {Money: someMoney(one.Balance.Of(ledger.Held))}, {Badge: depositBadge(&one.Deposit)}}})
		}
	}
	return ui.Block{Title: "Deposit accounts", Table: t, None: "It has none."}
}

func accountForm(v *visit, a *engine.ProviderAccount, f form, field, problem string) *ui.Form {
	old := func(name, now string) string {
		if f.Values != nil {
			return f.text(name)
		}
		return now
	}
	state := pick(a.Archived, "archived", pick(a.Disabled, "off", "on"))
	health := ui.Field{Name: "health", Label: "Health", Type: "select", Required: true, Hint: "Payouts pass by an account that is down."}
	for _, h := range []string{engine.Operational, engine.Degraded, engine.Down, engine.NotKnown} {
		health.Options = append(health.Options, ui.Option{Value: h, Text: sentenceCase(h), On: h == or(old("health", a.Health), engine.Operational)})
	}
	return &ui.Form{Action: v.at("/accounts/" + a.ID), Submit: "Save", Cancel: v.at("/accounts"), Fields: mark([]ui.Field{
		{Name: "name", Label: "Name", Type: "text", Required: true, Max: 255, Value: old("name", a.Label)},
		{Name: "description", Label: "Description", Type: "area", Max: 1024, Value: old("description", a.About)},
		health, stateField(old("state", state)),
	}, field, problem)}
}

func (d *Dash) showAccount(ctx context.Context, v *visit) (wire.Reply, error) {
	a, err := d.Engine.Account(ctx, v.scope, v.Param("account"))
	if err != nil {
		return wire.Reply{}, err
	}
	return d.accountPage(ctx, v, 200, a, form{}, "", "")
}

func (d *Dash) editAccount(ctx context.Context, v *visit) (wire.Reply, error) {
	a, err := d.Engine.Account(ctx, v.scope, v.Param("account"))
	if err != nil {
		return wire.Reply{}, err
	}
	again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		return d.accountPage(ctx, v, status, a, v.form, field, problem, notes...)
	}
	name, about, health := v.form.text("name"), v.form.text("description"), v.form.text("health")
	disabled, archived := readState(v.form)
	_, err = d.Engine.UpdateAccount(ctx, v.caller(), a.ID, engine.AccountEdit{Label: &name, About: &about, Health: &health, Disabled: &disabled, Archived: &archived}, nil)
	return d.edited(err, after(v.at("/accounts/"+a.ID), "saved"), again)
}
