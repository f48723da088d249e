package dash

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"penstock/engine"
	"penstock/engine/routing"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// listSchemes shows the routing schemes.
func (d *Dash) listSchemes(ctx context.Context, v *visit) (wire.Reply, error) {
	all, err := d.Engine.Schemes(ctx, v.scope)
	if err != nil {
		return wire.Reply{}, err
	}
	t := ui.Table{Name: "Routing schemes", Cols: []ui.Col{{Name: "Routing scheme", Place: ui.Lead}, {Name: "ID", Place: ui.Under}, {Name: "Services with a tree", Place: ui.Plain}, {Name: "State", Place: ui.Side}, {Name: "Changed", Place: ui.Aside}}}
	for i := range all {
		s := &all[i]
		badge := ui.Badge{Text: "In use", Tone: ui.Good}
		if s.Archived {
			badge = ui.Badge{Text: "Archived", Tone: ui.Off}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Link: &ui.Link{Text: s.Name, Href: v.at("/schemes/" + s.ID)}}, {Text: engine.PrefixScheme + s.ID, Mono: true}, {Text: few(sortedKeys(s.Trees), 4)}, {Badge: &badge}, {At: s.Changed}}})
	}
	head := ui.Head{Title: "Routing schemes"}
	if v.who.May(engine.PermitConnect) {
		head.Actions = []ui.Action{{Text: "New routing scheme", Icon: "plus", Main: true, Href: v.at("/schemes/new")}}
	}
	return d.show(ctx, v, 200, "list", head, ui.List{Table: t, Pager: &ui.Pager{Text: count(len(all), "routing scheme")},
		Empty: ui.Empty{Title: "No routing scheme", Text: "Without one a payout leaves by any route that is open, the best first. A scheme says where the payouts of each service leave, by conditions and strategies."}})
}

func schemePage(v *visit, s *engine.Scheme, a arranged, f form, field, problem string) (ui.Head, ui.Act) {
	old := func(name, now string) string {
		if f.Values != nil {
			return f.text(name)
		}
		return now
	}
	rates := ui.Field{Name: "rate_scheme", Label: "Rate scheme", Type: "select", Hint: "Where the payout point has none of its own.", Options: []ui.Option{{Text: "None"}}}
	for _, id := range sortedKeys(a.rates) {
		if id != "" {
			rates.Options = append(rates.Options, ui.Option{Value: id, Text: a.rates[id], On: id == old("rate_scheme", s.RateScheme)})
		}
	}
	fields := []ui.Field{
		{Name: "name", Label: "Name", Type: "text", Required: true, Max: 255, Value: old("name", s.Name), Focus: s.ID == ""},
		{Name: "description", Label: "Description", Type: "area", Max: 1024, Value: old("description", s.Description)}, rates,
	}
	head := ui.Head{Title: "New routing scheme", Crumbs: []ui.Link{{Text: "Routing schemes", Href: v.at("/schemes")}}}
	form := ui.Form{Action: v.at("/schemes/new"), Submit: "Make the routing scheme", Cancel: v.at("/schemes")}
	if s.ID != "" {
		fields = append(fields, yesNoField("archived", "Archived", "", s.Archived))
		head.Title, form.Action, form.Submit, form.Cancel = "Edit "+s.Name, v.at("/schemes/"+s.ID+"/edit"), "Save", v.at("/schemes/"+s.ID)
	}
	form.Fields = mark(fields, field, problem)
	return head, ui.Act{Form: form}
}

// schemeOf is the scheme of the address; a new one where it names none.
func (d *Dash) schemeOf(ctx context.Context, v *visit) (*engine.Scheme, error) {
	if v.Param("scheme") == "" {
		return &engine.Scheme{}, nil
	}
	return d.Engine.Scheme(ctx, v.scope, v.Param("scheme"))
}

func (d *Dash) askScheme(ctx context.Context, v *visit) (wire.Reply, error) {
	s, err := d.schemeOf(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	a, err := d.arranged(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	head, act := schemePage(v, s, a, form{}, "", "")
	return d.show(ctx, v, 200, "act", head, act)
}

func (d *Dash) saveScheme(ctx context.Context, v *visit) (wire.Reply, error) {
	s, err := d.schemeOf(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	a, err := d.arranged(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		head, act := schemePage(v, s, a, v.form, field, problem)
		return d.show(ctx, v, status, "act", head, act, notes...)
	}
	name, about, rates := v.form.text("name"), v.form.text("description"), v.form.text("rate_scheme")
	if name == "" {
		return again(422, "name", "Give it a name.")
	}
	ed := engine.SchemeEdit{Name: &name, Description: &about, RateScheme: &rates}
	if s.ID == "" {
		if s, err = d.Engine.CreateScheme(ctx, v.caller(), ed, nil); s == nil {
			s = &engine.Scheme{}
		}
	} else {
		archived := v.form.yes("archived")
		ed.Archived = &archived
		_, err = d.Engine.UpdateScheme(ctx, v.caller(), s.ID, ed, nil)
	}
	return d.edited(err, after(v.at("/schemes/"+s.ID), "saved"), again)
}

// askClone asks for the name of a scheme with the trees of another.
func (d *Dash) askClone(ctx context.Context, v *visit) (wire.Reply, error) {
	s, err := d.schemeOf(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	head, act := clonePage(v, s, form{}, "", "")
	return d.show(ctx, v, 200, "act", head, act)
}

func clonePage(v *visit, s *engine.Scheme, f form, field, problem string) (ui.Head, ui.Act) {
	at := v.at("/schemes/" + s.ID)
	return ui.Head{Title: "Clone " + s.Name, Crumbs: []ui.Link{{Text: "Routing schemes", Href: v.at("/schemes")}, {Text: s.Name, Href: at}}},
		ui.Act{Text: "Makes another scheme with the same trees, to try changes in. No payout goes by it before a payout point does.", Form: ui.Form{Action: at + "/clone", Submit: "Clone it", Cancel: at,
			Fields: mark([]ui.Field{{Name: "name", Label: "Name", Type: "text", Required: true, Max: 255, Value: or(f.Get("name"), s.Name+", copy"), Focus: true}}, field, problem)}}
}

func (d *Dash) clone(ctx context.Context, v *visit) (wire.Reply, error) {
	s, err := d.schemeOf(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		head, act := clonePage(v, s, v.form, field, problem)
		return d.show(ctx, v, status, "act", head, act, notes...)
	}
	if v.form.text("name") == "" {
		return again(422, "name", "Give it a name.")
	}
	made, err := d.Engine.CloneScheme(ctx, v.caller(), s.ID, v.form.text("name"), nil)
	if err != nil {
		return d.edited(err, "", again)
	}
	return goTo(after(v.at("/schemes/"+made.ID), "saved")), nil
}

// showScheme shows the tree of each service that has one.
func (d *Dash) showScheme(ctx context.Context, v *visit) (wire.Reply, error) {
	s, err := d.schemeOf(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	names, err := d.names(ctx)
	if err != nil {
		return wire.Reply{}, err
	}
	at := v.at("/schemes/" + s.ID)
	head := ui.Head{Title: s.Name, Crumbs: []ui.Link{{Text: "Routing schemes", Href: v.at("/schemes")}}, ID: engine.PrefixScheme + s.ID, Lead: s.Description}
	may := v.who.May(engine.PermitConnect)
	if may {
		head.Actions = []ui.Action{{Text: "New tree", Icon: "plus", Main: true, Href: at + "/tree"}, {Text: "Edit", Href: at + "/edit"}, {Text: "Clone", Icon: "copy", Href: at + "/clone"}}
	}
	page := ui.Trees{Empty: ui.Empty{Title: "No tree yet", Text: "A service without a tree goes by Optimal: any route that is open, the best first."}}
	routes, err := d.routeNames(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	for _, code := range sortedKeys(s.Trees) {
		one, err := treeCard(code, s.Trees[code], names, routes)
		if err != nil {
			return wire.Reply{}, err
		}
		if may {
			one.Edit = at + "/tree?service=" + code
		}
		one.Revisions = at + "/revisions/" + code
		page.List = append(page.List, one)
	}
	return d.show(ctx, v, 200, "trees", head, page)
}

// treeCard is a tree for people who read JSON.
func treeCard(title string, t engine.ServiceScheme, names, routes map[string]string) (ui.Tree, error) {
	text, err := treeText(t.Tree)
	out := ui.Tree{Title: title, Text: text, Words: outline(t.Tree, routes), At: t.Changed, Lead: fmt.Sprintf("Revision %d by %s", t.Revision, actor(t.Author, names)), Comment: t.Comment, Badge: ui.Badge{Text: "Enabled", Tone: ui.Good}}
	if t.Disabled {
		out.Badge = ui.Badge{Text: "Disabled", Tone: ui.Off}
	}
	return out, err
}

func treeText(t routing.Tree) (string, error) {
	raw, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("write a tree: %w", err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return "", fmt.Errorf("write a tree: %w", err)
	}
	return b.String(), nil
}

func (d *Dash) showRevisions(ctx context.Context, v *visit) (wire.Reply, error) {
	s, err := d.schemeOf(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	all, err := d.Engine.Revisions(ctx, v.scope, s.ID, v.Param("service"))
	if err != nil {
		return wire.Reply{}, err
	}
	names, err := d.names(ctx)
	if err != nil {
		return wire.Reply{}, err
	}
	routes, err := d.routeNames(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	page := ui.Trees{Empty: ui.Empty{Title: "No revision", Text: "This service never had a tree in this scheme."}}
	for i := range all {
		one, err := treeCard(fmt.Sprintf("Revision %d", all[i].Revision), all[i], names, routes)
		if err != nil {
			return wire.Reply{}, err
		}
		if v.who.May(engine.PermitConnect) && i > 0 {
			one.Edit, one.EditText = v.at(fmt.Sprintf("/schemes/%s/tree?service=%s&revision=%d", s.ID, v.Param("service"), all[i].Revision)), "Begin from this one"
		}
		page.List = append(page.List, one)
	}
	changes(page.List, all)
	head := ui.Head{Title: "Revisions of " + v.Param("service"), Crumbs: []ui.Link{{Text: "Routing schemes", Href: v.at("/schemes")}, {Text: s.Name, Href: v.at("/schemes/" + s.ID)}}}
	return d.show(ctx, v, 200, "trees", head, page)
}

// firstTree is what a new tree begins as.
const firstTree = `{
  "strategies": [
    {
      "type": "optimal"
    }
  ]
}`

// changes shows each revision against the one before it.
func changes(cards []ui.Tree, all []engine.ServiceScheme) {
	text := map[int]string{}
	for i := range all {
		text[all[i].Revision] = cards[i].Text
	}
	for i := range cards {
		if was, some := text[all[i].Revision-1]; some && was != cards[i].Text {
			cards[i].Changes = compare(was, cards[i].Text)
		}
	}
}
