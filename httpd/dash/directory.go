package dash

import (
	"context"
	"slices"
	"strings"

	"penstock/engine"
	"penstock/engine/service"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// directoryTabs lead between who pays and how.
func directoryTabs(v *visit, on string) []ui.Link {
	return []ui.Link{{Text: "Providers", Href: v.at("/directory"), On: on == ""}, {Text: "Payout services", Href: v.at("/directory/services"), On: on == "services"}}
}

// readyBadge says whether an account at the provider can be connected here.
func readyBadge(v *visit, p *service.Provider, connected int) *ui.Badge {
	switch {
	case connected > 0:
		return &ui.Badge{Text: "Connected", Tone: ui.Good}
	case p.In(string(v.scope.Mode)):
		return &ui.Badge{Text: "Ready", Tone: ui.Wait}
	}
	return &ui.Badge{Text: "Not in " + string(v.scope.Mode) + " mode", Tone: ui.Off}
}

// connected counts the accounts in use, by provider.
func (d *Dash) connected(ctx context.Context, v *visit) (map[string]int, error) {
	all, err := d.Engine.Accounts(ctx, v.scope)
	out := map[string]int{}
	for i := range all {
		if !all[i].Disabled && !all[i].Archived {
			out[all[i].Provider]++
		}
	}
	return out, err
}

func (d *Dash) listProviders(ctx context.Context, v *visit) (wire.Reply, error) {
	have, err := d.connected(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	q := strings.ToLower(strings.TrimSpace(v.Query("q")))
	t := ui.Table{Name: "Providers", Cols: []ui.Col{{Name: "Provider", Place: ui.Lead}, {Name: "State", Place: ui.Side}, {Name: "Can", Place: ui.Plain}, {Name: "Payout services", Place: ui.Plain, Count: true}, {Name: "Accounts in use", Place: ui.Plain, Count: true}}}
	all := d.Engine.Directory.Providers()
	slices.SortStableFunc(all, func(a, b service.Provider) int { // those that can be used here first
		rank := func(p *service.Provider) int {
			return pick(have[p.Name] > 0, 0, pick(p.In(string(v.scope.Mode)), 1, 2))
		}
		return rank(&a) - rank(&b)
	})
	for i := range all {
		p := &all[i]
		if q != "" && !strings.Contains(strings.ToLower(p.Label+" "+p.Name), q) {
			continue
		}
		used := ui.Cell{}
		if n := have[p.Name]; n > 0 {
			used.Text = count(n, "account")
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Link: &ui.Link{Text: p.Label, Href: v.at("/directory/providers/" + p.Name)}}, {Badge: readyBadge(v, p, have[p.Name])}, {Text: strings.Join(featureTexts(p), ", ")}, {Text: count(len(p.Services), "service")}, used}})
	}
	head := ui.Head{Title: "Directory", Lead: "Who can pay, and how", Tabs: directoryTabs(v, "")}
	f := &ui.Filter{Action: v.at("/directory"), Fields: []ui.Field{{Name: "q", Label: "Name", Type: "text", Auto: "off", Max: 64, Value: v.Query("q")}}}
	return d.show(ctx, v, 200, "list", head, ui.List{Filter: f, Table: t, Pager: &ui.Pager{Text: count(len(t.Rows), "provider")},
		Empty: ui.Empty{Title: "No such provider", Text: "No provider of this name is built in. One that speaks HTTP can be added as a file:", Lines: []string{"penstock connector form --help"}}})
}

// featureTexts say what a provider's connector can do.
func featureTexts(p *service.Provider) (out []string) {
	for _, f := range []struct{ word, text string }{{service.FeaturePayouts, "pay out"}, {service.FeatureStatements, "say what became of a payout"}, {service.FeatureBalance, "say its balance"}} {
		if p.Has(f.word) {
			out = append(out, f.text)
		}
	}
	return out
}

func (d *Dash) showProvider(ctx context.Context, v *visit) (wire.Reply, error) {
	p, ok := d.Engine.Directory.Provider(v.Param("provider"))
	if !ok {
		return wire.Reply{}, wire.ErrNotFound
	}
	have, err := d.connected(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	head := ui.Head{Title: p.Label, Badge: readyBadge(v, &p, have[p.Name]), Crumbs: []ui.Link{{Text: "Directory", Href: v.at("/directory")}}}
	if v.who.May(engine.PermitConnect) && p.In(string(v.scope.Mode)) {
		head.Actions = []ui.Action{{Text: "Connect an account", Icon: "plus", Main: true, Href: v.at("/connect/" + p.Name)}}
	}
	about := ui.Block{Title: "What it can", Facts: []ui.Fact{
		{Name: "Name in the API", Text: p.Name, Mono: true}, {Name: "Other names", Text: strings.Join(p.Aliases, ", ")}, {Name: "Modes", Text: strings.Join(p.Modes, ", ")},
		{Name: "Pays out", Text: yesNo(p.Has(service.FeaturePayouts))}, {Name: "Says what became of a payout", Text: yesNo(p.Has(service.FeatureStatements))}, {Name: "Says its balance", Text: yesNo(p.Has(service.FeatureBalance))},
	}}
	asks := ui.Table{Name: "Credentials", Cols: []ui.Col{{Name: "Credential", Place: ui.Lead}, {Name: "Name", Place: ui.Under}, {Name: "Needed", Place: ui.Plain}, {Name: "Shown again", Place: ui.Plain}}}
	for _, c := range p.Credentials {
		asks.Rows = append(asks.Rows, ui.Row{Cells: []ui.Cell{{Text: c.Label}, {Text: c.Name, Mono: true}, {Text: yesNo(c.Required)}, {Text: yesNo(!c.Secret)}}})
	}
	pays := d.paysTable(v, &p)
	return d.show(ctx, v, 200, "stack", head, ui.Stack{List: []ui.Block{about, {Title: "Credentials", Table: asks, None: "It asks for none."}, {Title: "Payout services", Table: pays, None: "It pays none."}}})
}

// paysTable are a provider's services, by method: some pay one in a hundred
// currencies.
func (d *Dash) paysTable(v *visit, p *service.Provider) ui.Table {
	t := ui.Table{Name: "Payout services", Cols: []ui.Col{{Name: "Method", Place: ui.Lead}, {Name: "Currencies", Place: ui.Under}}}
	in, forms := map[string][]string{}, []string{}
	for _, code := range p.Services {
		sv, ok := d.Engine.Directory.Service(code)
		if !ok {
			continue
		}
		if in[sv.Form] == nil {
			forms = append(forms, sv.Form)
		}
		in[sv.Form] = append(in[sv.Form], currencyText(sv))
	}
	for _, form := range forms {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Link: &ui.Link{Text: methodName(form), Href: v.at("/directory/services?q=" + form)}}, {Text: few(in[form], 16)}}})
	}
	return t
}

func currencyText(sv service.Service) string {
	if sv.Currency.IsZero() {
		return "any"
	}
	return sv.Currency.Code()
}

func (d *Dash) listServices(ctx context.Context, v *visit) (wire.Reply, error) {
	currency, kind, q := strings.ToUpper(v.Query("currency")), v.Query("kind"), strings.ToLower(strings.TrimSpace(v.Query("q")))
	currencies, kinds := map[string]bool{}, map[string]bool{}
	t := ui.Table{Name: "Payout services", Cols: []ui.Col{{Name: "Service", Place: ui.Lead}, {Name: "Method", Place: ui.Under}, {Name: "Currency", Place: ui.Side}, {Name: "One payout", Place: ui.Plain, Count: true}, {Name: "Fields", Place: ui.Plain, Count: true}, {Name: "State", Place: ui.Plain}}}
	for sv := range d.Engine.Directory.Services() {
		currencies[sv.CurrencyCode()], kinds[string(sv.Kind)] = true, true
		if currency != "" && sv.CurrencyCode() != currency || kind != "" && string(sv.Kind) != kind || q != "" && !strings.Contains(strings.ToLower(sv.Code+" "+sv.Form+" "+methodName(sv.Form)), q) {
			continue
		}
		state := &ui.Badge{Text: "Active", Tone: ui.Good}
		if !sv.Active {
			state = &ui.Badge{Text: "Not active", Tone: ui.Off}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Link: &ui.Link{Text: sv.Code, Href: v.at("/directory/services/" + sv.Code)}, Mono: true}, {Text: methodName(sv.Form)}, {Text: currencyText(sv)}, {Text: amountRange(sv)}, {Text: count(len(sv.Fields), "field")}, {Badge: state}}})
	}
	f := &ui.Filter{Action: v.at("/directory/services"), Fields: []ui.Field{{Name: "q", Label: "Name", Type: "text", Auto: "off", Max: 64, Value: v.Query("q")}, {Name: "currency", Label: "Currency", Type: "select", Options: choicesOf(currencies, currency)}, {Name: "kind", Label: "Kind", Type: "select", Options: choicesOf(kinds, kind)}}}
	head := ui.Head{Title: "Directory", Lead: "Who can pay, and how", Tabs: directoryTabs(v, "services")}
	return d.show(ctx, v, 200, "list", head, ui.List{Filter: f, Table: t, Pager: &ui.Pager{Text: count(len(t.Rows), "payout service")}, Empty: ui.Empty{Title: "Nothing fits", Text: "No payout service is of this kind and currency.", Action: &ui.Link{Text: "Show all", Href: v.at("/directory/services")}}})
}

// choicesOf are the options of a filter, with one that narrows nothing.
func choicesOf(all map[string]bool, on string) []ui.Option {
	out := []ui.Option{{Text: "Any"}}
	for _, c := range sortedKeys(all) {
		out = append(out, ui.Option{Value: c, Text: strings.ReplaceAll(c, "_", " "), On: c == on})
	}
	return out
}

func amountRange(sv service.Service) string {
	return grouped(trimZeros(sv.AmountMin)) + " to " + grouped(trimZeros(sv.AmountMax))
}

func trimZeros(decimal string) string {
	if !strings.Contains(decimal, ".") {
		return decimal
	}
	return strings.TrimSuffix(strings.TrimRight(decimal, "0"), ".")
}

func (d *Dash) showService(ctx context.Context, v *visit) (wire.Reply, error) {
	sv, ok := d.Engine.Directory.Service(v.Param("service"))
	if !ok {
		return wire.Reply{}, wire.ErrNotFound
	}
	head := ui.Head{Title: sv.Code, Lead: methodName(sv.Form), Crumbs: []ui.Link{{Text: "Directory", Href: v.at("/directory")}, {Text: "Payout services", Href: v.at("/directory/services")}}}
	if sv.Active && v.who.May(engine.PermitPay) {
		head.Actions = []ui.Action{{Text: "Pay out by it", Icon: "plus", Href: v.at("/pay?service=" + sv.Code)}}
	}
	about := ui.Block{Title: "General", Facts: []ui.Fact{{Name: "Code", Text: sv.Code, Mono: true, Copy: true}, {Name: "Method", Text: sv.Method, Mono: true}, {Name: "Kind", Text: sentenceCase(string(sv.Kind))}, {Name: "Currency", Text: currencyText(sv)}, {Name: "One payout", Text: amountRange(sv)}, {Name: "New payouts may use it", Text: yesNo(sv.Active)}}}
	fields := ui.Table{Name: "Fields", Cols: []ui.Col{{Name: "Field", Place: ui.Lead}, {Name: "Name in the API", Place: ui.Under}, {Name: "Needed", Place: ui.Side}, {Name: "Looks like", Place: ui.Plain}, {Name: "Rule", Place: ui.Plain}}}
	for _, f := range sv.Fields {
		rule := f.Regexp
		for _, val := range f.Options.Validators {
			rule = strings.TrimSpace(rule + " " + val.Name)
		}
		fields.Rows = append(fields.Rows, ui.Row{Cells: []ui.Cell{{Text: f.Label.English(), Below: f.Hint.English()}, {Text: f.Key, Mono: true}, {Text: yesNo(f.Required)}, {Text: f.Example, Mono: true}, {Text: rule, Mono: true}}})
	}
	lead := ""
	if len(sv.AnyOf) > 0 {
		lead = "At least one of these must be given: " + strings.Join(sv.AnyOf, ", ") + "."
	}
	who := ui.Table{Name: "Providers", Cols: []ui.Col{{Name: "Provider", Place: ui.Lead}}}
	for _, p := range d.Engine.Directory.Providers() {
		if d.Engine.Directory.Takes(p.Name, sv.Code) {
			who.Rows = append(who.Rows, ui.Row{Cells: []ui.Cell{{Link: &ui.Link{Text: p.Label, Href: v.at("/directory/providers/" + p.Name)}}}})
		}
	}
	return d.show(ctx, v, 200, "stack", head, ui.Stack{List: []ui.Block{about, {Title: "Fields", Lead: lead, Table: fields, None: "It asks for nothing."}, {Title: "Providers that pay by it", Table: who, None: "None that is built in."}}})
}
