package dash

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// deliveryWords are the states of a delivery.
var deliveryWords = map[string]ui.Badge{
	engine.Waiting:   {Text: "Waiting", Tone: ui.Move},
	engine.Delivered: {Text: "Delivered", Tone: ui.Good},
	engine.Exhausted: {Text: "Given up", Tone: ui.Bad},
	engine.GoneAway:  {Text: "Receiver gone", Tone: ui.Off},
}

func (d *Dash) showDeliveries(ctx context.Context, v *visit) (wire.Reply, error) {
	r, err := d.request(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	all, err := d.Engine.DeliveriesOf(ctx, v.caller(), engine.PrefixRequest, nameForEngine(r))
	if err != nil {
		return wire.Reply{}, err
	}
	where, err := d.receivers(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	page := ui.Deliveries{Empty: ui.Empty{Title: "Nobody is told", Text: "When this request was changed, no receiver of webhooks wanted to know. Register one:",
		Lines: []string{"penstock webhook add --merchant " + v.scope.Merchant + " https://shop.example/webhooks"}}}
	for _, dl := range slices.Backward(all) {
		one := delivered(&dl, where)
		if v.who.May(engine.PermitResend) {
			one.Resend = requestPath(v, r, "/deliveries/"+dl.ID+"/resend")
		}
		page.List = append(page.List, one)
	}
	return d.show(ctx, v, 200, "deliveries", requestHead(v, r, "/deliveries"), page)
}

// receivers are the addresses of endpoints by id.
func (d *Dash) receivers(ctx context.Context, v *visit) (map[string]string, error) {
	all, err := d.Engine.Endpoints(ctx, v.caller())
	out := make(map[string]string, len(all))
	for _, e := range all {
		out[e.ID] = withoutSecrets(e.URL)
	}
	return out, err
}

// withoutSecrets is an address without what it may carry behind its path.
func withoutSecrets(address string) string {
	address, _, _ = strings.Cut(address, "?")
	if scheme, rest, ok := strings.Cut(address, "://"); ok {
		if host, path, _ := strings.Cut(rest, "/"); strings.Contains(host, "@") {
			_, host, _ = strings.Cut(host, "@")
			return scheme + "://" + host + "/" + path
		}
	}
	return address
}

func delivered(dl *engine.Delivery, where map[string]string) ui.Tries {
	badge, ok := deliveryWords[dl.State]
	if !ok {
		badge = ui.Badge{Text: sentenceCase(dl.State), Tone: ui.Off}
	}
	out := ui.Tries{ID: dl.ID, Type: dl.Type, Where: where[dl.Endpoint], Badge: badge, Made: dl.Created, Due: dl.Due}
	if out.Where == "" {
		out.Where = dl.Endpoint
	}
	out.Table = ui.Table{Name: "Attempts, newest first", Cols: []ui.Col{
		{Name: "Time", Place: ui.Aside}, {Name: "Answer", Place: ui.Lead}, {Name: "Took", Place: ui.Side, Count: true}, {Name: "Kind", Place: ui.Under}, {Name: "Error", Place: ui.Plain},
	}}
	for _, t := range slices.Backward(dl.Attempts) {
		answer := ui.Badge{Text: "No answer", Tone: ui.Bad}
		switch {
		case t.Status >= 200 && t.Status < 300:
			answer = ui.Badge{Text: fmt.Sprint(t.Status), Tone: ui.Good}
		case t.Status > 0:
			answer = ui.Badge{Text: fmt.Sprint(t.Status), Tone: ui.Bad}
		}
		out.Table.Rows = append(out.Table.Rows, ui.Row{Cells: []ui.Cell{{At: t.At}, {Badge: &answer}, {Text: short(t.Took)}, {Text: sentenceCase(t.Kind)}, {Text: t.Error}}})
	}
	return out
}

// resend sends a webhook of this request once more.
func (d *Dash) resend(ctx context.Context, v *visit) (wire.Reply, error) {
	r, err := d.request(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	if !slices.ContainsFunc(r.Told, func(t engine.Told) bool { return t.Delivery == v.Param("delivery") }) {
		return wire.Reply{}, &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjDelivery, Message: "this request has no such webhook"}
	}
	if _, err := d.Engine.Resend(ctx, v.caller(), v.Param("delivery"), "", nil); err != nil {
		return wire.Reply{}, err
	}
	return goTo(after(requestPath(v, r, "/deliveries"), "resent")), nil
}
