package dash

import (
	"context"
	"slices"
	"strings"
	"time"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// inviteFor is how long a link that is made here is good.
const inviteFor = 24 * time.Hour

// listPeople shows who may come in.
func (d *Dash) listPeople(ctx context.Context, v *visit) (wire.Reply, error) {
	all, err := d.Engine.Operators(ctx)
	if err != nil {
		return wire.Reply{}, err
	}
	t := ui.Table{Name: "People", Cols: []ui.Col{{Name: "Name", Place: ui.Lead}, {Name: "E-mail", Place: ui.Under}, {Name: "Role", Place: ui.Plain}, {Name: "Besides the password", Place: ui.Plain}, {Name: "State", Place: ui.Side}, {Name: "Last log-in", Place: ui.Aside}}}
	for i := range all {
		o := &all[i]
		name := ui.Cell{Text: o.Name}
		if v.who.Covers(o.Permits) {
			name.Link = &ui.Link{Text: o.Name, Href: v.at("/people/" + o.ID)}
		}
		if o.ID == v.who.ID {
			name.Sub = "you"
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{name, {Text: o.Email}, {Text: sentenceCase(string(o.Role))}, {Text: secondText(o)}, {Badge: d.operatorBadge(o)}, {At: o.Seen}}})
	}
	head := ui.Head{Title: "People", Tabs: peopleTabs(v, "")}
	if v.who.May(engine.PermitPeople) {
		head.Actions = []ui.Action{{Text: "Invite somebody", Icon: "plus", Main: true, Href: v.at("/people/invite")}}
	}
	return d.show(ctx, v, 200, "list", head, ui.List{Table: t, Pager: &ui.Pager{Text: "People work for every merchant, in test and in live mode."}})
}

// secondText says what somebody proves besides the password.
func secondText(o *engine.Operator) string {
	var out []string
	if len(o.Second.Salt) > 0 {
		out = append(out, "app")
	}
	if n := len(o.Second.Passkeys); n > 0 {
		out = append(out, count(n, "passkey"))
	}
	return strings.Join(out, ", ")
}

// resetSecond is for whoever has lost what they prove.
func (d *Dash) resetSecond(ctx context.Context, v *visit) (wire.Reply, error) {
	o, err := d.operator(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	if err := d.Engine.ResetSecond(ctx, v.caller(), o.ID); err != nil {
		return wire.Reply{}, err
	}
	return goTo(after(v.at("/people/"+o.ID), "reset")), nil
}

func (d *Dash) operatorBadge(o *engine.Operator) *ui.Badge {
	switch {
	case o.Disabled:
		return &ui.Badge{Text: "Disabled", Tone: ui.Off}
	case d.Now().Before(o.Locked):
		return &ui.Badge{Text: "Locked", Tone: ui.Warn}
	}
	return &ui.Badge{Text: "May come in", Tone: ui.Good}
}

// roleText says what a role is for, as far as it differs from the next.
var roleText = map[engine.Role]string{
	engine.RoleOwner:         "everything, and other owners",
	engine.RoleAdministrator: "everything but owners",
	engine.RoleManager:       "pays, decides about payouts, moves money, sends webhooks again",
	engine.RoleDeveloper:     "connects providers and keys, sends webhooks again",
	engine.RoleViewer:        "looks and changes nothing",
}

func invitePage(v *visit, roles []ui.Option, f form, field, problem string) (ui.Head, ui.Act) {
	fields := []ui.Field{
		{Name: "email", Label: "E-mail", Type: "email", Value: f.text("email"), Auto: "off", Required: true, Max: 254, Focus: true,
			Hint: "Whoever has this address already chooses a new password by the link and keeps their role."},
		{Name: "role", Label: "Role", Type: "select", Required: true, Options: roles},
	}
	fields = mark(fields, field, problem)
	return ui.Head{Title: "Invite somebody", Crumbs: []ui.Link{{Text: "People", Href: v.at("/people")}}},
		ui.Act{Text: "Makes a link that works once, for 24 hours. Nothing is mailed: give it to them yourself.",
			Form: ui.Form{Action: v.at("/people/invite"), Fields: fields, Submit: "Make the link", Cancel: v.at("/people")}}
}

func (d *Dash) askInvite(ctx context.Context, v *visit) (wire.Reply, error) {
	roles, err := d.roleChoices(ctx, v, engine.RoleViewer)
	if err != nil {
		return wire.Reply{}, err
	}
	head, data := invitePage(v, roles, form{}, "", "")
	return d.show(ctx, v, 200, "act", head, data)
}

// invite makes a link and shows it, this once.
func (d *Dash) invite(ctx context.Context, v *visit) (wire.Reply, error) {
	email := v.form.text("email")
	token, err := d.Engine.Invite(ctx, v.caller(), email, engine.Role(v.form.text("role")), inviteFor)
	if field, problem, ok := wrongField(err); ok {
		roles, err := d.roleChoices(ctx, v, engine.Role(v.form.text("role")))
		if err != nil {
			return wire.Reply{}, err
		}
		head, data := invitePage(v, roles, v.form, field, problem)
		return d.show(ctx, v, 422, "act", head, data)
	}
	if err != nil {
		return wire.Reply{}, err
	}
	facts := []ui.Facts{{Title: "A link for " + email, List: []ui.Fact{
		{Name: "Link", Text: d.PublicURL + Setup + "/" + token, Mono: true, Copy: true, Hint: "It is not shown again. Whoever has it comes in."},
		{Name: "Good until", At: d.Now().Add(inviteFor)},
	}}}
	return d.show(ctx, v, 200, "facts", ui.Head{Title: "Give them this link", Crumbs: []ui.Link{{Text: "People", Href: v.at("/people")}}}, facts)
}

// operator is the one in the address.
func (d *Dash) operator(ctx context.Context, v *visit) (*engine.Operator, error) {
	all, err := d.Engine.Operators(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(o engine.Operator) bool { return o.ID == v.Param("operator") })
	if i < 0 {
		return nil, &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjOperator, Message: "there is nobody of this id"}
	}
	return &all[i], nil
}

func personPage(v *visit, o *engine.Operator, roles []ui.Option) (ui.Head, ui.Stack) {
	state := []ui.Option{{Value: "in", Text: "May come in", On: !o.Disabled}, {Value: "out", Text: "Disabled: no log-in, and sessions end at once", On: o.Disabled}}
	about := ui.Block{Title: "General", Facts: []ui.Fact{{Name: "E-mail", Text: o.Email}, {Name: "ID", Text: o.ID, Mono: true, Copy: true}, {Name: "Besides the password", Text: or(secondText(o), "Nothing")}, {Name: "Since", At: o.Created}, {Name: "Last log-in", At: o.Seen}}}
	if o.Second.On() {
		about.Press = []ui.Press{{Text: "Reset app and passkeys", Icon: "key", Href: v.at("/people/" + o.ID + "/reset")}}
	}
	edit := ui.Block{Title: "Edit", Form: &ui.Form{Action: v.at("/people/" + o.ID), Submit: "Save", Cancel: v.at("/people"), Fields: []ui.Field{
		{Name: "role", Label: "Role", Type: "select", Required: true, Options: roles},
		{Name: "state", Label: "State", Type: "select", Required: true, Options: state},
	}}}
	return ui.Head{Title: o.Name, Crumbs: []ui.Link{{Text: "People", Href: v.at("/people")}}}, ui.Stack{List: []ui.Block{about, edit}}
}

func (d *Dash) showPerson(ctx context.Context, v *visit) (wire.Reply, error) {
	o, err := d.operator(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	roles, err := d.roleChoices(ctx, v, o.Role)
	if err != nil {
		return wire.Reply{}, err
	}
	head, data := personPage(v, o, roles)
	return d.show(ctx, v, 200, "stack", head, data)
}

func (d *Dash) changePerson(ctx context.Context, v *visit) (wire.Reply, error) {
	o, err := d.operator(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	_, err = d.Engine.ChangeOperator(ctx, v.caller(), o.ID, engine.Role(v.form.text("role")), v.form.text("state") == "out")
	if note := refusal(err); note != nil {
		status, _ := explain(err)
		roles, err := d.roleChoices(ctx, v, o.Role)
		if err != nil {
			return wire.Reply{}, err
		}
		head, data := personPage(v, o, roles)
		return d.show(ctx, v, status, "stack", head, data, *note)
	}
	if err != nil {
		return wire.Reply{}, err
	}
	return goTo(after(v.at("/people"), "saved")), nil
}
