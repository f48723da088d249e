package dash

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"penstock/engine"
	"penstock/engine/service"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// secret begins the name of a form's field that is a credential.
const secret = "c."

// credentialFields ask for what the provider's accounts are connected with. A
// value that was typed is not written back.
func credentialFields(v *visit, p *service.Provider, wrong map[string]string) (out []ui.Field) {
	for _, c := range p.Credentials {
		f := ui.Field{Name: secret + c.Name, Label: c.Label, Type: pick(c.Secret, "password", "text"), Auto: "off", Required: c.Required && v.scope.Mode == engine.Live, Max: c.Max, Error: wrong[secret+c.Name]}
		out = append(out, f)
	}
	return out
}

// readCredentials takes what was given; in live mode it is held to what the
// provider asks for.
func readCredentials(v *visit, p *service.Provider) (given, wrong map[string]string) {
	given, wrong = map[string]string{}, map[string]string{}
	for _, c := range p.Credentials {
		if text := v.form.text(secret + c.Name); text != "" {
			given[c.Name] = text
		}
	}
	if v.scope.Mode != engine.Live {
		return given, wrong
	}
	var invalid service.Invalid
	if errors.As(p.CheckCredentials(given), &invalid) {
		for _, bad := range invalid {
			wrong[secret+bad.Field] = sentence("it " + bad.Rule)
		}
	}
	return given, wrong
}

func connectPage(v *visit, p *service.Provider, f form, wrong map[string]string) (ui.Head, ui.Act) {
	fields := []ui.Field{
		{Name: "label", Label: "Name", Type: "text", Required: true, Max: 64, Value: or(f.text("label"), p.Label), Hint: "To tell it from other accounts at " + p.Label + ".", Error: wrong["label"]},
		{Name: "base_url", Label: "Address", Type: "url", Auto: "off", Max: 512, Value: f.text("base_url"), Hint: "Empty: the provider's own.", Error: wrong["base_url"]},
	}
	fields = append(fields, credentialFields(v, p, wrong)...)
	fields = append(fields, ui.Field{Name: "beside", Label: "Earlier accounts at " + p.Label, Type: "select", Required: true, Options: []ui.Option{
		{Value: "yes", Text: "Stay in use beside it", On: f.text("beside") != "no"}, {Value: "no", Text: "Take no new payouts; what left by them is followed to its end", On: f.text("beside") == "no"}}})
	text := "Makes a deposit account for each currency, and a route for each payout service. Credentials are sealed in the locker and not shown again."
	if v.scope.Mode == engine.Test {
		text += " In test mode the test provider answers in its place, so any credentials will do and no money moves."
	}
	at := v.at("/directory/providers/" + p.Name)
	return ui.Head{Title: "Connect " + p.Label, Crumbs: []ui.Link{{Text: "Directory", Href: v.at("/directory")}, {Text: p.Label, Href: at}}},
		ui.Act{Text: text, Form: ui.Form{Action: v.at("/connect/" + p.Name), Fields: fields, Submit: "Connect", Cancel: at}}
}

// provider is the one of the address, if an account there can be connected in
// this mode.
func (d *Dash) provider(v *visit) (*service.Provider, error) {
	p, ok := d.Engine.Directory.Provider(v.Param("provider"))
	if !ok || !p.In(string(v.scope.Mode)) {
		return nil, wire.ErrNotFound
	}
	return &p, nil
}

func (d *Dash) askConnect(ctx context.Context, v *visit) (wire.Reply, error) {
	p, err := d.provider(v)
	if err != nil {
		return wire.Reply{}, err
	}
	head, act := connectPage(v, p, form{}, nil)
	return d.show(ctx, v, 200, "act", head, act)
}

func (d *Dash) connect(ctx context.Context, v *visit) (wire.Reply, error) {
	p, err := d.provider(v)
	if err != nil {
		return wire.Reply{}, err
	}
	given, wrong := readCredentials(v, p)
	again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		if field != "" {
			wrong[field] = problem
		}
		head, act := connectPage(v, p, v.form, wrong)
		return d.show(ctx, v, status, "act", head, act, notes...)
	}
	n := engine.NewAccount{Provider: p.Name, Label: v.form.text("label"), BaseURL: v.form.text("base_url"), Credentials: given}
	switch {
	case n.Label == "":
		wrong["label"] = "Give it a name."
	case !plainAddress(n.BaseURL):
		wrong["base_url"] = "An address is http:// or https:// with a host, and no user, query or fragment."
	}
	if len(wrong) > 0 {
		return again(422, "", "", ui.Notice{Tone: ui.Bad, Text: "Nothing was connected.", Hint: "See the fields that are marked. Secrets have to be typed again."})
	}
	before, err := d.Engine.Accounts(ctx, v.scope)
	if err != nil {
		return wire.Reply{}, err
	}
	made, err := d.Engine.ConnectAccount(ctx, v.caller(), n, nil)
	if err != nil {
		return d.edited(err, "", again)
	}
	for _, old := range before {
		if v.form.text("beside") != "no" || old.Disabled || old.Provider != p.Name {
			continue
		}
		if err := d.Engine.DisableAccount(ctx, v.caller(), old.ID); err != nil {
			return wire.Reply{}, err
		}
	}
	return goTo(after(v.at("/accounts/"+made.ID), "connected")), nil
}

// plainAddress says that text is empty, or an address without anything in it
// that could be a secret.
func plainAddress(text string) bool {
	if text == "" {
		return true
	}
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == "" && (u.Scheme == "http" || u.Scheme == "https")
}

func credentialsPage(v *visit, a *engine.ProviderAccount, p *service.Provider, wrong map[string]string) (ui.Head, ui.Act) {
	at := v.at("/accounts/" + a.ID)
	return ui.Head{Title: "New credentials", Crumbs: []ui.Link{{Text: "Provider accounts", Href: v.at("/accounts")}, {Text: a.Label, Href: at}}},
		ui.Act{Text: "Takes the place of all credentials of this account, from the next call on. What was sent before is still found by them if the account is the same.",
			Form: ui.Form{Action: at + "/credentials", Fields: credentialFields(v, p, wrong), Submit: "Replace them", Cancel: at}}
}

// accountAtProvider is the account of the address and who it is at.
func (d *Dash) accountAtProvider(ctx context.Context, v *visit) (*engine.ProviderAccount, *service.Provider, error) {
	a, err := d.Engine.Account(ctx, v.scope, v.Param("account"))
	if err != nil {
		return nil, nil, err
	}
	p, ok := d.Engine.Directory.Provider(a.Provider)
	if !ok || len(p.Credentials) == 0 {
		return nil, nil, wire.ErrNotFound
	}
	return a, &p, nil
}

func (d *Dash) askCredentials(ctx context.Context, v *visit) (wire.Reply, error) {
	a, p, err := d.accountAtProvider(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	head, act := credentialsPage(v, a, p, nil)
	return d.show(ctx, v, 200, "act", head, act)
}

func (d *Dash) setCredentials(ctx context.Context, v *visit) (wire.Reply, error) {
	a, p, err := d.accountAtProvider(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	given, wrong := readCredentials(v, p)
	again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		if field != "" {
			wrong[field] = problem
		}
		head, act := credentialsPage(v, a, p, wrong)
		return d.show(ctx, v, status, "act", head, act, notes...)
	}
	if len(wrong) > 0 || len(given) == 0 {
		return again(422, "", "", ui.Notice{Tone: ui.Bad, Text: "Nothing was replaced.", Hint: pick(len(given) == 0, "Give at least one credential.", "See the fields that are marked.")})
	}
	_, err = d.Engine.UpdateAccount(ctx, v.caller(), a.ID, engine.AccountEdit{Credentials: given}, nil)
	return d.edited(err, after(v.at("/accounts/"+a.ID), "saved"), again)
}

// callAccount asks the provider something harmless and shows what it said.
func (d *Dash) callAccount(ctx context.Context, v *visit) (wire.Reply, error) {
	a, err := d.Engine.Account(ctx, v.scope, v.Param("account"))
	if err != nil {
		return wire.Reply{}, err
	}
	got, err := d.Engine.CallAccount(ctx, v.caller(), a.ID)
	if err != nil {
		return wire.Reply{}, err
	}
	return d.accountPage(ctx, v, 200, a, form{}, "", "", calledNotice(got))
}

func calledNotice(got *engine.Called) ui.Notice {
	switch {
	case got.Problem != "":
		return ui.Notice{Tone: ui.Bad, Text: "The provider gave no good answer, after " + short(got.Took) + ".", Hint: sentence(wire.Redact(got.Problem)) + " Check the address and the credentials."}
	case got.Asked == "":
		return ui.Notice{Tone: ui.Wait, Text: "This connector has nothing that can be asked without moving money."}
	case got.Asked == "lookup":
		return ui.Notice{Tone: ui.Good, Text: "The provider answered within " + short(got.Took) + ".", Hint: "It was asked for a transfer that nobody has made."}
	}
	var sums []string
	for _, a := range got.Balances[:min(len(got.Balances), 6)] {
		sums = append(sums, grouped(a.Decimal())+" "+a.Currency().Code())
	}
	return ui.Notice{Tone: ui.Good, Text: "The provider answered within " + short(got.Took) + ".", Hint: "It has " + or(strings.Join(sums, ", "), "no balance") + "."}
}
