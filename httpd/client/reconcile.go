package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// StatementFile is a file that is handed over in place of a provider.
type StatementFile struct {
	Merchant string `json:"merchant_id"`
	Mode     string `json:"mode"`
	Name     string `json:"name"`
	Map      string `json:"map,omitzero"` // how a CSV file is read
	Text     []byte `json:"text"`
}

// Loaded is what came of a statement or a report.
type Loaded struct {
	Lines   int    `json:"lines"`
	New     int    `json:"new"`
	Settled int    `json:"settled"`
	From    string `json:"from,omitzero"` // days; empty: none is said
	To      string `json:"to,omitzero"`
}

// Load hands a statement over. A repeat changes nothing.
func (c *Client) Load(ctx context.Context, account string, s StatementFile) (Loaded, error) {
	return post[Loaded](ctx, c, "/accounts/"+segment(account)+"/statements", nil, s)
}

// PullReports asks the provider for its report.
func (c *Client) PullReports(ctx context.Context, s Scope, account string) (Loaded, error) {
	return post[Loaded](ctx, c, "/accounts/"+segment(account)+"/pull", nil, s.body())
}

func (s Scope) body() map[string]string {
	return map[string]string{"merchant_id": s.Merchant, "mode": s.Mode}
}

// Books are how the books of a provider account stand to each other.
type Books struct {
	Account   string         `json:"account_id"`
	From      string         `json:"from"`
	To        string         `json:"to"` // the last day
	Counts    map[string]int `json:"counts"`
	Explained int            `json:"explained"`
	Findings  []BooksFinding `json:"findings"`
}

// BooksFinding is how one payout stands, or a line that is about none.
type BooksFinding struct {
	Class     string       `json:"class"`
	Why       string       `json:"why,omitzero"`
	Payout    string       `json:"instruction_id,omitzero"`
	Request   string       `json:"payout_id,omitzero"`
	Status    string       `json:"status,omitzero"`
	Currency  string       `json:"currency,omitzero"`
	Ours      Sums         `json:"ours"`
	Ledger    Sums         `json:"ledger"`
	Theirs    Sums         `json:"theirs"`
	Lines     []ReportLine `json:"lines"`
	Explained string       `json:"explained,omitzero"`
}

// Sums are in major units; empty is nothing.
type Sums struct {
	Out  string `json:"out,omitzero"`
	Back string `json:"back,omitzero"`
}

// ReportLine is one line of theirs.
type ReportLine struct {
	ID       string `json:"line_id"`
	Day      string `json:"day"`
	What     string `json:"verdict"`
	Booked   bool   `json:"booked"`
	Amount   string `json:"amount,omitzero"`
	Currency string `json:"currency,omitzero"`
	Source   string `json:"source,omitzero"`
	Row      int    `json:"row,omitzero"`
	Done     string `json:"done,omitzero"`
}

// BooksQuery says which books are compared: days, and what is shown.
type BooksQuery struct {
	From, To, Class string
	All             bool // what matches, too
}

func (q BooksQuery) in(s Scope) query {
	out := s.query()
	out["from"], out["to"], out["class"] = q.From, q.To, q.Class
	if q.All {
		out["all"] = "true"
	}
	return out
}

// Books compares the books of a provider account.
func (c *Client) Books(ctx context.Context, s Scope, account string, q BooksQuery) (Books, error) {
	return get[Books](ctx, c, "/accounts/"+segment(account)+"/books", q.in(s))
}

// BooksCSV writes the same as CSV.
func (c *Client) BooksCSV(ctx context.Context, s Scope, account string, q BooksQuery, w io.Writer) error {
	resp, err := c.send(ctx, http.MethodGet, "/accounts/"+segment(account)+"/books.csv", q.in(s), nil, "")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(w, resp.Body); err != nil {
		return fmt.Errorf("read the daemon's answer: %w", err)
	}
	return nil
}

// ExplainLine keeps a person's word about the difference that a line is in.
func (c *Client) ExplainLine(ctx context.Context, s Scope, account, line, text string) error {
	body := s.body()
	body["description"] = text
	_, err := post[struct{}](ctx, c, "/accounts/"+segment(account)+"/books/"+segment(line)+"/explain", nil, body)
	return err
}

// Standing is what a provider says is on a deposit account.
type Standing struct {
	Deposit    string    `json:"deposit_id"`
	At         time.Time `json:"at"`
	Currency   string    `json:"currency"`
	Theirs     string    `json:"theirs"`
	Available  string    `json:"available"`
	Held       string    `json:"held"`
	Difference string    `json:"difference"`
}

// Standings are what providers last said about a scope's deposit accounts.
func (c *Client) Standings(ctx context.Context, s Scope) (Page[Standing], error) {
	return get[Page[Standing]](ctx, c, "/balances", s.query())
}

// PullBalances asks the provider what is on the account.
func (c *Client) PullBalances(ctx context.Context, s Scope, account string) (Page[Standing], error) {
	return post[Page[Standing]](ctx, c, "/accounts/"+segment(account)+"/balances", nil, s.body())
}
