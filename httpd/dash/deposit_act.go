package dash

import (
	"context"

	"penstock/engine"
	"penstock/engine/ledger"
	"penstock/engine/money"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// fundPage asks for a top-up or an adjustment.
func (d *Dash) fundPage(v *visit, a *engine.DepositView, adjust bool, f form, field, problem string) (ui.Head, ui.Act, error) {
	key, err := d.onceField(f)
	if err != nil {
		return ui.Head{}, ui.Act{}, err
	}
	at := v.at("/deposits/" + a.ID)
	head := ui.Head{Title: "Top up", Crumbs: []ui.Link{{Text: "Deposit accounts", Href: v.at("/deposits")}, {Text: a.Name, Href: at}}}
	act := ui.Act{Text: "Writes down money that has arrived with the provider. It moves nothing by itself.",
		Facts: []ui.Facts{{List: []ui.Fact{{Name: "Deposit account", Text: a.Name}, {Name: "Available", Money: amount(a.Balance.Of(ledger.Available))}}}}}
	sum := ui.Field{Name: "amount", Label: "Amount in " + a.Currency.Code(), Type: "text", Mode: "decimal", Auto: "off", Required: true, Max: 40, Value: f.text("amount"), Focus: true}
	text := ui.Field{Name: "text", Label: "Description", Type: "text", Auto: "off", Max: 200, Value: f.text("text"), Hint: "For people who read the ledger later."}
	act.Form = ui.Form{Action: at + "/topup", Fields: []ui.Field{key, sum, text}, Submit: "Top up", Cancel: at}
	if adjust {
		head.Title = "Adjust"
		act.Text = "Sets the books right where they differ from the provider's. It moves no money, and it stays in the ledger for ever."
		text.Label, text.Required = "Why", true
		less := f.text("direction") == "less"
		direction := ui.Field{Name: "direction", Label: "The account holds", Type: "select", Required: true,
			Options: []ui.Option{{Value: "more", Text: "more than the ledger says", On: !less}, {Value: "less", Text: "less than the ledger says", On: less}}}
		sum.Focus = false
		act.Form = ui.Form{Action: at + "/adjust", Fields: []ui.Field{key, direction, sum, text}, Submit: "Adjust", Danger: true, Cancel: at}
	}
	mark(act.Form.Fields, field, problem)
	return head, act, nil
}

func (d *Dash) askFund(adjust bool) handler {
	return func(ctx context.Context, v *visit) (wire.Reply, error) {
		a, err := d.deposit(ctx, v)
		if err != nil {
			return wire.Reply{}, err
		}
		head, act, err := d.fundPage(v, a, adjust, form{}, "", "")
		if err != nil {
			return wire.Reply{}, err
		}
		return d.show(ctx, v, 200, "act", head, act)
	}
}

// fund books a top-up or an adjustment, once for each page that asked.
func (d *Dash) fund(adjust bool) handler {
	return func(ctx context.Context, v *visit) (wire.Reply, error) {
		a, err := d.deposit(ctx, v)
		if err != nil {
			return wire.Reply{}, err
		}
		again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
			head, act, err := d.fundPage(v, a, adjust, v.form, field, problem)
			if err != nil {
				return wire.Reply{}, err
			}
			return d.show(ctx, v, status, "act", head, act, notes...)
		}
		sum, problem := readAmount(v.form.text("amount"), a.Currency)
		if problem == "" && !sum.IsPositive() {
			problem = "An amount above zero."
		}
		if problem != "" {
			return again(422, "amount", problem)
		}
		text := v.form.text("text")
		if wire.Redact(text) != text {
			return again(422, "text", "There is an account number or a key in it. Leave it out.")
		}
		err = d.book(ctx, v, a, adjust, sum, text)
		if field, problem, ok := wrongField(err); ok {
			if field == "description" {
				field = "text"
			}
			return again(422, field, problem)
		}
		if note := refusal(err); note != nil {
			status, _ := explain(err)
			return again(status, "", "", *note)
		}
		if err != nil {
			return wire.Reply{}, err
		}
		return goTo(after(v.at("/deposits/"+a.ID), "booked")), nil
	}
}

func (d *Dash) book(ctx context.Context, v *visit, a *engine.DepositView, adjust bool, sum money.Amount, text string) error {
	if !adjust {
		once, err := v.once("topup " + a.ID)
		if err == nil {
			_, err = d.Engine.TopUp(ctx, v.caller(), a.ID, sum, text, once)
		}
		return err
	}
	if v.form.text("direction") == "less" {
		less, err := sum.Neg()
		if err != nil {
			return err
		}
		sum = less
	}
	once, err := v.once("adjust " + a.ID)
	if err == nil {
		_, err = d.Engine.Adjust(ctx, v.caller(), a.ID, sum, text, once)
	}
	return err
}

func depositEdit(v *visit, a *engine.DepositView, f form, field, problem string) (ui.Head, ui.Act) {
	old := func(name, now string) string {
		if f.Values != nil {
			return f.text(name)
		}
		return now
	}
	limit := func(name, label, hint string, now money.Amount) ui.Field {
		return ui.Field{Name: name, Label: label + ", in " + a.Currency.Code(), Type: "text", Mode: "decimal", Auto: "off", Max: 40, Value: old(name, amountText(now)), Hint: hint}
	}
	state := "on"
	switch {
	case a.Archived:
		state = "archived"
	case a.Disabled:
		state = "off"
	}
	fields := []ui.Field{
		{Name: "name", Label: "Name", Type: "text", Required: true, Max: 255, Value: old("name", a.Name)},
		{Name: "description", Label: "Description", Type: "area", Max: 1024, Value: old("description", a.Description)},
		{Name: "external_id", Label: "External ID", Type: "text", Max: 255, Value: old("external_id", a.ExternalID), Hint: "The provider's own name of this account."},
		limit("minimal_balance", "Minimal balance", "Stays on the account.", a.MinBalance),
		limit("overdraft", "Overdraft", "May be spent beyond what is there.", a.Overdraft),
		limit("turnover_limit", "Turnover a day", "The most that may leave in one day (UTC).", a.Turnover),
		yesNoField("prevent_failure", "Prevent failure", "A provider's refusal waits until a person has confirmed it.", a.PreventFailure),
		stateField(old("state", state)),
	}
	at := v.at("/deposits/" + a.ID)
	return ui.Head{Title: "Edit " + a.Name, Crumbs: []ui.Link{{Text: "Deposit accounts", Href: v.at("/deposits")}, {Text: a.Name, Href: at}}},
		ui.Act{Form: ui.Form{Action: at + "/edit", Fields: mark(fields, field, problem), Submit: "Save", Cancel: at + "/general"}}
}

// stateField chooses whether something may be used.
func stateField(now string) ui.Field {
	return ui.Field{Name: "state", Label: "State", Type: "select", Required: true, Options: []ui.Option{
		{Value: "on", Text: "Enabled", On: now == "on"}, {Value: "off", Text: "Disabled: no new payout leaves by it", On: now == "off"}, {Value: "archived", Text: "Archived: disabled, and out of the lists", On: now == "archived"},
	}}
}

// readState is what a stateField says.
func readState(f form) (disabled, archived bool) {
	s := f.text("state")
	return s != "on", s == "archived"
}

func (d *Dash) askEditDeposit(ctx context.Context, v *visit) (wire.Reply, error) {
	a, err := d.deposit(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	head, act := depositEdit(v, a, form{}, "", "")
	return d.show(ctx, v, 200, "act", head, act)
}

func (d *Dash) editDeposit(ctx context.Context, v *visit) (wire.Reply, error) {
	a, err := d.deposit(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		head, act := depositEdit(v, a, v.form, field, problem)
		return d.show(ctx, v, status, "act", head, act, notes...)
	}
	name, about, external := v.form.text("name"), v.form.text("description"), v.form.text("external_id")
	disabled, archived := readState(v.form)
	prevent := v.form.yes("prevent_failure")
	ed := engine.DepositEdit{Name: &name, Description: &about, ExternalID: &external, PreventFailure: &prevent, Disabled: &disabled, Archived: &archived}
	for field, to := range map[string]**money.Amount{"minimal_balance": &ed.MinBalance, "overdraft": &ed.Overdraft, "turnover_limit": &ed.Turnover} {
		limit, problem := readAmount(v.form.text(field), a.Currency)
		if problem != "" {
			return again(422, field, problem)
		}
		*to = &limit
	}
	_, err = d.Engine.UpdateDeposit(ctx, v.caller(), a.ID, ed, nil)
	return d.edited(err, after(v.at("/deposits/"+a.ID+"/general"), "saved"), again)
}

// edited answers a form that changes settings: on to the page that shows them,
// or again with what is wrong.
func (d *Dash) edited(err error, to string, again func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error)) (wire.Reply, error) {
	if field, problem, ok := wrongField(err); ok {
		return again(422, field, problem, ui.Notice{Tone: ui.Bad, Text: problem})
	}
	if note := refusal(err); note != nil {
		status, _ := explain(err)
		return again(status, "", "", *note)
	}
	if err != nil {
		return wire.Reply{}, err
	}
	return goTo(to), nil
}
