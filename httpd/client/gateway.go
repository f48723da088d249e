package client

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"
)

// Route is a payout route.
type Route struct {
	ID       string `json:"route_id"`
	Service  string `json:"service"`
	Deposit  string `json:"deposit_id"`
	Account  string `json:"account_id"`
	Provider string `json:"provider"`
	Currency string `json:"currency"`
	Min      string `json:"amount_min,omitempty"`
	Max      string `json:"amount_max,omitempty"`
	State    string `json:"state"`
}

// Routes lists a scope's routes, of one service unless it is empty.
func (c *Client) Routes(ctx context.Context, s Scope, service string) (Page[Route], error) {
	q := s.query()
	q["service"] = service
	return get[Page[Route]](ctx, c, "/routes", q)
}

// DryRun is a payout that is not made.
type DryRun struct {
	Merchant string            `json:"merchant_id"`
	Mode     string            `json:"mode,omitempty"`
	Point    string            `json:"point_id,omitempty"`
	Service  string            `json:"service"`
	Amount   string            `json:"amount"`
	Currency string            `json:"currency"`
	Customer string            `json:"customer_id,omitempty"`
	Fields   map[string]string `json:"fields,omitempty"`
	Metadata json.RawMessage   `json:"metadata,omitempty"`
	Split    bool              `json:"split_mode,omitempty"`
}

// Explanation is what a payout would do.
type Explanation struct {
	Lines    []string        `json:"lines"`
	Decision json.RawMessage `json:"decision"`
}

// Explain asks what would become of a payout.
func (c *Client) Explain(ctx context.Context, d DryRun) (Explanation, error) {
	return post[Explanation](ctx, c, "/routes/explain", nil, d)
}

// Deposit is a deposit account, amounts in major units.
type Deposit struct {
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

// Deposits lists a scope's deposit accounts.
func (c *Client) Deposits(ctx context.Context, s Scope) (Page[Deposit], error) {
	return get[Page[Deposit]](ctx, c, "/deposits", s.query())
}

// Credit changes what is on a deposit account: kind is "topup" or "adjust".
func (c *Client) Credit(ctx context.Context, s Scope, kind, id, amount, text string) (Deposit, error) {
	return post[Deposit](ctx, c, "/deposits/"+url.PathEscape(id)+"/"+kind, nil,
		map[string]string{"merchant_id": s.Merchant, "mode": s.Mode, "amount": amount, "description": text})
}

// Posting is a line of a ledger.
type Posting struct {
	Seq       uint64    `json:"seq"`
	At        time.Time `json:"at"`
	Kind      string    `json:"kind"`
	Request   string    `json:"payout_id,omitempty"`
	Payout    string    `json:"instruction_id,omitempty"`
	By        string    `json:"by"`
	Text      string    `json:"text,omitempty"`
	Entries   []Entry   `json:"entries"`
	Available string    `json:"available"`
	Held      string    `json:"held"`
}

// Entry is one side of a posting, in minor units.
type Entry struct {
	Account string `json:"account"`
	Minor   int64  `json:"minor"`
}

// Postings lists a deposit account's ledger, the newest first.
func (c *Client) Postings(ctx context.Context, s Scope, id string, before uint64, limit int) (Page[Posting], error) {
	q := s.query()
	q["before"], q["limit"] = strconv.FormatUint(before, 10), strconv.Itoa(limit)
	return get[Page[Posting]](ctx, c, "/deposits/"+url.PathEscape(id)+"/postings", q)
}
