package jsonapi

import (
	"context"
	"net/http"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/httpd/wire"
)

func (a *API) getPayout(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	q, err := parseQuery(c.Path, c.QueryValues(), allowed{sorts: []string{"created"}, includes: []string{"payout-request"}})
	if err != nil {
		return document{}, err
	}
	v, p, err := a.payout(ctx, who, c)
	if err != nil {
		return document{}, err
	}
	out := document{Data: showPayout(v, p, who.Mode)}
	if q.includes("payout-request") {
		show, err := a.shower(ctx, who)
		if err != nil {
			return document{}, err
		}
		out.Included = []resource{show(v)}
	}
	return out, nil
}

// payout is the one that the path names, with its request.
func (a *API) payout(ctx context.Context, who engine.Caller, c *wire.Call) (*engine.View, *payout.Payout, error) {
	v, i, err := a.Engine.Payout(ctx, who, c.Param("id"))
	if err != nil {
		return nil, nil, err
	}
	return v, &v.Payouts[i], nil
}

func (a *API) listStatements(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	v, p, err := a.payout(ctx, who, c)
	if err != nil {
		return document{}, err
	}
	lines, err := a.Engine.History(ctx, who, prefixRequest, prefixRequest+v.ID)
	if err != nil {
		return document{}, err
	}
	type s = engine.Statement
	show := func(v *s) resource { return showStatement(p, v) }
	return inMemory(c, engine.Statements(lines, p.N), shelf[s]{
		id: func(v *s) string { return show(v).ID }, show: show, sorts: []string{"created"},
		by: sorter[s]{"created": compareBy(func(v *s) int { return v.Seq })},
		fields: []filterField[s]{
			{"source", asText, func(v *s) any { return sourceWord(v.Source) }},
			{"status", asWord, func(v *s) any { return verdictWord(v.Said.Verdict) }},
			{"created", asTime, func(v *s) any { return v.At }},
		},
	})
}

// newPayout is what a payout of its own is made from: one instruction from one
// deposit account, with no routing and no failover.
type newPayout struct {
	Deposit  *string           `json:"deposit_account_id"`
	Amount   *wire.Decimal     `json:"amount"`
	Currency *string           `json:"currency"` // that of the deposit account, if given
	Service  *string           `json:"service"`
	Fields   map[string]string `json:"fields"`
	requestTerms
	TestMode    *bool   `json:"test_mode"`
	ReferenceID *string `json:"reference_id"`
}

func (r *newPayout) command(who engine.Caller, d *engine.DepositView, dir *service.Directory) (engine.NewRequest, error) {
	n := engine.NewRequest{Dialect: "jsonapi", Exits: []engine.Exit{{Deposit: d.ID}}}
	if r.Currency != nil && *r.Currency != d.Currency.Code() {
		return n, badAttribute("currency", "must be that of the deposit account, %s", d.Currency.Code())
	}
	var err error
	if n.Amount, err = positive("amount", *r.Amount, d.Currency); err != nil {
		return n, err
	}
	for _, t := range []struct {
		name string
		set  bool
	}{{"split_mode", given(r.Split)}, {"parallel_mode", given(r.Parallel)}, {"allow_partially", given(r.Partially)}, {"attempts_limit", given(r.AttemptsLimit) != 0},
		{"moderation_required", given(r.ModerationRequired)}, {"autoprocess", r.Autoprocess != nil && !*r.Autoprocess}} {
		if t.set {
			return n, badAttribute(t.name, "is for payout requests: a payout of its own goes out at once, whole, from one account")
		}
	}
	if n.Ref, err = reference(r.ReferenceID); err != nil {
		return n, err
	}
	n.Service = *r.Service
	err = r.fill(&n, dir, "amount", r.Fields)
	n.Later = false
	return n, err
}

// createPayout makes a payout of its own, which has a request of its own: it
// is made at once, or refused.
func (a *API) createPayout(ctx context.Context, who engine.Caller, c *wire.Call, b body[newPayout]) (wire.Reply, error) {
	r, err := b.attributes(typePayout, "")
	if err != nil {
		return wire.Reply{}, err
	}
	var n need
	n.want(r.Deposit != nil, "deposit_account_id")
	n.want(r.Amount != nil, "amount")
	n.want(r.Service != nil, "service")
	if err := n.err(); err != nil {
		return wire.Reply{}, err
	}
	if err := inMode(who, r.TestMode); err != nil {
		return wire.Reply{}, err
	}
	at := func(err error) error {
		if err == nil {
			return nil
		}
		return &located{err: err, fields: map[string]string{"payout_id": "reference_id", "customer_id": "customer.id"},
			objects: map[engine.Object]string{engine.ObjDeposit: "deposit_account_id", engine.ObjCustomer: "customer/id"}}
	}
	d, err := a.Engine.Deposit(ctx, who.Scope, inner(engine.PrefixDeposit, *r.Deposit))
	if err != nil {
		return wire.Reply{}, at(err)
	}
	cmd, err := r.command(who, d, a.directory())
	if err != nil {
		return wire.Reply{}, err
	}
	show := func(v *engine.View) resource { return showPayout(v, &v.Payouts[0], who.Mode) }
	o := rendered(byReference(c, cmd.Ref), show)
	v, err := a.Engine.Create(ctx, who, cmd, o)
	return answered(o, http.StatusCreated, v, at(err), show)
}
