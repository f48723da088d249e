package dash

import (
	"context"

	"penstock/engine"
	"penstock/engine/fx"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// listRates shows the rate schemes, and the sources that rates come from.
func (d *Dash) listRates(ctx context.Context, v *visit) (wire.Reply, error) {
	schemes, err := d.Engine.RateSchemes(ctx, v.scope)
	if err != nil {
		return wire.Reply{}, err
	}
	sheets, err := d.Engine.Sheets(ctx)
	if err != nil {
		return wire.Reply{}, err
	}
	t := ui.Table{Name: "Rate schemes", Cols: []ui.Col{{Name: "Rate scheme", Place: ui.Lead}, {Name: "ID", Place: ui.Under}, {Name: "Rules", Place: ui.Plain, Count: true}, {Name: "A pair without a rule", Place: ui.Plain}}}
	for i := range schemes {
		s := &schemes[i]
		name := ui.Cell{Text: s.Name}
		if s.ID != "" && !s.System {
			name.Link = &ui.Link{Text: s.Name, Href: v.at("/rates/" + s.ID)}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{name, {Text: pick(s.System, "", engine.PrefixRates+s.ID), Mono: true}, {Text: pick(s.System, "", count(len(s.Rules), "rule"))}, {Text: pick(s.System, "every pair of the sources", pick(s.Fallback, "goes by the System scheme", "has no rate"))}}})
	}
	src := ui.Table{Name: "Sources of rates", Cols: []ui.Col{{Name: "Source", Place: ui.Lead}, {Name: "Rates of", Place: ui.Aside}, {Name: "Imported", Place: ui.Plain}, {Name: "Pairs", Place: ui.Side, Count: true}}}
	for i := range sheets {
		s := &sheets[i]
		src.Rows = append(src.Rows, ui.Row{Cells: []ui.Cell{{Link: &ui.Link{Text: s.Resource, Href: v.at("/sheets/" + s.Resource)}}, {At: s.At}, {At: s.Imported}, {Text: count(len(s.Pairs), "pair")}}})
	}
	page := ui.Sections{List: []ui.Section{
		{Title: "Rate schemes", Table: t, None: "There is none but the System scheme."},
		{Title: "Sources", Table: src, None: "No rates were imported yet; set rates.ecb_file or rates.ecb_url in the configuration."},
	}}
	head := ui.Head{Title: "Exchange rates"}
	if v.who.May(engine.PermitConnect) {
		head.Actions = []ui.Action{{Text: "New rate scheme", Icon: "plus", Main: true, Href: v.at("/rates/new")}}
	}
	return d.show(ctx, v, 200, "sections", head, page)
}

func (d *Dash) showRates(ctx context.Context, v *visit) (wire.Reply, error) {
	s, err := d.Engine.Rates(ctx, v.scope, v.Param("scheme"))
	if err != nil {
		return wire.Reply{}, err
	}
	return d.ratesPage(ctx, v, 200, s, form{}, "", "")
}

// ratesPage shows a scheme's rules, with what can be changed. f is what was
// typed, and field the one of it that problem is about.
func (d *Dash) ratesPage(ctx context.Context, v *visit, status int, s *engine.RateScheme, f form, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
	sources, err := d.sources(ctx)
	if err != nil {
		return wire.Reply{}, err
	}
	head := ui.Head{Title: s.Name, Crumbs: []ui.Link{{Text: "Exchange rates", Href: v.at("/rates")}}, ID: engine.PrefixRates + s.ID, Lead: s.Description}
	rules := ui.Block{Title: "Rules", Table: ruleTable(s), None: "It has no rule: every pair " + pick(s.Fallback, "goes by the System scheme.", "has no rate. Add a rule first.")}
	page := ui.Stack{List: []ui.Block{rules}}
	if v.who.May(engine.PermitConnect) && !s.System {
		head.Actions = []ui.Action{{Text: "Delete", Icon: "close", Href: v.at("/rates/" + s.ID + "/delete")}}
		for _, r := range s.Rules {
			page.List[0].Press = append(page.List[0].Press, ui.Press{Text: "Remove " + r.Base.Code() + " to " + r.Quote.Code(), Icon: "close", Href: v.at("/rates/" + s.ID + "/rules/drop"), Fields: []ui.Field{{Name: "rule", Type: "hidden", Value: r.ID}}})
		}
		if len(s.Rules) > 8 {
			page.List[0].Press = nil // one by one would be a wall of buttons; a rule for the same pair replaces one
		}
		scheme, rule := form{}, form{}
		if f.Has("base") {
			rule = f
		} else {
			scheme = f
		}
		page.List = append(page.List, ui.Block{Title: "Add a rule", Form: ruleForm(v, s, sources, rule, field, problem)}, ui.Block{Title: "Edit the scheme", Form: ratesForm(v, s, scheme, field, problem)})
	}
	return d.show(ctx, v, status, "stack", head, page, notes...)
}

func ruleTable(s *engine.RateScheme) ui.Table {
	t := ui.Table{Name: "Rules", Cols: []ui.Col{{Name: "Pair", Place: ui.Lead}, {Name: "Source", Place: ui.Under}, {Name: "Kind", Place: ui.Plain}, {Name: "Turned over", Place: ui.Plain}, {Name: "Fee, %", Place: ui.Plain, Count: true}, {Name: "Fixed fee", Place: ui.Plain, Count: true}, {Name: "Own rate", Place: ui.Side, Count: true}}}
	for _, r := range s.Rules {
		own := ""
		if !r.Fixed.IsZero() {
			own = r.Fixed.String()
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: r.Base.Code() + " to " + r.Quote.Code()}, {Text: r.Resource}, {Text: string(r.Kind)}, {Text: yesNo(r.Inverse)}, {Text: decimal(r.FeeRate)}, {Text: decimal(r.FeeFix)}, {Text: own}}})
	}
	return t
}

func decimal(d fx.Decimal) string {
	if s := d.String(); s != "0" {
		return s
	}
	return ""
}

// showSheet shows the latest rates of one source.
func (d *Dash) showSheet(ctx context.Context, v *visit) (wire.Reply, error) {
	sheets, err := d.Engine.Sheets(ctx)
	if err != nil {
		return wire.Reply{}, err
	}
	for i := range sheets {
		s := &sheets[i]
		if s.Resource != v.Param("source") {
			continue
		}
		t := ui.Table{Name: "Rates", Cols: []ui.Col{{Name: "Pair", Place: ui.Lead}, {Name: "Bid", Place: ui.Side, Count: true}, {Name: "Ask", Place: ui.Plain, Count: true}}}
		for _, p := range s.Pairs {
			t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: p.Base.Code() + " to " + p.Quote.Code()}, {Text: p.Bid.String()}, {Text: p.Ask.String()}}})
		}
		head := ui.Head{Title: s.Resource, Crumbs: []ui.Link{{Text: "Exchange rates", Href: v.at("/rates")}}, Lead: "Rates of " + s.At.UTC().Format("2 Jan 2006 UTC")}
		return d.show(ctx, v, 200, "list", head, ui.List{Table: t, Pager: &ui.Pager{Text: count(len(s.Pairs), "pair")}, Empty: ui.Empty{Title: "No rates"}})
	}
	return wire.Reply{}, wire.ErrNotFound
}
