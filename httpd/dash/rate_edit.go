package dash

import (
	"context"
	"errors"
	"slices"
	"strings"

	"penstock/engine"
	"penstock/engine/fx"
	"penstock/engine/money"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// ratesForm asks for what a scheme as a whole is.
func ratesForm(v *visit, s *engine.RateScheme, f form, field, problem string) *ui.Form {
	old := func(name, now string) string {
		if f.Values != nil {
			return f.text(name)
		}
		return now
	}
	back := s.Fallback
	if f.Values != nil {
		back = f.yes("fallback")
	}
	out := &ui.Form{Action: v.at("/rates/new"), Submit: "Make the rate scheme", Cancel: v.at("/rates"), Fields: mark([]ui.Field{
		{Name: "name", Label: "Name", Type: "text", Required: true, Max: 64, Value: old("name", s.Name)},
		{Name: "description", Label: "Description", Type: "area", Max: 1024, Value: old("description", s.Description)},
		yesNoField("fallback", "A pair without a rule goes by the System scheme", "No: it has no rate, and a payout in it is not made.", back),
	}, field, problem)}
	if s.ID != "" {
		out.Action, out.Submit, out.Cancel = v.at("/rates/"+s.ID+"/edit"), "Save", ""
	}
	return out
}

// ratesOf is the scheme of the address; a new one where it names none.
func (d *Dash) ratesOf(ctx context.Context, v *visit) (*engine.RateScheme, error) {
	if v.Param("scheme") == "" {
		return &engine.RateScheme{}, nil
	}
	return d.Engine.Rates(ctx, v.scope, v.Param("scheme"))
}

func (d *Dash) askRates(ctx context.Context, v *visit) (wire.Reply, error) {
	return d.newRatesPage(ctx, v, 200, "", "")
}

func (d *Dash) newRatesPage(ctx context.Context, v *visit, status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
	head := ui.Head{Title: "New rate scheme", Crumbs: []ui.Link{{Text: "Exchange rates", Href: v.at("/rates")}}}
	act := ui.Act{Text: "Says at which rate a request in one currency is paid in another. Payout points and routing schemes name it.", Form: *ratesForm(v, &engine.RateScheme{Scheme: fx.Scheme{Fallback: true}}, v.form, field, problem)}
	return d.show(ctx, v, status, "act", head, act, notes...)
}

// saveRates makes a scheme, or changes what it is as a whole.
func (d *Dash) saveRates(ctx context.Context, v *visit) (wire.Reply, error) {
	s, err := d.ratesOf(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		if s.ID == "" {
			return d.newRatesPage(ctx, v, status, field, problem, notes...)
		}
		return d.ratesPage(ctx, v, status, s, v.form, field, problem, notes...)
	}
	name, about, back := v.form.text("name"), v.form.text("description"), v.form.yes("fallback")
	if name == "" {
		return again(422, "name", "Give it a name.")
	}
	made, err := d.Engine.SaveRates(ctx, v.caller(), s.ID, engine.RatesEdit{Name: &name, Description: &about, Fallback: &back}, nil)
	if err != nil {
		return d.edited(err, "", again)
	}
	return goTo(after(v.at("/rates/"+made.ID), "saved")), nil
}

// ruleForm asks for a rule of a pair.
func ruleForm(v *visit, s *engine.RateScheme, sources []string, f form, field, problem string) *ui.Form {
	source := ui.Field{Name: "resource", Label: "Source", Type: "select", Required: true}
	for _, code := range sources {
		name := code
		if r, ok := fx.FindResource(code); ok {
			name = r.Name
		}
		source.Options = append(source.Options, ui.Option{Value: code, Text: name, On: code == f.text("resource")})
	}
	kind := ui.Field{Name: "kind", Label: "Which of its rates", Type: "select", Required: true}
	for _, k := range []struct {
		kind fx.Kind
		text string
	}{{fx.Fixed, "The one that it has"}, {fx.Ask, "Ask"}, {fx.Bid, "Bid"}} {
		kind.Options = append(kind.Options, ui.Option{Value: string(k.kind), Text: k.text, On: string(k.kind) == f.text("kind")})
	}
	return &ui.Form{Action: v.at("/rates/" + s.ID + "/rules"), Submit: "Add the rule", Fields: mark([]ui.Field{
		{Name: "base", Label: "From: currency of the request", Type: "text", Required: true, Max: 8, Auto: "off", Value: f.text("base")},
		{Name: "quote", Label: "To: currency of the deposit account", Type: "text", Required: true, Max: 8, Auto: "off", Value: f.text("quote")},
		source, kind,
		yesNoField("inverse", "Turn the source's rate over", "Where the source has the pair the other way round.", f.yes("inverse")),
		{Name: "fixed", Label: "Own rate", Type: "text", Mode: "decimal", Max: 40, Auto: "off", Value: f.text("fixed"), Hint: "Of the source of own rates alone."},
		{Name: "fee_rate", Label: "Fee, percent of the rate", Type: "text", Max: 40, Auto: "off", Value: f.text("fee_rate"), Hint: "May be negative. A rule for the same pair takes the place of the one that is there."},
		{Name: "fee_fix", Label: "Fixed fee, in the second currency", Type: "text", Max: 40, Auto: "off", Value: f.text("fee_fix")},
	}, field, problem)}
}

// sources are those that have rates here, and that of own ones.
func (d *Dash) sources(ctx context.Context) ([]string, error) {
	sheets, err := d.Engine.Sheets(ctx)
	out := []string{fx.ResourceFixed}
	for i := range sheets {
		if sheets[i].Resource != fx.ResourceFixed {
			out = append(out, sheets[i].Resource)
		}
	}
	return out, err
}

// readRule is the rule that was typed.
func readRule(f form) (r fx.Rule, field, problem string) {
	var err error
	if r.Base, err = money.ParseCurrency(strings.ToUpper(f.text("base"))); err != nil {
		return r, "base", "There is no such currency."
	}
	if r.Quote, err = money.ParseCurrency(strings.ToUpper(f.text("quote"))); err != nil {
		return r, "quote", "There is no such currency."
	}
	r.Resource, r.Kind, r.Inverse = f.text("resource"), fx.Kind(f.text("kind")), f.yes("inverse")
	const decimal = "A decimal with a point, like 1.5."
	if text := f.text("fixed"); text != "" {
		if r.Fixed, err = fx.ParseRate(text); err != nil {
			return r, "fixed", decimal
		}
	}
	for name, to := range map[string]*fx.Decimal{"fee_rate": &r.FeeRate, "fee_fix": &r.FeeFix} {
		if text := f.text(name); text != "" {
			if *to, err = fx.ParseDecimal(text); err != nil {
				return r, name, decimal
			}
		}
	}
	var bad fx.Invalid
	if errors.As(r.Validate(), &bad) && len(bad) > 0 {
		return r, bad[0].Field, sentence("it " + bad[0].Rule)
	}
	return r, "", ""
}

// addRule adds a rule, in place of one for the same pair.
func (d *Dash) addRule(ctx context.Context, v *visit) (wire.Reply, error) {
	s, err := d.ratesOf(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		return d.ratesPage(ctx, v, status, s, v.form, field, problem, notes...)
	}
	rule, field, problem := readRule(v.form)
	if problem != "" {
		return again(422, field, problem)
	}
	_, err = d.Engine.SaveRates(ctx, v.caller(), s.ID, engine.RatesEdit{ChangeRules: func(now []fx.Rule) ([]fx.Rule, error) {
		now = slices.DeleteFunc(now, func(r fx.Rule) bool { return r.Base == rule.Base && r.Quote == rule.Quote })
		return append(now, rule), nil
	}}, nil)
	return d.edited(err, after(v.at("/rates/"+s.ID), "saved"), again)
}

func (d *Dash) dropRule(ctx context.Context, v *visit) (wire.Reply, error) {
	s, err := d.ratesOf(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	id := v.form.text("rule")
	_, err = d.Engine.SaveRates(ctx, v.caller(), s.ID, engine.RatesEdit{ChangeRules: func(now []fx.Rule) ([]fx.Rule, error) {
		return slices.DeleteFunc(now, func(r fx.Rule) bool { return r.ID == id }), nil
	}}, nil)
	return d.edited(err, after(v.at("/rates/"+s.ID), "saved"), func(status int, _, _ string, notes ...ui.Notice) (wire.Reply, error) {
		return d.ratesPage(ctx, v, status, s, form{}, "", "", notes...)
	})
}

func (d *Dash) askDeleteRates(ctx context.Context, v *visit) (wire.Reply, error) {
	s, err := d.ratesOf(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	head, act := deleteRatesPage(v, s)
	return d.show(ctx, v, 200, "act", head, act)
}

func deleteRatesPage(v *visit, s *engine.RateScheme) (ui.Head, ui.Act) {
	at := v.at("/rates/" + s.ID)
	return ui.Head{Title: "Delete this rate scheme?", Crumbs: []ui.Link{{Text: "Exchange rates", Href: v.at("/rates")}, {Text: s.Name, Href: at}}},
		ui.Act{Text: "It is refused while a payout point or a routing scheme goes by it. Payouts keep the rate by which they were made.", Form: ui.Form{Action: at + "/delete", Submit: "Delete", Danger: true, Cancel: at}}
}

func (d *Dash) deleteRates(ctx context.Context, v *visit) (wire.Reply, error) {
	s, err := d.ratesOf(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	return d.edited(d.Engine.DeleteRates(ctx, v.caller(), s.ID, nil), after(v.at("/rates"), "deleted"), func(status int, _, _ string, notes ...ui.Notice) (wire.Reply, error) {
		head, act := deleteRatesPage(v, s)
		return d.show(ctx, v, status, "act", head, act, notes...)
	})
}
