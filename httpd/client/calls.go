package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Page is a part of a list.
type Page[T any] struct {
	Data []T  `json:"data"`
	More bool `json:"more"` // there may be more
}

// Scope is a merchant and one of its modes, "test" or "live".
type Scope struct{ Merchant, Mode string }

func (s Scope) query() query { return query{"merchant_id": s.Merchant, "mode": s.Mode} }

// Merchant is who pays.
type Merchant struct {
	ID      string    `json:"merchant_id"`
	Name    string    `json:"name,omitempty"`
	Profile string    `json:"profile_id"`
	Created time.Time `json:"created"`
}

// Merchants lists those whose id is greater than after.
func (c *Client) Merchants(ctx context.Context, after string, limit int) (Page[Merchant], error) {
	return get[Page[Merchant]](ctx, c, "/merchants", query{"after": after, "limit": strconv.Itoa(limit)})
}

// CreateMerchant makes one who can pay at once in test mode; an empty id is
// generated.
func (c *Client) CreateMerchant(ctx context.Context, id, name string) (Merchant, error) {
	return post[Merchant](ctx, c, "/merchants", nil, map[string]string{"merchant_id": id, "name": name})
}

// Key is an API key without its secret.
type Key struct {
	ID          string    `json:"key_id"`
	Merchant    string    `json:"merchant_id"`
	Mode        string    `json:"mode"`
	Scopes      []string  `json:"scopes"`
	Name        string    `json:"name,omitempty"`
	Prefix      string    `json:"prefix"`
	Publishable bool      `json:"publishable"`
	Allow       []string  `json:"allow,omitempty"` // addresses that it is taken from; empty: any
	Created     time.Time `json:"created"`
	Expires     time.Time `json:"expires,omitzero"`
	Revoked     time.Time `json:"revoked,omitzero"`
}

// NewKey is what a key is made from.
type NewKey struct {
	Merchant string   `json:"merchant_id"`
	Mode     string   `json:"mode"`
	Scopes   []string `json:"scopes"`
	Name     string   `json:"name,omitempty"`
	Allow    []string `json:"allow,omitempty"`      // addresses and ranges; empty: from anywhere
	Seconds  int64    `json:"expires_in,omitempty"` // 0: never ends
	Token    *Token   `json:"token,omitempty"`      // nil: a key, and no bearer token of the hosted dialect
}

// Token is what is arranged for the payments of a bearer token.
type Token struct {
	Point       string   `json:"point,omitempty"`
	RequireName bool     `json:"require_name,omitempty"`
	Origins     []string `json:"origins,omitempty"`
	LinkSeconds int64    `json:"link_ttl,omitempty"`
}

// MadeKey is a new key with its secrets, shown this once.
type MadeKey struct {
	ID          string `json:"key_id"`
	Secret      string `json:"api_key"`
	Publishable string `json:"publishable_key"`
}

// Keys lists a merchant's keys, or everybody's.
func (c *Client) Keys(ctx context.Context, merchant string) (Page[Key], error) {
	return get[Page[Key]](ctx, c, "/api_keys", query{"merchant_id": merchant})
}

// CreateKey makes a secret key and its publishable companion.
func (c *Client) CreateKey(ctx context.Context, n NewKey) (MadeKey, error) {
	return post[MadeKey](ctx, c, "/api_keys", nil, n)
}

// RevokeKey ends a key at once.
func (c *Client) RevokeKey(ctx context.Context, id string) (Key, error) {
	return post[Key](ctx, c, "/api_keys/"+segment(id)+"/revoke", nil, nil)
}

// Payout is a payout request.
type Payout struct {
	ID         string            `json:"payout_id"`
	Ref        string            `json:"reference,omitempty"`
	Merchant   string            `json:"merchant_id"`
	Mode       string            `json:"mode"`
	Status     string            `json:"status"`
	Amount     string            `json:"amount"` // in major units
	Currency   string            `json:"currency"`
	Customer   string            `json:"customer_id,omitempty"`
	Method     string            `json:"payment_method_id,omitempty"`
	Form       string            `json:"method,omitempty"`
	Details    map[string]string `json:"details,omitempty"` // masked
	Provider   string            `json:"provider,omitempty"`
	Account    string            `json:"account_id,omitempty"`
	Moderation string            `json:"moderation_required,omitempty"`
	Attention  bool              `json:"attention"`
	Created    time.Time         `json:"created"`
	Changed    time.Time         `json:"changed"`
	Expires    time.Time         `json:"expires,omitzero"`
	Parts      []Instruction     `json:"instructions"`
	History    []Line            `json:"history,omitempty"`
}

// Instruction is one order to one provider.
type Instruction struct {
	ID         string    `json:"instruction_id"`
	Status     string    `json:"status"`
	Amount     string    `json:"amount"`
	Moved      string    `json:"moved,omitempty"`
	Account    string    `json:"account_id"`
	Service    string    `json:"service"`
	Attempt    int       `json:"attempt"`
	Ref        string    `json:"provider_ref,omitempty"`
	Resolution string    `json:"resolution,omitempty"`
	Message    string    `json:"message,omitempty"`
	Due        time.Time `json:"due,omitzero"`
	Changed    time.Time `json:"changed"`
}

// Line is one line of a payout's history.
type Line struct {
	Seq  int       `json:"n"`
	At   time.Time `json:"at"`
	What string    `json:"what"`
	By   string    `json:"by,omitempty"`
	On   int       `json:"on,omitempty"`
	To   string    `json:"to,omitempty"`
	Text string    `json:"text,omitempty"`
	More int       `json:"more,omitempty"`
}

// NewPayout is what a payout is made from.
type NewPayout struct {
	Merchant string            `json:"merchant_id"`
	Mode     string            `json:"mode"`
	Ref      string            `json:"reference,omitempty"`
	Amount   string            `json:"amount"` // in major units
	Currency string            `json:"currency"`
	Customer string            `json:"customer_id,omitempty"`
	Method   string            `json:"payment_method_id,omitempty"` // a saved one; or
	Form     string            `json:"method,omitempty"`            // sepa, card, ... with
	Details  map[string]string `json:"details,omitempty"`
	Hold     bool              `json:"hold,omitempty"`
}

// PayoutFilter narrows a list; empty fields don't.
type PayoutFilter struct{ Status, Customer, Before string }

// Payouts lists payouts, newest first.
func (c *Client) Payouts(ctx context.Context, s Scope, f PayoutFilter, limit int) (Page[Payout], error) {
	q := s.query()
	q["status"], q["customer_id"], q["before"], q["limit"] = f.Status, f.Customer, f.Before, strconv.Itoa(limit)
	return get[Page[Payout]](ctx, c, "/payouts", q)
}

// Payout returns one with its history.
func (c *Client) Payout(ctx context.Context, s Scope, id string) (Payout, error) {
	return get[Payout](ctx, c, "/payouts/"+segment(id), s.query())
}

// CreatePayout makes a payout. The key makes the call harmless to repeat.
func (c *Client) CreatePayout(ctx context.Context, n NewPayout, key string) (out Payout, err error) {
	err = c.call(ctx, http.MethodPost, "/payouts", nil, n, key, &out)
	return out, err
}

// CancelPayout stops a payout of which nothing has been sent.
func (c *Client) CancelPayout(ctx context.Context, s Scope, id string) (Payout, error) {
	return post[Payout](ctx, c, "/payouts/"+segment(id)+"/cancel", s.query(), nil)
}

// Statement is what a person has seen of a payout's fate.
type Statement struct {
	Verdict    string `json:"verdict"`                  // paid, partly_paid, rejected, returned
	Moved      string `json:"moved,omitempty"`          // for partly_paid, in major units
	Resolution string `json:"resolution,omitempty"`     // why, in a word
	Part       string `json:"instruction_id,omitempty"` // where there is more than one
	Note       string `json:"note,omitempty"`
}

// StatePayout settles a payout by a person's word.
func (c *Client) StatePayout(ctx context.Context, s Scope, id string, st Statement) (Payout, error) {
	return post[Payout](ctx, c, "/payouts/"+segment(id)+"/state", s.query(), st)
}

// Endpoint is a receiver of webhooks.
type Endpoint struct {
	ID       string    `json:"endpoint_id"`
	URL      string    `json:"url"`
	Profile  string    `json:"profile"`
	Types    []string  `json:"types"`
	Disabled bool      `json:"disabled"`
	Created  time.Time `json:"created"`
}

// MadeEndpoint is a new receiver's secrets, shown this once.
type MadeEndpoint struct {
	ID      string `json:"endpoint_id"`
	Secret  string `json:"secret"`
	HashKey string `json:"hash_key"`
}

// Endpoints lists a scope's receivers.
func (c *Client) Endpoints(ctx context.Context, s Scope) (Page[Endpoint], error) {
	return get[Page[Endpoint]](ctx, c, "/endpoints", s.query())
}

// AddEndpoint registers a receiver; no types means all.
func (c *Client) AddEndpoint(ctx context.Context, s Scope, url, profile string, types []string) (MadeEndpoint, error) {
	return post[MadeEndpoint](ctx, c, "/endpoints", nil, map[string]any{
		"merchant_id": s.Merchant, "mode": s.Mode, "url": url, "profile": profile, "types": types})
}

// RemoveEndpoint stops a receiver's deliveries.
func (c *Client) RemoveEndpoint(ctx context.Context, s Scope, id string) error {
	_, err := post[json.RawMessage](ctx, c, "/endpoints/"+segment(id)+"/remove", s.query(), nil)
	return err
}

// Delivery is one webhook to one receiver.
type Delivery struct {
	ID       string    `json:"delivery_id"`
	Message  string    `json:"message_id"`
	Event    string    `json:"event_id"`
	Type     string    `json:"type"`
	Payout   string    `json:"payout_id,omitempty"`
	Endpoint string    `json:"endpoint_id"`
	State    string    `json:"state"`
	Tries    int       `json:"tries"`
	Due      time.Time `json:"due,omitzero"`
	Created  time.Time `json:"created"`
	Attempts []Attempt `json:"attempts"`
}

// Attempt is one try at a delivery.
type Attempt struct {
	At     time.Time `json:"at"`
	Took   int64     `json:"took_ms"`
	Status int       `json:"status,omitempty"`
	Error  string    `json:"error,omitempty"`
	Kind   string    `json:"kind"`
}

// Deliveries lists a scope's deliveries, newest first, below the id given.
func (c *Client) Deliveries(ctx context.Context, s Scope, before string, limit int) (Page[Delivery], error) {
	q := s.query()
	q["before"], q["limit"] = before, strconv.Itoa(limit)
	return get[Page[Delivery]](ctx, c, "/deliveries", q)
}

// Resend sends a delivery once more.
func (c *Client) Resend(ctx context.Context, s Scope, id string) (Delivery, error) {
	return post[Delivery](ctx, c, "/deliveries/"+segment(id)+"/resend", s.query(), nil)
}

// Act is one line of the audit log.
type Act struct {
	Seq      uint64    `json:"seq"`
	At       time.Time `json:"at"`
	Actor    string    `json:"actor"`
	Merchant string    `json:"merchant_id,omitempty"`
	Mode     string    `json:"mode,omitempty"`
	Action   string    `json:"action"`
	Object   string    `json:"object,omitempty"`
	Note     string    `json:"note,omitempty"`
}

// Acts lists the audit log, newest first, below the line given (0: all).
func (c *Client) Acts(ctx context.Context, before uint64, limit int) (Page[Act], error) {
	q := query{"limit": strconv.Itoa(limit)}
	if before > 0 {
		q["before"] = strconv.FormatUint(before, 10)
	}
	return get[Page[Act]](ctx, c, "/audit", q)
}

// Verified is the end of a walk over the audit log's chain.
type Verified struct {
	Lines   uint64 `json:"lines"`
	Sound   bool   `json:"sound"`
	Finding string `json:"finding,omitempty"`
}

// VerifyAudit walks the whole chain.
func (c *Client) VerifyAudit(ctx context.Context) (Verified, error) {
	return post[Verified](ctx, c, "/audit/verify", nil, nil)
}

// Status is the daemon at a glance.
type Status struct {
	Version string    `json:"version"`
	Started time.Time `json:"started"`
	Held    string    `json:"held,omitzero"` // why nothing is sent
	Wary    []string  `json:"wary,omitzero"` // provider accounts whose new payouts wait for a person each
	Locker  struct {
		Sealed   bool   `json:"sealed"`
		Given    int    `json:"shares_given,omitzero"` // custodians' shares, while it is sealed
		Needed   int    `json:"shares_needed,omitzero"`
		Term     uint32 `json:"term"`
		Rotating bool   `json:"rotating"`
	} `json:"locker"`
	Store struct {
		Bytes   int64  `json:"bytes"`
		Free    int64  `json:"free_bytes"`
		Low     bool   `json:"low_space"`
		Commits uint64 `json:"commits"`
		Updates uint64 `json:"updates"`
	} `json:"store"`
	Work struct {
		Round     int64     `json:"last_round_ms"`
		NextDue   time.Time `json:"next_due,omitzero"`
		Sends     int64     `json:"sends"`
		Lookups   int64     `json:"lookups"`
		Attempts  int64     `json:"webhook_attempts"`
		Conflicts int64     `json:"conflicts"`
		Panics    int64     `json:"panics"`
		Errors    int64     `json:"errors"`
	} `json:"work"`
}

// Status asks how the daemon is.
func (c *Client) Status(ctx context.Context) (Status, error) {
	return get[Status](ctx, c, "/status", nil)
}

// Hold is why nothing is sent, and what has been found out meanwhile.
type Hold struct {
	Why       string   `json:"held"` // empty: it is not on hold
	Uncertain int      `json:"uncertain"`
	Recovered int      `json:"recovered"`     // payouts brought back from the providers' lists
	Wary      []string `json:"wary,omitzero"` // provider accounts whose new payouts wait for a person each
}

// Hold asks whether the daemon is on hold.
func (c *Client) Hold(ctx context.Context) (Hold, error) { return get[Hold](ctx, c, "/hold", nil) }

// Release ends a hold and returns why there was one. Unlisted ends it although
// a provider's list can't be read.
func (c *Client) Release(ctx context.Context, unlisted bool) (why string, err error) {
	out, err := post[struct {
		Why string `json:"released"`
	}](ctx, c, "/release", nil, map[string]bool{"unlisted": unlisted})
	return out.Why, err
}

// Trust lets the new payouts of accounts go out again that a release without
// their lists has made wait, and returns those accounts.
func (c *Client) Trust(ctx context.Context) (accounts []string, err error) {
	out, err := post[struct {
		Accounts []string `json:"trusted"`
	}](ctx, c, "/trust", nil, nil)
	return out.Accounts, err
}

// Report is what a check found.
type Report struct {
	Counts   map[string]int `json:"counts"`
	Findings []string       `json:"findings"`
	More     int            `json:"more"` // findings beyond those listed
}

// Check has the daemon verify every invariant; progress is told of the
// records looked at, and may be nil.
func (c *Client) Check(ctx context.Context, progress func(done int)) (*Report, error) {
	resp, err := c.send(ctx, http.MethodPost, "/check", nil, nil, "")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, maxAnswer)
	for lines.Scan() {
		var w struct {
			Done   int     `json:"done"`
			Report *Report `json:"report"`
			Error  string  `json:"error"`
		}
		if err := json.Unmarshal(lines.Bytes(), &w); err != nil {
			return nil, fmt.Errorf("read the check's progress: %w", err)
		}
		switch {
		case w.Report != nil:
			return w.Report, nil
		case w.Error != "":
			return nil, errors.New(w.Error)
		case progress != nil:
			progress(w.Done)
		}
	}
	return nil, fmt.Errorf("the daemon stopped before the check ended: %w", errors.Join(lines.Err(), io.ErrUnexpectedEOF))
}

// Backup writes a backup of the store to w. After an error what w received is
// of no use.
func (c *Client) Backup(ctx context.Context, w io.Writer) error { return c.stream(ctx, "/backup", w) }

// Keyring writes a copy of the wrapped data keys to w.
func (c *Client) Keyring(ctx context.Context, w io.Writer) error { return c.stream(ctx, "/keyring", w) }

func (c *Client) stream(ctx context.Context, path string, w io.Writer) error {
	resp, err := c.send(ctx, http.MethodPost, path, nil, nil, "")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(w, resp.Body); err != nil {
		return fmt.Errorf("the daemon stopped before the copy was whole: %w", err)
	}
	return nil
}
