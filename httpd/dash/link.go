package dash

import (
	"context"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// linked says that the recipient of a request says where the money goes: at a
// payout link, or on the page of a hosted payment.
func linked(r *engine.Request) bool { return r.Link != "" || r.Dialect == "hosted" }

// listLinks shows the requests that have a link or a page.
func (d *Dash) listLinks(ctx context.Context, v *visit) (wire.Reply, error) {
	q := query{only: linked}
	if b := v.Query("before"); len(b) == 26 && engine.ChosenID(b) {
		q.before = b
	}
	got, err := d.search(ctx, v, q)
	if err != nil {
		return wire.Reply{}, err
	}
	t := ui.Table{Name: "Links, newest first", Cols: []ui.Col{{Name: "Payout request", Place: ui.Under}, {Name: "Amount", Place: ui.Lead, Right: true}, {Name: "Link", Place: ui.Side}, {Name: "Status", Place: ui.Plain}, {Name: "Kind", Place: ui.Plain}, {Name: "Good until", Place: ui.Plain}, {Name: "Created", Place: ui.Aside}}}
	for i := range got.list {
		r := &got.list[i].Request
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Link: &ui.Link{Text: shortID(nameOfRequest(r)), Href: requestPath(v, r, "")}, Mono: true}, {Money: amount(r.Amount)}, {Badge: d.linkBadge(r)}, {Badge: stageBadge(r.Stage)},
			{Text: pick(r.Link != "", "Payout link", "Hosted payment")}, {At: r.Expires}, {At: r.Created},
		}})
	}
	p := q.pager(v, got)
	p.Text = strings.Replace(p.Text, "request", "link", 1)
	if p.Older != "" {
		p.Older = v.at("/links?before=" + got.older)
	}
	if p.Newest != "" {
		p.Newest = v.at("/links")
	}
	head := ui.Head{Title: "Links and hosted payments", Lead: "Payouts whose recipient says where the money goes"}
	empty := ui.Empty{Title: "No link yet", Text: "A link leads the recipient to a page of yours, where they choose a method and enter their account: you never see it."}
	if v.who.May(engine.PermitPay) && d.PageAddress != nil {
		head.Actions = []ui.Action{{Text: "New link", Icon: "plus", Main: true, Href: v.at("/links/new")}}
		empty.Action = &ui.Link{Text: "New link", Href: v.at("/links/new")}
	}
	if got.older != "" && len(got.list) == 0 {
		empty = q.empty(v, got)
	}
	return d.show(ctx, v, 200, "list", head, ui.List{Table: t, Pager: p, Empty: empty})
}

// linkBadge is whether a link can still be used.
func (d *Dash) linkBadge(r *engine.Request) *ui.Badge {
	switch {
	case r.Form != "":
		return &ui.Badge{Text: "Used", Tone: ui.Good}
	case r.Stage == payout.Expired:
		return &ui.Badge{Text: "Expired", Tone: ui.Off}
	case r.Stage.Ended() || r.Page != nil && r.Page.Closed:
		return &ui.Badge{Text: "Closed", Tone: ui.Off}
	}
	return &ui.Badge{Text: "Open", Tone: ui.Wait}
}

func newLinkPage(v *visit, points []engine.Point, once ui.Field, f form, field, problem string) (ui.Head, ui.Act) {
	at := ui.Field{Name: "point", Label: "Payout point", Type: "select", Required: true, Hint: "Its name and colours are those of the page."}
	for _, p := range points {
		if !p.Archived {
			at.Options = append(at.Options, ui.Option{Value: p.ID, Text: p.Name, On: p.ID == or(f.text("point"), v.shop.Point)})
		}
	}
	fields := []ui.Field{once,
		{Name: "amount", Label: "Amount", Type: "text", Mode: "decimal", Required: true, Auto: "off", Max: 40, Value: f.text("amount"), Focus: true},
		{Name: "currency", Label: "Currency", Type: "text", Required: true, Auto: "off", Max: 8, Value: or(f.text("currency"), "EUR")},
		at,
		{Name: "description", Label: "What it is for", Type: "text", Auto: "off", Max: 255, Value: f.text("description"), Hint: "The recipient reads it on the page."},
		{Name: "name", Label: "Recipient's name", Type: "text", Auto: "off", Max: 255, Value: f.text("name"), Hint: "Filled in for them; they can change it."},
		{Name: "reference", Label: "Reference", Type: "text", Auto: "off", Max: 64, Value: f.text("reference"), Hint: "Your own id of it; no two payouts have the same."},
	}
	return ui.Head{Title: "New link", Crumbs: []ui.Link{{Text: "Links", Href: v.at("/links")}}},
		ui.Act{Text: "Makes a payout request without an account, and an address at which the recipient enters one. The money leaves as soon as they have confirmed it: give the address to nobody else.",
			Form: ui.Form{Action: v.at("/links/new"), Fields: mark(fields, field, problem), Submit: "Make the link", Cancel: v.at("/links")}}
}

func (d *Dash) linkForm(ctx context.Context, v *visit, status int, f form, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
	points, err := d.Engine.Points(ctx, v.scope)
	if err != nil {
		return wire.Reply{}, err
	}
	once, err := d.onceField(f)
	if err != nil {
		return wire.Reply{}, err
	}
	head, act := newLinkPage(v, points, once, f, field, problem)
	return d.show(ctx, v, status, "act", head, act, notes...)
}

func (d *Dash) askLink(ctx context.Context, v *visit) (wire.Reply, error) {
	return d.linkForm(ctx, v, 200, form{}, "", "")
}

// makeLink makes a hosted payment and leads to the page that shows its address.
func (d *Dash) makeLink(ctx context.Context, v *visit) (wire.Reply, error) {
	typed := form{Values: cloneValues(v.form.Values)}
	c, err := money.ParseCurrency(strings.ToUpper(typed.text("currency")))
	if err != nil {
		return d.linkForm(ctx, v, 422, typed, "currency", "There is no such currency.")
	}
	a, problem := readAmount(typed.text("amount"), c)
	if problem == "" && !a.IsPositive() {
		problem = "An amount above zero."
	}
	if problem != "" {
		return d.linkForm(ctx, v, 422, typed, "amount", problem)
	}
	able, err := d.Engine.Payable(ctx, v.scope, a)
	if err != nil {
		return wire.Reply{}, err
	}
	if len(able) == 0 {
		return d.linkForm(ctx, v, 422, typed, "amount", "No payout method that is connected pays this amount in "+c.Code()+".")
	}
	once, err := v.once("link")
	if err != nil {
		return wire.Reply{}, err
	}
	n := engine.NewRequest{Dialect: "hosted", Amount: a, Point: typed.text("point"), Ref: typed.text("reference"), AutoFulfill: true, Expires: d.linkTTL(),
		Page: &engine.Page{Description: typed.text("description"), Name: typed.text("name")}, Wishes: engine.Wishes{Later: true, Whole: true}}
	made, err := d.Engine.Create(ctx, v.caller(), n, once)
	if err == nil && once.Replayed {
		return goTo(v.at("/requests/" + engine.PrefixRequest + once.Subject)), nil
	}
	if err != nil {
		return d.edited(err, "", func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
			return d.linkForm(ctx, v, status, typed, field, problem, notes...)
		})
	}
	return goTo(after(requestPath(v, &made.Request, "/link"), "link")), nil
}

func (d *Dash) linkTTL() time.Duration {
	if d.LinkTTL == 0 {
		return 72 * time.Hour
	}
	return d.LinkTTL
}

// showLink shows the address of a request's page, to whoever may pay: whoever
// has it may say where the money goes.
func (d *Dash) showLink(ctx context.Context, v *visit) (wire.Reply, error) {
	r, err := d.request(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	head := requestHead(v, r, "/link")
	block := ui.Block{Title: "The recipient's page", Badge: d.linkBadge(r)}
	if r.Page == nil || d.PageAddress == nil {
		block.None = "This request has no page of its own."
		return d.show(ctx, v, 200, "stack", head, ui.Stack{List: []ui.Block{block}})
	}
	address := ui.Fact{Name: "Address", Text: "Nobody can use it any more"}
	switch {
	case r.Stage != payout.Draft || r.Page.Closed:
	case !v.who.May(engine.PermitPay):
		address.Text = "Whoever has it says where the money goes, so only those see it who may pay."
	default:
		text, err := d.PageAddress(v.scope, r)
		if err != nil {
			return wire.Reply{}, err
		}
		address.Text, address.Mono, address.Copy, address.Hint = text, true, true, "Give it to the recipient and to nobody else."
	}
	block.Facts = []ui.Fact{address, {Name: "Good until", At: r.Expires}, {Name: "What it is for", Text: r.Page.Description}, {Name: "Recipient's name", Text: r.Page.Name}, {Name: "Goes back to", Text: withoutSecrets(r.Page.Redirect)}}
	return d.show(ctx, v, 200, "stack", head, ui.Stack{List: []ui.Block{block}})
}
