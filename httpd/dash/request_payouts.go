package dash

import (
	"context"
	"fmt"
	"slices"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

func (d *Dash) showPayouts(ctx context.Context, v *visit) (wire.Reply, error) {
	r, err := d.request(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	lines, err := d.Engine.History(ctx, v.caller(), engine.PrefixRequest, nameForEngine(r))
	if err != nil {
		return wire.Reply{}, err
	}
	deposits, err := d.depositNames(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	page := ui.Payouts{Pull: pullPath(v, r), Empty: ui.Empty{Title: "No payout yet", Text: "A payout is made when the request is processed."}}
	for i := range r.Payouts {
		one, err := d.instructed(ctx, v, r, &r.Payouts[i], lines, deposits)
		if err != nil {
			return wire.Reply{}, err
		}
		page.List = append(page.List, one)
	}
	return d.show(ctx, v, 200, "payouts", requestHead(v, r, "/payouts"), page, requestNotes(v, r)...)
}

// instructed is one payout of a request, with what was said about it.
func (d *Dash) instructed(ctx context.Context, v *visit, r *engine.Request, p *payout.Payout, lines []engine.Line, deposits map[string]string) (ui.Instructed, error) {
	reported, err := d.Engine.ReportedOf(ctx, v.scope, p.Account, p.Key(), maxReported)
	if err != nil {
		return ui.Instructed{}, err
	}
	out := ui.Instructed{Title: fmt.Sprintf("Payout %d", p.N), Money: *amount(p.Amount), Badge: *statusBadge(p.Status)}
	code := ""
	if p.Code != "" && p.Code != string(p.Status) {
		code = "provider's code: " + p.Code
	}
	moved := amount(p.Moved)
	if p.Moved.IsZero() {
		moved = nil
	}
	var deposit *ui.Link
	if p.Deposit != "" {
		deposit = &ui.Link{Text: or(deposits[p.Deposit], engine.PrefixDeposit+p.Deposit), Href: v.at("/deposits/" + p.Deposit)}
	}
	out.Facts = []ui.Fact{
		{Name: "ID", Mono: true, Link: &ui.Link{Text: p.ID, Href: payoutPath(v, p.ID)}},
		{Name: "Provider's reference", Text: p.Ref, Mono: true, Copy: p.Ref != ""},
		{Name: "Service", Text: p.Service, Mono: true},
		{Name: "Deposit account", Text: p.Deposit, Link: deposit},
		{Name: "Pays of the request", Money: amount(p.Asks())},
		{Name: "Rate", Text: p.Rate, Mono: true},
		{Name: "Paid", Money: moved},
		{Name: "Provider's fee", Money: someMoney(p.Fee)},
		{Name: "Sent", Text: count(p.Attempt, "time")},
		{Name: "Resolution", Text: p.Resolution, Hint: code},
		{Name: "Message", Text: p.Message},
		{Name: "Created", At: p.Created},
		{Name: "Last change", At: p.Changed},
		{Name: "Next look", At: p.Due},
	}
	out.Statements, out.Exchange = statements(lines, p), exchanges(lines, p, reported)
	if !v.who.May(engine.PermitState) {
		return out, nil
	}
	switch {
	case disputed(r, p):
		out.Actions = []ui.Action{{Text: "Resolve conflict", Icon: "note", Href: requestPath(v, r, "/resolve/"+p.ID)}}
	case mayState(p):
		out.Actions = []ui.Action{{Text: "Add statement", Icon: "note", Href: requestPath(v, r, "/statement/"+p.ID)}}
	}
	return out, nil
}

// statements are what was said about a payout, newest first.
func statements(lines []engine.Line, p *payout.Payout) ui.Table {
	t := ui.Table{Name: "Statements, newest first", Cols: []ui.Col{
		{Name: "Statement", Place: ui.Lead}, {Name: "Said by", Place: ui.Under}, {Name: "Resolution", Place: ui.Plain}, {Name: "Provider's reference", Place: ui.Plain}, {Name: "Message", Place: ui.Plain}, {Name: "Time", Place: ui.Aside},
	}}
	for _, s := range slices.Backward(engine.Statements(lines, p.N)) {
		code := ""
		if s.Said.Code != "" && s.Said.Code != string(s.Said.Verdict) {
			code = "provider's code: " + s.Said.Code
		}
		more := ""
		if s.More > 0 {
			more = "and " + count(s.More, "time") + " more"
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: sentenceCase(string(s.Said.Verdict)), Below: more}, {Text: speaker(string(s.Source), nil)}, {Text: s.Said.Resolution, Below: code}, {Text: s.Said.Ref, Mono: true}, {Text: or(s.Said.Message, s.Text)}, {At: s.At},
		}})
	}
	return t
}
