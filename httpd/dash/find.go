package dash

import (
	"context"
	"net/url"
	"strings"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/service"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// find looks for what was typed: an id of whatever kind, a reference, an
// amount, or the end of an account. What is one thing alone is opened.
func (d *Dash) find(ctx context.Context, v *visit) (wire.Reply, error) {
	name := strings.TrimSpace(v.Query("q"))
	if name == "" {
		return goTo(v.at("/requests")), nil
	}
	if len(name) > 64 || service.HoldsNumber(name) {
		return d.nothingFound(ctx, v, "Whole account numbers are not looked for: they would stand in the address and in logs.", "Type the last four digits.")
	}
	to, err := d.addressOf(ctx, v, name)
	if err != nil {
		return wire.Reply{}, err
	}
	if to != "" {
		return goTo(to), nil
	}
	fits, what := looksLike(name)
	if fits == nil {
		return d.nothingFound(ctx, v, "Nothing of "+nameOf(v.shop)+" in "+string(v.scope.Mode)+" mode has this id or reference.", "Ids and references are found when they are whole; amounts like 80.00 EUR; accounts by their last four characters.")
	}
	got, err := d.search(ctx, v, query{only: fits, opened: true, before: beforeOf(v)})
	if err != nil {
		return wire.Reply{}, err
	}
	if len(got.list) == 0 && got.older == "" {
		return d.nothingFound(ctx, v, "No payout request of "+nameOf(v.shop)+" in "+string(v.scope.Mode)+" mode has "+what+".", "Look into the other mode, or type an id or a reference.")
	}
	p := query{}.pager(v, got)
	if p.Older != "" {
		p.Older = v.at("/find?q=" + url.QueryEscape(name) + "&before=" + got.older)
	}
	page := ui.List{Table: requestTable("Payout requests with "+what, v, got.list), Pager: p, Empty: ui.Empty{Title: "Nothing so far", Text: "None of the newest requests has " + what + ". Older ones may."}}
	return d.show(ctx, v, 200, "list", ui.Head{Title: "Found: " + what, Lead: nameOf(v.shop) + ", " + string(v.scope.Mode) + " mode, newest first"}, page)
}

func beforeOf(v *visit) string {
	if b := v.Query("before"); len(b) == 26 && engine.ChosenID(b) {
		return b
	}
	return ""
}

func (d *Dash) nothingFound(ctx context.Context, v *visit, text, hint string) (wire.Reply, error) {
	return d.message(ctx, v, 404, ui.Message{Title: "Nothing found", Text: text, Hint: hint, Link: &ui.Link{Text: "All requests", Href: v.at("/requests")}})
}

// addressOf is the address of what has the id or reference; "" where nothing has.
func (d *Dash) addressOf(ctx context.Context, v *visit, name string) (string, error) {
	r, err := d.named(ctx, v, name)
	if err == nil {
		return requestPath(v, r, ""), nil
	}
	if !isCode(err, engine.CodeNotFound) && !isCode(err, engine.CodeInvalid) {
		return "", err
	}
	if !engine.ChosenID(name) {
		return "", nil
	}
	for _, look := range []func(context.Context, *visit, string) (string, error){d.findPayout, d.findCustomer, d.findMethod, d.findArranged} {
		to, err := look(ctx, v, name)
		if err != nil && !isCode(err, engine.CodeNotFound) && !isCode(err, engine.CodeInvalid) {
			return "", err
		}
		if to != "" {
			return to, nil
		}
	}
	return "", nil
}

func (d *Dash) findPayout(ctx context.Context, v *visit, name string) (string, error) {
	if !strings.HasPrefix(name, "po_") {
		return "", nil
	}
	if _, _, err := d.Engine.Payout(ctx, v.caller(), name); err != nil {
		return "", err
	}
	return payoutPath(v, name), nil
}

func (d *Dash) findCustomer(ctx context.Context, v *visit, name string) (string, error) {
	_, err := d.Engine.Customer(ctx, v.caller(), name)
	if err != nil && !isCode(err, engine.CodeRedacted) {
		return "", err
	}
	return customerPath(v, name), nil
}

func (d *Dash) findMethod(ctx context.Context, v *visit, name string) (string, error) {
	if !strings.HasPrefix(name, "pm_") {
		return "", nil
	}
	m, err := d.Engine.Method(ctx, v.caller(), name)
	if err != nil {
		return "", err
	}
	return v.at("/methods/" + m.ID), nil
}

// findArranged finds what is set up: accounts, points, routes, schemes, keys,
// webhooks.
func (d *Dash) findArranged(ctx context.Context, v *visit, name string) (to string, err error) {
	bare := func(prefix string) string { return strings.TrimPrefix(name, prefix) }
	switch {
	case strings.HasPrefix(name, engine.PrefixAccount):
		_, err = d.Engine.Account(ctx, v.scope, name)
		to = "/accounts/" + name
	case strings.HasPrefix(name, engine.PrefixDeposit):
		_, err = d.Engine.Deposit(ctx, v.scope, bare(engine.PrefixDeposit))
		to = "/deposits/" + bare(engine.PrefixDeposit)
	case strings.HasPrefix(name, engine.PrefixPoint), strings.HasPrefix(name, engine.PrefixProfile):
		id := strings.TrimPrefix(bare(engine.PrefixPoint), engine.PrefixProfile)
		_, err = d.Engine.Point(ctx, v.scope, id)
		to = "/points/" + id
	case strings.HasPrefix(name, engine.PrefixRoute):
		_, err = d.Engine.Route(ctx, v.scope, bare(engine.PrefixRoute))
		to = "/routes/" + bare(engine.PrefixRoute)
	case strings.HasPrefix(name, engine.PrefixScheme):
		_, err = d.Engine.Scheme(ctx, v.scope, bare(engine.PrefixScheme))
		to = "/schemes/" + bare(engine.PrefixScheme)
	case strings.HasPrefix(name, engine.PrefixDelivery):
		_, err = d.Engine.SignedDelivery(ctx, v.caller(), name)
		to = "/webhooks/deliveries/" + name
	case strings.HasPrefix(name, engine.PrefixKey):
		keys, keyErr := d.keysHere(ctx, v)
		if err = keyErr; err == nil {
			for _, k := range keys {
				if k.ID == name {
					return v.at("/keys/" + name), nil
				}
			}
			return "", nil
		}
	}
	if err != nil || to == "" {
		return "", err
	}
	return v.at(to), nil
}

// looksLike is what requests are narrowed by when the text is no id: an amount,
// with or without its currency, or the end of an account. nil: neither.
func looksLike(text string) (fits func(*engine.Request) bool, what string) {
	number, code, _ := strings.Cut(text, " ")
	number = strings.ReplaceAll(number, ",", "")
	if strings.Contains(number, ".") || code != "" {
		if fits := hasAmount(number, strings.ToUpper(strings.TrimSpace(code))); fits != nil {
			return fits, "the amount " + strings.ToUpper(text)
		}
	}
	end := strings.TrimLeft(text, "\u2022*. ")
	if n := len(end); n >= 3 && n <= 8 && strings.Trim(end, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
		end := strings.ToUpper(end)
		return func(r *engine.Request) bool {
			shown := strings.ToUpper(payee(r))
			return strings.HasSuffix(shown, end) || r.Amount.IsSet() && wholeAmount(r.Amount) == end
		}, "an account that ends with " + end + pick(strings.Trim(end, "0123456789") == "", ", or that amount", "")
	}
	return nil, ""
}

// hasAmount is nil for what is no amount.
func hasAmount(number, code string) func(*engine.Request) bool {
	if number == "" || strings.Trim(number, "0123456789.") != "" || strings.Count(number, ".") > 1 {
		return nil
	}
	if code != "" {
		if _, err := money.ParseCurrency(code); err != nil {
			return nil
		}
	}
	want := trimZeros(number)
	return func(r *engine.Request) bool {
		return (code == "" || r.Amount.Currency().Code() == code) && trimZeros(r.Amount.Decimal()) == want
	}
}

// wholeAmount is an amount without decimals; "" where it has some.
func wholeAmount(a money.Amount) string {
	text := trimZeros(a.Decimal())
	if strings.Contains(text, ".") {
		return ""
	}
	return text
}
