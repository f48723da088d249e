package client

import (
	"context"
	"time"
)

// Account is an account at a provider.
type Account struct {
	ID       string    `json:"account_id"`
	Provider string    `json:"provider"`
	Label    string    `json:"label"`
	BaseURL  string    `json:"base_url,omitempty"`
	Disabled bool      `json:"disabled"`
	Breaker  string    `json:"breaker"` // its state, see Breaker
	Created  time.Time `json:"created"`
}

// NewAccount is what a provider account is connected from.
type NewAccount struct {
	Merchant    string            `json:"merchant_id"`
	Mode        string            `json:"mode"`
	Provider    string            `json:"provider"`
	Label       string            `json:"label,omitempty"`
	BaseURL     string            `json:"base_url,omitempty"`
	Credentials map[string]string `json:"credentials,omitempty"`
	Beside      bool              `json:"beside,omitempty"` // earlier accounts at the provider stay in use
}

// Accounts lists a scope's provider accounts.
func (c *Client) Accounts(ctx context.Context, s Scope) (Page[Account], error) {
	return get[Page[Account]](ctx, c, "/accounts", s.query())
}

// Connect connects a provider account.
func (c *Client) Connect(ctx context.Context, n NewAccount) (Account, error) {
	return post[Account](ctx, c, "/accounts", nil, n)
}

// The states of a breaker.
const (
	BreakerClosed   = "closed"      // payouts leave by the account
	BreakerOpen     = "open"        // it doesn't answer: they take another way, if there is one
	BreakerHalfOpen = "half_open"   // the next one shows whether it answers again
	BreakerForced   = "forced_open" // a person wants nothing sent by it
)

// Breaker is how payouts are kept off a provider account, and how its provider
// has answered.
type Breaker struct {
	Account  string    `json:"account_id"`
	State    string    `json:"state"`
	Reason   string    `json:"reason,omitempty"`
	By       string    `json:"by,omitempty"`   // who opened it by hand
	Since    time.Time `json:"since,omitzero"` // zero: since the appliance began
	Until    time.Time `json:"until,omitzero"` // when one that opened by itself is tried again
	Fails    int       `json:"fails"`          // questions without an answer, in a row
	Failures int       `json:"failures"`       // and since the appliance began
	LastGood time.Time `json:"last_good,omitzero"`
	LastBad  time.Time `json:"last_bad,omitzero"`
}

// Breaker shows the breaker of an account.
func (c *Client) Breaker(ctx context.Context, s Scope, account string) (Breaker, error) {
	return get[Breaker](ctx, c, "/accounts/"+segment(account)+"/breaker", s.query())
}

// OpenBreaker lets nothing be sent by an account from now on.
func (c *Client) OpenBreaker(ctx context.Context, s Scope, account, reason string) (Breaker, error) {
	return post[Breaker](ctx, c, "/accounts/"+segment(account)+"/breaker/open", s.query(), map[string]string{"reason": reason})
}

// CloseBreaker lets payouts leave by an account again.
func (c *Client) CloseBreaker(ctx context.Context, s Scope, account string) (Breaker, error) {
	return post[Breaker](ctx, c, "/accounts/"+segment(account)+"/breaker/close", s.query(), nil)
}
