package dash

import (
	"context"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// showSetup shows what a one-time link is for. Looking uses nothing up, so a
// program that opens links in mails does no harm.
func (d *Dash) showSetup(ctx context.Context, c *wire.Call) (wire.Reply, error) {
	if !c.Confidential() {
		return wire.Reply{}, errOpenAir
	}
	i, err := d.Engine.Invitation(ctx, c.Param("token"))
	if err != nil {
		return wire.Reply{}, err
	}
	return d.setupPage(c, 200, i, form{}, "", "")
}

// setupPage asks who somebody is. field is the one that problem is about.
func (d *Dash) setupPage(c *wire.Call, status int, i *engine.Invitation, f form, field, problem string) (wire.Reply, error) {
	email := f.text("email")
	if email == "" {
		email = i.Email
	}
	fields := []ui.Field{
		{Name: "name", Label: "Your name", Type: "text", Value: f.text("name"), Auto: "name", Required: true, Max: 100, Focus: true},
		{Name: "email", Label: "E-mail", Type: "email", Value: email, Auto: "username", Required: !i.Known, Fixed: i.Known, Max: 254},
		{Name: "password", Label: "Password", Type: "password", Auto: "new-password", Required: true, Max: maxPassword,
			Hint: "At least 12 characters; a few words will do."},
	}
	page := ui.Enter{Title: "Welcome to penstock", Text: "You become " + article(string(i.Role)) + " of this appliance. The link works once.",
		Form: ui.Form{Action: c.Path, Fields: mark(fields, field, problem), Submit: "Set password and log in"}}
	if i.Known {
		page.Title, page.Text = "Choose a new password", "Whoever is logged in as you is logged out. The link works once."
	}
	return d.gate(c, status, "", page)
}

// setUp uses the link up.
func (d *Dash) setUp(ctx context.Context, c *wire.Call) (wire.Reply, error) {
	if !c.Confidential() {
		return wire.Reply{}, errOpenAir
	}
	f, err := guarded(c, cookie(c, cookieForm))
	if err != nil {
		return wire.Reply{}, err
	}
	i, err := d.Engine.Invitation(ctx, c.Param("token"))
	if err != nil {
		return wire.Reply{}, err
	}
	email := f.text("email")
	if i.Known {
		email = i.Email
	}
	if problem := checkPassword(f.Get("password"), email); problem != "" {
		return d.setupPage(c, 422, i, f, "password", problem)
	}
	hash, err := d.hash(ctx, f.Get("password"))
	if err != nil {
		return wire.Reply{}, err
	}
	_, token, err := d.Engine.Accept(ctx, engine.Acceptance{Token: c.Param("token"), Email: email, Name: f.text("name"), Password: hash, From: c.Client.String(), Agent: c.Header("User-Agent")})
	if field, problem, ok := wrongField(err); ok {
		return d.setupPage(c, 422, i, f, field, problem)
	}
	if err != nil {
		return wire.Reply{}, err
	}
	r := goTo(Root)
	r.Header = append(r.Header, setCookie(c, cookieSession, token, 0), setCookie(c, cookieForm, "", -1))
	return r, nil
}
