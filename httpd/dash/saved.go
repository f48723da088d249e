package dash

import (
	"context"
	"net/url"
	"strings"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// listTools gives a list what every list has: itself as a file, and the views
// of it that this person has saved.
func (d *Dash) listTools(v *visit, head *ui.Head, data any) {
	if v.Method != "GET" || v.shop == nil {
		return
	}
	query := url.Values(cloneValues(v.QueryValues()))
	for _, name := range []string{"before", "after", "done"} {
		query.Del(name)
	}
	for name := range query { // what a form leaves empty narrows nothing
		if query.Get(name) == "" {
			query.Del(name)
		}
	}
	var filter *ui.Filter
	switch page := data.(type) {
	case ui.List:
		if filter = page.Filter; len(page.Table.Rows) > 0 {
			d.offerFile(v, head, query)
		}
	case ui.Ledger:
		if len(page.Table.Rows) > 0 {
			d.offerFile(v, head, query)
		}
	}
	if filter == nil || !d.isExport(v.here()) {
		return
	}
	for _, s := range v.who.Views {
		if s.Path == v.here() {
			filter.Views = append(filter.Views, ui.Link{Text: s.Name, Href: v.at(s.Path + "?" + s.Query), On: s.Query == query.Encode()})
		}
	}
	if len(query) > 0 || len(filter.Views) > 0 {
		filter.Save = v.at("/views")
		filter.Path, filter.Query = v.here(), query.Encode()
	}
}

func (d *Dash) offerFile(v *visit, head *ui.Head, query url.Values) {
	if d.isExport(v.here()) {
		head.Actions = append(head.Actions, ui.Action{Text: "Export CSV", Icon: "save", Href: address(v.at("/export"+v.here()), query)})
	}
}

// isExport says that a page's list can be had as a file.
func (d *Dash) isExport(here string) bool {
	parts := strings.Split(here, "/")
	for at := range d.exports() {
		if len(strings.Split(at, "/")) != len(parts) {
			continue
		}
		if head, _, open := strings.Cut(at, "{"); at == here || open && strings.HasPrefix(here, head) {
			return true
		}
	}
	return false
}

// saveView keeps the filter of a list under a name, or takes one away.
func (d *Dash) saveView(ctx context.Context, v *visit) (wire.Reply, error) {
	path, query := v.form.text("path"), v.form.text("query")
	if !d.isExport(path) {
		return wire.Reply{}, wire.ErrNotFound
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return wire.Reply{}, errForm
	}
	drop := v.form.text("act") == "drop"
	keep := engine.SavedView{Name: v.form.text("name"), Path: path, Query: values.Encode()}
	if drop {
		keep.Query = ""
	} else if keep.Query == "" {
		return wire.Reply{}, &engine.Error{Code: engine.CodeInvalid, Field: "query", Message: "a view is a list that is narrowed; filter it first"}
	}
	if err := d.Engine.SaveView(ctx, v.who.ID, keep); err != nil {
		return wire.Reply{}, err
	}
	to := address(v.at(path), values)
	if drop {
		to = v.at(path)
	}
	return goTo(to), nil
}
