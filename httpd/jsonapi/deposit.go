package jsonapi

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/ledger"
	"penstock/engine/money"
	"penstock/httpd/wire"
)

const (
	typeDeposit  = "deposit-accounts"
	typePosting  = "ledger-postings"
	typeBalance  = "deposit-balances"
	depositsPath = "/v1/provider-hub/deposit-accounts"
)

type depositAttributes struct {
	Name           string       `json:"name"`
	Description    *string      `json:"description"`
	ExternalID     *string      `json:"external_id"`
	Currency       string       `json:"currency"`
	Provider       string       `json:"provider"`
	Health         string       `json:"health"`
	Enabled        bool         `json:"enabled"`
	Archived       bool         `json:"archived"`
	Balance        *wire.Number `json:"balance"`   // what is there: available and held
	Held           *wire.Number `json:"held"`      // for payouts under way
	Available      *wire.Number `json:"available"` // what a payout may take now
	Paid           *wire.Number `json:"paid"`
	Fee            *wire.Number `json:"fee"`
	MinBalance     *wire.Number `json:"minimal_balance"` // null: off
	Overdraft      *wire.Number `json:"overdraft"`
	Turnover       *wire.Number `json:"turnover_limit"`
	TurnoverToday  *wire.Number `json:"turnover_today"`
	Theirs         *wire.Number `json:"provider_balance"`   // what the provider last said that can be paid out; null: it hasn't been asked
	Difference     *wire.Number `json:"balance_difference"` // what of it neither available nor held explains
	TheirsAt       *int64       `json:"provider_balance_at"`
	PreventFailure bool         `json:"prevent_failure"`
	TestMode       bool         `json:"test_mode"`
	Created        *int64       `json:"created"`
	Updated        *int64       `json:"updated"`
}

func showDeposit(d *engine.DepositView, m engine.Mode) resource {
	id := engine.PrefixDeposit + d.ID
	at := depositAttributes{
		Name: d.Name, Description: shown(d.Description), ExternalID: shown(d.ExternalID), Currency: d.Currency.Code(), Provider: d.Provider, Health: d.Health,
		Enabled: !d.Disabled, Archived: d.Archived, Balance: standing(d.Balance), Held: decimal(d.Balance.Of(ledger.Held)), Available: decimal(d.Spendable),
		Paid: decimal(d.Balance.Of(ledger.Paid)), Fee: decimal(d.Balance.Of(ledger.Fee)), MinBalance: decimal(d.MinBalance), Overdraft: decimal(d.Overdraft),
		Turnover: decimal(d.Turnover), TurnoverToday: decimal(d.Spent), PreventFailure: d.PreventFailure, TestMode: m == engine.Test,
		Created: unix(d.Created), Updated: unix(d.Changed),
	}
	if st := d.Standing; st != nil {
		at.Theirs, at.Difference, at.TheirsAt = decimal(st.Theirs), decimal(st.Difference), unix(st.At)
	}
	return resource{Type: typeDeposit, ID: id, Attributes: at, Links: &self{depositsPath + "/" + id}, Relations: related{
		"provider-account": one(typeAccount, shownAccount(d.Account)),
	}}
}

// standing is what is on the account, whatever it is set aside for.
func standing(b ledger.Balance) *wire.Number {
	sum, err := b.Of(ledger.Available).Add(b.Of(ledger.Held))
	if err != nil {
		return nil
	}
	return decimal(sum)
}

func depositOf(who engine.Caller) func(*engine.DepositView) resource {
	return func(d *engine.DepositView) resource { return showDeposit(d, who.Mode) }
}

func (a *API) listDeposits(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	all, err := a.Engine.Deposits(ctx, who.Scope)
	if err != nil {
		return document{}, err
	}
	type d = engine.DepositView
	return inMemory(c, all, shelf[d]{
		id: func(v *d) string { return engine.PrefixDeposit + v.ID }, show: depositOf(who), sorts: []string{"created", "name"},
		by:      sorter[d]{"created": nil, "name": compareBy(func(v *d) string { return v.Name })},
		archive: func(v *d) bool { return v.Archived },
		fields: []filterField[d]{
			{"id", asText, func(v *d) any { return engine.PrefixDeposit + v.ID }},
			{"name", asText, func(v *d) any { return v.Name }},
			{"currency", asWord, func(v *d) any { return v.Currency.Code() }},
			{"provider", asText, func(v *d) any { return v.Provider }},
			{"provider_account_id", asText, func(v *d) any { return shownAccount(v.Account) }},
			{"health", asWord, func(v *d) any { return v.Health }},
			{"available", asDecimal, func(v *d) any { return decimal(v.Spendable) }},
			{"enabled", asFlag, func(v *d) any { return !v.Disabled }},
			{"archived", asFlag, func(v *d) any { return v.Archived }},
			{"created", asTime, func(v *d) any { return v.Created }},
		},
	})
}

// deposit is the one that the path names.
func (a *API) deposit(ctx context.Context, who engine.Caller, c *wire.Call) (*engine.DepositView, error) {
	return a.Engine.Deposit(ctx, who.Scope, inner(engine.PrefixDeposit, c.Param("id")))
}

func (a *API) getDeposit(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	d, err := a.deposit(ctx, who, c)
	if err != nil {
		return document{}, err
	}
	return document{Data: showDeposit(d, who.Mode)}, nil
}

type depositSent struct {
	Name           *string                  `json:"name"`
	Description    wire.Field[string]       `json:"description"`
	ExternalID     wire.Field[string]       `json:"external_id"`
	MinBalance     wire.Field[wire.Decimal] `json:"minimal_balance"`
	Overdraft      wire.Field[wire.Decimal] `json:"overdraft"`
	Turnover       wire.Field[wire.Decimal] `json:"turnover_limit"`
	PreventFailure *bool                    `json:"prevent_failure"`
	Enabled        *bool                    `json:"enabled"`
	Archived       *bool                    `json:"archived"`
	Health         *string                  `json:"health"`
}

func (s *depositSent) edit(in money.Currency) (ed engine.DepositEdit, err error) {
	ed = engine.DepositEdit{Name: s.Name, Description: clearable(s.Description), ExternalID: clearable(s.ExternalID),
		PreventFailure: s.PreventFailure, Archived: s.Archived, Health: s.Health}
	if s.Enabled != nil {
		off := !*s.Enabled
		ed.Disabled = &off
	}
	for _, l := range []struct {
		name string
		sent wire.Field[wire.Decimal]
		to   **money.Amount
	}{{"minimal_balance", s.MinBalance, &ed.MinBalance}, {"overdraft", s.Overdraft, &ed.Overdraft}, {"turnover_limit", s.Turnover, &ed.Turnover}} {
		if *l.to, err = limit(l.name, l.sent, in); err != nil {
			return ed, err
		}
	}
	return ed, nil
}

func (a *API) updateDeposit(ctx context.Context, who engine.Caller, c *wire.Call, b body[depositSent]) (wire.Reply, error) {
	s, err := b.attributes(typeDeposit, c.Param("id"))
	if err != nil {
		return wire.Reply{}, err
	}
	d, err := a.deposit(ctx, who, c)
	if err != nil {
		return wire.Reply{}, err
	}
	ed, err := s.edit(d.Currency)
	if err != nil {
		return wire.Reply{}, err
	}
	return command(c, http.StatusOK, depositOf(who), func(o *engine.Once) (*engine.DepositView, error) {
		return a.Engine.UpdateDeposit(ctx, who, d.ID, ed, o)
	})
}

// credit is a top-up or an adjustment.
type credit struct {
	Amount      any     `json:"amount"`
	Description *string `json:"description"`
}

const (
	typeTopUp      = "top-ups"
	typeAdjustment = "adjustments"
)

func (a *API) topUp(ctx context.Context, who engine.Caller, c *wire.Call, b body[credit]) (wire.Reply, error) {
	return a.credit(ctx, who, c, b, typeTopUp, a.Engine.TopUp)
}

func (a *API) adjust(ctx context.Context, who engine.Caller, c *wire.Call, b body[credit]) (wire.Reply, error) {
	return a.credit(ctx, who, c, b, typeAdjustment, a.Engine.Adjust)
}

func (a *API) credit(ctx context.Context, who engine.Caller, c *wire.Call, b body[credit], kind string,
	run func(context.Context, engine.Caller, string, money.Amount, string, *engine.Once) (*engine.DepositView, error)) (wire.Reply, error) {
	s, err := b.attributes(kind, "")
	if err != nil {
		return wire.Reply{}, err
	}
	d, err := a.deposit(ctx, who, c)
	if err != nil {
		return wire.Reply{}, err
	}
	amount, err := signed("amount", s.Amount, d.Currency)
	if err != nil {
		return wire.Reply{}, err
	}
	why, err := text("description", s.Description, 200)
	if err != nil {
		return wire.Reply{}, err
	}
	return command(c, http.StatusOK, depositOf(who), func(o *engine.Once) (*engine.DepositView, error) {
		return run(ctx, who, d.ID, amount, why, o)
	})
}

type postingAttributes struct {
	Kind        string         `json:"kind"`
	Currency    string         `json:"currency"`
	Entries     []entryShown   `json:"entries"` // they sum to zero
	After       balanceNumbers `json:"balance_after"`
	Request     *string        `json:"payout_request_id"`
	Payout      *string        `json:"payout_id"`
	Actor       *string        `json:"actor"`
	Description *string        `json:"description"`
	Created     *int64         `json:"created"`
}

type entryShown struct {
	Account ledger.Account `json:"account"`
	Amount  *wire.Number   `json:"amount"`
}

// balanceNumbers are the seven accounts of a ledger, which sum to zero.
type balanceNumbers struct {
	Available  *wire.Number `json:"available"`
	Held       *wire.Number `json:"held"`
	Paid       *wire.Number `json:"paid"`
	Fee        *wire.Number `json:"fee"`
	TopUp      *wire.Number `json:"topup"`
	Adjustment *wire.Number `json:"adjustment"`
	Returned   *wire.Number `json:"returned"`
}

func numbers(b ledger.Balance) balanceNumbers {
	at := func(a ledger.Account) *wire.Number { return decimal(b.Of(a)) }
	return balanceNumbers{at(ledger.Available), at(ledger.Held), at(ledger.Paid), at(ledger.Fee), at(ledger.TopUp), at(ledger.Adjustment), at(ledger.Returned)}
}

func showPosting(deposit string, p *ledger.Posting) resource {
	at := postingAttributes{
		Kind: string(p.Kind), Currency: p.Currency.Code(), Entries: []entryShown{}, After: numbers(p.After), Request: shown(prefixed(prefixRequest, p.Cause.Request)),
		Payout: shown(p.Cause.Payout), Actor: shown(p.Cause.By), Description: shown(p.Cause.Text), Created: unix(p.At),
	}
	for _, e := range p.Entries {
		at.Entries = append(at.Entries, entryShown{e.Account, decimal(money.New(e.Minor, p.Currency))})
	}
	return resource{Type: typePosting, ID: fmt.Sprintf("%s%s_%d", prefixPosting, deposit, p.Seq), Attributes: at,
		Relations: related{"deposit-account": one(typeDeposit, engine.PrefixDeposit+deposit)}}
}

// listPostings is the ledger of a deposit account, the newest first. It is
// read from the newest on alone, so there is no page before one.
func (a *API) listPostings(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	d, err := a.deposit(ctx, who, c)
	if err != nil {
		return document{}, err
	}
	q, err := parseQuery(c.Path, c.QueryValues(), allowed{sorts: []string{"created"}})
	if err != nil {
		return document{}, err
	}
	if q.up || q.before != "" {
		return document{}, badQuery("page[before]", "Postings are read from the newest on, by page[after].")
	}
	var below uint64
	if q.after != "" {
		seq, ok := strings.CutPrefix(q.after, prefixPosting+d.ID+"_")
		if below, err = strconv.ParseUint(seq, 10, 63); err != nil || !ok || below == 0 {
			return document{}, badKeyOf("page[after]")
		}
	}
	page, err := a.Engine.Postings(ctx, who.Scope, d.ID, below, q.size+1)
	if err != nil {
		return document{}, err
	}
	items, _, later := cut(&q.paging, page)
	return paged(document{}, &q.paging, items, func(p *ledger.Posting) resource { return showPosting(d.ID, p) }, false, later), nil
}

type balanceAttributes struct {
	At       int64  `json:"at"`
	Currency string `json:"currency"`
	balanceNumbers
}

// getBalance is what stood on a deposit account at the end of a second, now
// where none is named.
func (a *API) getBalance(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	d, err := a.deposit(ctx, who, c)
	if err != nil {
		return document{}, err
	}
	at := a.Now().Unix()
	if text := c.Query("at"); text != "" {
		if at, err = strconv.ParseInt(text, 10, 64); err != nil || at < 0 || at > maxSeconds {
			return document{}, badQuery("at", "Invalid value provided for field `at`. Expected timestamp type.")
		}
	}
	b, err := a.Engine.BalanceAt(ctx, who.Scope, d.ID, time.Unix(at+1, 0).UTC().Add(-time.Microsecond))
	if err != nil {
		return document{}, err
	}
	id := engine.PrefixDeposit + d.ID
	return document{Data: resource{Type: typeBalance, ID: fmt.Sprintf("%s_%d", id, at), Attributes: balanceAttributes{at, d.Currency.Code(), numbers(b)},
		Relations: related{"deposit-account": one(typeDeposit, id)}}}, nil
}
