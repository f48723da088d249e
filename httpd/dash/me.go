package dash

import (
	"context"
	"errors"

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
	facts := ui.Facts{List: []ui.Fact{
		{Name: "Name", Text: v.who.Name}, {Name: "E-mail", Text: v.who.Email}, {Name: "Role", Text: string(v.who.Role)},
		{Name: "ID", Text: v.who.ID, Mono: true, Copy: true}, {Name: "This session began", At: v.session.Created}, {Name: "From", Text: v.session.From},
	}}
	return d.show(ctx, v, status, "act", ui.Head{Title: "Your account"}, ui.Act{Facts: []ui.Facts{facts},
		Form: ui.Form{Action: v.at("/me"), Fields: mark(fields, field, problem), Submit: "Change password"}})
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
