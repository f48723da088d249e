package dash

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/service"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// detail begins the name of a form's field that is one of the beneficiary's
// details, so that no service can have a field that means something else.
const detail = "d."

// order is a new payout as it is being asked for: where, by what, to whom.
type order struct {
	points  []engine.Point // that take requests
	point   engine.Point
	codes   []string // services that have a way out, in their order
	service service.Service
	method  *engine.Method // a saved one, in place of details
}

// orderOf reads what the address says of a new payout. What is not said yet is
// zero.
func (d *Dash) orderOf(ctx context.Context, v *visit) (o order, err error) {
	points, err := d.Engine.Points(ctx, v.scope)
	if err != nil {
		return o, err
	}
	o.points = slices.DeleteFunc(points, func(p engine.Point) bool { return p.Archived })
	for _, p := range o.points {
		if p.ID == v.Query("point") || o.point.ID == "" && (p.ID == v.shop.Point || len(o.points) == 1) {
			o.point = p
		}
	}
	if o.point.ID == "" && len(o.points) > 0 {
		o.point = o.points[0]
	}
	routes, err := d.Engine.Routes(ctx, v.scope)
	if err != nil {
		return o, err
	}
	for _, r := range routes {
		if !r.Disabled && !r.Archived && !slices.Contains(o.codes, r.Service) {
			o.codes = append(o.codes, r.Service)
		}
	}
	slices.Sort(o.codes)
	if id := v.Query("method"); id != "" {
		if o.method, err = d.Engine.Method(ctx, v.caller(), id); err != nil {
			return o, err
		}
		return o, nil
	}
	if slices.Contains(o.codes, v.Query("service")) {
		o.service, _ = d.Engine.Directory.Service(v.Query("service"))
	}
	return o, nil
}

// chosen says that it is known how the money goes.
func (o *order) chosen() bool { return o.point.ID != "" && (o.service.Code != "" || o.method != nil) }

// address of the form, with what was chosen.
func (o *order) address(v *visit) string {
	at := v.at("/pay?point=" + o.point.ID)
	if o.method != nil {
		return at + "&method=" + o.method.ID
	}
	return at + "&service=" + o.service.Code
}

// currencies are those in which the request may be made.
func (o *order) currencies() []string {
	out := codes(o.point.Currencies)
	slices.Sort(out)
	if c := o.service.CurrencyCode(); o.service.Code != "" && slices.Contains(out, c) {
		out = slices.Insert(slices.DeleteFunc(out, func(other string) bool { return other == c }), 0, c)
	}
	return out
}

// bar chooses service and payout point.
func (o *order) bar(v *visit) *ui.Filter {
	by := ui.Field{Name: "service", Label: "Service", Type: "select", Required: true, Options: []ui.Option{{Text: "Choose"}}}
	for _, c := range o.codes {
		by.Options = append(by.Options, ui.Option{Value: c, Text: c, On: c == o.service.Code})
	}
	at := ui.Field{Name: "point", Label: "Payout point", Type: "select"}
	for _, p := range o.points {
		at.Options = append(at.Options, ui.Option{Value: p.ID, Text: p.Name, On: p.ID == o.point.ID})
	}
	return &ui.Filter{Action: v.at("/pay"), Submit: pick(o.chosen(), "Change", "Next"), Fields: []ui.Field{by, at}}
}

// payForm asks for the payout itself.
func (d *Dash) payForm(v *visit, o *order, f form, wrong map[string]string) (*ui.Form, error) {
	once, err := d.onceField(f)
	if err != nil {
		return nil, err
	}
	sum := ui.Field{Name: "currency", Label: "Currency", Type: "select", Required: true}
	for _, c := range o.currencies() {
		sum.Options = append(sum.Options, ui.Option{Value: c, Text: c, On: c == f.text("currency")})
	}
	fields := []ui.Field{once, {Name: "amount", Label: "Amount", Type: "text", Mode: "decimal", Required: true, Auto: "off", Max: 40, Value: f.text("amount"), Focus: true, Hint: o.limits()}, sum}
	if o.method == nil {
		fields = append(fields, detailFields(o.service, f)...)
		fields = append(fields,
			ui.Field{Name: "customer", Label: "Customer's id", Type: "text", Auto: "off", Max: 64, Value: f.text("customer"), Hint: "Of one that is known, or of a new one together with a name."},
			ui.Field{Name: "customer_name", Label: "Name of a new customer", Type: "text", Auto: "off", Max: 255, Value: f.text("customer_name")})
	}
	fields = append(fields,
		ui.Field{Name: "reference", Label: "Reference", Type: "text", Auto: "off", Max: 64, Value: f.text("reference"), Hint: "Your own id of it; no two payouts have the same. Empty: penstock's id alone."},
		ui.Field{Name: "memo", Label: "Memo", Type: "text", Auto: "off", Max: 255, Value: f.text("memo"), Hint: "Only you see it."},
		ui.Field{Name: "attempts_limit", Label: "Attempts after a refusal", Type: "select", Required: true, Options: limitOptions(f.text("attempts_limit"))},
		yesNoField("split", "May be split over several accounts", "", f.yes("split")),
		yesNoField("partially", "A part may be paid when the rest fails", "Goes with splitting.", f.yes("partially")),
		yesNoField("autoprocess", "Send it at once", "No: it waits, ready, until somebody processes it on its page.", f.yes("autoprocess")),
	)
	for i := range fields {
		if problem := wrong[fields[i].Name]; problem != "" {
			fields[i].Error, fields[0].Focus = problem, false
		}
	}
	return &ui.Form{Action: o.address(v), Fields: fields, Submit: "Make the payout request", Cancel: v.at("/requests")}, nil
}

// limits say how much the service pays at a time.
func (o *order) limits() string {
	if o.service.Code == "" || o.service.Currency.IsZero() {
		return ""
	}
	least, most, ok := o.service.Limits(o.service.Currency)
	if !ok {
		return ""
	}
	return "From " + grouped(least.Decimal()) + " to " + grouped(most.Decimal()) + " " + o.service.Currency.Code() + "."
}

// detailFields are the service's fields. A value that names an account is not
// written back into a page: it is typed again.
func detailFields(sv service.Service, f form) (out []ui.Field) {
	for _, one := range sv.Fields {
		field := ui.Field{Name: detail + one.Key, Label: one.Label.English(), Hint: one.Hint.English(), Type: "text", Auto: "off", Required: one.Required, Max: 255}
		if one.Example != "" && field.Hint == "" {
			field.Hint = "Like " + one.Example
		}
		if !one.Target().Sensitive {
			field.Value = f.text(field.Name)
		}
		out = append(out, field)
	}
	return out
}

func limitOptions(now string) (out []ui.Option) {
	for _, n := range []string{"0", "5", "10", "20"} {
		out = append(out, ui.Option{Value: n, Text: pick(n == "0", "None", "Up to "+n), On: n == now})
	}
	return out
}

func (d *Dash) askPay(ctx context.Context, v *visit) (wire.Reply, error) {
	o, err := d.orderOf(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	return d.payPage(ctx, v, 200, &o, form{}, nil)
}

func (d *Dash) payPage(ctx context.Context, v *visit, status int, o *order, f form, wrong map[string]string, notes ...ui.Notice) (wire.Reply, error) {
	head := ui.Head{Title: "New payout", Crumbs: []ui.Link{{Text: "Payout requests", Href: v.at("/requests")}}}
	page := ui.Stack{}
	switch {
	case len(o.codes) == 0:
		page.Empty = &ui.Empty{Title: "Nothing can be paid yet", Text: "A payout leaves by a route, and routes come with a provider account. Connect one first.", Action: connectLink(v)}
		return d.show(ctx, v, status, "stack", head, page)
	case o.method == nil:
		page.Filter = o.bar(v)
	}
	if !o.chosen() {
		page.Empty = &ui.Empty{Title: "How should the money go?", Text: "Choose the payout service; it says which details are asked for. Nothing is made before you have seen them."}
		return d.show(ctx, v, status, "stack", head, page)
	}
	fill, err := d.payForm(v, o, f, wrong)
	if err != nil {
		return wire.Reply{}, err
	}
	title := o.service.Code
	if o.method != nil {
		shown := &engine.Request{Form: o.method.Form}
		shown.Masked = o.method.Masked
		title = "To " + or(payee(shown), "a saved method") + ", " + methodName(o.method.Form)
	}
	page.List = []ui.Block{{Title: title, Form: fill}}
	if v.scope.Mode == engine.Test && o.method == nil {
		page.List = append(page.List, d.magicBlock(o.service))
	}
	return d.show(ctx, v, status, "stack", head, page, notes...)
}

// magicBlock are the test provider's accounts that decide how a payout ends.
func (d *Dash) magicBlock(sv service.Service) ui.Block {
	t := ui.Table{Name: "Test accounts", Cols: []ui.Col{{Name: "Account", Place: ui.Lead}, {Name: "What becomes of the payout", Place: ui.Under}}}
	for _, m := range d.Magic {
		text := m.Account
		switch sv.Kind {
		case service.Card:
			text = m.Card
		case service.Bank:
			text = or(m.IBAN, m.Account)
		case service.Test:
			text = m.Name
		}
		if text != "" {
			t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: text, Mono: true}, {Text: sentence(or(m.Meaning, m.Name))}}})
		}
	}
	return ui.Block{Title: "Test accounts", Lead: "In test mode the account decides how a payout ends. They are made up; nobody is paid.", Table: t, None: "This service has none."}
}

func (d *Dash) pay(ctx context.Context, v *visit) (wire.Reply, error) {
	o, err := d.orderOf(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	if !o.chosen() {
		return d.payPage(ctx, v, 422, &o, v.form, nil)
	}
	n, wrong := o.command(v.form)
	if len(wrong) > 0 {
		return d.payPage(ctx, v, 422, &o, v.form, wrong, ui.Notice{Tone: ui.Bad, Text: "Nothing was made.", Hint: "See the fields that are marked. Account numbers have to be typed again."})
	}
	typed := form{Values: cloneValues(v.form.Values)}
	once, err := v.once("payout")
	if err != nil {
		return wire.Reply{}, err
	}
	made, err := d.Engine.Create(ctx, v.caller(), n, once)
	if err == nil && once.Replayed {
		return goTo(v.at("/requests/" + engine.PrefixRequest + once.Subject)), nil
	}
	if field, problem, ok := wrongField(err); ok {
		return d.payPage(ctx, v, 422, &o, typed, map[string]string{field: problem, detail + field: problem}, ui.Notice{Tone: ui.Bad, Text: problem})
	}
	if note := refusal(err); note != nil {
		status, _ := explain(err)
		return d.payPage(ctx, v, status, &o, typed, nil, *note)
	}
	if err != nil {
		return wire.Reply{}, err
	}
	return goTo(after(requestPath(v, &made.Request, ""), pick(n.AutoFulfill, "processed", "made"))), nil
}

func cloneValues(in map[string][]string) map[string][]string {
	out := make(map[string][]string, len(in))
	for k, v := range in {
		out[k] = slices.Clone(v)
	}
	return out
}

// command is the engine's command of what was typed; wrong says what is amiss
// at which field.
func (o *order) command(f form) (n engine.NewRequest, wrong map[string]string) {
	wrong = map[string]string{}
	n = engine.NewRequest{Dialect: "jsonapi", Point: o.point.ID, Confirm: true, AutoFulfill: f.yes("autoprocess"), Ref: f.text("reference")}
	n.Later, n.Split, n.Whole, n.Memo = true, f.yes("split"), !f.yes("partially"), f.text("memo")
	if f.yes("partially") && !n.Split {
		wrong["partially"] = "A part is paid only of what may be split."
	}
	n.AttemptsLimit, _ = strconv.Atoi(f.text("attempts_limit"))
	if n.AttemptsLimit < 0 || n.AttemptsLimit > 20 {
		wrong["attempts_limit"] = "At most 20."
	}
	o.readSum(f, &n, wrong)
	if o.method != nil {
		n.Customer, n.Beneficiary = o.method.Customer, engine.Beneficiary{Method: o.method.ID}
		return n, wrong
	}
	n.Service = o.service.Code
	if n.Customer = f.text("customer"); n.Customer != "" && !engine.ChosenID(n.Customer) {
		wrong["customer"] = "An id has letters, digits, underscores and hyphens."
	}
	if name := f.text("customer_name"); name != "" {
		n.Person = &engine.Person{Name: name}
		if n.Customer == "" {
			wrong["customer"] = "Give the new customer an id."
		}
	}
	o.readDetails(f, &n, wrong)
	return n, wrong
}

func (o *order) readSum(f form, n *engine.NewRequest, wrong map[string]string) {
	c, err := money.ParseCurrency(f.text("currency"))
	if err != nil || !slices.Contains(o.currencies(), c.Code()) {
		wrong["currency"] = "This payout point takes " + few(o.currencies(), 6) + "."
		return
	}
	a, problem := readAmount(f.text("amount"), c)
	if problem == "" && !a.IsPositive() {
		problem = "An amount above zero."
	}
	if problem != "" {
		wrong["amount"] = problem
		return
	}
	n.Amount = a
	least, most, ok := o.service.Limits(c)
	if o.service.Code == "" || o.service.Currency != c || !ok {
		return
	}
	if a.Minor() < least.Minor() || !n.Split && a.Minor() > most.Minor() {
		wrong["amount"] = "This service pays " + strings.TrimSuffix(strings.ToLower(o.limits()[:1])+o.limits()[1:], ".") + "."
	}
}

func (o *order) readDetails(f form, n *engine.NewRequest, wrong map[string]string) {
	given := map[string]string{}
	for _, one := range o.service.Fields {
		if text := f.text(detail + one.Key); text != "" {
			given[one.Key] = text
		}
	}
	details, err := o.service.Validate(given)
	var invalid service.Invalid
	if errors.As(err, &invalid) {
		for _, bad := range invalid {
			wrong[detail+bad.Field] = sentence("it " + bad.Rule)
		}
		return
	}
	if err != nil {
		wrong["amount"] = sentence(err.Error())
		return
	}
	n.Beneficiary = engine.Beneficiary{Kind: o.service.Kind, Form: o.service.Form, Details: details}
	shown, err := wire.Encode(map[string]any{"fields": o.service.MaskFields(details)})
	if err == nil {
		n.Extra = shown
	}
}

// connectLink leads to connecting a provider account, for whoever may.
func connectLink(v *visit) *ui.Link {
	if !v.who.May(engine.PermitConnect) {
		return nil
	}
	return &ui.Link{Text: "Connect a provider account", Href: v.at("/directory")}
}
