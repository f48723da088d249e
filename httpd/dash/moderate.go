package dash

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

func moderatePage(v *visit) func(*engine.Request) (ui.Head, ui.Act) {
	return func(r *engine.Request) (ui.Head, ui.Act) {
		return actHead(v, r, "Request moderation?"), ui.Act{Text: "Stops all automatic work on this request until a person lets it go on. What is with a provider goes on there.", Facts: []ui.Facts{plan(r)},
			Form: ui.Form{Action: requestPath(v, r, "/moderate"), Submit: "Request moderation", Cancel: requestPath(v, r, ""),
				Fields: []ui.Field{{Name: "why", Label: "Why", Type: "text", Auto: "off", Max: 200, Value: v.form.text("why")}}}}
	}
}

func (d *Dash) askModerate(ctx context.Context, v *visit) (wire.Reply, error) {
	return d.ask(ctx, v, moderatePage(v))
}

func (d *Dash) moderate(ctx context.Context, v *visit) (wire.Reply, error) {
	return d.try(ctx, v, "moderated", "", moderatePage(v), func(r *engine.Request) error {
		_, err := d.Engine.Moderate(ctx, v.caller(), engine.PrefixRequest, nameForEngine(r), v.form.text("why"), nil)
		return err
	})
}

func releasePage(v *visit) func(*engine.Request) (ui.Head, ui.Act) {
	return func(r *engine.Request) (ui.Head, ui.Act) {
		return actHead(v, r, "Let this request go on?"), ui.Act{Text: "Ends the moderation: automatic work goes on as the request stands. It stopped for this reason: " + sentence(r.Moderation), Facts: []ui.Facts{plan(r)},
			Form: ui.Form{Action: requestPath(v, r, "/release"), Submit: "Let it go on", Cancel: requestPath(v, r, "")}}
	}
}

func (d *Dash) askRelease(ctx context.Context, v *visit) (wire.Reply, error) {
	return d.ask(ctx, v, releasePage(v))
}

func (d *Dash) release(ctx context.Context, v *visit) (wire.Reply, error) {
	return d.try(ctx, v, "released", "", releasePage(v), func(r *engine.Request) error {
		_, err := d.Engine.Unmoderate(ctx, v.caller(), engine.PrefixRequest, nameForEngine(r), nil)
		return err
	})
}

// termsPage asks for the terms of a request that is on moderation.
func termsPage(v *visit, f form, problem string) func(*engine.Request) (ui.Head, ui.Act) {
	return func(r *engine.Request) (ui.Head, ui.Act) {
		limit, partly := fmt.Sprint(r.AttemptsLimit), !r.Whole
		if f.Values != nil {
			limit, partly = f.text("attempts_limit"), f.yes("allow_partially")
		}
		fields := []ui.Field{{Name: "attempts_limit", Label: "Attempts limit", Type: "text", Mode: "numeric", Auto: "off", Required: true, Max: 4, Value: limit, Hint: "How many more payouts may be tried after the first has failed."}}
		if r.Split {
			fields = append(fields, yesNoField("allow_partially", "Allow partially", "It may end with less than its amount paid.", partly))
		}
		return actHead(v, r, "Edit the terms"), ui.Act{Text: "The request is on moderation; it goes on by these terms when it is let go on.", Facts: []ui.Facts{plan(r)},
			Form: ui.Form{Action: requestPath(v, r, "/terms"), Submit: "Save", Cancel: requestPath(v, r, ""), Fields: mark(fields, "attempts_limit", problem)}}
	}
}

func (d *Dash) askTerms(ctx context.Context, v *visit) (wire.Reply, error) {
	return d.ask(ctx, v, termsPage(v, form{}, ""))
}

func (d *Dash) setTerms(ctx context.Context, v *visit) (wire.Reply, error) {
	r, err := d.request(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	limit, err := strconv.Atoi(v.form.text("attempts_limit"))
	if err != nil {
		head, data := termsPage(v, v.form, "A whole number from 0 on.")(r)
		return d.show(ctx, v, 422, "act", head, data)
	}
	t := engine.Terms{AttemptsLimit: &limit}
	if r.Split {
		whole := !v.form.yes("allow_partially")
		t.Whole = &whole
	}
	return d.try(ctx, v, "saved", "", termsPage(v, v.form, ""), func(r *engine.Request) error {
		_, err := d.Engine.EditTerms(ctx, v.caller(), engine.PrefixRequest, nameForEngine(r), t, nil)
		return err
	})
}

// askPatience is how long a page waits for a provider's word.
const askPatience = 5 * time.Second

// pull has the provider asked now what became of a request's payouts.
func (d *Dash) pull(ctx context.Context, v *visit) (wire.Reply, error) {
	r, err := d.request(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	if _, err := d.Engine.Sync(ctx, v.caller(), engine.PrefixRequest, nameForEngine(r), askPatience); err != nil {
		return wire.Reply{}, err
	}
	return goTo(after(requestPath(v, r, "/payouts"), "asked")), nil
}

// disputed says that something contradicts a payout that has ended.
func disputed(r *engine.Request, p *payout.Payout) bool { return slices.Contains(r.Disputed, p.N) }

// resolvePage asks how a dispute about a payout ended.
func resolvePage(v *visit, p *payout.Payout) func(*engine.Request) (ui.Head, ui.Act) {
	return func(r *engine.Request) (ui.Head, ui.Act) {
		about := plan(r)
		about.List = append([]ui.Fact{{Name: "Payout", Text: p.ID, Mono: true}, {Name: "Status", Badge: statusBadge(p.Status)}, {Name: "Provider's reference", Text: p.Ref, Mono: true}}, about.List[:3]...)
		return actHead(v, r, "Resolve the conflict"), ui.Act{
			Text:  "Two words about this payout contradict each other, and nothing was overwritten. Find out at the provider which is true. Money that moved although the payout had failed is booked; a payment that never took place counts as come back.",
			Facts: []ui.Facts{about},
			Form: ui.Form{Action: requestPath(v, r, "/resolve/"+p.ID), Submit: "Resolve the conflict", Danger: true, Cancel: requestPath(v, r, "/payouts"), Fields: []ui.Field{
				{Name: "fate", Label: "What is true", Type: "select", Required: true, Options: []ui.Option{{Text: "Choose"}, {Value: "paid", Text: "It was paid"}, {Value: "not", Text: "It was not paid"}}},
				{Name: "note", Label: "How you know", Type: "text", Auto: "off", Required: true, Max: 200, Value: v.form.text("note")},
			}}}
	}
}

func (d *Dash) askResolve(ctx context.Context, v *visit) (wire.Reply, error) {
	r, err := d.request(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	p, err := instruction(v, r)
	if err != nil {
		return wire.Reply{}, err
	}
	return d.ask(ctx, v, resolvePage(v, p))
}

func (d *Dash) resolve(ctx context.Context, v *visit) (wire.Reply, error) {
	r, err := d.request(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	p, err := instruction(v, r)
	if err != nil {
		return wire.Reply{}, err
	}
	page := resolvePage(v, p)
	fate, note := v.form.text("fate"), v.form.text("note")
	field, problem := "", ""
	switch {
	case fate != "paid" && fate != "not":
		field, problem = "fate", "Say what is true."
	case note == "":
		field, problem = "note", "Say how you know."
	case wire.Redact(note) != note:
		field, problem = "note", "There is an account number or a key in it. Leave it out."
	}
	if problem != "" {
		head, data := page(r)
		mark(data.Form.Fields, field, problem)
		return d.show(ctx, v, 422, "act", head, data)
	}
	return d.try(ctx, v, "resolved", "/payouts", page, func(*engine.Request) error {
		return d.Engine.Resolve(ctx, v.caller(), p.ID, fate == "paid", note)
	})
}
