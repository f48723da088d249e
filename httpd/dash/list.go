package dash

import (
	"context"
	"net/url"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

const (
	pageSize = 50
	// maxInto is how many requests a list reads for one page when it looks into
	// them; then it says how far it has come, and goes on when asked to. A page is
	// to come within a tenth of a second, whatever is in the store.
	maxInto = 3000
	maxLook = 5000   // of those of which a few things are seen
	maxOpen = 2000   // of those that have to be opened for it, which costs more
	maxPass = 20_000 // of those that are passed by for their status, which costs less
)

// query is what narrows the list of requests, as it stands in the address.
type query struct {
	status   payout.Stage
	wants    bool // those that need a person
	customer string
	from, to string // days in UTC
	before   string // the last id of the page before

	payouts []payout.Status // those alone that have a payout of one of these statuses; nil: all

	only   func(*engine.Request) bool // those alone of which it is true; nil: all
	opened bool                       // only looks at what a request echoes, which is opened for it
}

// readQuery takes what it can read of an address: a list with a filter that
// makes no sense says so and shows all.
func readQuery(v *visit) (q query, bad []ui.Notice) {
	wrong := func(text string) { bad = append(bad, ui.Notice{Tone: ui.Warn, Text: text}) }
	switch s := v.Query("status"); {
	case s == "wants":
		q.wants = true
	case s != "" && stageWords[payout.Stage(s)].Text == "":
		wrong("There is no such status.")
	default:
		q.status = payout.Stage(s)
	}
	if q.customer = strings.TrimSpace(v.Query("customer")); q.customer != "" && !engine.ChosenID(q.customer) {
		wrong("A customer's id has letters, digits, underscores and hyphens.")
		q.customer = ""
	}
	for name, to := range map[string]*string{"from": &q.from, "to": &q.to} {
		if *to = v.Query(name); *to != "" {
			if _, err := time.Parse(time.DateOnly, *to); err != nil {
				wrong("A day is written 2026-01-31.")
				*to = ""
			}
		}
	}
	if b := v.Query("before"); len(b) == 26 && engine.ChosenID(b) {
		q.before = b
	}
	return q, bad
}

// values are the query as it stands in an address, without the page.
func (q query) values() url.Values {
	out := url.Values{}
	for name, value := range map[string]string{"status": string(q.status), "customer": q.customer, "from": q.from, "to": q.to} {
		if value != "" {
			out.Set(name, value)
		}
	}
	if q.wants {
		out.Set("status", "wants")
	}
	return out
}

// look is how many requests a list reads for one page; zero: it needs no bound.
func (q query) look() int {
	switch {
	case q.only != nil:
		return pick(q.opened, maxOpen, maxInto)
	case q.status != "" || len(q.payouts) > 0:
		return pick(q.customer != "", maxInto, maxPass)
	}
	return 0
}

// filter is the query in the engine's words. The last day counts whole.
func (q query) filter() engine.Filter {
	f := engine.Filter{Customer: q.customer, Before: q.before, Wants: q.wants, Statuses: q.payouts, Look: q.look(), Keep: q.only}
	if q.status != "" {
		f.Stages = []payout.Stage{q.status}
	}
	if at, err := time.Parse(time.DateOnly, q.from); err == nil {
		f.From = at
	}
	if at, err := time.Parse(time.DateOnly, q.to); err == nil {
		f.To = at.AddDate(0, 0, 1)
	}
	return f
}

// found is one page of a list.
type found struct {
	list  []engine.View
	older string    // id from which to go on; "" when this is the end
	back  time.Time // how far a list that looks into requests has come, when it stopped early
}

// search reads one page.
func (d *Dash) search(ctx context.Context, v *visit, q query) (found, error) {
	f := q.filter()
	f.Bare = d.State().Sealed // masked details are sealed too: then a list goes without them
	f.Opened = q.opened && !f.Bare
	var last string
	f.Ended = &last
	list, _, err := d.Engine.List(ctx, v.caller(), f, 0, v.size()+1)
	if err != nil {
		return found{}, err
	}
	out := found{list: list}
	switch {
	case len(list) > v.size():
		out.list = list[:v.size()]
		out.older = out.list[v.size()-1].ID
	case last != "":
		out.older, out.back = last, lookedTo(last)
	}
	return out, nil
}

// lookedTo is when the last request was made at which a list looked.
func lookedTo(id string) time.Time {
	at, _ := engine.TimeOfID(id) // of a record that was read
	return at
}

func (d *Dash) listRequests(ctx context.Context, v *visit) (wire.Reply, error) {
	q, bad := readQuery(v)
	got, err := d.search(ctx, v, q)
	if err != nil {
		return wire.Reply{}, err
	}
	page := ui.List{Filter: q.bar(v), Table: requestTable("Payout requests, newest first", v, got.list), Pager: q.pager(v, got), Empty: q.empty(v, got)}
	if v.sheet != nil {
		page.Table = requestSheet(got.list)
	}
	head := ui.Head{Title: "Payout requests"}
	if link := payLink(v); link != nil {
		head.Actions = []ui.Action{{Text: link.Text, Icon: "plus", Main: true, Href: link.Href}}
	}
	return d.show(ctx, v, 200, "list", head, page, bad...)
}

func (q query) pager(v *visit, got found) *ui.Pager {
	p := &ui.Pager{}
	p.Text = count(len(got.list), "request")
	if q.before != "" {
		p.Newest = address(v.at("/requests"), q.values())
	}
	if got.older != "" {
		older := q.values()
		older.Set("before", got.older)
		p.Older = address(v.at("/requests"), older)
	}
	if !got.back.IsZero() {
		p.Text += ", looked back to " + got.back.UTC().Format("2 Jan 2006, 15:04 UTC")
	}
	return p
}

// bar is the filter over the list.
func (q query) bar(v *visit) *ui.Filter {
	at := v.at("/requests")
	status := []ui.Option{{Text: "Any"}, {Value: "wants", Text: "Needs a person", On: q.wants}}
	for _, s := range payout.Stages() {
		status = append(status, ui.Option{Value: string(s), Text: stageWords[s].Text, On: q.status == s})
	}
	f := &ui.Filter{Action: at, Reset: at, Fields: []ui.Field{
		{Name: "status", Label: "Status", Type: "select", Options: status},
		{Name: "from", Label: "Created from (UTC)", Type: "date", Value: q.from},
		{Name: "to", Label: "to, inclusive", Type: "date", Value: q.to},
		{Name: "customer", Label: "Customer", Type: "text", Value: q.customer, Max: 64, Auto: "off"},
	}}
	chip := func(name, text string) {
		rest := q.values()
		if rest.Has(name) {
			rest.Del(name)
			f.On = append(f.On, ui.Link{Text: text, Href: address(at, rest)})
		}
	}
	word := stageWords[q.status].Text
	if q.wants {
		word = "Needs a person"
	}
	chip("status", word)
	chip("from", "from "+q.from)
	chip("to", "to "+q.to)
	chip("customer", "customer "+q.customer)
	return f
}

// empty says why there is nothing, and what to do first.
func (q query) empty(v *visit, got found) ui.Empty {
	switch {
	case got.older != "":
		return ui.Empty{Title: "Nothing so far", Text: "None of the requests back to " + got.back.UTC().Format("2 Jan 2006, 15:04 UTC") + " fits. Older ones may."}
	case len(q.values()) > 0:
		return ui.Empty{Title: "Nothing fits", Text: "No request of this merchant fits the filter.", Action: &ui.Link{Text: "Show all", Href: v.at("/requests")}}
	case q.before != "":
		return ui.Empty{Title: "That was all", Text: "There are no older requests."}
	}
	return firstSteps(v)
}

// firstSteps is what somebody does who has no request yet.
func firstSteps(v *visit) ui.Empty {
	e := ui.Empty{Title: "No payout request yet", Text: "Requests come in through the API, or are made here. In test mode the test provider pays them with play money.", Action: payLink(v)}
	if v.scope.Mode == engine.Live {
		e.Text = "Live requests need a provider account in live mode, and money on its deposit account. Connect one first; then make a payout here, or a live API key."
		e.Action = connectLink(v)
	}
	return e
}

// requestTable lists requests.
func requestTable(name string, v *visit, list []engine.View) ui.Table {
	t := ui.Table{Name: name, Cols: []ui.Col{
		{Name: "Request", Place: ui.Under}, {Name: "Amount", Place: ui.Lead, Right: true}, {Name: "Status", Place: ui.Side},
		{Name: "To", Place: ui.Plain}, {Name: "Customer", Place: ui.Quiet}, {Name: "Provider", Place: ui.Quiet}, {Name: "Created", Place: ui.Aside},
	}}
	for i := range list {
		r := &list[i].Request
		row := ui.Row{Cells: []ui.Cell{
			{Link: &ui.Link{Text: shortID(nameOfRequest(r)), Href: requestPath(v, r, "")}, Mono: true},
			{Money: amount(r.Amount)}, {Badge: stageBadge(r.Stage)},
			{Text: payeeText(r), Sub: payeeSub(r)}, {Link: customerLink(v, r), Mono: true}, {Text: r.Provider}, {At: r.Created},
		}}
		if r.WantsPerson() {
			row.Tone = ui.Warn
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func payeeText(r *engine.Request) string {
	if p := payee(r); p != "" {
		return p
	}
	return methodName(r.Form)
}

func payeeSub(r *engine.Request) string {
	if payee(r) == "" {
		return ""
	}
	return methodName(r.Form)
}

// nameForEngine is by what the engine's commands find a request: the
// merchant's own id, or ours.
func nameForEngine(r *engine.Request) string {
	if r.Ref != "" {
		return r.Ref
	}
	return engine.PrefixRequest + r.ID
}

// nameOfRequest is what people call a request.
func nameOfRequest(r *engine.Request) string {
	if r.Ref != "" {
		return r.Ref
	}
	return idOfRequest(r)
}

// shortID is enough of an id to tell it from others in a list: ours differ at
// their end.
func shortID(id string) string {
	if prefix, rest, ok := strings.Cut(id, "_"); ok && len(rest) == 26 {
		return prefix + "_\u2026" + rest[18:]
	}
	if r := []rune(id); len(r) > 28 {
		return string(r[:27]) + "\u2026"
	}
	return id
}

func address(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}
