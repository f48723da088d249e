package dash

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"penstock/engine"
	"penstock/engine/routing"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// treeView is what the page of a tree shows beside the scheme: what was typed,
// what is wrong with it, what came of a try.
type treeView struct {
	typed          form
	field, problem string // the field that the problem is about
	fault          string // the place in the tree, as a JSON pointer
	tried          *ui.Block
}

// treePage is where a tree is written, and tried before it counts.
func (d *Dash) treePage(ctx context.Context, v *visit, status int, s *engine.Scheme, t treeView, notes ...ui.Notice) (wire.Reply, error) {
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
	if again, err := d.revision(ctx, v, s, code); err != nil {
		return wire.Reply{}, err
	} else if again != nil {
		if text, err = treeText(again.Tree); err != nil {
			return wire.Reply{}, err
		}
		off, comment = again.Disabled, fmt.Sprintf("As revision %d", again.Revision)
	}
	if t.typed.Values != nil {
		code, text, comment, off = t.typed.text("service"), t.typed.text("tree"), t.typed.text("comment"), t.typed.yes("disabled")
	}
	grow, err := d.growth(ctx, v, code)
	if err != nil {
		return wire.Reply{}, err
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
		{Name: "tree", Label: "Tree", Type: "code", Required: true, Value: text, Grow: &ui.Growth{Offers: grow, More: at + "/growth/", Fault: t.fault},
			Hint: "Nodes are a condition (if, then, else), strategies, or a block. Routes that are named must be there."},
		yesNoField("disabled", "Disabled", "Payouts of this service then find no route.", off),
		{Name: "comment", Label: "Comment", Type: "text", Auto: "off", Max: 300, Value: comment, Hint: "Why it changes; it stays with the revision."},
	}
	f := &ui.Form{Action: at + "/tree", Fields: mark(fields, t.field, t.problem), Submit: "Set the tree", Cancel: at, MoreTitle: "Try it first", MoreText: "What it would decide now, on the path of a real payout. Nothing is set and nothing is made.",
		More: mark(tryFields(t.typed), t.field, t.problem), Try: "Try it", MoreOpen: t.tried != nil || slices.Contains(tryNames, t.field)}
	page := ui.Stack{List: []ui.Block{{Lead: "Payouts decided from now on go by it. The tree before it stays among the revisions.", Form: f}, attributesBlock()}}
	if t.tried != nil {
		page.List = slices.Insert(page.List, 0, *t.tried)
	}
	head := ui.Head{Title: "Set a tree", Crumbs: []ui.Link{{Text: "Routing schemes", Href: v.at("/schemes")}, {Text: s.Name, Href: at}}}
	return d.show(ctx, v, status, "stack", head, page, notes...)
}

// revision is the one of the address, to begin from; nil where it names none.
func (d *Dash) revision(ctx context.Context, v *visit, s *engine.Scheme, service string) (*engine.ServiceScheme, error) {
	n, err := strconv.Atoi(v.Query("revision"))
	if err != nil || n < 1 {
		return nil, nil
	}
	all, err := d.Engine.Revisions(ctx, v.scope, s.ID, service)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Revision == n {
			return &all[i], nil
		}
	}
	return nil, wire.ErrNotFound
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
	return ui.Block{Title: "What a condition can ask for", Folded: true, Table: t}
}

func (d *Dash) askTree(ctx context.Context, v *visit) (wire.Reply, error) {
	s, err := d.schemeOf(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	return d.treePage(ctx, v, 200, s, treeView{})
}

func (d *Dash) setTree(ctx context.Context, v *visit) (wire.Reply, error) {
	s, err := d.schemeOf(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		t := treeView{typed: v.form, field: field, problem: problem}
		if pointer, inside := strings.CutPrefix(field, "tree/"); inside {
			t.field, t.problem, t.fault = "tree", "At /"+pointer+": "+problem, "/"+pointer
		}
		return d.treePage(ctx, v, status, s, t, notes...)
	}
	tree, err := routing.Parse([]byte(v.form.text("tree")))
	var fault *routing.Fault
	if errors.As(err, &fault) {
		return d.treePage(ctx, v, 422, s, treeView{typed: v.form, field: "tree", problem: sentence(fault.Error()), fault: fault.Pointer})
	}
	if err != nil {
		return again(422, "tree", "This is no tree.")
	}
	if v.form.text("act") == "try" {
		return d.tryTree(ctx, v, s, tree)
	}
	_, err = d.Engine.SetTree(ctx, v.caller(), s.ID, v.form.text("service"), tree, v.form.yes("disabled"), v.form.text("comment"), nil)
	return d.edited(err, after(v.at("/schemes/"+s.ID), "saved"), again)
}
