package dash

import (
	"context"
	"errors"
	"slices"
	"strings"

	"penstock/engine"
	"penstock/engine/routing"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// treePage is where a tree is written. field is the one that problem is about.
func (d *Dash) treePage(ctx context.Context, v *visit, status int, s *engine.Scheme, f form, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
	at := v.at("/schemes/" + s.ID)
	code, text, comment := v.Query("service"), firstTree, ""
	now, there := s.Trees[code]
	if there {
		var err error
		if text, err = treeText(now.Tree); err != nil {
			return wire.Reply{}, err
		}
	}
	off := now.Disabled
	if f.Values != nil {
		code, text, comment, off = f.text("service"), f.text("tree"), f.text("comment"), f.yes("disabled")
	}
	service := ui.Field{Name: "service", Label: "Service", Type: "select", Required: true, Options: []ui.Option{{Text: "Choose"}}}
	var codes []string
	for sv := range d.Engine.Directory.Services() {
		codes = append(codes, sv.Code)
	}
	slices.Sort(codes)
	for _, c := range codes {
		service.Options = append(service.Options, ui.Option{Value: c, Text: c, On: c == code})
	}
	fields := []ui.Field{service,
		yesNoField("disabled", "Disabled", "Payouts of this service then find no route.", off),
		{Name: "tree", Label: "Tree", Type: "code", Required: true, Value: text, Hint: "Nodes are a condition (if, then, else), strategies, or a block. Routes that are named must be there."},
		{Name: "comment", Label: "Comment", Type: "text", Auto: "off", Max: 300, Value: comment, Hint: "Why it changes; it stays with the revision."},
	}
	page := ui.Stack{List: []ui.Block{{Lead: "Payouts decided from now on go by it. The tree before it stays among the revisions.", Form: &ui.Form{Action: at + "/tree", Fields: mark(fields, field, problem), Submit: "Set the tree", Cancel: at}}, attributesBlock()}}
	head := ui.Head{Title: "Set a tree", Crumbs: []ui.Link{{Text: "Routing schemes", Href: v.at("/schemes")}, {Text: s.Name, Href: at}}}
	return d.show(ctx, v, status, "stack", head, page, notes...)
}

// attributesBlock is what conditions can ask for.
func attributesBlock() ui.Block {
	t := ui.Table{Name: "What a condition can ask for", Cols: []ui.Col{{Name: "Attribute", Place: ui.Lead}, {Name: "What it is", Place: ui.Under}, {Name: "Operators", Place: ui.Plain}, {Name: "Values", Place: ui.Plain}}}
	for _, a := range routing.Attributes() {
		var signs []string
		for _, o := range a.Operators {
			signs = append(signs, string(o))
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: a.Name, Mono: true}, {Text: a.Label}, {Text: strings.Join(signs, ", "), Mono: true}, {Text: a.Hint}}})
	}
	return ui.Block{Title: "What a condition can ask for", Table: t}
}

func (d *Dash) askTree(ctx context.Context, v *visit) (wire.Reply, error) {
	s, err := d.schemeOf(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	return d.treePage(ctx, v, 200, s, form{}, "", "")
}

func (d *Dash) setTree(ctx context.Context, v *visit) (wire.Reply, error) {
	s, err := d.schemeOf(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		return d.treePage(ctx, v, status, s, v.form, field, problem, notes...)
	}
	tree, err := routing.Parse([]byte(v.form.text("tree")))
	var fault *routing.Fault
	if errors.As(err, &fault) {
		return again(422, "tree", sentence(fault.Error()))
	}
	if err != nil {
		return again(422, "tree", "This is no tree.")
	}
	_, err = d.Engine.SetTree(ctx, v.caller(), s.ID, v.form.text("service"), tree, v.form.yes("disabled"), v.form.text("comment"), nil)
	return d.edited(err, after(v.at("/schemes/"+s.ID), "saved"), again)
}
