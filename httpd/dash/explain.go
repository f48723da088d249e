package dash

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"penstock/engine"
	"penstock/engine/fx"
	"penstock/engine/money"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// showExplanation is why each payout of a request left where it left.
func (d *Dash) showExplanation(ctx context.Context, v *visit) (wire.Reply, error) {
	r, err := d.request(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	all, err := d.Engine.Choices(ctx, v.caller(), engine.PrefixRequest, nameForEngine(r))
	if err != nil {
		return wire.Reply{}, err
	}
	names, err := d.routeNames(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	page := ui.Explained{Empty: ui.Empty{Title: "Nothing was decided yet", Text: "Each payout keeps why it leaves where it leaves."}}
	for i := range slices.Backward(all) {
		page.List = append(page.List, chosen(&all[i], names))
	}
	return d.show(ctx, v, 200, "explain", requestHead(v, r, "/explanation"), page, requestNotes(v, r)...)
}

// routeNames say for people which route is meant.
func (d *Dash) routeNames(ctx context.Context, v *visit) (map[string]string, error) {
	routes, err := d.Engine.Routes(ctx, v.scope)
	if err != nil {
		return nil, err
	}
	deposits, err := d.depositNames(ctx, v)
	out := make(map[string]string, len(routes))
	for _, r := range routes {
		out[r.ID] = deposits[r.Deposit] + " by " + r.Service
	}
	return out, err
}

// chosen is one decision for people.
func chosen(c *engine.Choice, names map[string]string) ui.Decided {
	out := ui.Decided{Title: "No payout was made", At: c.At, Badge: ui.Badge{Text: "No route", Tone: ui.Warn}}
	if c.On > 0 {
		out.Title = fmt.Sprintf("Payout %d", c.On)
	}
	if c.Decision.Choice != nil {
		out.Badge = ui.Badge{Text: "Route found", Tone: ui.Good}
	}
	for _, line := range c.Decision.Explain(func(route, provider string) string {
		if name := names[route]; name != "" {
			return name
		}
		return strings.TrimSpace(shortID(engine.PrefixRoute+route) + " " + provider)
	}) {
		text := strings.TrimLeft(line, " ")
		out.Lines = append(out.Lines, ui.Line{Text: text, Depth: min((len(line)-len(text))/2, 3)})
	}
	if c.Rate != nil {
		out.Rate = priced(c.Rate)
	}
	return out
}

// priced is how an amount was converted.
func priced(p *engine.Pricing) []ui.Fact {
	facts := []ui.Fact{{Name: "Rate", Text: p.Rate.String(), Mono: true}}
	if p.Source != (fx.Rate{}) && p.Source.String() != p.Rate.String() {
		facts = append(facts, ui.Fact{Name: "Before fees", Text: p.Source.String(), Mono: true})
	}
	source := p.Resource
	switch {
	case p.Quote != "":
		source = "A quote: " + p.Quote
	case p.System:
		source += ", by the System scheme"
	}
	facts = append(facts, ui.Fact{Name: "Source", Text: source}, ui.Fact{Name: "Source's date", At: p.SheetAt})
	return facts
}

// askExplain asks which route a payout would take, and shows it.
func (d *Dash) askExplain(ctx context.Context, v *visit) (wire.Reply, error) {
	points, err := d.Engine.Points(ctx, v.scope)
	if err != nil {
		return wire.Reply{}, err
	}
	page := ui.Explained{Filter: d.dryRunBar(v, points), Empty: ui.Empty{Title: "Which route would it take?", Text: "Choose a service and an amount. Nothing is made and nothing is kept; the answer comes from the same path as a real payout's."}}
	var notes []ui.Notice
	if v.Query("service") != "" {
		c, problem, err := d.dryRun(ctx, v)
		if err != nil {
			return wire.Reply{}, err
		}
		if problem != "" {
			notes = []ui.Notice{{Tone: ui.Warn, Text: problem}}
		} else {
			names, err := d.routeNames(ctx, v)
			if err != nil {
				return wire.Reply{}, err
			}
			one := chosen(c, names)
			one.Title = "A payout of " + c.Decision.Asked.String() + " now"
			page.List = []ui.Decided{one}
		}
	}
	return d.show(ctx, v, 200, "explain", ui.Head{Title: "Dry run"}, page, notes...)
}

func (d *Dash) dryRunBar(v *visit, points []engine.Point) *ui.Filter {
	service := ui.Field{Name: "service", Label: "Service", Type: "select", Required: true, Options: []ui.Option{{Text: "Choose"}}}
	var codes []string
	for sv := range d.Engine.Directory.Services() {
		if sv.Active {
			codes = append(codes, sv.Code)
		}
	}
	slices.Sort(codes)
	for _, c := range codes {
		service.Options = append(service.Options, ui.Option{Value: c, Text: c, On: c == v.Query("service")})
	}
	point := ui.Field{Name: "point", Label: "Payout point", Type: "select", Options: []ui.Option{{Text: "The first"}}}
	for _, p := range points {
		if !p.Archived {
			point.Options = append(point.Options, ui.Option{Value: p.ID, Text: p.Name, On: p.ID == v.Query("point")})
		}
	}
	return &ui.Filter{Action: v.at("/explain"), Submit: "Ask", Fields: []ui.Field{
		service,
		{Name: "amount", Label: "Amount", Type: "text", Mode: "decimal", Required: true, Auto: "off", Max: 40, Value: v.Query("amount")},
		{Name: "currency", Label: "Currency", Type: "text", Required: true, Auto: "off", Max: 8, Value: or(v.Query("currency"), "EUR")},
		point,
		{Name: "split", Label: "May be split", Type: "select", Options: []ui.Option{{Text: "No"}, {Value: "yes", Text: "Yes", On: v.Query("split") == "yes"}}},
	}}
}

func (d *Dash) dryRun(ctx context.Context, v *visit) (c *engine.Choice, problem string, err error) {
	currency, err := money.ParseCurrency(strings.ToUpper(strings.TrimSpace(v.Query("currency"))))
	if err != nil {
		return nil, "There is no such currency.", nil
	}
	sum, problem := readAmount(strings.TrimSpace(v.Query("amount")), currency)
	if problem == "" && !sum.IsPositive() {
		problem = "An amount above zero."
	}
	if problem != "" {
		return nil, problem, nil
	}
	c, err = d.Engine.Explain(ctx, v.caller(), engine.DryRun{Point: v.Query("point"), Service: v.Query("service"), Amount: sum, Split: v.Query("split") == "yes"})
	var refused *engine.Error
	if errors.As(err, &refused) {
		return nil, sentence(said(refused)), nil
	}
	return c, "", err
}
