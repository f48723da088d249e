package jsonapi

import (
	"context"
	"encoding/json"
	"fmt"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/engine/routing"
	"penstock/httpd/wire"
)

const typeDecision = "routing-decisions"

// decisionAttributes is why a payout leaves where it leaves, or why none was
// made.
type decisionAttributes struct {
	Payout     *string           `json:"payout_id"` // null: none was made
	Resolution payout.Resolution `json:"resolution"`
	Short      bool              `json:"lacks_funds"` // nothing but money is missing
	Blocked    *string           `json:"blocked"`     // the branch's reason
	Amount     *wire.Number      `json:"amount"`      // what was to be paid
	Currency   string            `json:"currency"`
	Choice     *choiceShown      `json:"choice"`
	Rate       *pricingShown     `json:"exchange_rate"` // null: the money is of the same currency
	Conditions []conditionShown  `json:"conditions"`
	Routes     []verdictShown    `json:"routes"` // every one that was considered
	Text       []string          `json:"explanation"`
	Created    *int64            `json:"created"`
}

type choiceShown struct {
	Route    string       `json:"payout_route_id"`
	Deposit  string       `json:"deposit_account_id"`
	Account  string       `json:"provider_account_id"`
	Provider string       `json:"provider"`
	Part     *wire.Number `json:"part"` // of the request's amount
	Amount   *wire.Number `json:"amount"`
	Currency string       `json:"currency"`
}

type pricingShown struct {
	Rate     string  `json:"rate"` // eight decimals
	Source   string  `json:"source_rate"`
	Resource *string `json:"resource"`
	Rule     *string `json:"rule_id"`
	Date     *int64  `json:"date"`
	Via      *string `json:"via"`
	System   bool    `json:"system"`
	Quote    *string `json:"quote_id"`
}

type conditionShown struct {
	At    string  `json:"at"` // place in the tree
	Name  *string `json:"name"`
	Holds bool    `json:"holds"`
}

type verdictShown struct {
	Round    routing.RoundKind `json:"round"`
	Route    string            `json:"payout_route_id"`
	Provider *string           `json:"provider"`
	Usable   bool              `json:"usable"`
	Reason   *string           `json:"reason"`
	Detail   *string           `json:"detail"`
	Need     *wire.Number      `json:"need"`
	Limit    *wire.Number      `json:"limit"`
	Currency *string           `json:"currency"`
}

func showDecision(id string, v *engine.View, c *engine.Choice) resource {
	d := &c.Decision
	at := decisionAttributes{Resolution: d.Resolution, Short: d.Short, Amount: decimal(d.Asked), Currency: d.Asked.Currency().Code(),
		Conditions: []conditionShown{}, Routes: []verdictShown{}, Created: unix(c.At),
		Text: listed(d.Explain(func(route, provider string) string { return provider + " by " + engine.PrefixRoute + route }))}
	if d.Blocked {
		reason := first(d.Reason, "blocked")
		at.Blocked = &reason
	}
	if ch := d.Choice; ch != nil {
		at.Choice = &choiceShown{prefixed(engine.PrefixRoute, ch.Route), prefixed(engine.PrefixDeposit, ch.Deposit), shownAccount(ch.Account), ch.Provider,
			decimal(ch.Part), decimal(ch.Amount), ch.Amount.Currency().Code()}
	}
	if p := c.Rate; p != nil {
		at.Rate = &pricingShown{p.Rate.String8(), p.Source.String8(), shown(p.Resource), shown(prefixed(prefixRule, p.Rule)), unix(p.SheetAt), shown(p.Via.Code()), p.System, shown(prefixed(engine.PrefixQuote, p.Quote))}
	}
	for _, s := range d.Path {
		at.Conditions = append(at.Conditions, conditionShown{s.At, shown(s.Name), s.If.Is})
	}
	for _, round := range d.Rounds {
		for _, r := range round.Routes {
			at.Routes = append(at.Routes, verdict(round.Kind, r))
		}
	}
	out := resource{Type: typeDecision, ID: id, Attributes: at}
	if v == nil {
		return out
	}
	for i := range v.Payouts {
		if v.Payouts[i].N == c.On {
			at.Payout = &v.Payouts[i].ID
		}
	}
	out.Attributes, out.Relations = at, related{"payout-request": one(typeRequest, prefixRequest+v.ID)}
	return out
}

func verdict(kind routing.RoundKind, r routing.Verdict) verdictShown {
	out := verdictShown{Round: kind, Route: prefixed(engine.PrefixRoute, r.Route), Provider: shown(r.Provider), Usable: r.Reason == routing.Usable,
		Reason: shown(string(r.Reason)), Detail: shown(r.Detail), Need: decimal(r.Need.Amount), Limit: decimal(r.Limit.Amount)}
	if r.Need.IsSet() {
		out.Currency = shown(r.Need.Currency().Code())
	}
	return out
}

func (a *API) listDecisions(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	v, err := a.Engine.Get(ctx, who, prefixRequest, c.Param("id"))
	if err != nil {
		return document{}, err
	}
	all, err := a.Engine.Choices(ctx, who, prefixRequest, c.Param("id"))
	if err != nil {
		return document{}, err
	}
	type row struct {
		n int
		*engine.Choice
	}
	rows := make([]row, len(all))
	for i := range all {
		rows[i] = row{i + 1, &all[i]}
	}
	id := func(r *row) string { return fmt.Sprintf("%s_%d", prefixRequest+v.ID, r.n) }
	return inMemory(c, rows, shelf[row]{
		id: id, show: func(r *row) resource { return showDecision(id(r), v, r.Choice) }, sorts: []string{"created"},
		by:     sorter[row]{"created": compareBy(func(r *row) int { return r.n })},
		fields: []filterField[row]{{"resolution", asWord, func(r *row) any { return string(r.Decision.Resolution) }}},
	})
}

// explain says what would become of a payout request, and makes none.
func (a *API) explain(ctx context.Context, who engine.Caller, _ *wire.Call, b body[newRequest]) (document, error) {
	r, err := b.attributes(typeRequest, "")
	if err != nil {
		return document{}, err
	}
	if err := r.wants(); err != nil {
		return document{}, err
	}
	if err := inMode(who, r.TestMode); err != nil {
		return document{}, err
	}
	in, err := currencyOf("point_currency", r.PointCurrency)
	if err != nil {
		return document{}, err
	}
	d := engine.DryRun{Point: inner(engine.PrefixPoint, *r.PointID), Service: *r.Service, Split: given(r.Split), Metadata: json.RawMessage(r.Metadata)}
	if d.Amount, err = positive("point_amount", *r.PointAmount, in); err != nil {
		return document{}, err
	}
	if r.Customer != nil {
		d.Customer = said(r.Customer.ID)
	}
	if r.Fields != nil {
		sv, ok := a.directory().Service(d.Service)
		if !ok {
			return document{}, badAttribute("service", "must be the code of a payout service")
		}
		if d.Fields, err = sv.Validate(r.completed(sv, r.Fields)); err != nil {
			return document{}, fieldFaults(err)
		}
	}
	choice, err := a.Engine.Explain(ctx, who, d)
	if err != nil {
		return document{}, &located{err: err, fields: requestFields(), objects: requestObjects()}
	}
	return document{Data: showDecision("dry-run", nil, choice)}, nil
}
