package dash

import (
	"context"
	"errors"
	"fmt"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

func (d *Dash) showMe(ctx context.Context, v *visit) (wire.Reply, error) {
	return d.mePage(ctx, v, 200, "", "")
}

// mePage is a person's own account. field is the one that problem is about.
func (d *Dash) mePage(ctx context.Context, v *visit, status int, field, problem string) (wire.Reply, error) {
	fields := []ui.Field{
		{Name: "old", Label: "Present password", Type: "password", Auto: "current-password", Required: true, Max: maxPassword},
		{Name: "new", Label: "New password", Type: "password", Auto: "new-password", Required: true, Max: maxPassword, Hint: "At least 12 characters; a few words will do."},
	}
	facts := []ui.Fact{
		{Name: "Name", Text: v.who.Name}, {Name: "E-mail", Text: v.who.Email}, {Name: "Role", Text: string(v.who.Role)},
		{Name: "ID", Text: v.who.ID, Mono: true, Copy: true}, {Name: "This session began", At: v.session.Created}, {Name: "From", Text: v.session.From},
	}
	blocks := []ui.Block{{Title: "You", Facts: facts}}
	blocks = append(blocks, secondBlocks(v)...)
	sessions, err := d.ownSessions(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	blocks = append(blocks, sessions, ui.Block{Title: "Password", Form: &ui.Form{Action: v.at("/me"), Fields: mark(fields, field, problem), Submit: "Change password"}})
	return d.show(ctx, v, status, "stack", ui.Head{Title: "Your account"}, ui.Stack{List: blocks})
}

// secondBlocks are what a person proves besides the password.
func secondBlocks(v *visit) []ui.Block {
	s := &v.who.Second
	app := ui.Block{Title: "Authenticator app", Badge: &ui.Badge{Text: "Off", Tone: ui.Off}, Lead: "A code of an app on your phone, besides the password.", Actions: []ui.Action{{Text: "Set it up", Href: v.at("/me/app")}}}
	if len(s.Salt) > 0 {
		app.Badge, app.Lead, app.Actions = &ui.Badge{Text: "On", Tone: ui.Good}, "", nil
		app.Facts = []ui.Fact{{Name: "Since", At: s.Since}}
		app.Press = []ui.Press{{Text: "Switch off", Icon: "close", Href: v.at("/me/second")}}
	}
	keys := ui.Block{Title: "Passkeys", Lead: "A key on a device, besides the password; no false page can ask for it.", None: "None.", Actions: []ui.Action{{Text: "New passkey", Icon: "plus", Href: v.at("/me/passkeys/new")}},
		Table: ui.Table{Name: "Passkeys", Cols: []ui.Col{{Name: "Passkey", Place: ui.Lead}, {Name: "Made", Place: ui.Plain}, {Name: "Last used", Place: ui.Aside}}}}
	for _, p := range s.Passkeys {
		keys.Table.Rows = append(keys.Table.Rows, ui.Row{Cells: []ui.Cell{{Text: p.Name}, {At: p.Created}, {At: p.Used}}})
		keys.Press = append(keys.Press, ui.Press{Text: "Remove " + p.Name, Icon: "close", Href: v.at("/me/second"), Fields: []ui.Field{{Name: "passkey", Type: "hidden", Value: fmt.Sprintf("%x", p.ID)}}})
	}
	if s.On() {
		keys.Facts = []ui.Fact{{Name: "Recovery codes left", Text: fmt.Sprint(len(s.Codes)), Hint: pick(len(s.Codes) < 3, "Switch everything off and on again for new ones.", "")}}
	}
	return []ui.Block{app, keys}
}

func (d *Dash) changePassword(ctx context.Context, v *visit) (wire.Reply, error) {
	if problem := checkPassword(v.form.Get("new"), v.who.Email); problem != "" {
		return d.mePage(ctx, v, 422, "new", problem)
	}
	if d.Now().Before(v.who.Locked) {
		return d.mePage(ctx, v, 422, "old", sentence(engine.ErrLogin.Message))
	}
	old := v.form.Get("old")
	right, err := d.matches(ctx, old[:min(len(old), maxPassword+1)], v.who.Password)
	if err != nil {
		return wire.Reply{}, err
	}
	if !right {
		// It counts like a wrong password at the log-in: a session left open
		// must not be a place to guess at.
		if _, err := d.Engine.LogIn(ctx, engine.Login{Operator: v.who.ID, Password: v.who.Password, From: v.Client.String()}); !errors.Is(err, engine.ErrLogin) {
			return wire.Reply{}, err
		}
		return d.mePage(ctx, v, 422, "old", "This is not your present password.")
	}
	hash, err := d.hash(ctx, v.form.Get("new"))
	if err != nil {
		return wire.Reply{}, err
	}
	if err := d.Engine.SetPassword(ctx, v.who.ID, v.who.Password, hash, v.token); err != nil {
		return wire.Reply{}, err
	}
	return goTo(after(v.at("/me"), "password")), nil
}
