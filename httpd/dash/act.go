package dash

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// refusal is an engine's refusal as a notice on the page of the act; any other
// error is nil and stays one.
func refusal(err error) *ui.Notice {
	var refused *engine.Error
	if !errors.As(err, &refused) || refused.Code == engine.CodeNotFound {
		return nil
	}
	return &ui.Notice{Tone: ui.Bad, Text: sentence(said(refused)), Hint: sentence(refused.Hint)}
}

// actHead is the top of a page on which something is done to a request.
func actHead(v *visit, r *engine.Request, title string) ui.Head {
	return ui.Head{Title: title, Crumbs: []ui.Link{{Text: "Payout requests", Href: v.at("/requests")}, {Text: shortID(nameOfRequest(r)), Href: requestPath(v, r, "")}}}
}

// plan is what an act is about.
func plan(r *engine.Request) ui.Facts {
	return ui.Facts{List: []ui.Fact{
		{Name: "Amount", Money: amount(r.Amount)}, {Name: "To", Text: payeeText(r), Hint: payeeSub(r)}, {Name: "Provider", Text: r.Provider},
		{Name: "Status", Badge: stageBadge(r.Stage)}, {Name: "Request", Text: nameOfRequest(r), Mono: true},
	}}
}

// try does an act and leads to the request, or shows the page of the act again
// with the refusal.
func (d *Dash) try(ctx context.Context, v *visit, deed, tab string, page func(*engine.Request) (ui.Head, ui.Act), act func(*engine.Request) error) (wire.Reply, error) {
	r, err := d.request(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	if err = act(r); err == nil {
		return goTo(after(requestPath(v, r, tab), deed)), nil
	}
	note := refusal(err)
	if note == nil {
		return wire.Reply{}, err
	}
	status, _ := explain(err)
	if r, err = d.request(ctx, v); err != nil { // as it is now
		return wire.Reply{}, err
	}
	head, data := page(r)
	return d.show(ctx, v, status, "act", head, data, *note)
}

// ask shows the page of an act.
func (d *Dash) ask(ctx context.Context, v *visit, page func(*engine.Request) (ui.Head, ui.Act)) (wire.Reply, error) {
	r, err := d.request(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	head, data := page(r)
	return d.show(ctx, v, 200, "act", head, data)
}

func processPage(v *visit) func(*engine.Request) (ui.Head, ui.Act) {
	return func(r *engine.Request) (ui.Head, ui.Act) {
		text := "Makes the payout and sends it. Money that has left can't be called back here."
		if v.scope.Mode == engine.Test {
			text = "Makes the payout and sends it, with play money."
		}
		return actHead(v, r, "Process this request?"), ui.Act{Text: text, Facts: []ui.Facts{plan(r)},
			Form: ui.Form{Action: requestPath(v, r, "/process"), Submit: "Process", Cancel: requestPath(v, r, "")}}
	}
}

func (d *Dash) askProcess(ctx context.Context, v *visit) (wire.Reply, error) {
	return d.ask(ctx, v, processPage(v))
}

func (d *Dash) process(ctx context.Context, v *visit) (wire.Reply, error) {
	return d.try(ctx, v, "processed", "", processPage(v), func(r *engine.Request) error {
		_, err := d.Engine.Fulfil(ctx, v.caller(), engine.PrefixRequest, nameForEngine(r), nil)
		return err
	})
}

func cancelPage(v *visit) func(*engine.Request) (ui.Head, ui.Act) {
	return func(r *engine.Request) (ui.Head, ui.Act) {
		return actHead(v, r, "Cancel this request?"), ui.Act{Text: "Ends the request for good. It is refused for a payout that is with its provider already.", Facts: []ui.Facts{plan(r)},
			Form: ui.Form{Action: requestPath(v, r, "/cancel"), Submit: "Cancel the request", Danger: true, Cancel: requestPath(v, r, "")}}
	}
}

func (d *Dash) askCancel(ctx context.Context, v *visit) (wire.Reply, error) {
	return d.ask(ctx, v, cancelPage(v))
}

func (d *Dash) cancel(ctx context.Context, v *visit) (wire.Reply, error) {
	return d.try(ctx, v, "cancelled", "", cancelPage(v), func(r *engine.Request) error {
		_, err := d.Engine.Cancel(ctx, v.caller(), engine.PrefixRequest, nameForEngine(r), nil)
		return err
	})
}

// verdicts are what a person may have seen of a payout.
var verdicts = []struct {
	word connector.Verdict
	text string
}{
	{connector.Paid, "Paid in full"},
	{connector.PartlyPaid, "Paid in part, and no more will come"},
	{connector.Rejected, "Failed: no money has moved and none will"},
	{connector.Returned, "Paid, and the money came back"},
}

// mayState says that a person's word about a payout can change something.
func mayState(p *payout.Payout) bool {
	return !p.Status.Ended() || p.Status == payout.Paid || p.Status == payout.PartlyPaid
}

// instruction is the payout of the address.
func instruction(v *visit, r *engine.Request) (*payout.Payout, error) {
	i := slices.IndexFunc(r.Payouts, func(p payout.Payout) bool { return p.ID == v.Param("payout") })
	if i < 0 {
		return nil, &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjPayout, Message: "this request has no such payout"}
	}
	return &r.Payouts[i], nil
}

// statementPage asks what became of a payout. f is what was typed before.
func statementPage(v *visit, p *payout.Payout, f form, field, problem string) func(*engine.Request) (ui.Head, ui.Act) {
	return func(r *engine.Request) (ui.Head, ui.Act) {
		choices := []ui.Option{{Text: "Choose"}}
		for _, c := range verdicts {
			if c.word == connector.Rejected && p.Status.Ended() || c.word != connector.Returned && p.Status.Ended() {
				continue
			}
			choices = append(choices, ui.Option{Value: string(c.word), Text: c.text, On: f.text("verdict") == string(c.word)})
		}
		fields := []ui.Field{
			{Name: "verdict", Label: "What became of it", Type: "select", Required: true, Options: choices},
			{Name: "moved", Label: "Amount paid, in " + p.Amount.Currency().Code(), Type: "text", Mode: "decimal", Auto: "off", Value: f.text("moved"), Max: 40, Hint: "Only where it was paid in part."},
			{Name: "reference", Label: "Provider's reference", Type: "text", Auto: "off", Value: f.text("reference"), Max: 128},
			{Name: "note", Label: "How you know", Type: "area", Required: true, Value: f.text("note"), Max: 300, Hint: "It stands in the events, under your name in the activity log. No account numbers here."},
		}
		about := plan(r)
		about.List = append([]ui.Fact{{Name: "Payout", Text: p.ID, Mono: true}, {Name: "Status", Badge: statusBadge(p.Status)}, {Name: "Provider's reference", Text: p.Ref, Mono: true}}, about.List[:3]...)
		return actHead(v, r, "Add a statement"), ui.Act{
			Text:  "Your word settles this payout like the provider's own, and can't be taken back: money held for it is freed or spent, and whoever listens is told.",
			Facts: []ui.Facts{about},
			Form:  ui.Form{Action: requestPath(v, r, "/statement/"+p.ID), Fields: mark(fields, field, problem), Submit: "Add the statement", Danger: true, Cancel: requestPath(v, r, "/payouts")},
		}
	}
}

func (d *Dash) askStatement(ctx context.Context, v *visit) (wire.Reply, error) {
	r, err := d.request(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	p, err := instruction(v, r)
	if err != nil {
		return wire.Reply{}, err
	}
	return d.ask(ctx, v, statementPage(v, p, form{}, "", ""))
}

func (d *Dash) state(ctx context.Context, v *visit) (wire.Reply, error) {
	r, err := d.request(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	p, err := instruction(v, r)
	if err != nil {
		return wire.Reply{}, err
	}
	out, field, problem := statement(p, v.form)
	page := statementPage(v, p, v.form, field, problem)
	if problem != "" {
		head, data := page(r)
		return d.show(ctx, v, 422, "act", head, data)
	}
	return d.try(ctx, v, "stated", "/payouts", page, func(*engine.Request) error { return d.Engine.State(ctx, v.caller(), p.ID, out) })
}

// statement reads what a person typed; field and problem say what is wrong.
func statement(p *payout.Payout, f form) (out connector.Outcome, field, problem string) {
	i := slices.IndexFunc(verdicts, func(c struct {
		word connector.Verdict
		text string
	}) bool {
		return string(c.word) == f.text("verdict")
	})
	if i < 0 {
		return out, "verdict", "Say what became of it."
	}
	out = connector.Outcome{Verdict: verdicts[i].word, Ref: f.text("reference"), Message: f.text("note")}
	switch {
	case out.Message == "":
		return out, "note", "Say how you know."
	case len(out.Message) > 600 || !plainText(out.Message):
		return out, "note", "At most 300 characters, and no control characters."
	case len(out.Ref) > 128 || !plainText(out.Ref):
		return out, "reference", "At most 128 characters, and no control characters."
	case wire.Redact(out.Message) != out.Message:
		return out, "note", "There is an account number or a key in it. Leave it out."
	case wire.Redact(out.Ref) != out.Ref:
		return out, "reference", "This looks like an account number or a key."
	}
	moved := f.text("moved")
	if out.Verdict != connector.PartlyPaid {
		if moved != "" {
			return out, "moved", "Leave this empty: an amount is for what was paid in part."
		}
		return out, "", ""
	}
	paid, err := money.Parse(moved, p.Amount.Currency())
	if err != nil {
		return out, "moved", fmt.Sprintf("An amount in %s has at most %d decimals, like %s.", p.Amount.Currency().Code(), p.Amount.Currency().Exponent(), p.Amount.Decimal())
	}
	if less, err := paid.Less(p.Amount); err != nil || !less || !paid.IsPositive() {
		return out, "moved", "More than nothing and less than " + p.Amount.Decimal() + "."
	}
	out.Paid = paid
	return out, "", ""
}

func plainText(s string) bool {
	return !slices.ContainsFunc([]rune(s), func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' || r == 0x7f || r == '\uFFFD' })
}
