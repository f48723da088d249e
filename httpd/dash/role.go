package dash

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// peopleTabs lead between who may come in, what they may do, and who is here.
func peopleTabs(v *visit, on string) []ui.Link {
	tabs := [][2]string{{"People", ""}, {"Roles", "/roles"}}
	if v.who.May(engine.PermitPeople) {
		tabs = append(tabs, [2]string{"Sessions", "/sessions"})
	}
	var out []ui.Link
	for _, t := range tabs {
		out = append(out, ui.Link{Text: t[0], Href: v.at("/people" + t[1]), On: t[1] == on})
	}
	return out
}

// permitWords are permits as people say them.
var permitWords = map[engine.Permit]string{
	engine.PermitPay: "pay", engine.PermitState: "decide about payouts", engine.PermitFund: "move money", engine.PermitResend: "resend webhooks",
	engine.PermitConnect: "set up", engine.PermitPeople: "handle people", engine.PermitRoles: "make roles",
}

// permitTexts say what a permit allows.
var permitTexts = map[engine.Permit]string{
	engine.PermitPay: "make, process, cancel and edit payout requests", engine.PermitState: "moderate, and say what became of a payout",
	engine.PermitFund: "top up and adjust deposit accounts", engine.PermitResend: "send webhooks again",
	engine.PermitConnect: "provider accounts, routes, schemes, payout points, keys", engine.PermitPeople: "invite, give roles, end sessions",
	engine.PermitRoles: "say what custom roles allow",
}

// permitsText is what a role allows, in a word each.
func permitsText(permits []engine.Permit) string {
	out := []string{"look"}
	for _, p := range permits {
		out = append(out, permitWords[p])
	}
	return strings.Join(out, ", ")
}

// roleChoices are the roles that this person may give.
func (d *Dash) roleChoices(ctx context.Context, v *visit, on engine.Role) (out []ui.Option, err error) {
	for _, r := range engine.Roles() {
		if v.who.Covers(r.Permits()) {
			out = append(out, ui.Option{Value: string(r), Text: sentenceCase(string(r)) + ": " + roleText[r], On: r == on})
		}
	}
	custom, err := d.Engine.CustomRoles(ctx)
	for i := range custom {
		if r := &custom[i]; v.who.Covers(r.Permits) {
			out = append(out, ui.Option{Value: string(r.Name), Text: sentenceCase(string(r.Name)) + ": " + or(r.About, permitsText(r.Permits)), On: r.Name == on})
		}
	}
	return out, err
}

// listRoles shows what each role allows.
func (d *Dash) listRoles(ctx context.Context, v *visit) (wire.Reply, error) {
	custom, err := d.Engine.CustomRoles(ctx)
	if err != nil {
		return wire.Reply{}, err
	}
	people, err := d.Engine.Operators(ctx)
	if err != nil {
		return wire.Reply{}, err
	}
	held := map[engine.Role]int{}
	for i := range people {
		held[people[i].Role]++
	}
	t := ui.Table{Name: "Roles", Cols: []ui.Col{{Name: "Role", Place: ui.Lead}, {Name: "Allows", Place: ui.Under}, {Name: "People", Place: ui.Plain, Right: true}, {Name: "Kind", Place: ui.Side}}}
	for _, r := range engine.Roles() {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: sentenceCase(string(r)), Below: sentenceCase(roleText[r])}, {Text: permitsText(r.Permits())}, {Text: grouped(fmt.Sprint(held[r]))}, {Badge: &ui.Badge{Text: "Built in", Tone: ui.Off}}}})
	}
	for i := range custom {
		r := &custom[i]
		name := ui.Cell{Text: sentenceCase(string(r.Name)), Below: r.About}
		if v.who.May(engine.PermitRoles) {
			name.Text, name.Link = "", &ui.Link{Text: name.Text, Href: v.at("/people/roles/" + string(r.Name))}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{name, {Text: permitsText(r.Permits)}, {Text: grouped(fmt.Sprint(held[r.Name]))}, {Badge: &ui.Badge{Text: "Custom", Tone: ui.Good}}}})
	}
	head := ui.Head{Title: "Roles", Tabs: peopleTabs(v, "/roles")}
	if v.who.May(engine.PermitRoles) {
		head.Actions = []ui.Action{{Text: "New role", Icon: "plus", Main: true, Href: v.at("/people/role")}}
	}
	return d.show(ctx, v, 200, "list", head, ui.List{Table: t, Pager: &ui.Pager{Text: "Whoever may come in may look. What a role doesn't name is refused."}})
}

// customRole is the one in the address; one without a name where a new one is
// made.
func (d *Dash) customRole(ctx context.Context, v *visit) (*engine.CustomRole, error) {
	name := engine.Role(v.Param("role"))
	if name == "" {
		return &engine.CustomRole{}, nil
	}
	all, err := d.Engine.CustomRoles(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(r engine.CustomRole) bool { return r.Name == name })
	if i < 0 {
		return nil, &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjRole, Message: "there is no custom role of this name"}
	}
	return &all[i], nil
}

// rolePage asks what a role allows. was is as it stands, r as it was typed.
func rolePage(v *visit, was, r *engine.CustomRole, field, problem string) (ui.Head, ui.Stack) {
	at := v.at("/people/role")
	if was.Name != "" {
		at = v.at("/people/roles/" + string(was.Name))
	}
	var fields []ui.Field
	if was.Name == "" {
		fields = append(fields, ui.Field{Name: "name", Label: "Name", Type: "text", Auto: "off", Required: true, Max: 40, Focus: true, Value: string(r.Name), Hint: "Small letters, digits and hyphens, such as support-team."})
	}
	fields = append(fields, ui.Field{Name: "about", Label: "What it is for", Type: "text", Auto: "off", Max: 200, Value: r.About})
	for _, p := range engine.Grantable() {
		on := slices.Contains(r.Permits, p)
		fields = append(fields, ui.Field{Name: "permit." + string(p), Label: "May " + permitWords[p], Type: "select", Required: true, Hint: sentence(permitTexts[p]),
			Options: []ui.Option{{Value: "no", Text: "No", On: !on}, {Value: "yes", Text: "Yes", On: on}}})
	}
	head := ui.Head{Title: "New role", Crumbs: []ui.Link{{Text: "People", Href: v.at("/people")}, {Text: "Roles", Href: v.at("/people/roles")}}}
	form := ui.Block{Title: "What it allows", Lead: "Whoever has it may look, and do what is answered with yes. A change counts at once for all who have the role.",
		Form: &ui.Form{Action: at, Fields: mark(fields, field, problem), Submit: "Save", Cancel: v.at("/people/roles")}}
	if was.Name == "" {
		form.Form.Submit = "Make the role"
		return head, ui.Stack{List: []ui.Block{form}}
	}
	head.Title = sentenceCase(string(was.Name))
	about := ui.Block{Title: "General", Facts: []ui.Fact{{Name: "Name", Text: string(was.Name), Mono: true, Copy: true}, {Name: "Made", At: was.Created}, {Name: "Changed", At: was.Changed}},
		Press: []ui.Press{{Text: "Delete", Icon: "close", Href: at + "/delete"}}}
	return head, ui.Stack{List: []ui.Block{about, form}}
}

func (d *Dash) askRole(ctx context.Context, v *visit) (wire.Reply, error) {
	r, err := d.customRole(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	head, data := rolePage(v, r, r, "", "")
	return d.show(ctx, v, 200, "stack", head, data)
}

// saveRole makes a role, or changes what one allows.
func (d *Dash) saveRole(ctx context.Context, v *visit) (wire.Reply, error) {
	was, err := d.customRole(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	r := engine.CustomRole{Name: was.Name, About: v.form.text("about")}
	if was.Name == "" {
		r.Name = engine.Role(v.form.text("name"))
	}
	for _, p := range engine.Grantable() {
		if v.form.yes("permit." + string(p)) {
			r.Permits = append(r.Permits, p)
		}
	}
	again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		head, data := rolePage(v, was, &r, field, problem)
		return d.show(ctx, v, status, "stack", head, data, notes...)
	}
	if was.Name == "" { // a new one replaces none
		all, err := d.Engine.CustomRoles(ctx)
		if err != nil {
			return wire.Reply{}, err
		}
		if slices.ContainsFunc(all, func(o engine.CustomRole) bool { return o.Name == r.Name }) {
			return again(422, "name", "There is a role of this name already.")
		}
	}
	_, err = d.Engine.SaveRole(ctx, v.caller(), r)
	return d.edited(err, after(v.at("/people/roles"), "saved"), again)
}

func (d *Dash) deleteRole(ctx context.Context, v *visit) (wire.Reply, error) {
	r, err := d.customRole(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	err = d.Engine.DeleteRole(ctx, v.caller(), r.Name)
	return d.edited(err, after(v.at("/people/roles"), "deleted"), func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		head, data := rolePage(v, r, r, field, problem)
		return d.show(ctx, v, status, "stack", head, data, notes...)
	})
}
