package dash

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// activity is what narrows the audit log, as it stands in the address.
type activity struct {
	what, who, object string
	engine.Period
	first, last string // days in UTC
}

// readActivity takes what it can read of an address.
func readActivity(v *visit) (q activity, bad []ui.Notice) {
	q = activity{what: strings.TrimSpace(v.Query("what")), who: v.Query("who"), object: strings.TrimSpace(v.Query("object")), first: v.Query("from"), last: v.Query("to")}
	var err error
	var wrong *wire.DayError
	if q.From, q.To, err = wire.ReadDays(q.first, q.last); errors.As(err, &wrong) {
		bad, q.first, q.last = append(bad, ui.Notice{Tone: ui.Warn, Text: "These are no days: the " + pick(wrong.Name == "from", "first", "last") + " one " + wrong.Rule + "."}), "", ""
	}
	return q, bad
}

func (q activity) values() url.Values {
	out := url.Values{}
	for name, value := range map[string]string{"what": q.what, "who": q.who, "object": q.object, "from": q.first, "to": q.last} {
		if value != "" {
			out.Set(name, value)
		}
	}
	return out
}

func (q activity) fits(a *engine.Act) bool {
	return strings.HasPrefix(a.Action, q.what) && (q.who == "" || a.Actor == q.who) && (q.object == "" || strings.Contains(a.Object, q.object)) && (q.To.IsZero() || a.At.Before(q.To))
}

func (q activity) bar(v *visit, names map[string]string) *ui.Filter {
	at := v.at("/activity")
	who := ui.Field{Name: "who", Label: "Who", Type: "select", Options: []ui.Option{{Text: "Anybody"}, {Value: "operator", Text: "On the server", On: q.who == "operator"}, {Value: "penstock", Text: "penstock", On: q.who == "penstock"}}}
	for _, id := range sortedKeys(names) {
		who.Options = append(who.Options, ui.Option{Value: id, Text: names[id], On: id == q.who})
	}
	f := &ui.Filter{Action: at, Reset: at, Fields: []ui.Field{who,
		{Name: "what", Label: "What begins with", Type: "text", Value: q.what, Max: 64, Auto: "off"},
		{Name: "object", Label: "Object", Type: "text", Value: q.object, Max: 64, Auto: "off"},
		{Name: "from", Label: "From (UTC)", Type: "date", Value: q.first}, {Name: "to", Label: "to, inclusive", Type: "date", Value: q.last}}}
	for _, c := range [][2]string{{"who", actor(q.who, names)}, {"what", q.what}, {"object", "object " + q.object}, {"from", "from " + q.first}, {"to", "to " + q.last}} {
		if rest := q.values(); rest.Has(c[0]) {
			rest.Del(c[0])
			f.On = append(f.On, ui.Link{Text: c[1], Href: address(at, rest)})
		}
	}
	return f
}

// showActivity is the audit log, newest first: who did what to what belongs to
// this merchant and mode, or to the appliance.
func (d *Dash) showActivity(ctx context.Context, v *visit) (wire.Reply, error) {
	before, _ := strconv.ParseUint(v.Query("before"), 10, 64) // what is no number is the newest page
	q, bad := readActivity(v)
	acts, next, err := d.acts(ctx, v, q, before)
	if err != nil {
		return wire.Reply{}, err
	}
	names, err := d.names(ctx)
	if err != nil {
		return wire.Reply{}, err
	}
	t := ui.Table{Name: "Activity, newest first", Cols: []ui.Col{
		{Name: "Time", Place: ui.Aside}, {Name: "Who", Place: ui.Under}, {Name: "What", Place: ui.Lead}, {Name: "Object", Place: ui.Plain}, {Name: "Note", Place: ui.Plain},
	}}
	for i := range acts {
		a := &acts[i]
		object := ui.Cell{Text: shortID(a.Object), Whole: a.Object, Mono: true}
		if to := objectPath(v, a); to != "" {
			object.Link = &ui.Link{Text: object.Text, Href: to}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{At: a.At}, {Text: actor(a.Actor, names)}, {Text: a.Action, Mono: true}, object, {Text: a.Note}}})
	}
	p := &ui.Pager{Text: "Each line bears the hash of the one before; on the server: penstock audit verify"}
	if before > 0 {
		p.Newest = address(v.at("/activity"), q.values())
	}
	if next > 0 {
		older := q.values()
		older.Set("before", fmt.Sprint(next))
		p.Older = address(v.at("/activity"), older)
	}
	empty := ui.Empty{Title: "Nothing so far", Text: "No act of this merchant and mode is among the latest."}
	if len(q.values()) > 0 {
		empty = ui.Empty{Title: "Nothing fits", Text: "None of the acts that were looked at fits the filter.", Action: &ui.Link{Text: "Show all", Href: v.at("/activity")}}
	}
	return d.show(ctx, v, 200, "list", ui.Head{Title: "Activity log"}, ui.List{Filter: q.bar(v, names), Table: t, Pager: p, Empty: empty}, bad...)
}

// objectPath is the page of what an act was about; "" where it has none.
func objectPath(v *visit, a *engine.Act) string {
	id, _, _ := strings.Cut(a.Object, " ")
	if !engine.ChosenID(id) || strings.HasSuffix(a.Action, ".delete") {
		return ""
	}
	for prefix, list := range map[string]string{engine.PrefixOperator: "/people/", engine.PrefixAccount: "/accounts/", engine.PrefixPayout: "/payouts/", engine.PrefixRequest: "/requests/", engine.PrefixKey: "/keys/", engine.PrefixEndpoint: "/webhooks/endpoints/"} {
		if strings.HasPrefix(id, prefix) && (a.Merchant != "" || prefix == engine.PrefixOperator) {
			return v.at(list + id)
		}
	}
	if a.Merchant == "" {
		return ""
	}
	for prefix, list := range map[string]string{engine.PrefixScheme: "/schemes/", engine.PrefixRoute: "/routes/", engine.PrefixPoint: "/points/", engine.PrefixDeposit: "/deposits/", engine.PrefixRates: "/rates/"} {
		if bare, is := strings.CutPrefix(id, prefix); is {
			return v.at(list + bare)
		}
	}
	switch kind, _, _ := strings.Cut(a.Action, "."); {
	case kind == "payout" && len(id) == 26:
		return v.at("/requests/" + engine.PrefixRequest + id)
	case kind == "customer":
		return customerPath(v, id)
	}
	return ""
}

// acts reads one page of the log below a line's number (zero: from the
// newest). next is the number from which to go on; zero is the end.
func (d *Dash) acts(ctx context.Context, v *visit, q activity, before uint64) (out []engine.Act, next uint64, err error) {
	const step = 250
	for looked := 0; looked < maxLook; looked += step {
		some, err := d.Engine.Acts(ctx, before, step)
		if err != nil {
			return nil, 0, err
		}
		for _, a := range some {
			if !q.From.IsZero() && a.At.Before(q.From.AddDate(0, 0, -1)) { // a clock may have been set back a little
				return out, 0, nil
			}
			before = a.Seq
			if a.Merchant != "" && (a.Merchant != v.scope.Merchant || a.Mode != v.scope.Mode) || a.At.Before(q.From) || !q.fits(&a) {
				continue
			}
			if out = append(out, a); len(out) == v.size() {
				return out, before, nil
			}
		}
		if len(some) < step {
			return out, 0, nil
		}
	}
	return out, before, nil
}

// actor is who stands in the audit log, for people.
func actor(id string, names map[string]string) string {
	if id == "operator" {
		return "On the server"
	}
	return speaker(id, names)
}
