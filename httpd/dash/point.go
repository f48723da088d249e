package dash

import (
	"context"
	"strings"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// arranged are the names of schemes by id.
type arranged struct{ routing, rates map[string]string }

func (d *Dash) arranged(ctx context.Context, v *visit) (a arranged, err error) {
	a = arranged{map[string]string{}, map[string]string{}}
	schemes, err := d.Engine.Schemes(ctx, v.scope)
	if err != nil {
		return a, err
	}
	for _, s := range schemes {
		a.routing[s.ID] = s.Name
	}
	rates, err := d.Engine.RateSchemes(ctx, v.scope)
	for _, r := range rates {
		a.rates[r.ID] = r.Name
	}
	return a, err
}

func (d *Dash) listPoints(ctx context.Context, v *visit) (wire.Reply, error) {
	all, err := d.Engine.Points(ctx, v.scope)
	if err != nil {
		return wire.Reply{}, err
	}
	a, err := d.arranged(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	t := ui.Table{Name: "Payout points", Cols: []ui.Col{
		{Name: "Payout point", Place: ui.Lead}, {Name: "ID", Place: ui.Under}, {Name: "Currencies", Place: ui.Plain}, {Name: "Routing scheme", Place: ui.Plain}, {Name: "Rate scheme", Place: ui.Plain}, {Name: "State", Place: ui.Side},
	}}
	for i := range all {
		p := &all[i]
		badge := ui.Badge{Text: "In use", Tone: ui.Good}
		if p.Archived {
			badge = ui.Badge{Text: "Archived", Tone: ui.Off}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Link: &ui.Link{Text: p.Name, Href: v.at("/points/" + p.ID)}}, {Text: engine.PrefixPoint + p.ID, Mono: true}, {Text: few(codes(p.Currencies), 6)}, {Text: a.routing[p.Scheme]}, {Text: a.rates[p.RateScheme]}, {Badge: &badge},
		}})
	}
	head := ui.Head{Title: "Payout points"}
	if v.who.May(engine.PermitConnect) {
		head.Actions = []ui.Action{{Text: "New payout point", Icon: "plus", Main: true, Href: v.at("/points/new")}}
	}
	return d.show(ctx, v, 200, "list", head, ui.List{Table: t, Pager: &ui.Pager{Text: count(len(all), "payout point")},
		Empty: ui.Empty{Title: "No payout point", Text: "Requests of the payout gateway are made at a payout point."}})
}

func codes(list []money.Currency) (out []string) {
	for _, c := range list {
		out = append(out, c.Code())
	}
	return out
}

// few is the first n of a list, and how many more there are.
func few(list []string, n int) string {
	if len(list) <= n {
		return strings.Join(list, ", ")
	}
	return strings.Join(list[:n], ", ") + " and " + count(len(list)-n, "other")
}

func (d *Dash) showPoint(ctx context.Context, v *visit) (wire.Reply, error) {
	p, err := d.Engine.Point(ctx, v.scope, v.Param("point"))
	if err != nil {
		return wire.Reply{}, err
	}
	a, err := d.arranged(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	general := ui.Facts{Title: "General", List: []ui.Fact{
		{Name: "Name", Text: p.Name}, {Name: "Description", Text: p.Description}, {Name: "ID", Text: engine.PrefixPoint + p.ID, Mono: true, Copy: true}, {Name: "Archived", Text: yesNo(p.Archived)},
		{Name: "Currencies", Text: strings.Join(codes(p.Currencies), ", ")}, {Name: "Created", At: p.Created}, {Name: "Changed", At: p.Changed},
	}}
	ways := ui.Facts{Title: "Where money leaves", List: []ui.Fact{
		{Name: "Routing scheme", Text: or(a.routing[p.Scheme], "None: any route that is open, the best first")}, {Name: "Rate scheme", Text: or(a.rates[p.RateScheme], "System")},
		{Name: "When money is missing", Text: pick(p.Queue, "Wait for it", "Fail")},
	}}
	calls := ui.Facts{Title: "Callbacks", List: []ui.Fact{{Name: "To", Text: withoutSecrets(p.CallbackURL)}, {Name: "Only of ends", Text: yesNo(p.OnlyFinal)}, {Name: "With failed payouts and their providers", Text: yesNo(p.Internal)}}}
	head := ui.Head{Title: p.Name, Crumbs: []ui.Link{{Text: "Payout points", Href: v.at("/points")}}, ID: engine.PrefixPoint + p.ID}
	if v.who.May(engine.PermitConnect) {
		head.Actions = []ui.Action{{Text: "Edit", Href: v.at("/points/" + p.ID + "/edit")}}
	}
	return d.show(ctx, v, 200, "request", head, ui.Requested{Left: []ui.Facts{general}, Right: []ui.Facts{ways, calls}})
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// pick is yes or no.
func pick[T any](b bool, yes, no T) T {
	if b {
		return yes
	}
	return no
}

// pointPage asks for a payout point; p is a new one without an id.
func pointPage(v *visit, p *engine.Point, a arranged, f form, field, problem string) (ui.Head, ui.Act) {
	old := func(name, now string) string {
		if f.Values != nil {
			return f.text(name)
		}
		return now
	}
	named := func(name, label, none, now string, among map[string]string) ui.Field {
		out := ui.Field{Name: name, Label: label, Type: "select", Options: []ui.Option{{Text: none}}}
		for _, id := range sortedKeys(among) {
			if id != "" {
				out.Options = append(out.Options, ui.Option{Value: id, Text: among[id], On: id == old(name, now)})
			}
		}
		return out
	}
	fields := []ui.Field{
		{Name: "name", Label: "Name", Type: "text", Required: true, Max: 255, Value: old("name", p.Name), Focus: p.ID == ""},
		{Name: "description", Label: "Description", Type: "area", Max: 1024, Value: old("description", p.Description)},
		{Name: "currencies", Label: "Currencies", Type: "text", Required: true, Auto: "off", Value: old("currencies", strings.Join(codes(p.Currencies), ", ")), Hint: "Codes with commas between them, such as EUR, USD."},
		named("routing_scheme", "Routing scheme", "None: any route that is open, the best first", p.Scheme, a.routing),
		named("rate_scheme", "Rate scheme", "System", p.RateScheme, a.rates),
		{Name: "callback_url", Label: "Callbacks go to", Type: "url", Auto: "off", Max: 2048, Value: old("callback_url", p.CallbackURL)},
		yesNoField("only_final", "Callbacks tell of ends alone", "", p.OnlyFinal),
		yesNoField("internal", "Callbacks show failed payouts and their providers", "", p.Internal),
		yesNoField("queue", "Requests wait when money is missing, instead of failing", "", p.Queue),
	}
	head := ui.Head{Title: "New payout point", Crumbs: []ui.Link{{Text: "Payout points", Href: v.at("/points")}}}
	form := ui.Form{Action: v.at("/points/new"), Submit: "Make the payout point", Cancel: v.at("/points")}
	if p.ID != "" {
		fields = append(fields, yesNoField("archived", "Archived", "It takes no new requests; those that it has go on.", p.Archived))
		head.Title, form.Action, form.Submit, form.Cancel = "Edit "+p.Name, v.at("/points/"+p.ID+"/edit"), "Save", v.at("/points/"+p.ID)
	}
	form.Fields = mark(fields, field, problem)
	return head, ui.Act{Form: form}
}

func (d *Dash) askPoint(ctx context.Context, v *visit) (wire.Reply, error) {
	p, a, err := d.pointOf(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	head, act := pointPage(v, p, a, form{}, "", "")
	return d.show(ctx, v, 200, "act", head, act)
}

// pointOf is the point of the address; a new one where it names none.
func (d *Dash) pointOf(ctx context.Context, v *visit) (*engine.Point, arranged, error) {
	a, err := d.arranged(ctx, v)
	if err != nil || v.Param("point") == "" {
		return &engine.Point{}, a, err
	}
	p, err := d.Engine.Point(ctx, v.scope, v.Param("point"))
	return p, a, err
}

func (d *Dash) savePoint(ctx context.Context, v *visit) (wire.Reply, error) {
	p, a, err := d.pointOf(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		head, act := pointPage(v, p, a, v.form, field, problem)
		return d.show(ctx, v, status, "act", head, act, notes...)
	}
	ed, field, problem := pointEdit(v.form)
	if problem != "" {
		return again(422, field, problem)
	}
	if p.ID == "" {
		if p, err = d.Engine.CreatePoint(ctx, v.caller(), ed, nil); p == nil {
			p = &engine.Point{}
		}
	} else {
		archived := v.form.yes("archived")
		ed.Archived = &archived
		_, err = d.Engine.UpdatePoint(ctx, v.caller(), p.ID, ed, nil)
	}
	return d.edited(err, after(v.at("/points/"+p.ID), "saved"), again)
}

func pointEdit(f form) (ed engine.PointEdit, field, problem string) {
	texts := map[string]string{}
	for _, name := range []string{"name", "description", "routing_scheme", "rate_scheme", "callback_url"} {
		texts[name] = f.text(name)
	}
	name, about, scheme, rates, url := texts["name"], texts["description"], texts["routing_scheme"], texts["rate_scheme"], texts["callback_url"]
	final, internal, queue := f.yes("only_final"), f.yes("internal"), f.yes("queue")
	ed = engine.PointEdit{Name: &name, Description: &about, Scheme: &scheme, RateScheme: &rates, CallbackURL: &url, OnlyFinal: &final, Internal: &internal, Queue: &queue}
	for code := range strings.FieldsFuncSeq(f.text("currencies"), func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
		c, err := money.ParseCurrency(strings.ToUpper(code))
		if err != nil {
			return ed, "currencies", "There is no currency " + clip(code) + "."
		}
		ed.Currencies = append(ed.Currencies, c)
	}
	if name == "" {
		return ed, "name", "Give it a name."
	}
	if len(ed.Currencies) == 0 {
		return ed, "currencies", "At least one currency."
	}
	return ed, "", ""
}

// clip keeps what somebody typed short enough to be shown again.
func clip(s string) string {
	if r := []rune(s); len(r) > 12 {
		return string(r[:12]) + "\u2026"
	}
	return s
}
