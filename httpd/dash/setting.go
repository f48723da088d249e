package dash

import (
	"context"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// settingsPage is what is arranged for the merchant as a whole. field is the
// one that problem is about.
func (d *Dash) settingsPage(ctx context.Context, v *visit, status int, f form, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
	may := v.who.May(engine.PermitConnect)
	about := ui.Block{Title: "Merchant", Facts: []ui.Fact{
		{Name: "Name", Text: v.shop.Name}, {Name: "ID", Text: v.shop.ID, Mono: true, Copy: true}, {Name: "Payout point by default", Mono: true, Link: &ui.Link{Text: engine.PrefixPoint + v.shop.Point, Href: v.at("/points/" + v.shop.Point)}}, {Name: "Since", At: v.shop.Created},
	}}
	secret := ui.Block{Title: "Secret of callbacks", Lead: "Callbacks of payout requests, to the addresses that they or their payout points bear, are signed with it (X-Signature). Each mode has its own.", Facts: []ui.Fact{{Name: "Secret of " + string(v.scope.Mode) + " mode", Text: "Sealed in the locker"}}}
	page := ui.Stack{List: []ui.Block{about, secret}}
	if may {
		page.List[1].Press = []ui.Press{{Text: "Reveal", Icon: "key", Href: v.at("/settings/secret")}}
		name := v.shop.Name
		if f.Values != nil && field == "name" {
			name = f.text("name")
		}
		page.List = append(page.List,
			ui.Block{Title: "Rename", Form: &ui.Form{Action: v.at("/settings"), Submit: "Save", Fields: mark([]ui.Field{{Name: "name", Label: "Name", Type: "text", Required: true, Max: 64, Value: name, Hint: "Recipients see it where a payout point has no name of its own."}}, field, problem)}},
			ui.Block{Title: "New merchant", Lead: "Another merchant on this appliance, whose customers, money and keys are apart from these.", Form: &ui.Form{Action: v.at("/settings/merchants"), Submit: "Make the merchant", Fields: mark([]ui.Field{
				{Name: "id", Label: "ID", Type: "text", Required: true, Max: 64, Auto: "off", Value: f.text("id"), Hint: "Letters, digits, underscores and hyphens. It can't be changed."},
				{Name: "merchant_name", Label: "Name", Type: "text", Max: 64, Auto: "off", Value: f.text("merchant_name")}}, field, problem)}})
	}
	return d.show(ctx, v, status, "stack", ui.Head{Title: "Settings"}, page, notes...)
}

func (d *Dash) showSettings(ctx context.Context, v *visit) (wire.Reply, error) {
	return d.settingsPage(ctx, v, 200, form{}, "", "")
}

func (d *Dash) saveSettings(ctx context.Context, v *visit) (wire.Reply, error) {
	again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		return d.settingsPage(ctx, v, status, v.form, "name", problem, notes...)
	}
	name := v.form.text("name")
	if name == "" {
		return again(422, "name", "Give it a name.")
	}
	_, err := d.Engine.UpdateMerchant(ctx, v.caller(), engine.MerchantEdit{Name: &name}, nil)
	return d.edited(err, after(v.at("/settings"), "saved"), again)
}

func (d *Dash) makeMerchant(ctx context.Context, v *visit) (wire.Reply, error) {
	again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		if field != "" {
			field = "id"
		}
		return d.settingsPage(ctx, v, status, v.form, field, problem, notes...)
	}
	id := v.form.text("id")
	if !engine.ChosenID(id) {
		return again(422, "id", "1 to 64 letters, digits, underscores or hyphens.")
	}
	c := v.caller()
	c.Merchant = id
	made, err := d.Engine.CreateMerchant(ctx, c, id, v.form.text("merchant_name"))
	if err != nil {
		return d.edited(err, "", again)
	}
	return goTo(after(shopPath(engine.Scope{Merchant: made.ID, Mode: v.scope.Mode}, "/settings"), "merchant")), nil
}

// revealSecret shows the secret of callbacks; that it was is in the audit log.
func (d *Dash) revealSecret(ctx context.Context, v *visit) (wire.Reply, error) {
	text, err := d.Engine.CallbackSecret(ctx, v.caller())
	if err != nil {
		return wire.Reply{}, err
	}
	facts := []ui.Fact{{Name: "Secret of " + string(v.scope.Mode) + " mode", Text: text, Mono: true, Copy: true, Hint: "Whoever has it can sign in your name."}}
	return d.show(ctx, v, 200, "stack", ui.Head{Title: "Secret of callbacks", Crumbs: []ui.Link{{Text: "Settings", Href: v.at("/settings")}}}, ui.Stack{List: []ui.Block{{Facts: facts}}})
}
