package admin

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/ledger"
	"penstock/engine/money"
	"penstock/httpd/wire"
)

// route is a payout route.
type route struct {
	ID       string `json:"route_id"`
	Service  string `json:"service"`
	Deposit  string `json:"deposit_id"`
	Account  string `json:"account_id"`
	Provider string `json:"provider"`
	Currency string `json:"currency"`
	Min      string `json:"amount_min,omitzero"`
	Max      string `json:"amount_max,omitzero"`
	State    string `json:"state"` // enabled, disabled, archived
}

func (a *Admin) listRoutes(ctx context.Context, c *wire.Call, _ wire.None) (list[route], error) {
	who, err := a.scope(ctx, c)
	if err != nil {
		return list[route]{}, err
	}
	all, err := a.Engine.Routes(ctx, who.Scope)
	out := []route{}
	for _, r := range all {
		if s := c.Query("service"); s != "" && s != r.Service {
			continue
		}
		out = append(out, route{engine.PrefixRoute + r.ID, r.Service, engine.PrefixDeposit + r.Deposit, r.Account, r.Provider, r.Currency.Code(),
			decimal(r.Min), decimal(r.Max), stateOf(r.Disabled, r.Archived)})
	}
	return list[route]{Data: out}, err
}

func decimal(a money.Amount) string {
	if !a.IsSet() {
		return ""
	}
	return a.Decimal()
}

func stateOf(disabled, archived bool) string {
	switch {
	case archived:
		return "archived"
	case disabled:
		return "disabled"
	}
	return "enabled"
}

type dryRun struct {
	Merchant string            `json:"merchant_id"`
	Mode     string            `json:"mode"`
	Point    string            `json:"point_id"` // with or without its prefix; empty: the merchant's default
	Service  string            `json:"service"`
	Amount   string            `json:"amount"` // in major units
	Currency string            `json:"currency"`
	Customer string            `json:"customer_id"`
	Fields   map[string]string `json:"fields"`
	Metadata json.RawMessage   `json:"metadata"`
	Split    bool              `json:"split_mode"`
}

// explanation is what a payout would do, in lines for a person and whole.
type explanation struct {
	Lines    []string      `json:"lines"`
	Decision engine.Choice `json:"decision"`
}

// explainRoute decides like a payout does and makes none.
func (a *Admin) explainRoute(ctx context.Context, _ *wire.Call, req dryRun) (explanation, error) {
	who, err := a.caller(ctx, req.Merchant, req.Mode)
	if err != nil {
		return explanation{}, err
	}
	currency, err := money.ParseCurrency(req.Currency)
	if err != nil {
		return explanation{}, wrong("currency", "wants the code of a currency, e.g. EUR")
	}
	amount, err := money.Parse(req.Amount, currency)
	if err != nil {
		return explanation{}, wrong("amount", err.Error())
	}
	made, err := a.Engine.Explain(ctx, who, engine.DryRun{Point: bare(engine.PrefixPoint, req.Point), Service: req.Service, Amount: amount, Customer: req.Customer,
		Fields: connector.Details(req.Fields), Metadata: req.Metadata, Split: req.Split})
	if err != nil {
		return explanation{}, err
	}
	name := func(id, provider string) string { return engine.PrefixRoute + id + " (" + provider + ")" }
	out := explanation{Lines: made.Decision.Explain(name), Decision: *made}
	if made.Rate != nil {
		out.Lines = append(out.Lines, "Rate: "+made.Rate.Rate.String8()+" "+made.Rate.Resource)
	}
	return out, nil
}

// bare takes the prefix off an id that has it.
func bare(prefix, id string) string {
	if len(id) > len(prefix) && id[:len(prefix)] == prefix {
		return id[len(prefix):]
	}
	return id
}

// deposit is a deposit account with what is on it, in major units.
type deposit struct {
	ID        string `json:"deposit_id"`
	Name      string `json:"name"`
	Account   string `json:"account_id"`
	Provider  string `json:"provider"`
	Currency  string `json:"currency"`
	Available string `json:"available"`
	Held      string `json:"held"`
	Paid      string `json:"paid"`
	Spendable string `json:"spendable"`
	Health    string `json:"health"`
	State     string `json:"state"`
}

func depositOf(v *engine.DepositView) deposit {
	in := func(minor int64) string { return money.New(minor, v.Currency).Decimal() }
	return deposit{engine.PrefixDeposit + v.ID, v.Name, v.Account, v.Provider, v.Currency.Code(), in(v.Balance.Available), in(v.Balance.Held), in(v.Balance.Paid),
		v.Spendable.Decimal(), v.Health, stateOf(v.Disabled, v.Archived)}
}

func (a *Admin) listDeposits(ctx context.Context, c *wire.Call, _ wire.None) (list[deposit], error) {
	who, err := a.scope(ctx, c)
	if err != nil {
		return list[deposit]{}, err
	}
	all, err := a.Engine.Deposits(ctx, who.Scope)
	out := make([]deposit, len(all))
	for i := range all {
		out[i] = depositOf(&all[i])
	}
	return list[deposit]{Data: out}, err
}

type credit struct {
	Merchant string `json:"merchant_id"`
	Mode     string `json:"mode"`
	Amount   string `json:"amount"` // in major units; of an adjustment with a sign
	Text     string `json:"description"`
}

func (a *Admin) topUp(ctx context.Context, c *wire.Call, req credit) (deposit, error) {
	return a.credit(ctx, c, req, a.Engine.TopUp)
}

func (a *Admin) adjust(ctx context.Context, c *wire.Call, req credit) (deposit, error) {
	return a.credit(ctx, c, req, a.Engine.Adjust)
}

func (a *Admin) credit(ctx context.Context, c *wire.Call, req credit, do func(context.Context, engine.Caller, string, money.Amount, string, *engine.Once) (*engine.DepositView, error)) (deposit, error) {
	who, err := a.caller(ctx, req.Merchant, req.Mode)
	if err != nil {
		return deposit{}, err
	}
	id := bare(engine.PrefixDeposit, c.Param("id"))
	before, err := a.Engine.Deposit(ctx, who.Scope, id)
	if err != nil {
		return deposit{}, err
	}
	text, minus := req.Amount, false
	if len(text) > 0 && text[0] == '-' {
		text, minus = text[1:], true
	}
	amount, err := money.Parse(text, before.Currency)
	if err == nil && minus {
		amount, err = amount.Neg()
	}
	if err != nil {
		return deposit{}, wrong("amount", err.Error())
	}
	v, err := do(ctx, who, id, amount, req.Text, nil)
	if err != nil {
		return deposit{}, err
	}
	return depositOf(v), nil
}

// posting is a line of a deposit account's ledger.
type posting struct {
	Seq       uint64         `json:"seq"`
	At        time.Time      `json:"at"`
	Kind      ledger.Kind    `json:"kind"`
	Request   string         `json:"payout_id,omitzero"`
	Payout    string         `json:"instruction_id,omitzero"`
	By        string         `json:"by"`
	Text      string         `json:"text,omitzero"`
	Entries   []ledger.Entry `json:"entries"` // in minor units
	Available string         `json:"available"`
	Held      string         `json:"held"`
}

func (a *Admin) listPostings(ctx context.Context, c *wire.Call, _ wire.None) (list[posting], error) {
	who, err := a.scope(ctx, c)
	if err != nil {
		return list[posting]{}, err
	}
	limit, err := limitOf(c, 50)
	if err != nil {
		return list[posting]{}, err
	}
	before, err := strconv.ParseUint("0"+c.Query("before"), 10, 64)
	if err != nil {
		return list[posting]{}, wrong("before", "wants the number of a posting")
	}
	all, err := a.Engine.Postings(ctx, who.Scope, bare(engine.PrefixDeposit, c.Param("id")), before, limit)
	out := make([]posting, len(all))
	for i, p := range all {
		out[i] = posting{p.Seq, p.At, p.Kind, p.Cause.Request, p.Cause.Payout, p.Cause.By, p.Cause.Text, p.Entries,
			p.After.Of(ledger.Available).Decimal(), p.After.Of(ledger.Held).Decimal()}
	}
	return list[posting]{Data: out, More: len(all) == limit}, err
}
