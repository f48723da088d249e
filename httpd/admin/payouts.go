package admin

import (
	"context"
	"slices"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/httpd/wire"
)

// request is a payout request as an operator sees it: in the engine's own
// words, which no dialect has renamed.
type request struct {
	ID         string            `json:"payout_id"`
	Ref        string            `json:"reference,omitzero"`
	Merchant   string            `json:"merchant_id"`
	Mode       engine.Mode       `json:"mode"`
	Status     payout.Stage      `json:"status"`
	Amount     string            `json:"amount"` // in major units
	Currency   string            `json:"currency"`
	Customer   string            `json:"customer_id,omitzero"`
	Method     string            `json:"payment_method_id,omitzero"`
	Form       string            `json:"method,omitzero"`
	Details    map[string]string `json:"details,omitzero"` // masked
	Provider   string            `json:"provider,omitzero"`
	Account    string            `json:"account_id,omitzero"`
	Moderation string            `json:"moderation_required,omitzero"` // why a person has to decide
	Attention  bool              `json:"attention"`
	Created    time.Time         `json:"created"`
	Changed    time.Time         `json:"changed"`
	Expires    time.Time         `json:"expires,omitzero"`
	Parts      []part            `json:"instructions"`
	History    []line            `json:"history,omitzero"`
}

// part is one instruction to one provider.
type part struct {
	ID         string        `json:"instruction_id"`
	Status     payout.Status `json:"status"`
	Amount     string        `json:"amount"`
	Moved      string        `json:"moved,omitzero"`
	Account    string        `json:"account_id"`
	Service    string        `json:"service"`
	Attempt    int           `json:"attempt"`
	Ref        string        `json:"provider_ref,omitzero"`
	Resolution string        `json:"resolution,omitzero"`
	Message    string        `json:"message,omitzero"`
	Due        time.Time     `json:"due,omitzero"`
	Changed    time.Time     `json:"changed"`
}

type line struct {
	Seq  int       `json:"n"`
	At   time.Time `json:"at"`
	What string    `json:"what"`
	By   string    `json:"by,omitzero"`
	On   int       `json:"on,omitzero"` // number of the instruction
	To   string    `json:"to,omitzero"`
	Text string    `json:"text,omitzero"`
	More int       `json:"more,omitzero"` // times it was said again
}

func requestOf(s engine.Scope, r *engine.Request) request {
	out := request{
		ID: idOf(r), Ref: r.Ref, Merchant: s.Merchant, Mode: s.Mode, Status: r.Stage, Amount: r.Amount.Decimal(), Currency: r.Amount.Currency().Code(),
		Customer: r.Customer, Method: r.Method, Form: r.Form, Details: r.Masked, Provider: r.Provider, Account: r.Account,
		Moderation: r.Moderation, Attention: r.Attention, Created: r.Created, Changed: r.Changed, Expires: r.Expires, Parts: make([]part, len(r.Payouts)),
	}
	for i, p := range r.Payouts {
		out.Parts[i] = part{ID: p.ID, Status: p.Status, Amount: p.Amount.Decimal(), Account: p.Account, Service: p.Service, Attempt: p.Attempt,
			Ref: p.Ref, Resolution: p.Resolution, Message: p.Message, Due: p.Due, Changed: p.Changed}
		if p.Moved.IsPositive() {
			out.Parts[i].Moved = p.Moved.Decimal()
		}
	}
	return out
}

// idOf is the name by which a request is found again: the merchant's own id,
// or ours.
func idOf(r *engine.Request) string {
	if r.Ref != "" {
		return r.Ref
	}
	return engine.PrefixRequest + r.ID
}

func (a *Admin) listPayouts(ctx context.Context, c *wire.Call, _ wire.None) (list[request], error) {
	limit, err := limitOf(c, 20)
	if err != nil {
		return list[request]{}, err
	}
	who, err := a.scope(ctx, c)
	if err != nil {
		return list[request]{}, err
	}
	f := engine.Filter{Customer: c.Query("customer_id")}
	if status := payout.Stage(c.Query("status")); status != "" {
		if !slices.Contains(payout.Stages(), status) {
			return list[request]{}, wrong("status", "is none of a request's")
		}
		f.Stages = []payout.Stage{status}
	}
	if before := c.Query("before"); before != "" {
		v, err := a.Engine.Get(ctx, who, engine.PrefixRequest, before)
		if err != nil {
			return list[request]{}, err
		}
		f.Before = v.ID
	}
	all, _, err := a.Engine.List(ctx, who, f, 0, limit+1)
	if err != nil {
		return list[request]{}, err
	}
	out := make([]request, len(all))
	for i := range all {
		out[i] = requestOf(who.Scope, &all[i].Request)
	}
	return page(out, limit), nil
}

func (a *Admin) getPayout(ctx context.Context, c *wire.Call, _ wire.None) (request, error) {
	who, err := a.scope(ctx, c)
	if err != nil {
		return request{}, err
	}
	return a.payout(ctx, who, c.Param("id"))
}

// payout is one request with its whole history.
func (a *Admin) payout(ctx context.Context, who engine.Caller, name string) (request, error) {
	v, err := a.Engine.Get(ctx, who, engine.PrefixRequest, name)
	if err != nil {
		return request{}, err
	}
	lines, err := a.Engine.History(ctx, who, engine.PrefixRequest, name)
	if err != nil {
		return request{}, err
	}
	out := requestOf(who.Scope, &v.Request)
	for _, l := range lines {
		out.History = append(out.History, line{l.Seq, l.At, l.What, l.By, l.On, l.To, l.Text, l.More})
	}
	return out, nil
}

type newPayout struct {
	Merchant string            `json:"merchant_id"`
	Mode     string            `json:"mode"`
	Ref      string            `json:"reference"`
	Amount   wire.Decimal      `json:"amount"`
	Currency string            `json:"currency"`
	Customer string            `json:"customer_id"`
	Method   string            `json:"payment_method_id"`
	Form     string            `json:"method"`
	Details  map[string]string `json:"details"`
	Hold     bool              `json:"hold"` // stop at ready: somebody fulfils it later
}

func (n newPayout) engine() (out engine.NewRequest, err error) {
	currency, err := money.ParseCurrency(n.Currency)
	if err != nil {
		return out, wrong("currency", "wants an ISO 4217 code like EUR")
	}
	amount, err := money.Parse(string(n.Amount), currency)
	if err != nil {
		return out, &engine.Error{Code: engine.CodeInvalid, Field: "amount", Message: "amount: " + err.Error()}
	}
	if !amount.IsPositive() {
		return out, wrong("amount", "wants more than nothing")
	}
	out = engine.NewRequest{Dialect: "rest", Ref: n.Ref, Amount: amount, Confirm: true, AutoFulfill: !n.Hold, Customer: n.Customer}
	switch {
	case n.Method != "" && n.Form != "":
		return out, wrong("method", "is not for a saved payment method, which has its own")
	case n.Method != "":
		out.Beneficiary.Method = n.Method
	case n.Form == "":
		return out, absent("method")
	default:
		m, ok := service.FindMethod(n.Form)
		if !ok {
			return out, wrong("method", "is none that is known, such as sepa, card, ach, bacs, pix, paypal")
		}
		out.Beneficiary = engine.Beneficiary{Kind: m.Kind, Form: m.Name, Details: connector.Details(n.Details)}
	}
	return out, nil
}

func (a *Admin) createPayout(ctx context.Context, c *wire.Call, req newPayout) (wire.Reply, error) {
	who, err := a.caller(ctx, req.Merchant, req.Mode)
	if err != nil {
		return wire.Reply{}, err
	}
	n, err := req.engine()
	if err != nil {
		return wire.Reply{}, err
	}
	once := &engine.Once{Op: "admin payout.create", Key: c.IdempotencyKey, Fingerprint: c.Fingerprint(), Render: func(result any) ([]byte, error) {
		return wire.Encode(requestOf(who.Scope, &result.(*engine.View).Request))
	}}
	v, err := a.Engine.Create(ctx, who, n, once)
	if err != nil {
		return wire.Reply{}, err
	}
	if once.Answer != nil {
		return wire.Reply{Body: once.Answer}, nil
	}
	body, err := wire.Encode(requestOf(who.Scope, &v.Request))
	return wire.Reply{Body: body}, err
}

func (a *Admin) cancelPayout(ctx context.Context, c *wire.Call, _ wire.None) (request, error) {
	who, err := a.scope(ctx, c)
	if err != nil {
		return request{}, err
	}
	if _, err := a.Engine.Cancel(ctx, who, engine.PrefixRequest, c.Param("id"), nil); err != nil {
		return request{}, err
	}
	return a.payout(ctx, who, c.Param("id"))
}

// statement is what a person has seen of a payout's fate.
type statement struct {
	Verdict    connector.Verdict `json:"verdict"` // paid, partly_paid, rejected, returned
	Moved      wire.Decimal      `json:"moved"`   // for partly_paid
	Resolution string            `json:"resolution"`
	Part       string            `json:"instruction_id"` // which; may be left out where there is but one
	Note       string            `json:"note"`
}

func (a *Admin) statePayout(ctx context.Context, c *wire.Call, req statement) (request, error) {
	who, err := a.scope(ctx, c)
	if err != nil {
		return request{}, err
	}
	v, err := a.Engine.Get(ctx, who, engine.PrefixRequest, c.Param("id"))
	if err != nil {
		return request{}, err
	}
	i := slices.IndexFunc(v.Payouts, func(p payout.Payout) bool { return p.ID == req.Part })
	if req.Part == "" && len(v.Payouts) == 1 {
		i = 0
	}
	if i < 0 {
		return request{}, wrong("instruction_id", "must name one of the payout's instructions")
	}
	out := connector.Outcome{Verdict: req.Verdict, Resolution: req.Resolution, Message: req.Note}
	if req.Verdict == connector.PartlyPaid {
		if out.Paid, err = money.Parse(string(req.Moved), v.Amount.Currency()); err != nil {
			return request{}, &engine.Error{Code: engine.CodeInvalid, Field: "moved", Message: "moved: " + err.Error()}
		}
	}
	if err := a.Engine.State(ctx, who, v.Payouts[i].ID, out); err != nil {
		return request{}, err
	}
	return a.payout(ctx, who, c.Param("id"))
}
